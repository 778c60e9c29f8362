"""``/etc/pve/corosync.conf``; readers: corosync and PVE::Corosync. Of equal keys in a section the
last counts."""

from __future__ import annotations

from ..cst import Line, Token
from . import lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..cst import File


class _Line(Line):
    __slots__ = ()
    grammar = "corosync"


class Blank(_Line, lines.Blank):
    __slots__ = ()


class Comment(_Line, lines.Comment):
    __slots__ = ()


class Opening(_Line):
    """``name {``: a section begins."""

    __slots__ = ()
    indent: Token
    name: Token
    gap: Token = " "
    brace: Token = "{"
    trail: Token
    newline: Token = "\n"

    @property
    def disagreement(self) -> str | None:
        """What corosync and PVE make of the line where they differ."""
        if " " in self.name or self.gap.strip(" \t") or not self.gap:
            return "PVE wants one word, and a blank between it and the brace: it refuses the file"
        return None


class Closing(_Line):
    """``}``: the section ends that began last."""

    __slots__ = ()
    indent: Token
    brace: Token = "}"
    trail: Token
    newline: Token = "\n"


class Setting(_Line):
    """``key: value``; the value goes to the end of the line."""

    __slots__ = ()
    indent: Token
    key: Token
    colon: Token = ":"
    gap: Token = " "
    value: Token
    trail: Token
    newline: Token = "\n"

    @property
    def disagreement(self) -> str | None:
        """What corosync and PVE make of the line where they differ."""
        if "#" in self.value or "#" in self.key:
            return "PVE takes # for a comment, corosync for part of the line"
        if len(self.colon) > 1 or not self.gap or not self.value or any(
                char in " \t" for char in self.key + self.value):
            return "PVE wants two words, the colon right behind the first: it refuses the file"
        return None


class Malformed(_Line, lines.Malformed):
    """A line for which corosync refuses the file."""

    __slots__ = ()


class Part:
    """A section with what is in it: ``name``, the ``line`` that opens it (None for the whole file),
    ``settings`` (key -> the Setting that counts) and ``parts`` (the sections in it, in order)."""

    __slots__ = ("name", "line", "settings", "parts")

    def __init__(self, name: str, line: Opening | None = None) -> None:
        self.name = name
        self.line = line
        self.settings: dict[str, Setting] = {}
        self.parts: list[Part] = []

    def all(self, name: str) -> list[Part]:
        """The sections called *name* directly in this one."""
        return [part for part in self.parts if part.name == name]


def whole(tree: File) -> Part:
    """The :class:`Part` that is the whole file. A brace that closes nothing is left out of account,
    and sections that are not closed end with the file (corosync refuses both)."""
    stack = [Part("")]
    for node in tree.body:
        if isinstance(node, Opening):
            part = Part(str(node.name), node)
            stack[-1].parts.append(part)
            stack.append(part)
        elif isinstance(node, Closing):
            if len(stack) > 1:
                stack.pop()
        elif isinstance(node, Setting):
            stack[-1].settings[str(node.key)] = node
    return stack[0]
