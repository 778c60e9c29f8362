"""The command: options, streams and exit status. Everything else is imported where it is needed.

Exit status: 0 nothing left to do, 1 something is, 2 wrong usage, an unreadable or unwritable file,
or an internal error.
"""

import os
import sys

import click

from . import __version__
from .output import visible

__all__ = ["main"]

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
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
    click.option("--hop", metavar="HOP", help="Which upgrade; default: from the release found."),
    click.option("--phase", "phases", multiple=True, metavar="PHASE",
                 type=click.Choice(["before", "switch", "after-node", "after-cluster", "all", "auto"]),
                 help="Which rules may act now: before, switch, after-node, after-cluster, all, or "
                      "auto (from the version installed below the root; the default). Repeatable."),
    click.option("--select", multiple=True, metavar="CODES", help="Only these codes or prefixes."),
    click.option("--ignore", multiple=True, metavar="CODES", help="Not these codes or prefixes."),
    click.option("--unsafe-fixes", is_flag=True, help="Also make fixes that are marked unsafe."),
    click.option("--mac", "macs", multiple=True, metavar="IFACE=MAC",
                 help="The present MAC address of a bridge. Repeatable."),
    click.option("--ip-link", metavar="FILE",
                 help="MAC addresses from the output of 'ip -j link' (- for stdin)."),
    click.option("--kind", metavar="KIND", help="Take every PATH as a file of this kind."),
    click.option("--output-format", "output_format", default="text",
                 type=click.Choice(["text", "concise", "json"]), help="How findings are shown."),
    click.option("--fail-on", default="warning", type=click.Choice(["error", "warning", "info"]),
                 help="The lowest severity that makes the exit status 1 (default: warning)."),
    click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found."),
    click.option("--color", default="auto", type=click.Choice(["auto", "always", "never"]),
                 help="Colours; auto: on a terminal, unless NO_COLOR is set."),
    click.option("--quiet", "-q", is_flag=True, help="No summary and no notes."),
]


@main.command()
@_add_options(_COMMON)
def check(**options):
    """Report findings; write nothing."""
    _run(options, fixing=False)


@main.command()
@_add_options(_COMMON + [
    click.option("--diff", "diff_only", is_flag=True,
                 help="Print what would change as a unified diff; write nothing.")])
def fix(**options):
    """Make the changes that are due (with --diff: only show them)."""
    _run(options, fixing=True)


@main.command()
@click.option("--output-format", "output_format", default="text", type=click.Choice(["text", "json"]))
def rules(output_format):
    """List every rule."""
    from . import rules as all_rules

    found = all_rules()
    if output_format == "json":
        import json

        _out(json.dumps([{
            "code": rule.code, "name": rule.name, "severity": rule.severity, "phase": rule.phase,
            "kinds": list(rule.kinds), "hops": list(rule.hops), "guide": rule.guide,
        } for rule in found], indent=2) + "\n")
        return
    for rule in found:
        _out("%-7s %-28s %-8s %-14s %s\n" % (rule.code, rule.name, rule.severity, rule.phase,
                                             ", ".join(rule.kinds)))


@main.command()
@click.argument("code")
def explain(code):
    """Show a rule's documentation."""
    from .catalogue import catalogue, documentation

    for info in catalogue():
        if code.upper() == info.code or code.lower() == info.name:
            rule = info.load()
            _out("%s %s (%s, phase %s)\n\n%s\n" % (rule.code, rule.name, rule.severity, rule.phase,
                                                   documentation(rule)))
            return
    raise click.UsageError("no rule is called %s; 'pvemigrate rules' lists them" % code)


@main.command()
@click.option("--kind", metavar="KIND", help="Take the file as one of this kind.")
@click.argument("file")
def parse(kind, file):
    """Show a file's tree (for people who write rules)."""
    from .formats import KINDS, kind_of_path
    from .formats import parse as parse_data

    kind = kind or kind_of_path(os.path.abspath(file).rpartition("/etc/")[2])
    if kind not in KINDS:
        raise click.UsageError("say what kind of file this is: --kind %s" % "|".join(KINDS))
    try:
        if file == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(file, "rb") as stream:
                data = stream.read()
    except OSError as error:
        raise click.UsageError("%s: %s" % (file, error.strerror))
    tree = parse_data(data, kind)
    _out("File kind=%s\n" % kind)

    def show(node, depth):
        place = tree.position(node)
        fields = getattr(node, "_fields", None)
        text = type(node).__name__ + " %d:%d" % (place.line, place.column)
        if fields is not None:
            text += "".join(" %s=%s" % (name, visible(repr(str(getattr(node, name)))))
                            for name in fields if getattr(node, name))
            remark = getattr(node, "disagreement", None)
            if remark:
                text += "  ! " + remark
        _out("  " * depth + text + "\n")
        for child in node.children:
            show(child, depth + 1)

    for node in tree.body:
        show(node, 1)


# -- check and fix ---------------------------------------------------------------------------------


