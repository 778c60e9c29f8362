"""Container configuration (``nodes/*/lxc/*.conf``); reader: PVE::LXC::Config."""

from ..cst import Line, Token
from . import guest


class Blank(guest.Blank):
    __slots__ = ()
    grammar = "lxc"


class SectionHeader(guest.SectionHeader):
    __slots__ = ()
    grammar = "lxc"


class Description(guest.Description):
    __slots__ = ()
    grammar = "lxc"


class RawKey(Line):
    """A raw LXC key, ``lxc.cgroup.devices.allow: c 10:200 rwm`` (``=`` works too). Such lines are
    an ordered list; none replaces another."""

    __slots__ = ()
    grammar = "lxc"
    key: Token
    sep: Token = ":"
    gap: Token = " "
    value: Token
    trail: Token
    newline: Token = "\n"


class BuriedState(guest.BuriedState):
    __slots__ = ()
    grammar = "lxc"


class Property(guest.Property):
    __slots__ = ()
    grammar = "lxc"


class BrokenHeader(guest.BrokenHeader):
    __slots__ = ()
    grammar = "lxc"


class Malformed(guest.Malformed):
    __slots__ = ()
    grammar = "lxc"


class Live(guest.Live):
    __slots__ = ()


class Section(guest.Section):
    __slots__ = ()
    pending_name = "pve:pending"
