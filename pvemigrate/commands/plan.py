"""``pvemigrate plan``: several upgrades in a row, each applied in memory to the result of the one before."""

import sys

import click

from ..settings import UsageError
from ..streams import is_terminal, out, say, wants_color
from . import CONTEXT, FAILED, FOUND, OK
from .options import ALL_HOPS, COLOR, add_options
from .sections import Sectioned

_EPILOG = """\b
Examples:
  pvemigrate plan --to 9               all upgrades of this node up to 9
  pvemigrate plan --to 8 --root pve1   a copied tree
"""


@click.command("plan", cls=Sectioned, context_settings=CONTEXT, epilog=_EPILOG)
@add_options(ALL_HOPS + [
    click.option("--to", metavar="RELEASE", type=click.IntRange(min=1),
                 help="The release of Proxmox VE to go to (default: the last that is known)."),
    click.option("--from", "since", metavar="RELEASE", type=click.IntRange(min=1),
                 help="The release to begin at, where none is found below the root (default: the first "
                      "that is known)."),
    click.option("--output-format", "output_format", default="text",
                 type=click.Choice(["text", "json"]), help="How it is shown."),
    COLOR])
def command(to, since, output_format, color, **options):
    """Show what each upgrade on the way to a release would change.

    No upgrade is jumped: 6to7 is applied to the files as they are, 7to8 to what came out of it, and so
    on, in all their phases. That happens in memory; nothing is written. PATH is a directory that holds
    one or many copied trees; without one it is this node, or the file system below --root."""
    from ..targets import common_directory, targets_of
    from .configured import Configured

    targets, errors, empty = targets_of(options["paths"], options["root"], None)
    errors += [(target.root, "plan takes whole trees, no single files")
               for target in targets if target.paths is not None or not target.has_facts]
    targets = [target for target in targets if target.paths is None and target.has_facts]
    configured = Configured(dict(options, hop=None, phases=("all",)), [target.root for target in targets])
    for note in configured.notes + ["%s: no configuration of Proxmox VE below it" % path for path in empty]:
        say("note", note)
    base, labels = common_directory(targets)
    ways = []
    for target, label in zip(targets, labels):
        try:
            found = _stages(target, configured, to, since)
        except (OSError, UsageError) as error:
            errors.append((target.root, getattr(error, "strerror", None) or str(error)))
            continue
        errors += [(label + path, message) for stage in found for path, message in stage.errors]
        if since is None and found[0].project.facts.release is None:
            say("note", "%sno Proxmox VE version found in var/lib/dpkg/status: beginning at %d (choose with "
                        "--from)" % (label and label + ": ", found[0].hop.release))
        for stage in found:
            stage.move(label)
        ways.append((target.root, label, found))
    # A file that cannot be read is none in each hop.
    for path, message in dict.fromkeys(errors):
        say("error", "%s: %s" % (path, message))
    out(_shown(ways, base, output_format, color), is_result=True)
    is_due = any(stage.is_due for _, _, found in ways for stage in found)
    return FAILED if errors else FOUND if is_due else OK


def _stages(target, configured, to, since):
    """The stages of one tree (list)."""
    from ..root import Root
    from ..chain import stages

    return list(stages(Root(target.root, target.within), to, since, configured.settings_for(target.root),
                       configured.rules, target.etc))


def _shown(ways, base, output_format, color):
    if output_format == "json":
        from ..output.json import dump, stages_document

        return dump(stages_document(ways, base))
    from ..output.stages import render

    return render([(label, found) for _, label, found in ways], wants_color(color, sys.stdout),
                  is_terminal(sys.stdout))
