"""Taking back: runs are listed, taken back to the byte, refused where that would lose something; runs
that were interrupted are found, and damaged or hostile journals do no harm."""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys

import pytest

import nodes
from nodes import (ERROR, GUEST_FIXED, STORAGE, STORAGE_FIXED, WARNING, read_tree, write_tree)
from faulty_commit import FILES
from pvemigrate import Project
from pvemigrate.root import Root
from pvemigrate.write import commit, recover
from test_cli import Quick
from test_faults import DRIVER, can_trace

BOTH = dict(WARNING, **ERROR)
PATHS = ["etc/pve/nodes/a/lxc/100.conf", "etc/pve/storage.cfg"]
RUNS = "var/lib/pvemigrate/runs"


def runs(root):
    folder = root / RUNS
    return sorted(os.listdir(str(folder))) if folder.is_dir() else []


def rollback(root, *arguments):
    return Quick("rollback", "--root", root, *arguments)


@pytest.fixture
def node(tmp_path):
    """A node that fix has just been run on."""
    write_tree(tmp_path, BOTH)
    assert Quick("fix", "--root", tmp_path).status == 0
    assert (tmp_path / PATHS[1]).read_text() == STORAGE_FIXED
    return tmp_path


# -- taking back -------------------------------------------------------------------------------------


def test_the_newest_run_is_taken_back(node):
    result = rollback(node)
    assert (result.status, result.err) == (0, "")
    assert result.out == "restored %s\nrestored %s\n" % tuple(PATHS)
    assert read_tree(node) == nodes.as_bytes(BOTH)
    # There and back again: fix finds the same work, and the next rollback takes that back.
    assert Quick("fix", "--root", node).status == 0
    assert rollback(node).status == 0
    assert read_tree(node) == nodes.as_bytes(BOTH)
    result = rollback(node)
    assert (result.status, result.out) == (0, "nothing to take back\n")


def test_modes_and_owners_come_back_too(tmp_path):
    write_tree(tmp_path, WARNING)
    file = tmp_path / PATHS[1]
    file.chmod(0o604)
    if os.getuid() == 0:
        os.chown(str(file), 1234, 33)
    before = file.stat()
    Quick("fix", "--root", tmp_path)
    assert rollback(tmp_path).status == 0
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode, before.st_uid, before.st_gid)


