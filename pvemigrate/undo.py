"""The runs of fix that a root's journal has: listed, and taken back."""

from .journal import Journal
from .root import opened
from .settings import UsageError
from .write import recover, rollback

__all__ = ["interrupted", "listing", "take_back"]

def interrupted(root):
    """The runs (list) that were interrupted and are not yet settled, and what could not be read (list
    of (path, message))."""
    with opened(root) as base:
        return Journal(base).interrupted()


def listing(root):
    """The runs in the journal, a line each (str), and what could not be read (list of (path,
    message))."""
    with opened(root) as base:
        runs, trouble = Journal(base).runs()
        undone = _undone(runs)
        return "".join(_line(run, undone) for run in runs) or "no runs\n", trouble


def _undone(runs):
    """The id of each run that has been taken back -> the id of the run that did."""
    return {run.undoes: run.id for run in runs if run.undoes and run.state == "done"}


def _line(run, undone):
    from .output import count, one_line

    state = run.state
    if run.id in undone:
        state = "taken back by %s" % undone[run.id]
    elif run.undoes:
        state += ", took back %s" % one_line(run.undoes)
    return "%s  %s  %s: %s\n" % (one_line(run.id), count(len(run.records), "file"), state,
                                 ", ".join(one_line(record.path) for record in run.records))


def take_back(root, wanted, pve_locks, force):
    """Take back the run *wanted* (its id; None: the newest that stands). Returns what was done
    (str), and a list of (path, message), empty where all files are as they were."""
    from .output import one_line

    done, failures = recover(root, pve_locks)
    said = "".join("the run %s had been interrupted; it is %s now\n" % (one_line(id), how)
                   for id, how in done)
    if failures:
        return said, failures
    with opened(root) as base:
        runs, failures = Journal(base).runs()
        if failures and (wanted is None or wanted not in [run.id for run in runs]):
            # Which is the newest, or what the one that is meant did, is not known.
            return said, failures
        run = _choose(runs, wanted)
        if run is None:
            return said + ("" if said else "nothing to take back\n"), failures
        failures = rollback(root, run, pve_locks, force)
        if not failures:
            said += "".join("%s %s\n" % ("removed" if record.old is None else "restored",
                                         one_line(record.path)) for record in run.records)
        return said, failures


def _choose(runs, wanted):
    undone = _undone(runs)
    if wanted is None:
        standing = [run for run in runs
                    if run.state == "done" and not run.undoes and run.id not in undone]
        return standing[-1] if standing else None
    for run in runs:
        if run.id == wanted:
            if run.id in undone:
                raise UsageError("the run %s has been taken back by %s" % (run.id, undone[run.id]))
            if run.state != "done":
                raise UsageError("the run %s changed nothing" % run.id)
            return run
    raise UsageError("no run is called %s; 'pvemigrate rollback --list' shows them" % wanted)
