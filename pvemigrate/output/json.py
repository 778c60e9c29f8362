"""One JSON document; its schema is ``pvemigrate/schema/findings-1.json``."""

import json

from .. import __version__


def render(report):
    """The report as JSON (ASCII only, so nothing in it can disturb a terminal)."""
    return json.dumps(document(report), indent=2) + "\n"


def document(report):
    """The report as plain data."""
    return {
        "version": 1,
        "tool": "pvemigrate " + __version__,
        "root": report.root and _text(report.root),
        "hop": report.hop,
        "phases": list(report.phases),
        "findings": [_finding(finding) for finding in report.findings],
        "summary": report.summary(),
    }


def _finding(finding):
    position = finding.position
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "phase": finding.phase,
        "applicability": finding.applicability,
        "path": _text(finding.path),
        "line": position.line,
        "column": position.column,
        "end_line": position.end_line,
        "end_column": position.end_column,
        "message": _text(finding.message),
        "guide": finding.guide,
        "fix": None if finding.title is None else {
            "title": _text(finding.title),
            "edits": [{"path": _text(path), "start": start, "end": end, "text": _text(text)}
                      for path, start, end, text in finding.byte_edits],
        },
        "commands": [_text(command) for command in finding.commands],
    }


def _text(text):
    """Text without lone surrogates (undecodable bytes), which other JSON readers refuse."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
