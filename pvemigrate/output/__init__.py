"""Reports: one module a format, each with ``render(report) -> str``; and what they share."""

from importlib import import_module

__all__ = ["FORMATS", "Report", "render", "visible"]

#: The formats of ``--output-format``; a module of this package each.
FORMATS = ("text", "concise", "json")


class Report:
    """The outcome of a run, for rendering.

    ``findings`` in order; ``sources``: path -> tree of the file as it was checked (for excerpts);
    ``root``, ``hop``, ``phases`` as in JSON; ``files``: how many were looked at; ``whole``: whether
    a whole node was judged; ``color``: whether to use terminal colours.
    """

    def __init__(self, findings, sources=None, root=None, hop="6to7", phases=(), files=0, whole=False,
                 color=False, fixing=False):
        self.findings = findings
        self.sources = sources or {}
        self.root = root
        self.hop = hop
        self.phases = tuple(phases)
        self.files = files
        self.whole = whole
        self.color = color
        self.fixing = fixing

    def summary(self):
        """The counts of JSON's ``summary`` (dict). What waits for a later phase is counted under
        ``waiting`` alone, what was fixed under ``fixed`` alone."""
        counts = dict(files=self.files, error=0, warning=0, info=0, fixable=0, fixed=0, waiting=0)
        for finding in self.findings:
            if finding.fixed:
                counts["fixed"] += 1
            elif not finding.due:
                counts["waiting"] += 1
            else:
                counts[finding.severity] += 1
                counts["fixable"] += finding.applicability == "safe"
        return counts


def render(report, name):
    """The report as text in format *name*."""
    return import_module("." + name, __name__).render(report)


def visible(text):
    """*text* with every character escaped that could move a terminal's cursor, change its state,
    reorder what is shown, or that stands for an undecodable byte. LF and TAB stay."""
    if text.isprintable() and text.isascii():
        return text
    return "".join(char if char in "\n\t" or char.isprintable() else _escaped(char) for char in text)


def _escaped(char):
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:
        return "\\x%02x" % (number - 0xDC00)
    return char.encode("unicode_escape").decode("ascii")


def paint(text, style, color):
    """*text* in a terminal style (see ``_STYLES``) where *color* is set."""
    return "\x1b[%sm%s\x1b[0m" % (_STYLES[style], text) if color else text


_STYLES = {"error": "1;31", "warning": "1;33", "info": "1;36", "fixed": "1;32", "code": "1",
           "quiet": "2", "add": "32", "remove": "31", "hunk": "36", "file": "1"}
