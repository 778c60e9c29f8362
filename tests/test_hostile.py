"""Trees that somebody made to do harm: ten thousand of them, races, and what has no end.

One process works on many trees, and strace writes down each path that it touches meanwhile: none is
outside of the tree that it works on. What no file system can make it do (a folder that becomes a link
between two looks) a second process does all the time.
"""

import ctypes
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import hostile
from nodes import GUEST, GUEST_FIXED, PACKAGE, STORAGE, STORAGE_FIXED, read_tree, run, status_file, write_tree
from pvemigrate import Project, write
from pvemigrate.root import Root
from pvemigrate.source import Reader, find_roots
from test_faults import can_trace

PROGRAM = str(Path(__file__).parent / "hostile.py")

#: How many trees there are in all, and how many of them are worked on under strace.
TREES, TRACED = 10000, 400
#: How many a process works on before the next one begins.
BATCH = 200

#: What the tool touches that is not below the root: is this the running system's (a number is
#: compared)? Then the folders that modules are looked for in, the package itself, and the interpreter
#: with what is installed for it, which look for rules, modules and translations, and are only read.
EXPECTED = ("/", PACKAGE, os.path.dirname(PROGRAM))
EXPECTED_BELOW = tuple({os.path.realpath(path) + "/" for path in (
    os.path.join(PACKAGE, "pvemigrate"), os.path.join(PACKAGE, "grammars"), sys.prefix,
    sys.base_prefix + "/lib", sys.base_prefix + "/share/locale")})

#: What may be a configuration file or the top of a repository: whether it is there is asked.
LOOKED_FOR = (b"pvemigrate.toml", b"pyproject.toml", b"pvemigrate-ignore.toml", b".git")


@pytest.fixture
def memory():
    """A folder for many trees, in memory where there is a place."""
    folder = tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    yield Path(folder)
    remove(folder)


def remove(folder):
    """Take a tree away, however deep: shutil.rmtree() recurses, and what it leaves lying in pytest's own
    folder would stop a later run of pytest, which clears up in the same way."""
    subprocess.run(["rm", "-rf", "--", str(folder)], check=True)


def batch(folder, first, mode, trace=None):
    """Work on a batch of trees in a process of its own; what it says.

    It is at the top of a repository, where it looks for a configuration file, and no further up."""
    top = folder
    (top / ".git").mkdir(exist_ok=True)
    folder = folder / str(first)
    folder.mkdir()
    command = [sys.executable, PROGRAM, str(folder), str(first), str(BATCH), mode]
    if trace:
        command = ["strace", "-f", "-qq", "-y", "-xx", "-s", "20000", "--seccomp-bpf", "-o", str(trace),
                   "-e", "trace=%file,fchmod,fchown,ftruncate"] + command
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([PACKAGE, os.path.dirname(PROGRAM)]),
                       PYTHONDONTWRITEBYTECODE="1")
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                             timeout=1200, cwd=str(top))
    assert process.returncode == 0, (first, process.returncode, process.stderr.decode()[-2000:])
    remove(folder)
    return json.loads(process.stdout.decode().splitlines()[-1])


_CALL = re.compile(rb"\d+\s+(?:<\.\.\. )?([a-z0-9_]+)(?: resumed>|\()(.*)")
_STRING = re.compile(rb'(?:(\d+|AT_FDCWD)<((?:[^>\\]|\\.)*)>, )?"((?:[^"\\]|\\.)*)"')
_OPENED = re.compile(rb"= \d+<((?:[^>\\]|\\.)*)>$")
_ON_DESCRIPTOR = re.compile(rb"(?:fchmod|fchown|ftruncate)\(\d+<((?:[^>\\]|\\.)*)>")


def _plain(text):
    return re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match.group(1), 16)]), text)


