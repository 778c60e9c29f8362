"""Writes the byte-code of pvemigrate.pyz: for the first run with a version of Python."""

import marshal
import os
import stat
import tempfile
import time
import zipfile
from importlib.util import MAGIC_NUMBER

from pvemigrate_cache import is_private, is_safe

__all__ = ["write"]

_TEMPORARY = ".new-"


def write(archive, folder, name):
    """Compile *archive* into the file *name* of *folder*. False where that is no place for it."""
    try:
        if not _make(folder):
            return False
        # mkstemp makes a file that is closed to others.
        descriptor, temporary = tempfile.mkstemp(prefix=_TEMPORARY, dir=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                _compile(archive, file)
                file.flush()
                os.fsync(descriptor)
            os.rename(temporary, os.path.join(folder, name))
        except BaseException:
            os.unlink(temporary)
            raise
        _sweep(folder)
    except OSError:
        return False
    return True


def _make(folder):
    """Have a private *folder*; the one around it is made too, as is usual for caches. Nothing is made
    where others could redirect it."""
    around = os.path.dirname(folder)
    if not os.path.isdir(around) and is_safe(os.path.dirname(around)):
        _make_one(around)
    if not is_safe(around):
        return False
    _make_one(folder)
    status = os.lstat(folder)
    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and status.st_mode & 0o077:
        # Opened to others by mistake: closed again, and the file that is wanted is written anew.
        os.chmod(folder, 0o700)
    return is_private(folder)


def _make_one(folder):
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass


def _compile(archive, target):
    """Write all of *archive* to *target*, a file, compiled where it is a module."""
    # No flags, and no time or size of a source to compare with.
    header = MAGIC_NUMBER + bytes(12)
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w") as result:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith(".py"):
                code = compile(data, os.path.join(os.path.basename(archive), name), "exec",
                               dont_inherit=True)
                name, data = name + "c", header + marshal.dumps(code)
            result.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)


def _sweep(folder):
    """Remove what runs left that were killed while they wrote."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name.startswith(_TEMPORARY) and os.lstat(path).st_mtime < time.time() - 86400:
            os.unlink(path)
