"""A file system with the rules of pmxcfs, the one at /etc/pve, for tests: in memory, of one node.

What Proxmox VE's cluster file system does (pve-cluster, data/src of release 6: pmxcfs.c, memdb.c,
cfs-plug-memdb.c) and this one does too:

* Modes and owners are made up: 0640 root:www-data, below ``priv`` 0600; chmod takes exactly that, chown
  root and www-data alone. Without quorum the write bits are gone, and each write is refused (EACCES).
* No links of either kind but ``local``, ``qemu-server`` and ``lxc``, no extended attributes, no flags
  for rename, no O_TMPFILE; fsync is nothing that it knows of.
* 512 KiB for a file (EFBIG). A guest's name (``100.conf``) is there once in the cluster (EEXIST).
* A directory below ``priv/lock`` is a lock: utime(0, 0) asks for it to be taken away, which happens
  when it has not changed for two minutes.

As a program: ``pmxcfs.py MOUNTPOINT CONTROL NODE``, in the foreground, until it is unmounted. CONTROL is
a JSON file that is read before each operation, see :class:`Control`. As a module: :class:`Mount`.
"""

import errno
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time

MAX_FILE_SIZE = 512 * 1024
LOCK_TIMEOUT = 120
ROOT, WWW_DATA = 0, 33

#: As Proxmox VE 6 has it when it is installed.
FOLDERS = ("nodes", "priv", "priv/lock")


class Control:
    """What a test wants of the file system now: a JSON object.

    ``quorate``: whether there is quorum. ``until``: how many changes succeed before quorum is lost.
    ``kill_at``: the number of the change during which its process is killed, before it is made
    (``after``: once it is made). ``lock_timeout``: seconds. Each new text in the file starts the count
    of changes anew.
    """

    def __init__(self, path):
        self.path = path
        self.text = None
        self.values = {}
        self.changes = 0

    def read(self):
        with open(self.path) as file:
            text = file.read()
        if text != self.text:
            self.text, self.values, self.changes = text, json.loads(text), 0
        return self.values

    @property
    def is_quorate(self):
        values = self.read()
        until = values.get("until")
        return values.get("quorate", True) and (until is None or self.changes < until)


class Entry:
    """A file (``data`` is bytearray) or a directory (None). ``version`` changes with each change."""

    counter = 0

    def __init__(self, data=None):
        self.data = data
        self.touch(time.time())

    def touch(self, when):
        Entry.counter += 1
        self.version = Entry.counter
        self.mtime = int(when)


