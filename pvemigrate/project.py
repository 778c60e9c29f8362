"""A whole root: reads its files, checks them, plans fixes, writes them."""

from __future__ import annotations

import os

from .catalogue import catalogue, load_rules
from .diff import unified_diff
from .engine import Checker, Due, Scope, check, fix, open_blockers
from .facts import Facts
from .formats import KINDS, decode, kind_of_path
from .rule import NODE, RuleInfo
from .settings import HOPS, PHASES, Settings, UsageError
from .source import MAX_FILE, ChangedReader, Reader, SourceFile, discover, known_location, sourced_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Union

    from .acceptance import Accepted
    from .consent import Question
    from .engine import FixResult
    from .root import Root
    from .rule import Finding, Rule
    from .workers import Workers

    AnyPath = Union[str, os.PathLike[str]]
    #: What failed: (path, message).
    Errors = list[tuple[str, str]]

__all__ = ["Plan", "Project", "Result", "TextProject", "check_text", "due_phases", "facts_of", "fix_text",
           "hop_for"]


def due_phases(settings, facts, hop=HOPS[0]):
    """The :class:`Due` phases of the upgrade *hop* for *settings* and *facts*, and a line to tell the
    user (or None)."""
    asked = [phase for phase in settings.phases if phase in PHASES]
    if "all" in settings.phases:
        return Due(PHASES), None
    if "auto" not in settings.phases:
        return Due(asked, asked), None
    release = facts.release
    if release is None:
        return Due(PHASES), ("no Proxmox VE version found in var/lib/dpkg/status: "
                             "taking all phases as due (choose with --phase)")
    if release < _releases(hop)[1]:
        return Due(["before"] + asked, asked), None
    phases = ["before", "switch", "after-node"] + asked
    if not facts.is_clustered:
        phases.append("after-cluster")
    return Due(phases, asked, own_guests_only="after-node" not in asked,
               hostname=facts.hostname), None


def hop_for(settings, facts):
    """The hop to judge for, and a line to tell the user (or None). Raises UsageError where this
    version has no rules for the release that was found, and where another hop comes first."""
    release = facts.release
    if settings.hop:
        old, new = _releases(settings.hop)
        if release is not None and _releases(HOPS[0])[0] <= release < old:
            raise UsageError("Proxmox VE %d found: the hop %dto%d comes before %s (pvemigrate plan --to %d "
                             "shows what each would change)"
                             % (release, release, release + 1, settings.hop, new))
        return settings.hop, None
    if release is None or release <= _releases(HOPS[0])[0]:
        return HOPS[0], None
    hop, following = "%dto%d" % (release - 1, release), "%dto%d" % (release, release + 1)
    if hop not in HOPS:
        raise UsageError("Proxmox VE %d found: this version has no rules for the hop %s "
                         "(--hop asks for one of: %s)" % (release, hop, ", ".join(HOPS)))
    note = "Proxmox VE %d found: showing what is still due after the hop %s" % (release, hop)
    if following in HOPS:
        note += "; the next one, %s, has to be asked for with --hop" % following
    return hop, note


def _releases(hop):
    """The release before the upgrade *hop*, and the one after it (int)."""
    return tuple(map(int, hop.split("to")))


def facts_of(reader, etc="etc/", settings=None, upgraded=None):
    """The :class:`~pvemigrate.facts.Facts` of the node whose files *reader* reads."""
    return Facts(reader.get, etc, settings, reader.exists, reader.listdir, reader.free,
                 reader.real_name, upgraded)


