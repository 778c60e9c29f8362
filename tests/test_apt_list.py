"""Trees of one-line APT sources: types of lines, words, where they stand, and what apt makes of them.

tests/test_apt_readers.py holds the same against apt-get itself."""

import pytest

import pvemigrate
from pvemigrate.formats.apt_list import Blank, Comment, Entry, Malformed, read


def parse(text):
    tree = pvemigrate.parse(text, kind="apt-list")
    assert tree.code == text
    return tree


def only(text):
    (node,) = parse(text).body
    return node


def entry(text):
    node = only(text)
    assert type(node) is Entry
    return node


def words(node, name):
    return [str(word) for _, word in node.words(name)]


# -- lines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("line, kind", [
    ("\n", Blank), (" \t\n", Blank), ("\r\n", Blank), ("\0deb http://x buster main\n", Blank),
    ("#\n", Comment), (" \t# x\n", Comment), ("#deb http://x buster main\n", Comment), ("#", Comment),
    ("# deb is the package format\n", Comment),
    ("deb http://x buster main\n", Entry), ("deb-src http://x buster main", Entry),
    (" \r\tdeb\thttp://x\fbuster\vmain \r\n", Entry), ("deb\vhttp://x buster main\n", Entry),
    ("deb [] http://x buster main\n", Entry), ("deb [ a=b ]http://x buster main\n", Entry),
    ("deb cdrom:[My CD 1]/ buster main\n", Entry), ("deb http://x ./\n", Entry),
    # Words stand where they should; that apt refuses them shows in the reading.
    ("deb x buster main\n", Entry), ("deb http://x buster\n", Entry), ("deb http://x ./ main\n", Entry),
    ("deb [a] http://x buster main\n", Entry),
    ("\f\n", Malformed), ("\fdeb http://x buster main\n", Malformed), ("deb\n", Malformed),
    ("deb http://x\n", Malformed), ("deb\fhttp://x buster main\n", Malformed),
    ("Deb http://x buster main\n", Malformed), ("\"deb\" http://x buster main\n", Malformed),
    ("rpm http://x buster main\n", Malformed), ("debs http://x buster main\n", Malformed),
    ("deb[arch=amd64] http://x buster main\n", Malformed),
    ("deb [arch=amd64]http://x buster main\n", Malformed),
    ("deb [arch=amd64] [a=b] http://x buster main\n", Malformed),
    ("deb [arch=amd64\n", Malformed), ("deb http://x # buster main\n", Malformed),
    ("deb \"http://x buster main\n", Malformed), ("deb http://x [buster main\n", Malformed),
    ("  contrib\n", Malformed), ("\ufeffdeb http://x buster main\n", Malformed),
    ("\u00a0deb http://x buster main\n", Malformed), ("deb\u2003http://x buster main\n", Malformed),
    ("Types: deb\n", Malformed),
])
def test_types_of_lines(line, kind):
    assert type(only(line)) is kind


def test_there_are_no_continuation_lines():
    first, second = parse("deb http://x buster main \\\n contrib\n").body
    assert words(first, "components") == ["main", "\\"]
    assert type(second) is Malformed and second.reading.error


def test_bad_lines_leave_the_others_alone():
    tree = parse("deb\ndeb http://x buster main\nrpm a b c\n\n# x\ndeb http://y buster main")
    assert [type(node).__name__ for node in tree.body] == [
        "Malformed", "Entry", "Malformed", "Blank", "Comment", "Entry"]
    assert tree.malformed == 2
    assert tree.position(tree.body[5].suite).line == 6


# -- words -----------------------------------------------------------------------------------------


def test_fields_and_positions():
    tree = parse("# é\n deb [ arch=amd64\tlang=de ] http://é.example/ buster  main contrib # r\r\n")
    node = tree.body[1]
    assert (node.indent, node.type, node.open, node.close) == (" ", "deb", "[", " ]")
    assert words(node, "options") == ["arch=amd64", "lang=de"]
    assert (node.uri, node.suite) == ("http://é.example/", "buster")
    assert words(node, "components") == ["main", "contrib"]
    assert (node.trail, node.remark, node.newline) == (" ", "# r\r", "\n")
    place = tree.position(node.suite)
    assert (place.line, place.column, place.end_column) == (2, 47, 53)
    assert tree.bytes[place.start:place.end] == b"buster"


