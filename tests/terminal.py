"""A program at a terminal: keys are sent, and what it shows is awaited."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

__all__ = ["Terminal"]

#: What moves the cursor or colours, and is not text.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>()][0B]?|\x1b\][^\x07]*\x07|\r|\x08")


class Terminal:
    """A context in which *command* runs at a terminal of its own, 200 columns wide. Nothing is
    concluded from how long it takes; a minute without what is awaited is a failure. *streams*: those
    of the standard streams that are not the terminal (``stdout``).

    ``shown`` is the text that is shown, ``raw`` all that was sent to the terminal.
    """

    def __init__(self, command, environment, folder, columns=200, **streams):
        self.shown = self.raw = ""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self._process = subprocess.Popen(
            command, env=environment, cwd=str(folder), start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
            **dict(dict(stdin=slave, stdout=slave, stderr=slave), **streams))
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._process.kill()
        self._process.wait()
        if self._master is not None:
            os.close(self._master)

    def send(self, keys):
        """Type *keys* (str); what was shown before is forgotten."""
        self.shown = ""
        os.write(self._master, keys.encode("utf-8"))

    def wait_for(self, pattern, seconds=60):
        """Wait until what is shown matches *pattern*, and return all that is shown (str)."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.shown):
            assert self._read(end), "%r is not in what is shown: %r" % (pattern, self.shown)
        return self.shown

    def wait(self, seconds=60):
        """Wait until the program ends; its exit status."""
        end = time.monotonic() + seconds
        while self._read(end):
            pass
        return self._process.wait(max(1, end - time.monotonic()))

    def hang_up(self):
        """Take the terminal away from the program."""
        os.close(self._master)
        self._master = None

    def _read(self, end):
        """Take in what is shown next; False where there is nothing until the time *end*."""
        if self._master is None:
            return False
        ready, _, _ = select.select([self._master], [], [], max(0, end - time.monotonic()))
        try:
            data = os.read(self._master, 65536) if ready else b""
        except OSError:  # EIO: the program has ended.
            data = b""
        text = data.decode("utf-8", "replace")
        self.raw += text
        self.shown += _CONTROL.sub("", text)
        return bool(data)
