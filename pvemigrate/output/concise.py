"""One line a finding: ``path:line:column: CODE severity: message``."""

from . import visible


def render(report):
    """The findings, a line each, and nothing else."""
    return "".join(
        "%s:%d:%d: %s %s: %s%s\n" % (visible(f.path), f.line, f.column, f.code, f.severity,
                                     visible(f.message).replace("\n", " "), _note(f))
        for f in report.findings)


def _note(finding):
    if finding.fixed:
        return " [fixed]"
    if not finding.due:
        return " [waits for phase %s]" % finding.phase
    return "" if finding.applicability == "manual" else " [%s fix]" % finding.applicability
