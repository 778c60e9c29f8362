"""storage.cfg as Proxmox VE reads it: sections, properties, values; and the tables of types."""

import random

import pytest
from perl_reader import ask, hexed, needs_perl

import pvemigrate
from pvemigrate.cst import Line
from pvemigrate.formats import decode
from pvemigrate.formats.storage import (
    Comment, FalseSeparator, Malformed, Orphan, Property, Section, SectionHeader, Separator,
    Swallowed, storages,
)
from pvemigrate.releases import HOPS
from pvemigrate.storage_types import (
    TYPES, check_prune_backups, check_value, content_directories, known_type, plain_number, split_list,
)


def parse(text):
    return pvemigrate.parse(text, kind="storage")


def read(text, release=None):
    return storages(parse(text), release)


def one(text, release=None):
    storage, = read(text, release)
    return storage


def kept(storage):
    """What PVE has of a section's properties: key -> value."""
    return {str(entry.key): entry.value and str(entry.value) for entry in storage.entries
            if entry.problem is None}


# -- what stands in the file -----------------------------------------------------------------------


def test_types_of_lines():
    tree = parse("# c\ndir: one\n\tpath /srv  # x\n  # in\n\tdisable\n \nword\n\n0\n\tstray 1\n")
    section, = [node for node in tree.body if isinstance(node, Section)]
    assert [type(node) for node in tree.body] == [Comment, Section, Separator, Orphan]
    assert [type(node) for node in section.children] == [
        SectionHeader, Property, Comment, Property, FalseSeparator, Malformed, Separator]
    path, disable = section.properties()
    # There are no comments behind a value.
    assert (path.key, path.value) == ("path", "/srv  # x")
    assert (disable.key, disable.value) == ("disable", "")


@pytest.mark.parametrize("text, type_, id_", [
    ("dir: one\n", "dir", "one"),
    ("dir:one\n", "dir", "one"),
    ("DIR:\t one \r\n", "DIR", "one"),
    ("a:b: c\n", "a:b", "c"),
    ("a:b:c\n", "a:b", "c"),
    ("dir:a:\n", "dir", "a:"),
])
def test_headers(text, type_, id_):
    section, = parse(text).body
    assert (section.type, section.id) == (type_, id_)


@pytest.mark.parametrize("text", ["dir : one\n", "dir:\n", "dir: one two\n", "dir one\n",
    ": one\n"])
def test_no_headers(text):
    assert isinstance(parse(text).body[0], Malformed)


def test_indented_header_is_a_property_without_a_section():
    assert isinstance(parse(" dir: one\n").body[0], Orphan)


@pytest.mark.parametrize("separator", ["", " \n", "\t\n", "\r\n", "\x0b\n", "# c\n", "00\n",
    " 0\n"])
def test_only_an_empty_line_ends_a_section(separator):
    first, = parse("dir: one\n\tpath /a\n%snfs: two\n\tserver b\n" % separator).body
    swallowed, = [node for node in first.body if isinstance(node, Swallowed)]
    assert (swallowed.type, swallowed.id, swallowed.is_storage) == ("nfs", "two", True)


@pytest.mark.parametrize("separator", ["\n", "\n\n", "0\n"])
def test_empty_line_and_zero_end_a_section(separator):
    tree = parse("dir: one\n\tpath /a\n%snfs: two\n\tserver b\n" % separator)
    assert [node.id for node in tree.body if isinstance(node, Section)] == ["one", "two"]


def test_byte_order_mark_is_part_of_the_type():
    storage = one("\ufeffdir: one\n\tpath /a\n")
    assert storage.type is None and storage.skipped


# -- what PVE makes of it --------------------------------------------------------------------------


def test_type_is_lower_cased_and_id_is_not():
    storage = one("NFS: BackUp\n\tserver a\n\texport /b\n")
    assert (storage.type.name, storage.id, storage.is_read) == ("nfs", "BackUp", True)


def test_long_s_and_kelvin_sign_are_no_letters_of_a_type():
    assert known_type("nf\u017f") is None
    assert known_type("\u212arbd") is None


@pytest.mark.parametrize("id_, is_read", [
    ("ab", True), ("a1", True), ("A-b_c.d", True), ("a", False), ("1a", False), ("ab-", False),
    ("a.", False), ("\u00e4b", False), ("a\u0660", False),
])
def test_ids(id_, is_read):
    assert one("dir: %s\n\tpath /srv\n" % id_).is_read is is_read


