"""One JSON document; its schema is ``pvemigrate/schema/findings-1.json``."""

import json

from .. import __version__

__all__ = ["catalogue_document", "document", "dump", "render", "stages_document"]


def render(report):
    """The report as JSON text."""
    return dump(document(report))


def dump(data):
    """*data* as JSON text: ASCII only, so nothing in it can disturb a terminal."""
    return json.dumps(data, indent=2) + "\n"


def document(report):
    """The report as plain data. Findings that a run has settled are counted, not listed: their
    places are in files that are no more. What failed is listed where something has."""
    found = {
        "version": 1,
        "tool": "pvemigrate " + __version__,
        "root": None if report.root is None else _text(report.root),
        "hop": report.hop,
        "phases": list(report.phases),
        "findings": [_finding(finding) for finding in report.findings
                     if not (finding.fixed and report.written)],
        "summary": report.counts(),
    }
    if report.errors:
        found["errors"] = [{"path": _text(path), "message": _text(message)}
                           for path, message in report.errors]
    return found


def catalogue_document(rules, plugins=()):
    """The rules (classes) as plain data, and which of *plugins*, those that are installed, are among
    them; its schema is ``pvemigrate/schema/rules-1.json``."""
    loaded = {repr(rule.origin) for rule in rules if rule.origin}
    return {
        "version": 1,
        "tool": "pvemigrate " + __version__,
        "rules": [{
            "code": rule.code, "name": rule.name, "severity": rule.severity, "phase": rule.phase,
            "kinds": list(rule.kinds), "hops": list(rule.hops), "guide": rule.guide,
            "in_hop": {hop: {name: rule.value_in(hop, name) for name in ("severity", "phase", "guide")}
                       for hop in rule.hops},
            "origin": {"plugin": rule.origin and _text(rule.origin.name),
                       "distribution": _text(rule.origin.distribution) if rule.origin else "pvemigrate",
                       "version": _text(rule.origin.version) if rule.origin else __version__},
        } for rule in rules],
        "plugins": [{"name": _text(plugin.name), "distribution": _text(plugin.distribution),
                     "version": _text(plugin.version), "loaded": repr(plugin) in loaded}
                    for plugin in plugins],
    }


def stages_document(ways, root=None):
    """Upgrades in a row as plain data: *ways*, list of (root, label, stages), as ``plan`` has them; its
    schema is ``pvemigrate/schema/plan-1.json``."""
    return {
        "version": 1,
        "tool": "pvemigrate " + __version__,
        "root": None if root is None else _text(root),
        "nodes": [{
            "root": _text(directory),
            "hops": [{
                "hop": stage.hop.name,
                "fixed": [_finding(finding) for finding in stage.plan.fixed],
                "remaining": [_finding(finding) for finding in stage.remaining],
                "diff": _text("".join(stage.plan.diffs(label))),
            } for stage in stages],
        } for directory, label, stages in ways],
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
            "edits": [_edit(finding, *edit) for edit in finding.byte_edits],
        },
        "commands": [_text(command) for command in finding.commands + finding.follow_up],
    }


def _edit(finding, path, start, end, text):
    edit = {"path": _text(path), "start": start, "end": end, "text": _text(text)}
    if path in finding.removed_files:
        edit["removes_file"] = True
    return edit


def _text(text):
    """Text without lone surrogates (undecodable bytes), which other JSON readers refuse."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
