"""One-line APT sources; reader: apt (apt-pkg/sourcelist.cc)."""

from ..cst import Line, Token


class _Line(Line):
    __slots__ = ()
    grammar = "apt_list"


class Blank(_Line):
    __slots__ = ()
    trail: Token
    newline: Token = "\n"


class Comment(_Line):
    """A comment line; ``#deb ...`` is a disabled repository for PVE's panel and stays one."""

    __slots__ = ()
    indent: Token
    hash: Token = "#"
    text: Token
    newline: Token = "\n"


class Entry(_Line):
    """``deb [options] uri suite components # remark``."""

    __slots__ = ()
    indent: Token
    type: Token = "deb"
    type_gap: Token = " "
    open: Token
    options: Token
    close: Token
    options_gap: Token
    uri: Token
    uri_gap: Token = " "
    suite: Token
    components: Token
    trail: Token
    remark: Token
    newline: Token = "\n"


class Malformed(_Line):
    """A line for which apt refuses its whole configuration."""

    __slots__ = ()
    is_malformed = True
    text: Token
    newline: Token = "\n"
