"""Changes to trees, as rules ask for them: edits to nodes, resolved to the bytes they touch.

A rule names nodes and tokens (``replace(token, "bullseye")``); an :class:`Edit` is what comes out,
a span of the file and the text that takes its place. Nothing here reads or writes files.
"""

from __future__ import annotations

from .cst import Line, Token, line_ending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .cst import Node
    from .source import SourceFile

__all__ = ["Edit", "Fix", "Overlap", "apply_edits", "create_file", "insert_after", "insert_before",
           "made_again", "remove", "remove_file", "replace"]


class Overlap(ValueError):
    """Two edits of one fix touch the same text."""


class Edit:
    """One replaced span of one file.

    ``path`` is relative to the root; ``start`` and ``end`` are code points of the file's text, and
    ``text`` (str) takes their place. ``removes_file``: whether the file is not to be there any more;
    the span is all of its text then, and ``text`` is empty.
    """

    __slots__ = ("path", "start", "end", "text", "removes_file")

    def __init__(self, path: str, start: int, end: int, text: str,
                 removes_file: bool = False) -> None:
        self.path = path
        self.start = start
        self.end = end
        self.text = text
        self.removes_file = removes_file

    def __eq__(self, other):
        return (isinstance(other, Edit) and self.key() == other.key()
                and self.removes_file == other.removes_file)

    def __hash__(self):
        return hash(self.key())

    def key(self) -> tuple[str, int, int, str]:
        """What edits are sorted and compared by."""
        return (self.path, self.start, self.end, self.text)

    def __repr__(self):
        return "Edit(%r, %d, %d, %r%s)" % (self.key() + (", True" if self.removes_file else "",))


class _Change:
    """An edit that is not yet tied to a tree: ``resolve(tree)`` gives its (start, end, text)."""

    __slots__ = ("resolve", "file", "removes_file")

    def __init__(self, resolve, file=None, removes_file=False):
        self.resolve = resolve
        self.file = file
        self.removes_file = removes_file


def replace(item: Token | Node, new: str | Node, file: SourceFile | None = None) -> _Change:
    """The change of *item* (a Token or a node) into *new* (str, or a node of the same type, of
    which only the fields that differ are touched).

    *file*: the file that holds the item, where it is not the one under check.
    """
    def resolve(tree):
        start, end = tree.span(item)
        if isinstance(item, Line) and isinstance(new, Line) and type(item) is type(new):
            return [(start + old[0], start + old[1], new.code[fresh[0]:fresh[1]])
                    for old, fresh in zip(item.spans, new.spans)
                    if item.code[old[0]:old[1]] != new.code[fresh[0]:fresh[1]]]
        return [(start, end, new if isinstance(new, str) else new.code)]

    return _Change(resolve, file)


def remove(*items: Token | Node, file: SourceFile | None = None) -> _Change:
    """The removal of a node or tokens (of adjacent tokens as one)."""
    return _Change(lambda tree: [tree.span(item) + ("",) for item in items], file)


def insert_after(line: Line, text: str, file: SourceFile | None = None) -> _Change:
    """A new line *text* (str without line ending) below *line*, which is a Line of the tree.

    It ends as the line above does. Where that is the file's last line and has no line ending, an LF
    goes between and the file still ends without one.
    """
    def resolve(tree):
        end = tree.span(line)[1]
        if line.code.endswith("\n"):
            return [(end, end, text + line_ending(line.code))]
        return [(end, end, "\n" + text)]

    return _Change(resolve, file)


def insert_before(line: Line, text: str, file: SourceFile | None = None) -> _Change:
    """A new line *text* (str without line ending) above *line*."""
    def resolve(tree):
        start = tree.span(line)[0]
        return [(start, start, text + line_ending(line.code))]

    return _Change(resolve, file)


def made_again(edit, file):
    """The change that *edit* was made of, in *file* (as for a change: None for the one under check)."""
    return _Change(lambda tree: [(edit.start, edit.end, edit.text)], file, edit.removes_file)


def create_file(path: str, text: str) -> _Change:
    """A new file at *path* (relative to the root) holding *text*."""
    return _Change(lambda tree: [(0, 0, text)], path)


def remove_file(file: SourceFile | None = None) -> _Change:
    """The removal of a whole file: *file*, or the one under check. No other change of the same fix
    may be in that file. A symbolic link is left alone, and so is what it leads to."""
    return _Change(lambda tree: [(0, len(tree.code), "")], file, removes_file=True)


class Fix:
    """A change that a rule offers; all its edits are made, or none.

    ``applicability``: ``safe`` fixes are made by default, ``unsafe`` ones when asked for.
    """

    __slots__ = ("title", "applicability", "changes")

    def __init__(self, title: str, changes: Iterable[_Change],
                 applicability: str = "safe") -> None:
        self.title = title
        self.changes = tuple(changes)
        self.applicability = applicability

    @classmethod
    def safe(cls, title: str, *changes: _Change) -> Fix:
        """A fix that needs nobody's judgement."""
        return cls(title, changes, "safe")

    @classmethod
    def unsafe(cls, title: str, *changes: _Change) -> Fix:
        """A fix that somebody should have looked at."""
        return cls(title, changes, "unsafe")


def refuse_overlap(edits):
    """Raise :class:`Overlap` where two of the edits of one fix touch the same text."""
    ordered = sorted(edits, key=lambda edit: (edit.path, edit.start, edit.end))
    for edit, other in zip(ordered, ordered[1:]):
        if edit.path == other.path and (other.start < edit.end or edit.removes_file
                                        or other.removes_file):
            raise Overlap("two edits of one fix overlap at %d" % other.start)


def apply_edits(text, edits):
    """*text* (str) with *edits* made; what goes in at one place keeps its order. Raises
    :class:`Overlap` where two of them touch."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < at:
            raise Overlap("edits overlap at %d" % edit.start)
        parts.append(text[at:edit.start])
        parts.append(edit.text)
        at = edit.end
    parts.append(text[at:])
    return "".join(parts)


def token_end(token: Token) -> Token:
    """The empty token right behind *token*: where something is appended."""
    return Token("", token.node, token.offset + len(token))
