"""Fixes that remove a file: the plan, its diff, writing and taking back, what reports say of it. (What
happens when a system call fails on the way is in test_faults.py.)"""

import json
import os
import shutil
import stat
import subprocess

import pytest

from nodes import read_tree, write_tree
from pvemigrate import Fix, Project, Rule, create_file, insert_after, remove_file
from pvemigrate.diff import unified_diff
from pvemigrate.journal import Journal
from pvemigrate.output import Report, render
from pvemigrate.root import Root
from pvemigrate.verify import Verifier, _Reader
from pvemigrate.write import commit, recover, rollback
from test_cli import Quick
from test_output import validator
from test_write import ACL, attribute_or_skip

OLD = "etc/apt/sources.list.d/a.list"
NEW = "etc/apt/sources.list.d/b.list"
TEXT = "# moves\ndeb http://a.example/ b c\n"
TREE = {OLD: TEXT, "etc/apt/sources.list": "# stays\n"}


class Moves(Rule):
    """Gives a file another name."""

    code, name, kinds = "XXX001", "moves", ("apt-list",)

    def visit_File(self, tree):
        if self.file.path == OLD:
            self.report(tree.body[0], "is to be moved", Fix.safe(
                "move it", create_file(NEW, tree.code), remove_file()))


class Appends(Rule):
    """Has something to say at the end of the same file."""

    code, name, kinds = "AAA001", "appends", ("apt-list",)

    def visit_File(self, tree):
        if self.file.path in (OLD, NEW) and "late" not in tree.code:
            self.report(tree.body[-1], "is too short", Fix.safe(
                "append", insert_after(tree.body[-1], "# late")))


def plan_of(root, rules=(Moves,), **options):
    return Project(root, rules=rules, phases="all", **options).fix()


@pytest.fixture
def node(tmp_path):
    root = tmp_path / "node"
    write_tree(root, TREE)
    return root


def test_the_plan(node):
    plan = plan_of(node)
    assert plan.changes == [(OLD, TEXT.encode(), None), (NEW, None, TEXT.encode())]
    assert plan.files[OLD][1] is None
    assert [finding.code for finding in plan.fixed] == ["XXX001"] and plan.remaining == []
    assert plan.diffs() == [unified_diff(TEXT, None, OLD), unified_diff(None, TEXT, NEW)]
    assert "+++ /dev/null\n" in plan.diffs()[0]
    assert read_tree(node) == {path: text.encode() for path, text in TREE.items()}
    assert plan.apply() == []
    assert read_tree(node) == {NEW: TEXT.encode(), "etc/apt/sources.list": b"# stays\n"}
    assert plan_of(node).changes == []


@pytest.mark.skipif(not shutil.which("patch"), reason="needs patch (Debian: apt-get install patch)")
@pytest.mark.parametrize("text", [TEXT, TEXT.rstrip("\n"), "\n", TEXT.replace("\n", "\r\n")])
def test_patch_removes_it_too(text, tmp_path):
    write_tree(tmp_path / "a", dict(TREE, **{OLD: text}))
    shutil.copytree(str(tmp_path / "a"), str(tmp_path / "b"))
    plan = plan_of(tmp_path / "a")
    subprocess.run(["patch", "-p1", "-s", "--binary"], input=plan.diff().encode(), check=True,
                   cwd=str(tmp_path / "b"))
    assert plan.apply() == []
    assert read_tree(tmp_path / "b") == read_tree(tmp_path / "a")


@pytest.mark.parametrize("rules", [(Moves, Appends), (Appends, Moves)])
def test_nothing_that_another_fix_writes_at_its_end_is_lost(rules, node):
    plan = plan_of(node, rules)
    assert {path: new for path, _, new in plan.changes} == {
        OLD: None, NEW: TEXT.encode() + b"# late\n"}
    assert plan.remaining == [] and plan.errors == []


def test_a_file_that_is_removed_and_made_again(node):
    class MovesBack(Rule):
        code, name, kinds = "XXX002", "moves-back", ("apt-list",)

        def visit_File(self, tree):
            if self.file.path == NEW and "moves" in tree.code:
                self.report(None, "x", Fix.safe("move it", create_file(OLD, "# other\n"),
                                                remove_file()))

    class MovesOnce(Moves):
        def visit_File(self, tree):
            if "moves" in tree.code:
                super().visit_File(tree)

    plan = plan_of(node, (MovesOnce, MovesBack))
    assert plan.changes == [(OLD, TEXT.encode(), b"# other\n")]
    assert plan.diff() == unified_diff(TEXT, "# other\n", OLD)
    assert plan.apply() == []


