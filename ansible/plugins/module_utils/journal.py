# Copyright: the pvemigrate authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal that pvemigrate keeps below a root: which runs there are, and what they changed. It is
only read here. pvemigrate's docs/writing.md describes it."""

from __future__ import annotations

import json
import os

__all__ = ["Journal", "read", "shown"]

_RUNS = "var/lib/pvemigrate/runs"
_VERSION = 1


def read(root, path):
    """The bytes of a file below *root*; None where there is none."""
    try:
        with open(os.path.join(root, path), "rb") as file:
            return file.read()
    except OSError:
        return None


def shown(path, before, after):
    """A change of a file (bytes, None for no file) as Ansible shows it."""
    return {
        "before_header": path if before is not None else "/dev/null",
        "after_header": path if after is not None else "/dev/null",
        "before": _text(before),
        "after": _text(after),
    }


def _text(data):
    return (data or b"").decode("utf-8", "backslashreplace")


class Journal:
    """The journal as it is now. ``marks``: run -> what its folder holds; two of them that differ say
    that something was done."""

    def __init__(self, root):
        self._root = root
        self.marks = {}
        folder = os.path.join(root, _RUNS)
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            names = []
        for name in names:
            try:
                self.marks[name] = frozenset(os.listdir(os.path.join(folder, name)))
            except OSError:
                continue

    def stands(self, run):
        """Whether a run has been done, is none that takes back another, and has not been taken back
        itself."""
        return self._is_done(run) and not self._undoes(run) and self.taken_back_by(run) is None

    def taken_back_by(self, run):
        """The run that has taken back *run*, or None."""
        for other in self.marks:
            if self._is_done(other) and self._undoes(other) == run:
                return other
        return None

    def _is_done(self, run):
        return {"journal", "done"} <= self.marks.get(run, frozenset())

    def _undoes(self, run):
        return self._document(run).get("undoes")

    def _document(self, run):
        data = read(self._root, "%s/%s/journal" % (_RUNS, run))
        try:
            document = json.loads((data or b"{}").decode("ascii"))
        except ValueError:
            return {}
        return document if document.get("version") == _VERSION else {}

    def files(self, run):
        """The files of a run, by path: a list of (path, way to it below the root, bytes before it or
        None)."""
        return sorted((record["path"], record["real"],
                       None if record["old"] is None
                       else read(self._root, "%s/%s/old-%d" % (_RUNS, run, number)))
                      for number, record in enumerate(self._document(run).get("files", ())))

    def diff(self, run):
        """What a run that was just made has changed, as Ansible shows it."""
        return [shown(path, before, read(self._root, real)) for path, real, before in self.files(run)]

    def diff_back(self, run):
        """What taking a run back changes, as Ansible shows it."""
        return [shown(path, read(self._root, real), before) for path, real, before in self.files(run)]
