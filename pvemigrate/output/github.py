"""Annotations of GitHub Actions (workflow commands): a line a finding, and a summary.

An error or a warning that is due is one; what is merely info, and what waits for a later phase, is a
notice. Columns are given where a finding is on one line: the runner drops them elsewhere.
"""

import os

from . import one_line
from .plain import base_of, level_of, path_from, remedies, said
from .text import summary

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(report):
    """The findings as workflow commands, files that failed as errors, and the summary."""
    base = base_of(report)
    lines = [_annotation(finding, report, base) for finding in report.findings
             if not (finding.fixed and report.written)]
    lines += [_command("error", [("title", "pvemigrate")], one_line("%s: %s" % error))
              for error in report.errors]
    return "".join(line + "\n" for line in lines) + (summary(report) if report.summary else "")


def _annotation(finding, report, base):
    properties = []
    if base is not None:
        path = path_from(base, report, finding.path)
        if base == report.root:
            # Neither the workspace nor the working directory has it: only the whole path says where.
            path = os.path.join(base, path)
        properties.append(("file", one_line(path)))
    properties += [("line", finding.line), ("endLine", finding.end_line)]
    if finding.line == finding.end_line:
        properties += [("col", finding.column), ("endColumn", finding.end_column)]
    properties.append(("title", "%s %s" % (finding.code, finding.name)))
    text = "\n".join([said(finding)] + remedies(finding))
    return _command(_COMMANDS[level_of(finding)], properties, text)


def _command(name, properties, text):
    return "::%s %s::%s" % (name, ",".join(
        "%s=%s" % (key, _escaped(str(value)).replace(":", "%3A").replace(",", "%2C"))
        for key, value in properties), _escaped(text))


def _escaped(text):
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
