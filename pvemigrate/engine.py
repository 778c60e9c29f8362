"""Runs rules over trees and applies their fixes until nothing is left to fix. Pure: no file is read
or written here.

The rules only report; what keeps a rewrite right is enforced in this module, for all of them:

* a fix is made whole or not at all, and not where it touches another fix made in the same round
  (it gets its turn in the next one, on the re-parsed text);
* a fixed file has no more malformed nodes than before, or none of its fixes is made;
* rounds go on until nothing is left to fix, so fixing twice is fixing once.
"""

from bisect import bisect_left, insort

from .diff import composed, line_changes
from .edit import apply_edits
from .formats import REMARK_KINDS, kind_of_path
from .rule import NODE, RuleInfo
from .settings import HOPS
from .source import SourceFile
from .workers import Workers

__all__ = ["Checker", "Due", "FixResult", "MAX_ROUNDS", "Scope", "check", "fix", "open_blockers"]

#: The upgrade that is judged for where nobody says which.
DEFAULT_HOP = HOPS[0]
#: More rounds than this mean that two fixes undo each other: a defect of the rules.
MAX_ROUNDS = 20


class Scope:
    """What a rule may look at: the files of a round, the node's facts, the settings.

    *files*: iterable of :class:`~pvemigrate.source.SourceFile`. ``due``: the :class:`Due` phases.
    *others*: callable giving the files of the same root, of some kinds, that were not asked for.
    *covers*: callable telling whether findings at a path were asked for (default: all). *obstacle*:
    see :meth:`obstacle`. *hop*: the name of the upgrade (default: as in *settings*, or the first).

    Whatever a rule asks of other files is noted in ``asked``, a set of their kinds: what it has
    found need not be looked for again while these stay as they are.
    """

    def __init__(self, files, facts, settings, due=None, others=lambda kinds: (), covers=None,
                 obstacle=None, hop=None):
        #: The upgrade's name, as --hop has it.
        self.hop_name = hop or settings.hop or DEFAULT_HOP
        self._hop = None
        self.facts = facts
        self.settings = settings
        self.due = due
        self.asked = set()
        #: The files by their paths: for the engine; rules ask with the methods below.
        self.by_path = {file.path: file for file in files}
        self._kinds = {}
        for file in self.by_path.values():
            self._kinds.setdefault(file.kind, []).append(file)
        self._others = others
        self._covers = covers
        self._obstacle = obstacle
        self._made = {}

    def with_files(self, files):
        """The same scope with *files* as they are now."""
        return Scope(files, self.facts, self.settings, self.due, self._others, self._covers,
                     self._obstacle, self.hop_name)

    @property
    def hop(self):
        """The upgrade that is judged for (:class:`~pvemigrate.releases.Hop`)."""
        if self._hop is None:
            from .releases import HOPS

            self._hop = HOPS[self.hop_name]
        return self._hop

    def obstacle(self, file, removes=False):
        """Why *file* must not be written as it is now (or, with *removes*, must not be removed), and
        the code of the rule that says so too (a pair of str, the code may be None); or None."""
        return self._obstacle(file, removes) if self._obstacle else None

    def covers(self, path):
        """Whether findings at *path* were asked for."""
        return self._covers is None or self._covers(path)

    def once(self, make, *arguments):
        """``make(*arguments)``, made once for each round and each identity of the arguments: what
        several rules work out of the same files."""
        key = (make,) + tuple(map(id, arguments))
        made = self._made.get(key)
        if made is None:
            # Who comes later has asked for the same. The arguments are kept too, so that no other
            # object gets their identity.
            asked, self.asked = self.asked, set()
            try:
                made = self._made[key] = (make(*arguments), self.asked, arguments)
            finally:
                asked |= self.asked
                self.asked = asked
        else:
            self.asked |= made[1]
        return made[0]

    @property
    def files(self):
        """The files of all kinds (list)."""
        self.asked.add(ANY)
        return list(self.by_path.values())

    def owns(self, file):
        """Whether *file* is one of those that were asked for, as it is now."""
        self.asked.add(file.kind)
        return self.by_path.get(file.path) is file

    def of_kind(self, *kinds):
        """The files of these kinds (list)."""
        self.asked.update(kinds)
        found = [self._kinds.get(kind, []) for kind in kinds]
        return list(found[0]) if len(found) == 1 else [
            file for file in self.by_path.values() if file.kind in kinds]

    def all_of_kind(self, *kinds):
        """The files of these kinds in the whole root, whether they were asked for or not: what a
        rule about one file may have to know of the others."""
        return [*self.of_kind(*kinds), *self._others(kinds)]

    def text(self, path, secret=False):
        """The file at *path* below the root as a file of lines (kind ``text``), to look at; None
        where it cannot be read. *secret*: nothing it holds is ever shown."""
        def read():
            data = self.facts.get(path)
            return None if data is None else SourceFile(path, "text", data)

        file = self.facts.once(("text", path), read)
        if secret and file is not None:
            # For all rules: another one may have looked at the file before.
            file.is_secret = True
        return file

    def at(self, location):
        """The file at a location below etc/ (``pve/storage.cfg``), or None."""
        return next((file for file in self.of_kind(kind_of_path(location))
                     if file.location == location), None)

    def file(self, path):
        """The file at a path below the root, or None."""
        found = self.by_path.get(path)
        self.asked.add(found.kind if found else _kind_at(path, self.facts.etc))
        return found


