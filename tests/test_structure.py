"""How the package is built: imports go one way, and every rule has the form that people and tests
rely on."""

import ast
import io
import re
import tokenize

import pytest

import pvemigrate
import shapes
from pvemigrate.catalogue import catalogue, documentation
from pvemigrate.formats import KINDS
from pvemigrate.rule import NODE, Rule
from pvemigrate.settings import HOPS, PHASES, SEVERITIES

PACKAGE = shapes.CHECKOUT / "pvemigrate"
GOLDEN = shapes.CHECKOUT / "golden"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "_tables" not in path.parts)
RULES = pytest.mark.parametrize("info", catalogue(), ids=lambda info: info.code)

# -- imports -------------------------------------------------------------------------------------------

#: Each module imports only from layers above its own; a package counts as one module. ``compiler``
#: is what ``tables`` asks for in a checkout, and the build.
LAYERS = (
    ("",),  # the package's version
    ("cst", "diff", "grammar_files", "lazy", "patterns", "root", "settings", "workers"),
    ("releases", "repositories", "shellwords", "storage_types", "vzdump_options", "journal", "locks"),
    ("compiler", "edit", "facts"),
    ("tables", "rule", "consent"),
    ("grammar",),
    ("formats",),
    ("source",),
    ("ruleset", "acceptance"),
    ("engine", "catalogue", "obstacles", "verify", "write"),
    ("plugins", "project", "targets", "output"),
    ("chain", "undo", "streams", "completion"),
    ("commands",),
    ("cli",),
    ("__main__",),
)

def module_of(path):
    parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
    return parts[:-1] if parts[-1] == "__init__" else parts


