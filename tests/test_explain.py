"""A rule's documentation at a terminal: laid out for its width, in colours, with nothing left of the
Markdown that it is written in; and as it stands where a program reads it."""

import re

import pytest

import nodes
import pvemigrate
import shapes
from pvemigrate.catalogue import catalogue, documentation
from pvemigrate.output.catalogue import explanation
from pvemigrate.output.markdown import layout
from terminal import Terminal

RULES = pytest.mark.parametrize("info", catalogue(), ids=lambda info: info.code)
COLOR = re.compile(r"\x1b\[[0-9;]*m")


def letters(text):
    return re.sub(r"[\s`*'-]+", "", text)


# -- every rule --------------------------------------------------------------------------------------------


@RULES
@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("width", [40, 500])
def test_every_rule_at_a_terminal(info, width, color):
    rule = info.load()
    text = explanation(rule, color, width)
    plain = COLOR.sub("", text)
    assert (plain == text) is not color
    lines = plain.split("\n")
    lines = lines[lines.index("") + 1:]
    for line in lines:
        if not line.startswith("      "):  # code stays as it is
            assert "`" not in line and not line.startswith("#") and "**" not in line
            assert len(line) <= min(width, 100) or " " not in line.strip()
    as_written = re.sub("(?m)^(## |```.*\n)|`", "", documentation(rule))
    assert letters("".join(lines)) == letters(as_written)


@RULES
def test_what_is_read_by_a_program_stays_as_it_is_written(info):
    rule = info.load()
    text = explanation(rule)
    assert text == explanation(rule, False, None)
    for line in documentation(rule).split("\n"):
        if not line.startswith(("##", "```")):
            assert line in text


# -- Markdown ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, lines", [
    ("", [""]),
    ("## A heading\n\ntext", ["A heading", "", "  text"]),
    ("one two three four five six", ["  one two three", "  four five six"]),
    ("one\ntwo\n\nthree", ["  one two", "", "  three"]),
    ("* one two three four\n* two", ["  - one two", "    three four", "  - two"]),
    ("1. one\n   and two\n2. three", ["  - one and two", "  - three"]),
    ("* a\n  * b", ["  - a", "    - b"]),
    ("a `b c` d", ["  a 'b c' d"]),
    ("a `*` **b** `c", ["  a '*' b `c"]),
    ("(``a`b``), c", ["  ('a`b'), c"]),
    ("the `a\nb` c", ["  the 'a b' c"]),
    ("[a b](c) d", ["  a b (c) d"]),
    ("```\n# a   b\n\n* c `d`\n```", ["      # a   b", "", "      * c `d`"]),
    ("```\nnever ends", ["      never ends"]),
    ("a-very-long-word-that-fits-nowhere x", ["  a-very-long-word-that-fits-nowhere", "  x"]),
    ("a\x1b[31mb", ["  a\\x1b[31mb"]),
])
def test_layout(text, lines):
    assert layout(text, 16) == lines


def test_layout_in_colors():
    assert layout("## h\n\na `b` **c**\n```\nd\n```", 80, True) == [
        "\x1b[1mh\x1b[0m", "", "  a \x1b[36mb\x1b[0m \x1b[1mc\x1b[0m", "      \x1b[36md\x1b[0m"]
    # What is not seen takes no place in a line, and each line has its own colours.
    assert layout("`aaaa bbbb cccc`", 12, True) == [
        "  \x1b[36maaaa\x1b[0m \x1b[36mbbbb\x1b[0m", "  \x1b[36mcccc\x1b[0m"]


# -- the command -----------------------------------------------------------------------------------------------


def shown(*arguments, columns=80, **env):
    """What the command sends to a terminal."""
    with Terminal(nodes.command_line(*arguments), nodes.environment(TERM="xterm", **env),
                  str(shapes.CHECKOUT), columns) as terminal:
        assert terminal.wait() == 0
        return terminal.raw.replace("\r\n", "\n")


@pytest.mark.parametrize("columns, env, width", [
    (80, {}, 80), (50, {}, 50), (300, {}, 100), (0, {}, 80), (80, {"COLUMNS": "60"}, 60),
    (80, {"COLUMNS": "x"}, 80)])
def test_it_is_as_wide_as_the_terminal(columns, env, width):
    rule, = [info.load() for info in catalogue() if info.code == "NET001"]
    assert shown("explain", "NET001", columns=columns, **env) == explanation(rule, True, width)
    assert shown("explain", "NET001", columns=columns, NO_COLOR="1", **env) == explanation(
        rule, False, width)


def test_colors():
    rule, = [info.load() for info in catalogue() if info.code == "NET001"]
    assert nodes.run("explain", "NET001").out == explanation(rule)
    assert nodes.run("explain", "NET001", "--color", "always", env={"COLUMNS": "70"}).out == (
        explanation(rule, True, 70))
    assert shown("explain", "NET001", "--color", "never") == explanation(rule, False, 80)
    assert shown("explain", "NET001", "--color", "always", NO_COLOR="1") == explanation(rule, True, 80)


def test_the_list_in_colors():
    plain = nodes.run("rules").out
    assert not COLOR.search(plain)
    painted = nodes.run("rules", "--color", "always").out
    assert COLOR.sub("", painted) == plain
    assert "\x1b[1mAPT001\x1b[0m  old-debian-suite" in painted
    assert "  \x1b[1;31merror\x1b[0m  " in painted
    assert shown("rules") == painted
    assert shown("rules", NO_COLOR="1") == plain
    assert len(plain.splitlines()) == len(pvemigrate.rules())
