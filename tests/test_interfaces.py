"""Trees of /etc/network/interfaces: what each reader makes of a line, and where things stand."""

import pytest

import pvemigrate
from pvemigrate.formats.interfaces import (
    Auto, BareKeyword, Blank, BrokenIfaceHeader, Comment, Directive, Iface, IfaceHeader,
    InheritsHeader, Mapping, Misplaced, NamelessOption, Option, Source, ValuelessOption,
    disagreements, joined, words)

HEADER = "iface vmbr0 inet static\n"


def parse(text):
    tree = pvemigrate.parse(text, kind="interfaces")
    assert tree.code == text
    return tree


def stanza(body, header=HEADER):
    tree = parse(header + body)
    (block,) = tree.body
    assert isinstance(block, Iface)
    return block


def only(text):
    (node,) = parse(text).body
    return node


def said(text):
    """Every disagreement in a file: (line, the first words of it)."""
    tree = parse(text)
    return [(tree.position(node).line, how) for node, how in disagreements(tree)]


# -- lines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("line, types", [
    ("# c\n", Comment), ("  \t# c\n", Comment), ("#c", Comment), ("\n", Blank),
    (" \t\r\f\v\n", Blank),
    ("auto a b\n", Auto), ("allow-hotplug a\n", Auto), ("\tauto a\r\n", Auto),
    ("allow-ovs-br0 a\n", Auto),
    ("auto\n", BareKeyword), ("allow-x\n", BareKeyword), ("no-scripts\n", BareKeyword),
    ("source x\n", Source), ("source-directory x\n", Source), ("source\n", Source),
    ("no-auto-down a\n", Directive), ("rename a=b\n", Directive), ("rename\n", Directive),
    ("mapping a\n", Mapping), ("foo bar\n", Misplaced), ("foo\n", Misplaced),
    ("allow- a\n", Misplaced),
    ("template a\n", Misplaced), ("\N{NO-BREAK SPACE}auto a\n", Misplaced), ("Auto a\n", Misplaced),
    ("\ufeffauto a\n", Misplaced), ("autos a\n", Misplaced), ("sources x\n", Misplaced),
])
def test_top_level_lines(line, types):
    assert type(only(line)) is types


@pytest.mark.parametrize("header, type_, malformed", [
    ("iface a inet static\n", IfaceHeader, False),
    ("iface a inet6 auto\n", IfaceHeader, False),
    ("\tiface  a\tinet   static # remark\n", IfaceHeader, False),
    ("iface a inet static\r\n", IfaceHeader, False),
    ("iface\fa\vinet\rstatic", IfaceHeader, False),
    ("iface a inet dhcp6\n", IfaceHeader, True),
    ("iface a ipv4 static\n", IfaceHeader, True),
    ("iface a inet static inherits\n", IfaceHeader, True),
    ("iface a inet static inherits b\n", InheritsHeader, False),
    ("iface a inherits b\n", InheritsHeader, False),
    ("iface a inet static x inherits b y\n", InheritsHeader, False),
    ("iface a inet\n", BrokenIfaceHeader, True),
    ("iface a\n", BrokenIfaceHeader, True),
    ("iface\n", BrokenIfaceHeader, True),
    ("iface inherits b\n", BrokenIfaceHeader, True),
])
def test_iface_lines(header, type_, malformed):
    block = only(header)
    assert type(block.header) is type_
    assert bool(getattr(block.header, "is_malformed", False)) is malformed
    assert block.code == header