def test_the_list(node):
    first, = runs(node)
    assert re.fullmatch(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z-[0-9a-f]{6}", first)
    assert rollback(node, "--list").out == "%s  2 files  done: %s, %s\n" % (first, *PATHS)
    rollback(node)
    second, = set(runs(node)) - {first}
    lines = rollback(node, "--list").out.splitlines()
    assert lines == [
        "%s  2 files  taken back by %s: %s, %s" % (first, second, *PATHS),
        "%s  2 files  done, took back %s: %s, %s" % (second, first, *PATHS)]


def test_the_list_of_a_node_without_runs(tmp_path):
    write_tree(tmp_path, BOTH)
    for arguments in (["--list"], []):
        result = rollback(tmp_path, *arguments)
        assert (result.status, result.err) == (0, "")
        assert result.out == ("no runs\n" if arguments else "nothing to take back\n")
    assert read_tree(tmp_path) == nodes.as_bytes(BOTH) and not (tmp_path / RUNS).exists()


def test_a_run_by_its_name(tmp_path):
    """Of two runs over different files the earlier one, and the later one stays."""
    write_tree(tmp_path, BOTH)
    assert Quick("fix", "--root", tmp_path, "--select", "STO").status == 0
    first, = runs(tmp_path)
    assert Quick("fix", "--root", tmp_path).status == 0
    result = rollback(tmp_path, first)
    assert (result.status, result.out) == (0, "restored etc/pve/storage.cfg\n")
    assert (tmp_path / PATHS[1]).read_text() == STORAGE
    assert (tmp_path / PATHS[0]).read_text() == GUEST_FIXED
    # A run that has been taken back is not taken back again, and what took it back can be.
    again = rollback(tmp_path, first)
    assert again.status == 2 and "the run %s has been taken back by" % first in again.err
    undoing = again.err.split()[-1]
    assert rollback(tmp_path, undoing).status == 0
    assert (tmp_path / PATHS[1]).read_text() == STORAGE_FIXED


@pytest.mark.parametrize("name", ["x", "20261122T000000Z-abcdef", "..", "../../etc", "/", "\x1b[31m"])
def test_a_run_that_is_not_there(name, node):
    before = read_tree(node)
    result = rollback(node, name)
    assert result.status == 2 and "'pvemigrate rollback --list' shows them" in result.err
    assert "\x1b" not in result.err and read_tree(node) == before


@pytest.mark.parametrize("change", [
    lambda file: file.write_text(STORAGE_FIXED + "# by hand\n"),
    lambda file: file.unlink(),
    lambda file: (file.unlink(), file.mkdir()),
    lambda file: (file.unlink(), os.mkfifo(str(file))),
], ids=["edited", "removed", "a folder", "a FIFO"])
def test_a_file_that_has_changed_since(change, node):
    """It is named, and nothing at all is touched."""
    change(node / PATHS[1])
    before = read_tree(node)
    result = rollback(node)
    assert result.status == 2 and "restored" not in result.out
    assert result.err.startswith("error: etc/pve/storage.cfg: ") and result.err.count("\n") == 1
    assert read_tree(node) == before and len(runs(node)) == 1


def test_force_takes_it_back_all_the_same(node):
    edited = STORAGE_FIXED + "# by hand\n"
    (node / PATHS[1]).write_text(edited)
    assert "(--force does it all the same)" in rollback(node).err
    assert rollback(node, "--force").status == 0
    assert read_tree(node) == nodes.as_bytes(BOTH)
    # What the force has done away with is in the journal.
    last = re.findall(r"^(\S+) .*took back", rollback(node, "--list").out, re.MULTILINE)
    assert rollback(node, last[0]).status == 0
    assert (node / PATHS[1]).read_text() == edited


def test_a_file_that_is_the_old_one_already(node):
    (node / PATHS[1]).write_text(STORAGE)
    assert rollback(node).status == 0
    assert read_tree(node) == nodes.as_bytes(BOTH)


def test_created_files(tmp_path):
    """A file that fix has made goes again, and so do the folders that were made for it."""
    write_tree(tmp_path, {"etc/x": "old\n"})
    assert commit(str(tmp_path), [("etc/a/b/new.link", None, b"new\n"), ("etc/x", b"old\n", b"x\n")]) == []
    assert stat.S_IMODE((tmp_path / "etc/a/b").stat().st_mode) == 0o755
    result = rollback(tmp_path)
    assert (result.status, result.out) == (0, "removed etc/a/b/new.link\nrestored etc/x\n")
    assert read_tree(tmp_path) == {"etc/x": b"old\n"}
    assert not (tmp_path / "etc/a").exists()
    # And comes back where that is taken back.
    last = re.findall(r"^(\S+) .*took back", rollback(tmp_path, "--list").out, re.MULTILINE)
    assert rollback(tmp_path, last[0]).status == 0
    assert read_tree(tmp_path) == {"etc/x": b"x\n", "etc/a/b/new.link": b"new\n"}
    # That run has made the folders anew, so they go with it.
    last = re.findall(r"^(\S+) .*took back", rollback(tmp_path, "--list").out, re.MULTILINE)
    assert rollback(tmp_path, last[-1]).status == 0
    assert os.listdir(str(tmp_path / "etc")) == ["x"]


def remake(folder):
    """The same name, and another folder."""
    folder.rename(folder.with_name("aside"))
    folder.mkdir()
    (folder.with_name("aside") / "new").rename(folder / "new")


def replace_by_link(folder):
    remake(folder)
    folder.rename(folder.with_name("elsewhere"))
    os.symlink("elsewhere", str(folder))


@pytest.mark.parametrize("change", [
    lambda folder: (folder / "other").write_text("by hand\n"),
    lambda folder: (folder / "other").mkdir(), lambda folder: os.symlink("gone", str(folder / "other")),
    remake,
], ids=["a file", "a folder", "a link", "made anew"])
def test_a_folder_that_is_not_only_that_runs_stays(change, tmp_path):
    write_tree(tmp_path, {"etc/x": "old\n"})
    assert commit(str(tmp_path), [("etc/a/b/new", None, b"new\n")]) == []
    change(tmp_path / "etc/a/b")
    result = rollback(tmp_path)
    assert (result.status, result.out, result.err) == (0, "removed etc/a/b/new\n", "")
    assert (tmp_path / "etc/a/b").is_dir() and not (tmp_path / "etc/a/b/new").exists()


def test_a_folder_that_was_there_before_stays(tmp_path):
    write_tree(tmp_path, {"etc/x": "old\n"})
    (tmp_path / "etc/a").mkdir()
    assert commit(str(tmp_path), [("etc/a/b/new", None, b"new\n"), ("etc/a/new", None, b"new\n")]) == []
    assert rollback(tmp_path).status == 0
    assert os.listdir(str(tmp_path / "etc/a")) == []


def test_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path):
    write_tree(tmp_path, {"etc/x": "old\n"})
    assert commit(str(tmp_path), [("etc/a/b/new", None, b"new\n")]) == []
    replace_by_link(tmp_path / "etc/a/b")
    assert rollback(tmp_path).status == 0
    assert (tmp_path / "etc/a/b").is_symlink() and (tmp_path / "etc/a/elsewhere").is_dir()


