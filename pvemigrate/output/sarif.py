"""SARIF 2.1.0 (OASIS), for code scanning and editors: findings, the help of their rules, fixes.

Where the standard leaves a choice, it is made for programs that are in use:

* Regions are given in lines and columns alone. The standard allows bytes beside them, but the viewer of
  Visual Studio Code then takes the file for a binary one; bytes are in the region's properties.
* A finding that waits for a later phase is a note. "Suppressed" would say that somebody has decided
  against it, and GitHub shows suppressed results like any others.
* A fix is there only where ``fix`` with the same options would make it: viewers offer every fix, of
  whatever grade. It is left out where a viewer could not make it exactly: it creates or removes a file
  (there is no form for that), begins in the indentation of a first line, or a file is not UTF-8 or holds what
  editors count differently (a CR alone, characters beyond the first plane).
* ``primaryLocationLineHash`` is GitHub's to compute; another value there gets a warning.
"""

import os
import re

from .. import __version__
from ..catalogue import documentation
from . import one_line
from .catalogue import explanation
from .json import dump
from .plain import base_of, level_of, path_from, said

#: The name of the directory that the paths are relative to.
_ROOT = "ROOT"
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
#: What editors count differently, or cannot hold.
_UNSAFE = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]|\r(?!\n)")


def render(report):
    """The report as a SARIF log. What a run of fix has settled is left out."""
    return dump(document(report))


def document(report):
    """The report as plain data."""
    base = base_of(report)
    findings = [f for f in report.findings if not (f.fixed and report.written)]
    rules = _rules(findings, report)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    marks, safe = _marks(findings), {}
    run = {
        "tool": {"driver": {"name": "pvemigrate", "version": __version__,
                            "semanticVersion": __version__, "rules": rules}},
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\n"],
        "defaultEncoding": "utf-8",
        "results": [_result(finding, report, base, index[finding.code], mark, safe)
                    for finding, mark in zip(findings, marks)],
        "properties": {"hop": report.hop, "phases": list(report.phases),
                       "summary": report.counts()},
    }
    if base is not None:
        run["originalUriBaseIds"] = {_ROOT: {"uri": "file://" + _quoted(base.rstrip("/") + "/")}}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _invocation(report):
    notifications = [("error", "%s: %s" % error) for error in report.errors]
    notifications += [("note", note) for note in report.notes]
    return {
        "executionSuccessful": not report.errors,
        "toolExecutionNotifications": [
            {"level": level, "message": _message(one_line(text))} for level, text in notifications],
    }


# -- rules -----------------------------------------------------------------------------------------


def _rules(findings, report):
    """The rules that have findings, with their help."""
    return [_rule(report.rule(code), report.hop) if report.rule(code) else {"id": code, "name": name}
            for code, name in sorted({(finding.code, finding.name) for finding in findings})]


def _rule(rule, hop):
    markdown = documentation(rule)
    first = _paragraph(markdown)
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": _sentence(first)},
        "fullDescription": {"text": first},
        "help": {"text": explanation(rule), "markdown": markdown},
        "defaultConfiguration": {"level": _LEVELS[rule.value_in(hop, "severity")]},
        "properties": {"tags": ["upgrade", *rule.hops, rule.value_in(hop, "phase")],
                       "phase": rule.value_in(hop, "phase"), "hops": list(rule.hops),
                       "kinds": list(rule.kinds), "guide": rule.value_in(hop, "guide")},
    }


def _paragraph(markdown):
    """The first paragraph below the first heading, on one line."""
    paragraphs = [part for part in markdown.split("\n\n") if not part.startswith("#")]
    return " ".join((paragraphs or [markdown])[0].split())


def _sentence(text):
    end = re.search("(?<![.])[.](?= [A-Z`]|$)", text)
    return text[:end.end()] if end else text


# -- results ---------------------------------------------------------------------------------------


def _result(finding, report, base, index, mark, safe):
    position = finding.position
    result = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": level_of(finding),
        "message": _message(said(finding)),
        "locations": [{"physicalLocation": {
            "artifactLocation": _location(finding.path, report, base),
            "region": dict(_region(position, finding.source), properties={
                "byteOffset": position.start, "byteLength": position.end - position.start}),
        }}],
        "partialFingerprints": {"pvemigrateFinding/v1": mark},
        "properties": {
            "severity": finding.severity, "phase": finding.phase, "due": finding.due,
            "applicability": finding.applicability, "guide": finding.guide,
            "commands": [one_line(text) for text in finding.commands + finding.follow_up],
        },
    }
    if finding.title:
        result["properties"]["fix"] = one_line(finding.title)
    if base is not None and report.can_fix(finding):
        changes = _changes(finding, report, base, safe)
        if changes:
            result["fixes"] = [{"description": _message(one_line(finding.title)),
                                "artifactChanges": changes}]
    return result


