"""The documents say what is there."""

import importlib.util
import re
from pathlib import Path

import pvemigrate
from pvemigrate.settings import HOPS

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
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/writing.md",
                 "docs/install.md"):
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!http)([^)]+)\)", text):
            path = (REPOSITORY / name).parent / target
            assert path.exists(), "%s links to %s" % (name, target)


def test_security_names_tests_that_are_there():
    text = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(tests/[a-z_0-9]+\.py)`", text))
    assert len(named) > 5
    assert [name for name in named if not (REPOSITORY / name).exists()] == []


def test_the_commands_are_those_that_the_readme_names():
    from pvemigrate.commands import COMMANDS

    named = set(re.findall(r"\bpvemigrate ([a-z]+)", README))
    assert set(COMMANDS) - {"parse"} <= named


# -- docs/ -----------------------------------------------------------------------------------------


def load_generator():
    path = REPOSITORY / "docs" / "generate.py"
    spec = importlib.util.spec_from_file_location("docs_generate", str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = load_generator()
RULES = {rule.code: rule for rule in pvemigrate.rules()}


def test_the_table_of_what_is_covered_is_up_to_date():
    """If not: python docs/generate.py, then read what git diff says."""
    written = (REPOSITORY / "docs/coverage.md").read_text(encoding="utf-8")
    assert written == generate.document(RULES)


def test_rules_name_sections_that_the_guide_has():
    headings = [heading for _, heading, _ in generate.GUIDE]
    assert len(headings) == len(set(headings))
    assert {code: rule.guide for code, rule in RULES.items()
            if rule.guide and rule.guide not in headings} == {}


def test_each_section_has_a_rule_or_a_reason():
    covered = {rule.guide for rule in RULES.values()}
    assert [heading for _, heading, left in generate.GUIDE
            if not left and heading not in covered] == []


def test_each_check_has_a_rule_in_each_upgrade_or_a_reason():
    """No row is open: where rules look at something, they do in all upgrades whose checker does."""
    for function_in, what, codes, left in generate.checks():
        assert codes or left, what
        if codes:
            covered = {hop for code in codes for hop in generate.same_check(RULES[code], function_in)}
            assert covered == set(function_in), what
        assert function_in and list(function_in) == [hop for hop in HOPS if hop in function_in]


def test_each_checker_has_its_functions_once_in_a_row():
    for functions, _ in generate.CHECKS:
        hops = [hop for hops in functions.values() for hop in hops]
        assert len(hops) == len(set(hops)) and set(hops) <= set(HOPS)


def test_rules_and_the_table_say_the_same_of_each_function():
    """A rule that looks for what a checker looks for says so in ``checker``; docs/generate.py says in
    which upgrades the checker does, and under which names."""
    assert {code: generate.named_by(rule) for code, rule in RULES.items()} == {
        code: set(rule.checker) for code, rule in RULES.items()}


def test_each_rule_stands_in_a_table_for_each_of_its_upgrades():
    beyond = "\n".join(generate.beyond(RULES))
    for code, rule in RULES.items():
        own = [hop for hop in rule.hops if not generate.is_above(rule, hop)]
        assert bool(own) == (code in beyond), code


def test_documents_name_rules_that_are_there():
    names = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/coverage.md",
             "docs/precedence.md", "docs/writing.md"]
    for name in names:
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        named = set(re.findall(r"\b[A-Z]{3}[0-9]{3}\b", text)) - {"ORG001"}
        assert named <= set(RULES), name


def test_readme_and_contributing_lead_to_them():
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        assert "(docs/coverage.md)" in text and "(docs/precedence.md)" in text, name