def test_a_failure_to_remove_a_folder_is_none_of_the_rollback(tmp_path, monkeypatch):
    write_tree(tmp_path, {"etc/x": "old\n"})
    assert commit(str(tmp_path), [("etc/a/new", None, b"new\n")]) == []

    def refuse(*_, **__):
        raise PermissionError(1, "no")

    monkeypatch.setattr(os, "rmdir", refuse)
    result = rollback(tmp_path)
    assert (result.status, result.out, result.err) == (0, "removed etc/a/new\n", "")
    assert os.listdir(str(tmp_path / "etc/a")) == []


@pytest.mark.parametrize("state, end", [("old", "taken back"), ("new", "finished"),
                                        ("committed", "finished")])
def test_the_folders_of_an_interrupted_run(state, end, tmp_path):
    write_tree(tmp_path, {"etc/x": "old\n"})
    base = Root(str(tmp_path))
    changes = [("etc/a/b/new", None, b"new\n"), ("etc/x", b"old\n", b"x\n")]
    assert commit(base, changes) == []
    name, = runs(tmp_path)
    (tmp_path / RUNS / name / "done").unlink()
    if state != "committed":
        (tmp_path / RUNS / name / "committed").unlink()
    if state == "old":
        (tmp_path / "etc/x").write_text("old\n")
    assert recover(base) == ([(name, end)], [])
    assert (tmp_path / "etc/a").exists() == (end == "finished")
    if end == "taken back":
        # The one who looked there before finds them made anew.
        assert commit(base, changes) == []
        assert (tmp_path / "etc/a/b/new").read_text() == "new\n"


def test_a_rollback_that_was_interrupted_takes_the_folders_too(tmp_path):
    write_tree(tmp_path, {"etc/x": "old\n"})
    assert commit(str(tmp_path), [("etc/a/b/new", None, b"new\n")]) == []
    inode = (tmp_path / "etc/a/b").stat().st_ino
    (tmp_path / "etc/a/b/kept").mkdir()
    assert rollback(tmp_path).status == 0
    name = runs(tmp_path)[-1]
    assert (tmp_path / "etc/a/b").stat().st_ino == inode
    (tmp_path / "etc/a/b/kept").rmdir()
    (tmp_path / RUNS / name / "done").unlink()
    assert recover(str(tmp_path)) == ([(name, "finished")], [])
    assert not (tmp_path / "etc/a").exists()


