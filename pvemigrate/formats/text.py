"""A file of lines, for what rules look at and no other format is about."""

from ..cst import Line as CstLine
from ..cst import Token


class Line(CstLine):
    """Any line. ``part(start, end)`` is a piece of its text."""

    __slots__ = ()
    grammar = "text"
    text: Token
    newline: Token = "\n"

    def part(self, start: int, end: int) -> Token:
        """The text from *start* to *end* (code points, as in ``self.text``) as a token."""
        return Token(self.text[start:end], self, start)
