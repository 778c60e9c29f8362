"""The command: options, streams and exit status. Everything else is imported where it is needed.

Exit status: 0 nothing left to do, 1 something is, 2 wrong usage, an unreadable or unwritable file,
or an internal error.
"""

import os
import sys

import click

from . import __version__
from .output import FORMATS
from .settings import (
    CPU_FORMULAS, HOPS, PHASES, PVE_REPOSITORIES, SEVERITIES, Settings, UsageError, valid_mac,
)

__all__ = ["main"]

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

OK, FOUND, FAILED = 0, 1, 2


# -- streams ---------------------------------------------------------------------------------------


def _out(text, is_result=False):
    """Write to standard output. *is_result*: what was asked for, and not only told about it."""
    if is_result and text and sys.stdout is None:
        raise _OutputError("standard output is closed")
    try:
        _write(sys.stdout, text)
    except BrokenPipeError:
        _hush_output()  # "| head" has seen enough; the run goes on to its end.
    except OSError as error:
        raise _OutputError(error.strerror or str(error)) from None


class _OutputError(Exception):
    """Standard output does not take what is written to it."""


def _err(text):
    try:
        _write(sys.stderr, text)
    except OSError:
        pass  # Nobody listens; the exit status says it too.


def _write(stream, text):
    """Write text as UTF-8, whatever the locale: undecodable bytes go out as they came in."""
    if stream is None:
        return
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
        return
    encoding = (stream.encoding or "utf-8").lower().replace("-", "").replace("_", "")
    if stream.isatty() and encoding != "utf8":
        # What is a letter in UTF-8 may be a control character to this terminal.
        data = text.encode("ascii", "backslashreplace")
    else:
        data = text.encode("utf-8", "surrogateescape")
    stream.flush()
    buffer.write(data)
    buffer.flush()


def _is_terminal(stream):
    return stream is not None and stream.isatty()


def _wants_color(choice, stream):
    if choice == "auto":
        return _is_terminal(stream) and not os.environ.get("NO_COLOR")
    return choice == "always"


def _say(kind, text):
    """A line for the user on standard error: an error, a warning or a note."""
    from .output import one_line

    _err("%s: %s\n" % (kind, one_line(text)))


def _standard_input():
    if sys.stdin is None:
        raise OSError("standard input is closed")
    return sys.stdin.buffer.read()


def _hush_output():
    """Point a standard output that takes no more at nothing: the interpreter flushes it at its end,
    and would complain."""
    if sys.stdout is None:
        return
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        pass


# -- the command -----------------------------------------------------------------------------------


class _Command(click.Group):
    """The place where every run ends: whatever happened becomes an exit status and a line."""

    def main(self, args=None, prog_name=None, **extra):
        extra["standalone_mode"] = False
        sys.exit(self._status(args, prog_name, extra))

    def _status(self, args, prog_name, extra):
        try:
            return super().main(args, prog_name, **extra) or OK
        except (click.ClickException, UsageError) as error:
            self._complain(error)
        except (click.Abort, KeyboardInterrupt):
            _err("interrupted\n")
        except _OutputError as error:
            _hush_output()
            _say("error", "cannot write the output: %s" % error)
        except Exception as error:  # noqa: BLE001 - users are never shown a traceback
            from .engine import internal_error

            _say("error", internal_error(error))
        return FAILED

    def _complain(self, error):
        from .output import visible

        message = getattr(error, "format_message", lambda: str(error))()
        context = getattr(error, "ctx", None)
        if context is not None:
            _err("%s\nTry '%s --help' for help.\n\n" % (context.get_usage(), context.command_path))
        _err("Error: %s\n" % visible(message))


@click.group(cls=_Command, context_settings=CONTEXT, no_args_is_help=False)
@click.version_option(__version__, message="pvemigrate %(version)s")
def main():
    """Find and make the changes that a major upgrade of Proxmox VE needs in its configuration
    files, and nothing else."""


def _add_options(options):
    def decorate(function):
        for option in reversed(options):
            function = option(function)
        return function
    return decorate


