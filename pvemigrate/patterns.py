"""Regular expressions as trees: read, made smaller, written again. Only the compiler uses this.

A tree matches what its simplified form matches, at the same places and with the same groups; one
exception is said at :func:`_optional`. Each rewrite gives its reason. The tests run the expressions
of all grammars as they stand and simplified over the same texts.

Trees are tuples, so that equal ones compare equal:

========================================  =====================================================
``("set", ranges)``                       one character of these ranges of code points
``("cat", nodes)``                        one after the other; of none: the empty text
``("alt", nodes)``                        the first that fits; of none: never matches
``("rep", least, most, greedy, node)``    repeated; *most* may be None
``("look", ahead, wanted, node)``         whether the node matches there, or behind
``("group", node)``                       a group; its place gives its number
========================================  =====================================================
"""

from itertools import combinations

__all__ = ["EMPTY", "END", "PatternError", "alt", "beginning", "cat", "group", "groups", "is_dead",
           "one_line", "read", "rep", "simplified", "without", "written"]

EMPTY = ("cat", ())
NEVER = ("alt", ())

EVERY = ((0, 0x10ffff),)
#: The end of the text, where the characters that may come next are listed.
END = ((0x110000, 0x110000),)


class PatternError(ValueError):
    """A regular expression holds something that these trees do not know."""


# -- sets of characters ------------------------------------------------------------------------------


def _union(*sets):
    """Ranges (sorted, apart from each other) of the characters in any of *sets*."""
    joined = []
    for low, high in sorted(pair for ranges in sets for pair in ranges):
        if joined and low <= joined[-1][1] + 1 and low != END[0][0]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def _without(ranges, others):
    """Ranges of the characters of *ranges* that are not in *others*."""
    left = list(ranges)
    for low, high in others:
        left = [part for start, end in left
                for part in ((start, min(end, low - 1)), (max(start, high + 1), end))
                if part[0] <= part[1]]
    return tuple(sorted(set(left)))


def _disjoint(ranges, others):
    return all(top < low or high < bottom for bottom, top in ranges for low, high in others)


def _characters(text):
    return _union([(ord(character), ord(character)) for character in text])


def _is_set(node):
    return node[0] == "set"


def _only(node):
    """The character of a set that has but one, else None."""
    if _is_set(node) and len(node[1]) == 1 and node[1][0][0] == node[1][0][1]:
        return chr(node[1][0][0])
    return None


# -- reading -----------------------------------------------------------------------------------------


def read(pattern):
    """The tree of the regular expression *pattern* (str)."""
    try:
        from re import _parser as sre_parse  # Python 3.11 and later
    except ImportError:
        import sre_parse

    return _tree(sre_parse.parse(pattern), sre_parse.MAXREPEAT)


def _tree(parsed, unlimited):
    parts = []
    for operator, argument in parsed:
        name = str(operator)
        if name == "LITERAL":
            parts.append(("set", ((argument, argument),)))
        elif name == "NOT_LITERAL":
            parts.append(("set", _without(EVERY, ((argument, argument),))))
        elif name == "IN":
            parts.append(("set", _character_class(argument)))
        elif name == "BRANCH":
            parts.append(alt([_tree(branch, unlimited) for branch in argument[1]]))
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, item = argument
            parts.append(rep(least, None if most == unlimited else most, name == "MAX_REPEAT",
                             _tree(item, unlimited)))
        elif name == "SUBPATTERN" and not (argument[1] or argument[2]):
            item = _tree(argument[3], unlimited)
            parts.append(item if argument[0] is None else group(item))
        elif name in ("ASSERT", "ASSERT_NOT"):
            parts.append(_look(argument[0] > 0, name == "ASSERT", _tree(argument[1], unlimited)))
        elif name == "FAILURE":  # (?!), since Python 3.13
            parts.append(NEVER)
        else:
            raise PatternError("%s in a regular expression: %r" % (name, argument))
    return cat(parts)


