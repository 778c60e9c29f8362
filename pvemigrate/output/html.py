"""One self-contained page, for a change ticket: what is found, what fix would do (or did), what is to
be decided, what waits.

It holds no time of day: the same files give the same page.
"""

import os

from ..diff import CONTEXT, hunks
from ..settings import PHASES
from ._page import (
    WORST_FIRST, document, filters, join, masked, pair, phase_word, plural, rule_help, said,
    shortened, tag, text,
)

__all__ = ["render"]

#: How many lines of one file's diff are shown; fix --diff shows them all.
_ROWS = 2000
#: How much of a line is shown on either side of the part that a finding is about.
_AROUND = 160
#: How many pairs of words, or of lines, are compared at most to find which have changed.
_WORDS, _PAIRS = 250000, 900


def render(report):
    """The report as a page."""
    return _Page(report).render()


class _Page:
    """One report, sorted into the page's parts."""

    def __init__(self, report):
        self.report = report
        self.numbers = {id(finding): number for number, finding in enumerate(report.findings, 1)}
        self.settled = [f for f in report.findings if f.fixed]
        self.due = [f for f in report.findings if f.fixed or f.due]
        self.waiting = [f for f in report.findings if not (f.fixed or f.due)]
        self.by_hand = [f for f in self.due if not f.fixed and f.severity != "info"]
        self.follow_up = list(dict.fromkeys(
            command for f in self.settled for command in f.follow_up))
        self.texts = dict(report.texts)
        if report.written:
            for path, _, after in report.changes:
                if after is None:
                    self.texts.pop(path, None)
                else:
                    self.texts[path] = after
        self.lines = {}

    def render(self):
        """The page as text."""
        title = self._title()
        body = tag("div", self._header(title), self._troubles(), self._contents(), self._filters(),
                   tag("main", self._due(), self._by_hand(), self._follow_up(), self._waiting(),
                       self._rules()), self._footer(), class_="page")
        return document(title, body)

    # -- the head ----------------------------------------------------------------------------------

    def _title(self):
        old, _, new = self.report.hop.partition("to")
        return "%s: Proxmox VE %s to %s" % (self._name(), old, new)

    def _name(self):
        if len(self.report.nodes) == 1:
            return self.report.nodes[0]
        if self.report.root is None:
            return "standard input"
        return os.path.basename(self.report.root.rstrip("/")) or "this node"

    def _header(self, title):
        from .. import __version__

        report = self.report
        what = {"check": "check: nothing was written", "fix": "fix: the changes are written",
                "diff": "fix --diff: nothing was written",
                "commands": "fix --emit-commands: nothing was written"}[report.mode]
        facts = [
            ("Root", tag("span", said("standard input" if report.root is None else report.root),
                         class_="path")),
            ("Due phases", join([_phase(phase) for phase in report.phases], tag("br"))
             if report.phases else "none"),
            ("Files looked at", "{:,}".format(report.files)),
        ]
        return tag("header", tag("p", "pvemigrate %s, %s" % (__version__, what), class_="over"),
                   tag("h1", said(title)), tag("p", self._verdict(), class_="lead"),
                   self._tiles(), tag("dl", *[join([tag("dt", name), tag("dd", value)])
                                              for name, value in facts], class_="facts"))

    def _verdict(self):
        counts = self.report.counts()
        found = [plural(counts[name], name) for name in ("error", "warning") if counts[name]]
        due = " and ".join(found)
        if self.report.written:
            parts = ["%s fixed." % plural(counts["fixed"], "finding") if counts["fixed"]
                     else "Nothing was changed."]
            parts.append("%s left." % due if found else "No error and no warning is left in the phases "
                                                        "that are due.")
        elif found:
            parts = ["%s %s due now." % (due, "is" if due in ("1 error", "1 warning") else "are")]
            if self.settled:
                parts.append("pvemigrate fix settles %s." % plural(len(self.settled), "finding"))
        else:
            parts = ["No error and no warning is due now."]
        if self.by_hand:
            parts.append("%s by hand." % ("1 finding is to be settled" if len(self.by_hand) == 1 else
                                          "%s are to be settled" % plural(len(self.by_hand), "finding")))
        if self.waiting:
            parts.append("%s for a later phase." % (
                "1 finding waits" if len(self.waiting) == 1
                else "%s wait" % plural(len(self.waiting), "finding")))
        return " ".join(parts)

    def _tiles(self):
        counts = self.report.counts()
        left = "left" if self.report.written else "due"
        tiles = [(counts["error"], ("error " if counts["error"] == 1 else "errors ") + left, "t-error"),
                 (counts["warning"], ("warning " if counts["warning"] == 1 else "warnings ") + left,
                  "t-warning"),
                 (counts["info"], "info", "t-info"),
                 (len(self.settled), "fixed" if self.report.written else "settled by fix", "t-good"),
                 (len(self.by_hand), "by hand", "t-hand"),
                 (len(self.waiting), "waiting", "t-wait")]
        return tag("ul", *[tag("li", tag("b", "{:,}".format(number)), tag("span", label),
                               class_="%s%s" % (style, "" if number else " zero"))
                           for number, label, style in tiles], class_="tiles")

    def _troubles(self):
        parts = []
        if self.report.errors:
            parts.append(tag("section", tag("h2", "Not judged, or left alone"), tag("ul", *[
                tag("li", tag("span", said(path), class_="path"), ": ", said(message))
                for path, message in self.report.errors]), class_="box bad"))
        if self.report.notes:
            parts.append(tag("section", tag("h2", "Notes"), tag("ul", *[
                tag("li", said(note)) for note in self.report.notes]), class_="box"))
        return join(parts)

    def _contents(self):
        links = [("due", self._due_title(), len(self.due)), ("by-hand", "To do by hand", len(self.by_hand)),
                 ("follow-up", "Commands afterwards", len(self.follow_up)),
                 ("waiting", "Waiting for a later phase", len(self.waiting))]
        items = [tag("a", title, " (%s)" % "{:,}".format(number), href="#" + target)
                 for target, title, number in links if number]
        if self.report.findings:
            items.append(tag("a", "Rules", href="#rules"))
        if not items:
            return text("")
        return tag("nav", tag("ul", *[tag("li", item) for item in items]), class_="contents",
                   aria_label="Contents")

    def _filters(self):
        findings = self.report.findings
        groups = []
        for legend, known, letter, name in (("Severity", WORST_FIRST, "s", "severity"),
                                            ("Phase", PHASES, "p", "phase")):
            counted = [(value, sum(getattr(f, name) == value for f in findings)) for value in known]
            groups.append((legend, [("%s-%s" % (letter, value), value, number)
                                    for value, number in counted if number]))
        if len(findings) < 2:
            return text("")
        return join([filters(groups, "On paper everything is shown."), tag(
            "p", "Nothing to show with this choice.",
            class_=_pairs(findings).replace("f ", "none ", 1))])

    # -- findings by file --------------------------------------------------------------------------

    def _due_title(self):
        return "What was due" if self.report.written else "Due now, by file"

    def _due(self):
        if not (self.due or self.report.changes):
            return text("")
        if self.report.written:
            intro = "Before is the file as it was, after what has been written."
        else:
            intro = ("Before is the file as it is, after what pvemigrate fix writes with the same options. "
                     "Passwords are shown as dots.")
        changes = {path: (before, after) for path, before, after in self.report.changes}
        unsafe = [f for f in self.due if not f.fixed and f.applicability == "unsafe"]
        optional, shown = _preview(unsafe, self.texts)
        shown = {id(f) for f in shown}.union(
            id(f) for f in self.settled if all(path in changes for path, _, _, _ in f.byte_edits))
        return tag("section", tag("h2", self._due_title(), id="due"),
                   tag("p", intro, class_="intro"), *self._files(self.due, [
                       ("Written" if self.report.written else "What fix writes", changes, self.settled),
                       ("What fix writes with --unsafe-fixes", optional, unsafe)], shown, "h3"))

    def _waiting(self):
        if not self.waiting:
            return text("")
        parts = []
        for phase in PHASES:
            findings = [f for f in self.waiting if f.phase == phase]
            if not findings:
                continue
            safe = [f for f in findings if f.applicability == "safe"
                    or f.applicability == "unsafe" and self.report.unsafe]
            changes, shown = _preview(safe, self.texts)
            parts.append(tag("section", tag("h3", _phase(phase)), *self._files(
                findings, [("What fix would write then, as the file is now", changes, safe)],
                {id(f) for f in shown}, "h4"), class_=_pairs(findings)))
        return tag("section", tag("h2", "Waiting for a later phase", id="waiting"),
                   tag("p", "Nothing of this is to be done now.", class_="intro"), *parts)

    def _files(self, findings, diffs, shown, heading):
        """A card for each file: its findings and its diffs. *diffs*: list of (caption, path -> texts,
        findings that it comes from); *shown*: ids of the findings whose change is among them."""
        by_path = {}
        for finding in findings:
            by_path.setdefault(finding.path, []).append(finding)
        for _, changes, _ in diffs:
            for path in changes:
                by_path.setdefault(path, [])
        for path in sorted(by_path):
            own = by_path[path]
            related, tables = list(own), []
            for caption, changes, sources in diffs:
                if path in changes:
                    sources = [f for f in sources if any(edit[0] == path for edit in f.byte_edits)]
                    related += sources
                    tables.append(_diff(caption, *changes[path], path=path, findings=sources))
            counts = [plural(sum(f.severity == name for f in own), name) for name in WORST_FIRST[:2]
                      if any(f.severity == name for f in own)]
            count = ", ".join(counts) or ("info" if own else "changed along with another file")
            head = tag("header", tag(heading, tag("span", said(path), class_="path")),
                       tag("span", count, class_="count"))
            items = tag("ul", *[self._finding(f, shown) for f in own], class_="findings") if own else ""
            yield tag("section", head, items, *tables, class_="file " + _pairs(related or findings))

    def _finding(self, finding, shown):
        place = "line %s" % "{:,}".format(finding.line)
        if finding.position.start == finding.position.end and finding.line == finding.column == 1:
            place = "the file as a whole"
        body = [tag("p", said(finding.message), class_="message")]
        if id(finding) not in shown:
            body.append(self._excerpt(finding))
        body += self._remedies(finding)
        place = tag("p", _rule_link(finding.code), " ", place, tag("br"), "phase ", finding.phase,
                    class_="place")
        return tag("li", tag("div", _severity(finding.severity), tag("div", *body), place,
                             class_="finding", id="f%d" % self.numbers[id(finding)]),
                   class_=_pairs([finding]))

    def _remedies(self, finding):
        word, style = _remedy(finding, self.report)
        if word:
            yield tag("p", tag("span", word, class_="tagged " + style),
                      said(finding.title) if finding.title else "", class_="remedy")
        if not self.report.written or not finding.fixed:
            for command in finding.commands:
                yield tag("p", "or with Proxmox VE\u2019s own tool: ", tag("code", said(command)),
                          class_="command")
        for command in finding.follow_up:
            yield tag("p", "then: ", tag("code", said(command)), class_="command")

    def _excerpt(self, finding):
        """The line that a finding is about, its part marked."""
        position, source = finding.position, finding.source
        if source is None or position.start == position.end:
            return text("")
        if id(source) not in self.lines:
            self.lines[id(source)] = source.code.split("\n")
        line = masked(self.lines[id(source)][position.line - 1].rstrip("\r"))
        first = position.column - 1
        last = position.end_column - 1 if position.end_line == position.line else len(line)
        if not line[first:last]:
            return text("")
        start, end = max(0, first - _AROUND), min(len(line), last + _AROUND)
        return tag("p", tag("span", str(position.line), class_="n"), "\u2026" if start else "",
                   line[start:first], tag("mark", shortened(line[first:last])), line[last:end],
                   "\u2026" if end < len(line) else "", class_="excerpt")

    # -- lists ---------------------------------------------------------------------------------------

    def _by_hand(self):
        if not self.by_hand:
            return text("")
        items = []
        for finding in self.by_hand:
            more = ""
            if finding.title:
                word = _remedy(finding, self.report)[0]
                more = join([" ", tag("span", word, class_="tagged quiet"), " ", said(finding.title)])
            items.append(tag("li", tag("label", tag("input", type="checkbox", autocomplete="off"), tag(
                "span", tag("span", _severity(finding.severity), " ", said(finding.message), more,
                            class_="message"),
                tag("br"), tag("span", _rule_link(finding.code), ", ", tag(
                    "a", tag("span", said("%s:%d" % (finding.path, finding.line)), class_="path"),
                    href="#f%d" % self.numbers[id(finding)]), class_="place"))),
                class_=_pairs([finding])))
        return tag("section", tag("h2", "To do by hand", id="by-hand"),
                   tag("p", "Due now, and nothing that fix does by itself: somebody has to decide.",
                       class_="intro"), tag("ul", *items, class_="todo"))

    def _follow_up(self):
        if not self.follow_up:
            return text("")
        when = ("So that the changed files take effect:" if self.report.written
                else "Once fix has written the files, so that they take effect:")
        return tag("section", tag("h2", "Commands afterwards", id="follow-up"),
                   tag("p", when, class_="intro"), tag("ul", *[
                       tag("li", tag("label", tag("input", type="checkbox", autocomplete="off"),
                                     tag("code", said(command)))) for command in self.follow_up],
                       class_="todo"))

    def _rules(self):
        if not self.report.findings:
            return text("")
        codes = [f.code for f in self.report.findings]
        names = {f.code: f.name for f in self.report.findings}
        return tag("section", tag("h2", "Rules", id="rules"),
                   tag("p", "What each rule that found something looks for, and when its fix is safe.",
                       class_="intro"),
                   rule_help(names, {code: plural(codes.count(code), "finding") for code in names},
                             rule_of=self.report.rule, hop=self.report.hop))

    def _footer(self):
        parts = []
        if self.report.whole:
            parts.append("Running services, guests, quorum and storages cannot be judged from files: "
                         "%s --full does that on the node. " % self.report.checker)
        if not self.report.written:
            parts.append("The bytes of the change, for patch: pvemigrate fix --diff.")
        return tag("footer", tag("p", *parts)) if parts else text("")