@pytest.mark.parametrize("path, is_read", [
    ("/srv/a-b_c.d", True), ("/b # x", False), ("/", False), ("srv", False), ("/sr\u00fc", False),
])
def test_path_of_a_directory(path, is_read):
    assert one("dir: ab\n\tpath %s\n" % path).is_read is is_read


def test_the_first_of_equal_keys_counts():
    storage = one("dir: ab\n\tpath /a\n\tpath /b\n\tmaxfiles x\n\tmaxfiles 2\n\tmaxfiles 3\n")
    assert kept(storage) == {"path": "/a", "maxfiles": "2"}
    assert [entry.problem for entry in storage.entries] == [
        None, "duplicate", "value", None, "duplicate"]
    assert storage.entries[-1].first is storage.entries[3].line


@pytest.mark.parametrize("line, is_kept", [
    ("disable", True), ("disable 1", True), ("disable 0", True), ("disable yes", False),
    ("disable on", False), ("disable no", False), ("disable 01", False), ("disable \u0661", False),
    ("maxfiles 03", True), ("maxfiles +3", True), ("maxfiles 0", True), ("maxfiles -0", True),
    ("maxfiles -1", False), ("maxfiles x", False), ("maxfiles", False), ("maxfiles 3 # c", False),
    ("maxfiles \u0663", False), ("maxfiles " + "9" * 5000, True),
    ("comment x", False), ("vgname pve", False), ("type dir", True), ("type nfs", False),
    ("content iso,backup;images  none", False), ("content iso,backup;images  rootdir", True),
    ("content isos", False), ("content iso\rbackup", False), ("content", False),
    ("nodes a,b c", True), ("nodes a_b", False), ("nodes -a", False), ("prune-backups", False),
])
def test_values(line, is_kept):
    storage = one("dir: ab\n\tpath /a\n\t%s\n" % line)
    if "none" in line:
        assert storage.skipped
    else:
        assert (line.split(" ")[0] in kept(storage)) is is_kept


@pytest.mark.parametrize("text", [
    "dir: ab\n", "dir: ab\n\tpath\n", "nfs: ab\n\tserver a\n", "cifs: ab\n\tserver a\n",
    "glusterfs: ab\n\tserver a\n", "lvm: ab\n", "lvmthin: ab\n\tvgname a\n", "zfspool: ab\n",
    "iscsi: ab\n\tportal a\n", "zfs: ab\n\tpool a\n", "pbs: ab\n\tserver a\n", "freenas: ab\n",
    "dir: ab\n\tpath /a\n\tcontent none,iso\n",
])
def test_skipped_sections(text):
    storage = one(text)
    assert storage.skipped and not storage.is_read


@pytest.mark.parametrize("text", [
    "nfs: ab\n\tserver a\n\texport /b\n", "cephfs: ab\n", "rbd: ab\n", "drbd: ab\n",
    "lvm: ab\n\tvgname pve\n\tcontent none\n",
])
def test_sections_that_are_read(text):
    assert one(text, 6).is_read


def test_of_equal_ids_the_last_that_is_read_counts():
    found = read("dir: ab\n\tpath /a\n\nnfs: ab\n\tserver a\n\texport /b\n\n"
                 "dir: ab\n\nDIR: AB\n\tpath /c\n")
    assert [storage.is_read for storage in found] == [False, True, False, True]


@pytest.mark.parametrize("text, is_read", [
    ("dir: local\n\tpath /var/lib/vz\n", True), ("dir: local\n\tpath /srv\n", False),
    ("dir: local\n\tpath /var/lib/vz/\n", False), ("nfs: local\n\tserver a\n\texport /b\n", False),
    ("dir: Local\n\tpath /srv\n", True),
])
def test_local_is_var_lib_vz_or_replaced(text, is_read):
    assert one(text).is_read is is_read


def test_releases():
    assert known_type("btrfs", 6) is None and known_type("btrfs", 7) and known_type("btrfs")
    assert known_type("drbd", 6) and known_type("drbd", 7) is None and known_type("drbd", 8) is None
    assert known_type("sheepdog") is None
    assert known_type("glusterfs", 8) and known_type("glusterfs", 9) is None
    assert known_type("esxi", 7) is None and known_type("esxi", 8) and known_type("esxi", 9)
    # An earlier or later release than those of the table is taken for the next one.
    assert known_type("drbd", 5) and known_type("esxi", 10)


