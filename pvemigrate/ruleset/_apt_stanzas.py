"""One-line sources as stanzas of a .sources file. Pure: text in, text out.

What a stanza cannot say, or what apt takes otherwise there, is not made into one: :class:`Unfit` says
what that is.
"""

import re

from ..formats import parse
from ..lazy import lazy

__all__ = ["FIELDS", "Stanza", "Unfit", "merged", "named", "read", "text_of"]

#: Option of a one-line entry -> field of a stanza, and whether its value is a list. There are no
#: others that apt reads in both: not allow-insecure, allow-weak, allow-downgrade-to-insecure and
#: inrelease-path, nor the name of a target (apt-pkg/sourcelist.cc, pkgSourceList::Type::ParseStanza).
FIELDS = {
    "arch": ("Architectures", True), "arch+": ("Architectures-Add", True),
    "arch-": ("Architectures-Remove", True),
    "lang": ("Languages", True), "lang+": ("Languages-Add", True), "lang-": ("Languages-Remove", True),
    "target": ("Targets", True), "target+": ("Targets-Add", True), "target-": ("Targets-Remove", True),
    "trusted": ("Trusted", False), "check-valid-until": ("Check-Valid-Until", False),
    "valid-until-min": ("Valid-Until-Min", False), "valid-until-max": ("Valid-Until-Max", False),
    "check-date": ("Check-Date", False), "date-max-future": ("Date-Max-Future", False),
    "signed-by": ("Signed-By", False), "pdiffs": ("PDiffs", False), "by-hash": ("By-Hash", False),
}

#: What has a meaning of its own in a one-line entry, and none, or another one, in a stanza: quotes and
#: escapes, control characters, bytes that are no UTF-8 (Proxmox's reader takes no file with such).
_ODD = lazy('["%]|[\x00-\x08\x0a-\x1f\x7f]|[\ud800-\udfff]')
#: What a comment has to look like to be a disabled entry, and no sentence that begins with "deb".
_PLACE = lazy("[a-z][a-z0-9+.-]*:/")
_DISABLED = lazy("#[ \t]*(?=deb(?:-src)?[ \t])")


class Unfit(Exception):
    """Why a line has no stanza, in plain words; ``node``: the line."""

    def __init__(self, reason, node):
        super().__init__(reason)
        self.reason = reason
        self.node = node


class Stanza:
    """A stanza to be: the lists ``types``, ``uris``, ``suites`` and ``components``, ``options`` (list of
    (field, value)), ``enabled``.

    ``above``: the lines (list of str) that stand above it: comments, and an empty str where there is an
    empty line between two. ``remark``: the comment at the end of its entry, or an empty str.
    ``node``: the (first) line that it is made of.
    """

    __slots__ = ("types", "uris", "suites", "components", "options", "enabled", "above", "remark", "node")

    def __init__(self, entry, node, enabled):
        reading = entry.reading
        self.types = [reading.type.text]
        self.uris = [reading.uri.text]
        self.suites = [reading.suite.text]
        self.components = [word.text for word in reading.components]
        self.options = [_field(*option, node) for option in reading.options.items()]
        self.enabled = enabled
        self.above = []
        self.remark = str(entry.remark)
        self.node = node

    @property
    def rest(self):
        """What is the same in all entries that may be one stanza, besides types and suites."""
        return self.uris, self.components, self.options, self.enabled

    def lines(self):
        """The stanza's lines (list of str)."""
        found = self.above + [self.remark] if self.remark else list(self.above)
        fields = [("Types", self.types), ("URIs", self.uris), ("Suites", self.suites),
                  ("Components", self.components)]
        found += ["%s: %s" % (name, " ".join(words)) for name, words in fields if words]
        found += ["%s: %s" % option for option in self.options]
        return found if self.enabled else found + ["Enabled: no"]


