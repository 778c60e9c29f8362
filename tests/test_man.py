"""The man page: made of the command's own texts, complete, and in order for those who lay it out."""

import ast
import os
import re
import shutil
import subprocess
import sys

import click
import pytest

import shapes

sys.path.insert(0, str(shapes.CHECKOUT / "distribution"))
try:
    import manual
    from share import files
finally:
    sys.path.pop(0)

from pvemigrate.cli import main  # noqa: E402

PAGE = files(str(shapes.CHECKOUT))["man/man1/pvemigrate.1"]
README = (shapes.CHECKOUT / "README.md").read_text(encoding="utf-8")
CONTEXT = click.Context(main)
COMMANDS = {name: main.get_command(CONTEXT, name) for name in main.list_commands(CONTEXT)}


def plain(text):
    """What a reader sees of a piece of the page's source."""
    text = re.sub(r"\\f[BRI]|\\&", "", " ".join(text.split()))
    for escape, char in (("\\-", "-"), ("\\(aq", "'"), ("\\(ga", "`"), ("\\(ti", "~"), ("\\(ha", "^"),
                         ("\\(dq", '"'), ("\\e", "\\")):
        text = text.replace(escape, char)
    return text


def section(title, within=PAGE, macro="SH"):
    parts = re.split(r"(?m)^\.%s (.*)\n" % macro, within)
    found = dict(zip([plain(heading.strip('"')) for heading in parts[1::2]], parts[2::2]))
    return found[title]


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "pvemigrate.1"
    path.write_text(PAGE, encoding="ascii")
    return str(path)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_is_there_with_its_help(name):
    whole = section("COMMANDS")
    heading, = [plain(line[4:].strip('"')) for line in whole.splitlines()
                if plain(line).startswith('.SS "' + name)]
    text = plain(section(heading, whole, "SS"))
    command = COMMANDS[name]
    assert all(" ".join(part.split()) in text for part in command.help.split("\n\n"))
    if "Takes the options of check too." in text or "Of the options of check it takes" in text:
        text += plain(section("check [OPTION]... [PATH]...", whole, "SS"))
    for param in command.params:
        if isinstance(param, click.Option):
            assert all(re.search(r"(?<![-\w])%s(?![-\w])" % re.escape(option), text)
                       for option in param.opts), param.opts
            assert " ".join(param.help.split()) in text, param.opts
        else:
            assert param.metavar in heading


def test_options_of_check_are_told_once():
    # Once with its text; plan names those of them that it takes.
    assert len(re.findall("--cpu-formula", plain(PAGE))) == 2
    assert plain(PAGE).count("How cpu.shares become cpu.weight") == 1


@pytest.mark.parametrize("title, facts", [
    ("DESCRIPTION", manual.PHASES), ("EXIT STATUS", manual.STATUS), ("EXAMPLES", manual.EXAMPLES)])
def test_what_the_readme_tells_is_told_the_same(title, facts):
    text = plain(section(title)).lower()
    for name, meaning in facts.items():
        if title == "EXAMPLES":
            assert re.search(r"^%s +# %s$" % (re.escape(name), re.escape(meaning)), README, re.MULTILINE)
        else:
            assert re.search(r"^\| `?%s`? \| %s \|$" % (name, re.escape(meaning)), README, re.MULTILINE)
        assert ".tp %s %s" % (name.lower(), meaning.replace("`", "").lower()) in text


def test_each_kind_of_file_is_named():
    from pvemigrate.formats import FIXED, FOLDERS

    text = plain(section("FILES"))
    for path in [*FIXED, *FOLDERS]:
        assert "/etc/" + path in text


def test_each_environment_variable_that_is_read_is_told():
    read = set()
    for path in [*(shapes.CHECKOUT / "pvemigrate").rglob("*.py"),
                 *(shapes.CHECKOUT / "distribution").glob("pyz_*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Call, ast.Subscript)) and "environ" in ast.dump(
                    node.func if isinstance(node, ast.Call) else node.value):
                read.update(value for value in map(literal, ast.walk(node)) if value)
    assert {"NO_COLOR", "PVEMIGRATE_CACHE"} <= read
    assert read - {"HOME", ""} <= set(manual.ENVIRONMENT)


def literal(node):
    value = node.value if hasattr(node, "value") else getattr(node, "s", None)  # .s: Python 3.7
    return value if isinstance(value, str) and re.match("[A-Z][A-Z_]+$", value) else None


def test_the_page_is_plain_ascii_in_short_lines():
    assert PAGE.isascii() if hasattr(PAGE, "isascii") else PAGE.encode("ascii")
    assert max(map(len, PAGE.splitlines())) <= 80
    # A line that begins with a dot or a quote is a request.
    known = {".\\\"", ".TH", ".SH", ".SS", ".TP", ".PP", ".B"}
    assert {line.split()[0] for line in PAGE.splitlines() if line[:1] in (".", "'")} <= known


def test_texts_that_roff_would_read_as_something_else():
    text = manual._filled(manual._text(".link files in `.a\\b`, 'x' and --do-it, well-known ~ é"))
    assert " ".join(text.split()) == (
        "\\&.link files in \\fB.a\\eb\\fR, \\(aqx\\(aq and \\-\\-do\\-it, well-known \\(ti \\[u00E9]")
    assert manual._filled("x " * 39 + ".y") == "x " * 38 + "x\n\\&.y\n"


@pytest.mark.parametrize("command, package", [
    (["groff", "-ww", "-z", "-man", "-Tutf8"], "groff-base"),
    (["mandoc", "-T", "lint", "-W", "style"], "mandoc"),
    (["man", "--warnings", "--local-file"], "man-db")], ids=lambda value: str(value[0]))
def test_nothing_to_complain_about(page, command, package):
    if not shutil.which(command[0]):
        pytest.skip("no %s: apt-get install %s" % (command[0], package))
    done = subprocess.run(command + [page], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60,
                          env=dict(os.environ, LC_ALL="C.UTF-8", MANWIDTH="80", MANROFFSEQ="", PAGER="cat"))
    assert done.stderr.decode() == "" and done.returncode == 0
    if command[0] == "mandoc":
        assert done.stdout.decode() == ""
    if command[0] == "man":
        assert "EXIT STATUS" in done.stdout.decode()
