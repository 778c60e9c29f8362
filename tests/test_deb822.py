"""Trees of deb822 APT sources: stanzas, fields, folded lines, and what apt makes of them.

tests/test_apt_readers.py holds the same against apt-get itself."""

import pytest

import pvemigrate
from pvemigrate.formats.deb822 import (
    Comment, Continuation, FalseSeparator, Field, FieldLine, IndentedComment, Malformed, Separator,
    Stanza, Stray, readings)

GOOD = "Types: deb\nURIs: http://x\nSuites: buster\nComponents: main\n"


def parse(text):
    tree = pvemigrate.parse(text, kind="deb822")
    assert tree.code == text
    return tree


def shape(text):
    return [type(node).__name__ for node in parse(text).body]


def line_types(text):
    return [type(node) for node in parse(text).walk()
            if isinstance(node, pvemigrate.Line)]


def errors(text):
    return [reading.error for reading in readings(parse(text))]


# -- lines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("line, kind", [
    ("\n", Separator), ("\r\n", Separator), ("\r\r\n", Separator),
    ("#\n", Comment), ("# Types: deb\n", Comment), ("#", Comment),
    (" # x\n", IndentedComment), ("\t#x", IndentedComment),
    (" \n", FalseSeparator), ("\t \r\n", FalseSeparator), ("\f\n", FalseSeparator), (" ", FalseSeparator),
    (" buster\n", Continuation), ("\tbuster\r\n", Continuation), ("\vbuster", Continuation),
    (" : x\n", Continuation),
    ("Types: deb\n", FieldLine), ("types :deb", FieldLine), ("SUITES\t:\r\n", FieldLine),
    ("a b: c\n", FieldLine), (": x\n", FieldLine), ("X:#\n", FieldLine),
    ("junk\n", Malformed), ("\rTypes: deb\n", Malformed), ("\r# x\n", Malformed),
    ("\u00a0Types deb\n", Malformed),
])
def test_types_of_lines(line, kind):
    assert line_types(line) == [kind]


def test_fields_of_a_line():
    tree = parse("#é\nSuites \t:  buster\té \r\n")
    line = tree.body[1].body[0].header
    assert (line.name, line.colon, line.gap, line.value, line.trail, line.newline) == (
        "Suites", " \t:", "  ", "buster\té", " \r", "\n")
    first, second = tree.body[1].get("suites").words()
    assert (first, second) == ("buster", "é")
    place = tree.position(second)
    assert (place.line, place.column, place.start, place.end) == (2, 19, 22, 24)
    assert tree.bytes[place.start:place.end] == "é".encode("utf-8")


# -- stanzas -----------------------------------------------------------------------------------------


def test_only_truly_empty_lines_end_a_stanza():
    assert shape(GOOD + "\n" + GOOD) == ["Stanza", "Separator", "Stanza"]
    assert shape(GOOD + "\r\n\n" + GOOD) == ["Stanza", "Separator", "Separator", "Stanza"]
    for line in (" \n", "\t\n", "# x\n", " # x\n"):
        assert shape(GOOD + line + GOOD) == ["Stanza"]


def test_lines_before_the_first_field_belong_to_no_stanza():
    assert shape("\n# c\n buster\n \n # x\n" + GOOD) == [
        "Separator", "Comment", "Continuation", "FalseSeparator", "IndentedComment", "Stanza"]
    assert errors("\n# c\n buster\n \n # x\n" + GOOD) == [None]


def test_a_comment_does_not_break_a_folded_field():
    (stanza,) = parse("Suites: buster\n# old: Suites: stretch\n  buster-updates\n\tx\n").body
    (field,) = stanza.body
    assert type(field) is Field and field.name == "Suites"
    assert [type(node) for node in field.children] == [FieldLine, Comment, Continuation, Continuation]
    assert field.words() == ["buster", "buster-updates", "x"]


def test_an_indented_comment_is_data():
    (stanza,) = parse("Components: main # a\n # contrib\n").body
    words = stanza.get("components").words()
    assert words == ["main", "#", "a", "#", "contrib"]
    assert [type(word.node) for word in words] == [FieldLine] * 3 + [IndentedComment] * 2


def test_the_last_field_of_a_name_counts():
    (stanza,) = parse("Suites: a\nsuites: b\nSUITES:\n c\n").body
    assert stanza.get("Suites").words() == ["c"]
    assert stanza.get("uris") is None


def test_a_line_of_blanks_keeps_the_stanza_open():
    text = ("Types: deb\nURIs: http://m/debian\nSuites: buster\n# old: Suites: stretch\n"
            "  buster-updates\nComponents: main\n \nTypes: deb\nSuites: bullseye\n")
    (stanza,) = parse(text).body
    assert [line.blanks for line in stanza.lines(FalseSeparator)] == [" "]
    (reading,) = readings(parse(text))
    assert reading.error is None
    assert (reading.words("suites"), reading.words("components")) == (["bullseye"], ["main"])


def test_values_split_at_ascii_white_space_only():
    (stanza,) = parse("Suites: a,b\tc\u00a0d\u2003e\x85f\x1cg\fh\vi\n").body
    assert stanza.get("suites").words() == ["a,b", "c\u00a0d\u2003e\x85f\x1cg", "h", "i"]
    (reading,) = readings(parse(GOOD + "X: a\u00a0b c\x1cd\n"))
    assert reading.words("x") == ["a\u00a0b", "c\x1cd"]


# -- lines without a colon ---------------------------------------------------------------------------


def test_a_line_without_a_colon_is_a_node():
    (stanza,) = parse("Types: deb\njunk\n more\nSuites: x\n").body
    assert [type(part) for part in stanza.body] == [Field, Stray, Field]
    assert stanza.body[1].header.text == "junk"
    assert parse("Types: deb\njunk\n").malformed == 1


