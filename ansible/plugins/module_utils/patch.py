# Copyright: the pvemigrate authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unified diffs as ``fix --diff`` prints them: what each file will be."""

from __future__ import annotations

import re

__all__ = ["parse", "patched"]

_HUNK = re.compile(br"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@\n")
_QUOTED = re.compile(br"\\([0-7]{3}|.)")


def _lines(data):
    """The lines of *data* with their LF; no other character ends a line."""
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def parse(diff):
    """The files of a diff (bytes): a list of (path, hunks), the path as str (undecodable bytes as
    surrogates). A hunk is (number of the line before its first old one; old lines; new lines). Of a
    file that is removed they are None."""
    files = []
    lines = _lines(diff)
    at = 0
    while at < len(lines):
        before, after = lines[at:at + 2]
        if not (before.startswith(b"--- ") and after.startswith(b"+++ ")):
            raise ValueError("not a diff")
        hunks = []
        files.append((_name(before) or _name(after), hunks if _name(after) else None))
        at += 2
        while at < len(lines):
            start = _HUNK.match(lines[at])
            if start is None:
                break
            at, old, new = _hunk(lines, at + 1, *[int(start.group(n) or 1) for n in (2, 3)])
            hunks.append((int(start.group(1)) - bool(old), old, new))
    return files


def _hunk(lines, at, old_length, new_length):
    """The old and the new lines of a hunk that begins at line *at*, and where it ends."""
    old, new, last = [], [], []
    while at < len(lines):
        mark, text = lines[at][:1], lines[at][1:]
        if mark == b"\\":  # "No newline at end of file"
            for side in last:
                side[-1] = side[-1][:-1]
        elif len(old) == old_length and len(new) == new_length:
            break
        else:
            last = [side for side, marks in ((old, b" -"), (new, b" +")) if mark in marks]
            for side in last:
                side.append(text)
        at += 1
    return at, old, new


def _name(line):
    """The path in a line of a diff's head; None for a file that is not there."""
    name = line[4:].rstrip(b"\n").rstrip(b"\t")
    if name == b"/dev/null":
        return None
    if name.startswith(b'"'):
        name = _QUOTED.sub(_unquoted, name[1:-1])
    return name.partition(b"/")[2].decode("utf-8", "surrogateescape")


def _unquoted(match):
    text = match.group(1)
    return bytes([int(text, 8)]) if len(text) == 3 else text


def patched(before, hunks):
    """*before* (bytes) with the hunks applied, None where they say that the file is removed.
    ValueError where it is not what the diff was made from."""
    if hunks is None:
        return None
    lines = _lines(before)
    out, done = [], 0
    for start, old, new in hunks:
        if lines[start:start + len(old)] != old:
            raise ValueError("the file has changed since the diff was made")
        out += lines[done:start] + new
        done = start + len(old)
    return b"".join(out + lines[done:])