_COMMON = [
    click.argument("paths", metavar="[PATH]...", nargs=-1),
    click.option("--root", metavar="DIR", help="The file system to work on (default: /). Nothing "
                 "outside it is read or written."),
    click.option("--hop", metavar="HOP", help="Which upgrade, as in 6to7. Default: 6to7, or the "
                 "one that ends at the release found."),
    click.option("--phase", "phases", multiple=True, metavar="PHASE",
                 type=click.Choice(["before", "switch", "after-node", "after-cluster", "all",
                                    "auto"]),
                 help="Which rules may act now: before, switch, after-node, after-cluster, all, or "
                      "auto (from the version installed below the root; the default). Repeatable."),
    click.option("--select", multiple=True, metavar="CODES", help="Only these codes or prefixes "
                 "(APT,LXC001). Repeatable."),
    click.option("--ignore", multiple=True, metavar="CODES", help="Not these codes or prefixes. "
                 "Repeatable."),
    click.option("--unsafe-fixes", is_flag=True, help="Also make fixes that are marked unsafe."),
    click.option("--mac", "macs", multiple=True, metavar="IFACE=MAC",
                 help="The present MAC address of a bridge or network card. Repeatable."),
    click.option("--ip-link", metavar="FILE",
                 help="MAC addresses from the output of 'ip -j link' (- for stdin)."),
    click.option("--rename-nic", "rename_nics", multiple=True, metavar="OLD=NEW",
                 help="A network card gets another name: write it into the network configuration "
                      "(an unsafe fix). Repeatable."),
    click.option("--pin-nics", is_flag=True,
                 help="Keep the names of network cards with .link files of systemd, where their MAC "
                      "addresses are known."),
    click.option("--rename-role", "rename_roles", multiple=True, metavar="OLD=NEW",
                 help="A role whose name Proxmox VE takes for itself gets another (an unsafe fix). "
                      "Repeatable."),
    click.option("--pve-repo", type=click.Choice(PVE_REPOSITORIES),
                 help="The Proxmox VE repository to add where there is none, or to use instead of one "
                      "that takes a subscription."),
    click.option("--archive", is_flag=True,
                 help="Old releases leave the mirrors: use the archive hosts (an unsafe fix)."),
    click.option("--cpu-formula", default=CPU_FORMULAS[0], type=click.Choice(CPU_FORMULAS),
                 help="How cpu.shares become cpu.weight (default: ratio)."),
    click.option("--kind", metavar="KIND", help="Take every PATH (or stdin, -) as a file of this "
                 "kind."),
    click.option("--output-format", "output_format", default="text",
                 type=click.Choice(FORMATS), help="How findings are shown."),
    click.option("--fail-on", default="warning", type=click.Choice(SEVERITIES),
                 help="The lowest severity that makes the exit status 1 (default: warning)."),
    click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found."),
    click.option("--color", default="auto", type=click.Choice(["auto", "always", "never"]),
                 help="Colours; auto: on a terminal, unless NO_COLOR is set."),
    click.option("--quiet", "-q", is_flag=True, help="No summary and no notes; with --diff, the "
                 "diff alone."),
]


@main.command()
@_add_options(_COMMON)
def check(**options):
    """Report findings; write nothing."""
    return _Run(options, "check").run()


@main.command()
@_add_options(_COMMON + [
    click.option("--diff", "diff_only", is_flag=True,
                 help="Print what would change as a unified diff; write nothing."),
    click.option("--emit-commands", is_flag=True,
                 help="Print the changes as a shell script of Proxmox VE's own commands, where it "
                      "has some; write nothing."),
    click.option("--verify", is_flag=True, help="Have the results read by other programs that are "
                 "installed (apt-get, ifquery, augtool), and leave alone what one of them refuses."),
    click.option("--force", is_flag=True, help="Write although a file changed meanwhile."),
    click.option("--no-pve-locks", is_flag=True, help="Do not take the locks of Proxmox VE's own "
                 "tools (on a copied tree none are taken).")])
def fix(diff_only, emit_commands, **options):
    """Make the changes that are due (with --diff or --emit-commands: only show them)."""
    if diff_only and emit_commands:
        raise click.UsageError("--diff and --emit-commands both want stdout")
    mode = "diff" if diff_only else "commands" if emit_commands else "fix"
    return _Run(options, mode).run()


@main.command()
@click.argument("run", metavar="[RUN]", required=False)
@click.option("--root", metavar="DIR", default="/", help="The file system to work on (default: /).")
@click.option("--list", "list_only", is_flag=True, help="List the runs of fix that the journal has.")
@click.option("--force", is_flag=True, help="Take back files too that have changed since that run.")
@click.option("--no-pve-locks", is_flag=True,
              help="Do not take the locks of Proxmox VE's own tools.")
def rollback(run, root, list_only, force, no_pve_locks):
    """Take back a run of fix: the newest that stands, or RUN as --list names it."""
    if not os.path.isdir(root):
        raise click.UsageError("--root %s: no such directory" % root)
    from .undo import listing, take_back

    try:
        text, failures = (listing(root) if list_only
                          else take_back(root, run, False if no_pve_locks else None, force))
    except OSError as error:
        text, failures = "", [(root, error.strerror or str(error))]
    _out(text)
    for path, message in failures:
        _say("error", "%s: %s" % (path, message))
    return FAILED if failures else OK