def touched(line):
    """The absolute paths (list of bytes) that a line of the trace is about."""
    found = [_plain(match.group(1)) for match in (_ON_DESCRIPTOR.search(line), _OPENED.search(line)) if match]
    # What readlink answers is no path that is followed.
    call = line.split(b") = ")[0]
    strings = list(_STRING.finditer(call))
    if b"readlink" in line.split(b"(")[0] or b"symlink" in line.split(b"(")[0]:
        strings = strings[:1]
    for match in strings:
        folder, name = _plain(match.group(2) or b"/"), _plain(match.group(3))
        found.append(os.path.normpath(os.path.join(folder, name)))
    return found


def strays(trace):
    """What was touched outside of the tree at hand: list of (tree, line), and how many paths there were,
    and how many trees."""
    root, found, paths, trees = None, [], 0, set()
    plain = re.compile(b"(?!)")
    with open(str(trace), "rb") as lines:
        for line in lines:
            line = line.rstrip(b"\n")
            if b"access(" in line:
                names = touched(line)
                if names and names[0].startswith(b"/begin-of-run"):
                    root = names[0][len(b"/begin-of-run"):]
                    trees.add(root)
                    # Nearly all lines: one name (of several letters, no way up) in a folder of the tree.
                    inside = "".join("\\x%02x" % byte for byte in root).encode()
                    plain = re.compile(rb'\d+\s+(?:newfstatat|readlinkat)\(\d+<%s(?:\\x2f[^>]*)?>, '
                                       rb'"(?:\\x(?!2f)..){3,}", ' % re.escape(inside))
                    continue
                if names and names[0] == b"/end-of-run":
                    root = None
                    continue
            if root is None:
                continue
            if plain.match(line):
                paths += 1
                continue
            for path in touched(line):
                paths += 1
                if not (path + b"/").startswith(root + b"/") and not _is_expected(path, root, line):
                    found.append((root, path, line[:300]))
    return found, paths, len(trees)


def _is_expected(path, root, line):
    if b" getcwd(" in line:
        return True  # a name, of what relative paths on the command line begin with
    # What the root's own path goes through, to know what an absolute link may lead to.
    is_above = (root + b"/").startswith(path.rstrip(b"/") + b"/") and b"stat" in line.split(b"(")[0]
    is_above = is_above or b"readlink" in line.split(b"(")[0] and (root + b"/").startswith(path + b"/")
    name = path.decode("utf-8", "replace")
    is_read = line.split(b"(")[0].endswith((b"stat", b"newfstatat", b"openat", b"readlink", b"access"))
    # The working directory, see batch().
    is_looked_for = path in [os.path.join(os.path.dirname(os.path.dirname(root)), name)
                             for name in LOOKED_FOR] and b"stat" in line.split(b"(")[0]
    is_read = is_read and b"O_WRONLY" not in line and b"O_RDWR" not in line
    return (is_above or name in EXPECTED or is_looked_for
            or is_read and (name + "/").startswith(EXPECTED_BELOW))


def test_what_the_trace_would_tell(tmp_path):
    """That nothing is found below counts only because something would be."""
    def hexed(text):
        return '"' + "".join("\\x%02x" % byte for byte in text.encode()) + '"'

    folder = "5<%s>" % hexed("/t/root-1/etc")[1:-1]
    lines = ['7 access(%s, F_OK) = -1 ENOENT' % hexed("/begin-of-run/t/root-1"),
             '7 openat(%s, %s, O_RDONLY|O_NOFOLLOW) = 6<%s>' % (folder, hexed("apt"), hexed("/t/root-1/etc/apt")[1:-1]),
             '7 newfstatat(%s, %s, {st_mode=0}, 0) = 0' % (folder, hexed("hosts"))]
    wrong = ['7 openat(%s, %s, O_RDONLY) = 6<%s>' % (folder, hexed("apt"), hexed("/t/outside")[1:-1]),
             '7 newfstatat(%s, %s, {st_mode=0}, 0) = -1 ENOENT' % (folder, hexed("../../x")),
             '7 openat(AT_FDCWD<%s>, %s, O_RDONLY) = 6<%s>' % (folder[2:-1], hexed("/etc/passwd"),
                                                              hexed("/etc/passwd")[1:-1]),
             '7 unlinkat(%s, %s, 0) = 0' % ("5<%s>" % hexed("/t/root-10")[1:-1], hexed("a")),
             '7 renameat2(%s, %s, 5<%s>, %s, RENAME_EXCHANGE) = 0' % (
                 folder, hexed("a"), hexed("/t/outside")[1:-1], hexed("b")),
             '7 fchmod(6<%s>, 0644) = 0' % hexed("/t/outside/x")[1:-1],
             '7 openat(AT_FDCWD<%s>, %s, O_WRONLY) = 6<%s>' % (
                 folder[2:-1], hexed(PACKAGE + "/pvemigrate/x"), hexed(PACKAGE + "/pvemigrate/x")[1:-1])]
    end = ['7 access(%s, F_OK) = -1 ENOENT' % hexed("/end-of-run"), wrong[0]]
    (tmp_path / "log").write_text("\n".join(lines + wrong + end) + "\n")
    found, paths, trees = strays(tmp_path / "log")
    assert list(dict.fromkeys(line.decode() for _, _, line in found)) == [line[:300] for line in wrong]
    assert trees == 1 and paths > 9


