"""Writing: each file is the old or the new one, nobody's edit is lost, nothing is left behind."""

import os
import stat

import pytest

from nodes import (ERROR, GUEST, GUEST_FIXED, STORAGE, STORAGE_FIXED, WARNING, as_bytes, read_tree,
                   write_tree)
from pvemigrate import Project, write
from pvemigrate.write import commit

BOTH = dict(WARNING, **ERROR)
BOTH_FIXED = as_bytes(dict(BOTH, **{"etc/pve/storage.cfg": STORAGE_FIXED,
                                    "etc/pve/nodes/a/lxc/100.conf": GUEST_FIXED}))
NETWORK = {"etc/network/interfaces": "auto lo\n", "etc/pve/storage.cfg": "x\n"}


def changes_of(tree):
    return [(path, text.encode(), b"new\n") for path, text in sorted(tree.items())]


def between(monkeypatch, action):
    """Do something after the temporary file is made, right before the contents are compared."""
    original = write._create_beside

    def create_beside(target, *arguments):
        temporary = original(target, *arguments)
        action(target, temporary)
        return temporary
    monkeypatch.setattr(write, "_create_beside", create_beside)


def test_all_is_written_and_nothing_left_over(tmp_path):
    write_tree(tmp_path, NETWORK)
    assert commit(str(tmp_path), changes_of(NETWORK)) == []
    assert read_tree(tmp_path) == {path: b"new\n" for path in NETWORK}


def test_names_of_temporary_files(tmp_path, monkeypatch):
    write_tree(tmp_path, NETWORK)
    names = []
    between(monkeypatch, lambda target, temporary: names.append(
        os.path.relpath(temporary, str(tmp_path))))
    assert commit(str(tmp_path), changes_of(NETWORK)) == []
    # A dot file, which "source interfaces.d/*" does not read, with a suffix that apt passes over.
    assert names[0] == "etc/network/.interfaces.pvemigrate.%d.tmp" % os.getpid()
    # Below etc/pve the pattern of PVE's own tools.
    assert names[1] == "etc/pve/storage.cfg.tmp.%d" % os.getpid()
    # A tree that is the contents of an etc/, and one that only looks like it.
    contents = {"pve/storage.cfg": "x\n", "network/interfaces.d/pve/a": "y\n"}
    write_tree(tmp_path / "c", contents)
    assert commit(str(tmp_path / "c"), changes_of(contents)) == []
    assert names[2:] == ["c/network/interfaces.d/pve/.a.pvemigrate.%d.tmp" % os.getpid(),
                         "c/pve/storage.cfg.tmp.%d" % os.getpid()]


def test_mode_and_owner_are_kept(tmp_path):
    write_tree(tmp_path, BOTH)
    wanted = {}
    for path, mode in zip(sorted(BOTH), (0o640, 0o604)):
        os.chmod(str(tmp_path / path), mode)
        if os.getuid() == 0:
            os.chown(str(tmp_path / path), 1234, 33)
        wanted[path] = os.stat(str(tmp_path / path))
    assert Project(tmp_path).fix().apply() == []
    for path, old in wanted.items():
        new = os.stat(str(tmp_path / path))
        assert new.st_ino != old.st_ino
        assert (new.st_mode, new.st_uid, new.st_gid) == (old.st_mode, old.st_uid, old.st_gid)