class Plan:
    """What fix would do to a project; nothing is written before :meth:`apply`.

    ``found``: the findings in the files as they are, with ``fixed`` set on those that a change is
    planned for. ``fixed`` and ``remaining``: findings that the plan takes care of, and those in the
    files after it. ``files``: path -> (file before or None, file after or None) of what changes,
    appears or goes, and ``changes`` the same as list of (path, old bytes or None, new bytes or
    None). ``errors``: list of (path, message). ``blocked``: phase -> codes that must be solved
    before its changes are made. ``notes``: list of (path or an empty str, text), what no
    independent reader has verified.
    """

    def __init__(self, root: Root | None, result: FixResult, journal: bool = True) -> None:
        # The very directory that was read is written to, whatever its path leads to meanwhile.
        self._base = root
        self.root: str | None = root and root.path
        self._journal = journal
        self.found: list[Finding] = result.found
        self.fixed: list[Finding] = result.fixed
        self.remaining: list[Finding] = result.remaining
        self.errors: Errors = result.errors
        self.notes: Errors = []
        self.blocked: dict[str, list[str]] = result.blocked
        self.files: dict[str, tuple[SourceFile | None, SourceFile | None]] = result.files
        self.changes: list[tuple[str, bytes | None, bytes | None]] = [
            (path, None if old is None else old.data, None if new is None else new.data)
            for path, (old, new) in sorted(result.files.items())]
        #: path -> which lines change, as :func:`~pvemigrate.diff.composed` gives them.
        self.changed_lines = result.changes

    @property
    def findings(self) -> list[Finding]:
        """All findings, fixed and remaining, in the order of reports."""
        return _in_order(self.fixed + self.remaining)

    def diffs(self, prefix: str = "") -> list[str]:
        """The unified diff of each change (list of str), for files called *prefix* + path."""
        return [unified_diff(None if old is None else decode(old),
                             None if new is None else decode(new),
                             prefix + self._written_name(path), self.changed_lines[path])
                for path, old, new in self.changes]

    def _written_name(self, path):
        """The name of the file that is written for *path*: patch, unlike :meth:`apply`, does not
        follow links."""
        return path if self._base is None else Reader(self._base).real_name(path)

    def diff(self) -> str:
        """A unified diff (str) of all changes; ``patch -p1`` in the root applies it. Encode it with
        the error handler ``surrogateescape`` to have the files' own bytes."""
        return "".join(self.diffs())

    def apply(self, pve_locks: bool | None = None, force: bool = False) -> Errors:
        """Write the changes, all of them or none; a journal of the run is kept below the root.

        *pve_locks*: whether to take the locks of Proxmox VE's own tools (default: on the running
        system). *force*: write although a file has changed since it was read. Returns a list of
        (path, message), empty where all is written.
        """
        from .write import commit

        if self._base is None:
            raise ValueError("this plan has no root to write to")
        return commit(self._base, self.changes, pve_locks, force, journal=self._journal)

    def unwritten(self) -> list[Finding]:
        """The findings in the files as they are, of a plan that could not be applied: none is
        fixed."""
        for finding in self.found:
            finding.fixed = False
        return self.found


def _in_order(findings):
    return sorted(findings, key=lambda finding: finding.sort_key())


