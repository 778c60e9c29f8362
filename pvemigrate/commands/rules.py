"""``pvemigrate rules``: the catalogue."""

import click

from ..streams import out
from . import CONTEXT


@click.command("rules", context_settings=CONTEXT)
@click.option("--output-format", "output_format", default="text",
              type=click.Choice(["text", "json"]), help="How the rules are listed.")
def command(output_format):
    """List every rule."""
    from .. import rules as all_rules

    found = all_rules()
    if output_format == "json":
        from ..output.json import catalogue_document, dump

        out(dump(catalogue_document(found)))
    else:
        from ..output.catalogue import listing

        out(listing(found))
