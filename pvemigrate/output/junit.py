"""JUnit XML, for the test reports of CI systems: a suite a file, a test case a finding.

What is due and an error or a warning is a failure, info and what waits for a later phase is skipped,
what fix has settled has passed; a file that could not be read is an error. Where there is nothing of
all that, one test case has passed: many systems take a report without any for a broken one.

There is no more in it than in the schema of Jenkins (junit-10.xsd), which some readers are strict about:
it has no attributes for file and line.
"""

from . import count, one_line
from .plain import base_of, level_of, path_from, remedies, said

_OUTCOMES = ("failure", "error", "skipped")


def render(report):
    """The report as XML. Characters that XML does not have are escaped as on a terminal."""
    suites = _suites(report)
    cases = [case for suite in suites.values() for case in suite]
    parts = ['<?xml version="1.0" encoding="utf-8"?>\n<testsuites %s>\n' % _attributes(
        [("name", "pvemigrate")] + _counts(cases)[:3])]
    for name, suite in suites.items():
        parts.append("  <testsuite %s>\n" % _attributes([("name", name)] + _counts(suite)))
        parts += [case.code for case in suite]
        parts.append("  </testsuite>\n")
    parts.append("</testsuites>\n")
    return "".join(parts)


class _Case:
    """One test case: its XML (``code``) and ``outcome``, one of ``_OUTCOMES`` or None."""

    def __init__(self, attributes, outcome=None, details=(), text=""):
        self.outcome = outcome
        inner = ""
        if outcome:
            inner = "      <%s %s" % (outcome, _attributes(details))
            inner += (">%s</%s>\n" % (_quoted(text), outcome)) if text else "/>\n"
        elif text:
            inner = "      <system-out>%s</system-out>\n" % _quoted(text)
        self.code = "    <testcase %s%s" % (
            _attributes(attributes), ">\n%s    </testcase>\n" % inner if inner else "/>\n")


def _suites(report):
    """Name of a suite -> its cases, in the order of the report."""
    base, suites, seen = base_of(report), {}, {}
    for finding in report.findings:
        path = path_from(base, report, finding.path)
        # The first of two cases of one name hides the other in some systems. A line number would
        # make a new case of a finding that only moved.
        number = seen[path, finding.code] = seen.get((path, finding.code), 0) + 1
        name = "%s %s" % (finding.code, finding.name) + (" (%d)" % number if number > 1 else "")
        suites.setdefault(path, []).append(_finding(finding, report, path, name))
    for path, message in report.errors:
        suites.setdefault(path, []).append(_Case(
            [("name", "pvemigrate"), ("classname", path)], "error",
            [("message", message), ("type", "error")]))
    if not suites:
        suites["pvemigrate"] = [_Case(
            [("name", report.mode), ("classname", "pvemigrate")],
            text="%s checked: nothing found" % count(report.files, "file"))]
    return suites


def _finding(finding, report, path, name):
    attributes = [("name", name), ("classname", path)]
    level = level_of(finding)
    if finding.fixed and report.written:
        return _Case(attributes, text="fixed: " + one_line(finding.title or finding.message))
    if level == "note":
        return _Case(attributes, "skipped", [("message", said(finding))])
    place = "%s:%d:%d" % (one_line(path), finding.line, finding.column)
    text = "\n".join(["%s: %s" % (place, said(finding))] + remedies(finding))
    return _Case(attributes, "failure", [("message", said(finding)), ("type", level)], text)


def _counts(cases):
    names = {"failure": "failures", "error": "errors", "skipped": "skipped"}
    return [("tests", len(cases))] + [
        (names[outcome], sum(case.outcome == outcome for case in cases)) for outcome in _OUTCOMES]


def _attributes(pairs):
    return " ".join('%s="%s"' % (name, _quoted(one_line(str(value)))) for name, value in pairs)


def _quoted(text):
    """*text*, in which only LF is no printable character, as XML. (The end of a CDATA section must
    not stand in plain text either.)"""
    return (text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            .replace('"', "&quot;"))
