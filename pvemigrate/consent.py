"""Asking before a fix is made: what is one question, and what has been answered already. Pure: who is
asked, and how, is the caller's affair."""

from __future__ import annotations

import re

from .diff import line_changes, unified_diff
from .edit import apply_edits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .rule import Finding

__all__ = ["Consent", "Question"]


_NUMBER = re.compile("[0-9]+")


class Question:
    """A fix that may be made.

    ``findings``: list of those that it settles: more than one where they have the very same changes,
    which are made once. ``changes``: list of (path, text before or None, text after or None, which
    lines change). ``left``: how many questions are left for now, with this one; a fix that is made may bring
    up more.
    """

    def __init__(self, findings: list[Finding],
                 changes: list[tuple[str, str | None, str | None,
                                     list[tuple[int, int, int, int]]]],
                 left: int) -> None:
        self.findings = findings
        self.changes = changes
        self.left = left

    def diffs(self, prefix: str = "") -> list[str]:
        """The unified diff of each file that this fix alone changes, for files called *prefix* +
        path."""
        return [unified_diff(before, after, prefix + path, lines)
                for path, before, after, lines in self.changes]


class Consent:
    """What has been answered in a run of fix. *ask*: callable that is given a :class:`Question` and
    tells whether the fix is to be made.

    A no holds for the finding, wherever other fixes move it to and whatever its fix would look like
    by then. A yes holds for the change that was shown: where the run has to begin anew it is not asked
    for again, but another change for the same finding is.
    """

    def __init__(self, ask: Callable[[Question], bool]) -> None:
        self._ask = ask
        self._declined = set()
        self._accepted = set()
        # Answers of this round; two findings of a round may look the same, and are two questions.
        self._now_declined = []
        self._now_accepted = []
        self._answers = {}
        self._groups = {}

    def begin(self, findings, files, changes):
        """Start a round: *findings* that can be fixed, the *files* (path -> SourceFile) as they are
        by now, and which of their lines have changed already (path -> as
        :func:`~pvemigrate.diff.composed` gives it)."""
        self._declined.update(self._now_declined)
        self._accepted.update(self._now_accepted)
        self._now_declined, self._now_accepted = [], []
        self._files, self._changes = files, changes
        self._answers, self._groups = {}, {}
        for finding in findings:
            self._groups.setdefault(_edits(finding), []).append(finding)
        self._left = sum(self._known(group[0]) is None for group in self._groups.values())

    def given(self, finding):
        """Whether the fix of *finding*, one of this round's, is to be made."""
        answer = self._answers.get(id(finding))
        if answer is not None:
            return answer
        answer = self._known(finding)
        group = self._groups[_edits(finding)]
        if answer is None:
            answer = bool(self._ask(Question(group, self._outcome(finding), self._left)))
            self._left -= 1
            if answer:
                self._now_accepted.extend(map(self._change_key, group))
            else:
                self._now_declined.extend(map(self._key, group))
        self._answers.update((id(other), answer) for other in group)
        return answer

    def declined(self, finding):
        """Whether the fix of *finding*, one of this round's, is not wanted."""
        return self._answers.get(id(finding)) is False

    def _known(self, finding):
        """The answer of an earlier round, or None."""
        if self._key(finding) in self._declined:
            return False
        return True if self._change_key(finding) in self._accepted else None

    def _key(self, finding):
        """What a finding is known by from round to round: the lines that its message names move."""
        return (finding.path, finding.code, _NUMBER.sub("", finding.message),
                _origin(finding.line - 1, self._changes.get(finding.path, ())))

    def _change_key(self, finding):
        return self._key(finding) + tuple(
            (path, self._text(path)[start:end], text, removes_file)
            for path, start, end, text, removes_file in _edits(finding))

    def _text(self, path):
        return self._files[path].tree.code if path in self._files else ""

    def _outcome(self, finding):
        by_path = {}
        for edit in finding.edits:
            by_path.setdefault(edit.path, []).append(edit)
        outcome = []
        for path, edits in sorted(by_path.items()):
            before = self._text(path)
            spans = sorted((edit.start, edit.end, edit.text) for edit in edits)
            is_gone = any(edit.removes_file for edit in edits)
            outcome.append((path, before if path in self._files else None,
                            None if is_gone else apply_edits(before, edits),
                            line_changes(before, spans)))
        return outcome


def _edits(finding):
    return tuple(sorted(edit.key() + (edit.removes_file,) for edit in finding.edits))


def _origin(line, changes):
    """The number that a line had before *changes* (both from 0); where it is one of those that have
    been changed, that of the line in its place."""
    shift = 0
    for old, old_end, new, new_end in changes:
        if line < new:
            break
        if line < new_end:
            return min(old + line - new, max(old, old_end - 1))
        shift = old_end - new_end
    return line + shift
