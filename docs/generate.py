"""Writes docs/coverage.md: each section of the upgrade guide and each check of Proxmox VE's own
checkers (pve6to7, pve7to8, pve8to9), with the rules that cover it, or why files cannot decide it.

    python docs/generate.py

Rules name the guide's section (``guide``) and the checkers' functions (``checker``) themselves; here
stands what no rule can know: which sections and checks there are, in their order, and what is left of
each for people and for a running node. A test compares the result with the file.
"""

import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(FOLDER, "coverage.md")

#: The guide "Upgrade from 6.x to 7.0": (depth, heading, what files cannot decide or why there is no
#: rule; empty where the rules say it all).
GUIDE = [
    (1, "Upgrade from 6.x to 7.0",
     "An introduction. Whether a backup is there and can be restored, no configuration file tells."),
    (2, "Breaking Changes", "Changes of the API: they concern programs, not the node's files."),
    (2, "New installation", "Another way to Proxmox VE 7: nothing is migrated."),
    (2, "In-place upgrade", "An introduction."),
    (3, "Prerequisites",
     "That a backup is valid, that the cluster is healthy and that the console can be reached, a "
     "running node and its administrator know. The version is SYS001's, Ceph's is APT005's, free "
     "space SYS004's, a Backup Server beside Proxmox VE APT013's and SYS011's."),
    (3, "Testing the Upgrade", "Something to do, on another machine."),
    (2, "Actions step-by-step", "Advice on the console to work from."),
    (3, "Continuously use the pve6to7 checklist script",
     "A program to run on the node; what it looks for is in the table below."),
    (3, "Move important Virtual Machines and Containers",
     "Which guests run where is not in any file."),
    (3, "Check Linux Network Bridge MAC", ""),
    (4, "Solution A: Use ifupdown2",
     "NET001 reports no more than an info where dpkg shows ifupdown2; SYS010 finds a version that is "
     "too old on 7.x; NET006 finds what ifupdown2 needs otherwise."),
    (4, "Solution B: Hardcode MAC Address",
     "NET001 writes the line; NET002 finds wrong ones, NET003 those that Proxmox VE would lose."),
    (3, "Update the configured APT repositories",
     "Whether the node has all updates takes apt's lists, which are as old as the last update."),
    (4, "Add the Proxmox VE 7 Package Repository", ""),
    (4, "(Ceph only) Replace ceph.com repositories with proxmox.com ceph repositories", ""),
    (3, "Upgrade the system to Debian Bullseye and Proxmox VE 7.0",
     "Commands to run, and dpkg's questions to answer."),
    (2, "After the Proxmox VE upgrade", "See the two sections below."),
    (3, "For Clusters", "What the other nodes run is not in this node's files."),
    (3, "For Hyper-converged Ceph",
     "The upgrade from Octopus to Pacific: later, optional, with a guide of its own."),
    (2, "Checklist issues", "See the sections below."),
    (3, "proxmox-ve package is too old", ""),
    (3, "storage: parameter 'maxfiles' is deprecated", ""),
    (3, "Custom role: contains permission 'Pool.Allocate'", ""),
    (2, "Known upgrade issues", "What Debian's release notes name beyond these is not judged."),
    (3, "Upgrade wants to remove package 'proxmox-ve'", ""),
    (3, "No 'root' password set", ""),
    (3, "Third-party Storage Plugins",
     "Whether a plugin's author has adapted it, its version would have to tell."),
    (3, "Older Hardware and New 5.15 Kernel",
     "Whether a processor is one of the affected, nobody could pin down."),
    (4, "KVM: entry failed, hardware error 0x80000021", "A message in a running node's log."),
    (5, "Recommended Fix", "SYS005 looks at the kernels that are installed."),
    (5, "Old Workaround: Disable tdp_mmu", ""),
    (3, "Linux Bridge MAC-Address Change", "The pinning itself is NET001's."),
    (3, "Older Virtual Machines with Windows and Static Network", ""),
    (3, "Network Interface Name Change",
     "Whether a name will change, only the new kernel knows: a name is judged by the driver and by "
     "its form."),
    (3, "Old Container and CGroupv2", ""),
    (3, "Container HW Pass-Through & CGroupv2", ""),
    (3, "Failing upgrade to \"bullseye\"",
     "What to do when it has failed. The entries that lead there are found by all APT rules."),
    (3, "Unable to boot due to grub failure", ""),
    (2, "External links", "No step."),
]

#: The upgrades, in order, and those after the first one.
HOPS = ("6to7", "7to8", "8to9")
LATER = HOPS[1:]
LAST = HOPS[2:]