# -- pieces of findings ------------------------------------------------------------------------------


def _phase(phase):
    return text(phase_word(phase))


def _pairs(findings):
    """The classes by which the filters know what is about these findings."""
    return " ".join(["f"] + sorted({pair(f.severity, f.phase) for f in findings}))


def _severity(name):
    return tag("span", name, class_="sev " + name)


def _rule_link(code):
    return tag("a", tag("code", code), href="#rule-" + code)


def _remedy(finding, report):
    """What becomes of a finding, in a word or two, and the style of that."""
    if finding.fixed:
        return ("fixed" if report.written else "fix"), "good"
    if not finding.due:
        if not finding.title:
            return "by hand, then", "quiet"
        return ("fix, then" if finding.applicability == "safe" else "unsafe fix, then"), "info"
    if finding.applicability == "safe" or finding.applicability == "unsafe" and report.unsafe:
        return "left alone", "quiet"
    if finding.applicability == "unsafe":
        return "with --unsafe-fixes", "warning"
    return ("by hand" if finding.severity != "info" else ""), "quiet"


def _preview(findings, texts):
    """What the fixes of *findings* make of *texts* (path -> str): path -> (before or None, after), and
    those whose fix is in it. Where two touch each other, the first counts, as in a round of fix."""
    edits, made, gone = {}, [], set()
    for finding in findings:
        if finding.byte_edits and all(edit[1:] in edits.get(edit[0], ()) for edit in finding.byte_edits):
            made.append(finding)  # Several findings may have one fix.
            continue
        if not finding.byte_edits or any(
                path not in texts and (start or end)
                or any(start == taken[0] or start < taken[1] and taken[0] < end
                       for taken in edits.get(path, ()))
                for path, start, end, _ in finding.byte_edits):
            continue
        made.append(finding)
        gone |= finding.removed_files
        for path, start, end, new in finding.byte_edits:
            edits.setdefault(path, []).append((start, end, new))
    changes = {}
    for path, spans in edits.items():
        old = texts.get(path)
        data, parts, at = (old or "").encode("utf-8", "surrogateescape"), [], 0
        for start, end, new in sorted(spans, key=lambda span: span[:2]):
            parts += [data[at:start], new.encode("utf-8", "surrogateescape")]
            at = end
        after = b"".join(parts + [data[at:]]).decode("utf-8", "surrogateescape")
        if path in gone:
            after = None
        if after != old:
            changes[path] = (old, after)
    return changes, made


