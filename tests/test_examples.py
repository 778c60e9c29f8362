"""The example node and the example scripts, as a reader of the README meets them.

``tests/data/pve6-node.diff`` is what the README's first command prints. To take over a change of
the example or of a rule, write it anew and read what git says about it:

    pvemigrate fix --diff --root examples/pve6-node > tests/data/pve6-node.diff

``CHANGES`` says the same once more, by hand and line by line: it is never to be made from the
program's output.
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
GOLDEN = Path(__file__).resolve().parent / "data" / "pve6-node.diff"

#: File -> the lines that change, in order: (old line, new lines).
CHANGES = {
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
LEFT = [
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
    return {path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not is_journal(path)}


def is_journal(path):
    return "/var/lib/pvemigrate/" in path.as_posix() + "/"


def expected_contents():
    """The example after fix, from CHANGES alone."""
    tree = contents(NODE)
    for path, changes in CHANGES.items():
        pending, lines = list(changes), []
        for line in tree[path].decode("ascii").split("\n"):
            if pending and line == pending[0][0]:
                lines.extend(pending.pop(0)[1])
            else:
                lines.append(line)
        assert not pending, "%s has no line %r" % (path, pending[0][0])
        tree[path] = "\n".join(lines).encode("ascii")
    return tree


@pytest.fixture
def node(tmp_path):
    shutil.copytree(str(NODE), str(tmp_path / "node"))
    return tmp_path / "node"


@pytest.fixture(scope="module")
def diff():
    result = command("fix", "--diff", "--root", NODE)
    assert result.returncode == 1, result.stderr.decode()
    return result.stdout


def test_diff_is_the_golden_one(diff):
    assert diff == GOLDEN.read_bytes()


def test_diff_of_a_relative_root_is_the_same(diff):
    result = command("fix", "--diff", "--root", "examples/pve6-node", cwd=str(REPOSITORY))
    assert result.stdout == diff


def test_diff_shows_the_expected_changes_and_nothing_else(node, diff):
    changed = re.findall(rb"^\+\+\+ b/(.*)$", diff, re.MULTILINE)
    assert sorted(path.decode() for path in changed) == sorted(CHANGES)
    removed = re.findall(rb"^-(?!-- )(.*)$", diff, re.MULTILINE)
    added = re.findall(rb"^\+(?!\+\+ )(.*)$", diff, re.MULTILINE)
    expected = [(old, new) for changes in CHANGES.values() for old, new in changes]
    assert sorted(line.decode() for line in removed) == sorted(
        old for old, new in expected if old not in new)
    assert sorted(line.decode() for line in added) == sorted(
        line for old, new in expected for line in new if line != old)


def test_diff_writes_nothing(node):
    before = contents(node)
    command("fix", "--diff", "--root", node)
    assert contents(node) == before


@pytest.mark.skipif(not shutil.which("patch"), reason="needs the program patch (GNU patch)")
def test_patch_applies_the_diff_to_the_expected_bytes(node, diff):
    subprocess.run(["patch", "-p1", "--fuzz=0"], input=diff, cwd=str(node), check=True,
                   stdout=subprocess.PIPE)
    assert contents(node) == expected_contents()


def test_fix_writes_what_the_diff_shows(node):
    modes = {path: os.stat(str(path)).st_mode for path in node.rglob("*")}
    journal = node / "var/lib/pvemigrate"
    assert not journal.exists()
    result = command("fix", "--root", node)
    assert result.returncode == 1  # What is left for the administrator is not nothing.
    assert contents(node) == expected_contents()
    now = {path: os.stat(str(path)).st_mode for path in node.rglob("*")}
    assert {path: mode for path, mode in now.items() if path in modes} == modes
    # The journal, and the folders above it; nobody else may look into it.
    assert {path for path in now if path not in modes and not is_journal(path)} <= set(journal.parents)
    assert [oct(now[path] & 0o077) for path in now if is_journal(path) and path.is_dir()] == [
        "0o0"] * 3


def test_rollback_makes_it_as_it_was(node):
    before = contents(node)
    command("fix", "--root", node)
    assert contents(node) != before
    result = command("rollback", "--root", node)
    assert result.returncode == 0, result.stderr.decode()
    assert sorted(result.stdout.decode().splitlines()) == ["restored " + path
                                                           for path in sorted(CHANGES)]
    assert contents(node) == before


def test_second_fix_changes_nothing(node):
    command("fix", "--root", node)
    before = {path: os.stat(str(path)).st_mtime_ns for path in node.rglob("*")}
    tree = contents(node)
    result = command("fix", "--diff", "--root", node)
    assert result.stdout == b""
    command("fix", "--root", node)
    assert contents(node) == tree
    assert {path: os.stat(str(path)).st_mtime_ns for path in node.rglob("*")} == before


def test_check_then_reports_only_what_has_no_safe_fix(node):
    command("fix", "--root", node)
    result = command("check", "--root", node, "--output-format", "json")
    assert result.returncode == 1
    report = json.loads(result.stdout.decode())
    assert [f for f in report["findings"] if f["applicability"] == "safe"] == []
    lines = {path: data.decode("ascii").split("\n") for path, data in contents(node).items()}
    lines["var/lib/dpkg/status"] = [None]
    assert [(f["code"], f["path"], lines[f["path"]][f["line"] - 1])
            for f in report["findings"]] == LEFT


def test_addresses_copied_with_tar_are_read(node, diff):
    for path in (node / "sys/class/net").glob("*/address"):
        path.write_bytes(path.read_bytes().ljust(4096, b"\0"))
    assert command("fix", "--diff", "--root", node).stdout == diff


def test_all_phases_are_due_without_a_package_database():
    result = command("check", "--root", NODE)
    assert b"taking all phases as due" in result.stderr


# -- the node that has been upgraded ----------------------------------------------------------------

UPGRADED = EXAMPLES / "pve7-node"


@pytest.mark.parametrize("phase", ["auto", "all"])
def test_a_node_in_order_gets_no_finding(phase):
    result = command("check", "--root", UPGRADED, "--phase", phase, "--output-format", "json")
    assert result.returncode == 0, result.stderr.decode()
    report = json.loads(result.stdout.decode())
    assert report["findings"] == []
    # All kinds of files are there to be looked at.
    files = [path.name for path in UPGRADED.rglob("*") if path.is_file()]
    assert report["summary"]["files"] > 20 and {"user.cfg", "ceph.conf", "cmdline"} <= set(files)


@pytest.mark.parametrize("options", [
    ["--phase", "all"],
    ["--phase", "all", "--unsafe-fixes", "--pin-nics", "--pve-repo", "no-subscription"],
    ["--phase", "all", "--unsafe-fixes", "--cpu-formula", "quadratic"],
])
def test_a_node_in_order_is_left_as_it_is(options):
    result = command("fix", "--diff", "--root", UPGRADED, *options)
    assert (result.returncode, result.stdout) == (0, b""), result.stderr.decode()


def test_a_node_in_order_is_so_where_it_was_copied_with_tar(tmp_path):
    shutil.copytree(str(UPGRADED), str(tmp_path / "node"))
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
