"""The lines and sections that container and virtual machine configurations share."""

from ..cst import Block, Line, Token, header_field
from . import lines


class Blank(lines.Blank):
    __slots__ = ()


class SectionHeader(Line):
    """The header of a snapshot or of the pending changes."""

    __slots__ = ()
    open: Token = "["
    name: Token
    close: Token = "]"
    trail: Token
    newline: Token = "\n"


class Description(Line):
    """A ``#`` line: a line of the guest's description (percent-encoded), never a comment."""

    __slots__ = ()
    hash: Token = "#"
    text: Token
    newline: Token = "\n"


class BuriedState(Line):
    """``snapstate: delete`` behind other text: PVE keeps the state and loses the text."""

    __slots__ = ()
    is_malformed = True
    text: Token
    key: Token = "snapstate:"
    gap: Token = " "
    state: Token
    trail: Token
    newline: Token = "\n"


class Property(Line):
    """``key: value``. Of several with one key the last counts (of a VM's, the last valid one)."""

    __slots__ = ()
    key: Token
    sep: Token = ":"
    gap: Token = " "
    value: Token
    trail: Token
    newline: Token = "\n"


class BrokenHeader(Line):
    """A bracket line that is no header: the keys below it go to the section above."""

    __slots__ = ()
    is_malformed = True
    indent: Token
    bracket: Token
    newline: Token = "\n"


class Malformed(lines.Malformed):
    """A line that PVE warns of and tosses."""

    __slots__ = ()


class Live(Block):
    """The running configuration: the lines above the first header (no header of its own)."""

    __slots__ = ()
    name = ""
    label = "live configuration"


class Section(Block):
    """A snapshot or the pending changes."""

    __slots__ = ()
    #: Name in the brackets (Token).
    name = header_field("name")

    #: Name of the section that holds the pending changes, lower case.
    pending_name = ""

    @property
    def is_pending(self):
        """Whether this holds changes that wait for the guest's restart."""
        return self.name.lower() == self.pending_name

    @property
    def label(self):
        """What to call the section in a message."""
        return "pending changes" if self.is_pending else "snapshot %s" % self.name


def lock(tree):
    """The value (Token) of a guest's ``lock``, None where it has none: while it is set, PVE's own
    tools leave the configuration alone (PVE::AbstractConfig, check_lock)."""
    found = None
    for node in tree.body[:1]:
        if isinstance(node, Live):
            for line in node.body:
                if isinstance(line, Property) and line.key == "lock":
                    found = line.value
    return found