def _character_class(items):
    ranges, negated, categories = [], False, set()
    for operator, argument in items:
        name = str(operator)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            ranges.append((argument, argument))
        elif name == "RANGE":
            ranges.append(tuple(argument))
        else:
            categories.add(str(argument))
    if categories == {"CATEGORY_SPACE", "CATEGORY_NOT_SPACE"}:  # [\s\S]
        ranges = EVERY
    elif categories:
        raise PatternError("a class of Unicode's: " + ", ".join(sorted(categories)))
    return _without(EVERY, _union(ranges)) if negated else _union(ranges)


# -- building ----------------------------------------------------------------------------------------


def groups(node):
    """How many groups *node* holds."""
    if _is_set(node):
        return 0
    if node[0] in ("cat", "alt"):
        return sum(map(groups, node[1]))
    return groups(node[-1]) + (node[0] == "group")


def is_dead(node):
    """Whether *node* never matches, as far as can be seen. (It may still hold groups, without which
    the others would have other numbers.)"""
    return (node == NEVER or node[0] == "group" and node[1] == NEVER
            or node[0] == "cat" and any(map(is_dead, node[1])))


def group(node):
    """*node* as a group."""
    return "group", (NEVER if is_dead(node) and not groups(node) else node)


def cat(parts):
    """*parts* one after the other."""
    flat = [node for part in parts for node in (part[1] if part[0] == "cat" else [part])]
    if any(map(is_dead, flat)):
        flat = [group(NEVER)] * sum(map(groups, flat)) or [NEVER]
    joined = []
    for node in flat:
        if joined and _is_set(joined[-1]) and node == ("rep", 0, None, True, joined[-1]):
            node = rep(1, None, True, joined.pop())  # xx* is x+
        joined.append(node)
    return joined[0] if len(joined) == 1 else ("cat", tuple(joined))


def alt(branches):
    """The first of *branches* that fits."""
    found = []
    for branch in branches:
        for node in branch[1] if branch[0] == "alt" else [branch]:
            if not groups(node) and (is_dead(node) or node in found):
                continue  # it cannot fit, or did not fit already
            if found and _is_set(found[-1]) and _is_set(node):
                node = ("set", _union(found.pop()[1], node[1]))
            found.append(node)
    if len(found) > 1 and found[-1] == EMPTY:
        return rep(0, 1, True, alt(found[:-1]))
    return found[0] if len(found) == 1 else ("alt", tuple(found))


def rep(least, most, greedy, node):
    """*node* repeated."""
    if node == EMPTY or (least, most) == (1, 1):
        return node
    if is_dead(node):
        return node if least else ("rep", 0, 1, True, node) if groups(node) else EMPTY
    if (least, most, greedy) == (0, 1, True):
        return _optional(node)
    return "rep", least, most, greedy, node


def _optional(node):
    """*node* or nothing. ``(?:x+)?`` is ``x*``. And ``(x+)?`` becomes ``(x*)``, ``(x)?`` becomes
    ``(x?)``: where the one has no match, the other has an empty one, and that is where ``cst.py`` takes
    an absent field to be."""
    inner = node[1] if node[0] == "group" else node
    if node[0] == "group" and _is_set(inner):
        return group(("rep", 0, 1, True, inner))
    if inner[:4] == ("rep", 1, None, True) and _first(inner[4], None) is not None:
        inner = rep(0, None, True, inner[4])
        return group(inner) if node[0] == "group" else inner
    return "rep", 0, 1, True, node


def _look(ahead, wanted, node):
    if node == EMPTY or is_dead(node):
        return EMPTY if wanted == (node == EMPTY) else NEVER
    return "look", ahead, wanted, node


# -- what comes next ---------------------------------------------------------------------------------


def _first(node, after):
    """The characters (ranges, END among them) one of which comes next wherever *node* and what
    follows it match; None if that is not known. *after*: the same of what follows."""
    kind = node[0]
    if kind == "set":
        return node[1]
    if kind == "cat":
        for part in reversed(node[1]):
            after = _first(part, after)
        return after
    if kind == "alt":
        found = [_first(branch, after) for branch in node[1]]
        return None if None in found else _union(*found)
    if kind == "group":
        return _first(node[1], after)
    if kind == "rep":
        found = _first(node[4], after if node[2] == 1 else None)
        if node[1]:
            return found
        return None if None in (found, after) else _union(found, after)
    _, ahead, wanted, item = node
    found = _first(item, None) if ahead and wanted else None
    if None in (found, after):
        return after if found is None else found
    return _without(found, _without(found, after))


