"""Lines that most formats have. A format's own class adds its grammar and what its reader does."""

from ..cst import Line, Token


class Blank(Line):
    """A line of nothing but white space."""

    __slots__ = ()
    trail: Token
    newline: Token = "\n"


class Comment(Line):
    """A line whose first character is ``#``."""

    __slots__ = ()
    indent: Token
    hash: Token = "#"
    text: Token
    newline: Token = "\n"


class FlushComment(Line):
    """A comment where the ``#`` has to stand in the first column."""

    __slots__ = ()
    hash: Token = "#"
    text: Token
    newline: Token = "\n"


class Malformed(Line):
    """A line that the format's reader refuses, or cannot make sense of."""

    __slots__ = ()
    is_malformed = True
    text: Token
    newline: Token = "\n"