def _run(options, fixing):
    from .settings import Settings, UsageError

    try:
        settings = Settings(
            hop=options["hop"], phases=options["phases"] or "auto", select=options["select"],
            ignore=options["ignore"], unsafe_fixes=options["unsafe_fixes"], macs=_macs(options))
        if options["kind"]:
            from .formats import KINDS

            if options["kind"] not in KINDS:
                raise UsageError("no kind is called %r; there are: %s"
                                 % (options["kind"], ", ".join(KINDS)))
        status = _Run(options, settings, fixing).run()
    except UsageError as error:
        raise click.UsageError(str(error))
    sys.stdout.flush()
    sys.exit(status)


def _macs(options):
    from .settings import UsageError

    macs = {}
    if options["ip_link"]:
        import json

        try:
            if options["ip_link"] == "-":
                text = sys.stdin.read()
            else:
                with open(options["ip_link"], encoding="utf-8", errors="replace") as file:
                    text = file.read()
            for link in json.loads(text):
                if link.get("address") and link.get("link_type", "ether") == "ether":
                    macs[str(link["ifname"])] = str(link["address"])
        except OSError as error:
            raise UsageError("%s: %s" % (options["ip_link"], error.strerror))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise UsageError("%s: not the output of 'ip -j link'" % options["ip_link"]) from None
        from .settings import valid_mac

        macs = {name: mac for name, mac in macs.items() if valid_mac(mac)}
    for item in options["macs"]:
        name, equals, mac = item.partition("=")
        if not (name and equals and mac):
            raise UsageError("--mac takes IFACE=MAC, not %r" % item)
        macs[name] = mac
    return macs


class _Run:
    """One run of check or fix over one or several roots."""

    def __init__(self, options, settings, fixing):
        self.options = options
        self.settings = settings
        self.fixing = fixing
        self.status = 0
        self.notes = []

    def run(self):
        """Do it; the exit status."""
        options = self.options
        if "-" in options["paths"]:
            if len(options["paths"]) > 1:
                raise click.UsageError("- (stdin) goes alone")
            return self._run_stdin()
        targets, base = self._targets()
        color = self._color()
        findings, sources, files, diffs, phases, hop = [], {}, 0, [], [], "6to7"
        bar = {"info": 0, "warning": 1, "error": 2}
        for root, etc, paths, kind, has_facts in targets:
            project = _project(root, etc, paths, kind, has_facts, self.settings)
            label = _labels(root, base)
            for note in (project.hop_note, project.phase_note):
                self._note(note)
            for file in project.files:
                sources[label + file.path] = file.tree
            files += len(project.files)
            phases, hop = project.due.in_order(), project.hop
            if self.fixing:
                plan = project.fix()
                found = plan.findings
                for phase, codes in plan.blocked.items():
                    self._note("nothing of phase %s is changed while %s is open"
                               % (phase, ", ".join(codes)))
                if options["diff_only"]:
                    diffs.append(_diff(plan, label))
                else:
                    self._apply(plan, label)
            else:
                found = project.check()
            self._report_errors(project.errors, label)
            for finding in found:
                finding.path = label + finding.path
                if not finding.fixed and finding.due and \
                        bar[finding.severity] >= bar[options["fail_on"]]:
                    self.status = max(self.status, 1)
            findings.extend(found)
        diff = "".join(diffs)
        if diff:
            self.status = max(self.status, 1)
            _out(_diff_text(diff, color))
        self._show(findings, sources, base, hop, phases, files,
                   whole=any(target[2] is None for target in targets))
        if options["exit_zero"] and self.status == 1:
            return 0
        return self.status

    def _color(self, stream=None):
        choice = self.options["color"]
        if choice == "auto":
            stream = stream or sys.stdout
            return stream.isatty() and not os.environ.get("NO_COLOR")
        return choice == "always"

    def _note(self, text):
        if text and not self.options["quiet"] and text not in self.notes:
            self.notes.append(text)
            _err("note: %s\n" % visible(text))

    def _report_errors(self, errors, label):
        for path, message in errors:
            self.status = 2
            _err("error: %s\n" % visible("%s%s: %s" % (label, path, message)).replace("\n", " "))

    def _apply(self, plan, label):
        failed = plan.apply()
        names = {path for path, _ in failed}
        for finding in plan.fixed:
            if any(edit.path in names for edit in finding.edits):
                finding.fixed = False
        self._report_errors(failed, label)

    def _show(self, findings, sources, base, hop, phases, files, whole):
        from .output import Report, render

        to_stderr = self.fixing and self.options["diff_only"]
        if to_stderr and self.options["quiet"] and self.options["output_format"] == "text":
            return
        report = Report(findings, sources, base, hop, phases, files,
                        whole=whole and not self.options["quiet"], fixing=self.fixing,
                        color=self._color(sys.stderr if to_stderr else sys.stdout))
        text = render(report, self.options["output_format"])
        (_err if to_stderr else _out)(text)

    def _run_stdin(self):
        from .output import Report, render
        from .project import check_text, fix_text

        options, settings = self.options, self.settings
        if not options["kind"]:
            raise click.UsageError("- (stdin) needs --kind")
        data = sys.stdin.buffer.read()
        keywords = dict(hop=settings.hop, phases=settings.phases, select=settings.select,
                        ignore=settings.ignore, unsafe_fixes=settings.unsafe_fixes,
                        macs=settings.macs)
        if self.fixing:
            result = fix_text(data, options["kind"], path="<stdin>", **keywords)
            findings, tree = result.findings, result._before.tree
            self._report_errors(result.errors, "")
            if options["diff_only"]:
                diff = result.diff("stdin")
                if diff:
                    self.status = max(self.status, 1)
                    _out(_diff_text(diff, self._color()))
            else:
                sys.stdout.buffer.write(result.bytes)
        else:
            findings = check_text(data, options["kind"], path="<stdin>", **keywords)
            tree = None
        bar = ["info", "warning", "error"]
        for finding in findings:
            if not finding.fixed and finding.due and \
                    bar.index(finding.severity) >= bar.index(options["fail_on"]):
                self.status = max(self.status, 1)
        report = Report(findings, {"<stdin>": tree} if tree else {}, None, "6to7", (), 1,
                        color=self._color(sys.stderr if self.fixing else sys.stdout))
        (_err if self.fixing else _out)(render(report, options["output_format"]))
        return 0 if options["exit_zero"] and self.status == 1 else self.status

    def _targets(self):
        """What to work on: list of (root, etc prefix, paths or None, kind, has facts), and the
        directory that reported paths are relative to."""
        from .source import find_roots, locate

        options = self.options
        root, kind = options["root"], options["kind"]
        if root is not None and not os.path.isdir(root):
            raise click.UsageError("--root %s: no such directory" % root)
        if not options["paths"]:
            root = "/" if root is None else root
            return [(root, "etc/", None, None, True)], root
        grouped, targets = {}, []
        for path in options["paths"]:
            full = os.path.abspath(path)
            if not os.path.lexists(full):
                self._report_errors([(path, "No such file or directory")], "")
            elif os.path.isdir(full):
                if root is not None and os.path.realpath(full) == os.path.realpath(root):
                    targets.append((root, "etc/", None, None, True))
                    continue
                found = [] if root is not None else find_roots(full)
                for tree, etc in found:
                    targets.append((tree, etc, None, None, True))
                if not found:
                    for folder, names, files in os.walk(full):
                        names.sort()
                        for name in sorted(files):
                            self._group(grouped, os.path.join(folder, name), root, kind, locate,
                                        quiet=True)
            else:
                self._group(grouped, full, root, kind, locate)
        for (tree, etc, file_kind, has_facts), paths in grouped.items():
            targets.append((tree, etc, paths, file_kind, has_facts))
        roots = [os.path.abspath(target[0]) for target in targets]
        return targets, os.path.commonpath(roots) if roots else os.getcwd()

    def _group(self, grouped, full, root, kind, locate, quiet=False):
        """Put a file with the others of its root."""
        if root is not None:
            inside = os.path.relpath(full, os.path.abspath(root))
            if inside.startswith(".."):
                self._report_errors([(full, "not below --root")], "")
                return
            grouped.setdefault((root, "etc/", kind, True), []).append(inside)
            return
        found, path, _ = locate(full)
        if found is not None:
            grouped.setdefault((found, "etc/", kind, True), []).append(path)
        elif not quiet:
            folder, name = os.path.split(full)
            grouped.setdefault((folder, "", kind, False), []).append(name)


