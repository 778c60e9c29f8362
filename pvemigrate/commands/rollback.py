"""``pvemigrate rollback``: take a run of fix back."""

import os

import click

from ..streams import out, say
from . import CONTEXT, FAILED, OK


@click.command("rollback", context_settings=CONTEXT)
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--root", metavar="DIR", default="/", help="The file system to work on (default: /).")
@click.option("--list", "list_only", is_flag=True, help="List the runs of fix that the journal has.")
@click.option("--force", is_flag=True, help="Take back files too that have changed since that run.")
@click.option("--no-pve-locks", is_flag=True,
              help="Do not take the locks of Proxmox VE's own tools.")
def command(run, root, list_only, force, no_pve_locks):
    """Take back a run of fix.

    RUN is one that --list names; without it, it is the newest that stands."""
    if not os.path.isdir(root):
        raise click.UsageError("--root %s: no such directory" % root)
    from ..undo import listing, take_back

    try:
        text, failures = (listing(root) if list_only
                          else take_back(root, run, False if no_pve_locks else None, force))
    except OSError as error:
        text, failures = "", [(root, error.strerror or str(error))]
    out(text)
    for path, message in failures:
        say("error", "%s: %s" % (path, message))
    return FAILED if failures else OK
