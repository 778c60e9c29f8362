"""fix --interactive: what is asked and what comes of each answer. First without a terminal, then with a
real one."""

import os
import random
import re
import shutil
import signal
import sys

import pytest

import nodes
import pvemigrate
import shapes
from nodes import read_tree, write_tree
from pvemigrate import Fix, insert_before, replace
from pvemigrate.commands.dialogue import KEYS, Dialogue
from pvemigrate.project import TextProject
from terminal import Terminal

EXAMPLE = shapes.CHECKOUT / "examples" / "pve6-node"


class Answers:
    """What is asked before each fix; *decide*: gives the answer for a Question. ``asked``: the codes
    and lines that were asked for, with the answers."""

    def __init__(self, decide=lambda question: True):
        self._decide = decide
        self.asked = []
        self.left = []

    def __call__(self, question):
        answer = self._decide(question)
        finding = question.findings[0]
        self.asked.append((finding.code, finding.line, answer))
        self.left.append(question.left)
        return answer


def fixed(text, rules, decide=lambda question: True):
    """A text of kind vzdump-conf after fixes that *decide* has agreed to, and what was asked."""
    project = TextProject(text, "vzdump-conf", rules=rules, phases="all")
    answers = Answers(decide)
    plan = project.fix(accept=answers)
    assert plan.errors == []
    return (plan.changes[0][2].decode() if plan.changes else text), answers.asked


def no(question):
    return False


# -- which questions there are -------------------------------------------------------------------------


class Of(pvemigrate.Rule):
    """Rules for one kind of files."""

    kinds, severity = ("vzdump-conf",), "warning"


class Counts(Of):
    """Each value below 3 is one too small."""

    code, name = "ORG001", "counts"

    def visit_Setting(self, node):
        if str(node.value) in "12":
            self.report(node.value, "value %s" % node.value,
                        Fix.safe("next", replace(node.value, str(int(str(node.value)) + 1))))


class Doubles(Of):
    """Wants to change the same."""

    code, name = "ORG002", "doubles"

    def visit_Setting(self, node):
        if str(node.value) == "1":
            self.report(node.value, "one", Fix.safe("zero", replace(node.value, "0")))


class Pushes(Of):
    """Moves all others down."""

    code, name = "ORG003", "pushes"

    def visit_File(self, tree):
        if not tree.code.startswith("#"):
            self.report(tree.body[0], "no remark", Fix.safe("add one", insert_before(tree.body[0], "#")))


class NamesLines(Of):
    """Its message has a line's number."""

    code, name = "ORG004", "names-lines"

    def visit_Setting(self, node):
        if str(node.value) == "7":
            self.report(node.value, "seven in line %d" % self.tree.position(node).line,
                        Fix.safe("eight", replace(node.value, "8")))


class Shares(Of):
    """All its findings are settled by the same change."""

    code, name = "ORG005", "shares"

    def visit_File(self, tree):
        lines = [line for line in tree.body if str(line.value) == "5"]
        for line in lines:
            self.report(line, "five", Fix.safe("six", *[replace(other.value, "6") for other in lines]))


class Spoils(Of):
    """Its fix breaks the file, and is not made."""

    code, name = "ORG006", "spoils"

    def visit_Setting(self, node):
        if str(node.value) == "9":
            self.report(node.value, "nine", Fix.safe("spoil", replace(node, "nonsense\n")))


def test_what_a_fix_brings_up_is_asked_for_too():
    assert fixed("a: 1\n", [Counts]) == ("a: 3\n", [("ORG001", 1, True), ("ORG001", 1, True)])
    assert fixed("a: 1\n", [Counts], lambda question: "1" in question.findings[0].message) == (
        "a: 2\n", [("ORG001", 1, True), ("ORG001", 1, False)])


def test_what_was_declined_is_not_asked_for_again():
    assert fixed("a: 1\nb: 1\n", [Counts], lambda question: question.findings[0].line == 1) == (
        "a: 3\nb: 1\n", [("ORG001", 1, True), ("ORG001", 2, False), ("ORG001", 1, True)])


