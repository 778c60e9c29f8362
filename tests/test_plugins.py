"""Rules of others: found by their entry points, imported only when asked for by name, refused in one
line where they are not as they have to be, and named where they fail."""

import importlib
import json
import subprocess
import sys
import textwrap

import pytest

import pvemigrate
from nodes import CLEAN, PACKAGE, REPOSITORY, STORAGE, run, write_tree
from pvemigrate import UsageError

INTERFACES = "auto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.1/24\n"
TREE = dict(CLEAN, **{"etc/network/interfaces": INTERFACES})

RULE = '''
    import pvemigrate
    from pvemigrate import Fix, replace

    class PublicBridge(pvemigrate.Rule):
        """## What it finds

        Bridges with an address.
        """

        code, name, kinds = "ORG001", "public-bridge", ("interfaces",)

        def visit_Iface(self, stanza):
            if stanza.method == "static":
                self.report(stanza.method, "static", Fix.safe("make it manual",
                                                              replace(stanza.method, "manual")))
'''


class Packages:
    """A folder of installed packages, as pip leaves them."""

    def __init__(self, folder):
        self.folder = folder

    def add(self, distribution, version, points, **modules):
        """A package with these entry points (name -> value) and modules (name -> source)."""
        info = self.folder / ("%s-%s.dist-info" % (distribution.replace("-", "_"), version))
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (
            distribution, version))
        (info / "entry_points.txt").write_text("[pvemigrate.rules]\n" + "".join(
            "%s = %s\n" % item for item in points.items()))
        for name, source in modules.items():
            (self.folder / (name + ".py")).write_text(textwrap.dedent(source))
        return self

    def run(self, *arguments, **options):
        """Run the command where the packages are installed."""
        path = "%s:%s" % (PACKAGE, self.folder)
        return run(*arguments, env=dict(PYTHONPATH=path), **options)


@pytest.fixture
def packages(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(folder))
    known = set(sys.modules)
    importlib.invalidate_caches()
    yield Packages(folder)
    for name in set(sys.modules) - known:
        if getattr(sys.modules[name], "__file__", None) and str(folder) in sys.modules[name].__file__:
            del sys.modules[name]


@pytest.fixture
def org(packages):
    return packages.add("org-rules", "1.2", {"org": "org_rules"}, org_rules=RULE)


@pytest.fixture
def root(tmp_path):
    return write_tree(tmp_path / "node", TREE)


# -- the command ---------------------------------------------------------------------------------------


def test_check_and_fix_take_a_plug_in_when_asked(org, root):
    result = org.run("check", "--root", root, "--plugin", "org", "--select", "ORG")
    assert result.status == 1 and "ORG001" in result.out
    result = org.run("fix", "--root", root, "--plugin", "org", "--phase", "before")
    assert (result.status, result.err) == (0, "")
    assert (root / "etc/network/interfaces").read_text() == INTERFACES.replace("static", "manual")


def test_the_built_in_rules_run_beside_it(org, root):
    write_tree(root, {"etc/pve/storage.cfg": STORAGE})
    result = org.run("check", "--root", root, "--plugin", "org", "--output-format", "json")
    assert {f["code"] for f in json.loads(result.out)["findings"]} == {"ORG001", "STO001"}
    alone = org.run("check", "--root", root, "--output-format", "json")
    assert {f["code"] for f in json.loads(alone.out)["findings"]} == {"STO001"}


def test_a_text_on_stdin(org):
    result = org.run("fix", "--kind", "interfaces", "--plugin", "org", "-", input=INTERFACES.encode())
    assert result.raw == INTERFACES.replace("static", "manual").encode()


def test_codes_of_a_plug_in_are_known_only_with_it(org, root):
    result = org.run("check", "--root", root, "--select", "ORG001")
    assert result.status == 2 and "no rule's code is or begins with ORG001" in result.err
    result = org.run("check", "--root", root, "--plugin", "org", "--ignore", "ORG001", "-q")
    assert (result.status, result.out) == (0, "")