#: What stands for all kinds where a rule has asked for any file.
ANY = "*"


class Due:
    """The phases in which rules may act now.

    ``phases``: set of names. ``own_guests_only``: after-node is due for the guests of ``hostname``
    alone (the other nodes may still run the old release). ``asked``: phases named by the user.
    """

    def __init__(self, phases, asked=(), own_guests_only=False, hostname=None):
        self.phases = frozenset(phases)
        self.asked = frozenset(asked)
        self.own_guests_only = own_guests_only
        self.hostname = hostname

    def covers(self, finding):
        """Whether the finding's phase is due where the finding stands."""
        if finding.phase not in self.phases:
            return False
        if finding.phase == "after-node" and self.own_guests_only:
            _, nodes, rest = finding.path.rpartition("pve/nodes/")
            return not nodes or rest.split("/")[0] == self.hostname
        return True


def check(scope, rules, workers=None):
    """The findings of *rules* (classes, or :class:`~pvemigrate.rule.RuleInfo`) in *scope*, in the
    order of reports, and what went wrong: (list of Finding, list of (path, message)). *workers*: the
    :class:`~pvemigrate.workers.Workers` for many files."""
    return Checker(rules, workers).check(scope)


class Checker:
    """Rules that run over the files of a scope, round after round.

    A rule is imported when the first file comes that it may find something in (``Rule.needs``), and a
    file without any such rule is not even parsed. In later rounds a rule looks again at what has
    changed, and everywhere where what it has asked for has (``Scope.asked``); all else it has found
    stands.
    """

    def __init__(self, rules, workers=None):
        self._rules = [_Runner(RuleInfo.of(rule)) for rule in rules]
        self._workers = workers or Workers()
        self._known = None
        self._tables = {}
        self._unreadable = {}
        #: What puts findings aside (:class:`~pvemigrate.acceptance.Sieve`), where anything does.
        self.sieve = None

    def check(self, scope):
        """The findings in *scope* as it is now, as :func:`check` gives them."""
        files = list(scope.by_path.values())
        known, self._known = self._known, {id(file): file for file in files}
        if known is None:
            fresh, changed, gone = files, None, ()
        else:
            fresh = [file for file in files if id(file) not in known]
            changed = {file.kind for file in fresh}
            gone = {key: file for key, file in known.items() if key not in self._known}
            changed.update(file.kind for file in gone.values())
        stale = [runner for runner in self._rules if runner.begin(scope, changed, gone)]
        choosy = [runner for runner in stale if runner.again is not None]
        others = [runner for runner in self._rules if runner not in choosy]
        first = _by_kind(others)
        again = _by_kind([runner for runner in stale if runner.again is None])
        # That one cannot be read is said whether a rule wants it or not.
        wanted = [file for file in fresh if file.kind in first or "data" not in vars(file)]
        if self._workers.spreads(wanted):
            later = {}
            for results, asked in self._workers.map(
                    lambda share, is_ours: self._visit_share(share, others, scope, is_ours),
                    wanted):
                self._take(results, asked, scope, later)
            for file in wanted:
                if file.path in later:
                    self._visit(file, _Group(later[file.path]), scope)
        else:
            for file in self._workers.each(wanted):
                self._visit(file, first.get(file.kind, _NOBODY), scope)
        if changed is not None and again:
            done = {id(file) for file in fresh}
            for file in files:
                if file.kind in again and id(file) not in done:
                    self._visit(file, again[file.kind], scope)
        for runner in choosy:
            chosen = {id(file) for file in fresh + runner.again}
            for file in files:
                if id(file) in chosen and file.kind in runner.info.kinds:
                    self._visit(file, _Group([runner]), scope)
        findings, errors = [], sorted(self._unreadable.items())
        for runner in self._rules:
            runner.end(scope)
            findings += [finding for _, found, _ in runner.found.values() for finding in found
                         if scope.covers(finding.path)]
            errors += [(place, message) for place, _, message in runner.found.values() if message]
        findings.sort(key=lambda finding: finding.sort_key())
        if scope.due is not None:
            for finding in findings:
                finding.due = scope.due.covers(finding)
        return self._sift(findings, scope, known is None), errors

    def _sift(self, findings, scope, is_first):
        """Those of *findings* that nobody has put aside."""
        if is_first and _may_put_aside(scope):
            from .acceptance import Sieve

            self.sieve = Sieve(scope.settings)
        return findings if self.sieve is None else self.sieve.keep(findings, scope)

    def forget(self, findings):
        """Have what was fixed looked for again where the fix has changed other files alone."""
        codes = {finding.code for finding in findings
                 if not any(edit.path == finding.path for edit in finding.edits)}
        for runner in self._rules:
            if runner.info.code in codes:
                runner.asked.add(ANY)

    def _visit(self, file, runners, scope):
        """Have those of *runners* that may find something in *file* visit it, in one walk; who they
        are (list)."""
        involved = self._involved(file, runners, scope)
        if not involved:
            return involved
        visit, leave = self._table(file.kind, involved)
        if not visit and not leave:
            # They look at the files together, and maybe not at this one's tree.
            return involved
        crashed = {}
        for runner in involved:
            runner.rule.file = file
        try:
            _walk(file.tree, visit, leave, crashed, scope)
        except Exception as error:  # noqa: BLE001 - one bad file never stops the others
            crashed = {runner: error for runner in involved}
        for runner in involved:
            runner.keep(file, crashed.get(runner))
        return involved

    def _involved(self, file, runners, scope):
        """Those of *runners* that may find something in *file*."""
        try:
            data = file.data
        except OSError as error:
            # Where there are many, a file is read when it is looked at. A directory is none.
            if not isinstance(error, IsADirectoryError):
                self._unreadable[file.path] = error.strerror or str(error)
            file.is_unread = True
            return []
        chosen = runners.unfiltered
        # (find, since what "in" first does with bytes is to fail to read the needle as a number.)
        find = data.find
        wanted = [runner for prefix, some in runners.filtered if find(prefix) >= 0
                  for needle, runner in some if find(needle) >= 0]
        if wanted:
            chosen = chosen + list(dict.fromkeys(wanted))
        return [runner for runner in chosen if runner.may_find(file, scope)]

    # -- in several processes ----------------------------------------------------------------------

    def _visit_share(self, files, runners, scope, is_ours):
        """Have *runners* visit some of the files, in this process (*is_ours*) or in a child: gives
        what :meth:`_take` takes.

        Rules that put together what they see in several files are not run here: it is only noted
        which files they have to visit.
        """
        numbers = {runner: number for number, runner in enumerate(self._rules)}
        local = _by_kind([runner for runner in runners if runner.info.is_local])
        others = _by_kind([runner for runner in runners if not runner.info.is_local])
        results = []
        for file in self._workers.each(files, is_ours):
            visitors = self._visit(file, local.get(file.kind, _NOBODY), scope)
            later = self._involved(file, others.get(file.kind, _NOBODY), scope)
            if not visitors and not later and not file.is_unread:
                continue
            found = [(numbers[runner], runner.found.pop(id(file))) for runner in visitors
                     if id(file) in runner.found]
            if found or later or file.is_unread:
                results.append((file.path, None if file.is_unread else file.data, found,
                                [numbers[runner] for runner in later],
                                self._unreadable.get(file.path)))
        return results, [runner.asked for runner in self._rules]

    def _take(self, results, asked, scope, later):
        """Take in what has been found in a share of the files; *later* (path -> runners) takes who
        has to visit which of them yet."""
        for runner, kinds in zip(self._rules, asked):
            runner.asked |= kinds
        for path, data, found, visitors, trouble in results:
            file = scope.by_path[path]
            if data is None:
                if trouble:
                    self._unreadable[path] = trouble
                file.is_unread = True
                continue
            # From here on the file is what was read where it was judged.
            if vars(file).get("data") != data:
                file.data, file._tree = data, None
            for number, (place, findings, message) in found:
                for finding in findings:
                    finding.settle(scope.by_path)
                self._rules[number].found[id(file)] = place, findings, message
            if visitors:
                later[path] = [self._rules[number] for number in visitors]

    def _table(self, kind, runners):
        """Which methods want which nodes: ({node name: [(runner, method)]}, the same for leaving)."""
        # The rules themselves: of one that is gone another may get the identity.
        key = (kind,) + tuple(runner.rule for runner in runners)
        table = self._tables.get(key)
        if table is None:
            visit, leave = {}, {}
            for runner in runners:
                for name in runner.info.methods:
                    wanted = visit if name[0] == "v" else leave
                    wanted.setdefault(name[6:], []).append((runner, getattr(runner.rule, name)))
            table = self._tables[key] = visit, leave
        return table


