"""What is put aside: by remarks in the files, where their owners keep them, and by the list of accepted
findings. It is not reported, not fixed, and a new finding beside it is."""

import os
import re
import stat

import pytest

import nodes
import pvemigrate
from pvemigrate.acceptance import Accepted
from pvemigrate.commands.baseline import Baseline
from pvemigrate.commands.discovery import IGNORE
from pvemigrate.formats import REMARK_KINDS, node_classes, parse
from pvemigrate.formats.remarks import PLACES, remarks
from pvemigrate.project import TextProject
from pvemigrate.settings import UsageError
from test_config import DOCUMENT, check, codes, configure

MARK = "# pvemigrate: ignore[APT001]"
DEBIAN = "deb http://deb.debian.org/debian buster main"
PVE = "deb http://download.proxmox.com/debian/pve buster pve-no-subscription"


def found(text, kind, select="APT001", **options):
    """(code, line) of each finding of a rule in a text, all phases being due."""
    return [(finding.code, finding.line) for finding in pvemigrate.check(
        text, kind=kind, phases="all", select=select, **options)]


# -- where remarks stand ---------------------------------------------------------------------------------


def about(text, kind):
    """Each remark that is meant for us -> the text that it is about, None for none, "?" for either."""
    data = text.encode("utf-8", "surrogateescape")
    return {remark.text.partition(": ")[2]: "?" if remark.is_between else None if remark.start is None
            else data[remark.start:remark.end].decode("utf-8", "surrogateescape")
            for remark in remarks(parse(text, kind), lambda text: "pvemigrate:" in text)}


def test_every_format_with_remarks_says_what_each_kind_of_line_does():
    assert set(PLACES) == set(REMARK_KINDS)
    for kind, places in PLACES.items():
        lines = {cls.__name__ for cls in node_classes(kind).values() if hasattr(cls, "_fields") and cls._fields}
        assert set(places.lines) | {places.whole} == lines
        assert set(places.lines.values()) <= {"alone", "head", "lead", "part", "end"}


@pytest.mark.parametrize("kind", sorted(set(pvemigrate.KINDS) - set(REMARK_KINDS)))
def test_other_formats_have_none(kind):
    """There a # line may be the guest's description, or is lost when Proxmox VE writes the file."""
    assert remarks(parse("# pvemigrate: ignore[LXC001]\n", kind)) == []


def test_remarks_in_a_one_line_file():
    assert about("""\
# pvemigrate: first
%s # pvemigrate: own
# pvemigrate: above
%s
# pvemigrate: remark between

# pvemigrate: not directly
# deb http://x buster main
%s
# pvemigrate: two
# pvemigrate: lines
%s
# pvemigrate: last
""" % (DEBIAN, PVE, PVE, DEBIAN), "apt-list") == {
        "first": DEBIAN + " # pvemigrate: own\n", "own": DEBIAN + " # pvemigrate: own\n", "above": PVE + "\n",
        "remark between": None, "not directly": None, "two": DEBIAN + "\n", "lines": DEBIAN + "\n",
        "last": None}


def test_an_entry_that_is_disabled_takes_its_remark_along():
    text = "#%s %s\n%s\n" % (PVE, MARK, DEBIAN)
    assert found(text, "apt-list") == [("APT001", 2)]


def test_remarks_in_a_stanza_of_deb822():
    stanza = "Types: deb\n# pvemigrate: in\nURIs: http://x/\nSuites: buster\n# pvemigrate: folded\n buster-updates\n"
    assert about("# pvemigrate: alone\n\n# pvemigrate: above\n# whatever\n" + stanza
                 + "# pvemigrate: end\n\n# pvemigrate: next\nTypes: deb\n \n# pvemigrate: false\nA: b\n", "deb822") == {
        "alone": None, "above": stanza, "in": stanza, "folded": stanza, "end": stanza,
        "next": "Types: deb\n \n# pvemigrate: false\nA: b\n",
        "false": "Types: deb\n \n# pvemigrate: false\nA: b\n"}


