"""The documents say what is there."""

import re
from pathlib import Path

import pvemigrate

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_readme_names_every_family_of_rules():
    families = set(re.findall(r"^\| `([A-Z]+)` \|", README, re.MULTILINE))
    assert families == {rule.code.rstrip("0123456789") for rule in pvemigrate.rules()}


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
