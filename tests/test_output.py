"""What is shown, in each format, to programs and on terminals."""

import ast
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys

import jsonschema
import pytest
import ruamel.yaml

import nodes
from nodes import (CLEAN, ERROR, MANUAL, STORAGE, USER_INFO, WARNING, read_tree, run, with_release,
                   write_tree)
from pvemigrate import Project, rules
from pvemigrate.output import Report, one_line, paint_diff, render, visible
from test_cli import Quick

SCHEMA = os.path.join(nodes.PACKAGE, "pvemigrate", "schema")
GOLDEN = sorted((nodes.REPOSITORY / "golden").glob("*/*.yml"))


def validator(name):
    with open(os.path.join(SCHEMA, name), encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


FINDINGS, RULES = validator("findings-1.json"), validator("rules-1.json")


def document(text):
    """A findings document, held against the schema and against itself."""
    report = json.loads(text)
    FINDINGS.validate(report)
    counts = report["summary"]
    assert counts["error"] + counts["warning"] + counts["info"] + counts["waiting"] == len(
        report["findings"])
    assert counts["waiting"] == sum(f["phase"] not in report["phases"] for f in report["findings"])
    for finding in report["findings"]:
        assert (finding["line"], finding["column"]) <= (finding["end_line"], finding["end_column"])
    assert text.isascii()
    return report


# -- JSON ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tree", [
    {}, CLEAN, WARNING, ERROR, MANUAL, dict(WARNING, **ERROR),
    with_release("6.4-1", dict(ERROR, **{"etc/pve/user.cfg": USER_INFO})),
    {"etc/pve/storage.cfg": STORAGE.encode() + b"\n# \xff\x1b[31m\xe2\x80\xae\n\tserver x\n"}])
@pytest.mark.parametrize("arguments", [["check"], ["fix", "--diff"], ["fix"], ["check", "--quiet"]])
def test_json_is_as_published(tree, arguments, tmp_path):
    write_tree(tmp_path, tree)
    result = Quick(*(arguments + ["--root", tmp_path, "--output-format", "json"]))
    text = result.err[result.err.index("{\n"):] if "--diff" in arguments else result.out
    report = document(text)
    assert report["root"] == str(tmp_path) and report["hop"] == "6to7"
    assert report["summary"]["files"] == len([path for path in tree if "dpkg" not in path])


@pytest.mark.parametrize("code", sorted({case.parent.name for case in GOLDEN}))
def test_json_of_every_rule(code, tmp_path):
    """The findings of every golden case as a document, whose byte offsets are those of the fix."""
    for case in GOLDEN:
        if case.parent.name != code:
            continue
        root = tmp_path / case.stem
        golden = ruamel.yaml.YAML(typ="safe", pure=True).load(case)
        write_tree(root, golden.get("files") or {})
        for path, name in (golden.get("raw") or {}).items():
            write_tree(root, {path: case.parent.joinpath(name).read_bytes()})
        root.mkdir(exist_ok=True)
        project = Project(root, **dict({"phases": "all"}, **(golden.get("options") or {})))
        findings = project.check()
        shown = Report(findings, root=str(root), phases=sorted(project.due.phases))
        report = document(render(shown, "json"))
        data = {file.path: file.data for file in project.files}
        for shown, finding in zip(report["findings"], findings):
            for edit, own in zip(shown["fix"]["edits"] if shown["fix"] else [], finding.edits):
                old = data.get(edit["path"], b"").decode("utf-8", "surrogateescape")
                assert old[:own.start].encode("utf-8", "surrogateescape") == (
                    data.get(edit["path"], b"")[:edit["start"]])
                assert old[:own.end].encode("utf-8", "surrogateescape") == (
                    data.get(edit["path"], b"")[:edit["end"]])


