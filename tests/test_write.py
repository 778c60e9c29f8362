"""Writing: all of a run or none, nobody's edit is lost, nothing is left behind.

What happens when the process or a system call dies is in test_faults.py, what a run can be taken back
with in test_undo.py.
"""

import errno
import fcntl
import itertools
import os
import re
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import nodes
from faulty_commit import FILES
from nodes import (ERROR, GUEST, GUEST_FIXED, STORAGE, STORAGE_FIXED, WARNING, read_tree,
                   write_tree)
from pvemigrate import Project
from pvemigrate.locks import Locks, lock_of
from pvemigrate.root import Root
from pvemigrate.write import commit, recover
from test_cli import Quick
from test_faults import DRIVER, can_trace

BOTH = dict(WARNING, **ERROR)
BOTH_FIXED = dict(nodes.as_bytes(BOTH), **{
    "etc/pve/storage.cfg": STORAGE_FIXED.encode(),
    "etc/pve/nodes/a/lxc/100.conf": GUEST_FIXED.encode()})
NETWORK = {"etc/network/interfaces": "auto lo\n", "etc/pve/storage.cfg": "x\n"}

needs_strace = pytest.mark.skipif(not can_trace(), reason="needs strace, and the right to trace a "
                                  "process (Debian: apt-get install strace)")


def changes_of(tree):
    return [(path, text.encode(), b"new\n") for path, text in sorted(tree.items())]


def between(monkeypatch, path, action):
    """Do something when the new text of *path* is on the disk under its temporary name, before the
    file is looked at for the last time."""
    fsync, done = os.fsync, []
    pattern = re.compile(r"/\.?%s\.(pvemigrate|tmp)\.[0-9.a-z]+$" % re.escape(os.path.basename(path)))

    def fsync_then_act(descriptor):
        fsync(descriptor)
        name = os.readlink("/proc/self/fd/%d" % descriptor)
        if pattern.search(name) and not done:
            done.append(name)
            action(str(path))
    monkeypatch.setattr(os, "fsync", fsync_then_act)
    return done


def edit(text):
    def write(target):
        with open(target, "w") as file:
            file.write(text)
    return write


def test_all_is_written_and_nothing_left_over(tmp_path):
    write_tree(tmp_path, NETWORK)
    assert commit(str(tmp_path), changes_of(NETWORK)) == []
    assert read_tree(tmp_path) == {path: b"new\n" for path in NETWORK}


def test_names_of_temporary_files(tmp_path, monkeypatch):
    """A dot file, which "source interfaces.d/*" does not read, with a suffix that apt passes over;
    below etc/pve the pattern of PVE's own tools, which is no guest's name."""
    # The last tree only looks like the contents of an etc/.
    for number, (path, pattern) in enumerate([
            ("etc/network/interfaces", r"\.interfaces\.pvemigrate\.[0-9]+\.tmp"),
            ("etc/pve/storage.cfg", r"storage\.cfg\.tmp\.[0-9]+"),
            ("etc/pve/nodes/a/lxc/100.conf", r"100\.conf\.tmp\.[0-9]+"),
            ("pve/storage.cfg", r"storage\.cfg\.tmp\.[0-9]+"),
            ("network/interfaces.d/pve/a", r"\.a\.pvemigrate\.[0-9]+\.tmp")]):
        root = tmp_path / str(number)
        write_tree(root, {path: "x\n"})
        names = between(monkeypatch, root / path, lambda target: None)
        assert commit(str(root), changes_of({path: "x\n"})) == []
        monkeypatch.undo()
        assert re.fullmatch(pattern, os.path.basename(names[0]))
        assert os.path.dirname(names[0]) == os.path.dirname(str(root / path))


# -- what is kept of a file --------------------------------------------------------------------------


