"""``pvemigrate fix``: rewrite, or show what would be rewritten."""

import sys

import click

from ..streams import is_terminal
from . import CONTEXT
from .options import COMMON, add_options
from .run import Run
from .sections import Sectioned, option

_EPILOG = """\b
Examples:
  pvemigrate fix --diff                what would be written on this node
  pvemigrate fix -i                    ask before each fix
  pvemigrate fix --root pve1           a copied tree
  pvemigrate fix --phase switch --select APT
  pvemigrate fix --kind storage - < storage.cfg > storage.cfg.new
"""


@click.command("fix", cls=Sectioned, context_settings=CONTEXT, epilog=_EPILOG)
@add_options(COMMON + [
    option("--diff", "diff_only", is_flag=True,
           help="Print what would change as a unified diff; write nothing."),
    option("--emit-commands", is_flag=True,
           help="Print the changes as a shell script of Proxmox VE's own commands, where it "
                "has some; write nothing."),
    option("--interactive", "-i", is_flag=True, help="Ask before each fix, as git add -p does "
           "(? lists the answers), and once more before anything is written."),
    option("--verify", is_flag=True, help="Have the results read by other programs that are "
           "installed (apt-get, ifquery, augtool), and leave alone what one of them refuses."),
    option("--force", is_flag=True, help="Write although a file changed meanwhile."),
    option("--no-pve-locks", is_flag=True, help="Do not take the locks of Proxmox VE's own "
           "tools (on a copied tree none are taken).")])
def command(diff_only, emit_commands, **options):
    """Make the changes that are due.

    With --diff or --emit-commands they are only shown. PATH is as with check. 'pvemigrate rollback'
    takes a run of fix back."""
    if diff_only and emit_commands:
        raise click.UsageError("--diff and --emit-commands both want stdout")
    if options["interactive"]:
        _check_terminal(options)
    mode = "diff" if diff_only else "commands" if emit_commands else "fix"
    return Run(options, mode).run()


def _check_terminal(options):
    """Refuse to ask where nobody can answer."""
    if "-" in options["paths"] or options["ip_link"] == "-":
        raise click.UsageError("--interactive and - both want stdin")
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise click.UsageError("--interactive needs a terminal on stdin and stderr")
