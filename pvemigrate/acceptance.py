"""Findings that are put aside although their rules are asked for: by the path of their file, by a
remark beside them, or by a list of accepted ones (a baseline).

What is put aside is not reported, not fixed, and stands in no phase's way, as if it had been ignored
by name. The engine has one place for that, :meth:`Sieve.keep`.
"""

import re
from bisect import bisect_left, bisect_right

from .cst import Line
from .formats import REMARK_KINDS
from .formats.remarks import remarks
from .settings import matches

__all__ = ["Accepted", "REMARK", "Sieve", "plain"]

#: A remark that is meant for this program: ``# pvemigrate: ignore[CODES]``, a reason may follow.
_OURS = re.compile("#[ \t]*pvemigrate[ \t]*:[ \t]*(.*)", re.DOTALL)
_IGNORE = re.compile(r"ignore[ \t]*\[([^\]]*)\](?:[ \t].*)?", re.DOTALL)
_CODE = re.compile("[A-Z]+[0-9]+")
#: What a file holds that has such a remark.
REMARK = b"pvemigrate"


class Accepted:
    """A finding that was accepted: its ``path`` below the root, ``code``, ``message``, and ``place``,
    a digest that tells it from others with the same message. ``reason``: why, as somebody noted it.
    Texts are as :func:`plain` gives them."""

    __slots__ = ("path", "code", "message", "place", "reason")

    def __init__(self, path, code, message, place="", reason=None):
        self.path = path
        self.code = code
        self.message = message
        self.place = place
        self.reason = reason

    @classmethod
    def of(cls, finding, outlines=None):
        """The entry that accepts *finding*. *outlines*: a dict that takes what is worked out of files,
        for more findings in the same ones."""
        return cls(plain(finding.path), finding.code, plain(finding.message),
                   _place(finding, {} if outlines is None else outlines))


def plain(text):
    """Text without lone surrogates (undecodable bytes), which a TOML file cannot hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _place(finding, outlines):
    """A digest of the line that a finding stands in, and of the headers above it; empty where it is
    about a whole file."""
    tree = finding.source
    if tree is None or finding.position.end == 0:
        return ""
    outline = outlines.get(id(tree))
    if outline is None:
        outline = outlines[id(tree)] = _Outline(tree)
    from hashlib import sha256

    text = outline.context(finding.position)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


class _Outline:
    """The lines of a tree with the headers above them."""

    def __init__(self, tree):
        # The tree is kept too, so that no other one gets its identity.
        self.tree = tree
        self._rows = _Rows(tree.code)
        self._starts, self._lines, at = [], [], 0
        waiting = [(node, "") for node in reversed(tree.body)]
        while waiting:
            node, above = waiting.pop()
            if isinstance(node, Line):
                self._starts.append(at)
                self._lines.append((above, node))
                at += len(node.code)
                continue
            below = above
            if node.header is not None:
                below += _squeezed(node.header.code) + "\n"
            waiting += [(child, above if child is node.header else below)
                        for child in reversed(node.children)]

    def context(self, position):
        """The line at a position, after the headers above it, each with its blanks made one (str)."""
        offset = self._rows.offset(position.line, position.column)
        above, line = self._lines[bisect_right(self._starts, offset) - 1]
        return above + _squeezed(line.code)


def _squeezed(text):
    return " ".join(text.split())


class _Rows:
    """Where the lines of a text begin (they end at LF only)."""

    def __init__(self, code):
        self._starts, at = [0], code.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = code.find("\n", at + 1)

    def offset(self, line, column):
        """The offset of a place, in code points."""
        return self._starts[line - 1] + column - 1

    def place(self, offset):
        """Line and column of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


class _Remark:
    """What a remark of a file puts aside: the ``codes`` that it names, those it ``used``; ``trouble``,
    why it puts nothing aside (or None)."""

    def __init__(self, path, remark):
        self.path = path
        self.line = remark.line
        self.start, self.end = remark.start, remark.end
        self.codes, self.used, self.trouble = [], set(), None
        asked = _IGNORE.fullmatch(_OURS.match(remark.text).group(1).rstrip(" \t\r"))
        if asked is None:
            self.trouble = "not understood: write it as '# pvemigrate: ignore[CODE]'"
            return
        self.codes = [code.strip(" \t").upper() for code in asked.group(1).split(",")]
        odd = [code for code in self.codes if not _CODE.fullmatch(code)]
        if odd:
            self.trouble = "not understood: %r is not the code of a rule" % odd[0]
        elif remark.is_between:
            self.trouble = "stands between two stanzas: put it into its stanza, or a blank line before it"
        elif remark.start is None:
            self.trouble = "beside nothing that it could be about"


