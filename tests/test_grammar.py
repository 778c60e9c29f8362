"""The runtime's tables say what the Lark grammars say: same trees as stock Lark, same fields as the
node classes; what the compiler refuses; that tables are fresh, and that a run needs no lark."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import invariants
import pvemigrate
import shapes
from pvemigrate import compiler, formats, grammar, tables
from pvemigrate.cst import Block, Line
from pvemigrate.grammar_files import checksum, grammar_names, grammar_text

KINDS = pytest.mark.parametrize("kind", shapes.ALL_KINDS)


# -- same trees as stock Lark ------------------------------------------------------------------------


@KINDS
def test_samples_have_the_trees_that_lark_builds(kind):
    found = [(name, data) for sample_kind, name, data in shapes.samples() if sample_kind == kind]
    for name, data in found + [("line", line.encode()) for line in shapes.LINES[kind]]:
        tree = pvemigrate.parse(data, kind=kind)
        try:
            invariants.check_against_lark(tree)
        except AssertionError as error:
            raise AssertionError(name) from error


@KINDS
def test_shaped_text_has_the_tree_that_lark_builds(kind):
    seen = set()
    for rnd in shapes.randoms(kind, "lark", 1500):
        text = shapes.text(kind, rnd)
        try:
            invariants.check_against_lark(pvemigrate.parse(text, kind=kind), seen)
        except Exception as error:
            raise AssertionError(repr(text)) from error


@KINDS
def test_arbitrary_text_has_the_tree_that_lark_builds(kind):
    for rnd in shapes.randoms(kind, "noise", 500):
        data = shapes.noise(rnd)
        try:
            invariants.check_against_lark(pvemigrate.parse(data, kind=kind))
        except Exception as error:
            raise AssertionError(repr(data)) from error


@KINDS
def test_shaped_text_reaches_every_rule_of_the_grammar(kind):
    """The two tests above would say little if their texts missed some node types."""
    seen = set()
    for rnd in shapes.randoms(kind, "lark", 1500):
        tree = pvemigrate.parse(shapes.text(kind, rnd), kind=kind)
        seen.update(type(node).__name__ for node in tree.walk())
    known = {cls.__name__ for cls in formats.node_classes(kind).values()}
    if kind == "interfaces":
        # Its other line types take every line; the grammar's form wants one that cannot fail.
        known.remove("Malformed")
    assert known <= seen


# -- tables and node classes --------------------------------------------------------------------------


@KINDS
def test_nodes_have_the_fields_of_their_rules(kind):
    data = grammar.load(formats.KINDS[kind]).data
    classes = formats.node_classes(kind)
    for name in data["types"]:
        cls = classes[name]
        assert issubclass(cls, Line)
        assert cls.grammar == formats.KINDS[kind]
        assert cls._fields == data["fields"][name], name
        assert cls._fields[-1] == "newline"
    for name, (has_header, _, _, _) in data["blocks"].items():
        if name != "start":
            assert issubclass(classes[name], Block)
            assert isinstance(has_header, bool)


@KINDS
def test_a_list_rule_takes_apart_a_field_of_some_line(kind):
    data = grammar.load(formats.KINDS[kind]).data
    fields = {field for name in data["types"] for field in data["fields"][name]}
    assert set(data["fields"]) - set(data["types"]) <= fields


@KINDS
def test_every_text_has_a_line_type(kind):
    """The last type takes what no other one does, so parsing is total."""
    table = grammar.load(formats.KINDS[kind])
    for text in ("\n", "x\n", "\0\n", "\\\n", "\r\n", "\u2028\n", "\udce9\n", " \x85 \n", "\n" * 3):
        letters, _ = table.scan(text)
        tree = formats.parse(text, kind)
        lines = [node for node in tree.walk() if isinstance(node, Line)]
        assert len(letters) == len(lines)
        assert "".join(line.code for line in lines) == text


def test_every_grammar_belongs_to_a_kind():
    assert sorted(grammar_names()) == sorted(set(formats.KINDS.values()))


def test_patterns_mean_ascii_only():
    """Perl's and apt's white space is ASCII: no Unicode class may slip into a grammar."""
    for name in grammar_names():
        text = grammar_text(name)
        for escape in ("\\w", "\\W", "\\d", "\\D", "\\b", "\\B"):
            assert escape not in text, "%s in %s" % (escape, name)
        assert "\\s" not in text.replace("[\\s\\S]", ""), name
        data = grammar.load(name).data
        for form in (data["plain"], data["any"]):
            for pattern in (form["lines"][0], *form["rules"].values()):
                if "\\S" in pattern:
                    assert re.compile(pattern).flags & re.ASCII, pattern


# -- what the compiler refuses -------------------------------------------------------------------------

GOOD = '''
start: (BLANK | ITEM | OTHER)*
blank: [NEWLINE]
item: KEY [GAP] [NEWLINE]
other: TEXT [NEWLINE]
BLANK.9: NEWLINE
ITEM.5: KEY GAP? NEWLINE
OTHER.1: TEXT NEWLINE
KEY: /[a-z]+/
GAP: /[ \\t]+/
TEXT: /[^\\n]+/
NEWLINE: "\\n"
'''


def test_a_grammar_of_the_right_form_compiles():
    data = compiler.compile_grammar(GOOD)
    assert data["types"] == ("blank", "item", "other")
    assert data["fields"]["item"] == ("key", "gap", "newline")
    assert data["blocks"]["start"] == (False, "", (), "")


@pytest.mark.parametrize("old, new, message", [
    ("ITEM.5: KEY GAP? NEWLINE", "ITEM.5: KEY GAP NEWLINE", "item and ITEM differ"),
    ("ITEM.5: KEY GAP? NEWLINE", "ITEM.5: /[a-z]*/ GAP? NEWLINE", "item and ITEM differ"),
    ("ITEM.5: KEY GAP? NEWLINE", "ITEM.5: /[A-Z]+/ GAP? NEWLINE", "item and ITEM differ"),
    ("KEY: /[a-z]+/", "KEY: /[a-z]+/i", "KEY: SUBPATTERN in a regular expression"),
    ("KEY: /[a-z]+/", "KEY: /[a-z]+\\b/", "KEY: AT in a regular expression"),
    ("KEY: /[a-z]+/", "KEY: /\\w+/", "KEY: a class of Unicode's"),
    ("item: KEY [GAP] [NEWLINE]", "item: KEY [GAP] NEWLINE", r"does not end in \[NEWLINE\]"),
    ("item: KEY [GAP] [NEWLINE]", "item: KEY GAP* [NEWLINE]", "operator"),
    ("item: KEY [GAP] [NEWLINE]", "item: KEY blank [NEWLINE]", "is no terminal"),
    ("BLANK.9", "BLANK.5", "distinct priorities"),
    ("item: KEY [GAP] [NEWLINE]\n", "", "without a rule"),
    ("start: (BLANK | ITEM | OTHER)*", "start: (BLANK | [ITEM] | OTHER)*", "leaves no placeholder"),
    ("KEY: /[a-z]+/", "KEY: /([a-z])+/", "group of its own"),
])
def test_the_compiler_refuses_what_it_cannot_hold(old, new, message):
    assert old in GOOD
    with pytest.raises(compiler.GrammarError, match=message):
        compiler.compile_grammar(GOOD.replace(old, new))


def test_too_many_line_types_are_refused():
    types = ["T%d" % number for number in range(100)]
    text = "start: (%s)*\n" % " | ".join(types)
    text += "".join("%s: TEXT [NEWLINE]\n%s.%d: TEXT NEWLINE\n" % (name.lower(), name, number + 1)
                    for number, name in enumerate(types))
    text += 'TEXT: /x/\nNEWLINE: "\\n"\n'
    with pytest.raises(compiler.GrammarError, match="too many line types"):
        compiler.compile_grammar(text)


# -- tables: fresh, and enough ---------------------------------------------------------------------------


def test_written_tables_equal_a_fresh_compile(tmp_path):
    compiler.write_tables(str(tmp_path))
    for name in grammar_names():
        scope = {}
        exec((tmp_path / (name + ".py")).read_text(encoding="utf-8"), scope)
        assert scope["TABLE"] == compiler.compile_grammar(grammar_text(name))
    assert (tmp_path / "__init__.py").exists()


def test_the_tables_in_use_are_those_of_the_grammars():
    for name in grammar_names():
        assert grammar.load(name).data == compiler.compile_grammar(grammar_text(name))


def test_compiling_is_deterministic():
    """Across processes too: sets and dicts of the compiler must not leak their order."""
    code = ("import json; from pvemigrate.compiler import compile_grammar as c\n"
            "from pvemigrate.grammar_files import *\n"
            "print(json.dumps([c(grammar_text(name)) for name in grammar_names()]))")
    outputs = set()
    for seed in ("1", "2"):
        environment = dict(os.environ, PYTHONHASHSEED=seed, PYTHONPATH=str(package_parent()))
        outputs.add(subprocess.run([sys.executable, "-c", code], env=environment, check=True,
                                   stdout=subprocess.PIPE).stdout)
    assert len(outputs) == 1
    assert json.loads(outputs.pop().decode())


def package_parent():
    return Path(pvemigrate.__file__).resolve().parent.parent


def checkout_copy(folder):
    """A source tree as git gives it, with tables that were compiled from it."""
    copy_package(folder)
    shutil.copytree(str(shapes.CHECKOUT / "grammars"), str(folder / "grammars"))
    run(folder, "from pvemigrate.compiler import write_tables; write_tables('pvemigrate/_tables')\n"
                "from pvemigrate.catalogue import write_index; write_index('pvemigrate/_tables')")
    return folder


def installed_copy(folder):
    """The package in the shape in which a wheel installs it, grammars and tables inside."""
    checkout_copy(folder)
    shutil.move(str(folder / "grammars"), str(folder / "pvemigrate" / "grammars"))
    return folder


def copy_package(folder):
    shutil.copytree(str(shapes.CHECKOUT / "pvemigrate"), str(folder / "pvemigrate"),
                    ignore=shutil.ignore_patterns("__pycache__", "_tables"))


def run(folder, code, check=True):
    environment = dict(os.environ, PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run([sys.executable, "-c", code], cwd=str(folder), env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def test_a_checkout_notices_a_grammar_that_is_newer_than_its_table(tmp_path):
    folder = checkout_copy(tmp_path)
    ask = ("import sys, pvemigrate\n"
           "tree = pvemigrate.parse(b'maxfiles! 3\\n', kind='vzdump-conf')\n"
           "print(type(tree.body[0]).__name__, 'lark' in sys.modules)")
    assert run(folder, ask).split() == ["Malformed", "False"]
    path = folder / "grammars" / "vzdump_conf.lark"
    text = path.read_text(encoding="utf-8")
    changed = text.replace('COLON: ":"', 'COLON: /[:!]/').replace("[^ \\t\\r\\f\\v\\n:]+", "[^ \\t\\r\\f\\v\\n:!]+")
    assert changed != text and checksum(changed) != checksum(text)
    path.write_text(changed, encoding="utf-8")
    assert run(folder, ask).split() == ["Setting", "True"]


def test_a_checkout_without_tables_compiles_them(tmp_path):
    folder = checkout_copy(tmp_path)
    shutil.rmtree(str(folder / "pvemigrate" / "_tables"))
    assert run(folder, "import pvemigrate\n"
                       "print(len(pvemigrate.parse(b'a: b\\n', kind='vzdump-conf').body))") == "1\n"


NO_LARK = """
import sys
sys.modules["lark"] = None     # any import of it raises
import pvemigrate
for kind in pvemigrate.KINDS:
    tree = pvemigrate.parse(b"a b\\n\\tc: d\\n", kind=kind)
    assert [line.code for line in tree.walk()]
    pvemigrate.check(b"a: b\\n", kind=kind)
    pvemigrate.fix(b"a: b\\n", kind=kind)