def test_json_example_in_full(tmp_path):
    write_tree(tmp_path, with_release("6.4-1", dict(WARNING, **ERROR)))
    report = document(Quick("check", "--root", tmp_path, "--output-format", "json").out)
    assert list(report) == ["version", "tool", "root", "hop", "phases", "findings", "summary"]
    assert report["version"] == 1 and report["phases"] == ["before"]
    assert [(f["code"], f["phase"]) for f in report["findings"]] == [
        ("LXC001", "after-node"), ("STO001", "before")]
    finding = report["findings"][1]
    assert list(finding) == ["code", "name", "severity", "phase", "applicability", "path", "line",
                             "column",
                             "end_line", "end_column", "message", "guide", "fix", "commands"]
    assert (finding["path"], finding["line"], finding["column"], finding["end_column"]) == (
        "etc/pve/storage.cfg", 4, 2, 10)
    data = STORAGE.encode()
    for edit in reversed(finding["fix"]["edits"]):
        data = data[:edit["start"]] + edit["text"].encode() + data[edit["end"]:]
    assert data.decode() == nodes.STORAGE_FIXED
    assert report["summary"] == {"files": 2, "error": 0, "warning": 1, "info": 0, "fixable": 1,
                                 "fixed": 0, "waiting": 1}


def test_json_after_a_fix(tmp_path):
    write_tree(tmp_path, dict(ERROR, **MANUAL))
    planned = run("fix", "--diff", "--root", tmp_path, "--output-format", "json")
    report = document(planned.err[planned.err.index("{\n"):])
    assert report["summary"]["fixed"] == 0 and report["summary"]["fixable"] == 1
    report = document(Quick("fix", "--root", tmp_path, "--output-format", "json").out)
    assert [f["code"] for f in report["findings"]] == ["STO006"]
    assert report["summary"] == {"files": 2, "error": 0, "warning": 1, "info": 0, "fixable": 0,
                                 "fixed": 1, "waiting": 0}


def test_json_of_stdin():
    result = run("check", "--kind", "storage", "--output-format", "json", "-",
                 input=STORAGE.encode())
    report = document(result.out)
    assert report["root"] is None and report["findings"][0]["path"] == "<stdin>"


@pytest.mark.parametrize("change", [
    lambda d: d.update(extra=1), lambda d: d["summary"].update(extra=1), lambda d: d.pop("hop"),
    lambda d: d["findings"][0].update(fixed=True), lambda d: d["findings"][0].update(line=0),
    lambda d: d["findings"][0].update(severity="fatal"),
    lambda d: d["findings"][0].update(fix=None),
    lambda d: d["findings"][0]["fix"]["edits"][0].pop("path"),
    lambda d: d["phases"].append("later")])
def test_the_schema_is_strict(change, tmp_path):
    write_tree(tmp_path, WARNING)
    report = document(Quick("check", "--root", tmp_path, "--output-format", "json").out)
    change(report)
    assert not FINDINGS.is_valid(report)


def test_rules_as_json():
    listed = json.loads(Quick("rules", "--output-format", "json").out)
    RULES.validate(listed)
    assert [rule["code"] for rule in listed["rules"]] == [rule.code for rule in rules()]


# -- text and concise ------------------------------------------------------------------------------


def test_text(tmp_path):
    write_tree(tmp_path, nodes.WARNING)
    result = Quick("check", "--root", tmp_path)
    assert result.out == (
        "etc/pve/storage.cfg:4:2: STO001 warning: maxfiles is deprecated: prune-backups has taken "
        "its place\n"
        "  |     maxfiles 3\n"
        "  |     ^^^^^^^^\n"
        "  fix: write prune-backups keep-last=3\n"
        "  or with PVE's own tool: pvesm set local --prune-backups keep-last=3 --delete maxfiles\n"
        "\n"
        "1 file checked: 1 warning; 1 can be fixed with 'pvemigrate fix'\n"
        "Running services, guests, quorum and storage cannot be judged from files: pve6to7 --full "
        "does that on the node.\n")
    planned = Quick("fix", "--diff", "--root", tmp_path)
    assert "fixed: write prune-backups keep-last=3" in planned.err
    assert not re.search("(?<!would be )fixed", planned.err), "nothing is fixed yet"
    assert "1 warning; 1 would be fixed" in planned.err
    assert planned.out.startswith("--- a/")
    written = Quick("fix", "--root", tmp_path)
    assert "  fixed: write prune-backups keep-last=3\n" in written.out
    assert "1 file checked: 1 fixed; nothing left\n" in written.out
    assert "pve6to7" not in written.out and "or with PVE's own tool" not in written.out
    assert Quick("check", "--root", tmp_path).out.startswith("1 file checked: nothing found\n")


