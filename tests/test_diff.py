"""Diffs: what GNU patch makes of them is, byte for byte, what fix writes."""

import os
import random
import shutil
import subprocess
import sys

import pytest
import ruamel.yaml  # what pytest-golden reads its files with
from hypothesis import given, settings
from hypothesis import strategies as st

import nodes
import pvemigrate
from nodes import read_tree, run, write_tree
from pvemigrate import Edit, Project, diff
from pvemigrate.diff import composed, line_changes, unified_diff
from pvemigrate.edit import apply_edits
from pvemigrate.formats import decode

needs_patch = pytest.mark.skipif(not shutil.which(
    "patch"), reason="needs the program patch (GNU patch)")

GOLDEN = sorted((nodes.REPOSITORY / "golden").glob("*/*.yml"))


def patch(folder, diff):
    """Apply a diff (bytes) as people do; fuzz and offsets would hide a wrong one."""
    result = subprocess.run(["patch", "-p1", "--fuzz=0"], input=diff, cwd=str(folder),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert result.returncode == 0, result.stdout.decode("utf-8", "replace")
    assert b"offset" not in result.stdout and b"fuzz" not in result.stdout
    return result.stdout


def encoded(diff):
    return diff.encode("utf-8", "surrogateescape")


PIECES = [b"maxfiles 3", b"", b"\t", b" ", b"-- x", b"++ y", b"--- a/x", b"+++ b/x", b"@@ -1 +1 @@",
          b"\\ No newline at end of file", b"diff", b"Index: x", b"caf\xe9", "caf\u00e9".encode(),
          b"\xff\xfe", b"a\0b", b"\x1b[31m", b"\x0b", b"\x0c", b"\x85", "\u2028".encode(), b"a\rb"]
ENDINGS = [b"\n", b"\n", b"\n", b"\r\n", b"\r\r\n"]


def random_lines(rng, number):
    return [rng.choice(PIECES) + rng.choice(ENDINGS) for _ in range(number)]


def random_change(rng):
    """A file and a changed version of it."""
    old = random_lines(rng, rng.choice([0, 1, 2, 5, 20, 60]))
    new = list(old)
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(new))
        new[at:at + rng.choice([0, 0, 1, 3])] = random_lines(rng, rng.choice([0, 1, 1, 2]))
    old, new = b"".join(old), b"".join(new)
    return (old[:-1] if rng.random() < 0.3 else old), (new[:-1] if rng.random() < 0.3 else new)


NAMES = ["etc/plain", "etc/with blank", "etc/tab\there", "etc/q\"uote", "etc/b\\slash",
         "etc/caf\u00e9",
         "etc/latin\udce9", "etc/new\nline", "etc/ lead", "etc/trail ", "etc/esc\x1b[31m", "etc/#x"]


@needs_patch
@pytest.mark.parametrize("seed", range(8))
def test_patch_makes_the_same_bytes(seed, tmp_path):
    rng = random.Random(seed)
    expected, diff = {}, b""
    for number in range(40):
        name = "%s.%d" % (rng.choice(NAMES), number)
        old, new = random_change(rng)
        path = os.fsencode(str(tmp_path)) + b"/" + encoded(name)
        if not old and not new:
            continue
        is_new = not old and rng.random() < 0.5
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not is_new:
            with open(path, "wb") as file:
                file.write(old)
        diff += encoded(unified_diff(None if is_new else decode(old), decode(new), name))
        expected[path] = new
    patch(tmp_path, diff)
    for path, new in expected.items():
        with open(path, "rb") as file:
            assert file.read() == new, path
    assert not [name for name in os.listdir(
        str(tmp_path / "etc")) if name.endswith((".rej", ".orig"))]


@given(st.text(alphabet="ab\n\r", max_size=40), st.text(alphabet="ab\n\r", max_size=40))
@settings(max_examples=300, deadline=None)
def test_diffs_say_what_they_mean(old, new):
    """Read back by the rules of the format alone."""
    diff = unified_diff(old, new, "x")
    if old == new:
        assert diff == ""
        return
    lines = diff.split("\n")
    assert lines.pop() == ""
    before, after, number = [], [], 2
    source = old.split("\n")
    taken = 0
    while number < len(lines):
        line = lines[number]
        if line.startswith("@@"):
            first = int(line.split()[1][1:].split(",")[0])
            length = int((line.split()[1].split(",") + ["1"])[1])
            skip = first - 1 if length else first
            kept = [text + "\n" for text in source[taken:skip]]
            before += kept
            after += kept
            taken = skip
        else:
            end = "\n"
            if number + 1 < len(lines) and lines[number + 1].startswith("\\"):
                end = ""
            if line[0] in " -":
                before.append(line[1:] + end)
                taken += 1
            if line[0] in " +":
                after.append(line[1:] + end)
            number += not end
        number += 1
    rest = "\n".join(source[taken:])
    assert "".join(before) + rest == old
    assert "".join(after) + rest == new