def test_remarks_in_interfaces():
    inside = "auto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.1/24\n\t# pvemigrate: in\n\tmtu 9000\n"
    assert about("# pvemigrate: alone\n\n# pvemigrate: above\n# whatever\n" + inside + "# pvemigrate: end\n\n"
                 "iface a inet manual\n\tmtu 1\n# pvemigrate: between\nauto b\n# pvemigrate: splits\n"
                 "iface b inet manual\n# pvemigrate: header\n\n\tup x\n\t# pvemigrate: behind\n\n"
                 "# pvemigrate: src\nsource x/*\n# pvemigrate: after\n\tup y\n# pvemigrate: last", "interfaces") == {
        "alone": None, "above": inside, "in": inside, "end": inside, "between": "?",
        "splits": "iface b inet manual\n", "header": "iface b inet manual\n", "behind": "\tup x\n",
        "src": "source x/*\n", "after": "\tup y\n", "last": "\tup y\n"}


def test_places_are_counted_in_bytes():
    assert about("# \u00e4\udcff\ndeb http://\u00e4\udcff/ x y # pvemigrate: own\n", "apt-list") == {
        "own": "deb http://\u00e4\udcff/ x y # pvemigrate: own\n"}


# -- what remarks do -------------------------------------------------------------------------------------


@pytest.mark.parametrize("remark", [
    "# pvemigrate: ignore[APT001]", "#pvemigrate:ignore[APT001]", "# pvemigrate: ignore[apt001]",
    "# pvemigrate : ignore [APT001]", "# pvemigrate: ignore[APT003, APT001] the mirror is late",
    "#\tpvemigrate:\tignore[ APT001 ,APT003 ]\t"])
def test_a_remark_names_codes(remark):
    assert found("%s %s\n" % (DEBIAN, remark), "apt-list") == []
    assert found("%s\n%s\n%s\n" % (remark, DEBIAN, DEBIAN), "apt-list")[:1] == [("APT001", 3)]
    assert found("%s %s\n" % (DEBIAN, remark), "apt-list", inline_ignores=False) == [("APT001", 1)]


@pytest.mark.parametrize("remark, trouble", [
    ("# pvemigrate: ignore", "not understood: write it as"),
    ("# pvemigrate: ignore APT001", "not understood: write it as"),
    ("# pvemigrate: ignore[]", "not understood: '' is not the code"),
    ("# pvemigrate: ignore[APT]", "not understood: 'APT' is not the code"),
    ("# pvemigrate: ignore[*]", "not understood: '[*]' is not the code"),
    ("# pvemigrate: ignore[all]", "not understood: 'ALL' is not the code"),
    ("# pvemigrate: ignore[APT001", "not understood: write it as"),
    ("# pvemigrate: ignore[APT001]x", "not understood: write it as"),
    ("# pvemigrate: ignore[APT001;APT002]", "not understood: 'APT001;APT002' is not"),
    ("# pvemigrate: disable=APT001", "not understood: write it as"),
    ("# pvemigrate: ignore[APT999]", "no rule is called APT999"),
    ("# pvemigrate: ignore[APT002]", "there is no APT002 here to ignore"),
])
def test_a_remark_that_puts_nothing_aside_is_named(remark, trouble):
    project = TextProject("%s %s\n" % (DEBIAN, remark), "apt-list", phases="all")
    assert [finding.code for finding in project.check()] == ["APT001"]
    (_, line, text), = project.useless_remarks()
    assert line == 1 and re.match(trouble.replace("[*]", re.escape("*")), text), text


@pytest.mark.parametrize("remark", ["# see pvemigrate: ignore[APT001]", "# pvemigrate ignore[APT001]", "# was jessie",
                                    "# PVEMIGRATE: ignore[APT001]", "# noqa: APT001"])
def test_other_remarks_mean_nothing(remark):
    project = TextProject("%s %s\n" % (DEBIAN, remark), "apt-list", phases="all")
    assert [finding.code for finding in project.check()] == ["APT001"]
    assert project.useless_remarks() == []


def test_no_word_is_said_of_a_remark_whose_rule_was_not_asked():
    text = "%s # pvemigrate: ignore[APT001, APT002]\n" % DEBIAN
    for options in (dict(select="APT001,APT016"), dict(ignore="APT002")):
        project = TextProject(text, "apt-list", phases="all", **options)
        assert project.check() == []
        assert project.useless_remarks() == []


