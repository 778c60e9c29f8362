"""Makes the files that are measured, from a seed: the same seed gives the same bytes.

``text(kind, lines)`` is one file of a kind with exactly so many lines; ``write_cluster`` writes the
guests of a cluster. Every program that reads them here takes all of it: nothing is malformed, and
what is no finding of pvemigrate's is in order.
"""

import random
from pathlib import Path

SEED = 20210706  # the day Proxmox VE 7.0 came out

#: How many guests of a hundred have keys of cgroup v1.
CHANGED_PERCENT = 5

_GUEST_NAMES = ("web", "mail", "dns", "db", "proxy", "git", "wiki", "build", "cache", "ldap")


def text(kind, lines, seed=SEED):
    """A file of *kind* with exactly *lines* lines (str)."""
    make = {"interfaces": _interfaces, "apt-list": _sources, "lxc": _guest_with_snapshots,
            "storage": _storage, "user": _users}[kind]
    rnd = random.Random("%s %s" % (seed, kind))
    found, number = [], 0
    while len(found) < lines:
        part = make(rnd, number)
        # What is left at the end is too short for a whole part: remarks go everywhere.
        found += part if len(found) + len(part) <= lines else [_filler(kind)] * (lines - len(found))
        number += 1
    return "\n".join(found) + "\n"


def _filler(kind):
    return "#" if kind == "lxc" else "# the end"


def _address(number):
    """An IPv4 address of its own for each number: 198.18.0.0/15 is for benchmarks (RFC 2544)."""
    return "198.%d.%d.%d" % (18 + (number >> 16 & 1), number >> 8 & 255, number & 255)


def _mac(number):
    return "02:00:5e:%02x:%02x:%02x" % (number >> 16 & 255, number >> 8 & 255, number & 255)


# -- single files ----------------------------------------------------------------------------------


def _interfaces(rnd, number):
    name = "vmbr%d" % number
    stanza = ["auto " + name, "iface %s inet static" % name, "\taddress %s/24" % _address(number)]
    if rnd.random() < 0.3:
        stanza.append("\tgateway " + _address(number ^ 255))
    stanza += ["\tbridge-ports eno%d" % number, "\tbridge-stp off", "\tbridge-fd 0"]
    if rnd.random() < 0.5:
        stanza.append("\thwaddress " + _mac(number))
    if rnd.random() < 0.3:
        stanza += ["\tbridge-vlan-aware yes", "\tbridge-vids 2-%d" % rnd.randint(100, 4094)]
    if rnd.random() < 0.3:
        stanza.append("\tpost-up ip route add 10.%d.0.0/16 via %s" % (
            rnd.randint(0, 255), _address(number)))
    if rnd.random() < 0.5:
        stanza.insert(0, "# uplink of rack %d" % rnd.randint(1, 400))
    return stanza + [""]


def _sources(rnd, number):
    host = "mirror%d.example.com" % number
    options = rnd.choice(("", "", "[arch=amd64] ", "[arch=amd64 trusted=yes] "))
    entries = ["deb %shttp://%s/debian bullseye main contrib" % (options, host),
               "deb http://%s/debian bullseye-updates main contrib" % host,
               "deb http://%s/debian-security bullseye-security main" % host]
    if rnd.random() < 0.4:
        entries.append("deb-src http://%s/debian bullseye main" % host)
    if rnd.random() < 0.5:
        entries.append("# the mirror of rack %d" % rnd.randint(1, 400))
    return entries + [""]


_SNAPSHOT = ("before_upgrade", "monday", "tested", "golden", "nightly")


def _guest_with_snapshots(rnd, number):
    """The first part is the live configuration, each further one a snapshot."""
    if number == 0:
        return _guest(rnd, 100, "local-zfs", None)
    name = "%s_%d" % (rnd.choice(_SNAPSHOT), number)
    return ["", "[%s]" % name] + _snapshot(rnd, 100, "local-zfs", None)


_STORAGES = (
    ("dir", ["path /mnt/pve/{name}", "content backup,iso,vztmpl", "prune-backups keep-last=3"]),
    ("nfs", ["export /srv/{name}", "path /mnt/pve/{name}", "server nas{n}.example.com",
             "content images,rootdir", "options vers=4.2"]),
    ("zfspool", ["pool tank/{name}", "content images,rootdir", "sparse 1"]),
    ("lvmthin", ["thinpool data{n}", "vgname vg{n}", "content rootdir,images"]),
    ("rbd", ["content images,rootdir", "krbd 0", "pool {name}"]),
)


def _storage(rnd, number):
    kind, properties = rnd.choice(_STORAGES)
    name = "%s%d" % (kind, number)
    return ["%s: %s" % (kind, name)] + [
        "\t" + line.format(name=name, n=number) for line in properties] + [""]


def _users(rnd, number):
    name = "u%d@pve" % number
    found = ["user:%s:1:0:First%d:Last%d:%s::" % (name, number, number, "u%d@example.com" % number)]
    if number % 3 == 0:
        found.append("group:g%d:%s:rack %d:" % (number, name, rnd.randint(1, 400)))
        found.append("acl:1:/vms/%d:@g%d:PVEVMUser:" % (100 + number, number))
    if number % 5 == 0:
        found.append("token:%s!backup:0:1::" % name)
        found.append("pool:p%d:of rack %d:%d:local-zfs:" % (
            number, rnd.randint(1, 400), 100 + number))
    if number % 7 == 0:
        found.append("role:R%d:VM.Audit,VM.Console,VM.PowerMgmt:" % number)
    return found + [""]


