"""Keys that are pressed at the terminal that is standard input."""

import os
import sys

__all__ = ["read_key"]


def read_key(ask):
    """The next key (str), without waiting for Enter; empty where the user has ended the input
    (Ctrl-D) or the terminal is gone. *ask*: callable that shows what for; it is called when keys are
    taken as they come. A key that sends more than one character comes as all of these. Where the
    terminal does not give single keys, it is the first character of a line.

    Ctrl-C is a KeyboardInterrupt, and Ctrl-Z stops the program, as at any other time.
    """
    try:
        import termios

        file = sys.stdin.fileno()
        settings = termios.tcgetattr(file)
    except (ImportError, OSError, ValueError, termios.error):
        ask()
        line = sys.stdin.readline()
        return line.strip()[:1] or line[:1]
    mode = settings[:3] + [settings[3] & ~(termios.ICANON | termios.ECHO)] + settings[4:6] + [
        list(settings[6])]
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
    try:
        # What has been typed already is kept: it may be the answer to a question that is just out.
        termios.tcsetattr(file, termios.TCSADRAIN, mode)
        ask()
        data = os.read(file, 1)
        if data == b"\x1b" or data > b"\x7f":
            data += _rest(file)
    except (OSError, termios.error):
        return ""
    finally:
        try:
            termios.tcsetattr(file, termios.TCSADRAIN, settings)
        except termios.error:
            pass  # The terminal has gone.
    return "" if data == b"\x04" else data.decode("utf-8", "replace")


def _rest(file):
    """What a key sends after its first byte: it comes at once."""
    from select import select

    return os.read(file, 32) if select([file], [], [], 0.05)[0] else b""
