"""The library as its documentation shows it, and its manners: it prints nothing, exits nowhere,
sets up no logging and writes in apply() alone."""

import os
import subprocess
import sys

import pytest

import nodes
import pvemigrate
from nodes import ERROR, GUEST, STORAGE, STORAGE_FIXED, WARNING, read_tree, with_release, write_tree
from pvemigrate import Fix, replace

INTERFACES = ("auto lo\niface lo inet loopback\n\nauto vmbr0\niface vmbr0 inet static\n"
              "\taddress 192.0.2.1/24\n\tbridge-ports eno1\n")


# -- trees -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [INTERFACES, INTERFACES.encode(), b"\xff\0\r\n", "", b"",
                                  "caf\xe9\u2028",
                                  bytearray(b"auto lo\n"), "\ud800"])
def test_parse(data):
    tree = pvemigrate.parse(data, kind="interfaces")
    if not isinstance(data, str):
        assert tree.bytes == bytes(data)
        assert tree.code == bytes(data).decode("utf-8", "surrogateescape")
    else:
        assert tree.code == data


def test_kind_comes_from_a_path_too():
    assert pvemigrate.parse("", path="/srv/x/etc/pve/storage.cfg").kind == "storage"
    assert pvemigrate.parse("", path="etc/vzdump.conf").kind == "vzdump-conf"
    for keywords in ({}, {"path": "etc/hosts"}, {"path": "netc/vzdump.conf"}, {"kind": "hosts"}):
        with pytest.raises(ValueError):
            pvemigrate.parse("", **keywords)


class Rewrite(pvemigrate.Transformer):
    """One of each thing that a transformer may return."""

    def leave_Option(self, original_node, updated_node):
        if original_node.key == "address":
            return updated_node.with_changes(value="192.0.2.2/24")
        if original_node.key == "bridge-ports":
            line = pvemigrate.parse_fragment("\tbridge-stp off\n", "interfaces", "Option")
            return pvemigrate.FlattenSentinel([updated_node, line])
        return updated_node

    def leave_Auto(self, original_node, updated_node):
        return pvemigrate.RemoveFromParent()


def test_transformer():
    tree = pvemigrate.parse(INTERFACES, kind="interfaces")
    new = tree.visit(Rewrite())
    assert new.code == ("iface lo inet loopback\n\niface vmbr0 inet static\n"
                        "\taddress 192.0.2.2/24\n\tbridge-ports eno1\n\tbridge-stp off\n")
    assert tree.code == INTERFACES
    assert new.bytes == new.code.encode()


def test_with_changes_of_a_tree():
    tree = pvemigrate.parse(INTERFACES, kind="interfaces")
    assert tree.with_changes(body=tree.body[:1]).code == tree.body[0].code
    with pytest.raises(AttributeError):
        tree.body[0].code = "x"


def test_positions():
    text = "# \u00e9\U0001f600\n"
    tree = pvemigrate.parse(text + INTERFACES, kind="interfaces")
    iface = next(node for node in tree.body if getattr(node, "name", None) == "vmbr0")
    place = tree.position(iface.name)
    assert (place.line, place.column, place.end_line, place.end_column) == (6, 7, 6, 12)
    data = (text + INTERFACES).encode()
    assert data[place.start:place.end] == b"vmbr0"


def test_fragment():
    node = pvemigrate.parse_fragment("\thwaddress 00:00:5e:00:53:01\n", "interfaces", "Option")
    assert type(node).__name__ == "Option" and node.key == "hwaddress"
    with pytest.raises(ValueError):
        pvemigrate.parse_fragment("iface x inet dhcp\n", "interfaces", "Option")


# -- check and fix of a text -----------------------------------------------------------------------


def test_fix_of_a_text():
    result = pvemigrate.fix(STORAGE, kind="storage", hop="6to7")
    assert result.changed
    assert result.code == STORAGE_FIXED and result.bytes == STORAGE_FIXED.encode()
    assert [finding.code for finding in result.findings] == ["STO001"]
    assert result.diff(path="etc/pve/storage.cfg").startswith(
        "--- a/etc/pve/storage.cfg\n+++ b/etc/pve/storage.cfg\n@@ -1,4 +1,4 @@\n")
    same = pvemigrate.fix(result.bytes, kind="storage")
    assert not same.changed and same.bytes == result.bytes
    assert same.diff() == "" and same.findings == []


@pytest.mark.parametrize("data", [b"\xff\0\n" + STORAGE.encode(), STORAGE.encode()[:-1], b"",
                                  b"\r"])
def test_fix_takes_any_bytes(data):
    assert pvemigrate.fix(data, kind="storage").bytes == data.replace(
        b"maxfiles 3", b"prune-backups keep-last=3")


