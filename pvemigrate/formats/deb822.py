"""deb822 APT sources; reader: apt (apt-pkg/tagfile.cc, sourcelist.cc)."""

from ..cst import Block, Line, Token, header_field


class _Line(Line):
    __slots__ = ()
    grammar = "deb822"


class Separator(_Line):
    """A truly empty line (CRs tolerated): the end of a stanza."""

    __slots__ = ()
    carriage: Token
    newline: Token = "\n"


class Comment(_Line):
    """A line with ``#`` in column 0; legal anywhere, also between continuation lines."""

    __slots__ = ()
    hash: Token = "#"
    text: Token
    newline: Token = "\n"


class IndentedComment(_Line):
    """Looks like a comment; for apt its words are part of the field above."""

    __slots__ = ()
    indent: Token = " "
    hash: Token = "#"
    text: Token
    newline: Token = "\n"


class FalseSeparator(_Line):
    """A line of blanks: an empty continuation line for apt, a separator for Proxmox's reader."""

    __slots__ = ()
    blanks: Token = " "
    newline: Token = "\n"


class Continuation(_Line):
    """A folded line of the field above."""

    __slots__ = ()
    indent: Token = " "
    value: Token
    trail: Token
    newline: Token = "\n"


class FieldLine(_Line):
    """``Name: value``, the first line of a field."""

    __slots__ = ()
    name: Token
    colon: Token = ":"
    gap: Token = " "
    value: Token
    trail: Token
    newline: Token = "\n"


class Malformed(_Line):
    """A line without a colon: apt takes the text up to the next colon for a field's name."""

    __slots__ = ()
    is_malformed = True
    text: Token
    newline: Token = "\n"


class Field(Block):
    """A field: its first line, continuation lines, and comments between them."""

    __slots__ = ()
    #: Field name as written (apt ignores its case).
    name = header_field("name")

    def words(self):
        """The blank-separated words of the value (list of Token), folded lines included; words of
        an indented ``#`` line too, as apt takes them."""
        found = []
        for line in (self.header,) + self.body:
            if isinstance(line, (FieldLine, Continuation)):
                found.extend(_words(line, line.value))
            elif isinstance(line, IndentedComment):
                found.extend(_words(line, Token(line.hash + line.text, line, line.hash.offset)))
        return found


class Stray(Block):
    """A line without a colon and what follows it: it swallows the next field's name."""

    __slots__ = ()


class Stanza(Block):
    """Fields up to the next truly empty line."""

    __slots__ = ()

    def get(self, name):
        """The field *name* (case ignored): the last of that name, as apt takes it, or None."""
        found = None
        for node in self.body:
            if isinstance(node, Field) and node.name.lower() == name.lower():
                found = node
        return found


def _words(line, value):
    found, start, text = [], None, str(value)
    for at, char in enumerate(text + " "):
        if char in " \t\r\f\v":
            if start is not None:
                found.append(Token(text[start:at], line, value.offset + start))
            start = None
        elif start is None:
            start = at
    return found