#: How much of needles has to be the same that they are looked for together first.
_PREFIX = 4


class _Group:
    """Rules that have to do with files of one kind: ``unfiltered`` (list of runners), and
    ``filtered``: for bytes that a file may hold, those that begin so, and who wants a file that holds
    them (list of (bytes, list of (bytes, runner)))."""

    __slots__ = ("unfiltered", "filtered")

    def __init__(self, runners=()):
        self.unfiltered = [runner for runner in runners if runner.needs is None]
        filtered = {}
        for runner in runners:
            for needle in runner.needs or ():
                filtered.setdefault(needle[:_PREFIX], []).append((needle, runner))
        self.filtered = list(filtered.items())


_NOBODY = _Group()


def _may_put_aside(scope):
    """Whether settings or files have anything that puts findings aside."""
    settings = scope.settings
    return bool(settings.accepted or settings.per_file_ignores or settings.inline_ignores and any(
        file.kind in REMARK_KINDS and not file.is_unread and b"pvemigrate" in file.data
        for file in scope.by_path.values()))


def _by_kind(runners):
    """Kind -> :class:`_Group` of those of *runners* that look at files of the kind."""
    found = {}
    for runner in runners:
        for kind in runner.info.kinds:
            found.setdefault(kind, []).append(runner)
    return {kind: _Group(group) for kind, group in found.items()}