def test_a_file_system_with_modes_and_owners_of_its_own(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise PermissionError(1, "Operation not permitted")
    monkeypatch.setattr(os, "fchmod", refuse)
    monkeypatch.setattr(os, "fchown", refuse)
    write_tree(tmp_path, BOTH)
    assert Project(tmp_path).fix().apply() == []
    assert read_tree(tmp_path) == BOTH_FIXED


def test_data_is_on_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    events = []
    fsync, replace = os.fsync, os.replace

    def record_fsync(descriptor):
        status = os.fstat(descriptor)
        events.append("folder" if stat.S_ISDIR(status.st_mode) else "data %d" % status.st_size)
        fsync(descriptor)

    def record_replace(source, target):
        events.append("rename")
        replace(source, target)
    monkeypatch.setattr(os, "fsync", record_fsync)
    monkeypatch.setattr(os, "replace", record_replace)
    write_tree(tmp_path, WARNING)
    assert Project(tmp_path).fix().apply() == []
    assert events == ["data %d" % len(STORAGE_FIXED), "rename", "folder"]


# -- somebody else writes too ----------------------------------------------------------------------


def test_an_edit_made_meanwhile_is_not_lost(tmp_path, monkeypatch):
    write_tree(tmp_path, BOTH)
    edited = STORAGE + "\n# by hand\n"

    def edit(target, temporary):
        if target.endswith("storage.cfg"):
            with open(target, "w") as file:
                file.write(edited)
    between(monkeypatch, edit)
    assert Project(tmp_path).fix().apply() == [
        ("etc/pve/storage.cfg", "was changed by somebody else since it was read: left alone")]
    assert read_tree(tmp_path) == dict(BOTH_FIXED, **{"etc/pve/storage.cfg": edited.encode()})


def test_an_edit_made_before_apply_is_not_lost(tmp_path):
    write_tree(tmp_path, BOTH)
    plan = Project(tmp_path).fix()
    write_tree(tmp_path, {"etc/pve/storage.cfg": "x\n"})
    assert [path for path, _ in plan.apply()] == ["etc/pve/storage.cfg"]
    assert read_tree(tmp_path) == dict(BOTH_FIXED, **{"etc/pve/storage.cfg": b"x\n"})


def test_the_command_says_so(tmp_path, monkeypatch):
    from test_cli import Quick

    write_tree(tmp_path, BOTH)

    def edit(target, temporary):
        if target.endswith("storage.cfg"):
            with open(target, "a") as file:
                file.write("# by hand\n")
    between(monkeypatch, edit)
    result = Quick("fix", "--root", tmp_path)
    assert result.status == 2
    assert "error: etc/pve/storage.cfg: was changed by somebody else" in result.err
    assert "LXC001" in result.out and "1 fixed; 1 warning left" in result.out
    assert Quick("fix", "--root", tmp_path, "--exit-zero").status == 2


@pytest.mark.parametrize("action, message", [
    (lambda target: os.unlink(target), "was taken away or replaced"),
    (lambda target: (os.unlink(target), os.symlink("/etc/hostname", target)),
     "was taken away or replaced"),
    (lambda target: (os.unlink(target), os.mkfifo(target)), "was changed by somebody else"),
    (lambda target: (os.unlink(target), os.mkdir(target)), "was changed by somebody else"),
    (lambda target: os.link(target, target + "2"), "has got another hard link"),
])
def test_a_file_that_is_swapped_meanwhile(action, message, tmp_path, monkeypatch):
    write_tree(tmp_path, WARNING)
    between(monkeypatch, lambda target, temporary: action(target))
    (path, said), = Project(tmp_path).fix().apply()
    assert path == "etc/pve/storage.cfg" and message in said
    assert not list((tmp_path / "etc/pve").glob("*.tmp.*"))


def test_a_new_file_that_has_appeared(tmp_path, monkeypatch):
    write_tree(tmp_path, {"etc/x": "mine\n"})
    assert commit(str(tmp_path), [("etc/x", None, b"new\n"), ("etc/y", None, b"new\n")]) == [
        ("etc/x", "has appeared since it was looked for: left alone")]
    assert read_tree(tmp_path) == {"etc/x": b"mine\n", "etc/y": b"new\n"}
    assert stat.S_IMODE(os.stat(str(tmp_path / "etc/y")).st_mode) == 0o644


# -- links -----------------------------------------------------------------------------------------


def test_links_inside_the_root_stay_links(tmp_path):
    write_tree(tmp_path, {"etc/real/storage": STORAGE, "etc/pve/nodes/a/lxc/100.conf": GUEST})
    (tmp_path / "etc/pve/storage.cfg").symlink_to("../real/storage")
    (tmp_path / "etc/pve/lxc").symlink_to("nodes/a/lxc")
    project = Project(tmp_path, paths=["etc/pve/storage.cfg", "etc/pve/lxc/100.conf"])
    assert project.fix().apply() == []
    assert os.readlink(str(tmp_path / "etc/pve/storage.cfg")) == "../real/storage"
    assert os.readlink(str(tmp_path / "etc/pve/lxc")) == "nodes/a/lxc"
    assert (tmp_path / "etc/real/storage").read_text() == STORAGE_FIXED
    assert (tmp_path / "etc/pve/nodes/a/lxc/100.conf").read_text() == GUEST_FIXED


def test_links_out_of_the_root_are_refused(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    write_tree(root, {"etc/pve/user.cfg": ""})
    write_tree(outside, {"storage.cfg": "old\n"})
    (root / "etc/pve/storage.cfg").symlink_to(str(outside / "storage.cfg"))
    (root / "etc/out").symlink_to(str(outside))
    failures = commit(str(root), [
        ("etc/pve/storage.cfg", b"old\n", b"new\n"), ("etc/out/storage.cfg", b"old\n", b"new\n"),
        ("etc/out/fresh", None, b"new\n"), ("../outside/storage.cfg", b"old\n", b"new\n")])
    assert len(failures) == 4
    assert all("a link leads out of the root" in message for _, message in failures)
    assert read_tree(outside) == {"storage.cfg": b"old\n"}


def test_hard_links_are_refused(tmp_path):
    write_tree(tmp_path, BOTH)
    os.link(str(tmp_path / "etc/pve/storage.cfg"), str(tmp_path / "copy"))
    (path, message), = Project(tmp_path).fix().apply()
    assert path == "etc/pve/storage.cfg"
    assert message == "has other hard links, which a rewrite would cut off: left alone"
    assert read_tree(tmp_path) == dict(BOTH_FIXED, **{
        "etc/pve/storage.cfg": STORAGE.encode(), "copy": STORAGE.encode()})


# -- temporary files -------------------------------------------------------------------------------


def test_what_stands_in_the_way_is_not_taken_away(tmp_path):
    write_tree(tmp_path, WARNING)
    other = tmp_path / ("etc/pve/storage.cfg.tmp.%d" % os.getpid())
    other.write_text("of another program, or of another node\n")
    assert Project(tmp_path).fix().apply() == []
    assert (tmp_path / "etc/pve/storage.cfg").read_text() == STORAGE_FIXED
    assert other.read_text() == "of another program, or of another node\n"
    assert len(list((tmp_path / "etc/pve").iterdir())) == 2


def test_a_link_in_place_of_the_temporary_file_is_not_followed(tmp_path):
    write_tree(tmp_path, WARNING)
    for attempt in range(write._NAMES):
        (tmp_path / ("etc/pve/storage.cfg.tmp.%d" % (os.getpid() + attempt))).symlink_to("../trap")
    (path, message), = Project(tmp_path).fix().apply()
    assert "is there already" in message
    assert not (tmp_path / "etc/trap").exists()


@pytest.mark.parametrize("function", ["write", "fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(function, error, tmp_path, monkeypatch):
    def fail(*arguments):
        raise error
    write_tree(tmp_path, WARNING)
    plan = Project(tmp_path).fix()
    monkeypatch.setattr(os, function, fail)
    if isinstance(error, OSError):
        assert plan.apply() == [("etc/pve/storage.cfg", "No space left on device")]
    else:
        with pytest.raises(KeyboardInterrupt):
            plan.apply()
    monkeypatch.undo()
    assert read_tree(tmp_path) == as_bytes(WARNING)


def test_a_folder_that_cannot_be_flushed_is_no_failure(tmp_path, monkeypatch):
    fsync = os.fsync

    def fsync_files(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(22, "Invalid argument")
        fsync(descriptor)
    monkeypatch.setattr(os, "fsync", fsync_files)
    write_tree(tmp_path, WARNING)
    assert Project(tmp_path).fix().apply() == []


def test_a_text_has_nothing_to_be_written_to():
    from pvemigrate.project import TextProject

    with pytest.raises(ValueError):
        TextProject(STORAGE, "storage").fix().apply()
