"""--help: complete, no wider than a terminal, and with examples that are command lines."""

import re
import shlex

import click
import pytest
from click.testing import CliRunner

from pvemigrate.cli import main
from pvemigrate.commands import COMMANDS
from pvemigrate.commands.sections import SECTIONS

CONTEXT = click.Context(main)


def help_of(*names):
    result = CliRunner().invoke(main, [*names, "--help"], prog_name="pvemigrate", terminal_width=80)
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("names", [()] + [(name,) for name in COMMANDS])
def test_it_fits(names):
    text = help_of(*names)
    assert max(map(len, text.splitlines())) <= 80
    assert not re.search(r"\.\.\.$", text.partition("Commands:")[2], re.MULTILINE), "a summary is cut off"


@pytest.mark.parametrize("name", ["check", "fix"])
def test_each_option_stands_under_a_heading(name):
    text = help_of(name)
    titles = [title for title in re.findall(r"(?m)^([A-Z].*):$", text) if title != "Examples"]
    assert titles == [title for title in SECTIONS if title in titles] + ["Other options"]
    for param in main.get_command(CONTEXT, name).params:
        if isinstance(param, click.Option):
            title, = [title for title, names in SECTIONS.items() if set(names) & set(param.opts)]
            section = text.partition("\n%s:\n" % title)[2].partition("\n\n")[0]
            assert re.search(r"(?m)^  (-., )?%s\b" % re.escape(param.opts[0]), section)
    last = text.partition("\nOther options:\n")[2].partition("\n\n")[0]
    assert last.split() == "-h, --help Show this message and exit.".split()


def test_no_heading_names_an_option_that_there_is_not():
    there = {option for name in ("check", "fix", "plan") for param in main.get_command(CONTEXT, name).params
             for option in param.opts}
    assert {name for names in SECTIONS.values() for name in names} <= there


@pytest.mark.parametrize("names", [(), ("check",), ("fix",), ("explain",)])
def test_examples_are_command_lines(names):
    lines = re.findall(r"(?m)^    pvemigrate (.*)$", help_of(*names))
    assert len(lines) >= 3
    for line in lines:
        name, *arguments = shlex.split(re.split(r"   +|[<>|]", line)[0])
        assert not names or name == names[0]
        main.get_command(CONTEXT, name).make_context(name, arguments, parent=CONTEXT)
