"""Nodes, visitors, transformers, positions, edits, and what the engine makes sure of for any rule."""

import gc
import random
import sys
import tracemalloc
from pathlib import Path

import pytest

import invariants
import pvemigrate
from pvemigrate import (Block, File, Fix, FlattenSentinel, Line, Position, RemovalSentinel,
                        RemoveFromParent, Rule, Token, Transformer, Visitor, engine, insert_after,
                        insert_before, parse, parse_fragment, remove, replace)
from pvemigrate.edit import Edit, Overlap, apply_edits, token_end
from pvemigrate.formats import interfaces, storage, user, vzdump_conf

INTERFACES = b"""# net
auto lo
iface lo inet loopback

iface vmbr0 inet static
\taddress 192.0.2.1/24
\tbridge-ports eno1
"""


@pytest.fixture
def tree():
    return parse(INTERFACES, kind="interfaces")


def names(nodes):
    return [type(node).__name__ for node in nodes]


# -- nodes and tokens --------------------------------------------------------------------------------


def test_a_tree_has_typed_nodes(tree):
    assert names(tree.body) == ["Comment", "Auto", "Iface", "Iface"]
    lo, vmbr0 = tree.body[2:]
    assert (vmbr0.name, vmbr0.family, vmbr0.method) == ("vmbr0", "inet", "static")
    assert names(lo.children) == ["IfaceHeader", "Blank"]
    assert names(vmbr0.body) == ["Option", "Option"]
    assert vmbr0.code == vmbr0.header.code + vmbr0.body[0].code + vmbr0.body[1].code
    assert vmbr0.bytes == vmbr0.code.encode()


def test_walk_is_in_source_order(tree):
    nodes = list(tree.walk())
    assert nodes[0] is tree
    assert "".join(node.code for node in nodes if isinstance(node, Line)) == tree.code


@pytest.mark.parametrize("attribute", ["code", "spans", "key", "unknown", "body", "header"])
def test_nodes_are_immutable(tree, attribute):
    for node in tree.walk():
        with pytest.raises(AttributeError, match="immutable"):
            setattr(node, attribute, "x")
        with pytest.raises(AttributeError, match="immutable"):
            delattr(node, attribute)
    assert tree.bytes == INTERFACES


def test_a_token_is_a_str_that_knows_its_place(tree):
    option = tree.body[3].body[0]
    token = option.value
    assert token == "192.0.2.1/24"
    assert isinstance(token, str) and isinstance(token, Token)
    assert token.node is option
    assert option.code[token.offset:] == token + "\n"
    assert token_end(token) == ""
    assert token_end(token).offset == token.offset + len(token)


def test_an_absent_field_is_an_empty_token_where_it_would_stand():
    entry = parse("deb http://x buster main\n", kind="apt-list").body[0]
    assert entry.options == ""
    assert entry.options.offset == len("deb ")
    assert entry.remark == ""
    assert entry.remark.offset == len("deb http://x buster main")


def test_items_of_a_list_field():
    entry = parse("deb [a=b c=d ] http://x buster main  contrib\n", kind="apt-list").body[0]
    assert entry.words("components") == [(" ", "main"), ("  ", "contrib")]
    assert entry.words("options") == [("", "a=b"), (" ", "c=d")]
    assert [token.offset for token in entry.words("options")[0]] == [5, 5]
    assert parse("deb http://x ./\n", kind="apt-list").body[0].words("components") == []


def test_a_names_item_may_end_in_a_backslash():
    line = parse("auto a b\\c d\\ e\n", kind="interfaces").body[0]
    assert [name for _, name in line.words("names")] == ["a", "b\\c", "d\\", "e"]


def test_nodes_compare_by_identity_and_by_text():
    first, second = (parse("a: b\n", kind="vzdump-conf") for _ in range(2))
    assert first != second
    assert first.deep_equals(second)
    assert not first.deep_equals(parse("a: c\n", kind="vzdump-conf"))
    assert not first.body[0].deep_equals(parse("#: b\n", kind="vzdump-conf").body[0])


def test_a_block_without_header():
    live = parse("memory: 1\n[s]\nmemory: 2\n", kind="lxc").body[0]
    assert live.header is None
    assert live.name == ""
    with pytest.raises(TypeError, match="has no header"):
        live.with_changes(name="x")


