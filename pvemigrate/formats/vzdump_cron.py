"""``/etc/pve/vzdump.cron``; readers: PVE::VZDump::Common and cron."""

from ..cst import Line, Token
from . import lines


class _Line(Line):
    __slots__ = ()
    grammar = "vzdump_cron"


class Blank(_Line, lines.Blank):
    __slots__ = ()


class Comment(_Line, lines.FlushComment):
    """A ``#`` line (PVE drops it at its next save)."""

    __slots__ = ()


class Environment(_Line):
    """``PATH=...`` (PVE writes its own)."""

    __slots__ = ()
    name: Token
    equals: Token = "="
    value: Token
    newline: Token = "\n"


class Job(_Line):
    """A backup job as PVE reads it; ``disabled`` is ``#`` for a job that is switched off."""

    __slots__ = ()
    minute: Token
    hour_gap: Token = " "
    hour: Token
    stars: Token = " * * "
    dow: Token
    user: Token = " root "
    path: Token
    disabled: Token
    command: Token = "vzdump"
    args: Token
    trail: Token
    newline: Token = "\n"


class UnclosedJob(_Line):
    """A job with a quote that is not closed: PVE reads it without its options, the shell not at
    all."""

    __slots__ = ()
    is_malformed = True
    minute: Token
    hour_gap: Token = " "
    hour: Token
    stars: Token = " * * "
    dow: Token
    user: Token = " root "
    path: Token
    disabled: Token
    command: Token = "vzdump"
    unread: Token
    newline: Token = "\n"


class Opaque(_Line):
    """A line that PVE keeps as it is, moves to the end and does not show."""

    __slots__ = ()
    timing: Token
    command_line: Token
    trail: Token
    newline: Token = "\n"


class Tossed(_Line):
    """A line that cron runs and PVE drops at its next save (indented, ``@daily``)."""

    __slots__ = ()
    is_malformed = True
    indent: Token
    timing: Token
    command_line: Token
    trail: Token
    newline: Token = "\n"


class Malformed(_Line, lines.Malformed):
    """A line that PVE drops at its next save (``MAILTO=root``)."""

    __slots__ = ()