#: The checkers as of their last releases: (functions, checks). Functions: name -> the hops whose
#: checker has them by this name. Checks: (what is looked at, codes of the rules that look at the same,
#: what files cannot decide or why there is no rule; and, where not all of the group's, its hops).
#: A rule of ``codes`` counts in those of the hops that it judges.
CHECKS = [
    ({"check_pve_packages": HOPS}, [
        ("updates that are available", (), "takes apt's lists and the network"),
        ("version of proxmox-ve", ("SYS001",), ""),
        ("the kernel that runs", (), "a running node knows it"),
        ("meta packages of the old release's kernels, after the upgrade", ("SYS026",), "", LATER),
    ]),
    ({"check_storage_health": HOPS}, [
        ("type sheepdog", ("STO004",), "", HOPS[:1]),
        ("whether each storage is active", (), "a running node knows it"),
    ]),
    ({"check_glusterfs_storage_usage": LAST}, [
        ("type glusterfs", ("STO004",), ""),
    ]),
    ({"check_rbd_storage_keyring": LAST}, [
        ("keyring in the configuration of an external Ceph", ("STO010",), ""),
    ]),
    ({"check_storage_content": HOPS}, [
        ("content none", ("STO003",), "the checkers leave out shared storages"),
        ("volumes of guests on storages without their content type", ("GST002",), ""),
        ("volumes that no guest refers to", (), "only the storage itself can list them"),
    ]),
    ({"check_storage_content_dirs": LATER}, [
        ("one directory for several types of content", ("STO009",),
         "a symbolic link shows where the storage is mounted"),
    ]),
    ({"check_cluster_corosync": HOPS}, [
        ("states of pve-cluster and corosync, quorum, nodes that are offline", (),
         "a running node knows them"),
        ("votes of each node", ("COR003",), ""),
        ("expected and total votes", (), "a running node knows them"),
        ("less than three votes", ("COR006",), ""),
        ("as many nodes as pmxcfs knows", (), "a running node knows them"),
        ("name, id and address of each node", ("COR005",), ""),
        ("addresses that are host names", ("COR004",),
         "whether one resolves, the resolver of the node knows"),
        ("transport", ("COR001",), ""),
        ("authentication and encryption", ("COR002",),
         "with the cipher 3des, which they fail too, no corosync runs since Proxmox VE 6"),
        ("version of corosync", (), "3.x came with Proxmox VE 6"),
    ]),
    ({"check_ceph": HOPS}, [
        ("health, flags, versions of the running daemons", (), "a running cluster knows them"),
        ("mon_host", ("CEP001",), ""),
        ("ms_bind_ipv6 and ms_bind_ipv4", ("CEP002",), ""),
        ("keyring in [global]", ("CEP003",), ""),
        ("version of the node's own Ceph", ("APT005",), "judged by the repository"),
    ]),
    ({"check_backup_retention_settings": HOPS}, [
        ("maxfiles in vzdump.conf", ("BAK001",), ""),
        ("maxfiles of a storage", ("STO001",), ""),
        ("a storage for backups without retention", ("STO002",), "", HOPS[:1]),
        ("the same, as an info", (), "what it tells of came with Proxmox VE 7", ("7to8",)),
        ("maxfiles of a job in vzdump.cron", ("BAK002",), ""),
        ("files that cannot be parsed", ("BAK003",), ""),
    ]),
    ({"check_cifs_credential_location": HOPS}, [
        ("files in /etc/pve/priv", ("STO008",), ""),
    ]),
    ({"check_custom_pool_roles": HOPS}, [
        ("Pool.Allocate without Pool.Audit", ("USR001",), "", HOPS[:1]),
        ("a role called PVEPoolUser", ("USR003",), "", HOPS[:1]),
        ("roles whose names begin with PVE", ("USR003",), "", ("7to8",)),
        ("PVEAdmin and PVESysAdmin in acl lines", ("USR006",), "", ("7to8",)),
        ("VM.Monitor", ("USR007",), "", LAST),
    ]),
    ({"check_description_lengths": HOPS[:1], "check_node_and_guest_configurations": LATER}, [
        ("descriptions of nodes", ("GST005",), "pve6to7 asks for a key that is never there"),
    ]),
    ({"check_description_lengths": HOPS[:1], "check_node_and_guest_configurations": ("7to8",),
      "check_virtual_guests": LAST}, [
        ("descriptions of guests", ("GST001",), ""),
        ("lxc.cgroup keys of containers", ("LXC001", "LXC002", "LXC003"),
         "the checkers look at the live configuration alone, and take lxc.cgroup.dir for a controller"),
    ]),
    ({"check_misc": HOPS[:2], "check_virtual_guests": LAST}, [
        ("guests that run", (), "a running node knows them"),
    ]),
    ({"check_lxcfs_fuse_version": LATER}, [
        ("the library that lxcfs runs with", (), "a running node knows it"),
    ]),
    ({"check_bridge_mtu": LAST}, [
        ("virtio cards that take over the MTU of a bridge", ("GST008",),
         "the MTU that a bridge has at the moment, the kernel knows"),
    ]),
    ({"check_qemu_machine_versions": LAST}, [
        ("machine versions that are configured", ("GST007",), ""),
        ("those of hibernated guests", ("GST007",), ""),
        ("those of snapshots", ("GST007",), ""),
    ]),
    ({"check_containers_cgroup_compat": HOPS}, [
        ("systemd of the containers", ("LXC006",),
         "where a root file system lies on a storage of its own, only a mount shows it"),
        ("containers without a known type", ("LXC007",), ""),
        ("the old hierarchy on the kernel command line", ("LXC011",), ""),
    ]),
    ({"check_security_repo": HOPS[:1], "check_apt_repos": LATER}, [
        ("suite of Debian's security repository", ("APT002",),
         "pve6to7 knows two hosts and no .sources files", HOPS[:1]),
        ("no security repository", ("APT011",), "", HOPS[:1]),
        ("suites of several releases",
         ("APT001", "APT002", "APT003", "APT004", "APT009", "APT020"),
         "the checkers read no .sources files", LATER),
        ("suites of neither release", ("APT008", "APT009"), "", LATER),
        ("pvetest and pve-test", ("APT003", "APT023"), "", LAST),
    ]),
    ({"check_nvidia_vgpu_service": LATER}, [
        ("NVIDIA's vGPU manager", ("SYS016",), "whether it runs, the node knows"),
    ]),
    ({"check_bootloader": LATER}, [
        ("grub-efi-amd64 on a node that starts by UEFI", ("SYS018",), ""),
        ("the package systemd-boot where proxmox-boot-tool needs it, after the upgrade", ("SYS018",),
         "", ("7to8",)),
        ("the package systemd-boot where it is in the way", ("SYS021",),
         "which boot loader proxmox-boot-tool has set up, the EFI partitions alone show", LAST),
        ("a removable boot loader that is not kept up to date", ("SYS025",), "", LAST),
    ]),
    ({"check_dkms_modules": LATER}, [
        ("modules that dkms builds", ("SYS015",), "whether one can be built, the build shows"),
    ]),
    ({"check_legacy_notification_sections": LAST}, [
        ("filter and group in notifications.cfg", ("NTF001",), ""),
    ]),
    ({"check_legacy_backup_job_options": LAST}, [
        ("notification-policy and notification-target in jobs.cfg", ("JOB002",), ""),
    ]),
    ({"check_lvm_autoactivation": LAST}, [
        ("volumes of guests that LVM activates by itself", (), "a flag in LVM's metadata, on the disks"),
    ]),
    ({"check_lvm_thin_check_options": LAST}, [
        ("thin_check_options", ("SYS024",), ""),
    ]),
    ({"check_rrd_migration": LAST}, [
        ("space for the new round-robin databases", (), "the size of files that are no configuration"),
        ("old round-robin databases, after the upgrade", (), "no configuration"),
    ]),
    ({"check_legacy_ipam_files": LAST}, [
        ("ipam.db and macs.db in /etc/pve/priv", ("SYS020",), ""),
    ]),
    ({"check_legacy_sysctl_conf": LAST}, [
        ("settings in sysctl.conf", ("SYS023",), ""),
    ]),
    ({"check_cpu_microcode_package": LAST}, [
        ("the package with the processor's microcode", ("SYS022",), ""),
    ]),
    ({"check_time_sync": LATER}, [
        ("what keeps the time", ("SYS017",), "whether it runs, the node knows"),
    ]),
    ({"check_misc": HOPS}, [
        ("ciphers in root's ssh configuration", ("SYS008",), ""),
        ("states of pveproxy, pvedaemon, pvestatd and pvescheduler", (), "a running node knows them"),
        ("free space on the root file system", ("SYS004",), "with --root / only"),
        ("the node's name resolves, to an address of the node", ("SYS012",),
         "what a name server says is not asked"),
        ("70-persistent-net.rules", ("SYS019",), "", LAST),
        ("keys of the certificates", ("SYS009",), ""),
    ]),
]

