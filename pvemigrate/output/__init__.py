"""Reports: one module a format, each with ``render(report) -> str``; and what they share."""

from importlib import import_module

__all__ = ["FORMATS", "FOR_PROGRAMS", "Report", "count", "one_line", "paint", "paint_diff", "render",
           "visible"]

#: The formats of ``--output-format``; a module of this package each.
FORMATS = ("text", "concise", "json", "sarif", "github", "junit", "html")
#: Those that are asked for to be read by a program: --quiet never leaves them out.
FOR_PROGRAMS = ("json", "sarif", "github", "junit")

#: What a run did with the findings that can be fixed: nothing (check), wrote the change (fix), or
#: showed it (fix --diff, fix --emit-commands).
MODES = ("check", "fix", "diff", "commands")


class Report:
    """The outcome of a run, for rendering.

    ``findings`` in order; ``root``, ``hop``, ``phases`` as in JSON; ``files``: how many were looked
    at; ``mode``: one of ``MODES``; ``unsafe``: whether unsafe fixes were asked for; ``summary`` and
    ``whole``: whether to end with a summary, and with what cannot be judged from the files of a
    whole node; ``color``: whether to use terminal colours.

    For pages, which have nothing beside them: ``errors``, list of (path, message), and ``notes``, what
    was told besides; ``changes``, list of (path, text before or None, text after or None), what was or would
    be written; ``texts``, path -> text of every file that was looked at; ``nodes``, the host names that
    were found.
    """

    def __init__(self, findings, root=None, hop="6to7", phases=(), files=0, mode="check",
                 unsafe=False, summary=True, whole=False, color=False, errors=(), notes=(), changes=(),
                 texts=None, nodes=(), rules=None):
        self.findings = findings
        self.root = root
        self.hop = hop
        self.phases = tuple(phases)
        self.files = files
        self.mode = mode
        self.unsafe = unsafe
        self.summary = summary
        self.whole = whole
        self.color = color
        self.errors = tuple(errors)
        self.notes = tuple(notes)
        self.changes = tuple(changes)
        self.texts = texts or {}
        self.nodes = tuple(nodes)
        self._rules = rules

    def rule(self, code):
        """The class of the rule with this code, None where there is none: for its documentation.
        (*rules* is a list of :class:`~pvemigrate.rule.RuleInfo`, where it is not just the built-in
        ones.)"""
        if self._rules is None:
            from ..catalogue import catalogue

            self._rules = catalogue()
        return next((info.load() for info in self._rules if info.code == code), None)

    @property
    def checker(self):
        """Proxmox VE's own program (str) that looks at a running node before this upgrade."""
        return "pve" + self.hop

    @property
    def written(self):
        """Whether a finding that is marked as fixed is gone from the files."""
        return self.mode == "fix"

    def can_fix(self, finding):
        """Whether fix, with the options of this run, would settle the finding now."""
        return finding.due and (finding.applicability == "safe"
                                or finding.applicability == "unsafe" and self.unsafe)

    def counts(self):
        """The counts of JSON's ``summary`` (dict). What waits for a later phase is counted under
        ``waiting`` alone, what was fixed under ``fixed`` alone."""
        counts = dict(files=self.files, error=0, warning=0, info=0, fixable=0, fixed=0, waiting=0)
        for finding in self.findings:
            if finding.fixed and self.written:
                counts["fixed"] += 1
            elif not finding.due:
                counts["waiting"] += 1
            else:
                counts[finding.severity] += 1
                counts["fixable"] += self.can_fix(finding)
        return counts


def render(report, name):
    """The report as text in format *name*."""
    return import_module("." + name, __name__).render(report)


def count(number, noun):
    """``1 error``, ``2 errors``."""
    return "%d %s%s" % (number, noun, "" if number == 1 else "s")


# -- for terminals ---------------------------------------------------------------------------------


def visible(text):
    """*text* with every character escaped that could move a terminal's cursor, change its state,
    reorder what is shown, or that stands for an undecodable byte. LF and TAB stay."""
    if text.isprintable() and text.isascii():
        return text
    return "".join(char if char in "\n\t" or char.isprintable() else _escaped(char)
                   for char in text)


def one_line(text):
    """As :func:`visible`, with LF and TAB escaped too: for names and messages, a line each."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _escaped(char):
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:
        return "\\x%02x" % (number - 0xDC00)
    return char.encode("unicode_escape").decode("ascii")


_STYLES = {"error": "1;31", "warning": "1;33", "info": "1;36", "fixed": "1;32", "code": "1",
           "quiet": "2", "literal": "36", "+": "32", "-": "31", "@": "36", "file": "1"}


def paint(text, style, color):
    """*text* in a terminal style (see ``_STYLES``) where *color* is set."""
    return "\x1b[%sm%s\x1b[0m" % (_STYLES[style], text) if color and text else text


def paint_diff(diff):
    """A unified diff of one file in colours, with nothing in it that a terminal would obey."""
    lines = [visible(line) for line in diff.split("\n")]
    return "\n".join([paint(line, "file", True) for line in lines[:2]] + [
        paint(line, line[0], True) if line[:1] in ("+", "-", "@") else line for line in lines[2:]])
