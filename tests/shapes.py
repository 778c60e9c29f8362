"""Text that looks like configuration: what the fuzz tests and the fuzzer (fuzz/) feed on.

For each kind there are *pieces* (words, separators, ends of lines; joined at random they hit the
borders between line types) and *lines* (whole ones that rules have something to say about). The
goldens' and examples' own files are a third source, cut up and shuffled.
"""

import random
from functools import lru_cache
from pathlib import Path

from pvemigrate.formats import KINDS, decode, kind_of_path

CHECKOUT = Path(__file__).resolve().parent.parent

_SPACE = [" ", "  ", "\t", "\n", "\n", "\n", "\n\n", "\r\n", "\r", "\v", "\f", " \n"]
_ODD = ["\0", "\x1b[31m", "\u00e9", "\u00a0", "\u2028", "\u0085", "\u0660", "\ufeff", "\udce9", "\U0001f600",
        "\\", "\\\n", "\"", "'", "#", "%41", "0"]

PIECES = {
    "apt-list": [
        "deb", "deb-src", "http://deb.debian.org/debian", "cdrom:[My CD]/", "buster", "main",
        "contrib", "[arch=amd64]", "[ a=b c=d ]", "[", "]", "=", "#", "# c", "\"", "\"a b\"", "\\",
        "%20", "./", "buster/updates"],
    "ceph": [
        "[global]", "[client]", "[", "]", "keyring", "mon_host", "ms bind ipv6", "mon-host", " = ", "=",
        "true", "198.51.100.1", "/etc/pve/priv/$cluster.$name.keyring", "# c", ";c", "\\\n", "\\\r\n", "\\#",
        "\\"],
    "corosync": [
        "totem {", "node {", "{", "}", ":", ": ", "quorum_votes", "ring0_addr", "pve1", "1", "#c", "name:",
        "nodelist{", "  "],
    "deb822": [
        "Types: deb", "URIs: http://deb.debian.org/debian", "Suites:", " buster", "Components: main",
        "#c", " # c", "junk", ":", "Enabled: no", "\tbuster-updates"],
    "grub": [
        "GRUB_CMDLINE_LINUX=", "GRUB_CMDLINE_LINUX_DEFAULT=", "\"quiet\"", "\"", "'", "`", "$X", "${X}",
        "$(", ")", "export ", "+=", "quiet", " # c", "#", "if", ";", "\\\"", "a=b", "kvm.tdp_mmu=N", "\"$"],
    "interfaces": [
        "auto", "allow-hotplug", "iface", "vmbr0", "eno1", " inet static", " inet6 manual", "inherits",
        "mapping", "source", "source-directory", "no-scripts", "rename", "\taddress 192.0.2.1/24\n",
        "\tbridge-ports eno1\n", "\thwaddress 02:00:00:00:00:01\n", "\\\n", "\\", "#c", "a b"],
    "jobs": [
        "vzdump:", "realm-sync: r", "backup-1", "0", "#c", "\tschedule sun 01:00\n", "\tmaxfiles 3\n",
        "\tstorage local\n", "\tprune-backups keep-last=1\n", "\tnotification-target x\n", "x:y:z", ":",
        "a b c"],
    "kernel-cmdline": [
        "root=ZFS=rpool/ROOT/pve-1", "boot=zfs", "quiet", "\"", "a=\"b c\"", "=", "--", "kvm.tdp_mmu=N"],
    "lxc": [
        "lxc.cgroup.devices.allow", "lxc.cgroup2.devices.allow", "lxc.cgroup.", "memory", "cpu.shares",
        ":", "=", "a", "[snap]", "[a]", "[pve:pending]", "[", "]", "#x", "snapstate:", "delete",
        "x snapstate: delete\n", "description:", "memory: 512", "c 10:200 rwm"],
    "lvm": [
        "global {", "global/thin_check_options", "thin_check_options = [ \"-q\" ]", "{", "}", "[", "]", "=", ",",
        "\"-q\"", "'x'", "\"", "'", "a", "5", "-1.5", "#c", "\\\"", "a b", "\"--clear-needs-check-flag\""],
    "modprobe": [
        "options", "kvm", "tdp_mmu=N", "nested=1", "blacklist", "alias a b", "install", "softdep", "\\\n",
        "\\", "#", "#c", "\"", "a=\"b c\"", "options kvm", "options kvm a=b"],
    "notifications": [
        "sendmail:", "group: g", "filter :", "mail-to-root", "#c", "\tmode all\n", "\tendpoint x\n", "\tbare",
        ":", "a b c", " \n", "x:y:z"],
    "qemu": [
        "args:", "memory: 512", ":", "a", "[snap]", "[PENDING]", "[special:cloudinit]", "[", "]", "#x",
        "snapstate:", "delete", "x snapstate: delete\n", "description:", "net0", "x1", "machine: pc",
        "-", "amd-sev: std", "[special:fleecing]", "-i440fx-5.1", "vmstate: a:b", "runningmachine: "],
    "storage": [
        "dir:", "nfs: n", "local", "0", "#c", "\tpath /srv\n", "\tmaxfiles 3\n", "\tcontent backup\n",
        "\tprune-backups keep-last=1\n", "x:y:z", ":", "a b c"],
    "sysctl": [
        "net.ipv4.ip_forward", "net/ipv4/conf/eno1.5/rp_filter", "vm.swappiness=10", "=", " = ", "-", "1", "#", ";",
        "# c", "a b", "-net.ipv4.conf.*.rp_filter", "kernel.core_pattern=|/bin/x %p"],
    "user": [
        "user", "group", "role", "acl", "pool", "token", ":", "Pool.Allocate", "Pool.Audit", ",",
        "a@pve", "1", "#c", "x"],
    "vzdump-conf": [
        "maxfiles", "prune-backups", ":", ": ", "keep-last=1", "3", "0", "size", "#c", "=", "tmpdir"],
    "vzdump-cron": [
        "0 3 * * * root vzdump", "--maxfiles 3", "--maxfiles=2", "--prune-backups keep-last=1",
        "--size 100", "--all", "'", "\"", "\\", "#", "PATH=", "@daily root x",
        "1 2 * * 1-5 root ionice vzdump 100", " 0 3 * * * root vzdump", "a b c d e f g", "100"],
    "text": ["127.0.0.1 localhost", "a", "x = y"],
}

