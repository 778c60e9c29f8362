"""Lossless, immutable, typed syntax trees: nodes, tokens, visitors, transformers, positions.

This module knows no format and no file. Every format describes its nodes as subclasses of
:class:`Line` (one logical line of a file) and :class:`Block` (a header line and what it governs);
``grammar.py`` builds them. The manners are those of LibCST: nodes never change, ``with_changes``
gives a changed copy, ``visit`` takes a visitor or a transformer, and the source text is exactly
what the nodes hold.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from itertools import chain, repeat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, Callable, TypeVar

    AnyLine = TypeVar("AnyLine", bound="Line")
    AnyBlock = TypeVar("AnyBlock", bound="Block")
    #: The built-in type, where a class has a property of that name.
    Bytes = bytes

__all__ = [
    "Block", "File", "FlattenSentinel", "Line", "Node", "Position", "RemovalSentinel",
    "RemoveFromParent", "Token", "Transformer", "Visitor", "encode", "line_ending", "new_node",
    "physical_lines", "raw_line", "raw_lines", "set_body", "set_header", "set_table_loader",
    "set_texts",
]


def encode(text: str) -> bytes:
    """The bytes of *text* (str): UTF-8, undecodable bytes given back as they were read.

    Text that never came from bytes may hold lone surrogates of its own; they are passed through,
    so that every str has bytes.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return b"".join(
            c.encode("utf-8", "surrogateescape" if "\udc80" <= c <= "\udcff" else "surrogatepass")
            for c in text
        )


def set_table_loader(load):
    """Tell this module where grammar tables come from (``grammar.py`` does, when it is imported)."""
    global _load_table
    _load_table = load


_load_table = None


def line_ending(code: str) -> str:
    """The line ending that a new line beside *code* (a line's text) should have."""
    return "\r\n" if code.endswith("\r\n") else "\n"


class Token(str):
    """The text of one field of a line; it knows the line it stands in and where.

    A token is an ordinary ``str`` for reading and comparing. An absent optional field is the empty
    token at the place where its text would stand, so it can be replaced too.
    """

    __slots__ = ("node", "offset")

    #: The :class:`Line` that holds the token.
    node: Line
    #: Where the token begins in ``node.code``, in code points.
    offset: int

    def __new__(cls, text: str, node: Line, offset: int) -> Token:
        token = str.__new__(cls, text)
        token.node = node
        token.offset = offset
        return token

    def __getnewargs__(self):
        return (str(self), self.node, self.offset)


class Position:
    """Where a node or token stands: lines and columns from 1 (ends exclusive, columns in code
    points, lines end at LF only) and the span ``start``..``end`` in bytes."""

    __slots__ = ("line", "column", "end_line", "end_column", "start", "end")

    def __init__(self, line: int, column: int, end_line: int, end_column: int, start: int,
                 end: int) -> None:
        self.line = line
        self.column = column
        self.end_line = end_line
        self.end_column = end_column
        self.start = start
        self.end = end

    def __eq__(self, other):
        return isinstance(other, Position) and all(
            getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self):
        return hash((self.start, self.end))

    def __repr__(self):
        return "Position(%s)" % ", ".join(
            "%s=%d" % (name, getattr(self, name)) for name in self.__slots__)


class RemovalSentinel:
    """What a transformer's ``leave_`` method returns to remove the node; see RemoveFromParent."""

    __slots__ = ()
    REMOVE: RemovalSentinel


RemovalSentinel.REMOVE = RemovalSentinel()


def RemoveFromParent() -> RemovalSentinel:  # noqa: N802 - LibCST's name for the same thing
    """Return value of a ``leave_`` method: the node goes."""
    return RemovalSentinel.REMOVE


class FlattenSentinel(tuple):
    """Return value of a ``leave_`` method: these nodes stand where the one was."""

    __slots__ = ()


