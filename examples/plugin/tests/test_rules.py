"""Every rule's cases, tests/golden/<CODE>/<case>.yml: files, and what the rule says and does about
them. ``pytest --update-goldens`` writes findings and diff; read them line by line, then commit them."""

from pathlib import Path

import pytest

import pvemigrate


def described(finding):
    return "%s:%d:%d %s %s: %s" % (finding.path, finding.line, finding.column, finding.severity,
                                   finding.applicability, finding.message)


def visible(text):
    """Odd characters escaped: YAML cannot hold them, and people cannot see them."""
    return "".join(char if char in "\n\t" or char.isprintable() else ascii(char)[1:-1] for char in text)


@pytest.mark.golden_test("golden/*/*.yml")
def test_rule(golden, tmp_path):
    files = {path: text.encode("utf-8") for path, text in (golden.get("files") or {}).items()}
    for path, name in (golden.get("raw") or {}).items():  # bytes that YAML cannot hold
        files[path] = Path(golden.path).with_name(name).read_bytes()
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)

    def project():
        return pvemigrate.Project(tmp_path, rules=pvemigrate.load_plugins("org"), phases="all",
                                  select=Path(golden.path).parent.name)

    plan = project().fix()
    assert plan.errors == []
    assert [described(finding) for finding in plan.found] == golden.out["findings"]
    assert visible(plan.diff()) == golden.out["diff"]

    assert plan.apply() == []
    assert project().fix().changes == [], "fixing twice is not fixing once"
