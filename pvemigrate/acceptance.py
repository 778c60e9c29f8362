"""Findings that are put aside although their rules are asked for: by the path of their file, by a
remark beside them, or by a list of accepted ones (a baseline).

What is put aside is not reported, not fixed, and stands in no phase's way, as if it had been ignored
by name. The engine has one place for that, :meth:`Sieve.keep`.
"""

import re

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
    def of(cls, finding):
        """The entry that accepts *finding*."""
        return cls(plain(finding.path), finding.code, plain(finding.message), _place(finding))


def plain(text):
    """Text without lone surrogates (undecodable bytes), which a TOML file cannot hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _place(finding):
    """A digest of the line that a finding stands in, and of the headers above it; empty where it is
    about a whole file."""
    tree, position = finding.source, finding.position
    if tree is None or position.end == 0:
        return ""
    offset = _offset(tree.code, position)
    texts, nodes = [], tree.body
    while nodes:
        node = next((node for node in nodes if tree.span(node)[1] > offset), nodes[-1])
        texts.append((getattr(node, "header", None) or node).code.partition("\n")[0])
        nodes = node.children
    from hashlib import sha256

    text = "\n".join(" ".join(text.split()) for text in texts)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _offset(code, position):
    """Where a position begins, in code points."""
    at = 0
    for _ in range(position.line - 1):
        at = code.index("\n", at) + 1
    return at + position.column - 1


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

    def covers(self, finding):
        """Whether the finding is put aside by this remark."""
        if self.trouble or finding.code not in self.codes or finding.position.end == 0:
            return False
        start = finding.position.start
        return self.start <= start < self.end or start == finding.position.end == self.end


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
            self._list.setdefault((entry.path, entry.code), []).append(entry)
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
        for anchor in self._anchors or ():
            if anchor.path == path:
                anchor.move(edits, code)

    # -- by path ---------------------------------------------------------------------------------

    def _is_ignored(self, finding):
        return any(matches(finding.code, codes) and (
            pattern.fullmatch(finding.path) or self._prefix and pattern.fullmatch(
                self._prefix + finding.path)) for pattern, codes in self._per_file)

    # -- by remark -------------------------------------------------------------------------------

    def remarks_in(self, file):
        """The remarks of *file* that are meant for this program (list of :class:`_Remark`)."""
        if file.kind not in REMARK_KINDS or file.is_unread:
            return []
        known = self._remarks.get(file.path)
        if known is None or known[0] is not file:
            found = remarks(file.tree, _OURS.match) if REMARK in file.data else []
            known = self._remarks[file.path] = file, [_Remark(file.path, remark) for remark in found]
        return known[1]

    def _by_remark(self, findings, files):
        left, aside = [], []
        for finding in findings:
            file = files.get(finding.path)
            mine = [remark for remark in self.remarks_in(file) if remark.covers(finding)] if file else []
            for remark in mine:
                remark.used.add(finding.code)
            (aside if mine else left).append(finding)
        return left, aside

    # -- by the list of accepted ones --------------------------------------------------------------

    def _by_list(self, findings):
        waiting = {}
        for finding in findings:
            entries = self._list.get((plain(finding.path), finding.code))
            if entries and any(entry.message == plain(finding.message) for entry in entries):
                key = (plain(finding.path), finding.code, plain(finding.message))
                waiting.setdefault(key, []).append(finding)
        aside = {}
        for (path, code, message), found in waiting.items():
            entries = [entry for entry in self._list[path, code] if entry.message == message]
            places = {id(finding): _place(finding) for finding in found}
            # First those that stand where they stood, so that of several it is the new one that stays.
            for is_exact in (True, False):
                for entry in entries:
                    mine = next((finding for finding in found if id(finding) not in aside and (
                        not is_exact or places[id(finding)] == entry.place)), None)
                    if entry not in self.matched and mine is not None:
                        self.matched[entry] = aside[id(mine)] = mine
        self.by_list = [finding for finding in findings if id(finding) in aside]
        self._anchors = [_Anchor(finding) for finding in self.by_list]
        return [finding for finding in findings if id(finding) not in aside]

    def _by_anchor(self, findings):
        """In later rounds: by the line, wherever it is by now, since a fix may change message and
        line alike."""
        aside = set()
        for anchor in self._anchors:
            there = [finding for finding in findings if id(finding) not in aside
                     and anchor.holds(finding)]
            there.sort(key=lambda finding: finding.message != anchor.message)
            aside.update(id(finding) for finding in there[:1])
        return [finding for finding in findings if id(finding) not in aside]

    # -- what was for nothing ------------------------------------------------------------------------

    def useless_remarks(self, files, known, was_judged):
        """Remarks of *files* that put nothing aside, and those that are not understood: list of (path,
        line, text). *known*: the codes of all rules; *was_judged*: callable telling whether a rule
        (code) has looked at a file (path) as it would in a run over the whole root."""
        found = []
        for file in files:
            for remark in self.remarks_in(file):
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
        self._is_place = finding.position.end > 0

    def holds(self, finding):
        """Whether *finding* is the one that was accepted, as it shows now."""
        return (finding.path == self.path and finding.code == self.code
                and finding.position.line == self.line
                and self._is_place == (finding.position.end > 0))

    def move(self, edits, code):
        """Follow *edits* of the text *code*."""
        if not self._is_place:
            return
        start = moved = _offset(code, self)
        for first, last, text in edits:
            if last <= start:
                moved += len(text) - (last - first)
            elif first < start:
                moved -= start - first
        new = "".join(_pieces(code, edits))
        self.line = new.count("\n", 0, moved) + 1
        self.column = moved - new.rfind("\n", 0, moved)


def _pieces(code, edits):
    at = 0
    for first, last, text in edits:
        yield code[at:first]
        yield text
        at = last
    yield code[at:]


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
