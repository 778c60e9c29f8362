"""The configuration file: where it is looked for, who may have a say, what it asks for."""

import json
import os
import re
import stat
import subprocess
import sys
from types import SimpleNamespace

import jsonschema
import pytest

import nodes
import shapes
from pvemigrate.commands import config as reader
from pvemigrate.commands import discovery
from pvemigrate.commands.config import Config
from pvemigrate.settings import UsageError

DOCUMENT = (shapes.CHECKOUT / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLES = re.findall("```toml\n(.*?)```", DOCUMENT, re.DOTALL)
#: Two findings in storage.cfg: STO001 (with a fix) and STO006; one in vzdump.conf: BAK001.
TREE = dict(nodes.NO_RELEASE, **{
    "etc/pve/storage.cfg": nodes.STORAGE + "\tserver x\n", "etc/vzdump.conf": "maxfiles: 4\n"})


@pytest.fixture
def repository(tmp_path):
    """A directory with the trees of two nodes: pve1 and pve2 below nodes/."""
    for name in ("pve1", "pve2"):
        nodes.write_tree(tmp_path / "nodes" / name, TREE)
    (tmp_path / ".git").mkdir()
    return tmp_path


def codes(outcome):
    """The findings of a concise report: (path, code) in order."""
    return re.findall(r"^(\S+?):\d+:\d+: ([A-Z]+\d+)", outcome.out, re.MULTILINE)


def check(folder, *arguments, **options):
    return nodes.run("check", "--output-format", "concise", *arguments, cwd=str(folder), **options)


def configure(folder, text, name="pvemigrate.toml"):
    (folder / name).write_text(text, encoding="utf-8")


ALL = [("etc/pve/storage.cfg", "STO001"), ("etc/pve/storage.cfg", "STO006"), ("etc/vzdump.conf", "BAK001")]

# -- where it is looked for ------------------------------------------------------------------------------


def test_the_working_directory_has_it(repository):
    configure(repository, 'ignore = ["STO"]\n')
    done = check(repository, "nodes/pve1")
    assert codes(done) == ALL[2:]
    assert "note: using pvemigrate.toml\n" in done.err


def test_a_directory_above_has_it(repository):
    configure(repository, 'ignore = "STO, BAK"\n')
    (repository / "nodes" / "deep" / "down").mkdir(parents=True)
    assert codes(check(repository / "nodes" / "deep" / "down", "../../pve1")) == []
    assert codes(check(repository / "nodes", "pve1")) == []


def test_the_search_ends_at_the_top_of_the_repository(repository):
    (repository / "nodes" / ".git").mkdir()
    configure(repository, 'ignore = ["STO"]\n')
    done = check(repository / "nodes", "pve1")
    assert codes(done) == ALL
    assert "using" not in done.err


def test_the_nearest_one_counts_alone(repository):
    configure(repository, 'ignore = ["STO"]\n')
    configure(repository / "nodes", 'ignore = ["BAK"]\n')
    assert codes(check(repository / "nodes", "pve1")) == ALL[:2]


def test_pyproject_has_a_section(repository):
    configure(repository, '[tool.pvemigrate]\nignore = ["STO"]\n[tool.pvemigrate.per-file-ignores]\n'
                          '"vzdump.conf" = "BAK"\n', "pyproject.toml")
    assert codes(check(repository, "nodes/pve1")) == []


def test_pvemigrate_toml_goes_before_pyproject(repository):
    configure(repository, '[tool.pvemigrate]\nignore = ["STO"]\n', "pyproject.toml")
    configure(repository, 'ignore = ["BAK"]\n')
    assert codes(check(repository, "nodes/pve1")) == ALL[:2]


@pytest.mark.parametrize("text", ["[project]\nname = 'x'\n", "[project]\nname = 'pvemigrate-trees'\n",
                                  "this is not TOML\n"])
def test_a_pyproject_of_others_is_left_alone(repository, text):
    configure(repository, text, "pyproject.toml")
    done = check(repository, "nodes/pve1")
    assert codes(done) == ALL
    assert "pyproject" not in done.err


def test_config_names_a_file(repository):
    (repository / "elsewhere").mkdir()
    configure(repository / "elsewhere", 'ignore = ["STO"]\n', "mine.toml")
    configure(repository, 'ignore = ["BAK"]\n')
    done = check(repository, "nodes/pve1", "--config", "elsewhere/mine.toml")
    assert codes(done) == ALL[2:]
    assert "note: using elsewhere/mine.toml\n" in done.err


def test_isolated_uses_none(repository):
    configure(repository, "no TOML")
    configure(repository, "no TOML", discovery.IGNORE)
    done = check(repository, "nodes/pve1", "--isolated")
    assert codes(done) == ALL
    assert "using" not in done.err


def test_the_text_on_stdin_is_judged_by_it_too(repository):
    configure(repository, 'ignore = ["STO001"]\n')
    done = check(repository, "--kind", "storage", "-", input=TREE["etc/pve/storage.cfg"].encode())
    assert codes(done) == [("<stdin>", "STO006")]


def test_a_working_directory_that_is_gone_has_none(tmp_path):
    nodes.write_tree(tmp_path / "node", nodes.CLEAN)
    gone = tmp_path / "gone"
    gone.mkdir()
    # What starts in a directory and then removes it.
    done = subprocess.run(["sh", "-c", 'rmdir "$0" && exec "$@"', str(gone),
                           *nodes.command_line("check", "--root", str(tmp_path / "node"))],
                          cwd=str(gone), env=nodes.environment(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True)
    assert "Traceback" not in done.stderr + done.stdout
    assert "using" not in done.stderr


# -- who has a say ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [("--root", "."), (".",), ("etc/pve/storage.cfg", "etc/vzdump.conf"),
                                       ("--root", "../pve1"), ("..",)])
