"""The example nodes and the example scripts, as a reader of the READMEs meets them.

``tests/data/pve6-node.diff`` is what the README's first command prints, and the files beside it what the
other commands of examples/README.md print. To take over a change of an example or of a rule, write
them anew and read what git says about it:

    pvemigrate fix --diff --root examples/pve6-node > tests/data/pve6-node.diff
    pvemigrate fix --diff --hop 7to8 --phase all --root examples/pve7-node > tests/data/pve7-node.diff
    pvemigrate fix --diff --hop 8to9 --phase all --deb822 --root examples/pve8-node > tests/data/pve8-node.diff

``CHANGES_6`` and so on say the same once more, by hand and line by line: they are never to be made from
the program's output.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pvemigrate

REPOSITORY = Path(__file__).resolve().parent.parent
EXAMPLES = REPOSITORY / "examples"
NODE = EXAMPLES / "pve6-node"

#: File -> the lines that change, in order: (old line, new lines). A file that is new has its lines (list
#: of str), one that goes None.
CHANGES_6 = {
    "etc/apt/sources.list": [
        ("deb http://ftp.debian.org/debian buster main contrib",
         ["deb http://ftp.debian.org/debian bullseye main contrib"]),
        ("deb http://ftp.debian.org/debian buster-updates main contrib",
         ["deb http://ftp.debian.org/debian bullseye-updates main contrib"]),
        ("deb [arch=amd64] http://deb.debian.org/debian   buster   non-free"
         "   # was jessie, then stretch, now buster",
         ["deb [arch=amd64] http://deb.debian.org/debian   bullseye   non-free"
          "   # was jessie, then stretch, now buster"]),
        ("deb http://security.debian.org buster/updates main contrib",
         ["deb http://security.debian.org bullseye-security main contrib"]),
        ("deb http://security.debian.org/debian-security buster/updates non-free",
         ["deb http://security.debian.org/debian-security bullseye-security non-free"]),
        ("deb http://deb.debian.org/debian buster-backports main", []),
    ],
    "etc/apt/sources.list.d/ceph.list": [
        ("deb http://download.proxmox.com/debian/ceph-octopus buster main",
         ["deb http://download.proxmox.com/debian/ceph-octopus bullseye main"]),
    ],
    "etc/apt/sources.list.d/debian-src.sources": [
        ("Suites: buster buster-updates buster-backports", ["Suites: bullseye bullseye-updates"]),
        ("Suites: buster/updates", ["Suites: bullseye-security"]),
    ],
    "etc/apt/sources.list.d/pve-install-repo.list": [
        ("deb [arch=amd64] http://download.proxmox.com/debian/pve buster pve-no-subscription",
         ["deb [arch=amd64] http://download.proxmox.com/debian/pve bullseye pve-no-subscription"]),
    ],
    "etc/network/interfaces": [
        ("\taddress 192.0.2.11/24", ["\taddress 192.0.2.11/24", "\thwaddress 00:00:5e:00:53:10"]),
        ("    address   203.0.113.11",
         ["    address   203.0.113.11", "    hwaddress 00:00:5e:00:53:13"]),
    ],
    "etc/pve/nodes/pve1/lxc/101.conf": [
        # The live configuration and the snapshot before_v25.
        ("lxc.cgroup.devices.allow: c 10:200 rwm", ["lxc.cgroup2.devices.allow: c 10:200 rwm"]),
        ("lxc.cgroup.devices.allow: c 10:200 rwm", ["lxc.cgroup2.devices.allow: c 10:200 rwm"]),
    ],
    "etc/pve/nodes/pve1/lxc/102.conf": [
        ("lxc.cgroup.devices.allow = c 226:0 rwm", ["lxc.cgroup2.devices.allow = c 226:0 rwm"]),
        ("lxc.cgroup.devices.allow = c 226:128 rwm",
         ["lxc.cgroup2.devices.allow = c 226:128 rwm"]),
    ],
    "etc/pve/nodes/pve1/lxc/103.conf": [
        ("lxc.cgroup.devices.deny: a", ["lxc.cgroup2.devices.deny: a"]),
        ("lxc.cgroup.devices.allow: c 188:* rwm", ["lxc.cgroup2.devices.allow: c 188:* rwm"]),
        ("lxc.cgroup.devices.allow: c 189:* rwm", ["lxc.cgroup2.devices.allow: c 189:* rwm"]),
    ],
    "etc/pve/nodes/pve2/lxc/202.conf": [
        ("lxc.cgroup.cpuset.cpus: 0-3", ["lxc.cgroup2.cpuset.cpus: 0-3"]),
        ("lxc.cgroup.pids.max: 4096", ["lxc.cgroup2.pids.max: 4096"]),
    ],
    "etc/pve/nodes/pve2/lxc/203.conf": [
        # The same line for v2 is there already.
        ("lxc.cgroup.devices.allow: c 10:200 rwm", []),
    ],
    "etc/pve/storage.cfg": [
        ("\tmaxfiles 3", ["\tprune-backups keep-last=3"]),
        ("\tmaxfiles 0", ["\tprune-backups keep-all=1"]),
        # Dead beside prune-backups.
        ("\tmaxfiles 2", []),
        ("    maxfiles  7", ["    prune-backups  keep-last=7"]),
    ],
    "etc/pve/user.cfg": [
        ("role:CustomerAdmin:Datastore.AllocateSpace,Datastore.Audit,Pool.Allocate,VM.Audit,"
         "VM.Console,VM.PowerMgmt:",
         ["role:CustomerAdmin:Datastore.AllocateSpace,Datastore.Audit,Pool.Allocate,VM.Audit,"
          "VM.Console,VM.PowerMgmt,Pool.Audit:"]),
        ("role:LabAdmin:Pool.Allocate VM.PowerMgmt VM.Snapshot:",
         ["role:LabAdmin:Pool.Allocate VM.PowerMgmt VM.Snapshot,Pool.Audit:"]),
    ],
    "etc/pve/vzdump.cron": [
        ("0 2 * * *           root vzdump 101 102 111 --mailto hostmaster@example.com --maxfiles 3"
         " --storage backup-nfs --mode snapshot --compress zstd --quiet 1",
         ["0 2 * * *           root vzdump 101 102 111 --mailto hostmaster@example.com"
          " --prune-backups keep-last=3"
          " --storage backup-nfs --mode snapshot --compress zstd --quiet 1"]),
        ("0 22 * * 1,2,3,4,5           root vzdump 201 202 --exclude-path '/var/cache/?*'"
         " --exclude-path /srv/maxfiles --maxfiles=2 --storage backup-nfs --mode stop --quiet 1",
         ["0 22 * * 1,2,3,4,5           root vzdump 201 202 --exclude-path '/var/cache/?*'"
          " --exclude-path /srv/maxfiles --prune-backups=keep-last=2 --storage backup-nfs"
          " --mode stop --quiet 1"]),
        ("15 23 * * 7           root #vzdump 112 --compress gzip --storage nas-old --mode suspend"
         " --maxfiles 1 --quiet 1",
         ["15 23 * * 7           root #vzdump 112 --compress gzip --storage nas-old --mode suspend"
          " --prune-backups keep-last=1 --quiet 1"]),
    ],
    "etc/vzdump.conf": [
        ("maxfiles: 4", ["prune-backups: keep-last=4"]),
    ],
}

#: What no safe fix can settle, and check goes on reporting: (code, file, line).
LEFT_6 = [
    # LINBIT names its suites after releases of Proxmox VE: which one has what, LINBIT knows.
    ("APT008", "etc/apt/sources.list.d/linbit.list",
     "deb [signed-by=/etc/apt/trusted.gpg.d/linbit-keyring.gpg] http://packages.linbit.com/public/"
     " proxmox-6 drbd-9"),
    # A bridge that has never been up: nobody knows its MAC address.
    ("NET001", "etc/network/interfaces", "iface vmbr4 inet manual"),
    # No counterpart in cgroup v2.
    ("LXC003", "etc/pve/nodes/pve2/lxc/202.conf", "lxc.cgroup.memory.swappiness: 1"),
    # Proxmox VE 7 has the type from a plugin of LINBIT's alone.
    ("STO004", "etc/pve/storage.cfg", "drbd: linstor"),
    # "comment" is no property of a storage.
    ("STO006", "etc/pve/storage.cfg", "    comment read mostly"),
    # The example has no database of packages: a note says what that means.
    ("SYS001", "var/lib/dpkg/status", None),
]


#: What becomes of the example on 7.4 with --hop 7to8, and what is left.
CHANGES_7 = {
    "etc/apt/sources.list": [
        # Debian 12 has taken firmware out of non-free.
        ("deb http://ftp.debian.org/debian bullseye main contrib non-free",
         ["deb http://ftp.debian.org/debian bookworm main contrib non-free non-free-firmware"]),
        ("deb http://ftp.debian.org/debian bullseye-updates main contrib non-free",
         ["deb http://ftp.debian.org/debian bookworm-updates main contrib non-free non-free-firmware"]),
        ("deb http://security.debian.org/debian-security bullseye-security main contrib",
         ["deb http://security.debian.org/debian-security bookworm-security main contrib"]),
    ],
    "etc/apt/sources.list.d/ceph.list": [
        # Its repository without subscription, since that is what the node has of Proxmox VE's own.
        ("deb http://download.proxmox.com/debian/ceph-quincy bullseye main",
         ["deb http://download.proxmox.com/debian/ceph-quincy bookworm no-subscription"]),
    ],
    "etc/apt/sources.list.d/debug.sources": [("Suites: bullseye-debug", ["Suites: bookworm-debug"])],
    "etc/apt/sources.list.d/pve-no-subscription.list": [
        ("deb http://download.proxmox.com/debian/pve bullseye pve-no-subscription",
         ["deb http://download.proxmox.com/debian/pve bookworm pve-no-subscription"]),
    ],
}
LEFT_7 = [
    # Two directories or one type less: nobody but the administrator knows.
    ("STO009", "etc/pve/storage.cfg", "\tcontent-dirs iso=/images,snippets=/images"),
    # The new name is to be chosen (--rename-role).
    ("USR003", "etc/pve/user.cfg", "role:PVEOperator:Sys.Audit,VM.Audit,VM.Monitor,VM.PowerMgmt:"),
]

#: The same of the one on 8.4, with --hop 8to9.
CHANGES_8 = {
    "etc/apt/sources.list": None,
    "etc/apt/sources.list.d/debian.sources": [
        "# deb cdrom:[Debian GNU/Linux 12.5.0 _Bookworm_ - Official amd64 NETINST with firmware"
        " 20240210-11:27]/ bookworm main",
        "",
        "Types: deb",
        "URIs: http://ftp.debian.org/debian",
        "Suites: trixie trixie-updates",
        "Components: main contrib non-free non-free-firmware",
        "",
        "# security updates",
        "# twice a day",
        "Types: deb",
        "URIs: http://security.debian.org/debian-security",
        "Suites: trixie-security",
        "Components: main contrib",
        "",
        # What is disabled stays as it is, and disabled.
        "Types: deb",
        "URIs: http://ftp.debian.org/debian",
        "Suites: bookworm-backports",
        "Components: main",
        "Enabled: no",
    ],
    "etc/apt/sources.list.d/ceph.list": None,
    "etc/apt/sources.list.d/ceph.sources": [
        "Types: deb",
        "URIs: http://download.proxmox.com/debian/ceph-squid",
        "Suites: trixie",
        "Components: no-subscription",
    ],
    "etc/apt/sources.list.d/pve-install-repo.list": None,
    "etc/apt/sources.list.d/pve-install-repo.sources": [
        "Types: deb",
        "URIs: http://download.proxmox.com/debian/pve",
        "Suites: trixie",
        "Components: pve-no-subscription",
        "Architectures: amd64",
    ],
    "etc/apt/sources.list.d/pvetest.list": None,
    "etc/apt/sources.list.d/pvetest.sources": [
        "# hv1 alone, to see what is coming",
        "Types: deb",
        "URIs: http://download.proxmox.com/debian/pve",
        "Suites: trixie",
        "Components: pve-test",
    ],
    # Another vendor's: the same in the new form, and no more.
    "etc/apt/sources.list.d/tailscale.list": None,
    "etc/apt/sources.list.d/tailscale.sources": [
        "Types: deb",
        "URIs: https://pkgs.tailscale.com/stable/debian",
        "Suites: bookworm",
        "Components: main",
        "Signed-By: /usr/share/keyrings/tailscale-archive-keyring.gpg",
    ],
    "etc/lvm/lvm.conf": [
        ('     thin_check_options = [ "-q", "--skip-mappings" ]',
         ['     thin_check_options = [ "-q", "--skip-mappings", "--clear-needs-check-flag" ]']),
    ],
    "etc/pve/jobs.cfg": [
        ("\tmaxfiles 5", ["\tprune-backups keep-last=5"]),
        ("\tnotification-policy always", []),
        ("\tnotification-target mail-admins", []),
    ],
    "etc/pve/nodes/hv1/lxc/103.conf": [
        ("lxc.cgroup.devices.allow: c 226:0 rwm", ["lxc.cgroup2.devices.allow: c 226:0 rwm"]),
        ("lxc.cgroup.devices.allow: c 226:128 rwm", ["lxc.cgroup2.devices.allow: c 226:128 rwm"]),
    ],
    "etc/pve/notifications.cfg": [
        # The property that refers to such a section goes with it.
        ("\tfilter only-errors", []),
        ("filter: only-errors", []),
        ("\tmin-severity error", []),
        ("\tmode and", []),
        ("", []),
        ("group: everyone", []),
        ("\tendpoint mail-admins", []),
        ("", []),
    ],
    "etc/pve/storage.cfg": [
        ("\tmaxfiles 2", ["\tprune-backups keep-last=2"]),
        # Dead beside prune-backups.
        ("\tmaxfiles 8", []),
    ],
    "etc/sysctl.conf": [
        ("# Uncomment the next line to enable packet forwarding for IPv4", []),
        ("#net.ipv4.ip_forward=1", []),
        ("net.ipv4.ip_forward=1", []),
        ("vm.swappiness = 10", []),
        ("; the monitoring's many watches", []),
        ("fs.inotify.max_user_watches=1048576", []),
    ],
    "etc/sysctl.d/99-sysctl-local.conf": [
        "# Uncomment the next line to enable packet forwarding for IPv4",
        "#net.ipv4.ip_forward=1",
        "net.ipv4.ip_forward=1",
        "vm.swappiness = 10",
        "; the monitoring's many watches",
        "fs.inotify.max_user_watches=1048576",
    ],
    "etc/vzdump.conf": [("maxfiles: 3", ["prune-backups: keep-last=3"])],
}
LEFT_8 = [
    # Whether Tailscale has the suite, Tailscale knows.
    ("APT008", "etc/apt/sources.list.d/tailscale.sources", "Suites: bookworm"),
    # To be taken out while there is a way back, and somebody looks after the containers.
    ("LXC011", "etc/default/grub",
     'GRUB_CMDLINE_LINUX_DEFAULT="quiet systemd.unified_cgroup_hierarchy=0 intel_iommu=on"'),
    # The guest sees other hardware with a newer version, ...
    ("GST007", "etc/pve/nodes/hv1/qemu-server/101.conf", "machine: pc-q35-5.2"),
    ("GST008", "etc/pve/nodes/hv1/qemu-server/101.conf",
     "net1: virtio=02:00:00:00:08:02,bridge=vmbr1"),
    # ... and the memory in a snapshot is that of the old one.
    ("GST007", "etc/pve/nodes/hv1/qemu-server/101.conf", "runningmachine: pc-q35-5.2+pve0"),
    # hv2 is on cgroup v2, where the limit does nothing yet: it would begin to.
    ("LXC001", "etc/pve/nodes/hv2/lxc/201.conf", "lxc.cgroup.pids.max: 4096"),
    ("SYS020", "etc/pve/priv/ipam.db", '{"zones":{}}'),
    ("STO010", "etc/pve/storage.cfg", "rbd: ceph-old"),
    ("STO004", "etc/pve/storage.cfg", "glusterfs: gv0"),
    ("USR001", "etc/pve/user.cfg",
     "role:CustomerAdmin:Datastore.AllocateSpace,Datastore.Audit,Pool.Allocate,VM.Audit,"
     "VM.Console,VM.PowerMgmt:"),
    # What takes its place is to be chosen (--vm-monitor).
    ("USR007", "etc/pve/user.cfg", "role:Operator:VM.Audit,VM.Console,VM.Monitor,VM.PowerMgmt:"),
    ("SYS019", "etc/udev/rules.d/70-persistent-net.rules",
     'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="00:00:5e:00:53:82", '
     'ATTR{dev_id}=="0x0", ATTR{type}=="1", NAME="eno2"'),
    # Packages to be installed and removed.
    ("SYS018", "var/lib/dpkg/status", "Package: grub-pc"),
    ("SYS015", "var/lib/dpkg/status", "Package: r8168-dkms"),
    ("SYS021", "var/lib/dpkg/status", "Package: systemd-boot"),
]


class Example:
    """An example node: its folder, what the README gives pvemigrate besides, and what comes of it."""

    def __init__(self, name, options, changes, left):
        self.root, self.options, self.changes, self.left = EXAMPLES / name, options, changes, left
        self.golden = Path(__file__).resolve().parent / "data" / (name + ".diff")

    def __repr__(self):
        return self.root.name

    @property
    def command(self):
        """How the README gets the diff (list of str)."""
        return ["fix", "--diff", *self.options, "--root", "examples/" + self.root.name]


NODES = [
    Example("pve6-node", [], CHANGES_6, LEFT_6),
    Example("pve7-node", ["--hop", "7to8", "--phase", "all"], CHANGES_7, LEFT_7),
    Example("pve8-node", ["--hop", "8to9", "--phase", "all", "--deb822"], CHANGES_8, LEFT_8),
]


def run(*arguments, **options):
    """Run Python with the package importable from any directory."""
    package = str(Path(pvemigrate.__file__).resolve().parent.parent)
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=os.pathsep.join(
        filter(None, [package, os.environ.get("PYTHONPATH")])))
    environment.update(options.pop("env", {}))
    return subprocess.run([sys.executable] + [str(a) for a in arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=environment, **options)


def command(*arguments, **options):
    return run("-m", "pvemigrate", *arguments, **options)


def contents(root):
    """Path below *root* -> bytes; of a link, where it leads."""
    return {path.relative_to(root).as_posix(): os.readlink(str(path)).encode() if path.is_symlink()
            else path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not is_journal(path)}


def is_journal(path):
    return "/var/lib/pvemigrate/" in path.as_posix() + "/"


def expected_contents(example):
    """The example after fix, from its changes alone."""
    tree = contents(example.root)
    for path, changes in example.changes.items():
        if changes is None:
            del tree[path]
            continue
        pending, lines = list(changes), []
        if path not in tree:
            tree[path] = "".join(line + "\n" for line in pending).encode("ascii")
            continue
        for line in tree[path].decode("ascii").split("\n"):
            if pending and line == pending[0][0]:
                lines.extend(pending.pop(0)[1])
            else:
                lines.append(line)
        assert not pending, "%s has no line %r" % (path, pending[0][0])
        tree[path] = "\n".join(lines).encode("ascii")
    return tree


def lines_of(example, sign):
    """The lines that a diff of the example has to have with this sign, sorted."""
    found = []
    for path, changes in example.changes.items():
        if changes is None:
            found += (example.root / path).read_text("ascii").splitlines() if sign == "-" else []
        elif not (example.root / path).exists():
            found += changes if sign == "+" else []
        else:
            found += [line for old, new in changes
                      for line in ([old] if sign == "-" and old not in new else
                                   [line for line in new if line != old] if sign == "+" else [])]
    return sorted(found)


@pytest.fixture(params=NODES, ids=repr)
def example(request):
    return request.param


@pytest.fixture
def node(example, tmp_path):
    shutil.copytree(str(example.root), str(tmp_path / "node"), symlinks=True)
    return tmp_path / "node"


_DIFFS = {}


def diff_of(example):
    if example not in _DIFFS:
        result = command(*example.command, cwd=str(REPOSITORY))
        assert result.returncode == 1, result.stderr.decode()
        _DIFFS[example] = result.stdout
    return _DIFFS[example]


def test_diff_is_the_golden_one(example):
    assert diff_of(example) == example.golden.read_bytes()


def test_diff_of_an_absolute_root_is_the_same(example):
    result = command(*example.command[:-1], example.root)
    assert result.stdout == diff_of(example)


def test_diff_shows_the_expected_changes_and_nothing_else(example):
    diff = diff_of(example)
    changed = {path.decode() for path in re.findall(rb"^(?:---|\+\+\+) [ab]/(.*)$", diff, re.MULTILINE)}
    assert sorted(changed) == sorted(example.changes)
    for sign, pattern in (("-", rb"^-(?!-- )(.*)$"), ("+", rb"^\+(?!\+\+ )(.*)$")):
        found = re.findall(pattern, diff, re.MULTILINE)
        assert sorted(line.decode() for line in found) == lines_of(example, sign)


def test_diff_writes_nothing(example, node):
    before = contents(node)
    command("fix", "--diff", *example.options, "--root", node)
    assert contents(node) == before


@pytest.mark.skipif(not shutil.which("patch"), reason="needs the program patch (GNU patch)")
def test_patch_applies_the_diff_to_the_expected_bytes(example, node):
    subprocess.run(["patch", "-p1", "--fuzz=0"], input=diff_of(example), cwd=str(node), check=True,
                   stdout=subprocess.PIPE)
    assert contents(node) == expected_contents(example)


def test_fix_writes_what_the_diff_shows(example, node):
    modes = {path: os.stat(str(path)).st_mode for path in node.rglob("*")}
    journal = node / "var/lib/pvemigrate"
    assert not journal.exists()
    result = command("fix", *example.options, "--root", node)
    assert result.returncode == 1  # What is left for the administrator is not nothing.
    assert contents(node) == expected_contents(example)
    now = {path: os.stat(str(path)).st_mode for path in node.rglob("*")}
    gone = {node / path for path, changes in example.changes.items() if changes is None}
    assert {path: mode for path, mode in now.items() if path in modes} == {
        path: mode for path, mode in modes.items() if path not in gone}
    # The journal, what is new, and the folders above; nobody else may look into the journal.
    new = {node / path for path in example.changes if node / path not in modes}
    assert {path for path in now if path not in modes and not is_journal(path)} <= (
        set(journal.parents) | new | {above for path in new for above in path.parents})
    assert [oct(now[path] & 0o077) for path in now if is_journal(path) and path.is_dir()] == [
        "0o0"] * 3


def test_rollback_makes_it_as_it_was(example, node):
    before = contents(node)
    command("fix", *example.options, "--root", node)
    assert contents(node) != before
    result = command("rollback", "--root", node)
    assert result.returncode == 0, result.stderr.decode()
    assert sorted(line.split(" ", 1)[1] for line in result.stdout.decode().splitlines()) == sorted(
        example.changes)
    assert contents(node) == before


def test_second_fix_changes_nothing(example, node):
    command("fix", *example.options, "--root", node)
    before = {path: os.stat(str(path)).st_mtime_ns for path in node.rglob("*")}
    tree = contents(node)
    result = command("fix", "--diff", *example.options, "--root", node)
    assert result.stdout == b""
    command("fix", *example.options, "--root", node)
    assert contents(node) == tree
    assert {path: os.stat(str(path)).st_mtime_ns for path in node.rglob("*")} == before


def test_check_then_reports_only_what_has_no_safe_fix(example, node):
    command("fix", *example.options, "--root", node)
    result = command("check", *example.options, "--root", node, "--output-format", "json")
    assert result.returncode == 1
    report = json.loads(result.stdout.decode())
    assert [f for f in report["findings"] if f["applicability"] == "safe"] == []
    lines = {path: data.decode("ascii").split("\n") for path, data in contents(node).items()}
    assert [(f["code"], f["path"],
             lines[f["path"]][f["line"] - 1] if f["path"] in lines else None)
            for f in report["findings"]] == example.left


def test_addresses_copied_with_tar_are_read(example, node):
    for path in (node / "sys/class/net").glob("*/address"):
        path.write_bytes(path.read_bytes().ljust(4096, b"\0"))
    assert command("fix", "--diff", *example.options, "--root", node).stdout == diff_of(example)


def test_the_readme_of_the_examples_has_these_commands():
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    commands = re.findall("^pvemigrate (.*)$", text, re.MULTILINE)
    assert commands == [" ".join(example.command) for example in NODES] + [
        "plan --to 9 --root examples/pve6-node"]
    result = command(*commands[-1].split(), cwd=str(REPOSITORY))
    assert result.returncode == 1 and re.findall(rb"^== (\w+):", result.stdout, re.MULTILINE) == [
        b"6to7", b"7to8", b"8to9"]
    trees = re.findall("^[|] `(pve[^`]*)` [|]", text, re.MULTILINE)
    assert trees == sorted(path.name for path in EXAMPLES.glob("pve*"))


def test_all_phases_are_due_without_a_package_database():
    result = command("check", "--root", NODE)
    assert b"taking all phases as due" in result.stderr


# -- nodes in order --------------------------------------------------------------------------------

#: One that has been upgraded from 6, and one that was installed with 9.
UPGRADED, NEW = EXAMPLES / "pve7-node", EXAMPLES / "pve9-clean"
IN_ORDER = pytest.mark.parametrize("clean", [UPGRADED, NEW], ids=lambda root: root.name)


@IN_ORDER
@pytest.mark.parametrize("phase", ["auto", "all"])
def test_a_node_in_order_gets_no_finding(clean, phase):
    result = command("check", "--root", clean, "--phase", phase, "--output-format", "json")
    assert result.returncode == 0, result.stderr.decode()
    report = json.loads(result.stdout.decode())
    assert (report["hop"], report["findings"]) == ("8to9" if clean == NEW else "6to7", [])
    # All kinds of files are there to be looked at.
    assert report["summary"]["files"] > 15


def test_the_nodes_in_order_have_files_of_all_kinds():
    kinds = {file.kind for root in (UPGRADED, NEW) for file in pvemigrate.Project(root).files}
    assert kinds == set(pvemigrate.KINDS) - {"text"}


@IN_ORDER
@pytest.mark.parametrize("options", [
    ["--phase", "all"],
    ["--phase", "all", "--unsafe-fixes", "--pin-nics", "--pve-repo", "no-subscription"],
    ["--phase", "all", "--unsafe-fixes", "--cpu-formula", "quadratic"],
])
def test_a_node_in_order_is_left_as_it_is(clean, options):
    result = command("fix", "--diff", "--root", clean, *options)
    assert (result.returncode, result.stdout) == (0, b""), result.stderr.decode()


@IN_ORDER
def test_a_node_in_order_is_so_where_it_was_copied_with_tar(clean, tmp_path):
    shutil.copytree(str(clean), str(tmp_path / "node"))
    for path in (tmp_path / "node/sys/class/net").glob("*/address"):
        path.write_bytes(path.read_bytes().ljust(4096, b"\0"))
    result = command("check", "--root", tmp_path / "node", "--phase", "all", "--fail-on", "info")
    assert (result.returncode, b"nothing found" in result.stdout + result.stderr) == (0, True)


def test_parts_of_a_node_in_order_get_no_finding():
    """What a rule has to know of other files it finds, though they were not asked for."""
    paths = [UPGRADED / "etc/pve", UPGRADED / "etc/apt/sources.list.d",
             UPGRADED / "etc/network/interfaces", UPGRADED / "etc/pve/nodes/kvm1/lxc/101.conf"]
    for path in paths:
        result = command("check", path, "--phase", "all", "--fail-on", "info")
        assert result.returncode == 0, result.stdout.decode()


def test_what_was_not_copied_is_not_guessed_at(tmp_path):
    shutil.copytree(str(UPGRADED / "etc"), str(tmp_path / "etc"))
    result = command("check", "--root", tmp_path, "--phase", "all", "--output-format", "json")
    report = json.loads(result.stdout.decode())
    # One note says so; and without the list of packages classic ifupdown is assumed.
    assert {(f["code"], f["severity"]) for f in report["findings"]} == {
        ("NET001", "warning"), ("SYS001", "info")}


# -- the scripts -----------------------------------------------------------------------------------


@pytest.fixture
def run_example(tmp_path):
    def run_it(name):
        before = contents(EXAMPLES)
        here, temporary = tmp_path / "here", tmp_path / "temporary"
        here.mkdir()
        temporary.mkdir()
        result = run(EXAMPLES / name, cwd=str(here), env={"TMPDIR": str(temporary)})
        assert result.stderr == b""
        assert result.returncode == 0
        assert contents(EXAMPLES) == before
        assert list(here.iterdir()) == list(temporary.iterdir()) == []
        return result.stdout.decode("ascii")
    return run_it


def test_library_use(run_example):
    output = run_example("library_use.py").splitlines()
    assert "line 49: vmbr1 has the ports enp3s0" in output
    assert "68 lines before, 59 after; new: ['\\tserver nas3.example.com']" in output
    assert any(line.startswith("STO001 in line 4: ") for line in output)
    at = output.index("--- a/etc/pve/storage.cfg")
    assert output[at + 1:at + 8] == [
        "+++ b/etc/pve/storage.cfg", "@@ -1,4 +1,4 @@", " dir: local", " \tpath /var/lib/vz",
        " \tcontent backup", "-\tmaxfiles 0", "+\tprune-backups keep-all=1"]
    assert "3 files change: etc/pve/storage.cfg, etc/pve/vzdump.cron, etc/vzdump.conf" in output
    assert output[-1].startswith("left to decide: etc/pve/storage.cfg:")
    assert output[-1].endswith(" STO006")


def test_custom_rule(run_example):
    output = run_example("custom_rule.py").splitlines()
    assert output[:2] == [
        "etc/network/interfaces:46:18: ORG001 vmbr1 carries the guests' VLANs and has an inet "
        "address of the node",
        "etc/network/interfaces:57:19: ORG001 vmbr1 carries the guests' VLANs and has an inet6 "
        "address of the node",
    ]
    assert [line for line in output[4:] if line.startswith("-")] == [
        "-iface vmbr1 inet static", "-    address   203.0.113.11", "-    netmask   255.255.255.0",
        "-iface vmbr1 inet6 static", "-    address   2001:db8:0:1::11", "-    netmask   64"]
    assert [line for line in output[4:] if line.startswith("+")] == [
        "+iface vmbr1 inet manual", "+iface vmbr1 inet6 manual"]
