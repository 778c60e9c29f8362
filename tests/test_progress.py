"""The line that tells how far a long piece of work is: what it shows, and that nothing of it stays."""

import re
import sys

import pytest

import nodes
import shapes
from pvemigrate.commands.progress import Progress
from terminal import Terminal


def screen(text, columns=10000):
    """The lines that a terminal shows of *text* in the end."""
    lines, row, column = [[]], 0, 0
    for char in text:
        if char == "\r":
            column = 0
        elif char == "\n":
            row, column = row + 1, 0
            lines.append([])
        else:
            if column == columns:
                row, column = row + 1, 0
                lines.append([])
            line = lines[row]
            line.extend(" " * (column + 1 - len(line)))
            line[column] = char
            column += 1
    return ["".join(line).rstrip() for line in lines]


# -- the line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns, shown", [
    (200, "looking at files [##########------------------------------]  25 %"),
    (50, "looking at files [######------------------]  25 %"),
    (31, "looking at files [#----]  25 %"),
    (30, "looking at files  25 %"),
    (10, "iles  25 %"[1:]),
    (2, "%"), (1, "")])
def test_it_fits(columns, shown, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(columns))
    progress = Progress()
    progress.tell(1000, 4000)
    text = capsys.readouterr().err
    assert screen(text, columns) == [shown]
    progress.clear()
    assert screen(text + capsys.readouterr().err, columns) == [""]


def test_it_is_drawn_when_something_has_changed(capsys):
    progress = Progress()
    for done in range(1000):
        progress.tell(done, 100000)
    assert capsys.readouterr().err.count("\r") == 1
    progress.tell(100000, 100000)
    assert screen(capsys.readouterr().err) == [""]
    progress.clear()
    assert capsys.readouterr().err == ""


def test_a_shorter_text_covers_a_longer_one(capsys):
    progress = Progress()
    progress.show("writing 1000 files")
    progress.show("done")
    assert screen(capsys.readouterr().err) == ["done"]


# -- a large tree ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A node with 3,000 guests, a thousand for each of three processes; a hundred have something to
    fix."""
    files = {"etc/pve/nodes/a/lxc/%d.conf" % number: (nodes.GUEST if number % 30 == 0 else
                                                      nodes.GUEST_FIXED)
             for number in range(1000, 4000)}
    return nodes.write_tree(tmp_path_factory.mktemp("large"), dict(files, **nodes.NO_RELEASE))


def shown(*command, columns=100, env=(), **streams):
    """All that *command* sends to a terminal, and its status."""
    with Terminal(list(command), nodes.environment(TERM="dumb", **dict(env)), str(shapes.CHECKOUT), columns,
                  **streams) as terminal:
        status = terminal.wait()
        return terminal.raw.replace("\r\n", "\n"), status


@pytest.mark.parametrize("jobs", [1, 2, 3])
@pytest.mark.heavy
def test_nothing_of_it_stays(tree, jobs):
    text, status = shown(*nodes.command_line("check", "--color", "never", "--jobs", jobs, "--root", tree))
    assert re.search(r"\rlooking at files \[#*-*\] +\d+ %", text)
    assert status == 1 and "\x1b" not in text
    piped = nodes.run("check", "--root", tree)
    assert screen(text) == screen(piped.err + piped.out)


@pytest.mark.parametrize("columns", [1, 10, 30])
@pytest.mark.heavy
def test_a_narrow_terminal(tree, columns):
    text, status = shown(*nodes.command_line("check", "--quiet", "--root", tree), columns=columns)
    assert "looking" not in text
    text, status = shown(*nodes.command_line("check", "--exit-zero", "--root", tree), columns=columns,
                         stdout=nodes.subprocess.DEVNULL)
    assert status == 0
    assert screen(text.partition("\n")[2], columns) == [""], "behind the note"


@pytest.mark.parametrize("arguments, streams", [
    (["--quiet"], {}), ([], {"stderr": nodes.subprocess.DEVNULL})])
@pytest.mark.heavy
def test_where_nobody_looks(tree, arguments, streams):
    text, _ = shown(*nodes.command_line("check", "--root", tree, *arguments), **streams)
    assert "looking at" not in text


@pytest.mark.heavy
def test_writing_many_files_is_told(tree, tmp_path):
    import shutil

    shutil.copytree(str(tree), str(tmp_path / "copy"))
    text, status = shown(*nodes.command_line("fix", "--color", "never", "--root", tmp_path / "copy"))
    assert "\rwriting 100 files" in text and status == 0
    lines = screen(text)
    assert not any("writing" in line or "looking" in line for line in lines)
    assert any("100 fixed; nothing left" in line for line in lines)


INTERRUPT = """
import os, signal, sys
from pvemigrate.source import Reader
from pvemigrate.cli import main
read, count = Reader.read, []
def reading(self, *arguments):
    count.append(1)
    if len(count) == 500:
        {0}
    return read(self, *arguments)
Reader.read = reading
main(["check", "--color", "never", "--jobs", sys.argv[1], "--root", sys.argv[2]])
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("event, status, said", [
    ("os.kill(os.getpid(), signal.SIGINT)", 2, "interrupted"),
    ("raise RuntimeError('oops')", 2, "error: internal error: RuntimeError: oops"),
    ("raise OSError(5, 'Input/output error')", 2, "error: etc/pve/nodes/a/lxc/")])
@pytest.mark.heavy
def test_what_happens_meanwhile(tree, event, status, said, jobs):
    """Interrupts and errors: what is said of them has a line to itself."""
    text, ended = shown(sys.executable, "-c", INTERRUPT.format(event), jobs, str(tree))
    assert "\rlooking at files" in text and ended == status
    lines = screen(text)
    assert any(line.startswith(said) for line in lines), text
    assert not any("looking at" in line for line in lines)