@pytest.mark.parametrize("name, text", [
    ("pvemigrate.toml", 'ignore = ["STO", "BAK"]\n'), (discovery.IGNORE, "no TOML"),
    ("pyproject.toml", '[tool.pvemigrate]\nignore = ["STO", "BAK"]\n')])
def test_a_tree_has_no_say_about_itself(repository, arguments, name, text):
    configure(repository / "nodes" / "pve1", text, name)
    done = check(repository / "nodes" / "pve1", *arguments)
    assert {code for _, code in codes(done)} == {"STO001", "STO006", "BAK001"}
    assert "note: %s is not used: it lies in the tree that is judged" % name in done.err


def test_a_file_deep_in_the_tree_has_no_say_either(repository):
    configure(repository / "nodes" / "pve1" / "etc" / "pve", 'ignore = ["STO", "BAK"]\n')
    done = check(repository / "nodes" / "pve1" / "etc" / "pve", "--root", "../..")
    assert codes(done) == ALL


def test_a_link_to_the_tree_changes_nothing_about_that(repository):
    configure(repository / "nodes" / "pve1", 'ignore = ["STO", "BAK"]\n')
    (repository / "short").symlink_to("nodes/pve1")
    assert codes(check(repository / "nodes" / "pve1", "--root", str(repository / "short"))) == ALL


def test_what_lies_above_the_tree_counts_all_the_same(repository):
    configure(repository, 'ignore = ["STO"]\n')
    configure(repository / "nodes" / "pve1", 'ignore = ["BAK"]\n')
    done = check(repository / "nodes" / "pve1", "--root", ".")
    assert codes(done) == ALL[2:]
    assert "is not used" in done.err and "note: using " in done.err


def test_a_file_in_the_tree_counts_where_it_is_named(repository):
    configure(repository / "nodes" / "pve1", 'ignore = ["STO"]\n')
    done = check(repository / "nodes" / "pve1", "--root", ".", "--config", "pvemigrate.toml")
    assert codes(done) == ALL[2:]


@pytest.mark.parametrize("name", ["", "pvemigrate.toml"])
def test_what_everybody_can_write_to_does_not_count(repository, name):
    configure(repository, 'ignore = ["STO"]\n')
    path = repository / name
    path.chmod(path.stat().st_mode | stat.S_IWOTH)
    done = check(repository, "nodes/pve1")
    assert codes(done) == ALL
    assert "note: pvemigrate.toml is not used: it" in done.err and "others can write to it" in done.err
    assert codes(check(repository, "nodes/pve1", "--config", "pvemigrate.toml")) == ALL[2:]


def test_nobody_is_believed_above_a_directory_that_everybody_can_write_to(repository):
    configure(repository, 'ignore = ["STO"]\n')
    (repository / "nodes").chmod(0o777)
    assert codes(check(repository / "nodes", "pve1")) == ALL


