"""``/etc/lvm/lvm.conf`` and ``lvmlocal.conf``; reader: LVM (libdm-config.c). LVM goes by tokens, not by
lines: :func:`settings` gives what it makes of them."""

from __future__ import annotations

import re
from bisect import bisect_right

from ..cst import Line, Token
from ..lazy import lazy
from . import lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..cst import File


class _Line(Line):
    __slots__ = ()
    grammar = "lvm"


class Blank(_Line, lines.Blank):
    __slots__ = ()


class Comment(_Line, lines.Comment):
    __slots__ = ()


class Opening(_Line):
    """``name {``: a section begins."""

    __slots__ = ()
    indent: Token
    name: Token
    gap: Token = " "
    brace: Token = "{"
    trail: Token
    remark: Token
    newline: Token = "\n"


class Closing(_Line):
    """``}``: the section ends that began last."""

    __slots__ = ()
    indent: Token
    brace: Token = "}"
    trail: Token
    remark: Token
    newline: Token = "\n"


class Setting(_Line):
    """``key = value``, all in one line."""

    __slots__ = ()
    indent: Token
    key: Token
    equals: Token = " ="
    gap: Token = " "
    value: Token
    trail: Token
    remark: Token
    newline: Token = "\n"


class Mixed(_Line):
    """Any other line that LVM may take: several settings, a section in one line, part of a list."""

    __slots__ = ()
    indent: Token
    tokens: Token
    trail: Token
    remark: Token
    newline: Token = "\n"


class Malformed(_Line, lines.Malformed):
    """A line with a quote that is not closed in it (LVM reads on in the next one), or with a NUL byte,
    where the file ends for LVM."""

    __slots__ = ()


class Value:
    """The value that a setting has: ``path`` of its key (``global/thin_check_options``), ``items`` (list
    of (text, token), the text without quotes and escapes, None for a number), ``is_list``, and the
    tokens ``first`` and ``last`` of what it is written with (the brackets, for a list)."""

    __slots__ = ("path", "items", "is_list", "first", "last")

    def __init__(self, path: str) -> None:
        self.path = path
        self.items: list[tuple[str | None, Token]] = []
        self.is_list = False
        self.first: Token | None = None
        self.last: Token | None = None


#: How deep sections may be in others. (LVM's own are in none; it would run out of stack at some depth.)
_DEEPEST = 100
#: White space and comments; then one token, where a value may come and where none may.
_SPACE = lazy("(?:[ \t\n\r\f\v]+|#[^\n\0]*)*")
_STRINGS = "\"(?:[^\"\\\\\0]|\\\\[^\0])*\"|'[^'\0]*'|[{}\\[\\],=]"
_WORD = "(?![\"'])[^ \t\n\r\f\v#={}\0]+"
_NAME_TOKEN = lazy("(?:%s|%s)" % (_STRINGS, _WORD))
_VALUE_TOKEN = lazy("(?:%s|[.+-]?[0-9]*[.]?[0-9]*(?<=[0-9.+-])|%s)" % (_STRINGS, _WORD))
_ESCAPED = lazy("\\\\([\"\\\\])")


def settings(tree: File) -> dict[str, Value] | None:
    """The settings that count (path -> :class:`Value`), as LVM reads the file; None where it refuses
    the file. Of equal keys the last one counts, and sections of one name are one."""
    try:
        return _Parser(tree).parse()
    except _Refused:
        return None


class _Refused(ValueError):
    pass


class _Parser:
    """What libdm-config.c does: which token may come depends on the one before."""

    def __init__(self, tree):
        self.code = tree.code
        self.body = tree.body
        self.starts = []
        at = 0
        for line in self.body:
            self.starts.append(at)
            at += len(line.code)
        self.end = 0
        self.text = ""
        self.start = 0
        self.advance()

    def advance(self):
        """Go to the next token (an empty one at the end)."""
        is_value = self.text in ("=", "[", ",")
        self.start = _SPACE.match(self.code, self.end).end()
        if self.start == len(self.code) or self.code[self.start] == "\0":
            self.text, self.end = "", self.start
            return
        match = (_VALUE_TOKEN if is_value else _NAME_TOKEN).match(self.code, self.start)
        if match is None:
            # LVM takes a quote that is never closed to go to the end of the file.
            raise _Refused
        self.text, self.end = match.group(), match.end()
        self.is_value = is_value

    def token(self):
        number = bisect_right(self.starts, self.start) - 1
        return Token(self.text, self.body[number], self.start - self.starts[number])

    def parse(self):
        found, stack = {}, []
        while self.text:
            if self.text == "}" and stack:
                stack.pop()
                self.advance()
                continue
            stack.append(self.key())
            if self.text == "{" and len(stack) < _DEEPEST:
                self.advance()
                continue
            if self.text != "=":
                raise _Refused
            self.advance()
            value = self.value("/".join(stack))
            found.pop(value.path, None)
            found[value.path] = value
            stack.pop()
        if stack:
            raise _Refused
        return found

    def key(self):
        if self.text in "{}[],=":
            raise _Refused
        name = _unquoted(self.text)
        if not name:
            raise _Refused
        self.advance()
        return re.sub("/+", "/", name).strip("/")

    def value(self, path):
        value = Value(path)
        value.first = value.last = self.token()
        if self.text != "[":
            value.items.append(self.item())
            return value
        value.is_list = True
        self.advance()
        while self.text != "]":
            value.items.append(self.item())
            if self.text == ",":
                self.advance()
        value.last = self.token()
        self.advance()
        return value

    def item(self):
        text, token = self.text, self.token()
        if not text or text in "{}[],=":
            raise _Refused
        is_quoted = text[0] in "\"'"
        if not is_quoted and not self.is_value:
            raise _Refused
        self.advance()
        return (None if not is_quoted and text[0] in ".+-0123456789" else _unquoted(text)), token


def _unquoted(text):
    if text[0] == "\"":
        return _ESCAPED.sub(r"\1", text[1:-1])
    return text[1:-1] if text[0] == "'" else text
