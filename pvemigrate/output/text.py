"""Findings for people: message, the line it is about, what can be done."""

from . import count, one_line, paint, visible

#: How much of a long line is shown on either side of its marked part.
_AROUND = 60


def render(report):
    """The findings with excerpts, and a summary."""
    lines = {}
    parts = [_finding(finding, report, lines) for finding in report.findings]
    if report.summary:
        parts.append(summary(report))
    return "\n".join(parts)


def _finding(finding, report, lines_of):
    lines = [headline(finding, report.color)]
    lines.extend(excerpt(finding, report.color, lines_of))
    lines.extend("  " + line for line in _remedies(finding, report))
    return "\n".join(lines) + "\n"


def headline(finding, color=False, prefix=""):
    """Place, code, severity and message (a line, str). *prefix*: what its path begins with."""
    return "%s: %s %s: %s" % (
        paint("%s:%d:%d" % (one_line(prefix + finding.path), finding.line, finding.column), "file",
              color),
        paint(finding.code, "code", color),
        paint(finding.severity, finding.severity, color),
        one_line(finding.message))


def remedies(finding):
    """What can be done, a line each (list of str)."""
    lines = []
    if finding.title:
        how = "fix" if finding.applicability == "safe" else "fix with --unsafe-fixes"
        lines.append("%s: %s" % (how, one_line(finding.title)))
    lines += ["or with PVE's own tool: " + one_line(command) for command in finding.commands]
    return lines + ["then: " + one_line(command) for command in finding.follow_up]


def _remedies(finding, report):
    title = one_line(finding.title or "")
    if finding.fixed:
        word = paint("fixed" if report.written else "would be fixed", "fixed", report.color)
        yield "%s: %s" % (word, title) if title else word
        return
    yield from remedies(finding)
    if not finding.due:
        yield paint("not due now: phase %s" % finding.phase, "quiet", report.color)


def excerpt(finding, color=False, lines_of=None):
    """The line that a finding is about, its part marked: yields two lines, or none. *lines_of*: id of
    a tree -> its lines, of those that have been taken apart already."""
    lines_of = {} if lines_of is None else lines_of
    position = finding.position
    if finding.source is None or position.start == position.end:
        return
    # A file may have more findings than anybody reads: it is taken apart once.
    lines = lines_of.get(id(finding.source))
    if lines is None:
        lines = lines_of[id(finding.source)] = finding.source.code.split("\n")
    text = lines[position.line - 1]
    first = position.column - 1
    last = position.end_column - 1 if position.end_line == position.line else len(text)
    if not text[first:last].strip("\r"):
        return
    if position.end_line != position.line:
        last = len(text.rstrip("\r"))
    before = _shown(text[max(0, first - _AROUND):first], "..." if first > _AROUND else "")
    marked = _shown(text[first:min(last, first + 2 * _AROUND + 1)], "")
    after = text[last:last + _AROUND].rstrip("\r")
    rest = "..." if len(text) > last + _AROUND else ""
    if len(marked) > 2 * _AROUND:
        marked, after, rest = marked[:2 * _AROUND], "", "..."
    yield "  | " + before + marked + _shown(after, "") + rest
    yield "  | " + " " * len(before) + paint("^" * len(marked), finding.severity, color)


def _shown(text, lead):
    return lead + visible(text).replace("\t", "    ")


def summary(report):
    """What was found, in a line; and where a whole node was judged, what files cannot tell."""
    counts = report.counts()
    text = "%s checked: %s" % (count(counts["files"], "file"), _found(report, counts))
    if report.mode in ("diff", "commands"):
        planned = sum(finding.fixed for finding in report.findings)
        if planned:
            text += "; %d would be fixed" % planned
    elif counts["fixable"] and report.mode == "check":
        text += "; %d can be fixed with 'pvemigrate fix'" % counts["fixable"]
    if counts["waiting"]:
        text += "; %d not due now" % counts["waiting"]
    text += "\n"
    if report.whole:
        text += ("Running services, guests, quorum and storage cannot be judged from files: "
                 "%s --full does that on the node.\n" % report.checker)
    return text


def _found(report, counts):
    found = [count(counts[name], name) for name in ("error", "warning") if counts[name]]
    if counts["info"]:
        found.append("%d info" % counts["info"])
    text = ", ".join(found)
    if not counts["fixed"]:
        return text or "nothing found"
    return "%d fixed; %s" % (counts["fixed"], text + " left" if text else "nothing left")