@pytest.mark.parametrize("owner, user, sudo, expected", [
    (0, 0, None, True), (1000, 1000, None, True), (0, 1000, None, True), (1000, 0, None, False),
    (1000, 0, "1000", True), (1001, 0, "1000", False), (1001, 1000, "1001", False), (1000, 0, "x", False)])
def test_whose_files_count(monkeypatch, owner, user, sudo, expected):
    """As git has it for repositories: the user's own, root's, and under sudo the caller's."""
    monkeypatch.setattr(discovery.os, "geteuid", lambda: user)
    monkeypatch.delenv("SUDO_UID", raising=False)
    if sudo:
        monkeypatch.setenv("SUDO_UID", sudo)
    status = SimpleNamespace(st_uid=owner, st_mode=0o100664)
    assert discovery._is_trusted(status) is expected
    assert not discovery._is_trusted(SimpleNamespace(st_uid=owner, st_mode=0o100666))


def test_on_the_running_system_what_lies_below_the_root_counts(repository, monkeypatch):
    """It is the administrator's: the owner decides."""
    configure(repository, "")
    monkeypatch.chdir(str(repository))
    source, notes = discovery.find(["/"])
    assert source.config[0] == str(repository / "pvemigrate.toml") and notes == []
    assert discovery.find([str(repository)])[0] is None


# -- what cannot be read -----------------------------------------------------------------------------------


def test_a_directory_of_that_name(repository):
    (repository / "pvemigrate.toml").mkdir()
    done = check(repository, "nodes/pve1")
    assert (done.status, done.err) == (2, "Error: pvemigrate.toml: Is a directory\n")


def test_a_pipe_of_that_name_is_not_waited_for(repository):
    os.mkfifo(str(repository / "pvemigrate.toml"))
    done = check(repository, "nodes/pve1")
    assert (done.status, done.err) == (2, "Error: pvemigrate.toml: not a regular file\n")


@pytest.mark.parametrize("arguments, text", [
    (["--config", "none.toml"], "Error: --config none.toml: No such file or directory\n"),
    (["--config", "nodes"], "Error: --config nodes: Is a directory\n"),
    (["--config", "pyproject.toml"], "Error: pyproject.toml: there is no [tool.pvemigrate]\n"),
    (["--config", "x.toml", "--isolated"], "--config and --isolated exclude each other"),
])
def test_a_file_that_is_named_has_to_be_there(repository, arguments, text):
    configure(repository, "[tool.other]\n", "pyproject.toml")
    done = check(repository, "nodes/pve1", *arguments)
    assert done.status == 2 and text in done.err
    assert done.out == ""


def configured(tmp_path, text):
    """The Config of a file with this text (str or bytes) in a directory with nodes/pve1."""
    (tmp_path / "nodes" / "pve1").mkdir(parents=True, exist_ok=True)
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    return Config(str(tmp_path / "pvemigrate.toml"), data)


