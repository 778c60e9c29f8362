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
pattern with a group for each type; a block rule becomes a pattern over type letters.
"""

import os
import re

from lark import Lark
from lark.load_grammar import load_grammar

from .grammar_files import FIRST_LETTER, checksum, grammar_names, grammar_text

__all__ = ["GrammarError", "compile_grammar", "field_name", "line_rules", "stock_lark", "write_tables"]


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
        """The regular expression of an EBNF tree over terminals; *group* wraps each symbol."""
        kind = tree.data
        if kind == "expansions":
            parts = [self.pattern(child, group) for child in tree.children]
            return parts[0] if len(parts) == 1 else "(?:%s)" % "|".join(parts)
        if kind == "expansion":
            return "".join(self.pattern(child, group) for child in tree.children)
        if kind == "maybe":
            return "(?:%s)?" % self.pattern(tree.children[0], group)
        if kind == "expr":
            operator = str(tree.children[1])
            if operator not in "?*+" or (group and operator != "?"):
                raise GrammarError("operator %s in a line rule" % operator)
            return "(?:%s)%s" % (self.pattern(tree.children[0], group), operator)
        if kind == "value":
            name = _symbol(tree)
            if name not in self.terminals:
                raise GrammarError("%s in a line rule is no terminal" % name)
            return ("(%s)" if group else "(?:%s)") % self.terminals[name].pattern.to_regexp()
        raise GrammarError("unexpected %s in a rule" % kind)

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
        terminal = self.terminals[name.upper()].pattern.to_regexp()
        plain = self.pattern(tree, group=False)
        newline = "(?:(?:%s))?" % self.terminals["NEWLINE"].pattern.to_regexp()
        if not plain.endswith(newline):
            raise GrammarError("%s does not end in [NEWLINE]" % name)
        if _parsed(plain[:-1]) != _parsed(terminal):
            raise GrammarError("%s and %s differ:\n  %s\n  %s" % (
                name, name.upper(), plain[:-1], terminal))
        return pattern

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
                rules[name] = self.line_rule(name)
            elif self.list_rule(tree) is not None:
                rules[name] = self.pattern(self.list_rule(tree), group=True)
            elif not name.startswith("_"):
                self.block(tree)  # refuses what no block rule may hold, in start too
                names = self.parts(tree)
                scan = "".join("(%s)|" % self.block(self.rules[part]) for part in names) + "."
                blocks[name] = (name != "start" and self.first(tree) == "type", scan, tuple(names))
        missing = [name for name in self.types if name.lower() not in rules]
        if missing:
            raise GrammarError("line types without a rule: " + ", ".join(missing))
        lines = "|".join("(%s)" % self.terminals[name].pattern.to_regexp() for name in self.types)
        if re.compile(lines).groups != len(self.types):
            raise GrammarError("a terminal has a group of its own; use (?:...)")
        return {
            "types": tuple(name.lower() for name in self.types),
            "lines": lines,
            "rules": rules,
            "fields": {name: tuple(map(field_name, self.symbols(self.rules[name]))) for name in rules},
            "blocks": blocks,
        }


def field_name(symbol):
    """The field of a node that holds terminal *symbol*: ``AUTO__KEYWORD`` is ``keyword``."""
    return symbol.split("__")[-1].lower()


def _parsed(pattern):
    """A pattern's parse, with grouping that means nothing taken away, to compare two of them."""
    try:
        from re import _parser as sre_parse  # Python 3.11 and later
    except ImportError:
        import sre_parse

    return str(_flat(sre_parse.parse(pattern)))


def _flat(parsed):
    flat = []
    for operator, argument in parsed:
        if str(operator) == "SUBPATTERN" and argument[0] is None and not (argument[1] or argument[2]):
            flat.extend(_flat(argument[3]))
        elif str(operator) in ("MAX_REPEAT", "MIN_REPEAT"):
            flat.append((operator, argument[0], argument[1], _flat(argument[2])))
        elif str(operator) == "BRANCH":
            flat.append((operator, [_flat(branch) for branch in argument[1]]))
        elif str(operator) in ("ASSERT", "ASSERT_NOT"):
            flat.append((operator, argument[0], _flat(argument[1])))
        else:
            flat.append((operator, argument))
    return flat


def compile_grammar(text):
    """The table data of a grammar's *text* (dict of plain literals). Raises GrammarError."""
    data = _Compiler(text).compile()
    data["checksum"] = checksum(text)
    return data


def line_rules(text):
    """The names of the line and list rules of a grammar (start symbols of their own)."""
    return sorted(compile_grammar(text)["rules"])


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
