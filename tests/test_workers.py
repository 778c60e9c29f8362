"""Several processes look at a large tree: the outcome is that of one, whatever becomes of them."""

import os
import signal

import pytest

import nodes
from pvemigrate import Project, workers
from pvemigrate.workers import Workers
from test_cli import Quick

EXAMPLES = nodes.REPOSITORY / "examples"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@pytest.fixture
def spreading(monkeypatch):
    """Two files are many."""
    monkeypatch.setattr(workers, "_MANY", 2)


def guests(tmp_path, number=40):
    """A cluster of containers, a third of them with findings; one is of a distribution of which a
    rule says something once for all."""
    files = {"etc/hostname": "pve1\n", "etc/pve/storage.cfg": nodes.STORAGE_CLEAN}
    for guest in range(100, 100 + number):
        text = "arch: amd64\nostype: %s\n" % ("centos" if guest % 7 == 0 else "debian")
        if guest % 3 == 0:
            text += "lxc.cgroup.devices.allow: c 10:200 rwm\n"
        if guest % 5 == 0:
            text += "rootfs: nowhere:vm-%d-disk-0,size=8G\n" % guest
        files["etc/pve/nodes/pve%d/lxc/%d.conf" % (guest % 2 + 1, guest)] = text
    return nodes.write_tree(tmp_path, files)


def outcome(root, jobs, **options):
    """All that check and fix give for a root, in a form that can be compared."""
    def told(finding):
        source = finding.source and finding.source.code
        return (finding.sort_key(), finding.severity, finding.due, finding.fixed, finding.title,
                finding.applicability, finding.edits, finding.byte_edits, finding.commands,
                finding.follow_up, source)

    checked = Project(root, workers=jobs and Workers(jobs), phases="all", **options)
    findings = [told(finding) for finding in checked.check()]
    fixed = Project(root, workers=jobs and Workers(jobs), phases="all", **options)
    plan = fixed.fix()
    return (findings, checked.errors, len(checked.files), [told(f) for f in plan.findings],
            plan.changes, plan.diff(), fixed.errors)


@pytest.mark.parametrize("jobs", [1, 2, 3, 7])
def test_the_outcome_is_that_of_one_process(tmp_path, spreading, jobs):
    root = guests(tmp_path)
    alone = outcome(root, None)
    assert len({finding[0][3] for finding in alone[0]}) >= 3
    assert outcome(root, jobs) == alone


@pytest.mark.parametrize("node, hop", [("pve6-node", "6to7"), ("pve7-node", "7to8"), ("pve8-node", "8to9")])
def test_the_examples(spreading, node, hop):
    root, options = EXAMPLES / node, {"hop": hop, "unsafe_fixes": True, "deb822": True}
    assert outcome(root, 3, **options) == outcome(root, None, **options)


def test_a_file_that_cannot_be_read_is_named_once(tmp_path, spreading):
    root = guests(tmp_path)
    (root / "etc/pve/nodes/pve1/lxc/998.conf").symlink_to("/etc/passwd")
    (root / "etc/pve/nodes/pve1/lxc/999.conf").symlink_to("nowhere")
    alone = outcome(root, None)
    assert len(alone[1]) == 2
    for jobs in (2, 3, 4):
        spread = outcome(root, jobs)
        assert (sorted(spread[1]), sorted(spread[-1])) == (sorted(alone[1]), sorted(alone[-1]))
        assert spread[0] == alone[0] and spread[2:-1] == alone[2:-1]


def test_what_a_dead_child_leaves_undone_is_done(tmp_path, spreading, monkeypatch):
    root = guests(tmp_path)
    alone = outcome(root, None)
    original = workers._Child._run

    def killed(child, *arguments):
        os.kill(os.getpid(), signal.SIGKILL)
        original(child, *arguments)

    monkeypatch.setattr(workers._Child, "_run", killed)
    assert outcome(root, 3) == alone


def test_no_child_can_be_made(tmp_path, spreading, monkeypatch):
    root = guests(tmp_path)
    alone = outcome(root, None)

    def refuse():
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", refuse)
    assert outcome(root, 3) == alone


def test_no_child_outlives_an_interrupted_run(spreading):
    def work(share, is_ours):
        if is_ours:
            raise KeyboardInterrupt
        signal.pause()

    with pytest.raises(KeyboardInterrupt):
        list(Workers(3).map(work, list(range(30))))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_large_result_comes_through_whole(spreading):
    results = list(Workers(3).map(lambda share, is_ours: [bytes([item]) * 300000 for item in share],
                                  list(range(9))))
    assert sorted(b"".join(part for share in results for part in share)[::300000]) == list(range(9))


def test_the_library_makes_no_process_of_its_own(tmp_path, spreading, monkeypatch):
    monkeypatch.delattr(os, "fork")
    root = guests(tmp_path)
    assert Project(root).check()


def test_the_command_takes_the_number(tmp_path, spreading):
    root = guests(tmp_path)
    for form in ("text", "json", "sarif", "html"):
        check = "check", "--root", root, "--phase", "all", "--output-format", form, "--jobs"
        one = Quick(*check, "1")
        assert one.status == 1
        for jobs in ("2", "5"):
            other = Quick(*check, jobs)
            assert (other.status, other.out, other.err) == (one.status, one.out, one.err)
    assert Quick("check", "--root", root, "--jobs", "0").status == 2


def test_how_far_it_is_is_told_in_order(spreading, monkeypatch):
    monkeypatch.setattr(workers, "_STEP", 3)
    told = []
    work = Workers(1, lambda done, total: told.append((done, total)))
    assert list(work.each(list(range(8)))) == list(range(8))
    assert told == [(0, 8), (3, 8), (6, 8), (8, 8)]


def test_no_child_outlives_a_run_that_is_interrupted_while_it_waits(spreading, monkeypatch):
    def work(share, is_ours):
        return signal.pause() if not is_ours else share

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "read", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(Workers(3).map(work, list(range(30))))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_a_folder_in_the_place_of_a_file_is_none(tmp_path, spreading, jobs):
    root = guests(tmp_path)
    (root / "etc/pve/nodes/pve1/lxc/998.conf").mkdir()
    (root / "etc/pve/nodes/pve1/lxc/999.conf").symlink_to("../../pve2")
    assert outcome(root, jobs) == outcome(root, None)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_what_cannot_be_read_is_named_though_no_rule_wants_it(tmp_path, spreading, jobs):
    root = guests(tmp_path)
    (root / "etc/pve/nodes/pve1/lxc/999.conf").symlink_to("nowhere")
    alone = outcome(root, None, select=["APT010"])
    assert [path for path, _ in alone[1]] == ["etc/pve/nodes/pve1/lxc/999.conf"]
    assert outcome(root, jobs, select=["APT010"]) == alone