@pytest.mark.parametrize("text, message", [
    ("hop = ]", "invalid TOML: .*line 1"),
    ("ok = 1\nhop = 'x\ny'", "invalid TOML: .*line 2"),
    (b"hop = '\xff'", r"not UTF-8 \(at line 1\)"),
    ("x = " + "[" * 5000, "nested too deeply|invalid TOML"),
    ("ignores = ['APT']", "ignores: unknown key; ignore is one"),
    ("unsafe_fixes = true", "unsafe_fixes: unknown key; unsafe-fixes is one"),
    ("zzzz = 1", "zzzz: unknown key; known are: hop, "),
    ("root = '/'", "root: unknown key; roots is one"),
    ("hop = 6", "hop: a text in quotes is wanted"),
    ("hop = '9to10'", "hop: no rules for the hop '9to10'"),
    ("phase = 'never'", "phase: one of before, .* is wanted"),
    ("phase = ['before', 3]", "phase: a text, or a list of texts is wanted"),
    ("ignore = []", "ignore: a text, or a list of texts is wanted"),
    ("ignore = ','", "ignore: a text, or a list of texts is wanted"),
    ("unsafe-fixes = 'yes'", "unsafe-fixes: true or false is wanted"),
    ("pve-repo = 'free'", "pve-repo: one of enterprise, "),
    ("pve-repo = [1]", "pve-repo: one of enterprise, "),
    ("mac = 'x'", "mac: a table of texts is wanted|mac: a table is wanted"),
    ("mac = {vmbr0 = 3}", "mac: a table of texts is wanted"),
    ("mac = {vmbr0 = '01:00:5e:00:00:01'}", "mac: vmbr0=01:00:5e:00:00:01: not a MAC address"),
    ("vm-monitor = 'Audit,Exec'", "vm-monitor: VM.Monitor cannot become 'Exec'; there are: Sys.Audit, "),
    ("vm-monitor = [1]", "vm-monitor: a text, or a list of texts is wanted"),
    ("rename-nic = {a = 'x', b = 'x'}", "rename-nic: two are to be renamed to x"),
    ("per-file-ignores = ['x']", "per-file-ignores: a table is wanted"),
    ("[per-file-ignores]\n'/etc/x' = 'APT'", "per-file-ignores./etc/x: a pattern begins below"),
    ("[per-file-ignores]\n'x' = 3", "per-file-ignores.x: a text, or a list of texts"),
    ("[roots.'nodes/pve9']", "roots.nodes/pve9: no such directory: .*pve9"),
    ("[roots]\n'nodes/pve1' = 1", "roots.nodes/pve1: a table is wanted"),
    ("[roots.'nodes/pve1']\nfail-on = 'info'", "roots.nodes/pve1.fail-on: unknown key"),
    ("[roots.'nodes/pve1']\nmac = {a = 'b'}", "mac: a=b: not a MAC address"),
])
def test_what_makes_no_sense_is_one_line(tmp_path, text, message):
    with pytest.raises(UsageError, match="pvemigrate.toml: (%s)" % message) as caught:
        configured(tmp_path, text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["ignore = ['FOO']", "select = 'APT,FOO'", "[per-file-ignores]\nx = 'FOO'",
                                  "[roots.'nodes/pve1']\nselect = 'FOO'"])
def test_a_code_that_no_rule_has(repository, text):
    configure(repository, text + "\n")
    done = check(repository, "nodes/pve1")
    assert done.status == 2
    assert re.fullmatch("Error: pvemigrate.toml: [a-z.-]+: no rule's code is or begins with FOO\n", done.err)


def test_without_a_reader_of_toml_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "sys", SimpleNamespace(version_info=(3, 10, 9)))
    monkeypatch.setitem(sys.modules, "tomli", None)
    with pytest.raises(UsageError, match="to read it, Python 3.10 needs the package tomli"):
        configured(tmp_path, "")


# -- what it asks for ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, arguments, expected", [
    ("select = ['STO']", [], ["STO001", "STO006"]),
    ("select = ['STO']", ["--select", "BAK"], ["BAK001"]),
    ("ignore = ['STO']", ["--ignore", "BAK"], ["STO001", "STO006"]),
    ("ignore = ['STO']", ["--select", "STO001"], ["STO001"]),
    ("ignore = ['STO']", ["--select", "STO", "--ignore", "STO001"], ["STO006"]),
    ("select = ['STO']", ["--ignore", "STO001"], ["STO006"]),
])
def test_lists_of_the_command_line_take_the_place_of_the_files(repository, text, arguments, expected):
    configure(repository, text + "\n")
    assert [code for _, code in codes(check(repository, "nodes/pve1", *arguments))] == expected


@pytest.mark.parametrize("text, arguments, status", [
    ("", [], 1), ("fail-on = 'error'", [], 0), ("fail-on = 'error'", ["--fail-on", "warning"], 1)])
def test_what_makes_a_run_fail(repository, text, arguments, status):
    configure(repository, text + "\n")
    assert check(repository, "nodes/pve1", *arguments).status == status


def test_the_output_format(repository):
    configure(repository, "output-format = 'json'\n")
    done = nodes.run("check", "nodes/pve1", cwd=str(repository))
    assert len(json.loads(done.out)["findings"]) == 3
    assert nodes.run("check", "nodes/pve1", "--output-format", "html", cwd=str(repository)
                     ).out.startswith("<!DOCTYPE html>")


BRIDGE = dict(nodes.CLEAN, **{"etc/network/interfaces": (
    "auto lo\niface lo inet loopback\n\nauto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.1/24\n"
    "\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n\niface eno1 inet manual\n")})
