"""One defect, one code: clean trees, and each defect of the catalogue put into one of them.

Each row of ``ROWS`` takes a node in order, brings in one defect, and says which rule finds it, and
where. No other rule may speak.
"""

from collections import Counter

import pytest

import nodes
from pvemigrate import Project
from pvemigrate.catalogue import catalogue
from pvemigrate.facts import Facts

# -- the nodes in order -----------------------------------------------------------------------------


def clean_7():
    """The example of a node that has been migrated: path -> text."""
    return {path: data.decode("utf-8")
            for path, data in nodes.read_tree(nodes.REPOSITORY / "examples" / "pve7-node").items()}


def clean_8():
    """The example of a node before the upgrade to 9, which has enough to change."""
    return {path: data.decode("utf-8")
            for path, data in nodes.read_tree(nodes.REPOSITORY / "examples" / "pve8-node").items()}


def clean_9():
    """The example of a node that was installed with 9: path -> text."""
    return {path: data.decode("utf-8")
            for path, data in nodes.read_tree(nodes.REPOSITORY / "examples" / "pve9-clean").items()}


PACKAGES_6 = {
    "ifupdown": "0.8.35+pve1", "lxc-pve": "4.0.6-2", "proxmox-ve": "6.4-1",
    "pve-kernel-5.4.203-1-pve": "5.4.203-1", "pve-manager": "6.4-15", "systemd": "241-7~deb10u8",
}
#: What an orderly 6.4 node has to change all the same, right before the upgrade.
SWITCH = {"APT001", "APT002", "APT003", "APT004"}


def clean_6():
    """A node that runs the last 6.4 and is ready for the upgrade: path -> text."""
    tree = {
        "etc/hostname": "pve1\n",
        "etc/hosts": "127.0.0.1 localhost.localdomain localhost\n"
                     "192.0.2.31 pve1.example.com pve1\n",
        "etc/apt/sources.list":
            "deb http://ftp.debian.org/debian buster main contrib\n"
            "deb http://ftp.debian.org/debian buster-updates main contrib\n"
            "deb http://security.debian.org/debian-security buster/updates main contrib\n",
        "etc/apt/sources.list.d/pve-no-subscription.list":
            "deb http://download.proxmox.com/debian/pve buster pve-no-subscription\n",
        "etc/apt/sources.list.d/ceph.list":
            "deb http://download.proxmox.com/debian/ceph-octopus buster main\n",
        "etc/default/grub": 'GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\n'
                            'GRUB_CMDLINE_LINUX=""\n',
        "etc/fstab": "/dev/pve/root / ext4 errors=remount-ro 0 1\n",
        "etc/kernel/postinst.d/zz-update-grub": "#!/bin/sh\nupdate-grub\n",
        "etc/modprobe.d/pve-blacklist.conf": "blacklist nvidiafb\n",
        "etc/network/interfaces":
            "auto lo\niface lo inet loopback\n\n"
            "iface eno1 inet manual\n\n"
            "iface eno2 inet manual\n\n"
            "auto vmbr0\n"
            "iface vmbr0 inet static\n"
            "\taddress 192.0.2.31/24\n"
            "\thwaddress 00:00:5e:00:53:31\n"
            "\tgateway 192.0.2.1\n"
            "\tbridge-ports eno1\n"
            "\tbridge-stp off\n"
            "\tbridge-fd 0\n",
        "etc/pve/storage.cfg":
            "dir: local\n\tpath /var/lib/vz\n\tcontent iso,vztmpl,backup\n"
            "\tprune-backups keep-last=3\n\n"
            "lvmthin: local-lvm\n\tthinpool data\n\tvgname pve\n\tcontent images,rootdir\n\n",
        "etc/pve/user.cfg":
            "user:alice@pve:1:0:Alice:Example:::\n"
            "user:root@pam:1:0:::hostmaster@example.com:::\n\n\n\n"
            "role:Helpdesk:VM.Audit,VM.Console:\n\n"
            "acl:1:/vms:alice@pve:Helpdesk:\n",
        "etc/pve/vzdump.cron":
            "# cluster wide vzdump cron schedule\n# Automatically generated file - do not edit\n\n"
            'PATH="/usr/sbin:/usr/bin:/sbin:/bin"\n\n'
            "0 2 * * *           root vzdump 100 101 --storage local --mode snapshot --quiet 1"
            " --prune-backups 'keep-last=3'\n\n",
        "etc/vzdump.conf": "tmpdir: /var/tmp\nprune-backups: keep-last=3\n",
        "etc/pve/nodes/pve1/config": "#rack 1\n",
        "etc/pve/nodes/pve1/lxc/100.conf":
            "#mail relay\narch: amd64\ncores: 2\nhostname: mx1\nmemory: 512\n"
            "net0: name=eth0,bridge=vmbr0,ip=dhcp,type=veth\nostype: debian\n"
            "rootfs: local-lvm:vm-100-disk-0,size=8G\nswap: 512\n",
        "etc/pve/nodes/pve1/qemu-server/101.conf":
            "#web shop\nboot: order=scsi0\ncores: 2\nmemory: 2048\nname: shop\n"
            "net0: virtio=02:00:00:00:01:01,bridge=vmbr0\nnuma: 0\nostype: l26\n"
            "scsi0: local-lvm:vm-101-disk-0,size=32G\nscsihw: virtio-scsi-pci\nsockets: 1\n",
        "root/.ssh/config": "Host *\n    ServerAliveInterval 30\n",
        "var/lib/dpkg/status": status(PACKAGES_6),
    }
    for name, mac in (("lo", "00:00:00:00:00:00"), ("eno1", "00:00:5e:00:53:31"),
                      ("eno2", "00:00:5e:00:53:32"), ("vmbr0", "00:00:5e:00:53:31")):
        tree["sys/class/net/%s/address" % name] = mac + "\n"
    return tree


