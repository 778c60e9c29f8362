"""plan: several upgrades in a row, in memory."""

import json

import jsonschema
import pytest

import pvemigrate
from nodes import REPOSITORY, status_file, write_tree
from pvemigrate.releases import HOPS, sequence
from pvemigrate.settings import HOPS as NAMES
from pvemigrate.source import ChangedReader, Reader
from test_cli import Quick

LIST = "deb http://ftp.debian.org/debian %s main contrib\n"
TREE = {
    "etc/apt/sources.list": LIST % "buster",
    "etc/apt/sources.list.d/other.list":
        "deb http://download.proxmox.com/debian/pve buster pve-no-subscription\n"
        "deb http://security.debian.org/debian-security buster/updates main contrib\n",
    "etc/pve/storage.cfg": "dir: backup\n\tpath /srv\n\tmaxfiles 3\n",
    "etc/pve/nodes/a/lxc/100.conf": "lxc.cgroup.pids.max: 5\n",
    "etc/hostname": "a\n",
    "var/lib/dpkg/status": status_file(proxmox_ve="6.4-1", pve_manager="6.4-15", chrony="3.4-4"),
}


def hops_of(result):
    return [line.split(":")[0][3:] for line in result.out.splitlines() if line.startswith("== ")]


def test_each_hop_begins_with_what_the_one_before_made(tmp_path):
    write_tree(tmp_path, TREE)
    result = Quick("plan", "--to", "9", "--root", tmp_path)
    assert result.status == 1 and result.err == ""
    assert hops_of(result) == ["6to7", "7to8", "8to9"]
    suites = [line for line in result.out.splitlines() if line[:1] in "+-" and "ftp.debian.org" in line]
    assert suites == [sign + LIST.strip() % suite for sign, suite in (
        ("-", "buster"), ("+", "bullseye"), ("-", "bullseye"), ("+", "bookworm"), ("-", "bookworm"),
        ("+", "trixie"))]
    # What one hop has done is no work for the next.
    assert result.out.count("+\tprune-backups keep-last=3") == 1
    assert result.out.count("+lxc.cgroup2.pids.max: 5") == 1
    # Nothing is written.
    assert (tmp_path / "etc/apt/sources.list").read_text() == TREE["etc/apt/sources.list"]
    assert not (tmp_path / "var/lib/pvemigrate").exists()


@pytest.mark.parametrize("version, arguments, hops", [
    ("6.4-1", [], ["6to7", "7to8", "8to9"]),
    ("6.4-1", ["--to", "7"], ["6to7"]),
    ("7.4-1", ["--to", "8"], ["7to8"]),
    ("7.4-1", ["--to", "9"], ["7to8", "8to9"]),
    ("8.4.0", ["--to", "9"], ["8to9"]),
    ("8.4.0", ["--from", "8"], ["8to9"]),
])
def test_it_begins_at_the_release_that_is_found(version, arguments, hops, tmp_path):
    write_tree(tmp_path, {**TREE, "var/lib/dpkg/status": status_file(proxmox_ve=version,
                                                                     pve_manager=version)})
    assert hops_of(Quick("plan", "--root", tmp_path, *arguments)) == hops


@pytest.mark.parametrize("version, arguments, message", [
    ("6.4-1", ["--to", "10"], "no sequence of known hops leads from Proxmox VE 6 to 10"),
    ("9.0.3", [], "Proxmox VE 9 found: there is nothing before 9 to plan"),
    ("8.4.0", ["--to", "7"], "Proxmox VE 8 found: there is nothing before 7 to plan"),
    ("8.4.0", ["--from", "6"], "Proxmox VE 8 found, not 6"),
    ("5.4-1", [], "no sequence of known hops leads from Proxmox VE 5 to 9"),
])
def test_what_cannot_be_planned(version, arguments, message, tmp_path):
    write_tree(tmp_path, {**TREE, "var/lib/dpkg/status": status_file(proxmox_ve=version,
                                                                     pve_manager=version)})
    result = Quick("plan", "--root", tmp_path, *arguments)
    assert result.status == 2 and result.out == ""
    assert message in result.err and result.err.count("\n") == 1


def test_without_a_release_it_says_where_to_begin(tmp_path):
    write_tree(tmp_path, {path: text for path, text in TREE.items() if "dpkg" not in path})
    guessed = Quick("plan", "--root", tmp_path)
    assert hops_of(guessed) == ["6to7", "7to8", "8to9"]
    assert guessed.err == ("note: no Proxmox VE version found in var/lib/dpkg/status: beginning at 6 (choose "
                           "with --from)\n")
    assert hops_of(Quick("plan", "--root", tmp_path, "--from", "8")) == ["8to9"]


def test_what_is_left_is_told_once(tmp_path):
    write_tree(tmp_path, {**TREE, "etc/pve/nodes/a/lxc/100.conf":
                          "lxc.cgroup.memory.swappiness: 1\nostype: debian\n"})
    result = Quick("plan", "--root", tmp_path, "--select", "LXC")
    assert result.out.count("LXC003") == 1
    assert result.out.count("1 still open from before") == 2