def test_what_is_about_a_whole_file_has_no_place_for_a_remark(tmp_path):
    """APT011: there is no entry of Debian's security archive."""
    nodes.write_tree(tmp_path, dict(nodes.CLEAN, **{"etc/apt/sources.list": (
        "deb http://deb.debian.org/debian bullseye main # pvemigrate: ignore[APT010, APT011]\n"
        + PVE.replace("buster", "bullseye") + "\n")}))
    done = check(tmp_path, "--root", ".")
    assert ("etc/apt/sources.list", "APT011") in codes(done)
    assert "etc/apt/sources.list:1: remark `pvemigrate:` there is no APT010, APT011 here" in done.err


INTERFACES = """\
auto lo
iface lo inet loopback

iface eno1 inet manual

auto vmbr0
iface vmbr0 inet static
\taddress 192.0.2.1/24
%s\tbridge-ports eno1

auto vmbr1
iface vmbr1 inet manual
\tbridge-ports eno1
"""


@pytest.mark.parametrize("remark, expected", [
    ("", ["vmbr0", "vmbr1"]), ("\t# pvemigrate: ignore[NET001]\n", ["vmbr1"]),
    ("# pvemigrate: ignore[NET001] moved here by Proxmox VE\r\n", ["vmbr1"])])
def test_a_stanza_of_interfaces(remark, expected):
    findings = pvemigrate.check(INTERFACES % remark, kind="interfaces", phases="all", select="NET001")
    assert re.findall("bridge (vmbr[0-9])", " ".join(finding.message for finding in findings)) == expected


def test_what_proxmox_ve_makes_of_a_remark_still_counts():
    """PVE::INotify moves remarks of an iface stanza to its end, the # in the first column."""
    saved = INTERFACES.replace("%s", "").replace("\tbridge-ports eno1\n\nauto vmbr1",
                                                 "\tbridge-ports eno1\n# pvemigrate: ignore[NET001]\n\nauto vmbr1")
    assert saved.count("pvemigrate") == 1
    assert len(found(saved, "interfaces", select="NET001")) == 1
    # proxmox-apt: the remark of an entry goes to the line above.
    assert found("%s\n%s\n" % (MARK, DEBIAN), "apt-list") == []


def test_a_remark_at_the_end_of_an_option_is_part_of_its_value():
    text = INTERFACES.replace("%s", "").replace("192.0.2.1/24\n", "192.0.2.1/24 # pvemigrate: ignore[NET001]\n")
    assert len(found(text, "interfaces", select="NET001")) == 2


def test_a_stanza_of_deb822_as_a_whole():
    text = "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: buster buster-updates\nComponents: main\n"
    assert found(text, "deb822") == [("APT001", 3), ("APT001", 3)]
    assert found("# pvemigrate: ignore[APT001]\n" + text, "deb822") == []
    assert found("# pvemigrate: ignore[APT001]\n\n" + text, "deb822") == [("APT001", 5), ("APT001", 5)]


def test_what_a_remark_puts_aside_is_not_fixed():
    text = "%s %s\n%s\n%s\n" % (DEBIAN, MARK, DEBIAN, PVE)
    result = pvemigrate.fix(text, kind="apt-list", phases="all", ignore="APT014")
    assert result.code == text.replace(DEBIAN + "\n", DEBIAN.replace("buster", "bullseye") + "\n").replace(
        PVE, PVE.replace("buster", "bullseye"))
    assert pvemigrate.fix(result.code, kind="apt-list", phases="all", ignore="APT014").code == result.code


def test_a_copied_tree_cannot_silence_findings_in_silence(tmp_path):
    nodes.write_tree(tmp_path, dict(nodes.CLEAN, **{"etc/apt/sources.list.d/x.list": "%s %s\n" % (DEBIAN, MARK)}))
    done = check(tmp_path, "--root", ".", "--select", "APT001")
    assert codes(done) == []
    assert "note: 1 finding is put aside: 1 by remarks in the files (--no-inline-ignores shows them)\n" in done.err
    shown = check(tmp_path, "--root", ".", "--select", "APT001", "--no-inline-ignores")
    assert "remark" not in shown.err
    assert codes(shown) == [("etc/apt/sources.list.d/x.list", "APT001")]
    configure(tmp_path.parent, "inline-ignores = false\n", "strict.toml")
    assert codes(check(tmp_path, "--root", ".", "--select", "APT001", "--config", "../strict.toml")) == codes(shown)