class Node:
    """Base of all nodes. Immutable; compared by identity, and by text with ``deep_equals``."""

    __slots__ = ()

    #: Text of the node, exactly as it stands in the file (str; undecodable bytes as surrogates).
    code: str

    def __setattr__(self, name, value):
        raise AttributeError(
            "%s is immutable: use with_changes(%s=...)" % (type(self).__name__, name))

    def __delattr__(self, name):
        raise AttributeError("%s is immutable" % type(self).__name__)

    @property
    def bytes(self) -> Bytes:
        """The node's text as bytes."""
        return encode(self.code)

    @property
    def children(self) -> tuple[Node, ...]:
        """The child nodes in source order (tuple; lines have none)."""
        return ()

    def deep_equals(self, other: Node) -> bool:
        """Whether *other* is a tree of the same types with the same text."""
        return (
            type(self) is type(other)
            and self.code == other.code
            and len(self.children) == len(other.children)
            and all(a.deep_equals(b) for a, b in zip(self.children, other.children))
        )

    def visit(self, visitor: Visitor) -> Node | RemovalSentinel | FlattenSentinel:
        """Walk the node with a :class:`Visitor` or :class:`Transformer`; return the result.

        A visitor returns this very node. A transformer returns the rewritten node, a
        RemovalSentinel or a FlattenSentinel.
        """
        descend = visitor.on_visit(self)
        if not isinstance(visitor, Transformer):
            if descend:
                for child in _wanted(self.children, visitor):
                    child.visit(visitor)
            visitor.on_leave(self)
            return self
        return visitor.on_leave(self, self._visit_children(visitor) if descend else self)

    def _visit_children(self, transformer):
        return self

    def walk(self) -> Iterator[Node]:
        """Yield this node and every node below it, in source order."""
        yield self
        for child in self.children:
            if isinstance(child, Line):
                yield child
            else:
                yield from child.walk()


class _Field:
    """Descriptor of one field of a :class:`Line`; gives a :class:`Token`."""

    __slots__ = ("group",)

    def __init__(self, group):
        self.group = group

    def __get__(self, node, owner=None):
        if node is None:
            return self
        group = self.group
        match = node._place
        if match.__class__ is int:  # (asked here too: of a line that is looked at, it mostly is there)
            match = node._match()
        start = match.start(group)
        if start < 0:
            token = _new_text(Token)
            start = _end_before(match, group)
        else:
            token = _new_text(Token, match[group])
        token.node = node
        token.offset = start
        return token


_new_text = str.__new__


def _end_before(match, group):
    """Where an absent *group* would stand: at the end of the last one before it."""
    for before in range(group - 1, 0, -1):
        end = match.end(before)
        if end >= 0:
            return end
    return 0