@pytest.mark.heavy
@pytest.mark.skipif(not can_trace(), reason="needs strace, and the right to trace a process "
                                            "(Debian: apt-get install strace)")
def test_nothing_outside_of_a_hostile_tree_is_touched(memory, faults):
    def attempt(first):
        said = batch(memory, first, "traced", memory / ("%d.log" % first))
        found = strays(memory / ("%d.log" % first))
        (memory / ("%d.log" % first)).unlink()
        return said, found

    results = _each(attempt, range(0, TRACED, BATCH))
    assert [stray for _, (found, _, _) in results for stray in found][:20] == []
    faults(0, "%d hostile trees, %d runs of the command, traced: %d paths, none outside of its tree"
           % (sum(trees for _, (_, _, trees) in results), sum(said["runs"] for said, _ in results),
             sum(paths for _, (_, paths, _) in results)))
    assert all(paths > 1000 and trees == BATCH for _, (_, paths, trees) in results)
    verify([said for said, _ in results])


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: pseudo terminals and /proc")
def test_ten_thousand_hostile_trees(memory, faults):
    results = _each(lambda first: batch(memory, first, "plain"), range(TRACED, TREES, BATCH))
    slowest = max(said["slowest"] for said in results)[0]
    faults(0, "%d hostile trees, %d runs of the command, %d of them fixed something; the slowest took "
           "%.1f seconds" % (sum(said["trees"] for said in results), sum(said["runs"] for said in results),
             sum(said["fixed"] for said in results), slowest))
    verify(results)
    evils = {name for said in results for name in said["evils"]}
    assert evils == {evil.__name__ for evil in hostile.Builder.EVILS}


def verify(results):
    assert [problem for said in results for problem in said["found"]][:20] == []
    # Real fixes were made in trees like these, so there was something to do harm with.
    assert sum(said["fixed"] for said in results) > sum(said["trees"] for said in results) / 50
    slowest, which = max(said["slowest"] for said in results)
    assert slowest < hostile.BOUND, which
    # Nothing stays open, however many trees there were.
    assert max(said["descriptors"] for said in results) < 40


def _each(attempt, numbers):
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return list(pool.map(attempt, numbers))


# -- races -------------------------------------------------------------------------------------------

#: Changes two names of a folder for each other, again and again, until its input ends.
_SWAPPER = """
import ctypes, os, select, sys
swap = ctypes.CDLL(None).renameat2
first, second = (os.fsencode(path) for path in sys.argv[1:])
print("ready", flush=True)
while not select.select([0], [], [], 0)[0]:
    for _ in range(200):
        swap(-100, first, -100, second, 2)
"""