@pytest.mark.parametrize("key, folders", [
    ("made", 5), ("made", [5]), ("made", [{}]), ("made", [{"path": "etc/empty", "inode": 1}]),
    ("made", [{"path": "etc/../etc/a", "inode": 1}]), ("made", [{"path": "", "inode": 1}]),
    ("made", [{"path": "etc/a", "inode": "1"}]), ("made", [{"path": "etc/a", "inode": 1.5}]),
    ("made", [{"path": 5, "inode": 1}]), ("made", [{"path": "etc/a/new", "inode": 1}]),
    ("made", [{"path": "etc/a", "inode": 1}] * 2), ("left", [{"path": "etc/a", "inode": 1}]),
], ids=repr)
@pytest.mark.parametrize("is_over", [False, True])
def test_folders_in_a_journal_that_means_harm(key, folders, is_over, tmp_path):
    write_tree(tmp_path, {"etc/x": "old\n"})
    (tmp_path / "etc/empty").mkdir()
    assert commit(str(tmp_path), [("etc/a/new", None, b"new\n")]) == []
    name, = runs(tmp_path)
    journal = tmp_path / RUNS / name / "journal"
    document = json.loads(journal.read_text())
    assert [folder["path"] for folder in document["made"]] == ["etc/a"] and document["left"] == []
    for folder in folders if isinstance(folders, list) else ():
        if isinstance(folder, dict) and folder.get("inode") == 1:
            folder["inode"] = os.stat(str(tmp_path / "etc/empty")).st_ino
    journal.write_text(json.dumps(dict(document, **{key: folders})))
    if not is_over:
        (tmp_path / RUNS / name / "done").unlink()
    result = rollback(tmp_path)
    assert result.status == 2 and "not the journal of a run" in result.err
    assert (tmp_path / "etc/empty").is_dir() and (tmp_path / "etc/a/new").is_file()


def test_a_journal_of_an_earlier_version_has_no_folders(tmp_path):
    write_tree(tmp_path, {"etc/x": "old\n"})
    assert commit(str(tmp_path), [("etc/a/new", None, b"new\n")]) == []
    name, = runs(tmp_path)
    journal = tmp_path / RUNS / name / "journal"
    document = json.loads(journal.read_text())
    del document["made"], document["left"]
    journal.write_text(json.dumps(document))
    assert rollback(tmp_path).status == 0
    assert os.listdir(str(tmp_path / "etc/a")) == []


def test_a_created_file_that_has_changed_since(tmp_path):
    write_tree(tmp_path, {"etc/x": "old\n"})
    assert commit(str(tmp_path), [("etc/y", None, b"new\n"), ("etc/x", b"old\n", b"x\n")]) == []
    (tmp_path / "etc/y").write_text("by hand\n")
    result = rollback(tmp_path)
    assert result.status == 2 and "etc/y: has changed since that run" in result.err
    assert read_tree(tmp_path) == {"etc/x": b"x\n", "etc/y": b"by hand\n"}


def test_a_root_that_is_not_there(tmp_path):
    result = rollback(tmp_path / "none")
    assert result.status == 2 and "no such directory" in result.err


# -- runs that were interrupted ------------------------------------------------------------------------


def interrupt(root, state):
    """Make the last run one that was stopped: ``old``: before anything was renamed, ``mixed``: with
    one file of two, ``new``: when all was renamed, ``committed``: with what lay beside the files still
    there. Returns its id."""
    name, = runs(root)
    folder = root / RUNS / name
    (folder / "done").unlink()
    if state != "committed":
        (folder / "committed").unlink()
    document = json.loads((folder / "journal").read_text())
    for number, record in enumerate(document["files"]):
        file = root / record["real"]
        temporary = file.parent / record["temporary"]
        old = (folder / ("old-%d" % number)).read_bytes()
        if state == "old" or state == "mixed" and number == 1:
            temporary.write_bytes(file.read_bytes())
            file.write_bytes(old)
        else:
            temporary.write_bytes(old)
    return name