def test_nothing_differs():
    assert unified_diff("a\n", "a\n", "x") == ""
    assert unified_diff("", "", "x") == ""


def test_a_new_file_and_an_emptied_one():
    assert unified_diff(None, "a\n", "x") == "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n"
    assert unified_diff("a\n", "", "x") == "--- a/x\n+++ b/x\n@@ -1 +0,0 @@\n-a\n"


@needs_patch
def test_an_emptied_file_stays(tmp_path):
    write_tree(tmp_path, {"x": "a\n"})
    patch(tmp_path, encoded(unified_diff("a\n", "", "x")))
    assert read_tree(tmp_path) == {"x": b""}


# -- fix --diff and fix ----------------------------------------------------------------------------


def golden_tree(case, root):
    """The files of a golden case below *root*; its options."""
    golden = ruamel.yaml.YAML(typ="safe", pure=True).load(case)
    write_tree(root, golden.get("files") or {})
    for path, name in (golden.get("raw") or {}).items():
        write_tree(root, {path: case.parent.joinpath(name).read_bytes()})
    return dict({"phases": "all"}, **(golden.get("options") or {}))


@needs_patch
@pytest.mark.parametrize("code", sorted({case.parent.name for case in GOLDEN}))
def test_fix_writes_its_diff(code, tmp_path):
    """For the tree of every golden case: the plan's diff, given to patch, and apply() agree."""
    for case in GOLDEN:
        if case.parent.name != code:
            continue
        patched, fixed = tmp_path / case.stem / "patched", tmp_path / case.stem / "fixed"
        patched.mkdir(parents=True)
        options = golden_tree(case, patched)
        options["unsafe_fixes"] = True
        shutil.copytree(str(patched), str(fixed))
        plan = Project(patched, **options).fix()
        diff = encoded(plan.diff())
        if diff:
            patch(patched, diff)
        assert Project(fixed, **options).fix().apply() == []
        assert read_tree(patched) == read_tree(fixed), case
        assert Project(fixed, **options).fix().changes == [], case


@needs_patch
def test_files_behind_links(tmp_path):
    """fix writes what a link leads to; patch refuses links, so the diff names that file."""
    storage = "dir: local\n\tpath /var/lib/vz\n\tcontent backup\n\tmaxfiles 3\n"
    for name in ("patched", "fixed"):
        root = tmp_path / name
        write_tree(root, {"etc/apt/all.list": "deb http://deb.debian.org/debian buster main\n",
                          "srv/pve/storage.cfg": storage})
        (root / "etc/apt/sources.list").symlink_to("all.list")
        (root / "etc/pve").symlink_to("../srv/pve")
    diff = encoded(Project(tmp_path / "patched").fix().diff())
    patch(tmp_path / "patched", diff)
    assert Project(tmp_path / "fixed").fix().apply() == []
    assert read_tree(tmp_path / "patched") == read_tree(tmp_path / "fixed")
    assert b"bullseye" in read_tree(tmp_path / "fixed")["etc/apt/all.list"]
    assert b"prune" in read_tree(tmp_path / "fixed")["srv/pve/storage.cfg"]


@needs_patch
def test_the_command_writes_its_diff(tmp_path):
    """The same through the command, for all cases of one root each at once: in the common directory
    of several roots."""
    roots = []
    for case in GOLDEN:
        root = tmp_path / "diff" / case.parent.name / case.stem
        root.mkdir(parents=True)
        golden_tree(case, root)
        # A directory counts where it shows Proxmox VE; these trees are scraps.
        (root / "etc/pve").mkdir(parents=True, exist_ok=True)
        roots.append(root.relative_to(tmp_path / "diff"))
    shutil.copytree(str(tmp_path / "diff"), str(tmp_path / "fix"))
    arguments = ["--phase", "all", "--hop", "6to7", "--unsafe-fixes", "--quiet"]
    shown = run("fix", "--diff", *arguments, *roots, cwd=str(tmp_path / "diff"))
    assert shown.status == 1, shown.err
    assert "would" not in shown.out
    before = read_tree(tmp_path / "fix")
    assert read_tree(tmp_path / "diff") == before, "--diff writes nothing"
    written = run("fix", *arguments, *roots, cwd=str(tmp_path / "fix"))
    assert written.status in (0, 1), written.err
    after = read_tree(tmp_path / "fix")
    assert after != before
    patch(tmp_path / "diff", shown.raw)
    assert read_tree(tmp_path / "diff") == after
    again = run("fix", "--diff", *arguments, *roots, cwd=str(tmp_path / "fix"))
    assert again.raw == b""


