"""Rules on guests and storages, where a case in golden/ cannot show what is to be seen: commands,
files that were not asked for, what no run may show."""

import json

import pytest

import pvemigrate
from nodes import run, status_file, write_tree
from pvemigrate import Project

WINDOWS = "memory: 4096\nostype: win10\n"


def findings(root, code, **options):
    return Project(root, select=[code], phases="all", **options).check()


@pytest.mark.parametrize("hostname, command", [
    ("a\n", "qm set 100 --machine pc-i440fx-5.1"),
    (None, "qm set 100 --machine pc-i440fx-5.1"),
    # qm knows the guests of its own node alone.
    ("b\n", "pvesh set /nodes/a/qemu/100/config --machine pc-i440fx-5.1"),
])
def test_the_command_that_pins_a_machine(tmp_path, hostname, command):
    tree = {"etc/pve/nodes/a/qemu-server/100.conf": WINDOWS}
    if hostname:
        tree["etc/hostname"] = hostname
    finding, = findings(write_tree(tmp_path, tree), "GST003")
    assert finding.commands == (command,)


def test_the_command_that_sets_a_retention(tmp_path):
    write_tree(tmp_path, {"etc/pve/storage.cfg": "dir: bk\n\tpath /srv\n\tcontent backup\n"})
    finding, = findings(tmp_path, "STO002")
    assert finding.commands == ("pvesm set bk --prune-backups keep-last=1",)
    finding, = findings(write_tree(tmp_path, {
        "etc/pve/storage.cfg": "dir: bk\n\tpath /srv\n\tmaxfiles 3\n"}), "STO001")
    assert finding.commands == ("pvesm set bk --prune-backups keep-last=3 --delete maxfiles",)


def test_a_storage_without_retention_needs_a_root_to_be_judged():
    """A text alone does not tell what vzdump.conf says."""
    text = "dir: bk\n\tpath /srv\n\tcontent backup\n"
    assert pvemigrate.check(text, kind="storage", select="STO002") == []


def test_one_guest_is_judged_by_the_storages_of_its_root(tmp_path):
    path = "etc/pve/nodes/a/qemu-server/100.conf"
    write_tree(tmp_path, {path: "scsi0: gone:vm-100-disk-0\n", "etc/pve/storage.cfg": ""})
    finding, = findings(tmp_path, "GST002", paths=[path])
    assert finding.path == path
    assert pvemigrate.check("scsi0: gone:vm-100-disk-0\n", kind="qemu", select="GST002") == []


def test_one_storage_cfg_is_judged_by_the_vzdump_conf_of_its_root(tmp_path):
    write_tree(tmp_path, {"etc/pve/storage.cfg": "dir: bk\n\tpath /srv\n\tcontent backup\n",
                          "etc/vzdump.conf": "prune-backups: keep-last=2\n"})
    assert findings(tmp_path, "STO002", paths=["etc/pve/storage.cfg"]) == []


def test_files_that_were_not_asked_for_are_not_reported(tmp_path):
    plugin = "usr/share/perl5/PVE/Storage/Custom/Old.pm"
    write_tree(tmp_path, {"etc/pve/storage.cfg": "dir: bk\n\tpath /srv\n", plugin: "sub api { 3 }\n",
                          "etc/pve/priv/nas.cred": "password=x\n",
                          "etc/pve/nodes/a/config": "#" + "x" * 70000 + "\n"})
    assert [f.path for f in findings(tmp_path, "STO004")] == [plugin]
    for code in ("STO004", "STO008", "GST005"):
        assert findings(tmp_path, code, paths=["etc/pve/storage.cfg"]) == []


def test_credentials_are_never_shown(tmp_path):
    write_tree(tmp_path, {"etc/pve/storage.cfg": "dir: local\n\tpath /var/lib/vz\n",
                          "etc/pve/priv/nas.cred": "password=hunter2\n"})
    for form in ("text", "concise", "json"):
        result = run("check", "--root", tmp_path, "--output-format", form, "--select", "STO008")
        assert "etc/pve/priv/nas.cred" in result.out and "hunter2" not in result.out + result.err
    document = json.loads(run("check", "--root", tmp_path, "--output-format", "json").out)
    assert "STO008" in [finding["code"] for finding in document["findings"]]


@pytest.mark.parametrize("version, codes", [("6.4-15", {"GST003", "STO002"}), ("7.4-3", set())])
def test_what_the_upgrade_has_settled_is_not_reported(tmp_path, version, codes):
    write_tree(tmp_path, {"etc/pve/storage.cfg": "dir: bk\n\tpath /srv\n\tcontent backup\n",
                          "etc/pve/nodes/a/qemu-server/100.conf": WINDOWS,
                          "var/lib/dpkg/status": status_file(proxmox_ve=version,
                                                             pve_manager=version)})
    found = Project(tmp_path, select=["GST", "STO"]).check()
    assert {finding.code for finding in found} == codes


def test_bridges_that_are_each_others_ports_have_no_mtu(tmp_path):
    names = ["vmbr%d" % number for number in range(60)]
    write_tree(tmp_path, {
        "etc/network/interfaces": "".join("iface %s inet manual\n\tbridge-ports %s eno1\n\n" % (
            name, " ".join(names)) for name in names) + "iface eno1 inet manual\n\tmtu 9000\n",
        "etc/pve/qemu-server/100.conf": "net0: virtio=02:00:00:00:00:01,bridge=vmbr0\n"})
    assert findings(tmp_path, "GST008", hop="8to9") == []


def test_one_guest_is_judged_by_the_network_of_its_root(tmp_path):
    path = "etc/pve/qemu-server/100.conf"
    write_tree(tmp_path, {
        "etc/network/interfaces": "source interfaces.d/*\n",
        "etc/network/interfaces.d/lan": "iface vmbr0 inet manual\n\tbridge-ports eno1\n\tmtu 9000\n",
        path: "net0: virtio=02:00:00:00:00:01,bridge=vmbr0\n"})
    finding, = findings(tmp_path, "GST008", hop="8to9", paths=[path])
    assert finding.path == path