def test_what_files_cannot_tell_is_said_of_whole_nodes_only(tmp_path):
    write_tree(tmp_path, CLEAN)
    for arguments, said in [(["--root", tmp_path], True), ([tmp_path], True),
                            ([tmp_path / "etc/pve/storage.cfg"], False),
                            ([tmp_path / "etc/pve"], False),
                            (["--root", tmp_path, "--quiet"], False),
                            (["--root", tmp_path, "--output-format", "concise"], False)]:
        assert ("pve6to7" in Quick("check", *arguments).out) is said, arguments


def test_quiet(tmp_path):
    write_tree(tmp_path, WARNING)
    result = Quick("check", "--quiet", "--root", tmp_path)
    assert result.err == "" and "checked" not in result.out and "STO001" in result.out
    result = Quick("fix", "--diff", "-q", "--root", tmp_path)
    assert result.err == "" and result.out.startswith("--- a/")
    result = Quick("fix", "-q", "--root", tmp_path, tmp_path, tmp_path / "none")
    assert result.err.startswith("error: ") and "note" not in result.err
    assert Quick("check", "--quiet", "--root", tmp_path).out == ""


def test_concise(tmp_path):
    write_tree(tmp_path, with_release("6.4-1", dict(ERROR, **{
        "etc/pve/storage.cfg": STORAGE + "\tserver x\n"})))

    def lines(*arguments):
        result = Quick(*arguments + ("--root", tmp_path, "--output-format", "concise"))
        return [(line.split(": ")[0], line.rpartition(" [")[2] if line.endswith("]") else "")
                for line in (result.err if "--diff" in arguments else result.out).splitlines()]
    guest, storage = "etc/pve/nodes/a/lxc/100.conf:3:1", "etc/pve/storage.cfg:%d:2"
    assert lines("check") == [(guest, "not due: phase after-node]"), (storage % 4, "safe fix]"),
                              (storage % 5, "")]
    assert lines("fix", "--diff")[1] == (storage % 4, "would be fixed]")
    assert lines("fix")[1] == (storage % 4, "fixed]")
    assert lines("fix")[1] == (storage % 5, "")


def test_long_lines_are_cut_around_what_counts(tmp_path):
    long = "x" * 300
    write_tree(tmp_path, {"etc/pve/user.cfg": "role:Lots:%s:\n" % ",".join(
        ["VM.Audit"] * 60 + ["Pool.Allocate"] + ["VM.Console"] * 60),
        "etc/pve/storage.cfg": "dir: local\n\tpath /var/lib/vz\n\t%s 1\n" % long})
    result = Quick("check", "--root", tmp_path)
    excerpts = [line for line in result.out.splitlines() if line.startswith("  | ")]
    assert len(excerpts) == 4 and all(len(line) < 200 for line in excerpts)
    assert excerpts[0].endswith("x...") and excerpts[1].endswith("^^^")
    assert excerpts[2].startswith("  | ...") and excerpts[2].endswith("...")
    at = excerpts[3].index("^")
    assert excerpts[2][at:].startswith("Pool.Allocate")


def test_rules_and_explain():
    lines = Quick("rules").out.splitlines()
    assert [line.split()[0] for line in lines] == [rule.code for rule in rules()]
    assert all(len(line) <= 120 and line == line.rstrip() for line in lines)
    for rule in rules():
        head = "%s %s\n" % (rule.code, rule.name)
        assert "\n" + head in "\n" + Quick("explain", rule.name).out
        for name in (rule.code.lower(), rule.code):
            text = Quick("explain", name).out
            assert text.startswith(head)
        assert "\nWhat it finds\n" in text and "##" not in text and "```" not in text
        assert "\n\n\n" not in text and text.endswith("\n") and not text.endswith("\n\n")


def test_explain_shows_every_rule_of_a_name():
    """What readers toss has one name for containers and for virtual machines."""
    text = Quick("explain", "malformed-line").out
    assert text.startswith("GST004 malformed-line\n") and "\n\nLXC008 malformed-line\n" in text