def test_types_are_gone_where_the_table_of_releases_says_so():
    for hop in HOPS.values():
        gone = {name for name, storage in TYPES.items()
                if hop.release in storage.releases and hop.new_release not in storage.releases}
        assert gone == set(hop.storage_types) & set(TYPES)


@pytest.mark.parametrize("name, words, releases", [
    ("dir", ["maxfiles"], {6, 7, 8}), ("pbs", ["maxfiles"], {6, 7, 8}),
    ("dir", ["snapshot-as-volume-chain"], {9}), ("lvm", ["snapshot-as-volume-chain"], {9}),
    ("dir", ["prune-backups", "nodes", "path"], {6, 7, 8, 9})])
def test_properties_have_their_releases(name, words, releases):
    for release in (6, 7, 8, 9):
        keys = known_type(name, release).keys
        assert keys.issuperset(words) is (release in releases), release
    # What one of an upgrade's releases has counts.
    assert known_type(name, (8, 9)).keys.issuperset(words) is bool(releases & {8, 9})


def test_import_is_content_from_8_on():
    assert [("import" in known_type("dir", release).content) for release in (6, 7, 8, 9)] == [
        False, False, True, True]
    assert check_value(known_type("lvm", 7), "content", "images,import")
    # A word that only other types have voids nothing.
    assert check_value(known_type("lvm", 8), "content", "images,import") is None


@pytest.mark.parametrize("value, is_taken", [
    ("iso=a", True), ("iso=a/b,vztmpl=c", True), ("iso=./a", True), ("iso=/a", True), ("iso=a.b", True),
    ("iso=..", False), ("iso=a..b", False), ("iso=a.", False), ("iso=", False), ("iso", False),
    ("isos=a", False), ("=a", False), ("iso=" + "x" * 255, False), ("iso=" + "x/" * 600, False),
    ("iso=a=b", True)])
def test_content_dirs(value, is_taken):
    assert (check_value(TYPES["dir"], "content-dirs", value) is None) is is_taken


def test_where_a_storage_has_its_content():
    assert content_directories(known_type("cephfs", 7), None) == {
        "iso": "template/iso", "vztmpl": "template/cache", "backup": "dump", "snippets": "snippets"}
    found = content_directories(known_type("dir", 8), "iso=a,images=b,none=c")
    assert (found["iso"], found["images"], found["rootdir"]) == ("a", "b", "private") and "none" not in found


@pytest.mark.parametrize("text, release, is_read", [
    ("glusterfs: ab\n\tvolume v\n", None, True), ("glusterfs: ab\n\tvolume v\n", 8, True),
    ("glusterfs: ab\n\tvolume v\n", 9, False), ("drbd: ab\n", None, False), ("dir: ab\n\tpath /a\n", 7, True)])
def test_sections_in_the_upgrade_to_9(text, release, is_read):
    storage, = storages(parse(text), release, (8, 9))
    assert storage.is_read is is_read


def test_types_that_know_maxfiles():
    assert {name for name, storage in TYPES.items() if storage.holds_backups} == {
        "dir", "nfs", "cifs", "glusterfs", "cephfs", "pbs", "btrfs"}
    for storage in TYPES.values():
        assert ("maxfiles" in storage.keys) == storage.holds_backups
        assert storage.default_content <= storage.content


def test_an_empty_line_cuts_a_section_short():
    tree = parse("dir: ab\n\n\tpath /a\n")
    assert storages(tree)[0].skipped
    assert isinstance(tree.body[1], Orphan)


def test_swallowed_properties_are_those_of_the_section_above():
    storage = one("dir: ab\n\tpath /a\nnfs: cd\n\tserver b\n\tmaxfiles 3\n\tpath /c\n")
    assert kept(storage) == {"path": "/a", "maxfiles": "3"}
    assert [entry.is_doubtful for entry in storage.entries] == [False, True, True, True]


@pytest.mark.parametrize("line, is_doubtful", [
    ("nfs: cd", True), ("freenas: x", True), ("nfs cd", True), ("nfs : cd", True), ("nfs:", True),
    ("\tnfs: cd", True), ("\tnfs:cd", True), ("maxfiles: 3", False), ("maxfiles : 3", False),
    ("maxfiles 3", False), ("some words", False), ("# nfs: cd", False), (" ", False),
    ("\tusername a:b", False), ("\tcontent: iso", False),
])
def test_what_makes_it_doubtful_whose_a_property_is(line, is_doubtful):
    storage = one("dir: ab\n\tpath /a\n%s\n\tcontent iso\n" % line)
    assert storage.entries[-1].is_doubtful is is_doubtful


