"""Trees of virtual machine configurations, as far as they differ from those of containers."""

import pytest

import pvemigrate
from test_lxc import shape


def kinds_of(text):
    (_, names), = shape(text, kind="qemu")
    return names


@pytest.mark.parametrize("header", ["[PENDING]", "[pending]", "[Pending] \r"])
def test_the_pending_changes(header):
    live, section = pvemigrate.parse("memory: 1\n%s\nmemory: 2\n" % header, kind="qemu").body
    assert section.is_pending and section.label == "pending changes"


def test_a_snapshot():
    section, = pvemigrate.parse("[Snap-1_a]\nvmstate: x\n", kind="qemu").body
    assert not section.is_pending and section.label == "snapshot Snap-1_a"


def test_the_header_for_containers_is_none_here():
    assert kinds_of("memory: 1\n[pve:pending]\nmemory: 2\n") == ["Property", "BrokenHeader",
    "Property"]


def test_the_cloudinit_section_of_later_releases_is_a_section():
    assert shape("[special:cloudinit]\nname: x\n[SPECIAL:CloudInit]\n", kind="qemu") == [
        ("special:cloudinit", ["Property"]), ("SPECIAL:CloudInit", [])]
    assert shape("[special:fleecing]\nfleecing-images: local:x\n[special:other]\n", kind="qemu") == [
        ("special:fleecing", ["Property", "BrokenHeader"])]


@pytest.mark.parametrize("header", ["[a]", "[1x]", " [x2]", "[my snap]", "[k\u212a]", "[a\u017f]"])
def test_a_header_that_is_none_leaves_its_keys_to_the_section_above(header):
    assert shape("[ab]\nmemory: 1\n%s\nmemory: 2\n" % header, kind="qemu") == [
        ("ab", ["Property", "BrokenHeader", "Property"])]


@pytest.mark.parametrize("text", ["lxc.a: v", "lxc.a = v", "lxc.cgroup.devices.allow: a", "swap:",
                                  "swap : 1", "-units: 1", " memory: 1", " # x", "memory = 1"])
def test_lines_that_pve_tosses(text):
    assert kinds_of(text) == ["Malformed"]


@pytest.mark.parametrize("text", [
    "args: -device x,y=z", "cdrom: local:iso/x.iso,media=cdrom", "smp: 2", "memory: x",
    "scsi0: local:100/vm-100-disk-0.qcow2,size=8G", "description: args: snapstate: delete",
    "snapstate: delete", "delete: net0", "vmgenid: 1:2", "amd-sev: type=std"])
def test_properties(text):
    assert kinds_of(text) == ["Property"]


@pytest.mark.parametrize("text", ["args: x snapstate: delete", "x snapstate: prepare \r",
                                  "lxc.a: snapstate: delete", " snapstate: delete"])
def test_snapstate_behind_other_text_even_behind_args(text):
    # The reader looks for the state before it looks for args.
    assert kinds_of(text) == ["BuriedState"]


def test_a_lone_number_sign_is_an_empty_line_of_the_description():
    assert kinds_of("#a\n#\n#b\n") == ["Description"] * 3
    assert shape("[PENDING]\n#\n", kind="qemu") == [("PENDING", ["Description"])]


def test_carriage_returns():
    tree = pvemigrate.parse(b"#x\r\nmemory: 1\r\n[PENDING]\r\n", kind="qemu")
    assert tree.body[0].body[0].text == "x\r"
    assert tree.body[0].body[1].value == "1"
    assert tree.body[1].is_pending
