"""``pvemigrate rules``: the catalogue."""

import sys

import click

from ..streams import out, say, wants_color
from . import CONTEXT
from .options import COLOR, PLUGIN, rules_of


@click.command("rules", context_settings=CONTEXT)
@click.option("--output-format", "output_format", default="text",
              type=click.Choice(["text", "json"]), help="How the rules are listed.")
@click.option("--hop", metavar="HOP", help="Those of one upgrade alone, as in 6to7.")
@PLUGIN
@COLOR
def command(output_format, hop, plugins, color):
    """List every rule, and the plug-ins that are installed.

    A line has a rule's code and name, the severity of its findings, the phase in which it may act, the
    releases of Proxmox VE from the first upgrade that it has to do with to the last, and the kinds of
    files that it looks at. Where severity or phase differ between upgrades, they stand one after the
    other; --hop shows those of one."""
    from ..catalogue import catalogue
    from ..plugins import installed_plugins
    from ..settings import Settings

    Settings(hop=hop)  # refuses what is none
    found = [info.load() for info in rules_of({"plugins": plugins}) or catalogue()
             if hop is None or hop in info.hops]
    installed = installed_plugins()
    if output_format == "json":
        from ..output.json import catalogue_document, dump

        out(dump(catalogue_document(found, installed)))
    else:
        from ..output.catalogue import listing

        out(listing(found, wants_color(color, sys.stdout), hop))
        others = ["%s (%s)" % (plugin.name, plugin) for plugin in installed
                  if plugin.name not in plugins]
        if others:
            say("note", "plug-ins that are installed, for --plugin: %s" % ", ".join(others))
