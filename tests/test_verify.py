"""fix --verify: other programs' word on what fix would write.

Fake programs in a PATH of their own show what a refusal, a hang and nonsense lead to; the real ones,
where they are installed, that they are asked rightly: they take what fix makes of every example, and
refuse what a rule that is wrong makes of it.
"""

import os
import shutil
import subprocess
import sys
import time

import pytest

import debian
import shapes
from pvemigrate import Fix, Project, Rule, insert_after, replace, verify
from pvemigrate.project import TextProject
from pvemigrate.verify import READERS, Verifier

LIST = "etc/apt/sources.list"
PVE = "etc/apt/sources.list.d/pve.list"
MAIN = "etc/network/interfaces"
SOURCED = "etc/network/interfaces.d/more"
STORAGE = "etc/pve/storage.cfg"

FILES = {
    LIST: "deb http://u:geheim@deb.debian.org/debian buster main\n",
    PVE: "deb http://download.proxmox.com/debian/pve buster pve-no-subscription\n",
    STORAGE: "dir: local\n\tpath /var/lib/vz\n\tcontent backup\n\tmaxfiles 2\n",
}


def build(root, files):
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def read(root, *paths):
    return [(root / path).read_text() for path in paths]


@pytest.fixture
def node(tmp_path):
    return build(tmp_path / "node", FILES)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """The only folder in PATH; a function that makes a program in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    # A binding that is there for Python is no program, and would be asked too.
    monkeypatch.setattr(verify, "READERS", tuple(
        reader for reader in READERS if not reader.name.startswith("Augeas")))
    monkeypatch.setattr(Verifier.__init__, "__defaults__", (None, verify.READERS))

    def make(name, script, folder=folder):
        program = folder / name
        program.write_text("#!/bin/sh\nPATH=/usr/bin:/bin\n" + script)
        program.chmod(0o755)
        return program

    return make


def plan_of(root, **options):
    options.setdefault("phases", "all")
    return Project(root, **options).fix(verify=True)


def run(root, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "pvemigrate", "fix", "--phase", "all", "--verify", "--root", str(root),
         *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=str(shapes.CHECKOUT))
    return done.returncode, done.stdout.decode(), done.stderr.decode()


#: apt-get that refuses a file with these words, and names it.
REFUSE = """
if grep -l '%s' in/* > found; then
    echo "W: not this" >&2
    echo "E: Malformed entry 1 in list file $PWD/$(head -n 1 found) (http://u:geheim@x)" >&2
    exit 100
fi
"""


# -- refusals --------------------------------------------------------------------------------------


def test_what_is_refused_is_left_alone_and_the_rest_is_written(node, programs):
    programs("apt-get", REFUSE % "bullseye pve")
    status, out, err = run(node)
    assert status == 2
    assert ("error: %s: --verify: apt-get refuses what fix would write (Malformed entry 1 in list "
            "file %s (http://x)): left alone\n" % (PVE, PVE)) in err
    assert read(node, PVE) == [FILES[PVE]]
    assert "bullseye" in read(node, LIST)[0] and "prune-backups" in read(node, STORAGE)[0]
    assert "APT003" in out and "geheim" not in err


def test_the_diff_leaves_it_out_too(node, programs):
    programs("apt-get", REFUSE % "bullseye pve")
    status, out, err = run(node, "--diff")
    assert status == 2 and "apt-get refuses" in err
    assert "+++ b/" + LIST in out and PVE not in out
    assert read(node, *FILES) == list(FILES.values())


def test_a_refusal_that_names_no_file_holds_for_all_that_changed(node, programs):
    programs("apt-get", "grep -q bullseye in/* && { echo 'E: no' >&2; exit 100; } || exit 0")
    plan = plan_of(node)
    assert sorted(plan.files) == [STORAGE]
    assert sorted(path for path, _ in plan.errors) == [LIST, PVE]


class TwoFiles(Rule):
    """A fix over two files."""

    code, name = "ZZZ001", "two-files"
    kinds = ("apt-list", "storage")

    def check_project(self, scope):
        first, second = scope.at("apt/sources.list"), scope.at("pve/storage.cfg")
        entry = first.tree.body[0]
        if entry.suite == "buster":
            self.report(entry, "both", Fix.safe(
                "both", replace(entry.reading.suite.token(entry), "bullseye", file=first),
                insert_after(second.tree.body[-1], "\tnodes a", file=second)), file=first)


def test_a_fix_over_two_files_is_made_in_none(node, programs):
    programs("apt-get", REFUSE % "bullseye main")
    plan = Project(node, rules=[TwoFiles], phases="all").fix(verify=True)
    assert plan.files == {} and [path for path, _ in plan.errors] == [LIST]
    assert [finding.fixed for finding in plan.found] == [False]


def test_what_was_refused_before_says_nothing_about_the_change(node, programs):
    programs("apt-get", "echo \"E: Malformed line 1 in source list $PWD/in/0000.list\" >&2; exit 100")
    plan = plan_of(node)
    assert plan.errors == [] and sorted(plan.files) == sorted(FILES)
    assert (LIST, "not verified: apt-get does not take the file as it is either (Malformed line 1 "
            "in source list %s)" % LIST) in plan.notes


def test_a_file_that_apt_refused_before_does_not_hide_the_others(node, programs):
    build(node, {"etc/apt/sources.list.d/bad.list": "nonsense\n"})
    programs("apt-get", "grep -q nonsense in/* && { echo E: nonsense >&2; exit 100; }\n"
             + REFUSE % "bullseye pve")
    plan = plan_of(node)
    assert [path for path, _ in plan.errors] == [PVE]
    assert sorted(plan.files) == [LIST, STORAGE]


def test_a_file_that_fix_creates(node, programs):
    (node / PVE).unlink()
    programs("apt-get", REFUSE % "bullseye pve")
    plan = plan_of(node, pve_repo="no-subscription", select=["APT"])
    (path, message), = plan.errors
    assert path.startswith("etc/apt/sources.list.d/") and path not in plan.files
    assert LIST in plan.files


def test_one_text(programs):
    programs("apt-get", REFUSE % "bullseye")
    project = TextProject("deb http://deb.debian.org/debian buster main\n", "apt-list", phases="all")
    plan = project.fix(verify=True)
    assert plan.changes == [] and "apt-get refuses" in plan.errors[0][1]
    assert project.fix().changes != []


# -- programs that misbehave -----------------------------------------------------------------------


def test_a_hang_at_the_new_text_is_a_refusal(node, programs, monkeypatch):
    monkeypatch.setattr(verify, "TIMEOUT", 0.5)
    programs("apt-get", "grep -q bullseye in/* && sleep 60\nexit 0\n")
    start = time.monotonic()
    plan = plan_of(node)
    assert time.monotonic() - start < 20
    assert sorted(plan.files) == [STORAGE]
    assert "no answer in 0.5 s" in plan.errors[0][1]


def test_one_that_always_hangs_is_asked_no_more(node, programs, monkeypatch, tmp_path):
    monkeypatch.setattr(verify, "TIMEOUT", 0.5)
    programs("apt-get", "echo >> %s\nsleep 60\n" % (tmp_path / "count"))
    plan = plan_of(node)
    assert sorted(plan.files) == sorted(FILES) and plan.errors == []
    assert [path for path, _ in plan.notes][:2] == [LIST, PVE]
    assert len((tmp_path / "count").read_text()) == 2


def test_what_a_hanging_program_has_started_ends_too(node, programs, monkeypatch, tmp_path):
    monkeypatch.setattr(verify, "TIMEOUT", 0.5)
    programs("apt-get", "(sleep 2; touch %s) & sleep 60\n" % (tmp_path / "late"))
    plan_of(node)
    time.sleep(2)
    assert not (tmp_path / "late").exists()


@pytest.mark.parametrize("script", [
    "head -c 1000000 /dev/urandom; head -c 1000000 /dev/urandom >&2; exit 3", "kill -SEGV $$",
    "exec cat /dev/zero", "exit 100"], ids=["noise", "crash", "endless", "silent"])
def test_nonsense_is_no_answer(node, programs, script):
    programs("apt-get", script)
    plan = plan_of(node)
    # It says the same of the old text.
    assert plan.errors == [] and sorted(plan.files) == sorted(FILES)
    assert LIST in [path for path, _ in plan.notes]


def test_a_program_that_cannot_be_started(node, programs, tmp_path):
    programs("apt-get", "").write_bytes(b"\x7fELF nothing of the kind")
    plan = plan_of(node)
    assert plan.errors == [] and LIST in [path for path, _ in plan.notes]


def test_nobody_to_ask(node, programs):
    status, _, err = run(node)
    assert status != 2
    assert ("note: --verify: changes in files of the kind storage are not verified: no independent "
            "reader is known\n") in err
    assert "bullseye" in read(node, LIST)[0]


def test_nobody_installed_is_said_once_for_each_kind(node, programs):
    plan = plan_of(node)
    assert sorted(plan.files) == sorted(FILES) and plan.errors == []
    assert ("", "--verify: changes in files of the kind apt-list are not verified: none of these is "
            "installed: apt-get") in plan.notes
    assert len(plan.notes) == 2


# -- how programs are run --------------------------------------------------------------------------


def test_the_program_sees_a_private_copy_and_nothing_of_the_environment(
        node, programs, tmp_path, monkeypatch):
    seen = tmp_path / "seen"
    monkeypatch.setenv("LD_PRELOAD_OF_SOMEBODY", "x")
    programs("apt-get", "{ pwd; stat -c %%a .; env; cat; ls in; echo \"$@\"; } >> %s" % seen)
    plan_of(node)
    folder, mode, *rest = seen.read_text().split("\n")
    assert mode == "700" and not os.path.exists(folder) and str(node) not in folder
    assert "--print-uris update" in rest and {"0000.list", "0001.list"} <= set(rest)
    names = {line.split("=")[0] for line in rest if "=" in line}
    assert names <= {"LC_ALL", "APT_CONFIG", "PATH", "PWD", "OLDPWD", "SHLVL", "_"}


def test_no_program_of_the_root_is_run(node, programs, tmp_path, monkeypatch):
    inside, ran = node / "bin", tmp_path / "ran"
    inside.mkdir()
    programs("apt-get", "touch %s" % ran, folder=inside)
    (tmp_path / "bin" / "apt-get").symlink_to(inside / "apt-get")
    monkeypatch.setenv("PATH", "%s:%s:.:" % (inside, tmp_path / "bin"))
    monkeypatch.chdir(inside)
    plan = plan_of(node)
    assert not ran.exists() and "apt-get" in " ".join(text for _, text in plan.notes)


def test_ifquery_of_ifupdown2_is_not_asked(tmp_path, programs):
    """It would render templates in the file, which may hold any Python code."""
    node = build(tmp_path / "node", BRIDGE)
    folder = tmp_path / "share" / "ifupdown2"
    folder.mkdir(parents=True)
    program = programs("__main__.py", "touch %s" % (tmp_path / "ran"), folder=folder)
    (tmp_path / "bin" / "ifquery").symlink_to(program)
    plan = plan_of(node, macs={"vmbr0": "52:54:00:12:34:56"})
    assert MAIN in plan.files and not (tmp_path / "ran").exists()
    assert any("ifquery" in text for _, text in plan.notes)


def test_without_the_option_nothing_is_run(node, programs, tmp_path):
    programs("apt-get", "touch %s" % (tmp_path / "ran"))
    assert Project(node, phases="all").fix().files
    assert not (tmp_path / "ran").exists()


BRIDGE = {
    MAIN: "auto lo\niface lo inet loopback\n\nsource /etc/network/interfaces.d/*\n\nauto vmbr0\n"
          "iface vmbr0 inet static\n\taddress 192.0.2.1/24\n\tbridge-ports a\n",
    SOURCED: "auto a\niface a inet manual\nsource ../interfaces /etc/network/interfaces.d/more\n",
}


def test_source_lines_name_private_copies_alone(tmp_path, programs):
    files = dict(BRIDGE)
    files[MAIN] = ("source /dev/zero $(id) /etc/network/interfaces.d/*\nsource-directory \\\n /proc\n"
                   + files[MAIN])
    node = build(tmp_path / "node", files)
    seen = tmp_path / "seen"
    programs("ifquery", "cd in; grep -H source * >> %s" % seen)
    assert MAIN in plan_of(node, macs={"vmbr0": "52:54:00:12:34:56"}).files
    named = [line.split("source ")[1].split() for line in seen.read_text().splitlines()]
    folders = {os.path.dirname(path) for names in named for path in names}
    assert len(folders) == 1 and folders.pop().endswith("/in")
    # Each file is named once: no loop is left.
    assert sum(path.endswith("/0001") for names in named for path in names) == 1


def test_a_source_line_that_is_hidden_is_not_shown_to_anybody(tmp_path, programs):
    files = dict(BRIDGE)
    files[MAIN] += "\tup a\\\\\\\nsource /etc/shadow\n"
    node = build(tmp_path / "node", files)
    programs("ifquery", "touch %s" % (tmp_path / "ran"))
    plan = plan_of(node, macs={"vmbr0": "52:54:00:12:34:56"})
    assert any("hidden" in text for _, text in plan.notes) and MAIN in plan.files
    assert not (tmp_path / "ran").exists()


# -- the real programs -----------------------------------------------------------------------------


class Breaks(Rule):
    """Makes of a good file what our grammar takes and the file's own program refuses."""

    code, name = "ZZZ002", "breaks"
    kinds = ("apt-list", "deb822", "interfaces", "ceph", "modprobe", "vzdump-cron")

    def check_project(self, scope):
        for file in scope.files:
            if file.path in self.added and self.added[file.path] not in file.tree.code:
                self.report(file.tree.body[-1], "x", Fix.safe(
                    "x", insert_after(file.tree.body[-1], self.added[file.path])), file=file)


def broken(root, added):
    """The plan of a rule that adds a line at the end of files (path -> line)."""
    rule = type("Breaks", (Breaks,), {"added": added})
    plan = Project(root, rules=[rule], phases="all").fix(verify=True)
    assert set(plan.files).isdisjoint(path for path, _ in plan.errors)
    return plan


def only(monkeypatch, *names):
    """Ask these readers alone."""
    chosen = tuple(reader for reader in READERS if reader.name.startswith(names))
    monkeypatch.setattr(Verifier.__init__, "__defaults__", (None, chosen))


@pytest.fixture
def ifquery(monkeypatch):
    folder = debian.unpacked("ifupdown") / "sbin"
    monkeypatch.setenv("PATH", "%s:%s" % (folder, os.environ["PATH"]))
    only(monkeypatch, "ifquery")


@pytest.mark.heavy
def test_apt_refuses_what_only_apt_knows(node, monkeypatch):
    if not shutil.which("apt-get"):
        pytest.skip("no apt-get: this test wants Debian or a derivative")
    only(monkeypatch, "apt-get")
    # Two entries of one repository that are signed by different keys: each is right for itself.
    good = "deb http://m.example/debian bullseye main"
    bad = "deb [signed-by=/k.gpg] http://u:geheim@m.example/debian bullseye contrib"
    build(node, {LIST: bad.replace("k.gpg", "j.gpg") + "\n"})
    plan = broken(node, {LIST: "# remark", PVE: bad})
    # Apt does not say whose fault it is.
    assert sorted(path for path, _ in plan.errors) == [LIST, PVE]
    assert "Conflicting values" in plan.errors[0][1] and "geheim" not in plan.errors[0][1]
    plan = broken(node, {LIST: good.replace("m.", "o."), PVE: good.replace("m.", "n.")})
    assert plan.errors == [] and plan.notes == [] and sorted(plan.files) == [LIST, PVE]


@pytest.mark.heavy
def test_ifquery_refuses_what_only_it_knows(tmp_path, ifquery):
    node = build(tmp_path / "node", BRIDGE)
    plan = broken(node, {SOURCED: "iface b inherits nothing"})
    (path, message), = plan.errors
    assert path == SOURCED and "%s:4: unknown" % SOURCED in message
    assert str(tmp_path) not in message
    plan = broken(node, {SOURCED: "iface b inet manual", MAIN: "\tmtu 9000"})
    assert plan.errors == [] and plan.notes == [] and sorted(plan.files) == [MAIN, SOURCED]


@pytest.mark.heavy
def test_what_a_sourced_file_inherits_is_known(tmp_path, ifquery):
    files = dict(BRIDGE)
    files[SOURCED] += "iface b inherits lo\n"
    plan = broken(build(tmp_path / "node", files), {SOURCED: "iface c inherits a"})
    assert plan.errors == [] and plan.notes == []


@pytest.mark.heavy
@pytest.mark.parametrize("way", ["augtool", "python-augeas"])
def test_a_lens_refuses_and_takes(way, tmp_path, monkeypatch):
    if way == "augtool":
        if not shutil.which("augtool"):
            pytest.skip("no augtool: install the Debian package augeas-tools")
    else:
        pytest.importorskip("augeas", reason="python-augeas is not installed: pip install "
                                             "'.[augeas]' (it compiles against libaugeas-dev)")
        monkeypatch.setenv("PATH", str(tmp_path))
    only(monkeypatch, "Augeas")
    node = build(tmp_path / "node", dict(BRIDGE, **FILES))
    plan = broken(node, {MAIN: "\tgateway 192.0.2.1", LIST: "# remark"})
    assert plan.errors == [] and plan.notes == [] and sorted(plan.files) == [LIST, MAIN]
    # ifupdown knows this; the lens does not.
    plan = broken(node, {MAIN: "iface b inet manual inherits lo", LIST: "# remark"})
    (path, message), = plan.errors
    assert path == MAIN and "Augeas (Interfaces.lns) refuses" in message and "line 10" in message


@pytest.mark.heavy
@pytest.mark.parametrize("name, hop", [("pve6-node", "6to7"), ("pve7-node", "7to8"), ("pve8-node", "8to9")])
def test_all_that_is_installed_takes_what_fix_makes_of_an_example(name, hop, tmp_path, monkeypatch):
    if shutil.which("apt-get"):
        folder = debian.unpacked("ifupdown") / "sbin"
        monkeypatch.setenv("PATH", "%s:%s" % (folder, os.environ["PATH"]))
    root = shutil.copytree(str(shapes.CHECKOUT / "examples" / name), str(tmp_path / name),
                           symlinks=True)
    options = {"phases": "all", "unsafe_fixes": True, "macs": {"vmbr4": "52:54:00:12:34:56"}, "hop": hop}
    plan = Project(root, **options).fix(verify=True)
    assert plan.errors == []
    assert plan.diff() == Project(root, **options).fix().diff() != ""
    assert all("no independent" in text or "none of these" in text for _, text in plan.notes)