def test_repr_is_short(tree):
    assert repr(tree) == "File(kind='interfaces', %d characters)" % len(tree.code)
    assert repr(tree.body[1]) == "Auto('auto lo\\n')"
    assert "2 nodes" in repr(tree.body[3])


@pytest.mark.parametrize("end", ["", "\n"])
def test_lines_of_a_large_text_are_its_lines(end):
    """Lines are cut out of their text some at a time, in whatever order they are asked for."""
    rnd = random.Random("large")
    texts = ["x" * rnd.choice((0, 1, 2, 30, 60, 2999, 3000, 7000)) for _ in range(900)]
    texts += [""] * 4000 + ["a: b\r", "# \u00e9\u2028", "last"]
    code = "\n".join(texts) + end
    expected = [text + "\n" for text in texts[:-1]] + [texts[-1] + end]
    tree = parse(code, kind="vzdump-conf")
    order = list(range(len(expected)))
    rnd.shuffle(order)
    assert len(tree.body) == len(expected)
    found = {}
    for number in order:
        line = tree.body[number]
        if number % 2:
            assert line.newline == ("\n" if line.code.endswith("\n") else "")
        found[number] = line.code
    assert [found[number] for number in range(len(expected))] == expected
    assert "".join(line.code for line in tree.body) == tree.code == code


def test_a_tree_is_not_much_larger_than_its_text():
    text = INTERFACES * 1000
    parse(text, kind="interfaces").body
    # What lies in the interpreter's free lists (2,000 tuples of a size) would be used and not be counted.
    gc.collect()
    tracemalloc.start()
    try:
        tree = parse(text, kind="interfaces")
        assert sum(1 for _ in tree.walk()) > 7000
        gc.collect()
        # What another test has left running allocates too.
        ours = tracemalloc.Filter(True, str(Path(pvemigrate.__file__).parent / "*"))
        size = sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces([ours]).traces)
    finally:
        tracemalloc.stop()
    # The collector's part of an object is twice as large before Python 3.8.
    assert size < (7 if sys.version_info >= (3, 8) else 9) * len(text)


# -- building and changing nodes ----------------------------------------------------------------------


def test_a_line_is_built_from_its_fields():
    line = interfaces.Option(key="mtu", value="9000")
    assert line.code == "\tmtu 9000\n"
    assert line.with_changes(trail="\r", indent="  ").code == "  mtu 9000\r\n"
    assert vzdump_conf.Setting(key="mode", value="stop").code == "mode: stop\n"


@pytest.mark.parametrize("build", [
    lambda: interfaces.Option(key="a b", value="c"),
    lambda: interfaces.Option(key="", value="c"),
    lambda: interfaces.Option(key="mtu", value="9000\n\tup reboot"),
    lambda: interfaces.Option(key="iface", value="a inet static"),
    lambda: user.Record(keyword="guru"),
    lambda: storage.Property.from_code("not indented\n"),
    lambda: interfaces.Option.from_code("\ta b\n\tc d\n"),
])
def test_a_line_that_would_read_otherwise_cannot_be_built(build):
    """What is written must come back as what was meant: no value smuggles in a line of its own."""
    try:
        line = build()
    except ValueError:
        return
    (node,) = [n for n in parse(line.code, kind="interfaces").walk() if isinstance(n, Line)]
    assert type(node) is type(line), "%r comes back as %r" % (line, node)


def test_unknown_fields_are_refused(tree):
    with pytest.raises(TypeError, match="no field colour"):
        interfaces.Option(key="a", value="b", colour="red")
    with pytest.raises(TypeError, match="no field colour"):
        tree.body[1].with_changes(colour="red")
    with pytest.raises(TypeError, match="one field to change: body"):
        tree.with_changes(kind="lxc")


def test_with_changes_gives_a_copy(tree):
    stanza = tree.body[3]
    changed = stanza.with_changes(name="vmbr7", body=stanza.body[:1])
    assert changed.code == "iface vmbr7 inet static\n\taddress 192.0.2.1/24\n"
    assert stanza.name == "vmbr0"
    new = tree.with_changes(body=[changed])
    assert new.bytes == changed.bytes
    assert tree.bytes == INTERFACES


