"""Any bytes have a tree that holds them exactly; any run of fix keeps its promises (invariants.py
says which). Plain seeded loops for volume, Hypothesis for small counter-examples."""

import gc
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import invariants
import pvemigrate
import shapes
from pvemigrate import formats
from pvemigrate.cst import Block, File, FlattenSentinel, Line, RemoveFromParent, Transformer

KINDS = pytest.mark.parametrize("kind", shapes.ALL_KINDS)
EVERYTHING = {"phases": "all", "unsafe_fixes": True, "macs": shapes.MACS}

quick = settings(max_examples=40, deadline=None, derandomize=True, database=None,
                 suppress_health_check=list(HealthCheck))


def shaped(kind):
    """Hypothesis's own grammar-shaped text: pieces and lines, so that it shrinks to few of them."""
    part = st.one_of(
        st.sampled_from(shapes.PIECES[kind]),
        st.sampled_from(shapes.LINES[kind]).map(lambda line: line + "\n"),
        st.sampled_from(["\n", " ", "\t", "\r\n", "\n\n", "\\\n"]),
        st.text(max_size=3))
    return st.lists(part, max_size=15).map("".join)


def kept(data, kind):
    try:
        invariants.check_positions(invariants.check_tree(data, kind))
    except Exception as error:
        raise AssertionError("%s: %r" % (kind, data)) from error


@KINDS
def test_ten_thousand_byte_strings(kind):
    for rnd in shapes.randoms(kind, "bytes", 10000):
        kept(shapes.noise(rnd), kind)


@KINDS
def test_a_thousand_shaped_texts(kind):
    for rnd in shapes.randoms(kind, "shaped", 1000):
        kept(shapes.text(kind, rnd).encode("utf-8", "surrogateescape"), kind)


@KINDS
def test_samples(kind):
    for sample_kind, _, data in shapes.samples():
        if sample_kind == kind:
            kept(data, kind)
            kept(data.replace(b"\n", b"\r\n"), kind)
            kept(data.rstrip(b"\n"), kind)
            kept(data + b"\0\xff", kind)


@KINDS
@quick
@given(data=st.data())
def test_any_bytes(kind, data):
    kept(data.draw(st.binary(max_size=80)), kind)


@KINDS
@quick
@given(data=st.data())
def test_any_shaped_text(kind, data):
    kept(data.draw(shaped(kind)).encode("utf-8", "surrogatepass"), kind)


@KINDS
@quick
@given(data=st.data())
def test_any_str(kind, data):
    """Text that never came from bytes may hold lone surrogates of all sorts."""
    odd = st.text(st.one_of(st.characters(), st.characters(whitelist_categories=["Cs"])), max_size=30)
    kept(data.draw(st.one_of(odd, st.tuples(odd, shaped(kind)).map("".join))), kind)


@pytest.mark.parametrize("text, data", [
    ("\udcff", b"\xff"),
    ("\ud800\n", b"\xed\xa0\x80\n"),
    ("a\udc7f\udc80\udfff", b"a\xed\xb1\xbf\x80\xed\xbf\xbf"),
    ("\ud83d\ude00", b"\xed\xa0\xbd\xed\xb8\x80"),
    ("\u00e9\ud800\udce9", b"\xc3\xa9\xed\xa0\x80\xe9"),
])
def test_every_str_has_bytes(text, data):
    """Undecodable bytes come back as they were; any other lone surrogate as what it would be in
    UTF-8 if that allowed it."""
    tree = pvemigrate.parse(text, kind="user")
    assert tree.code == text
    assert tree.bytes == data


@pytest.mark.parametrize("data", [bytearray(b"a: b\n"), memoryview(b"a: b\n")])
def test_bytes_like_input(data):
    assert pvemigrate.parse(data, kind="vzdump-conf").bytes == b"a: b\n"


# -- rewriting by hand ---------------------------------------------------------------------------------


@KINDS
@quick
@given(data=st.data())
def test_with_changes_round_trips(kind, data):
    tree = pvemigrate.parse(data.draw(shaped(kind)), kind=kind)
    for node in tree.walk():
        if isinstance(node, File):
            assert node.with_changes(body=node.body).bytes == node.bytes
        elif isinstance(node, Block):
            assert node.with_changes().deep_equals(node)
        else:
            same = {name: node.field(name) for name in node._fields}
            assert node.with_changes(**same).deep_equals(node)
            assert type(node)(**same).deep_equals(node)
            assert type(node).from_code(node.code).deep_equals(node)
            for name in node._fields:
                assert_changed(node, name, data.draw(st.sampled_from(["x", " ", "", "\n", "7", "#"])))


def assert_changed(node, name, text):
    """A changed node reads as asked, or the change is refused; never a line that says something
    else."""
    try:
        changed = node.with_changes(**{name: text})
    except ValueError:
        return
    assert changed.field(name) == text
    for other in node._fields:
        assert other == name or changed.field(other) == node.field(other)