MAC = "02:00:00:00:53:%02x"


def test_addresses_for_each_tree(tmp_path):
    """The line that each of forty nodes needs is not the same."""
    for number in (1, 2, 3):
        nodes.write_tree(tmp_path / ("pve%d" % number), BRIDGE)
    configure(tmp_path, "[mac]\nvmbr0 = '%s'\n[roots.pve1.mac]\nvmbr0 = '%s'\n"
                        "[roots.'./pve2']\nignore = 'NET001'\n" % (MAC % 9, MAC % 1))

    def pinned(*arguments):
        done = nodes.run("fix", "--diff", "-q", ".", *arguments, cwd=str(tmp_path))
        return re.findall(r"^\+\+\+ b/(\w+)/|^\+\thwaddress (\S+)", done.out, re.MULTILINE)

    assert pinned() == [("pve1", ""), ("", MAC % 1), ("pve3", ""), ("", MAC % 9)]
    assert pinned("--mac", "vmbr0=" + MAC % 7)[1] == ("", MAC % 7)
    (tmp_path / "links").write_text(json.dumps([{"ifname": "vmbr0", "address": MAC % 5}]))
    assert pinned("--ip-link", "links")[1] == ("", MAC % 5)


def test_flags_can_be_taken_back(repository):
    """Without a way to say no, a file would win over the command line."""
    configure(repository, "unsafe-fixes = true\npin-nics = true\narchive = true\n")
    text = b"deb http://deb.debian.org/debian buster main\n"
    shown = [nodes.run("fix", "--diff", "-q", "--kind", "apt-list", "--phase", "before", "-", *more, input=text,
                       cwd=str(repository)).out for more in ([], ["--no-archive"], ["--no-unsafe-fixes"])]
    assert "archive.debian.org" in shown[0]
    assert shown[1:] == ["", ""]


def test_one_line_files_are_rewritten_where_a_file_asks_for_it(repository):
    configure(repository, "deb822 = true\nhop = \"8to9\"\nphase = \"after-node\"\n")
    tree = {"one/etc/apt/sources.list.d/a.list": "deb http://a.example/ b c\n", "one/etc/pve/x": ""}
    nodes.write_tree(repository, tree)
    shown = [nodes.run("fix", "--diff", "-q", "one", *more, cwd=str(repository)).out
             for more in ([], ["--no-deb822"])]
    assert "+++ b/etc/apt/sources.list.d/a.sources" in shown[0] and shown[1] == ""


@pytest.mark.parametrize("pattern, expected", [
    ("etc/pve/storage.cfg", ["pve1", "pve2"]), ("storage.cfg", ["pve1", "pve2"]), ("*.cfg", ["pve1", "pve2"]),
    ("etc/pve", ["pve1", "pve2"]), ("pve/", ["pve1", "pve2"]), ("nodes/pve1/**", ["pve1"]),
    ("nodes/*/etc/pve/*", ["pve1", "pve2"]), ("nodes/pve[2-9]", ["pve2"]), ("nodes/pve[!1]", ["pve2"]),
    ("**/pve1/**/storage.cfg", ["pve1"]), ("pve1", ["pve1"]), ("nodes/*/storage.cfg", []), ("nodes/*/etc/*", ["pve1", "pve2"]),
    ("storage.cf", []), ("pve/storage.cfg", []), ("[", []), ("nodes/pve[z-a]", []), ("storage?cfg",
                                                                                     ["pve1", "pve2"])])
def test_patterns_of_files(repository, pattern, expected):
    configure(repository, "[per-file-ignores]\n'%s' = ['STO']\n" % pattern)
    done = check(repository, "nodes")
    ignored = {"pve1", "pve2"} - {path.split("/")[0] for path, code in codes(done) if code == "STO001"}
    assert sorted(ignored) == expected
    assert sum(code == "BAK001" for _, code in codes(done)) == 2


def test_what_is_ignored_for_a_file_is_not_fixed_there(repository):
    configure(repository, "[per-file-ignores]\n'nodes/pve1/**' = 'STO001'\n")
    done = nodes.run("fix", "-q", "nodes", cwd=str(repository))
    assert "STO006" in done.out
    read = [(repository / "nodes" / name / "etc/pve/storage.cfg").read_text() for name in ("pve1", "pve2")]
    assert ["maxfiles" in text for text in read] == [True, False]