# -- prune-backups and lists -----------------------------------------------------------------------


@pytest.mark.parametrize("text, is_taken", [
    ("keep-last=3", True), ("keep-last=3,", True), ("", True), (" ", True), (",,keep-last=3", True),
    ("keep-last=3, keep-daily=2", False), (" keep-last=1", False), ("keep-last= 3", False),
    ("keep-last=3 ", False), ("keep-all=true", True), ("keep-all=YES", True), ("keep-all=0", True),
    ("keep-last=0", True), ("keep-all=1,keep-last=0", True), ("keep-all=1,keep-last=1", False),
    ("keep-all=0,keep-last=1", True), ("keep-last=1,keep-last=2", False),
    ("keep-last=0,keep-last=2", False), ("keep-last=-1", False), ("foo=1", False),
    ("keep-last", False), ("keep-last=03", True), ("keep-last=", False), ("=3", False),
    ("keep-last=3=4", False), ("keep-all=2", False), ("Keep-last=3", False),
    ("keep-last=\u0663", False), ("keep-last=3;keep-daily=2", False),
    ("keep-hourly=1,keep-daily=2,keep-weekly=3,keep-monthly=4,keep-yearly=5,keep-last=6", True),
])
def test_prune_backups(text, is_taken):
    assert (check_prune_backups(text) is None) is is_taken


def test_a_message_names_what_is_wrong():
    assert check_prune_backups("keep-last=3, keep-daily=2") == (
        "there must be no blank at keep-daily")
    assert check_prune_backups("keep-lust=3") == (
        "it knows no key keep-lust, only keep-last and the like")
    assert check_value(TYPES["dir"], "content", "iso,bakcup").startswith(
        "there is no content type bakcup")


@pytest.mark.parametrize("text, items", [
    ("a,b;c d,,e", ["a", "b", "c", "d", "e"]), (" a", ["a"]), ("a\0b c\0\0", ["a", "b c"]),
    ("", []),
    ("a\u00a0b", ["a\u00a0b"]),
])
def test_split_list(text, items):
    assert split_list(text) == items


# -- fixing ----------------------------------------------------------------------------------------


def fix(text, **options):
    options.setdefault("select", ["STO"])
    return pvemigrate.fix(text, kind="storage", phases="all", **options)


def test_fix_gives_the_command_that_does_the_same():
    finding, = fix("dir: ab\n\tpath /a\n\tmaxfiles 0\n").fixed
    # Whether setting one takes the other away is not to be relied on.
    assert finding.commands == ("pvesm set ab --prune-backups keep-all=1 --delete maxfiles",)
    finding, = fix("dir: ab\n\tpath /a\n\tmaxfiles 1\n\tprune-backups keep-last=1\n").fixed
    assert finding.commands == ("pvesm set ab --delete maxfiles",)


def test_separating_sections_makes_the_rest_certain():
    text = "dir: ab\n\tpath /a\n\t\ndir: cd\n\tpath /b\n\tmaxfiles 2\n"
    assert fix(text).code == text
    assert fix(text, unsafe_fixes=True).code == (
        "dir: ab\n\tpath /a\n\ndir: cd\n\tpath /b\n\tprune-backups keep-last=2\n")


def test_one_defect_has_one_code():
    found = fix("dir: ab\n\tpath /a\n\tmaxfiles x\n\tmaxfiles 3\n\tmaxfiles 4\n").findings
    assert [(finding.code, finding.line) for finding in found] == [
        ("STO006", 3), ("STO001", 4), ("STO001", 5)]
    found = fix("dir: ab\n\tpath /a\ndir: cd\n\tpath /b\n\tdisable yes\n").findings
    assert [finding.code for finding in found] == ["STO005"]


def retention(text):
    """Storage id -> what Proxmox VE keeps there (None: nothing is said)."""
    found = {}
    for storage in read(text):
        if storage.is_read and storage.type.holds_backups:
            prune, maxfiles = storage.setting("prune-backups"), storage.setting("maxfiles")
            if prune:
                found[storage.id] = str(prune.value)
            elif maxfiles:
                number = int(maxfiles.value)
                found[storage.id] = "keep-last=%d" % number if number else "keep-all=1"
            else:
                found[storage.id] = None
    return found