def test_nothing_is_imported_unless_asked(packages, root):
    packages.add("loud", "1", {"loud": "loud"}, loud="raise SystemExit('imported')\n")
    for arguments in (["check", "--root", root], ["fix", "--root", root], ["rules"],
                      ["rules", "--output-format", "json"], ["explain", "NET001"]):
        assert packages.run(*arguments).status == 0, arguments


LOOK = """
import sys
sys.argv[1:] = %r
from pvemigrate.__main__ import main
try:
    main()
finally:
    found = {"pvemigrate.plugins", "importlib.metadata", "importlib_metadata"} & set(sys.modules)
    assert not found, found
"""


def test_a_plain_run_does_not_even_look_for_plug_ins(org, root, capfd):
    for command in ("check", "fix"):
        code = LOOK % [command, "--root", str(root), "--quiet"]
        result = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE,
                                env=dict(PYTHONPATH="%s:%s" % (PACKAGE, org.folder)))
        assert (result.returncode, result.stderr) == (0, b"")


def test_rules_names_what_is_installed_and_lists_what_is_asked_for(org):
    plain = org.run("rules")
    assert "ORG001" not in plain.out
    assert plain.err == "note: plug-ins that are installed, for --plugin: org (org-rules 1.2)\n"
    asked = org.run("rules", "--plugin", "org")
    assert asked.err == ""
    line, = (line for line in asked.out.splitlines() if line.startswith("ORG001"))
    assert line.split() == ["ORG001", "public-bridge", "warning", "before", "6-9", "interfaces",
                            "org-rules", "1.2"]
    assert all(line.endswith(("built in", "1.2")) for line in asked.out.splitlines())


def test_json_catalogue_has_origins(org):
    import jsonschema

    schema = json.loads((REPOSITORY / "pvemigrate/schema/rules-1.json").read_text())
    for arguments, loaded in (([], False), (["--plugin", "org"], True)):
        document = json.loads(org.run("rules", "--output-format", "json", *arguments).out)
        jsonschema.validate(document, schema)
        mine = {"name": "org", "distribution": "org-rules", "version": "1.2", "loaded": loaded}
        assert mine in document["plugins"]
        origins = {rule["code"]: rule["origin"] for rule in document["rules"]}
        assert origins["NET001"] == {"plugin": None, "distribution": "pvemigrate",
                                     "version": pvemigrate.__version__}
        assert origins.get("ORG001") == ({"plugin": "org", "distribution": "org-rules",
                                          "version": "1.2"} if loaded else None)


def test_explain(org):
    result = org.run("explain", "public-bridge", "--plugin", "org")
    assert result.status == 0
    assert "from the plug-in org (org-rules 1.2)" in result.out
    assert "Bridges with an address." in result.out
    assert org.run("explain", "ORG001").status == 2


@pytest.mark.parametrize("form", ["sarif", "html"])
def test_reports_have_the_documentation_of_a_plug_in_s_rules(org, root, form):
    result = org.run("check", "--root", root, "--plugin", "org", "--output-format", form)
    assert "ORG001" in result.out and "Bridges with an address." in result.out


@pytest.mark.parametrize("names, message", [
    (["nothing"], "no plug-in is called nothing; installed: org"),
    (["org", "nothing"], "no plug-in is called nothing; installed: org"),
    ([""], "no plug-in is called ; installed: org"),
    (["../x\x1b[31m"], "no plug-in is called ../x\\x1b[31m; installed: org")])
def test_a_plug_in_that_is_not_there(org, root, names, message):
    arguments = [word for name in names for word in ("--plugin", name)]
    for command in (["check", "--root", root], ["fix", "--root", root], ["rules"],
                    ["explain", "NET001"]):
        result = org.run(*command, *arguments)
        assert (result.status, result.out) == (2, "")
        assert result.err == "Error: %s\n" % message


# -- what an entry point names -----------------------------------------------------------------------------


@pytest.mark.parametrize("point", [
    "org_rules", "org_rules:PublicBridge", "org_rules:BOTH", "org_rules:ALSO"])
def test_a_rule_a_module_or_a_list(packages, point):
    more = """
    BOTH = [PublicBridge]
    ALSO = (PublicBridge, PublicBridge)
    """
    packages.add("org-rules", "1.2", {"org": point}, org_rules=RULE + more)
    rule, = pvemigrate.load_plugins("org")
    assert (rule.code, rule.origin.name, str(rule.origin)) == ("ORG001", "org", "org-rules 1.2")