def test_one_fix_removes_a_file_or_changes_it(node):
    class Both(Rule):
        code, name, kinds = "XXX001", "both", ("apt-list",)

        def visit_File(self, tree):
            self.report(None, "x", Fix.safe("x", insert_after(tree.body[-1], "x"), remove_file()))

    plan = plan_of(node, (Both,))
    assert plan.changes == []
    assert any("overlap" in message for _, message in plan.errors)


def test_asked_first(node):
    seen = []
    plan = Project(node, rules=(Moves,), phases="all").fix(
        accept=lambda question: seen.extend(question.diffs("x/")) or False)
    assert plan.changes == []
    assert seen == [unified_diff(TEXT, None, "x/" + OLD), unified_diff(None, TEXT, "x/" + NEW)]


# -- writing and taking back -------------------------------------------------------------------------


@pytest.mark.parametrize("name, value", [(None, None), ("user.origin", b"by hand\0\xff"),
                                         ("system.posix_acl_access", ACL)])
def test_it_comes_back_as_it_was(name, value, node):
    file = node / OLD
    if name:
        attribute_or_skip(file, name, value)
    else:
        file.chmod(0o604)
    if os.getuid() == 0:
        os.chown(str(file), 1234, 33)
    before = file.stat()
    assert plan_of(node).apply() == []
    assert not file.exists()
    result = Quick("rollback", "--root", node)
    assert (result.status, result.out) == (0, "removed %s\nrestored %s\n" % (NEW, OLD))
    assert read_tree(node) == {path: text.encode() for path, text in TREE.items()}
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode, before.st_uid, before.st_gid)
    if name:
        assert os.getxattr(str(file), name) == value


def test_it_goes_when_all_others_have_changed(node, monkeypatch):
    """Who reads the folder meanwhile finds the text twice at worst, never not at all."""
    import pvemigrate.write as write

    seen, rename = [], write._rename_to_free

    def rename_and_look(folder, old, new):
        rename(folder, old, new)
        seen.append(sorted(name for name in os.listdir(str(node / OLD).rpartition("/")[0])
                           if name.endswith(".list")))

    monkeypatch.setattr(write, "_rename_to_free", rename_and_look)
    assert plan_of(node).apply() == []
    assert seen == [["a.list", "b.list"], ["b.list"]]
    del seen[:]
    assert Quick("rollback", "--root", node).status == 0
    assert seen == [["a.list", "b.list"], ["a.list"]]


@pytest.mark.parametrize("change, message", [
    (lambda file: file.write_text("by hand\n"), "was changed by somebody else"),
    (lambda file: file.unlink(), "was taken away since it was read"),
    (lambda file: os.link(str(file), str(file) + ".save"), "has other hard links"),
    (lambda file: (file.rename(str(file) + ".save"), file.symlink_to("a.list.save")),
     "is a link to another file"),
    (lambda file: file.chmod(0o2644), "has a mode that could not be given back"),
], ids=["edited", "taken away", "hard link", "link", "mode"])
def test_a_file_that_is_another_one_by_then_stays(change, message, node):
    plan = plan_of(node)
    change(node / OLD)
    before = read_tree(node)
    (path, said), = plan.apply()
    assert path == OLD and message in said
    assert read_tree(node) == before


def test_a_link_is_known_beforehand(node):
    (node / OLD).rename(node / "etc/elsewhere")
    (node / OLD).symlink_to("../../elsewhere")
    plan = plan_of(node)
    assert plan.changes == [] and [path for path, message in plan.errors if "is a link" in message] == [
        OLD]
    # To change it is another matter.
    plan = plan_of(node, (Appends,))
    assert [path for path, _, _ in plan.changes] == [OLD] and plan.errors == []


def test_hard_links_are_known_beforehand(node):
    os.link(str(node / OLD), str(node / "etc/elsewhere"))
    plan = plan_of(node)
    assert plan.changes == [] and "other hard links" in plan.errors[0][1]