# -- a cluster -------------------------------------------------------------------------------------

#: What the guests' volumes lie on; "local" is there without being named, and cannot have them.
CLUSTER_STORAGE = """\
dir: local
\tpath /var/lib/vz
\tcontent backup,iso,vztmpl
\tprune-backups keep-last=3

zfspool: local-zfs
\tpool rpool/data
\tcontent images,rootdir
\tsparse 1

rbd: ceph
\tcontent images,rootdir
\tkrbd 0
\tpool guests

nfs: nas
\texport /srv/guests
\tpath /mnt/pve/nas
\tserver nas.example.com
\tcontent rootdir,vztmpl
"""

#: What is installed: the version that the upgrade starts from.
PACKAGES = """\
Package: proxmox-ve
Status: install ok installed
Version: 6.4-1

Package: pve-manager
Status: install ok installed
Version: 6.4-15
"""

#: Keys that a safe fix changes, after which there is nothing left to say.
_OLD_KEYS = ("lxc.cgroup.devices.allow: c 10:200 rwm", "lxc.cgroup.devices.allow: c 226:128 rwm",
             "lxc.cgroup.pids.max: 2048", "lxc.cgroup.devices.deny: c 5:1 rwm")


def write_cluster(root, guests=10000, nodes=40, seed=SEED):
    """Write the configuration of *guests* containers on *nodes* nodes below the folder *root*, 25
    or 26 lines each, and a storage.cfg. Returns the paths (relative, sorted list) of those that
    have keys of cgroup v1: they alone have findings, and fixes."""
    rnd = random.Random("%s cluster" % seed)
    files, changed = {"etc/pve/storage.cfg": CLUSTER_STORAGE, "var/lib/dpkg/status": PACKAGES}, []
    old = set(rnd.sample(range(guests), guests * CHANGED_PERCENT // 100))
    for number in range(guests):
        path = "etc/pve/nodes/pve%02d/lxc/%d.conf" % (number % nodes + 1, 100 + number)
        files[path] = "\n".join(cluster_guest(rnd, 100 + number, number in old)) + "\n"
        if number in old:
            changed.append(path)
    for path, content in files.items():
        target = Path(root, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    return sorted(changed)


def write_guest(path, seed=SEED):
    """Write the configuration of one guest, with a key of cgroup v1, and its root's storage.cfg."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(cluster_guest(random.Random("%s guest" % seed), 100, True)) + "\n"
    path.write_text(text, encoding="utf-8")
    (path.parents[3] / "storage.cfg").write_text(CLUSTER_STORAGE, encoding="utf-8")


def cluster_guest(rnd, number, is_old):
    """The lines (list of str) of one guest: its live configuration and a snapshot."""
    storage = rnd.choice(("local-zfs", "local-zfs", "ceph", "nas"))
    key = rnd.choice(_OLD_KEYS) if is_old else None
    live = _guest(rnd, number, storage, key)
    snapshot = _snapshot(rnd, number, storage, key)
    missing = rnd.choice((25, 26)) - len(live) - len(snapshot) - 2
    return live[:1] + ["#"] * missing + live[1:] + ["", "[%s]" % rnd.choice(_SNAPSHOT)] + snapshot


def _volume(storage, number, disk):
    if storage == "nas":
        return "nas:%d/vm-%d-disk-%d.raw" % (number, number, disk)
    return "%s:%s-%d-disk-%d" % (storage, "vm" if storage == "ceph" else "subvol", number, disk)


def _guest(rnd, number, storage, key):
    """The live configuration, 12 lines or more, the first one a description. *key*: a raw line that
    is to be in it, or None."""
    name = "%s%d" % (rnd.choice(_GUEST_NAMES), number)
    lines = ["#%s of rack %d" % (name, rnd.randint(1, 400)), "arch: amd64",
             "cores: %d" % rnd.choice((1, 2, 4, 8)), "hostname: " + name,
             "memory: %d" % rnd.choice((512, 1024, 4096)),
             "net0: name=eth0,bridge=vmbr0,firewall=1,gw=192.0.2.1,hwaddr=%s,ip=%s/24,type=veth" % (
                 _mac(number), _address(number)),
             "onboot: 1", "ostype: " + rnd.choice(("debian", "ubuntu", "alpine")),
             "rootfs: %s,size=%dG" % (_volume(storage, number, 0), rnd.choice((8, 16, 32))),
             "swap: 512", "unprivileged: 1"]
    if rnd.random() < 0.4:
        lines.insert(5, "mp0: %s,mp=/srv/data,backup=1,size=50G" % _volume(storage, number, 1))
    if key:
        lines.append(key)
    if rnd.random() < 0.3:
        lines.append("lxc.mount.entry: /dev/net/tun dev/net/tun none bind,create=file")
    return lines


def _snapshot(rnd, number, storage, key):
    """What a snapshot keeps of a configuration (9 lines or more)."""
    lines = ["arch: amd64", "hostname: g%d" % number, "memory: 512",
             "net0: name=eth0,bridge=vmbr0,hwaddr=%s,ip=dhcp,type=veth" % _mac(number),
             "ostype: debian", "rootfs: %s,size=8G" % _volume(storage, number, 0),
             "snaptime: %d" % rnd.randint(1577836800, 1625529600), "swap: 512"]
    return lines + [key] if key else lines
