"""Asks the Perl programs in ``tests/perl``, which read the files of Proxmox VE as it does."""

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent / "perl"

needs_perl = pytest.mark.skipif(
    shutil.which("perl") is None, reason="needs perl (on Debian: apt-get install perl)")


def ask(program, requests):
    """The answers (list of str) of tests/perl/*program*.pl to *requests*: (word, bytes) each."""
    text = "".join("%s %s\n" % (word, data.hex()) for word, data in requests)
    done = subprocess.run(["perl", str(FOLDER / (program + ".pl"))], input=text.encode("ascii"),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    assert done.returncode == 0 and not done.stderr, done.stderr.decode()
    answers = done.stdout.decode("ascii").split("\n")[:-1]
    assert len(answers) == len(requests)
    return answers


def hexed(text):
    """The bytes of a token or str in hexadecimal digits."""
    return str(text).encode("utf-8", "surrogateescape").hex()
