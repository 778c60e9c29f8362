"""The standard streams: what is written to them, whatever the locale, and when they take no more."""

import os
import sys

__all__ = ["OutputError", "columns", "err", "hush_output", "is_terminal", "out", "say", "standard_input",
           "wants_color"]


def out(text, is_result=False):
    """Write to standard output. *is_result*: what was asked for, and not only told about it."""
    if is_result and text and sys.stdout is None:
        raise OutputError("standard output is closed")
    try:
        _write(sys.stdout, text)
    except BrokenPipeError:
        hush_output()  # "| head" has seen enough; the run goes on to its end.
    except OSError as error:
        raise OutputError(error.strerror or str(error)) from None


class OutputError(Exception):
    """Standard output does not take what is written to it."""


def err(text):
    """Write to standard error."""
    try:
        _write(sys.stderr, text)
    except OSError:
        pass  # Nobody listens; the exit status says it too.


def _write(stream, text):
    """Write text as UTF-8, whatever the locale: undecodable bytes go out as they came in."""
    if stream is None:
        return
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
        return
    encoding = (stream.encoding or "utf-8").lower().replace("-", "").replace("_", "")
    if stream.isatty() and encoding != "utf8":
        # What is a letter in UTF-8 may be a control character to this terminal.
        data = text.encode("ascii", "backslashreplace")
    else:
        data = text.encode("utf-8", "surrogateescape")
    stream.flush()
    buffer.write(data)
    buffer.flush()


def is_terminal(stream):
    """Whether somebody looks at *stream* (which may be None)."""
    return stream is not None and stream.isatty()


def wants_color(choice, stream):
    """Whether *stream* gets colours: *choice* is auto, always or never."""
    if choice == "auto":
        return is_terminal(stream) and not os.environ.get("NO_COLOR")
    return choice == "always"


def columns(stream):
    """How many characters *stream*, if it is a terminal, has in a line."""
    try:
        # What users set counts, as it does for --help.
        number = int(os.environ.get("COLUMNS") or 0)
        return number if number > 0 else os.get_terminal_size(stream.fileno()).columns or 80
    except (AttributeError, OSError, ValueError):
        return 80


def say(kind, text):
    """A line for the user on standard error: an error, a warning or a note."""
    from .output import one_line

    err("%s: %s\n" % (kind, one_line(text)))


def standard_input():
    """The bytes of standard input. Raises OSError."""
    if sys.stdin is None:
        raise OSError("standard input is closed")
    return sys.stdin.buffer.read()


def hush_output():
    """Point a standard output that takes no more at nothing: the interpreter flushes it at its end,
    and would complain."""
    if sys.stdout is None:
        return
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        pass
