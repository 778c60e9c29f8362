"""Access to files below one directory, and never outside it.

Every path is taken apart here and followed name by name from the directory's own descriptor, with
``O_NOFOLLOW`` at each step: a link is read and followed by this module, not by the kernel, so no
link, and nobody who changes one meanwhile, leads out of the root.
"""

import os
import stat
from contextlib import contextmanager
from errno import ELOOP, ENAMETOOLONG

__all__ = ["MAX_SIZE", "OutsideError", "Place", "Root", "open_folder", "opened", "read_all",
           "real_path"]

#: Larger files are refused: no configuration is, and a hostile tree must not fill the memory.
MAX_SIZE = 16 * 1024 * 1024

#: How many links one path may go through, as in the kernel.
_MAX_LINKS = 40
#: How long a path may be, as in the kernel.
_MAX_PATH = 4096
#: How many folders are kept open. (A hostile tree has more than a process may open.)
_MAX_OPEN = 64

#: To pass through a folder one need not be allowed to list it.
_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
_LISTED = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)


class OutsideError(OSError):
    """A path that leads out of the root."""

    def __init__(self):
        super().__init__("a link leads out of the root; nothing outside is read or written")


class Place:
    """Where a path below the root leads: the descriptor of the ``folder`` (open as long as the
    :class:`Root` is not asked for another path), the ``name`` there (empty for the root itself) and
    ``path``, the way below the root without any link."""

    __slots__ = ("folder", "name", "path")

    def __init__(self, folder, name, path):
        self.folder = folder
        self.name = name
        self.path = path

    def status(self):
        """The status of what is there, links not followed. OSError where there is nothing."""
        if not self.name:
            return os.fstat(self.folder)
        return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)