def test_fragments(tree):
    option = parse_fragment("\thwaddress 02:00:00:00:00:01\n", "interfaces", "Option")
    assert option.key == "hwaddress"
    block = parse_fragment("iface a inet dhcp\n\tmtu 9\n", "interfaces", "Iface")
    assert names(block.body) == ["Option"]
    with pytest.raises(ValueError, match="another kind of line than Option"):
        parse_fragment("# x\n", "interfaces", "Option")


def test_parse_takes_the_kind_from_the_path():
    assert parse(b"", path="/srv/pve1/etc/pve/storage.cfg").kind == "storage"
    with pytest.raises(ValueError, match="what kind"):
        parse(b"", path="/srv/x")
    with pytest.raises(ValueError, match="unknown kind"):
        parse(b"", kind="exotic")


# -- visitors and transformers --------------------------------------------------------------------------


class Recorder(Visitor):
    def __init__(self, stay_out=False):
        self.log = []
        self.stay_out = stay_out

    def visit_Iface(self, node):
        self.log.append("visit " + node.name)
        return not self.stay_out

    def leave_Iface(self, node):
        self.log.append("leave " + node.name)

    def visit_Option(self, node):
        self.log.append(str(node.key))


def test_a_visitor_sees_nodes_in_order(tree):
    recorder = Recorder()
    assert tree.visit(recorder) is tree
    assert recorder.log == ["visit lo", "leave lo", "visit vmbr0", "address", "bridge-ports",
                            "leave vmbr0"]


def test_a_visitor_may_stay_out_of_a_node(tree):
    recorder = Recorder(stay_out=True)
    tree.visit(recorder)
    assert recorder.log == ["visit lo", "leave lo", "visit vmbr0", "leave vmbr0"]


class Edited(Transformer):
    def leave_Auto(self, original_node, updated_node):
        return RemoveFromParent()

    def leave_Option(self, original_node, updated_node):
        assert original_node is updated_node
        if updated_node.key == "bridge-ports":
            return FlattenSentinel([updated_node, interfaces.Option(key="bridge-stp", value="off")])
        return updated_node.with_changes(value="192.0.2.9/24")

    def leave_Iface(self, original_node, updated_node):
        if original_node.name == "vmbr0":
            assert original_node is not updated_node
            assert original_node.body[0].value == "192.0.2.1/24"
            return updated_node.with_changes(name="vmbr1")
        return updated_node


def test_a_transformer_rewrites_removes_and_adds(tree):
    new = tree.visit(Edited())
    assert new.code == ("# net\niface lo inet loopback\n\niface vmbr1 inet static\n"
                        "\taddress 192.0.2.9/24\n\tbridge-ports eno1\n\tbridge-stp off\n")
    assert tree.bytes == INTERFACES
    assert new.body[1] is tree.body[2], "what does not change is shared"
    invariants.check_positions(new)
    assert isinstance(new, File) and new.kind == "interfaces"


class Decapitator(Transformer):
    def leave_IfaceHeader(self, original_node, updated_node):
        return RemoveFromParent()


def test_a_header_does_not_go_alone(tree):
    with pytest.raises(TypeError, match="header cannot be removed"):
        tree.visit(Decapitator())


def test_a_transformer_that_does_nothing_returns_the_same_tree(tree):
    assert tree.visit(Transformer()) is tree


def test_removal_at_the_top(tree):
    class Gone(Transformer):
        def leave_File(self, original_node, updated_node):
            return RemoveFromParent()

    assert tree.visit(Gone()) is RemovalSentinel.REMOVE


# -- positions ---------------------------------------------------------------------------------------------


def test_positions_count_lines_columns_and_bytes():
    data = "user:\u00e9@pve:1:\nrole:\U0001f600\x85\u2028:".encode() + b"\xff\r\npool:p:\n"
    tree = parse(data, kind="user")
    first, second, third = tree.body
    assert tree.position(first) == Position(1, 1, 2, 1, 0, 15)
    field = second.values()[1]
    assert field == "\udcff"
    place = tree.position(field)
    assert (place.line, place.column, place.end_column) == (2, 10, 11), "lines end at LF only"
    assert data[place.start:place.end] == b"\xff"
    assert tree.position(third.keyword).line == 3
    invariants.check_positions(tree)