@pytest.mark.parametrize("rule, text", [(Counts, "a: 1\n"), (NamesLines, "a: 7\n")])
def test_what_was_declined_is_known_when_it_has_moved(rule, text):
    text, asked = fixed(text * 2, [Pushes, rule], lambda question: question.findings[0].code == "ORG003")
    assert text.startswith("#\n")
    assert sorted(asked) == sorted([("ORG003", 1, True), (rule.code, 1, False), (rule.code, 2, False)])


def test_overlapping_fixes_are_asked_for_one_after_the_other():
    rules = [Counts, Doubles]
    assert fixed("a: 1\n", rules, lambda question: question.findings[0].code == "ORG002") == (
        "a: 0\n", [("ORG001", 1, False), ("ORG002", 1, True)])
    assert fixed("a: 1\n", rules, lambda question: "2" not in question.findings[0].message) == (
        "a: 2\n", [("ORG001", 1, True), ("ORG001", 1, False)]), "the other one is gone"
    assert fixed("a: 1\n", rules, no) == ("a: 1\n", [("ORG001", 1, False), ("ORG002", 1, False)])


def test_findings_with_the_same_change_are_one_question():
    seen = []

    def decide(question):
        seen.append((len(question.findings), question.left, len(question.changes)))
        return True

    assert fixed("a: 5\nb: 5\nc: 5\nd: 1\n", [Shares, Counts], decide)[0] == "a: 6\nb: 6\nc: 6\nd: 3\n"
    assert seen == [(3, 2, 1), (1, 1, 1), (1, 1, 1)]
    project = TextProject("a: 5\nb: 5\n", "vzdump-conf", rules=[Shares])
    answers = Answers(no)
    plan = project.fix(accept=answers)
    assert len(answers.asked) == 1 and not any(finding.fixed for finding in plan.found)
    assert len(plan.remaining) == 2


def test_findings_that_look_alike_are_answered_each_for_itself():
    numbers = iter(range(9))
    text, asked = fixed("a: 1\na: 1\na: 1\n", [Counts], lambda question: next(numbers) == 1)
    assert text == "a: 1\na: 2\na: 1\n"
    assert [answer for _, _, answer in asked] == [False, True, False, False]


def test_a_run_that_begins_anew_asks_nothing_twice(tmp_path):
    """Where a fix turns out to be one that must not be made, all others are planned again."""
    write_tree(tmp_path, dict(TREE, **{"etc/vzdump.conf": "tmpdir: 9\n"}))
    guests, = [rule for rule in pvemigrate.rules() if rule.code == "LXC001"]
    project = pvemigrate.Project(tmp_path, rules=[Spoils, guests])
    answers = Answers(lambda question: question.findings[0].path != GUEST_B)
    plan = project.fix(accept=answers)
    assert answers.asked == [("LXC001", 3, True), ("LXC001", 3, False), ("ORG006", 1, True)]
    assert [path for path, _ in plan.errors] == ["etc/vzdump.conf"]
    assert [path for path, _, _ in plan.changes] == [GUEST_A]


def test_the_diff_of_a_question_is_of_its_fix_alone():
    diffs = []
    fixed("a: 2\nb: 2\n", [Counts], lambda question: diffs.append("".join(question.diffs("x/"))) or True)
    assert diffs == [
        "--- a/x/<text>\n+++ b/x/<text>\n@@ -1,2 +1,2 @@\n-a: 2\n+a: 3\n b: 2\n",
        "--- a/x/<text>\n+++ b/x/<text>\n@@ -1,2 +1,2 @@\n a: 2\n-b: 2\n+b: 3\n"]


def test_a_fix_that_creates_a_file(tmp_path):
    options = dict(phases="all", select=["APT010"], pve_repo="no-subscription")
    write_tree(tmp_path, {"etc/apt/sources.list": "deb http://deb.debian.org/debian bullseye main\n",
                          "etc/pve/storage.cfg": nodes.STORAGE_CLEAN, **nodes.with_release("6.4-1")})
    seen = []
    plan = pvemigrate.Project(tmp_path, **options).fix(
        accept=lambda question: seen.extend(question.diffs()) or True)
    assert len(plan.changes) == 1
    assert seen == plan.diffs() and seen[0].startswith("--- /dev/null\n")