class _Runner:
    """One rule at work.

    ``rule``: the rule (None as long as nothing wants it). ``asked``: the kinds of other files that it
    has asked for. ``found``: place -> (path, findings, error message or None), the place being the
    identity of a file, and None for the files together.
    """

    def __init__(self, info):
        self.info = info
        self.needs = None if info.needs is None else [
            needle.encode("ascii") for needle in info.needs]
        self.rule = None
        self.asked = set()
        self.found = {}
        self._is_due = True
        #: The files that the rule has to visit when it begins anew, besides those that have changed;
        #: None for all.
        self.again = None
        self._visited = {}
        self._is_wanted = False

    def begin(self, scope, changed, gone):
        """Start a round; *changed*: the kinds of files that are not what they were (None in the
        first round); *gone*: the identities of those that were. Whether everything must be looked at
        anew."""
        is_open = changed is None or bool(changed) and (
            ANY in self.asked or not self.asked.isdisjoint(changed))
        self._is_due = is_open or (
            not self.info.is_local and not changed.isdisjoint(self.info.kinds))
        if self._is_due:
            # What it has passed over it would pass over again, unless that is for what it has asked.
            self.again = None if is_open else [
                file for key, file in self._visited.items() if key not in gone]
            self.asked, self.found, self.rule = set(), {}, None
            self._visited = {}
            self._is_wanted = False
            return True
        for key in self.found.keys() & gone:
            del self.found[key]
        if self.rule is not None:
            self.rule.project = scope
        return False

    def load(self, scope):
        """The rule, made when it is first wanted."""
        if self.rule is None:
            self.rule = self.info.load()()
            self.rule.settle(scope.hop_name)
            self.rule.project = scope
        return self.rule

    def may_find(self, file, scope):
        """Whether the rule has to visit *file*."""
        rule = self.rule or self.load(scope)
        may_find = True
        if self.info.glances:
            rule.file, scope.asked = file, self.asked
            try:
                may_find = rule.may_find(file)
            except Exception:  # noqa: BLE001 - what is wrong there, the visit shows
                pass
        if may_find:
            self._is_wanted = True
            if not self.info.is_local:
                self._visited[id(file)] = file
        return may_find

    def keep(self, file, error):
        """Keep what the rule has found in *file*; nothing where it has failed there."""
        found, self.rule.findings = self.rule.findings, []
        message = None
        if error is not None:
            found, message = [], internal_error(error, self.rule)
        if found or message:
            self.found[id(file)] = file.path, found, message

    def end(self, scope):
        """The end of a round: have the rule look at the files together where it must."""
        if not self._is_due or not self.info.looks_at_project:
            return
        is_filtered = self.needs is not None or self.rule is not None and self.info.glances
        if is_filtered and not self._is_wanted and NODE not in self.info.kinds:
            return
        rule = self.load(scope)
        rule.file, scope.asked = None, self.asked
        message = None
        try:
            rule.check_project(scope)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - one bad rule never stops the others
            rule.findings, message = [], internal_error(error, rule)
        if rule.findings or message:
            self.found[None] = rule.code, rule.findings, message
            rule.findings = []


