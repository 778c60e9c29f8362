"""What is true of every tree and of every run of fix, whatever the text: checked independently of
the code under test. Used by the fuzz tests and by the fuzzer (fuzz/)."""

import re

import lark

import pvemigrate
from pvemigrate import grammar
from pvemigrate.compiler import field_name, stock_lark
from pvemigrate.cst import File, Line, Token, Transformer
from pvemigrate.formats import KINDS
from pvemigrate.grammar_files import grammar_text

_parsers = {}

#: What makes one logical line of two for ifupdown, which sees nothing behind a NUL byte.
JOIN = re.compile("\\\\(\0[^\n]*)?\n")
#: The same for Ceph.
CEPH_JOIN = re.compile("\\\\\r?\n")
NO_JOIN = re.compile("(?!)")


class Identity(Transformer):
    """Changes nothing."""


def raw(code):
    """The bytes of *code*, by another way than the package's."""
    return b"".join(
        bytes([ord(char) - 0xdc00]) if 0xdc80 <= ord(char) <= 0xdcff
        else char.encode("utf-8", "surrogatepass") for char in code)


def tokens(line):
    """All tokens of a line: fields and the items of its list fields."""
    data = grammar.load(line.grammar).data
    for name in line._fields:
        token = line.field(name)
        yield token
        if name in data["fields"] and name not in data["types"]:
            items = [item for group in line.words(name) for item in group]
            assert "".join(items) == token, "the items of %s do not make up its text" % name
            yield from items


def check_tree(data, kind):
    """The tree of *data* (bytes or str), every invariant of trees checked."""
    tree = pvemigrate.parse(data, kind=kind)
    code = tree.code
    if isinstance(data, bytes):
        assert tree.bytes == data
        assert code == data.decode("utf-8", "surrogateescape")
    else:
        assert code == data
        assert tree.bytes == raw(data)
    lines = [node for node in tree.walk() if isinstance(node, Line)]
    assert "".join(line.code for line in lines) == code
    join = {"interfaces": JOIN, "ceph": CEPH_JOIN}.get(kind, NO_JOIN)
    for line in lines:
        assert line.code
        assert "\n" not in join.sub("", line.code[:-1])
        assert "".join(line.field(name) for name in line._fields) == line.code
    assert tree.visit(Identity()) is tree
    assert File(kind, body=tree.body).bytes == tree.bytes
    return tree


def check_positions(tree):
    """Every node's and token's position, against positions counted here."""
    code = tree.code
    whole = raw(code)
    at = 0
    for node, start, end in places(tree):
        assert tree.span(node) == (start, end)
        check_position(tree, node, code, whole, start, end)
        if isinstance(node, Line):
            assert start == at, "lines leave a gap or overlap"
            at = end
            for token in tokens(node):
                assert isinstance(token, Token) and token.node is node
                assert node.code[token.offset:token.offset + len(token)] == token
                check_position(tree, token, code, whole, start + token.offset,
                               start + token.offset + len(token))
    assert at == len(code)


def places(node, start=0):
    """Each node with start and end, counted from the texts of the lines below it."""
    if isinstance(node, Line):
        yield node, start, start + len(node.code)
        return
    below, at = [], start
    for child in node.children:
        found = list(places(child, at))
        at = found[0][2]
        below.extend(found)
    yield node, start, at
    yield from below


def check_position(tree, item, code, whole, start, end):
    """One position: lines and columns counted in the text, bytes sliced from the file."""
    place = tree.position(item)
    before, inside = code[:start], code[start:end]
    assert place.line == before.count("\n") + 1
    assert place.column == start - (before.rfind("\n") + 1) + 1
    assert place.end_line == place.line + inside.count("\n")
    assert place.end_column == end - (code[:end].rfind("\n") + 1) + 1
    assert place.start == len(raw(before))
    assert whole[place.start:place.end] == raw(inside)
    if not isinstance(item, File):
        assert inside == (item if isinstance(item, Token) else item.code)


# -- equality with the tree that stock Lark builds --------------------------------------------------


def parser(kind):
    """A stock Lark parser of the kind's grammar."""
    if kind not in _parsers:
        _parsers[kind] = stock_lark(grammar_text(KINDS[kind]))
    return _parsers[kind]


def our_shape(node, start=0):
    """A tree of ours as nested tuples, and where it ends."""
    name = "start" if isinstance(node, File) else grammar.snake(type(node).__name__)
    if isinstance(node, Line):
        return (name, start, start + len(node.code)), start + len(node.code)
    shapes, at = [], start
    for child in node.children:
        shape, at = our_shape(child, at)
        shapes.append(shape)
    return (name, tuple(shapes)), at


def lark_shape(tree, length):
    """A tree of Lark's as nested tuples; *length* of the text without the line ending that was
    added for Lark, which has no terminal for the end of a text."""
    if isinstance(tree, lark.Tree):
        return str(tree.data), tuple(lark_shape(child, length) for child in tree.children)
    return tree.type.lower(), tree.start_pos, min(tree.end_pos, length)