def status(packages):
    return nodes.status_file(**{name.replace("-", "_"): version
                                for name, version in packages.items()})


def packages_6(**changes):
    """The dpkg status of a 6.4 node with some other packages (``_`` for ``-``)."""
    return status(dict(PACKAGES_6, **{name.replace("_", "-"): version
                                      for name, version in changes.items()}))


# -- defects ----------------------------------------------------------------------------------------


class Row:
    """A defect. *edits*: path -> whole text, (old, new) for a part that is there once, or None to
    take the file away; *before* the same, for what the defect takes and is none itself. *at*: the
    places of the findings, as (path, the text that stands there) or (path, None) for a whole file;
    of a text that is there more than once a ``\\n``, ``\\t`` or the words before it in front of a
    ``|`` say which. *options*: keywords of Project."""

    def __init__(self, code, clean, edits, *at, before=(), **options):
        self.code, self.clean, self.edits, self.at = code, clean, edits, at
        self.before, self.options = dict(before), options

    def __repr__(self):
        return self.code


def edited(tree, edits):
    tree = dict(tree)
    for path, edit in edits.items():
        if edit is None:
            del tree[path]
        elif isinstance(edit, tuple):
            old, new = edit
            assert tree[path].count(old) == 1, "%r is %d times in %s" % (
                old, tree[path].count(old), path)
            tree[path] = tree[path].replace(old, new)
        else:
            tree[path] = edit
    return tree


def place_of(tree, path, text):
    """Line and column of a text in a file of *tree*."""
    if text is None:
        return path, 1, 1
    before, bar, there = text.rpartition("|")
    whole = before + there if bar else text
    assert tree[path].count(whole) == 1, "%r is %d times in %s" % (
        whole, tree[path].count(whole), path)
    above = tree[path][:tree[path].index(whole) + len(before)]
    return path, above.count("\n") + 1, len(above) - above.rfind("\n")


def findings_in(root, tree, **options):
    nodes.write_tree(root, tree)
    project = Project(root, **dict({"phases": "all"}, **options))
    findings = project.check()
    assert project.errors == []
    return findings


SOURCES = "etc/apt/sources.list"
PARTS = "etc/apt/sources.list.d/"
INTERFACES = "etc/network/interfaces"
STORAGE = "etc/pve/storage.cfg"
JOBS = "etc/pve/jobs.cfg"
NOTIFICATIONS = "etc/pve/notifications.cfg"
USERS = "etc/pve/user.cfg"
CRON = "etc/pve/vzdump.cron"
CT6, VM6 = "etc/pve/nodes/pve1/lxc/100.conf", "etc/pve/nodes/pve1/qemu-server/101.conf"
CT7, VM7 = "etc/pve/nodes/kvm2/lxc/201.conf", "etc/pve/nodes/kvm3/qemu-server/311.conf"
VM8 = "etc/pve/nodes/hv1/qemu-server/102.conf"
CEPH, COROSYNC = "etc/pve/ceph.conf", "etc/pve/corosync.conf"
LVM, SYSCTL = "etc/lvm/lvm.conf", "etc/sysctl.conf"
UDEV = "etc/udev/rules.d/70-persistent-net.rules"
DPKG = "var/lib/dpkg/status"