LINES = {
    "apt-list": [
        "deb http://ftp.debian.org/debian buster main contrib",
        "deb-src http://deb.debian.org/debian buster-updates main",
        "deb http://security.debian.org buster/updates main contrib",
        "deb http://security.debian.org/debian-security bullseye/updates main",
        "deb http://deb.debian.org/debian buster-backports main",
        "deb [arch=amd64 signed-by=/k#1.gpg] http://m.example/debian \"buster\" main # buster",
        "deb http://m.example/debian b%75ster main", "deb cdrom:[Debian 10 _Buster_]/ buster main",
        "deb http://download.proxmox.com/debian/pve buster pve-no-subscription",
        "deb https://enterprise.proxmox.com/debian/pve buster pve-enterprise",
        "deb http://download.proxmox.com/debian/ceph-octopus buster main",
        "deb http://download.proxmox.com/debian/ceph-nautilus buster main",
        "deb https://download.ceph.com/debian-octopus buster main",
        "deb https://pkg.example/apt stable main", "deb http://x", "rpm http://x buster main",
        "#deb http://deb.debian.org/debian buster main", "deb http://m.example/buster ./",
        "deb http://m.example/debian buster main contrib[x \"y"],
    "ceph": [
        "[global]", "[client]", "[ osd ]", " [mon.a]", "[global] # c", "\t keyring = /etc/pve/priv/$cluster.$name.keyring",
        "\t mon_host = 198.51.100.1 198.51.100.2", "mon host=198.51.100.1 ; c", "mon-host =", "ms_bind_ipv6 = true",
        "\t ms bind ipv4 = false", "public_network = 198.51.100.0/24, 2001:db8::/64", "# c", "; c", "", "junk",
        "keyring = \"a b\" # c", "keyring = a \\", "[client", "fsid = x\\;y"],
    "corosync": [
        "totem {", "  secauth: on", "  transport: udpu", "  crypto_cipher: none", "}", "nodelist {", "  node {",
        "    name: pve1", "    nodeid: 1", "    quorum_votes: 1", "    quorum_votes: 2",
        "    ring0_addr: 192.0.2.1", "    ring1_addr: pve1.example.com", "  }", "}", "quorum {",
        "  device {", "    votes: 1", "# c", "", "junk", "totem{", "a: b {", "node : {", "  key : two words # c"],
    "deb822": [
        # Whole stanzas too: of single lines hardly one is made that apt accepts.
        "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: buster\n buster-updates\n"
        "Components: main\n",
        "Types: deb\nURIs: http://m.example/debian\nSuites: buster-backports buster\n"
        "Components: main contrib\n",
        "Types: deb\nURIs: http://deb.debian.org/debian\nComponents: main\nSuites: buster-backports\n",
        "Types: deb deb-src", "Types: deb", "URIs: http://deb.debian.org/debian",
        "URIs: http://security.debian.org/debian-security https://deb.debian.org/debian",
        "URIs: http://download.proxmox.com/debian/pve", "Suites: buster buster-updates",
        "Suites: buster/updates", "Suites: buster-backports", "suites : buster", " buster-updates",
        "Components: main contrib", "Components: pve-no-subscription", "# old: buster", " # buster",
        "Enabled: no", "Enabled: false", "Signed-By: /k.gpg", "junk", " ", "", "", "\r"],
    "grub": [
        "GRUB_DEFAULT=0", "GRUB_CMDLINE_LINUX=\"root=ZFS=rpool/ROOT/pve-1 boot=zfs\"",
        "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet kvm.tdp_mmu=N\"", "GRUB_CMDLINE_LINUX_DEFAULT='quiet'",
        "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX kvm.tdp_mmu=0\"", "GRUB_CMDLINE_LINUX=kvm.tdp_mmu=off",
        "GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX} cgroup_no_v1=all\" # more", "export A=b",
        "GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`", "A=\"x\\", "A=\"x",
        "GRUB_CMDLINE_LINUX+=\" quiet\"", "# If you change this file", "", "if true; then A=b; fi # c",
        "A=b c", "A=$(b 'c')", "A=\"a=\\\"b c\\\" d\"", "A=", "fi"],
    "interfaces": [
        "auto lo", "auto vmbr0 eno1", "iface lo inet loopback", "iface eno1 inet manual",
        "iface vmbr0 inet static", "iface vmbr0 inet6 static", "iface vmbr1 inet manual # remark",
        "iface bond0 inet manual", "iface vmbr2", "iface x inherits y", "\taddress 192.0.2.1/24",
        "\tnetmask 255.255.255.0", "    bridge-ports eno1", "\tbridge_ports none", "\tbridge-stp off",
        "\tbridge-fd 0", "\tbridge-vlan-aware yes", "\thwaddress 02:00:00:00:00:01",
        "\thwaddress ether 02:00:00:00:00", "\tbond-slaves eno1 eno2", "\tup ip route add \\",
        "\tpost-up echo a\\b", "\tbare", "", "", "#comment \\", "source interfaces.d/*",
        "source-directory interfaces.d", "mapping eth0", "\tscript x", "allow-ovs vmbr0",
        "rename a=b", "\tovs_type OVSBridge"],
    "jobs": [
        "vzdump: backup-1", "\tschedule sun 01:00", "\tenabled 1", "\tmaxfiles 3", "\tmaxfiles 0",
        "\tmaxfiles x", "\tprune-backups keep-last=3", "\tprune-backups keep-last=3, keep-daily=1",
        "\tnotification-policy always", "\tnotification-target mail-to-root", "\tmailto a@example.com",
        "\tstorage local", "\tvmid 100,101", "\tmode snapshot", "realm-sync: r1", "\trealm ldap",
        "\nvzdump: a\n\tmaxfiles 3\n\tvmid 100\n", "\nvzdump: b\n\tnotification-target x\n\tmaxfiles 2\n",
        "vzdump: 1x", "", "", " ", "\r", "0", "# c", "junk", "    maxfiles 2"],
    "kernel-cmdline": [
        "root=ZFS=rpool/ROOT/pve-1 boot=zfs", "root=ZFS=rpool/ROOT/pve-1 boot=zfs kvm.tdp_mmu=N quiet",
        "quiet", " quiet  kvm.tdp-mmu=0 ", "a=\"b kvm.tdp_mmu=N\" c", "", "cgroup_no_v1=all", "# c"],
    "lxc": [
        "arch: amd64", "memory: 512", "lxc.cgroup.devices.allow: c 10:200 rwm",
        "lxc.cgroup2.devices.allow: c 10:200 rwm", "lxc.cgroup.devices.deny = a",
        "lxc.cgroup.cpuset.cpus: 0-1", "lxc.cgroup2.cpuset.cpus: 0-2", "lxc.cgroup.pids.max: 7",
        "lxc.cgroup.memory.limit_in_bytes: 512M", "lxc.cgroup.memory.memsw.limit_in_bytes: 1G",
        "lxc.cgroup.cpu.shares: 512", "lxc.cgroup.cpu.cfs_quota_us: 50000",
        "lxc.cgroup.net_cls.classid: 1", "lxc.cgroup.dir: x", "lxc.cgroup.relative: 1",
        "lxc.cgroup.blkio.throttle.read_bps_device: 8:0 1048576", "# lxc.cgroup.devices.allow: a",
        "[snap1]", "[pve:pending]", "[x]", " [snap2]", "snapstate: delete", "junk", "ostype: debian",
        "mp0: local:100/x,mp=/x,quota=1", "LXC.cgroup.devices.allow: a", "", "description: x"],
    "lvm": [
        "devices {", "global {", "\tglobal_filter=[\"r|/dev/zd.*|\", 'r|/dev/rbd.*|']", "\tthin_check_options = [ \"-q\" ]",
        "\tthin_check_options = \"-q\" # c", "\tthin_check_options = [", "\t\t\"-q\",", "\t]", "}", "# c", "\t# x = 1", "",
        "global/thin_check_options=[\"-q\", \"--skip-mappings\"]", "backup { backup = 1 retain_days = 30 }", "umask = 077",
        "\tfilter = [ \"a|.*|\" ] # \"x", "thin_check_options = [ \"-q\" \"--clear-needs-check-flag\", ]", "a = \"b",
        "\"quoted\" = 'c'", "x { y { z = 1.5 } }"],
    "modprobe": [
        "options kvm tdp_mmu=N", "options kvm ignore_msrs=1 tdp_mmu=0", "options kvm tdp_mmu=off nested=1",
        "options\tkvm  tdp_mmu=n ", "options kvm \\", "  tdp_mmu=N", "# options kvm tdp_mmu=N", "# c \\",
        "blacklist nouveau", "install x /bin/true", "softdep a pre: b", "alias a b", "options kvm", " # c",
        "", "options zfs zfs_arc_max=8589934592", "options x a=\"b c\" d", "blacklist"],
    "notifications": [
        "sendmail: mail-to-root", "\tmailto-user root@pam", "\tcomment Send mails to root@pam's email address",
        "group: admins", "\tendpoint mail-to-root", "filter: errors", "\tmin-severity error", "\tmode and",
        "matcher: default-matcher", "\tmode all", "\ttarget mail-to-root", "gotify: g", "matcher:", "group : a b",
        "", "", " ", "\r", "# c", "\tbare", "junk"],
    "qemu": [
        "memory: 512", "ostype: win10", "machine: pc", "machine: q35", "net0: virtio=02:00:00:00:00:01",
        "# buster", "[PENDING]", "[snap1]", "[pve:pending]", " [x]", "snapstate: prepare", "junk",
        "args: -cpu host", "description: a%3Ab", "", "memory:512", "scsi0: local:100/x.raw",
        "machine: pc-i440fx-5.1", "machine: type=pc-q35-4.2,viommu=intel", "vmstate: local:x",
        "runningmachine: pc-q35-5.2+pve0", "meta: creation-qemu=9.1.2,ctime=1", "cpu-units: 1",
        "net1: virtio=02:00:00:00:00:02,bridge=vmbr0", "[special:fleecing]", "allow-ksm: 0"],
    "storage": [
        "dir: local", "\tpath /var/lib/vz", "\tmaxfiles 3", "\tmaxfiles 0", "\tmaxfiles 03",
        "\tmaxfiles x", "\tprune-backups keep-last=3", "\tprune-backups keep-all=1,keep-last=1",
        "\tcontent backup,iso", "\tcontent none", "\tshared", "nfs: backup", "\tserver 192.0.2.9",
        "\texport /srv", "lvmthin: local-lvm", "\tthinpool data", "", "", " ", "\r", "0", "# c",
        "junk", "pbs: p", "drbd: old", "    maxfiles 2", "\tnodes a,b"],
    "sysctl": [
        "# /etc/sysctl.conf - Configuration file for setting system variables", "#net.ipv4.ip_forward=1", "; c", "",
        "net.ipv4.ip_forward=1", "vm.swappiness = 10", "  kernel.panic =  10 ", "net.ipv4.tcp_rmem = 4096\t87380 6291456",
        "-net.ipv6.conf.all.disable_ipv6 = 1", "-net.ipv4.conf.eno1.rp_filter", "net/ipv4/conf/eno1.5/rp_filter = 2",
        "net.ipv4.conf.*.rp_filter = 2", "junk", "= 1", "kernel.core_pattern=", "a=b\rc=d", "# x\ra=1"],
    "user": [
        "user:root@pam:1:0:::a@example.org::", "group:admins:root@pam:",
        "role:Ops:VM.Audit,Pool.Allocate:", "role:Ops:Pool.Audit:", "role:Ops2:Pool.Allocate , VM.Audit",
        "role:PVEPoolUser:VM.Audit:", "role::Pool.Allocate:", "role:a b:Pool.Allocate:",
        "acl:1:/:@admins:Ops:", "pool:p:c:100:local:", "token:root@pam!t:0:1::", "# comment", "junk:x",
        "", "role:Empty::", "role:Ops:Pool.Allocate:x:y"],
    "vzdump-conf": [
        "maxfiles: 3", "maxfiles: 0", "maxfiles:2", "maxfiles : 2", "maxfiles: x", "size: 100",
        "prune-backups: keep-last=3", "prune-backups: keep-all=1", "tmpdir: /tmp", "#maxfiles: 3",
        "# c", "", "junk", " maxfiles: 4", "MAXFILES: 1"],
    "vzdump-cron": [
        "PATH=\"/usr/sbin:/usr/bin:/sbin:/bin\"",
        "0 2 * * 6 root vzdump 100 --maxfiles 3 --mode snapshot --storage local",
        "0 2 * * 6 root vzdump 100 --maxfiles=0 --quiet 1",
        "0 2 * * 6 root vzdump 100 --maxfiles 3 --prune-backups keep-last=1",
        "0 2 * * 6 root #vzdump --all 1 -maxfiles 2 --size 1024",
        "30 4 * * mon,tue root vzdump '--maxf' \"4\" --stdexcludes",
        "*/15 * * * * root vzdump 101 --maxfiles 2", "@daily root vzdump --all --maxfiles 1",
        " 0 3 * * * root vzdump 1 --maxfiles 2", "MAILTO=root", "# c", "", "junk",
        "0 3 * * * root vzdump 1 'unbalanced --maxfiles 2", "0 3 * * * root /usr/sbin/vzdump 1 --size 5"],
    "text": ["127.0.0.1 localhost", "192.0.2.1 pve1.example.com pve1", ""],
}