def test_mode_and_owner_are_kept(tmp_path):
    write_tree(tmp_path, BOTH)
    wanted = {}
    for path, mode in zip(("etc/pve/storage.cfg", "etc/pve/nodes/a/lxc/100.conf"), (0o640, 0o604)):
        if os.getuid() == 0:
            os.chown(str(tmp_path / path), 1234, 33)
        os.chmod(str(tmp_path / path), mode)
        wanted[path] = os.stat(str(tmp_path / path))
    assert Project(tmp_path).fix().apply() == []
    for path, old in wanted.items():
        new = os.stat(str(tmp_path / path))
        assert new.st_ino != old.st_ino
        assert (new.st_mode, new.st_uid, new.st_gid) == (old.st_mode, old.st_uid, old.st_gid)


def attribute_or_skip(path, name, value):
    try:
        os.setxattr(str(path), name, value)
    except (AttributeError, OSError) as error:
        pytest.skip("the file system of the temporary folder takes no attribute %s (%s): set TMPDIR "
                    "to one that does, ext4 for instance" % (name, error))


#: An ACL as the kernel stores it: version 2, the owner rw, the user 1234 r, the group and others
#: none, the mask r.
ACL = b"\2\0\0\0" + b"".join(
    tag.to_bytes(2, "little") + right.to_bytes(2, "little") + number.to_bytes(4, "little")
    for tag, right, number in [(0x01, 6, 0xFFFFFFFF), (0x02, 4, 1234), (0x04, 0, 0xFFFFFFFF),
                               (0x10, 4, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)])


@pytest.mark.parametrize("name, value", [("user.origin", b"by hand\0\xff"),
                                         ("system.posix_acl_access", ACL)])
def test_attributes_and_acls_are_kept(name, value, tmp_path):
    write_tree(tmp_path, WARNING)
    file = tmp_path / "etc/pve/storage.cfg"
    attribute_or_skip(file, name, value)
    mode = file.stat().st_mode
    project = Project(tmp_path)
    assert project.fix().apply() == []
    assert file.read_text() == STORAGE_FIXED
    assert (os.getxattr(str(file), name), file.stat().st_mode) == (value, mode)
    assert Quick("rollback", "--root", tmp_path).status == 0
    assert file.read_text() == STORAGE
    assert (os.getxattr(str(file), name), file.stat().st_mode) == (value, mode)


def test_a_file_whose_attributes_cannot_be_kept_is_left_alone(tmp_path, monkeypatch):
    write_tree(tmp_path, BOTH)
    attribute_or_skip(tmp_path / "etc/pve/storage.cfg", "user.origin", b"x")

    def refuse(*arguments):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")
    monkeypatch.setattr(os, "setxattr", refuse)
    assert Project(tmp_path).fix().apply() == [
        ("etc/pve/storage.cfg", "its attribute user.origin cannot be kept here: left alone")]
    assert read_tree(tmp_path) == nodes.as_bytes(BOTH)


def test_a_file_system_with_modes_and_owners_of_its_own(tmp_path, monkeypatch):
    """Nothing is set that is so already: pmxcfs refuses that."""
    def refuse(*arguments):
        raise PermissionError(1, "Operation not permitted")
    monkeypatch.setattr(os, "fchmod", refuse)
    monkeypatch.setattr(os, "fchown", refuse)
    write_tree(tmp_path, BOTH)
    for path in BOTH:
        (tmp_path / path).chmod(0o600)
    assert Project(tmp_path).fix().apply() == []
    assert read_tree(tmp_path) == BOTH_FIXED