ROWS = [
    # APT
    Row("APT001", clean_7, {SOURCES: (" bullseye-updates", " buster-updates")},
        (SOURCES, " |buster-updates")),
    Row("APT002", clean_7, {SOURCES: (" bullseye-security", " bullseye/updates")},
        (SOURCES, " |bullseye/updates")),
    Row("APT003", clean_7,
        {PARTS + "pve-no-subscription.list": ("bullseye", "buster")},
        (PARTS + "pve-no-subscription.list", "buster")),
    Row("APT004", clean_7, {PARTS + "ceph.list": ("ceph-quincy bullseye", "ceph-octopus buster")},
        (PARTS + "ceph.list", "buster")),
    Row("APT005", clean_6, {PARTS + "ceph.list": ("ceph-octopus", "ceph-nautilus")},
        (PARTS + "ceph.list", "http://download.proxmox.com/debian/ceph-nautilus")),
    Row("APT006", clean_6,
        {PARTS + "ceph.list": ("http://download.proxmox.com/debian/ceph-octopus",
                               "https://download.ceph.com/debian-octopus")},
        (PARTS + "ceph.list", "https://download.ceph.com/debian-octopus")),
    Row("APT007", clean_7,
        {PARTS + "more.list": "deb http://deb.debian.org/debian bullseye-backports main\n"},
        (PARTS + "more.list", "bullseye-backports")),
    Row("APT008", clean_7,
        {PARTS + "more.list": "deb https://download.docker.com/linux/debian buster stable\n"},
        (PARTS + "more.list", "buster")),
    Row("APT009", clean_7,
        {PARTS + "more.list": "deb http://deb.debian.org/debian testing main\n"},
        (PARTS + "more.list", "testing")),
    Row("APT010", clean_7, {PARTS + "pve-no-subscription.list": ("deb ", "# deb ")},
        (PARTS + "pve-enterprise.list", None)),
    Row("APT011", clean_7, {SOURCES: ("deb http://security", "# deb http://security")},
        (SOURCES, None)),
    Row("APT012", clean_7, {PARTS + "pve-enterprise.list": ("# deb ", "deb ")},
        (PARTS + "pve-enterprise.list", "https://enterprise.proxmox.com/debian/pve")),
    Row("APT013", clean_7,
        {PARTS + "more.list":
             "deb http://download.proxmox.com/debian/pbs buster pbs-no-subscription\n"},
        (PARTS + "more.list", "buster")),
    Row("APT014", clean_7,
        {PARTS + "more.list": "deb http://ftp.debian.org/debian bullseye main\n"},
        (PARTS + "more.list", "|deb http")),
    Row("APT015", clean_7,
        {"etc/apt/preferences.d/old": "Package: *\nPin: release n=buster\nPin-Priority: 900\n"},
        ("etc/apt/preferences.d/old", "buster")),
    Row("APT016", clean_7, {PARTS + "more.list": "\ndeb http://apt.example.com\n"},
        (PARTS + "more.list", "deb http")),
    Row("APT017", clean_7, {PARTS + "more.sources":
                            "Types: deb\n \nURIs: http://deb.debian.org/debian-debug\n"
                            "Suites: bullseye-proposed-updates-debug\nComponents: main\n"
                            "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"},
        (PARTS + "more.sources", "\n| \n")),
    Row("APT017", clean_7, {SOURCES: ("bullseye-security main contrib", "bullseye-security main \"contrib")},
        (SOURCES, "\"contrib")),
    Row("APT018", clean_7,
        {PARTS + "more.list": "deb [trusted=yes] http://ftp.debian.org/debian bullseye non-free\n"},
        (PARTS + "more.list", "trusted=yes")),
    Row("APT019", clean_7,
        {PARTS + "pve-no-subscription.list":
             ("deb ", "deb [signed-by=/etc/apt/trusted.gpg.d/gone.gpg] ")},
        (PARTS + "pve-no-subscription.list", "signed-by=/etc/apt/trusted.gpg.d/gone.gpg")),
    Row("APT020", clean_6, {SOURCES: ("debian buster main", "debian bullseye main")},
        (SOURCES, " |bullseye"), before={DPKG: packages_6(proxmox_ve="6.3-1")}),
    # Nobody is going to change the suite.
    Row("APT021", clean_7, {PARTS + "more.list": "deb http://ftp.debian.org/debian buster main\n"},
        (PARTS + "more.list", "http://ftp.debian.org/debian"), ignore=["APT001"]),
    Row("APT022", clean_8, {SOURCES: ("bookworm-security main", "bookworm-security non-free main")},
        (SOURCES, "bookworm-security |non-free"), hop="8to9"),
    Row("APT023", clean_8,
        {PARTS + "more.sources": "Types: deb\nURIs: http://download.proxmox.com/debian/pbs\n"
                                 "Suites: trixie\nComponents: pbstest\n"},
        (PARTS + "more.sources", "pbstest"), hop="8to9"),
    Row("APT024", clean_8, {PARTS + "more.list": "deb http://apt.example/ ./\n"}, (PARTS + "more.list", None),
        hop="8to9", ignore=["APT008"]),
    Row("APT022", clean_9, {PARTS + "debian.sources": (
        "trixie-updates\nComponents: main contrib non-free-firmware",
        "trixie-updates\nComponents: main contrib non-free")}, (PARTS + "debian.sources", "contrib |non-free\n"),
        hop="8to9"),
    Row("APT023", clean_9, {PARTS + "proxmox.sources": ("pve-no-subscription", "pvetest")},
        (PARTS + "proxmox.sources", "pvetest"), hop="8to9"),
    # NET
    Row("NET001", clean_6, {INTERFACES: ("\thwaddress 00:00:5e:00:53:31\n", "")},
        (INTERFACES, "iface |vmbr0")),
    Row("NET002", clean_6, {INTERFACES: ("00:00:5e:00:53:31", "aa:bb:cc:12:34")},
        (INTERFACES, "aa:bb:cc:12:34")),
    Row("NET003", clean_6, {INTERFACES: ("\thwaddress", "\n\thwaddress")}, (INTERFACES, "hwaddress")),
    Row("NET004", clean_6,
        {INTERFACES: ("bridge-ports eno1", "bridge-ports eno1 enp65s0f0"),
         "sys/class/net/enp65s0f0/address": "00:00:5e:00:53:33\n",
         "sys/class/net/enp65s0f0/device/uevent": "DRIVER=mlx5_core\n"},
        (INTERFACES, "enp65s0f0")),
    Row("NET005", clean_6, {INTERFACES + ".new": clean_6()[INTERFACES]},
        (INTERFACES + ".new", None)),
    Row("NET006", clean_6,
        {INTERFACES: ("auto vmbr0\n", "allow-ovs vmbr1\niface vmbr1 inet manual\n"
                      "\tovs_type OVSBridge\n\tovs_ports eno2\n\nauto vmbr0\n")},
        (INTERFACES, "allow-ovs"),
        before={DPKG: packages_6(ifupdown2="3.0.0-1+pve4~bpo10", openvswitch_switch="2.12.3-1")}),
    Row("NET007", clean_6, {INTERFACES: ("\tbridge-stp off\n", "\tbridge-stp\n")},
        (INTERFACES, "bridge-stp")),
    Row("NET008", clean_6, {INTERFACES: ("\tbridge-fd 0\n", "\tbridge-fd 0\n\n"
                                         "iface vmbr0 inet static\n\taddress 198.51.100.31/24\n")},
        (INTERFACES, "bridge-fd 0\n\n|iface vmbr0 inet static")),
    Row("NET009", clean_6, {INTERFACES: ("bridge-ports eno1", "bridge-ports eno1 eno9")},
        (INTERFACES, "eno9")),
    # LXC
    Row("LXC001", clean_7, {CT7: ("lxc.cgroup2.pids", "lxc.cgroup.pids")},
        (CT7, "lxc.cgroup.pids.max")),
    Row("LXC002", clean_7,
        {CT7: ("lxc.cgroup2.pids.max: 4096", "lxc.cgroup.memory.memsw.limit_in_bytes: -1")},
        (CT7, "lxc.cgroup.memory.memsw.limit_in_bytes")),
    Row("LXC003", clean_7, {CT7: ("lxc.cgroup2.pids.max: 4096", "lxc.cgroup.memory.swappiness: 1")},
        (CT7, "lxc.cgroup.memory.swappiness")),
    Row("LXC004", clean_7,
        {CT7: ("lxc.cgroup2.pids.max: 4096", "lxc.cgroup2.blkio.weight: 500")},
        (CT7, "lxc.cgroup2.blkio.weight")),
    Row("LXC005", clean_7, {CT7: ("unprivileged: 1", "memory: 512\nunprivileged: 1\n"
                                  "lxc.cgroup2.memory.max: 1G")},
        (CT7, "lxc.cgroup2.memory.max")),
    Row("LXC006", clean_6, {CT6: ("ostype: debian", "ostype: centos"),
                            "var/lib/lxc/100/rootfs/lib/systemd/libsystemd-shared-219.so": "",
                            "var/lib/lxc/100/rootfs/sbin/init": ""},
        (CT6, "centos")),
    Row("LXC007", clean_6, {CT6: ("ostype: debian", "ostype: unmanaged")}, (CT6, "unmanaged")),
    Row("LXC008", clean_6, {CT6: ("swap: 512", " swap: 512")}, (CT6, " swap: 512")),
    Row("LXC009", clean_6,
        {CT6: ("swap: 512\n", "swap: 512\nlxc.hook.pre-start: /usr/local/bin/hook\n"),
         "usr/local/bin/hook": "#!/bin/sh\necho a > /sys/fs/cgroup/devices/lxc/100/devices.allow\n"},
        (CT6, "/usr/local/bin/hook")),
    Row("LXC010", clean_6,
        {CT6: ("swap: 512\n", "swap: 512\nmp0: local-lvm:vm-100-disk-1,mp=/srv,quota=1,size=8G\n")},
        (CT6, "quota=1")),
    Row("LXC011", clean_6,
        {"etc/default/grub": ('"quiet"', '"quiet systemd.unified_cgroup_hierarchy=0"')},
        ("etc/default/grub", "systemd.unified_cgroup_hierarchy=0")),
    # GST
    Row("GST001", clean_6, {VM6: ("#web shop\n", "#%s\n" % ("x" * 8193))}, (VM6, None)),
    Row("GST002", clean_6, {VM6: ("local-lvm:vm-101-disk-0", "local:101/vm-101-disk-0.raw")},
        (VM6, "local:101/vm-101-disk-0.raw")),
    Row("GST003", clean_6, {VM6: ("ostype: l26", "ostype: win10")}, (VM6, "win10")),
    Row("GST004", clean_6, {VM6: ("numa: 0", "numa 0")}, (VM6, "numa 0")),
    Row("GST005", clean_6, {"etc/pve/nodes/pve1/config": "#%s\n" % ("x" * 65537)},
        ("etc/pve/nodes/pve1/config", None)),
    Row("GST006", clean_6, {VM6: ("numa: 0", "lock: backup\nnuma: 0")}, (VM6, "lock: |backup")),
    Row("GST007", clean_8, {VM8: ("memory: 4096\n", "machine: pc-i440fx-5.2\nmemory: 4096\n")},
        (VM8, "pc-i440fx-5.2"), hop="8to9"),
    Row("GST008", clean_8, {VM8: (",bridge=vmbr1,mtu=1", ",bridge=vmbr1")},
        (VM8, "virtio=02:00:00:00:08:04,bridge=vmbr1"), hop="8to9"),
    # STO
    Row("STO001", clean_6, {STORAGE: ("prune-backups keep-last=3", "maxfiles 3")},
        (STORAGE, "maxfiles")),
    Row("STO002", clean_6, {STORAGE: ("\tprune-backups keep-last=3\n", "")},
        (STORAGE, "dir: |local\n"), before={"etc/vzdump.conf": "tmpdir: /var/tmp\n"}),
    Row("STO003", clean_6, {STORAGE: ("content images,rootdir", "content none")}, (STORAGE, "none"),
        before={CT6: None, VM6: None}),
    Row("STO004", clean_6,
        {STORAGE: ("\n\nlvmthin", "\n\nfreenas: nas\n\tportal 192.0.2.9\n\nlvmthin")},
        (STORAGE, "freenas")),
    Row("STO005", clean_6, {STORAGE: ("keep-last=3\n\n", "keep-last=3\n \n")}, (STORAGE, "lvmthin: |local-lvm")),
    Row("STO006", clean_6, {STORAGE: ("\tthinpool", "\tserver 192.0.2.9\n\tthinpool")},
        (STORAGE, "server")),
    Row("STO007", clean_6, {STORAGE: ("\tpath /var/lib/vz\n", "")}, (STORAGE, "dir: |local\n")),
    Row("STO008", clean_6, {"etc/pve/priv/nas.cred": "password=secret\n"},
        ("etc/pve/priv/nas.cred", None)),
    Row("STO009", clean_8, {STORAGE: ("iso,vztmpl,backup\n", "iso,vztmpl,backup\n"
                                      "\tcontent-dirs iso=files,vztmpl=files\n")},
        (STORAGE, "iso=files,vztmpl=files"), hop="8to9"),
    Row("STO010", clean_8,
        {STORAGE: ("pbs: backup", "rbd: far\n\tmonhost 203.0.113.9\n\tpool a\n\npbs: backup"),
         "etc/pve/priv/ceph/far.keyring": "[client.admin]\n"},
        (STORAGE, "rbd: |far"), hop="8to9"),
    # JOB
    Row("JOB001", clean_8, {JOBS: ("prune-backups keep-weekly=8", "maxfiles 8")},
        (JOBS, "\t|maxfiles 8"), hop="8to9"),
    Row("JOB002", clean_8, {JOBS: ("\tstorage archive", "\tnotification-target x\n\tstorage archive")},
        (JOBS, "\t|notification-target x"), hop="8to9"),
    # NTF
    Row("NTF001", clean_8, {NOTIFICATIONS: ("matcher: ", "group: others\n\tendpoint x\n\nmatcher: ")},
        (NOTIFICATIONS, "group: others"), hop="8to9"),
    # BAK
    Row("BAK001", clean_6, {"etc/vzdump.conf": ("prune-backups: keep-last=3", "maxfiles: 3")},
        ("etc/vzdump.conf", "maxfiles")),
    Row("BAK002", clean_6, {CRON: ("--prune-backups 'keep-last=3'", "--maxfiles 3")},
        (CRON, "--maxfiles")),
    Row("BAK003", clean_6, {CRON: ("--prune-backups 'keep-last=3'", "--maxfiles 0")},
        (CRON, "--maxfiles |0")),
    Row("BAK004", clean_6, {CRON: ("--quiet 1", "--quiet 1 --size 1024")}, (CRON, "--size")),
    Row("BAK005", clean_6, {CRON: ("0 2 * *", "MAILTO=root\n0 2 * *")}, (CRON, "MAILTO=root")),
    # USR
    Row("USR001", clean_7, {USERS: (",Pool.Audit", "")}, (USERS, "Pool.Allocate")),
    Row("USR002", clean_6, {USERS: ("VM.Audit,", "Pool.Audit,VM.Audit,")}, (USERS, "Pool.Audit")),
    Row("USR003", clean_6, {USERS: ("role:Helpdesk", "role:PVEPoolUser:VM.Audit:\nrole:Helpdesk")},
        (USERS, "PVEPoolUser")),
    Row("USR004", clean_7, {USERS: ("Helpdesk:VM.Audit,VM.Console,VM.PowerMgmt",
                                    "Helpdesk:VM.Allocate,VM.Console")}, (USERS, "VM.Allocate")),
    Row("USR005", clean_6, {USERS: ("\nrole:", "\n# our own\nrole:")}, (USERS, "# our own")),
    Row("USR006", clean_7, {USERS: ("@admins:Administrator", "@admins:PVEAdmin")}, (USERS, "PVEAdmin"),
        hop="7to8"),
    Row("USR007", clean_8, {USERS: ("CustomerAdmin:Datastore", "CustomerAdmin:VM.Monitor,Datastore")},
        (USERS, "CustomerAdmin:|VM.Monitor"), hop="8to9"),
    # SYS
    Row("SYS001", clean_6, {DPKG: packages_6(proxmox_ve="6.3-1")}, (DPKG, "6.3-1")),
    Row("SYS002", clean_6, {DPKG: packages_6(linux_image_amd64="4.19+105+deb10u9")},
        (DPKG, "linux-image-amd64")),
    Row("SYS003", clean_6, {"etc/shadow": "root:!:18700:0:99999:7:::\n"}, ("etc/shadow", None)),
    Row("SYS005", clean_7,
        {"etc/modprobe.d/kvm-disable-tdp-mmu.conf": "options kvm tdp_mmu=N\n"},
        ("etc/modprobe.d/kvm-disable-tdp-mmu.conf", "tdp_mmu=N")),
    Row("SYS006", clean_6,
        {"etc/fstab": "proc /proc proc defaults 0 0\n",
         "etc/default/grub": ('GRUB_CMDLINE_LINUX=""',
                              'GRUB_CMDLINE_LINUX="root=ZFS=rpool/ROOT/pve-1 boot=zfs"')},
        ("etc/default/grub", "root=ZFS=rpool/ROOT/pve-1")),
    Row("SYS007", clean_6,
        {"etc/iptables/rules.v4": "*filter\n-A INPUT -m mac --mac-source 00:00:5E:00:53:31 "
                                  "-j ACCEPT\nCOMMIT\n"},
        ("etc/iptables/rules.v4", "00:00:5E:00:53:31"),
        before={INTERFACES: ("\thwaddress 00:00:5e:00:53:31\n", "")}),
    Row("SYS008", clean_6, {"root/.ssh/config": "Host *\n    Ciphers blowfish-cbc,aes128-ctr\n"},
        ("root/.ssh/config", "blowfish-cbc")),
    Row("SYS009", clean_7,
        {"etc/pve/nodes/kvm1/pve-ssl.pem":
             (nodes.REPOSITORY / "tests/data/rsa1024.pem").read_text(encoding="ascii")},
        ("etc/pve/nodes/kvm1/pve-ssl.pem", "-----BEGIN CERTIFICATE-----")),
    Row("SYS010", clean_7, {DPKG: ("3.1.0-1+pmx4", "3.0.0-1+pve3")},
        (DPKG, "3.0.0-1+pve3")),
    Row("SYS011", clean_6, {DPKG: packages_6(proxmox_backup_server="1.1-1")},
        (DPKG, "proxmox-backup-server")),
    Row("SYS012", clean_6, {"etc/hosts": ("192.0.2.31", "192.0.2.99")}, ("etc/hosts", "192.0.2.99")),
    Row("SYS013", clean_6, {"etc/pve/nodes/pve1/host.fw":
                            "[RULES]\n\nIN ACCEPT -i eno9 -p tcp -dport 22\n"},
        ("etc/pve/nodes/pve1/host.fw", "eno9")),
    Row("SYS014", clean_6, {"etc/default/grub": ('"quiet"', '"quiet cgroup_no_v1=memory"')},
        ("etc/default/grub", "cgroup_no_v1=memory")),
    Row("SYS015", clean_8, {"var/lib/dkms/it87/1.0/source/Makefile": "obj-m := it87.o\n"},
        (DPKG, "Package: |r8168-dkms"), hop="8to9"),
    Row("SYS016", clean_8, {"etc/systemd/system/nvidia-vgpu-mgr.service": "[Service]\n"},
        ("etc/systemd/system/nvidia-vgpu-mgr.service", None), hop="8to9"),
    Row("SYS017", clean_8, {DPKG: ("Package: chrony\nStatus: install ok installed",
                                   "Package: chrony\nStatus: deinstall ok config-files")},
        (DPKG, None), hop="8to9"),
    Row("SYS018", clean_7, {"sys/firmware/efi/fw_platform_size": "64\n"}, (DPKG, "Package: |grub-pc"),
        before={"etc/kernel/proxmox-boot-uuids": None}, hop="7to8"),
    Row("SYS019", clean_8, {UDEV: 'SUBSYSTEM=="net", NAME="lan0"\n'}, (UDEV, "lan0"),
        before={UDEV: ""}, hop="8to9"),
    Row("SYS020", clean_8, {"etc/pve/priv/macs.db": "{}\n"}, ("etc/pve/priv/macs.db", None),
        hop="8to9"),
    Row("SYS021", clean_8, {DPKG: ("Package: systemd-boot-efi\n", "Package: systemd-boot\n")},
        (DPKG, "Package: |systemd-boot\n"),
        before={DPKG: ("Package: systemd-boot\n", "Package: systemd-boot-efi\n"),
                "etc/kernel/postinst.d/zz-update-grub": "#!/bin/sh\n"}, hop="8to9"),
    Row("SYS022", clean_8, {"proc/cpuinfo": "processor\t: 0\nvendor_id\t: AuthenticAMD\n"},
        ("proc/cpuinfo", "AuthenticAMD"), hop="8to9"),
    Row("SYS023", clean_8, {SYSCTL: "# own\nvm.swappiness=10\n"}, (SYSCTL, "vm.swappiness"),
        before={SYSCTL: ""}, hop="8to9"),
    Row("SYS024", clean_8, {LVM: "global {\n\tthin_check_options = [ \"-q\" ]\n}\n"}, (LVM, '"-q"'),
        before={LVM: ""}, hop="8to9"),
    Row("SYS025", clean_8, {"boot/efi/EFI/BOOT/BOOTX64.EFI": "x\n"},
        ("boot/efi/EFI/BOOT/BOOTX64.EFI", None),
        before={"var/cache/debconf/config.dat": "Name: grub2/force_efi_extra_removable\nValue: false\n",
                "etc/kernel/postinst.d/zz-update-grub": "#!/bin/sh\n"}, hop="8to9"),
    Row("SYS026", clean_9, {DPKG: (
        "Package: proxmox-ve\n", "Package: proxmox-kernel-6.8\nStatus: install ok installed\n"
        "Architecture: all\nVersion: 6.8.12-13\n\nPackage: proxmox-ve\n")},
        (DPKG, "Package: |proxmox-kernel-6.8\n"), hop="8to9"),
    # CEP
    Row("CEP001", clean_7,
        {CEPH: ("\t mon_host = 198.51.100.21 198.51.100.22 198.51.100.23\n", "")}, (CEPH, "[|global]")),
    Row("CEP002", clean_7, {CEPH: ("ms_bind_ipv6 = false", "ms_bind_ipv6 = true")},
        (CEPH, "ms_bind_ipv6 = |true")),
    Row("CEP003", clean_7,
        {CEPH: ("[global]\n", "[global]\n\t keyring = /etc/pve/priv/ceph.keyring\n")},
        (CEPH, "[global]\n\t |keyring")),
    # COR
    Row("COR001", clean_7, {COROSYNC: ("  version: 2", "  transport: udpu\n  version: 2")},
        (COROSYNC, "udpu")),
    Row("COR002", clean_7, {COROSYNC: ("secauth: on", "secauth: off")}, (COROSYNC, "secauth: |off")),
    Row("COR003", clean_7, {COROSYNC: ("nodeid: 2\n    quorum_votes: 1",
                                       "nodeid: 2\n    quorum_votes: 2")},
        (COROSYNC, "quorum_votes: |2")),
    Row("COR004", clean_7, {COROSYNC: ("192.0.2.22", "kvm2.example.com")},
        (COROSYNC, "kvm2.example.com")),
    Row("COR005", clean_7, {COROSYNC: ("    nodeid: 3\n", "")},
        (COROSYNC, "  }\n  |node {\n    name: kvm3")),
    Row("COR006", clean_7,
        {COROSYNC: ("  node {\n    name: kvm3\n    nodeid: 3\n    quorum_votes: 1\n"
                    "    ring0_addr: 192.0.2.23\n    ring1_addr: 198.51.100.167\n  }\n", "")},
        (COROSYNC, "nodelist")),
]