class Pmxcfs:
    """The operations, as mfusepy calls them."""

    use_ns = True

    def __init__(self, control, node):
        self._control = control
        self._links = {"/local": "nodes/" + node, "/qemu-server": "nodes/%s/qemu-server" % node,
                       "/lxc": "nodes/%s/lxc" % node}
        folders = FOLDERS + tuple("nodes/" + node + below
                                  for below in ("", "/qemu-server", "/lxc", "/priv"))
        self._entries = {"/": Entry()}
        self._entries.update(("/" + path, Entry()) for path in folders)
        #: The path of a lock -> its version, and since when it has been that.
        self._locks = {}

    # -- looking -------------------------------------------------------------------------------------

    def _find(self, path):
        entry = self._entries.get(path)
        if entry is None:
            raise OSError(errno.ENOENT, path)
        return entry

    def _file(self, path):
        entry = self._find(path)
        if entry.data is None:
            raise OSError(errno.EISDIR, path)
        return entry

    def getattr(self, path, handle=None):
        if path in self._links:
            return {"st_mode": stat.S_IFLNK | 0o777, "st_nlink": 1, "st_uid": ROOT,
                    "st_gid": WWW_DATA, "st_size": len(self._links[path])}
        entry = self._find(path)
        is_folder = entry.data is None
        mode = (0o755 if is_folder else 0o640) & (0o700 if is_private(path) else 0o777)
        if not self._control.is_quorate:
            mode &= ~0o222
        when = entry.mtime * 10 ** 9
        return {"st_mode": (stat.S_IFDIR if is_folder else stat.S_IFREG) | mode,
                "st_nlink": 2 if is_folder else 1, "st_uid": ROOT, "st_gid": WWW_DATA,
                "st_size": 0 if is_folder else len(entry.data),
                "st_atime": when, "st_mtime": when, "st_ctime": when}

    def readdir(self, path, handle):
        self._find(path)
        known = list(self._entries) + list(self._links)
        return [".", ".."] + [other.rpartition("/")[2] for other in known
                              if other != "/" and parent_of(other) == path]

    def readlink(self, path):
        if path not in self._links:
            raise OSError(errno.EINVAL, path)
        return self._links[path]

    def read(self, path, size, offset, handle):
        return bytes(self._file(path).data[offset:offset + size])

    # -- changing ------------------------------------------------------------------------------------

    def _change(self, action):
        """Do something that needs quorum."""
        values, number = self._control.read(), self._control.changes
        if not self._control.is_quorate:
            raise OSError(errno.EACCES, "no quorum")
        is_last = values.get("kill_at") == number
        if is_last and not values.get("after"):
            kill_caller()
            raise OSError(errno.EINTR, "killed")
        result = action()
        self._control.changes += 1
        if is_last:
            kill_caller()
        return result

    def open(self, path, flags):
        entry = self._file(path)
        if flags & os.O_TRUNC:
            self._change(lambda: self._put(path, entry, b""))
        return 0

    def create(self, path, mode):
        def action():
            self._require_parent(path)
            if path in self._entries or path in self._links:
                raise OSError(errno.EEXIST, path)
            self._require_free_guest(path)
            self._entries[path] = Entry(bytearray())
        self._change(action)
        return 0

    def write(self, path, data, offset, handle):
        entry = self._file(path)

        def action():
            if offset + len(data) > MAX_FILE_SIZE:
                raise OSError(errno.EFBIG, path)
            whole = entry.data + bytes(max(0, offset - len(entry.data)))
            whole[offset:offset + len(data)] = data
            self._put(path, entry, whole)
            return len(data)
        return self._change(action)

    def truncate(self, path, length, handle=None):
        entry = self._file(path)

        def action():
            if length > MAX_FILE_SIZE:
                raise OSError(errno.EFBIG, path)
            self._put(path, entry, entry.data[:length] + bytes(max(0, length - len(entry.data))))
        return self._change(action)

    def _put(self, path, entry, data):
        entry.data = bytearray(data)
        entry.touch(time.time())

    def unlink(self, path):
        self._file(path)
        self._change(lambda: self._entries.pop(path) and None)

    def mkdir(self, path, mode):
        def action():
            self._require_parent(path)
            if path in self._entries or path in self._links:
                raise OSError(errno.EEXIST, path)
            entry = self._entries[path] = Entry()
            self._locks[path] = entry.version, time.time()
        self._change(action)

    def rmdir(self, path):
        def action():
            if self._find(path).data is not None:
                raise OSError(errno.ENOTDIR, path)
            if any(parent_of(other) == path for other in self._entries if other != "/"):
                raise OSError(errno.ENOTEMPTY, path)
            del self._entries[path]
        self._change(action)

    def rename(self, old, new):
        def action():
            entry = self._find(old)
            self._require_parent(new)
            if new in self._links or is_lock(old) and entry.data is None:
                raise OSError(errno.EACCES, old)
            if entry.data is not None and guest_of(new) and guest_of(old) != guest_of(new):
                self._require_free_guest(new)
            del self._entries[old]
            self._entries[new] = entry
            entry.touch(time.time())
        self._change(action)

    def chmod(self, path, mode):
        self._find(path)
        if stat.S_IMODE(mode) != (0o600 if is_private(path) else 0o640):
            raise OSError(errno.EPERM, path)

    def chown(self, path, user, group):
        self._find(path)
        if user not in (ROOT, -1) or group not in (WWW_DATA, -1):
            raise OSError(errno.EPERM, path)

    def utimens(self, path, times=None):
        entry = self._find(path)
        when = int(times[1] // 10 ** 9) if times else int(time.time())
        if entry.data is None and is_lock(path):
            version, since = self._locks.get(path, (None, 0))
            if version != entry.version:
                self._locks[path] = entry.version, time.time()
            elif when == 0 and time.time() - since > self._control.read().get(
                    "lock_timeout", LOCK_TIMEOUT):
                self.rmdir(path)
                return
            if when < entry.mtime:
                raise OSError(errno.EACCES, path)
        self._change(lambda: entry.touch(when))

    def statfs(self, path):
        return {"f_bsize": 4096, "f_blocks": 7680, "f_bavail": 7000, "f_bfree": 7000,
                "f_files": 10000, "f_ffree": 9000, "f_namemax": 256}

    def _require_parent(self, path):
        if self._find(parent_of(path)).data is not None:
            raise OSError(errno.ENOTDIR, path)

    def _require_free_guest(self, path):
        guest = guest_of(path)
        if guest and any(guest_of(other) == guest and other != path for other in self._entries):
            raise OSError(errno.EEXIST, path)


def parent_of(path):
    return path.rpartition("/")[0] or "/"


def is_private(path):
    """Whether the path is priv, nodes/NODE/priv, or below one of them."""
    return re.match(r"/(nodes/[^/]+/)?priv(/|$)", path) is not None


def is_lock(path):
    return path.startswith("/priv/lock/")


def guest_of(path):
    """The number of the guest whose configuration has this path, or None."""
    match = re.match(r"/nodes/[^/]+/(?:qemu-server|lxc)/([1-9][0-9]*)\.conf$", path)
    return match and match.group(1)


def kill_caller():
    import mfusepy

    os.kill(mfusepy.fuse_get_context()[2], signal.SIGKILL)


def main(mountpoint, control, node):
    import mfusepy

    class Fuse(mfusepy.FUSE):
        # pmxcfs is built on a libfuse that knows no flags, and the kernel then says EINVAL. mfusepy
        # passes over them, which would make an exchange of two files the loss of one.
        def rename_fuse_3(self, old, new, flags):
            return -errno.EINVAL if flags else super().rename_fuse_3(old, new, flags)

    Fuse(Pmxcfs(Control(control), node), mountpoint, foreground=True, nothreads=True,
         allow_other=True, default_permissions=True, fsname="pmxcfs-test", direct_io=True,
         attr_timeout=0, entry_timeout=0)


# -- for the tests -----------------------------------------------------------------------------------


def missing():
    """What this machine lacks for such a file system: a reason to skip a test, or None."""
    try:
        import mfusepy  # noqa: F401
    except (ImportError, OSError):
        return ("needs mfusepy (in the extra 'test', from Python 3.9 on) and libfuse "
                "(Debian: apt-get install fuse3)")
    if os.getuid() != 0 or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "needs root and /dev/fuse (modprobe fuse; in a container, the device must be let in)"
    if not shutil.which("umount") or not shutil.which("fusermount3") and not shutil.which("fusermount"):
        return "needs fusermount (Debian: apt-get install fuse3)"
    return None


class Mount:
    """A mounted file system of a process of its own, a context manager. ``path``: where."""

    def __init__(self, path, control, node="a"):
        self.path = str(path)
        self._control = str(control)
        self._node = node
        self._number = 0
        self._process = None

    def __enter__(self):
        self.control()
        os.makedirs(self.path, exist_ok=True)
        self._process = subprocess.Popen([sys.executable, __file__, self.path, self._control,
                                          self._node], stdin=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not os.path.ismount(self.path):
            if self._process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise RuntimeError("cannot mount a FUSE file system here")
            time.sleep(0.02)
        return self

    def __exit__(self, *exception):
        if os.path.ismount(self.path):
            subprocess.run(["umount", "-l", self.path], check=False)
        # It ends by itself unless something below is still open.
        try:
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def control(self, **values):
        """Say what is wanted from now on (see :class:`Control`)."""
        self._number += 1
        temporary = self._control + ".new"
        with open(temporary, "w") as file:
            json.dump(dict(values, number=self._number), file)
        os.replace(temporary, self._control)


if __name__ == "__main__":
    main(*sys.argv[1:])
