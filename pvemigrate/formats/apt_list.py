"""One-line APT sources; reader: apt (apt-pkg/sourcelist.cc, contrib/strutl.cc)."""

from ..cst import Line, Token
from . import lines

#: What C's isspace() holds for white space (a line has no LF inside).
_SPACE = " \t\r\f\v"
_HEX = "0123456789abcdefABCDEF"
TYPES = ("deb", "deb-src")


class _Line(Line):
    __slots__ = ()
    grammar = "apt_list"


class Blank(_Line):
    __slots__ = ()
    trail: Token
    remark: Token
    newline: Token = "\n"


class Comment(_Line, lines.Comment):
    """A comment line; ``#deb ...`` is a disabled repository for PVE's panel and stays one."""

    __slots__ = ()


class Entry(_Line):
    """``deb [options] uri suite components # remark``.

    ``unread`` is what follows a component whose quote or bracket is never closed: apt drops it
    without a word.
    """

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
    unread: Token
    trail: Token
    remark: Token
    newline: Token = "\n"

    @property
    def is_malformed(self):
        """Whether apt refuses the entry although its words stand where they should."""
        return self.reading.error is not None

    @property
    def reading(self):
        """What apt makes of the entry (:class:`Reading`)."""
        code = self.code
        if "%" in code or '"' in code or "[" in code:
            return read(code)
        reading = Reading()
        reading.type = Word.of(self.type)
        reading.uri = Word.of(self.uri)
        reading.suite = Word.of(self.suite)
        reading.components = [Word.of(word) for _, word in self.words("components")]
        _judge(reading, bool(reading.components))
        return reading


class Malformed(_Line, lines.Malformed):
    """A line that apt refuses, or reads in a way that its syntax does not show (see read())."""

    __slots__ = ()

    @property
    def reading(self):
        """What apt makes of the line (:class:`Reading`)."""
        return read(self.code)


class Word:
    """A word as apt takes it: its ``text`` (str, quotes and %-escapes undone) and where it stands,
    ``start``..``end`` in the line's code."""

    __slots__ = ("text", "start", "end")

    def __init__(self, text, start, end):
        self.text = text
        self.start = start
        self.end = end

    @classmethod
    def of(cls, token):
        """The word of a token that holds no quotes, escapes or brackets."""
        return cls(str(token), token.offset, token.offset + len(token))

    def token(self, node):
        """The word's :class:`~pvemigrate.cst.Token` in its line."""
        return Token(node.code[self.start:self.end], node, self.start)


class Reading:
    """What apt makes of one line.

    ``error``: why apt refuses the line (and with it its whole configuration), in plain words; None
    where it does not. ``at``: the word that the error is about, if there is one. ``options``: dict,
    of an option given twice the last. ``type``, ``uri`` and ``suite`` are words, ``components`` a
    list of them. ``unread``: what apt drops without a word, from a component on whose quote or bracket
    is never closed (a word), or None.
    """

    __slots__ = ("error", "at", "type", "options", "uri", "suite", "components", "unread")

    def __init__(self):
        self.error = None
        self.at = None
        self.type = None
        self.options = {}
        self.uri = None
        self.suite = None
        self.components = []
        self.unread = None


def read(code):
    """The :class:`Reading` of a line of a sources.list, None where it holds no entry.

    Step by step what apt does, for lines where its ways show: it finds the comment by counting
    brackets, takes quotes away and undoes escapes only after it has cut words, and lets a word that
    ends in ``]`` end the option list wherever it stands.
    """
    reading = Reading()
    try:
        return reading if _read(code, reading) else None
    except _Refused as refused:
        reading.error, reading.at = refused.args
        return reading


class _Refused(Exception):
    """Why a line is refused, and the word it is about or None."""


def _read(code, reading):
    text = code.partition("\0")[0].rstrip("\r\n")
    at = start = opened = 0
    while at >= 0:
        at = text.find("#", start)
        opened += text.count("[", start, max(at, start)) - text.count("]", start, max(at, start))
        if at >= 0 and opened <= 0:
            text = text[:at]
            break
        start = at + 1
    text = text.rstrip(" \t\r")
    start = len(text) - len(text.lstrip(" \t\r"))
    if start == len(text):
        return False
    at = start
    while at < len(text) and text[at] not in " \t\v":
        at += 1
    reading.type = kind = Word(text[start:at], start, at)
    if kind.text.startswith("\ufeff"):
        raise _Refused("the file begins with a byte order mark", kind)
    if at == start:
        raise _Refused("it begins with a control character", None)
    if at == len(text):
        raise _Refused("it holds one word only", kind)
    if kind.text not in TYPES:
        raise _Refused("the type %s is not known (there are deb and deb-src)" % kind.text, kind)
    at = _skip(text, at)
    if text[at:at + 1] == "[":
        at = _read_options(text, _skip(text, at + 1), reading)
    reading.uri, at = _next_word(text, at)
    if reading.uri is None:
        raise _missing("URI", text, at)
    reading.suite, at = _next_word(text, at)
    if reading.suite is None:
        raise _missing("suite", text, at)
    word, at = _next_word(text, at)
    while word is not None:
        reading.components.append(word)
        word, at = _next_word(text, at)
    if at < len(text):
        reading.unread = Word(text[at:], at, len(text))
    _judge(reading, bool(reading.components))
    return True