def test_a_mode_that_cannot_be_kept(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise PermissionError(1, "Operation not permitted")
    write_tree(tmp_path, BOTH)
    (tmp_path / "etc/pve/storage.cfg").chmod(0o640)
    (tmp_path / "etc/pve/nodes/a/lxc/100.conf").chmod(0o600)
    monkeypatch.setattr(os, "fchmod", refuse)
    assert Project(tmp_path).fix().apply() == [
        ("etc/pve/storage.cfg", "its mode cannot be kept here: left alone")]
    assert read_tree(tmp_path) == nodes.as_bytes(BOTH)


# -- the order on the disk ---------------------------------------------------------------------------


@needs_strace
def test_each_step_is_on_the_disk_before_the_next_begins(tmp_path):
    """The order that docs/writing.md promises, as the kernel sees it."""
    root, log = tmp_path / "root", tmp_path / "log"
    write_tree(root, {path: old for path, (old, _) in FILES.items() if old is not None})
    subprocess.run(["strace", "-y", "-o", str(log), "-e", "trace=fsync,renameat,renameat2,unlinkat",
                    sys.executable, DRIVER, str(root), "commit"], check=True,
                   stdout=subprocess.DEVNULL, env=nodes.environment())
    steps = []
    for line in log.read_text(errors="replace").splitlines():
        flushed = re.match(r"fsync\(\d+<(.*)>\)", line)
        name = os.path.relpath(flushed.group(1), str(root)) if flushed else None
        if not flushed:
            steps.append("name" if line.startswith("rename") and "journal" not in line
                         else "the journal's name" if line.startswith("rename")
                         else "remove" if re.match(r"unlink.* = 0$", line) else "")
        elif re.fullmatch(r"var/lib/pvemigrate/runs/[^/]+/old-\d", name):
            steps.append("original")
        elif re.fullmatch(r"var/lib/pvemigrate/runs/[^/]+/journal.new", name):
            steps.append("journal")
        elif re.fullmatch(r"var/lib/pvemigrate/runs/[^/]+/(committed|done)", name):
            steps.append(name.rpartition("/")[2])
        elif re.fullmatch(r"var/lib/pvemigrate/runs/[^/]+", name):
            steps.append("run")
        elif name.startswith("var/lib/pvemigrate") or name in ("var", "var/lib", "."):
            pass
        else:
            steps.append("new text" if re.search(r"\.tmp(\.\d+)?$", name) else "folder")
    steps = [step for step in steps if step]
    order = [step for step, _ in itertools.groupby(steps)]
    assert order[order.index("original"):] == [
        "original", "journal", "the journal's name", "run", "new text", "name", "folder",
        "committed", "run"] + ["remove", "folder"] * 5 + ["done", "run"]
    assert steps.count("original") == 5
    assert steps.count("name") == len(FILES)
    assert steps.count("new text") == len([path for path, (_, new) in FILES.items() if new])
    assert not {"new text", "name"}.intersection(order[:order.index("original")])


def test_a_folder_that_cannot_be_flushed_is_no_failure(tmp_path, monkeypatch):
    fsync = os.fsync

    def fsync_files(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(22, "Invalid argument")
        fsync(descriptor)
    monkeypatch.setattr(os, "fsync", fsync_files)
    write_tree(tmp_path, WARNING)
    assert Project(tmp_path).fix().apply() == []


# -- somebody else writes too ----------------------------------------------------------------------


def test_an_edit_made_meanwhile_is_not_lost(tmp_path, monkeypatch):
    write_tree(tmp_path, BOTH)
    edited = STORAGE + "\n# by hand\n"
    between(monkeypatch, tmp_path / "etc/pve/storage.cfg", edit(edited))
    assert Project(tmp_path).fix().apply() == [
        ("etc/pve/storage.cfg", "was changed by somebody else since it was read: left alone")]
    # All or nothing: what belongs together is not half done.
    assert read_tree(tmp_path) == nodes.as_bytes(dict(BOTH, **{"etc/pve/storage.cfg": edited}))


def test_an_edit_made_before_apply_is_not_lost(tmp_path):
    write_tree(tmp_path, BOTH)
    plan = Project(tmp_path).fix()
    write_tree(tmp_path, {"etc/pve/storage.cfg": "x\n"})
    assert [path for path, _ in plan.apply()] == ["etc/pve/storage.cfg"]
    now = nodes.as_bytes(dict(BOTH, **{"etc/pve/storage.cfg": "x\n"}))
    assert read_tree(tmp_path) == now
    # Whoever insists gets what the plan says, and can have the edit back.
    assert plan.apply(force=True) == []
    assert read_tree(tmp_path) == BOTH_FIXED
    assert Quick("rollback", "--root", tmp_path).status == 0
    assert read_tree(tmp_path) == now


def test_the_command_says_so(tmp_path, monkeypatch):
    write_tree(tmp_path, BOTH)
    between(monkeypatch, tmp_path / "etc/pve/storage.cfg", edit("# by hand\n" + STORAGE))
    result = Quick("fix", "--root", tmp_path)
    assert result.status == 2
    assert "error: etc/pve/storage.cfg: was changed by somebody else" in result.err
    assert "note: nothing has been written" in result.err
    assert "LXC001" in result.out and "1 fixed" not in result.out
    monkeypatch.undo()
    # What was read in vain is read anew.
    assert Quick("fix", "--root", tmp_path).status in (0, 1)
    assert "maxfiles" not in (tmp_path / "etc/pve/storage.cfg").read_text()
    assert (tmp_path / "etc/pve/storage.cfg").read_text().startswith("# by hand\n")


SWAPS = [
    (lambda target: os.unlink(target), "was taken away or replaced"),
    (lambda target: (os.unlink(target), os.symlink("/etc/hostname", target)),
     "was taken away or replaced"),
    (lambda target: (os.unlink(target), os.mkfifo(target)), "was changed by somebody else"),
    (lambda target: (os.unlink(target), os.mkdir(target)), "was changed by somebody else"),
    (lambda target: os.link(target, target + "2"), "has got another hard link"),
]


@pytest.mark.parametrize("action, message", SWAPS)
def test_a_file_that_is_swapped_meanwhile(action, message, tmp_path, monkeypatch):
    write_tree(tmp_path, BOTH)
    between(monkeypatch, tmp_path / "etc/pve/storage.cfg", action)
    (path, said), = Project(tmp_path).fix().apply()
    assert path == "etc/pve/storage.cfg" and message in said
    assert not list((tmp_path / "etc/pve").glob("*.tmp.*"))
    assert (tmp_path / "etc/pve/nodes/a/lxc/100.conf").read_text() == GUEST


def save_anew(target):
    """As editors do."""
    with open(target + ".mine", "w") as file:
        file.write("by hand\n")
    os.rename(target + ".mine", target)


@needs_strace
@pytest.mark.parametrize("action", [edit("by hand\n"), save_anew, os.unlink, SWAPS[1][0],
                                    SWAPS[2][0], SWAPS[3][0]])
def test_a_change_in_the_last_moment(action, tmp_path):
    """Between the last look at a file and the change of names, which strace holds up. Whatever came
    in between is there again at the end, and the files before it are as they were."""
    root = tmp_path / "root"
    target = root / "etc/network/interfaces"
    write_tree(root, {path: old for path, (old, _) in FILES.items() if old is not None})
    process = subprocess.Popen(
        ["strace", "-o", str(tmp_path / "log"), "-e", "trace=renameat2",
         "-e", "inject=renameat2:delay_enter=1500000:when=2",
         sys.executable, DRIVER, str(root), "commit"],
        stdout=subprocess.PIPE, env=nodes.environment())
    end = time.monotonic() + 60
    while b"bullseye" not in (root / "etc/apt/sources.list").read_bytes():
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.01)
    time.sleep(0.3)  # Should this not be enough, the change is found by the last look.
    action(str(target))
    expected = target.read_bytes() if target.is_file() else None
    kind = target.lstat().st_mode if target.is_symlink() or target.exists() else None
    output, _ = process.communicate(timeout=60)
    assert "etc/network/interfaces" in output.decode()
    found = read_tree(root)
    assert (found.pop("etc/network/interfaces", None) if expected is not None
            and not target.is_symlink() else expected) == expected
    assert (target.lstat().st_mode if target.is_symlink() or target.exists() else None) == kind
    assert found == {path: old for path, (old, _) in FILES.items()
                     if old is not None and path != "etc/network/interfaces"}


def test_a_new_file_that_has_appeared(tmp_path):
    write_tree(tmp_path, {"etc/x": "mine\n"})
    changes = [("etc/x", None, b"new\n"), ("etc/y", None, b"new\n")]
    assert commit(str(tmp_path), changes) == [
        ("etc/x", "has appeared since it was looked for: left alone")]
    assert read_tree(tmp_path) == {"etc/x": b"mine\n"}
    assert commit(str(tmp_path), changes[1:]) == []
    assert stat.S_IMODE(os.stat(str(tmp_path / "etc/y")).st_mode) == 0o644


def test_a_new_file_that_appears_in_the_last_moment(tmp_path, monkeypatch):
    between(monkeypatch, tmp_path / "etc/network/10-a.link", edit("mine\n"))
    (path, message), = commit(str(tmp_path), [("etc/network/10-a.link", None, b"new\n")])
    assert message == "has appeared since it was looked for: left alone"
    assert read_tree(tmp_path) == {"etc/network/10-a.link": b"mine\n"}


# -- locks -----------------------------------------------------------------------------------------


def test_two_runs_exclude_each_other(tmp_path):
    """The second waits for the first, and gives up in the end without having touched anything."""
    write_tree(tmp_path, BOTH)
    plan, failures = Project(tmp_path).fix(), []
    (tmp_path / "var/lib/pvemigrate/runs").mkdir(parents=True)
    lock = open(str(tmp_path / "var/lib/pvemigrate/lock"), "w")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        thread = threading.Thread(target=lambda: failures.append(plan.apply()))
        thread.start()
        time.sleep(0.5)
        assert thread.is_alive() and read_tree(tmp_path) == nodes.as_bytes(BOTH)
    thread.join(30)
    assert failures == [[]] and read_tree(tmp_path) == BOTH_FIXED


def test_a_run_that_does_not_end_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("pvemigrate.locks.Locks.__init__.__defaults__", (0.2,))
    write_tree(tmp_path, BOTH)
    (tmp_path / "var/lib/pvemigrate/runs").mkdir(parents=True)
    with open(str(tmp_path / "var/lib/pvemigrate/lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = Quick("fix", "--root", tmp_path)
        assert result.status == 2 and ("error: var/lib/pvemigrate/lock: is held by another program: "
                                       "try again when that is done") in result.err
        assert Quick("fix", "--diff", "--root", tmp_path).status == 1
    assert read_tree(tmp_path) == nodes.as_bytes(BOTH)


@pytest.mark.parametrize("path, lock", [
    ("etc/pve/jobs.cfg", ("cluster", "etc/pve/priv/lock/file-jobs_cfg")),
    ("etc/pve/notifications.cfg", ("cluster", "etc/pve/priv/lock/file-notifications_cfg")),
    ("etc/pve/storage.cfg", ("cluster", "etc/pve/priv/lock/file-storage_cfg")),
    ("etc/pve/user.cfg", ("cluster", "etc/pve/priv/lock/file-user_cfg")),
    ("etc/pve/vzdump.cron", ("cluster", "etc/pve/priv/lock/file-vzdump_cron")),
    ("etc/network/interfaces", ("flock", "etc/network/.pve-interfaces.lock")),
    ("etc/pve/nodes/a/qemu-server/100.conf", ("flock", "run/lock/qemu-server/lock-100.conf")),
    ("etc/pve/nodes/a/lxc/100.conf", ("flock", "run/lock/lxc/pve-config-100.lock")),
    ("etc/network/interfaces.d/a", None), ("etc/apt/sources.list", None),
    ("etc/vzdump.conf", None), ("etc/pve/nodes/a/config", None)])
def test_which_lock_guards_a_file(path, lock):
    assert lock_of(path) == lock


def test_locks_of_other_programs_are_honoured(tmp_path, monkeypatch):
    """Of PVE's tools: a folder made for a file of the cluster, a flock for a guest."""
    monkeypatch.setattr("pvemigrate.locks.Locks.__init__.__defaults__", (0.2,))
    write_tree(tmp_path, dict(BOTH, **{"run/x": ""}))
    (tmp_path / "run/lock").mkdir()
    held = tmp_path / "etc/pve/priv/lock/file-storage_cfg"
    held.mkdir(parents=True)
    plan = Project(tmp_path).fix()
    assert plan.apply(pve_locks=True) == [
        ("etc/pve/priv/lock/file-storage_cfg", "is held by another program: try again when that is "
                                               "done")]
    # How pmxcfs is asked to take an expired one away; of those that hold it still nothing is taken.
    assert held.is_dir() and held.stat().st_mtime == 0
    held.rmdir()
    guest = tmp_path / "run/lock/lxc/pve-config-100.lock"
    guest.parent.mkdir(exist_ok=True)
    with guest.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        (path, message), = plan.apply(pve_locks=True)
        assert path == "run/lock/lxc/pve-config-100.lock" and "is held" in message
    assert not held.exists(), "what was taken is given back"
    # A copied tree has no locks, whatever lies there.
    held.mkdir()
    assert plan.apply() == []
    assert read_tree(tmp_path).items() >= BOTH_FIXED.items()


def test_locks_are_taken_while_writing_and_given_back(tmp_path, monkeypatch):
    write_tree(tmp_path, dict(BOTH, **{"run/lock/x": ""}))
    held = tmp_path / "etc/pve/priv/lock/file-storage_cfg"
    held.parent.mkdir(parents=True)
    seen = []

    def look(target):
        seen.append(held.is_dir())
        with pytest.raises(BlockingIOError), \
                open(str(tmp_path / "run/lock/lxc/pve-config-100.lock"), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    between(monkeypatch, tmp_path / "etc/pve/storage.cfg", look)
    assert Project(tmp_path).fix().apply(pve_locks=True) == []
    assert seen == [True] and not held.exists()
    with Locks(Root(str(tmp_path)), 0) as locks:
        locks.take(BOTH)


# -- links -----------------------------------------------------------------------------------------


def test_links_inside_the_root_stay_links(tmp_path):
    write_tree(tmp_path, {"etc/real/storage": STORAGE, "etc/pve/nodes/a/lxc/100.conf": GUEST})
    (tmp_path / "etc/pve/storage.cfg").symlink_to("../real/storage")
    (tmp_path / "etc/pve/lxc").symlink_to("nodes/a/lxc")
    project = Project(tmp_path, paths=["etc/pve/storage.cfg", "etc/pve/lxc/100.conf"])
    assert project.fix().apply() == []
    assert os.readlink(str(tmp_path / "etc/pve/storage.cfg")) == "../real/storage"
    assert os.readlink(str(tmp_path / "etc/pve/lxc")) == "nodes/a/lxc"
    assert (tmp_path / "etc/real/storage").read_text() == STORAGE_FIXED
    assert (tmp_path / "etc/pve/nodes/a/lxc/100.conf").read_text() == GUEST_FIXED


ENTRY = "deb http://download.proxmox.com/debian/pve buster pve-no-subscription\n"


def test_an_entry_is_not_there_twice_because_a_link_leads_to_it(tmp_path):
    """It would be removed through the link, from the only file that has it."""
    write_tree(tmp_path, {"etc/apt/sources.list.d/pve.list": ENTRY})
    (tmp_path / "etc/apt/sources.list.d/same.list").symlink_to("pve.list")
    plan = Project(str(tmp_path), phases=("switch",), select=["APT003", "APT014"]).fix()
    assert plan.apply() == []
    assert [(finding.code, finding.path) for finding in plan.findings] == [
        ("APT003", "etc/apt/sources.list.d/pve.list")]
    assert (tmp_path / "etc/apt/sources.list.d/pve.list").read_text() == ENTRY.replace(
        "buster", "bullseye")


@pytest.mark.parametrize("place", ["apt/sources.list.d/pve-enterprise.list", "modprobe.d/kvm.conf"])
def test_a_file_that_is_masked_holds_nothing(place, tmp_path):
    """modprobe.d(5): a link to /dev/null turns a file off. Apt passes over what is no regular file."""
    write_tree(tmp_path, {"etc/apt/sources.list": ENTRY})
    (tmp_path / "etc" / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "etc" / place).symlink_to("/dev/null")
    project = Project(str(tmp_path))
    project.check()
    assert project.errors == []
    # Whoever names it wants to know.
    assert Project(str(tmp_path), paths=["etc/" + place]).errors


@pytest.mark.parametrize("path", ["etc/pve/storage.cfg", "etc/out/storage.cfg",
                                  "etc/out/fresh", "../outside/storage.cfg"])
def test_links_out_of_the_root_are_refused(path, tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    write_tree(root, {"etc/pve/user.cfg": "", "etc/vzdump.conf": "old\n"})
    write_tree(outside, {"storage.cfg": "old\n"})
    (root / "etc/pve/storage.cfg").symlink_to(str(outside / "storage.cfg"))
    (root / "etc/out").symlink_to(str(outside))
    (where, message), = commit(str(root), [
        ("etc/vzdump.conf", b"old\n", b"new\n"),
        (path, None if "fresh" in path else b"old\n", b"new\n")])
    assert where == path and "a link leads out of the root" in message
    assert read_tree(outside) == {"storage.cfg": b"old\n"}
    assert read_tree(root)["etc/vzdump.conf"] == b"old\n"


def test_hard_links_are_refused(tmp_path):
    """Known beforehand: such a file is no part of the plan, and the others are written."""
    write_tree(tmp_path, BOTH)
    os.link(str(tmp_path / "etc/pve/storage.cfg"), str(tmp_path / "copy"))
    plan = Project(tmp_path).fix()
    assert plan.errors == [("etc/pve/storage.cfg", "has other hard links, which a rewrite would cut "
                                                   "off: left alone")]
    assert plan.apply() == []
    assert read_tree(tmp_path) == dict(BOTH_FIXED, **{
        "etc/pve/storage.cfg": STORAGE.encode(), "copy": STORAGE.encode()})
    assert Quick("fix", "--root", tmp_path).status == 2


# -- guests that are locked --------------------------------------------------------------------------


def test_a_locked_guest_is_left_alone(tmp_path):
    locked = "lock: backup\n" + GUEST
    write_tree(tmp_path, dict(BOTH, **{"etc/pve/nodes/a/lxc/100.conf": locked}))
    for arguments in (["--diff"], []):
        result = Quick("fix", "--root", tmp_path, *arguments)
        # Nothing has failed, and something is left to do: the finding says what.
        assert result.status == 1 and not result.err.startswith("error:")
        assert "\nerror:" not in result.err
        assert "GST006" in result.out + result.err and "LXC001" in result.out + result.err
    assert read_tree(tmp_path) == dict(BOTH_FIXED, **{
        "etc/pve/nodes/a/lxc/100.conf": locked.encode()})
    # Where the finding is not wanted, an error says why a change is not made.
    result = Quick("fix", "--root", tmp_path, "--ignore", "GST006")
    assert result.status == 2
    assert "100.conf: the guest is locked (backup): left alone until that is done" in result.err
    assert (tmp_path / "etc/pve/nodes/a/lxc/100.conf").read_text() == locked
    assert Quick("fix", "--root", tmp_path, "--select", "STO").status == 0


# -- temporary files -------------------------------------------------------------------------------


def test_what_stands_in_the_way_is_not_taken_away(tmp_path, monkeypatch):
    """A name that is taken is passed over, be it a file's or a link's, which is not followed."""
    write_tree(tmp_path, WARNING)
    taken = ["7", "8"]
    (tmp_path / "etc/pve/storage.cfg.tmp.7").write_text("of another program, or of another node\n")
    (tmp_path / "etc/pve/storage.cfg.tmp.8").symlink_to("../trap")
    numbers = iter([7, 8, 9, 7, 8, 10])
    urandom = os.urandom
    monkeypatch.setattr(os, "urandom", lambda size: urandom(size) if size != 4
                        else next(numbers).to_bytes(4, "big"))
    assert Project(tmp_path).fix().apply() == []
    assert (tmp_path / "etc/pve/storage.cfg").read_text() == STORAGE_FIXED
    assert (tmp_path / "etc/pve/storage.cfg.tmp.7").read_text().startswith("of another program")
    assert os.readlink(str(tmp_path / "etc/pve/storage.cfg.tmp.8")) == "../trap"
    assert not (tmp_path / "etc/trap").exists()
    assert len(list((tmp_path / "etc/pve").iterdir())) == 1 + len(taken)


def test_no_free_name(tmp_path, monkeypatch):
    write_tree(tmp_path, WARNING)
    (tmp_path / "etc/pve/storage.cfg.tmp.7").symlink_to("../trap")
    urandom = os.urandom
    monkeypatch.setattr(os, "urandom", lambda size: urandom(size) if size != 4 else b"\0\0\0\7")
    (path, message), = Project(tmp_path).fix().apply()
    assert path == "etc/pve/storage.cfg" and "storage.cfg.tmp.7 is there already" in message
    assert not (tmp_path / "etc/trap").exists()


@pytest.mark.parametrize("function", ["write", "fsync"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_files_and_nothing_else(function, error, tmp_path, monkeypatch):
    """Whatever call it is, from the journal's first to the last one."""
    write_tree(tmp_path, BOTH)
    plan, real, is_over = Project(tmp_path).fix(), getattr(os, function), False
    for number in range(100):
        calls = []

        def fail(*arguments):
            calls.append(arguments)
            if len(calls) == number + 1:
                raise error
            return real(*arguments)
        monkeypatch.setattr(os, function, fail)
        try:
            failures = plan.apply()
        except KeyboardInterrupt:
            failures = ["interrupted"]
        monkeypatch.setattr(os, function, real)
        if len(calls) <= number:
            is_over = True
            break
        if failures == []:
            break  # All was written; what failed was the note that it is over.
        if failures == ["interrupted"] and read_tree(tmp_path) != nodes.as_bytes(BOTH):
            # All was written, and the next start takes away what still lies beside the files.
            done, failures = recover(str(tmp_path))
            assert ([how for _, how in done], failures) == (["finished"], [])
            break
        assert read_tree(tmp_path) == nodes.as_bytes(BOTH), (function, number)
        if isinstance(error, OSError):
            assert [message for _, message in failures][-1].endswith("No space left on device")
    assert number > 4 and (is_over or read_tree(tmp_path) == BOTH_FIXED)


def test_what_failed_can_be_tried_again_with_the_same_root(tmp_path):
    """The folder that was made for the new file is gone with the first attempt, and is made anew."""
    write_tree(tmp_path, {"etc/x": "by hand\n"})
    base = Root(str(tmp_path))
    changes = [("etc/a/b/new", None, b"new\n"), ("etc/x", b"old\n", b"x\n")]
    assert [path for path, _ in commit(base, changes)] == ["etc/x"]
    assert os.listdir(str(tmp_path / "etc")) == ["x"]
    (tmp_path / "etc/x").write_text("old\n")
    assert commit(base, changes) == []
    assert read_tree(tmp_path) == {"etc/x": b"x\n", "etc/a/b/new": b"new\n"}


def test_a_text_has_nothing_to_be_written_to():
    from pvemigrate.project import TextProject

    with pytest.raises(ValueError):
        TextProject(STORAGE, "storage").fix().apply()


def test_the_package_writes_in_one_place_only():
    """What changes a node's files is in these modules, for whoever reads along."""
    package = Path(nodes.PACKAGE) / "pvemigrate"
    writers = re.compile(r"\bos\.(rename|replace|unlink|remove|rmdir|mkdir|makedirs|link|symlink|"
                         r"chmod|chown|fchmod|fchown|truncate|utime|setxattr)\b|O_CREAT|"
                         r"open\([^)]*[\"'][wax]")
    found = {path.relative_to(package).as_posix() for path in package.rglob("*.py")
             if writers.search(path.read_text(encoding="utf-8"))}
    # The last two write what the user has asked for by name, and nothing of a node's: the list of
    # accepted findings, and the report over many nodes.
    assert found <= {"write.py", "journal.py", "locks.py", "compiler.py", "tables.py", "verify.py",
                     "commands/baseline.py", "commands/report.py"}
