"""``pvemigrate check``: report."""

import click

from . import CONTEXT
from .options import COMMON, add_options
from .run import Run


@click.command("check", context_settings=CONTEXT)
@add_options(COMMON + [
    click.option("--generate-ignore", is_flag=True,
                 help="Accept what is found and due: write it into pvemigrate-ignore.toml, so that it is "
                      "not reported, and not fixed, from now on.")])
def command(**options):
    """Report findings; write nothing."""
    return Run(options, "check").run()