# -- all, nothing and some ---------------------------------------------------------------------------------


def roots():
    """The example, and each golden case as a tree: (name, files, options)."""
    yield "example", {path.relative_to(str(EXAMPLE)).as_posix(): path.read_bytes()
                      for path in EXAMPLE.rglob("*") if path.is_file()}, {}
    for path in sorted((shapes.CHECKOUT / "golden").glob("*/*.yml")):
        case = shapes.read_yaml(path)
        files = dict(case.get("files") or {})
        files.update((name, (path.parent / raw).read_bytes())
                     for name, raw in (case.get("raw") or {}).items())
        yield "%s/%s" % (path.parent.name, path.stem), files, dict(case.get("options") or {})


@pytest.mark.heavy
def test_accepting_all_is_a_plain_fix_and_accepting_nothing_changes_nothing(tmp_path):
    questions = 0
    for number, (name, files, options) in enumerate(roots()):
        root = tmp_path / str(number)
        root.mkdir()
        write_tree(root, files)
        options = dict(dict(options, unsafe_fixes=True), phases="all")
        everything, nothing = Answers(), Answers(no)
        plain = pvemigrate.Project(root, **options).fix()
        asked = pvemigrate.Project(root, **options).fix(accept=everything)
        assert asked.changes == plain.changes, name
        assert list(map(repr, asked.findings)) == list(map(repr, plain.findings)), name
        declined = pvemigrate.Project(root, **options).fix(accept=nothing)
        assert (declined.changes, declined.fixed) == ([], []), name
        assert list(map(repr, declined.remaining)) == list(map(repr, declined.found)), name
        assert bool(nothing.asked) == bool(everything.asked), name
        assert not nothing.left or nothing.left[0] == len(nothing.asked) or (
            nothing.left == sorted(nothing.left, reverse=True)), name
        questions += len(everything.asked)
    assert questions > 200


@pytest.mark.heavy
def test_what_is_left_can_be_fixed_later(tmp_path):
    """Some now and the rest another time comes to the same as all at once."""
    whole = pvemigrate.Project(EXAMPLE, phases="all").fix()
    wanted = {path: new for path, _, new in whole.changes}
    for seed in range(3):
        root = tmp_path / str(seed)
        shutil.copytree(str(EXAMPLE), str(root))
        toss = random.Random(seed).random
        plan = pvemigrate.Project(root, phases="all").fix(accept=lambda question: toss() < 0.5)
        assert 0 < len(plan.fixed) < len(whole.fixed)
        assert plan.apply() == []
        assert pvemigrate.Project(root, phases="all").fix().apply() == []
        assert {path: (root / path).read_bytes() for path in wanted} == wanted


# -- keys --------------------------------------------------------------------------------------------------

THREE = "a: 2\nb: 1\nc: 1\n"


def by_keys(keys, text=THREE, rules=(Counts, Doubles)):
    """*text* after a dialogue in which *keys* are pressed; the keys that are left over."""
    from pvemigrate.rule import RuleInfo

    keys = list(keys)
    dialogue = Dialogue([RuleInfo.of(rule) for rule in rules], read=lambda ask: ask() or keys.pop(0))
    return fixed(text, rules, dialogue.accept())[0], "".join(keys)


@pytest.mark.parametrize("keys, text", [
    ("yyyyy", "a: 3\nb: 3\nc: 3\n"),
    ("nnnnn", THREE),
    ("ynnnn", "a: 3\nb: 1\nc: 1\n"),
    ("nyyyy", "a: 2\nb: 3\nc: 3\n"),
    ("a", "a: 3\nb: 3\nc: 3\n"),
    ("na", "a: 2\nb: 3\nc: 3\n"),
    ("dyy", "a: 2\nb: 0\nc: 0\n"),
    ("dd", THREE),
    ("da", "a: 2\nb: 0\nc: 0\n"),
    ("q", THREE),
    ("yq", "a: 3\nb: 1\nc: 1\n"),
    ("yyq", "a: 3\nb: 2\nc: 1\n"),
    ("?ea", "a: 3\nb: 3\nc: 3\n"),
    (["\x1b[A", "x", "\n", "Y", "Q"], "a: 3\nb: 1\nc: 1\n"),
])
def test_keys(keys, text):
    assert by_keys(keys) == (text, "")


