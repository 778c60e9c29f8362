"""Writes changed files, each one atomically. The one place of the package that writes to disk.

Everything that changes a node's files goes through :func:`commit`.
"""

import os
import stat

from .source import Reader, read_all

__all__ = ["WriteError", "commit"]

#: How many names for a temporary file are tried where somebody else's stand in the way.
_NAMES = 20


class WriteError(OSError):
    """A file that could not be written; its text is one line for the user."""


def commit(root, changes):
    """Write *changes*, a list of (path, old bytes or None, new bytes), below *root*.

    Each file is either the old or the new one at any moment: the new text goes to a temporary file
    in the same folder, is flushed to disk, and takes the old file's name. Right before that the old
    file's contents are compared with what was read, so an edit made meanwhile is not lost. Mode and
    owner are kept where the file system allows. Returns a list of (path, message) for the files
    that could not be written; the others are written.
    """
    reader = Reader(root)
    failures = []
    for path, old, new in changes:
        try:
            _write(reader, path, old, new)
        except OSError as error:
            failures.append((path, error.strerror or str(error)))
    return failures


def _write(reader, path, old, new):
    target, status = _target(reader, path, old)
    temporary = _create_beside(target, path, new, status)
    try:
        _check_unchanged(target, old, status)
        os.replace(temporary, target)
    except BaseException:
        _unlink(temporary)
        raise
    _sync_folder(os.path.dirname(target))


def _target(reader, path, old):
    """The real path to write, links inside the root followed, and the status of what is there."""
    if old is None:
        folder, name = os.path.split(path)
        real = reader.resolve(folder)
        os.makedirs(real, exist_ok=True)
        return os.path.join(real, name), None
    target = reader.real(path)
    status = os.lstat(target)
    if status.st_nlink > 1:
        raise WriteError("has other hard links, which a rewrite would cut off: left alone")
    return target, status


def _check_unchanged(target, old, status):
    """Raise WriteError unless *target* still is the very file, with the contents, that was read."""
    if old is None:
        if os.path.lexists(target):
            raise WriteError("has appeared since it was looked for: left alone")
        return
    try:
        descriptor = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise WriteError("was taken away or replaced since it was read: left alone") from None
    try:
        now = os.fstat(descriptor)
        if not stat.S_ISREG(now.st_mode) or read_all(descriptor) != old:
            raise WriteError("was changed by somebody else since it was read: left alone")
        if now.st_nlink > status.st_nlink:
            raise WriteError("has got another hard link since it was read: left alone")
    finally:
        os.close(descriptor)


# -- the temporary file ----------------------------------------------------------------------------


def _create_beside(target, path, data, status):
    """Write *data* to a new file beside *target*, flushed to disk; its path.

    Nothing that is there already is taken away: below etc/pve, a name that PVE's own tools use may
    be theirs, on this node or another.
    """
    for attempt in range(_NAMES):
        temporary = _temporary_name(target, path, attempt)
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                                 | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            continue
        except OSError as error:
            raise WriteError("no temporary file can be made beside it: %s"
                             % (error.strerror or error)) from None
        try:
            _fill(descriptor, data, status)
        except BaseException:
            _unlink(temporary)
            raise
        return temporary
    raise WriteError("no temporary file can be made beside it: %s is there already" % temporary)


def _temporary_name(target, path, attempt):
    """The temporary file's name. Below etc/pve it is PVE's own pattern, which pmxcfs takes for no
    guest; elsewhere a dot file with a suffix, which neither apt nor ``source interfaces.d/*``
    reads."""
    folder, name = os.path.split(target)
    number = os.getpid() + attempt
    if "/etc/pve/" in target or path.startswith(("pve/", "etc/pve/")):
        return os.path.join(folder, "%s.tmp.%d" % (name, number))
    return os.path.join(folder, ".%s.pvemigrate.%d.tmp" % (name, number))


def _fill(descriptor, data, status):
    """Write and flush; mode and owner as in *status* where that is allowed. Closes *descriptor*."""
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view):]
        # pmxcfs gives each file its own mode and owner and refuses any other.
        if status is not None:
            _tolerate(os.fchown, descriptor, status.st_uid, status.st_gid)
        _tolerate(os.fchmod, descriptor, stat.S_IMODE(status.st_mode) if status else 0o644)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _tolerate(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        pass


def _unlink(path):
    try:
        os.unlink(path)
    except OSError:
        pass


def _sync_folder(folder):
    # Not every file system can flush a directory. The rename is done in any case.
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        _tolerate(os.fsync, descriptor)
    finally:
        os.close(descriptor)