def test_what_is_ignored_for_a_file_stands_in_no_phases_way(tmp_path):
    tree = dict(nodes.with_release("6.3-1"), **{
        "etc/apt/sources.list": "deb http://deb.debian.org/debian buster main\n"})
    nodes.write_tree(tmp_path / "node", tree)
    command = ["fix", "--diff", "-q", "--phase", "switch", "--root", "node"]
    blocked = nodes.run(*command, cwd=str(tmp_path))
    assert "nothing of phase switch is changed while SYS001 is open" in blocked.err
    configure(tmp_path, "[per-file-ignores]\n'status' = 'SYS001'\n")
    done = nodes.run(*command, cwd=str(tmp_path))
    assert "SYS001" not in done.err and "+deb http://deb.debian.org/debian bullseye main" in done.out


def test_the_library_reads_no_such_file(repository, monkeypatch):
    import pvemigrate

    configure(repository, "ignore = ['STO', 'BAK']\n")
    monkeypatch.chdir(str(repository))
    assert [finding.code for finding in pvemigrate.Project("nodes/pve1").check()] == [
        "STO001", "STO006", "BAK001"]
    project = pvemigrate.Project("nodes/pve1", per_file_ignores={"*.cfg": "STO", "x": ["BAK"]})
    assert [finding.code for finding in project.check()] == ["BAK001"]


# -- what it costs -----------------------------------------------------------------------------------------


def test_without_a_file_nothing_is_imported_for_it(tmp_path):
    nodes.write_tree(tmp_path, nodes.CLEAN)
    code = ("import sys\nfrom pvemigrate.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
            "print(*sys.modules)\n")
    done = subprocess.run([sys.executable, "-c", code, "check", "--root", "."], cwd=str(tmp_path),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
                          env=nodes.environment())
    modules = set(done.stdout.split())
    assert "pvemigrate.commands.discovery" in modules
    assert not {"tomllib", "tomli", "pvemigrate.commands.config", "pvemigrate.commands.baseline",
                "pvemigrate.acceptance", "pvemigrate.formats.remarks"} & modules


# -- what is written about it ------------------------------------------------------------------------------


def schema():
    path = os.path.join(os.path.dirname(reader.__file__), "..", "schema", "config-1.json")
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def document(text):
    return reader.load_toml("x", text.encode("utf-8"))


def test_the_example_of_the_document_is_one(tmp_path):
    for name in ("pve1", "pve2"):
        (tmp_path / "nodes" / name).mkdir(parents=True)
    example = Config(str(tmp_path / "pvemigrate.toml"), EXAMPLES[0].encode("utf-8"))
    assert example.options_for(str(tmp_path / "nodes" / "pve2"))["macs"] == {"vmbr0": "02:00:00:00:53:02"}
    assert example.options_for()["fail_on"] == "error"
    jsonschema.validate(document(EXAMPLES[0]), schema())


def test_the_schema_has_the_keys_that_there_are():
    whole = schema()
    jsonschema.Draft202012Validator.check_schema(whole)
    assert set(whole["properties"]) == set(reader._OF_A_RUN)
    assert set(whole["$defs"]["tree"]["properties"]) == set(reader._OF_A_TREE)


@pytest.mark.parametrize("text", ["ignores = ['APT']", "hop = 6", "phase = ['before', 3]", "ignore = []",
                                  "unsafe-fixes = 'yes'", "mac = {a = 3}", "[per-file-ignores]\n'/x' = 'A'",
                                  "[roots.a]\nfail-on = 'info'"])
def test_the_schema_refuses_what_the_command_refuses(text):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document(text), schema())


def test_the_document_has_every_key():
    table = DOCUMENT[DOCUMENT.index("| key |"):DOCUMENT.index("`pvemigrate/schema")]
    assert set(re.findall("`([a-z0-9-]+)`(?=[^|]*\\|.*\\|.*\\|)", table)) - {"true", "false"} >= set(reader._OF_A_RUN)


def test_man_pages_and_help_name_the_options():
    shown = nodes.run("check", "--help").out
    for option in ("--config FILE", "--isolated", "--generate-ignore", "--no-inline-ignores",
                   "--no-unsafe-fixes"):
        assert option in shown
