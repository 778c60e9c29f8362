"""``/etc/network/interfaces``; readers: ifupdown, ifupdown2 and PVE::INotify.

Stanzas are those of classic ifupdown. Where the three readers take a line differently, the line's
``disagreement`` says how; :func:`disagreements` adds what only the lines around it show.
"""

from ..cst import Block, Line, Token, header_field
from ..lazy import lazy
from . import lines

#: Families and their methods in classic ifupdown (measured with 0.8.41); others it refuses.
METHODS = {
    "inet": ("static", "manual", "loopback", "dhcp", "ppp", "tunnel", "bootp", "wvdial", "ipv4ll"),
    "inet6": ("static", "manual", "loopback", "dhcp", "tunnel", "auto", "v4tunnel", "6to4"),
    "ipx": ("static", "dynamic"),
    "can": ("static",),
    "meta": ("none",),
}
#: Methods that ifupdown2 knows, for inet and inet6 alike (ifupdown/networkinterfaces.py).
_IFUPDOWN2_METHODS = ("static", "manual", "loopback", "dhcp", "dhcp6", "ppp", "tunnel")
#: Options that may stand in a stanza more than once (interfaces(5)).
_COMMANDS = ("pre-up", "up", "post-up", "pre-down", "down", "post-down")

_CUT = lazy("\\\\(?:\0[^\n]*)?\n")
_BLANKS = " \t\r\f\v"
_WORDS = lazy("[^ \t\r\f\v\n]+")


def joined(text):
    """A token's or a line's text as ifupdown sees it, continuation lines joined (str)."""
    return _CUT.sub("", str(text))


def words(text):
    """The words of a token's text as ifupdown sees it (list of str)."""
    return _WORDS.findall(joined(text))


class _Line(Line):
    __slots__ = ()
    grammar = "interfaces"

    @property
    def disagreement(self):
        """How the readers differ about this line (str), or None where they agree."""
        code = self.code
        if "\\" in code:
            if _CUT.search(code[:-1]):
                return ("continued line: ifupdown joins it, ifupdown2 joins it with one blank, "
                        "PVE takes each part for a line of its own")
            return "backslash: ifupdown2 joins what stands behind it, ifupdown and PVE keep it"
        if "\0" in code:
            return "NUL byte: ifupdown does not see what stands behind it"
        if "\r" in code.rstrip("\r\n"):
            return "carriage return: ifupdown2 begins a new line there, ifupdown and PVE do not"
        return None


class Blank(_Line, lines.Blank):
    """A blank line: nothing for ifupdown, the end of the stanza for PVE."""

    __slots__ = ()


class Comment(_Line, lines.Comment):
    """A comment line. ifupdown2 joins the next line where this one holds a backslash at its end."""

    __slots__ = ()

    @property
    def disagreement(self):
        if self.text.rstrip(_BLANKS).endswith("\\"):
            return "comment that ends in a backslash: for ifupdown2 the next line belongs to it"
        if "\r" in self.text.rstrip("\r"):
            return "carriage return: for ifupdown2 the comment ends there"
        return None


class Auto(_Line):
    """``auto NAME...`` or ``allow-CLASS NAME...``."""

    __slots__ = ()
    indent: Token
    keyword: Token = "auto"
    names: Token
    trail: Token
    newline: Token = "\n"

    @property
    def disagreement(self):
        plain = super().disagreement
        if plain:
            return plain
        keyword = joined(self.keyword)
        if keyword == "allow-hotplug":
            return "allow-hotplug: PVE rewrites it as auto"
        if keyword.startswith("allow-") and keyword[6:] not in ("auto", "ovs"):
            if "-" in keyword[6:]:
                return ("%s: for ifupdown2 the class is %s only, PVE keeps the line as it stands"
                        % (keyword, keyword.split("-")[1] or "empty"))
            return "%s: PVE knows no such class and keeps the line as it stands" % keyword
        names = words(self.names)
        if "all" in names or any("[" in name for name in names):
            return "names that ifupdown2 expands (all, a range); ifupdown and PVE do not"
        if any("/" in name for name in names):
            return "a pattern: ifupdown matches it with the interfaces there are, the others do not"
        return None


class BareKeyword(_Line):
    """``auto``, ``allow-CLASS``, ``no-auto-down`` or ``no-scripts`` without a name: nothing for
    ifupdown, in an iface stanza not even its end."""

    __slots__ = ()
    indent: Token
    keyword: Token = "auto"
    trail: Token
    newline: Token = "\n"

    @property
    def disagreement(self):
        return ("%s without a name: ifupdown goes on with the stanza above, PVE ends it"
                % joined(self.keyword))


