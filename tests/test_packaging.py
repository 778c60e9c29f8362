"""What is installed is complete and is what the tests run against; CI and the hooks for pre-commit
say what README and package say."""

import re
import sysconfig
from pathlib import Path

import pytest

import pvemigrate
import shapes
from pvemigrate.catalogue import load
from pvemigrate.compiler import compile_grammar
from pvemigrate.formats import KINDS, kind_of_path
from pvemigrate.rule import RuleInfo

CHECKOUT = shapes.CHECKOUT
INSTALLED = Path(sysconfig.get_paths()["purelib"]) / "pvemigrate"
NEEDS_INSTALLATION = pytest.mark.skipif(
    not INSTALLED.is_dir(), reason="the package is not installed here, only on the path: pip install .")


def read(name):
    return (CHECKOUT / name).read_text(encoding="utf-8")


# -- the installation ------------------------------------------------------------------------------------


def test_tests_are_no_package():
    """Else pytest would put the checkout on the path, and the tests would run against that."""
    assert not (CHECKOUT / "tests" / "__init__.py").exists()
    assert not (CHECKOUT / "conftest.py").exists()


@NEEDS_INSTALLATION
def test_the_installed_package_is_what_is_tested():
    assert Path(pvemigrate.__file__).resolve().parent == INSTALLED.resolve()


@NEEDS_INSTALLATION
def test_the_installed_package_has_every_file_of_the_checkout():
    expected = {path.relative_to(CHECKOUT / "pvemigrate").as_posix()
                for path in (CHECKOUT / "pvemigrate").rglob("*")
                if path.is_file() and path.suffix != ".pyc" and "_tables" not in path.parts}
    expected |= {"grammars/%s.lark" % name for name in KINDS.values()}
    expected |= {"_tables/%s.py" % name for name in ["__init__", "rules", *KINDS.values()]}
    assert {"py.typed", "schema/findings-1.json"} <= expected
    found = {path.relative_to(INSTALLED).as_posix() for path in INSTALLED.rglob("*")
             if path.is_file() and path.suffix != ".pyc"}
    assert found == expected


@NEEDS_INSTALLATION
@pytest.mark.parametrize("name", sorted(KINDS.values()))
def test_the_installed_tables_are_those_of_the_grammars(name):
    scope = {}
    exec((INSTALLED / "_tables" / (name + ".py")).read_text(encoding="utf-8"), scope)
    assert scope["TABLE"] == compile_grammar(read("grammars/%s.lark" % name))


@NEEDS_INSTALLATION
def test_the_installed_index_is_that_of_the_rules():
    scope = {}
    exec((INSTALLED / "_tables" / "rules.py").read_text(encoding="utf-8"), scope)
    modules = sorted(path.stem for path in (CHECKOUT / "pvemigrate/ruleset").glob("[!_]*.py"))
    assert [module for module, _ in scope["RULES"]] == modules
    for module, facts in scope["RULES"]:
        assert facts == RuleInfo.facts(load(module)), module


# -- CI --------------------------------------------------------------------------------------------------------


def commands_in(text):
    return [line for line in text.splitlines() if line.startswith("python3 -m venv .venv && ")]


def test_ci_runs_the_test_command_of_the_readme():
    shown = [line for line in commands_in(read("README.md")) if "pytest" in line]
    assert shown == ['python3 -m venv .venv && .venv/bin/pip install -q ".[test]" && .venv/bin/pytest']
    assert commands_in(read(".ci/run")) == shown


def test_ci_knows_the_pythons_that_the_package_is_for():
    listed = re.search(r"^for version in (.*); do$", read(".ci/run"), re.MULTILINE).group(1).split()
    assert listed == re.findall(r'"Programming Language :: Python :: (3\.\d+)"', read("pyproject.toml"))
    assert listed[0] == re.search(r'requires-python = ">=(.*)"', read("pyproject.toml")).group(1)


# -- hooks for pre-commit ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hooks():
    return {hook["id"]: hook for hook in shapes.read_yaml(CHECKOUT / ".pre-commit-hooks.yaml")}


