"""Compiles ``grammars/*.lark`` into the tables that ``grammar.py`` runs on. Imports lark.

The grammars are ordinary Lark grammars, read by Lark's own loader; stock Lark parses files with
them as they stand. They keep to a form in which each rule is a regular expression:

* terminals with a priority are *line types*: each matches one whole logical line, its LF included;
* the *line rule* of the same name in lower case spells that line out: ``option: [INDENT] KEY ...
  [NEWLINE]``. The terminal must say the same as the rule (checked here), the rule's last symbol
  being optional because a file's last line may lack its LF;
* a *list rule* has one repeated group, ``components: (GAP COMPONENT)+``, and names a terminal of a
  line rule whose text it takes apart;
* all other rules are *block rules* over line types and other blocks, ``start`` first. A rule whose
  first symbol is a line type has that line as its header. Rules that begin with ``_`` are inlined.

A line rule becomes a pattern with a group for each symbol; the line types together become one
pattern in which an empty group at the end of each alternative tells the type; a block rule becomes a
pattern over type letters. ``patterns.py`` makes them small. What it takes for a backslash in a line
is most of some grammars and in hardly any file, so the patterns come in two forms: those for any
text, and those for a *plain* one, in which nothing of ``RARE`` is.
"""

import os
import re

from lark import Lark
from lark.load_grammar import load_grammar

from . import patterns
from .grammar_files import FIRST_LETTER, checksum, grammar_names, grammar_text
from .patterns import cat, rep

__all__ = ["GrammarError", "RARE", "compile_grammar", "field_name", "line_rules", "stock_lark",
           "write_tables"]

#: Characters and words that few files hold and that only some of a grammar's alternatives take.
RARE = ("\\", "\0", "snapstate:")


class GrammarError(ValueError):
    """A grammar that Lark accepts but that is not of the form described above."""


def _load(text):
    loaded = load_grammar(text, "<grammar>", [], False)
    grammar = loaded[0] if isinstance(loaded, tuple) else loaded
    rules = {str(name): tree for name, _, tree, _ in grammar.rule_defs}
    terminals, _, _ = grammar.compile(["start"], "*")
    return rules, {terminal.name: terminal for terminal in terminals}


def _symbol(tree):
    """The name of a ``value`` tree's symbol, in both Lark generations that are supported."""
    symbol = tree.children[0]
    return str(getattr(symbol, "name", symbol))


