"""The hooks for pre-commit, run by pre-commit itself from a clone of what this checkout has committed;
and files named in a repository that is an /etc."""

import os
import re
import shutil
import subprocess
import sys

import pytest

import nodes
from nodes import STORAGE, read_tree, write_tree
from test_cli import Quick, codes

# -- a repository of an /etc ----------------------------------------------------------------------------

#: The contents of a node's /etc as etckeeper has them in git.
ETC = {
    ".etckeeper": "mkdir -p './apt/preferences.d'\nmaybe chmod 0755 '.'\n",
    "apt/sources.list": "deb http://ftp.debian.org/debian buster main contrib\n"
                        "deb http://ftp.debian.org/debian buster-updates main contrib\n"
                        "deb http://security.debian.org buster/updates main contrib\n",
    "apt/sources.list.d/pve.list":
        "deb http://download.proxmox.com/debian/pve buster pve-no-subscription\n",
    "default/locale": "LANG=C\n",
    "hostname": "pve1\n",
    "network/interfaces": "auto lo\niface lo inet loopback\n",
    "passwd": "root:x:0:0:root:/root:/bin/bash\n",
    "pve/nodes/pve1/lxc/100.conf": nodes.GUEST,
    "pve/storage.cfg": STORAGE,
    "vzdump.conf": "tmpdir: /var/tmp\n",
}
STATUS = nodes.with_release("6.4-1")


def below_etc(tree, prefix=""):
    return {prefix + "etc/" + path: text for path, text in tree.items()}


@pytest.mark.parametrize("verb", ["check", "fix"])
def test_a_file_in_the_clone_of_a_repository_of_an_etc(verb, tmp_path):
    """A directory of that form is taken for an /etc, and so is one that a file is named in."""
    write_tree(tmp_path / "clone", ETC)
    result = Quick(verb, tmp_path / "clone/pve/storage.cfg", tmp_path / "clone/apt/sources.list.d/pve.list",
                   "--output-format", "concise")
    assert codes(result) == ["APT003", "STO001"]
    assert [line.split(":")[0] for line in result.out.splitlines()] == [
        "apt/sources.list.d/pve.list", "pve/storage.cfg"]
    changed = {path for path, data in read_tree(tmp_path / "clone").items() if data != ETC[path].encode()}
    assert changed == ({"pve/storage.cfg", "apt/sources.list.d/pve.list"} if verb == "fix" else set())
    if verb == "fix":
        assert Quick("rollback", "--root", tmp_path / "clone").status == 0
        assert read_tree(tmp_path / "clone") == nodes.as_bytes(ETC)


def test_a_file_is_judged_with_what_is_beside_it(tmp_path):
    """The host name of the clone says whose guests these are."""
    write_tree(tmp_path, dict(ETC, **nodes.with_release("7.0-1")))
    path = "pve/nodes/%s/lxc/100.conf"
    write_tree(tmp_path, {path % "pve2": nodes.GUEST, "pve/corosync.conf": "totem {\n}\n"})
    assert Quick("check", tmp_path / (path % "pve1")).status == 1
    assert Quick("check", tmp_path / (path % "pve2")).status == 0


@pytest.mark.parametrize("tree", [
    {"vzdump.conf": "maxfiles: 3\n"},
    {"vzdump.conf": "maxfiles: 3\n", "pve/readme": "x"},
    {"vzdump.conf": "maxfiles: 3\n", "apt/sources.list": "deb http://deb.debian.org/debian buster main\n"}])
def test_what_shows_no_proxmox_ve_is_no_etc(tree, tmp_path):
    write_tree(tmp_path, tree)
    result = Quick("check", tmp_path / "vzdump.conf")
    assert result.status == 2 and "not a known place of a configuration file" in result.err
    assert Quick("check", "--kind", "vzdump-conf", tmp_path / "vzdump.conf").status == 1


# -- pre-commit ----------------------------------------------------------------------------------------

TIMEOUT = 300


class Tools:
    """pre-commit in an environment of its own, and a repository to take the hooks from."""

    def __init__(self, folder):
        self.folder = folder
        config = folder / "gitconfig"
        config.write_text("[user]\n\tname = a\n\temail = a@example.com\n[safe]\n\tdirectory = *\n"
                          "[init]\n\tdefaultBranch = main\n")
        self.env = {name: value for name, value in os.environ.items()
                    if not name.startswith(("GIT_", "PYTHON", "PRE_COMMIT", "VIRTUAL_ENV"))}
        self.env.update(GIT_CONFIG_GLOBAL=str(config), GIT_CONFIG_NOSYSTEM="1",
                        PRE_COMMIT_HOME=str(folder / "cache"), PRE_COMMIT_COLOR="never",
                        PATH="%s:%s" % (folder / "venv" / "bin", os.environ["PATH"]))

    def run(self, *command, **options):
        """The exit status and the output of a command."""
        done = subprocess.run([str(word) for word in command], env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=TIMEOUT,
                              **options)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def must(self, *command, **options):
        """The output of a command that must not fail."""
        status, output = self.run(*command, **options)
        assert status == 0, output
        return output


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    if not shutil.which("git"):
        pytest.skip("needs git (apt-get install git)")
    if not (nodes.REPOSITORY / ".git").exists():
        pytest.skip("needs a git clone of the sources, which pre-commit takes the hooks from")
    tools = Tools(tmp_path_factory.mktemp("pre-commit"))
    tools.must(sys.executable, "-m", "venv", tools.folder / "venv")
    status, output = tools.run("pip", "install", "-q", "--disable-pip-version-check", "pre-commit")
    if status:
        pytest.skip("pre-commit cannot be installed with pip here: " + output.strip().split("\n")[-1])
    tools.must("git", "clone", "-q", nodes.REPOSITORY, tools.folder / "hooks")
    return tools


