"""``/etc/vzdump.conf``; reader: PVE::JSONSchema::parse_config. Of equal keys the last counts."""

from ..cst import Line, Token


class _Line(Line):
    __slots__ = ()
    grammar = "vzdump_conf"


class Blank(_Line):
    __slots__ = ()
    trail: Token
    newline: Token = "\n"


class Comment(_Line):
    __slots__ = ()
    indent: Token
    hash: Token = "#"
    text: Token
    newline: Token = "\n"


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


class Malformed(_Line):
    """A line that PVE warns of and ignores (``key = value``, ``key : value``)."""

    __slots__ = ()
    is_malformed = True
    text: Token
    newline: Token = "\n"
