"""Unified diffs that ``patch -p1`` applies byte for byte. Pure: text in, text out."""

__all__ = ["unified_diff"]

_CONTEXT = 3


def _lines(text):
    lines = text.split("\n")
    last = lines.pop()
    lines = [line + "\n" for line in lines]
    if last:
        lines.append(last)
    return lines


def _name(prefix, path):
    """A file name as patch reads it: quoted like C where it holds odd characters, and set off by a
    tab where it holds blanks."""
    name = prefix + path
    if any(ord(char) < 32 or ord(char) > 126 or char in '"\\' for char in name):
        data = name.encode("utf-8", "surrogateescape")
        return '"%s"' % "".join(_quoted(byte) for byte in data)
    return name + "\t" if " " in name else name


def _quoted(byte):
    if byte < 32 or byte > 126:
        return "\\%03o" % byte
    return "\\" + chr(byte) if byte in b'"\\' else chr(byte)


def unified_diff(before, after, path):
    """The diff (str) from *before* to *after* (str; None for a file that is not there), with LF
    between its own lines whatever the file has. Empty where nothing differs."""
    if before == after:
        return ""
    old, new = _lines(before or ""), _lines(after or "")
    hunks = _hunks(old, new)
    out = ["--- %s\n" % ("/dev/null" if before is None else _name("a/", path)),
           "+++ %s\n" % ("/dev/null" if after is None else _name("b/", path))]
    for hunk in hunks:
        out.extend(_format(hunk, old, new))
    return "".join(out)


def _opcodes(old, new):
    """What differs, as (old start, old end, new start, new end). Equal heads and tails are cut off
    first: the comparison's cost grows faster than the file."""
    head, limit = 0, min(len(old), len(new))
    while head < limit and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < limit - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    from difflib import SequenceMatcher

    a, b = old[head:len(old) - tail], new[head:len(new) - tail]
    if not a or not b:
        return [(head, head + len(a), head, head + len(b))] if a or b else []
    return [(head + i1, head + i2, head + j1, head + j2)
            for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, False).get_opcodes()
            if tag != "equal"]


def _hunks(old, new):
    hunks = []
    for change in _opcodes(old, new):
        if hunks and change[0] - hunks[-1][-1][1] <= 2 * _CONTEXT:
            hunks[-1].append(change)
        else:
            hunks.append([change])
    return hunks


def _range(start, length):
    if length == 1:
        return str(start + 1)
    return "%d,%d" % (start + 1 if length else start, length)


def _format(hunk, old, new):
    first = max(0, hunk[0][0] - _CONTEXT)
    last = min(len(old), hunk[-1][1] + _CONTEXT)
    new_first = hunk[0][2] - (hunk[0][0] - first)
    new_last = hunk[-1][3] + (last - hunk[-1][1])
    yield "@@ -%s +%s @@\n" % (_range(first, last - first), _range(new_first, new_last - new_first))
    at = first
    for i1, i2, j1, j2 in hunk:
        yield from _prefixed(" ", old[at:i1])
        yield from _prefixed("-", old[i1:i2])
        yield from _prefixed("+", new[j1:j2])
        at = i2
    yield from _prefixed(" ", old[at:last])


def _prefixed(prefix, lines):
    for line in lines:
        if line.endswith("\n"):
            yield prefix + line
        else:
            yield prefix + line + "\n\\ No newline at end of file\n"
