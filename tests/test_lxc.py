"""Trees of container configurations: every way of writing a line that PVE tells apart, and every
one that it refuses."""

import pytest

import pvemigrate
from pvemigrate.cst import Line


def shape(text, kind="lxc"):
    """The tree as nested lists: (section's name, [line types])."""
    tree = pvemigrate.parse(text, kind=kind)
    assert tree.code == text if isinstance(text, str) else tree.bytes == text
    return [(str(block.name), [type(line).__name__ for line in block.body]) for block in tree.body]


def only(text):
    """The one line of a configuration."""
    line, = [node for node in pvemigrate.parse(text, kind="lxc").walk() if isinstance(node, Line)]
    return line


def fields(text, *names):
    line = only(text)
    return (type(line).__name__, *(str(line.field(name)) for name in names))


# -- raw lxc keys ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text, sep", [
    ("lxc.a:v", ":"), ("lxc.a: v", ":"), ("lxc.a=v", "="), ("lxc.a = v", " ="),
    ("lxc.a   = v", "   ="), ("lxc.a\t=\tv", "\t="), ("lxc.a:  v \t\r", ":"),
])
def test_raw_keys_take_colon_and_equals_sign(text, sep):
    assert fields(text, "key", "sep", "value") == ("RawKey", "lxc.a", sep, "v")


@pytest.mark.parametrize("text", ["lxc.a : v", "lxc.A: v", "lxc.a\u00e9: v", "lxc.: v",
                                  "lxc.a", "lxc.a v", " lxc.a: v", "Lxc.a: v", "lxc.a\0: v",
                                  "lxc.a\u00a0= v"])
def test_raw_keys_that_are_refused(text):
    assert fields(text) == ("Malformed",)


def test_a_raw_key_may_have_no_value():
    assert fields("lxc.mount.entry:", "value") == ("RawKey", "")
    assert fields("lxc.mount.entry = \t", "value", "trail") == ("RawKey", "", " \t")


def test_a_raw_value_holds_anything_but_blanks_at_its_ends():
    value = "a = b : c # \0 \u00e9 \u2028 d"
    assert fields("lxc.environment:\v" + value + "\f\r", "gap", "value", "trail") == (
        "RawKey", "\v", value, "\f\r")


def test_a_raw_key_comes_before_snapstate():
    assert fields("lxc.a: snapstate: delete", "value") == ("RawKey", "snapstate: delete")


# -- plain keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, key, value", [
    ("memory: 512", "memory", "512"), ("memory:512", "memory", "512"),
    ("net0:\ta b \r", "net0", "a b"),
    ("a:b", "a", "b"), ("a_b12: :", "a_b12", ":"), ("mp0: /a:b,mp=/c", "mp0", "/a:b,mp=/c"),
    ("unknown: kept", "unknown", "kept"), ("snapstate: other", "snapstate", "other"),
    ("snapstate: prepare", "snapstate", "prepare"),
    ("description: snapstate: delete", "description", "snapstate: delete"),
])
def test_properties(text, key, value):
    assert fields(text, "key", "value") == ("Property", key, value)


@pytest.mark.parametrize("text", [
    "swap:", "swap: ", "key :v", "cpu-units: 1", "net0a: 1", "_a: 1", "0a: 1", "Memory: 1", " a: 1",
    "\ta: 1", "memory = 512", "memory", "hello there", "\u00e9: 1", "\ufeffmemory: 1", "\0", ": x",
    "net\u0663: x", "\u00a0memory: 1", "\x1cmemory: 1",
])
def test_lines_that_pve_tosses(text):
    line = only(text)
    assert type(line).__name__ == "Malformed" and line.is_malformed and line.text == text


# -- description, snapstate, blank lines -----------------------------------------------------------


@pytest.mark.parametrize("text, rest", [("#", ""), ("# x ", " x "), ("##", "#"), ("#\t\r", "\t\r"),
                                        ("#[snap]", "[snap]"), ("#lxc.a: v", "lxc.a: v")])
def test_a_number_sign_in_the_first_column_is_description(text, rest):
    assert fields(text, "text") == ("Description", rest)


def test_an_indented_number_sign_is_none():
    assert fields(" # x")[0] == "Malformed"


@pytest.mark.parametrize("text, before, state", [
    ("foo snapstate: delete", "foo ", "delete"), (" snapstate:prepare\r", " ", "prepare"),
    ("snapstate: x snapstate: delete ", "snapstate: x ", "delete"),
    ("args: snapstate: delete", "args: ", "delete"), ("Xsnapstate:\tdelete", "X", "delete"),
    ("description:snapstate: delete", None, None), ("foo snapstate: deleted", None, None),
    ("foo snapstate: delete x", None, None), ("foo snapstate: Delete", None, None),
])
def test_snapstate_behind_other_text(text, before, state):
    line = only(text)
    if before is None:
        assert type(line).__name__ != "BuriedState"
    else:
        assert (type(line).__name__, line.text, line.state) == ("BuriedState", before, state)