def test_in_several_processes(tmp_path):
    """What is found elsewhere is put aside here."""
    tree = {"etc/apt/sources.list.d/%03d.list" % number: "%s%s\n" % (DEBIAN, " " + MARK if number % 2 else "")
            for number in range(300)}
    nodes.write_tree(tmp_path, dict(nodes.CLEAN, **tree))
    done = check(tmp_path, "--root", ".", "--select", "APT001", "--jobs", "2")
    assert len(codes(done)) == 150


@pytest.mark.parametrize("data", [b"\0# pvemigrate: ignore[APT001]\n", b"deb \xff # pvemigrate: ignore[\xff]\n",
                                  b"# pvemigrate: ignore[" + b"APT001," * 5000 + b"\n", b"# pvemigrate:",
                                  b"deb [ # pvemigrate: ignore[APT001]\n", b"# pvemigrate: ignore[APT001]\r"])
@pytest.mark.parametrize("kind", REMARK_KINDS)
def test_odd_remarks(data, kind):
    project = TextProject(data * 3, kind, phases="all")
    project.check()
    assert project.errors == []
    assert all("\n" not in text for _, _, text in project.useless_remarks())


# -- the list of accepted findings -----------------------------------------------------------------------

#: Two storages with one finding each that has the same message, and a third one besides.
STORAGE = "dir: one\n\tpath /a\n\tcontent backup\n\tmaxfiles 3\n\ndir: two\n\tpath /b\n\tcontent backup\n\tmaxfiles 3\n"


@pytest.fixture
def tree(tmp_path):
    """A node below pve1/, in a directory that has no configuration."""
    nodes.write_tree(tmp_path / "pve1", dict(nodes.NO_RELEASE, **{
        "etc/pve/storage.cfg": STORAGE, "etc/vzdump.conf": "maxfiles: 4\n"}))
    (tmp_path / ".git").mkdir()
    return tmp_path


def accept(tree, *arguments):
    done = check(tree, "--generate-ignore", *(arguments or ["pve1"]))
    assert done.out == ""
    return done


def entries(tree):
    """(root, path, code) of each entry of the list."""
    text = (tree / IGNORE).read_text(encoding="utf-8")
    return re.findall('^root = "(.*)"\npath = "(.*)"\ncode = "(.*)"$', text, re.MULTILINE)


LISTED = [("pve1", "etc/pve/storage.cfg", "STO001"), ("pve1", "etc/pve/storage.cfg", "STO001"),
          ("pve1", "etc/vzdump.conf", "BAK001")]


def test_what_is_found_now_is_accepted(tree):
    done = accept(tree)
    assert (done.status, entries(tree)) == (0, LISTED)
    assert "note: %s: 3 accepted findings, where there were 0\n" % IGNORE in done.err
    after = check(tree, "pve1")
    assert (after.status, codes(after)) == (0, [])
    assert "note: using %s\n" % IGNORE in after.err
    assert "note: 3 findings are put aside: 3 by %s\n" % IGNORE in after.err
    assert len(codes(check(tree, "pve1", "--isolated"))) == 3


def test_what_is_accepted_is_not_fixed(tree):
    accept(tree)
    before = nodes.read_tree(tree / "pve1")
    done = nodes.run("fix", "pve1", cwd=str(tree))
    assert done.status == 0
    assert nodes.read_tree(tree / "pve1") == before


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_new_finding_with_the_same_message_is_reported_and_fixed(tree, at):
    """Of three that say the same, the new one is known by its storage."""
    path = tree / "pve1/etc/pve/storage.cfg"
    same = STORAGE.replace("maxfiles 3", "maxfiles 2") + "\n"
    path.write_text(same)
    accept(tree, "pve1", "--select", "STO001")
    new = "dir: new\n\tpath /n\n\tcontent backup\n\tmaxfiles 2\n\n"
    path.write_text(new + same if at == "before" else same + new)
    done = check(tree, "pve1", "--select", "STO001")
    line, = re.findall(r"storage.cfg:(\d+):", done.out)
    assert int(line) == (4 if at == "before" else 14)
    nodes.run("fix", "pve1", "--select", "STO001", cwd=str(tree))
    fixed = new.replace("maxfiles 2", "prune-backups keep-last=2")
    assert path.read_text() == (fixed + same if at == "before" else same + fixed)


