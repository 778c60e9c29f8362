"""``fix --emit-commands``: a shell script of Proxmox VE's own commands that make the changes. Any shell
reads it, nothing in a file's text gets out of its quotes or its comment, and nothing is written."""

import re
import shlex
import shutil
import subprocess

import pytest

import nodes
import shapes
from pvemigrate import Project
from pvemigrate.formats import decode
from pvemigrate.output.commands import script
from pvemigrate.rule import command

SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]
#: Proxmox VE's programs that rules may name, and what makes files take effect.
PROGRAMS = {"pct", "pvesh", "pvesm", "pveum", "qm",
            "/usr/share/pve-manager/migrations/pve-rbd-storage-configure-keyring"}
FOLLOW_UP = {"ifreload", "proxmox-boot-tool", "update-grub", "update-initramfs"}

HOSTILE = ["a b", "$(touch x)", "`touch x`", "';touch x;'", '"', "a\nb", "\\", "*", "~", "#x", "-x", "",
           "a&b|c>d", "\u00e4", "a\tb", "!x", "${IFS}"]

STORAGE = "nfs: backup\n\tserver nas\n\texport /srv\n\tcontent backup\n\tmaxfiles 3\n"
USERS = "role:Ops:Pool.Allocate:\nrole:-x:Pool.Allocate:\n"