@pytest.mark.parametrize("line, uri, suite, components", [
    # A # in brackets is data, everywhere else it begins a comment, in quotes too.
    ("deb [arch=amd64 signed-by=/k#1.gpg] http://m/d buster main", "http://m/d", "buster", ["main"]),
    ("deb http://m/[#]d buster main", "http://m/[#]d", "buster", ["main"]),
    ("deb http://m/d buster main#x", "http://m/d", "buster", ["main"]),
    ("deb http://buster.example/debian buster main # buster", "http://buster.example/debian",
     "buster", ["main"]),
    ("deb cdrom:[Debian 10 _Buster_ - amd64]/ buster main", "cdrom:[Debian 10 _Buster_ - amd64]/",
     "buster", ["main"]),
    ("deb http://x/a\" b\"c buster main", "http://x/a\" b\"c", "buster", ["main"]),
    ("deb http://m/d \"buster\" main", "http://m/d", "\"buster\"", ["main"]),
    ("deb http://m/d b%75ster main", "http://m/d", "b%75ster", ["main"]),
    ("deb http://m/buster ./", "http://m/buster", "./", []),
    ("deb http://security.debian.org buster/updates main", "http://security.debian.org",
     "buster/updates", ["main"]),
    ("deb http://m/d buster ma\"i n\" \"\"", "http://m/d", "buster", ["ma\"i n\"", "\"\""]),
    ("deb http://m/d buster main\0 contrib", "http://m/d", "buster", ["main"]),
])
def test_words(line, uri, suite, components):
    for end in ("", "\n", "\r\n", " \t\r\n"):
        node = entry(line + end)
        assert (node.uri, node.suite, words(node, "components")) == (uri, suite, components)
        reading = node.reading
        assert reading.error is None
        assert [word.token(node) for word in [reading.uri, reading.suite] + reading.components] == (
            [uri, suite] + components)
        assert reading.suite.token(node).offset == node.suite.offset


@pytest.mark.parametrize("tail, components, unread", [
    (" main \"contrib x", ["main"], " \"contrib x"),
    (" main con\"trib # \" x", ["main"], " con\"trib "),
    (" main [contrib x ", ["main"], " [contrib x "),
    (" main\"a\"b \"", ["main\"a\"b"], " \""),
])
def test_what_apt_drops_behind_the_components(tail, components, unread):
    """A quote or bracket that is never closed ends apt's reading without an error."""
    node = entry("deb http://x buster" + tail + "\n")
    assert (words(node, "components"), node.unread) == (components, unread)
    assert node.reading.error is None
    assert node.reading.unread.token(node) == unread.strip()
    assert [word.text for word in node.reading.components] == [
        word.replace("\"", "") for word in components]


@pytest.mark.parametrize("word, text", [
    ("buster", "buster"), ("\"buster\"", "buster"), ("b\"us\"te\"\"r", "buster"),
    ("b%75ster", "buster"), ("%62%75%73%74%65%72", "buster"), ("buster%2Fupdates", "buster/updates"),
    ("\"buster updates\"", "buster updates"), ("b%7", "b%7"), ("b%", "b%"), ("b%zz", "b%zz"),
    ("%%41", "%A"), ("%2541", "%41"), ("%4\"1\"", "%41"), ("a%c3%a9", "a\udcc3\udca9"), ("\"\"", ""),
    ("%00", "\0"), ("[a b]", "[a b]"), ("a[\" b]", "a[ b]"),
])
def test_quotes_and_escapes(word, text):
    node = entry("deb http://x %s main\n" % word)
    assert (node.suite, node.reading.suite.text) == (word, text)