class _Files:
    """Files that are checked and fixed together: what a root and a single text have in common.

    ``files``: list of :class:`~pvemigrate.source.SourceFile`; ``facts``; ``settings``; ``hop`` and
    ``due``: as found out from both, and in ``hop_note`` and ``phase_note`` what to tell the user
    about that; ``errors``: list of (path, message), files and rules that failed.
    """

    #: The directory that changes are written below, if any, and whether a journal is kept there.
    root: str | None = None
    _place_to_write = None
    _has_journal = True
    #: The processes that check and fix, where one is not enough.
    _workers = None
    #: Whether only some files of a root are looked at.
    _partial = True
    #: What has put findings aside in the last check or fix, if anything has.
    _sieve = None

    def __init__(self, files, facts, settings, rules=None):
        self.files: list[SourceFile] = files
        self.facts = facts
        self.settings = settings
        self.unreadable = []
        self._failures = []
        self._given_rules = rules
        self.hop, self.hop_note = hop_for(settings, facts)
        self.due, self.phase_note = due_phases(settings, facts, self.hop)

    @property
    def errors(self) -> Errors:
        """What could not be read, and what went wrong in the last check or fix."""
        return self.unreadable + self._failures

    @property
    def scope(self) -> Scope:
        """The :class:`~pvemigrate.engine.Scope` that rules see."""
        return Scope(self.files, self.facts, self.settings, self.due, self._others, self._covers,
                     self._obstacle, self.hop)

    #: What a Scope asks for (see there).
    _covers = _obstacle = None

    def _others(self, kinds):
        """The files of these kinds that belong to these here and were not asked for."""
        return ()

    def rules(self, selects=None):
        """The rules for these files and this hop (list of
        :class:`~pvemigrate.rule.RuleInfo`)."""
        selects = selects or self.settings.selects
        if self._given_rules is None:
            rules = load_rules(self._kinds(), selects)
        else:
            kinds = self._kinds()
            rules = [RuleInfo.of(rule) for rule in self._given_rules if selects(rule.code)
                     and (not rule.kinds or kinds.intersection(rule.kinds))]
        return [rule.settled(self.hop) for rule in rules if self.hop in rule.hops]

    def _kinds(self):
        """What rules may look at here: kinds of files, and the node."""
        return {file.kind for file in self.files}

    def check(self) -> list[Finding]:
        """The findings, in the order of reports."""
        checker = Checker(self.rules(), self._workers)
        findings, self._failures = checker.check(self.scope)
        self._sieve = checker.sieve
        self._drop_unread()
        return findings

    def fix(self, verify: bool = False, accept: Callable[[Question], bool] | None = None) -> Plan:
        """The :class:`Plan` of what fix would do. Nothing is written. *verify*: run the independent
        readers that are installed, and leave alone what one of them refuses. *accept*: callable that
        is asked before each fix, with a :class:`~pvemigrate.consent.Question` (default: make all)."""
        verifier = None
        if verify:
            from .verify import Verifier

            verifier = Verifier(self.root)
        result = fix(self.scope, self.rules(), self.open_blockers, verifier, self._workers,
                     accept)
        self._drop_unread()
        plan = Plan(self._place_to_write, result, self._has_journal)
        plan.notes = verifier.notes if verifier else []
        self._failures = plan.errors
        self._sieve = result.sieve
        return plan

    @property
    def ignored(self) -> list[Finding]:
        """What remarks in the files have put aside in the last check or fix."""
        return self._sieve.by_remark if self._sieve else []

    @property
    def accepted(self) -> dict[Accepted, Finding]:
        """What ``Settings.accepted`` has put aside in the last check or fix: entry -> its finding."""
        return self._sieve.matched if self._sieve else {}

    def useless_remarks(self) -> list[tuple[str, int, str]]:
        """Remarks in the files that are meant to put findings aside, and put none aside in the last
        check or fix (list of (path, line, why))."""
        if self._sieve is None:
            return []
        infos = catalogue() + [RuleInfo.of(rule) for rule in self._given_rules or ()]
        return self._sieve.useless_remarks(self.files, {info.code for info in infos},
                                           self._was_judged())

    def stale(self) -> list[Accepted]:
        """The entries of ``Settings.accepted`` whose findings are gone."""
        return self._sieve.stale(self._was_judged()) if self._sieve else []

    def _was_judged(self):
        """The test whether a rule (its code) was asked for and has seen all that it looks at to judge
        the file at a path."""
        failed = {place for place, _ in self.errors}
        files = {file.path: file.kind for file in self.files}
        elsewhere = {info.code for info in catalogue() if self.hop not in info.hops}
        local = {rule.code: rule.kinds for rule in self.rules() if rule.is_local}

        def was_judged(code, path):
            if code in failed or path in failed or not files or not self.settings.selects(code):
                return False
            if self._partial:
                return files.get(path) in local.get(code, ())
            return code not in elsewhere

        return was_judged

    def _drop_unread(self):
        """Files that could not be read when they were looked at are none of those looked at."""
        if self._workers is not None:
            self.files = [file for file in self.files if not file.is_unread]

    def close(self) -> None:
        """Close what is open of the root; nothing can be read or written then. (It is closed with
        the last use of the object too.)"""

    def open_blockers(self, files: Mapping[str, SourceFile] | None = None) -> dict[str, list[str]]:
        """Phases that were asked for and that open findings stand in the way of: phase -> codes.

        Such a finding counts whether its rule was selected or not, unless it was put aside by name.
        *files*: path -> file of those that are checked here, as they are meanwhile (default: as they
        were read).
        """
        if not self.due.asked:
            return {}
        whole = self._whole()
        scope = whole.scope
        if files is not None:
            ours = {file.path for file in self.files}
            others = [file for file in whole.files if file.path not in ours and file.path not in files]
            scope = scope.with_files([*files.values(), *others])
        rules = [rule for rule in whole.rules(lambda code: not self.settings.ignores(code))
                 if self.due.asked.intersection(rule.blocks)]
        findings, _ = check(scope, rules)
        return open_blockers(findings, rules, self.due)

    def _whole(self):
        """These files and all that belong to them, asked for or not."""
        return self


