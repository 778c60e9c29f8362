"""deb822 APT sources; reader: apt (apt-pkg/tagfile.cc, sourcelist.cc)."""

from ..cst import Block, Line, Token, encode, header_field
from ..lazy import lazy
from . import lines
from .apt_list import TYPES, signed_by_error

#: What apt holds for white space in a value; a line has no LF inside.
_SPACE = " \t\r\f\v\n"


class _Line(Line):
    __slots__ = ()
    grammar = "deb822"


class Separator(_Line):
    """A truly empty line (CRs tolerated): the end of a stanza."""

    __slots__ = ()
    carriage: Token
    newline: Token = "\n"


class Comment(_Line, lines.FlushComment):
    """A line with ``#`` in column 0; legal anywhere, also between continuation lines."""

    __slots__ = ()


class IndentedComment(_Line):
    """Looks like a comment; for apt its words are part of the field above."""

    __slots__ = ()
    disagreement = ("indented #: apt takes the words for values of the field above, who wrote it "
                    "meant a comment")
    indent: Token = " "
    hash: Token = "#"
    text: Token
    newline: Token = "\n"


class FalseSeparator(_Line):
    """A line of blanks: an empty continuation line for apt, a separator for Proxmox's reader."""

    __slots__ = ()
    disagreement = "line of blanks: for apt the stanza goes on, for Proxmox's reader it ends"
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


class Malformed(_Line, lines.Malformed):
    """A line that is no field: without a colon (apt takes the text up to the next colon, lines
    further down, for the field's name) or with a CR before its first character."""

    __slots__ = ()


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


class Reading:
    """What apt makes of one stanza.

    ``error``: why apt refuses it (and with it its whole configuration), in plain words; None where
    it does not. ``at``: the line that the error is about. ``fields``: dict of lower-case name ->
    (value, line); of a name given twice the last. ``stanza``: the Stanza node that holds these
    fields and no others; None where apt cuts the text at other places than the tree does, which
    takes a malformed line.
    """

    __slots__ = ("error", "at", "fields", "stanza")

    def __init__(self, fields, stanza=None):
        self.error = None
        self.at = None
        self.fields = fields
        self.stanza = stanza

    def words(self, name):
        """The words (list of str) of the field *name* (lower case)."""
        return _WORD.findall(self.fields[name][0]) if name in self.fields else []

    @property
    def enabled(self):
        """Whether apt uses the stanza: an unknown word in ``Enabled`` means yes."""
        return not _is_false(self.fields["enabled"][0]) if "enabled" in self.fields else True


def readings(tree):
    """What apt makes of a file's stanzas (list of :class:`Reading`), step by step as apt does it:
    comments go first, then the text is cut at colons and at empty lines."""
    starts, kept, text, size = [], [], [], 0
    for line in _lines(tree):
        if not line.code.startswith("#"):
            starts.append(size)
            kept.append(line)
            text.append(line.code)
            size += len(line.code)
    text = "".join(text)
    # Apt completes the text to end in two newlines.
    newlines = text[len(text.rstrip("\r\n")):].count("\n")
    text += "\n" * (2 - newlines)
    line_at = dict(zip(starts, kept))
    stanzas = {}
    for node in tree.body:
        if isinstance(node, Stanza):
            for part in node.body:
                stanzas[id(part.header)] = node
    found, at = [], 0
    while True:
        tags, end = _scan(text, at)
        if end is None and len(encode(text[at:])) <= 3:
            # Apt overlooks up to three bytes at the end that hold no colon.
            return found
        for _ in range(_RETRIES):
            if end is not None:
                break
            tags, end = _scan(text, at, tags)
        if end is None:
            reading = Reading({})
            reading.error = "what follows holds no colon"
            reading.at = _line_of(_first_odd(text, tags, at), starts, kept)
            found.append(reading)
            return found
        if len(tags) > 1:
            found.append(_read_stanza(text, tags, line_at, stanzas, starts, kept))
        at = end


def _lines(node):
    """The lines below *node*, in order."""
    for child in node.children:
        if isinstance(child, Line):
            yield child
        else:
            yield from _lines(child)


#: How often apt tries to read on, doubling its buffer, before it gives a stanza up.
_RETRIES = 11