def test_safe_fixes_change_nothing_about_what_is_kept():
    pieces = [
        "dir: ab\n", "\tpath /a\n", "\n", "nfs: cd\n\tserver a\n\texport /b\n", "\tmaxfiles 3\n",
        "\tmaxfiles 0\n", "\tmaxfiles x\n", "\tprune-backups keep-last=5\n", " \n", "\r\n",
        "\tprune-backups keep-last=5, keep-daily=2\n", "lvm: ef\n\tvgname a\n", "nfs gh\n",
        "\tprune-backups\n", "maxfiles: 3\n", "\tmaxfiles 07\r\n",
        "dir: ab\n\tpath /a\n\tmaxfiles 1\n\n",
    ]
    changed = 0
    for text in texts(9, pieces, 1500, 14):
        result = fix(text)
        assert retention(result.code) == retention(text), repr(text)
        assert fix(result.code).code == result.code, repr(text)
        left = [finding for finding in result.remaining if finding.code == "STO001"]
        assert all(finding.applicability == "manual" for finding in left), repr(text)
        changed += result.changed
    assert changed > 300


# -- against Perl ----------------------------------------------------------------------------------

PIECES = [
    "dir: one", "nfs:two", "x:y:z", ": a", "dir :", "0", "00", "#c", " # c", "\tpath /x",
    "  key  a b ",
    "\tdisable", "\r", "\t", " ", "\x0b", "\x0c", "a b", "\n", "\n", "\n", "\n\n", "\r\n", "\0",
    "\u00e9", "\u00a0", "\u0085", "\u2028", "\udcff", "maxfiles: 3", ":", "\tx:", "=",
]


def texts(seed, pieces, count, longest):
    rnd = random.Random(seed)
    for _ in range(count):
        yield "".join(rnd.choice(pieces) for _ in range(rnd.randint(0, longest)))


def kinds(text):
    """What each line of a text becomes, in the words of tests/perl/sectionconfig.pl."""
    tree = parse(text)
    found = []
    swallowed = {id(node.header) for node in tree.walk() if isinstance(node, Swallowed)}
    orphans = {id(line) for node in tree.body if isinstance(node, Orphan) for line in node.walk()}
    for node in tree.walk():
        if not isinstance(node, Line):
            continue
        if isinstance(node, SectionHeader) and id(node) not in swallowed:
            found.append("section:%s:%s" % (hexed(node.type), hexed(node.id)))
        elif isinstance(node, Property) and id(node) not in orphans:
            found.append("property:%s:%s" % (hexed(node.key), hexed(node.value) or "-"))
        else:
            found.append({Comment: "comment", Separator: "separator"}.get(type(node), "ignored"))
    # Perl's split drops the empty lines at the end.
    return " ".join(found[:len(text.rstrip("\n").split("\n")) if text.strip("\n") else 0])


@needs_perl
def test_lines_as_perl_reads_them():
    samples = list(texts(5, PIECES, 3000, 16))
    answers = ask("sectionconfig", [("lines", pvemigrate.parse(text, "storage").bytes)
                                    for text in samples])
    for text, answer in zip(samples, answers):
        # Bytes that are no UTF-8 in the text may be UTF-8 once joined.
        assert kinds(decode(parse(text).bytes)) == answer, repr(text)


@needs_perl
def test_values_as_perl_reads_them():
    pieces = [
        "keep-last", "keep-all", "keep-daily", "=", "=", "=", ",", ",", "1", "0", "03", "-1", "+2",
        "true", "No", " ", "\t", "x", "keep-last=2", "keep-all=1", "keep-last=0", "\u0661", "\r"]
    prune = list(texts(6, pieces, 4000, 7))
    answers = ask("sectionconfig", [("prune", text.encode()) for text in prune])
    for text, answer in zip(prune, answers):
        assert ("taken" if check_prune_backups(text) is None else "refused") == answer, repr(text)
    numbers = list(texts(7, ["0", "1", "9", "+", "-", " ", "x", "\u0661", "\r"], 1000, 4))
    answers = ask("sectionconfig", [("number", text.encode()) for text in numbers])
    for text, answer in zip(numbers, answers):
        assert (plain_number(text) or "refused") == answer, repr(text)
    lists = list(texts(8, ["a", "b", ",", ";", " ", "\t", "\0", "\r", "\u00a0"], 1000, 8))
    answers = ask("sectionconfig", [("list", text.encode()) for text in lists])
    for text, answer in zip(lists, answers):
        assert " ".join(map(hexed, split_list(text))) == answer, repr(text)