def test_lines_may_move(tree):
    accept(tree)
    path = tree / "pve1/etc/pve/storage.cfg"
    path.write_text("# moved\n\n\n" + STORAGE.replace("\tpath /b\n", "\tpath  /b\n\tshared 0\n"))
    assert codes(check(tree, "pve1", "--select", "STO001")) == []


def test_an_entry_holds_for_its_own_tree_and_file(tree):
    accept(tree)
    nodes.write_tree(tree / "pve2", nodes.read_tree(tree / "pve1"))
    assert codes(check(tree, "pve2")) == [path[1:] for path in LISTED]
    assert codes(check(tree, ".")) == [("pve2/" + path, code) for _, path, code in LISTED]


def test_what_is_gone_is_named_until_it_is_taken_out(tree):
    accept(tree)
    (tree / "pve1/etc/vzdump.conf").unlink()
    path = tree / "pve1/etc/pve/storage.cfg"
    path.write_text(STORAGE.replace("maxfiles 3", "prune-backups keep-last=3", 1))
    done = check(tree, "pve1")
    assert done.status == 0
    assert ("note: %s: no longer found: STO001 in etc/pve/storage.cfg, BAK001 in etc/vzdump.conf; "
            "--generate-ignore takes that out\n" % IGNORE) in done.err
    assert "1 accepted finding, where there were 3" in accept(tree).err
    assert entries(tree) == LISTED[:1]
    assert "no longer found" not in check(tree, "pve1").err


@pytest.mark.parametrize("arguments", [
    ["pve1", "--select", "BAK"], ["pve1", "--ignore", "STO"], ["pve1/etc/vzdump.conf"],
    ["pve1/etc/pve/storage.cfg", "--select", "USR"], ["pve2"]])
def test_what_was_not_looked_at_is_neither_gone_nor_taken_out(tree, arguments):
    nodes.write_tree(tree / "pve2", nodes.CLEAN)
    accept(tree)
    (tree / "pve1/etc/pve/storage.cfg").write_text(nodes.STORAGE_CLEAN)
    assert "no longer found" not in check(tree, *arguments).err
    accept(tree, *arguments)
    assert entries(tree) == LISTED


def test_what_cannot_be_read_is_not_taken_out(tree):
    accept(tree)
    path = tree / "pve1/etc/pve/storage.cfg"
    path.unlink()
    path.symlink_to("/etc/passwd")
    done = accept(tree)
    assert done.status == 2
    assert entries(tree) == LISTED


def test_what_waits_for_its_phase_is_not_accepted(tmp_path):
    """Else an upgrade's own changes would be put aside, and nobody would notice."""
    nodes.write_tree(tmp_path / "a", nodes.with_release("6.4-1", {
        "etc/apt/sources.list": DEBIAN + "\n" + PVE + "\n", "etc/vzdump.conf": "maxfiles: 4\n"}))
    accept(tmp_path, "a", "--select", "APT001,APT003,BAK")
    assert entries(tmp_path) == [("a", "etc/vzdump.conf", "BAK001")]
    done = nodes.run("fix", "--diff", "--phase", "switch", "--select", "APT", "a", cwd=str(tmp_path))
    assert "+deb http://deb.debian.org/debian bullseye main" in done.out


def test_an_accepted_finding_whose_line_a_fix_changes_stays_as_it_is(tmp_path):
    """In later rounds message and line may be others. The second run is no other than the first."""
    nodes.write_tree(tmp_path / "a", dict(nodes.CLEAN, **{
        "etc/apt/sources.list": "# top\n%s\n%s\n" % (DEBIAN, DEBIAN)}))
    accept(tmp_path, "a", "--select", "APT014")
    assert [code for _, _, code in entries(tmp_path)] == ["APT014"]
    nodes.run("fix", "a", "--select", "APT014,APT001", cwd=str(tmp_path))
    new = DEBIAN.replace("buster", "bullseye")
    assert (tmp_path / "a/etc/apt/sources.list").read_text() == "# top\n%s\n%s\n" % (new, new)