def test_keywords_are_named_as_the_options():
    fix, check = pvemigrate.fix, pvemigrate.check
    assert not fix(GUEST, kind="lxc", phases=["before"]).changed
    assert fix(GUEST, kind="lxc", phases="after-node").changed
    assert not fix(GUEST, kind="lxc", ignore=["LXC001"]).changed
    assert not fix(GUEST, kind="lxc", select="STO").changed
    mac = "00:00:5e:00:53:01"
    assert ("hwaddress " + mac) in fix(INTERFACES, kind="interfaces", macs={"vmbr0": mac}).code
    assert mac not in fix(INTERFACES, path="etc/network/interfaces").code
    assert [f.code for f in check(GUEST, path="etc/pve/lxc/100.conf")] == ["LXC001"]
    for wrong in ({"hop": "9to10"}, {"phases": "soon"}, {"macs": {"a": "b"}}):
        with pytest.raises(pvemigrate.UsageError):
            check(GUEST, kind="lxc", **wrong)
    with pytest.raises(TypeError):
        check(GUEST, kind="lxc", verbose=True)


# -- a rule of one's own ---------------------------------------------------------------------------


class NoPublicBridge(pvemigrate.Rule):
    """Bridges of the guests have no address."""

    code, name, kinds = "ORG001", "no-public-bridge", ("interfaces",)
    severity, phase, hops = "warning", "before", ("6to7",)

    def visit_Iface(self, node):
        if node.method == "static":
            self.report(node, "message", fix=Fix.safe("title", replace(node.method, "manual")))


def test_a_rule():
    finding, = pvemigrate.check(INTERFACES, kind="interfaces", rules=[NoPublicBridge])
    assert (finding.code, finding.name, finding.severity, finding.phase) == (
        "ORG001", "no-public-bridge", "warning", "before")
    assert (finding.line, finding.column, finding.message) == (5, 1, "message")
    assert finding.applicability == "safe" and finding.fix.title == "title"
    result = pvemigrate.fix(INTERFACES, kind="interfaces", rules=[NoPublicBridge])
    assert result.code == INTERFACES.replace("inet static", "inet manual")


class Always(NoPublicBridge):
    """Reports every stanza, also what is as it should be."""

    code = "ORG006"

    def visit_Iface(self, node):
        self.report(node, "message", fix=Fix.safe("title", replace(node.method, "manual")))


def test_a_fix_that_changes_nothing_is_not_made_again():
    result = pvemigrate.fix("iface a inet static\n", kind="interfaces", rules=[Always])
    assert (result.code, result.errors) == ("iface a inet manual\n", [])
    again = pvemigrate.fix(result.bytes, kind="interfaces", rules=[Always])
    assert (again.changed, again.fixed, len(again.remaining)) == (False, [], 1)


def test_a_rule_in_a_project(tmp_path):
    write_tree(tmp_path, {"etc/network/interfaces": INTERFACES})
    plan = pvemigrate.Project(tmp_path, rules=[NoPublicBridge]).fix()
    assert plan.apply() == []
    assert read_tree(tmp_path)[
                     "etc/network/interfaces"].decode() == INTERFACES.replace("static", "manual")


class Elsewhere(NoPublicBridge):
    """Of another hop."""

    code, hops = "ORG002", ("7to8",)


class Breaks(NoPublicBridge):
    """A rule with a defect."""

    code = "ORG003"

    def visit_Iface(self, node):
        raise RuntimeError("oops")


def test_rules_are_chosen_as_the_built_in_ones(tmp_path):
    both = [NoPublicBridge, Elsewhere]
    assert {f.code for f in pvemigrate.check(INTERFACES, "interfaces", rules=both)} == {"ORG001"}
    assert pvemigrate.check(INTERFACES, "interfaces", rules=both, ignore="ORG001") == []


def test_a_rule_that_fails_stops_no_other(tmp_path):
    write_tree(tmp_path, {"etc/network/interfaces": INTERFACES})
    project = pvemigrate.Project(tmp_path, rules=[Breaks, CountsFiles])
    assert [finding.code for finding in project.check()] == ["ORG005"]
    (path, message), = project.errors
    assert path == "etc/network/interfaces" and "oops" in message
    project.check()
    assert len(project.errors) == 1, "errors do not pile up"
    with pytest.raises(RuntimeError):
        pvemigrate.check(INTERFACES, "interfaces", rules=[Breaks])


class CountsFiles(pvemigrate.Rule):
    """Work over all files."""

    code, name, kinds = "ORG005", "counts-files", ("interfaces",)

    def check_project(self, project):
        for file in project.of_kind("interfaces"):
            self.report(None, "%d files" % len(project.files), file=file)


class SwitchFix(NoPublicBridge):
    """Right before the switch."""

    code, phase = "ORG006", "switch"


class StandsInTheWay(CountsFiles):
    """Must be solved before the switch."""

    code, name, blocks = "ORG007", "stands-in-the-way", ("switch",)


@pytest.mark.parametrize("options, changed", [
    (dict(phases="switch"), False), (dict(phases=["before", "switch"]), False),
    (dict(phases="switch", select="ORG006"), False), (dict(phases="switch", ignore="ORG007"), True),
    (dict(phases="all"), True), (dict(), True)])