@main.command()
@click.option("--output-format", "output_format", default="text",
              type=click.Choice(["text", "json"]), help="How the rules are listed.")
def rules(output_format):
    """List every rule."""
    from . import rules as all_rules

    found = all_rules()
    if output_format == "json":
        from .output.json import catalogue_document, dump

        _out(dump(catalogue_document(found)))
    else:
        from .output.catalogue import listing

        _out(listing(found))


@main.command()
@click.argument("code", metavar="CODE")
def explain(code):
    """Show a rule's documentation."""
    from .catalogue import catalogue
    from .output.catalogue import explanation

    # Rules of two families may have one name.
    found = [info for info in catalogue() if code.upper() == info.code or code.lower() == info.name]
    if not found:
        raise click.UsageError("no rule is called %s; 'pvemigrate rules' lists them" % code)
    color = _wants_color("auto", sys.stdout)
    _out("\n".join(explanation(info.load(), color) for info in found))


@main.command()
@click.option("--kind", metavar="KIND", help="Take the file (or stdin, -) as one of this kind.")
@click.argument("file", metavar="FILE")
def parse(kind, file):
    """Show a file's tree (for people who write rules)."""
    from .formats import parse as parse_data
    from .output.tree import listing

    _check_kind(kind)
    try:
        data, kind = _one_file(file, kind)
    except OSError as error:
        _say("error", "%s: %s" % (file, error.strerror or error))
        return FAILED
    _out(listing(parse_data(data, kind)))


def _one_file(file, kind):
    """The bytes of a file that is named on the command line, and its kind."""
    from .formats import kind_of_path
    from .source import Reader, locate

    full = os.path.abspath(file)
    if kind is None and file != "-":
        _, location = locate(full)
        kind = location and (kind_of_path(location) or "interfaces")
    if kind is None:
        from .formats import KINDS

        raise click.UsageError("say what kind of file this is: --kind %s" % "|".join(KINDS))
    if file == "-":
        return _standard_input(), kind
    # The user has named this very file: a link may lead anywhere.
    folder, name = os.path.split(os.path.realpath(full))
    return Reader(folder).read(name), kind


def _check_kind(kind):
    from .formats import KINDS

    if kind is not None and kind not in KINDS:
        raise click.UsageError("no kind is called %s; there are: %s" % (kind, ", ".join(KINDS)))


# -- check and fix ---------------------------------------------------------------------------------


def _settings(options):
    """The settings that the options ask for. Raises UsageError."""
    settings = Settings(
        hop=options["hop"], phases=options["phases"] or "auto", select=options["select"],
        ignore=options["ignore"], unsafe_fixes=options["unsafe_fixes"], macs=_macs(options),
        rename_nics=_pairs(options, "rename_nics", "--rename-nic"), pin_nics=options["pin_nics"],
        rename_roles=_pairs(options, "rename_roles", "--rename-role"),
        pve_repo=options["pve_repo"], archive=options["archive"],
        cpu_formula=options["cpu_formula"])
    for name in ("select", "ignore"):
        if options[name]:
            _check_codes("--" + name, getattr(settings, name))
    return settings


def _check_codes(option, codes):
    """Refuse codes that no rule has: a misspelt one would change what a run does in silence."""
    from .catalogue import catalogue

    if not codes:
        raise click.UsageError("%s names no rule" % option)
    known = [info.code for info in catalogue()]
    for code in codes:
        if not any(name.startswith(code) for name in known):
            raise click.UsageError("%s: no rule's code is or begins with %s; 'pvemigrate rules' "
                                   "lists them" % (option, code))


def _macs(options):
    """Interface -> MAC address, from --ip-link and --mac (which counts where both name one)."""
    macs = _ip_link_macs(options["ip_link"]) if options["ip_link"] else {}
    macs.update(_pairs(options, "macs", "--mac", "IFACE=MAC"))
    return macs


def _pairs(options, name, option, form="OLD=NEW"):
    """The values of a repeatable option of two halves (dict)."""
    pairs = {}
    for item in options[name]:
        left, equals, right = item.partition("=")
        if not (left and equals and right):
            raise click.UsageError("%s takes %s, not %s" % (option, form, item))
        if pairs.setdefault(left, right) != right:
            raise click.UsageError("%s is given twice for %s: %s and %s" % (
                option, left, pairs[left], right))
    return pairs