def test_an_edit_in_the_last_moment_is_put_back(node, monkeypatch):
    """Somebody writes to it through a descriptor that was open before it got another name."""
    import pvemigrate.write as write

    rename = write._rename_to_free

    def edit_and_rename(folder, old, new):
        if old == "a.list":
            with open(str(node / OLD), "a") as file:
                file.write("by hand\n")
        rename(folder, old, new)

    monkeypatch.setattr(write, "_rename_to_free", edit_and_rename)
    (path, message), = plan_of(node).apply()
    assert path == OLD and "was changed by somebody else" in message
    assert read_tree(node) == {OLD: TEXT.encode() + b"by hand\n", "etc/apt/sources.list": b"# stays\n"}


def test_a_failure_after_the_file_was_moved_does_not_lose_it(node, monkeypatch):
    """A file system may say no to what it has done."""
    import pvemigrate.write as write

    rename, failed = write._rename_to_free, []

    def rename_and_fail(folder, old, new):
        rename(folder, old, new)
        if old == "a.list" and not failed:
            failed.append(old)
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(write, "_rename_to_free", rename_and_fail)
    assert plan_of(node).apply() == [(OLD, "Input/output error")]
    assert read_tree(node) == {path: text.encode() for path, text in TREE.items()}


def test_a_file_that_somebody_makes_in_its_place_is_theirs(node, monkeypatch):
    import pvemigrate.write as write

    def fail(run):
        (node / OLD).write_text("by hand\n")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write.Journal, "begin", _begin_with(write.Journal.begin, fail))
    (_, message), = plan_of(node).apply()
    assert message == "No space left on device"
    assert read_tree(node) == {OLD: b"by hand\n", "etc/apt/sources.list": b"# stays\n"}


def _begin_with(begin, commit_instead):
    def begin_with(self, *arguments):
        run = begin(self, *arguments)
        run.commit = lambda: commit_instead(run)
        return run
    return begin_with


@pytest.mark.parametrize("state, end", [("removed", "taken back"), ("lost", "taken back"),
                                        ("all", "finished"), ("committed", "finished")])
def test_an_interrupted_run(state, end, node):
    """``removed``: it lies beside its place; ``lost``: not even that, and the journal alone has it."""
    file = node / OLD
    file.chmod(0o640)
    before = file.stat()
    changes = [(OLD, TEXT.encode(), None), ("etc/apt/sources.list", b"# stays\n", b"# new\n")]
    assert commit(str(node), changes) == []
    run, = Journal(Root(str(node))).runs()[0]
    folder = node / run.folder
    (folder / "done").unlink()
    if state != "committed":
        (folder / "committed").unlink()
    number, record = next((number, record) for number, record in enumerate(run.records)
                          if record.real == OLD)
    if state != "lost":
        shutil.copy(str(folder / ("old-%d" % number)), str(file.parent / record.temporary))
        (file.parent / record.temporary).chmod(0o640)
    if state in ("removed", "lost"):
        (node / "etc/apt/sources.list").write_text("# stays\n")
    done, failures = recover(str(node))
    assert (done, failures) == ([(run.id, end)], [])
    if end == "finished":
        assert read_tree(node) == {"etc/apt/sources.list": b"# new\n"}
        assert rollback(str(node), run) == []
    assert read_tree(node) == {path: text.encode() for path, text in TREE.items()}
    after = file.stat()
    assert (after.st_mode, after.st_uid) == (before.st_mode, before.st_uid)


def test_a_journal_of_an_earlier_version_has_no_attributes(node):
    assert plan_of(node).apply() == []
    run, = Journal(Root(str(node))).runs()[0]
    journal = node / run.folder / "journal"
    document = json.loads(journal.read_text())
    for record in document["files"]:
        del record["attributes"]
    journal.write_text(json.dumps(document))
    assert Quick("rollback", "--root", node).status == 0
    assert (node / OLD).read_text() == TEXT


@pytest.mark.parametrize("change", [
    {"mode": 0o104755}, {"mode": "0644"}, {"mode": True}, {"mode": -1}, {"uid": -1}, {"gid": 2 ** 32},
    {"uid": 1.5}, {"attributes": {"security.capability": "00"}}, {"attributes": {"user.a\0": "00"}},
    {"attributes": {"user.a": "xy"}}, {"attributes": {"user.a": 5}}, {"attributes": ["user.a"]}], ids=str)
