"""Takes times: whole processes, and what long-lived processes tell of themselves, in turn."""

import contextlib
import json
import os
import subprocess
import time

__all__ = ["Failed", "Missing", "Process", "Reader", "take_turns"]

#: No run takes as long as this (seconds).
TIMEOUT = 300


class Failed(Exception):
    """Something that is measured did not do what it should."""


class Missing:
    """A program that is not there. ``reason`` says what it is and which package brings it."""

    def __init__(self, reason):
        self.reason = reason


class Process:
    """A command, measured from its start to its end. *statuses*: the ones that it may end with."""

    def __init__(self, command, environment, statuses=(0,)):
        self.command = [str(part) for part in command]
        self.environment = environment
        self.statuses = statuses
        self.facts = {}
        self.reads = None

    def start(self, warm_up=True):
        """Run it once, uncounted, and see that it works."""
        done = subprocess.run(self.command, env=self.environment, timeout=TIMEOUT,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
        if done.returncode not in self.statuses:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
            raise Failed("exit status %d: %s" % (done.returncode, lines[-1]))

    def measure(self):
        """The seconds of one run; output goes nowhere."""
        nothing = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                   (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                   (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
        begin = time.perf_counter()
        pid = os.posix_spawn(self.command[0], self.command, self.environment, file_actions=nothing)
        _, status = os.waitpid(pid, 0)
        seconds = time.perf_counter() - begin
        if os.waitstatus_to_exitcode(status) not in self.statuses:
            raise Failed("wait status %d: %s" % (status, " ".join(self.command)))
        return seconds

    def stop(self):
        """Nothing runs between two measurements."""


class Reader:
    """A program of ``readers/``, which lives through a comparison and measures itself (serve.py).
    *reads*: the file that it reads. ``facts``: what it said at its start."""

    def __init__(self, command, environment, reads=None):
        self.command = [str(part) for part in command]
        self.environment = environment
        self.reads = reads
        self.facts = {}
        self._process = None

    def start(self, warm_up=True):
        """Start it, take what it says of itself, and have one uncounted round."""
        self._process = subprocess.Popen(self.command, env=self.environment, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.facts = self._answer()
        if warm_up:
            self.measure()

    def measure(self):
        """The value of one round."""
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return self._answer()["value"]

    def _answer(self):
        line = self._process.stdout.readline()
        try:
            return json.loads(line)
        except ValueError:
            self._process.kill()
            complaint = self._process.communicate()[1].decode("utf-8", "replace").strip()
            raise Failed((complaint or line.decode("utf-8", "replace")).splitlines()[-1]
                         if complaint or line else "ended without a word") from None

    def stop(self):
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@contextlib.contextmanager
def _on_one_cpu():
    """Run this process, and what it starts, on one CPU: of two, one is often slower for a while (for
    what else the machine does), and what is measured on the other one looks the faster for it."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else ()
    if len(allowed) < 2:
        yield
        return
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def take_turns(contenders, rounds, warm_up=True, parallel=False):
    """Measure *contenders* (name -> Process, Reader or Missing) in turn, *rounds* times. Returns
    name -> values, and name -> reason for those that are missing or failed. Raises Failed where two
    have not read the same. All run on the same CPU, unless *parallel*."""
    with contextlib.nullcontext() if parallel else _on_one_cpu():
        return _take_turns(contenders, rounds, warm_up)


def _take_turns(contenders, rounds, warm_up):
    values, reasons, running = {}, {}, {}
    try:
        for name, contender in contenders.items():
            if isinstance(contender, Missing):
                reasons[name] = contender.reason
                continue
            try:
                running[name] = contender
                contender.start(warm_up)
                values[name] = []
            except (Failed, OSError, subprocess.SubprocessError) as error:
                reasons[name] = "failed: %s" % error
                running.pop(name).stop()
        _compare_facts(running)
        for _ in range(rounds):
            for name, contender in running.items():
                values[name].append(contender.measure())
    finally:
        for contender in running.values():
            contender.stop()
    return values, reasons


def _compare_facts(running):
    """Refuse to compare programs that do not read the same in the same file."""
    said = {}
    for name, contender in running.items():
        for fact, value in contender.facts.items():
            other, known = said.setdefault((contender.reads, fact), (name, value))
            if fact != "program" and known != value:
                raise Failed("%s counts %s %s, %s %s" % (other, known, fact, name, value))