def test_blockers_that_were_accepted_are_out_of_the_way(tmp_path):
    nodes.write_tree(tmp_path / "a", nodes.with_release("6.3-1", {"etc/apt/sources.list": DEBIAN + "\n"}))
    command = ["fix", "--diff", "--phase", "switch", "--select", "APT001", "--root", "a"]
    assert "while SYS001 is open" in nodes.run(*command, cwd=str(tmp_path)).err
    accept(tmp_path, "--root", "a", "--phase", "before", "--select", "SYS001")
    done = nodes.run(*command, cwd=str(tmp_path))
    assert "SYS001" not in done.err
    assert "+deb http://deb.debian.org/debian bullseye main" in done.out


def test_a_reason_is_kept(tree):
    accept(tree)
    path = tree / IGNORE
    path.write_text(path.read_text().replace('code = "BAK001"\n', 'code = "BAK001"\nreason = "ticket \\"1\\""\n'))
    accept(tree)
    assert path.read_text().count('reason = "ticket \\"1\\""\n') == 1
    before = path.read_bytes()
    accept(tree)
    assert path.read_bytes() == before


def test_it_lies_beside_the_configuration(tree):
    configure(tree, "fail-on = 'error'\n")
    (tree / "down").mkdir()
    accept(tree / "down", "../pve1")
    assert not (tree / "down" / IGNORE).exists()
    assert entries(tree) == LISTED
    done = check(tree / "down", "../pve1")
    assert codes(done) == []
    assert "note: using %s/pvemigrate.toml and %s/%s\n" % (tree, tree, IGNORE) in done.err


def test_it_lies_beside_the_configuration_that_is_named(tree):
    (tree / "conf").mkdir()
    configure(tree / "conf", "")
    accept(tree, "pve1", "--config", "conf/pvemigrate.toml")
    assert not (tree / IGNORE).exists()
    assert [path for path, _, _ in entries(tree / "conf")] == [str(tree / "pve1")] * 3
    assert codes(check(tree, "pve1", "--config", "conf/pvemigrate.toml")) == []
    assert len(codes(check(tree, "pve1"))) == 3


def test_where_it_would_not_be_used_it_is_not_written(tree):
    done = check(tree / "pve1", "--generate-ignore", "--root", ".")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("Error: %s would not be used: it lies in the tree that is judged" % IGNORE)
    tree.chmod(tree.stat().st_mode | stat.S_IWOTH)
    done = check(tree, "--generate-ignore", "pve1")
    assert done.status == 2 and "would not be used: its directory belongs to another user, or" in done.err
    assert list(tree.rglob(IGNORE)) == []


@pytest.mark.parametrize("arguments", [["--isolated", "pve1"], ["--kind", "storage", "-"]])
def test_combinations_that_make_no_sense(tree, arguments):
    done = check(tree, "--generate-ignore", *arguments)
    assert done.status == 2 and "--generate-ignore" in done.err.split("\n\n")[-1]


def test_odd_names_and_messages(tmp_path):
    """Undecodable bytes, quotes, control characters: the list can hold them, and finds them again."""
    tree = {b'etc/pve/nodes/"\xff\x01\\/lxc/100.conf'.decode("utf-8", "surrogateescape"): nodes.GUEST,
            "etc/pve/storage.cfg": b"dir: \xff\"\n\tpath /a\n\tmaxfiles 3\n\t\xe4\x07\\ x\n"}
    try:
        nodes.write_tree(tmp_path / "a", dict(nodes.NO_RELEASE, **tree))
    except (OSError, UnicodeError):
        pytest.skip("this file system does not take such names: use one that takes any bytes, like ext4")
    accept(tmp_path, "a")
    data = (tmp_path / IGNORE).read_bytes()
    assert data.isascii() if hasattr(data, "isascii") else max(data) < 128
    done = check(tmp_path, "a")
    assert (done.status, codes(done)) == (0, [])
    assert "no longer found" not in done.err


def test_the_file_keeps_its_mode_and_leaves_nothing_behind(tree):
    accept(tree)
    path = tree / IGNORE
    path.chmod(0o640)
    (tree / "pve1/etc/vzdump.conf").unlink()
    accept(tree)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(os.listdir(str(tree))) == [".git", "pve1", IGNORE]


def test_a_directory_that_takes_no_file(tree):
    (tree / IGNORE).mkdir()
    done = check(tree, "--generate-ignore", "pve1")
    assert (done.status, done.err) == (2, "Error: %s: Is a directory\n" % IGNORE)


ENTRY = dict(root="a", path="b", code="C001", message="d")