def test_rules_that_stand_in_the_way_of_a_phase(options, changed, tmp_path):
    rules = [SwitchFix, StandsInTheWay]
    result = pvemigrate.fix(INTERFACES, kind="interfaces", rules=rules, **options)
    assert result.changed is changed
    write_tree(tmp_path, {"etc/network/interfaces": INTERFACES})
    plan = pvemigrate.Project(tmp_path, rules=rules, **options).fix()
    assert bool(plan.changes) is changed
    assert plan.blocked == ({} if changed else {"switch": ["ORG007"]})
    # Findings that were not selected stay away from the report.
    assert {f.code for f in plan.findings} <= set(
        ["ORG006"] if "select" in options or "ignore" in options else ["ORG006", "ORG007"])


# -- a whole root ----------------------------------------------------------------------------------


def test_project(tmp_path):
    write_tree(tmp_path, dict(WARNING, **ERROR))
    project = pvemigrate.Project(str(tmp_path))
    assert [finding.code for finding in project.check()] == ["LXC001", "STO001"]
    before = read_tree(tmp_path)
    plan = project.fix()
    assert plan.diff().count("+++ b/") == 2
    assert read_tree(tmp_path) == before, "nothing is written before apply"
    assert plan.apply() == []
    assert [path for path, old, new in plan.changes if read_tree(tmp_path)[path] != new] == []
    assert pvemigrate.Project(str(tmp_path)).check() == []


def test_due_and_waiting(tmp_path):
    write_tree(tmp_path, with_release("6.4-1", dict(WARNING, **ERROR)))
    project = pvemigrate.Project(tmp_path)
    assert [(f.code, f.due) for f in project.check()] == [("LXC001", False), ("STO001", True)]
    assert [path for path, _, _ in project.fix().changes] == ["etc/pve/storage.cfg"]


class Appends(pvemigrate.Rule):
    """Two fixes at one place, which take two rounds; the second brings up a third."""

    code, name, kinds = "ORG008", "appends", ("vzdump-conf",)

    def visit_Setting(self, node):
        steps = {"1": "2", "2": "3"}
        for _ in range(2):
            if node.value in steps:
                self.report(node.value, "value %s" % node.value,
                            Fix.safe("next", replace(node.value, steps[node.value])))


def test_each_defect_counts_once_however_many_rounds_it_takes():
    result = pvemigrate.fix("tmpdir: 1\n", kind="vzdump-conf", rules=[Appends])
    assert result.code == "tmpdir: 3\n"
    assert sorted(f.message for f in result.fixed) == ["value 1", "value 1", "value 2"]
    assert all(f.fixed for f in result.fixed) and result.remaining == []


# -- the catalogue ---------------------------------------------------------------------------------


def test_rules_have_documentation():
    rules = pvemigrate.rules()
    assert [rule.code for rule in rules] == sorted(rule.code for rule in rules)
    for rule in rules:
        assert issubclass(rule, pvemigrate.Rule)
        assert rule.name and rule.severity in ("error", "warning", "info")
        assert rule.phase in ("before", "switch", "after-node", "after-cluster")
        for heading in ("What it finds", "Why it matters", "Example", "When the fix is safe",
                        "Guide",
                        "References"):
            assert "## " + heading in rule.__doc__, rule.code


def test_every_public_name_is_there():
    for name in pvemigrate.__all__:
        assert getattr(pvemigrate, name) is not None
        assert name in dir(pvemigrate)
    with pytest.raises(AttributeError):
        pvemigrate.nothing


# -- manners ---------------------------------------------------------------------------------------

SCRIPT = """
import sys, threading
import pvemigrate
root, = sys.argv[1:]
for data in (b"dir: x\\n\\tmaxfiles 3\\n", bytes(range(256)) * 8):
    for kind in pvemigrate.KINDS:
        pvemigrate.parse(data, kind)
        pvemigrate.check(data, kind)
        pvemigrate.fix(data, kind).diff()
plan = pvemigrate.Project(root, unsafe_fixes=True).fix()
plan.diff()
assert plan.changes
assert "logging" not in sys.modules and "click" not in sys.modules, "imports"
assert threading.active_count() == 1
"""


def test_the_library_prints_nothing_and_writes_nothing(tmp_path, tmp_path_factory):
    write_tree(tmp_path, dict(WARNING, **ERROR))
    (tmp_path / "etc/pve/user.cfg").symlink_to("/etc/passwd")
    os.mkfifo(str(tmp_path / "etc/vzdump.conf"))
    before = {path: os.lstat(str(path)) for path in tmp_path.rglob("*")}
    package = nodes.installed_copy(tmp_path_factory.mktemp("package"))
    result = subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT, str(tmp_path)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=str(tmp_path),
                            env=nodes.environment(PYTHONPATH=package))
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    after = {path: os.lstat(str(path)) for path in tmp_path.rglob("*")}
    assert {path: (s.st_ino, s.st_size, s.st_mtime_ns, s.st_mode) for path, s in after.items()} == {
        path: (s.st_ino, s.st_size, s.st_mtime_ns, s.st_mode) for path, s in before.items()}