def _missing(what, text, at):
    if at == len(text):
        return _Refused("it has no " + what, None)
    return _Refused("a quote or bracket in the %s is not closed" % what,
                    Word(text[at:], at, len(text)))


def _judge(reading, has_components):
    """Set the reading's error to what apt finds wrong with its URI, suite and options."""
    if ":" not in reading.uri.text:
        reading.error, reading.at = "the URI has no colon", reading.uri
    elif reading.suite.text.endswith("/"):
        if has_components:
            reading.error = "a suite that ends in / stands for a path and takes no components"
            reading.at = reading.components[0]
    elif not has_components:
        reading.error = "it names no component"
    if reading.error is None and "signed-by" in reading.options:
        reading.error = signed_by_error(reading.options["signed-by"])


def signed_by_error(value):
    """Why apt refuses *value* (str) as signed-by; None where it takes it.

    Paths and fingerprints of 40 digits, between commas and blanks. A key in the value itself is
    something that apt 2.3.10 brought, newer than both releases of an upgrade to Proxmox VE 7.
    """
    if "-----BEGIN PGP PUBLIC KEY BLOCK-----" in value:
        return "signed-by holds a key itself, which apt reads since 2.3.10 only: name a key file"
    words = [word for word in value.translate(_TO_COMMA).split(",") if word]
    for word in words:
        digits = word[:-1] if len(word) == 41 and word.endswith("!") else word
        if not word.startswith("/") and (len(digits) != 40 or digits.strip(_HEX)):
            return "signed-by is neither the path of a key file nor a fingerprint: " + word
    return None if words or not value else "signed-by names no key"


_TO_COMMA = {ord(char): "," for char in " \t\r\f\v\n"}


def _read_options(text, at, reading):
    """Read the option list that begins at *at*; where the text goes on behind its ``]``."""
    while text[at:at + 1] != "]":
        word, after = _next_word(text, at)
        if word is None and at == len(text):
            raise _Refused("the [options] are not closed", None)
        if word is None:
            raise _missing("[options]", text, at)
        option = word.text
        if option.endswith("]"):
            # Apt goes back to the last "]" it has passed; with an escaped one that is another.
            after = text.rfind("]", 0, after + 1)
            if after < 0:
                raise _Refused("an escaped ] ends an option", word)
            option = option[:-1]
        key, equals, value = option.partition("=")
        if not equals:
            if any("]" in value for value in reading.options.values()):
                raise _Refused("no blank stands behind the ] of the options, so that they go on",
                               word)
            raise _Refused("the option %s has no value (key=value)" % option, word)
        if not key or not value:
            raise _Refused("the option %s lacks its %s" % (option, "value" if key else "name"), word)
        reading.options[key] = value
        at = after
    return _skip(text, at + 1)


def _skip(text, at):
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _next_word(text, at):
    """The word at *at* and where the next one begins; (None, at) where there is none, or one whose
    quote or bracket is never closed."""
    start = at
    end = len(text)
    if at == end:
        return None, at
    while at < end and text[at] not in _SPACE:
        if text[at] == '"':
            at = text.find('"', at + 1)
        elif text[at] == "[":
            at = text.find("]", at + 1)
        if at < 0:
            return None, start
        at += 1
    return Word(_decode(text[start:at]), start, at), _skip(text, at)


def _decode(word):
    """*word* without its quotes, %-escapes undone (not again in what comes out)."""
    if "%" not in word:
        return word.replace('"', "")
    parts = word.split("%")
    decoded = [parts[0].replace('"', "")]
    for part in parts[1:]:
        if len(part) > 1 and part[0] in _HEX and part[1] in _HEX:
            number = int(part[:2], 16)
            # Undecodable bytes are surrogates in the trees' texts, so that is what they are here.
            decoded.append(chr(number) if number < 0x80 else chr(0xdc00 + number))
            part = part[2:]
        else:
            decoded.append("%")
        decoded.append(part.replace('"', ""))
    return "".join(decoded)