def test_a_description_without_text_is_no_description_line():
    assert fields("description: snapstate: delete")[0] == "Property"
    assert fields("description:")[0] == "Malformed"


@pytest.mark.parametrize("text", [" ", "\t\r", "\v\f"])
def test_blank_lines(text):
    assert fields(text) == ("Blank",)


@pytest.mark.parametrize("text", ["\u00a0", "\u2003", "\x1c", "\x85", "\ufeff"])
def test_what_only_unicode_calls_blank(text):
    assert fields(text) == ("Malformed",)


# -- sections --------------------------------------------------------------------------------------


@pytest.mark.parametrize("header, name, pending", [
    ("[ab]", "ab", False), ("[Snap_1-x]", "Snap_1-x", False), ("[ab] \t\r", "ab", False),
    ("[pve:pending]", "pve:pending", True), ("[PVE:Pending]", "PVE:Pending", True),
    ("[pending]", "pending", False), ("[PENDING]", "PENDING", False),
])
def test_headers(header, name, pending):
    tree = pvemigrate.parse("memory: 1\n%s\nmemory: 2\n" % header, kind="lxc")
    live, section = tree.body
    assert (live.label, section.name, section.is_pending) == ("live configuration", name, pending)
    assert section.label == ("pending changes" if pending else "snapshot " + name)
    assert [line.value for line in section.lines()] == ["2"]
    assert tree.malformed == 0


@pytest.mark.parametrize("header", [
    "[a]", "[1x]", " [x2]", "[my snap]", "[]", "[", "[ab", "[ab]c", "[ab] # c", "[[ab]]",
    "[pve:other]",
    "[\u00e9a]", "[a\u00e9]", "[k\u212a]", "[\u017fa]", "[a\0]", "[special:cloudinit]",
])
def test_a_header_that_is_none_leaves_its_keys_to_the_section_above(header):
    text = "[snap1]\nmemory: 1\n%s\nmemory: 2\n[snap2]\nmemory: 3\n" % header
    assert shape(text) == [
        ("snap1", ["Property", "BrokenHeader", "Property"]), ("snap2", ["Property"])]
    assert shape("%s\nmemory: 2" % header) == [("", ["BrokenHeader", "Property"])]
    assert pvemigrate.parse(text, kind="lxc").malformed == 1


def test_a_description_above_a_header_belongs_to_the_section_before():
    assert shape("memory: 1\n# of the live one\n[snap]\n# of the snapshot\n") == [
        ("", ["Property", "Description"]), ("snap", ["Description"])]


def test_a_repeated_header_is_a_section_of_its_own():
    assert shape("[ab]\nmemory: 1\n[ab]\nmemory: 2\n") == [("ab", ["Property"]),
    ("ab", ["Property"])]


def test_no_live_configuration_and_empty_sections():
    assert shape("[ab]\n[cd]") == [("ab", []), ("cd", [])]
    assert shape("") == []
    assert shape("\n") == [("", ["Blank"])]


# -- line ends, bytes, positions -------------------------------------------------------------------


def test_carriage_returns_belong_to_values_of_no_key_but_to_descriptions():
    tree = pvemigrate.parse(b"#text\r\nmemory: 512\r\nlxc.a = b\r\n[ab]\r\n\r\n", kind="lxc")
    live, section = tree.body
    description, memory, raw = live.body
    assert description.text == "text\r"
    assert (memory.value, memory.trail, raw.value, raw.trail) == ("512", "\r", "b", "\r")
    assert (section.name, section.header.trail) == ("ab", "\r")
    assert type(section.body[0]).__name__ == "Blank"


def test_a_lone_carriage_return_ends_no_line():
    assert shape("memory: 1\rswap: 2\n") == [("", ["Property"])]


@pytest.mark.parametrize("char", ["\x85", "\u2028", "\v", "\f", "\x1c", "\x1e"])
def test_only_a_line_feed_ends_a_line(char):
    assert shape("memory: 1%sswap: 2\nswap: 3" % char) == [("", ["Property", "Property"])]


def test_positions_count_characters_and_bytes():
    tree = pvemigrate.parse(b"#caf\xc3\xa9 \xff\nlxc.a: \xc3\xa9 \xe9", kind="lxc")
    value = tree.body[0].body[1].value
    place = tree.position(value)
    assert (place.line, place.column, place.end_line, place.end_column) == (2, 8, 2, 11)
    assert tree.bytes[place.start:place.end] == b"\xc3\xa9 \xe9" == tree.bytes[-4:]


def test_a_line_without_end_of_line_can_be_changed():
    line = only("lxc.cgroup.pids.max=5")
    assert line.with_changes(key="lxc.cgroup2.pids.max").code == "lxc.cgroup2.pids.max=5"
    with pytest.raises(ValueError):
        line.with_changes(key="lxc.Upper")
    with pytest.raises(ValueError):
        line.with_changes(value="two\nlines")
