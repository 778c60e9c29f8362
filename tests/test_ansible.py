"""The Ansible collection, run by the real ansible-core against hosts that are reached over ssh: three
nodes that share one etc/pve, in network namespaces of their own (fleet.py).

ansible-core comes from $PVEMIGRATE_ANSIBLE, the folder of a virtual environment that has it, or from
PATH. Python 3.7, which a Proxmox VE 6 node has, is one of the hosts' interpreters where there is one.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import fleet
import nodes
import pvemigrate
import shapes

ANSIBLE = shapes.CHECKOUT / "ansible"
EXAMPLE = shapes.CHECKOUT / "examples" / "ansible"
NAMES = ["pve1", "pve2", "pve3"]


# -- without Ansible -------------------------------------------------------------------------------------


def module_utils(name):
    """A module of the collection that needs nothing of Ansible's."""
    import importlib.util

    path = ANSIBLE / "plugins" / "module_utils" / (name + ".py")
    spec = importlib.util.spec_from_file_location(name, str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_collection_has_the_version_of_what_it_carries():
    assert shapes.read_yaml(ANSIBLE / "galaxy.yml")["version"] == pvemigrate.__version__


def test_every_module_has_its_action():
    """Without it there would be nothing on the node to run."""
    names = [sorted(path.stem for path in (ANSIBLE / "plugins" / folder).glob("*.py"))
             for folder in ("modules", "action")]
    assert names[0] == names[1] == sorted(
        shapes.read_yaml(ANSIBLE / "meta" / "runtime.yml")["action_groups"]["all"])


#: Options of the command that the modules use themselves (how findings are told and what is shown), or that
#: are of use at a terminal, for lone files and for tools of other kinds.
NO_OPTIONS = {"--help", "--kind", "--ip-link", "--output-format", "--fail-on", "--exit-zero", "--color",
              "--quiet", "--diff", "--emit-commands", "--interactive", "--config", "--inline-ignores",
              "--plugin", "--jobs"}


def test_the_modules_know_the_options_of_the_command():
    """One that is added to the command is added to the modules too, or put above."""
    offered = set(re.findall(r"^ +(?:-\w, )?(--[a-z0-9-]+)", nodes.run("fix", "--help").out, re.MULTILINE))
    text = "".join(path.read_text() for path in (ANSIBLE / "plugins").rglob("*.py"))
    assert offered - NO_OPTIONS == set(re.findall(r'"(--[a-z0-9-]+)"', text)) & offered - NO_OPTIONS


@pytest.mark.parametrize("before, after", [
    (b"", b"a\n"), (b"a\n", b""), (b"a", b"b"), (b"a\n", b"a"), (b"a\nb\nc\n", b"a\nX\nc\n"),
    (b"a\r\nb\n", b"a\r\nc\n"), (b"\xff\n-- x\n++ y\n", b"\xff\n-- z\n++ y\n"),
    (b"".join(b"%d\n" % n for n in range(50)), b"".join(b"%d\n" % (n if n % 20 else 0) for n in range(50))),
    (b"@@ -1 +1 @@\n--- a\n+++ b\n", b"@@ -1 +1 @@\n+++ b\n"),
])
@pytest.mark.parametrize("path", ["etc/x", "etc/a b", "etc/\udcff\"\\\n"])
def test_a_diff_tells_what_a_file_will_be(before, after, path):
    """Check mode has nothing but the diff to say what a file will be."""
    from pvemigrate.diff import unified_diff

    patch = module_utils("patch")
    old, new = (data.decode("utf-8", "surrogateescape") for data in (before, after))
    text = unified_diff(old, new, path) + unified_diff("x\n", "y\n", "second")
    files = patch.parse(text.encode("utf-8", "surrogateescape"))
    assert [name for name, _ in files] == [path, "second"]
    assert patch.patched(before, files[0][1]) == after


def test_a_diff_tells_which_files_are_removed():
    from pvemigrate.diff import unified_diff

    patch = module_utils("patch")
    text = unified_diff("a\nb", None, "etc/gone") + unified_diff(None, "a\n", "etc/made")
    (gone, hunks), (made, _) = patch.parse(text.encode())
    assert (gone, made) == ("etc/gone", "etc/made")
    assert patch.patched(b"a\nb", hunks) is None


def test_a_diff_of_another_file_is_not_applied():
    patch = module_utils("patch")
    (_, hunks), = patch.parse(b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")
    with pytest.raises(ValueError):
        patch.patched(b"c\n", hunks)


# -- three nodes -----------------------------------------------------------------------------------------

SHARED = {
    "storage.cfg": "dir: local\n\tpath /var/lib/vz\n\tcontent iso,backup\n\tmaxfiles 3\n",
    "user.cfg": "user:root@pam:1:0::::::\n\nrole:Keeper:Pool.Allocate,VM.Audit:\n",
    "nodes/pve1/lxc/101.conf": "arch: amd64\nostype: debian\nhostname: one\n"
                               "lxc.cgroup.devices.allow: c 10:200 rwm\n",
    "nodes/pve2/lxc/102.conf": "arch: amd64\nostype: debian\nhostname: two\nlxc.cgroup.pids.max: 100\n",
    "nodes/pve3/qemu-server/103.conf": "memory: 512\nname: three\nostype: l26\n",
}
COROSYNC = """totem {
  cluster_name: test
  config_version: 3
  interface {
    linknumber: 0
  }
  ip_version: ipv4-6
  secauth: on
  version: 2
}
quorum {
  provider: corosync_votequorum
}
nodelist {
%s}
"""
COROSYNC_NODE = """  node {
    name: %s
    nodeid: %d
    quorum_votes: 1
    ring0_addr: 192.0.2.%d
  }
"""


def shared_files():
    """etc/pve of the cluster."""
    return dict(SHARED, **{"corosync.conf": COROSYNC % "".join(
        COROSYNC_NODE % (name, number, 10 + number) for number, name in enumerate(NAMES, 1))})


def own_files(number, name):
    """The files of a node but for etc/pve."""
    return dict({
        "etc/hostname": name + "\n",
        "etc/hosts": "127.0.0.1 localhost\n192.0.2.%d %s.example.com %s\n" % (10 + number, name, name),
        "etc/apt/sources.list": "deb http://deb.debian.org/debian buster main contrib\n"
                                "deb http://security.debian.org buster/updates main contrib\n",
        "etc/apt/sources.list.d/pve.list":
            "deb http://download.proxmox.com/debian/pve buster pve-no-subscription\n",
        "etc/network/interfaces":
            "auto lo\niface lo inet loopback\n\niface eno1 inet manual\n\nauto vmbr0\n"
            "iface vmbr0 inet static\n\taddress 192.0.2.%d/24\n\tgateway 192.0.2.1\n"
            "\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n" % (10 + number),
    }, **release("6.4-1"))


def release(version):
    """The database of packages of a node."""
    return nodes.with_release(version)


def pythons():
    """A Python for each host: the one that runs the tests, and 3.7 where there is one."""
    versions = Path(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")) / "versions"
    for python in ["python3.7"] + [str(path) for path in versions.glob("3.7.*/bin/python3.7")]:
        try:
            found = subprocess.run([python, "-c", "import sys; print(sys.executable)"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        except OSError:
            continue
        if found.returncode == 0:
            return {"pve1": sys.executable, "pve2": found.stdout.decode().strip(), "pve3": sys.executable}
    return dict.fromkeys(NAMES, sys.executable)


def ansible(name):
    """A program of ansible-core's; skips where there is none."""
    folder = os.environ.get("PVEMIGRATE_ANSIBLE")
    found = shutil.which(name, path=folder and os.path.join(folder, "bin"))
    if found is None:
        pytest.skip("no %s: install ansible-core (2.17 for hosts with Python 3.7) in a virtual environment "
                    "and name its folder in PVEMIGRATE_ANSIBLE" % name)
    return found


class Package:
    """The package that is tested, as what makes pvemigrate.pyz takes a wheel."""

    name, version, home, licence_name = "pvemigrate", pvemigrate.__version__, "", "Expat"
    licence = (shapes.CHECKOUT / "LICENSE").read_text()

    def __init__(self, folder):
        top = Path(nodes.installed_copy(folder))
        self.files = {path.relative_to(str(top)).as_posix(): path.read_bytes()
                      for path in top.rglob("*") if path.is_file()}


def make_pyz(folder, monkeypatch):
    """One file with all that a run needs on Python 3.7, as a release has it."""
    source = shapes.CHECKOUT / "distribution"
    monkeypatch.syspath_prepend(str(source))
    from pyz import write
    from vendored import Wheel

    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "download", "--no-deps",
           "--only-binary", ":all:", "-d", str(folder), "-r", str(source / "vendored.txt")]
    done = subprocess.run(pip, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    if done.returncode:
        pytest.skip("click and asn1crypto for Python 3.7 cannot be had (distribution/vendored.txt): %s"
                    % done.stdout.decode("utf-8", "replace").strip()[-200:])
    wheels = [Package(folder)] + [Wheel(path) for path in sorted(folder.glob("*.whl"))]
    write(str(folder / "pvemigrate.pyz"), wheels, 1600000000)
    return folder / "pvemigrate.pyz"


class Cluster:
    """The fleet, the collection installed for its controller, and how playbooks are run on it."""

    def __init__(self, hosts, folder, play):
        self.hosts = hosts
        self.folder = folder
        self._play = play
        (folder / "ansible.cfg").write_text("")
        self.environment = dict(
            os.environ, ANSIBLE_HOME=str(folder / "home"), ANSIBLE_LOCAL_TEMP=str(folder / "local"),
            ANSIBLE_COLLECTIONS_PATH=str(folder / "collections"), ANSIBLE_STDOUT_CALLBACK="events",
            ANSIBLE_CALLBACK_PLUGINS=str(Path(__file__).parent / "data" / "ansible"),
            ANSIBLE_NOCOLOR="1", ANSIBLE_PIPELINING="1", ANSIBLE_CONFIG=str(folder / "ansible.cfg"),
            ANSIBLE_DEPRECATION_WARNINGS="0")

    def play(self, playbook, *arguments, **expect):
        """Run a playbook (a path, or plays as data); an :class:`Outcome`."""
        if not isinstance(playbook, Path):
            data, playbook = playbook, self.folder / "play.yml"
            playbook.write_text(json.dumps(data))
        done = self.hosts.run([self._play, "-i", str(self.folder / "inventory.json"), str(playbook)]
                              + [str(argument) for argument in arguments],
                              env=self.environment, cwd=str(self.folder), timeout=400)
        outcome = Outcome(done)
        assert (outcome.status == 0) == expect.get("well", True), outcome.text
        return outcome

    def task(self, name, *arguments, **options):
        """Run one module on all hosts, or on those of ``_hosts``; host -> its result."""
        play = {"hosts": options.pop("_hosts", "pve"), "gather_facts": False, "tasks": [
            dict({"pvemigrate.pve." + name: dict({
                "root": "{{ pve_root }}", "install_path": "{{ pve_install_path }}"}, **options)},
                **{"run_once": True} if "--once" in arguments else {})]}
        outcome = self.play([play], *[a for a in arguments if a not in ("--once", "--fails")],
                            well="--fails" not in arguments)
        return outcome.results[-1]

    def tree(self):
        """Every file of every node: path -> bytes."""
        found = {"shared/" + path: data for path, data in nodes.read_tree(self.hosts.shared).items()}
        for name in NAMES:
            found.update(("%s/%s" % (name, path), data)
                         for path, data in nodes.read_tree(self.hosts.root(name)).items())
        return found

    def read(self, name, path):
        """A file of a node."""
        if path.startswith("etc/pve/"):
            return (self.hosts.shared / path[len("etc/pve/"):]).read_text()
        return (self.hosts.root(name) / path).read_text()

    def upgrade(self, *names):
        """What apt does, as far as the files tell."""
        for name in names:
            nodes.write_tree(self.hosts.root(name), release("7.0-2"))


class Outcome:
    """What a playbook did: ``status``, ``stats`` (host -> counts), ``results`` (of each task: host ->
    result), ``names`` (of the tasks) and ``text`` (all that was printed)."""

    def __init__(self, done):
        self.status = done.returncode
        out = done.stdout.decode("utf-8")
        start = out.find('{"tasks"')
        assert start >= 0, out + done.stderr.decode("utf-8", "replace")
        document = json.loads(out[start:])
        self.stats = document["stats"]
        self.results = [task["hosts"] for task in document["tasks"]]
        self.names = [task["name"] for task in document["tasks"]]
        self.text = done.stderr.decode("utf-8", "replace") + "".join(
            "%s: %s: %s\n" % (name, host, {key: value for key, value in result.items() if key in (
                "msg", "module_stdout", "module_stderr", "command", "exception")})
            for name, hosts in zip(self.names, self.results) for host, result in hosts.items()
            if result.get("failed") or result.get("unreachable"))

    def of(self, name):
        """The results of the task called *name*: host -> result, where it was not skipped."""
        return {host: result for task, hosts in zip(self.names, self.results) if task == name
                for host, result in hosts.items() if not result.get("skipped")}

    def changed(self):
        """The hosts on which something was changed, and by which tasks."""
        found = {}
        for name, hosts in zip(self.names, self.results):
            for host, result in hosts.items():
                if result.get("changed"):
                    found.setdefault(host, []).append((name, result.get("changed_files")))
        return found


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    """A folder that the collection, built as for a release, is installed in."""
    galaxy = ansible("ansible-galaxy")
    folder = tmp_path_factory.mktemp("collection")
    source = folder / "source"
    shutil.copytree(str(ANSIBLE), str(source), ignore=shutil.ignore_patterns("__pycache__", "*.pyz"))
    (source / "plugins" / "files").mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as monkeypatch:
        shutil.copy(str(make_pyz(folder, monkeypatch)), str(source / "plugins" / "files"))
    environment = dict(os.environ, ANSIBLE_HOME=str(folder / "home"))
    for command in (["build", str(source), "--output-path", str(folder)],
                    ["install", str(folder / ("pvemigrate-pve-%s.tar.gz" % pvemigrate.__version__)),
                     "-p", str(folder / "collections")]):
        done = subprocess.run([galaxy, "collection"] + command, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120)
        assert done.returncode == 0, done.stdout.decode()
    return folder


@pytest.fixture(scope="module")
def hosts(collection, tmp_path_factory):
    problem = fleet.missing()
    if problem:
        pytest.skip(problem)
    with fleet.Fleet(tmp_path_factory.mktemp("fleet"), NAMES) as made:
        yield made


@pytest.fixture
def cluster(hosts, collection):
    """The three nodes as they are before anything was done to them."""
    for name in NAMES:
        for path in ("etc/apt", "etc/network", "var"):
            shutil.rmtree(str(hosts.root(name) / path), ignore_errors=True)
    for path in hosts.shared.iterdir():
        shutil.rmtree(str(path)) if path.is_dir() else path.unlink()
    nodes.write_tree(hosts.shared, shared_files())
    for number, name in enumerate(NAMES, 1):
        nodes.write_tree(hosts.root(name), own_files(number, name))
        for path in ("opt", "cache"):
            shutil.rmtree(str(hosts.folder / name / path), ignore_errors=True)
    (collection / "inventory.json").write_text(json.dumps(hosts.inventory(pythons())))
    return Cluster(hosts, collection, ansible("ansible-playbook"))


FIXED_STORAGE = SHARED["storage.cfg"].replace("maxfiles 3", "prune-backups keep-last=3")


def texts(change):
    """The lines that a change of Ansible's takes away, and those that it adds."""
    before, after = (change[name].splitlines() for name in ("before", "after"))
    return [line for line in before if line not in after], [line for line in after if line not in before]


@pytest.mark.heavy
def test_check_mode_shows_what_would_be_changed_and_leaves_nothing_behind(cluster):
    before = cluster.tree()
    results = cluster.task("fix", "--check", "--diff", phases=["before", "switch"], scope="node")
    for name, result in results.items():
        assert result["changed"] and result["run"] is None
        assert result["changed_files"] == ["etc/apt/sources.list", "etc/apt/sources.list.d/pve.list"]
        first = result["diff"][0]
        assert first["before_header"] == first["after_header"] == "etc/apt/sources.list"
        assert first["before"] == cluster.read(name, "etc/apt/sources.list")
        assert texts(first)[1] == ["deb http://deb.debian.org/debian bullseye main contrib",
                                   "deb http://security.debian.org bullseye-security main contrib"]
        assert result["phases"] == ["before", "switch"] and result["hop"] == "6to7"
    assert cluster.tree() == before
    for name in NAMES:
        assert not (cluster.hosts.root(name) / "var/lib/pvemigrate").exists()
        assert not (cluster.hosts.folder / name / "opt").exists()
        assert not (cluster.hosts.folder / name / "cache").exists()
        assert not list((cluster.hosts.folder / name / "tmp").iterdir())


@pytest.mark.heavy
def test_fix_rollback_and_twice_of_each(cluster):
    """All of it on a node with the system's Python and on one with 3.7."""
    two = {"_hosts": "pve1,pve2"}
    before = cluster.tree()
    options = dict(two, phases=["before", "switch"], scope="node", macs={"vmbr0": "02:00:00:00:00:07"})
    done = cluster.task("fix", "--diff", **options)
    pyz = cluster.hosts.folder / "pve1" / "opt" / "pvemigrate" / "pvemigrate.pyz"
    assert pyz.stat().st_mode & 0o777 == 0o755
    for name, result in done.items():
        assert result["changed"]
        assert result["changed_files"] == [
            "etc/apt/sources.list", "etc/apt/sources.list.d/pve.list", "etc/network/interfaces"]
        assert texts(result["diff"][2]) == ([], ["\thwaddress 02:00:00:00:00:07"])
        assert [change["after"] for change in result["diff"]] == [
            cluster.read(name, path) for path in result["changed_files"]]
        assert result["summary"]["fixed"] == 4
        assert {finding["code"] for finding in result["findings"]} == {"LXC001"}, result
        listed = subprocess.run([sys.executable, str(pyz), "rollback", "--list", "--root",
                                 str(cluster.hosts.root(name))], stdout=subprocess.PIPE).stdout.decode()
        assert result["run"] and listed.startswith(result["run"] + "  3 files  done")
    assert not {path for path in cluster.tree() if path.startswith("shared/")
                and cluster.tree()[path] != before[path]}, "these are for scope: cluster"

    installed = pyz.stat()
    for name, result in cluster.task("fix", "--diff", **options).items():
        assert not result["changed"] and result["run"] is None and result["changed_files"] == []
        assert result["diff"] == []
    assert pyz.stat().st_mtime_ns == installed.st_mtime_ns, "copied although it was there"

    runs = {name: result["run"] for name, result in done.items()}
    play = [{"hosts": "pve1,pve2", "gather_facts": False, "vars": {"runs": runs}, "tasks": [
        {"pvemigrate.pve.rollback": {
            "root": "{{ pve_root }}", "install_path": "{{ pve_install_path }}",
            "run": "{{ runs[inventory_hostname] }}"}}]}]
    for arguments, changed in ((("--check", "--diff"), True), (("--diff",), True), (("--diff",), False)):
        back = cluster.play(play, *arguments).results[0]
        for name, result in back.items():
            assert result["changed"] == changed
            if changed:
                assert result["changed_files"] == done[name]["changed_files"]
                assert [(change["after"], change["before"]) for change in result["diff"]] == [
                    (change["before"], change["after"]) for change in done[name]["diff"]]
    assert cluster.tree() == before


@pytest.mark.heavy
def test_what_fails(cluster):
    """A module fails, with all that it returns, where something could not be done or was not to be left."""
    copy = cluster.hosts.root("pve2") / "copy"
    os.link(str(cluster.hosts.root("pve2") / "etc/apt/sources.list"), str(copy))
    nodes.write_tree(cluster.hosts.root("pve3"), release("6.2-1"))
    try:
        results = cluster.task("fix", "--fails", phases=["switch"], scope="node", fail_on="info")
    finally:
        copy.unlink()
    assert not results["pve1"].get("failed") and results["pve1"]["changed"]
    assert results["pve2"]["failed"] and "sources.list: has other hard links" in results["pve2"]["msg"]
    assert results["pve2"]["changed"]
    assert results["pve2"]["changed_files"] == ["etc/apt/sources.list.d/pve.list"]
    assert {finding["code"] for finding in results["pve2"]["findings"] if finding["phase"] == "switch"} == {
        "APT001", "APT002"}
    assert results["pve3"]["failed"] and results["pve3"]["msg"] == "phase switch is not done: SYS001 is open"
    assert not results["pve3"]["changed"] and results["pve3"]["run"] is None

    results = cluster.task("check", "--fails", phases=["before"], scope="node", fail_on="warning")
    assert {result["msg"] for name, result in results.items() if name != "pve3"} == {"left to do: warning 1"}
    results = cluster.task("check", "--fails", select=["NOSUCH"])
    assert all("NOSUCH" in result["msg"] for result in results.values())


@pytest.mark.heavy
def test_somebody_elses_file_is_not_run(cluster):
    """What lies at install_path is run as root."""
    pyz = cluster.hosts.folder / "pve1" / "opt" / "pvemigrate" / "pvemigrate.pyz"
    pyz.parent.mkdir(parents=True)
    pyz.write_text("raise SystemExit('not ours')")
    one = {"_hosts": "pve1"}
    cluster.task("check", **one)
    assert "not ours" in pyz.read_text(), "check puts nothing there"
    pyz.parent.chmod(0o777)
    result = cluster.task("fix", "--fails", phases=["before"], scope="node", **one)["pve1"]
    assert result["msg"].endswith("opt/pvemigrate can be changed by others than root")
    pyz.parent.chmod(0o755)
    assert not cluster.task("fix", phases=["before"], scope="node", **one)["pve1"]["changed"]
    assert pyz.read_bytes() == (cluster.folder / "pvemigrate.pyz").read_bytes()


@pytest.mark.heavy
def test_files_of_the_cluster_are_fixed_by_one_node(cluster):
    """scope: node, on all nodes at once, leaves them to the task with scope: cluster and run_once."""
    refused = cluster.task("fix", "--fails", phases=["after-node"], scope="node", _hosts="pve2")
    assert "guests of all nodes" in refused["pve2"]["msg"]
    cluster.upgrade(*NAMES)
    apart = cluster.task("fix", scope="node")
    assert apart["pve1"]["phases"] == ["before", "switch", "after-node"]
    for name, guest in (("pve1", "etc/pve/nodes/pve1/lxc/101.conf"),
                        ("pve2", "etc/pve/nodes/pve2/lxc/102.conf")):
        assert guest in apart[name]["changed_files"]
        assert "cgroup2" in cluster.read(name, guest)
    assert cluster.read("pve1", "etc/pve/storage.cfg") == SHARED["storage.cfg"]
    assert cluster.read("pve1", "etc/pve/user.cfg") == SHARED["user.cfg"]
    assert not {"STO001", "USR001"}.intersection(
        finding["code"] for result in apart.values() for finding in result["findings"])
    once = cluster.task("fix", "--once", phases=["all"], scope="cluster")
    assert list(once) == ["pve1"]
    assert once["pve1"]["changed_files"] == ["etc/pve/storage.cfg", "etc/pve/user.cfg"]
    assert cluster.read("pve3", "etc/pve/storage.cfg") == FIXED_STORAGE
    again = cluster.task("fix", phases=["all"], scope="cluster")
    assert len(again) == 3 and not any(result["changed"] for result in again.values())
    for name in ("storage.cfg", "user.cfg", "corosync.conf"):
        (cluster.hosts.shared / name).unlink()
    assert not any(result["changed"] for result in cluster.task("fix", scope="cluster").values())


# -- the playbook ----------------------------------------------------------------------------------------

UPGRADE = [{"name": "As apt would", "ansible.builtin.copy": {
    "dest": "{{ pve_root }}/var/lib/dpkg/status", "content": release("7.0-2")["var/lib/dpkg/status"]}}]


@pytest.mark.heavy
def test_the_playbook_takes_a_cluster_through_and_goes_on_where_it_ended(cluster):
    book = EXAMPLE / "upgrade.yml"
    (cluster.folder / "upgrade-test.yml").write_text(json.dumps(UPGRADE))
    more = ["-e", json.dumps({"pve_upgrade": str(cluster.folder / "upgrade-test.yml"),
                              "pve_checklist_command": "echo PASS"})]
    before = cluster.tree()

    shown = cluster.play(book, "--tags", "before", "--check", "--diff", *more)
    assert cluster.tree() == before
    assert set(shown.changed()) == set(NAMES)

    # A node fails in the middle: it ends there, the next one is not begun.
    link = cluster.hosts.root("pve2") / "copy"
    os.link(str(cluster.hosts.root("pve2") / "etc/apt/sources.list"), str(link))
    ended = cluster.play(book, *more, well=False)
    # The addresses of the bridges are those that the facts have.
    for name in NAMES:
        assert "\thwaddress %s\n" % cluster.hosts.mac(name) in cluster.read(name, "etc/network/interfaces")
    assert cluster.read("pve2", "etc/pve/storage.cfg") == FIXED_STORAGE
    assert "other hard links" in ended.text and ended.stats["pve2"]["failures"] == 1
    guest = "nodes/pve1/lxc/101.conf"
    assert cluster.read("pve1", "etc/pve/" + guest) == SHARED[guest].replace("cgroup", "cgroup2")
    assert "7.0-2" not in cluster.read("pve2", "var/lib/dpkg/status")
    assert cluster.read("pve3", "etc/apt/sources.list") == before["pve3/etc/apt/sources.list"].decode()

    # Then one cannot be reached; what needs all nodes waits.
    link.unlink()
    cluster.hosts.stop("pve3")
    ended = cluster.play(book, *more, well=False)
    assert ended.stats["pve3"]["unreachable"]
    assert list(ended.changed()) == ["pve2"], ended.changed()
    assert "not known to run the new release: pve3" in ended.text
    assert "cgroup2.pids.max" in cluster.read("pve2", "etc/pve/nodes/pve2/lxc/102.conf")
    assert cluster.read("pve1", "etc/pve/user.cfg") == SHARED["user.cfg"]

    cluster.hosts.start("pve3")
    done = cluster.play(book, *more)
    assert cluster.read("pve1", "etc/pve/user.cfg") == SHARED["user.cfg"].replace(
        "VM.Audit", "VM.Audit,Pool.Audit")
    assert "pve2" not in done.changed()
    assert cluster.play(book, *more).changed() == {}


@pytest.mark.heavy
def test_the_playbook_upgrades_nothing_by_itself(cluster):
    """Nobody is there to answer: it ends with the first node prepared, and says so."""
    book = EXAMPLE / "upgrade.yml"
    checklist = ["-e", json.dumps({"pve_checklist_command": "echo FAIL: no quorum"})]
    ended = cluster.play(book, "--tags", "node", *checklist, well=False)
    assert set(ended.of("Ask Proxmox VE's own checklist")) == {"pve1"}
    assert "buster" in cluster.read("pve1", "etc/apt/sources.list")
    checklist = ["-e", json.dumps({"pve_checklist_command": "echo PASS"})]
    ended = cluster.play(book, "--tags", "node", *checklist, well=False)
    assert ended.of("See whether it runs the new release")["pve1"]["failed"]
    assert "bullseye" in cluster.read("pve1", "etc/apt/sources.list")
    assert "bullseye" not in cluster.read("pve2", "etc/apt/sources.list")