@pytest.mark.parametrize("key", list(KEYS))
def test_the_help_has_each_key(key, capsys):
    by_keys("?q")
    text = capsys.readouterr().err
    assert "[y,n,a,d,e,q,?]? ?\n" in text
    assert "\n%s - %s\n" % (key, KEYS[key]) in text


def test_the_explanation_is_the_rules_own(capsys):
    by_keys("eq")
    text = capsys.readouterr().err
    assert "ORG001 counts\n" in text and "Each value below 3 is one too small." in text
    assert text.count("ORG001 warning: value 2\n") == 2, "the question is shown again"


class Risky(Of):
    """Odd values have a safe fix, even ones an unsafe one."""

    code, name = "ORG007", "risky"

    def visit_Setting(self, node):
        value = str(node.value)
        if value in "1234":
            make = Fix.unsafe if value in "24" else Fix.safe
            self.report(node.value, "risky %s" % value, make("nine", replace(node.value, "9")))


@pytest.mark.parametrize("keys, text", [
    ("aq", "a: 9\nb: 2\nc: 3\nd: 4\n"), ("anq", "a: 9\nb: 2\nc: 9\nd: 4\n"), ("aaq", "a: 9\nb: 9\nc: 9\nd: 9\n"),
    ("nayyy", "a: 1\nb: 9\nc: 9\nd: 9\n")])
def test_all_of_a_rule_takes_unsafe_fixes_only_where_one_was_seen(keys, text, capsys):
    from pvemigrate.rule import RuleInfo

    keys = list(keys)
    dialogue = Dialogue([RuleInfo.of(Risky)], read=lambda ask: ask() or keys.pop(0))
    project = TextProject("a: 1\nb: 2\nc: 3\nd: 4\n", "vzdump-conf", rules=[Risky], unsafe_fixes=True)
    plan = project.fix(accept=dialogue.accept())
    assert plan.changes[0][2].decode() == text
    shown = capsys.readouterr().err
    assert "Apply this unsafe fix [" in shown and "  unsafe fix: nine\n" in shown


# -- at a terminal -----------------------------------------------------------------------------------------

PROMPT = r"\(\d+/\d+\) Apply this (unsafe )?fix \[y,n,a,d,e,q,\?\]\? $"
CONFIRM = r"Write (\d+) fix(es)? to (\d+) files?\? \[y,N\] $"

TREE = dict(nodes.NO_RELEASE, **{
    "etc/pve/storage.cfg": nodes.STORAGE,
    "etc/pve/nodes/a/lxc/100.conf": nodes.GUEST,
    "etc/pve/nodes/a/lxc/101.conf": nodes.GUEST,
    "etc/vzdump.conf": "maxfiles: 2\n",
})
ALL = nodes.as_bytes(dict(TREE, **{
    "etc/pve/storage.cfg": nodes.STORAGE_FIXED,
    "etc/pve/nodes/a/lxc/100.conf": nodes.GUEST_FIXED,
    "etc/pve/nodes/a/lxc/101.conf": nodes.GUEST_FIXED,
    "etc/vzdump.conf": "prune-backups: keep-last=2\n",
}))


@pytest.fixture
def node(tmp_path):
    return write_tree(tmp_path / "node", TREE)


def at_terminal(*arguments, columns=200, env=(), **streams):
    return Terminal(nodes.command_line("fix", "--interactive", *arguments),
                    nodes.environment(TERM="xterm", **dict(env)), str(shapes.CHECKOUT), columns, **streams)


