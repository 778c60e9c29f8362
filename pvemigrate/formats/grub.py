"""``/etc/default/grub`` and ``grub.d/*.cfg``; reader: grub-mkconfig, which has sh source them."""

from ..cst import Line, Token
from . import lines


class _Line(Line):
    __slots__ = ()
    grammar = "grub"


class Blank(_Line, lines.Blank):
    __slots__ = ()


class Comment(_Line, lines.Comment):
    __slots__ = ()


class Assignment(_Line):
    """``NAME=value``, the value with its quotes."""

    __slots__ = ()
    indent: Token
    export: Token
    name: Token
    operator: Token = "="
    value: Token
    trail: Token
    remark: Token
    newline: Token = "\n"

    @property
    def disagreement(self) -> "str | None":
        """How the shells differ, or None."""
        if self.operator == "=":
            return None
        return "bash appends; dash, Debian's sh, knows no += and stops"


class Command(_Line):
    """Any other line that is complete for sh (``if``, several assignments, ``$(...)``)."""

    __slots__ = ()
    indent: Token
    words: Token
    remark: Token
    newline: Token = "\n"


class Malformed(_Line, lines.Malformed):
    """A line that sh refuses, or that goes on in the next one (a quote, a backslash at the end)."""

    __slots__ = ()
