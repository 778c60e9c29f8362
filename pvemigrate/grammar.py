"""From text to tree, with the tables compiled from ``grammars/*.lark``. Never imports lark itself.

Parsing takes two passes, each a single regular expression run in C: one cuts the text into logical
lines and names their types, one over those types (a letter a line) finds the blocks. Both come from
the Lark grammar (``compiler.py`` says how), and the tests hold the result against the tree that
stock Lark builds from the same grammar.

Every grammar ends in a rule for lines that nothing else matches, so any text has a tree.
"""

import re
from array import array

from . import tables
from .cst import File, encode, raw_line, set_table_loader
from .grammar_files import FIRST_LETTER

__all__ = ["Table", "load", "parse"]

_tables = {}


class Table:
    """The compiled form of one grammar.

    ``data`` is what :func:`pvemigrate.compiler.compile_grammar` returns (plain literals):
    ``lines`` the pattern that matches one logical line, a group a type; ``types`` the names of
    those types; ``rules`` patterns of the line and list rules; ``blocks`` for each block rule
    whether it begins with a header and the pattern, over type letters, that finds its parts.
    """

    def __init__(self, data):
        self.data = data
        self._rules = {}
        self._blocks = {}
        self._lines = None

    def rule(self, name):
        """The compiled pattern of a line or list rule; *name* as in the grammar or as a class."""
        pattern = self._rules.get(name)
        if pattern is None:
            pattern = self._rules[name] = re.compile(self.data["rules"][snake(name)])
        return pattern

    def scan(self, code):
        """Type letters and end offsets of the logical lines of *code* (which ends in LF)."""
        if self._lines is None:
            self._lines = re.compile(self.data["lines"])
        letters, ends = bytearray(), array("Q")
        add_letter, add_end = letters.append, ends.append
        first = FIRST_LETTER - 1
        for match in self._lines.finditer(code):
            add_letter(match.lastindex + first)
            add_end(match.end())
        return letters.decode("ascii"), ends

    def is_line(self, name, code):
        """Whether a parser takes *code* for one line of this type; *name* as in the grammar or as a
        class. (A line rule alone matches more: every line type but the first leaves some to those
        before it.)"""
        letters, _ = self.scan(code if code.endswith("\n") else code + "\n")
        return (code != "" and len(letters) == 1
                and self.data["types"][ord(letters) - FIRST_LETTER] == snake(name))

    def build(self, code, letters, ends, classes):
        """The top-level nodes for a scanned text; *classes* maps rule names to node classes."""
        types = [classes[name] for name in self.data["types"]]

        def line(number):
            start = ends[number - 1] if number else 0
            return raw_line(types[ord(letters[number]) - FIRST_LETTER], code[start:ends[number]])

        def nodes(rule, first, last):
            pattern, names = self._block(rule)
            if pattern is None:
                return tuple([line(number) for number in range(first, last)])
            body = []
            for match in pattern.finditer(letters, first, last):
                at, end = match.span()
                if match.lastindex is None:
                    body.append(line(at))
                    continue
                name = names[match.lastindex - 1]
                header = None
                if self.data["blocks"][name][0]:
                    header = line(at)
                    at += 1
                body.append(classes[name](header, nodes(name, at, end)))
            return tuple(body)

        return nodes("start", 0, len(letters))

    def _block(self, rule):
        block = self._blocks.get(rule)
        if block is None:
            _, pattern, names = self.data["blocks"][rule]
            block = self._blocks[rule] = (re.compile(pattern, re.DOTALL) if names else None, names)
        return block


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
    complete = code if not code or code.endswith("\n") else code + "\n"
    letters, ends = table.scan(complete)
    if complete is not code:
        # The last line has no line ending of its own: the grammar's rules allow that, its line
        # types do not (Lark knows no terminal that matches the end of the text).
        ends[-1] = len(code)

    def build():
        return table.build(code, letters, ends, classes())

    return File(kind, code, data=encode(code) if data is None else data, build=build)
