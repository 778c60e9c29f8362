"""The command as scripts meet it: exit status, paths, phases, streams. In processes of its own
where these are the point."""

import ctypes
import json
import os
import shutil
import socket
import subprocess

import pytest
from click.testing import CliRunner

import nodes
from nodes import (CLEAN, ERROR, GUEST, GUEST_FIXED, MANUAL, STORAGE, STORAGE_FIXED, USER_INFO,
                   WARNING, read_tree, run, with_release, write_tree)
from pvemigrate.cli import main
from pvemigrate.formats import KINDS


class Quick:
    """A run in this very process: for what takes no real streams."""

    def __init__(self, *arguments, **options):
        try:
            runner = CliRunner(mix_stderr=False)
        except TypeError:  # click 8.2 and later keep them apart anyway
            runner = CliRunner()
        result = runner.invoke(main, [str(a) for a in arguments], **options)
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        self.status, self.out, self.err = result.exit_code, result.stdout, result.stderr
        assert "internal error" not in self.err, self.err


def codes(outcome):
    """The codes in concise output."""
    return [line.split(": ")[1].split()[0] for line in outcome.out.splitlines()]


# -- exit status -----------------------------------------------------------------------------------

INFO = with_release("6.4-1", {"etc/pve/user.cfg": USER_INFO})
WAITING = with_release("6.4-1", ERROR)


@pytest.mark.parametrize("tree, arguments, status", [
    (CLEAN, ["check"], 0),
    (WARNING, ["check"], 1),
    (WARNING, ["check", "--fail-on", "warning"], 1),
    (WARNING, ["check", "--fail-on", "error"], 0),
    (WARNING, ["check", "--exit-zero"], 0),
    (WARNING, ["check", "--ignore", "STO001"], 0),
    (ERROR, ["check"], 1),
    (ERROR, ["check", "--fail-on", "error"], 1),
    (INFO, ["check"], 0),
    (INFO, ["check", "--fail-on", "info"], 1),
    (INFO, ["check", "--fail-on", "info", "--exit-zero"], 0),
    (WAITING, ["check"], 0),
    (WAITING, ["check", "--fail-on", "info"], 0),
    (WAITING, ["check", "--phase", "after-node"], 1),
    (WARNING, ["fix"], 0),
    (WARNING, ["fix", "--fail-on", "info"], 0),
    (MANUAL, ["fix"], 1),
    (MANUAL, ["fix", "--fail-on", "error"], 0),
    (MANUAL, ["fix", "--exit-zero"], 0),
    (CLEAN, ["fix"], 0),
    (WAITING, ["fix"], 0),
    (CLEAN, ["fix", "--diff"], 0),
    (WARNING, ["fix", "--diff"], 1),
    (WARNING, ["fix", "--diff", "--fail-on", "error"], 1),
    (WARNING, ["fix", "--diff", "--exit-zero"], 0),
    (MANUAL, ["fix", "--diff"], 1),
    (WAITING, ["fix", "--diff"], 0),
])
def test_status(tree, arguments, status, tmp_path):
    write_tree(tmp_path, tree)
    result = Quick(*(arguments + ["--root", tmp_path]))
    assert result.status == status, (result.out, result.err)


@pytest.mark.parametrize("arguments", [
    ["check"], ["check", "--exit-zero"], ["fix"], ["fix", "--exit-zero"], ["fix", "--diff"],
    ["fix", "--diff", "--exit-zero"], ["check", "--quiet", "--output-format", "json"]])
def test_a_path_that_is_missing_makes_the_status_2_and_stops_nothing(arguments, tmp_path):
    write_tree(tmp_path, WARNING)
    result = Quick(*(arguments + [tmp_path / "etc/pve/storage.cfg", tmp_path / "etc/none"]))
    assert result.status == 2
    assert "etc/none: no such file or directory" in result.err
    written = read_tree(tmp_path)["etc/pve/storage.cfg"].decode()
    if arguments[0] == "fix" and "--diff" not in arguments:
        assert written == STORAGE_FIXED
    else:
        assert written == STORAGE
        assert "STO001" in result.out + result.err


def test_fixing_twice_writes_once(tmp_path):
    write_tree(tmp_path, dict(WARNING, **ERROR))
    assert Quick("fix", "--root", tmp_path).status == 0
    assert read_tree(tmp_path) == nodes.as_bytes(dict(
        WARNING, **{"etc/pve/storage.cfg": STORAGE_FIXED,
                    "etc/pve/nodes/a/lxc/100.conf": GUEST_FIXED}))
    again = Quick("fix", "--root", tmp_path)
    assert again.status == 0 and "nothing found" in again.out