@pytest.fixture
def swapped():
    """A function that lets a process exchange two paths until the test ends."""
    started = []

    def start(first, second):
        process = subprocess.Popen([sys.executable, "-c", _SWAPPER, str(first), str(second)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout.readline() == b"ready\n"

    if not hasattr(ctypes.CDLL(None), "renameat2"):
        pytest.skip("needs renameat2, which this C library does not have")
    yield start
    for process in started:
        process.stdin.close()
        process.stdout.close()
        process.wait()


#: What is swapped for a link to the like of it outside.
RACES = ["etc", "etc/pve", "etc/pve/nodes", "etc/pve/nodes/a/lxc", "etc/pve/storage.cfg",
         "etc/pve/nodes/a/lxc/100.conf", "etc/apt", "var/lib", "var/lib/pvemigrate", "etc/network"]


def two_trees(tmp_path):
    """A root with work to do, and the same outside, with the canary in each file."""
    inside = {"etc/pve/storage.cfg": STORAGE, "etc/pve/nodes/a/lxc/100.conf": GUEST,
              "etc/apt/sources.list": "deb http://deb.debian.org/debian buster main\n",
              "etc/network/interfaces": "source interfaces.d/*\n", "etc/network/interfaces.d/a": "",
              "var/lib/dpkg/status": status_file(base_files="10"), "etc/hostname": "a\n"}
    write_tree(tmp_path / "root", inside)
    write_tree(tmp_path / "outside", {path: text.replace("\n", " %s\n" % hostile.CANARY, 1) + text
                                      + "# %s\n" % hostile.CANARY for path, text in inside.items()})
    (tmp_path / "outside/var/lib/pvemigrate").mkdir(exist_ok=True)
    return tmp_path / "root", tmp_path / "outside"


@pytest.mark.parametrize("place", RACES)
def test_a_folder_that_becomes_a_link_meanwhile(place, swapped, tmp_path):
    root, outside = two_trees(tmp_path)
    if place == "var/lib/pvemigrate":
        (root / place).mkdir()
    before = hostile.look(str(outside))
    link = tmp_path / "link"
    link.symlink_to(outside / place)
    swapped(root / place, link)
    statuses, end = set(), time.monotonic() + 1.5
    while time.monotonic() < end:
        for arguments in (["check"], ["fix", "--diff", "-q"], ["fix", "--phase", "all"]):
            status, out, err = hostile.run([*arguments, "--root", root])
            assert hostile.problems(arguments, status, out, err, False) == []
            statuses.add(status)
        status, out, err = hostile.run(["rollback", "--root", root])
        assert hostile.problems(["rollback"], status, out, err, False) == []
        assert hostile.look(str(outside)) == before


def test_a_root_that_becomes_a_link_meanwhile(swapped, tmp_path):
    """It was found below the directory that was named, and is not the user's own word."""
    root, outside = two_trees(tmp_path / "named")
    outside.rename(tmp_path / "outside")
    outside = tmp_path / "outside"
    before = hostile.look(str(outside))
    (tmp_path / "link").symlink_to(outside)
    swapped(root, tmp_path / "link")
    end = time.monotonic() + 2
    while time.monotonic() < end:
        for arguments in (["check"], ["fix", "--phase", "all"]):
            status, out, err = hostile.run([*arguments, tmp_path / "named"])
            assert hostile.problems(arguments, status, out, err, False) == []
        assert hostile.look(str(outside)) == before


def test_a_plan_is_written_to_the_directory_that_was_read(tmp_path):
    root, outside = two_trees(tmp_path)
    before = hostile.look(str(outside))
    plan = Project(str(root), phases="all").fix()
    root.rename(tmp_path / "moved")
    root.symlink_to(outside)
    assert plan.apply() == []
    assert hostile.look(str(outside)) == before
    assert (tmp_path / "moved/etc/pve/storage.cfg").read_text() == STORAGE_FIXED


# -- what has no end ---------------------------------------------------------------------------------


@pytest.fixture
def few_descriptors():
    """No more than 256 open files, as on old systems."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_ten_thousand_folders_and_few_descriptors(few_descriptors, tmp_path):
    write_tree(tmp_path, {"etc/pve/storage.cfg": STORAGE})
    for number in range(10000):
        (tmp_path / ("etc/pve/nodes/n%d" % number)).mkdir(parents=True)
        if number % 20 == 0:
            write_tree(tmp_path, {"etc/pve/nodes/n%d/lxc/%d.conf" % (number, 1000 + number): GUEST})
    result = hostile.run(["fix", "--phase", "all", "--root", tmp_path, "-q"])
    assert (result[0], result[2]) == (0, "")
    assert (tmp_path / "etc/pve/nodes/n9980/lxc/10980.conf").read_text() == GUEST_FIXED
    assert hostile.run(["rollback", "--root", tmp_path])[0] == 0
    assert (tmp_path / "etc/pve/nodes/n9980/lxc/10980.conf").read_text() == GUEST


def test_three_hundred_roots_and_few_descriptors(few_descriptors, tmp_path):
    for number in range(300):
        write_tree(tmp_path / str(number), {"etc/pve/storage.cfg": STORAGE})
    assert len(find_roots(str(tmp_path))[0]) == 300
    status, out, err = hostile.run(["fix", tmp_path, "--phase", "all"])
    assert "error:" not in err
    assert "300 fixed" in out


def deep(folder, names):
    """Folders in each other, deeper than any path is long."""
    here = os.open(str(folder), os.O_RDONLY | os.O_DIRECTORY)
    for name in names:
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


@pytest.fixture
def deep_path():
    """A folder of one's own, not one of pytest's."""
    folder = tempfile.mkdtemp()
    yield Path(folder)
    remove(folder)


def test_folders_deeper_than_python_goes(few_descriptors, deep_path):
    tmp_path = deep_path
    deep(tmp_path, ["a"] * 1900)
    root = Root(str(tmp_path))
    assert root.is_directory("/".join(["a"] * 1900))
    assert root.listdir("/".join(["a"] * 1900)) == []
    root.close()
    write_tree(tmp_path, {"etc/network/interfaces": "source /%s\n" % "/".join(["a"] * 1900),
                          "x/etc/pve/storage.cfg": STORAGE})
    status, out, err = hostile.run(["check", "--root", tmp_path])
    assert hostile.problems(["check"], status, out, err, False) == []
    # Looking for roots ends somewhere, and says so.
    roots, trouble = find_roots(str(tmp_path))
    assert (str(tmp_path / "x"), "etc/") in roots
    assert [message for _, message in trouble] == ["deeper than any root is looked for: not looked into"]


def test_source_lines_without_an_end(tmp_path):
    """Each of them is a chain, a loop, or more paths than there are atoms."""
    write_tree(tmp_path, {
        "etc/network/interfaces": "source interfaces.d/*\nsource /etc/network/interfaces.d/0\n"
                                  "source /etc/network/%s/x\nsource %s\n" % ("*/" * 30, "interfaces.d/" + "*a" * 60),
        "etc/network/interfaces.d/" + "a" * 200 + "b": "auto lo\n"})
    for name in "mnopq":
        (tmp_path / "etc/network/interfaces.d" / name).symlink_to(".")
    write_tree(tmp_path, {"etc/network/interfaces.d/%d" % number: "source /etc/network/interfaces.d/%d\n"
                          % (number + 1) for number in range(1500)})
    before = time.monotonic()
    status, out, err = hostile.run(["check", "--root", tmp_path])
    assert hostile.problems(["check"], status, out, err, False) == []
    assert time.monotonic() - before < 20
    assert Project(str(tmp_path)).errors == []


def test_source_lines_that_name_too_much(tmp_path):
    folders = tmp_path / "etc/many"
    folders.mkdir(parents=True)
    for number in range(300):
        (folders / str(number)).mkdir()
    write_tree(tmp_path, {"etc/network/interfaces": "".join(
        "source /etc/*/%d*/*\nsource /etc/many/*/%d\n" % (number, number) for number in range(1000))})
    before = time.monotonic()
    status, out, err = hostile.run(["check", "--root", tmp_path])
    assert status == 2
    assert ("error: etc/network/interfaces: its source lines name too much: not all of it is looked at\n"
            in err)
    assert time.monotonic() - before < 20


def test_one_large_file_under_many_names(tmp_path):
    (tmp_path / "etc/pve/lxc").mkdir(parents=True)
    with (tmp_path / "large").open("wb") as file:
        file.truncate(3 << 20)
    for number in range(100, 400):
        (tmp_path / ("etc/pve/lxc/%d.conf" % number)).symlink_to("../../../large")
    status, out, err = hostile.run(["check", "--root", tmp_path])
    assert status == 2
    assert err.count("larger than 2 MiB, which no configuration file is") == 1  # It is one file.
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 20)
    reader = Reader(str(tmp_path))
    assert [reader.get("large") is None for _ in range(600)] == [False] * 512 + [True] * 88
    assert reader.trouble == [(".", "more than 512 MiB below this root: the rest is not read")]


def test_a_database_of_packages_of_twenty_megabytes(tmp_path):
    paragraph = status_file(x_y="1.0").encode() + b"\n"
    write_tree(tmp_path, {"etc/pve/storage.cfg": STORAGE})
    for data in (paragraph * (20000000 // len(paragraph)), b"Package: proxmox-ve\n" * 700000,
                 b"Package: proxmox-ve\n" * 700000 + b"Status: install ok installed\nVersion: 5.4-1\n",
                 b"".join(b"Package: pve-kernel-%d\n" % number for number in range(600000)),
                 b"Package: pve-manager\nStatus: install ok installed\nVersion: 6.4\n" * 200000):
        (tmp_path / "var/lib/dpkg").mkdir(parents=True, exist_ok=True)
        (tmp_path / "var/lib/dpkg/status").write_bytes(data)
        before = time.monotonic()
        status, out, err = hostile.run(["check", "--root", tmp_path])
        assert hostile.problems(["check"], status, out, err, False) == []
        assert time.monotonic() - before < hostile.BOUND


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path),
                                  lambda path: os.symlink(os.path.basename(path), path)],
                         ids=["FIFO", "folder", "link", "loop"])
@pytest.mark.parametrize("place", ["lock", "runs", ""])
def test_a_journal_that_cannot_be_kept(place, make, tmp_path):
    write_tree(tmp_path, {"etc/pve/storage.cfg": STORAGE, "var/lib/dpkg/status": ""})
    path = tmp_path / "var/lib/pvemigrate" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    make(str(path).rstrip("/"))
    status, out, err = hostile.run(["fix", "--root", tmp_path])
    assert hostile.problems(["fix"], status, out, err, False) == []
    written = (tmp_path / "etc/pve/storage.cfg").read_text()
    if make is os.mkdir and place != "lock":
        assert written == STORAGE_FIXED
    else:
        assert (status, written) == (2, STORAGE)
        assert "error: var/lib/pvemigrate" in err
    assert hostile.run(["rollback", "--root", tmp_path])[0] in (0, 2)


def test_a_run_in_the_journal_that_is_a_link(tmp_path):
    write_tree(tmp_path, {"etc/pve/storage.cfg": STORAGE, "precious/old-1": "x"})
    (tmp_path / "var/lib/pvemigrate/runs").mkdir(parents=True)
    (tmp_path / "var/lib/pvemigrate/runs/x").symlink_to("../../../../precious")
    assert write.commit(str(tmp_path), [("etc/pve/storage.cfg", STORAGE.encode(), b"")]) == []
    assert (tmp_path / "precious/old-1").read_text() == "x"


def test_paths_below_a_root_are_looked_at_below_it(tmp_path):
    """A PATH that leads out of the root is none of it, whatever is there."""
    write_tree(tmp_path, {"root/etc/pve/storage.cfg": STORAGE, "outside/storage.cfg": STORAGE})
    (tmp_path / "root/etc/pve/x").symlink_to(tmp_path / "outside")
    status, out, err = hostile.run(["check", "--root", tmp_path / "root",
                                    tmp_path / "root/etc/pve/x/storage.cfg"])
    assert (status, out) == (2, "0 files checked: nothing found\n")
    assert "no such file or directory" in err
