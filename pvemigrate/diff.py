"""Unified diffs that ``patch -p1`` applies byte for byte. Pure: text in, text out."""

__all__ = ["CONTEXT", "hunks", "unified_diff"]

#: How many unchanged lines are shown around a change.
CONTEXT = 3
#: How many lines are compared with one another at once; no fix changes so many in a row.
_WINDOW = 128


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
    old, new, found = hunks(before or "", after or "")
    out = ["--- %s\n" % ("/dev/null" if before is None else _name("a/", path)),
           "+++ %s\n" % ("/dev/null" if after is None else _name("b/", path))]
    for hunk in found:
        out.extend(_format(hunk, old, new))
    return "".join(out)


def hunks(before, after):
    """The lines of both texts (with their LF), and what differs: a list of hunks, each a list of
    (old start, old end, new start, new end) whose contexts touch."""
    old, new = _lines(before), _lines(after)
    return old, new, _hunks(old, new)


def _changes(old, new):
    """What differs: yields (old start, old end, new start, new end), in order.

    SequenceMatcher sees a window at a time: over a whole file of lines that repeat, its cost grows
    with the cube of their number.
    """
    from difflib import SequenceMatcher

    # What is the same at the end need not be looked at, and no window must cut through it.
    tail, limit = 0, min(len(old), len(new))
    while tail < limit and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    i, i_end, j, j_end = 0, len(old) - tail, 0, len(new) - tail
    while i < i_end or j < j_end:
        if i < i_end and j < j_end and old[i] == new[j]:
            i, j = i + 1, j + 1
            continue
        a, b = old[i:min(i + _WINDOW, i_end)], new[j:min(j + _WINDOW, j_end)]
        codes = SequenceMatcher(None, a, b, False).get_opcodes() if a and b else [
            ("replace", 0, len(a), 0, len(b))]
        if i + len(a) < i_end or j + len(b) < j_end:
            # What follows the last equal lines may go on behind the window.
            equal = [at for at, code in enumerate(codes) if code[0] == "equal"]
            codes = codes[:equal[-1] + 1] if equal else codes
        for tag, i1, i2, j1, j2 in codes:
            if tag != "equal":
                yield i + i1, i + i2, j + j1, j + j2
        i, j = i + codes[-1][2], j + codes[-1][4]


def _hunks(old, new):
    hunks = []
    for change in _changes(old, new):
        if hunks and change[0] - hunks[-1][-1][1] <= 2 * CONTEXT:
            hunks[-1].append(change)
        else:
            hunks.append([change])
    return hunks


def _range(start, length):
    if length == 1:
        return str(start + 1)
    return "%d,%d" % (start + 1 if length else start, length)


def _format(hunk, old, new):
    first = max(0, hunk[0][0] - CONTEXT)
    last = min(len(old), hunk[-1][1] + CONTEXT)
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