class _Compiler:
    def __init__(self, text):
        self.rules, self.terminals = _load(text)
        self.types = [t.name for t in sorted(
            (t for t in self.terminals.values() if t.priority > 0), key=lambda t: -t.priority)]
        if len({self.terminals[name].priority for name in self.types}) != len(self.types):
            raise GrammarError("line types need distinct priorities")
        self.letters = {name: chr(FIRST_LETTER + i) for i, name in enumerate(self.types)}
        if len(self.types) > 0x7e - FIRST_LETTER:
            raise GrammarError("too many line types")

    # -- rules over characters ---------------------------------------------------------------------

    def pattern(self, tree, group):
        """The pattern (see ``patterns.py``) of an EBNF tree over terminals; *group*: each symbol
        is one."""
        kind = tree.data
        if kind == "expansions":
            return patterns.alt([self.pattern(child, group) for child in tree.children])
        if kind == "expansion":
            return cat([self.pattern(child, group) for child in tree.children])
        if kind == "maybe":
            return rep(0, 1, True, self.pattern(tree.children[0], group))
        if kind == "expr":
            operator = str(tree.children[1])
            if operator not in "?*+" or (group and operator != "?"):
                raise GrammarError("operator %s in a line rule" % operator)
            return rep(int(operator == "+"), 1 if operator == "?" else None, True,
                       self.pattern(tree.children[0], group))
        if kind == "value":
            symbol = self.terminal(_symbol(tree))
            return patterns.group(symbol) if group else symbol
        raise GrammarError("unexpected %s in a rule" % kind)

    def terminal(self, name):
        """The pattern of terminal *name*."""
        if name not in self.terminals:
            raise GrammarError("%s in a line rule is no terminal" % name)
        try:
            pattern = patterns.read(self.terminals[name].pattern.to_regexp())
        except patterns.PatternError as error:
            raise GrammarError("%s: %s" % (name, error)) from error
        if patterns.groups(pattern):
            raise GrammarError("%s has a group of its own; use (?:...)" % name)
        return pattern

    def symbols(self, tree):
        """The symbols of an EBNF tree in source order."""
        if tree.data == "value":
            return [_symbol(tree)]
        return [name for child in tree.children if hasattr(child, "data")
                for name in self.symbols(child)]

    def list_rule(self, tree):
        """The repeated group's tree where *tree* is a list rule, else None."""
        if len(tree.children) == 1 and len(tree.children[0].children) == 1:
            only = tree.children[0].children[0]
            if only.data == "expr" and str(only.children[1]) in "*+":
                if all(name in self.terminals and name not in self.letters
                       for name in self.symbols(only)):
                    return only.children[0]
        return None

    def line_rule(self, name):
        """The pattern of line rule *name*, checked against its line type."""
        tree = self.rules[name]
        pattern = self.pattern(tree, group=True)
        terminal, newline = self.terminal(name.upper()), self.terminal("NEWLINE")
        plain = self.pattern(tree, group=False)
        parts = plain[1] if plain[0] == "cat" else (plain,)
        if parts[-1] != rep(0, 1, True, newline):
            raise GrammarError("%s does not end in [NEWLINE]" % name)
        plain = cat(parts[:-1] + (newline,))
        if plain != terminal:
            raise GrammarError("%s and %s differ:\n  %s\n  %s" % (
                name, name.upper(), patterns.written(plain), patterns.written(terminal)))
        return pattern

    def lines(self, rare):
        """Of the line types together, in texts without *rare*: the pattern, the letters of the types
        by the numbers of its groups (from 1), and whether all of them are single physical lines."""
        branches, letters, one_line = [], [" "], True
        for name in self.types:
            pattern = patterns.simplified(self.terminal(name), rare)
            if not patterns.is_dead(pattern):
                branches.append(cat([pattern, patterns.group(patterns.EMPTY)]))
                letters.append(self.letters[name])
                one_line = one_line and patterns.one_line(pattern)
        pattern = patterns.simplified(patterns.alt(branches))
        return patterns.written(pattern), "".join(letters), one_line

    # -- rules over line types ---------------------------------------------------------------------

    def block(self, tree):
        """The regular expression of a block rule's tree over type letters."""
        kind = tree.data
        if kind == "expansions":
            return "(?:%s)" % "|".join(self.block(child) for child in tree.children)
        if kind == "expansion":
            return "".join(self.block(child) for child in tree.children)
        if kind == "maybe":
            raise GrammarError("[...] in a block rule: use ?, which leaves no placeholder")
        if kind == "expr":
            return "(?:%s)%s" % (self.block(tree.children[0]), tree.children[1])
        name = _symbol(tree)
        if name in self.letters:
            return re.escape(self.letters[name])
        return self.block(self.rules[name])

    def parts(self, tree):
        """The blocks that may stand directly in *tree*, inlined rules followed."""
        names = []
        for name in self.symbols(tree):
            if name in self.letters:
                continue
            for block in self.parts(self.rules[name]) if name.startswith("_") else [name]:
                if block not in names:
                    names.append(block)
        return names

    def first(self, tree):
        """The first element of a block rule, inlined rules followed."""
        while tree.data in ("expansions", "expansion"):
            if tree.data == "expansions" and len(tree.children) > 1:
                kinds = {self.first(child) for child in tree.children}
                return "type" if kinds == {"type"} else "other"
            tree = tree.children[0]
        if tree.data == "value":
            name = _symbol(tree)
            if name in self.letters:
                return "type"
            if name.startswith("_"):
                return self.first(self.rules[name])
        return "other"

    def compile(self):
        rules, blocks = {}, {}
        for name, tree in self.rules.items():
            if name.upper() in self.letters:
                rules[name] = self.line_rule(name), patterns.END
            elif self.list_rule(tree) is not None:
                rules[name] = self.pattern(self.list_rule(tree), group=True), None
            elif not name.startswith("_"):
                self.block(tree)  # refuses what no block rule may hold, in start too
                names = self.parts(tree)
                found = "|".join(["(%s)" % self.block(self.rules[part]) for part in names])
                if names and re.compile(found).match(""):
                    raise GrammarError("a block in %s may be empty" % name)
                found = patterns.simplified(patterns.read(found))
                blocks[name] = (name != "start" and self.first(tree) == "type",
                                patterns.written(found), tuple(names), patterns.beginning(found))
        missing = [name for name in self.types if name.lower() not in rules]
        if missing:
            raise GrammarError("line types without a rule: " + ", ".join(missing))
        trees = [self.terminal(name) for name in self.types] + [tree for tree, _ in rules.values()]
        rare = tuple(word for word in RARE
                     if any(patterns.without(tree, (word,)) != tree for tree in trees))
        any_text = self.form(rules, ())
        return {
            "types": tuple(name.lower() for name in self.types),
            "fields": {name: tuple(map(field_name, self.symbols(self.rules[name]))) for name in rules},
            "blocks": blocks,
            "rare": rare,
            "any": any_text,
            "plain": self.form(rules, rare) if rare else any_text,
        }

    def form(self, rules, rare):
        """The patterns for texts without *rare*."""
        return {
            "lines": self.lines(rare),
            "rules": {name: patterns.written(patterns.simplified(pattern, rare, after))
                      for name, (pattern, after) in rules.items()},
        }


def field_name(symbol):
    """The field of a node that holds terminal *symbol*: ``AUTO__KEYWORD`` is ``keyword``."""
    return symbol.split("__")[-1].lower()


def compile_grammar(text):
    """The table data of a grammar's *text* (dict of plain literals). Raises GrammarError."""
    data = _Compiler(text).compile()
    data["checksum"] = checksum(text)
    return data


def line_rules(text):
    """The names of the line and list rules of a grammar (start symbols of their own)."""
    return sorted(compile_grammar(text)["fields"])


def stock_lark(text):
    """A stock Lark parser of the same grammar, for comparison: ``start`` and each line rule."""
    return Lark(text, start=["start"] + line_rules(text), parser="lalr", lexer="contextual",
                keep_all_tokens=True, maybe_placeholders=True)


def write_tables(folder):
    """Write the table of every grammar into *folder* as Python modules; used by the build."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "__init__.py"), "w", encoding="utf-8") as file:
        file.write('"""Tables compiled from grammars/*.lark when the package was built."""\n')
    for name in grammar_names():
        table = compile_grammar(grammar_text(name))
        with open(os.path.join(folder, name + ".py"), "w", encoding="utf-8") as file:
            file.write('"""Compiled from grammars/%s.lark by pvemigrate.compiler; do not edit."""\n\n'
                       "TABLE = {\n%s}\n" % (name, "".join(
                           "    %r: %r,\n" % item for item in table.items())))
