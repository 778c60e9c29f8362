"""What a run imports: that is most of what users wait for. Counted by names of modules, never by a
clock, on an installed copy of the package (a checkout asks the rules themselves what they need)."""

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

import nodes
from pvemigrate.commands import COMMANDS

PREFIX = "pvemigrate.ruleset."
#: Each of these costs more than checking a file does.
DEAR = {"lark", "difflib", "json", "dataclasses", "logging", "subprocess", "shutil", "tempfile", "socket",
        "selectors", "ipaddress", "traceback", "base64", "hashlib", "asn1crypto", "multiprocessing",
        "concurrent", "asyncio", "pickle", "glob", "random", "shlex", "pvemigrate.compiler",
        "pvemigrate.verify", "pvemigrate.write", "pvemigrate.journal", "pvemigrate.output.json",
        "pvemigrate.output.html"}

#: A machine and a container in which nothing is to be found.
QEMU = ("#web shop\nboot: order=scsi0\ncores: 2\nmemory: 2048\nname: shop\n"
        "net0: virtio=02:00:00:00:01:01,bridge=vmbr0\nnuma: 0\nostype: l26\n"
        "scsi0: local-lvm:vm-101-disk-0,size=32G\nscsihw: virtio-scsi-pci\nsockets: 1\n")
LXC = ("#mail relay\narch: amd64\ncores: 2\nhostname: mx1\nmemory: 512\n"
       "net0: name=eth0,bridge=vmbr0,ip=dhcp,type=veth\nostype: debian\n"
       "rootfs: local-lvm:vm-100-disk-0,size=8G\nswap: 512\n")
INTERFACES = ("auto lo\niface lo inet loopback\n\niface eno1 inet manual\n\nauto vmbr0\n"
              "iface vmbr0 inet static\n\taddress 192.0.2.31/24\n\thwaddress 00:00:5e:00:53:31\n"
              "\tbridge-ports eno1\n")

RUN = """
import sys
import click    # what it brings along is its own affair, and differs from version to version
before = set(sys.modules)
from pvemigrate.cli import main
sys.argv = ["pvemigrate"] + sys.argv[1:]
try:
    main()
except SystemExit as end:
    status = end.code
print("%d %s" % (status, " ".join(set(sys.modules) - before)), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def imports(tmp_path_factory):
    """Call it with a tree and the command's arguments: the names of the modules that it imported."""
    package = nodes.installed_copy(tmp_path_factory.mktemp("package"))

    def run(tree, *arguments, status=None):
        root = tmp_path_factory.mktemp("root")
        nodes.write_tree(root, tree)
        done = subprocess.run(
            [sys.executable, "-c", RUN, *arguments], cwd=str(root), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True,
            env=nodes.environment(PYTHONPATH=package))
        said = done.stderr.strip().split("\n")[-1].split(" ")
        assert said[0] in ("0", "1") if status is None else said[0] == str(status), (
            done.stdout + done.stderr)
        return set(said[1:])

    return run


def families(modules):
    """The families (in lower case) of the rules among *modules*."""
    names = [name[len(PREFIX):] for name in modules if name.startswith(PREFIX)]
    return {name[:3] for name in names if not name.startswith("_")}


def dear(modules):
    return sorted(name for name in modules if name in DEAR or name.split(".")[0] in DEAR)


@pytest.mark.parametrize("path, text, expected", [
    ("etc/pve/nodes/a/qemu-server/101.conf", QEMU, {"gst"}),
    ("etc/pve/nodes/a/lxc/100.conf", LXC, {"gst", "lxc"}),
    ("etc/network/interfaces", INTERFACES, {"net"}),
    ("etc/pve/storage.cfg", nodes.STORAGE_CLEAN, {"sto"}),
    ("etc/pve/user.cfg", "user:root@pam:1:0:::a@example.com::\n", {"usr"}),
    ("etc/pve/corosync.conf", "totem {\n  secauth: on\n}\nnodelist {\n  node {\n    name: a\n    nodeid: 1\n"
                              "    ring0_addr: 192.0.2.1\n  }\n}\n", {"cor"}),
    ("etc/vzdump.conf", "tmpdir: /var/tmp\nprune-backups: keep-last=3\n", {"bak"}),
    ("etc/default/grub", 'GRUB_DEFAULT=0\nGRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`\n'
                         'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX=""\n', set()),
    ("etc/modprobe.d/pve-blacklist.conf", "blacklist nvidiafb\n", set()),
], ids=lambda value: value if isinstance(value, str) and value.startswith("etc/") else "")
def test_one_file_imports_rules_of_its_own_family_alone(imports, path, text, expected):
    modules = imports(dict(nodes.NO_RELEASE, **{path: text}), "check", "--root", ".", path)
    assert families(modules) <= expected
    assert dear(modules) == []