# -- diffs ---------------------------------------------------------------------------------------------


def _diff(caption, before, after, path, findings):
    """Two columns, before and after, as a table; each hunk has the classes of its findings."""
    old, new, found = hunks(before or "", after or "")
    spans = _line_spans(old, path, findings)
    bodies, rows = [], 0
    for number, hunk in enumerate(found):
        lines = list(_rows(hunk, old, new))
        if rows + len(lines) > _ROWS:
            rest = "%s of this file not shown: pvemigrate fix --diff shows everything." % (
                plural(len(found) - number, "more place"))
            bodies.append(tag("tbody", tag("tr", tag("td", rest, colspan="4", class_="rest"))))
            break
        rows += len(lines)
        own = [f for first, last, f in spans if first <= hunk[-1][1] and last >= hunk[0][0]]
        style = _pairs(own or findings) if findings else None
        bodies.append(tag("tbody", *[_row(line, len(old), len(new), old, new) for line in lines],
                          class_=style))
    head = tag("tr", *[tag("th", name if there is not None else name + ": no such file", colspan="2",
                           scope="colgroup") for name, there in (("Before", before), ("After", after))])
    return tag("table", tag("caption", caption),
               tag("colgroup", tag("col", class_="w"), tag("col")),
               tag("colgroup", tag("col", class_="w"), tag("col")), tag("thead", head), *bodies,
               class_="diff")