@pytest.mark.parametrize("text, message", [
    ("", "version = 1 is wanted"), ("version = 2", "version = 1 is wanted"), ("version = ", "invalid TOML: "),
    ("version = 1\nentries = 3", "unknown key entries"), ("version = 1\naccepted = 3", r"accepted: \[\[accepted"),
    ("version = 1\naccepted = [3]", "accepted, entry 1: a table is wanted"),
    ("version = 1\n[[accepted]]\nroot = 'a'", "accepted, entry 1: path: a text is wanted"),
    ("version = 1\n[[accepted]]\nroot = 3", "accepted, entry 1: root: a text is wanted"),
    ("version = 1\n[[accepted]]\nwhy = 'a'", "accepted, entry 1: unknown key why"),
])
def test_a_list_that_makes_no_sense(tmp_path, text, message):
    with pytest.raises(UsageError, match="%s: %s" % (re.escape(IGNORE), message)):
        Baseline(str(tmp_path), text.encode())


def test_the_example_of_the_document_is_one(tmp_path):
    text = re.search(r"```toml\n(\[\[accepted.*?)```", DOCUMENT, re.DOTALL).group(1)
    entry, = Baseline(str(tmp_path), ("version = 1\n" + text).encode()).entries(str(tmp_path / "nodes/pve1"))
    assert (entry.path, entry.code, entry.reason[:3]) == ("etc/pve/storage.cfg", "STO004", "the")


@pytest.mark.parametrize("kind", REMARK_KINDS)
def test_the_remarks_of_the_document_are_understood(kind):
    blocks = [text for text in re.findall("^```\\w*\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)]
    start = {"apt-list": "deb ", "deb822": "# pve", "interfaces": "auto "}[kind]
    text, = (block for block in blocks if block.startswith(start))
    project = TextProject(text, kind, phases="all", macs={})
    project.check()
    assert not any("not understood" in why or "stands" in why for _, _, why in project.useless_remarks())
    assert all(remark.start is not None for remark in remarks(parse(text, kind), lambda text: "ignore[" in text))


def test_the_library_takes_entries():
    findings = pvemigrate.check(STORAGE, kind="storage")
    accepted = [Accepted.of(findings[0])]
    left = pvemigrate.check(STORAGE, kind="storage", accepted=accepted)
    assert [finding.line for finding in left] == [finding.line for finding in findings[1:]]
    result = pvemigrate.fix(STORAGE, kind="storage", accepted=accepted)
    assert result.code.count("maxfiles") == 1 and result.code.index("maxfiles") < result.code.index("prune-backups")


def test_many_useless_remarks_are_counted(tmp_path):
    nodes.write_tree(tmp_path, dict(nodes.CLEAN, **{"etc/apt/sources.list": "# pvemigrate: x\n" * 50}))
    done = check(tmp_path, "--root", ".")
    assert done.err.count("remark `pvemigrate:` not understood") == 20
    assert "note: 30 more remarks of that kind\n" in done.err


def test_edits_are_followed():
    """An anchor is where its finding has got to, whatever was inserted and removed around it."""
    from pvemigrate.acceptance import _Anchor, _follow
    from pvemigrate.cst import Position
    from pvemigrate.edit import Edit, apply_edits

    code = "one\ntwo\nthree x\nfour\nfive"
    edits = [(0, 0, "a\nb\n"), (4, 8, ""), (8, 13, "3"), (16, 16, "\n\n"), (25, 25, "!")]
    marks = {"one": 0, "x": 14, "four": 16, "ive": 22}
    anchors = {}
    for word, at in marks.items():
        line = code.count("\n", 0, at) + 1
        column = at - code.rfind("\n", 0, at)
        anchors[word] = _Anchor(type("Finding", (), dict(path="p", code="C", message="m", position=Position(
            line, column, line, column, at, at + 1)))())
    inside = _Anchor(type("Finding", (), dict(path="p", code="C", message="m", position=Position(
        3, 3, 3, 3, 10, 11)))())
    _follow([*anchors.values(), inside], edits, code)
    new = apply_edits(code, [Edit("p", *edit) for edit in edits]).split("\n")
    for word, anchor in anchors.items():
        assert new[anchor.line - 1][anchor.column - 1:].startswith(word), word
    assert new[inside.line - 1][inside.column - 1:] == "3 x"
