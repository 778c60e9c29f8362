"""Locks: of Proxmox VE's own tools, so that none of them writes at the same moment, and the one
that keeps two runs of this program apart.

Nothing is ever waited for longer than :data:`PATIENCE` seconds.
"""

import fcntl
import os
import stat
import time

__all__ = ["Locked", "Locks", "PATIENCE", "lock_of"]

#: How long to wait for a lock, in seconds: what PVE's own tools wait (PVE::Cluster, cfs_lock_file).
PATIENCE = 10

#: Files that PVE guards with a directory below this one, made to take the lock and removed to give it
#: back (PVE::Cluster, cfs_lock_file).
_CLUSTER_LOCKS = "etc/pve/priv/lock"
_CLUSTER_FILES = ("jobs.cfg", "notifications.cfg", "storage.cfg", "user.cfg", "vzdump.cron")

#: For how long a lock that is a directory counts, in seconds. Others may take it away after two
#: minutes; PVE's own tools end what they do under it after one (PVE::Cluster).
_CLUSTER_TIME = 60


class Locked(OSError):
    """A lock that somebody else holds; its text is one line for the user. ``path``: the lock's."""

    def __init__(self, path, message="is held by another program: try again when that is done"):
        super().__init__(message)
        self.path = path


def lock_of(path):
    """The lock that PVE's own tools hold while they write the file at *path* below the root: a pair
    of kind (``cluster`` or ``flock``) and path; None where they have none."""
    folder, _, name = path.rpartition("/")
    if folder == "etc/pve" and name in _CLUSTER_FILES:
        return "cluster", "%s/file-%s" % (_CLUSTER_LOCKS, name.replace(".", "_"))
    if folder == "etc/network" and name in ("interfaces", "interfaces.new"):
        return "flock", "etc/network/.pve-interfaces.lock"
    if folder.startswith("etc/pve/nodes/") and name.endswith(".conf"):
        if folder.endswith("/qemu-server"):
            return "flock", "run/lock/qemu-server/lock-" + name
        if folder.endswith("/lxc"):
            return "flock", "run/lock/lxc/pve-config-%s.lock" % name[:-len(".conf")]
    return None


def _require_lock(status):
    if not stat.S_ISREG(status.st_mode):
        raise OSError("not a regular file: no lock can be taken on it")


class Locks:
    """Locks that are taken one by one and given back together (a context manager)."""

    def __init__(self, root, patience=None):
        self._root = root
        self._patience = PATIENCE if patience is None else patience
        self._descriptors = []
        self._folders = []
        self._end = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.release()

    def release(self):
        """Give all locks back."""
        while self._folders:
            place = self._folders.pop()
            try:
                os.rmdir(place.name, dir_fd=place.folder)
            except OSError:
                pass  # PVE takes a lock away that is older than two minutes.
            os.close(place.folder)
        while self._descriptors:
            os.close(self._descriptors.pop())
        self._end = None

    def take(self, paths):
        """Take the locks of PVE's tools for the files at *paths*. Raises :class:`Locked`, or another
        OSError with the ``path`` of the lock."""
        # Always in one order, so that two who want several do not wait for each other.
        for kind, path in sorted({lock_of(path) for path in paths} - {None}):
            try:
                (self.make_folder if kind == "cluster" else self.flock)(path)
            except OSError as error:
                error.path = path
                raise

    def verify(self):
        """Raise :class:`Locked` where locks have been held for so long that they may be another's by
        now."""
        if self._end is not None and time.monotonic() > self._end:
            raise Locked(_CLUSTER_LOCKS, "a lock was held for more than %d seconds: try again"
                         % _CLUSTER_TIME)

    def flock(self, path):
        """Hold an exclusive flock on the file at *path*, which is made where it is missing."""
        place = self._place(path)
        try:
            # Opening a device may do anything, so it is looked at first.
            _require_lock(place.status())
        except FileNotFoundError:
            pass
        descriptor = os.open(place.name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
                             | os.O_CLOEXEC, 0o600, dir_fd=place.folder)
        self._descriptors.append(descriptor)
        _require_lock(os.fstat(descriptor))
        for _ in self._attempts(0.1):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                continue
        raise Locked(path)

    def make_folder(self, path):
        """Hold a lock that consists of a directory."""
        place = self._place(path)
        # The Root may close its descriptors meanwhile.
        place.folder = os.dup(place.folder)
        # Each attempt is a message to all nodes: as often as PVE's own tools try it.
        for _ in self._attempts(1):
            try:
                os.mkdir(place.name, 0o755, dir_fd=place.folder)
            except FileExistsError:
                try:
                    # How PVE asks pmxcfs to take away a lock that has expired.
                    os.utime(place.name, (0, 0), dir_fd=place.folder)
                except OSError:
                    pass
                continue
            except BaseException:
                os.close(place.folder)
                raise
            self._folders.append(place)
            if self._end is None:
                self._end = time.monotonic() + _CLUSTER_TIME
            return
        os.close(place.folder)
        raise Locked(path)

    def _place(self, path):
        """Where the lock is, in a folder that is made where it is missing, as PVE's own tools do: those
        below run are gone with each boot."""
        try:
            return self._root.locate(path)
        except FileNotFoundError:
            place = self._place(path.rpartition("/")[0])
            try:
                os.mkdir(place.name, 0o755, dir_fd=place.folder)
            except FileExistsError:
                pass
            return self._root.locate(path)

    def _attempts(self, interval):
        end = time.monotonic() + self._patience
        while True:
            yield
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(interval, left))
