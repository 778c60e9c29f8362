"""``fix --interactive``: a question for each fix, in the manner of ``git add -p``.

All of it goes to standard error, since standard output is for results: a diff or a report may go into a
file while the questions are answered.
"""

import sys

import click

from ..output import count, one_line, paint, paint_diff, visible
from ..output.text import excerpt, headline
from ..streams import columns, err
from .keyboard import read_key

__all__ = ["Dialogue"]

#: Key -> what it does; in the order of the prompt.
KEYS = {
    "y": "make this fix",
    "n": "do not make it",
    "a": "make it, and all later ones of this rule (unsafe ones only if this one is)",
    "d": "do not make it, nor any later one of this rule",
    "e": "explain the rule, then ask again",
    "q": "do not make it, nor any later one; those that were accepted stay accepted",
    "?": "print this help",
}
_HELP = "".join("%s - %s\n" % item for item in KEYS.items()) + (
    "Before anything is written you are asked once more. Ctrl-C or Ctrl-D: stop, write nothing.\n")

#: How many findings are shown that one fix settles.
_SHOWN = 3


class Dialogue:
    """The questions of one run, and the answers.

    *rules*: list of :class:`~pvemigrate.rule.RuleInfo`, to explain; *color*: whether to use colours;
    *read*: what gives the next key (see :func:`~pvemigrate.commands.keyboard.read_key`).
    """

    def __init__(self, rules, color=False, read=read_key):
        self._rules = rules
        self._color = color
        self._read = read
        self._always = set()
        self._never = set()
        self._is_over = False
        self._has_asked = False

    def accept(self, label=""):
        """What :meth:`~pvemigrate.Project.fix` asks before each fix, for a root whose paths begin with
        *label* in reports."""
        done = []

        def answer(question):
            done.append(question)
            return self._answer(question, label, len(done))

        return answer

    def confirm(self, fixes, files):
        """Whether to write what was accepted: a number of *fixes* to a number of *files*."""
        while True:
            key = self._key("\nWrite %s to %s? [y,N] " % (
                "1 fix" if fixes == 1 else "%d fixes" % fixes, count(files, "file")))
            if key in ("y", "n", "q", "\n", "\r"):
                return key == "y"

    def end(self):
        """Set what comes after the last question off from it."""
        if self._has_asked:
            err("\n")

    def _answer(self, question, label, number):
        finding = question.findings[0]
        kind = finding.code, finding.applicability
        if self._is_over or finding.code in self._never:
            return False
        if kind in self._always:
            return True
        self._has_asked = True
        shown = self._shown(question, label)
        prompt = "(%d/%d) Apply this %sfix [%s]? " % (
            number, number + question.left - 1,
            "unsafe " if finding.applicability == "unsafe" else "", ",".join(KEYS))
        err("\n" + shown)
        while True:
            key = self._key(prompt)
            if key == "y":
                return True
            if key == "n":
                return False
            if key == "a":
                self._always.update([kind, (finding.code, "safe")])
                return True
            if key == "d":
                self._never.add(finding.code)
                return False
            if key == "q":
                self._is_over = True
                return False
            err("\n%s\n%s" % (self._explanation(finding.code), shown) if key == "e" else _HELP)

    def _key(self, prompt):
        """The key that is pressed at the *prompt*, shown as any other text that is typed."""
        try:
            key = self._read(lambda: err(paint(prompt, "code", self._color))).lower()
        except KeyboardInterrupt:
            key = ""
        if not key:
            err("\nnothing has been written\n")
            raise click.Abort()
        err((key if key.isprintable() else "") + "\n")
        return key

    # -- what is shown ---------------------------------------------------------------------------

    def _shown(self, question, label):
        """The findings that a fix settles, and what it changes (str)."""
        lines = []
        for finding in question.findings[:_SHOWN]:
            lines.append(headline(finding, self._color, label))
            lines.extend(excerpt(finding, self._color))
        more = len(question.findings) - _SHOWN
        if more > 0:
            lines.append("  and %d more that the same change settles" % more)
        finding = question.findings[0]
        if finding.title:
            lines.append("  %s: %s" % ("fix" if finding.applicability == "safe" else paint(
                "unsafe fix", "warning", self._color), one_line(finding.title)))
        lines.append("")
        diffs = [paint_diff(diff) if self._color else visible(diff)
                 for diff in question.diffs(label)]
        return "\n".join(lines) + "".join(diffs)

    def _explanation(self, code):
        from ..output.catalogue import explanation

        rule = next((info for info in self._rules if info.code == code), None)
        if rule is None:
            return "no rule is called %s\n" % code
        return explanation(rule.load(), self._color, columns(sys.stderr))