def test_parse_shows_every_byte(tmp_path):
    data = (b"# caf\xc3\xa9\xff\x1b[31m\r\nauto vmbr0\niface vmbr0 inet static\n"
            b"\taddress 192.0.2.1/24\n\tfoo\n")
    file = tmp_path / "interfaces"
    file.write_bytes(data)
    result = Quick("parse", "--kind", "interfaces", file)
    assert result.status == 0
    lines = result.out.splitlines()
    assert lines[0] == "File kind=interfaces"
    assert "  Iface 3:1" in lines
    values = re.findall("=('.*?')(?= |$)", result.out, re.MULTILINE)
    text = "".join(ast.literal_eval(value) for value in values)
    assert text.encode("utf-8", "surrogateescape") == data


# -- terminals -------------------------------------------------------------------------------------

#: Everything that a terminal may obey: C0, DEL, C1, bidirectional and other format characters.
NASTY = ("\x1b]0;owned\x07\x1b[2J\x08\x7f\x9b31m\x85"
         "\u202e\u2066\u200b\u2028\u061c\ufeff\x00\x0b\x0c\r"
         .encode("utf-8") + b"\xff\x9b")
RAW = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e"
                 "\u2066-\u2069\u061c\ufeff]|\r(?!\n)")
OWN_COLOR = re.compile("\x1b\\[[0-9;]*m")