def test_a_journal_that_means_harm(change, node):
    assert plan_of(node).apply() == []
    run, = Journal(Root(str(node))).runs()[0]
    journal = node / run.folder / "journal"
    document = json.loads(journal.read_text())
    for record in document["files"]:
        record.update(change)
    journal.write_text(json.dumps(document))
    before = read_tree(node)
    result = Quick("rollback", "--root", node)
    assert result.status == 2 and "not the journal of a run" in result.err
    assert read_tree(node) == before


def test_no_file_comes_back_with_special_rights(node):
    assert plan_of(node).apply() == []
    run, = Journal(Root(str(node))).runs()[0]
    journal = node / run.folder / "journal"
    document = json.loads(journal.read_text())
    for record in document["files"]:
        record["mode"] = record["mode"] and 0o6755
    journal.write_text(json.dumps(document))
    assert Quick("rollback", "--root", node).status == 0
    assert stat.S_IMODE((node / OLD).stat().st_mode) == 0o755


# -- what is said of it ------------------------------------------------------------------------------


def report(node, name, mode="check", written=False):
    plan = plan_of(node)
    if written:
        assert plan.apply() == []
    changes = [(path, old and old.decode(), new and new.decode()) for path, old, new in plan.changes]
    texts = {path: text for path, text in TREE.items()}
    found = plan.findings if written else plan.found
    return render(Report(found, root=str(node), mode="fix" if written else mode, hop="8to9",
                         phases=["before"], files=2, changes=changes, texts=texts), name)


def test_json(node):
    document = json.loads(report(node, "json"))
    validator("findings-1.json").validate(document)
    edits = document["findings"][0]["fix"]["edits"]
    assert edits == [{"path": NEW, "start": 0, "end": 0, "text": TEXT},
                     {"path": OLD, "start": 0, "end": len(TEXT), "text": "", "removes_file": True}]
    # Where a root is one of several, its paths begin with its name.
    finding, = Project(node, rules=(Moves,), phases="all").check()
    finding.move("nodes/a/")
    assert finding.removed_files == {"nodes/a/" + OLD}


def test_sarif_has_no_form_for_it(node):
    class Removes(Rule):
        code, name, kinds = "XXX001", "removes", ("apt-list",)

        def visit_File(self, tree):
            if self.file.path == OLD:
                self.report(None, "x", Fix.safe("remove it", remove_file()))

    plan = plan_of(node, (Removes,))
    result, = json.loads(render(Report(plan.found, root=str(node), hop="8to9"), "sarif"))[
        "runs"][0]["results"]
    assert "fixes" not in result and result["properties"]["fix"] == "remove it"


@pytest.mark.parametrize("written", [False, True])
def test_a_page_shows_it(written, node):
    page = report(node, "html", written=written)
    assert "After: no such file" in page and "Before: no such file" in page


@pytest.mark.parametrize("name", ["text", "concise", "github", "junit"])
def test_other_formats(name, node):
    assert "is to be moved" in report(node, name)


def test_results_go_through_other_processes(node):
    import pickle

    finding, = Project(node, rules=(Moves,), phases="all").check()
    again = pickle.loads(pickle.dumps(finding))
    again.settle({})
    assert again.removed_files == {OLD} and again.edits == finding.edits
    assert [change.removes_file for change in again.fix.changes] == [False, True]


class _Asked(_Reader):
    name, kinds = "asked", ("apt-list",)

    def __init__(self):
        self.seen = []

    def command(self, find):
        return ["/bin/cat"]

    def groups(self, changed, tree):
        self.seen.append((changed, sorted(tree)))
        return super().groups(changed, tree)

    def arguments(self, work, files):
        return ["in/" + name for name in files], {}

    def complaints(self, status, out, err):
        return []


def test_readers_see_the_tree_without_it(node):
    reader = _Asked()
    plan = Project(node, rules=(Moves,), phases="all").fix()
    verifier = Verifier(str(node), [reader])
    assert verifier(Project(node, rules=(Moves,), phases="all").scope, plan.files) == []
    assert reader.seen == [([NEW], ["etc/apt/sources.list", NEW])]
    assert verifier.notes == []


