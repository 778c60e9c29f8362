"""``/etc/network/interfaces``; readers: ifupdown, ifupdown2 and PVE::INotify.

Stanzas are those of classic ifupdown. Where the three readers take a line differently, the line's
``disagreement`` says how.
"""

from ..cst import Block, Line, Token, header_field


def joined(token):
    """A token's text as ifupdown sees it, continuation lines joined (str)."""
    return str(token).replace("\\\n", "")


class _Line(Line):
    __slots__ = ()
    grammar = "interfaces"

    @property
    def disagreement(self):
        """How the readers differ about this line (str), or None where they agree."""
        code = self.code
        if "\\" in code:
            if "\n" in code[:-1]:
                return ("continued line: ifupdown joins it, ifupdown2 joins it with one blank, "
                        "PVE takes each part for a line of its own")
            return "backslash: ifupdown2 joins what stands behind it, ifupdown and PVE keep it"
        return None


class Blank(_Line):
    """A blank line: nothing for ifupdown, the end of the stanza for PVE."""

    __slots__ = ()
    trail: Token
    newline: Token = "\n"


class Comment(_Line):
    """A comment line. ifupdown2 joins the next line where this one holds a backslash at its end."""

    __slots__ = ()
    indent: Token
    hash: Token = "#"
    text: Token
    newline: Token = "\n"

    @property
    def disagreement(self):
        if self.text.rstrip(" \t\r\f\v").endswith("\\"):
            return "comment that ends in a backslash: for ifupdown2 the next line belongs to it"
        return None


class Auto(_Line):
    """``auto NAME...`` or ``allow-CLASS NAME...``."""

    __slots__ = ()
    indent: Token
    keyword: Token = "auto"
    names: Token
    trail: Token
    newline: Token = "\n"


class Source(_Line):
    """``source PATTERN`` or ``source-directory DIR``."""

    __slots__ = ()
    indent: Token
    keyword: Token = "source"
    gap: Token = " "
    value: Token
    trail: Token
    newline: Token = "\n"


class Directive(_Line):
    """``no-auto-down``, ``no-scripts`` or ``rename``: ifupdown's only."""

    __slots__ = ()
    indent: Token
    keyword: Token
    names: Token
    trail: Token
    newline: Token = "\n"

    @property
    def disagreement(self):
        return "%s: a keyword of ifupdown; ifupdown2 and PVE take it for an option" % self.keyword


class MappingHeader(_Line):
    """``mapping PATTERN...``."""

    __slots__ = ()
    indent: Token
    keyword: Token = "mapping"
    names: Token
    trail: Token
    newline: Token = "\n"

    @property
    def disagreement(self):
        return ("mapping: ifupdown2 takes it and its lines for options of the stanza above, "
                "PVE keeps it line by line")


class IfaceHeader(_Line):
    """``iface NAME FAMILY METHOD``; more words are ignored by ifupdown and break PVE's reading."""

    __slots__ = ()
    indent: Token
    keyword: Token = "iface"
    name_gap: Token = " "
    name: Token
    family_gap: Token = " "
    family: Token = "inet"
    method_gap: Token = " "
    method: Token
    extra: Token
    trail: Token
    newline: Token = "\n"

    @property
    def disagreement(self):
        if self.extra:
            return ("words behind the method: ifupdown and ifupdown2 ignore them, "
                    "PVE does not recognise the stanza")
        return super().disagreement


class InheritsHeader(_Line):
    """``iface NAME ... inherits TEMPLATE``: ifupdown's only."""

    __slots__ = ()
    indent: Token
    keyword: Token = "iface"
    name_gap: Token = " "
    name: Token
    inheritance: Token
    trail: Token
    newline: Token = "\n"

    @property
    def disagreement(self):
        return "inherits: ifupdown2 inherits nothing, PVE does not recognise the stanza"


class BrokenIfaceHeader(_Line):
    """``iface`` with too few words: ifupdown refuses the file."""

    __slots__ = ()
    is_malformed = True
    indent: Token
    keyword: Token = "iface"
    names: Token
    trail: Token
    newline: Token = "\n"


class Option(_Line):
    """``KEY VALUE``. A ``#`` in the value is part of it."""

    __slots__ = ()
    indent: Token = "\t"
    key: Token
    gap: Token = " "
    value: Token
    trail: Token
    newline: Token = "\n"


class ValuelessOption(_Line):
    """A lone word where an option is due: ifupdown refuses the file, ifupdown2 skips the line, PVE
    ends the stanza there."""

    __slots__ = ()
    is_malformed = True
    indent: Token
    key: Token
    trail: Token
    newline: Token = "\n"

    @property
    def disagreement(self):
        return ("no value: ifupdown refuses the file, ifupdown2 skips the line, "
                "PVE ends the stanza")


class Malformed(_Line):
    """Text that is nothing else."""

    __slots__ = ()
    is_malformed = True
    text: Token
    newline: Token = "\n"


class Iface(Block):
    """An ``iface`` stanza up to the next keyword; blank lines and comments in it included."""

    __slots__ = ()
    name = header_field("name")
    family = header_field("family")
    method = header_field("method")

    def options(self, *names):
        """The option lines with one of these names (all without names); ``_`` counts as ``-``."""
        wanted = {name.replace("_", "-") for name in names}
        return [node for node in self.body if isinstance(node, Option)
                and (not wanted or joined(node.key).replace("_", "-") in wanted)]

    @property
    def kept_by_pve(self):
        """The lines of the body that PVE keeps in the stanza at its next save: those before the
        first blank or value-less line (tuple)."""
        kept = []
        for node in self.body:
            if isinstance(node, (Blank, ValuelessOption)):
                break
            kept.append(node)
        return tuple(kept)


class Mapping(Block):
    """A ``mapping`` stanza."""

    __slots__ = ()


class Misplaced(Block):
    """An option that no stanza holds: ifupdown refuses the file."""

    __slots__ = ()
    is_malformed = True