def check_syntax(text, shells=SHELLS):
    for shell in shells:
        arguments = [shell] + ["sh"] * (shell == "busybox") + ["-n"]
        result = subprocess.run(arguments, input=text.encode("utf-8", "surrogateescape"),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert result.returncode == 0, (shell, result.stderr, text)


def commands_in(text):
    """The words of each line of a script that is no comment."""
    return [shlex.split(line) for line in text.splitlines() if line and not line.startswith("#")]


def emitted(tmp_path, tree, *options):
    nodes.write_tree(tmp_path, tree)
    before = nodes.read_tree(tmp_path)
    result = nodes.run("fix", "--emit-commands", "--root", tmp_path, *options)
    assert nodes.read_tree(tmp_path) == before, "something was written"
    check_syntax(result.out)
    return result


# -- quoting -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_the_words_that_were_meant(shell, tmp_path):
    text = "set -- %s\nprintf '%%s\\0' \"$@\"" % command(*HOSTILE)
    arguments = [shell] + ["sh"] * (shell == "busybox") + ["-c", text]
    result = subprocess.run(arguments, cwd=str(tmp_path), stdout=subprocess.PIPE, check=True)
    assert result.stdout.decode("utf-8").split("\0")[:-1] == HOSTILE
    assert list(tmp_path.iterdir()) == []


def test_words_come_back():
    assert shlex.split(command(*HOSTILE)) == HOSTILE


@pytest.mark.heavy
def test_the_commands_of_every_golden(tmp_path):
    """Each command is words for one of Proxmox VE's programs, whole: no placeholder is left in it."""
    seen = set()
    for number, path in enumerate(sorted((shapes.CHECKOUT / "golden").glob("*/*.yml"))):
        root = tmp_path / str(number)
        root.mkdir()
        case = shapes.read_yaml(path)
        tree = dict(case.get("files") or {})
        tree.update((name, (path.parent / raw).read_bytes())
                    for name, raw in (case.get("raw") or {}).items())
        nodes.write_tree(root, tree)
        options = {"phases": "all", "select": [path.parent.name], **(case.get("options") or {})}
        plan = Project(root, **dict(options, unsafe_fixes=True)).fix()
        for finding in plan.found:
            for text in finding.commands:
                words = shlex.split(text)
                assert command(*words) == text, path
                assert words[0] in PROGRAMS, path
                assert not re.search("[<>]|[A-Z]{3,}=|^(ID|N|MAC|NEW)$", "\n".join(words[1:])), path
                seen.add(words[0])
            for text in finding.follow_up:
                for part in text.split(";"):
                    words = shlex.split(part)
                    assert command(*words) == part.strip(), path
                    assert words[0] in FOLLOW_UP, path
        if any(finding.fixed for finding in plan.found):
            check_syntax(script(plan.found), SHELLS[:1])
    assert {"pvesm", "pveum"} <= seen


# -- the script ---------------------------------------------------------------------------------------


def test_the_script(tmp_path):
    result = emitted(tmp_path, {
        "etc/pve/storage.cfg": STORAGE, "etc/pve/user.cfg": USERS,
        "etc/vzdump.conf": "maxfiles: 2\n"})
    assert result.status == 1
    assert result.out.startswith("#!/bin/sh\n# ")
    assert commands_in(result.out) == [
        ["set", "-eu"],
        ["pvesm", "set", "backup", "--prune-backups", "keep-last=3", "--delete", "maxfiles"],
        ["pveum", "role", "modify", "Ops", "--append", "--privs", "Pool.Audit"]]
    by_hand = result.out.partition("has no command for these")[2]
    assert "#   etc/vzdump.conf:1:1 BAK001: " in by_hand
    assert "#   etc/pve/user.cfg:2:9 USR001: " in by_hand, "a name that reads as an option"


def test_nothing_to_change(tmp_path):
    result = emitted(tmp_path, nodes.CLEAN)
    assert result.status == 0
    assert commands_in(result.out) == [["set", "-eu"]]
    assert "# There is nothing to change.\n" in result.out


def test_what_is_left_to_the_administrator_is_not_in_the_script(tmp_path):
    result = emitted(tmp_path, nodes.MANUAL)
    assert result.status == 1
    assert commands_in(result.out) == [["set", "-eu"]]


def test_what_waits_for_a_later_phase_is_not_in_the_script(tmp_path):
    result = emitted(tmp_path, nodes.with_release("6.4-1", {"etc/pve/user.cfg": USERS}))
    assert commands_in(result.out) == [["set", "-eu"]]


def test_unsafe_fixes_are_in_it_when_asked_for(tmp_path):
    tree = {"etc/pve/user.cfg": "role:Guests:VM.Allocate:\n"}
    assert commands_in(emitted(tmp_path, tree).out) == [["set", "-eu"]]
    assert commands_in(emitted(tmp_path, tree, "--unsafe-fixes").out)[1:] == [
        ["pveum", "role", "modify", "Guests", "--append", "--privs", "Pool.Audit"]]


def test_a_command_that_settles_two_findings_comes_once(tmp_path):
    result = emitted(tmp_path, {"etc/pve/storage.cfg": STORAGE + "\tmaxfiles 4\n"})
    assert len(commands_in(result.out)) == 2


def test_follow_up_is_for_when_the_files_are_changed(tmp_path):
    result = emitted(tmp_path, {
        "etc/network/interfaces": "allow-ovs vmbr0\niface vmbr0 inet manual\n\tovs_type OVSBridge\n",
        "var/lib/dpkg/status": nodes.status_file(ifupdown2="3.0.0-1+pve4~bpo10")})
    assert commands_in(result.out) == [["set", "-eu"]]
    assert "\n#   ifreload -a\n" in result.out


def test_a_bridge_that_keeps_its_address_is_not_to_be_taken_down(tmp_path):
    """Running guests would lose the network, and the address is the one that it has already."""
    result = emitted(tmp_path, {
        "etc/network/interfaces": "auto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.1/24\n"
                                  "\tbridge-ports eno1\n"}, "--mac", "vmbr0=02:00:00:00:00:01")
    assert "NET001" in result.out
    assert "ifdown" not in result.out + result.err


@pytest.mark.parametrize("name", ["x\ntouch owned\n", "x\rtouch owned", "$(touch owned)", "`touch owned`",
                                  "';touch owned;'", "x\u2028touch owned", "x\x85touch owned", "\x1b[2J"])
def test_nothing_gets_out_of_a_comment(name, tmp_path):
    """Names of files and text of theirs that messages quote stand in comments, a line each."""
    tree = {
        "etc/pve/storage.cfg": STORAGE.replace("maxfiles", "%s x\n\tmaxfiles" % name.replace(
            "\n", "\r")),
        "etc/network/interfaces": "source /etc/network/%s/a\n" % name.replace("\n", ""),
        "etc/apt/sources.list": "deb http://deb.debian.org/debian buster main # %s\n" % name,
        "etc/pve/nodes/%s/lxc/100.conf" % name.replace("/", ""): nodes.GUEST,
    }
    result = emitted(tmp_path / "node", tree)
    lines = decode(result.raw).split("\n")
    assert all(not line or line.startswith("#") or line == "set -eu" or line.startswith("pvesm set ")
               for line in lines)
    # A carriage return, too, would show a reader other lines than the shell has.
    assert all(char.isprintable() for line in lines for char in line)


def test_it_runs(tmp_path):
    """With programs of these names that say what they are given."""
    script_text = emitted(tmp_path / "node", {"etc/pve/storage.cfg": STORAGE,
                                              "etc/pve/user.cfg": USERS}).out
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("pvesm", "pveum"):
        (folder / name).write_text("#!/bin/sh\necho %s \"$@\"\n" % name)
        (folder / name).chmod(0o755)
    result = subprocess.run(["sh"], input=script_text.encode(), env={"PATH": str(folder)},
                            stdout=subprocess.PIPE, check=True, executable=shutil.which("sh"))
    assert result.stdout.decode().splitlines() == [
        "pvesm set backup --prune-backups keep-last=3 --delete maxfiles",
        "pveum role modify Ops --append --privs Pool.Audit"]


# -- options ---------------------------------------------------------------------------------------------


def test_it_excludes_the_diff(tmp_path):
    nodes.write_tree(tmp_path, nodes.WARNING)
    result = nodes.run("fix", "--emit-commands", "--diff", "--root", tmp_path)
    assert result.status == 2
    assert result.out == ""


def test_findings_go_to_standard_error(tmp_path):
    result = emitted(tmp_path, nodes.WARNING)
    assert "STO001" in result.err
    quiet = emitted(tmp_path, nodes.WARNING, "--quiet")
    assert quiet.err == ""
    assert quiet.out == result.out


def test_exit_zero(tmp_path):
    assert emitted(tmp_path, nodes.WARNING, "--exit-zero").status == 0


def test_it_is_for_one_node(tmp_path):
    """A script for two would change both on the one where it runs."""
    for name in ("a", "b"):
        nodes.write_tree(tmp_path / name, nodes.WARNING)
    result = nodes.run("fix", "--emit-commands", tmp_path)
    assert result.status == 2
    assert result.out == ""
    assert "--root" in result.err
    assert nodes.run("fix", "--emit-commands", tmp_path / "a").status == 1
