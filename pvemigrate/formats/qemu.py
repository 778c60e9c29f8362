"""Virtual machine configuration (``nodes/*/qemu-server/*.conf``); reader: PVE::QemuServer."""

from . import guest


class Blank(guest.Blank):
    __slots__ = ()
    grammar = "qemu"


class SectionHeader(guest.SectionHeader):
    __slots__ = ()
    grammar = "qemu"


class Description(guest.Description):
    __slots__ = ()
    grammar = "qemu"


class BuriedState(guest.BuriedState):
    __slots__ = ()
    grammar = "qemu"


class Property(guest.Property):
    __slots__ = ()
    grammar = "qemu"


class BrokenHeader(guest.BrokenHeader):
    __slots__ = ()
    grammar = "qemu"


class Malformed(guest.Malformed):
    __slots__ = ()
    grammar = "qemu"


class Live(guest.Live):
    __slots__ = ()


class Section(guest.Section):
    __slots__ = ()
    pending_name = "pending"
