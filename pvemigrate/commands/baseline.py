"""The list of accepted findings, ``pvemigrate-ignore.toml``."""

import os
import stat

from ..acceptance import Accepted, plain
from ..settings import UsageError
from .config import load_toml
from .discovery import IGNORE, shown

__all__ = ["Baseline"]

_HEAD = """\
# Findings that are accepted: pvemigrate neither reports nor fixes them.
# `pvemigrate check --generate-ignore` writes this file anew. A reason = "..." that somebody adds to an
# entry is kept.

version = 1
"""
#: The keys of an entry, all texts, and whether they must be there.
_KEYS = {"root": True, "path": True, "code": True, "message": True, "place": False, "reason": False}


class Baseline:
    """Accepted findings by the tree that they are in.

    ``name``: the file as users know it. *data*: its bytes, None for one that is not there yet. Raises
    UsageError.
    """

    def __init__(self, folder, data=None):
        self._folder = folder
        self.path = os.path.join(folder, IGNORE)
        self.name = shown(self.path)
        self._roots = {}
        if data is not None:
            self._read(load_toml(self.path, data))

    def _read(self, document):
        unknown = set(document) - {"version", "accepted"}
        if unknown:
            raise UsageError("%s: unknown key %s" % (self.name, sorted(unknown)[0]))
        if document.get("version") != 1:
            raise UsageError("%s: version = 1 is wanted" % self.name)
        entries = document.get("accepted", [])
        if not isinstance(entries, list):
            raise UsageError("%s: accepted: [[accepted]] is wanted" % self.name)
        for number, entry in enumerate(entries, 1):
            where = "%s: accepted, entry %d: " % (self.name, number)
            if not isinstance(entry, dict):
                raise UsageError(where + "a table is wanted")
            for key in entry:
                if key not in _KEYS:
                    raise UsageError(where + "unknown key %s" % key)
            for key, is_needed in _KEYS.items():
                if not isinstance(entry.get(key, None if is_needed else ""), str):
                    raise UsageError(where + "%s: a text is wanted" % key)
            root = os.path.normpath(os.path.join(self._folder, entry["root"]))
            self._roots.setdefault(root, []).append(Accepted(
                entry["path"], entry["code"], entry["message"], entry.get("place", ""),
                entry.get("reason")))

    def entries(self, root):
        """The accepted findings in the tree at *root*, a directory without links (list of
        :class:`~pvemigrate.acceptance.Accepted`)."""
        return self._roots.get(plain(root), [])

    def replace(self, root, entries):
        """Have these be the entries of the tree at *root*."""
        self._roots[plain(root)] = entries

    @property
    def total(self):
        """How many entries there are."""
        return sum(map(len, self._roots.values()))

    def write(self):
        """Write the file: the old one or the new one is there at any moment. Raises OSError."""
        from tempfile import mkstemp

        parts = [_HEAD]
        for root, entries in sorted(self._roots.items()):
            inside = os.path.relpath(root, self._folder)
            name = root if inside.split("/")[0] == ".." else inside
            # The running system has no name but its own.
            name = "/" if root == "/" else name
            for entry in sorted(entries, key=lambda entry: (entry.path, entry.code, entry.message,
                                                            entry.place)):
                values = dict(root=name, path=entry.path, code=entry.code, message=entry.message,
                              place=entry.place, reason=entry.reason)
                parts.append("\n[[accepted]]\n" + "".join(
                    "%s = %s\n" % (key, _quoted(values[key])) for key in _KEYS if values[key]))
        data = "".join(parts).encode("utf-8")
        target = os.path.realpath(self.path)
        try:
            mode = stat.S_IMODE(os.stat(target).st_mode)
        except FileNotFoundError:
            mask = os.umask(0)
            os.umask(mask)
            mode = 0o644 & ~mask
        handle, temporary = mkstemp(prefix="." + IGNORE, dir=os.path.dirname(target))
        try:
            with open(handle, "wb") as file:
                os.fchmod(handle, mode)
                file.write(data)
                file.flush()
                os.fsync(handle)
            os.replace(temporary, target)
        except BaseException:
            os.unlink(temporary)
            raise


def _quoted(text):
    """A text as TOML has it."""
    return '"%s"' % "".join(
        "\\" + char if char in '"\\' else char if char.isprintable() else
        "\\u%04X" % ord(char) if ord(char) < 0x10000 else "\\U%08X" % ord(char)
        for char in plain(text))
