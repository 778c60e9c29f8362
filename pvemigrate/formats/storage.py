"""``storage.cfg``; reader: PVE::SectionConfig with PVE::Storage::Plugin."""

from ..cst import Block, Line, Token, header_field


class _Line(Line):
    __slots__ = ()
    grammar = "storage"


class Separator(_Line):
    """What ends a section: a truly empty line, or a line that is just ``0``."""

    __slots__ = ()
    zero: Token
    newline: Token = "\n"


class Comment(_Line):
    """A ``#`` line (PVE drops it at its next save)."""

    __slots__ = ()
    indent: Token
    hash: Token = "#"
    text: Token
    newline: Token = "\n"


class FalseSeparator(_Line):
    """A line of blanks (or a lone CR): looks like the end of a section, and is not."""

    __slots__ = ()
    blanks: Token
    newline: Token = "\n"


class SectionHeader(_Line):
    """``type: id``."""

    __slots__ = ()
    type: Token
    colon: Token = ":"
    gap: Token = " "
    id: Token
    trail: Token
    newline: Token = "\n"


class Property(_Line):
    """``<blank>key value`` or, for flags, ``<blank>key``. Of several with one key the first counts."""

    __slots__ = ()
    indent: Token = "\t"
    key: Token
    gap: Token
    value: Token
    trail: Token
    newline: Token = "\n"


class Malformed(_Line):
    """A line that PVE warns of and tosses."""

    __slots__ = ()
    is_malformed = True
    text: Token
    newline: Token = "\n"


class Section(Block):
    """One storage: header, properties, sections swallowed for want of a separator, separator."""

    __slots__ = ()
    #: Storage type as written (PVE lower-cases it).
    type = header_field("type")
    #: Storage id.
    id = header_field("id")

    def properties(self, key=None):
        """The section's own property lines (all, or those with *key*), in source order."""
        return [node for node in self.body
                if isinstance(node, Property) and key in (None, node.key)]


class Swallowed(Block):
    """A header inside a section, with the properties below it: PVE ignores the header and takes
    the properties for those of the section above."""

    __slots__ = ()
    is_malformed = True
    type = header_field("type")
    id = header_field("id")


class Orphan(Block):
    """A property that no section holds; PVE ignores it."""

    __slots__ = ()
    is_malformed = True