class Project(_Files):
    """The configuration below one root directory.

    *paths*: only these files, and the known ones below these directories (relative to the root;
    default: every known one). *kind*: take the files in *paths* as files of this kind. *etc*: where
    the contents of /etc are below the root. *facts*: whether to look for facts of the node below
    the root. *rules*: classes to run instead of the built-in ones. *workers*: the
    :class:`~pvemigrate.workers.Workers` for a large tree (default: this process alone). *upgraded*: dict
    of package -> version, for packages that are taken to have been upgraded. Keywords of
    :class:`~pvemigrate.settings.Settings` set the options. Files that cannot be read are in
    ``errors``.
    """

    def __init__(self, root: AnyPath | Root | Reader = ".", settings: Settings | None = None,
                 paths: Iterable[str] | None = None, kind: str | None = None, etc: str = "etc/",
                 rules: Iterable[type[Rule]] | None = None, facts: bool = True,
                 workers: Workers | None = None, upgraded: Mapping[str, str] | None = None,
                 **options: Any) -> None:
        self._workers = workers
        try:
            self._reader = root if isinstance(root, Reader) else Reader(root)
        except (FileNotFoundError, NotADirectoryError):
            raise NotADirectoryError("no such directory: %s" % root) from None
        self.root = self._reader.root.path
        if kind is not None and kind not in KINDS:
            raise ValueError("unknown kind %r; known are: %s" % (kind, ", ".join(KINDS)))
        self._etc = etc
        self._has_etc = self._has_journal = facts
        settings = settings or Settings(**options)
        reader = self._reader
        # What is only thought of is not there to be written to.
        self._place_to_write = reader.root if type(reader) is Reader else None
        self._upgraded = upgraded
        found = facts_of(reader, etc, settings, upgraded) if facts else Facts(settings=settings)
        super().__init__([], found, settings, rules)
        self._partial = paths is not None
        self._root, self._beside = None, {}
        if paths is None:
            self._read_all()
        else:
            paths = list(paths)
            self._read_chosen(paths, kind)
            self._covers = self._find_covered(paths)
        self.unreadable += self._reader.trouble
        if (self.due.own_guests_only and self.due.hostname is None
                and any("pve/nodes/" in file.path for file in self.files)):
            self.phase_note = ("no host name found in etc/hostname: which guests are this node's is "
                               "not known, and phase after-node waits for all of them")

    def close(self) -> None:
        self._reader.root.close()

    def after(self, plan: Plan, hop: str, upgraded: Mapping[str, str]) -> Project:
        """The files as *plan* would leave them, in memory, to be judged for *hop* in all its phases, on a
        node whose packages have been *upgraded* (dict of package -> version)."""
        return Project(ChangedReader(self._reader, plan.changes), self.settings.for_hop(hop), etc=self._etc,
                       rules=self._given_rules, upgraded=upgraded)

    def _read_all(self, wanted=lambda path: True):
        found = discover(self._reader, self._etc, self._kinds_of_hop(), wanted)
        # Whoever looks at one of many guests reads it, and tells how far that is.
        is_late = self._workers is not None and self._workers.are_many(found)
        for path, location, kind in found:
            if is_late and kind in ("lxc", "qemu"):
                self.files.append(SourceFile(path, kind, None, location, self._read_late))
            else:
                self._read(path, location, kind, found=True)
        for path, location, file in sourced_files(self._reader, self.files, self._etc):
            if wanted(path):
                if file is not None:
                    self.files.append(file)
                else:
                    self._read(path, location, "interfaces", found=True)

    def _kinds_of_hop(self):
        """The kinds of files that have to do with this upgrade: what no rule of it looks at is none of
        its business."""
        if self._given_rules is not None:
            return KINDS
        return {kind for info in catalogue() if self.hop in info.hops for kind in info.kinds}

    def _read_chosen(self, paths, kind):
        real, known = self._reader.real_name, set()
        for path in paths:
            before = len(self.files)
            if kind is None and self._reader.is_directory(path):
                below = "" if path == "." else path.rstrip("/") + "/"
                self._read_all(lambda path: path.startswith(below) and real(path) not in known)
            elif real(path) not in known:
                self._read_file(path, kind)
            # A link and what it leads to are one file, and are changed once.
            known.update(real(file.path) for file in self.files[before:])
            known.add(real(path))

    def _read_file(self, path, kind):
        location, found = self._place(path)
        if kind or found:
            self._read(path, location, kind or found)
        else:
            self.unreadable.append((path, "not a known place of a configuration file: "
                                          "say what it is with --kind"))

    def _place(self, path):
        """The location of a file below etc/ and its kind, as far as its path tells."""
        if not (self._has_etc and path.startswith(self._etc)):
            return None, None
        location = path[len(self._etc):]
        kind = kind_of_path(location)
        if kind is None and any(location == other for _, other, _ in self._sourced()):
            kind = "interfaces"
        return location, kind

    def _sourced(self):
        main = self._etc + "network/interfaces"

        def find():
            data = self._reader.get(main, MAX_FILE)
            return [] if data is None else sourced_files(
                self._reader, [SourceFile(main, "interfaces", data)], self._etc)

        return self._reader.once("sourced", find)

    def _read_late(self, path):
        return self._reader.read(path, MAX_FILE)

    def _read(self, path, location, kind, found=False):
        try:
            self.files.append(SourceFile(path, kind, self._reader.read(path, MAX_FILE),
                                         location))
        except IsADirectoryError as error:
            # No reader takes a directory among its files for one of them.
            if not found:
                self.unreadable.append((path, str(error)))
        except (OSError, ValueError) as error:
            # Nor /dev/null, by which an administrator keeps a package's file from coming back.
            if found and self._reader.is_masked(path):
                return
            self.unreadable.append((path, getattr(error, "strerror", None) or str(error)))

    def _kinds(self):
        is_node = self._has_etc and not self._partial and (self.files or self.facts.has_dpkg)
        return super()._kinds() | ({NODE} if is_node else set())

    def _whole(self):
        if not (self._partial and self._has_etc):
            return self
        if self._root is None:
            self._root = Project(self._reader.afresh(), self.settings, etc=self._etc,
                                 rules=self._given_rules, upgraded=self._upgraded)
        return self._root

    def _others(self, kinds):
        if not (self._partial and self._has_etc):
            return ()
        found = []
        for kind in kinds:
            if kind not in self._beside:
                self._beside[kind] = self._find_others(kind)
            found += self._beside[kind]
        return found

    def _find_others(self, kind):
        reader, found = self._reader, []
        for path, location, kind in discover(reader, self._etc, (kind,)):
            data = reader.get(path, MAX_FILE)
            if data is not None:
                found.append(SourceFile(path, kind, data, location))
        if kind == "interfaces":
            found += [file for _, _, file in sourced_files(reader, found, self._etc) if file]
        known = {reader.real_name(file.path) for file in self.files}
        return [file for file in found if reader.real_name(file.path) not in known]

    def _obstacle(self, file, removes=False):
        from .obstacles import obstacle

        return obstacle(self._reader.root, file, self.facts, removes)

    def _find_covered(self, paths):
        """The test whether findings at a path were asked for, by naming it or a directory above."""
        chosen = {file.path for file in self.files}
        folders = ["" if path == "." else path.rstrip("/") + "/" for path in paths
                   if self._reader.is_directory(path)]
        return lambda path: path in chosen or any(map(path.startswith, folders))


