"""Writing where etc/pve is pmxcfs: a FUSE file system with its rules (pmxcfs.py), really mounted."""

import contextlib
import errno
import fcntl
import os
import shlex
import shutil
import signal
import stat
import subprocess
import threading
import time
from pathlib import Path

import pytest

import pmxcfs
from nodes import (GUEST, GUEST_FIXED, NO_RELEASE, PACKAGE, STORAGE, STORAGE_FIXED, Outcome,
                   command_line, environment, read_tree, run, with_release, write_tree)
from pvemigrate import Project, locks, write
from pvemigrate.journal import Journal
from pvemigrate.locks import Locks
from pvemigrate.root import Root

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(pmxcfs.missing() is not None, reason=pmxcfs.missing() or "-"),
]

#: Files on pmxcfs, and one beside it: path -> (before, after).
FILES = {
    "etc/apt/sources.list": (b"deb http://deb.debian.org/debian buster main\n", b"deb x y z\n"),
    "etc/pve/nodes/a/lxc/100.conf": (GUEST.encode(), GUEST_FIXED.encode()),
    "etc/pve/storage.cfg": (STORAGE.encode() * 400, STORAGE_FIXED.encode() * 400),
    "etc/pve/user.cfg": (b"user:root@pam:1:0:::::\n", b"user:root@pam:1:0:::a@b::\n"),
}
OLD = {path: old for path, (old, _) in FILES.items()}
NEW = {path: new for path, (_, new) in FILES.items()}
CHANGES = [(path, old, new) for path, (old, new) in sorted(FILES.items())]
LOCK = "etc/pve/priv/lock/file-storage_cfg"


@pytest.fixture(scope="module")
def mounted(tmp_path_factory):
    """A root whose etc/pve is such a file system of the node "a"."""
    folder = tmp_path_factory.mktemp("node")
    with pmxcfs.Mount(folder / "root/etc/pve", folder / "control") as mount:
        yield folder / "root", mount


@pytest.fixture
def node(mounted):
    """The same, empty, and with quorum. A pair: the root (Path), and the mount."""
    root, mount = mounted
    empty(root, mount)
    yield root, mount
    mount.control()