HEAD = """\
# What is covered

Written by `docs/generate.py` from the rules themselves; a test compares it. `pvemigrate explain CODE`
says more of a rule.

"""

CHECKERS = """\
A column for each of the checkers that come with Proxmox VE: the rules that look at the same in that
upgrade. A dash: that checker does not look at it. "no": no rule does, and the last column says why,
mostly because files cannot tell. Run the checker as well (`pve6to7 --full` and so on): it sees what only a
running node knows."""

BEYOND = """\
What a rule looks at in an upgrade although neither that upgrade's checker does nor, from 6.x to 7.0,
the guide, with the severity that it has there. A dash: the rule has nothing to do with that upgrade.
"above": it is in a table above."""


def rules():
    """The rule classes of this checkout, by code."""
    sys.path.insert(0, os.path.dirname(FOLDER))
    try:
        import pvemigrate

        return {rule.code: rule for rule in pvemigrate.rules()}
    finally:
        sys.path.pop(0)


def label(rule):
    """A rule in a table."""
    return "%s %s" % (rule.code, rule.name)


def labels(found):
    """Rules in a cell of a table."""
    return "<br>".join(map(label, found))


def guide_table(known):
    """The lines of the table of the guide's sections."""
    yield "| section of the guide | rules | what they leave |"
    yield "|---|---|---|"
    for depth, heading, left in GUIDE:
        found = [rule for rule in known.values() if rule.guide == heading]
        yield "| %s%s | %s | %s |" % ("&emsp;" * (depth - 1), heading, labels(found), left)