def answer(terminal, keys, pattern=PROMPT):
    """Wait for a question and press a key, for each of *keys*; what was shown, in a list."""
    shown = []
    for key in keys:
        shown.append(terminal.wait_for(pattern))
        terminal.send(key)
    return shown


def expected(*paths):
    before = nodes.as_bytes(TREE)
    return dict(before, **{path: ALL[path] for path in paths})


GUEST_A, GUEST_B = "etc/pve/nodes/a/lxc/100.conf", "etc/pve/nodes/a/lxc/101.conf"


@pytest.mark.parametrize("keys, paths", [
    ("yyyy", list(ALL)),
    ("ayy", list(ALL)),
    ("ynyn", [GUEST_A, "etc/pve/storage.cfg"]),
    ("dyn", ["etc/pve/storage.cfg"]),
    ("yq", [GUEST_A]),
    ("?ynq", [GUEST_A]),
])
def test_what_is_written(node, keys, paths):
    with at_terminal("--root", node) as terminal:
        shown = answer(terminal, keys)
        assert "etc/pve/nodes/a/lxc/100.conf:3:1: LXC001 error: " in shown[0]
        assert "  | lxc.cgroup.pids.max: 100\n" in shown[0]
        assert "\n-lxc.cgroup.pids.max: 100\n+lxc.cgroup2.pids.max: 100\n(1/4) Apply" in shown[0]
        question = terminal.wait_for(CONFIRM)
        assert read_tree(node) == nodes.as_bytes(TREE), "nothing is written before the last answer"
        written = len([path for path in paths if ALL[path] != nodes.as_bytes(TREE)[path]])
        assert re.search(CONFIRM, question).group(1, 3) == (str(written), str(written))
        terminal.send("y")
        status = terminal.wait()
    assert read_tree(node) == expected(*paths)
    assert status == (0 if read_tree(node) == ALL else 1)
    assert "%d fixed; " % written in terminal.shown
    again = nodes.run("fix", "--root", node)
    assert (again.status, read_tree(node)) == (0, ALL)


@pytest.mark.parametrize("keys", ["nnnn", "q", "dddd", "nq"])
@pytest.mark.heavy
def test_where_nothing_is_accepted_nothing_is_asked_in_the_end(node, keys):
    with at_terminal("--root", node) as terminal:
        answer(terminal, "dnd" if keys == "dddd" else keys)
        assert terminal.wait() == 1
        assert "Write" not in terminal.shown and "4 files checked" in terminal.shown
    assert read_tree(node) == nodes.as_bytes(TREE)
    assert not (node / "var/lib/pvemigrate").exists()


@pytest.mark.parametrize("last", ["n", "\r", "q", "N"])
@pytest.mark.heavy
def test_the_last_question_answered_with_no(node, last):
    with at_terminal("--root", node) as terminal:
        answer(terminal, "yq")
        answer(terminal, ["x", "?", last], CONFIRM)
        assert terminal.wait() == 1
        assert "note: nothing has been written\n" in terminal.shown
        assert " fixed; " not in terminal.shown and "2 errors, 2 warnings" in terminal.shown
    assert read_tree(node) == nodes.as_bytes(TREE)


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
@pytest.mark.parametrize("keys", ["", "yy", "yq"])
def test_interrupted(node, keys, key):
    with at_terminal("--root", node) as terminal:
        answer(terminal, keys)
        terminal.wait_for(CONFIRM if keys == "yq" else PROMPT)
        terminal.send(key)
        assert terminal.wait() == 2
        assert terminal.shown == "\nnothing has been written\ninterrupted\n"
    assert read_tree(node) == nodes.as_bytes(TREE)


def test_the_terminal_is_left_as_it_was(node):
    """Keys are read without echo; a shell that comes after has to have its own settings."""
    script = ("stty -a > {0}; {1} fix -i --root {2}; stty -a > {3}; echo DONE").format(
        node / "before", " ".join([sys.executable, "-m", "pvemigrate"]), node, node / "after")
    with Terminal(["sh", "-c", script], nodes.environment(TERM="xterm"), str(node)) as terminal:
        answer(terminal, "yq")
        answer(terminal, "y", CONFIRM)
        terminal.wait_for("DONE")
    assert (node / "before").read_text() == (node / "after").read_text() != ""