def test_a_node_of_another_tree_has_no_position(tree):
    other = parse(INTERFACES, kind="interfaces")
    with pytest.raises(KeyError):
        tree.position(other.body[0])


def test_equal_positions_are_one():
    assert len({Position(1, 1, 1, 2, 0, 1), Position(1, 1, 1, 2, 0, 1)}) == 1
    assert Position(1, 1, 1, 2, 0, 1) != Position(1, 1, 1, 3, 0, 2)
    assert repr(Position(1, 2, 3, 4, 5, 6)).startswith("Position(line=1, column=2")


# -- edits -------------------------------------------------------------------------------------------------


def edited(text, kind, *changes):
    tree = parse(text, kind=kind)
    edits = [Edit("f", *found) for change in changes for found in change(tree).resolve(tree)]
    return apply_edits(tree.code, edits)


def test_edits_touch_their_bytes_only():
    text = "a:  b \r\nc: d"
    assert edited(text, "vzdump-conf", lambda t: replace(t.body[0].value, "x")) == "a:  x \r\nc: d"
    assert edited(text, "vzdump-conf", lambda t: remove(t.body[0])) == "c: d"
    assert edited(text, "vzdump-conf", lambda t: remove(t.body[0].gap, t.body[0].value)) == "a: \r\nc: d"
    assert edited(text, "vzdump-conf", lambda t: insert_before(t.body[0], "n")) == "n\r\n" + text
    assert edited(text, "vzdump-conf", lambda t: insert_after(t.body[0], "n")) == "a:  b \r\nn\r\nc: d"
    assert edited(text, "vzdump-conf", lambda t: insert_after(t.body[1], "n")) == text + "\nn"
    assert edited(text, "vzdump-conf", lambda t: replace(token_end(t.body[0].value), "+")) == \
        "a:  b+ \r\nc: d"


def test_replacing_a_line_by_one_of_its_type_touches_what_differs():
    tree = parse("a:  b \r\n", kind="vzdump-conf")
    line = tree.body[0]
    change = replace(line, line.with_changes(key="k", value="v"))
    assert change.resolve(tree) == [(0, 1, "k"), (4, 5, "v")]


def test_what_goes_in_at_one_place_keeps_its_order():
    text = "a: b\n"
    assert edited(text, "vzdump-conf", lambda t: insert_after(t.body[0], "z"),
                  lambda t: insert_after(t.body[0], "y")) == "a: b\nz\ny\n"


def test_overlapping_edits_are_refused():
    with pytest.raises(Overlap):
        edited("a: b\n", "vzdump-conf", lambda t: replace(t.body[0].value, "x"),
               lambda t: remove(t.body[0]))


def test_adjacent_edits_do_not_overlap():
    assert edited("a: b\n", "vzdump-conf", lambda t: replace(t.body[0].key, "x"),
                  lambda t: replace(t.body[0].sep if hasattr(t.body[0], "sep") else t.body[0].colon,
                                    "=")) == "x= b\n"


# -- the engine, with rules made for the purpose ---------------------------------------------------------------


def rule(name, kind="vzdump-conf", **methods):
    """A rule class; *methods* by name, docstring and code as the real ones have them."""
    return type(name, (Rule,), dict(methods, code=name, name=name.lower(), kinds=(kind,),
                                    severity="warning", phase="before", __doc__="For a test."))


def fix(text, *rules, kind="vzdump-conf", **options):
    return pvemigrate.fix(text, kind=kind, rules=list(rules), phases="all", **options)


def renaming(name, old, new, fixer=Fix.safe):
    def visit_Setting(self, node):
        if node.key == old:
            self.report(node.key, "%s is old" % old, fixer("rename it", replace(node.key, new)))
    return rule(name, visit_Setting=visit_Setting)