# -- wrong usage -----------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments, message", [
    ([], "Missing command"),
    (["chek"], "chek"),
    (["check", "--bogus"], "--bogus"),
    (["check", "--phase", "later"], "later"),
    (["check", "--hop", "5to6"], "no rules for the hop '5to6'"),
    (["check", "--hop", "9to10"], "no rules for the hop '9to10'"),
    (["check", "--hop", "6to8"], "no hop is jumped: from Proxmox VE 6 to 8 it is 6to7, 7to8, one after"),
    (["check", "--hop", "6to9"], "it is 6to7, 7to8, 8to9, one after the other (pvemigrate plan --to 9"),
    (["check", "--hop", "8to7"], "no rules for the hop '8to7'"),
    (["check", "--select", "ABC"], "--select: no rule's code is or begins with ABC"),
    (["check", "--select", "STO,LXC9"], "begins with LXC9"),
    (["check", "--select", ""], "--select names no rule"),
    (["check", "--ignore", "ABC"], "--ignore: no rule's code is or begins with ABC"),
    (["check", "--kind", "passwd", "x"], "no kind is called passwd"),
    (["check", "--kind", "lxc"], "--kind needs a PATH"),
    (["check", "-"], "- (stdin) needs --kind"),
    (["check", "--kind", "lxc", "-", "x"], "- (stdin) goes alone"),
    (["check", "--kind", "lxc", "--ip-link", "-", "-"], "both want stdin"),
    (["check", "--root", "/nonexistent/x"], "no such directory"),
    (["check", "--root", ""], "no such directory"),
    (["check", "--mac", "vmbr0"], "--mac takes IFACE=MAC"),
    (["check", "--mac", "=00:00:5e:00:53:01"], "--mac takes IFACE=MAC"),
    (["check", "--mac", "vmbr0=00:00:5e:00:53:01", "--mac", "vmbr0=00:00:5e:00:53:02"],
     "--mac is given twice for vmbr0"),
    (["check", "--rename-nic", "eno1=eno2", "--rename-nic", "eno1=eno3"],
     "--rename-nic is given twice for eno1"),
    (["check", "--mac", "vmbr0=00:00:5e:00:53"], "not a MAC address"),
    (["check", "--mac", "vmbr0=01:00:5e:00:53:01"], "not a MAC address"),
    (["check", "--mac", "vmbr0=00:00:00:00:00:00"], "not a MAC address"),
    (["check", "--ip-link", "/nonexistent/x"], "No such file"),
    (["check", "--ip-link", "/"], "directory"),
    (["rules", "x"], "x"),
    (["explain"], "CODE"),
    (["explain", "ABC999"], "no rule is called ABC999"),
    (["parse", "/etc/passwd"], "say what kind of file this is"),
    (["parse", "--kind", "passwd", "/etc/passwd"], "no kind is called passwd"),
    (["parse", "-"], "say what kind"),
])
def test_wrong_usage(arguments, message):
    result = Quick(*arguments)
    assert result.status == 2
    assert message in result.err
    assert result.out == ""


@pytest.mark.parametrize("text", ["", "{", "[1]", "{}x", '{"a": 1}', "[[]]", "7",
                                  '[{"address": "x"}]',
                                  "[" * 100000, "\xff"])
def test_ip_link_that_is_something_else(text, tmp_path):
    file = tmp_path / "links"
    file.write_bytes(text.encode("latin-1"))
    result = Quick("check", "--ip-link", file, "--root", tmp_path)
    assert result.status == 2
    assert "not the output of 'ip -j link'" in result.err


BRIDGE = ("auto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.1/24\n\tbridge-ports eno1\n"
          "\tbridge-stp off\n\tbridge-fd 0\n")
LINKS = [{"ifindex": 1, "ifname": "lo", "link_type": "loopback", "address": "00:00:00:00:00:00"},
         {"ifindex": 3, "ifname": "vmbr0", "link_type": "ether", "address": "00:00:5E:00:53:01"},
         {"ifindex": 4, "ifname": "ib0", "link_type": "infiniband", "address": "80:00:02:08:fe"},
         {"ifindex": 5, "ifname": "tun0", "link_type": "none"}, {}]


@pytest.mark.parametrize("arguments, stdin, mac", [
    (["--ip-link", "LINKS"], None, "00:00:5e:00:53:01"),
    (["--ip-link", "-"], json.dumps(LINKS), "00:00:5e:00:53:01"),
    (["--mac", "vmbr0=00:00:5E:00:53:02"], None, "00:00:5e:00:53:02"),
    (["--ip-link", "LINKS", "--mac", "vmbr0=00:00:5e:00:53:02"], None, "00:00:5e:00:53:02"),
    (["--mac", "vmbr1=00:00:5e:00:53:02"], None, None),
])
def test_macs(arguments, stdin, mac, tmp_path):
    write_tree(tmp_path, {"etc/network/interfaces": BRIDGE, "links": json.dumps(LINKS)})
    arguments = [str(tmp_path / "links") if a == "LINKS" else a for a in arguments]
    result = Quick("fix", "--root", tmp_path, *arguments, input=stdin)
    text = read_tree(tmp_path)["etc/network/interfaces"].decode()
    assert result.status == (0 if mac else 1), result.out
    assert text == (BRIDGE.replace("/24\n", "/24\n\thwaddress %s\n" % mac) if mac else BRIDGE)


# -- files that cannot be read ---------------------------------------------------------------------