def test_several_trees_and_files_that_cannot_be_read(tmp_path):
    write_tree(tmp_path / "b/one", TREE)
    write_tree(tmp_path / "b/two", TREE)
    (tmp_path / "b/two/etc/pve/user.cfg").mkdir()
    (tmp_path / "b/two/etc/vzdump.conf").symlink_to("nowhere")
    result = Quick("plan", tmp_path / "b")
    assert result.status == 2
    assert [line.split(":")[0] for line in result.out.splitlines() if line.startswith("== ")] == [
        "== one 6to7", "== one 7to8", "== one 8to9", "== two 6to7", "== two 7to8", "== two 8to9"]
    assert "+++ b/two/etc/pve/storage.cfg" in result.out
    assert result.err.count("two/etc/vzdump.conf: a link to a file that is not there") == 1
    assert Quick("plan", tmp_path / "b/one/etc/pve/storage.cfg").status == 2


def test_options_and_unsafe_fixes_count_in_each_hop(tmp_path):
    write_tree(tmp_path, {**TREE, "etc/apt/sources.list": LIST % "buster" + LIST % "sid"})
    result = Quick("plan", "--root", tmp_path, "--select", "STO")
    assert "ftp.debian.org" not in result.out and "prune-backups" in result.out, result.out
    assert "sid" not in Quick("plan", "--root", tmp_path, "--ignore", "APT").out


def test_json(tmp_path):
    write_tree(tmp_path, TREE)
    result = Quick("plan", "--root", tmp_path, "--output-format", "json")
    document = json.loads(result.out)
    schemas = REPOSITORY / "pvemigrate/schema"
    jsonschema.validate(document, json.loads((schemas / "plan-1.json").read_text()))
    findings = json.loads((schemas / "findings-1.json").read_text())
    finding = {**findings["$defs"]["finding"], "$defs": findings["$defs"]}
    hops = document["nodes"][0]["hops"]
    for hop in hops:
        for found in hop["fixed"] + hop["remaining"]:
            jsonschema.validate(found, finding)
    assert [hop["hop"] for hop in hops] == list(NAMES)
    assert [found["fix"]["edits"][0]["text"] for hop in hops for found in hop["fixed"]
            if found["code"] == "APT001"] == ["bullseye", "bookworm", "trixie"]
    assert all("+deb http" in hop["diff"] for hop in hops)


def test_as_a_library(tmp_path):
    write_tree(tmp_path, TREE)
    found = list(pvemigrate.stages(tmp_path, to=8))
    assert [stage.hop.name for stage in found] == ["6to7", "7to8"]
    assert "bookworm" in found[1].plan.diff()
    with pytest.raises(ValueError, match="no root to write to"):
        found[1].plan.apply()


#: All that fixes have to know, so that every one of them is made.
EVERYTHING = {
    "unsafe_fixes": True, "pve_repo": "no-subscription", "pin_nics": True,
    "macs": {name: "02:00:00:00:00:%02x" % number for number, name in enumerate(
        ["vmbr%d" % n for n in range(10)] + ["eno1", "eno2"])},
}


@pytest.mark.parametrize("name", sorted(
    path.name for path in (REPOSITORY / "examples").glob("pve[678]-*")))
@pytest.mark.parametrize("options", [{}, EVERYTHING], ids=["safe", "everything"])
def test_at_the_end_of_the_way_nothing_is_left_to_fix(name, options):
    """Each example, taken to the last release, is one on which the last hop has nothing to fix."""
    found = list(pvemigrate.stages(REPOSITORY / "examples" / name, **options))
    assert found[-1].hop.new_release == 9 and found[-1].plan.changes
    assert [stage.errors for stage in found] == [[]] * len(found)
    after = found[-1].after()
    assert after.facts.release == 9
    plan = after.fix()
    assert plan.errors == [] and plan.changes == []
    assert [finding for finding in plan.remaining if finding.applicability == "safe"
            or finding.applicability == "unsafe" and options] == []
    # Nor does a later hop undo what an earlier one has done.
    for stage in found:
        again = stage.after().fix()
        assert again.changes == [], stage.hop.name


def test_the_hops_are_a_sequence():
    assert tuple(HOPS) == NAMES
    assert [hop.name for hop in sequence(6, 9)] == list(NAMES)
    for before, hop in zip(list(HOPS.values()), list(HOPS.values())[1:]):
        assert (hop.release, hop.old, hop.old_debian, hop.old_pve) == (
            before.new_release, before.new, before.new_debian, before.new_pve)
    for hop in HOPS.values():
        assert hop.name == "%dto%d" % (hop.release, hop.new_release)


# -- files as they would be ------------------------------------------------------------------------


def test_a_reader_of_what_is_not_written(tmp_path):
    write_tree(tmp_path, {"etc/a": "1", "etc/b": "2", "etc/d/x": "3"})
    (tmp_path / "etc/link").symlink_to("b")
    reader = ChangedReader(Reader(str(tmp_path)), [
        ("etc/a", b"1", None), ("etc/link", b"2", b"two"), ("etc/d/y", None, b"new"),
        ("etc/n/z", None, b"far")])
    assert reader.get("etc/a") is None and not reader.exists("etc/a")
    assert reader.get("etc/b") == reader.get("etc/link") == b"two"
    assert reader.listdir("etc") == ["b", "d", "link", "n"]
    assert reader.listdir("etc/d") == ["x", "y"] and reader.get("etc/d/x") == b"3"
    assert reader.listdir("etc/n") == ["z"] and reader.is_directory("etc/n") and reader.exists("etc/n")
    again = ChangedReader(reader, [("etc/a", None, b"back"), ("etc/d/y", b"new", None)])
    assert again.get("etc/a") == b"back" and again.listdir("etc/d") == ["x"]
    assert again.afresh().get("etc/b") == b"two"
    assert (tmp_path / "etc/b").read_text() == "2"