def read(tree, keeps=lambda stanza: True):
    """The stanzas (list of :class:`Stanza`) that a file of one-line entries becomes, and the comments
    below the last one (list of str). Raises :class:`Unfit` where an entry of the file has none. A
    disabled entry that has none, or that *keeps* (a callable) turns down, stays a comment."""
    found, above = [], []
    for node in tree.body:
        name = type(node).__name__
        if "\0" in node.code or "\r" in node.code:
            raise Unfit("it holds characters that have no place in a text (CR or NUL)", node)
        if name == "Blank":
            if above and above[-1]:
                above.append("")
            continue
        if name == "Comment":
            stanza = _disabled(node)
            if stanza is None or not keeps(stanza):
                above.append(node.code.rstrip("\n").lstrip(" \t"))
                continue
        elif name == "Entry":
            stanza = _stanza(node, node, True)
        else:
            raise Unfit("apt does not take all of it", node)
        stanza.above, above = above, []
        found.append(stanza)
    return found, above


def named(tree):
    """The repositories that a file of one-line entries names, disabled ones too: yields (URI, suite)."""
    for node in tree.body:
        reading = getattr(_within(node) if type(node).__name__ == "Comment" else node, "reading", None)
        if reading is not None and reading.uri is not None and reading.suite is not None:
            yield reading.uri.text, reading.suite.text


def _stanza(entry, node, enabled):
    """The stanza of an Entry; *node*: the line that is, or that holds, it."""
    if entry.reading.error is not None or entry.unread:
        raise Unfit("apt does not take all of it", node)
    words = entry.code[:len(entry.code.rstrip("\n")) - len(entry.remark)]
    if _ODD.search(words):
        raise Unfit("quotes, percent signs and odd characters mean something else in a stanza", node)
    reading = entry.reading
    if len(entry.words("options")) != len(reading.options):
        raise Unfit("it has an option twice", node)
    uri, suite = reading.uri.text, reading.suite.text
    if uri.lower().startswith("cdrom:"):
        raise Unfit("it is about a disc, which apt-cdrom writes like this", node)
    if any(" " in word or "\t" in word for word in [uri, suite] + [
            component.text for component in reading.components]):
        raise Unfit("blanks end a word in a stanza, in brackets too", node)
    if "$(" in suite and not suite.endswith("/"):
        raise Unfit("apt puts something in for $(...) in a stanza's suite", node)
    if "@" in uri.partition("//")[2].partition("/")[0]:
        # A new file is for everybody to read.
        raise Unfit("it holds a login: move that to etc/apt/auth.conf.d", node)
    return Stanza(entry, node, enabled)


def _disabled(node):
    """The stanza of a comment that is a disabled entry, as Proxmox VE's panel takes it (one # before an
    entry); None for any other comment."""
    entry = _within(node)
    if type(entry).__name__ != "Entry" or entry.reading.uri is None or not _PLACE.match(
            entry.reading.uri.text):
        return None
    try:
        return _stanza(entry, node, False)
    except Unfit:
        return None


def _within(node):
    """The line that a comment holds behind its #, None where it does not look like an entry."""
    code = node.code.strip(" \t\n")
    match = _DISABLED.match(code)
    return parse(code[match.end():], "apt-list").body[0] if match else None


def _field(name, value, node):
    if name not in FIELDS:
        raise Unfit("a stanza has no field for the option %s" % name, node)
    field, is_list = FIELDS[name]
    if is_list:
        items = value.split(",")
        if "" in items:
            raise Unfit("an item is missing in the option %s" % name, node)
        value = " ".join(items)
    return field, value


def merged(stanzas):
    """The same with what differs in suites alone, or in types alone, as one: neighbours, without a
    comment between them or at the end of one, where apt then has the same repositories in the same
    order. What is disabled stays apart, for each to be enabled by itself."""
    return _merged(_merged(stanzas, "suites", "types"), "types", "suites")


def _merged(stanzas, what, other):
    found = []
    for stanza in stanzas:
        above = found[-1] if found else None
        if (above is not None and stanza.enabled and above.rest == stanza.rest
                and not (stanza.remark or above.remark or any(stanza.above))
                and getattr(above, other) == getattr(stanza, other)
                and set(getattr(above, what)).isdisjoint(getattr(stanza, what))):
            getattr(above, what).extend(getattr(stanza, what))
        else:
            found.append(stanza)
    return found


def text_of(stanzas, below=()):
    """The text of a .sources file. *below*: the comments under the last stanza (list of str)."""
    parts = [stanza.lines() for stanza in stanzas]
    if any(below):
        parts.append(below if below[-1] else below[:-1])
    return "\n".join("\n".join(lines) + "\n" for lines in parts)