def check_against_lark(tree, seen=None):
    """Hold *tree* against the trees of stock Lark: blocks and line types (rule ``start``), then the
    fields of each line (its line rule), then the items of each list field (its list rule).

    *seen*: a set; lines that were compared before are not compared again.
    """
    kind, code = tree.kind, tree.code
    stock = parser(kind)
    complete = code if not code or code.endswith("\n") else code + "\n"
    assert our_shape(tree)[0] == lark_shape(stock.parse(complete, start="start"), len(code))
    data = grammar.load(KINDS[kind]).data
    for line in tree.walk():
        if not isinstance(line, Line):
            continue
        rule = grammar.snake(type(line).__name__)
        if seen is not None:
            if (rule, line.code) in seen:
                continue
            seen.add((rule, line.code))
        theirs = lark_fields(stock.parse(line.code, start=rule))
        ours = [(name, line.field(name).offset, str(line.field(name))) for name in line._fields]
        assert fill(theirs, ours) == ours, "fields of %r" % line
        for name in line._fields:
            token = line.field(name)
            if name not in data["fields"] or name in data["types"] or not token:
                continue
            items = stock.parse(str(token), start=name)
            theirs = lark_fields(items)
            width = len(data["fields"][name])
            ours = [(field, item.offset - token.offset, str(item)) for group in line.words(name)
                    for field, item in zip(data["fields"][name], group)]
            assert all(len(group) == width for group in line.words(name))
            assert fill(theirs, ours) == ours, "items of %s in %r" % (name, line)


def lark_fields(tree):
    """The children of a line or list rule's tree: (field name, offset, text), None if absent."""
    return [None if child is None else (field_name(child.type), child.start_pos, str(child))
            for child in tree.children]


def fill(theirs, ours):
    """Lark's placeholders for absent fields with the place where our empty token stands: behind
    the field before it."""
    filled, end = [], 0
    assert len(theirs) == len(ours), "%r, not %r" % (ours, theirs)
    for field, own in zip(theirs, ours):
        field = (own[0], end, "") if field is None else field
        end = field[1] + len(field[2])
        filled.append(field)
    return filled


# -- runs of fix -------------------------------------------------------------------------------------


def key(finding):
    """What makes two findings the same change."""
    return finding.code, finding.position.start, finding.byte_edits


def splice(data, edits):
    """*data* (bytes) with byte edits (path, start, end, text) made."""
    for _, start, end, text in sorted(edits, key=lambda edit: edit[1:3], reverse=True):
        data = data[:start] + raw(text) + data[end:]
    return data


def replay(data, kind, result, **options):
    """Make the edits that check reports, in bytes, round by round, of two that touch the first: what
    comes out must be the result, so that no byte outside a reported edit has changed."""
    allowed = ("safe", "unsafe") if options.get("unsafe_fixes") else ("safe",)
    for _ in range(30):
        edits = []
        for finding in pvemigrate.check(data, kind=kind, **options):
            if finding.applicability in allowed and not touching(edits, finding.byte_edits):
                edits.extend(finding.byte_edits)
        if not edits:
            break
        data = splice(data, edits)
    assert data == result.bytes, "the reported edits do not make the result"


def touching(edits, others):
    """Whether one of *others* touches one of *edits* (two insertions at one place do)."""
    return any(start < other_end and other_start < end or start == other_start
               for _, start, end, _ in edits for _, other_start, other_end, _ in others)


def check_fix(data, kind, **options):
    """Run check and fix over *data* (bytes) with every built-in rule; the properties that hold for
    all rules, checked. Returns the result."""
    findings = pvemigrate.check(data, kind=kind, **options)
    result = pvemigrate.fix(data, kind=kind, **options)
    assert result.errors == []
    assert result.changed == (result.bytes != data)
    if not result.changed:
        assert result.fixed == []
        assert [key(finding) for finding in result.remaining] == [key(f) for f in findings]
    before, after = pvemigrate.parse(data, kind=kind), pvemigrate.parse(result.bytes, kind=kind)
    assert after.malformed <= before.malformed
    again = pvemigrate.fix(result.bytes, kind=kind, **options)
    assert again.errors == []
    assert again.bytes == result.bytes, "fixing twice is not fixing once"
    assert [key(finding) for finding in again.remaining] == [key(f) for f in result.remaining]
    replay(data, kind, result, **options)
    for finding in findings:
        check_finding(finding, before, data)
    return result


def check_finding(finding, tree, data):
    """A finding stands inside its file, its edits in order and inside it too."""
    place = finding.position
    assert 0 <= place.start <= place.end <= len(data)
    assert 1 <= place.line <= data.count(b"\n") + 1
    assert finding.message and finding.message == finding.message.strip(" \t\r\n")
    assert finding.applicability in ("safe", "unsafe", "manual")
    assert bool(finding.edits) == (finding.applicability != "manual")
    code = tree.code
    for edit, (_, start, end, text) in zip(finding.edits, finding.byte_edits):
        assert 0 <= edit.start <= edit.end <= len(code)
        assert start == len(raw(code[:edit.start])) and data[start:end] == raw(code[edit.start:edit.end])
        assert text == edit.text