def checks():
    """All single checks: (function in each hop that has it, what, codes, what is left)."""
    for functions, rows in CHECKS:
        name_in = {hop: name for name, hops in functions.items() for hop in hops}
        for what, codes, left, *hops in rows:
            found_in = hops[0] if hops else name_in
            yield {hop: name_in[hop] for hop in HOPS if hop in found_in}, what, codes, left


def same_check(rule, function_in):
    """The hops in which a rule looks at what the checkers look at (function in each of their hops)."""
    return [hop for hop in rule.hops if hop in function_in]


def functions_of(rule, hop):
    """The functions of the checker of a hop that look for what a rule finds there (list)."""
    return sorted({function_in[hop] for function_in, _, codes, _ in checks()
                   if rule.code in codes and hop in same_check(rule, function_in)})


def named_by(rule):
    """What ``checker`` of a rule has to say: for each check its function, by the name that it has in
    the first hop in which both are (set)."""
    found = [(same_check(rule, function_in), function_in) for function_in, _, codes, _ in checks()
             if rule.code in codes]
    return {function_in[hops[0]] for hops, function_in in found if hops}


def checker_table(known):
    """The lines of the table of the checkers' checks."""
    yield "| function | what it looks at | %s | what they leave |" % " | ".join("pve" + hop for hop in HOPS)
    yield "|---|---|%s---|" % ("---|" * len(HOPS))
    before = None
    for function_in, what, codes, left in checks():
        names = "<br>".join("`%s`" % name for name in dict.fromkeys(function_in.values()))
        cells = []
        for hop in HOPS:
            found = [code for code in codes if code in known and hop in known[code].hops]
            cells.append("-" if hop not in function_in else "<br>".join(found) or "no")
        yield "| %s | %s | %s | %s |" % ("" if names == before else names, what, " | ".join(cells), left)
        before = names


def is_above(rule, hop):
    """Whether a table has the rule for this hop."""
    return bool(rule.guide and hop == HOPS[0] or functions_of(rule, hop))


def beyond(known):
    """The lines of the table of what neither guide nor checkers have."""
    yield "| rule | %s |" % " | ".join(HOPS)
    yield "|---|%s" % ("---|" * len(HOPS))
    for rule in known.values():
        if not all(is_above(rule, hop) for hop in rule.hops):
            yield "| %s | %s |" % (label(rule), " | ".join(
                "-" if hop not in rule.hops else "above" if is_above(rule, hop) else rule.value_in(hop, "severity")
                for hop in HOPS))


def document(known):
    """The text of docs/coverage.md."""
    parts = ["## The guide: Upgrade from 6.x to 7.0", "\n".join(guide_table(known)),
             "## The checkers: pve6to7, pve7to8, pve8to9", CHECKERS, "\n".join(checker_table(known)),
             "## What neither of them has", BEYOND, "\n".join(beyond(known))]
    return HEAD + "\n\n".join(parts) + "\n"


def main():
    """Write the file."""
    with open(TARGET, "w", encoding="utf-8") as stream:
        stream.write(document(rules()))


if __name__ == "__main__":
    main()
