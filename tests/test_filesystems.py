"""Writing on file systems as they are: full, read-only, of somebody else, with ACLs and attributes, with
links and things that are no files. Each of them really is what it says.

A run that cannot be made changes nothing, leaves nothing, and says why in one line.
"""

import contextlib
import os
import shutil
import stat
import struct
import subprocess

import pytest

from nodes import GUEST, NO_RELEASE, STORAGE, STORAGE_FIXED, read_tree, run, write_tree
from pvemigrate import Project, write
from pvemigrate.journal import Journal
from pvemigrate.root import Root

FILES = {
    "etc/apt/sources.list": (b"deb http://deb.debian.org/debian buster main\n" * 200, b"deb x y z\n" * 900),
    "etc/network/interfaces": (b"auto lo\n" * 1000, b"auto lo\n" * 2000),
    "etc/pve/storage.cfg": (STORAGE.encode(), STORAGE_FIXED.encode()),
    "etc/systemd/network/10-a.link": (None, b"[Link]\nName=a\n"),
}
CHANGES = [(path, old, new) for path, (old, new) in sorted(FILES.items())]
OLD = {path: old for path, (old, _) in FILES.items() if old is not None}
NEW = {path: new for path, (_, new) in FILES.items()}


def _can_mount():
    return os.getuid() == 0 and shutil.which("unshare") and subprocess.run(
        ["unshare", "--mount", "true"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE).returncode == 0


needs_mount = pytest.mark.skipif(
    not _can_mount(), reason="mounts file systems: needs root (in a container, CAP_SYS_ADMIN)")
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="changes owners: needs root")
heavy = pytest.mark.heavy


