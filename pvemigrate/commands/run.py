"""One run of check or fix: what to work on, the work, and how it is told."""

import os
import sys

import click

from ..settings import HOPS, PHASES, SEVERITIES, UsageError
from ..streams import err, is_terminal, out, say, standard_input, wants_color
from ..workers import Workers, available
from . import FAILED, FOUND, OK
from .configured import Configured
from .options import check_paths

__all__ = ["Run"]

#: From how many files on it is told that they are being written: each one waits for the disk.
_MANY = 100


class Run:
    """One run of check or fix: over a text, or over one or several roots.

    *mode*: ``check``, ``fix``, ``diff`` or ``commands`` (see :class:`~pvemigrate.output.Report`).
    """

    def __init__(self, options, mode):
        self.options = options
        self.mode = mode
        self.status = OK
        self.notes = {}
        self.errors = []
        self.findings = []
        self.diffs = []
        self.projects = []
        self.page = None
        self.dialogue = None
        self.accepted = []

    def run(self):
        """Do it; the exit status."""
        check_paths(self.options)
        self._configure()
        self.progress = self._open_progress()
        self.workers = Workers(self.options["jobs"] or available(),
                               self.progress and self.progress.tell)
        if self.options.get("interactive"):
            self.dialogue = self._open_dialogue()
        try:
            base, whole = self._do()
        finally:
            if self.progress:
                self.progress.clear()
        if self.dialogue:
            self.dialogue.end()
        for text in self.configured.told():
            self._note(text)
        if self.options.get("generate_ignore"):
            self._note(self.configured.write_baseline())
            return self.status if self.status == FAILED else OK
        self._show_diffs()
        self._show_commands()
        self._report(base, whole)
        return OK if self.options["exit_zero"] and self.status == FOUND else self.status

    def _do(self):
        """All but the telling: where the files are that reports name (None: a text), and whether a
        whole root was judged."""
        if "-" in self.options["paths"]:
            self._run_text()
            return None, False
        where = self._run_roots()
        self._write_accepted()
        return where

    def _configure(self):
        """Put the options together with those of a configuration file."""
        roots = []
        if "-" not in self.options["paths"]:
            from ..targets import targets_of

            self.targets = targets_of(self.options["paths"], self.options["root"],
                                      self.options["kind"])
            roots = [target.root for target in self.targets[0] if target.has_facts]
        self.configured = Configured(self.options, roots)
        self.options = self.configured.options
        self.rules, self.settings = self.configured.rules, self.configured.settings
        self.page = _Page() if self.options["output_format"] == "html" else None
        for text in self.configured.notes:
            self._note(text)

    def _open_progress(self):
        """What shows how far a long piece of work is, where somebody looks; or None."""
        if self.options["quiet"] or not is_terminal(sys.stderr):
            return None
        from .progress import Progress

        return Progress()

    def _open_dialogue(self):
        from ..catalogue import catalogue
        from .dialogue import Dialogue

        return Dialogue(self.rules or catalogue(), wants_color(self.options["color"], sys.stderr))

    def _fail(self, errors, label=""):
        for path, message in errors:
            self.status = FAILED
            self.errors.append((label + path, message))
            say("error", "%s%s: %s" % (label, path, message))

    def _note(self, text):
        if text and text not in self.notes:
            self.notes[text] = True
            if not self.options["quiet"]:
                say("note", text)

    # -- what to work on -------------------------------------------------------------------------

    def _run_text(self):
        from ..project import TextProject

        try:
            data = standard_input()
        except OSError as error:
            self._fail([("-", error.strerror or str(error))])
            return
        self._work(TextProject(data, self.options["kind"], "<stdin>", self.rules,
                               settings=self.settings), "")

    def _run_roots(self):
        from ..targets import common_directory

        targets, errors, empty = self.targets
        if self.mode == "commands" and len(targets) > 1:
            raise click.UsageError("--emit-commands makes the script of one node, and there are %d "
                                   "roots: choose one with --root" % len(targets))
        self._fail(errors)
        for path in empty:
            self._note("%s: no configuration of Proxmox VE below it" % path)
        base, labels = common_directory(targets)
        self._note_base(base)
        for target, label in zip(targets, labels):
            project = self._open(target)
            if project is not None:
                self._work(project, label)
        return base, any(target.paths is None for target in targets)

    def _note_base(self, base):
        """Say where the files are that a report names, where it is no place that was asked for."""
        if (self.options["paths"] and self.options["root"] is None and base not in ("/", os.getcwd())
                and self.options["output_format"] in ("text", "concise")):
            near = os.path.relpath(base)
            self._note("paths are relative to %s" % (base if near.startswith("..") else near))

    def _open(self, target):
        from ..project import Project
        from ..root import Root
        try:
            # From here on the root is this very directory, whatever its path leads to meanwhile.
            root = Root(target.root, target.within)
            if target.has_facts and not self._settle_interrupted(root):
                root.close()
                return None
            project = Project(root, self.configured.settings_for(target.root), paths=target.paths,
                              etc=target.etc, kind=self.options["kind"], facts=target.has_facts,
                              rules=self.rules, workers=self.workers)
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
        from ..undo import interrupted
        from ..write import recover

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
            say("warning", "the run %s of fix had been interrupted; it is %s now" % (run, how))
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
            self._observe(project, label)
            if self.options["generate_ignore"]:
                self.configured.accept(project, found)
            if self.page:
                found = self._preview(project, label)
            self._take(project, label, found, left)
            return
        plan = self._plan(project, label)
        if self.mode in ("diff", "commands"):
            self.diffs.extend(plan.diffs(label))
            if self.page:
                self.page.add_changes(plan, label)
            self._take(project, label, plan.found, plan.remaining)
        elif self.dialogue:
            # Nothing is written before all has been asked.
            self.accepted.append((project, label, plan))
        else:
            self._carry_out(project, label, plan)

    def _take(self, project, label, found, left):
        """Take in what there is to tell of one project: findings to show, and those that are left."""
        self._judge(left)
        if self.page:
            self.page.add_texts(project, label)
        for finding in found:
            finding.move(label)
        self.findings.extend(found)
        project.close()

    def _observe(self, project, label):
        for text in self.configured.observe(project, self.mode == "check", label):
            self._note(text)

    def _preview(self, project, label):
        """What fix would do, for a page: the findings again, with ``fixed`` set where it would."""
        plan = project.fix()
        self.errors += [(label + path, message) for path, message in plan.errors
                        if (label + path, message) not in self.errors]
        self.notes.update(dict.fromkeys(_blocked_lines(plan.blocked, label)))
        self.page.add_changes(plan, label)
        return plan.found

    def _plan(self, project, label):
        """What is to be fixed in one project (a :class:`~pvemigrate.Plan`)."""
        plan = project.fix(self.options["verify"], self.dialogue and self.dialogue.accept(label))
        self._fail(project.errors, label)
        self._observe(project, label)
        for path, text in plan.notes:
            self._note("%s%s: %s" % (label, path, text) if path else text)
        self._warn_blocked(plan.blocked, label)
        return plan

    def _write_accepted(self):
        """Carry out the plans that the user has been asked about, after a last question."""
        files = sum(len(plan.changes) for _, _, plan in self.accepted)
        fixes = sum(len(plan.fixed) for _, _, plan in self.accepted)
        is_wanted = not files or self.dialogue.confirm(fixes, files)
        if not is_wanted:
            self._note("nothing has been written")
        for project, label, plan in self.accepted:
            self._carry_out(project, label, plan, is_wanted)

    def _carry_out(self, project, label, plan, is_wanted=True):
        """Write what is planned for one project, where that *is_wanted*."""
        failed = ()
        if project.root is None:
            self._deliver((plan.changes[0][2] or b"") if plan.changes else project.file.data)
        elif is_wanted:
            if self.progress and len(plan.changes) >= _MANY:
                self.progress.show("writing %d files" % len(plan.changes))
            failed = plan.apply(pve_locks=False if self.options["no_pve_locks"] else None,
                                force=self.options["force"])
            if self.progress:
                self.progress.clear()
            self._fail(failed, label)
            if failed:
                self._note_unwritten(project, label)
        is_written = is_wanted and not failed
        if self.page and is_written:
            self.page.add_changes(plan, label)
        found = plan.findings if is_written else plan.unwritten()
        self._take(project, label, found, [finding for finding in found if not finding.fixed])

    def _note_unwritten(self, project, label):
        from ..undo import interrupted

        try:
            is_pending = bool(interrupted(project.root)[0])
        except OSError:
            is_pending = False
        self._note((label and label + ": ") + (
            "not all could be made as it was before: the next fix, or rollback, settles it" if is_pending
            else "nothing has been written"))

    def _warn_blocked(self, blocked, label):
        for line in _blocked_lines(blocked, label):
            # Whoever asked for the phase must not take it for done.
            self.status = max(self.status, FOUND)
            self.notes[line] = True
            say("warning", line)

    def _deliver(self, data):
        """Give a fixed text back on stdout: the bytes, except to a terminal."""
        from ..formats import decode
        from ..output import visible

        text = decode(data)
        out(visible(text) if is_terminal(sys.stdout) else text, is_result=True)

    def _judge(self, findings):
        """Let findings that are due now, and that nobody has settled, count."""
        bar = SEVERITIES.index(self.options["fail_on"])
        if any(finding.due and SEVERITIES.index(finding.severity) >= bar for finding in findings):
            self.status = max(self.status, FOUND)

    # -- output ----------------------------------------------------------------------------------

    def _show_diffs(self):
        from ..output import paint_diff, visible

        if any(self.diffs):
            self.status = max(self.status, FOUND)
        if self.mode != "diff":
            return
        if wants_color(self.options["color"], sys.stdout):
            shown = map(paint_diff, self.diffs)
        else:
            shown = map(visible, self.diffs) if is_terminal(sys.stdout) else self.diffs
        out("".join(shown), is_result=True)

    def _show_commands(self):
        if self.mode == "commands":
            from ..output import visible
            from ..output.commands import script

            text = script(self.findings)
            out(visible(text) if is_terminal(sys.stdout) else text, is_result=True)

    def _report(self, base, whole):
        from ..output import FOR_PROGRAMS, Report, render

        quiet, name = self.options["quiet"], self.options["output_format"]
        if quiet and self.mode in ("diff", "commands") and name not in FOR_PROGRAMS:
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
            color=wants_color(self.options["color"], sys.stdout if stdout else sys.stderr),
            errors=self.errors, notes=self.notes,
            changes=self.page.changes if self.page else (), texts=self.page and self.page.texts,
            nodes=self.page.nodes if self.page else (), rules=self.rules)
        (out if stdout else err)(render(report, name))


class _Page:
    """What a page shows besides the findings: ``changes``, ``texts`` and ``nodes`` of a Report."""

    def __init__(self):
        self.changes = []
        self.texts = {}
        self.nodes = []

    def add_texts(self, project, label):
        """Keep the texts of the project's files, as they are now, and the node's name."""
        if project.facts.hostname:
            self.nodes.append(project.facts.hostname)
        for file in project.files:
            self.texts.setdefault(label + file.path, file.tree.code)

    def add_changes(self, plan, label):
        """Keep what a plan changes."""
        from ..formats import decode

        self.changes += [(label + path, None if old is None else decode(old),
                          None if new is None else decode(new))
                         for path, old, new in plan.changes]


def _blocked_lines(blocked, label):
    return ["%snothing of phase %s is changed while %s is open" % (
        label and label + ": ", phase, ", ".join(sorted(codes)))
        for phase, codes in sorted(blocked.items())]
