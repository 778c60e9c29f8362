"""``pvemigrate explain``: a rule's documentation."""

import sys

import click

from ..streams import columns, is_terminal, out, wants_color
from . import CONTEXT
from .options import COLOR, PLUGIN, rules_of


_EPILOG = """\b
Examples:
  pvemigrate explain NET001
  pvemigrate explain bridge-mac-not-pinned
  pvemigrate explain NET001 --color always | less -R
"""


@click.command("explain", context_settings=CONTEXT, epilog=_EPILOG)
@click.argument("code", metavar="CODE")
@PLUGIN
@COLOR
def command(code, plugins, color):
    """Show a rule's documentation.

    CODE is a rule's code or its name; 'pvemigrate rules' lists them."""
    from ..catalogue import catalogue
    from ..output.catalogue import explanation

    # Rules of two families may have one name.
    known = rules_of({"plugins": plugins}) or catalogue()
    found = [info for info in known if code.upper() == info.code or code.lower() == info.name]
    if not found:
        raise click.UsageError("no rule is called %s; 'pvemigrate rules' lists them" % code)
    color = wants_color(color, sys.stdout)
    width = columns(sys.stdout) if color or is_terminal(sys.stdout) else None
    out("\n".join(explanation(info.load(), color, width) for info in found))