ODD = {
    # No final newline, CRLF, an undecodable byte, NUL, a name with a blank: each where it can be.
    "etc/pve/storage.cfg": b"dir: store\n\tpath /x\n\tcontent backup\n\tmaxfiles 3",
    "etc/pve/nodes/a/lxc/100.conf": b"arch: amd64\r\nostype: debian\r\nlxc.cgroup.pids.max: 1\r\n",
    "etc/pve/nodes/a b/lxc/101.conf": b"#\xff caf\xe9\0\nostype: debian\nlxc.cgroup.pids.max: 1",
    "etc/pve/nodes/n\xc3\xb6de/lxc/102.conf": b"ostype: debian\nlxc.cgroup.pids.max: 1\n",
}


@needs_patch
@pytest.mark.parametrize("where, arguments", [
    (".", ["--root", "node"]), (".", ["node"]), ("node", ["--root", "."]), ("node", ["."]),
    ("node/etc", ["../etc"]), (".", ["ABS"]), ("node/etc/pve", ["storage.cfg", "nodes"])])
def test_diffs_apply_in_the_root_from_wherever_they_were_made(where, arguments, tmp_path):
    root = tmp_path / "node"
    for path, data in ODD.items():
        write_tree(root, {path.encode("latin-1").decode("utf-8", "surrogateescape"): data})
    arguments = [str(root) if a == "ABS" else a for a in arguments]
    result = run("fix", "--diff", *arguments, cwd=str(tmp_path / where))
    assert result.raw.count(b"+++ ") == len(ODD)
    patch(root, result.raw)
    for data in read_tree(root).values():
        assert b"maxfiles" not in data and b"cgroup." not in data
    expected = {path.encode("latin-1").decode("utf-8"): data.replace(b"cgroup.",
                                                                     b"cgroup2.").replace(
        b"maxfiles 3", b"prune-backups keep-last=3") for path, data in ODD.items()}
    assert read_tree(root) == expected


@needs_patch
def test_a_diff_of_stdin_applies(tmp_path):
    data = ODD["etc/pve/storage.cfg"]
    write_tree(tmp_path, {"x": data})
    result = run("fix", "--diff", "--kind", "storage", "-", input=data)
    subprocess.run(["patch", "-s", "x"], input=result.raw, cwd=str(tmp_path), check=True)
    assert (tmp_path / "x").read_bytes() == run("fix", "--kind", "storage", "-", input=data).raw


def test_positions_in_diff_mode_are_those_of_the_files_on_disk(tmp_path):
    """A line that the fix removes or adds above does not move what is reported below."""
    text = ("dir: one\n\tpath /a\n\tcontent backup\n\tmaxfiles 1\n\tprune-backups keep-last=2\n\n"
            "dir: two\n\tpath /b\n\tcontent iso\n\tserver x\n")
    write_tree(tmp_path, {"etc/pve/storage.cfg": text})
    plan = Project(tmp_path, select="STO").fix()
    assert [(f.code, f.line, f.fixed) for f in plan.found] == [
        ("STO001", 4, True), ("STO006", 10, False)]
    assert [(f.code, f.line) for f in plan.remaining] == [("STO006", 9)]
    shown = run("fix", "--diff", "--output-format", "concise", "--root", tmp_path)
    assert "storage.cfg:10:2: STO006" in shown.err
    written = run("fix", "--output-format", "concise", "--root", tmp_path)
    assert "storage.cfg:9:2: STO006" in written.out


# -- what is known of a change -----------------------------------------------------------------------


def random_edits(rng, text):
    """Edits (start, end, new text) of a text, sorted, without overlaps."""
    places = sorted(rng.randint(0, len(text)) for _ in range(2 * rng.randint(0, 5)))
    pieces = ["", "x", "\n", "a\n", "\nb", "b\nc\n", "\n\n", "caf\u00e9\r\n"]
    edits = list(zip(places[::2], places[1::2], (rng.choice(pieces) for _ in places)))
    if rng.random() < 0.5:
        # What is edited in life: whole lines, and words.
        starts = [0] + [at + 1 for at, char in enumerate(text) if char == "\n"] + [len(text)]
        edits = [(min(starts, key=lambda s: abs(s - start)), min(starts, key=lambda s: abs(s - end)),
                  new) for start, end, new in edits]
        edits = [(min(edit[:2]), max(edit[:2]), edit[2]) for edit in edits]
        edits = [edit for number, edit in enumerate(edits)
                 if all(other[1] <= edit[0] for other in edits[:number])]
    return edits


