"""``/etc/pve/ceph.conf``, and those of other clusters in ``/etc/pve/priv/ceph``; readers: Ceph
(ConfUtils) and PVE::CephConfig. Sections of one name are one; of equal keys the last counts."""

from __future__ import annotations

from ..cst import Block, Line, Token, header_field
from ..lazy import lazy
from . import lines

_BLANKS = lazy("[ \t\r\f\v_-]+")
_CUT = lazy("\\\\\r?\n")
_ESCAPED = lazy(r"\\(.)")


class _Line(Line):
    __slots__ = ()
    grammar = "ceph"


class Blank(_Line, lines.Blank):
    __slots__ = ()


class Comment(_Line):
    """A line whose first character is ``#`` or ``;``."""

    __slots__ = ()
    indent: Token
    mark: Token = "#"
    text: Token
    newline: Token = "\n"


class SectionHeader(_Line):
    """``[global]``."""

    __slots__ = ()
    indent: Token
    open: Token = "["
    name: Token
    close: Token = "]"
    trail: Token
    remark: Token
    newline: Token = "\n"


class Setting(_Line):
    """``key = value``."""

    __slots__ = ()
    indent: Token
    key: Token
    equals: Token = " ="
    gap: Token = " "
    value: Token
    trail: Token
    remark: Token
    newline: Token = "\n"

    @property
    def name(self) -> str:
        """The key with its words joined by ``_``. (Ceph takes blanks for that, its manual and
        pve6to7 dashes too.)"""
        return _BLANKS.sub("_", self.key)

    @property
    def is_joined(self) -> bool:
        """Whether a backslash makes several lines of the file one line for Ceph, and not for PVE."""
        return "\n" in self.code[:-1]

    @property
    def text(self) -> str:
        """The value as Ceph has it: lines joined, quotes and escapes taken away."""
        text = _CUT.sub("", self.value)
        if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
            text = text[1:-1]
        return _ESCAPED.sub(r"\1", text)

    @property
    def disagreement(self) -> str | None:
        """What Ceph and PVE make of the line where they differ."""
        return ("for Ceph a backslash joins lines, PVE reads each on its own" if self.is_joined
                else None)


class Malformed(_Line, lines.Malformed):
    """A line for which Ceph refuses the file; PVE ignores it."""

    __slots__ = ()


class Section(Block):
    """A header and the lines below it."""

    __slots__ = ()
    header: SectionHeader
    name = header_field("name")
