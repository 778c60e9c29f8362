"""What ``patterns.py`` makes of a regular expression matches what the expression itself does, in the
same places: shown for generated expressions, and for those of all grammars in both their forms."""

import itertools
import random
import re

import pytest

import shapes
from pvemigrate import formats, grammar, patterns
from pvemigrate.compiler import compile_grammar, stock_lark
from pvemigrate.grammar_files import FIRST_LETTER, grammar_text

KINDS = pytest.mark.parametrize("kind", shapes.ALL_KINDS)

# -- generated expressions ---------------------------------------------------------------------------

#: Every text that can be made of these, up to four characters.
TEXTS = ["".join(text) for size in range(5) for text in itertools.product("ab\n ", repeat=size)]


def a_set(rnd):
    return "[%s%s]" % (rnd.choice(("", "", "^")), "".join(rnd.sample("ab\n cd", rnd.randint(1, 3))))


def an_idiom(rnd):
    """One of the forms that the rewrites are about."""
    word, gap, other = a_set(rnd), a_set(rnd), a_set(rnd)
    return rnd.choice((
        lambda: "{word}{word}*",
        lambda: "{word}+(?:{gap}+{word}+)*",
        lambda: "(?:(?:{word}|{gap})*{word})?{gap}*",
        lambda: "{word}+(?:{gap}+{word}(?:(?:{word}|{gap})*{word})?)?{gap}*",
        lambda: "(?:{word}+(?={gap}))?",
        lambda: "{word}+(?%s{gap}|\n?(?![\\s\\S]))" % rnd.choice("=!"),
        lambda: "(?:%s)%s" % (rnd.choice(("{word}|{gap}{other}", "{gap}{other}|{word}")),
                              rnd.choice("*+")),
    ))().format(word=word, gap=gap, other=other)


def a_beginning(rnd):
    return rnd.choice(("{0}*", "{0}+", "{0}", "(?:{0}+{1})*", "(?:{0}+{1})?", "{0}+{1}*",
                       "(?:{0}|{1}{2})", "(?:{0}{1}|{2})")).format(a_set(rnd), a_set(rnd), a_set(rnd))


def expression(rnd, depth, may_group=True):
    """A regular expression, not too large; groups only where no repetition is."""
    def inner(may_group=may_group):
        return expression(rnd, depth - 1, may_group)

    kind = rnd.random() if depth else 0
    if kind < 0.15:
        return a_set(rnd)
    if kind < 0.3:
        return an_idiom(rnd) + inner()
    if kind < 0.4:
        begin = a_beginning(rnd)
        return "(?:%s)" % "|".join([begin + inner() for _ in range(rnd.randint(2, 3))])
    if kind < 0.6:
        return "".join([inner() for _ in range(rnd.randint(0, 4))])
    if kind < 0.75:
        return "(?:%s)" % "|".join([inner() for _ in range(rnd.randint(1, 3))])
    if kind < 0.9:
        repeat = rnd.choice(("?", "*", "+", "{2}", "{1,2}", "??", "+?"))
        return "(?:%s)%s" % (inner(may_group and repeat == "?"), repeat)
    if kind < 0.95:
        return "(?%s%s)" % (rnd.choice("=!"), inner(False))
    return "(%s)" % inner(False) if may_group else inner()


def found(match):
    """Where a match is, and its groups. (An empty group may be one that matched nothing.)"""
    return match and [span if span[0] < span[1] else None for span in match.regs]


@pytest.mark.parametrize("part", range(5))
def test_a_simplified_expression_matches_the_same(part):
    changed, wrong = 0, []
    for number in range(800):
        rnd = random.Random("patterns %d %d" % (part, number))
        before = expression(rnd, 4)
        tree = patterns.read(before)
        rare = rnd.choice(((), ("a",), ("ab",), (" ",), ("a", "b")))
        name, after = rnd.choice((("match", None), ("fullmatch", patterns.END)))
        less = patterns.simplified(tree, rare, after)
        now = patterns.written(less)
        changed += less != tree
        of_before, of_now = (getattr(re.compile(pattern), name) for pattern in (before, now))
        for text in rnd.sample(TEXTS, 120):
            if not any(word in text for word in rare) and found(of_now(text)) != found(of_before(text)):
                wrong.append((name, text, before, now))
    assert wrong == []
    assert changed > 300


@pytest.mark.parametrize("expression, less", [
    ("(?:a+)?", "a*"),
    ("aa*", "a+"),
    ("ab|ac|d", "a[bc]|d"),
    ("(?: +(?=[^ \n]))?x", " *x"),
    ("[a-z]+(?: +[a-z]+)* *\n", "[a-z][ a-z]*\n"),
    ("(?:[a-z]|\"[^\"]*\")*", "[a-z]*(?:\"[^\"]*\"[a-z]*)*"),
    ("(?:a|\\\\[^\n])+\n", "a+\n"),
    ("x(?:=0|snapstate:1)?", "x(?:=0|)"),
    ("a(?:b|)(?![^\n])", "ab?(?![^\n])"),
    ("x(?:a(?:[ a]*a)?)? *\n", "x(?:a[ a]*| *)\n"),
    ("x(?: +(?=a))?(?:a(?:[ a]*a)?)? *\n", "x[ a]*\n"),
    ("x(?: +(?=a))?(?:a(?:[ ab]*a)?)? *\n", "x(?: +(?=a)|)(?:a(?:[ ab]*a|)|) *\n"),
    ("x(?:-+(?=a))?(?:a(?:[ a]*a)?)? *\n", "x(?:-+(?=a)|)(?:a[ a]*| *)\n"),
    ("x(a)?(b+)?", "x(a?)(b*)"),
])
def test_what_is_made_smaller(expression, less):
    tree = patterns.simplified(patterns.read(expression), ("\\", "snapstate:"))
    assert patterns.written(tree) == less.replace("\n", "\\n").replace("\"", '"')