def _line_spans(lines, path, findings):
    """Where the edits of findings are: list of (first line, last line, finding), from 0."""
    from bisect import bisect_right

    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line) if line.isascii() else len(line.encode("utf-8", "surrogateescape"))
    return [(bisect_right(starts, start) - 1, bisect_right(starts, end) - 1, finding)
            for finding in findings for own, start, end, _ in finding.byte_edits if own == path]


def _rows(hunk, old, new):
    """The rows of a hunk: (number of the old line or None, of the new one or None, whether they are
    the same line), from 0."""
    at, new_at = max(0, hunk[0][0] - CONTEXT), hunk[0][2] - min(CONTEXT, hunk[0][0])
    for first, last, new_first, new_last in hunk:
        while at < first:
            yield at, new_at, True
            at, new_at = at + 1, new_at + 1
        for left, right in _aligned(old[first:last], new[new_first:new_last]):
            yield (None if left is None else first + left, None if right is None else new_first + right,
                   False)
        at, new_at = last, new_last
    for offset in range(min(CONTEXT, len(old) - at)):
        yield at + offset, new_at + offset, True


def _aligned(old, new):
    """Which lines are one another's before and after: pairs of indexes, in order, one None for a line
    that has no counterpart."""
    if len(old) == len(new) or not old or not new or len(old) * len(new) > _PAIRS:
        for index in range(max(len(old), len(new))):
            yield index if index < len(old) else None, index if index < len(new) else None
        return
    likeness = [[_likeness(a, b) for b in new] for a in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], likeness[i][j] + best[i + 1][j + 1])
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and best[i][j] == best[i + 1][j]:
            yield i, None
            i += 1
        elif j < len(new) and best[i][j] == best[i][j + 1]:
            yield None, j
            j += 1
        else:
            yield i, j
            i, j = i + 1, j + 1