class TextProject(_Files):
    """One text on its own (bytes or str), of no root, without facts of a node."""

    def __init__(self, data: bytes | str, kind: str | None = None, path: AnyPath | None = None,
                 rules: Iterable[type[Rule]] | None = None, settings: Settings | None = None,
                 **options: Any) -> None:
        location = known_location(path)
        kind = kind or (location and kind_of_path(location))
        if not kind:
            raise ValueError("say what kind of file this is (kind=...)")
        if kind not in KINDS:
            raise ValueError("unknown kind %r; known are: %s" % (kind, ", ".join(KINDS)))
        settings = settings or Settings(**options)
        file = SourceFile(str(path) if path else "<text>", kind, data, location)
        file.data = file.tree.bytes
        super().__init__([file], Facts(settings=settings), settings, rules)
        self.file = file


class Result:
    """What :func:`fix_text` gives: ``code`` and ``bytes`` of the fixed text, ``changed``,
    ``findings`` (all), ``fixed`` and ``remaining``, ``errors`` (list of (path, message))."""

    def __init__(self, before: SourceFile, plan: Plan) -> None:
        self._before = before
        _, after = plan.files.get(before.path, (before, before))
        self._changes = plan.changed_lines.get(before.path)
        self.bytes: bytes = after.data if after else b""
        self.code: str = after.tree.code if after else ""
        self.changed = bool(plan.changes)
        self.findings = plan.findings
        self.fixed = plan.fixed
        self.remaining = plan.remaining
        self.errors = plan.errors

    def diff(self, path: str = "file") -> str:
        """A unified diff (str) of the change, for a file called *path*."""
        return unified_diff(self._before.tree.code, self.code, path, self._changes)


def check_text(data: bytes | str, kind: str | None = None, path: AnyPath | None = None,
               rules: Iterable[type[Rule]] | None = None, **options: Any) -> list[Finding]:
    """The findings in one text (bytes or str), judged on its own, without facts of a node.

    *rules*: classes to run instead of the built-in ones. Other keywords as in Settings. Raises
    RuntimeError where a rule fails.
    """
    project = TextProject(data, kind, path, rules, **options)
    findings = project.check()
    for path, message in project.errors:
        raise RuntimeError("%s: %s" % (path, message))
    return findings


def fix_text(data: bytes | str, kind: str | None = None, path: AnyPath | None = None,
             rules: Iterable[type[Rule]] | None = None, **options: Any) -> Result:
    """Fix one text (bytes or str); a :class:`Result`. Keywords as in :func:`check_text`."""
    project = TextProject(data, kind, path, rules, **options)
    return Result(project.file, project.fix())