def test_one_walk_serves_all_rules():
    walks = []
    seen = {}

    def visit_File(self, tree):
        walks.append(self.code)

    def visit_Setting(self, node):
        seen.setdefault(id(node), []).append(self.code)

    rules = [rule("T%03d" % number, visit_File=visit_File, visit_Setting=visit_Setting)
             for number in range(5)]
    opened = []

    class Counting(vzdump_conf.Setting):
        __slots__ = ()

    original = engine._walk

    def counting(node, *rest):
        if isinstance(node, File):
            opened.append(node)
        original(node, *rest)

    engine._walk, _ = counting, None
    try:
        pvemigrate.check("a: 1\nb: 2\n", kind="vzdump-conf", rules=rules)
    finally:
        engine._walk = original
    assert len(opened) == 1
    assert sorted(walks) == [r.code for r in rules]
    assert [codes for codes in seen.values()] == [[r.code for r in rules]] * 2


def test_rules_see_only_the_kinds_they_name():
    seen = []
    other = rule("T001", kind="storage", visit_File=lambda self, tree: seen.append(tree.kind))
    pvemigrate.check("a: 1\n", kind="vzdump-conf", rules=[other])
    assert seen == []


def test_file_is_visited_first_and_left_last():
    log = []
    both = rule("T001", visit_File=lambda self, tree: log.append("in"),
                visit_Setting=lambda self, node: log.append(str(node.key)),
                leave_Setting=lambda self, node: log.append("/" + node.key),
                leave_File=lambda self, tree: log.append("out"),
                check_project=lambda self, project: log.append("project"))
    pvemigrate.check("a: 1\n", kind="vzdump-conf", rules=[both])
    assert log == ["in", "a", "/a", "out", "project"]


def test_fixes_are_made_until_none_is_left():
    result = fix("a: 1\n", renaming("T001", "a", "b"), renaming("T002", "b", "c"))
    assert result.code == "c: 1\n"
    assert result.remaining == []
    assert fix(result.code, renaming("T001", "a", "b"), renaming("T002", "b", "c")).changed is False


def test_unsafe_fixes_are_made_when_asked_for():
    unsafe = renaming("T001", "a", "b", Fix.unsafe)
    result = fix("a: 1\n", unsafe)
    assert not result.changed
    assert [finding.applicability for finding in result.remaining] == ["unsafe"]
    assert fix("a: 1\n", unsafe, unsafe_fixes=True).code == "b: 1\n"


def test_a_fix_is_made_whole_or_not_at_all():
    """The fix of T002 takes two places, one of which T001 changes in the same round: neither is
    touched before the next round, where there is nothing left to report."""
    def visit_File(self, tree):
        first, second = tree.body
        if first.key == "a":
            self.report(first.key, "two places", Fix.safe(
                "both", replace(first.key, "B"), replace(second.key, "B")))

    result = fix("a: 1\nz: 2\n", renaming("T001", "a", "A"), rule("T002", visit_File=visit_File))
    assert result.code == "A: 1\nz: 2\n"
    assert result.errors == []


def test_a_fix_that_overlaps_another_waits_a_round():
    rounds = []

    def visit_File(self, tree):
        rounds.append(tree.code)

    def visit_Setting(self, node):
        if node.value == "1":
            self.report(node.value, "one", Fix.safe("two", replace(node, node.code.replace("1", "2"))))

    result = fix("a: 1\n", renaming("T001", "a", "b"),
                 rule("T002", visit_File=visit_File, visit_Setting=visit_Setting))
    assert result.code == "b: 2\n"
    assert rounds[:3] == ["a: 1\n", "b: 1\n", "b: 2\n"]
    assert sorted(finding.code for finding in result.fixed) == ["T001", "T002"]


def test_two_insertions_at_one_place_wait_for_each_other():
    def inserting(name, key):
        def visit_File(self, tree):
            if not any(line.key == key for line in tree.body):
                self.report(None, "no " + key, Fix.safe("add it", insert_after(tree.body[0], key + ": 1")))
        return rule(name, visit_File=visit_File)

    result = fix("a: 1\n", inserting("T001", "b"), inserting("T002", "c"))
    assert sorted(result.code.split()[::2]) == ["a:", "b:", "c:"]
    assert result.errors == []


def test_rules_that_undo_each_other_leave_the_file_alone():
    result = fix("a: 1\nc: 1\n", renaming("T001", "a", "b"), renaming("T002", "b", "a"))
    assert not result.changed
    assert len(result.errors) == 1
    assert "do not come to an end" in result.errors[0][1]
    assert "T001" in result.errors[0][1] or "T002" in result.errors[0][1]


