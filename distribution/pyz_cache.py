"""The byte-code of pvemigrate.pyz, kept between runs.

It is one archive of compiled modules for each version of pvemigrate and of Python, so that there is
never half of one: written under another name, to disk, and then named. Whoever could write to it could
have root run anything, so it is used only where nobody else can: it and its folder belong to the user
who runs this and are closed to all others, and each folder on the way belongs to that user or to root
and cannot be changed by others. Where there is no such place, pvemigrate runs from the archive itself,
only slower. Temporary folders that all users share are never looked into.
"""

import os
import stat
import sys
from zipimport import zipimporter

__all__ = ["byte_code"]


def byte_code(archive, digest):
    """The path of an archive of byte-code for *archive*, made if need be; None where there is no safe
    place for one."""
    from importlib.util import MAGIC_NUMBER

    name = "%s-%s-%d.zip" % (
        digest, sys.implementation.cache_tag, int.from_bytes(MAGIC_NUMBER[:2], "little"))
    for folder in _folders():
        path = os.path.join(folder, name)
        if is_private(folder) and is_ours(path, stat.S_ISREG):
            try:
                zipimporter(path)
            except ImportError:
                continue  # damaged
            return path
    from pvemigrate_compile import write

    for folder in _folders():
        if write(archive, folder, name):
            return os.path.join(folder, name)
    return None


def _folders():
    """Where byte-code may lie, best first. The home of the user who runs this comes too: with some
    settings of sudo and su, HOME is still somebody else's."""
    own = os.environ.get("PVEMIGRATE_CACHE")
    if own is not None:
        places = [own]
    else:
        places = [os.path.join(os.environ.get(name) or "", *rest, "pvemigrate")
                  for name, *rest in (("XDG_CACHE_HOME",), ("HOME", ".cache"))]
    for place in places:
        if os.path.isabs(place):
            yield os.path.realpath(place)
    if own is None:
        try:
            from pwd import getpwuid
            yield os.path.realpath(os.path.join(getpwuid(os.geteuid()).pw_dir, ".cache/pvemigrate"))
        except (ImportError, KeyError):
            pass


def is_ours(path, is_kind):
    """Whether *path* is of that kind, belongs to this user and is closed to all others."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return is_kind(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def is_private(folder):
    """Whether nobody else can look into *folder* or put another in its place."""
    return is_ours(folder, stat.S_ISDIR) and is_safe(os.path.dirname(folder))


def is_safe(folder):
    """Whether nobody else can change *folder* (a path without links), or put another in its place. In a
    folder with the sticky bit, others cannot rename what is not theirs. OSError where it is missing."""
    while True:
        status = os.lstat(folder)
        if status.st_uid not in (0, os.geteuid()):
            return False
        if status.st_mode & 0o022 and not status.st_mode & stat.S_ISVTX:
            return False
        if folder == os.path.dirname(folder):
            return True
        folder = os.path.dirname(folder)