@pytest.mark.parametrize("line, type_, key, value", [
    ("\taddress 192.0.2.1/24\n", Option, "address", "192.0.2.1/24"),
    ("address\t192.0.2.1/24 \t\n", Option, "address", "192.0.2.1/24"),
    ("\tup echo x # y\n", Option, "up", "echo x # y"),
    ("\tup echo #\r\n", Option, "up", "echo #"),
    ("\tup a \\\n   b\n", Option, "up", "a    b"),
    ("\tup a\\\nb\n", Option, "up", "ab"),
    ("\tu\\\np a\n", Option, "up", "a"),
    ("\\\nup a\n", Option, "up", "a"),
    ("\tup a\\\\\nb\n", Option, "up", "a\\b"),
    ("\tup a\\ \n", Option, "up", "a\\"),
    ("\tup a\\\r\n", Option, "up", "a\\"),
    ("\tup a\\", Option, "up", "a"),
    ("\tup a\0b\n", Option, "up", "a"),
    ("\tup a\\\0x\nb\n", Option, "up", "ab"),
    ("\t#up a\\\n", Comment, None, None),
    ("\tup \\\n#a\n", Option, "up", "#a"),
    ("\tup\n", ValuelessOption, "up", None),
    ("\tup \\\n\n", ValuelessOption, "up", None),
    ("\tup\\\na\n", ValuelessOption, "upa", None),
    ("\tup\0 a\n", ValuelessOption, "up", None),
    (" \\\n up a\n", NamelessOption, None, "up a"),
    ("vlan 5\n", Option, "vlan", "5"),
    ("template x\n", Option, "template", "x"),
    ("allow- x\n", Option, "allow-", "x"),
    ("auto\n", BareKeyword, None, None),
    ("\\\n \n", Blank, None, None),
    ("\0up a\n", Blank, None, None),
])
def test_lines_of_a_stanza(line, type_, key, value):
    (node,) = stanza(line).body
    assert type(node) is type_
    assert key is None or joined(node.key) == key
    assert value is None or joined(node.value) == value


@pytest.mark.parametrize("keyword", [
    "iface b inet manual", "mapping b", "auto b", "allow-x b", "no-auto-down b", "no-scripts b",
    "rename a=b", "rename", "source x", "source-directory x", "source"])
def test_a_keyword_ends_a_stanza(keyword):
    tree = parse(HEADER + "\tup a\n" + keyword + "\n")
    assert [len(tree.body), len(tree.body[0].body)] == [2, 1]


def test_neither_indentation_nor_blank_lines_nor_bare_keywords_end_a_stanza():
    block = stanza("up a\n\n   \n# c\nauto\n no-scripts\n    up b\n")
    assert [joined(o.value) for o in block.options("up")] == ["a", "b"]


def test_a_keyword_may_be_cut_by_a_joined_line():
    block = only("if\\\nace vm\\\nbr0 \\\n inet static\n\tup a\n")
    assert [joined(block.name), joined(block.family), joined(block.method)] == [
        "vmbr0", "inet", "static"]
    assert words(only("auto a\\\nb \\\n c\n").names) == ["ab", "c"]


def test_options_by_name():
    block = stanza("\tbridge_ports a\n\tbridge-ports b\n\tBridge-ports c\n\tmtu 9000\n")
    assert [str(o.value) for o in block.options("bridge-ports")] == ["a", "b"]
    assert [str(o.value) for o in block.options("bridge_ports", "mtu")] == ["a", "b", "9000"]
    assert len(block.options()) == 4


def test_positions():
    tree = parse("# ü\niface vmbr0 inet static\r\n\tup x \\\n y\n  hwaddress 1\n")
    block = tree.body[1]
    up, hwaddress = block.body

    def place(item):
        p = tree.position(item)
        return p.line, p.column, p.end_line, p.end_column, p.start, p.end

    assert place(block.name) == (2, 7, 2, 12, 11, 16)
    assert place(up.value) == (3, 5, 4, 3, 34, 40)
    assert place(hwaddress.key) == (5, 3, 5, 12, 43, 52)
    assert tree.bytes[43:52] == b"hwaddress"


def test_lines_are_built_and_changed_by_name():
    assert Option(key="hwaddress", value="x").code == "\thwaddress x\n"
    block = stanza("\tup a\n").with_changes(method="manual")
    assert block.code == "iface vmbr0 inet manual\n\tup a\n"
    with pytest.raises(ValueError):
        Option(key="two words", value="x")
    assert pvemigrate.parse_fragment("auto a\n", "interfaces", "Auto").code == "auto a\n"


# -- who reads it differently ----------------------------------------------------------------------