from pvemigrate.catalogue import catalogue
assert all([info.load() for info in catalogue()])
del sys.modules["lark"]
assert "pvemigrate.compiler" not in sys.modules
print("\\n".join(sorted(sys.modules)))
"""


def test_an_installed_package_never_imports_lark(tmp_path):
    modules = run(installed_copy(tmp_path), NO_LARK).split()
    assert "pvemigrate.ruleset.lxc001_cgroup1_key" in modules
    assert not [name for name in modules if name.split(".")[0] == "lark"]


def test_a_plain_check_imports_little(tmp_path):
    """Each of these costs more than parsing a node's files does."""
    folder = installed_copy(tmp_path)
    (folder / "root" / "etc" / "pve").mkdir(parents=True)
    (folder / "root" / "etc" / "pve" / "storage.cfg").write_text("dir: a\n\tpath /a\n")
    modules = run(folder, "import sys\nbefore = set(sys.modules)\nimport pvemigrate\n"
                          "pvemigrate.Project('root').check()\n"
                          "print('\\n'.join(set(sys.modules) - before))").split()
    assert "pvemigrate.engine" in modules
    unwanted = {"lark", "difflib", "json", "dataclasses", "typing", "logging", "pvemigrate.compiler"}
    assert unwanted.isdisjoint(modules)


def test_an_installation_that_lacks_a_table_says_so(tmp_path):
    folder = installed_copy(tmp_path)
    (folder / "pvemigrate" / "_tables" / "user.py").unlink()
    said = run(folder, "import pvemigrate\ntry:\n    pvemigrate.parse(b'', kind='user')\n"
                       "except ImportError as error:\n    print(error)")
    assert said == "this installation lacks its table for user; reinstall it\n"


def test_no_table_is_read_twice(monkeypatch):
    calls = []
    monkeypatch.setattr(tables, "read", lambda name: calls.append(name))
    for name in grammar_names():
        grammar.load(name)
    for _ in range(3):
        pvemigrate.parse(random.choice(["a", ""]), kind="user")
    assert calls == []
