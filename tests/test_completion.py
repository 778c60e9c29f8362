"""Completion of command lines: what is offered, and that bash, zsh and fish take it."""

import os
import shutil
import subprocess
import sys

import click
import pytest

import shapes
from pvemigrate.catalogue import catalogue
from pvemigrate.cli import COMPLETE, main
from pvemigrate.completion import VALUES
from pvemigrate.formats import KINDS
from terminal import Terminal

sys.path.insert(0, str(shapes.CHECKOUT / "distribution"))
try:
    from completions import scripts
finally:
    sys.path.pop(0)

SCRIPTS = {path.partition("/")[0].partition("-")[0]: text for path, text in scripts(main).items()}


@pytest.fixture
def place(tmp_path):
    """A folder with the command in ``bin`` and, in ``work``, some files and folders."""
    start = tmp_path / "bin" / "pvemigrate"
    start.parent.mkdir()
    start.write_text("#!%s\nimport sys\nsys.path[:0] = %r\nfrom pvemigrate.__main__ import main\nmain()\n"
                     % (sys.executable, [path for path in sys.path if path]))
    start.chmod(0o755)
    (tmp_path / "work" / "nodes" / "pve1").mkdir(parents=True)
    (tmp_path / "work" / "nodes.txt").touch()
    (tmp_path / "work" / "no.list").touch()
    return tmp_path


def environment(place, **more):
    return dict({"PATH": "%s:/usr/bin:/bin" % (place / "bin"), "TERM": "dumb", "HOME": str(place),
                 "LC_ALL": "C.UTF-8", "HISTFILE": "/dev/null"}, **more)