def test_keys_that_were_typed_ahead_are_answers(node):
    with at_terminal("--root", node) as terminal:
        answer(terminal, ["ynn"])
        terminal.wait_for(r"\(4/4\)")
        terminal.send("qy")
        assert terminal.wait() == 1
    assert read_tree(node) == expected(GUEST_A)


def test_keys_that_send_more_than_a_letter(node):
    """An arrow is none of the letters that it sends."""
    with at_terminal("--root", node) as terminal:
        for key in ("\x1b[A", "\x1bOy", "\u00fc", "\x1b", "\r", "z"):
            terminal.wait_for(PROMPT)
            terminal.send(key)
            assert "y - make this fix\n" in terminal.wait_for(PROMPT)
            assert "(1/4)" in terminal.shown
        terminal.send("q")
        assert terminal.wait() == 1
    assert read_tree(node) == nodes.as_bytes(TREE)


def test_stopped_and_continued(node):
    """Ctrl-Z stops it as it does any program, and no question gets lost."""
    script = "set -m; {0} fix -i --root {1}; echo STOPPED; fg; echo DONE".format(
        " ".join([sys.executable, "-m", "pvemigrate"]), node)
    with Terminal(["bash", "-c", script], nodes.environment(TERM="xterm"), str(node)) as terminal:
        terminal.wait_for(PROMPT)
        terminal.send("\x1a")
        terminal.wait_for("STOPPED")
        answer(terminal, ["ynnn"], "")
        answer(terminal, ["y"], CONFIRM)
        terminal.wait_for("DONE")
    assert read_tree(node) == expected(GUEST_A)


def test_the_terminal_goes_away(node):
    with at_terminal("--root", node) as terminal:
        answer(terminal, "y")
        terminal.wait_for(PROMPT)
        terminal.hang_up()
        # SIGHUP ends it, or the end of its input does.
        assert terminal.wait() in (-signal.SIGHUP, 2)
    assert read_tree(node) == nodes.as_bytes(TREE)


@pytest.mark.heavy
def test_a_file_that_changes_while_it_asks(node):
    with at_terminal("--root", node) as terminal:
        answer(terminal, "yyyy")
        terminal.wait_for(CONFIRM)
        (node / GUEST_B).write_bytes(b"memory: 1\n")
        terminal.send("y")
        assert terminal.wait() == 2
        assert "101.conf: " in terminal.shown and "nothing has been written" in terminal.shown
    assert read_tree(node) == dict(nodes.as_bytes(TREE), **{GUEST_B: b"memory: 1\n"})


@pytest.mark.heavy
def test_several_roots(tmp_path):
    """All is asked first, then all is written; a rule's last answer holds for all roots."""
    for name in ("a", "b"):
        write_tree(tmp_path / name, TREE)
    with at_terminal(tmp_path) as terminal:
        shown = answer(terminal, "ynn")
        assert "\na/etc/pve/nodes/a/lxc/100.conf:3:1: " in shown[0]
        assert "+++ b/a/etc/pve/nodes/a/lxc/100.conf\n" in shown[0]
        shown = answer(terminal, "yda")
        assert "\nb/etc/pve/nodes/a/lxc/100.conf:3:1: " in shown[1]
        assert "b/etc/pve/storage.cfg:" in shown[2]
        answer(terminal, "n")
        assert "Write 3 fixes to 3 files? " in terminal.wait_for(CONFIRM)
        for name in ("a", "b"):
            assert read_tree(tmp_path / name) == nodes.as_bytes(TREE)
        terminal.send("y")
        assert terminal.wait() == 1
    assert read_tree(tmp_path / "a") == expected(GUEST_A, "etc/vzdump.conf")
    assert read_tree(tmp_path / "b") == expected("etc/pve/storage.cfg")