def on_terminal(*arguments, **options):
    """Run the command on a pseudo terminal; (what arrives there, exit status)."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        nodes.command_line(*arguments), stdin=options.get("stdin", subprocess.DEVNULL),
        stdout=slave,
        stderr=slave, env=nodes.environment(TERM="xterm", **options.get("env", {})))
    os.close(slave)
    parts = []
    while True:
        ready, _, _ = select.select([master], [], [], 60)
        assert ready, "nothing arrives"
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(master)
    return b"".join(parts).decode("utf-8"), process.wait(60)


def assert_harmless(text, colored):
    plain = OWN_COLOR.sub("", text)
    assert not RAW.search(plain), RAW.search(plain)
    assert "\x1b" not in plain
    assert ("\x1b[" in text) is colored


@pytest.fixture
def nasty(tmp_path):
    """A root in which names and contents are out to get the terminal."""
    root = tmp_path / "root"
    write_tree(root, {
        "etc/pve/storage.cfg": b"dir: local\n\tpath /var/lib/vz\n\tcontent backup\n\t" + NASTY
        + b" x\n\tmaxfiles 3\n\n#" + NASTY + b"\n",
        "etc/pve/nodes/a/lxc/100.conf": b"#" + NASTY + b"\nostype: debian\n" + NASTY
        + b"\nlxc.cgroup.pids.max: 1\n[" + NASTY + b"]\nlxc.cgroup.pids.max: " + NASTY,
        "etc/pve/user.cfg": b"role:x" + NASTY + b":Pool.Allocate:\nuser:" + NASTY + b":1:\n",
    })
    folder = os.fsencode(str(root / "etc/network/interfaces.d"))
    os.makedirs(folder)
    with open(folder + b"/a\x1b[31m\xff\n\r\xc2\x9b", "wb") as file:
        file.write(b"auto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.1/24\n"
                   b"\tbridge-ports eno1\n\t"
                   + NASTY.replace(b"\0", b"") + b"\n")
    os.mkfifo(folder + b"/fifo\x1b[5m")
    return root


@pytest.mark.parametrize("arguments", [
    ["check"], ["check", "--output-format", "concise"], ["check", "--output-format", "json"],
    ["fix", "--diff"], ["fix", "--diff", "--output-format", "json"], ["fix"], ["check", "--quiet"]])
@pytest.mark.parametrize("env, options", [
    ({}, []), ({"NO_COLOR": "1"}, []), ({}, ["--color", "never"]),
    ({"NO_COLOR": "1"}, ["--color", "always"]),
    ({"NO_COLOR": ""}, [])])
def test_a_terminal_gets_no_control_characters(nasty, arguments, env, options):
    colored = options[-1:] == ["always"] or not env.get("NO_COLOR") and not options
    has_color = colored and arguments[1:] != ["--output-format", "concise"] and (
        arguments != ["check", "--output-format", "json"])
    text, status = on_terminal(*(arguments + ["--root", nasty, "--mac", "vmbr0=00:00:5e:00:53:01"]
                                 + options), env=env)
    assert status == 2, text  # There is a FIFO.
    assert "STO001" in text
    assert_harmless(text, has_color)


@pytest.mark.parametrize("arguments", [["check"], ["fix", "--diff"]])
def test_forced_colors_are_as_harmless_in_a_pipe(nasty, arguments):
    result = run(*arguments + ["--color", "always", "--root", nasty])
    for text in (result.out, result.err):
        assert not RAW.search(OWN_COLOR.sub("", text))
    assert "\x1b[" in result.out


def test_other_commands_on_a_terminal(nasty):
    for path, kind in (("etc/pve/storage.cfg", "storage"), ("etc/pve/user.cfg", "user"),
                       ("etc/pve/nodes/a/lxc/100.conf", "lxc")):
        text, status = on_terminal("parse", nasty / path)
        assert status == 0 and text.startswith("File kind=%s" % kind)
        assert_harmless(text, False)
        with (nasty / path).open("rb") as stdin:
            text, status = on_terminal("fix", "--kind", kind, "-", stdin=stdin)
        assert_harmless(text, True)
    text, status = on_terminal("explain", "LXC001")
    assert status == 0
    assert_harmless(text, True)
    text, status = on_terminal("explain", "LXC001", env={"NO_COLOR": "1"})
    assert_harmless(text, False)
    text, status = on_terminal("rules")
    assert_harmless(text, True)
    text, status = on_terminal("rules", env={"NO_COLOR": "1"})
    assert_harmless(text, False)


@pytest.mark.parametrize("arguments", [
    ["check", "a\x1b[31m\u202e"], ["check", "--mac", "\x1b[31m=x"], ["check", "--mac", "\x1b[31m"],
    ["check", "--ip-link", "/none\x1b[31m"], ["check", "--root", "/none\x1b[31m"],
    ["explain", "\x1b[31m"], ["check", "--select", "\x1b[31m"],
    ["check", "--kind", "\x1b[31m", "x"], ["check", "--hop", "\x1b[31m"],
    ["check", "--\x1b[31m"], ["\x1b[31m"], ["parse", "--kind", "lxc", "\x1b[31m"],
    ["check", "--phase", "\x1b[31m"], ["check", "--color", "\x1b[31m"]])
def test_usage_errors_echo_nothing_raw(arguments):
    text, status = on_terminal(*arguments)
    assert status == 2
    assert_harmless(text, False)
    assert "\\x1b[31m" in text.lower()


def test_a_terminal_of_another_encoding(tmp_path):
    # Bytes of UTF-8 are control characters where the terminal takes them for Latin-1.
    write_tree(tmp_path, {"etc/pve/storage.cfg": (STORAGE + "\t\u00db\u009b\u2c1b 1\n").encode()})
    master, slave = pty.openpty()
    process = subprocess.Popen(
        nodes.command_line("check", "--root", tmp_path), stdout=slave, stderr=slave,
        env=nodes.environment(PYTHONIOENCODING="latin-1"))
    process.wait(60)
    os.close(slave)
    data = os.read(master, 65536)
    os.close(master)
    assert data.isascii() and b"STO001" in data


def test_diffs_are_raw_for_programs_only(nasty):
    result = run("fix", "--diff", "--root", nasty)
    assert b"\x1b]0;owned\x07" in result.raw and b"\xff" in result.raw
    assert run("fix", "--diff", "--root", nasty, "--color", "never").raw == result.raw
    assert run("fix", "--diff", "--root", nasty, env={"NO_COLOR": "1"}).raw == result.raw


def test_visible():
    assert visible("plain text\twith\nlines") == "plain text\twith\nlines"
    assert visible("\x1b[31m\r\u202e\udcff\xa0\ud800") == "\\x1b[31m\\r\\u202e\\xff\\xa0\\ud800"
    assert visible("caf\xe9 \u4e2d \U0001f600") == "caf\xe9 \u4e2d \U0001f600"
    assert one_line("a\nb\tc") == "a\\nb\\tc"


def test_painted_diff():
    diff = "--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n a\x1b\r\n--- b\n+++ c\n"
    assert paint_diff(diff) == (
        "\x1b[1m--- a/x\x1b[0m\n\x1b[1m+++ b/x\x1b[0m\n\x1b[36m@@ -1,2 +1 @@\x1b[0m\n a\\x1b\\r\n"
        "\x1b[31m--- b\x1b[0m\n\x1b[32m+++ c\x1b[0m\n")


# -- what a run costs ------------------------------------------------------------------------------

FOOTPRINT = """
import sys
import click
from click import core, decorators
own = set(sys.modules)
from pvemigrate.cli import main
try:
    main(sys.argv[1:])