class Root:
    """The directory *path* as the root of everything. OSError where it cannot be opened.

    *within*: a directory above it, whose own path is taken as it stands; below that one no link is
    followed on the way to the root.
    """

    def __init__(self, path, within=None):
        self.path = os.fspath(path)
        self._folders = {}
        self._closings = 0
        self._last = None
        self._own = os.open(self.path if within is None else within, _LISTED)
        self._real = os.path.realpath(self.path if within is None else within)
        if within is not None:
            for name in _parts(os.path.relpath(self.path, within)):
                above = self._own
                self._own = os.open(name, _LISTED | os.O_NOFOLLOW, dir_fd=above)
                os.close(above)
                self._real = os.path.join(self._real, name)

    def __del__(self):
        self.close()

    def close(self):
        """Close all descriptors."""
        for descriptor in self._folders.values():
            os.close(descriptor)
        self._folders = {}
        if getattr(self, "_own", None) is not None:
            os.close(self._own)
            self._own = None
        self._last = None

    @property
    def is_live(self):
        """Whether this is the root of the running system."""
        return os.path.samestat(os.fstat(self._own), os.stat("/"))

    # -- following paths -------------------------------------------------------------------------

    def locate(self, path, follow=True):
        """The :class:`Place` that *path* (relative to the root) leads to; what is there need not
        exist, the folders on the way must. *follow*: follow a link at the end of the path too.
        Raises OSError, :class:`OutsideError` among them."""
        if path.startswith("/"):
            path = self._inside(path)
        pending = _parts(path)[::-1]
        names, links = [], 0
        while pending:
            name = pending.pop()
            if name == "..":
                if not names:
                    raise OutsideError()
                names.pop()
                continue
            is_last = not pending
            if not is_last and "/".join(names + [name]) in self._folders:
                names.append(name)  # That folder is open: it was no link, and this is still it.
                continue
            folder = self._open_folder(names)
            target = self._link(name, folder) if follow or not is_last else None
            if target is None:
                names.append(name)
                if is_last:
                    return Place(folder, name, "/".join(names))
                continue
            links += 1
            if links > _MAX_LINKS:
                raise OSError(ELOOP, os.strerror(ELOOP))
            if target.startswith("/"):
                target, names = self._inside(target), []
            pending += _parts(target)[::-1]
        return Place(self._open_folder(names), "", "/".join(names))

    def _inside(self, target):
        """What follows the root in an absolute path."""
        prefix = self._real.rstrip("/") + "/"
        if not (target + "/").startswith(prefix):
            raise OutsideError()
        return target[len(prefix):]

    def _link(self, name, folder):
        """What a link says; None for anything else, and for what is not there."""
        try:
            if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                return os.readlink(name, dir_fd=folder)
        except FileNotFoundError:
            pass
        return None

    def _open_folder(self, names):
        """The descriptor of the folder at *names*, none of them a link."""
        known, descriptor = len(names), None
        while known and descriptor is None:
            descriptor = self._folders.get("/".join(names[:known]))
            known -= descriptor is None
        descriptor = self._own if descriptor is None else descriptor
        for number in range(known, len(names)):
            if len(self._folders) >= _MAX_OPEN:
                self._close_all_but(descriptor)
            descriptor = os.open(names[number], _FOLDER, dir_fd=descriptor)
            self._folders["/".join(names[:number + 1])] = descriptor
        return descriptor

    def hold(self, place):
        """A function that gives the descriptor of a place's folder at any later time. Where too many
        were open meanwhile it is opened again: OSError if another folder is there by then."""
        names, known = place.path.split("/")[:-1], os.fstat(place.folder)
        held = [place.folder, self._closings]

        def folder():
            if held[1] != self._closings:
                held[0] = self._open_folder(names)
                held[1] = self._closings
                if not os.path.samestat(os.fstat(held[0]), known):
                    held[1] = -1
                    raise OSError("its folder was taken away or replaced meanwhile: left alone")
            return held[0]

        return folder

    def _close_all_but(self, kept):
        self._closings += 1
        for path, descriptor in list(self._folders.items()):
            if descriptor != kept:
                os.close(self._folders.pop(path))

    def forget(self):
        """Look for all folders anew: one of them has been taken away."""
        self._last = None
        self._close_all_but(None)

    # -- reading -----------------------------------------------------------------------------------

    def open_place(self, place, limit=MAX_SIZE, status=None):
        """A descriptor, for reading, of the regular file at a :class:`Place`. OSError, with a plain
        message, for anything else, and for one of more bytes than *limit*. *status*: that of the
        place, where it has just been asked for."""
        if not place.name:
            raise IsADirectoryError("a directory, not a file")
        # Should a FIFO have taken the file's place, opening it must not block; a device must not
        # even be opened.
        _require_file(status or place.status(), limit)
        descriptor = os.open(place.name, _FILE, dir_fd=place.folder)
        try:
            _require_file(os.fstat(descriptor), limit)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def read(self, path, limit=MAX_SIZE):
        """The bytes of the file that *path* leads to, of no more than *limit*. Raises OSError."""
        try:
            place, status = self.locate_file(path)
            descriptor = self.open_place(place, limit, status)
        except FileNotFoundError:
            if self.exists(path):
                raise OSError("a link to a file that is not there") from None
            raise
        try:
            return read_all(descriptor, limit)
        finally:
            os.close(descriptor)

    def locate_file(self, path):
        """The :class:`Place` that *path* leads to, and its status if that is known. Files are read a
        folder at a time: the way to the last one is not followed again."""
        above, _, name = path.rpartition("/")
        if name in ("", ".", "..") or path.startswith("/"):
            return self.locate(path), None
        if self._last is None or self._last[0] != above or self._last[3] != self._closings:
            self._last = None
            real = self.locate(above).path
            self._last = above, self._open_folder(_parts(real)), real, self._closings
        _, folder, real, _ = self._last
        place = Place(folder, name, real + "/" + name if real else name)
        status = place.status()
        return (self.locate(path), None) if stat.S_ISLNK(status.st_mode) else (place, status)

    def listdir(self, path):
        """The sorted names in the folder that *path* leads to. Raises OSError."""
        descriptor = open_folder(self.locate(path))
        try:
            return sorted(os.listdir(descriptor))
        finally:
            os.close(descriptor)

    def folders(self, path):
        """The sorted names of the directories (links are none) in the folder that *path* leads to.
        Raises OSError."""
        descriptor = open_folder(self.locate(path))
        try:
            with os.scandir(descriptor) as entries:
                return sorted(entry.name for entry in entries
                              if entry.is_dir(follow_symlinks=False))
        finally:
            os.close(descriptor)

    def has_links(self, path):
        """Whether symbolic links are in the folder that *path* leads to. Raises OSError."""
        descriptor = open_folder(self.locate(path))
        try:
            with os.scandir(descriptor) as entries:
                return any(entry.is_symlink() for entry in entries)
        finally:
            os.close(descriptor)

    def free(self):
        """The bytes that are free on the file system of the root itself. Raises OSError."""
        status = os.fstatvfs(self._own)
        return status.f_bavail * status.f_frsize

    def exists(self, path):
        """Whether there is anything at *path*, dangling links included."""
        try:
            self.locate(path, follow=False).status()
        except (OSError, ValueError):
            return False
        return True

    def is_directory(self, path):
        """Whether *path* leads to a directory."""
        try:
            return stat.S_ISDIR(self.locate(path).status().st_mode)
        except (OSError, ValueError):
            return False

    def readlink(self, path):
        """What the link at *path* says. OSError where there is none."""
        place = self.locate(path, follow=False)
        return os.readlink(place.name, dir_fd=place.folder)


@contextmanager
def opened(root):
    """The :class:`Root` at a path, closed at the end; one that is given stays as it is."""
    if isinstance(root, Root):
        yield root
        return
    base = Root(root)
    try:
        yield base
    finally:
        base.close()


def real_path(path):
    """``os.path.realpath(path)``, also while somebody makes links on the way: it fails then."""
    try:
        return os.path.realpath(path)
    except OSError:
        return os.path.abspath(path)


def open_folder(place):
    """A descriptor of the folder at a :class:`Place`, to list and to flush. OSError for anything
    else."""
    return os.open(place.name or ".", _LISTED | os.O_NOFOLLOW, dir_fd=place.folder)


def _parts(path):
    """The names in a path. Raises OSError where it is longer than any may be."""
    if len(path) > _MAX_PATH:
        raise OSError(ENAMETOOLONG, os.strerror(ENAMETOOLONG))
    return [part for part in path.split("/") if part not in ("", ".")]


def _require_file(status, limit):
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError("a directory, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise OSError("not a regular file")
    if status.st_size > limit:
        raise OSError("larger than %d MiB, which no configuration file is" % (limit >> 20))


def read_all(descriptor, limit=MAX_SIZE):
    """The bytes of an open file. OSError where they are more than *limit*."""
    parts, size = [], 0
    while True:
        part = os.read(descriptor, 65536)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > limit:
            raise OSError("grows while it is read")
