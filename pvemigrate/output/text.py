"""Findings for people: message, the line it is about, what can be done."""

from . import paint, visible


def render(report):
    """The findings with excerpts, and a summary."""
    parts = [_finding(finding, report) for finding in report.findings]
    parts.append(_summary(report))
    return "\n".join(parts)


def _finding(finding, report):
    color = report.color
    lines = ["%s: %s %s: %s" % (
        paint("%s:%d:%d" % (visible(finding.path), finding.line, finding.column), "file", color),
        paint(finding.code, "code", color),
        paint(finding.severity, finding.severity, color),
        visible(finding.message).replace("\n", " "))]
    lines.extend(_excerpt(finding, report))
    if finding.fixed:
        lines.append("  " + paint("fixed", "fixed", color) + ": " + visible(finding.title))
    elif finding.title:
        how = {"safe": "fix", "unsafe": "fix with --unsafe-fixes"}[finding.applicability]
        lines.append("  %s: %s" % (how, visible(finding.title)))
    for command in finding.commands:
        lines.append("  or with PVE's own tool: " + visible(command))
    if not finding.due:
        lines.append("  " + paint("waits for phase %s" % finding.phase, "quiet", color))
    return "\n".join(lines) + "\n"


def _excerpt(finding, report):
    tree = report.sources.get(finding.path)
    position = finding.position
    if tree is None or position.start == position.end:
        return
    text = tree.code.split("\n")[position.line - 1].rstrip("\r")
    if len(text) > 160:
        return
    before = text[:position.column - 1]
    end = position.end_column - 1 if position.end_line == position.line else len(text)
    marked = visible(text[position.column - 1:end]) or " "
    yield "  | " + visible(text).expandtabs(4)
    shown = visible(before)
    width = len((shown + marked).expandtabs(4)) - len(shown.expandtabs(4))
    yield "  | " + " " * len(shown.expandtabs(4)) + paint("^" * width, finding.severity, report.color)


def _summary(report):
    counts = report.summary()
    found = [_count(counts[name], name) for name in ("error", "warning") if counts[name]]
    if counts["info"]:
        found.append("%d info" % counts["info"])
    text = "%s checked: %s" % (_count(counts["files"], "file"), ", ".join(found) or "nothing found")
    if counts["fixed"]:
        text += "; %d fixed" % counts["fixed"]
    if counts["fixable"]:
        text += "; %d can be fixed with 'pvemigrate fix'" % counts["fixable"]
    if counts["waiting"]:
        text += "; %d for a later phase" % counts["waiting"]
    text += "\n"
    if report.whole:
        text += ("Running services, guests, quorum and storage cannot be judged from files: "
                 "pve6to7 --full does that on the node.\n")
    return text


def _count(number, noun):
    return "%d %s%s" % (number, noun, "" if number == 1 else "s")
