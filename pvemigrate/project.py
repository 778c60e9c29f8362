"""A whole root: reads its files, checks them, plans fixes, writes them."""

from .catalogue import load_rules
from .diff import unified_diff
from .engine import Due, Scope, check, fix
from .facts import Facts
from .formats import decode, kind_of_path
from .settings import HOPS, PHASES, Settings, UsageError
from .source import Reader, SourceFile, discover, sourced_files

__all__ = ["Plan", "Project", "Result", "check_text", "due_phases", "fix_text", "hop_for"]


def due_phases(settings, facts):
    """The :class:`Due` phases for *settings* and *facts*, and a line to tell the user (or None)."""
    asked = [phase for phase in settings.phases if phase in PHASES]
    if "all" in settings.phases:
        return Due(PHASES), None
    if "auto" not in settings.phases:
        return Due(asked, asked), None
    release = facts.release
    if release is None:
        return Due(PHASES), ("no Proxmox VE version found in var/lib/dpkg/status: "
                             "taking all phases as due (choose with --phase)")
    if release < 7:
        return Due(["before"] + asked, asked), None
    phases = ["before", "switch", "after-node"] + asked
    if not facts.is_clustered:
        phases.append("after-cluster")
    return Due(phases, asked, own_guests_only="after-node" not in asked,
               hostname=facts.hostname), None


def hop_for(settings, facts):
    """The hop to judge for, and a line to tell the user (or None). Raises UsageError where this
    version has no rules for the release that was found."""
    if settings.hop:
        return settings.hop, None
    release = facts.release
    if release is None or release <= 6:
        return HOPS[0], None
    hop = "%dto%d" % (release - 1, release)
    if hop not in HOPS:
        raise UsageError("Proxmox VE %d found: this version has no rules for the hop %s "
                         "(--hop asks for one of: %s)" % (release, hop, ", ".join(HOPS)))
    return hop, ("Proxmox VE %d found: showing what is still due after the hop %s; the next one, "
                 "%dto%d, has to be asked for with --hop" % (release, hop, release, release + 1))


class Plan:
    """What fix would do to a project; nothing is written before :meth:`apply`.

    ``fixed`` and ``remaining``: findings, with and without a change planned. ``changes``: list of
    (path, old bytes or None, new bytes). ``blocked``: phase -> codes that must be solved first.
    """

    def __init__(self, root, result):
        self.root = root
        self.fixed = result.fixed
        self.remaining = result.remaining
        self.errors = result.errors
        self.blocked = result.blocked
        self.changes = [(path, None if old is None else old.data, new.data)
                        for path, (old, new) in sorted(result.files.items())]

    @property
    def findings(self):
        """All findings, fixed and remaining, in the order of reports."""
        return sorted(self.fixed + self.remaining, key=lambda finding: finding.sort_key())

    def diff(self):
        """A unified diff (str) of all changes; ``patch -p1`` in the root applies it. Encode it with
        the error handler ``surrogateescape`` to have the files' own bytes."""
        return "".join(
            unified_diff(None if old is None else decode(old), decode(new), path)
            for path, old, new in self.changes)

    def apply(self):
        """Write the changes. Returns a list of (path, message) for files that could not be."""
        from .write import commit

        if self.root is None:
            raise ValueError("this plan has no root to write to")
        return commit(self.root, self.changes)