def beginning(node):
    """The character that all texts begin with that *node* matches; empty where it is not one."""
    found = _first(node, None)
    return chr(found[0][0]) if found and len(found) == 1 and found[0][0] == found[0][1] else ""


def _one_way(node, after):
    """Whether *node*, in any text, has but one length that one of the characters *after* can
    follow. Then it does not matter in which order its ways are tried."""
    kind = node[0]
    if kind in ("set", "look"):
        return True
    if after is None:
        return False
    if kind == "cat":
        for part in reversed(node[1]):
            if after is None or not _one_way(part, after):
                return False
            after = _first(part, after)
        return True
    if kind == "rep":
        begin = _first(node[4], None)
        return (begin is not None and _disjoint(begin, after)
                and _one_way(node[4], after if node[2] == 1 else _union(begin, after)))
    if kind == "alt":
        begins = [_first(branch, after) for branch in node[1]]
        return (None not in begins and all(_one_way(branch, after) for branch in node[1])
                and all(_disjoint(*two) for two in combinations(begins, 2)))
    return False


def _is_sure(look, after):
    """Whether *look* finds what it wants wherever one of the characters *after* comes next."""
    _, ahead, wanted, node = look
    if not ahead or after is None:
        return False
    if wanted:
        choices = node[1] if node[0] == "alt" else [node]
        left = _without(after, END) if _fits_end(node) else after
        return any(_is_set(choice) and not _without(left, choice[1]) for choice in choices)
    begin = _first(node, None)
    return begin is not None and _disjoint(begin, after)


def _fits_end(node):
    """Whether *node* is known to match at the end of the text."""
    kind = node[0]
    if kind == "cat":
        return all(map(_fits_end, node[1]))
    if kind == "alt":
        return any(map(_fits_end, node[1]))
    if kind == "rep":
        return node[1] == 0 or _fits_end(node[4])
    return kind == "look" and node[1] and not node[2] and _first(node[3], None) is not None


# -- making it smaller -------------------------------------------------------------------------------


def simplified(node, rare=(), after=None):
    """A smaller tree that matches the same, in the same way, in every text that holds none of
    *rare* (characters and words). *after*: the characters that come next, where that is known."""
    node = without(node, rare)
    before = None
    while node != before:
        before, node = node, _smaller(node, after)
    return node


def without(node, rare):
    """*node* without what matches only where one of *rare* is."""
    kind = node[0]
    if kind == "set":
        characters = _characters([word for word in rare if len(word) == 1])
        if node[1] and node[1][-1][1] == EVERY[0][1]:
            # [^ab]: of what is not there it need not be said that it must not be there.
            return "set", _union(node[1], characters)
        left = _without(node[1], characters)
        return ("set", left) if left else NEVER
    if kind == "cat":
        spelled = "".join([_only(part) or "\n\n" for part in node[1]])
        missing = [NEVER for word in rare if len(word) > 1 and word in spelled]
        return cat(missing + [without(part, rare) for part in node[1]])
    if kind == "alt":
        return alt([without(branch, rare) for branch in node[1]])
    if kind == "group":
        return group(without(node[1], rare))
    if kind == "rep":
        return rep(node[1], node[2], node[3], without(node[4], rare))
    return _look(node[1], node[2], without(node[3], rare))


def _smaller(node, after):
    kind = node[0]
    if kind == "cat":
        parts, follows = [], [after]
        for part in reversed(node[1]):
            part = _smaller(part, follows[-1])
            if parts and _joined(part, parts[-1]):
                part = _joined(part, parts.pop())
                follows.pop()
            parts.append(part)
            follows.append(_first(part, follows[-1]))
        return cat(parts[::-1])
    if kind == "alt":
        return _factored([_smaller(branch, after) for branch in node[1]], after)
    if kind == "group":
        return group(_smaller(node[1], after))
    if kind == "rep":
        begin = after if node[2] == 1 else _first(node[4], None)
        again = None if None in (begin, after) else _union(begin, after)
        node = rep(node[1], node[2], node[3], _smaller(node[4], again))
        return _in_runs(node, after)
    if kind == "look":
        return EMPTY if _is_sure(node, after) else _look(node[1], node[2], _smaller(node[3], None))
    return node