#: Defects that two rules could report: the first column of docs/precedence.md does.
CONTESTED = [
    # A suite of the old release is mixed with those of the new one (APT009), and is another
    # release's for APT008.
    Row("APT001", clean_7, {SOURCES: ("ftp.debian.org/debian bullseye main", "ftp.debian.org/debian buster main")},
        (SOURCES, "ftp.debian.org/debian |buster main")),
    # Without it there would be no security repository (APT011).
    Row("APT002", clean_7, {SOURCES: (" bullseye-security", " buster/updates")},
        (SOURCES, " |buster/updates")),
    # Of Proxmox, but of another product (APT008).
    Row("APT013", clean_7,
        {PARTS + "more.list": "deb https://enterprise.proxmox.com/debian/pbs buster pbs-enterprise\n"},
        (PARTS + "more.list", "buster")),
    # Too old a Ceph on the old release (APT004).
    Row("APT005", clean_7, {PARTS + "ceph.list": ("ceph-quincy bullseye", "ceph-luminous buster")},
        (PARTS + "ceph.list", "http://download.proxmox.com/debian/ceph-luminous")),
    # Both are at fault for APT009 and APT007.
    Row("APT007", clean_7,
        {PARTS + "more.list": "deb http://deb.debian.org/debian buster-backports main\n"},
        (PARTS + "more.list", "buster-backports")),
    Row("LXC008", clean_7, {CT7: ("lxc.cgroup2.pids.max: 4096", " lxc.cgroup.memory.swappiness: 1")},
        (CT7, " lxc.cgroup.memory.swappiness: 1")),
    Row("LXC008", clean_7, {CT7: ("lxc.cgroup2.pids.max: 4096", " lxc.cgroup.pids.max: 4096")},
        (CT7, " lxc.cgroup.pids.max: 4096")),
    # A duplicate key (STO006), and dead beside a valid prune-backups.
    Row("STO001", clean_6, {STORAGE: ("\tprune-backups", "\tmaxfiles 2\n\tmaxfiles 3\n\tprune-backups")},
        (STORAGE, "\t|maxfiles 2"), (STORAGE, "\t|maxfiles 3")),
    # The type has no maxfiles: it never counted.
    Row("STO006", clean_6, {STORAGE: ("\tthinpool", "\tmaxfiles 3\n\tthinpool")},
        (STORAGE, "maxfiles")),
    # The storage has a retention, and Proxmox VE refuses it: no STO002.
    Row("STO006", clean_6, {STORAGE: ("keep-last=3", "keep-last=three")},
        (STORAGE, "keep-last=three"), before={"etc/vzdump.conf": "tmpdir: /var/tmp\n"}),
    Row("BAK003", clean_6, {"etc/vzdump.conf": ("prune-backups: keep-last=3", "maxfiles: 0")},
        ("etc/vzdump.conf", "maxfiles: |0")),
    Row("BAK003", clean_6, {CRON: ("--prune-backups", "--maxfiles 3 --prune-backups")},
        (CRON, "--maxfiles")),
    Row("USR003", clean_7, {USERS: ("role:Helpdesk:", "role:PVEPoolUser:Pool.Allocate:\nrole:Helpdesk:")},
        (USERS, "PVEPoolUser")),
    # Nothing is known to take the place of this suite (APT001, APT008).
    Row("APT009", clean_7,
        {PARTS + "more.list": "deb http://deb.debian.org/debian-debug buster-debug main\n"},
        (PARTS + "more.list", "buster-debug")),
    # Without this entry there would be no security repository (APT011), and apt reads none at all.
    Row("APT016", clean_7,
        {SOURCES: ("deb http://security.debian.org/debian-security bullseye-security main contrib",
                   "deb http://security.debian.org/debian-security")},
        (SOURCES, "deb http://security")),
    # Another vendor's (APT008), but what is to take its place is known.
    Row("APT006", clean_7,
        {PARTS + "ceph.list": "deb https://download.ceph.com/debian-octopus buster main\n"},
        (PARTS + "ceph.list", "https://download.ceph.com/debian-octopus")),
    # The container does not start at all; that the key overrides memory (LXC005) does not matter.
    Row("LXC004", clean_7, {CT7: ("lxc.cgroup2.pids.max: 4096",
                                  "lxc.cgroup2.memory.limit_in_bytes: 1G\nmemory: 512")},
        (CT7, "lxc.cgroup2.memory.limit_in_bytes")),
    # Converted, it would override memory (LXC005): said in the message.
    Row("LXC002", clean_7, {CT7: ("lxc.cgroup2.pids.max: 4096",
                                  "lxc.cgroup.memory.limit_in_bytes: 1G\nmemory: 512")},
        (CT7, "lxc.cgroup.memory.limit_in_bytes")),
    # Kept on cgroup v1: an info, beside the one for the parameter.
    Row("LXC001", clean_6, {CT6: ("swap: 512\n", "swap: 512\nlxc.cgroup.pids.max: 100\n")},
        (CT6, "lxc.cgroup.pids.max"),
        before={"etc/default/grub": ('"quiet"', '"quiet systemd.unified_cgroup_hierarchy=0"')}),
    # A storage of a type that 7.0 drops: what it holds (GST002) and sets (STO006) goes with it.
    Row("STO004", clean_6, {STORAGE: ("lvmthin: local-lvm\n", "drbd: local-lvm\n\tredundancy 2\n")},
        (STORAGE, "drbd")),
    # The volumes of the guests (GST002) are there again once the storage is.
    Row("STO003", clean_6, {STORAGE: ("content images,rootdir", "content none")}, (STORAGE, "none")),
    Row("STO007", clean_6, {STORAGE: ("\tvgname pve\n", "")}, (STORAGE, "lvmthin: |local-lvm")),
    # A node without a vote leaves two of three (COR006): which is that one's own matter.
    Row("COR003", clean_7, {COROSYNC: ("nodeid: 2\n    quorum_votes: 1",
                                       "nodeid: 2\n    quorum_votes: 0")},
        (COROSYNC, "quorum_votes: |0")),
    Row("USR001", clean_7, {USERS: (",Pool.Audit,VM.Audit", ",VM.Allocate,VM.Audit")},
        (USERS, "Pool.Allocate")),
    # The lower of both versions counts.
    Row("SYS001", clean_6, {DPKG: packages_6(proxmox_ve="6.4-1", pve_manager="6.2-4")},
        (DPKG, "6.2-4")),
]