MACS = {"vmbr0": "02:00:00:00:00:0a", "vmbr1": "02:00:00:00:00:0b", "vmbr2": "02:00:00:00:00:0c"}


@lru_cache(maxsize=None)
def samples():
    """(kind, name, bytes) of every configuration file of the goldens, the examples and tests/data."""
    found = []
    for folder in ("golden", "examples", "tests/data"):
        for path in sorted((CHECKOUT / folder).rglob("*")):
            name = path.relative_to(CHECKOUT).as_posix()
            if not path.is_file():
                continue
            if path.suffix == ".yml" and folder == "golden":
                found.extend(_of_case(path, name))
            elif "etc/" in name:
                kind = kind_of_path(name.rpartition("etc/")[2])
                if kind:
                    found.append((kind, name, path.read_bytes()))
    return found


def read_yaml(path):
    """A YAML file. (The C scanner that older releases of ruamel.yaml use refuses tabs.)"""
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def _of_case(path, name):
    case = read_yaml(path) or {}
    options = case.get("options") or {}
    for place, text in (case.get("files") or {}).items():
        kind = options.get("kind") or kind_of_path(place.rpartition("etc/")[2])
        if kind and text is not None:
            yield kind, "%s: %s" % (name, place), str(text).encode("utf-8")
    for place, raw in (case.get("raw") or {}).items():
        kind = options.get("kind") or kind_of_path(place.rpartition("etc/")[2])
        if kind:
            yield kind, "%s: %s" % (name, place), (path.parent / raw).read_bytes()