@pytest.mark.heavy
def test_an_interrupt_at_the_second_root_leaves_the_first_alone(tmp_path):
    for name in ("a", "b"):
        write_tree(tmp_path / name, TREE)
    with at_terminal(tmp_path) as terminal:
        answer(terminal, "yyyyy\x03")
        assert terminal.wait() == 2
    for name in ("a", "b"):
        assert read_tree(tmp_path / name) == nodes.as_bytes(TREE)


HOSTILE = ("deb http://deb.debian.org/debian buster main # \x1b]0;owned\x07\x1b[2J\u202e\r\n"
           "# \u202e\x1b[8m").encode("utf-8") + b"\xff\x9b31m\n"


@pytest.mark.parametrize("options", [[], ["--color", "never"]])
@pytest.mark.heavy
def test_hostile_content(tmp_path, options):
    for name in ("x\x1b[31m", "y"):
        write_tree(tmp_path / name, dict(nodes.CLEAN, **{"etc/apt/sources.list": HOSTILE}))
    with at_terminal(tmp_path, *options) as terminal:
        assert "\nx\\x1b[31m/etc/apt/sources.list:1:34: APT001 error: " in answer(terminal, "eq")[0]
        terminal.wait()
    own = re.sub(r"\x1b\[[0-9;]*m" if not options else "$^", "", terminal.raw.replace("\r\n", "\n"))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", own)
    assert "+deb http://deb.debian.org/debian bullseye main # \\x1b]0;owned\\x07\\x1b[2J" in own and "\\x1b[8m" in own


@pytest.mark.parametrize("options, env, has_color", [
    ([], {}, True), (["--color", "never"], {}, False), ([], {"NO_COLOR": "1"}, False)])
@pytest.mark.heavy
def test_colors(node, options, env, has_color):
    with at_terminal("--root", node, *options, env=env) as terminal:
        answer(terminal, "eq")
        terminal.wait()
    painted = ["\x1b[31m-lxc.cgroup.pids.max: 100\x1b[0m", "\x1b[32m+lxc.cgroup2.pids.max: 100\x1b[0m"]
    assert [text in terminal.raw for text in painted] == [has_color] * 2
    assert ("\x1b" in terminal.raw) == has_color


@pytest.mark.parametrize("columns", [1, 20, 80])
@pytest.mark.heavy
def test_narrow_terminals(node, columns):
    with at_terminal("--root", node, columns=columns) as terminal:
        answer(terminal, "?eyq")
        answer(terminal, "y", CONFIRM)
        assert terminal.wait() == 1
    assert read_tree(node) == expected(GUEST_A)


@pytest.mark.heavy
def test_a_diff_of_what_was_accepted(node, tmp_path):
    """Nothing is written, so nothing is asked in the end; the questions do not get into the diff."""
    with (tmp_path / "diff").open("wb") as file, at_terminal(
            "--diff", "--quiet", "--root", node, stdout=file) as terminal:
        answer(terminal, "nynn")
        assert terminal.wait() == 1
    assert read_tree(node) == nodes.as_bytes(TREE)
    plain = nodes.run("fix", "--diff", "--quiet", node / GUEST_B).out
    # The same change; the name is told from the root here, from the folder of the file there.
    assert (tmp_path / "diff").read_text().splitlines()[2:] == plain.splitlines()[2:]
    assert (tmp_path / "diff").read_text().startswith("--- a/%s\n" % GUEST_B)


@pytest.mark.heavy
def test_commands_for_what_was_accepted(tmp_path):
    write_tree(tmp_path / "node", TREE)
    with (tmp_path / "script").open("wb") as file, at_terminal(
            "--emit-commands", "--root", tmp_path / "node", stdout=file) as terminal:
        answer(terminal, "nnyn")
        assert terminal.wait() == 1
    script = (tmp_path / "script").read_text()
    assert "\npvesm set local --prune-backups keep-last=3 --delete maxfiles\n" in script
    assert "LXC001" not in script and "BAK001" not in script


