"""Writing under faults of the real system calls: killed at each one, and each one failing.

strace finds the system calls of one commit, then the same commit runs once for each of them and each
fault. Afterwards every file is the old or the new one; after recovery all are old, or all are new;
after a rollback all are old; and nothing lies about.
"""

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from faulty_commit import FILES
from nodes import PACKAGE, read_tree, write_tree
from pvemigrate import write
from pvemigrate.journal import Journal
from pvemigrate.root import Root

DRIVER = str(Path(__file__).parent / "faulty_commit.py")
OLD = {path: old for path, (old, _) in FILES.items() if old is not None}
NEW = {path: new for path, (_, new) in FILES.items() if new is not None}
#: What the commit removes.
GONE = set(OLD) - set(NEW)

#: What stands for "the file system cannot exchange two files" (pmxcfs).
NO_EXCHANGE = ("renameat2:error=EINVAL",)

#: Calls that change something, or say that it is on the disk -> what they may fail with.
ERRORS = {
    "openat": ("ENOSPC", "EACCES"),
    "mkdirat": ("EROFS",),
    "write": ("ENOSPC", "EIO", "EROFS", "EACCES"),
    "fsync": ("ENOSPC", "EIO", "EROFS", "EACCES"),
    "renameat": ("ENOSPC", "EIO", "EROFS", "EACCES"),
    "renameat2": ("ENOSPC", "EIO", "EROFS", "EACCES"),
    "linkat": ("EDQUOT", "EPERM"),
    "unlinkat": ("EIO",),
    "fchmod": ("EPERM",),
    "fchown": ("EPERM",),
    "flock": ("ENOLCK",),
    "read": ("EIO",),
    "newfstatat": ("EIO",),
}


def can_trace():
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", os.devnull, "true"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE).returncode == 0


pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not can_trace(), reason="needs strace, and the right to trace a process "
                                               "(Debian: apt-get install strace)"),
]


def tree(folder, is_new=False):
    """A root as it is before, or after, the commit."""
    folder.mkdir()
    if is_new:
        make(folder)
        assert write.commit(str(folder), [(path, old, new) for path, (old, new)
                                          in sorted(FILES.items())]) == []
    else:
        make(folder)
    return folder


def make(folder):
    write_tree(folder, {path: old.decode() for path, old in OLD.items()})
    for path in GONE:
        (folder / path).chmod(0o640)


def traced(root, what, faults, log, only=True):
    """Run the commit under strace; (status, what it printed, the trace). *only*: stop at no other
    calls, which saves time (but no signal comes through then)."""
    command = ["strace", "-f", "-o", str(log)]
    if only:
        command += ["--seccomp-bpf", "-e", "trace=" + ",".join(
            sorted({fault.split(":")[0] for fault in faults}))]
    for fault in faults:
        command += ["-e", "inject=" + fault]
    environment = dict(os.environ, PYTHONPATH=PACKAGE, PYTHONDONTWRITEBYTECODE="1")
    process = subprocess.run(command + [sys.executable, DRIVER, str(root), what],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                             timeout=60)
    return process.returncode, process.stdout.decode(), log.read_text(errors="replace")


def calls(trace):
    """The system calls between the two marks: list of (name, how many of that name came before it
    since the start of the process, its line)."""
    counts, found, is_inside = {}, [], False
    for line in trace.splitlines():
        match = re.match(r"\d+\s+([a-z0-9_]+)\(", line)
        if not match:
            continue
        name = match.group(1)
        counts[name] = counts.get(name, 0) + 1
        if "begin-of-commit" in line:
            is_inside = True
        elif "end-of-commit" in line:
            break
        elif is_inside:
            found.append((name, counts[name], line))
    return found


def leftovers(root):
    """What lies in the root beside the files and the journal."""
    return sorted(set(read_tree(root)) - set(FILES))


def verify_killed(root, before, after):
    now = read_tree(root)
    for path in FILES:
        assert now.get(path) in (before.get(path), after.get(path)), "a mixture in " + path
    done, failures = write.recover(str(root))
    assert failures == []
    now = read_tree(root)
    assert leftovers(root) == []
    assert now in (before, after), "some files are old and some are new"
    if done and now == OLD:
        # Before there is a journal nobody knows whose a folder is.
        assert not (root / "etc/systemd").exists(), "a folder that the run had made"
    verify_modes(root, now)
    return "new" if now == after else "old"


def verify_failed(root, output, before, after, can_clean):
    failures = json.loads(output)
    if not can_clean:
        # What could not be taken away the next start takes away.
        assert {path: data for path, data in read_tree(root).items() if path in FILES} in (before, after)
        assert write.recover(str(root))[1] == []
    now = read_tree(root)
    assert leftovers(root) == []
    assert now == (before if failures else after), failures
    for path, message in failures:
        assert message and "\n" not in message
    verify_modes(root, now)
    return "failed" if failures else "done"