@lru_cache(maxsize=None)
def known_lines(kind):
    """The lines (str without line ending) of LINES and of all samples of *kind*."""
    lines = dict.fromkeys(LINES[kind])
    for sample_kind, _, data in samples():
        if sample_kind == kind and len(data) < 65536:
            lines.update(dict.fromkeys(decode(data).split("\n")))
    return sorted(lines)


def pieces(kind, rnd):
    """Pieces of *kind* joined at random (str)."""
    found = []
    for _ in range(rnd.randint(0, 14)):
        source = rnd.random()
        found.append(rnd.choice(PIECES[kind] if source < 0.55 else _SPACE if source < 0.93 else _ODD))
    return "".join(found)


def lines(kind, rnd):
    """Whole lines of *kind*, some of them damaged (str)."""
    known = known_lines(kind)
    found = []
    for _ in range(rnd.randint(1, 12)):
        line = rnd.choice(known)
        if rnd.random() < 0.2:
            at = rnd.randint(0, len(line))
            new = rnd.choice(rnd.choice((PIECES[kind], _SPACE, _ODD)))
            line = line[:at] + new + line[at + rnd.choice((0, 0, 1, 5)):]
        found.append(line + rnd.choice(("\n", "\n", "\n", "\n", "\n", "\n", "\r\n", "\n\n", " \n")))
    text = "".join(found)
    return text[:-1] if rnd.random() < 0.15 else text


def letters(kind, rnd):
    """Single characters of all the grammars' alphabets (str)."""
    return "".join(rnd.choice("ab:=#[]\n\n \t\\\"'\r0d/*,.-") for _ in range(rnd.randint(0, 24)))


def text(kind, rnd):
    """Grammar-shaped text of *kind* (str)."""
    return rnd.choice((pieces, pieces, lines, lines, lines, letters))(kind, rnd)


def noise(rnd):
    """Arbitrary bytes, short; some made of few values, so that they have lines."""
    size = rnd.randint(0, 48)
    if rnd.random() < 0.5:
        return bytes(rnd.getrandbits(8) for _ in range(size))
    return bytes(rnd.choice(b"\n\n\n\r\t  \\#:=[]\"'a0\x00\x80\xc3\xa9\xff\xe2\xa8") for _ in range(size))


def randoms(kind, salt, count):
    """*count* seeded random generators, the same in each run; independent of hash seeds."""
    for number in range(count):
        yield random.Random("%s %s %d" % (kind, salt, number))


ALL_KINDS = sorted(KINDS)