class Line(Node):
    """One logical line of a file, its line ending included.

    A subclass names its fields by annotations, in source order; they are the symbols of the
    grammar's rule of the same name (``class Option`` is rule ``option``). A field with a default
    may be left out when a line is built by hand. Fields are tokens cut from :attr:`code` when they
    are asked for, so a line that nobody looks into costs no more than its text.
    """

    # Most lines of most files are never looked at. So a line knows only which one it is of some
    # lines, which are cut out of their text when the text of one is asked for; and from when a field
    # is first asked for, the match of its rule.
    __slots__ = ("_lines", "_place")

    #: Name of the grammar (``grammars/<name>.lark``); set by each format's base class.
    grammar = ""
    #: Field names in source order.
    _fields = ()
    _defaults = {}
    #: What matches the class's lines, as soon as it is needed.
    _rule = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls._rule = None
        own = cls.__dict__.get("__annotations__")
        if own:
            defaults = dict(getattr(cls, "_defaults", ()))
            defaults.update((name, cls.__dict__[name]) for name in own if name in cls.__dict__)
            cls._fields = tuple(own)
            cls._defaults = defaults
            for number, name in enumerate(own, 1):
                setattr(cls, name, _Field(number))

    def __init__(self, **fields: str) -> None:
        unknown = set(fields) - set(self._fields)
        if unknown:
            raise TypeError("%s has no field %s" % (type(self).__name__, ", ".join(sorted(unknown))))
        texts = [str(fields.get(name, self._defaults.get(name, ""))) for name in self._fields]
        self._set(type(self), "".join(texts), texts)

    @classmethod
    def from_code(cls: type[AnyLine], code: str) -> AnyLine:
        """The line whose text is *code*; ValueError where the grammar's rule does not match it."""
        node = cls.__new__(cls)
        node._set(cls, code, None)
        return node

    @property
    def code(self) -> str:
        place = self._place
        if place.__class__ is int:
            lines = self._lines
            return (lines or lines.cut())[place]
        return place.string

    def _set(self, cls, code, texts):
        _set_lines(self, [code])
        _set_place(self, 0)
        self._match()
        if not _load_table(self.grammar).is_line(cls.__name__, code):
            raise ValueError("%r reads as another kind of line than %s" % (code, cls.__name__))
        if texts is not None and [code[start:end] for start, end in self.spans] != texts:
            raise ValueError("%r is no %s with these fields" % (code, cls.__name__))

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Start and end of each field in :attr:`code`."""
        spans = self._match().regs[1:]
        if (-1, -1) not in spans:
            return spans
        found, end = [], 0
        for span in spans:
            if span == (-1, -1):
                span = (end, end)
            found.append(span)
            end = span[1]
        return tuple(found)

    def _match(self):
        """The match of the grammar's rule: made when a field is first asked for, then kept."""
        place = self._place
        if place.__class__ is not int:
            return place
        lines = self._lines
        code = (lines or lines.cut())[place]
        rule = self._rule
        if rule is None:
            cls = type(self)
            rule = cls._rule = _load_table(cls.grammar).rule(cls.__name__)
        match = rule.pattern(code).fullmatch(code)
        if match is None:
            raise ValueError("%r is no %s" % (code, type(self).__name__))
        _set_place(self, match)
        return match

    def field(self, name: str) -> Token:
        """The token of field *name*."""
        return getattr(self, name)

    def words(self, name: str) -> list[tuple[Token, ...]]:
        """The items of a list field (the tokens of the grammar's list rule of that name).

        For a rule ``components: (GAP COMPONENT)+`` this gives one tuple (gap, component) an item.
        """
        start, end = self.spans[self._fields.index(name)]
        found = []
        pattern = _load_table(self.grammar).rule(name).pattern(self.code)
        for match in pattern.finditer(self.code, start, end):
            items, at = [], match.start()
            for text, span in zip(match.groups(""), match.regs[1:]):
                at = at if span[0] < 0 else span[0]
                items.append(Token(text, self, at))
                at += len(text)
            found.append(tuple(items))
        return found

    def with_changes(self: AnyLine, **fields: str) -> AnyLine:
        """A copy with these fields changed (str values).

        Raises ValueError where the result would not be a line of this type with these fields, so
        a node that exists is always one that the grammar accepts.
        """
        texts = {name: str(getattr(self, name)) for name in self._fields}
        unknown = set(fields) - set(texts)
        if unknown:
            raise TypeError("%s has no field %s" % (type(self).__name__, ", ".join(sorted(unknown))))
        texts.update((name, str(text)) for name, text in fields.items())
        node = type(self).__new__(type(self))
        node._set(type(self), "".join(texts[name] for name in self._fields),
                  [texts[name] for name in self._fields])
        return node

    def __repr__(self):
        return "%s(%r)" % (type(self).__name__, self.code)


_set_lines = Line._lines.__set__
_set_place = Line._place.__set__


class _Lines(list):
    """Some physical lines of a text; none of them before :meth:`cut`."""

    __slots__ = ("_code", "_start", "_end")

    def __init__(self, code, start, end):
        self._code = code
        self._start = start
        self._end = end

    def cut(self):
        """Cut the lines out of the text and let go of it; this very list."""
        code = self._code
        if code is not None:
            self.extend(_physical_lines(code, self._start, self._end))
            self._code = None
        return self


_physical_lines = re.compile("[^\n]*\n|[^\n]+").findall


def physical_lines(code):
    """The physical lines of *code* for :func:`set_texts`: pairs of some lines and how many they are.

    They go by some 150: Python has numbers up to 256 already, and where one line is asked for, the
    next one mostly is.
    """
    at, end = 0, len(code)
    while at < end:
        start, at = at, code.find("\n", at + 3000) + 1 or end
        count = code.count("\n", start, at)
        yield _Lines(code, start, at), count if code[at - 1] == "\n" else count + 1


def raw_lines(classes):
    """Lines of these classes (the parser's way in): a tuple. They are none before they have their
    texts."""
    # (Not a tuple, which the garbage collector takes for a new object each time that it grows.)
    return tuple(list(map(new_node, classes)))


def set_texts(lines, texts):
    """Give *lines* texts that the grammar is known to accept: pairs of some lines' texts and how many
    they are."""
    texts = list(texts)
    deque(map(_set_lines, lines, chain.from_iterable([repeat(*some) for some in texts])), 0)
    deque(map(_set_place, lines, chain.from_iterable([range(count) for _, count in texts])), 0)