def verify_rollback(root, state):
    """What has been written can be taken back."""
    if state in ("new", "done"):
        runs = Journal(Root(str(root))).runs()[0]
        assert write.rollback(str(root), runs[-1]) == []
        assert not (root / "etc/systemd").exists()
    assert read_tree(root) == OLD
    verify_modes(root, OLD)


def verify_modes(root, now):
    """A file that is there again has the mode that it had."""
    for path in GONE & set(now):
        assert stat.S_IMODE(os.stat(str(root / path)).st_mode) == 0o640, path


CASES = [("commit", ()), ("commit", NO_EXCHANGE), ("rollback", ())]


#: The third file of the run cannot take its place, and the first two are taken back.
UNDO = ("renameat2:error=EIO:when=3",)
#: The last file cannot go, and all others are taken back, one that is gone already among them.
UNDO_REMOVAL = ("renameat2:error=EIO:when=6",)


@pytest.mark.parametrize("what, always", CASES + [("commit", UNDO), ("commit", UNDO_REMOVAL)],
                         ids=["commit", "without-exchange", "rollback", "undo", "undo-removal"])
def test_killed_at_each_system_call(what, always, tmp_path, faults, request):
    before, after = (OLD, NEW) if what == "commit" else (NEW, OLD)
    status, output, trace = traced(tree(tmp_path / "whole", what == "rollback"), what, always,
                                   tmp_path / "whole.log", only=False)
    is_undone = always in (UNDO, UNDO_REMOVAL)
    assert (status, bool(json.loads(output))) == (0, is_undone), trace[-2000:]
    todo = [(name, number) for name, number, _ in calls(trace)
            if not (is_undone and name == "renameat2")]
    assert {"fsync", "write", "openat"} <= {name for name, _ in todo}

    def attempt(cell):
        name, number = cell
        root = tree(tmp_path / ("%s-%d" % cell), what == "rollback")
        # strace takes one fault for each system call, so there what always fails is left out where
        # that very call is the one to die at.
        faults = [fault for fault in always if not fault.startswith(name + ":")]
        status, output, _ = traced(root, what, [*faults, "%s:signal=KILL:when=%d" % cell],
                                   tmp_path / ("%s-%d.log" % cell), only=False)
        assert status in (-signal.SIGKILL, 128 + signal.SIGKILL), (cell, status, output)
        state = verify_killed(root, before, after)
        if what == "commit":
            verify_rollback(root, state)
        shutil.rmtree(str(root))
        return state

    ends = _each(attempt, todo)
    assert set(ends) == ({"old"} if is_undone else {"old", "new"})
    faults(len(ends), "%s: killed at each of %d system calls, %d runs taken back, %d finished"
           % (request.node.callspec.id, len(ends), ends.count("old"), ends.count("new")))


@pytest.mark.parametrize("what, always", CASES, ids=["commit", "without-exchange", "rollback"])
def test_each_system_call_fails(what, always, tmp_path, faults, request):
    before, after = (OLD, NEW) if what == "commit" else (NEW, OLD)
    status, _, trace = traced(tree(tmp_path / "whole", what == "rollback"), what, always,
                              tmp_path / "whole.log", only=False)
    todo = [(name, number, error) for name, number, _ in calls(trace)
            for error in ERRORS.get(name, ()) if not (always and name == "renameat2")]
    assert len(todo) > 100

    def attempt(cell):
        root = tree(tmp_path / ("%s-%d-%s" % cell), what == "rollback")
        name, number, error = cell
        status, output, trace = traced(root, what, [*always, "%s:error=%s:when=%d" % (
            name, error, number)], tmp_path / ("%s-%d-%s.log" % cell))
        assert "INJECTED" in trace, cell
        assert status == 0, (cell, status)
        state = verify_failed(root, output, before, after, name != "unlinkat")
        if what == "commit":
            verify_rollback(root, state)
        shutil.rmtree(str(root))
        return state

    ends = _each(attempt, todo)
    assert "failed" in ends
    faults(len(ends), "%s: %d times a system call failed, %d runs refused with all as it was, %d done "
           "all the same" % (request.node.callspec.id, len(ends), ends.count("failed"),
                             ends.count("done")))


def _each(attempt, todo):
    """What *attempt* says of each; all that went wrong together."""
    def try_it(cell):
        try:
            return attempt(cell), None
        except AssertionError as error:
            return None, "%s: %s" % (cell, str(error).split("\n")[0])

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        results = list(pool.map(try_it, todo))
    assert [error for _, error in results if error] == []
    return [end for end, _ in results]