@pytest.mark.parametrize("path, text, absent", [
    ("etc/pve/nodes/a/lxc/100.conf", LXC, ["lxc001_cgroup1_key", "lxc002_cgroup1_limit", "_cgroup"]),
    ("etc/network/interfaces", INTERFACES.replace("\thwaddress 00:00:5e:00:53:31\n", ""),
     ["net002_invalid_hwaddress", "net006_ovs_needs_auto", "_kernel_cmdline", "_searched_files"]),
    ("etc/pve/storage.cfg", nodes.STORAGE_CLEAN, ["sto001_maxfiles", "_storage_plugins"]),
    ("etc/pve/user.cfg", "role:a:VM.Audit:\n", [
        "usr001_pool_audit_missing", "usr002_pool_audit_too_early", "usr003_reserved_role_name",
        "usr004_vm_allocate_without_pool_audit"]),
    ("etc/pve/vzdump.cron", 'PATH="/usr/sbin:/usr/bin:/sbin:/bin"\n\n0 2 * * * root vzdump 100 --quiet 1'
                            " --storage local --prune-backups 'keep-last=3'\n",
     ["bak001_maxfiles_in_vzdump_conf", "bak002_maxfiles_in_job", "bak004_removed_option"]),
    ("etc/apt/sources.list", "deb http://deb.debian.org/debian bookworm main\n", [
        "apt001_old_debian_suite", "apt002_old_security_suite", "apt003_old_proxmox_suite",
        "apt004_old_ceph_suite", "apt005_ceph_too_old", "apt007_backports", "apt019_missing_key",
        "apt012_enterprise_without_subscription", "apt013_co_installed_backup_server",
        "apt020_switched_too_early", "apt021_archived_release"]),
    ("etc/default/grub", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX=""\n',
     ["_kernel_cmdline", "sys005_obsolete_tdp_mmu_workaround", "sys006_legacy_boot_on_zfs",
      "sys014_partial_cgroup1"]),
], ids=lambda value: value if isinstance(value, str) and value.startswith("etc/") else "")
def test_rules_that_have_nothing_to_look_for_are_not_imported(imports, path, text, absent):
    modules = imports(dict(nodes.NO_RELEASE, **{path: text}), "check", "--root", ".", path)
    assert any(name.startswith("pvemigrate.") for name in modules)
    assert [name for name in absent if PREFIX + name in modules] == []


def test_a_file_that_no_rule_looks_for_anything_in_is_not_parsed(imports):
    """Its grammar's table is not read, and its format's module not imported."""
    modules = imports(dict(nodes.NO_RELEASE, **{"etc/modprobe.d/a.conf": "blacklist nvidiafb\n"}),
                      "check", "--root", ".", "etc/modprobe.d/a.conf")
    assert not {"pvemigrate._tables.modprobe", "pvemigrate.formats.modprobe"} & modules


def test_a_whole_node_in_order_imports_nothing_dear(imports):
    tree = dict(nodes.NO_RELEASE, **{
        "etc/pve/nodes/a/qemu-server/101.conf": QEMU, "etc/pve/nodes/a/lxc/100.conf": LXC,
        "etc/network/interfaces": INTERFACES, "etc/hostname": "a\n", "etc/hosts": "192.0.2.31 a\n",
        "etc/pve/storage.cfg": nodes.STORAGE_CLEAN + "\nlvmthin: local-lvm\n\tthinpool data\n\tvgname pve\n"
                               "\tcontent images,rootdir\n"})
    modules = imports(tree, "check", "--root", ".", status=0)
    assert {"gst", "lxc", "net", "sto", "sys"} <= families(modules)
    assert families(modules) <= {"gst", "lxc", "net", "sto", "sys", "apt"}
    assert dear(modules) == []
    assert not {PREFIX + "_kernel_cmdline", PREFIX + "_cgroup", PREFIX + "_vzdump"} & modules


def test_fixes_and_their_diff_take_no_difflib_for_files_as_small_as_these(imports):
    modules = imports(nodes.WARNING, "fix", "--diff", "--root", ".", status=1)
    assert "pvemigrate.diff" in modules
    assert not {"json", "subprocess", "socket", "pvemigrate.write", "lark"} & modules


MAIN = """
import sys
from pvemigrate.__main__ import main
sys.argv = ["pvemigrate"] + sys.argv[1:]
sys.setprofile(lambda *arguments: None)    # so that it leaves the end of the process to us
try:
    main()
except SystemExit as end:
    status = end.code
sys.setprofile(None)
is_there = "cleandoc" in vars(sys.modules["inspect"])
import inspect
assert inspect.cleandoc("  x") == "x" and inspect.isfunction(main) and type(inspect) is type(sys)
print("%s %s" % (status, is_there), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments, said", [(["check", "--root", "."], "0 False"),
                                             (["check", "--help"], "0 True")])
def test_what_click_hardly_needs_is_imported_when_it_is_needed(arguments, said, tmp_path):
    nodes.write_tree(tmp_path / "root", {"etc/pve/nodes/pve1/lxc/100.conf": LXC})
    done = subprocess.run([sys.executable, "-c", MAIN, *arguments], cwd=str(tmp_path / "root"),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
                          env=nodes.environment(PYTHONPATH=nodes.installed_copy(tmp_path)))
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip().split("\n")[-1] == said


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_as_click_would_have_it(name):
    """Options' texts are not cleaned of indentation by click: they need to have none."""
    for option in import_module("pvemigrate.commands." + name).command.params:
        help = getattr(option, "help", None)
        assert help is None or help == inspect.cleandoc(help)