def spoil_fifo(path):
    os.mkfifo(str(path))


def spoil_socket(path):
    here = os.getcwd()
    os.chdir(str(path.parent))  # Socket names are short.
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def spoil_dangling(path):
    path.symlink_to("nowhere")


def spoil_loop(path):
    path.symlink_to(path.name)


def spoil_outside(path):
    outside = path.parents[3] / "outside"
    outside.write_text(STORAGE)
    path.symlink_to(str(outside))


def spoil_device(path):
    path.symlink_to("/dev/zero")


def spoil_large(path):
    with path.open("wb") as file:
        file.truncate(17 << 20)


@pytest.mark.parametrize("arguments", [["check"], ["fix"], ["fix", "--diff"]])
@pytest.mark.parametrize("spoil, message", [
    (spoil_fifo, "not a regular file"),
    (spoil_socket, "not a regular file"),
    (spoil_dangling, "a link to a file that is not there"),
    (spoil_loop, "symbolic links"),
    (spoil_outside, "a link leads out of the root"),
    (spoil_device, "a link leads out of the root"),
    (spoil_large, "larger than 2 MiB"),
])
def test_files_that_cannot_be_read(spoil, message, arguments, tmp_path):
    root = tmp_path / "root"
    write_tree(root, ERROR)
    spoil(root / "etc/pve/storage.cfg")
    for target in (["--root", root], [root],
                   [root / "etc/pve/storage.cfg", root / "etc/pve/nodes"]):
        result = run(*(arguments + target))
        assert result.status == 2
        assert len([line for line in result.err.splitlines() if message in line]) == 1, result.err
        assert "etc/pve/storage.cfg: " in result.err
    fixed = (root / "etc/pve/nodes/a/lxc/100.conf").read_text()
    assert fixed == (GUEST_FIXED if arguments == ["fix"] else GUEST)
    if (tmp_path / "outside").exists():
        assert (tmp_path / "outside").read_text() == STORAGE


def without_capabilities():
    """Make permissions hold for root too: what is executed next has no capabilities."""
    prctl = ctypes.CDLL(None).prctl
    for capability in range(64):
        prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.fixture
def unprivileged(tmp_path):
    """Keywords of ``subprocess.run`` for a process that permissions hold for."""
    options = {"preexec_fn": without_capabilities} if os.getuid() == 0 else {}
    probe = tmp_path / "probe"
    probe.write_text("")
    probe.chmod(0o000)
    if subprocess.run(["cat", str(probe)], stderr=subprocess.DEVNULL, **options).returncode == 0:
        pytest.skip("root's capabilities cannot be dropped here: run the tests as an ordinary user")
    probe.unlink()
    return options


def test_permissions(unprivileged, tmp_path):
    write_tree(tmp_path, dict(WARNING, **ERROR))
    (tmp_path / "etc/pve/nodes/a/lxc").chmod(0o000)
    (tmp_path / "etc/pve/user.cfg").write_text("")
    (tmp_path / "etc/pve/user.cfg").chmod(0o000)
    try:
        for target in (["--root", tmp_path], [tmp_path], [tmp_path / "etc"]):
            result = run("check", *target, "--output-format", "concise", **unprivileged)
            assert result.status == 2
            assert "etc/pve/nodes/a/lxc: Permission denied" in result.err
            assert "etc/pve/user.cfg: Permission denied" in result.err
            assert codes(result) == ["STO001"]
        result = run("check", tmp_path / "etc/pve/nodes/a/lxc", **unprivileged)
        assert result.status == 2
        assert "Permission denied" in result.err
    finally:
        (tmp_path / "etc/pve/nodes/a/lxc").chmod(0o755)


def test_a_read_only_directory(unprivileged, tmp_path):
    write_tree(tmp_path, dict(WARNING, **ERROR))
    (tmp_path / "etc/pve").chmod(0o555)
    result = run("fix", "--root", tmp_path, **unprivileged)
    assert result.status == 2
    assert ("etc/pve/storage.cfg: no temporary file can be made beside it: Permission denied"
            in result.err)
    assert "note: nothing has been written" in result.err
    assert "fixed" not in result.out
    assert read_tree(tmp_path) == nodes.as_bytes(dict(WARNING, **ERROR))


def test_directories_are_no_configuration_files(tmp_path):
    write_tree(tmp_path, WARNING)
    for path in ("etc/apt/sources.list.d/x.list", "etc/network/interfaces.d/old",
                 "etc/pve/lxc/1.conf"):
        (tmp_path / path).mkdir(parents=True)
    result = Quick("check", "--root", tmp_path)
    assert result.status == 1 and "error:" not in result.err


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_binary_garbage(kind, tmp_path):
    garbage = bytes(range(256)) * 40 + b"\n" + bytes(reversed(range(256))) * 40 + b"\n\n\n[\0]\n\0"
    for data in (garbage, b"\0", b"\n" * 5000, b"\xff\xfe\0\n", b""):
        file = tmp_path / "file"
        file.write_bytes(data)
        result = Quick("fix", "--kind", kind, "--unsafe-fixes", file)
        assert result.status in (0, 1), result.err
        shown = Quick("parse", "--kind", kind, file)
        assert shown.status == 0 and shown.out.startswith("File kind=%s\n" % kind)