def internal_error(error, rule=None):
    """One line for the user on a defect of this program, or of the plug-in that *rule* comes with."""
    import traceback

    place = traceback.extract_tb(error.__traceback__)[-1]
    origin = rule and rule.origin
    return "internal error%s: %s: %s (%s, line %d); please report this%s" % (
        " in %s of the plug-in %s (%s)" % (rule.code, origin.name, origin) if origin else "",
        type(error).__name__, error, place.filename.rpartition("/")[2], place.lineno,
        " to its authors" if origin else "")


def _walk(node, visit, leave, crashed, scope):
    """Call the methods for *node* and all below it; *crashed* takes the first error of each runner."""
    name = type(node).__name__
    for runner, method in visit.get(name, ()):
        scope.asked = runner.asked
        try:
            method(node)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - one bad rule never stops the others
            crashed.setdefault(runner, error)
    # Where only whole files are wanted, there is nothing to go down for.
    if len(visit) > ("File" in visit) or len(leave) > ("File" in leave):
        for child in node.children:
            _walk(child, visit, leave, crashed, scope)
    for runner, method in leave.get(name, ()):
        scope.asked = runner.asked
        try:
            method(node)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
            crashed.setdefault(runner, error)


class FixResult:
    """What a run of fix would do.

    ``files``: path -> (file before or None, file after or None) for the files that change, appear or
    go, and ``changes``: path -> which of their lines (see :func:`~pvemigrate.diff.composed`).
    ``found``: the findings in the files before, with ``fixed`` set where a fix takes care of them,
    without what ``sieve`` (or None) has put aside. ``fixed``: those, and what only the fixes of an
    earlier round brought up. ``remaining``: the findings in the files after. ``errors``: (path,
    message). ``blocked``: phase -> codes that are open.
    """

    def __init__(self, files, changes, found, fixed, remaining, errors, blocked, sieve=None):
        self.files = files
        self.changes = changes
        self.found = found
        self.fixed = fixed
        self.remaining = remaining
        self.errors = errors
        self.blocked = blocked
        self.sieve = sieve