def test_hooks(hooks):
    assert sorted(hooks) == ["pvemigrate-check", "pvemigrate-fix"]
    for name, hook in hooks.items():
        assert hook["entry"] == name.replace("-", " ")
        assert hook["language"] == "python"
        assert hook["pass_filenames"] and hook["require_serial"]
        assert hook["types"] == ["file"], "text only would leave out files with odd bytes"


LOCATIONS = [
    "apt/sources.list", "apt/sources.list.d/pve-enterprise.list", "apt/sources.list.d/debian.sources",
    "apt/sources.list.d/a.b:c_d-1.list", "apt/sources.list.d/x.list.save", "apt/sources.list.d/.x.list",
    "apt/sources.list.d/a b.list", "apt/sources.list.d/x.LIST", "apt/sources.list.bak",
    "apt/sources.list.d/sub/x.list", "network/interfaces", "network/interfaces.new",
    "network/interfaces.d/x", "network/interfaces.d/vlan.100", "network/interfaces.d/x~",
    "network/interfaces.d/.x", "network/interfaces.bak", "network/if-up.d/x", "pve/storage.cfg",
    "pve/jobs.cfg", "pve/jobs.cfg.bak", "pve/notifications.cfg", "pve/priv/notifications.cfg",
    "pve/priv/ceph/x.conf", "pve/priv/ceph/.x.conf", "pve/priv/ceph/x.keyring", "pve/priv/x.conf",
    "pve/priv/ceph/a/x.conf", "pve/ceph.conf", "pve/corosync.conf", "pve/corosync.conf.new", "ceph/ceph.conf", "corosync/corosync.conf",
    "pve/storage.cfg.bak", "pve/user.cfg", "pve/vzdump.cron", "vzdump.conf", "vzdump.conf.dpkg-dist",
    "pve/nodes/pve1/lxc/100.conf", "pve/nodes/pve1/qemu-server/100.conf", "pve/lxc/100.conf",
    "pve/qemu-server/100.conf", "pve/nodes/pve1/lxc/0100.conf", "pve/nodes/pve1/lxc/x.conf",
    "pve/nodes/pve1/lxc/100.conf.tmp", "pve/nodes/a/b/lxc/100.conf", "pve/nodes/pve1/config",
    "pve/lxc/lxc/100.conf", "passwd", "kernel/cmdline", "kernel/cmdline.d/x", "kernel/proxmox-boot-uuids",
    "default/grub", "default/grub.d/zfs.cfg", "default/grub.d/.x.cfg", "default/grub.d/x.cfg~",
    "default/grub.d/x", "default/locale", "modprobe.d/kvm.conf", "modprobe.d/a b.alias",
    "modprobe.d/.x.conf", "modprobe.d/x.conf.bak", "modprobe.d/sub/x.conf", "lvm/lvm.conf",
    "lvm/lvmlocal.conf", "lvm/lvm.conf.bak", "lvm/profile/x.profile", "lvm/lvm_tag.conf", "sysctl.conf",
    "sysctl.conf.dpkg-dist", "sysctl.d/99-local.conf", "sysctl.d/a b.conf", "sysctl.d/.x.conf",
    "sysctl.d/99-sysctl.conf", "sysctl.d/README.sysctl", "sysctl.d/x.conf.bak", "sysctl.d/sub/x.conf",
]


@pytest.mark.parametrize("place", ["", "etc/", "pve1/etc/", "nodes/a/b/etc/"])
def test_hooks_run_for_the_files_that_have_a_kind(hooks, place):
    """In a repository that is an /etc, or holds one node's etc/ or several nodes' trees. A file that
    a hook names and the command does not know would be an error of every commit."""
    for hook in hooks.values():
        for location in LOCATIONS:
            wanted = kind_of_path(location) is not None
            assert bool(re.search(hook["files"], place + location)) == wanted, location


@pytest.mark.parametrize("path", [
    "pve1/apt/sources.list", "docs/vzdump.conf", "fetch/network/interfaces", "myetc/vzdump.conf",
    "etc/x/vzdump.conf"])
def test_hooks_leave_other_files_alone(hooks, path):
    for hook in hooks.values():
        assert not re.search(hook["files"], path)


def test_the_locations_above_have_all_kinds():
    assert {kind_of_path(location) for location in LOCATIONS} - {None} == set(KINDS) - {"text"}
