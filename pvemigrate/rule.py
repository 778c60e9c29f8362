"""The base of all rules, and the findings they report."""

from __future__ import annotations

from .cst import Position
from .edit import Edit, Fix, made_again, refuse_overlap
from .settings import HOPS, PHASES, SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .cst import File, Node, Token
    from .engine import Scope
    from .facts import Facts
    from .plugins import Plugin
    from .releases import Hop
    from .source import SourceFile

__all__ = ["NODE", "Finding", "Rule", "RuleInfo", "command"]

#: What stands for a kind where a rule looks at the node as a whole, and at no tree: such a rule runs
#: only where a whole root is judged.
NODE = "node"

#: Where a finding stands that is about a whole file, or about one that is missing.
_TOP = Position(1, 1, 1, 1, 0, 0)


def command(*words: str) -> str:
    """A shell command of these words, each quoted where the shell would take it apart."""
    if not all(word and _PLAIN.issuperset(word) for word in words):
        from shlex import quote

        words = map(quote, words)
    return " ".join(words)


_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./-_")


class Finding:
    """One defect at one place.

    ``path`` is relative to the root; ``position`` a :class:`~pvemigrate.cst.Position`;
    ``applicability`` is safe, unsafe or manual; ``edits`` (tuple of :class:`Edit`) are those of the
    fix; ``commands`` (tuple of str, shell commands) make the same change with PVE's own tools, and
    ``follow_up`` (likewise) make a changed file take effect.
    """

    __slots__ = ("code", "name", "severity", "phase", "applicability", "path", "position", "message",
                 "guide", "fix", "edits", "commands", "follow_up", "byte_edits", "fixed", "due", "source")

    def __init__(self, rule: Rule, severity: str, path: str, position: Position, message: str,
                 fix: Fix | None = None, edits: Iterable[Edit] = (),
                 byte_edits: Iterable[tuple[str, int, int, str]] = (),
                 commands: Iterable[str] = (), follow_up: Iterable[str] = (),
                 phase: str | None = None) -> None:
        self.code = rule.code
        self.name = rule.name
        self.severity = severity
        self.phase = phase or rule.phase
        self.guide = rule.guide
        self.path = path
        self.position = position
        self.message = message
        self.applicability = fix.applicability if fix else "manual"
        #: The :class:`~pvemigrate.edit.Fix` as the rule gave it, or None.
        self.fix = fix
        self.edits = tuple(edits)
        #: The edits again with spans in bytes: (path, start, end, text).
        self.byte_edits = tuple(byte_edits)
        self.commands = tuple(commands)
        self.follow_up = tuple(follow_up)
        #: The tree that the position belongs to (None where it is not known).
        self.source: File | None = None
        #: Whether a run of fix has made the change.
        self.fixed = False
        #: Whether the finding's phase is among the chosen ones.
        self.due = True

    @property
    def line(self) -> int:
        """Line number, from 1."""
        return self.position.line

    @property
    def column(self) -> int:
        """Column, from 1, in code points."""
        return self.position.column

    @property
    def end_line(self) -> int:
        """Line number of the end, from 1."""
        return self.position.end_line

    @property
    def end_column(self) -> int:
        """Column of the end (exclusive), from 1, in code points."""
        return self.position.end_column

    @property
    def removed_files(self) -> frozenset[str]:
        """The paths, as in ``byte_edits``, of the files that the fix removes."""
        return frozenset(edits[0] for edits, edit in zip(self.byte_edits, self.edits)
                         if edit.removes_file)

    @property
    def title(self) -> str | None:
        """What the fix does (str), or None where there is none."""
        return self.fix.title if self.fix else None

    def move(self, prefix: str) -> None:
        """Show the finding relative to a directory further up: its paths begin with *prefix*."""
        self.path = prefix + self.path
        self.byte_edits = tuple((prefix + path, start, end, text)
                                for path, start, end, text in self.byte_edits)

    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order of reports: by place, then by code."""
        return (self.path, self.position.start, self.position.end, self.code, self.message)

    def __getstate__(self):
        """What goes to another process: all but the tree, and of the fix no more than is known of
        it from outside (its edits are the finding's)."""
        state = {name: getattr(self, name) for name in self.__slots__ if name not in ("fix", "source")}
        state["fix"] = self.fix and (self.fix.title, (), self.fix.applicability)
        return state

    def __setstate__(self, state):
        fix = state.pop("fix")
        for name, value in state.items():
            setattr(self, name, value)
        self.fix = fix and Fix(*fix)
        self.source = None

    def settle(self, files):
        """Tie what came from another process to the *files* here (path -> SourceFile)."""
        file = files.get(self.path)
        if file is not None and "data" in vars(file) and not file.is_secret:
            self.source = file.tree
        if self.fix:
            self.fix.changes = tuple(
                made_again(edit, None if edit.path == self.path else files.get(edit.path, edit.path))
                for edit in self.edits)

    def __repr__(self):
        return "<%s %s:%d:%d %s>" % (self.code, self.path, self.line, self.column, self.message)


class Rule:
    """Base of all rules.

    Define ``visit_<Node>(node)`` for the node types of the kinds in ``kinds``, and call
    :meth:`report`. ``visit_File(tree)`` comes first in each file, ``leave_File(tree)`` last.
    ``check_project(project)`` is called once, after all files, for what takes more than one file.
    One walk of a tree serves all rules. A rule that carries something from one file to the next has
    an ``__init__`` or a ``check_project``; of all others, what they found in a file stands as long as
    it, and all that they have asked ``project`` for, stays as it is.
    """

    #: Code (stable) and name (says the problem, not the remedy).
    code: str = ""
    name: str = ""
    #: The kinds of files whose nodes the rule visits.
    kinds: tuple[str, ...] = ()
    #: error (the upgrade breaks or data is at risk), warning (behaviour changes) or info.
    severity: str = "warning"
    #: When a change is right: before, switch, after-node or after-cluster.
    phase: str = "before"
    #: The upgrades that the rule has to do with (default: all there are).
    hops: tuple[str, ...] = HOPS
    #: What is otherwise in one of the later hops: hop -> attribute (severity, phase, guide, blocks or
    #: needs) -> value.
    in_hop: Mapping[str, Mapping[str, object]] = {}
    #: Section of the upgrade guide of the first hop.
    guide: str = ""
    #: The functions of the checkers (pve6to7 ...) that look for the same; for each of the single checks
    #: the name that it has in the first of the rule's hops whose checker has it.
    checker: tuple[str, ...] = ()
    #: Phases in which fix changes nothing while this rule finds something.
    blocks: tuple[str, ...] = ()

    #: Literal texts (ASCII). In a file that holds none of them the rule has nothing to look at: it is
    #: not visited, and where no file holds one, the rule is not even imported. (None: any file.)
    #: A rule that may report in one file what another one holds can have none.
    needs: tuple[str, ...] | None = None

    #: The :class:`~pvemigrate.plugins.Plugin` that the rule comes with, None for one that is built in.
    origin: Plugin | None = None

    #: The file under check (none in :meth:`check_project`), and all that is checked with it.
    file: SourceFile
    project: Scope

    def __init__(self) -> None:
        self.file = self.project = None
        self.findings: list[Finding] = []

    @property
    def tree(self) -> File:
        """The tree of the file under check."""
        return self.file.tree

    @property
    def facts(self) -> Facts:
        """What is known of the node (:class:`~pvemigrate.facts.Facts`)."""
        return self.project.facts

    @property
    def hop(self) -> Hop:
        """The upgrade that is judged for, with the facts of both releases
        (:class:`~pvemigrate.releases.Hop`)."""
        return self.project.hop

    @classmethod
    def value_in(cls, hop: str, attribute: str) -> Any:
        """An attribute as it is in the upgrade *hop* (``severity`` ...)."""
        values = cls.in_hop.get(hop, {})
        if attribute in values:
            return values[attribute]
        # A section of one guide is none of another.
        return "" if attribute == "guide" and hop != cls.hops[0] else getattr(cls, attribute)

    def settle(self, hop: str) -> None:
        """Be the rule as it is in the upgrade *hop*."""
        if hop != self.hops[0] or self.in_hop:
            for attribute in ("severity", "phase", "guide"):
                setattr(self, attribute, self.value_in(hop, attribute))

    def may_find(self, file: SourceFile) -> bool:
        """A quick look at the bytes of a file, before its tree is made: False where the rule is sure
        to find nothing in it. Where that holds for all files, :meth:`check_project` is not called
        (but where the node is judged as a whole)."""
        return True

    def check_project(self, project: Scope) -> None:
        """Called once a round, for what takes more than one file."""

    def report(self, item: Node | Token | None, message: str, fix: Fix | None = None,
               severity: str | None = None, file: SourceFile | str | None = None,
               commands: Iterable[str] = (), follow_up: Iterable[str] = (),
               phase: str | None = None) -> None:
        """Report a finding at *item* (a node or token; None for the whole file).

        *fix*: a :class:`~pvemigrate.edit.Fix`, or None where the administrator has to choose.
        *file*: the file that holds the item, where it is not the one under check; a path (str,
        relative to the root) where the finding is about a file that is missing or not looked into.
        *commands*: shell commands of PVE's own tools that make the same change. *follow_up*: those
        that make a changed file take effect (``ifreload -a``, ``update-grub``). *phase*: where a
        change of this one is right at another moment than the rule's other ones.
        """
        severity = severity or self.severity
        if severity not in SEVERITIES or not isinstance(message, str):
            raise ValueError("a finding has one of the severities %s, and a str for its message"
                             % ", ".join(SEVERITIES))
        if phase is not None and phase not in PHASES:
            raise ValueError("a finding has one of the phases %s" % ", ".join(PHASES))
        file = file or self.file
        tree = None if isinstance(file, str) else file.tree
        if tree is None or item is None:
            position = _TOP
        else:
            start, end = tree.span(item)
            end -= len(tree.code[start:end]) - len(tree.code[start:end].rstrip("\r\n"))
            position = tree.position_of(start, end)
        edits, byte_edits = [], []
        for change in fix.changes if fix else ():
            target = change.file or file
            if isinstance(target, str):
                (start, end, text), = change.resolve(None)
                edits.append(Edit(target, start, end, text))
                byte_edits.append((target, start, end, text))
                continue
            for start, end, text in change.resolve(target.tree):
                edits.append(Edit(target.path, start, end, text, change.removes_file))
                place = target.tree.position_of(start, end)
                byte_edits.append((target.path, place.start, place.end, text))
        refuse_overlap(edits)
        finding = Finding(self, severity, file if tree is None else file.path,
                          position, message, fix, edits, byte_edits, commands, follow_up, phase)
        if tree is not None and not file.is_secret:
            finding.source = tree
        self.findings.append(finding)


class RuleInfo:
    """What there is to know of a rule before it is imported.

    ``code``, ``name``, ``kinds``, ``hops``, ``needs``, ``blocks`` as in :class:`Rule`;
    ``looks_at_project``: whether it has a ``check_project``; ``is_local``: whether what it finds in a
    file has nothing to do with what it has seen in others; ``glances``: whether it has a ``may_find``;
    ``methods``: the names of those that visit nodes; ``in_hop``: hop -> ``needs`` and ``blocks``, where
    they are otherwise there.
    """

    __slots__ = ("code", "name", "kinds", "hops", "needs", "blocks", "looks_at_project", "is_local",
                 "glances", "methods", "in_hop", "_load", "_rule")

    #: What :meth:`facts` gives, in this order.
    _FACTS = ("kinds", "hops", "needs", "blocks", "looks_at_project", "is_local", "glances", "methods",
              "in_hop")

    def __init__(self, code, name, facts, load):
        self.code = code
        self.name = name
        self._load = load
        self._rule = None
        for fact, value in zip(self._FACTS, facts):
            setattr(self, fact, value)

    @classmethod
    def of(cls, rule):
        """That of a rule's class; a RuleInfo is returned as it is."""
        if isinstance(rule, cls):
            return rule
        return cls(rule.code, rule.name, cls.facts(rule), lambda: rule)

    def settled(self, hop):
        """The same as it is in the upgrade *hop*."""
        values = self.in_hop.get(hop)
        if not values:
            return self
        return RuleInfo(self.code, self.name, [values.get(fact, getattr(self, fact))
                                               for fact in self._FACTS], self.load)

    @staticmethod
    def facts(rule):
        """What the class of a rule says (tuple of plain values)."""
        looks_at_project = rule.check_project is not Rule.check_project
        is_local = not looks_at_project and rule.__init__ is Rule.__init__
        needs = None if rule.needs is None else tuple(rule.needs)
        in_hop = {hop: {fact: values[fact] for fact in ("needs", "blocks") if fact in values}
                  for hop, values in rule.in_hop.items()}
        methods = [name for name in dir(rule) if name.startswith(("visit_", "leave_"))]
        return (tuple(rule.kinds), tuple(rule.hops), needs, tuple(rule.blocks), looks_at_project,
                is_local, rule.may_find is not Rule.may_find, tuple(methods),
                {hop: values for hop, values in in_hop.items() if values})

    def load(self):
        """The rule's class (imports its module)."""
        if self._rule is None:
            self._rule = self._load()
        return self._rule
