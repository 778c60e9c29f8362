"""What the closing report of a test run says besides: how many faults the run has tried; and that
Ctrl-C means something in it."""

import signal

import pytest

# A shell has its background jobs ignore this, and the programs that tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


class _Faults:
    """How many faults were tried, and what became of them: a line for each test that tries many."""

    def __init__(self):
        self.total = 0
        self.lines = []

    def __call__(self, number, text):
        """Note that *number* faults were tried; *text* says which, and how they ended."""
        self.total += number
        self.lines.append(text)


_FAULTS = _Faults()


@pytest.fixture
def faults():
    """Call it with how many faults a test has tried, and a line about them for the report."""
    return _FAULTS


def pytest_terminal_summary(terminalreporter):
    if _FAULTS.lines:
        terminalreporter.section("faults tried: %d" % _FAULTS.total)
        for line in _FAULTS.lines:
            terminalreporter.write_line(line)