def test_an_expression_comes_back_as_it_was_read():
    for text in ("[^\\]^-]+", "\\.\\*a{2}b{2,}c{1,3}?", "(a|b)(?<=x)(?<!y)", "[\\s\\S]", "\\x00\\t[\\t\\n]",
                 "[!-/]\\U0010ffff", "(?!)"):
        tree = patterns.read(text)
        assert patterns.read(patterns.written(tree)) == tree
        assert re.compile(patterns.written(tree)).groups == re.compile(text).groups


# -- those of the grammars ---------------------------------------------------------------------------


def texts(kind):
    """Lines of *kind*, and text that looks like it."""
    yield from (line + "\n" for line in shapes.known_lines(kind))
    for rnd in shapes.randoms(kind, "patterns", 400):
        yield shapes.text(kind, rnd) + "\n"


def is_plain(data, text):
    return not any(word in text for word in data["rare"])


@KINDS
def test_both_forms_find_the_lines_that_the_terminals_do(kind):
    data = grammar.load(formats.KINDS[kind]).data
    terminals = sorted((terminal for terminal in stock_lark(grammar_text(formats.KINDS[kind])).terminals
                        if terminal.priority > 0), key=lambda terminal: -terminal.priority)
    assert [terminal.name.lower() for terminal in terminals] == list(data["types"])
    as_written = re.compile("|".join("(%s)" % terminal.pattern.to_regexp() for terminal in terminals))
    letters = "".join(chr(FIRST_LETTER + number) for number in range(len(terminals)))
    forms = {"any": data["any"]["lines"], "plain": data["plain"]["lines"]}
    patterns_of = {form: re.compile(pattern) for form, (pattern, _, _) in forms.items()}
    checked, wrong = {"any": 0, "plain": 0}, []
    for text in texts(kind):
        expected = [(letters[match.lastindex - 1], match.end()) for match in as_written.finditer(text)]
        for form in ("any", "plain") if is_plain(data, text) else ("any",):
            _, letter, physical = forms[form]
            lines = [(letter[match.lastindex], match.end())
                     for match in patterns_of[form].finditer(text)]
            if lines != expected or physical and len(lines) != text.count("\n"):
                wrong.append((form, text, lines, expected))
            checked[form] += 1
    assert wrong == []
    assert checked["plain"] > checked["any"] / 2


@KINDS
def test_both_forms_take_a_line_apart_alike(kind):
    """(That they do it as Lark does is in test_grammar.py.)"""
    data = grammar.load(formats.KINDS[kind]).data
    lines = {line for text in texts(kind) for line in text.splitlines(True) if is_plain(data, line)}
    wrong = []
    for name, fields in data["fields"].items():
        any_text, plain = (re.compile(data[form]["rules"][name]) for form in ("any", "plain"))
        assert any_text.groups == plain.groups == len(fields)
        for line in lines:
            if name in data["types"]:
                same = found(plain.fullmatch(line)) == found(any_text.fullmatch(line))
            else:
                same = list(map(found, plain.finditer(line))) == list(map(found, any_text.finditer(line)))
            if not same:
                wrong.append((name, line))
    assert wrong == []


@KINDS
def test_patterns_stay_small(kind):
    """They are compiled at each start; as the grammar of interfaces spells them out, they have 40,000
    characters."""
    data = compile_grammar(grammar_text(formats.KINDS[kind]))
    assert len(data["plain"]["lines"][0]) < 1600
    assert max(map(len, data["plain"]["rules"].values())) < 1100
    assert data["plain"]["lines"][2], "lines could be taken from the text as they stand"


def test_what_is_rare():
    found = {name: compile_grammar(grammar_text(name))["rare"] for name in formats.KINDS.values()}
    assert {name: rare for name, rare in found.items() if rare} == {
        "apt_list": ("\0",), "ceph": ("\\",), "grub": ("\\",), "interfaces": ("\\", "\0"),
        "lvm": ("\\", "\0"), "lxc": ("snapstate:",), "modprobe": ("\\",), "qemu": ("snapstate:",),
        "sysctl": ("\0",), "vzdump_cron": ("\\",)}


@pytest.mark.parametrize("text, kind, kinds", [
    ("auto a\niface a inet manual\n\tup echo \\\n\t b\n", "interfaces", ["Auto", "Iface"]),
    ("auto a \0b\n", "interfaces", ["Auto"]),
    ("x: y snapstate: delete\n", "lxc", ["Live"]),
    ("options kvm \\\n a=b\n", "modprobe", ["Wrapped", "Malformed"]),
])
def test_a_text_with_something_rare_in_it_has_its_tree(text, kind, kinds):
    tree = formats.parse(text, kind)
    assert [type(node).__name__ for node in tree.body] == kinds
    assert tree.code == text