def _scan(text, at, known=()):
    """The tags of the stanza at *at*, as (start, end of name, start of value), the last one being
    the stanza's end; and where the next stanza begins, None where this one never ends.

    *known*: the tags found by a scan that failed. Apt goes on behind the first line of the last
    one, where it takes a line that begins with a CR for a folded one.
    """
    size = len(text)
    tags, current = list(known), None
    if tags:
        at = text.find("\n", tags[-1][0]) + 1
    while at < size:
        if text[at] not in _SPACE:
            if current:
                tags.append(current)
            colon = text.find(":", at)
            if colon < 0:
                return tags, None
            name_end = colon
            while name_end > at and text[name_end - 1] in _SPACE:
                name_end -= 1
            value = colon + 1
            while value < size and text[value] in _SPACE:
                if text[value] == "\n" and text[value + 1:value + 2] != " ":
                    break
                value += 1
            if value >= size:
                return tags, None
            current = (at, name_end, value)
            at = value
        at = text.find("\n", at)
        if at < 0:
            return tags, None
        while text[at + 1:at + 2] == "\r":
            at += 1
        if text[at + 1:at + 2] == "\n":
            if current:
                tags.append(current)
            tags.append((at, at, at))
            while at < size and text[at] in "\r\n":
                at += 1
            return tags, at
        at += 1
    return tags, None


def _first_odd(text, tags, at):
    """Where the first name stands that goes over more than one line, else the line that follows the
    tags."""
    for start, name_end, _ in tags:
        if "\n" in text[start:name_end]:
            return start
    end = tags[-1][2] if tags else at
    while end < len(text):
        end = text.find("\n", end) + 1
        while text[end:end + 1] == "\r":
            end += 1
        if not end or text[end:end + 1] not in tuple(_SPACE):
            break
    return end


def _line_of(offset, starts, kept):
    from bisect import bisect_right

    return kept[min(bisect_right(starts, offset), len(kept)) - 1]


def _read_stanza(text, tags, line_at, stanzas, starts, kept):
    fields = {}
    headers = []
    odd = None
    for (start, name_end, value), (end, _, _) in zip(tags, tags[1:]):
        name = text[start:name_end]
        line = line_at.get(start)
        if line is None or isinstance(line, Malformed):
            # The tag begins behind a CR, or takes lines without a colon into its name.
            line = _line_of(start, starts, kept)
            odd = odd or line
        headers.append(line)
        fields[name.lower()] = (text[value:max(value, end)].rstrip(_SPACE), line)
    stanza = stanzas.get(id(headers[0]))
    if odd or stanza is None or [id(part.header) for part in stanza.body] != [
            id(line) for line in headers]:
        stanza = None
    reading = Reading(fields, stanza)
    _judge(reading)
    if reading.error:
        if reading.at is None:
            reading.at = odd or headers[0]
        if text[:tags[0][1]].startswith("\ufeff"):
            reading.error += " (the file begins with a byte order mark)"
        elif odd:
            reading.error += " (a line without a colon becomes part of the next field's name)"
    return reading


def _judge(reading):
    """Set the reading's error to what apt finds wrong with the stanza."""
    if "types" not in reading.fields:
        reading.error = "it has no Types"
        return
    types = reading.words("types")
    for kind in types:
        if kind.partition("\0")[0] not in TYPES:
            reading.error = "the type %s is not known (there are deb and deb-src)" % kind
            reading.at = reading.fields["types"][1]
            return
        if reading.enabled:
            reading.error = _judge_enabled(reading)
            if reading.error:
                return


def _judge_enabled(reading):
    uris, suites = reading.words("uris"), reading.words("suites")
    components = reading.words("components")
    if not uris:
        return "it has no URIs"
    if not suites:
        return "it has no Suites"
    for uri in uris:
        if ":" not in uri:
            reading.at = reading.fields["uris"][1]
            return "the URI %s has no colon" % uri
    for suite in suites:
        if suite.endswith("/") and components:
            reading.at = reading.fields["components"][1]
            return "the suite %s stands for a path and takes no Components" % suite
        if not suite.endswith("/") and not components:
            return "it has no Components"
    if "signed-by" in reading.fields:
        error = signed_by_error(reading.fields["signed-by"][0])
        if error:
            reading.at = reading.fields["signed-by"][1]
            return error
    return None


def _is_false(value):
    """Whether apt takes *value* (str) for a no (apt-pkg/contrib/strutl.cc, StringToBool)."""
    if _ZERO.match(value):
        return True
    return value.lower() in ("no", "false", "without", "off", "disable")


_WORD = lazy(r"[^ \t\r\f\v\n]+")
#: A zero as strtol() reads it with base 0.
_ZERO = lazy(r"[ \t\r\f\v\n]*[-+]?0(?:0*|[xX]0+)\Z")


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
