"""``/etc/sysctl.conf`` and ``/etc/sysctl.d/*.conf``; readers: systemd-sysctl at boot, procps' sysctl. Of
equal keys the last counts."""

from __future__ import annotations

from ..cst import Line, Token
from . import lines


class _Line(Line):
    __slots__ = ()
    grammar = "sysctl"


class Blank(_Line, lines.Blank):
    __slots__ = ()


class Comment(_Line):
    """A line whose first character is ``#`` or ``;``."""

    __slots__ = ()
    indent: Token
    mark: Token = "#"
    remark: Token
    trail: Token
    newline: Token = "\n"


class Setting(_Line):
    """``key = value``; behind a dash, a value that the kernel refuses is of no matter."""

    __slots__ = ()
    indent: Token
    dash: Token
    key: Token
    equals: Token = " ="
    gap: Token = " "
    value: Token
    trail: Token
    newline: Token = "\n"

    @property
    def name(self) -> str:
        """The key with ``/`` between its parts, as ``/proc/sys`` has it: the separator that comes
        first in the key is the one between them, the other one is part of a name (sysctl.d(5))."""
        first = next((char for char in self.key if char in "./"), "/")
        if first == "/":
            return str(self.key)
        return self.key.translate({ord("."): "/", ord("/"): "."})


class Exclusion(_Line):
    """``-key``: what a key with a pattern (``net.ipv4.conf.*.rp_filter``) does not stand for."""

    __slots__ = ()
    indent: Token
    dash: Token = "-"
    key: Token
    trail: Token
    newline: Token = "\n"


class Malformed(_Line, lines.Malformed):
    """A line that no reader takes for a setting, or that they take for different ones."""

    __slots__ = ()