def _marks(findings):
    """For each finding what tells it from all others, whatever lines it stands on: a hash of path,
    code and message, and which of those that have the same it is."""
    from hashlib import sha256

    seen = {}
    for finding in findings:
        text = "\0".join((finding.path, finding.code, finding.message))
        mark = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        seen[mark] = seen.get(mark, 0) + 1
        yield "%s:%d" % (mark, seen[mark])


def _location(path, report, base):
    location = {"uri": _quoted(path_from(base, report, path))}
    if base is not None:
        location["uriBaseId"] = _ROOT
    return location


def _quoted(path):
    from urllib.parse import quote

    return quote(os.fsencode(path), safe="/")


def _region(position, tree):
    """The lines and columns of a position in *tree* (or None). They do not count a byte order
    mark."""
    has_mark = tree is not None and tree.code.startswith("\ufeff")

    def column(line, number):
        return number - 1 if has_mark and line == 1 and number > 1 else number

    return {"startLine": position.line, "startColumn": column(position.line, position.column),
            "endLine": position.end_line,
            "endColumn": column(position.end_line, position.end_column)}


def _message(text):
    """A plain text message that means what it says: braces would be placeholders, and brackets before
    parentheses a link."""
    return {"text": text.replace("{", "{{").replace("}", "}}").replace("](", "\\](")}


# -- fixes -----------------------------------------------------------------------------------------


def _changes(finding, report, base, safe):
    """The changes of the finding's fix, by file (list); None where it has no exact form. *safe*: id
    of a tree -> whether editors can change it."""
    paths, by_path = iter(finding.byte_edits), {}
    for change in finding.fix.changes:
        # Of a file that is not there yet, only the path is known.
        tree = finding.source if change.file is None else getattr(change.file, "tree", None)
        if tree is None or change.removes_file:
            return None
        if id(tree) not in safe:
            safe[id(tree)] = not _UNSAFE.search(tree.code)
        for start, end, text in change.resolve(tree):
            if not safe[id(tree)] or _UNSAFE.search(text):
                return None
            by_path.setdefault(next(paths)[0], (tree, []))[1].append((start, end, text))
    changes = []
    for path, (tree, edits) in sorted(by_path.items()):
        edits = _exact(tree.code, edits)
        if edits is None:
            return None
        changes.append({"artifactLocation": _location(path, report, base),
                        "replacements": [_replacement(tree, *edit) for edit in edits]})
    return changes


def _replacement(tree, start, end, text):
    replacement = {"deletedRegion": _region(tree.position_of(start, end), tree)}
    if text:
        replacement["insertedContent"] = {"text": text}
    return replacement


def _exact(code, edits):
    """The same edits, in the order of places, what is adjacent as one; those that begin in the
    indentation of a line begin at the end of the line above instead: the viewer of Visual Studio
    Code takes the former for ones that begin behind it. None where that cannot be."""
    joined = []
    for start, end, text in sorted(edits, key=lambda edit: edit[:2]):
        if joined and joined[-1][1] == start:
            first, _, before = joined.pop()
            start, text = first, before + text
        joined.append((start, end, text))
    moved = [_moved(code, *edit) for edit in joined]
    if None in moved or any(edit[1] > other[0] for edit, other in zip(moved, moved[1:])):
        return None
    return moved


def _moved(code, start, end, text):
    first = code.rfind("\n", 0, start) + 1
    after = code.find("\n", start)
    line = code[first:] if after < 0 else code[first:after]
    if start - first >= len(line) - len(line.lstrip()):
        return start, end, text
    if first == 0:
        return None
    ending = "\r\n" if code.endswith("\r\n", 0, first) else "\n"
    size = len(ending)
    if start == first and code[end - size:end] == ending and (ending + text).endswith(ending):
        # Whole lines: the ending before them goes or comes with them, and the last one stays.
        return start - size, end - size, (ending + text)[:-size]
    return first - size, end, code[first - size:start] + text
