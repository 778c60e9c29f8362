"""``/etc/modprobe.d/*.conf``; reader: libkmod (modprobe, and the initramfs that has a copy)."""

from ..cst import Line, Token
from . import lines


class _Line(Line):
    __slots__ = ()
    grammar = "modprobe"


class Wrapped(_Line):
    """A line that ends in a backslash: the next one belongs to it."""

    __slots__ = ()
    text: Token
    newline: Token = "\n"


class Blank(_Line, lines.Blank):
    __slots__ = ()


class Comment(_Line, lines.FlushComment):
    __slots__ = ()


class Options(_Line):
    """``options MODULE NAME=VALUE ...``."""

    __slots__ = ()
    indent: Token
    keyword: Token = "options"
    module_gap: Token = " "
    module: Token
    settings: Token
    trail: Token
    newline: Token = "\n"


class Directive(_Line):
    """``blacklist MODULE``, ``alias``, ``install``, ``remove``, ``softdep``."""

    __slots__ = ()
    indent: Token
    keyword: Token
    gap: Token = " "
    value: Token
    trail: Token
    newline: Token = "\n"


class Malformed(_Line, lines.Malformed):
    """A line that kmod warns of and ignores (an indented ``#`` too)."""

    __slots__ = ()