class Source(_Line):
    """``source PATTERN`` or ``source-directory DIR``."""

    __slots__ = ()
    indent: Token
    keyword: Token = "source"
    gap: Token = " "
    value: Token
    trail: Token
    newline: Token = "\n"

    @property
    def disagreement(self):
        if not self.value:
            return "no path: ifupdown2 fails on it, ifupdown reads the folder of this file"
        if joined(self.keyword) != "source":
            return ("source-directory: ifupdown takes names of letters, digits, _ and - only, "
                    "ifupdown2 all or none, PVE does not read them")
        if len(words(self.value)) > 1:
            return "several paths: ifupdown2 takes the first only, PVE reads none"
        return super().disagreement or "source: PVE does not read what it names"


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
        return ("%s: a keyword of ifupdown; ifupdown2 and PVE take it for an option"
                % joined(self.keyword))


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
        return ("mapping: ifupdown2 does not know it and takes its lines for options of a stanza "
                "above, PVE keeps it line by line")


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
    def is_malformed(self):
        """Whether ifupdown refuses the line: a family or method that it does not know, or a last
        word ``inherits``."""
        return (joined(self.method) not in METHODS.get(joined(self.family), ())
                or words(self.extra)[-1:] == ["inherits"])

    @property
    def disagreement(self):
        if self.extra:
            return ("words behind the method: ifupdown and ifupdown2 ignore them, "
                    "PVE does not recognise the stanza")
        family, method = joined(self.family), joined(self.method)
        if family not in ("inet", "inet6"):
            return "family %s: ifupdown2 and PVE do not know it" % family
        plain = super().disagreement
        if plain is None and method not in _IFUPDOWN2_METHODS:
            return "%s %s: ifupdown2 reports it as an error" % (family, method)
        return plain


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

    @property
    def disagreement(self):
        if self.names:
            return ("no family or method: ifupdown refuses the file, ifupdown2 takes it as static, "
                    "PVE does not recognise the stanza")
        return "no name: ifupdown refuses the file, ifupdown2 fails on it"


class Option(_Line):
    """``KEY VALUE``. A ``#`` in the value is part of it."""

    __slots__ = ()
    indent: Token = "\t"
    key: Token
    gap: Token = " "
    value: Token
    trail: Token
    newline: Token = "\n"

    @property
    def disagreement(self):
        key = joined(self.key)
        if key == "vlan" or key.partition("-")[0] == "allow":
            return "%s: ifupdown2 ends the stanza here, for ifupdown it is an option" % key
        return super().disagreement


class NamelessOption(_Line):
    """A lone backslash, and an indented line joined to it: ifupdown takes that for the value of an
    option without a name."""

    __slots__ = ()
    is_malformed = True
    lead: Token = "\\\n "
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


class Malformed(_Line, lines.Malformed):
    """Text that is nothing else."""

    __slots__ = ()


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
        first one that it takes for blank or value-less, or for another stanza (tuple)."""
        kept = []
        for node in self.body:
            if _ends_for_pve(node):
                break
            kept.append(node)
        return tuple(kept)

    @property
    def kept_by_all(self):
        """The lines of the body that every reader counts to the stanza (tuple)."""
        kept = []
        for node in self.kept_by_pve:
            # Behind a lone CR ifupdown2 sees another line, which may be anything.
            if _ends_for_ifupdown2(node) or "\r" in node.code.rstrip("\r\n"):
                break
            kept.append(node)
        return tuple(kept)

    @property
    def lost_by_pve(self):
        """The option lines that PVE moves out of the stanza at its next save (tuple)."""
        rest = self.body[len(self.kept_by_pve):]
        return tuple(node for node in rest if isinstance(node, (Option, NamelessOption)))


_ENDS_FOR_PVE = ("iface", "mapping", "auto", "source", "source-directory")


def _ends_for_pve(node):
    """Whether a line of a stanza's body ends it for PVE (PVE/INotify.pm)."""
    if isinstance(node, Comment):
        return False
    code = node.code
    for line in code.split("\n")[:-1] or [code]:
        found = _WORDS.findall(line)
        first = found[0] if found else ""
        if not first.startswith("#") and (
                len(found) < 2 or first.startswith("allow-") or first in _ENDS_FOR_PVE):
            return True
    return False


def _ends_for_ifupdown2(node):
    """Whether a line of a stanza's body that PVE counts to it ends it for ifupdown2."""
    key = joined(node.key) if isinstance(node, Option) else ""
    return key == "vlan" or key.partition("-")[0] == "allow"


def disagreements(tree):
    """Where the readers of a file take it differently: yields (node, how), in source order. Next to
    the lines' own ``disagreement``, this has what shows only in context."""
    seen = set()
    stanza_above = False
    for block in tree.body:
        if not isinstance(block, Block):
            if block.disagreement:
                yield block, block.disagreement
            # For ifupdown2 a directive is one more option; blank lines and comments end nothing.
            stanza_above = stanza_above and isinstance(block, (Blank, Comment, Directive))
            continue
        if isinstance(block, Mapping) and not stanza_above:
            yield block.header, "mapping: ifupdown2 does not know it, PVE keeps it line by line"
        elif block.header is not None and block.header.disagreement:
            yield block.header, block.header.disagreement
        if isinstance(block, Iface):
            stanza_above = True
            key = (joined(block.name), joined(block.family))
            if key in seen:
                yield block.header, ("%s has two %s stanzas: ifupdown and ifupdown2 use both, "
                                     "PVE keeps the last one's options twice" % key)
            if key[1]:
                seen.add(key)
        lost = set(map(id, getattr(block, "lost_by_pve", ())))
        once = set()
        for node in block.body:
            if node.disagreement:
                yield node, node.disagreement
            elif id(node) in lost:
                yield node, ("behind a line that ends the stanza for PVE: "
                             "its next save moves it to another interface")
            elif isinstance(block, Iface) and isinstance(node, Option):
                name = joined(node.key)
                if name in once and name not in _COMMANDS:
                    yield node, ("%s a second time: ifupdown joins the values, ifupdown2 lists "
                                 "them, PVE keeps the last" % name)
                once.add(name)


class Mapping(Block):
    """A ``mapping`` stanza."""

    __slots__ = ()


class Misplaced(Block):
    """An option that no stanza holds: ifupdown refuses the file."""

    __slots__ = ()
    is_malformed = True
