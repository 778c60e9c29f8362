"""``pvemigrate explain``: a rule's documentation."""

import sys

import click

from ..streams import out, wants_color
from . import CONTEXT
from .options import PLUGIN, rules_of


@click.command("explain", context_settings=CONTEXT)
@click.argument("code", metavar="CODE")
@PLUGIN
def command(code, plugins):
    """Show a rule's documentation."""
    from ..catalogue import catalogue
    from ..output.catalogue import explanation

    # Rules of two families may have one name.
    known = rules_of({"plugins": plugins}) or catalogue()
    found = [info for info in known if code.upper() == info.code or code.lower() == info.name]
    if not found:
        raise click.UsageError("no rule is called %s; 'pvemigrate rules' lists them" % code)
    color = wants_color("auto", sys.stdout)
    out("\n".join(explanation(info.load(), color) for info in found))