def _ip_link_macs(path):
    import json

    try:
        if path == "-":
            data = _standard_input()
        else:
            with open(path, "rb") as file:
                data = file.read()
        links = [(link["ifname"], link.get("address"))
                 for link in json.loads(data.decode("utf-8", "replace")) if link != {}]
    except OSError as error:
        raise click.UsageError("--ip-link %s: %s" % (path, error.strerror or error)) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise click.UsageError("--ip-link %s: not the output of 'ip -j link'" % path) from None
    return {str(name): mac for name, mac in links if isinstance(mac, str) and valid_mac(mac)}


def _check_paths(options):
    """Refuse combinations of paths and options that make no sense."""
    paths = options["paths"]
    _check_kind(options["kind"])
    if "-" not in paths:
        if options["kind"] and not paths:
            raise click.UsageError("--kind needs a PATH")
        if options["root"] is not None and not os.path.isdir(options["root"]):
            raise click.UsageError("--root %s: no such directory" % options["root"])
        return
    if len(paths) > 1:
        raise click.UsageError("- (stdin) goes alone")
    if not options["kind"]:
        raise click.UsageError("- (stdin) needs --kind")
    if options["ip_link"] == "-":
        raise click.UsageError("--ip-link - and PATH - both want stdin")


class _Run:
    """One run of check or fix: over a text, or over one or several roots.

    *mode*: ``check``, ``fix``, ``diff`` or ``commands`` (see :class:`~pvemigrate.output.Report`).
    """

    def __init__(self, options, mode):
        self.options = options
        self.mode = mode
        self.status = OK
        self.notes = set()
        self.findings = []
        self.diffs = []
        self.projects = []

    def run(self):
        """Do it; the exit status."""
        _check_paths(self.options)
        self.settings = _settings(self.options)
        if "-" in self.options["paths"]:
            base, whole = None, False
            self._run_text()
        else:
            base, whole = self._run_roots()
        self._show_diffs()
        self._show_commands()
        self._report(base, whole)
        return OK if self.options["exit_zero"] and self.status == FOUND else self.status

    def _fail(self, errors, label=""):
        for path, message in errors:
            self.status = FAILED
            _say("error", "%s%s: %s" % (label, path, message))

    def _note(self, text):
        if text and not self.options["quiet"] and text not in self.notes:
            self.notes.add(text)
            _say("note", text)

    # -- what to work on -------------------------------------------------------------------------

    def _run_text(self):
        from .project import TextProject

        try:
            data = _standard_input()
        except OSError as error:
            self._fail([("-", error.strerror or str(error))])
            return
        self._work(TextProject(data, self.options["kind"], "<stdin>", settings=self.settings), "")

    def _run_roots(self):
        from .targets import common_directory, targets_of

        targets, errors, empty = targets_of(
            self.options["paths"], self.options["root"], self.options["kind"])
        if self.mode == "commands" and len(targets) > 1:
            raise click.UsageError("--emit-commands makes the script of one node, and there are %d "
                                   "roots: choose one with --root" % len(targets))
        self._fail(errors)
        for path in empty:
            self._note("%s: no configuration of Proxmox VE below it" % path)
        base, labels = common_directory(targets)
        for target, label in zip(targets, labels):
            project = self._open(target)
            if project is not None:
                self._work(project, label)
        return base, any(target.paths is None for target in targets)

    def _open(self, target):
        from .project import Project
        from .root import Root
        try:
            # From here on the root is this very directory, whatever its path leads to meanwhile.
            root = Root(target.root, target.within)
            if target.has_facts and not self._settle_interrupted(root):
                root.close()
                return None
            project = Project(root, self.settings, paths=target.paths, etc=target.etc,
                              kind=self.options["kind"], facts=target.has_facts)
        except (OSError, UsageError) as error:
            # One bad root does not stop the others.
            self._fail([(target.root, getattr(error, "strerror", None) or str(error))])
            return None
        if target.paths is None and not project.files and not project.errors:
            self._note("%s: no configuration of Proxmox VE below it" % target.root)
        return project

    def _settle_interrupted(self, root):
        """An interrupted run of fix is finished or taken back before anything else. False where that
        cannot be done."""
        if not root.exists("var/lib/pvemigrate/runs"):
            return True
        from .undo import interrupted
        from .write import recover

        if self.mode != "fix":
            try:
                runs, trouble = interrupted(root)
            except OSError:
                return True  # What is wrong with the root is said when it is read.
            for run in runs:
                self._note("the run %s of fix was interrupted: the next fix, or rollback, finishes "
                           "it or takes it back" % run.id)
            for path, message in trouble:
                self._note("%s: %s; fix writes nothing until it is moved away" % (path, message))
            return True
        done, failures = recover(root, False if self.options["no_pve_locks"] else None)
        for run, how in done:
            _say("warning", "the run %s of fix had been interrupted; it is %s now" % (run, how))
        self._fail(failures)
        return not failures

    # -- the work --------------------------------------------------------------------------------

    def _work(self, project, label):
        """Check or fix one project, whose paths begin with *label* in reports."""
        self.projects.append(project)
        self._note(project.hop_note)
        self._note(project.phase_note)
        if self.mode == "check":
            found = left = project.check()
            self._fail(project.errors, label)
        else:
            found, left = self._fix(project, label)
        self._judge(left)
        for finding in found:
            finding.move(label)
        self.findings.extend(found)
        project.close()

    def _fix(self, project, label):
        """Fix one project: (findings to show, findings that are left)."""
        plan = project.fix(self.options["verify"])
        self._fail(project.errors, label)
        for path, text in plan.notes:
            self._note("%s%s: %s" % (label, path, text) if path else text)
        self._warn_blocked(plan.blocked, label)
        if self.mode in ("diff", "commands"):
            self.diffs.extend(plan.diffs(label))
            return plan.found, plan.remaining
        if project.root is None:
            self._deliver(plan.changes[0][2] if plan.changes else project.file.data)
            found = plan.findings
        else:
            failed = plan.apply(pve_locks=False if self.options["no_pve_locks"] else None,
                                force=self.options["force"])
            self._fail(failed, label)
            if failed:
                self._note_unwritten(project, label)
            found = plan.unwritten() if failed else plan.findings
        return found, [finding for finding in found if not finding.fixed]

    def _note_unwritten(self, project, label):
        from .undo import interrupted

        try:
            is_pending = bool(interrupted(project.root)[0])
        except OSError:
            is_pending = False
        self._note((label and label + ": ") + (
            "not all could be made as it was before: the next fix, or rollback, settles it" if is_pending
            else "nothing has been written"))

    def _warn_blocked(self, blocked, label):
        for phase, codes in sorted(blocked.items()):
            # Whoever asked for the phase must not take it for done.
            self.status = max(self.status, FOUND)
            _say("warning", "%snothing of phase %s is changed while %s is open" % (
                label and label + ": ", phase, ", ".join(sorted(codes))))

    def _deliver(self, data):
        """Give a fixed text back on stdout: the bytes, except to a terminal."""
        from .formats import decode
        from .output import visible

        text = decode(data)
        _out(visible(text) if _is_terminal(sys.stdout) else text, is_result=True)

    def _judge(self, findings):
        """Let findings that are due now, and that nobody has settled, count."""
        bar = SEVERITIES.index(self.options["fail_on"])
        if any(finding.due and SEVERITIES.index(finding.severity) >= bar for finding in findings):
            self.status = max(self.status, FOUND)

    # -- output ----------------------------------------------------------------------------------

    def _show_diffs(self):
        from .output import paint_diff, visible

        if any(self.diffs):
            self.status = max(self.status, FOUND)
        for diff in self.diffs if self.mode == "diff" else ():
            if _wants_color(self.options["color"], sys.stdout):
                diff = paint_diff(diff)
            elif _is_terminal(sys.stdout):
                diff = visible(diff)
            _out(diff, is_result=True)

    def _show_commands(self):
        if self.mode == "commands":
            from .output import visible
            from .output.commands import script

            text = script(self.findings)
            _out(visible(text) if _is_terminal(sys.stdout) else text, is_result=True)

    def _report(self, base, whole):
        from .output import Report, render

        quiet, name = self.options["quiet"], self.options["output_format"]
        if quiet and self.mode in ("diff", "commands") and name != "json":
            return
        # Standard output is taken by the diff, or by the fixed text.
        stdout = self.mode == "check" or self.mode == "fix" and base is not None
        due = {phase for project in self.projects for phase in project.due.phases}
        report = Report(
            self.findings, root=base, mode=self.mode, unsafe=self.settings.unsafe_fixes,
            hop=next((project.hop for project in self.projects), self.settings.hop or HOPS[0]),
            phases=[phase for phase in PHASES if phase in due],
            files=sum(len(project.files) for project in self.projects),
            summary=not quiet, whole=whole and self.mode == "check",
            color=_wants_color(self.options["color"], sys.stdout if stdout else sys.stderr))
        (_out if stdout else _err)(render(report, name))