class _Remarks:
    """The remarks of a file that are meant for this program (``all``), and what each is about."""

    def __init__(self, file):
        found = remarks(file.tree, _OURS.match) if REMARK in file.data else []
        self.file = file
        self.all = [_Remark(file.path, remark) for remark in found]
        pieces = {}
        for remark in self.all:
            if not remark.trouble:
                pieces.setdefault((remark.start, remark.end), []).append(remark)
        # Pieces lie beside one another.
        self._pieces = sorted(pieces)
        self._codes = [{code: remark for remark in reversed(pieces[piece]) for code in remark.codes}
                       for piece in self._pieces]

    def about(self, finding):
        """The remark that puts the finding aside, or None."""
        start, end = finding.position.start, finding.position.end
        number = bisect_left(self._pieces, (start + 1,)) - 1
        if end == 0 or number < 0:
            return None
        first, last = self._pieces[number]
        if start < last or start == end == last:
            return self._codes[number].get(finding.code)
        return None


class Sieve:
    """Puts findings aside, round after round of one check or fix.

    ``by_remark`` and ``by_list``: what was put aside in the files as they were (lists of Finding).
    """

    def __init__(self, settings):
        self._per_file = [(_pattern(glob), codes) for glob, codes in settings.per_file_ignores.items()]
        self._prefix = settings.path_prefix
        self._reads_remarks = settings.inline_ignores
        self._list = {}
        for entry in settings.accepted:
            self._list.setdefault((entry.path, entry.code, entry.message), []).append(entry)
        self._anchors = None
        self._remarks = {}
        self.by_remark, self.by_list = [], []
        #: Entry -> the finding that it accepts.
        self.matched = {}

    def keep(self, findings, scope):
        """Those of *findings* (in order) that are not put aside."""
        is_first = self._anchors is None
        files = scope.by_path
        if self._per_file:
            findings = [finding for finding in findings if not self._is_ignored(finding)]
        if self._reads_remarks:
            findings, ours = self._by_remark(findings, files)
            if is_first:
                self.by_remark = ours
        if is_first:
            self._anchors = []
            if self._list:
                findings = self._by_list(findings)
        elif self._anchors:
            findings = self._by_anchor(findings)
        return findings

    def moved(self, path, edits, code):
        """The file at *path*, whose text was *code*, has been edited: (start, end, text) in order."""
        mine = [anchor for anchor in self._anchors or () if anchor.path == path and anchor.end]
        if mine:
            _follow(mine, edits, code)

    # -- by path ---------------------------------------------------------------------------------

    def _is_ignored(self, finding):
        return any(matches(finding.code, codes) and (
            pattern.fullmatch(finding.path) or self._prefix and pattern.fullmatch(
                self._prefix + finding.path)) for pattern, codes in self._per_file)

    # -- by remark -------------------------------------------------------------------------------

    def _remarks_in(self, file):
        if file.kind not in REMARK_KINDS or file.is_unread:
            return None
        known = self._remarks.get(file.path)
        if known is None or known.file is not file:
            known = self._remarks[file.path] = _Remarks(file)
        return known

    def _by_remark(self, findings, files):
        left, aside = [], []
        for finding in findings:
            there = finding.path in files and self._remarks_in(files[finding.path])
            remark = there and there.about(finding)
            if remark:
                remark.used.add(finding.code)
            (aside if remark else left).append(finding)
        return left, aside

    # -- by the list of accepted ones --------------------------------------------------------------

    def _by_list(self, findings):
        waiting = {}
        for finding in findings:
            key = (plain(finding.path), finding.code, plain(finding.message))
            if key in self._list:
                waiting.setdefault(key, []).append(finding)
        aside, outlines = set(), {}
        for key, there in waiting.items():
            # First those that stand where they stood, so that of several it is the new one that stays.
            places, moved = {}, []
            for finding in reversed(there):
                places.setdefault(_place(finding, outlines), []).append(finding)
            for entry in self._list[key]:
                if places.get(entry.place):
                    self.matched[entry] = places[entry.place].pop()
                else:
                    moved.append(entry)
            left = {id(finding) for same in places.values() for finding in same}
            self.matched.update(zip(moved, [finding for finding in there if id(finding) in left]))
        aside.update(map(id, self.matched.values()))
        self.by_list = [finding for finding in findings if id(finding) in aside]
        self._anchors = [_Anchor(finding) for finding in self.by_list]
        return [finding for finding in findings if id(finding) not in aside]

    def _by_anchor(self, findings):
        """In later rounds: by the line, wherever it is by now, since a fix may change message and
        line alike."""
        there = {}
        for finding in findings:
            there.setdefault(_where(finding, finding.position), []).append(finding)
        aside = set()
        for anchor in self._anchors:
            same = there.get(_where(anchor, anchor))
            if same:
                mine = next((finding for finding in same if finding.message == anchor.message), same[0])
                same.remove(mine)
                aside.add(id(mine))
        return [finding for finding in findings if id(finding) not in aside]

    # -- what was for nothing ------------------------------------------------------------------------

    def useless_remarks(self, files, known, was_judged):
        """Remarks of *files* that put nothing aside, and those that are not understood: list of (path,
        line, text). *known*: the codes of all rules; *was_judged*: callable telling whether a rule
        (code) has looked at a file (path) as it would in a run over the whole root."""
        found = []
        for file in files if self._reads_remarks else ():
            there = self._remarks_in(file)
            for remark in there.all if there else ():
                if remark.trouble:
                    found.append((file.path, remark.line, remark.trouble))
                    continue
                unknown = [code for code in remark.codes if code not in known]
                unused = [code for code in remark.codes if code not in remark.used
                          and code not in unknown and was_judged(code, file.path)]
                if unknown:
                    found.append((file.path, remark.line, "no rule is called " + ", ".join(unknown)))
                if unused:
                    found.append((file.path, remark.line,
                                  "there is no %s here to ignore" % ", ".join(unused)))
        return found

    def stale(self, was_judged):
        """Entries of the list whose findings are gone (list of :class:`Accepted`)."""
        return [entry for entries in self._list.values() for entry in entries
                if entry not in self.matched and was_judged(entry.code, entry.path)]