# -- paths -----------------------------------------------------------------------------------------


def test_a_file_finds_its_root_and_facts(tmp_path):
    write_tree(tmp_path, with_release("6.4-1", WAITING))
    guest = tmp_path / "etc/pve/nodes/a/lxc/100.conf"
    assert Quick("check", guest).status == 0  # Facts below the root: not due on 6.x.
    copy = tmp_path / "100.conf"
    shutil.copy(str(guest), str(copy))
    result = Quick("check", copy)
    assert result.status == 2 and "say what it is with --kind" in result.err
    result = Quick("check", "--kind", "lxc", copy)  # No root, no facts.
    assert result.status == 1 and "taking all phases as due" in result.err


def test_the_innermost_etc_counts(tmp_path):
    inner = tmp_path / "etc/pve/backup/etc/pve/storage.cfg"
    write_tree(tmp_path, with_release("6.4-1", {"etc/pve/backup/etc/pve/storage.cfg": STORAGE}))
    result = Quick("check", inner, "--output-format", "json")
    assert json.loads(result.out)["root"] == str(tmp_path / "etc/pve/backup")
    # Not every etc/ is one.
    write_tree(tmp_path, {"etc/network/interfaces.d/etc": "iface a inet dhcp\n"})
    result = Quick("check", tmp_path / "etc/network/interfaces.d/etc", "--output-format", "json")
    assert json.loads(result.out)["root"] == str(tmp_path)


def test_relative_paths(tmp_path, monkeypatch):
    write_tree(tmp_path, WARNING)
    for folder, path in ((".", "etc/pve/storage.cfg"), ("etc", "pve/storage.cfg"),
                         ("etc/pve", "storage.cfg"), ("etc/pve", "../pve/./storage.cfg"),
                         (".", "."), ("etc", "."), ("etc/pve", "..")):
        monkeypatch.chdir(tmp_path / folder)
        result = Quick("check", path, "--output-format", "concise")
        assert result.status == 1
        assert result.out.startswith("etc/pve/storage.cfg:4:2: STO001"), (folder, path)


def test_source_lines_make_a_path_known(tmp_path):
    write_tree(tmp_path, {"etc/network/interfaces": "source /etc/network/bridges/*\n",
                          "etc/network/bridges/one": BRIDGE, "etc/network/other": BRIDGE})
    assert Quick("check", tmp_path / "etc/network/bridges/one").status == 1
    assert Quick("check", "--root", tmp_path, tmp_path / "etc/network/bridges/one").status == 1
    assert Quick("check", tmp_path / "etc/network/other").status == 2
    assert Quick("check", "--root", tmp_path, tmp_path / "etc/network/other").status == 2