def _likeness(old, new):
    """How much of two lines is the same, from 0 to 1; 0 where that is too little to speak of."""
    ours, theirs = set(_words(old[:2000])), set(_words(new[:2000]))
    share = len(ours & theirs) / (len(ours | theirs) or 1)
    return share if share > 0.3 else 0.0


def _row(line, old_count, new_count, old, new):
    left, right, is_same = line
    if is_same:
        content = _line(old[left], left + 1 == old_count)
        return tag("tr", tag("td", str(left + 1), class_="n twin"), tag("td", content, class_="c twin"),
                   tag("td", str(right + 1), class_="n"), tag("td", content, class_="c"))
    if left is None or right is None:
        marks = [[(new[right].rstrip("\n"), False)]] * 2 if left is None else [
            [(old[left].rstrip("\n"), False)]] * 2
    else:
        marks = _changed_words(old[left].rstrip("\n"), new[right].rstrip("\n"))
    cells = []
    for number, count, lines, segments, style, name in (
            (left, old_count, old, marks[0], "o", "del"), (right, new_count, new, marks[1], "a", "ins")):
        if number is None:
            cells += [tag("td", class_="n v"), tag("td", class_="c v")]
            continue
        cells += [tag("td", str(number + 1), class_="n " + style),
                  tag("td", *([tag(name, shortened(masked_part)) if is_changed else shortened(masked_part)
                               for masked_part, is_changed in segments]
                              + [_no_newline(lines[number], number + 1 == count)]),
                      class_="c " + style)]
    return tag("tr", *cells)


