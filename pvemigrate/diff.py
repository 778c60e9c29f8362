"""Unified diffs that ``patch -p1`` applies byte for byte. Pure: text in, text out.

Which lines have changed is known from the edits (:func:`line_changes`, and :func:`composed` for one
round of them after another). Only where nothing is known, two texts are compared.
"""

__all__ = ["CONTEXT", "composed", "hunks", "line_changes", "unified_diff"]

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


def unified_diff(before, after, path, changes=None):
    """The diff (str) from *before* to *after* (str; None for a file that is not there), with LF
    between its own lines whatever the file has. Empty where nothing differs. *changes*: as for
    :func:`hunks`."""
    if before == after:
        return ""
    old, new, found = hunks(before or "", after or "", changes)
    out = ["--- %s\n" % ("/dev/null" if before is None else _name("a/", path)),
           "+++ %s\n" % ("/dev/null" if after is None else _name("b/", path))]
    for hunk in found:
        out.extend(_format(hunk, old, new))
    return "".join(out)


def hunks(before, after, changes=None):
    """The lines of both texts (with their LF), and what differs: a list of hunks, each a list of
    (old start, old end, new start, new end) whose contexts touch.

    *changes*: in which lines the texts may differ, as :func:`composed` gives them (default: not
    known).
    """
    old, new = _lines(before), _lines(after)
    if changes is None:
        changes = [(0, len(old), 0, len(new))]
    found = _hunks([change for known in _joined(changes) for change in _changes(old, new, *known)])
    return old, new, [_shortest(hunk, old, new) for hunk in found]


def _shortest(hunk, old, new):
    """The same hunk; where lines were moved, the one that shows the fewest of them."""
    gone = {line for i, i_end, _, _ in hunk for line in old[i:i_end]}
    if len(hunk) == 1 or gone.isdisjoint(line for _, _, j, j_end in hunk for line in new[j:j_end]):
        return hunk
    return list(_changes(old, new, hunk[0][0], hunk[-1][1], hunk[0][2], hunk[-1][3]))


def _joined(changes):
    """The changes with those that touch made one: what goes is shown before what comes."""
    found = []
    for i, i_end, j, j_end in changes:
        if found and found[-1][1] == i and found[-1][3] == j:
            found[-1] = (found[-1][0], i_end, found[-1][2], j_end)
        else:
            found.append((i, i_end, j, j_end))
    return found


def line_changes(text, edits):
    """Which lines *edits* (sorted (start, end, new text) of *text*, without overlaps) replace: a list
    of (first, end, first and end in the new text), numbers of lines from 0, ends exclusive."""
    found, at, line, shift = [], 0, 0, 0
    pending = list(edits)[::-1]
    while pending:
        start, end, new = pending.pop()
        first = text.rfind("\n", 0, start) + 1
        made = text[first:start] + new
        last = _line_end(text, end, made)
        # Other edits may begin in the last line that this one touches, or go on with what it leaves
        # open at the end of the text.
        while pending and (text.rfind("\n", 0, pending[-1][0]) + 1 < last
                           or last == end == len(text) and made and not made.endswith("\n")):
            start, until, new = pending.pop()
            made += text[end:start] + new
            end = until
            last = _line_end(text, end, made)
        line += text.count("\n", at, first)
        at = first
        before, after = _count(text[first:last]), _count(made + text[end:last])
        found.append((line, line + before, line + shift, line + shift + after))
        shift += after - before
    return found


def _line_end(text, end, made):
    """Where the lines end that are replaced up to *end*, by *made* as far as that goes."""
    if (end == 0 or text[end - 1] == "\n") and (not made or made.endswith("\n")):
        return end
    return text.find("\n", end) + 1 or len(text)


def _count(text):
    """How many lines *text* has."""
    return text.count("\n") + (text != "" and not text.endswith("\n"))


def composed(first, second):
    """The changes of *first* and then *second*, as one list from the text before to that after both."""
    found, a, b = [], 0, 0
    # How far lines of the middle text are from those of the first and of the last one.
    to_old = to_new = 0
    while a < len(first) or b < len(second):
        low = min([changes[at][part] for changes, at, part in ((first, a, 2), (second, b, 0))
                   if at < len(changes)])
        high, old, new = low, to_old, to_new
        while True:
            if a < len(first) and first[a][2] <= high:
                high = max(high, first[a][3])
                to_old = first[a][1] - first[a][3]
                a += 1
            elif b < len(second) and second[b][0] <= high:
                high = max(high, second[b][1])
                to_new = second[b][3] - second[b][1]
                b += 1
            else:
                break
        found.append((low + old, high + to_old, low + new, high + to_new))
    return found


def _changes(old, new, i, i_end, j, j_end):
    """What differs between some of the lines: yields (old start, old end, new start, new end), in
    order.

    SequenceMatcher sees a window at a time: over a whole file of lines that repeat, its cost grows
    with the cube of their number.
    """
    # What is the same at the end need not be looked at, and no window must cut through it.
    while i < i_end and j < j_end and old[i_end - 1] == new[j_end - 1]:
        i_end, j_end = i_end - 1, j_end - 1
    while i < i_end and j < j_end and old[i] == new[j]:
        i, j = i + 1, j + 1
    if set(old[i:i_end]).isdisjoint(new[j:j_end]):
        if i < i_end or j < j_end:
            yield i, i_end, j, j_end
        return
    from difflib import SequenceMatcher

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


def _hunks(changes):
    hunks = []
    for change in changes:
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
