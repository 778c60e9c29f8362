"""``/etc/kernel/cmdline``; readers: proxmox-boot-tool, which takes the first line, and the kernel."""

from ..cst import Line, Token
from . import lines


class _Line(Line):
    __slots__ = ()
    grammar = "kernel_cmdline"


class Blank(_Line, lines.Blank):
    __slots__ = ()


class ParameterLine(_Line):
    """Parameters between white space (only the file's first line counts)."""

    __slots__ = ()
    indent: Token
    parameters: Token
    trail: Token
    newline: Token = "\n"
