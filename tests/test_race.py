"""Somebody writes to a file at the very moment at which it is fixed: their edit is never lost.

A process of its own makes one edit at a random moment of a commit, thousands of times, in each way that
people and programs write files. Whoever comes first, afterwards the file holds the edit: alone
where the edit was to the whole file, or a line of it under ours where it was one line.
"""

import os
import random
import shutil
import tempfile
import time

import pytest

from nodes import write_tree
from pvemigrate import write

pytestmark = pytest.mark.heavy

PATH = "etc/network/interfaces"
OLD = b"old\n" * 30
NEW = b"new\n" * 20
EDIT = b"edit %06d\n"
TRIES = 2500


def in_place(path, edit):
    """As an editor does that keeps the file, or the shell's ``>``."""
    with open(path, "wb") as file:
        file.write(edit)


def in_place_at_leisure(path, edit):
    """The same, in two halves."""
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
    os.write(descriptor, edit[:4])
    time.sleep(random.random() * 0.002)
    os.write(descriptor, edit[4:])
    os.close(descriptor)


def append(path, edit):
    """As the shell's ``>>``."""
    with open(path, "ab") as file:
        file.write(edit)


def append_at_leisure(path, edit):
    """The same; between opening the file and writing to it there is some time."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    time.sleep(random.random() * 0.002)
    os.write(descriptor, edit)
    os.close(descriptor)


def replace(path, edit):
    """As most editors do, and sed -i, and Proxmox VE: a new file takes the name."""
    with open(path + ".swap", "wb") as file:
        file.write(edit)
    os.rename(path + ".swap", path)


def replace_twice(path, edit):
    replace(path, b"a first edit\n")
    replace(path, edit)


class Writer:
    """A process that makes an edit when it is told to, after some time."""

    def __init__(self, path, way):
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        self._child = os.fork()
        if not self._child:
            try:
                while True:
                    order = os.read(orders, 64)
                    number, _, delay = order.partition(b" ")
                    end = time.perf_counter() + float(delay)
                    while time.perf_counter() < end:
                        pass  # A sleep would not end so exactly.
                    way(path, EDIT % int(number))
                    os.write(answers, b"x")
            finally:
                os._exit(0)

    def begin(self, number, delay):
        os.write(self._orders, b"%d %f" % (number, delay))

    def wait(self):
        assert os.read(self._answers, 1) == b"x"

    def end(self):
        os.kill(self._child, 9)
        os.waitpid(self._child, 0)


def folder_in_memory(tmp_path):
    """Where nothing waits for a disk, so that there is time for many tries."""
    if os.access("/dev/shm", os.W_OK):
        return tempfile.mkdtemp(prefix="pvemigrate-race-", dir="/dev/shm")
    return str(tmp_path)


@pytest.mark.parametrize("way", [in_place, in_place_at_leisure, append, append_at_leisure, replace,
                                 replace_twice], ids=lambda way: way.__name__)
def test_no_edit_is_lost(way, tmp_path, faults):
    root = folder_in_memory(tmp_path)
    path = os.path.join(root, PATH)
    write_tree(root, {PATH: OLD})
    random.seed(way.__name__)
    start = time.perf_counter()
    assert write.commit(root, [(PATH, OLD, NEW)]) == []
    span = first = time.perf_counter() - start
    writer = Writer(path, way)
    written = refused = 0
    try:
        for number in range(TRIES):
            with open(path, "wb") as file:
                file.write(OLD)
            writer.begin(number, random.random() * span)
            failures = write.commit(root, [(PATH, OLD, NEW)])
            # The moments lie around the one that decides, however busy the machine is.
            span = min(max(span * (1.02 if failures else 0.98), first / 20), first * 50)
            writer.wait()
            with open(path, "rb") as file:
                now = file.read()
            edit = EDIT % number
            if way in (append, append_at_leisure):
                assert now == (OLD if failures else NEW) + edit, (number, failures)
            else:
                assert now == edit, (number, failures)
            assert os.listdir(os.path.dirname(path)) == ["interfaces"], failures
            refused += bool(failures)
            written += not failures
            if number % 100 == 99:
                shutil.rmtree(os.path.join(root, "var/lib/pvemigrate/runs"))
    finally:
        writer.end()
        if root != str(tmp_path):
            shutil.rmtree(root)
    # Else nothing has been tried.
    assert written > TRIES // 50 and refused > TRIES // 50
    faults(TRIES, "edits in the moment of a write (%s): %d before ours, which was refused, %d after it"
           % (way.__name__.replace("_", " "), refused, written))