except SystemExit as status:
    code = status.code
loaded = set(sys.modules) - own
print("LOADED", code, " ".join(sorted(loaded)))
"""
HEAVY = ("lark", "difflib", "json", "dataclasses", "typing", "logging", "inspect", "argparse",
         "tempfile",
         "subprocess", "urllib", "asyncio", "importlib.metadata", "shutil", "pathlib", "traceback",
         "random", "decimal", "datetime")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return nodes.installed_copy(tmp_path_factory.mktemp("package"))


def loaded_by(package, *arguments):
    result = subprocess.run([sys.executable, "-c", FOOTPRINT] + [str(a) for a in arguments],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/",
                            env=nodes.environment(PYTHONPATH=package))
    assert result.returncode == 0, result.stderr
    _, code, names = result.stdout.decode().splitlines()[-1].split(" ", 2)
    return code, names.split()


def test_a_plain_check_imports_little(installed, tmp_path):
    tree = dict(WARNING, **ERROR)
    tree.update({"etc/apt/sources.list": "deb http://deb.debian.org/debian buster main\n",
                 "etc/network/interfaces": "auto lo\niface lo inet loopback\n",
                 "etc/pve/user.cfg": "role:x:Pool.Allocate:\n", "etc/vzdump.conf": "maxfiles: 3\n"})
    write_tree(tmp_path, tree)
    code, names = loaded_by(installed, "check", "--root", tmp_path)
    assert code == "1"
    assert [name for name in names if name.split(".")[0] in HEAVY or name in HEAVY] == []
    assert not [name for name in names if name.startswith("pvemigrate.") and name.split(".")[1] in (
        "compiler", "write")]


def test_a_run_imports_only_what_its_files_need(installed, tmp_path):
    """Rules on the node as a whole are for a whole root; a single file needs those of its kind, and
    what they have to know of storages and of the kernel's command line."""
    write_tree(tmp_path, ERROR)
    code, names = loaded_by(installed, "check", tmp_path / "etc/pve/nodes/a/lxc/100.conf")
    assert code == "1"
    formats = {name.split(".")[2] for name in names if name.startswith("pvemigrate.formats.")}
    assert formats <= {"lxc", "qemu", "guest", "lines", "storage", "grub", "kernel_cmdline"}
    rule_files = {name.split(".")[2] for name in names if name.startswith("pvemigrate.ruleset.")}
    assert all(name.startswith(("lxc", "gst", "_")) for name in rule_files), rule_files


@pytest.mark.skipif(not shutil.which("patch"), reason="needs the program patch (GNU patch)")
def test_the_installed_copy_works(installed, tmp_path):
    write_tree(tmp_path, WARNING)
    result = run("fix", "--diff", "--root", tmp_path, env={"PYTHONPATH": installed})
    subprocess.run(["patch", "-p1", "-s"], input=result.raw, cwd=str(tmp_path), check=True)
    assert read_tree(tmp_path)["etc/pve/storage.cfg"].decode() == nodes.STORAGE_FIXED


def test_json_names_what_could_not_be_read(tmp_path):
    """A result that is not complete says so; one that is has no such key."""
    write_tree(tmp_path, WARNING)
    assert "errors" not in json.loads(Quick("check", "--root", tmp_path, "--output-format", "json").out)
    (tmp_path / "etc/pve/user.cfg").symlink_to("/etc/passwd")
    result = Quick("check", "--root", tmp_path, "--output-format", "json")
    report = json.loads(result.out)
    FINDINGS.validate(report)
    assert result.status == 2
    assert [trouble["path"] for trouble in report["errors"]] == ["etc/pve/user.cfg"]
    assert report["errors"][0]["message"] in result.err