@contextlib.contextmanager
def mount(path, *arguments):
    path.mkdir(exist_ok=True)
    subprocess.run(["mount", *arguments, str(path)], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def verify_refused(root, failures, texts):
    """Nothing has changed, and nothing is left; it is said why in one line."""
    (path, message), = failures
    assert any(text in message for text in texts), message
    assert "\n" not in message and path
    assert read_tree(root) == OLD
    assert not (root / "etc/systemd").exists()
    runs, trouble = Journal(Root(str(root))).runs()
    assert (runs, trouble) == ([], [])


def as_user(user, action):
    """What *action* returns (bytes) in a process of this user and group, without any rights."""
    answer, question = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            os.write(question, repr(action()).encode())
        except BaseException as error:  # noqa: BLE001 - it is reported on the other side
            os.write(question, repr(repr(error)).encode())
        finally:
            os._exit(0)
    os.close(question)
    with os.fdopen(answer, "rb") as file:
        text = file.read().decode()
    os.waitpid(child, 0)
    return eval(text)  # noqa: S307 - our own repr


# -- no space ----------------------------------------------------------------------------------------


@heavy
@needs_mount
@pytest.mark.parametrize("what", ["blocks", "inodes"])
def test_a_full_file_system(what, tmp_path, faults):
    """With each amount of space left: the run is refused, until there is enough for all of it."""
    refused = 0
    for left in range(80):
        option = "nr_inodes=1000" if what == "blocks" else "nr_inodes=%d" % (12 + left)
        with mount(tmp_path / "root", "-t", "tmpfs", "-o", "size=1m," + option, "tmpfs") as root:
            write_tree(root, OLD)
            if what == "blocks":
                fill(root, left)
            failures = write.commit(str(root), CHANGES)
            if what == "blocks":
                (root / "fill").unlink()
            if not failures:
                assert read_tree(root) == NEW
                made, = Journal(Root(str(root))).runs()[0]
                assert made.state == "done"
                break
            refused += 1
            verify_refused(root, failures, ["No space left on device"])
    else:
        pytest.fail("never enough")
    assert refused > 8
    faults(refused, "runs on a tmpfs with too few %s: all refused with all as it was" % what)


def fill(root, left):
    """Leave so many pages."""
    page = os.sysconf("SC_PAGE_SIZE")
    free = os.statvfs(str(root)).f_bavail
    with open(str(root / "fill"), "wb") as file:
        file.write(bytes(page * (free - left)))


def own(root, user):
    """Give all to a user."""
    for folder, folders, files in os.walk(str(root)):
        for name in [""] + files:
            os.chown(os.path.join(folder, name), user, user, follow_symlinks=False)


# -- nothing may be written --------------------------------------------------------------------------


@needs_mount
@pytest.mark.parametrize("where", ["", "etc", "etc/apt", "etc/pve", "var"])
def test_read_only(where, tmp_path):
    """All of it, or just a folder of it."""
    root = tmp_path / "root"
    write_tree(root, OLD)
    (root / "var/lib").mkdir(parents=True)
    place = root / where
    with mount(place, "--bind", str(place)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
        failures = write.commit(str(root), CHANGES)
        if where in ("", "var"):
            assert failures == [("var/lib/pvemigrate", "Read-only file system")]
        verify_refused(root, failures, ["Read-only file system"])
        result = run("fix", "--root", root, "--select", "STO001")
        assert result.status == (0 if where == "etc/apt" else 2)
        assert ("Read-only file system" in result.err) == (where != "etc/apt")


@needs_root
def test_files_of_somebody_else(tmp_path):
    """Not as root: what is not theirs cannot be changed, and is not."""
    write_tree(tmp_path / "root", OLD)
    with reachable(tmp_path) as folder:
        root = folder / "root"
        failures = as_user(4321, lambda: write.commit(str(root), CHANGES))
        assert failures == [("var/lib/pvemigrate", "Permission denied")]
        verify_refused(root, failures, ["Permission denied"])
        # The folders are theirs, a file in them is not: its owner could not be kept.
        own(root, 4321)
        os.chown(str(root / "etc/network/interfaces"), 0, 4321)
        failures = as_user(4321, lambda: write.commit(str(root), CHANGES))
        verify_refused(root, failures, ["its owner cannot be kept (not root?): left alone"])
        # All of it is theirs.
        own(root, 4321)
        assert as_user(4321, lambda: write.commit(str(root), CHANGES)) == []
        assert read_tree(root) == NEW
        assert {os.stat(str(root / path)).st_uid for path in NEW} == {4321}


@contextlib.contextmanager
def reachable(tmp_path):
    """A folder for the time being, with what *tmp_path* holds, that every user can reach."""
    import tempfile
    from pathlib import Path

    folder = Path(tempfile.mkdtemp(prefix="pvemigrate-"))
    os.chmod(str(folder), 0o755)
    try:
        for path in tmp_path.iterdir():
            shutil.move(str(path), str(folder))
        yield folder
    finally:
        shutil.rmtree(str(folder))


@needs_root
def test_a_file_that_is_immutable(tmp_path):
    write_tree(tmp_path, OLD)
    target = str(tmp_path / "etc/network/interfaces")
    if not shutil.which("chattr") or subprocess.run(["chattr", "+i", target], stdout=subprocess.PIPE,
                                                    stderr=subprocess.PIPE).returncode:
        pytest.skip("needs chattr (Debian: apt-get install e2fsprogs) and a file system that knows +i")
    try:
        failures = write.commit(str(tmp_path), CHANGES)
        assert failures[0][0] == "etc/network/interfaces"
        verify_refused(tmp_path, failures, ["Operation not permitted"])
    finally:
        subprocess.run(["chattr", "-i", target], check=True)
    assert write.commit(str(tmp_path), CHANGES) == []


# -- ACLs and attributes -----------------------------------------------------------------------------

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"


def acl(*entries):
    """The attribute that is an ACL (acl(5)), of (tag, rights, id) each."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


USER, GROUP, MASK, OTHER = (1, 6, 0xffffffff), (4, 4, 0xffffffff), (16, 6, 0xffffffff), (32, 4, 0xffffffff)
NAMED = (2, 6, 4321)


def attributes(path):
    return {name: os.getxattr(str(path), name) for name in os.listxattr(str(path))}


@pytest.fixture
def with_attributes(tmp_path):
    """A tree on a file system that keeps attributes."""
    write_tree(tmp_path, OLD)
    try:
        os.setxattr(str(tmp_path / "etc"), "user.test", b"x")
        os.setxattr(str(tmp_path / "etc"), DEFAULT, acl(USER, GROUP, OTHER))
        os.removexattr(str(tmp_path / "etc"), DEFAULT)
    except (OSError, AttributeError):
        pytest.skip("needs a file system with ACLs and extended attributes (TMPDIR on ext4 or xfs)")
    return tmp_path


def test_acls_and_attributes_are_kept(with_attributes):
    root = with_attributes
    target = root / "etc/network/interfaces"
    os.setxattr(str(target), ACCESS, acl(USER, NAMED, GROUP, MASK, OTHER))
    os.setxattr(str(target), "user.comment", b"kept \0 too")
    before, mode = attributes(target), os.stat(str(target)).st_mode
    assert write.commit(str(root), CHANGES) == []
    assert attributes(target) == before and os.stat(str(target)).st_mode == mode
    made, = Journal(Root(str(root))).runs()[0]
    assert write.rollback(str(root), made) == []
    assert attributes(target) == before and os.stat(str(target)).st_mode == mode
    assert read_tree(root) == OLD


def test_no_acl_is_inherited(with_attributes):
    """A default ACL of the folder is for new files: an old one has what it has."""
    root = with_attributes
    target = root / "etc/network/interfaces"
    os.chmod(str(target), 0o640)
    os.setxattr(str(target.parent), DEFAULT, acl(USER, NAMED, GROUP, MASK, OTHER))
    before = attributes(target)
    assert ACCESS not in before
    assert write.commit(str(root), CHANGES) == []
    assert attributes(target) == before
    assert stat.S_IMODE(os.stat(str(target)).st_mode) == 0o640


@needs_mount
def test_an_attribute_that_cannot_be_kept(tmp_path):
    """Not as root: those of the system are not theirs to set."""
    write_tree(tmp_path, OLD)
    try:
        os.setxattr(str(tmp_path / "etc/network/interfaces"), "security.test", b"x")
    except OSError:
        pytest.skip("needs a file system with extended attributes (TMPDIR on ext4 or xfs)")
    with reachable(tmp_path) as folder:
        own(folder, 4321)
        failures = as_user(4321, lambda: write.commit(str(folder), CHANGES))
        assert failures[0][0] == "etc/network/interfaces"
        verify_refused(folder, failures, ["its attribute security.test cannot be kept here: left alone"])
        assert attributes(folder / "etc/network/interfaces")["security.test"] == b"x"


@needs_root
def test_special_modes_are_kept(tmp_path):
    write_tree(tmp_path, OLD)
    modes = dict(zip(sorted(OLD), (0o400, 0o4755, 0o2664)))
    for path, mode in modes.items():
        os.chown(str(tmp_path / path), 1, 2)
        os.chmod(str(tmp_path / path), mode)
    assert write.commit(str(tmp_path), CHANGES) == []
    for path, mode in modes.items():
        status = os.stat(str(tmp_path / path))
        assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (mode, 1, 2), path


# -- links, and what is no file ----------------------------------------------------------------------


def test_a_link_is_followed_inside_the_root(tmp_path):
    write_tree(tmp_path, dict(NO_RELEASE, **{"srv/config/storage": STORAGE}))
    (tmp_path / "etc/pve").mkdir(parents=True)
    (tmp_path / "etc/pve/storage.cfg").symlink_to("/srv/config/link")
    (tmp_path / "srv/config/link").symlink_to("storage")
    # An absolute link means the host's /srv here, which is outside.
    assert run("fix", "--root", tmp_path).status == 2
    (tmp_path / "etc/pve/storage.cfg").unlink()
    (tmp_path / "etc/pve/storage.cfg").symlink_to("../../srv/config/link")
    assert run("fix", "--root", tmp_path, "--select", "STO001").status == 0
    assert (tmp_path / "srv/config/storage").read_text() == STORAGE_FIXED
    assert os.readlink(str(tmp_path / "etc/pve/storage.cfg")) == "../../srv/config/link"
    assert os.readlink(str(tmp_path / "srv/config/link")) == "storage"
    assert sorted(os.listdir(str(tmp_path / "srv/config"))) == ["link", "storage"]


@pytest.mark.parametrize("what", ["fifo", "device", "socket", "directory"])
def test_what_is_no_file_is_refused(what, tmp_path):
    """At once: opening a FIFO would wait for somebody to write to it, and a device may do anything."""
    write_tree(tmp_path, dict(NO_RELEASE, **{"etc/pve/nodes/a/lxc/100.conf": GUEST}))
    target = tmp_path / "etc/pve/storage.cfg"
    make(what, target)
    project = Project(tmp_path)
    assert [path for path, _ in project.errors] == ([] if what == "directory"
                                                    else ["etc/pve/storage.cfg"])
    (path, message), = write.commit(str(tmp_path), [
        ("etc/pve/nodes/a/lxc/100.conf", GUEST.encode(), b""), ("etc/pve/storage.cfg", b"x", b"y")])
    assert path == "etc/pve/storage.cfg"
    assert message in ("not a regular file", "a directory, not a file",
                       "has other hard links, which a rewrite would cut off: left alone")
    assert (tmp_path / "etc/pve/nodes/a/lxc/100.conf").read_text() == GUEST
    result = run("fix", "--root", tmp_path, "--phase", "all", "--select", "STO001,LXC001")
    assert result.status == (0 if what == "directory" else 2)
    assert (tmp_path / "etc/pve/nodes/a/lxc/100.conf").read_text() != GUEST
    assert what == "directory" or "error: etc/pve/storage.cfg: not a regular file\n" in result.err


def make(what, path):
    import socket

    if what == "fifo":
        os.mkfifo(str(path))
    elif what == "device":
        try:
            os.mknod(str(path), stat.S_IFCHR | 0o600, os.makedev(1, 3))
        except PermissionError:
            pytest.skip("making a device needs root")
    elif what == "socket":
        # A socket's path must be short.
        here = os.getcwd()
        os.chdir(str(path.parent))
        try:
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(path.name)
        finally:
            os.chdir(here)
    else:
        path.mkdir()


@heavy
@needs_mount
def test_a_bind_mounted_file(tmp_path):
    """A file that is a mount of its own (as containers have etc/hosts) cannot be renamed over."""
    root = tmp_path / "root"
    write_tree(root, OLD)
    (tmp_path / "other").write_bytes(OLD["etc/network/interfaces"])
    target = root / "etc/network/interfaces"
    subprocess.run(["mount", "--bind", str(tmp_path / "other"), str(target)], check=True)
    try:
        failures = write.commit(str(root), CHANGES)
        assert failures[0][0] == "etc/network/interfaces"
        verify_refused(root, failures, ["Device or resource busy", "cross-device"])
    finally:
        subprocess.run(["umount", str(target)], check=True)
    assert (tmp_path / "other").read_bytes() == OLD["etc/network/interfaces"]