def offered(place, *words):
    """What the command offers for the last word, asked as bash asks (dict value -> type)."""
    done = subprocess.run(
        [str(place / "bin" / "pvemigrate")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, cwd=str(place / "work"), timeout=60,
        env=environment(place, COMP_WORDS=" ".join(["pvemigrate", *words]), COMP_CWORD=str(len(words)),
                        **{COMPLETE: "bash_complete"}))
    assert done.stderr == b""
    return dict(reversed(line.split(",", 1)) for line in done.stdout.decode().splitlines() if line)


# -- what is offered -------------------------------------------------------------------------------------


def test_each_value_has_a_name_that_says_how_it_is_completed():
    """A new option takes one of these metavars, or stands in the table with its own."""
    context = click.Context(main)
    for name in main.list_commands(context):
        for param in main.get_command(context, name).params:
            is_flag = getattr(param, "is_flag", False)
            if not is_flag and not isinstance(param.type, (click.Choice, click.types.IntParamType)):
                assert param.metavar in VALUES, "%s of %s" % (param.opts, name)


CODES = [info.code for info in catalogue()]


@pytest.mark.heavy
@pytest.mark.parametrize("words, values", [
    (["fi"], ["fix"]),
    (["explain", "NET00"], [code for code in CODES if code.startswith("NET00")]),
    (["explain", "net00"], [code for code in CODES if code.startswith("NET00")]),
    (["explain", "bridge-mac"], ["bridge-mac-not-pinned"]),
    (["fix", "--vm-monitor", "Audit,File"], ["Audit,FileRead", "Audit,FileWrite", "Audit,FileSystemMgmt"]),
    (["check", "--select", ""], sorted({code[:3] for code in CODES})),
    (["check", "--ignore", "APT,LXC00"], ["APT," + code for code in CODES if code.startswith("LXC00")]),
    (["fix", "--select", "COR001,COR00"],
     ["COR001," + code for code in CODES if code.startswith("COR00") and code != "COR001"]),
    (["check", "--kind", ""], list(KINDS)),
    (["check", "--kind", "=", "st"], ["storage"]),
    (["check", "--hop", "6"], ["6to7"]),
    (["check", "--mac", "vm"], []),
    (["explain", "\udcff"], []),
    (["rollback", "--root", "/nowhere", ""], []),
])
def test_values(place, words, values):
    assert offered(place, *words) == dict.fromkeys(values, "plain")


@pytest.mark.heavy
def test_paths_are_for_the_shell_to_find(place):
    assert offered(place, "check", "no") == {"no": "file"}
    assert offered(place, "check", "--root", "no") == {"no": "dir"}
    assert offered(place, "check", "--root", "=", "no") == {"no": "dir"}
    assert offered(place, "check", "--ip-link", "no") == {"no": "file"}


@pytest.mark.heavy
def test_runs_that_stand_are_offered_for_rollback(place):
    root = place / "node"
    shutil.copytree(str(shapes.CHECKOUT / "examples" / "pve6-node"), str(root))
    command = [str(place / "bin" / "pvemigrate"), "fix", "--quiet", "--root", str(root)]
    subprocess.run(command + ["--select", "STO"], stdout=subprocess.DEVNULL, env=environment(place))
    subprocess.run(command + ["--select", "BAK"], stdout=subprocess.DEVNULL, env=environment(place))
    found = offered(place, "rollback", "--root", str(root), "")
    assert len(found) == 2
    listed = subprocess.run(
        [command[0], "rollback", "--list", "--root", str(root)], stdout=subprocess.PIPE,
        env=environment(place)).stdout.decode()
    assert [line.split()[0] for line in listed.splitlines()] == list(reversed(list(found)))


# -- shells ----------------------------------------------------------------------------------------------


def need(shell):
    path = shutil.which(shell)
    if path is None:
        pytest.skip("no %s: apt-get install %s" % (shell, shell))
    return path


@pytest.fixture(params=["bash", "zsh"])
def shell(request, place):
    """A shell at a terminal, with the script where such scripts are put."""
    path = need(request.param)
    if request.param == "bash":
        (place / "script").write_text(SCRIPTS["bash"])
        (place / "rc").write_text("PS1='READY'\\>' '\nbind 'set bell-style none' 'set page-completions off'\n"
                                  "source %s\n" % (place / "script"))
        command, more = [path, "--noprofile", "--rcfile", str(place / "rc"), "-i"], {}
    else:
        (place / "functions").mkdir()
        (place / "functions" / "_pvemigrate").write_text(SCRIPTS["zsh"])
        (place / ".zshrc").write_text(
            "fpath=(%s $fpath)\nautoload -U compinit\ncompinit -D -u\nsetopt no_beep\nPS1='READY''> '\n"
            % (place / "functions"))
        command, more = [path, "-i"], {"ZDOTDIR": str(place)}
    with Terminal(command, environment(place, **more), place / "work") as terminal:
        terminal.wait_for("READY> ")
        yield terminal


@pytest.mark.heavy
@pytest.mark.parametrize("keys, shown", [
    ("pvemigrate fi\t", "pvemigrate fix "),
    ("pvemigrate explain NET00\t\t", "NET001 (?s:.*)NET002 (?s:.*)NET007 "),
    ("pvemigrate check --select APT,LXC00\t\t", "APT,LXC001 (?s:.*)APT,LXC002 "),
    ("pvemigrate check --sel\t", "--select "),
    ("pvemigrate check --select=APT,LXC00\t\t", "APT,LXC001 (?s:.*)APT,LXC002 "),
    ("pvemigrate check --fail-on=err\t", "--fail-on=error"),
    ("pvemigrate check nodes.\t", "nodes.txt "),
    ("pvemigrate check --root nod\t", "nodes/"),
    ("pvemigrate check --root=nod\t", "--root=nodes/"),
])
def test_a_line_is_completed(shell, keys, shown):
    shell.send(keys)
    shell.wait_for(shown)


@pytest.mark.heavy
@pytest.mark.parametrize("line, values", [
    ("pvemigrate fi", ["fix"]),
    ("pvemigrate explain bridge-mac", ["bridge-mac-not-pinned"]),
    ("pvemigrate check --select APT,LXC00", ["APT," + code for code in CODES if code.startswith("LXC00")]),
    ("pvemigrate check --select=LXC00", ["--select=" + code for code in CODES if code.startswith("LXC00")]),
    ("pvemigrate check nodes", ["nodes.txt", "nodes/"]),
    ("pvemigrate check --root nod", ["nodes/"]),
    ("pvemigrate check --root=nod", ["--root=nodes/"]),
])
def test_fish(place, line, values):
    path = need("fish")
    (place / "script").write_text(SCRIPTS["fish"])
    done = subprocess.run(
        [path, "--no-config", "-c", "source %s; complete -C %r" % (place / "script", line)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
        cwd=str(place / "work"), env=environment(place))
    assert done.stderr == b""
    assert sorted(item.split("\t")[0] for item in done.stdout.decode().splitlines()) == sorted(values)


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_scripts_are_sound(place, name):
    """They are click's own, but for one place in fish's (a value may have commas)."""
    (place / "script").write_text(SCRIPTS[name])
    subprocess.run([need(name), "-n", str(place / "script")], check=True, timeout=60)
    if name == "fish":
        assert 'string split -m 1 "," $completion' in SCRIPTS[name]


def test_nothing_of_it_is_imported_by_other_runs():
    asked = subprocess.run(
        [sys.executable, "-c", "import sys; sys.path[:0] = %r; from pvemigrate.cli import main\n"
         "try: main(['rules'])\nexcept SystemExit: print('CODE', 'pvemigrate.completion' in sys.modules)"
         % [path for path in sys.path if path]],
        stdout=subprocess.PIPE, check=True, env={name: value for name, value in os.environ.items()
                                                 if name != COMPLETE})
    assert asked.stdout.endswith(b"CODE False\n")