class Repository:
    """A git repository of configuration, with hooks."""

    def __init__(self, tools, path, tree, hooks):
        self.tools = tools
        self.path = write_tree(path, tree)
        self.git("init", "-q")
        self.commit("as it was")
        hooks = "".join("  - id: %s\n    args: [%s]\n" % hook for hook in hooks)
        write_tree(path, {".pre-commit-config.yaml": "repos:\n- repo: %s\n  rev: %s\n  hooks:\n%s" % (
            tools.folder / "hooks",
            tools.must("git", "rev-parse", "HEAD", cwd=str(tools.folder / "hooks")).strip(), hooks)})
        self.commit("hooks")
        tools.must("pre-commit", "install", cwd=str(path))

    def git(self, *command):
        return self.tools.must("git", *command, cwd=str(self.path))

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def hooks(self, *command):
        """Status and output of a run of pre-commit over all files."""
        return self.tools.run("pre-commit", "run", "--all-files", *command, cwd=str(self.path))

    def changed(self):
        return self.git("diff", "--name-only").split()


FIXED = ["apt/sources.list", "apt/sources.list.d/pve.list", "pve/nodes/pve1/lxc/100.conf",
         "pve/storage.cfg"]


def passes(output):
    return re.findall(r"^pvemigrate (check|fix)\.+(Passed|Failed|Skipped)$", output, re.MULTILINE) or (
        re.findall(r"^pvemigrate (check|fix)\.*\(no files to check\)(Skipped)$", output, re.MULTILINE))


@pytest.mark.heavy
@pytest.mark.parametrize("place", ["clone", "pve1/etc"])
def test_a_repository_of_etckeeper(place, tools, tmp_path):
    """An /etc in git: cloned to anywhere, and where it is at home, with the node around it."""
    if place == "pve1/etc":
        write_tree(tmp_path / "pve1", STATUS)
    repository = Repository(tools, tmp_path / place, ETC, [
        ("pvemigrate-check", "--phase, all"), ("pvemigrate-fix", "--phase, all")])
    prefix = "etc/" if place == "pve1/etc" else ""

    status, output = repository.hooks("pvemigrate-check")
    assert (status, passes(output)) == (1, [("check", "Failed")]), output
    for path in FIXED:
        assert "%s%s:" % (prefix, path) in output
    assert "8 files checked" not in output and "6 files checked" in output, output
    assert repository.changed() == []

    status, output = repository.hooks("pvemigrate-fix")
    assert status == 1 and "files were modified by this hook" in output
    assert repository.changed() == FIXED
    shown = repository.git("diff")
    assert "-\tmaxfiles 3\n+\tprune-backups keep-last=3\n" in shown
    assert "+deb http://security.debian.org bullseye-security main contrib\n" in shown
    if place == "clone":
        # The journal of the run is no part of the repository.
        assert (repository.path / "var/lib/pvemigrate/runs").is_dir()
    assert repository.git("status", "--porcelain").split("\n")[:-1] == [" M " + path for path in FIXED]

    repository.git("add", "-A")
    status, output = repository.hooks()
    assert (status, passes(output)) == (0, [("check", "Passed"), ("fix", "Passed")]), output
    repository.commit("fixed")


@pytest.mark.heavy
def test_a_repository_of_several_nodes(tools, tmp_path):
    tree = {"README": "x\n"}
    for name in ("pve1", "pve2"):
        tree.update(below_etc(ETC, "nodes/%s/" % name))
        tree.update({"nodes/%s/%s" % (name, path): text for path, text in STATUS.items()})
    repository = Repository(tools, tmp_path / "fleet", tree, [("pvemigrate-check", "")])

    # A commit is judged by the files that it touches, each with its own node's facts.
    write_tree(repository.path, {"nodes/pve2/etc/pve/storage.cfg": STORAGE + "# more\n"})
    repository.git("add", "-A")
    status, output = tools.run("git", "commit", "-m", "more", cwd=str(repository.path))
    assert status == 1 and passes(output) == [("check", "Failed")], output
    assert "note: paths are relative to nodes/pve2\n" in output
    assert "\netc/pve/storage.cfg:4:2: STO001 warning" in output
    assert "pve1" not in output and "APT001" not in output
    assert "1 file checked: 1 warning" in output

    # ``fix`` as the README has it, then the commit passes. Phase before alone is due on a 6.4.
    result = Quick("fix", repository.path / "nodes")
    assert result.status == 0, result.out
    assert repository.changed() == ["nodes/pve1/etc/pve/storage.cfg", "nodes/pve2/etc/pve/storage.cfg"]
    repository.git("add", "-A")
    status, output = tools.run("git", "commit", "-m", "fixed", cwd=str(repository.path))
    assert status == 0 and passes(output) == [("check", "Passed")], output

    # What is no configuration is none of the hooks' business.
    write_tree(repository.path, {"README": "y\n"})
    repository.git("add", "-A")
    status, output = tools.run("git", "commit", "-m", "readme", cwd=str(repository.path))
    assert status == 0 and passes(output) == [("check", "Skipped")], output