def test_others_go_on_where_two_rules_undo_each_other():
    result = fix("a: 1\nc: 1\n", renaming("T001", "a", "b"), renaming("T002", "b", "a"),
                 renaming("T003", "c", "d"))
    assert "d: 1\n" in result.code
    assert len(result.errors) >= 1


def test_a_fix_that_changes_nothing_comes_to_an_end():
    result = fix("a: 1\n", renaming("T001", "a", "a"))
    assert not result.changed
    assert result.errors == []
    assert [finding.code for finding in result.remaining] == ["T001"]


def test_a_fix_that_breaks_a_line_is_refused():
    """And no other fix of that round is made in the file: it may be the one that broke the line."""
    result = fix("a: 1\nc: 1\n", renaming("T001", "a", "no colon"), renaming("T002", "c", "d"))
    assert not result.changed
    assert len(result.remaining) == 2
    assert len(result.errors) == 1
    assert "malformed" in result.errors[0][1]


def test_a_crashing_rule_is_one_error_and_others_go_on():
    calls = []

    def visit_Setting(self, node):
        calls.append(node)
        self.report(node, "reported before the crash", Fix.safe("x", remove(node)))
        raise ZeroDivisionError("nought")

    crashing = rule("T001", visit_Setting=visit_Setting)
    result = fix("a: 1\nb: 1\n", crashing, renaming("T002", "a", "c"))
    assert result.code == "c: 1\nb: 1\n"
    assert len(result.errors) == 1
    path, message = result.errors[0]
    assert "ZeroDivisionError: nought" in message and "report this" in message
    assert "\n" not in message
    with pytest.raises(RuntimeError, match="nought"):
        pvemigrate.check("a: 1\n", kind="vzdump-conf", rules=[crashing])


@pytest.mark.parametrize("method", ["visit_File", "leave_File", "leave_Setting", "check_project"])
def test_a_crash_anywhere_is_one_error(method):
    def crash(self, _):
        raise KeyError(method)

    result = fix("a: 1\n", rule("T001", **{method: crash}), renaming("T002", "a", "c"))
    assert result.code == "c: 1\n"
    assert len(result.errors) == 1


def test_a_fix_whose_edits_overlap_is_its_rules_error():
    def visit_Setting(self, node):
        self.report(node, "twice", Fix.safe("both", remove(node), replace(node.key, "x")))

    result = fix("a: 1\n", rule("T001", visit_Setting=visit_Setting))
    assert not result.changed
    assert len(result.errors) == 1
    assert "overlap" in result.errors[0][1]


def test_a_finding_knows_where_it_stands_in_bytes():
    def visit_Setting(self, node):
        self.report(node.value, "it", Fix.safe("x", replace(node.value, "x")))

    data = "\u00e9: 1\nb: \u00e9\u00e9 \r\n".encode()
    first, second = pvemigrate.check(data, kind="vzdump-conf", phases="all",
                                     rules=[rule("T001", visit_Setting=visit_Setting)])
    assert (second.line, second.column) == (2, 4)
    (_, start, end, text), = second.byte_edits
    assert data[start:end] == "\u00e9\u00e9".encode()
    assert text == "x"
    assert first.byte_edits[0][1] == 4


def test_a_finding_on_a_line_ends_before_its_line_ending():
    finding, = pvemigrate.check("a: 1\r\n", kind="vzdump-conf", phases="all", rules=[
        rule("T001", visit_Setting=lambda self, node: self.report(node, "it"))])
    assert (finding.position.end_line, finding.position.end_column) == (1, 5)


def test_a_finding_about_the_whole_file_stands_at_its_beginning():
    finding, = pvemigrate.check("\n\na: 1\n", kind="vzdump-conf", phases="all", rules=[
        rule("T001", visit_File=lambda self, tree: self.report(None, "it"))])
    assert (finding.line, finding.column, finding.position.start, finding.position.end) == (1, 1, 0, 0)


def test_blocks_are_blocks():
    section = parse("dir: a\n\tpath /a\n", kind="storage").body[0]
    assert isinstance(section, Block)
    assert section.lines(storage.Property) == list(section.properties())
    assert section.lines() == list(section.body)
