"""What shells offer when a command line is completed: the values of options and arguments.

What a value is, its metavar says, which the help shows too: ``DIR``, ``CODES``, ``[PATH]...``. So a
new option is completed when it uses the name that others use. Imported only while a line is completed.
"""

import os
from functools import partial

from click.shell_completion import (
    BashComplete, CompletionItem, FishComplete, ZshComplete, add_completion_class,
)

__all__ = ["VALUES", "register", "teach"]


# -- shells ----------------------------------------------------------------------------------------


def register():
    """Have click use these instead of its own."""
    for shell in (_Bash, _Zsh, _Fish):
        add_completion_class(shell)


class _Joined:
    """``--root=x`` in one word. What click offers for it are values alone: bash asks for ``x`` after a
    word ``=``, which click takes for an argument's value; zsh and fish replace the whole word."""

    def get_completions(self, args, incomplete):
        before = ""
        if args and args[-1] == "=":
            args = args[:-1]
        elif incomplete.startswith("--") and "=" in incomplete:
            option, _, incomplete = incomplete.partition("=")
            before, args = option + "=", args + [option]
        found = super().get_completions(args, incomplete)
        if not before:
            return found
        return [CompletionItem(before + item.value, help=item.help)
                for one in found for item in _by_name(one)]


def _by_name(item):
    """An item as it is; for "files" or "directories", which shells look for themselves, each of them."""
    if item.type not in ("file", "dir"):
        return [item]
    folder = item.value.rpartition("/")[0] + "/" if "/" in item.value else ""
    start = item.value[len(folder):]
    names = sorted(name for name in os.listdir(folder or ".")
                   if name.startswith(start) and (start or not name.startswith(".")))
    paths = [folder + name + ("/" if os.path.isdir(folder + name) else "") for name in names]
    return [CompletionItem(path) for path in paths if item.type == "file" or path.endswith("/")]


class _Bash(_Joined, BashComplete):
    pass


class _Zsh(_Joined, ZshComplete):
    pass


class _Fish(_Joined, FishComplete):
    # A value may have commas: APT,LXC001.
    source_template = FishComplete.source_template.replace(
        'string split "," $completion', 'string split -m 1 "," $completion')


# -- values ----------------------------------------------------------------------------------------


def teach(command):
    """Have a click command's options and arguments offer values."""
    for param in command.params:
        find = VALUES.get(param.metavar)
        if find is not None:
            param.shell_complete = partial(_offer, find)


def _offer(find, context, incomplete):
    try:
        return find(context, incomplete)
    except Exception:
        return []  # A complaint would end up in the middle of the line that is being typed.


def _file(context, incomplete):
    return [CompletionItem(incomplete, type="file")]


def _directory(context, incomplete):
    return [CompletionItem(incomplete, type="dir")]


def _codes(context, incomplete):
    """Families, then codes, after what stands there already (``APT,LX``)."""
    from .catalogue import catalogue

    before, comma, last = incomplete.upper().rpartition(",")
    rules = catalogue()
    known = {info.code.rstrip("0123456789"): "all of this family" for info in rules}
    if last:
        known.update((info.code, info.name) for info in rules)
    return [CompletionItem(before + comma + code, help=text) for code, text in sorted(known.items())
            if code.startswith(last) and code not in before.split(",")]


def _code(context, incomplete):
    """Codes; names too, once one has been begun."""
    from .catalogue import catalogue

    rules = catalogue()
    return ([CompletionItem(info.code, help=info.name) for info in rules
             if info.code.startswith(incomplete.upper())]
            + [CompletionItem(info.name, help=info.code) for info in rules
               if incomplete and info.name.startswith(incomplete)])


def _kind(context, incomplete):
    from .formats import KINDS

    return _starting(KINDS, incomplete)


def _hop(context, incomplete):
    from .settings import HOPS

    return _starting(HOPS, incomplete)


def _privileges(context, incomplete):
    """Those that --vm-monitor takes, after what stands there already (``Audit,File``)."""
    from .settings import VM_MONITOR

    before, comma, last = incomplete.rpartition(",")
    names = [VM_MONITOR[0]] + [name.rpartition(".")[2] for name in VM_MONITOR[1:]]
    return _starting([before + comma + name for name in names if name not in before.split(",")],
                     incomplete)


def _plugin(context, incomplete):
    from .plugins import installed_plugins

    return [CompletionItem(plugin.name, help=str(plugin)) for plugin in installed_plugins()
            if plugin.name.startswith(incomplete)]


def _run(context, incomplete):
    """The runs below the root that stand, the newest first."""
    from .journal import Journal
    from .root import opened

    with opened(context.params.get("root") or "/") as base:
        runs, _ = Journal(base).runs()
        undone = {run.undoes for run in runs}
        standing = [run.id for run in reversed(runs)
                    if run.state == "done" and not run.undoes and run.id not in undone]
    return _starting(standing, incomplete)


def _starting(values, incomplete):
    return [CompletionItem(value) for value in values if value.startswith(incomplete)]


#: Metavar -> what gives the values for a click context and what is written so far (list of
#: CompletionItem). None: anything, nothing to offer.
VALUES = {
    "CODE": _code,
    "CODES": _codes,
    "DIR": _directory,
    "FILE": _file,
    "HOP": _hop,
    "IFACE=MAC": None,
    "KIND": _kind,
    "NAME": _plugin,
    "OLD=NEW": None,
    "PRIVS": _privileges,
    "[NAME=]RESULT.json...": _file,
    "[PATH]...": _file,
    "[RUN]": _run,
}