class Project:
    """The configuration below one root directory.

    *paths*: only these files (relative to the root; default: every known one). *kind*: take them
    all as files of this kind. Keywords of :class:`~pvemigrate.settings.Settings` set the options.
    Files that cannot be read are in ``errors``: list of (path, message).
    """

    def __init__(self, root=".", settings=None, paths=None, kind=None, etc="etc/", rules=None,
                 **options):
        self.root = str(root)
        self.settings = settings or Settings(**options)
        self.errors = []
        reader = Reader(self.root)
        self.facts = Facts(reader.get, etc, self.settings)
        if paths is None:
            wanted = discover(reader, etc)
        else:
            wanted = [(path,) + _place(path, etc, kind) for path in paths]
        self.files = []
        for path, location, file_kind in wanted:
            if file_kind is None:
                self.errors.append((path, "not a known place of a configuration file: "
                                          "say what it is with --kind"))
            else:
                self._read(reader, path, location, kind or file_kind)
        if paths is None:
            for path, location in sourced_files(reader, self.files, etc):
                self._read(reader, path, location, "interfaces")
        self._given_rules = rules
        self.hop, self.hop_note = hop_for(self.settings, self.facts)
        self.due, self.phase_note = due_phases(self.settings, self.facts)

    def _read(self, reader, path, location, kind):
        try:
            self.files.append(SourceFile(path, kind, reader.read(path), location))
        except OSError as error:
            self.errors.append((path, error.strerror or str(error)))

    @property
    def scope(self):
        """The :class:`~pvemigrate.engine.Scope` that rules see."""
        return Scope(self.files, self.facts, self.settings, self.due)

    def rules(self, selects):
        """The rule classes for this project's files and hop."""
        if self._given_rules is not None:
            return list(self._given_rules)
        kinds = {file.kind for file in self.files}
        return [rule for rule in load_rules(kinds, selects) if self.hop in rule.hops]

    def check(self):
        """The findings, in the order of reports."""
        findings, errors = check(self.scope, self.rules(self.settings.selects))
        self.errors.extend(errors)
        return findings

    def fix(self):
        """The :class:`Plan` of what fix would do. Nothing is written."""
        selects = self.settings.selects
        if self.due.asked:
            # What stands in the way of a phase counts whether it was selected or not, unless it was
            # put aside by name.
            ignored = Settings(ignore=self.settings.ignore)
            selects = ignored.selects
        plan = Plan(self.root, fix(self.scope, self.rules(selects)))
        self.errors.extend(plan.errors)
        return plan


def _place(path, etc, kind):
    location = path[len(etc):] if path.startswith(etc) else None
    found = kind_of_path(location) if location is not None else None
    if found is None and location and location.startswith("network/"):
        found = None
    return location, kind or found


class Result:
    """What :func:`fix_text` gives: ``code`` and ``bytes`` of the fixed text, ``changed``,
    ``findings`` (all), ``fixed`` and ``remaining``."""

    def __init__(self, before, after, plan):
        self._before = before
        self.code = after.tree.code
        self.bytes = after.data
        self.changed = before.data != after.data
        self.findings = plan.findings
        self.fixed = plan.fixed
        self.remaining = plan.remaining
        self.errors = plan.errors

    def diff(self, path="file"):
        """A unified diff (str) of the change, for a file called *path*."""
        return unified_diff(self._before.tree.code, self.code, path)


def _text_scope(data, kind, path, options):
    if kind is None:
        location = str(path).rpartition("etc/")[2] if path else ""
        kind = kind_of_path(location)
        if kind is None:
            raise ValueError("say what kind of file this is (kind=...)")
    settings = Settings(**options)
    raw = data if isinstance(data, bytes) else None
    file = SourceFile(str(path) if path else kind, kind, raw if raw is not None else data)
    if raw is None:
        file.data = file.tree.bytes
    facts = Facts(settings=settings)
    due, _ = due_phases(settings, facts)
    return Scope([file], facts, settings, due), file


def check_text(data, kind=None, path=None, rules=None, **options):
    """The findings in one text (bytes or str), judged on its own, without facts of a node.

    *rules*: classes to run instead of the built-in ones. Other keywords as in Settings.
    """
    scope, file = _text_scope(data, kind, path, options)
    chosen = load_rules([file.kind], scope.settings.selects) if rules is None else rules
    findings, errors = check(scope, chosen)
    if errors:
        raise RuntimeError(errors[0][1])
    return findings


def fix_text(data, kind=None, path=None, rules=None, **options):
    """Fix one text (bytes or str); a :class:`Result`. Keywords as in :func:`check_text`."""
    scope, file = _text_scope(data, kind, path, options)
    chosen = load_rules([file.kind], scope.settings.selects) if rules is None else rules
    result = fix(scope, chosen)
    after = result.files.get(file.path, (file, file))[1]
    return Result(file, after, Plan(None, result))
