"""``user.cfg``; reader: PVE::AccessControl."""

from ..cst import Line, Token
from . import lines


class _Line(Line):
    __slots__ = ()
    grammar = "user"


class Blank(_Line, lines.Blank):
    __slots__ = ()


class Comment(_Line, lines.Comment):
    """A ``#`` line: the format has no comments, PVE drops it at its next save."""

    __slots__ = ()


class Record(_Line):
    """``keyword:field:field...``; keyword is user, token, group, pool, role or acl."""

    __slots__ = ()
    indent: Token
    keyword: Token
    fields: Token
    trail: Token
    newline: Token = "\n"

    def values(self):
        """The fields behind the keyword, trimmed (list of Token; trailing empty ones included)."""
        return [value for _, value in self.words("fields")]


class Malformed(_Line, lines.Malformed):
    """A line that PVE ignores and drops at its next save."""

    __slots__ = ()