def test_root_and_paths(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    write_tree(root, dict(WARNING, **ERROR))
    write_tree(outside, WARNING)
    for path in (root, root / "etc/pve", root / "etc", str(root) + "/."):
        assert codes(Quick("check", "--root", root, path, "--output-format", "concise")) == [
            "LXC001", "STO001"]
    assert codes(Quick("check", "--root", root, root / "etc/pve/nodes", root / "etc/pve/nodes/a",
                       "--output-format", "concise")) == ["LXC001"]
    result = Quick("fix", "--root", root, outside / "etc/pve/storage.cfg")
    assert result.status == 2 and "not below the root" in result.err
    assert read_tree(outside)["etc/pve/storage.cfg"].decode() == STORAGE


def test_a_directory_is_all_trees_below_it(tmp_path):
    write_tree(tmp_path, {
        "pve/etc/pve/storage.cfg": STORAGE,
        "b/node/etc/apt/sources.list": "deb http://download.proxmox.com/debian buster x\n",
        "b/node/etc/vzdump.conf": "maxfiles: 3\n",
        "dev/contents/pve/storage.cfg": STORAGE,
        # Signs of nothing.
        "debian/etc/apt/sources.list":
            "deb http://deb.debian.org/debian buster main\n# proxmox.com\n",
        "debian/etc/vzdump.conf": "maxfiles: 3\n",
        "debian/etc/network/interfaces": BRIDGE,
        # Guests.
        "pve/var/lib/lxc/100/rootfs/etc/pve/storage.cfg": STORAGE,
        "tank/subvol-100-disk-0/etc/pve/storage.cfg": STORAGE,
        "dir/images/100/subvol-100-disk-0.subvol/etc/pve/storage.cfg": STORAGE,
        "tank/basevol-100-disk-1/etc/pve/storage.cfg": STORAGE,
        "pve/proc/1/root/etc/pve/storage.cfg": STORAGE,
    })
    (tmp_path / "link").symlink_to(str(tmp_path / "pve"))
    result = Quick("fix", tmp_path, "--output-format", "concise")
    written = {path for path, data in read_tree(tmp_path).items() if b"prune" in data}
    assert written >= {"pve/etc/pve/storage.cfg", "dev/contents/pve/storage.cfg"}
    assert written <= {"pve/etc/pve/storage.cfg", "dev/contents/pve/storage.cfg",
                       "b/node/etc/vzdump.conf"}
    assert {line.split(":")[0] for line in result.out.splitlines()} >= written


def test_a_node_called_pve_is_no_tree_of_its_own(tmp_path):
    write_tree(tmp_path, {"etc/pve/nodes/pve/lxc/100.conf": GUEST,
                          "etc/pve/nodes/pve/qemu-server/1": ""})
    for path in ("etc/pve", "etc/pve/nodes", "etc/pve/nodes/pve"):
        result = Quick("check", tmp_path / path, "--output-format", "concise")
        assert result.out.startswith("etc/pve/nodes/pve/lxc/100.conf:3:1: LXC001"), path


@pytest.mark.parametrize("arguments", [["{0}"], ["--root", "{0}"], ["{0}/etc"]])
def test_nothing_of_proxmox_there(arguments, tmp_path):
    (tmp_path / "etc").mkdir()
    result = Quick("check", *[a.format(tmp_path) for a in arguments])
    assert result.status == 0
    assert "no configuration of Proxmox VE below it" in result.err


def test_an_empty_path_is_not_the_current_directory(tmp_path, monkeypatch):
    write_tree(tmp_path, WARNING)
    monkeypatch.chdir(tmp_path)
    result = Quick("fix", "")
    assert result.status == 2 and "an empty path" in result.err
    assert read_tree(tmp_path)["etc/pve/storage.cfg"].decode() == STORAGE


def test_kind_takes_files_and_no_directories(tmp_path):
    write_tree(tmp_path, WARNING)
    result = Quick("fix", "--kind", "storage", tmp_path)
    assert result.status == 2 and "--kind takes files" in result.err
    assert read_tree(tmp_path)["etc/pve/storage.cfg"].decode() == STORAGE
    # The kind that was asked for counts, not the one of the path.
    assert Quick("check", "--kind", "user", "--select", "STO",
                 tmp_path / "etc/pve/storage.cfg").status == 0


def test_a_file_named_twice_is_one_file(tmp_path):
    write_tree(tmp_path, dict(WARNING, **ERROR))
    (tmp_path / "etc/pve/lxc").symlink_to("nodes/a/lxc")
    result = Quick("fix", "--diff", tmp_path, tmp_path / "etc/pve/storage.cfg", tmp_path / "etc",
                   str(tmp_path) + "/etc/./pve/storage.cfg", tmp_path / "etc/pve/nodes")
    assert result.out.count("+++ b/etc/pve/storage.cfg") == 1
    assert result.out.count("+++ ") == 2
    result = Quick("fix", tmp_path / "etc/pve/lxc/100.conf",
                   tmp_path / "etc/pve/nodes/a/lxc/100.conf")
    assert result.status == 0, result.err
    assert (tmp_path / "etc/pve/lxc").is_symlink()


def test_several_roots(tmp_path, monkeypatch):
    for name in ("pve1", "deep/er/pve2"):
        write_tree(tmp_path / name, dict(WARNING, **ERROR))
    write_tree(tmp_path / "pve10", with_release("10.0.1", WARNING))
    roots = [tmp_path / "deep/er/pve2", tmp_path / "pve10", tmp_path / "pve1"]
    result = Quick("fix", "--diff", "--output-format", "json", *roots)
    assert result.status == 2  # No rules for the one on 10.x; the others are done.
    assert "pve10: Proxmox VE 10 found: this version has no rules for the hop 9to10" in result.err
    assert [line for line in result.out.splitlines() if line.startswith("+++")] == [
        "+++ b/deep/er/pve2/etc/pve/nodes/a/lxc/100.conf", "+++ b/deep/er/pve2/etc/pve/storage.cfg",
        "+++ b/pve1/etc/pve/nodes/a/lxc/100.conf", "+++ b/pve1/etc/pve/storage.cfg"]
    report = json.loads(result.err[result.err.index("{\n"):])
    assert report["root"] == str(tmp_path)
    assert {finding["path"] for finding in report["findings"]} == {
        edit["path"] for finding in report["findings"] for edit in finding["fix"]["edits"]} == {
        "pve1/etc/pve/storage.cfg", "pve1/etc/pve/nodes/a/lxc/100.conf",
        "deep/er/pve2/etc/pve/storage.cfg", "deep/er/pve2/etc/pve/nodes/a/lxc/100.conf"}
    assert Quick("fix", *roots).status == 2
    for name in ("pve1", "deep/er/pve2"):
        assert (tmp_path / name / "etc/pve/storage.cfg").read_text() == STORAGE_FIXED
    assert (tmp_path / "pve10/etc/pve/storage.cfg").read_text() == STORAGE


# -- standard input --------------------------------------------------------------------------------


def test_check_reads_stdin():
    result = run("check", "--kind", "storage", "-", input=STORAGE.encode())
    assert result.status == 1
    assert result.out.startswith("<stdin>:4:2: STO001 warning: ")
    assert "taking all phases as due" in result.err


@pytest.mark.parametrize("data", [
    STORAGE.encode(), STORAGE.encode()[:-1], b"# \xff\xfe\0\r\n\n" + STORAGE.encode(), b"",
    b"\0\xff"])
def test_fix_filters_stdin(data):
    result = run("fix", "--kind", "storage", "-", input=data)
    assert result.raw == data.replace(b"maxfiles 3", b"prune-backups keep-last=3")
    assert ("STO001" in result.err) is (b"maxfiles" in data)
    if data.startswith(b"dir"):
        assert result.status == 0
    shown = run("fix", "--diff", "--kind", "storage", "-", input=data)
    assert ("would be fixed" in shown.err) is (b"maxfiles" in data)
    assert (b"+\tprune-backups keep-last=3" in shown.raw) is (b"maxfiles" in data)


def test_fix_of_stdin_exits_as_with_a_file():
    assert run("fix", "--kind", "storage", "-", input=nodes.STORAGE_MANUAL.encode()).status == 1
    assert run("fix", "--kind", "storage", "--diff", "-", input=STORAGE.encode()).status == 1
    assert run("fix", "--kind", "storage", "--diff", "-", input=b"").status == 0
    assert run("fix", "--kind", "storage", "--diff", "--exit-zero", "-",
               input=STORAGE.encode()).status == 0


# -- phases and hop --------------------------------------------------------------------------------

#: A finding of each phase and what it is due on.
PHASES = {
    "etc/hostname": "a.example.com\n",
    "etc/pve/storage.cfg": STORAGE,                                    # before
    "etc/apt/sources.list": "deb http://deb.debian.org/debian buster main\n",   # switch
    "etc/pve/nodes/a/lxc/100.conf": GUEST,                             # after-node, this node
    "etc/pve/nodes/b/lxc/200.conf": GUEST,                             # after-node, another one
    "etc/pve/user.cfg": "role:Customer:Pool.Allocate:\n",              # after-cluster
}
ALL_PATHS = {path for path in PHASES if path != "etc/hostname"}


@pytest.mark.parametrize("versions, clustered, arguments, due", [
    (dict(proxmox_ve="6.4-1", pve_manager="6.4-15"), False, [], ["etc/pve/storage.cfg"]),
    # The lower of the two counts: in the middle of the upgrade.
    (dict(proxmox_ve="7.0-2", pve_manager="6.4-15"), False, [], ["etc/pve/storage.cfg"]),
    (dict(proxmox_ve="7.0-2", pve_manager="7.0-8"), False, [],
     ALL_PATHS - {"etc/pve/nodes/b/lxc/200.conf"}),
    (dict(proxmox_ve="7.0-2", pve_manager="7.0-8"), True, [],
     ALL_PATHS - {"etc/pve/nodes/b/lxc/200.conf", "etc/pve/user.cfg"}),
    (dict(proxmox_ve="7.0-2", pve_manager="7.0-8"), True, ["--phase", "after-node"],
     ["etc/pve/nodes/a/lxc/100.conf", "etc/pve/nodes/b/lxc/200.conf"]),
    (dict(proxmox_ve="6.4-1"), True, ["--phase", "auto", "--phase", "after-cluster"],
     ["etc/pve/storage.cfg", "etc/pve/user.cfg"]),
    (dict(proxmox_ve="6.4-1"), True, ["--phase", "all"], ALL_PATHS),
    (dict(proxmox_ve="6.4-1"), True, ["--phase", "before", "--phase", "switch"],
     ["etc/pve/storage.cfg", "etc/apt/sources.list"]),
    # Removed, or never installed: no version.
    (dict(proxmox_ve=("6.4-1", "deinstall ok config-files"), pve_manager=("", "")), True, [],
     ALL_PATHS),
    (dict(proxmox_ve=("6.4-1", "hold ok installed")), True, [], ["etc/pve/storage.cfg"]),
    (dict(proxmox_ve=("6.4-1", "install ok half-configured")), True, [], ["etc/pve/storage.cfg"]),
    (dict(other="1"), True, [], ALL_PATHS),
])
def test_phases(versions, clustered, arguments, due, tmp_path):
    write_tree(tmp_path, dict(PHASES, **{"var/lib/dpkg/status": nodes.status_file(**versions)}))
    if clustered:
        write_tree(tmp_path, {"etc/pve/corosync.conf": "totem {\n}\n"})
    result = Quick("fix", "--diff", "--root", tmp_path, *arguments)
    touched = [line[6:] for line in result.out.splitlines() if line.startswith("+++ b/")]
    assert sorted(touched) == sorted(due)
    assert ("no Proxmox VE version found" in result.err) == (
        set(due) == ALL_PATHS and not arguments)
    assert len([line for line in result.err.splitlines() if line.startswith("note: ")]) <= 1


def test_no_node_without_a_host_name_has_guests_of_its_own(tmp_path):
    write_tree(tmp_path, with_release("7.1-1", PHASES))
    (tmp_path / "etc/hostname").write_text("# nothing here\n\n")
    result = Quick("fix", "--diff", "--root", tmp_path)
    assert "nodes/a" not in result.out and "nodes/b" not in result.out
    assert "note: no host name found in etc/hostname" in result.err


def test_what_waits_is_shown_and_counted(tmp_path):
    write_tree(tmp_path, WAITING)
    result = Quick("check", "--root", tmp_path)
    assert "not due now: phase after-node" in result.out
    assert "nothing found; 1 not due now" in result.out
    assert json.loads(Quick("check", "--root", tmp_path, "--output-format", "json").out)[
        "summary"]["waiting"] == 1


@pytest.mark.parametrize("version, arguments, status, line", [
    ("6.4-1", [], 1, None),
    ("7.4-1", [], 1, "the next one, 7to8, has to be asked for with --hop"),
    ("7.4-1", ["--hop", "6to7"], 1, None),
    ("7.4-1", ["--hop", "7to8"], 1, None),
    ("6.4-1", ["--hop", "7to8"], 2, "Proxmox VE 6 found: the hop 6to7 comes before 7to8"),
    ("6.4-1", ["--hop", "8to9"], 2, "Proxmox VE 6 found: the hop 6to7 comes before 8to9"),
    ("8.1.3", [], 1, "the next one, 8to9, has to be asked for with --hop"),
    ("8.1.3", ["--hop", "6to7"], 1, None),
    ("9.0.3", [], 1, "Proxmox VE 9 found: showing what is still due after the hop 8to9"),
    ("10.0", [], 2, "no rules for the hop 9to10"),
])
def test_hop(version, arguments, status, line, tmp_path):
    write_tree(tmp_path, with_release(version, WARNING))
    result = Quick("check", "--root", tmp_path, *arguments)
    assert result.status == status
    if line:
        assert len([text for text in result.err.splitlines() if line in text]) == 1
    else:
        assert result.err == ""


# -- what stands in the way of a phase -------------------------------------------------------------

BLOCKED = with_release("6.4-1", {
    "etc/apt/sources.list": "deb http://deb.debian.org/debian buster main\n",
    "etc/apt/sources.list.d/ceph.list":
        "deb http://download.proxmox.com/debian/ceph-nautilus buster main\n",
    "etc/pve/storage.cfg": STORAGE,
})


@pytest.mark.parametrize("arguments, written", [
    (["--phase", "switch"], []),
    (["--phase", "switch", "--select", "APT001"], []),
    (["--phase", "auto", "--phase", "switch"], ["etc/pve/storage.cfg"]),
    (["--phase", "switch", "--ignore", "APT005"], ["etc/apt/sources.list"]),
    # Not in the files that were asked for, and not of their kind.
    (["--phase", "switch", "etc/apt/sources.list"], []),
    (["--phase", "switch", "etc/pve/storage.cfg"], []),
    (["--phase", "switch", "--phase", "before", "etc/pve/storage.cfg"], ["etc/pve/storage.cfg"]),
    (["--phase", "all"], ["etc/apt/sources.list", "etc/pve/storage.cfg"]),
    (["--phase", "before"], ["etc/pve/storage.cfg"]),
])
def test_nothing_is_switched_while_something_stands_in_the_way(arguments, written, tmp_path):
    write_tree(tmp_path, BLOCKED)
    before = read_tree(tmp_path)
    arguments = [tmp_path / a if a.startswith("etc/") else a for a in arguments]
    result = Quick("fix", "--root", tmp_path, *arguments)
    after = read_tree(tmp_path)
    assert [path for path in after if after[path] != before[path]] == written
    is_blocked = "nothing of phase switch is changed while APT005 is open" in result.err
    assert is_blocked == ("switch" in arguments and "--ignore" not in arguments)
    if is_blocked:
        assert result.status == 1


# -- streams ---------------------------------------------------------------------------------------


def many_guests(root):
    write_tree(root, {"etc/pve/nodes/a/lxc/%d.conf" % number: GUEST for number in range(100, 1100)})


@pytest.mark.parametrize("arguments", [["check"], ["fix", "--diff"], ["rules"],
                                       ["explain", "LXC001"]])
def test_a_reader_that_has_seen_enough(arguments, tmp_path):
    many_guests(tmp_path)
    if arguments[0] in ("check", "fix"):
        arguments = arguments + ["--root", str(tmp_path)]
    process = subprocess.Popen(nodes.command_line(*arguments), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=nodes.environment())
    process.stdout.read(1)
    process.stdout.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(60) == (1 if "--root" in arguments else 0)
    assert "Traceback" not in errors and "Broken" not in errors and "Exception" not in errors


def shell(script, *arguments):
    return subprocess.run(["/bin/sh", "-c", script, "sh"] + nodes.command_line(*arguments),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=nodes.environment())


@pytest.mark.parametrize("redirect", [">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams(redirect, tmp_path):
    write_tree(tmp_path, WARNING)
    result = shell('"$@" %s' % redirect, "check", "--root", tmp_path)
    assert result.returncode == 1, result.stderr
    assert b"Traceback" not in result.stderr and b"Exception" not in result.stderr
    result = shell('"$@" %s' % redirect, "fix", "--root", tmp_path)
    assert result.returncode == 0, result.stderr
    assert read_tree(tmp_path) == nodes.as_bytes(
        dict(WARNING, **{"etc/pve/storage.cfg": STORAGE_FIXED}))


@pytest.mark.parametrize("arguments", [["fix", "--diff", "--root"], ["fix", "--kind", "storage", "-"]])
def test_closed_stdout_for_a_diff_or_a_fixed_text(arguments, tmp_path):
    write_tree(tmp_path, WARNING)
    if arguments[-1] == "--root":
        arguments = arguments + [tmp_path]
    storage = tmp_path / "etc/pve/storage.cfg"
    result = shell('"$@" >&- < %s' % storage, *arguments)
    assert result.returncode == 2
    assert b"standard output is closed" in result.stderr and b"Traceback" not in result.stderr
    assert storage.read_bytes() != STORAGE_FIXED.encode()


def test_closed_stdin_that_is_wanted():
    result = shell('"$@" <&-', "check", "--kind", "storage", "-")
    assert result.returncode == 2
    assert b"standard input is closed" in result.stderr and b"Traceback" not in result.stderr
    result = shell('"$@" <&-', "check", "--ip-link", "-")
    assert result.returncode == 2 and b"Traceback" not in result.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs the device /dev/full (Linux)")
def test_a_full_disk_below_the_output(tmp_path):
    write_tree(tmp_path, WARNING)
    result = shell('"$@" >/dev/full', "fix", "--root", tmp_path)
    assert result.returncode == 2
    assert b"cannot write the output: No space left on device" in result.stderr
    assert b"Traceback" not in result.stderr and b"Exception" not in result.stderr
    assert read_tree(tmp_path) == nodes.as_bytes(
        dict(WARNING, **{"etc/pve/storage.cfg": STORAGE_FIXED}))


def test_interrupt(monkeypatch):
    def interrupt():
        raise KeyboardInterrupt
    for module in ("run", "parse"):
        monkeypatch.setattr("pvemigrate.commands.%s.standard_input" % module, interrupt)
    for arguments in (["check", "--kind", "storage", "-"], ["parse", "--kind", "storage", "-"]):
        result = Quick(*arguments)
        assert (result.status, result.out, result.err.strip()) == (2, "", "interrupted")


@pytest.mark.parametrize("env", [
    {"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}])
def test_names_and_contents_that_are_no_ascii(env, tmp_path):
    root = os.fsencode(str(tmp_path)) + b"/n\xf6de \xc3\xa9"
    folder = root + b"/etc/network/interfaces.d"
    os.makedirs(folder)
    text = BRIDGE.replace("auto", "# caf\xe9 \u20ac\nauto").encode("utf-8") + b"# \xff\n"
    with open(folder + b"/br\xfccke \xe2\x82\xac", "wb") as file:
        file.write(text)
    before = shutil.which("patch")
    result = run("fix", "--diff", "--mac", "vmbr0=00:00:5e:00:53:01", "--root", root, env=env)
    assert result.status == 1
    assert b'+++ "b/etc/network/interfaces.d/br\\374cke \\342\\202\\254"' in result.raw
    assert "br\\xfccke" in result.err
    if before:
        subprocess.run(["patch", "-p1", "-s"], input=result.raw, cwd=root, check=True)
    else:
        run("fix", "--mac", "vmbr0=00:00:5e:00:53:01", "--root", root, env=env)
    with open(folder + b"/br\xfccke \xe2\x82\xac", "rb") as file:
        assert file.read() == text.replace(b"/24\n", b"/24\n\thwaddress 00:00:5e:00:53:01\n")
    assert run("check", "--root", root, env=env).status == 0
    for name in (b"none\xff", b"non\x1b[31me"):
        missing = run("check", root + b"/" + name, env=env)
        assert missing.status == 2 and "\x1b" not in missing.err
    document = run("check", "--fail-on", "info", "--root", root, "--output-format", "json", env=env)
    assert document.raw.isascii() and json.loads(document.out)["root"].endswith("/n\ufffdde \xe9")


def test_parse_shows_where_readers_disagree(tmp_path):
    write_tree(tmp_path, {
        "etc/network/interfaces": "iface a inet static\n\taddress 1\n\n\tmtu 1500\n",
        "etc/apt/sources.list.d/a.sources": "Types: deb\n # x\n \nURIs: http://a\n"})
    shown = Quick("parse", tmp_path / "etc/network/interfaces").out.splitlines()
    assert [line.split("!")[0].split()[:2] for line in shown if "!" in line] == [["Option", "4:1"]]
    shown = Quick("parse", tmp_path / "etc/apt/sources.list.d/a.sources").out.splitlines()
    assert [line.split()[:2] for line in shown if " ! " in line] == [
        ["IndentedComment", "2:1"], ["FalseSeparator", "3:1"]]
