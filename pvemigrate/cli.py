"""The command: finds the subcommand, and turns whatever becomes of it into an exit status and a line.

Exit status: 0 nothing left to do, 1 something is, 2 wrong usage, an unreadable or unwritable file,
or an internal error.
"""

import os
import sys
from importlib import import_module

import click

from . import __version__
from .commands import COMMANDS, CONTEXT, FAILED, OK
from .commands.sections import Helpful, option
from .settings import UsageError
from .streams import OutputError, err, hush_output, say

__all__ = ["COMPLETE", "main"]

#: The environment variable by which a shell asks for completions, whatever the command's file is called.
COMPLETE = "_PVEMIGRATE_COMPLETE"


class _Group(Helpful, click.Group):
    """The place where every run starts and ends."""

    def list_commands(self, context):
        return list(COMMANDS)

    def get_command(self, context, name):
        if name not in COMMANDS:
            return None
        command = import_module("pvemigrate.commands." + name).command
        if context.resilient_parsing:  # A shell completes a command line.
            from .completion import teach

            teach(command)
        return command

    def main(self, args=None, prog_name=None, **extra):
        extra.update(standalone_mode=False, complete_var=COMPLETE)
        if COMPLETE in os.environ:
            from .completion import register

            register()
        sys.exit(self._status(args, prog_name, extra))

    def _status(self, args, prog_name, extra):
        try:
            return super().main(args, prog_name, **extra) or OK
        except (click.ClickException, UsageError) as error:
            self._complain(error)
        except (click.Abort, KeyboardInterrupt):
            err("interrupted\n")
        except OutputError as error:
            hush_output()
            say("error", "cannot write the output: %s" % error)
        except Exception as error:  # noqa: BLE001 - users are never shown a traceback
            from .engine import internal_error

            say("error", internal_error(error))
        return FAILED

    def _complain(self, error):
        from .output import visible

        message = getattr(error, "format_message", lambda: str(error))()
        context = getattr(error, "ctx", None)
        if context is not None:
            err("%s\nTry '%s --help' for help.\n\n" % (context.get_usage(), context.command_path))
        err("Error: %s\n" % visible(message))


def _show_version(context, option, value):
    if value and not context.resilient_parsing:
        click.echo("pvemigrate " + __version__)
        context.exit()


_EPILOG = """\b
Examples:
  pvemigrate check                     this node: report, write nothing
  pvemigrate fix --diff                what would be written
  pvemigrate fix                       write it
  pvemigrate rollback                  take the last run of fix back

'pvemigrate COMMAND --help' tells what a command takes.
"""


@click.group(cls=_Group, context_settings=CONTEXT, no_args_is_help=False, epilog=_EPILOG)
@option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version,
        help="Show the version and exit.")
def main():
    """Find and make the changes that a major upgrade of Proxmox VE needs in its configuration
    files, and nothing else."""
