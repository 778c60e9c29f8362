"""Where the grammars lie, and the few facts that their compiler and their user share."""

import os
from functools import lru_cache

_HERE = os.path.dirname(os.path.abspath(__file__))
#: The grammars of a checkout; an installed package has them in ``pvemigrate/grammars``.
_CHECKOUT = os.path.join(os.path.dirname(_HERE), "grammars")


def grammar_text(name):
    """The text of ``<name>.lark``."""
    for folder in (os.path.join(_HERE, "grammars"), _CHECKOUT):
        path = os.path.join(folder, name + ".lark")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                return file.read()
    raise FileNotFoundError("no grammar named " + name)


def grammar_names():
    """The names of all grammars, sorted."""
    for folder in (os.path.join(_HERE, "grammars"), _CHECKOUT):
        if os.path.isdir(folder):
            return sorted(f[:-len(".lark")] for f in os.listdir(folder) if f.endswith(".lark"))
    return []


@lru_cache(maxsize=None)
def is_checkout():
    """Whether this is a source tree, whose grammars may be newer than its tables. (A package in a zip
    archive has neither folder.)"""
    return not os.path.isdir(os.path.join(_HERE, "grammars")) and os.path.isdir(_CHECKOUT)


def checksum(text):
    """A checksum of a grammar's text and of what compiles it (staleness only, nothing depends on it
    for safety)."""
    from zlib import crc32

    value = crc32(text.encode("utf-8"))
    for name in ("compiler.py", "patterns.py"):
        with open(os.path.join(_HERE, name), "rb") as file:
            value = crc32(file.read(), value)
    return value


#: A line type is one letter in the pass over line types: its number plus this.
FIRST_LETTER = 0x21