def test_the_diff_of_known_edits_is_right():
    """Applied to the text before, it gives the text after; it never shows more than a comparison of
    whole texts would have to look at."""
    rng = random.Random(7)
    lines = ["", "a", "b", "c", "a b", "\t", "caf\u00e9\r"]
    for number in range(5000):
        text = "\n".join(rng.choice(lines) for _ in range(rng.randint(0, 12)))
        first, known = text, []
        for _ in range(rng.randint(1, 4)):
            edits = random_edits(rng, text)
            changes = line_changes(text, edits)
            new = apply_edits(text, [Edit("x", *edit) for edit in edits])
            known = composed(known, changes)
            assert applied(text, new, changes) == new, (text, edits)
            text = new
        assert applied(first, text, known) == text, number
        if number % 40 == 0:
            assert reverse_of(unified_diff(first, text, "x", known), first) == text


def applied(before, after, changes):
    """What the lines of *after* in *changes*, put into *before*, make of it."""
    old, new = diff._lines(before), diff._lines(after)
    out, at = [], 0
    for i, i_end, j, j_end in changes:
        assert at <= i <= i_end <= len(old) and j <= j_end <= len(new)
        out += old[at:i] + new[j:j_end]
        at = i_end
    return "".join(out + old[at:])


def reverse_of(text, before):
    """A unified diff applied by hand."""
    old, out, at = diff._lines(before), [], 0
    for line in diff._lines(text)[2:]:
        if line.startswith("@@"):
            start, _, length = line.split()[1][1:].partition(",")
            start = int(start) - (length != "0")
            out += old[at:start]
            at = start
        elif line.startswith("\\"):
            out[-1:] = [out[-1][:-1]] if last == "+" else out[-1:]
        elif line.startswith("+"):
            out.append(line[1:])
        else:
            if line.startswith(" "):
                out.append(old[at])
            at += 1
        last = line[0] if not line.startswith("\\") else last
    return "".join(out + old[at:])


def test_a_known_change_needs_no_comparison():
    """Of lines that edits have changed nothing is searched for (the comparing module is not even
    imported), and the diff is the one that comparing would give."""
    code = ("import sys, pvemigrate; r = pvemigrate.fix(b'maxfiles: 3\\n' * 9, kind='vzdump-conf', "
            "phases='all'); sys.stdout.write(r.diff('x')); assert 'difflib' not in sys.modules")
    result = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE,
                            env=nodes.environment(), stderr=subprocess.PIPE)
    assert result.returncode == 0, result.stderr
    fixed = pvemigrate.fix(b"maxfiles: 3\n" * 9, kind="vzdump-conf", phases="all")
    assert fixed.changed
    assert result.stdout.decode() == unified_diff("maxfiles: 3\n" * 9, fixed.code, "x")


@pytest.mark.parametrize("name, hop", [("pve6-node", "6to7"), ("pve7-node", "6to7"), ("pve7-node", "7to8"),
                                       ("pve8-node", "8to9"), ("pve9-clean", "8to9")])
def test_known_edits_and_comparing_give_one_diff(name, hop):
    plan = Project(nodes.REPOSITORY / "examples" / name, hop=hop, phases="all", unsafe_fixes=True,
                   pve_repo="no-subscription", deb822=True).fix()
    shown = dict(zip([path for path, _, _ in plan.changes], plan.diffs()))
    # Of several empty lines, comparing cannot know which ones go.
    shown.pop("etc/pve/notifications.cfg", None)
    assert shown == {path: unified_diff(*(text if text is None else decode(text) for text in (old, new)), path)
                     for path, old, new in plan.changes if path in shown}


def test_a_new_file_that_ends_up_empty_is_not_made(tmp_path):
    """What one fix puts into it, another one takes out."""
    from pvemigrate import Project
    from pvemigrate.edit import Fix, create_file, remove
    from pvemigrate.rule import Rule

    class Adds(Rule):
        code, name, kinds = "XXX001", "adds", ("apt-list",)

        def visit_File(self, tree):
            if "XXX" in tree.code:
                self.report(None, "x", Fix.safe("add", create_file(
                    "etc/apt/sources.list.d/x.list", "deb http://a.example/ b c\n"),
                    remove(tree.body[0])))

    class Removes(Rule):
        code, name, kinds = "XXX002", "removes", ("apt-list",)

        def visit_File(self, tree):
            if tree.code and self.file.path.endswith("x.list"):
                self.report(None, "y", Fix.safe("remove", remove(*tree.body)))

    (tmp_path / "etc/apt").mkdir(parents=True)
    (tmp_path / "etc/apt/sources.list").write_text("# XXX\n# b\n")
    plan = Project(str(tmp_path), rules=[Adds, Removes], phases="all").fix()
    assert plan.changes == [("etc/apt/sources.list", b"# XXX\n# b\n", b"# b\n")]
