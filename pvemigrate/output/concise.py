"""One line a finding: ``path:line:column: CODE severity: message``."""

from . import one_line


def render(report):
    """The findings, a line each, and nothing else."""
    return "".join(
        "%s:%d:%d: %s %s: %s%s\n" % (one_line(f.path), f.line, f.column, f.code, f.severity,
                                     one_line(f.message), _note(f, report))
        for f in report.findings)


def _note(finding, report):
    if finding.fixed:
        return " [fixed]" if report.written else " [would be fixed]"
    if not finding.due:
        return " [not due: phase %s]" % finding.phase
    return "" if finding.applicability == "manual" else " [%s fix]" % finding.applicability