def _factored(branches, after):
    """Alternatives side by side that begin alike, ``ab|ac``, as ``a(?:b|c)``: the same if *a* can be
    matched in one way only. (Else all its ways are tried for *b* before any is for *c*.)"""
    found = []
    for branch in branches:
        head, *tail = branch[1] if branch[0] == "cat" and branch[1] else [branch]
        if found and found[-1][0] == head and not groups(head) and head != EMPTY:
            tails = found[-1][1] + [cat(tail)]
            nexts = [_first(rest, after) for rest in tails]
            if _one_way(head, None if None in nexts else _union(*nexts)):
                found[-1] = head, tails
                continue
        found.append((head, [cat(tail)]))
    return alt([cat([head, alt(tails)]) for head, tails in found])


def _in_runs(node, after):
    """Repeated alternatives, ``(?:s|x)*``, as ``s*(?:xs*)*``: the same if *x* does not begin as *s*
    does. Once or more is the same, if something of it comes next and is not what may follow."""
    if node[:4] not in (("rep", 0, None, True), ("rep", 1, None, True)) or node[4][0] != "alt":
        return node
    single = _union(*[branch[1] for branch in node[4][1] if _is_set(branch)])
    others = [branch for branch in node[4][1] if not _is_set(branch)]
    begin = [_first(branch, None) for branch in others]
    if not single or None in begin or groups(node) or not _disjoint(single, _union(*begin)):
        return node
    run = rep(0, None, True, ("set", single))
    runs = [run, rep(0, None, True, cat([alt(others), run]))]
    if node[1] == 0:
        return cat(runs)
    begin = _union(single, *begin)
    if after is None or not _disjoint(begin, after):
        return cat([node[4]] + runs)
    return cat([_look(True, True, ("set", begin))] + runs)


def _joined(node, other):
    """One node for two neighbours, or None."""
    word = _repeated(node, 1)
    if word and other[:4] == ("rep", 0, None, True) and other[4][0] == "cat" and other[4][1][1:] == (node,):
        # Words and gaps, n+(?:b+n+)*, are n(?:[nb]*n)?: both end in any n, the last one first.
        gap = _repeated(other[4][1][0], 1)
        if gap and _disjoint(gap[1], word[1]):
            return cat([word, rep(0, 1, True, cat([_any_of(word, gap), word]))])
    if _repeated(other, 0) and node[:4] == ("rep", 0, 1, True) and node[4][0] == "cat":
        # (?:[nb]*n)?b* is [nb]*: both try all lengths, the longest first.
        if len(node[4][1]) == 2:
            first, second = node[4][1]
            if _is_set(second) and first == _any_of(second, other[4]):
                return first
            # And (?:n(?:[nb]*n)?)?b* is n[nb]*|b*, if n is none of b.
            both = _is_set(first) and _joined(second, other)
            if both and _disjoint(first[1], other[4][1]) and both == _any_of(first, other[4]):
                return alt([cat([first, both]), other])
        # So (?:b+n(?:[nb]*n)?)?b* is (?:b[nb]*)?, if n is none of b.
        if len(node[4][1]) == 3:
            gap, word, rest = node[4][1]
            both = _is_set(word) and _joined(rest, other)
            if (both and gap == rep(1, None, True, other[4]) and _disjoint(word[1], other[4][1])
                    and both == _any_of(word, other[4])):
                return rep(0, 1, True, cat([other[4], both]))
    if other[0] == "alt" and node[:4] == ("rep", 0, 1, True) and node[4][0] == "cat":
        # And then (?:b+(?=n))?(?:n[nb]*|b*) is [nb]*.
        gap, *look = node[4][1]
        blank = _repeated(gap, 1)
        if blank and len(look) == 1 and look[0][:3] == ("look", True, True) and _is_set(look[0][3]):
            word = look[0][3]
            both = _any_of(word, blank)
            if _disjoint(word[1], blank[1]) and (
                    other == alt([cat([word, both]), rep(0, None, True, blank)])):
                return both
    if _repeated(node, 1) and other[:4] == ("rep", 0, 1, True) and other[4][0] == "cat":
        # n+(?:b[nb]*)? is n[nb]*, for the same reason.
        gap, *rest = other[4][1]
        word = node[4]
        if _is_set(gap) and rest == [_any_of(word, gap)] and _disjoint(gap[1], word[1]):
            return cat([word] + rest)
    return None