@pytest.mark.parametrize("state, end", [("old", "taken back"), ("mixed", "taken back"),
                                        ("new", "finished"), ("committed", "finished")])
def test_an_interrupted_run(state, end, node):
    fixed = read_tree(node)
    name = interrupt(node, state)
    before = read_tree(node)
    for arguments in (["check"], ["fix", "--diff"], ["fix", "--emit-commands"]):
        result = Quick(*arguments, "--root", node)
        assert "note: the run %s of fix was interrupted" % name in result.err
        assert read_tree(node) == before, "only fix and rollback write"
    assert "interrupted" in rollback(node, "--list").out
    result = Quick("fix", "--root", node, "--select", "APT")
    assert "warning: the run %s of fix had been interrupted; it is %s now" % (name, end) in result.err
    assert read_tree(node) == (fixed if end == "finished" else nodes.as_bytes(BOTH))
    assert "interrupted" not in Quick("fix", "--root", node).err
    assert read_tree(node) == fixed


@pytest.mark.parametrize("state", ["old", "mixed", "new", "committed"])
def test_rollback_after_an_interruption(state, node):
    """It is settled first, and what then stands is taken back."""
    name = interrupt(node, state)
    result = rollback(node)
    assert result.status == 0
    assert "the run %s had been interrupted; it is " % name in result.out
    assert read_tree(node) == nodes.as_bytes(BOTH)


@pytest.mark.parametrize("state", ["old", "mixed", "new"])
def test_an_edit_made_after_the_interruption_is_not_lost(state, node):
    interrupt(node, state)
    (node / PATHS[1]).write_text("by hand\n")
    assert recover(str(node))[1] == []
    assert (node / PATHS[1]).read_text() == "by hand\n"
    assert sorted(read_tree(node)) == sorted(BOTH)


def test_the_library_settles_it_too(node):
    interrupt(node, "mixed")
    plan = Project(node).fix()
    assert [path for path, _, _ in plan.changes] == ["etc/pve/storage.cfg"]
    assert plan.apply() == []
    # The run that was interrupted has been taken back before the plan's own was made.
    assert read_tree(node) == nodes.as_bytes(dict(BOTH, **{"etc/pve/storage.cfg": STORAGE_FIXED}))
    assert Project(node).fix().apply() == []
    assert (node / PATHS[0]).read_text() == GUEST_FIXED


@pytest.mark.skipif(not can_trace(), reason="needs strace, and the right to trace a process (Debian: "
                                            "apt-get install strace)")
def test_a_run_that_is_killed_for_real(tmp_path):
    root = tmp_path / "root"
    old = {path: old for path, (old, _) in FILES.items() if old is not None}
    write_tree(root, old)
    status = subprocess.run(
        ["strace", "-o", os.devnull, "-e", "inject=renameat2:signal=KILL:when=3", sys.executable,
         DRIVER, str(root), "commit"], stdout=subprocess.DEVNULL, env=nodes.environment()).returncode
    assert status in (-signal.SIGKILL, 128 + signal.SIGKILL)
    assert set(read_tree(root)) > set(old)
    name, = runs(root)
    assert "note: the run %s of fix was interrupted" % name in Quick("check", "--root", root).err
    result = rollback(root)
    assert "it is taken back now" in result.out and read_tree(root) == old


# -- damaged and hostile journals ----------------------------------------------------------------------


DAMAGES = [b"", b"{", b"[]", b"null", b'{"version": 2}', b'{"version": 1}', b"\xff\xfe",
           b'{"version": 1, "files": 5, "undoes": null, "tool": "", "time": ""}',
           b"[" * 100000]