def fix(scope, rules, blockers=None, verify=None, workers=None, accept=None):
    """Apply the fixes of *rules* to the files of *scope* as far as its settings allow.

    *blockers*: callable that is given the files as they are in a round (dict of path -> SourceFile) and
    gives the phases that may not act, as :func:`open_blockers` does (default: by what *rules* find).
    *workers*: as for :func:`check`. *verify*: callable that has the last word: given *scope* and the
    files that change (see :class:`FixResult`), it names those that must be left alone, a list of (path,
    message). *accept*: callable that is asked before each fix (see :class:`~pvemigrate.consent.Consent`).
    """
    excluded, errors, consent = set(), [], None
    if accept is not None:
        from .consent import Consent

        consent = Consent(accept)
    while True:
        result, failure = _fix_rounds(scope, rules, excluded, blockers, workers, consent)
        if failure is not None:
            failures = [failure]
        elif verify is not None:
            codes = {rule.code for rule in rules}
            failures = [(path, codes, message) for path, message in verify(scope, result.files)]
        else:
            failures = []
        if not failures:
            result.errors = errors + result.errors
            return result
        for path, codes, message in failures:
            errors.append((path, message))
            excluded.update((code, path) for code in codes)


def _fix_rounds(scope, rules, excluded, blockers, workers, consent):
    settings, due = scope.settings, scope.due
    now = dict(scope.by_path)
    before = dict(now)
    originals, changes = {}, {}
    fixed, found, postponed, obstacles = [], [], [], {}
    checker = Checker(rules, workers)
    for round_number in range(MAX_ROUNDS + 1):
        current = scope.with_files(list(now.values()))
        findings, errors = checker.check(current)
        # What has stood in the way may be fixed by now.
        if round_number == 0 or blocked:
            blocked = blockers(now) if blockers else open_blockers(findings, rules, due)
        wanted = [finding for finding in findings if finding.edits
                  and _allowed(finding, settings, blocked) and _changes_something(finding, now)
                  and not any((finding.code, edit.path) in excluded for edit in finding.edits)]
        wanted = _without_obstacles(wanted, current, now, obstacles)
        if consent is not None:
            consent.begin(wanted, now, changes)
        chosen = _arbitrate(wanted, consent)
        if round_number == 0:
            found = [finding for finding in findings if settings.selects(finding.code)]
            postponed = [finding for finding in _without(wanted, chosen)
                         if consent is None or not consent.declined(finding)]
            postponed += [finding for finding in found if finding.edits and finding.phase in blocked]
        if not chosen:
            break
        codes = {finding.code for finding in chosen}
        if round_number == MAX_ROUNDS:
            path = chosen[0].edits[0].path
            return None, (path, codes, "the fixes of %s do not come to an end; left alone"
                          % ", ".join(sorted(codes)))
        by_path = {}
        for finding in chosen:
            for edit in finding.edits:
                by_path.setdefault(edit.path, []).append(edit)
        for path, edits in by_path.items():
            old = now.get(path)
            if old is None:
                old = _new_file(path, scope.facts.etc)
                before.setdefault(path, None)
            # How many there were in the file that was read.
            originals.setdefault(path, old)
            is_gone = any(edit.removes_file for edit in edits)
            new = None if is_gone else old.with_code(apply_edits(old.tree.code, edits))
            spans = sorted((edit.start, edit.end, edit.text) for edit in edits)
            changes[path] = composed(changes.get(path, []), line_changes(old.tree.code, spans))
            if checker.sieve is not None:
                checker.sieve.moved(path, spans, old.tree.code)
            if new is None:
                del now[path]
                continue
            malformed = new.tree.malformed
            if malformed and malformed > originals[path].tree.malformed:
                reason = "fixing would leave more malformed lines than there were; left alone"
            else:
                reason, _ = scope.obstacle(new) or (None, None)
            if reason:
                return None, (path, {finding.code for finding in chosen if any(
                    edit.path == path for edit in finding.edits)}, reason)
            now[path] = new
        for finding in chosen:
            finding.fixed = True
        fixed.extend(chosen)
        checker.forget(chosen)
    # What one fix has put into a new file, another one may have taken out: then there is none.
    changed = {path: (before[path], file) for path, file in now.items()
               if before[path] is not file
               and (before[path].data if before[path] else b"") != file.data}
    changed.update((path, (file, None)) for path, file in before.items()
                   if file is not None and path not in now)
    remaining = [finding for finding in findings if settings.selects(finding.code)]
    fixed = _settle(found, fixed, postponed, remaining)
    # What a finding says is not said again.
    said = {(finding.path, finding.code) for finding in remaining}
    errors += sorted({(path, message) for (path, _), (message, code) in obstacles.items()
                      if (path, code) not in said})
    return FixResult(changed, changes, found, fixed, remaining, errors, blocked, checker.sieve), None


