"""``/etc/pve/notifications.cfg`` (from Proxmox VE 8.1 on); reader: the Rust crate proxmox-notify, which
refuses the whole file for one line that it cannot read."""

from ..cst import Block, Line, Token, header_field
from . import lines


class _Line(Line):
    __slots__ = ()
    grammar = "notifications"


class Blank(_Line, lines.Blank):
    """What ends a section."""

    __slots__ = ()


class Comment(_Line, lines.Comment):
    """A ``#`` line. The reader of Proxmox VE 8 takes it for no remark, and refuses the file."""

    __slots__ = ()
    is_malformed = True


class SectionHeader(_Line):
    """``matcher: id``."""

    __slots__ = ()
    type: Token
    colon: Token = ":"
    gap: Token = " "
    id: Token
    trail: Token
    newline: Token = "\n"


class Property(_Line):
    """``<blank>key value``."""

    __slots__ = ()
    indent: Token = "\t"
    key: Token
    gap: Token = " "
    value: Token
    trail: Token
    newline: Token = "\n"


class Malformed(_Line, lines.Malformed):
    """A line for which the reader refuses the file."""

    __slots__ = ()


class Section(Block):
    """A target or a matcher: header, properties, the blank line that ends it."""

    __slots__ = ()
    #: ``sendmail``, ``smtp``, ``gotify``, ``webhook`` or ``matcher``.
    type = header_field("type")
    #: Its name.
    id = header_field("id")


class Orphan(Block):
    """A property that no section holds: the reader refuses the file."""

    __slots__ = ()
    is_malformed = True