def test_options():
    reading = entry("deb [ arch=amd64\tarch=i386 a%3Db n\"o te\"=\"x y\" ] http://x buster main").reading
    assert reading.options == {"arch": "i386", "a": "b", "no te": "x y"}
    assert entry("deb [a=b=c] http://x buster main\n").reading.options == {"a": "b=c"}


@pytest.mark.parametrize("line", [
    "deb [a=b]c=d] http://x buster main\n", "deb [[a=b] http://x buster main\n",
    "deb [a=\"b]\" ] http://x buster main\n", "deb http://x/a[[b] buster main # x\n",
    "deb [a=b] ] http://x buster main\n", "deb ]x:y buster main\n",
])
def test_brackets_that_only_apt_can_take_apart(line):
    """Apt accepts these. No rule changes them, and none says that apt refuses them."""
    node = only(line)
    assert type(node) is Malformed
    assert node.reading.error is None
    assert pvemigrate.check(line, kind="apt-list", phases="all") == []


# -- what apt refuses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("line, error, at", [
    ("deb\n", "it holds one word only", "deb"),
    ("\vdeb http://x buster main\n", "it begins with a control character", None),
    ("rpm http://x buster main\n", "the type rpm is not known (there are deb and deb-src)", "rpm"),
    ("deb [a] http://x buster main\n", "the option a has no value (key=value)", "[a]"),
    ("deb [a= b] http://x buster main\n", "the option a= lacks its value", "a="),
    ("deb [=a] http://x buster main\n", "the option =a lacks its name", "=a]"),
    ("deb [ a=b\n", "the [options] are not closed", None),
    ("deb [a=\"b] http://x\n", "a quote or bracket in the [options] is not closed", "a=\"b] http://x"),
    ("deb [a=b]http://x buster main\n",
     "no blank stands behind the ] of the options, so that they go on", "buster"),
    ("deb [a=b]\n", "it has no URI", None), ("deb http://x\n", "it has no suite", None),
    ("deb \"http://x a b\n", "a quote or bracket in the URI is not closed", "\"http://x a b"),
    ("deb http://x [a b # c\n", "a quote or bracket in the suite is not closed", "[a b # c"),
    ("deb x buster main\n", "the URI has no colon", "x"),
    ("deb \"\" buster main\n", "the URI has no colon", "\"\""),
    ("deb http://x buster\n", "it names no component", None),
    ("deb http://x buster \"main\n", "it names no component", None),
    ("deb http://x a/ main\n", "a suite that ends in / stands for a path and takes no components", "main"),
    ("deb [signed-by=x] http://x buster main\n",
     "signed-by is neither the path of a key file nor a fingerprint: x", None),
    ("\ufeffdeb http://x buster main\n", "the file begins with a byte order mark", "\ufeffdeb"),
])
def test_errors(line, error, at):
    reading = only(line).reading
    assert reading.error == error
    if at is not None:
        assert line[reading.at.start:reading.at.end].rstrip("]") == at.strip("[]") or (
            line[reading.at.start:reading.at.end] == at)


def test_entries_that_apt_refuses_count_as_malformed():
    assert parse("deb http://x buster\n").malformed == 1
    assert parse("deb http://x buster main\n").malformed == 0


@pytest.mark.parametrize("line", ["", "\n", "# x\n", " \r\n", "\0junk\n", " \0"])
def test_lines_without_an_entry(line):
    assert read(line) is None


def test_hostile_lines_take_linear_time():
    size = 20000
    for line in ("deb [" + "a" * size, "deb [" + "a=b " * size, " " * size + "x", "deb http:" + "[#]" * size,
                 "deb http://x b " + "\"a " * size, "deb http://x b " + "[ " * size, "[]" * size + "#"):
        node = only(line)
        assert node.code == line
        getattr(node, "reading", None)


# -- changing --------------------------------------------------------------------------------------


def test_with_changes():
    node = entry("deb http://x \"buster\" main # buster\r\n")
    assert node.with_changes(suite="bullseye").code == "deb http://x bullseye main # buster\r\n"
    with pytest.raises(ValueError):
        node.with_changes(suite="two words")
    assert Entry(uri="http://x", suite="buster", components=" main").code == "deb http://x buster main\n"