class _Anchor:
    """Where an accepted finding stands, followed through edits of its file."""

    def __init__(self, finding):
        self.path = finding.path
        self.code = finding.code
        self.message = finding.message
        self.line = finding.position.line
        self.column = finding.position.column
        #: 0 where it is about a whole file, as a position has it.
        self.end = finding.position.end


def _where(item, position):
    """What tells whether a finding is the one that was accepted, as it shows now."""
    return item.path, item.code, position.line, position.end > 0


def _follow(anchors, edits, code):
    """Have anchors in the text *code* follow its *edits*."""
    pieces, at, shifts, shift = [], 0, [0], 0
    for first, last, text in edits:
        pieces += (code[at:first], text)
        at = last
        shift += len(text) - (last - first)
        shifts.append(shift)
    pieces.append(code[at:])
    old, new = _Rows(code), _Rows("".join(pieces))
    ends = [last for _, last, _ in edits]
    for anchor in anchors:
        start = old.offset(anchor.line, anchor.column)
        number = bisect_right(ends, start)
        # What stands in an edit stands at its beginning from now on.
        within = number < len(edits) and edits[number][0] < start
        anchor.line, anchor.column = new.place(
            (edits[number][0] if within else start) + shifts[number])


# -- patterns of paths -----------------------------------------------------------------------------


def _pattern(glob):
    """What matches the paths that a pattern names, in the manner of gitignore: ``*`` and ``?`` stop at
    a slash, ``**`` does not; a pattern without a slash names files and directories anywhere; what is
    below a directory that it names is named too."""
    glob = glob.rstrip("/")
    out = "" if "/" in glob else "(?:.*/)?"
    at = 0
    while at < len(glob):
        char, end = glob[at], -1
        if char == "[":
            end = glob.find("]", at + 2 + (glob[at + 1:at + 2] == "!"))
        if glob.startswith("**/", at):
            out, at = out + "(?:.*/)?", at + 3
        elif glob.startswith("**", at):
            out, at = out + ".*", at + 2
        elif end > 0:
            out, at = out + _choice(glob[at + 1:end]), end + 1
        else:
            out += {"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char)
            at += 1
    return re.compile(out + "(?:/.*)?", re.DOTALL)


def _choice(body):
    """One of some characters: ``[0-9]``, ``[!a-z]``."""
    text = "[%s%s]" % ("^/" if body[:1] == "!" else "", re.sub(r"([\\\[\]^&~|])", r"\\\1", body.lstrip("!")
                                                              if body[:1] == "!" else body))
    try:
        re.compile(text)
    except re.error:
        return re.escape("[%s]" % body)
    return text