def _repeated(node, least):
    """The set that *node* repeats, *least* times or more; None if it is something else."""
    return node[4] if node[:4] == ("rep", least, None, True) and _is_set(node[4]) else None


def _any_of(*sets):
    return rep(0, None, True, ("set", _union(*[node[1] for node in sets])))


def one_line(node):
    """Whether *node* matches LF at its end and nowhere before."""
    parts = node[1] if node[0] == "cat" else (node,)
    return bool(parts) and _only(parts[-1]) == "\n" and not any(map(_takes_newline, parts[:-1]))


def _takes_newline(node):
    if _is_set(node):
        return not _disjoint(node[1], _characters("\n"))
    if node[0] in ("cat", "alt"):
        return any(map(_takes_newline, node[1]))
    return node[0] != "look" and _takes_newline(node[-1])


# -- writing -----------------------------------------------------------------------------------------

#: All characters but ASCII's blanks: sre is quicker with this than with any other way to say it.
_NO_BLANK = r"\S"
_ALL_BUT_BLANKS = _without(EVERY, ((9, 13), (32, 32)))
#: ASCII's blanks but LF: as a list of characters sre takes twice as long to compile it.
_BLANK = r"[^\S\n]"
_BLANKS_IN_LINE = ((9, 9), (11, 13), (32, 32))

_ESCAPES = {"\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r"}


def written(node):
    """The regular expression (str) of a tree; every Python that the package runs on reads it."""
    text = _written(node)
    # ASCII's blanks alone, in all of it.
    return "(?a)" + text if _NO_BLANK in text else text


def _written(node):
    kind = node[0]
    if kind == "set":
        return _written_set(node)
    if kind == "cat":
        return "".join(["(?:%s)" % _written(part) if part[0] == "alt" and part != NEVER
                        else _written(part) for part in node[1]])
    if kind == "alt":
        return "|".join(map(_written, node[1])) or "(?!)"
    if kind == "group":
        return "(%s)" % _written(node[1])
    if kind == "look":
        _, ahead, wanted, item = node
        return "(?%s%s%s)" % ("" if ahead else "<", "=" if wanted else "!", _written(item))
    _, least, most, greedy, item = node
    text = _written(item)
    if (least, most, greedy) == (0, 1, True) and not _is_set(item):
        return "(?:%s|)" % text  # quicker than a ? in sre
    if not _is_set(item):
        text = "(?:%s)" % text
    counts = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((least, most))
    if counts is None:
        counts = "{%d}" % least if least == most else "{%d,%s}" % (least, "" if most is None else most)
    return text + counts + ("" if greedy else "?")


def _written_set(node):
    if node[1] == EVERY:
        return r"[\s\S]"
    if node[1] == _ALL_BUT_BLANKS:
        return _NO_BLANK
    if node[1] == _BLANKS_IN_LINE:
        return _BLANK
    if _only(node):
        return _written_character(node[1][0][0], "\\.^$*+?{}[]|()")
    negated = node[1][-1][1] == EVERY[0][1]
    ranges = _without(EVERY, node[1]) if negated else node[1]
    parts = []
    for low, high in ranges:
        part = _written_character(low, "\\^]-[&~|")
        if high > low:
            part += ("-" if high > low + 1 else "") + _written_character(high, "\\^]-[&~|")
        parts.append(part)
    return "[%s%s]" % ("^" if negated else "", "".join(parts))


def _written_character(code, special):
    character = chr(code)
    if character in special:
        return "\\" + character
    if " " <= character <= "~":
        return character
    return _ESCAPES.get(character) or ("\\x%02x" if code < 0x100 else "\\U%08x") % code