@pytest.mark.parametrize("phases", ["auto", "before"])
def test_a_node_ready_for_the_upgrade(phases, tmp_path):
    findings = findings_in(tmp_path, clean_6(), phases=phases)
    # That buster has left the mirrors is true of every such node, and is a remark.
    assert {(f.code, f.severity) for f in findings if f.due} == {("APT021", "info")}
    # What waits for the switch is shown, and nothing else.
    assert {f.code for f in findings if not f.due} == SWITCH


def test_a_node_about_to_be_upgraded(tmp_path):
    assert {f.code for f in findings_in(tmp_path, clean_6())} == SWITCH


@pytest.mark.parametrize("phases", ["auto", "all"])
def test_a_node_that_has_been_upgraded(phases, tmp_path):
    assert findings_in(tmp_path, clean_7(), phases=phases) == []


@pytest.mark.parametrize("row", ROWS + CONTESTED, ids=repr)
def test_a_defect_is_found_by_its_rule_alone(row, tmp_path):
    clean = edited(row.clean(), row.before)
    known = Counter((f.code, f.path, f.message)
                    for f in findings_in(tmp_path / "clean", clean, **row.options))
    tree = edited(clean, row.edits)
    found = []
    for finding in findings_in(tmp_path / "defect", tree, **row.options):
        key = (finding.code, finding.path, finding.message)
        if known[key]:
            known[key] -= 1
        else:
            found.append(finding)
    assert {f.code for f in found} == {row.code}, found
    assert sorted((f.path, f.line, f.column) for f in found) == sorted(
        place_of(tree, *at) for at in row.at), found


def test_little_free_space_is_found_alone(tmp_path, monkeypatch):
    """SYS004 looks at no file, and at nothing but the running node's own root."""
    monkeypatch.setattr(Facts, "free_space", 3 << 30)
    found = [f for f in findings_in(tmp_path, clean_6()) if f.code not in SWITCH]
    assert [(f.code, f.path, f.line, f.column) for f in found] == [("SYS004", "etc/fstab", 1, 1)]


def test_each_rule_has_a_row():
    assert {row.code for row in ROWS} | {"SYS004"} == {info.code for info in catalogue()}