def test_of_a_module_count_its_own_public_rules(packages):
    packages.add("org-rules", "1", {"org": "org_rules"}, other_rules=RULE, org_rules=RULE.replace(
        "ORG001", "ORG002") + """
    from other_rules import PublicBridge as Foreign
    from pvemigrate import Rule
    from pvemigrate.ruleset.sto001_maxfiles import *

    class _Base(Rule):
        def visit_Iface(self, stanza):
            pass

    class Third(_Base):
        '''Documentation.'''
        code, name, kinds = "ORG003", "third", ("interfaces",)
    """)
    assert [rule.code for rule in pvemigrate.load_plugins(["org", "org"])] == ["ORG002", "ORG003"]


def test_a_package_of_rules(packages):
    folder = packages.folder / "org_rules"
    folder.mkdir()
    (folder / "org001.py").write_text(textwrap.dedent(RULE))
    (folder / "__init__.py").write_text("from .org001 import PublicBridge\n")
    packages.add("org-rules", "1", {"org": "org_rules"})
    assert [rule.code for rule in pvemigrate.load_plugins("org")] == ["ORG001"]


# -- what is refused ----------------------------------------------------------------------------------------


def changed(old, new):
    assert old in RULE
    return RULE.replace(old, new)


WHERE = "plug-in org (org-rules 1.2)"
CODE = '"ORG001"'
NAMES = '"public-bridge", ("interfaces",)'
REFUSED = {
    "no-code": (changed(CODE, '""'), ": PublicBridge: its code has to be three capital letters and "
                "three digits, as in ORG001"),
    "odd-code": (changed(CODE, '"ORG1"'), ": PublicBridge: its code has to be"),
    "line-in-code": (changed(CODE, '"ORG001\\n"'), "its code has to be"),
    "code-no-str": (changed(CODE, "7"), ": PublicBridge: its code has to be"),
    "built-in-code": (changed(CODE, '"NET001"'), ": NET001 (PublicBridge): codes that begin with NET are "
                      "built-in rules'"),
    "built-in-family": (changed(CODE, '"STO999"'), "codes that begin with STO are built-in rules'"),
    "name": (changed('"public-bridge"', '"Public bridge"'), "its name has to be words in lower case"),
    "kind": (changed('("interfaces",)', '("interface",)'), "no kind is called 'interface'; there are: "),
    "kind-str": (changed('("interfaces",)', '"interfaces"'), "its kinds have to be a tuple"),
    "no-kind": (changed('("interfaces",)', "()"), "it names no kind"),
    "severity": (RULE + "\n        severity = 'fatal'\n", "no severity is called 'fatal'"),
    "phase": (RULE + "\n        phase = 'later'\n", "no phase is called 'later'"),
    "blocks": (RULE + "\n        blocks = ('later',)\n", "no phase is called 'later'"),
    "hop": (RULE + "\n        hops = ('9to10',)\n", "no hop is called '9to10'; there are: 6to7, 7to8, 8to9"),
    "hop-str": (RULE + "\n        hops = '6to7'\n", "its hops have to be a tuple"),
    "needs": (RULE + "\n        needs = ('\u00e9',)\n", "its needs have to be a tuple of texts in ASCII"),
    "no-needs": (RULE + "\n        needs = ()\n", "its needs have to be a tuple of texts in ASCII"),
    "visit": (changed("visit_Iface", "visit_Ifcae"), "visit_Ifcae: there is no such node in files of its "
              "kinds; there are: "),
    "nothing": (changed("visit_Iface", "look"), "it has no visit_ method and no check_project"),
    "no-docstring": ("""
    import pvemigrate
    class Bare(pvemigrate.Rule):
        code, name, kinds = "ORG001", "bare", ("interfaces",)
    """, "it has no docstring"),
    "made": (RULE + "\n        def __init__(self, more): pass\n", "it cannot be made: TypeError: "),
    "exits": (RULE + "\n        def __init__(self): raise SystemExit\n", "it cannot be made: SystemExit"),
    "import": ("import nothing_of_that_name\n", " cannot be imported: ModuleNotFoundError: No module "
               "named 'nothing_of_that_name'"),
    "raises": ("raise ValueError('one\\ntwo' + 'x' * 9999)\n", " cannot be imported: ValueError: one two"),
    "syntax": ("def\n", " cannot be imported: SyntaxError: "),
    "leaves": ("import sys\nsys.exit(0)\n", " cannot be imported: SystemExit: 0"),
    "recursion": ("def f(): f()\nf()\n", " cannot be imported: RecursionError: "),
    "empty": ("", " has no rules"),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_is_refused(packages, case):
    source, message = REFUSED[case]
    packages.add("org-rules", "1.2", {"org": "org_rules"}, org_rules=source)
    with pytest.raises(UsageError) as caught:
        pvemigrate.load_plugins("org")
    assert str(caught.value).startswith(WHERE)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 700


@pytest.mark.parametrize("point, message", [
    ("org_rules:nothing", "cannot be imported: AttributeError"),
    ("org_rules:NUMBER", "is no rule, no module and no list of rules: int"),
    ("org_rules:function", "is no rule, no module and no list of rules: function"),
    ("org_rules:NONE", "has no rules"), ("org_rules:MIXED", "int: not a subclass of pvemigrate.Rule"),
    ("org_rules:str", "cannot be imported: AttributeError"),
    ("org_rules:Plain", "Plain: not a subclass of pvemigrate.Rule"), ("nothing_there", "cannot be imported"),
    ("org_rules:[", "cannot be imported"), ("..", "cannot be imported")])
def test_entry_points_that_name_something_else(packages, point, message):
    packages.add("org-rules", "1.2", {"org": point}, org_rules=RULE + """
    NUMBER, NONE, MIXED = 1, [], [PublicBridge, 1]
    function = lambda: [PublicBridge]
    class Plain: pass
    """)
    with pytest.raises(UsageError) as caught:
        pvemigrate.load_plugins("org")
    assert str(caught.value).startswith(WHERE) and message in str(caught.value)


def test_nothing_is_judged_where_a_plug_in_is_refused(packages, root):
    packages.add("org-rules", "1.2", {"org": "org_rules"}, org_rules=REFUSED["built-in-code"][0])
    for command in ("check", "fix"):
        result = packages.run(command, "--root", root, "--plugin", "org")
        assert (result.status, result.out) == (2, "")
        assert result.err == ("Error: %s: NET001 (PublicBridge): codes that begin with NET are built-in "
                              "rules'\n" % WHERE)
    assert (root / "etc/network/interfaces").read_text() == INTERFACES


def test_two_plug_ins_with_one_code(org):
    org.add("other-rules", "3", {"other": "other_rules"}, other_rules=RULE)
    assert len(pvemigrate.load_plugins("other")) == 1
    with pytest.raises(UsageError, match="plug-in other .other-rules 3.: ORG001 .PublicBridge.: so is a "
                                         "rule of org-rules 1.2 called"):
        pvemigrate.load_plugins(["org", "other"])


def test_two_packages_with_one_name_for_a_plug_in(org):
    org.add("other-rules", "3", {"org": "other_rules"}, other_rules=RULE)
    with pytest.raises(UsageError, match="org is offered by several packages: org-rules 1.2, "
                                         "other-rules 3"):
        pvemigrate.load_plugins("org")


def test_of_one_package_twice_on_the_path_the_first_counts(org, tmp_path, monkeypatch):
    (tmp_path / "later").mkdir()
    Packages(tmp_path / "later").add("Org.Rules", "0.1", {"org": "org_rules"})
    monkeypatch.setattr(sys, "path", sys.path + [str(tmp_path / "later")])
    rule, = pvemigrate.load_plugins("org")
    assert str(rule.origin) == "org-rules 1.2"


@pytest.mark.parametrize("name, content", [
    ("METADATA", b""), ("METADATA", b"\xff\xfe\0"), ("entry_points.txt", b"no section\n"),
    ("entry_points.txt", b"\xff[pvemigrate.rules]\n"), ("entry_points.txt", b"[pvemigrate.rules]\nx\n")])
def test_a_broken_package_is_no_plug_in_and_hides_none(org, name, content):
    org.add("broken", "1", {"broken": "broken"})
    (org.folder / "broken-1.dist-info" / name).write_bytes(content)
    assert [rule.code for rule in pvemigrate.load_plugins("org")] == ["ORG001"]
    assert "org" in [plugin.name for plugin in pvemigrate.installed_plugins()]


# -- rules that fail ----------------------------------------------------------------------------------------


FAILS = {
    "visit": (changed('"static":', '"static": raise ValueError("oops")\n            if 0:'),
              "ValueError: oops"),
    "exit": (changed('"static":', '"static": raise SystemExit(0)\n            if 0:'), "SystemExit: 0"),
    "message": (changed('"static", Fix', "None, Fix"), "ValueError: a finding has one of the severities"),
    "severity": (changed('"manual")))', '"manual")), "fatal")'),
                 "ValueError: a finding has one of the severities info, warning, error"),
    "project": (RULE + "\n        def check_project(self, project): project.nothing\n",
                "AttributeError: "),
    "node": (changed("stanza.method ==", "stanza.methods =="), "AttributeError: "),
}


@pytest.mark.parametrize("case", sorted(FAILS))
def test_a_failure_names_the_plug_in_and_stops_no_other_rule(packages, root, case):
    source, message = FAILS[case]
    packages.add("org-rules", "1.2", {"org": "org_rules"}, org_rules=source)
    write_tree(root, {"etc/pve/storage.cfg": STORAGE})
    result = subprocess.run(
        [sys.executable, "-m", "pvemigrate", "check", "--root", str(root), "--plugin", "org"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=str(packages.folder),
        env=dict(PYTHONPATH="%s:%s" % (PACKAGE, packages.folder)))
    err = result.stderr.decode()
    assert result.returncode == 2 and b"STO001" in result.stdout
    assert "Traceback" not in err
    line, = (line for line in err.splitlines() if line.startswith("error: "))
    assert ": internal error in ORG001 of the plug-in org (org-rules 1.2): " + message in line
    assert line.endswith("please report this to its authors") and "org_rules.py, line" in line or (
        "rule.py, line" in line)


# -- the library ----------------------------------------------------------------------------------------------


def test_the_library_takes_them_as_rules(org, root):
    rules = pvemigrate.load_plugins(["org"])
    finding, = pvemigrate.check(INTERFACES, "interfaces", rules=rules)
    assert finding.code == "ORG001"
    project = pvemigrate.Project(root, rules=pvemigrate.rules() + rules)
    assert [f.code for f in project.check()] == ["ORG001"]


def test_loading_nothing_looks_for_nothing(monkeypatch):
    from pvemigrate import plugins

    monkeypatch.setattr(plugins, "installed_plugins", None)
    assert pvemigrate.load_plugins([]) == []


def test_without_importlib_metadata(org, monkeypatch):
    """As with the one file of all, pvemigrate.pyz, on a node's Python 3.7."""
    from pvemigrate import plugins

    monkeypatch.setattr(plugins, "_metadata", lambda: None)
    assert pvemigrate.installed_plugins() == []
    with pytest.raises(UsageError, match="importlib-metadata"):
        pvemigrate.load_plugins("org")


def test_a_rule_for_whole_nodes_is_not_run_for_single_files(packages, root):
    source = '''
    from pvemigrate import Rule

    class Node(Rule):
        """Documentation."""
        code, name, kinds = "ORG002", "node", ("node",)

        def check_project(self, project):
            self.report(None, "seen", file="etc")
    '''
    packages.add("org-rules", "1", {"org": "org_rules"}, org_rules=source)
    rules = pvemigrate.load_plugins("org")
    found = pvemigrate.Project(root, rules=rules).check()
    assert [f.code for f in found] == ["ORG002"]
    some = pvemigrate.Project(root, rules=rules, paths=["etc/network/interfaces"])
    assert some.check() == []


def test_examples_of_the_documents_ask_for_the_group_that_is_looked_for():
    from pvemigrate.plugins import GROUP

    project = (REPOSITORY / "examples/plugin/pyproject.toml").read_text()
    assert '[project.entry-points."%s"]' % GROUP in project
