"""Several upgrades in a row for people: what each changes, and what it leaves to them."""

from . import Report, count, paint, paint_diff, visible
from .concise import render as concise

__all__ = ["render"]


def render(ways, color=False, escape=False):
    """The text for *ways*, list of (label, stages): of each tree what its paths begin with, and its
    stages (list of :class:`~pvemigrate.chain.Stage`). *escape*: show control characters escaped, as a
    terminal needs it."""
    lines = []
    for label, stages in ways:
        for stage in stages:
            lines += _stage(label, stage, color, escape)
    return "".join(lines)


def _stage(label, stage, color, escape):
    hop = stage.hop
    title = "%s: %s to %s, %s to %s" % (hop.name, hop.old_pve, hop.new_pve, hop.old_debian, hop.new_debian)
    if label:
        title = "%s %s" % (visible(label.rstrip("/")), title)
    yield paint("== %s ==" % title, "file", color) + "\n\n"
    for diff in stage.plan.diffs(label):
        yield paint_diff(diff) if color else visible(diff) if escape else diff
        yield "\n"
    if stage.news:
        yield concise(Report(stage.news)) + "\n"
    yield _summary(stage) + "\n\n"


def _summary(stage):
    plan = stage.plan
    text = "%d fixed in %s" % (len(plan.fixed), count(len(plan.changes), "file")) if plan.changes else (
        "nothing to change")
    if stage.news:
        text += "; %d left to decide" % len(stage.news)
    before = len(plan.remaining) - len(stage.news)
    if before:
        text += "; %d still open from before" % before
    return text
