"""Writes docs/coverage.md: each section of the upgrade guide and each check of pve6to7, with the rules
that cover it, or why files cannot decide it.

    python docs/generate.py

Rules name the guide's section (``guide``) and the functions of pve6to7 (``checker``) themselves; here
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

#: pve6to7 as of its last release: function -> its single checks, (what it looks at, codes of the rules
#: that look at the same, what files cannot decide).
CHECKER = [
    ("check_pve_packages", [
        ("updates that are available", (), "takes apt's lists and the network"),
        ("version of proxmox-ve", ("SYS001",), ""),
        ("the kernel that runs", (), "a running node knows it"),
    ]),
    ("check_storage_health", [
        ("type sheepdog", ("STO004",), ""),
        ("whether each storage is active", (), "a running node knows it"),
    ]),
    ("check_cluster_corosync", [
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
         "with the cipher 3des, which it fails too, no corosync of Proxmox VE 6 runs"),
        ("version of corosync", (), "3.x came with Proxmox VE 6"),
    ]),
    ("check_ceph", [
        ("health, flags, versions of the running daemons", (), "a running cluster knows them"),
        ("mon_host", ("CEP001",), ""),
        ("ms_bind_ipv6 and ms_bind_ipv4", ("CEP002",), ""),
        ("keyring in [global]", ("CEP003",), ""),
        ("version of the node's own Ceph", ("APT005",), "judged by the repository"),
    ]),
    ("check_backup_retention_settings", [
        ("maxfiles in vzdump.conf", ("BAK001",), ""),
        ("maxfiles of a storage", ("STO001",), ""),
        ("a storage for backups without retention", ("STO002",), ""),
        ("maxfiles of a job", ("BAK002",), ""),
        ("files that cannot be parsed", ("BAK003",), ""),
    ]),
    ("check_cifs_credential_location", [
        ("files in /etc/pve/priv", ("STO008",), ""),
    ]),
    ("check_custom_pool_roles", [
        ("Pool.Allocate without Pool.Audit", ("USR001",), ""),
        ("a role called PVEPoolUser", ("USR003",), ""),
    ]),
    ("check_description_lengths", [
        ("descriptions of guests", ("GST001",), ""),
        ("descriptions of nodes", ("GST005",), "pve6to7 asks for a key that is never there"),
        ("lxc.cgroup keys of containers", ("LXC001", "LXC002", "LXC003"),
         "pve6to7 looks at the live configuration alone, and takes lxc.cgroup.dir for a controller"),
    ]),
    ("check_storage_content", [
        ("content none", ("STO003",), "pve6to7 leaves out shared storages"),
        ("volumes of guests on storages without their content type", ("GST002",), ""),
        ("volumes that no guest refers to", (), "only the storage itself can list them"),
    ]),
    ("check_security_repo", [
        ("suite of Debian's security repository", ("APT002",),
         "pve6to7 knows two hosts and no .sources files"),
        ("no security repository", ("APT011",), ""),
    ]),
    ("check_containers_cgroup_compat", [
        ("systemd of the containers", ("LXC006",),
         "where a root file system lies on a storage of its own, only a mount shows it"),
        ("containers without a known type", ("LXC007",), ""),
        ("the old hierarchy on the kernel command line", ("LXC011",), ""),
    ]),
    ("check_misc", [
        ("ciphers in root's ssh configuration", ("SYS008",), ""),
        ("states of pveproxy, pvedaemon, pvestatd", (), "a running node knows them"),
        ("free space on the root file system", ("SYS004",), "with --root / only"),
        ("guests that run", (), "a running node knows them"),
        ("the node's name resolves, to an address of the node", ("SYS012",),
         "what a name server says is not asked"),
        ("keys of the certificates", ("SYS009",), ""),
    ]),
]

HEAD = """\
# What is covered

Written by `docs/generate.py` from the rules themselves; a test compares it. `pvemigrate explain CODE`
says more of a rule.

"""


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


def checker_table(known):
    """The lines of the table of pve6to7's checks."""
    yield "| function | what it looks at | rules | what they leave |"
    yield "|---|---|---|---|"
    for function, checks in CHECKER:
        for number, (what, codes, left) in enumerate(checks):
            yield "| %s | %s | %s | %s |" % (
                "" if number else "`%s`" % function, what,
                labels(known[code] for code in codes if code in known), left)


def beyond(known):
    """The lines of the list of what neither has."""
    for rule in known.values():
        if not rule.guide and not rule.checker:
            yield "* " + label(rule)


def document(known):
    """The text of docs/coverage.md."""
    parts = ["## The guide: Upgrade from 6.x to 7.0", "\n".join(guide_table(known)),
             "## pve6to7", "Run `pve6to7 --full` as well: it sees what only a running node knows.",
             "\n".join(checker_table(known)),
             "## What neither of them has", "\n".join(beyond(known))]
    return HEAD + "\n\n".join(parts) + "\n"


def main():
    """Write the file."""
    with open(TARGET, "w", encoding="utf-8") as stream:
        stream.write(document(rules()))


if __name__ == "__main__":
    main()