@pytest.mark.parametrize("number", range(len(DAMAGES)))
def test_a_damaged_journal_of_an_interrupted_run(number, node):
    """It is never passed over: what it would have said is for a human to find out."""
    name = interrupt(node, "mixed")
    (node / RUNS / name / "journal").write_bytes(DAMAGES[number])
    before = read_tree(node)
    where = "%s/%s/journal" % (RUNS, name)
    assert "note: %s: not the journal of a run" % where in Quick("check", "--root", node).err
    for result in (Quick("fix", "--root", node), rollback(node)):
        assert result.status == 2
        assert result.err.count("error: ") == 1 and "error: %s: " % where in result.err
    assert Project(node).fix().apply() != []
    assert read_tree(node) == before
    # Moved away, it is in nobody's way.
    shutil.move(str(node / RUNS / name), str(node / "away"))
    assert Quick("fix", "--root", node).status == 0


def test_a_damaged_journal_of_a_run_that_is_over(tmp_path):
    write_tree(tmp_path, BOTH)
    Quick("fix", "--root", tmp_path, "--select", "LXC")
    first, = runs(tmp_path)
    (tmp_path / RUNS / first / "journal").write_bytes(b"{")
    assert Quick("fix", "--root", tmp_path).status == 0
    second, = set(runs(tmp_path)) - {first}
    listed = rollback(tmp_path, "--list")
    assert listed.status == 2 and second in listed.out
    assert "%s/journal: not the journal of a run" % first in listed.err
    # Which one is the newest is not known, so one has to be named; not the damaged one.
    before = read_tree(tmp_path)
    for arguments in ([], [first]):
        result = rollback(tmp_path, *arguments)
        assert result.status == 2 and first in result.err and read_tree(tmp_path) == before
    assert rollback(tmp_path, second).status == 0
    assert (tmp_path / PATHS[1]).read_text() == STORAGE


def test_a_copy_that_is_damaged(node):
    name, = runs(node)
    (node / RUNS / name / "old-1").write_bytes(b"something else")
    before = read_tree(node)
    result = rollback(node)
    assert result.status == 2
    assert result.err == ("error: etc/pve/storage.cfg: the journal's copy of etc/pve/storage.cfg is "
                          "damaged\n")
    assert read_tree(node) == before


@pytest.mark.parametrize("changes", [
    {"real": "../outside/file"}, {"real": "/etc/passwd"}, {"real": "etc/out/file"}, {"real": 5},
    {"real": "etc/\0"}, {"real": "etc/\ud800"}, {"real": ""}, {"real": None},
    {"real": "etc/" + "x/" * 5000 + "y"},
    {"temporary": "../../outside/file"}, {"temporary": "storage.cfg"}, {"temporary": "user.cfg"},
    {"backup": ".."}, {"backup": None}, {"backup": ["x"]}, {"temporary": "storage.cfg.tmp.1\0"},
    {"old": 5}, {"new": {}}, {"path": "\x1b[31m<b>"}, {"path": None},
], ids=repr)
@pytest.mark.parametrize("is_over", [False, True])
def test_a_journal_that_means_harm(changes, is_over, tmp_path):
    """Of a tree that somebody else has made: nothing outside the root is touched, nothing inside but
    what a run can have written, and nothing reaches the terminal."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    write_tree(outside, {"file": STORAGE_FIXED})
    write_tree(root, dict(BOTH, **{"etc/pve/user.cfg": ""}))
    os.symlink(str(outside), str(root / "etc/out"))
    assert Quick("fix", "--root", root).status == 0
    name, = runs(root)
    journal = root / RUNS / name / "journal"
    if not is_over:
        interrupt(root, "new")
    document = json.loads(journal.read_text())
    document["files"][1].update(changes)
    journal.write_text(json.dumps(document))
    for arguments in (["check"], ["fix"], ["rollback", "--list"], ["rollback"]):
        result = Quick(*arguments, "--root", root)
        assert "\x1b" not in result.out + result.err
        assert "Traceback" not in result.err and "internal error" not in result.err
    assert read_tree(outside) == {"file": STORAGE_FIXED.encode()}
    assert (root / "etc/pve/user.cfg").read_bytes() == b""
    assert (root / PATHS[1]).read_text() in (STORAGE, STORAGE_FIXED)


@pytest.mark.parametrize("undoes", [5, ["x"], {}, "\x1b[31m"])
def test_what_a_run_took_back_may_be_anything(undoes, node):
    name, = runs(node)
    journal = node / RUNS / name / "journal"
    journal.write_text(json.dumps(dict(json.loads(journal.read_text()), undoes=undoes)))
    for arguments in (["--list"], [], [name]):
        result = rollback(node, *arguments)
        assert "internal error" not in result.err and "\x1b" not in result.out + result.err


@pytest.mark.parametrize("link", ["var", "var/lib", "var/lib/pvemigrate", RUNS])
def test_a_journal_that_lies_outside(link, tmp_path):
    """A link that leads out of the root is not followed: no run, nothing written."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.mkdir()
    write_tree(root, {path: text for path, text in BOTH.items() if path.startswith("etc/")})
    (root / link).parent.mkdir(parents=True, exist_ok=True)
    os.symlink(str(outside), str(root / link))
    before = read_tree(root)
    result = Quick("fix", "--root", root)
    assert result.status == 2 and "a link leads out of the root" in result.err
    rollback(root)
    assert read_tree(root) == before and list(outside.iterdir()) == []