class Rebuild(Transformer):
    """Puts an equal copy in the place of every line and block."""

    def on_leave(self, node, updated=None):
        if isinstance(node, Line):
            return type(node).from_code(node.code)
        if isinstance(node, Block):
            return FlattenSentinel([type(node)(updated.header, updated.body)])
        return updated


class DropLines(Transformer):
    """Removes all that can be removed: everything but the headers of blocks, then the blocks."""

    def __init__(self, blocks):
        self.blocks = blocks
        self.headers = set()

    def on_visit(self, node):
        if isinstance(node, Block):
            self.headers.add(id(node.header))
        return True

    def on_leave(self, node, updated=None):
        if isinstance(node, File) or id(node) in self.headers:
            return updated
        if isinstance(node, Block) and not self.blocks:
            return updated
        return RemoveFromParent()


@KINDS
@quick
@given(data=st.data())
def test_rebuilding_a_tree_keeps_its_text(kind, data):
    tree = pvemigrate.parse(data.draw(shaped(kind)), kind=kind)
    copy = tree.visit(Rebuild())
    assert copy.deep_equals(tree)
    assert copy.bytes == tree.bytes
    invariants.check_positions(copy)
    headers = "".join(node.header.code for node in tree.walk()
                      if isinstance(node, Block) and node.header is not None)
    assert tree.visit(DropLines(blocks=False)).code == headers
    assert tree.visit(DropLines(blocks=True)).code == ""
    invariants.check_positions(tree)


# -- runs of fix -----------------------------------------------------------------------------------------


@KINDS
def test_fix_keeps_its_promises_for_any_text(kind):
    for rnd in shapes.randoms(kind, "fix", 700):
        data = shapes.text(kind, rnd).encode("utf-8", "surrogateescape")
        try:
            invariants.check_fix(data, kind, **EVERYTHING)
        except Exception as error:
            raise AssertionError(repr(data)) from error


@KINDS
def test_fix_keeps_its_promises_for_samples(kind):
    for sample_kind, name, data in shapes.samples():
        if sample_kind == kind:
            for text in (data, data.replace(b"\n", b"\r\n"), data.rstrip(b"\n")):
                try:
                    invariants.check_fix(text, kind, **EVERYTHING)
                except Exception as error:
                    raise AssertionError("%s: %r" % (name, text)) from error


@KINDS
@quick
@given(data=st.data())
def test_fix_keeps_its_promises_for_hypothesis(kind, data):
    text = data.draw(st.one_of(shaped(kind), st.text(max_size=20))).encode("utf-8", "surrogatepass")
    unsafe = data.draw(st.booleans())
    invariants.check_fix(text, kind, **dict(EVERYTHING, unsafe_fixes=unsafe))


#: Kinds whose rules have fixes -> the family of such a rule.
FIXED_BY = {"interfaces": "NET", "storage": "STO", "user": "USR", "lxc": "LXC", "apt-list": "APT",
            "deb822": "APT", "vzdump-conf": "BAK", "vzdump-cron": "BAK"}


@pytest.mark.parametrize("kind", sorted(FIXED_BY))
def test_shapes_make_fixes(kind):
    """The tests above would say little if their texts gave the rules nothing to do."""
    codes = set()
    for rnd in shapes.randoms(kind, "fix", 200):
        result = pvemigrate.fix(shapes.text(kind, rnd), kind=kind, **EVERYTHING)
        codes.update(finding.code for finding in result.fixed)
    assert any(code.startswith(FIXED_BY[kind]) for code in codes)


# -- time ----------------------------------------------------------------------------------------------

#: Seconds of CPU for 20 kB of hostile text. Ordinary text takes a tenth; what rescans itself takes
#: more, and minutes for a file that is ten times as long.
LIMIT = 0.8


@pytest.mark.heavy
@KINDS
def test_no_text_takes_more_than_linear_time(kind, request):
    parts = sorted({*shapes.PIECES[kind], " ", "\t", "\n", " \n", "\r", "\\", "\\\n", "\"", "'", "a",
                    "a ", "a b", "#", "[", "]", ":", "=", "* ", "\0", "\\\0\n", "a:", " a=b"})
    heads = ["", sorted(line.split()[0] for line in shapes.LINES[kind] if line.split())[-1]]
    request.addfinalizer(gc.unfreeze)
    gc.freeze()  # What other tests have left is not looked through for garbage on this one's time.
    for part in parts:
        for head in heads:
            text = head + part * (20000 // len(part)) + " x\n"
            start = time.process_time()
            for node in pvemigrate.parse(text, kind=kind).walk():
                if isinstance(node, Line):
                    assert node.spans
            spent = time.process_time() - start
            assert spent < LIMIT, "%.1f s for %r and many %r" % (spent, head, part)


def test_a_megabyte_of_one_line():
    for kind in shapes.ALL_KINDS:
        text = "x" * 1000000
        assert pvemigrate.parse(text, kind=kind).malformed <= 2
        assert formats.parse(text, kind).position_of(500000, 500001).column == 500001
