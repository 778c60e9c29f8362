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
from .cst import File, encode, raw_block, raw_lines, set_table_loader
from .grammar_files import FIRST_LETTER

__all__ = ["Table", "load", "parse"]

_tables = {}

_type_number = attrgetter("lastindex")
_physical_lines = re.compile("[^\n]*\n").findall


class Table:
    """The compiled form of one grammar.

    ``data`` is what :func:`pvemigrate.compiler.compile_grammar` returns (plain literals). ``types``
    are the names of the line types; ``rare`` are characters and words in whose absence the patterns
    of ``plain`` will do, else it takes those of ``any``. Either has ``lines``: the pattern that
    matches one logical line, for each of its groups (one of which matches) the letter of a type,
    and whether each logical line is a physical one; and ``rules``: the patterns of the line and list
    rules. ``blocks``: for each block rule whether it begins with a header, the pattern that finds
    the blocks directly inside it in a text of type letters, and their names.
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
        """The logical lines of *code* (which ends in LF): their type letters (str) and texts."""
        form = form_for(self.data["rare"], code)
        lines = self._lines.get(form)
        if lines is None:
            pattern, letters, physical = self.data[form]["lines"]
            lines = (re.compile(pattern).finditer, letters.encode("ascii").ljust(256), physical)
            self._lines[form] = lines
        matches, letters, physical = lines
        if physical:
            numbers, texts = bytes(map(_type_number, matches(code))), _physical_lines(code)
        else:
            numbers, texts = bytearray(), []
            for match in matches(code):
                numbers.append(match.lastindex)
                texts.append(match.group())
        return numbers.translate(letters).decode("ascii"), texts

    def is_line(self, name, code):
        """Whether a parser takes *code* for one line of this type; *name* as in the grammar or as a
        class. (A line rule alone matches more: every line type but the first leaves some to those
        before it.)"""
        letters, _ = self.scan(code if code.endswith("\n") else code + "\n")
        return (code != "" and len(letters) == 1
                and self.data["types"][ord(letters) - FIRST_LETTER] == snake(name))

    def build(self, code, classes):
        """The top-level nodes of *code*; *classes* maps rule names to node classes."""
        complete = code if not code or code.endswith("\n") else code + "\n"
        letters, texts = self.scan(complete)
        if complete is not code:
            # The last line has no line ending of its own: the grammar's rules allow that, its line
            # types do not (Lark knows no terminal that matches the end of the text).
            texts[-1] = texts[-1][:-1]
        types = {chr(FIRST_LETTER + number): classes[name]
                 for number, name in enumerate(self.data["types"])}
        lines = raw_lines(map(types.__getitem__, letters), texts)

        def nodes(rule, at, last):
            find, blocks = self._block(rule, classes)
            if find is None:
                return tuple(lines[at:last])
            body = []
            for match in find(letters, at, last):
                start, end = match.span()
                body += lines[at:start]
                name, cls, has_header = blocks[match.lastindex - 1]
                header = lines[start] if has_header else None
                body.append(raw_block(cls, header, nodes(name, start + has_header, end)))
                at = end
            body += lines[at:last]
            return tuple(body)

        return nodes("start", 0, len(letters))

    def _block(self, rule, classes):
        block = self._blocks.get(rule)
        if block is None:
            blocks = self.data["blocks"]
            _, pattern, names = blocks[rule]
            block = self._blocks[rule] = (
                re.compile(pattern).finditer if names else None,
                [(name, classes[name], blocks[name][0]) for name in names])
        return block


class Rule:
    """The patterns of a line or list rule, the right one to be chosen for each text."""

    __slots__ = ("_rare", "_data", "_name", "_forms")

    def __init__(self, data, name):
        self._rare = data["rare"]
        self._data = data
        self._name = name
        self._forms = {}

    def pattern(self, code):
        """The compiled pattern for *code*."""
        form = form_for(self._rare, code)
        pattern = self._forms.get(form)
        if pattern is None:
            pattern = self._forms[form] = re.compile(self._data[form]["rules"][self._name])
        return pattern


def form_for(rare, code):
    """Which of a table's patterns are for *code*."""
    for word in rare:
        if word in code:
            return "any"
    return "plain"


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
    return File(kind, code, data=encode(code) if data is None else data,
                build=lambda: table.build(code, classes()))
