"""README and CHANGELOG say what is there."""

import re
from pathlib import Path

import pvemigrate
from pvemigrate.formats import KINDS

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
CHANGELOG = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")


def test_table_of_rules_lists_every_rule():
    rows = re.findall(r"^\| ([A-Z]+[0-9]+) \| (\S+) \| (\S+) \| (.+) \|$", README, re.MULTILINE)
    assert [row[:3] for row in rows] == [
        (rule.code, rule.name, rule.phase) for rule in _in_families(pvemigrate.rules())]
    for _, _, _, fix in rows:
        assert fix == "-" or set(fix.split(", ")) <= {"safe", "unsafe", "manual"}


def _in_families(rules):
    """Families in the order of the upgrade's steps, other ones behind them."""
    order = ["APT", "NET", "LXC", "GST", "STO", "BAK", "USR", "SYS"]
    family = {rule: rule.code.rstrip("0123456789") for rule in rules}
    return sorted(rules, key=lambda rule: (
        order.index(family[rule]) if family[rule] in order else len(order), rule.code))


def test_changelog_names_every_rule_and_kind():
    for rule in pvemigrate.rules():
        assert rule.code in CHANGELOG
    for kind in KINDS:
        assert "`%s`" % kind in CHANGELOG


def test_diff_in_the_readme_is_the_examples_own():
    shown = re.search(r"^```diff\n(.*?)^```$", README, re.MULTILINE | re.DOTALL).group(1)
    golden = (REPOSITORY / "tests/data/pve6-node.diff").read_text(encoding="ascii").splitlines()
    for line in shown.splitlines():
        assert line in golden


def test_files_that_the_documents_link_to_are_there():
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!http)([^)]+)\)", text):
            assert (REPOSITORY / target).exists(), "%s links to %s" % (name, target)