def test_it_takes_the_next_name_and_the_field_is_gone():
    text = GOOD.replace("Suites", "junk\nSuites")
    (reading,) = readings(parse(text))
    assert reading.error.startswith("it has no Suites")
    assert reading.at.code == "junk\n"
    assert reading.stanza is None


def test_it_takes_the_end_of_the_stanza_too():
    text = GOOD + "junk\n\n" + GOOD.replace("http://x", "http://y")
    (reading,) = readings(parse(text))
    assert reading.error is None and reading.stanza is None
    assert reading.words("uris") == ["http://y"]
    assert shape(text) == ["Stanza", "Separator", "Stanza"]
    assert pvemigrate.fix(text, kind="deb822", phases="all").changed is False


def test_at_the_end_of_the_file():
    (reading,) = readings(parse(GOOD + "# a: comment\njunk\n"))
    assert reading.error == "what follows holds no colon"
    assert reading.at.code == "junk\n"


@pytest.mark.parametrize("rest, refused", [
    ("x", False), ("x\n", False), ("x\n\n", False), ("é", True), ("xy", True), ("x\n\n\n", True),
])
def test_apt_overlooks_three_bytes_at_the_end(rest, refused):
    assert errors(GOOD + "\n" + rest) == [None] + ["what follows holds no colon"] * refused


def test_a_cr_before_a_field_is_nothing_to_apt():
    text = GOOD.replace("Suites", "\rSuites")
    (reading,) = readings(parse(text))
    assert reading.error is None and reading.words("suites") == ["buster"]
    assert reading.stanza is None


# -- what apt refuses --------------------------------------------------------------------------------


@pytest.mark.parametrize("old, new, error, at", [
    ("Types: deb\n", "", "it has no Types", "URIs: http://x\n"),
    ("Types: deb", "Types: deb rpm", "the type rpm is not known (there are deb and deb-src)",
     "Types: deb rpm\n"),
    ("Types: deb", "Types: DEB", "the type DEB is not known (there are deb and deb-src)", "Types: DEB\n"),
    ("URIs: http://x\n", "", "it has no URIs", "Types: deb\n"),
    ("URIs: http://x", "URIs:\n\t", "it has no URIs", "Types: deb\n"),
    ("http://x", "http://x y", "the URI y has no colon", "URIs: http://x y\n"),
    ("Suites: buster\n", "", "it has no Suites", "Types: deb\n"),
    ("Components: main\n", "", "it has no Components", "Types: deb\n"),
    ("buster", "buster ./", "the suite ./ stands for a path and takes no Components",
     "Components: main\n"),
    ("Types", "Signed-By: x\nTypes", "signed-by is neither the path of a key file nor a fingerprint: x",
     "Signed-By: x\n"),
    ("Types", "Signed-By: ,\nTypes", "signed-by names no key", "Signed-By: ,\n"),
    ("Types", "\ufeffTypes", "it has no Types (the file begins with a byte order mark)",
     "\ufeffTypes: deb\n"),
])
def test_errors(old, new, error, at):
    for text in (GOOD.replace(old, new), "# c\n\n" * (new[0:1] != "\ufeff") + GOOD.replace(old, new)):
        (reading,) = readings(parse(text))
        assert (reading.error, reading.at.code) == (error, at)


@pytest.mark.parametrize("old, new", [
    ("Types: deb", "Types:"), ("Types: deb", "tYPES :\n deb\n# c\n deb-src"),
    ("Types: deb\nURIs: http://x", "Types:"), ("http://x", "x:"), ("buster\nComponents: main", "a/ /"),
    ("Types", "Signed-By: /a.gpg , 0123456789abcdef0123456789abcdef01234567!\nTypes"),
    ("Types", "Signed-By:\nTypes"), ("Types", "Nonsense: x\nTypes"), ("Types", ": x\nTypes"),
    ("URIs: http://x\nSuites: buster", "Enabled: no"),
])
def test_accepted(old, new):
    assert errors(GOOD.replace(old, new)) == [None]


def test_a_disabled_stanza_needs_known_types():
    assert errors("Types: deb\nEnabled: no\n") == [None]
    assert errors("Types: rpm\nEnabled: no\n") != [None]
    assert errors("Enabled: no\n") == ["it has no Types"]


@pytest.mark.parametrize("value, enabled", [
    ("no", False), ("No", False), ("FALSE", False), ("without", False), ("off", False),
    ("disable", False), ("0", False), ("00", False), ("0x0", False), ("-0", False), ("+0", False),
    ("\n no", False), ("\n\t0", False), ("no \r", False),
    ("yes", True), ("1", True), ("2", True), ("0 1", True), ("0x", True), ("disabled", True),
    ("maybe", True), ("no # c", True), ("", True), ("\n\tno", True), ("\u0660", True),
])
def test_enabled(value, enabled):
    (reading,) = readings(parse(GOOD + "enabled: " + value + "\n"))
    assert reading.enabled is enabled


def test_readings_name_their_stanzas():
    tree = parse(GOOD + "\n \n# c\n\n" + GOOD + "\n\n\nEnabled: no\n" + GOOD)
    found = readings(tree)
    assert [reading.stanza for reading in found] == [
        node for node in tree.body if type(node) is Stanza]


def test_hostile_files_take_bearable_time():
    size = 20000
    for text in ("a\n" * size, "a:" + " " * size + "b", "\r" * size + "x", "x\n\n" * size,
                 ": \n" * size, "a:\n b\n" * size, " " * size + "x"):
        readings(parse(text))
