"""``pvemigrate check``: report."""

import click

from . import CONTEXT
from .options import COMMON, add_options
from .run import Run


@click.command("check", context_settings=CONTEXT)
@add_options(COMMON)
def command(**options):
    """Report findings; write nothing."""
    return Run(options, "check").run()