def _without_obstacles(findings, scope, files, obstacles):
    """The findings whose fixes touch no file that must not be written, or removed; *obstacles*
    ((path, whether to remove it) -> reason) takes those files."""
    asked = {(edit.path, edit.removes_file) for finding in findings for edit in finding.edits
             if edit.path in files}
    for path, removes in asked.difference(obstacles):
        reason = scope.obstacle(files[path], removes)
        if reason:
            obstacles[path, removes] = reason
    return [finding for finding in findings
            if not any((edit.path, edit.removes_file) in obstacles for edit in finding.edits)]


def _new_file(path, etc):
    """The file that a fix creates at *path*, still empty."""
    location = path[len(etc):] if path.startswith(etc) else None
    return SourceFile(path, _kind_at(path, etc), b"", location)


def _kind_at(path, etc):
    """The kind that a file has which a fix creates at *path*."""
    location = path[len(etc):] if path.startswith(etc) else None
    return location and kind_of_path(location) or "text"


def _settle(found, fixed, postponed, remaining):
    """All that is fixed, each defect once: those of *found* (marked here where a later round had to
    make the fix), and those that came up on the way."""
    left = {_identity(finding) for finding in remaining}
    for finding in postponed:
        finding.fixed = _identity(finding) not in left
    settled = [finding for finding in found if finding.fixed]
    known = {_identity(finding) for finding in settled}
    return settled + [finding for finding in _without(fixed, settled)
                      if _identity(finding) not in known]


def _without(findings, others):
    others = {id(finding) for finding in others}
    return [finding for finding in findings if id(finding) not in others]


def _identity(finding):
    """What a finding is known by when lines have moved."""
    return (finding.path, finding.code, finding.message)


def _changes_something(finding, files):
    """Whether the finding's fix leaves the text other than it is: one that does not is no work."""
    return any(
        edit.path not in files or edit.removes_file
        or files[edit.path].tree.code[edit.start:edit.end] != edit.text
        for edit in finding.edits)


def _allowed(finding, settings, blocked):
    return (
        settings.selects(finding.code)
        and finding.due
        and finding.phase not in blocked
        and (finding.applicability == "safe"
             or finding.applicability == "unsafe" and settings.unsafe_fixes)
    )


def _removes_a_file(finding):
    return any(edit.removes_file for edit in finding.edits)


def open_blockers(findings, rules, due):
    """The phases that were asked for by name and that an open finding stands in the way of. (An info
    stands in nobody's way.)"""
    blocks = {rule.code: rule.blocks for rule in rules if rule.blocks}
    blocked = {}
    for finding in findings:
        for phase in blocks.get(finding.code, ()) if finding.severity != "info" else ():
            if phase in due.asked:
                codes = blocked.setdefault(phase, [])
                if finding.code not in codes:
                    codes.append(finding.code)
    return blocked


def _arbitrate(findings, consent):
    """The findings whose edits can be made together, first come (in order of place), first served,
    where there is *consent* (None: to all). Files are removed last: what is to be changed in one is
    changed where it stands."""
    chosen, taken = [], {}
    for finding in sorted(findings, key=_removes_a_file):
        # Nothing goes in at the end of a file that is removed either.
        spans = [(edit.path, edit.start, edit.end + edit.removes_file) for edit in finding.edits]
        if any(_touches(start, end, taken.get(path, [])) for path, start, end in spans):
            continue
        if consent is not None and not consent.given(finding):
            continue
        for path, start, end in spans:
            insort(taken.setdefault(path, []), (start, end))
        chosen.append(finding)
    return chosen


def _touches(start, end, taken):
    """Whether a span overlaps one of *taken* (sorted, and free of overlaps), or begins with it."""
    at = bisect_left(taken, (start,))
    if at < len(taken) and (taken[at][0] == start or taken[at][0] < end):
        return True
    return at > 0 and taken[at - 1][1] > start