def _line(line, is_last):
    return join([shortened(masked(line.rstrip("\n"))), _no_newline(line, is_last)])


def _no_newline(line, is_last):
    if is_last and not line.endswith("\n"):
        return join([" ", tag("i", "no newline at end of file")])
    return ""


def _words(line):
    import re

    return re.findall("[A-Za-z0-9_]+|[ \t]+|[^A-Za-z0-9_ \t]", line)


def _changed_words(old, new):
    """Both lines in segments, (text, whether it has changed): two lists. Passwords are masked."""
    from difflib import SequenceMatcher

    old, new = masked(old), masked(new)
    lead = tail = 0
    if max(len(old), len(new)) > 2000:
        lead = len(os.path.commonprefix([old, new]))
        tail = len(os.path.commonprefix([old[lead:][::-1], new[lead:][::-1]]))
    ends = len(old) - tail, len(new) - tail
    middles = _words(old[lead:ends[0]]), _words(new[lead:ends[1]])
    if len(middles[0]) * len(middles[1]) > _WORDS:
        codes = [("replace", 0, len(middles[0]), 0, len(middles[1]))]
    else:
        codes = SequenceMatcher(None, middles[0], middles[1], False).get_opcodes()
    return [_joined([(line[:lead], False)] + [
        ("".join(words[code[at]:code[at + 1]]), code[0] != "equal") for code in codes]
        + [(line[end:], False)])
        for line, words, end, at in ((old, middles[0], ends[0], 1), (new, middles[1], ends[1], 3))]


def _joined(segments):
    """The segments without empty ones, and with those together that are alike; one blank or sign
    between two changes counts as changed."""
    joined = []
    for part, is_changed in segments:
        if not part:
            continue
        if (is_changed and len(joined) > 1 and joined[-2][1] and len(joined[-1][0]) == 1
                and not joined[-1][1]):
            middle = joined.pop()[0]
            joined[-1] = (joined[-1][0] + middle, True)
        if joined and joined[-1][1] == is_changed:
            joined[-1] = (joined[-1][0] + part, is_changed)
        else:
            joined.append((part, is_changed))
    return joined
