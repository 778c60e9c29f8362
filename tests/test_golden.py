"""Every rule's cases: golden/<CODE>/<case>.yml.

A case is a small file tree and options, and what the rule says and does about it:

    files:    path -> text                     (what the tree holds)
    raw:      path -> name of a file beside the case, for bytes that YAML cannot hold
    links:    path -> what a symbolic link there leads to
    options:  keywords of pvemigrate.Project (default: phases: all)
    findings: what `check` reports, a line each
    diff:     what `fix` would write, control characters escaped

`pytest --update-goldens` rewrites findings and diff; read the result with git diff.
"""

import os
from pathlib import Path

import pytest

from pvemigrate import Project, formats
from pvemigrate.output import visible

GOLDEN = Path(__file__).parent.parent / "golden"


def describe(finding):
    place = finding.position
    text = "%s:%d:%d-%d:%d %s %s" % (finding.path, place.line, place.column, place.end_line,
                                     place.end_column, finding.severity, finding.applicability)
    if not finding.due:
        text += " waiting"
    text += ": " + finding.message
    if finding.title:
        text += " -> " + finding.title
    return visible(text)


def build_tree(golden, root):
    for path, text in (golden.get("files") or {}).items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8"))
    for path, name in (golden.get("raw") or {}).items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(Path(golden.path)
.parent.joinpath(name).read_bytes())
    for path, place in (golden.get("links") or {}).items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(place)


@pytest.mark.golden_test("../golden/*/*.yml")
def test_rule(golden, tmp_path):
    code = Path(golden.path).parent.name
    build_tree(golden, tmp_path)
    options = {"phases": "all", **(golden.get("options") or {})}
    options.setdefault("select", [code])

    project = Project(tmp_path, **options)
    before = {file.path: file.data for file in project.files}
    findings = project.check()
    assert project.errors == []
    assert [describe(finding) for finding in findings] == golden.out["findings"]

    plan = Project(tmp_path, **options).fix()
    assert plan.errors == []
    assert visible(plan.diff()) == golden.out["diff"]

    assert plan.apply() == []
    again = Project(tmp_path, **options).fix()
    assert again.changes == [], "fixing twice is not fixing once"
    assert [describe(f) for f in again.findings] == [describe(f) for f in plan.remaining]
    for file in Project(tmp_path, **options).files:
        assert formats.parse(file.data, file.kind).bytes == file.data
        if file.path not in {path for path, _, _ in plan.changes}:
            assert file.data == before[file.path]
    assert not [name for _, _, names in os.walk(tmp_path) for name in names if "tmp" in name]
