"""From text to tree, with the tables compiled from ``grammars/*.lark``. Never imports lark itself.

Parsing takes two passes, each a single regular expression run in C: one tells the type of each
logical line, one over those types (a letter a line) finds the blocks. Both come from the Lark
grammar (``compiler.py`` says how), and the tests hold the result against the tree that stock Lark
builds from the same grammar.

Every grammar ends in a rule for lines that nothing else matches, so any text has a tree.
"""

import re
from operator import attrgetter

from . import tables
from .cst import (
    File, new_node, physical_lines, raw_lines, set_body, set_header, set_table_loader, set_texts,
)
from .grammar_files import FIRST_LETTER

__all__ = ["Table", "load", "parse"]

_tables = {}

_type_number = attrgetter("lastindex")


class Table:
    """The compiled form of one grammar.

    ``data`` is what :func:`pvemigrate.compiler.compile_grammar` returns (plain literals). ``types``
    are the names of the line types; ``rare`` are characters and words in whose absence the patterns
    of ``plain`` will do, else it takes those of ``any``. Either has ``lines``: the pattern that
    matches one logical line, for each of its groups (one of which matches) the letter of a type,
    and whether each logical line is a physical one; and ``rules``: the patterns of the line and list
    rules. ``blocks``: for each block rule whether it begins with a header, the pattern that finds
    the blocks directly inside it in a text of type letters, their names, and the letter that all of
    them begin with (an empty text where that is not one letter).
    """

    def __init__(self, data):
        self.data = data
        self._lines = {}
        self._rules = {}
        self._blocks = {}

    def rule(self, name):
        """The :class:`Rule` of a line or list rule; *name* as in the grammar or as a class."""
        rule = self._rules.get(name)
        if rule is None:
            rule = self._rules[name] = Rule(self.data, snake(name))
        return rule

    def scan(self, code):
        """The logical lines of *code*: their type letters (str) and, for
        :func:`~pvemigrate.cst.set_texts`, their texts."""
        form = "any" if any([word in code for word in self.data["rare"]]) else "plain"
        lines = self._lines.get(form)
        if lines is None:
            pattern, letters, physical = self.data[form]["lines"]
            lines = (re.compile(pattern).finditer, letters.encode("ascii").ljust(256), physical)
            self._lines[form] = lines
        matches, letters, physical = lines
        # The last line may have no line ending of its own: the grammar's rules allow that, its line
        # types do not (Lark knows no terminal that matches the end of the text).
        complete = code if not code or code.endswith("\n") else code + "\n"
        if physical:
            numbers, texts = bytes(map(_type_number, matches(complete))), physical_lines(code)
        else:
            numbers, found = bytearray(), []
            for match in matches(complete):
                numbers.append(match.lastindex)
                found.append(match.group())
            if complete is not code:
                found[-1] = found[-1][:-1]
            texts = [(found, len(found))]
        return numbers.translate(letters).decode("ascii"), texts

    def is_line(self, name, code):
        """Whether a parser takes *code* for one line of this type; *name* as in the grammar or as a
        class. (A line rule alone matches more: every line type but the first leaves some to those
        before it.)"""
        letters, _ = self.scan(code)
        return (len(letters) == 1
                and self.data["types"][ord(letters) - FIRST_LETTER] == snake(name))

    def build(self, code, classes):
        """The top-level nodes of *code*; *classes* maps rule names to node classes."""
        letters, texts = self.scan(code)
        types = {chr(FIRST_LETTER + number): classes[name]
                 for number, name in enumerate(self.data["types"])}
        lines = raw_lines(map(types.__getitem__, letters))
        start = self._blocks.get("start")
        if start is None:
            start = self._blocks["start"] = self._block("start", classes)
        nodes = _nodes(start, letters, lines, 0, len(lines))
        # Last, so that the garbage collector, which comes by while nodes are made, finds less in them.
        set_texts(lines, texts)
        return nodes

    def _block(self, name, classes):
        """What :func:`_nodes` has to know of a block rule: None where no blocks are in it; else what
        finds them, and for each group of its pattern the class of the block, whether its first line
        is its header, the same of it, and the letter that all blocks in it begin with (empty where
        that is not one letter)."""
        blocks = self.data["blocks"]
        _, pattern, names, _ = blocks[name]
        if not names:
            return None
        return re.compile(pattern).finditer, [None] + [
            (classes[name], blocks[name][0], self._block(name, classes), blocks[name][3])
            for name in names]


def _nodes(block, letters, lines, at, last):
    """The nodes made of the lines *at* to *last*, which are all that is in one block."""
    if block is None:
        return lines[at:last]
    find, inner = block
    nodes = []
    for match in find(letters, at, last):
        start, end = match.span()
        if at < start:
            nodes += lines[at:start]
        cls, has_header, block, begin = inner[match.lastindex]
        node = new_node(cls)
        nodes.append(node)
        if has_header:
            set_header(node, lines[start])
            start += 1
        else:
            set_header(node, None)
        # Most blocks have none of those in them that may be there.
        if block is None or letters.find(begin, start, end) < 0:
            set_body(node, lines[start:end])
        else:
            set_body(node, _nodes(block, letters, lines, start, end))
        at = end
    nodes += lines[at:last]
    return tuple(nodes)


class Rule:
    """The patterns of a line or list rule, the right one to be chosen for each text."""

    __slots__ = ("_rare", "_forms", "_plain", "_any")

    def __init__(self, data, name):
        self._rare = data["rare"]
        self._forms = data["plain"]["rules"][name], data["any"]["rules"][name]
        self._plain = self._any = None

    def pattern(self, code):
        """The compiled pattern for *code*."""
        for word in self._rare:
            if word in code:
                if self._any is None:
                    self._any = re.compile(self._forms[1])
                return self._any
        if self._plain is None:
            self._plain = re.compile(self._forms[0])
        return self._plain


def snake(name):
    """``IfaceHeader`` -> ``iface_header`` (names that are snake case already stay)."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def load(name):
    """The :class:`Table` of ``grammars/<name>.lark``, from the compiled tables of an installed
    package, else compiled now (a checkout whose grammar is newer than its tables)."""
    table = _tables.get(name)
    if table is None:
        table = _tables[name] = Table(tables.read(name))
    return table


set_table_loader(load)


def parse(code, kind, grammar, classes, data=None):
    """The tree (:class:`~pvemigrate.cst.File`) of *code*. Total: any text has one.

    *classes*: a callable that gives the dict rule name -> node class, called when nodes are first
    needed. *data*: the bytes that *code* was decoded from, where there are any.
    """
    table = load(grammar)
    # The bytes of ASCII text are made again in no time; there is no need to hold both.
    return File(kind, code, data=None if code.isascii() else data,
                build=lambda: table.build(code, classes()))