def raw_line(cls, code):
    """A line of class *cls* from text the grammar is known to accept."""
    lines = raw_lines([cls])
    set_texts(lines, [([code], 1)])
    return lines[0]


class header_field:
    """Descriptor for blocks: a field of the header line, readable as the block's own."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, block: Block, owner: Any = None) -> Token:
        if block is None:
            return self
        header = block.header
        if header is not None and self.name in header._fields:
            return getattr(header, self.name)
        return Token("", header, 0 if header is None else len(header.code))


class Block(Node):
    """A header line and the nodes that belong to it (a stanza, a section, a folded field).

    ``header`` is None for blocks that have none (the live section of a guest's configuration).
    """

    __slots__ = ("header", "body")

    header: Line | None
    body: tuple[Node, ...]

    def __init__(self, header: Line | None = None, body: Iterable[Node] = ()) -> None:
        set_header(self, header)
        set_body(self, tuple(body))

    @property
    def code(self) -> str:
        return "".join([child.code for child in self.children])

    @property
    def children(self) -> tuple[Node, ...]:
        return self.body if self.header is None else (self.header,) + self.body

    def lines(self, *types: type[AnyLine]) -> list[AnyLine]:
        """The lines of the body of the given types, nested blocks included, in source order."""
        return [node for child in self.body for node in child.walk()
                if isinstance(node, types or Line)]

    def with_changes(self: AnyBlock, **changes: Any) -> AnyBlock:
        """A copy with another ``header`` or ``body``; other names change the header's fields."""
        header = changes.pop("header", self.header)
        body = changes.pop("body", self.body)
        if changes:
            if header is None:
                raise TypeError("%s has no header" % type(self).__name__)
            header = header.with_changes(**changes)
        return type(self)(header, body)

    def _visit_children(self, transformer):
        header = self.header
        if header is not None:
            header = header.visit(transformer)
            if not isinstance(header, Line):
                raise TypeError("a header cannot be removed or multiplied alone: "
                                "return that for its %s instead" % type(self).__name__)
        body = _visit_body(self.body, transformer)
        if header is self.header and body is self.body:
            return self
        return type(self)(header, body)

    def __repr__(self):
        return "%s(%r, %d nodes)" % (type(self).__name__, self.header, len(self.body))


#: The parser's way in: a node of a class, and what a block is made of.
new_node = object.__new__
set_header = Block.header.__set__
set_body = Block.body.__set__


def _visit_body(body, transformer):
    changes = {}
    for child in _wanted(body, transformer):
        new = child.visit(transformer)
        if new is not child:
            changes[id(child)] = (
                new if isinstance(new, FlattenSentinel)
                else () if isinstance(new, RemovalSentinel) else (new,))
    if not changes:
        return body
    return tuple([node for child in body for node in changes.get(id(child), (child,))])


def _wanted(nodes, visitor):
    """Those of *nodes* that a visitor has to be shown: of most lines it wants nothing."""
    cls = type(visitor)
    if cls.on_visit is not Visitor.on_visit or (
            cls.on_leave not in (Visitor.on_leave, Transformer.on_leave)):
        return nodes
    kinds = set(map(type, nodes))
    unwanted = {kind for kind in kinds if issubclass(kind, Line)
                and not hasattr(visitor, "visit_" + kind.__name__)
                and not hasattr(visitor, "leave_" + kind.__name__)}
    if not unwanted:
        return nodes
    return [node for node in nodes if type(node) not in unwanted] if unwanted != kinds else ()


class File(Node):
    """The root of a tree: one whole file.

    ``code`` and ``bytes`` are the file's text, always exactly. The nodes are built when ``body``
    is first asked for; until then a tree is little more than its source.
    """

    kind: str

    __slots__ = ("kind", "_code", "_bytes", "_build", "_body", "_starts", "_lines", "_ascii")

    def __init__(self, kind: str, code: str | None = None, body: Iterable[Node] | None = None,
                 data: Bytes | None = None,
                 build: Callable[[], tuple[Node, ...]] | None = None) -> None:
        if body is not None:
            body = tuple(body)
        put = object.__setattr__
        put(self, "kind", kind)
        put(self, "_code", "".join([node.code for node in body]) if code is None else code)
        put(self, "_bytes", data)
        put(self, "_build", build)
        put(self, "_body", body)
        put(self, "_starts", None)
        put(self, "_lines", None)
        put(self, "_ascii", None)

    @property
    def code(self) -> str:
        return self._code

    @property
    def bytes(self) -> Bytes:
        return encode(self._code) if self._bytes is None else self._bytes

    @property
    def body(self) -> tuple[Node, ...]:
        """The top-level nodes (tuple)."""
        if self._body is None:
            object.__setattr__(self, "_body", self._build())
            object.__setattr__(self, "_build", None)
        return self._body

    @property
    def children(self) -> tuple[Node, ...]:
        return self.body

    @property
    def malformed(self) -> int:
        """How many lines the format's real reader refuses or misreads, as far as syntax tells."""
        return sum(getattr(node, "is_malformed", False) for node in self.walk())

    def with_changes(self, **changes: Iterable[Node]) -> File:
        """A copy with another ``body``."""
        if set(changes) != {"body"}:
            raise TypeError("a File has one field to change: body")
        return File(self.kind, body=changes["body"])

    if TYPE_CHECKING:
        # Only a transformer of files themselves, with a leave_File, can give anything else.
        def visit(self, visitor: Visitor) -> File: ...

    def _visit_children(self, transformer):
        body = _visit_body(self.body, transformer)
        return self if body is self.body else File(self.kind, body=body)

    # -- positions --------------------------------------------------------------------------------

    def span(self, item: Node | Token) -> tuple[int, int]:
        """Start and end of a node or token of this tree, in code points of :attr:`code`.

        Raises KeyError for a node that is not in this tree (after an edit, ask the new tree).
        """
        if self._starts is None:
            starts, offset, stack = {id(self): 0}, 0, list(reversed(self.body))
            while stack:
                node = stack.pop()
                starts.setdefault(id(node), offset)
                if isinstance(node, Line):
                    offset += len(node.code)
                else:
                    stack.extend(reversed(node.children))
            object.__setattr__(self, "_starts", starts)
        if isinstance(item, Token):
            start = self._starts[id(item.node)] + item.offset
        else:
            start = self._starts[id(item)]
        return start, start + len(item if isinstance(item, Token) else item.code)

    def position(self, item: Node | Token) -> Position:
        """The :class:`Position` of a node or token of this tree."""
        start, end = self.span(item)
        return self.position_of(start, end)

    def position_of(self, start: int, end: int) -> Position:
        """The :class:`Position` of a span of code points."""
        line, column, first = self._locate(start)
        end_line, end_column, last = self._locate(end)
        return Position(line, column, end_line, end_column, first, last)

    def _locate(self, offset):
        if self._lines is None:
            code = self._code
            lines, at = [0], code.find("\n")
            while at >= 0:
                lines.append(at + 1)
                at = code.find("\n", at + 1)
            bytes_at = None
            if not code.isascii():
                bytes_at, total, last = [], 0, 0
                for start in lines:
                    total += len(encode(code[last:start]))
                    bytes_at.append(total)
                    last = start
            object.__setattr__(self, "_lines", lines)
            object.__setattr__(self, "_ascii", bytes_at)
        number = bisect_right(self._lines, offset)
        start = self._lines[number - 1]
        if self._ascii is None:
            at = offset
        else:
            at = self._ascii[number - 1] + len(encode(self._code[start:offset]))
        return number, offset - start + 1, at

    def __repr__(self):
        return "File(kind=%r, %d characters)" % (self.kind, len(self._code))


class Visitor:
    """Reads a tree. Define ``visit_<Node>(node)`` (return False to stay out of the children) and
    ``leave_<Node>(node)`` for the node types you care about."""

    def on_visit(self, node: Node) -> bool:
        method = getattr(self, "visit_" + type(node).__name__, None)
        return method is None or method(node) is not False

    def on_leave(self, node: Node) -> Any:
        method = getattr(self, "leave_" + type(node).__name__, None)
        if method is not None:
            method(node)


class Transformer(Visitor):
    """Rewrites a tree. Define ``leave_<Node>(original_node, updated_node)`` and return the node
    that shall stand there: the updated one, ``updated_node.with_changes(...)``,
    ``RemoveFromParent()`` or ``FlattenSentinel([...])``."""

    def on_leave(self, node: Node, updated: Node | None = None) -> Any:
        method = getattr(self, "leave_" + type(node).__name__, None)
        return updated if method is None else method(node, updated)