def _project(root, etc, paths, kind, has_facts, settings):
    from .facts import Facts
    from .project import Project, due_phases

    project = Project(root, settings, paths=paths, kind=kind, etc=etc)
    if not has_facts:
        project.facts = Facts(settings=settings)
        project.due, project.phase_note = due_phases(settings, project.facts)
    return project


def _labels(root, base):
    inside = os.path.relpath(os.path.abspath(root), os.path.abspath(base))
    return "" if inside == "." else inside + "/"


def _diff(plan, label):
    from .diff import unified_diff
    from .formats import decode

    return "".join(unified_diff(None if old is None else decode(old), decode(new), label + path)
                   for path, old, new in plan.changes)


def _painted(diff):
    """A diff in colours, with nothing in it that a terminal would obey."""
    from .output import paint

    styles = {"+": "add", "-": "remove", "@": "hunk"}
    lines = []
    for line in diff.split("\n"):
        style = "file" if line.startswith(("--- ", "+++ ")) else styles.get(line[:1])
        shown = visible(line)
        lines.append(paint(shown, style, True) if style and shown else shown)
    return "\n".join(lines)


def _diff_text(diff, color):
    """A diff as it goes to stdout: the files' own bytes for a program, escaped for a terminal."""
    if color:
        return _painted(diff)
    if sys.stdout.isatty():
        return visible(diff)
    return diff


def _out(text):
    _write(sys.stdout, text)


def _err(text):
    _write(sys.stderr, text)


def _write(stream, text):
    data = text.encode("utf-8", "surrogateescape")
    stream.flush()
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(data.decode("utf-8", "replace"))
    else:
        buffer.write(data)
        buffer.flush()