@pytest.mark.parametrize("text, line, how", [
    (HEADER + "\tup a \\\n b\n", 2, "continued line"),
    (HEADER + "\tup a\\b\n", 2, "backslash"),
    (HEADER + "\tup a\0b\n", 2, "NUL byte"),
    (HEADER + "\tup a\rb c\n", 2, "carriage return"),
    (HEADER + "# c \\\n\tup a\n", 2, "comment that ends in a backslash"),
    (HEADER + "\n\tup a\n", 3, "behind a line that ends the stanza for PVE"),
    (HEADER + "\tup\n\tup a\n", 2, "no value"),
    (HEADER + "\tup\n\tup a\n", 3, "behind a line that ends the stanza for PVE"),
    (HEADER + "\tup a \\\n b\n\tdown a\n", 4, "behind a line that ends the stanza for PVE"),
    (HEADER + "auto\n\tup a\n", 2, "auto without a name"),
    (HEADER + "vlan 5\n", 2, "vlan: ifupdown2 ends the stanza"),
    (HEADER + "allow- x\n", 2, "allow-: ifupdown2 ends the stanza"),
    (HEADER + "no-auto-down vmbr0\n", 2, "no-auto-down: a keyword of ifupdown"),
    (HEADER + "rename a=b\n", 2, "rename: a keyword of ifupdown"),
    (HEADER + "mapping a\n\tscript x\n", 2, "mapping: ifupdown2 does not know it and takes"),
    ("mapping a\n\tscript x\n", 1, "mapping: ifupdown2 does not know it, PVE"),
    (HEADER + "auto a\nmapping a\n\tscript x\n", 3, "mapping: ifupdown2 does not know it, PVE"),
    ("iface a inet static # remark\n", 1, "words behind the method"),
    ("iface a inet static inherits b\n", 1, "inherits"),
    ("iface a\n", 1, "no family or method"),
    ("iface\n", 1, "no name"),
    ("iface a inet6 auto\n", 1, "inet6 auto: ifupdown2"),
    ("iface a ipx static\n", 1, "family ipx"),
    (HEADER + HEADER, 2, "vmbr0 has two inet stanzas"),
    (HEADER + "\taddress 192.0.2.1\n\taddress 192.0.2.2\n", 3, "address a second time"),
    ("allow-hotplug a\n", 1, "allow-hotplug: PVE rewrites"),
    ("allow-x a\n", 1, "allow-x: PVE knows no such class"),
    ("allow-ovs-br0 a\n", 1, "allow-ovs-br0: for ifupdown2 the class is ovs only"),
    ("auto all\n", 1, "names that ifupdown2 expands"),
    ("auto swp[1-4]\n", 1, "names that ifupdown2 expands"),
    ("auto /eth*\n", 1, "a pattern"),
    ("source interfaces.d/*\n", 1, "source: PVE does not read"),
    ("source a b\n", 1, "several paths"),
    ("source\n", 1, "no path"),
    ("source-directory d\n", 1, "source-directory"),
])
def test_disagreement(text, line, how):
    assert any(at == line and message.startswith(how) for at, message in said(text)), said(text)


@pytest.mark.parametrize("text", [
    "", "# c\n", "auto a b\n", "allow-ovs a\n",
    HEADER + "\taddress 192.0.2.1/24\n\tbridge_ports a # b\n# c\n\tup a\n\tup b\n\n# d\nauto a\n",
    HEADER + "\taddress a\n\niface vmbr0 inet6 static\n\taddress b\n",
    "iface a inet static\r\n\taddress x\r\n\r\nauto a\r\n",
])
def test_agreement(text):
    assert said(text) == []


@pytest.mark.parametrize("body, kept, lost", [
    ("\ta 1\n\tb 2\n", 2, 0),
    ("\ta 1\n# c\n\tb 2\n", 3, 0),
    ("\ta 1\n\n\tb 2\n", 1, 1),
    ("\ta 1\n\t \r\n\tb 2\n\tc 3\n", 1, 2),
    ("\ta 1\n\tb\n\tc 3\n", 1, 1),
    ("\ta 1\n\tb \\\n 2 3\n\tc 3\n", 3, 0),
    ("\ta 1\n\tb \\\n 2\n\tc 3\n", 1, 2),
    ("\ta 1\n\tb 1 \\\n auto x\n\tc 3\n", 1, 2),
    ("\ta 1\nauto\n\tc 3\n", 1, 1),
    ("\ta 1\nallow- x\n\tc 3\n", 1, 2),
])
def test_what_pve_keeps_in_the_stanza(body, kept, lost):
    block = stanza(body)
    assert block.kept_by_pve == block.body[:kept]
    assert len(block.lost_by_pve) == lost


def test_what_every_reader_counts_to_the_stanza():
    assert len(stanza("\ta 1\n\tvlan 5\n\tb 2\n").kept_by_all) == 1
    assert len(stanza("\ta 1\n\tb 1\rc 2\n\td 2\n").kept_by_all) == 1
    assert len(stanza("\ta 1\r\n\tb 1\r\n").kept_by_all) == 2
