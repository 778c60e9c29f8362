"""``pvemigrate check``: report."""

import click

from . import CONTEXT
from .options import COMMON, add_options
from .run import Run
from .sections import Sectioned, option

_EPILOG = """\b
Examples:
  pvemigrate check                     this node
  pvemigrate check backups/            the trees that were copied there
  pvemigrate check --phase all --output-format html > ticket.html
"""


@click.command("check", cls=Sectioned, context_settings=CONTEXT, epilog=_EPILOG)
@add_options(COMMON + [
    option("--generate-ignore", is_flag=True,
           help="Accept what is found and due: write it into pvemigrate-ignore.toml, so that it is "
                "not reported, and not fixed, from now on.")])
def command(**options):
    """Report findings; write nothing.

    PATH is a file, a directory that holds one or many copied trees, or - for standard input (with
    --kind). Without one it is this node, or the file system below --root."""
    return Run(options, "check").run()