def empty(root, mount):
    """Take away all that a test has left."""
    mount.control()
    for path in sorted((root / "etc/pve").rglob("*"), reverse=True):
        name = path.relative_to(root / "etc/pve").as_posix()
        if path.is_symlink() or name in pmxcfs.FOLDERS or name in (
                "nodes/a", "nodes/a/lxc", "nodes/a/qemu-server", "nodes/a/priv"):
            continue
        path.rmdir() if path.is_dir() else path.unlink()
    for path in list(root.iterdir()) + list((root / "etc").iterdir()):
        if path.name not in ("etc", "pve"):
            shutil.rmtree(str(path)) if path.is_dir() else path.unlink()


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits long for a lock."""
    monkeypatch.setattr(locks, "PATIENCE", 0.2)


def contents(root):
    """All files of the root but those that locks leave: path -> bytes. (What a FUSE file system hides
    while it is open goes away by itself.)"""
    end = time.monotonic() + 5
    while any(".fuse_hidden" in path for path in read_tree(root)) and time.monotonic() < end:
        time.sleep(0.01)
    return {path: data for path, data in read_tree(root).items()
            if not path.startswith("run/lock/") and path != "etc/network/.pve-interfaces.lock"}


def held(root):
    """The locks of the cluster that are held."""
    return os.listdir(str(root / "etc/pve/priv/lock"))


def interrupted(root):
    return Journal(Root(str(root))).interrupted()[0]


# -- the running system ------------------------------------------------------------------------------


def live(root, *arguments):
    """Run the command as on a running node, whose / has the etc, run and var/lib of *root*: in a mount
    namespace of its own, whose mounts nobody else sees."""
    for name in ("run", "var/lib"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "etc/this-is-the-test").write_text("")
    # Should any of the mounts fail, nothing is run.
    script = "set -eu\n" + "".join(
        "mount --rbind %s /%s\n" % (shlex.quote(str(root / name)), name)
        for name in ("etc", "run", "var/lib"))
    script += 'test -e /etc/this-is-the-test\nexec "$@"\n'
    result = subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh"]
                            + command_line(*arguments), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, env=environment(), timeout=120, cwd=PACKAGE)
    (root / "etc/this-is-the-test").unlink()
    outcome = Outcome(result)
    assert "Traceback" not in outcome.err + outcome.out, outcome.err
    return outcome


def _can_be_live():
    return shutil.which("unshare") and subprocess.run(
        ["unshare", "--mount", "true"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE).returncode == 0


needs_namespace = pytest.mark.skipif(
    not _can_be_live(), reason="needs unshare, and the right to have a mount namespace of its own "
                               "(root; in a container, CAP_SYS_ADMIN)")


# -- the rules of the file system ----------------------------------------------------------------------


def test_the_file_system_has_the_rules_of_pmxcfs(node):
    """Else the tests below would prove nothing."""
    root, mount = node
    write_tree(root, {"etc/pve/storage.cfg": "x\n", "etc/pve/priv/a": "y\n",
                      "etc/pve/nodes/a/lxc/100.conf": GUEST})
    (root / "etc/pve/nodes/b/lxc").mkdir(parents=True)
    file, other = str(root / "etc/pve/storage.cfg"), str(root / "etc/pve/other")

    def refused(function, *arguments, **options):
        with pytest.raises(OSError) as caught:
            function(*arguments, **options)
        return caught.value.errno

    status = os.stat(file)
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o640, 0, 33)
    assert stat.S_IMODE(os.stat(str(root / "etc/pve/priv/a")).st_mode) == 0o600
    os.chmod(file, 0o640)
    os.chown(file, 0, 33)
    assert refused(os.chmod, file, 0o644) == errno.EPERM
    assert refused(os.chmod, str(root / "etc/pve/priv/a"), 0o640) == errno.EPERM
    assert refused(os.chown, file, 0, 0) == errno.EPERM
    assert refused(os.link, file, other) in (errno.EPERM, errno.ENOSYS)
    assert refused(os.symlink, "x", other) in (errno.EPERM, errno.ENOSYS)
    assert refused(os.setxattr, file, "user.x", b"1") == errno.EOPNOTSUPP
    assert refused(os.open, str(root / "etc/pve"), os.O_TMPFILE | os.O_WRONLY) == errno.EOPNOTSUPP
    descriptor = os.open(str(root / "etc/pve"), os.O_RDONLY)
    assert write._rename2(descriptor, "storage.cfg", "priv/a", write._RENAME_EXCHANGE) is False
    os.close(descriptor)
    assert refused((root / "etc/pve/big").write_bytes, b"x" * (512 * 1024 + 1)) == errno.EFBIG
    assert refused((root / "etc/pve/nodes/b/lxc/100.conf").write_bytes, b"") == errno.EEXIST
    assert refused(os.rename, file, str(root / "etc/pve/nodes/b/lxc/100.conf")) == errno.EEXIST
    os.rename(str(root / "etc/pve/nodes/a/lxc/100.conf"),
              str(root / "etc/pve/nodes/b/lxc/100.conf"))
    assert os.readlink(str(root / "etc/pve/lxc")) == "nodes/a/lxc"
    lock = root / LOCK
    lock.mkdir()
    assert refused(lock.mkdir) == errno.EEXIST
    assert refused(os.utime, str(lock), (0, 0)) == errno.EACCES and lock.exists()
    mount.control(lock_timeout=0)
    time.sleep(0.01)
    with contextlib.suppress(OSError):
        os.utime(str(lock), (0, 0))
    assert not lock.exists()
    mount.control(quorate=False)
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o440
    assert refused(open, file, "w") == errno.EACCES
    assert refused(lock.mkdir) == errno.EACCES
    assert Path(file).read_text() == "x\n"


# -- a run -------------------------------------------------------------------------------------------


def test_a_run_and_its_rollback(node):
    root, _ = node
    write_tree(root, OLD)
    before = {path: os.stat(str(root / path)) for path in OLD}
    assert write.commit(str(root), CHANGES, pve_locks=True) == []
    assert contents(root) == NEW
    for path, status in before.items():
        now = os.stat(str(root / path))
        assert (now.st_mode, now.st_uid, now.st_gid) == (status.st_mode, status.st_uid, status.st_gid)
    assert held(root) == []
    made, = Journal(Root(str(root))).runs()[0]
    assert made.state == "done"
    assert write.rollback(str(root), made, pve_locks=True) == []
    assert contents(root) == OLD and held(root) == []


def test_a_file_is_made_below_priv(node):
    """Nobody but root may read it there, and pmxcfs takes no other mode."""
    root, _ = node
    (root / "etc/pve/priv/ceph").mkdir()
    path = "etc/pve/priv/ceph/x.conf"
    assert write.commit(str(root), [(path, None, b"[global]\n")]) == []
    assert stat.S_IMODE(os.stat(str(root / path)).st_mode) == 0o600
    assert write.commit(str(root), [(path, b"[global]\n", b"[global]\n\tx = y\n")]) == []
    assert (stat.S_IMODE(os.stat(str(root / path)).st_mode), (root / path).read_bytes()) == (
        0o600, b"[global]\n\tx = y\n")


def test_a_file_is_made_and_taken_away(node):
    root, _ = node
    assert write.commit(str(root), [("etc/pve/ha/rules.cfg", None, b"x\n")]) == []
    assert contents(root) == {"etc/pve/ha/rules.cfg": b"x\n"}
    assert stat.S_IMODE(os.stat(str(root / "etc/pve/ha/rules.cfg")).st_mode) == 0o640
    made, = Journal(Root(str(root))).runs()[0]
    assert write.rollback(str(root), made) == []
    assert contents(root) == {}


def test_a_file_is_removed_and_comes_back(node):
    root, mount = node
    assert write.commit(str(root), [("etc/pve/a.cfg", None, b"x\n")]) == []
    before = os.stat(str(root / "etc/pve/a.cfg"))
    assert write.commit(str(root), [("etc/pve/a.cfg", b"x\n", None), ("etc/pve/b.cfg", None, b"x\n")]) == []
    assert contents(root) == {"etc/pve/b.cfg": b"x\n"}
    made = Journal(Root(str(root))).runs()[0][-1]
    assert write.rollback(str(root), made) == []
    assert contents(root) == {"etc/pve/a.cfg": b"x\n"}
    after = os.stat(str(root / "etc/pve/a.cfg"))
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_fix_below_links_and_in_priv(node):
    """What the links lead to is written, once, under its own name."""
    root, _ = node
    write_tree(root, dict(NO_RELEASE, **{"etc/pve/nodes/a/lxc/100.conf": GUEST}))
    project = Project(root, paths=["etc/pve/lxc/100.conf", "etc/pve/local/lxc/100.conf"])
    assert project.fix().apply() == []
    assert (root / "etc/pve/nodes/a/lxc/100.conf").read_text() == GUEST_FIXED
    write_tree(root, {"etc/pve/priv/x": "old"})
    assert write.commit(str(root), [("etc/pve/priv/x", b"old", b"new")]) == []
    assert (root / "etc/pve/priv/x").read_bytes() == b"new"
    assert stat.S_IMODE(os.stat(str(root / "etc/pve/priv/x")).st_mode) == 0o600


def test_no_name_is_one_of_a_guest(node, monkeypatch):
    root, _ = node
    write_tree(root, OLD)
    names = set()
    for function in ("open", "rename"):
        def record(*arguments, _original=getattr(os, function), **options):
            names.update(name for name in arguments[:2] if isinstance(name, str))
            return _original(*arguments, **options)
        monkeypatch.setattr(os, function, record)
    assert write.commit(str(root), CHANGES) == []
    guests = {name for name in names if pmxcfs.guest_of("/nodes/a/lxc/" + name)}
    assert guests == {"100.conf"} and any(name.startswith("100.conf.tmp.") for name in names)


def test_a_copy_of_another_nodes_guest(node):
    """A root that is not the running system: guests of all nodes are files like others."""
    root, _ = node
    write_tree(root, dict(NO_RELEASE, **{"etc/hostname": "a\n",
                                         "etc/pve/nodes/b/lxc/200.conf": GUEST}))
    assert run("fix", "--root", root, "--phase", "all").status == 0
    assert (root / "etc/pve/nodes/b/lxc/200.conf").read_text() == GUEST_FIXED


def test_a_file_that_grows_too_large(node):
    root, _ = node
    text = STORAGE + "\n" + "# a remark\n" * 100000
    text = text[:512 * 1024 - 5] + "\n"
    assert len(text) < 512 * 1024 < len(text.replace("maxfiles 3", "prune-backups keep-last=3"))
    write_tree(root, dict(NO_RELEASE, **{"etc/pve/storage.cfg": text,
                                         "etc/pve/nodes/a/lxc/100.conf": GUEST}))
    result = run("fix", "--root", root, "--phase", "all", "--select", "STO001,LXC001")
    assert result.status == 2
    assert ("error: etc/pve/storage.cfg: would be larger than the 512 KiB that a file below etc/pve "
            "may have\n") in result.err
    assert (root / "etc/pve/storage.cfg").read_text() == text
    assert (root / "etc/pve/nodes/a/lxc/100.conf").read_text() == GUEST_FIXED
    # Whoever writes without asking first is refused by the file system, and leaves nothing.
    (path, message), = write.commit(str(root), [
        ("etc/pve/nodes/a/lxc/100.conf", GUEST_FIXED.encode(), GUEST.encode()),
        ("etc/pve/storage.cfg", text.encode(), b"x" * (512 * 1024 + 1))])
    assert (path, message) == ("etc/pve/storage.cfg", "File too large")
    assert (root / "etc/pve/nodes/a/lxc/100.conf").read_text() == GUEST_FIXED
    assert os.listdir(str(root / "etc/pve/nodes/a/lxc")) == ["100.conf"]
    assert not [path for path in contents(root) if ".tmp." in path]


# -- quorum --------------------------------------------------------------------------------------------


def test_quorum_lost_at_each_moment_of_a_run(node, impatient, faults):
    """After each number of changes that still succeed; then the cluster has quorum again."""
    root, mount = node
    ends = {"old": 0, "new": 0}
    for until in range(1000):
        empty(root, mount)
        write_tree(root, OLD)
        mount.control(until=until)
        failures = write.commit(str(root), CHANGES, pve_locks=True)
        now = contents(root)
        for path in OLD:
            assert now.get(path) in (OLD[path], NEW[path]), "a mixture in " + path
        for path, message in failures:
            assert message and "\n" not in message
        # What is no more as it was is named.
        mixed = {path for path in OLD if now.get(path) != OLD[path]} if failures else set()
        assert mixed == {path for path, message in failures if "cannot be changed back now" in message}
        assert interrupted(root) or now == (OLD if failures else NEW)
        # A start without quorum settles nothing, and breaks nothing.
        mount.control(quorate=False)
        trouble = write.recover(str(root), pve_locks=False)[1]
        assert {path for path, _ in trouble} == {path for path in mixed if path.startswith("etc/pve/")}
        assert {path: data for path, data in contents(root).items() if path.startswith("etc/pve/")} == {
            path: data for path, data in now.items() if path.startswith("etc/pve/")}
        mount.control(lock_timeout=0)
        time.sleep(0.01)
        done, trouble = write.recover(str(root), pve_locks=True)
        assert trouble == []
        now = contents(root)
        assert now in (OLD, NEW), "some files are old and some are new"
        ends["new" if now == NEW else "old"] += 1
        for name in held(root):
            # What could not be given back without quorum, and is the next one's to take away.
            assert Locks(Root(str(root)), 0.1).make_folder("etc/pve/priv/lock/" + name) is None
        if not failures and not done:
            break
    assert ends["old"] > 10 and ends["new"] > 1
    faults(sum(ends.values()) - 1, "quorum lost at each moment of a run: %d times all was as before, "
           "%d times all was written" % (ends["old"], ends["new"] - 1))


def test_the_loss_of_quorum_is_said(node):
    root, mount = node
    write_tree(root, OLD)
    mount.control(quorate=False)
    (path, message), = write.commit(str(root), CHANGES, pve_locks=False)
    assert path.startswith("etc/pve/") and "Permission denied" in message
    assert message.endswith("(has the cluster lost its quorum?)")
    (path, message), = write.commit(str(root), CHANGES, pve_locks=True)
    assert path.startswith("etc/pve/priv/lock/") and "Permission denied" in message
    assert contents(root) == OLD and not interrupted(root)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_each_change(node, after, impatient, faults):
    """kill -9 at each change that the file system sees, before it is made or when it is made."""
    root, mount = node
    ends = {"old": 0, "new": 0}
    for number in range(1000):
        empty(root, mount)
        write_tree(root, OLD)
        mount.control(kill_at=number, after=after)
        child = os.fork()
        if not child:
            try:
                write.commit(str(root), CHANGES, pve_locks=True)
            finally:
                os._exit(0)
        status = os.waitpid(child, 0)[1]
        is_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        now = contents(root)
        for path in OLD:
            assert now.get(path) in (OLD[path], NEW[path]), "a mixture in " + path
        mount.control(lock_timeout=0)
        time.sleep(0.01)
        assert write.recover(str(root), pve_locks=True)[1] == []
        now = contents(root)
        assert now in (OLD, NEW), "some files are old and some are new"
        ends["new" if now == NEW else "old"] += 1
        if ends["new"] and is_killed:
            made = Journal(Root(str(root))).runs()[0][-1]
            assert write.rollback(str(root), made) == []
            assert contents(root) == OLD
        if not is_killed:
            break
    assert ends["old"] > 10 and ends["new"] > 1
    faults(sum(ends.values()) - 1, "killed %s each change on pmxcfs: %d taken back, %d finished"
           % ("after" if after else "before", ends["old"], ends["new"] - 1))


# -- locks -----------------------------------------------------------------------------------------------


def test_what_locks_a_run_takes(node, monkeypatch):
    root, _ = node
    network = {"etc/network/interfaces": (b"auto lo\n", b"auto lo\n\n")}
    write_tree(root, dict(OLD, **{path: old for path, (old, _) in network.items()}))
    seen = []

    def look(*arguments):
        seen[:] = [sorted(held(root)), [free(root / path) for path in (
            "run/lock/lxc/pve-config-100.lock", "etc/network/.pve-interfaces.lock",
            "var/lib/pvemigrate/lock")]]
        return original(*arguments)
    original = write._Transaction._swap
    monkeypatch.setattr(write._Transaction, "_swap", look)
    assert write.commit(str(root), CHANGES + [(path, old, new) for path, (old, new)
                                              in network.items()], pve_locks=True) == []
    assert seen == [["file-storage_cfg", "file-user_cfg"], [False, False, False]]
    assert held(root) == [] and free(root / "etc/network/.pve-interfaces.lock")
    # On a copied tree none are taken, and no folder of theirs is made.
    shutil.rmtree(str(root / "run"))
    (root / "etc/network/.pve-interfaces.lock").unlink()
    assert write.commit(str(root), [(path, new, old) for path, old, new in CHANGES]) == []
    assert seen[0] == [] and not (root / "run").exists()
    assert not (root / "etc/network/.pve-interfaces.lock").exists()


def free(path):
    """Whether nobody holds a flock on the file."""
    if not path.exists():
        return True
    with open(str(path)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@pytest.mark.parametrize("what", ["storage", "guest", "interfaces", "run"])
def test_a_lock_that_somebody_holds(node, what, impatient):
    """One clear line after a while, and nothing is written; no lock is left."""
    root, _ = node
    path = {"storage": LOCK, "guest": "run/lock/lxc/pve-config-100.lock",
            "interfaces": "etc/network/.pve-interfaces.lock", "run": "var/lib/pvemigrate/lock"}[what]
    tree = dict(OLD, **{"etc/network/interfaces": b"auto lo\n"})
    write_tree(root, tree)
    changes = CHANGES + [("etc/network/interfaces", b"auto lo\n", b"\n")]
    with holding(root / path, is_folder=what == "storage"):
        start = time.monotonic()
        assert write.commit(str(root), changes, pve_locks=True) == [
            (path, "is held by another program: try again when that is done")]
        assert 0.2 <= time.monotonic() - start < 5
        assert contents(root) == tree and not interrupted(root)
        assert held(root) == (["file-storage_cfg"] if what == "storage" else [])
    assert write.commit(str(root), changes, pve_locks=True) == []


@contextlib.contextmanager
def holding(path, is_folder=False):
    """Somebody else holds a lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_folder:
        path.mkdir()
        yield
        path.rmdir()
    else:
        with open(str(path), "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def test_a_lock_that_is_given_back_meanwhile(node):
    root, _ = node
    write_tree(root, OLD)
    (root / LOCK).mkdir()
    threading.Timer(0.4, (root / LOCK).rmdir).start()
    assert write.commit(str(root), CHANGES, pve_locks=True) == []
    assert contents(root) == NEW and held(root) == []


def test_a_lock_that_has_expired(node, impatient):
    root, mount = node
    write_tree(root, OLD)
    (root / LOCK).mkdir()
    mount.control(lock_timeout=0)
    time.sleep(0.01)
    assert write.commit(str(root), CHANGES, pve_locks=True) == []
    assert contents(root) == NEW and held(root) == []


def test_locks_after_a_failure(node, monkeypatch):
    root, _ = node
    write_tree(root, OLD)
    changed = dict(OLD, **{"etc/pve/user.cfg": b"by hand\n"})
    write_tree(root, {"etc/pve/user.cfg": b"by hand\n"})
    (path, message), = write.commit(str(root), CHANGES, pve_locks=True)
    assert path == "etc/pve/user.cfg" and "changed by somebody else" in message
    assert contents(root) == changed and held(root) == []
    monkeypatch.setattr(locks, "_CLUSTER_TIME", -1)
    write_tree(root, OLD)
    (path, message), = write.commit(str(root), CHANGES, pve_locks=True)
    assert "held for more than" in message
    assert contents(root) == OLD and held(root) == [] and not interrupted(root)


def test_locks_after_a_kill(node, impatient):
    """The kernel gives back what is a flock; what is a directory expires."""
    root, mount = node
    write_tree(root, OLD)
    mount.control(kill_at=8)
    child = os.fork()
    if not child:
        write.commit(str(root), CHANGES, pve_locks=True)
        os._exit(0)
    os.waitpid(child, 0)
    assert held(root) and free(root / "run/lock/lxc/pve-config-100.lock")
    mount.control()
    (path, message), = write.commit(str(root), CHANGES, pve_locks=True)
    assert path.startswith("etc/pve/priv/lock/file-") and "held by another program" in message
    mount.control(lock_timeout=0)
    time.sleep(0.01)
    assert write.commit(str(root), CHANGES, pve_locks=True) == []
    assert contents(root) == NEW and held(root) == []


def test_writers_that_honour_the_lock_lose_nothing(node, faults):
    """Where two files cannot change names, the lock is what keeps an edit from being lost: somebody
    adds lines under it, and the run changes the rest of the file."""
    root, _ = node
    target = root / "etc/pve/storage.cfg"
    write_tree(root, {"etc/pve/storage.cfg": "first\n"})
    lines, stop = [], threading.Event()

    def writer():
        while not stop.is_set():
            try:
                (root / LOCK).mkdir()
            except FileExistsError:
                continue
            line = "line %d\n" % len(lines)
            temporary = target.with_name("storage.cfg.tmp.1")
            temporary.write_text(target.read_text() + line)
            os.rename(str(temporary), str(target))
            lines.append(line)
            (root / LOCK).rmdir()
            time.sleep(0.01)
    thread = threading.Thread(target=writer)
    thread.start()
    counts = {True: 0, False: 0}
    try:
        for number in range(60):
            old = target.read_bytes()
            head, _, rest = old.partition(b"\n")
            failures = write.commit(str(root), [("etc/pve/storage.cfg", old,
                                                 b"head %d\n" % number + rest)], pve_locks=True)
            counts[not failures] += 1
            assert all("changed by somebody else" in message for _, message in failures), failures
    finally:
        stop.set()
        thread.join()
    assert target.read_text().partition("\n")[2] == "".join(lines)
    assert counts[True] and lines
    faults(len(lines), "edits of storage.cfg under its lock beside %d runs: %d of these written, %d "
           "refused" % (sum(counts.values()), counts[True], counts[False]))


# -- the running system --------------------------------------------------------------------------------


@needs_namespace
def test_fix_and_rollback_on_a_running_node(node):
    root, _ = node
    tree = with_release("6.4-1", {"etc/hostname": "a\n", "etc/pve/storage.cfg": STORAGE,
                                  "etc/network/interfaces": "auto lo\niface lo inet loopback\n"})
    write_tree(root, tree)
    before = contents(root)
    result = live(root, "fix", "--select", "STO001")
    assert (result.status, result.err) == (0, result.err)
    assert contents(root) == dict(before, **{"etc/pve/storage.cfg": STORAGE_FIXED.encode()})
    assert held(root) == [] and "STO001" in result.out
    result = live(root, "rollback")
    assert (result.status, result.out) == (0, "restored etc/pve/storage.cfg\n")
    assert contents(root) == before and held(root) == []


@needs_namespace
def test_locks_count_on_a_running_node(node):
    """They are taken there without being asked for, and not where they are not wanted."""
    root, mount = node
    write_tree(root, with_release("6.4-1", {"etc/hostname": "a\n", "etc/pve/storage.cfg": STORAGE}))
    mount.control(lock_timeout=1000)
    (root / LOCK).mkdir()
    threading.Timer(2, (root / LOCK).rmdir).start()
    start = time.monotonic()
    assert live(root, "fix", "--select", "STO001").status == 0
    assert time.monotonic() - start > 1.5
    (root / LOCK).mkdir()
    assert live(root, "rollback", "--no-pve-locks").status == 0
    assert (root / "etc/pve/storage.cfg").read_text() == STORAGE
    assert live(root, "fix", "--select", "STO001", "--no-pve-locks").status == 0


@needs_namespace
def test_no_quorum_is_said_before_anything_is_written(node):
    root, mount = node
    write_tree(root, with_release("7.0-2", {
        "etc/hostname": "a\n", "etc/pve/storage.cfg": STORAGE, "etc/pve/nodes/a/lxc/100.conf": GUEST,
        "etc/apt/sources.list": "deb http://security.debian.org bullseye/updates main\n"}))
    mount.control(quorate=False)
    before = contents(root)
    shown = live(root, "fix", "--diff", "--phase", "all", "--select", "STO001,LXC001")
    assert shown.status == 2 and shown.out == ""
    result = live(root, "fix", "--phase", "all", "--select", "STO001,LXC001")
    assert result.status == 2
    for path in ("etc/pve/storage.cfg", "etc/pve/nodes/a/lxc/100.conf"):
        assert ("error: %s: the cluster has no quorum, and etc/pve is read-only: try again when it "
                "has\n" % path) in result.err
    assert "STO001" in result.out and "fixed" not in result.out
    assert contents(root) == before and not (root / "var/lib/pvemigrate").exists()


@needs_namespace
def test_guests_of_other_nodes_on_a_running_node(node):
    root, _ = node
    write_tree(root, with_release("7.0-2", {
        # Not what the node is called in the cluster: there the link in etc/pve counts.
        "etc/hostname": "elsewhere\n", "etc/pve/nodes/a/lxc/100.conf": GUEST,
        "etc/pve/nodes/b/lxc/200.conf": GUEST}))
    result = live(root, "fix", "--phase", "all", "--select", "LXC001")
    assert result.status == 2
    assert ("error: etc/pve/nodes/b/lxc/200.conf: this guest is on the node b, which alone may change "
            "it: run fix there\n") in result.err
    assert (root / "etc/pve/nodes/a/lxc/100.conf").read_text() == GUEST_FIXED
    assert (root / "etc/pve/nodes/b/lxc/200.conf").read_text() == GUEST
    assert free(root / "run/lock/lxc/pve-config-100.lock")


@needs_namespace
def test_quorum_lost_in_the_middle_on_a_running_node(node):
    """It is said that files wait for the next start, which settles them."""
    root, mount = node
    tree = with_release("6.4-1", {"etc/hostname": "a\n", "etc/pve/storage.cfg": STORAGE,
                                  "etc/pve/vzdump.cron": "0 2 * * 6 root vzdump 100 --maxfiles 3\n"})
    write_tree(root, tree)
    before = contents(root)
    for until in range(4, 40):
        mount.control(until=until)
        result = live(root, "fix", "--select", "STO001,BAK001")
        is_pending = bool(interrupted(root))
        if result.status == 2:
            assert ("note: nothing has been written\n" in result.err) != is_pending
            assert ("settles it\n" in result.err) == is_pending
            assert is_pending or contents(root) == before
        mount.control(lock_timeout=0)
        time.sleep(0.01)
        again = live(root, "fix", "--select", "STO006")
        assert again.status in (0, 1), again.err
        assert ("had been interrupted" in again.err) == is_pending
        now = contents(root)
        if result.status != 2:
            break
        assert now == before or "finished" in again.err
        if now != before:
            assert live(root, "rollback").status == 0
            assert contents(root) == before
    else:
        pytest.fail("never written")


# -- interfaces.new -----------------------------------------------------------------------------------

INTERFACES = ("auto lo\niface lo inet loopback\n\nauto eno1\niface eno1 inet manual\n\nauto vmbr0\n"
              "iface vmbr0 inet static\n\taddress 10.0.0.2/24\n\tbridge-ports eno1\n")


@needs_namespace
def test_pending_network_changes_get_the_fix_too(node):
    """interfaces.new takes the place of interfaces with the next boot: a fix that is in one of them
    only is undone then."""
    root, _ = node
    pending = INTERFACES.replace("10.0.0.2", "10.0.0.3")
    write_tree(root, with_release("6.4-1", {"etc/hostname": "a\n", "etc/network/interfaces": INTERFACES,
                                            "etc/network/interfaces.new": pending}))
    before = contents(root)
    result = live(root, "fix", "--rename-nic", "eno1=ens3", "--select", "NET", "--phase", "all",
                  "--unsafe-fixes")
    assert "NET005" in result.out
    now = contents(root)
    for path, text in (("interfaces", INTERFACES), ("interfaces.new", pending)):
        assert now["etc/network/" + path].decode() == text.replace("eno1", "ens3")
    made, = Journal(Root(str(root))).runs()[0]
    assert [record.path for record in made.records] == ["etc/network/interfaces",
                                                        "etc/network/interfaces.new"]
    assert live(root, "rollback").status == 0
    assert contents(root) == before


def test_both_files_of_the_network_or_none(tmp_path):
    write_tree(tmp_path, {"etc/network/interfaces": "a\n", "etc/network/interfaces.new": "b\n"})
    changes = [("etc/network/interfaces", b"a\n", b"A\n"), ("etc/network/interfaces.new", b"b\n", b"B\n")]
    write_tree(tmp_path, {"etc/network/interfaces.new": "changed in the web interface\n"})
    (path, _), = write.commit(str(tmp_path), changes, pve_locks=True)
    assert path == "etc/network/interfaces.new"
    assert (tmp_path / "etc/network/interfaces").read_text() == "a\n"