@pytest.mark.parametrize("spoil", [
    lambda path: path.write_text("x"),
    lambda path: os.mkfifo(str(path)),
    lambda path: os.symlink("pvemigrate", str(path)),
], ids=["a file", "a FIFO", "a loop"])
def test_something_else_in_the_journals_place(spoil, tmp_path):
    write_tree(tmp_path, BOTH)
    spoil(tmp_path / "var/lib/pvemigrate")
    result = Quick("fix", "--root", tmp_path)
    assert result.status == 2 and "error: var/lib/pvemigrate: " in result.err
    assert read_tree(tmp_path).items() >= nodes.as_bytes(BOTH).items()
    for arguments in (["--list"], []):
        assert "internal error" not in rollback(tmp_path, *arguments).err


# -- the journal itself --------------------------------------------------------------------------------


def test_what_the_journal_holds(node):
    name, = runs(node)
    folder = node / RUNS / name
    assert sorted(os.listdir(str(folder))) == ["committed", "done", "journal", "old-0", "old-1"]
    assert (folder / "old-1").read_text() == STORAGE
    for path in [node / "var/lib/pvemigrate", node / RUNS, folder]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # A tree that is kept in git does not take the journal in.
    assert (node / "var/lib/pvemigrate/.gitignore").read_text() == "*\n"


def test_no_run_where_nothing_changes(tmp_path):
    write_tree(tmp_path, nodes.CLEAN)
    Quick("fix", "--root", tmp_path)
    assert not (tmp_path / "var/lib/pvemigrate").exists()


def test_no_journal_is_kept_of_a_lone_file(tmp_path):
    """A folder without an etc/ is no root that a journal could be found in."""
    write_tree(tmp_path, {"a.cfg": STORAGE, "sub/x": ""})
    assert Quick("fix", "--kind", "storage", tmp_path / "a.cfg").status == 0
    assert read_tree(tmp_path) == {"a.cfg": STORAGE_FIXED.encode(), "sub/x": b""}
    assert not (tmp_path / "var").exists()
    (tmp_path / "a.cfg").write_text(STORAGE)
    project = Project(tmp_path, paths=["a.cfg"], kind="storage", facts=False)
    assert project.fix().apply() == []
    assert (tmp_path / "a.cfg").read_text() == STORAGE_FIXED and not (tmp_path / "var").exists()


def test_a_library_run_can_be_taken_back_by_the_command(tmp_path):
    write_tree(tmp_path, BOTH)
    assert Project(tmp_path).fix().apply() == []
    assert rollback(tmp_path).status == 0
    assert read_tree(tmp_path) == nodes.as_bytes(BOTH)
