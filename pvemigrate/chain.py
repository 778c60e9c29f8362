"""Several upgrades in a row, gone through in memory: each hop is applied to what the one before it
has made of the files. Nothing is written."""

from __future__ import annotations

from .project import Project, facts_of
from .releases import HOPS, after, sequence
from .settings import Settings, UsageError
from .source import Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .project import AnyPath, Errors, Plan
    from .releases import Hop
    from .root import Root
    from .rule import Finding, Rule

__all__ = ["Stage", "stages"]


class Stage:
    """One upgrade among several.

    ``hop``: the upgrade (:class:`~pvemigrate.releases.Hop`); ``project``: the files before it, and
    ``plan``: what fix makes of them in all its phases. ``news``: the findings that are left after it
    and that no stage before has had.
    """

    def __init__(self, hop: Hop, project: Project, known: set) -> None:
        self.hop = hop
        self.project = project
        self.plan: Plan = project.fix()
        self.news: list[Finding] = [finding for finding in self.plan.remaining
                                    if _identity(finding) not in known]

    @property
    def remaining(self) -> list[Finding]:
        """The findings that are left after it."""
        return self.plan.remaining

    @property
    def errors(self) -> Errors:
        """What could not be read, and what went wrong: list of (path, message)."""
        return self.project.errors

    @property
    def is_due(self) -> bool:
        """Whether there is anything to do: a change, or a decision on an error or a warning."""
        return bool(self.plan.changes) or any(
            finding.severity != "info" for finding in self.remaining)

    def after(self, hop: Hop | None = None) -> Project:
        """The node after this upgrade, with all updates of the new release: a
        :class:`~pvemigrate.Project` in memory, to be judged for *hop* (default: the same, for what is
        still due after it)."""
        return self.project.after(self.plan, (hop or self.hop).name, updated(self.hop))

    def move(self, prefix: str) -> None:
        """Show the findings relative to a directory further up: their paths begin with *prefix*."""
        for finding in self.plan.findings:
            finding.move(prefix)


def stages(root: AnyPath | Root = ".", to: int | None = None, since: int | None = None,
           settings: Settings | None = None, rules: Iterable[type[Rule]] | None = None,
           etc: str = "etc/", **options: Any) -> Iterator[Stage]:
    """The upgrades of the node below *root* to the release *to* (default: the last that is known), one
    after the other: yields a :class:`Stage` for each hop.

    *since*: the release that the node runs (default: as found below the root; where none is, the first
    that is known). In between a node is taken to have all updates of its release. *rules*, *etc* and
    *options*: as for :class:`~pvemigrate.Project`. Raises UsageError where no sequence of known hops
    leads there.
    """
    settings = settings or Settings(**options)
    reader = Reader(root)
    last = list(HOPS.values())[-1].new_release
    to = last if to is None else to
    found = facts_of(reader, etc).release
    if since is not None and found is not None and since != found:
        raise UsageError("Proxmox VE %d found, not %d" % (found, since))
    since = found or since or next(iter(HOPS.values())).release
    hops = sequence(since, to)
    if not hops:
        raise UsageError(
            "Proxmox VE %d found: there is nothing before %d to plan" % (since, to) if to <= since else
            "no sequence of known hops leads from Proxmox VE %d to %d; known are: %s" % (
                since, to, ", ".join(HOPS)))
    return _stages(Project(reader, settings.for_hop(hops[0].name), etc=etc, rules=rules), hops)


def _stages(project, hops):
    known = set()
    for hop, following in zip(hops, hops[1:] + [None]):
        stage = Stage(hop, project, known)
        yield stage
        known.update(map(_identity, stage.remaining))
        if following:
            project = stage.after(following)


def updated(hop: Hop) -> dict[str, str]:
    """The versions of Proxmox VE's own packages (dict) on a node that has been upgraded, and has all
    updates of its new release."""
    following = after(hop.new_release)
    if following is not None:
        return dict(following.packages)
    return {package: "%d.0.0" % hop.new_release for package, _ in hop.packages}


def _identity(finding):
    return finding.code, finding.path, finding.message
