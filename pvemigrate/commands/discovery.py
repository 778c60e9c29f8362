"""Which configuration files a run uses, and whether they may be trusted.

Nobody but the user has a say in what is found or fixed: not the tree that is judged (a copy of
somebody's node may hold a configuration file of its own), and not whoever can write to a directory
above the one that the user is in. So a file that is found, and not named, counts only where it and
its directory belong to the user, to root, or with sudo to whoever called it, where others cannot write
to them, and where it is in no tree that is judged. The running system is an exception: what root
has put below ``/`` is the administrator's.
"""

import os
import stat

from ..root import real_path
from ..settings import UsageError

__all__ = ["CONFIG", "IGNORE", "PROJECT", "Source", "find", "named", "shown", "why_not"]

#: The files, in the order in which they are looked for; PROJECT with a section of ours counts.
CONFIG, PROJECT = "pvemigrate.toml", "pyproject.toml"
#: The list of accepted findings, which lies beside them or alone.
IGNORE = "pvemigrate-ignore.toml"
#: How large they may be.
_MAX_SIZE = 16 * 1024 * 1024


class Source:
    """The directory ``folder`` and what is used there: ``config`` and ``ignore``, each a pair of a
    path and the file's bytes, or None."""

    def __init__(self, folder):
        self.folder = folder
        self.config = self.ignore = None


_JUDGED = "it lies in the tree that is judged (--config uses it)"
_NOT_OURS = "%s belongs to another user, or others can write to it"


class _Refused(Exception):
    """A file that is there and must not be used; the text says why."""


def shown(path):
    """A path as users know it: from where they are, unless it is elsewhere."""
    near = os.path.relpath(path)
    return path if near.startswith("..") else near


def named(path):
    """The :class:`Source` for a file that the user names, and what to tell the user, as :func:`find`
    gives them. Raises UsageError."""
    full = os.path.abspath(path)
    source = Source(real_path(os.path.dirname(full)))
    try:
        source.config = full, _read(full)
    except OSError as error:
        raise UsageError("--config %s: %s" % (path, error.strerror or error)) from None
    notes = []
    try:
        source.ignore = _beside(source.folder, IGNORE)
    except _Refused as error:
        notes.append(_not_used(source.folder, IGNORE, error))
    return source, notes


def find(roots):
    """The :class:`Source` for the working directory (None where there is none), and what to tell the
    user about files that are not used (list of str).

    It is the first directory with such a file, from the working directory up to the top of its
    repository, or of the file system. *roots*: the directories of the trees that are judged. Raises
    UsageError.
    """
    notes = []
    try:
        folder = os.getcwd()
    except OSError:
        return None, notes
    roots = list(map(real_path, roots))
    while True:
        present = [name for name in (CONFIG, PROJECT, IGNORE)
                   if os.path.lexists(os.path.join(folder, name))]
        if present:
            source = _source(folder, present, _is_judged(folder, roots), notes)
            if source is not None:
                return source, notes
        parent = os.path.dirname(folder)
        if (parent == folder or os.path.lexists(os.path.join(folder, ".git"))
                or not _is_trusted(os.stat(folder))):
            return None, notes
        folder = parent


def why_not(folder, roots):
    """Why a file in *folder* would not be used without being named (str), or None."""
    if _is_judged(folder, map(real_path, roots)):
        return _JUDGED
    return None if _is_trusted(os.stat(folder)) else _NOT_OURS % "its directory"


def _is_judged(folder, roots):
    return any(root != "/" and (folder + "/").startswith(root + "/") for root in roots)


def _source(folder, present, is_judged, notes):
    source = Source(folder)
    for name in present:
        if name == PROJECT and source.config:
            continue
        try:
            if is_judged and name != PROJECT:
                raise _Refused(_JUDGED)
            found = _beside(folder, name)
            if found and name == PROJECT:
                found = found if b"pvemigrate" in found[1] else None
                if found and is_judged:
                    raise _Refused(_JUDGED)
        except _Refused as error:
            if name != PROJECT or is_judged:
                notes.append(_not_used(folder, name, error))
            continue
        if name == IGNORE:
            source.ignore = found
        else:
            source.config = found
    return source if source.config or source.ignore else None


def _not_used(folder, name, why):
    return "%s is not used: %s" % (shown(os.path.join(folder, name)), why)


def _beside(folder, name):
    """The path and the bytes of a file that may be there (None where it is not) and is used without
    being named. Raises UsageError and _Refused."""
    path = os.path.join(folder, name)
    try:
        if not _is_trusted(os.stat(folder)):
            raise _Refused(_NOT_OURS % "its directory")
        return path, _read(path, _is_trusted)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError("%s: %s" % (shown(path), error.strerror or error)) from None


def _read(path, is_trusted=None):
    """The bytes of a regular file. Raises OSError, and _Refused where it is not trusted."""
    # Opening a pipe would wait for whoever writes to it.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:
        status = os.fstat(handle)
        if is_trusted is not None and not is_trusted(status):
            raise _Refused(_NOT_OURS % "it")
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not a regular file")
        data = file.read(_MAX_SIZE + 1)
        if len(data) > _MAX_SIZE:
            raise OSError("larger than %d MiB" % (_MAX_SIZE >> 20))
        return data


def _is_trusted(status):
    owners = {0, os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdigit():
        owners.add(int(os.environ["SUDO_UID"]))
    return status.st_uid in owners and not status.st_mode & stat.S_IWOTH
