"""Options and their help: the option that shows it, and options under headings, of which check and fix
have more than anybody reads in a row."""

from functools import partial

import click

__all__ = ["SECTIONS", "Helpful", "Sectioned", "option"]

#: Heading -> options, both in the order of the help. What stands nowhere comes last.
SECTIONS = {
    "What fix does": ("--diff", "--interactive", "--emit-commands", "--verify", "--force",
                      "--no-pve-locks"),
    "What is looked at": ("--root", "--kind", "--phase", "--hop", "--from", "--to", "--select", "--ignore",
                          "--inline-ignores", "--generate-ignore", "--config", "--isolated",
                          "--plugin"),
    "What fixes have to know": ("--mac", "--ip-link", "--pve-repo", "--pin-nics", "--rename-nic",
                                "--rename-role", "--vm-monitor", "--cpu-formula", "--archive",
                                "--deb822", "--unsafe-fixes"),
    "Output": ("--output-format", "--quiet", "--color", "--fail-on", "--exit-zero", "--jobs"),
}
_OTHER = "Other options"
#: How wide the names of options are; longer ones stand in a line of their own.
_NAMES = 24


class _Option(click.Option):
    """An option whose help is one line. click would have it cleaned of what an indented docstring has,
    by a module that takes as long to import as twenty of ours."""

    def __init__(self, *names, help=None, **settings):
        super().__init__(*names, **settings)
        self.help = help


option = partial(click.option, cls=_Option)


class Helpful(click.Command):
    """A command with click's own option for help. click has its text translated each time, which
    takes as long as three of our modules, and there are no translations."""

    def get_help_option(self, ctx):
        names = self.get_help_option_names(ctx)
        return _Option(names, is_flag=True, is_eager=True, expose_value=False,
                       callback=_show_help, help="Show this message and exit.") if names else None


def _show_help(context, option, value):
    if value and not context.resilient_parsing:
        click.echo(context.get_help(), color=context.color)
        context.exit()


class Sectioned(Helpful):
    """A command whose help has the headings of ``SECTIONS``."""

    def format_options(self, ctx, formatter):
        place = {name: title for title, names in SECTIONS.items() for name in names}
        order = [name for names in SECTIONS.values() for name in names]
        found = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                name = next((name for name in param.opts if name in place), None)
                found.setdefault(place.get(name, _OTHER), []).append(
                    (order.index(name) if name else len(order), record))
        for title in [*SECTIONS, _OTHER]:
            rows = [record for _, record in sorted(found.get(title, ()))]
            if rows:
                # All sections have their texts in the same column.
                rows[0] = (rows[0][0].ljust(_NAMES), rows[0][1])
                with formatter.section(title):
                    formatter.write_dl(rows, col_max=_NAMES)