@pytest.mark.heavy
def test_a_report_for_programs_goes_elsewhere(node, tmp_path):
    import json

    with (tmp_path / "json").open("wb") as file, at_terminal(
            "--output-format", "json", "--root", node, stdout=file) as terminal:
        answer(terminal, "ynnn")
        answer(terminal, "y", CONFIRM)
        assert terminal.wait() == 1
    summary = json.loads((tmp_path / "json").read_text())["summary"]
    assert (summary["fixed"], summary["error"], summary["warning"]) == (1, 1, 2)


@pytest.mark.heavy
def test_what_needs_a_decision_is_shown_in_the_end(tmp_path):
    write_tree(tmp_path, dict(nodes.MANUAL, **{GUEST_A: nodes.GUEST}))
    with at_terminal("--root", tmp_path) as terminal:
        answer(terminal, "y")
        answer(terminal, "y", CONFIRM)
        assert terminal.wait() == 1
        assert "STO006 warning: " in terminal.shown and "1 fixed; 1 warning left" in terminal.shown


@pytest.mark.heavy
def test_only_fixes_that_were_asked_for_are_offered(tmp_path):
    """Unsafe ones with --unsafe-fixes, and what waits for a later phase not at all."""
    tree = {"etc/pve/user.cfg": "role:Guests:VM.Allocate:\n", GUEST_A: nodes.GUEST}
    write_tree(tmp_path, nodes.with_release("6.4-1", tree))
    with at_terminal("--root", tmp_path, "--phase", "before") as terminal:
        assert terminal.wait() in (0, 1)
        assert "Apply" not in terminal.shown
    with at_terminal("--root", tmp_path, "--phase", "all", "--unsafe-fixes", "--select", "USR") as terminal:
        assert "(1/1) Apply this unsafe fix [" in terminal.wait_for(PROMPT)
        terminal.send("y")
        answer(terminal, "y", CONFIRM)
        terminal.wait()
    assert b"Pool.Audit" in read_tree(tmp_path)["etc/pve/user.cfg"]
    assert read_tree(tmp_path)[GUEST_A] == nodes.GUEST.encode()


@pytest.mark.parametrize("arguments, message", [
    (["--root", "."], "--interactive needs a terminal on stdin and stderr"),
    (["--kind", "storage", "-"], "--interactive and - both want stdin"),
    (["--ip-link", "-"], "--interactive and - both want stdin"),
])
def test_where_nobody_can_answer(arguments, message, tmp_path):
    result = nodes.run("fix", "--interactive", *arguments, cwd=str(tmp_path))
    assert (result.status, result.out) == (2, "")
    assert result.err.endswith("\nError: %s\n" % message)


@pytest.mark.parametrize("stream", ["stdin", "stderr"])
@pytest.mark.heavy
def test_one_stream_that_is_no_terminal(stream, node):
    with open(os.devnull, "r+b") as nothing, at_terminal("--root", node, **{stream: nothing}) as terminal:
        assert terminal.wait() == 2
    assert read_tree(node) == nodes.as_bytes(TREE)


def test_a_terminal_that_does_not_give_single_keys(monkeypatch):
    import io
    import termios

    from pvemigrate.commands.keyboard import read_key

    def refuse(file):
        raise termios.error(25, "Inappropriate ioctl for device")

    monkeypatch.setattr(termios, "tcgetattr", refuse)
    master, slave = os.openpty()
    try:
        with io.open(slave, "r") as stream:
            monkeypatch.setattr(sys, "stdin", stream)
            os.write(master, b"yes\n\n  n\n\x04")
            assert [read_key(str) for _ in range(4)] == ["y", "\n", "n", ""]
    finally:
        os.close(master)


def test_nothing_of_it_is_imported_by_other_runs(node):
    done = nodes.subprocess.run(
        [sys.executable, "-c", "import sys\nfrom pvemigrate.cli import main\n"
         "try: main(['fix', '--root', sys.argv[1]])\n"
         "except SystemExit: print([name for name in sys.modules if name in ("
         "'pvemigrate.consent', 'pvemigrate.commands.dialogue', 'pvemigrate.commands.keyboard')])", str(node)],
        stdout=nodes.subprocess.PIPE, check=True, env=nodes.environment())
    assert done.stdout.endswith(b"\n[]\n")
