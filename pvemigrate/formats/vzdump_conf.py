"""``/etc/vzdump.conf``; reader: PVE::JSONSchema::parse_config. Of equal keys the last counts."""

from ..cst import Line, Token
from . import lines


class _Line(Line):
    __slots__ = ()
    grammar = "vzdump_conf"


class Blank(_Line, lines.Blank):
    __slots__ = ()


class Comment(_Line, lines.Comment):
    __slots__ = ()


class Setting(_Line):
    """``key: value``."""

    __slots__ = ()
    indent: Token
    key: Token
    colon: Token = ":"
    gap: Token = " "
    value: Token
    trail: Token
    newline: Token = "\n"


class Malformed(_Line, lines.Malformed):
    """A line that PVE warns of and ignores (``key = value``, ``key : value``)."""

    __slots__ = ()