def imported(path):
    """Names (lists of parts below pvemigrate) of all that a module of the package imports, at
    whatever place and in whatever way."""
    module = module_of(path)
    package = module if path.name == "__init__.py" else module[:-1]
    for node in executed(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                base = package[:len(package) - (node.level - 1)]
                base = base + (node.module.split(".") if node.module else [])
            elif (node.module or "").split(".")[0] == "pvemigrate":
                base = node.module.split(".")[1:]
            else:
                continue
            for alias in node.names:
                yield submodule(base, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "pvemigrate":
                    yield alias.name.split(".")[1:]
        elif isinstance(node, ast.Call) and name_of(node.func) in ("import_module", "__import__"):
            yield from named_by_text(node, package)


def executed(node):
    """All nodes of a syntax tree but what only type checkers see."""
    yield node
    if isinstance(node, ast.If) and getattr(node.test, "id", None) == "TYPE_CHECKING":
        return
    for child in ast.iter_child_nodes(node):
        yield from executed(child)


def submodule(base, name):
    """``from .x import y``: module x, or module x.y where there is one."""
    folder = PACKAGE.joinpath(*base)
    if (folder / (name + ".py")).exists() or (folder / name / "__init__.py").exists():
        return base + [name]
    return base


def name_of(function):
    return getattr(function, "attr", getattr(function, "id", None))


def named_by_text(call, package):
    """What an ``import_module`` call names, as far as the call says it in text."""
    target = call.args[0]
    if isinstance(target, ast.BinOp):
        target = target.left
    text = target.value if hasattr(target, "value") else target.s  # .s: Python 3.7
    assert isinstance(text, str), "an import that no reader can follow: line %d" % call.lineno
    if text.startswith("pvemigrate"):
        yield [part for part in text.split(".")[1:] if part]
    elif text.startswith("."):
        yield package + [part for part in text.split(".") if part]


def layer(parts):
    """The name in LAYERS that a module belongs to."""
    return parts[0] if parts else ""


def graph():
    """Module -> modules that it imports, all below the package; ``_tables`` are data."""
    edges = {}
    for path in SOURCES:
        module = tuple(module_of(path))
        found = {tuple(parts) for parts in imported(path)} - {module}
        edges[module] = {parts for parts in found if parts[:1] != ("_tables",)}
    return edges


def test_every_module_has_its_layer():
    known = [name for names in LAYERS for name in names]
    assert len(known) == len(set(known))
    assert {layer(module) for module in graph()} == set(known)


def test_imports_go_one_way():
    depth = {name: number for number, names in enumerate(LAYERS) for name in names}
    wrong = []
    for module, targets in graph().items():
        if not module:
            continue  # the front door, whose names are imported when they are first used
        for target in targets:
            own, other = layer(module), layer(target)
            if own != other and depth[other] >= depth[own]:
                wrong.append("%s imports %s" % (".".join(module), ".".join(target)))
    assert wrong == []


def test_importing_the_package_imports_nothing_of_it():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    top = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert top == []


def test_type_checkers_see_every_public_name():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    only, = (node for node in tree.body if isinstance(node, ast.If))
    seen = {}
    for node in only.body:
        if isinstance(node, ast.ImportFrom) and node.level:
            for alias in node.names:
                assert alias.asname in (None, alias.name)
                seen[alias.name] = (node.module, alias.name)
    seen["check"], seen["fix"] = seen.pop("check_text"), seen.pop("fix_text")
    assert seen == pvemigrate._PUBLIC


def test_imports_have_no_cycle():
    edges = graph()
    edges.pop(())
    done = set()

    def follow(module, path):
        assert module not in path, "a cycle: " + " -> ".join(
            ".".join(m) or "pvemigrate" for m in path[path.index(module):] + [module])
        if module not in done:
            for target in sorted(edges.get(module, ())):
                follow(target, path + [module])
            done.add(module)

    for module in sorted(edges):
        follow(module, [])


def test_rules_import_what_rules_may():
    """A rule reports; it runs no engine, writes nothing and does not know who asked. (Of ``source``
    those of interfaces take which files a ``source`` line names.)"""
    allowed = {"cst", "edit", "lazy", "rule", "formats", "facts", "settings", "source", "ruleset",
               "releases", "repositories", "shellwords", "storage_types", "vzdump_options"}
    for module, targets in graph().items():
        if layer(module) != "ruleset":
            continue
        for target in targets:
            assert layer(target) in allowed, "%s imports %s" % (".".join(module), ".".join(target))
            if target[:1] == ("ruleset",) and len(target) > 1:
                assert target[1].startswith("_"), "%s imports the rule %s" % (module[1], target[1])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_these_modules_are_imported_from_elsewhere(path):
    """Standard library and click; lark for the compiler. Those that cost time at every start are
    imported inside the functions that need them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    costly = {"difflib", "json", "dataclasses", "typing", "logging", "lark", "traceback", "tempfile",
              "subprocess", "shutil", "inspect"}
    for node in tree.body:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        else:
            continue
        for name in names:
            name = name.split(".")[0]
            if name == "lark" and path.name == "compiler.py":
                continue
            if path.parent.name == "output" and name == path.stem == "json":
                continue
            assert name not in costly, "%s at the top of %s" % (name, path.name)


# -- rules -----------------------------------------------------------------------------------------------

HEADINGS = ["What it finds", "Why it matters", "Example", "When the fix is safe", "Guide", "References"]


def test_codes_and_names_are_unique():
    """A name once in a family: what readers toss has one name for containers and for machines."""
    codes = [info.code for info in catalogue()]
    names = [(info.code[:3], info.name) for info in catalogue()]
    assert len(codes) == len(set(codes))
    assert len(names) == len(set(names))


@RULES
def test_a_rule_has_its_form(info):
    rule = info.load()
    assert re.match("^[A-Z]{3}[0-9]{3}$", rule.code)
    assert re.match("^[a-z0-9]+(-[a-z0-9]+)*$", rule.name)
    assert rule.severity in SEVERITIES
    assert rule.phase in PHASES
    assert rule.hops and set(rule.hops) <= set(HOPS)
    assert rule.kinds and set(rule.kinds) <= {NODE, *KINDS}
    assert isinstance(rule.kinds, tuple) and isinstance(rule.hops, tuple)
    assert set(rule.blocks) <= set(PHASES)
    assert rule.guide.strip() == rule.guide
    assert rule.needs is None or rule.needs and all(
        isinstance(text, str) and text.isascii() and text for text in rule.needs)


@RULES
def test_a_rule_visits_nodes_that_its_kinds_have(info):
    """A misspelt visit_ method would never be called."""
    from pvemigrate import formats

    rule = info.load()
    known = {"File"} | {cls.__name__ for kind in set(rule.kinds) - {NODE}
                        for cls in formats.node_classes(kind).values()}
    methods = [name for name in dir(rule) if name.startswith(("visit_", "leave_"))]
    for name in methods:
        assert name.partition("_")[2] in known, name
    assert methods or rule.check_project is not Rule.check_project


@RULES
def test_a_rule_documents_itself(info):
    rule = info.load()
    text = documentation(rule)
    assert re.findall("^## (.*)$", text, re.MULTILINE) == HEADINGS
    sections = dict(zip(HEADINGS, [part.strip() for part in re.split("(?m)^## .*$", text)[1:]]))
    assert all(sections.values()), "an empty section"
    if rule.guide:
        assert " ".join(sections["Guide"].split()) == " ".join(rule.guide.split())
    else:
        assert "guide" in sections["Guide"], "say that the guide has nothing on it"
    assert max(map(len, text.splitlines())) <= 100
    assert text.count("```") % 2 == 0


@RULES
def test_a_rule_has_its_goldens(info):
    """A case in which it finds something, one in which it keeps silent, one with odd bytes."""
    cases = {path.name: shapes.read_yaml(path)
             for path in sorted((GOLDEN / info.code).glob("*.yml"))}
    assert len(cases) >= 3, sorted(cases)
    assert any(case["findings"] for case in cases.values()), "no case that fires"
    assert any(case["findings"] == [] for case in cases.values()), "no case that is silent"
    assert any(case.get("raw") for case in cases.values()), "no case with odd bytes"
    for name, case in cases.items():
        for raw in (case.get("raw") or {}).values():
            assert (GOLDEN / info.code / raw).is_file(), "%s names %s" % (name, raw)


@RULES
def test_raw_golden_files_are_used_and_odd(info):
    named = set()
    for path in (GOLDEN / info.code).glob("*.yml"):
        named.update((shapes.read_yaml(path).get("raw") or {}).values())
    lying = {path.name for path in (GOLDEN / info.code).iterdir() if path.suffix != ".yml"}
    assert lying == named
    data = b"".join((GOLDEN / info.code / name).read_bytes() for name in lying)
    odd = [b"\r", b"\0", b"\t ", b" \t", b"\xe9", b"\xc3", b"\xff"]
    assert any(mark in data for mark in odd) or not data.endswith(b"\n")


def test_every_golden_folder_has_a_rule():
    assert {path.name for path in GOLDEN.iterdir()} == {info.code for info in catalogue()}


# -- files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_source_files(path):
    text = path.read_bytes().decode("utf-8")
    assert "\r" not in text
    assert not text or text.endswith("\n")
    for number, line in enumerate(text.split("\n"), 1):
        assert len(line) <= 110, "line %d" % number
        assert line == line.rstrip(), "line %d ends in blanks" % number
        assert not line.startswith("\t"), "line %d is indented by a tab" % number
        assert "print(" not in line, "line %d: only streams.py writes to them" % number


#: Where a Unicode class is right: on text that is no file's, or is known to be ASCII, and where it is
#: none, since the pattern says so (``(?a)``; tests/test_grammar.py looks at that).
UNICODE_CLASSES = {"facts.py": ["\\d"], "patterns.py": ["\\S"]}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_unicode_classes_over_file_text(path):
    r"""\s, \w and \d of str patterns take Unicode's blanks, letters and digits; no reader of these
    files does. [\s\S] is any character."""
    found = []
    with io.BytesIO(path.read_bytes()) as stream:
        for token in tokenize.tokenize(stream.readline):
            if token.type != tokenize.STRING or token.string.lstrip("rRbBuUfF").startswith('"""'):
                continue
            found += re.findall(r"\\[swdSWDbB](?![A-Za-z0-9])", token.string.replace("[\\s\\S]", ""))
    assert [escape for escape in found if escape not in UNICODE_CLASSES.get(path.name, [])] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_public_names_have_docstrings(path):
    if path.parent.name == "formats":
        return  # each node class of a format that says more than its name has one
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if path.parent.name != "ruleset" or path.name.startswith("_"):
        assert ast.get_docstring(tree) or path.name == "__main__.py", "the module"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name
            for method in getattr(node, "body", ()):
                if (isinstance(node, ast.ClassDef) and isinstance(method, ast.FunctionDef)
                        and not method.name.startswith(("_", "visit_", "leave_", "on_", "check_project"))
                        and not overrides(node)):
                    assert ast.get_docstring(method), "%s.%s" % (node.name, method.name)


def overrides(node):
    """Whether a class's methods may be those of a base that documents them."""
    return bool(node.bases)


def test_every_public_name_is_importable():
    for name in pvemigrate.__all__:
        assert getattr(pvemigrate, name).__doc__ or name == "KINDS"
    assert set(pvemigrate.__all__) <= set(dir(pvemigrate))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        pvemigrate.nothing


def test_the_version_is_that_of_the_changelog():
    changelog = (shapes.CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert pvemigrate.__version__ in changelog
