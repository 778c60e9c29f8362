"""Writes changed files, each one atomically. The one place of the package that writes to disk.

Everything that changes a node's files goes through :func:`commit`.
"""

import os
import stat

from .source import Reader

__all__ = ["WriteError", "commit"]


class WriteError(OSError):
    """A file that could not be written; its text is one line for the user."""


def commit(root, changes):
    """Write *changes*, a list of (path, old bytes or None, new bytes), below *root*.

    Each file is either the old or the new one at any moment: the new text goes to a temporary file
    in the same folder, is flushed to disk, and takes the old file's name. Before that the old
    file's contents are compared with what was read, so an edit made meanwhile is not lost. Mode and
    owner are kept where the file system allows. Returns a list of (path, message) for the files
    that could not be written; the others are written.
    """
    errors = []
    for path, old, new in changes:
        try:
            _write(root, path, old, new)
        except WriteError as error:
            errors.append((path, str(error)))
        except OSError as error:
            errors.append((path, error.strerror or str(error)))
    return errors


def _write(root, path, old, new):
    if old is None:
        target = _new_target(root, path)
        status = None
    else:
        target = Reader(root).real(path)
        status = os.stat(target)
        if status.st_nlink > 1:
            raise WriteError("has other hard links, which a rewrite would cut off; left alone")
    temporary = _temporary_name(root, target)
    try:
        _create(temporary, new, status)
        if old is None:
            if os.path.lexists(target):
                raise WriteError("has appeared since it was read; left alone")
        else:
            with open(target, "rb") as file:
                if file.read() != old:
                    raise WriteError("was changed by somebody else since it was read; left alone")
        os.replace(temporary, target)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise
    _sync_folder(os.path.dirname(target))


def _new_target(root, path):
    real_root = os.path.realpath(root)
    target = os.path.join(real_root, path)
    folder = os.path.realpath(os.path.dirname(target))
    if not (folder + "/").startswith(real_root.rstrip("/") + "/"):
        raise WriteError("a link leads out of the root")
    return os.path.join(folder, os.path.basename(target))


def _temporary_name(root, target):
    """The temporary file's name. Below etc/pve it is PVE's own pattern (pmxcfs must not take it for
    a guest); elsewhere a dot file with a suffix, which neither apt nor ``source interfaces.d/*``
    reads."""
    folder, name = os.path.split(target)
    below = "/" + os.path.relpath(target, os.path.realpath(root))
    if "/pve/" in below:
        return os.path.join(folder, "%s.tmp.%d" % (name, os.getpid()))
    return os.path.join(folder, ".%s.pvemigrate.%d.tmp" % (name, os.getpid()))


def _create(path, data, status):
    """Write a new file, flushed to disk, with mode and owner as in *status* where that is allowed
    (pmxcfs sets its own and refuses others)."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        os.unlink(path)
        descriptor = os.open(path, flags, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view):]
        for attempt in (
            lambda: status and os.fchown(descriptor, status.st_uid, status.st_gid),
            lambda: os.fchmod(descriptor, stat.S_IMODE(status.st_mode) if status else 0o644),
        ):
            try:
                attempt()
            except OSError:
                pass
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # Not every file system can flush a directory; the rename itself is done.
    finally:
        os.close(descriptor)
