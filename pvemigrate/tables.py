"""Finds the compiled tables of a grammar: those shipped in the package, or made on the spot.

In an installed package the tables lie in ``pvemigrate/_tables/`` and nothing else is looked at. In
a checkout the grammars lie beside the package and may have been edited since the tables were
written, so their checksum is compared, and stale or missing tables are compiled in memory (this
imports lark; it is the only place where a run may).
"""

from importlib import import_module

from .grammar_files import checksum, grammar_text, is_checkout


def read(name):
    """The table data of grammar *name* (a dict of plain literals)."""
    shipped = _shipped(name)
    if not is_checkout():
        if shipped is None:
            raise ImportError("this installation lacks its table for %s; reinstall it" % name)
        return shipped
    text = grammar_text(name)
    if shipped is not None and shipped["checksum"] == checksum(text):
        return shipped
    from .compiler import compile_grammar

    return compile_grammar(text)


def _shipped(name):
    try:
        return import_module("pvemigrate._tables." + name).TABLE
    except ImportError:
        return None
