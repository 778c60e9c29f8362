"""What the rules on virtual machines share: the properties that PVE knows, and which lines count."""

import re

from ..formats import guest
from ..lazy import lazy
from ..storage_types import is_storage_id

__all__ = ["all_kept", "is_known", "is_special", "is_vm_volume", "value_problem", "vm_key", "vm_values"]

# Facts of PVE::QemuServer, check_type and parse_vm_config, in qemu-server 6.4; what 7.x knows
# besides counts as known too. Enumerations, bounds and patterns of the documented schema are not
# looked at when a file is read; formats are.


def _numbered(**counts):
    return [name + str(number) for name, count in counts.items() for number in range(count)]


_BOOLEANS = frozenset("""
    onboot autostart reboot numa keephugepages acpi kvm tdf localtime freeze template tablet
    protection ciupgrade
    """.split())
_INTEGERS = frozenset("""
    cpuunits memory balloon shares smp sockets cores vcpus migrate_speed snaptime
    """.split())
_NUMBERS = frozenset(["cpulimit", "migrate_downtime"])
_DRIVES = frozenset(_numbered(ide=4, sata=6, scsi=31, virtio=16, efidisk=1, tpmstate=1))
_UNUSED = frozenset(_numbered(unused=256))
#: Properties whose values are not judged here, or of which any is taken.
_OTHERS = frozenset("""
    hotplug lock keyboard name scsihw description ostype boot bootdisk hugepages agent vga watchdog
    startdate startup args cdrom cpu parent vmstate vmstatestorage runningmachine runningcpu machine
    arch smbios1 bios vmgenid hookscript ivshmem audio0 spice_enhancements tags rng0 meta affinity
    citype ciuser cipassword cicustom searchdomain nameserver sshkeys snapstate delete
    """.split() + _numbered(net=32, ipconfig=32, numa=8, serial=4, parallel=3, hostpci=16, usb=14))
_KNOWN = _BOOLEANS | _INTEGERS | _NUMBERS | _DRIVES | _UNUSED | _OTHERS

_FLAG = lazy("0|1|on|off|yes|no|true|false", re.IGNORECASE | re.ASCII)
_INTEGER = lazy("[0-9]+")
_NUMBER = lazy("[0-9]+(?:\\.[0-9]+)?")
_VOLUME_ID = lazy("[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]:.+")
_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_DNS_NAME = lazy("(?:%s\\.)*%s" % (_LABEL, _LABEL))

_BASE = """
    file volume media cyls heads secs trans snapshot cache format size backup replicate rerror
    werror aio discard detect_zeroes serial shared
    bps bps_rd bps_wr mbps mbps_rd mbps_wr iops iops_rd iops_wr
    mbps_max mbps_rd_max mbps_wr_max iops_max iops_rd_max iops_wr_max
    bps_max_length bps_rd_max_length bps_wr_max_length
    iops_max_length iops_rd_max_length iops_wr_max_length
    bps_rd_length bps_wr_length iops_rd_length iops_wr_length
    """
#: Interface -> what a drive's value may say.
_DRIVE_KEYS = {name: frozenset(keys.split()) for name, keys in {
    "ide": _BASE + "model ssd wwn",
    "sata": _BASE + "ssd wwn",
    "scsi": _BASE + "iothread queues ro scsiblock ssd wwn product vendor",
    "virtio": _BASE + "iothread ro",
    "efidisk": "file volume format size efitype pre-enrolled-keys",
    "tpmstate": "file volume size version",
    "unused": "file volume",
}.items()}


def is_known(key):
    """Whether PVE knows a virtual machine's property of this name."""
    return key in _KNOWN


def value_problem(key, value):
    """Why PVE drops the line ``key: value`` of a virtual machine (str, to follow a colon), None
    where it keeps it."""
    if key not in _KNOWN:
        return "it knows no property of that name"
    if key in ("description", "args", "snapstate", "delete"):
        return None
    if "\r" in value:
        return "its value holds a carriage return"
    if key in _BOOLEANS:
        return None if _FLAG.fullmatch(value) else "its value must be 0 or 1"
    if key in _INTEGERS:
        return None if _INTEGER.fullmatch(value) else "its value must be a number without a sign"
    if key in _NUMBERS:
        return None if _NUMBER.fullmatch(value) else "its value must be a number"
    if key in _DRIVES or key in _UNUSED or key == "cdrom":
        return _drive_problem("ide2" if key == "cdrom" else key, value)
    if key == "name":
        return None if _DNS_NAME.fullmatch(value) else (
            "a name has letters, digits, - and . only, as a host's name")
    if key == "bootdisk":
        return None if value in _DRIVES else "there is no such drive"
    if key in ("vmstate", "hookscript"):
        return None if _VOLUME_ID.fullmatch(value) else "its value must be a volume"
    if key == "vmstatestorage":
        return None if is_storage_id(value) else "its value must be a storage"
    return None


_LINE = lazy(b"\n([a-z][a-z_]*[0-9]*):[ \t\r\f\v]*([^\n]*)")
#: Lines that have been looked at -> whether PVE keeps them; most stand in many files.
_kept = {}


def all_kept(data):
    """Whether PVE keeps each line of *data* (bytes) that begins as a property does, at a quick look."""
    for line in _LINE.findall(b"\n" + data):
        is_kept = _kept.get(line)
        if is_kept is None:
            if len(_kept) > 10000:
                _kept.clear()
            key, value = line[0].decode("ascii"), line[1].decode("utf-8", "surrogateescape")
            is_kept = _kept[line] = value_problem(key, value.rstrip(" \t\r\f\v")) is None
        if not is_kept:
            return False
    return True


def _drive_problem(key, value):
    """Why a drive's value is refused (PVE::JSONSchema, parse_property_string), None where not."""
    interface = key.rstrip("0123456789")
    seen = {}
    for part in value.split(","):
        if not part.strip(" \t\r\f\v"):
            continue
        name, equals, rest = part.partition("=")
        if not equals:
            name, rest = "file", part
        if name not in _DRIVE_KEYS[interface]:
            return "%s drives have no option %s" % (interface, name)
        if not rest:
            return "the option %s has no value" % name
        name = "file" if name == "volume" else name
        if name in seen:
            return "the option %s is there twice" % name
        seen[name] = rest
    if "file" not in seen:
        return "it names no volume"
    volume = seen["file"]
    if _VOLUME_ID.fullmatch(volume) or interface != "unused" and (
            volume in ("none", "cdrom") or volume.startswith("/")):
        return None
    return "%s is no volume" % volume


def is_special(section):
    """Whether a section is none of the guest's own settings but a note of what cloud-init has been
    given (PVE 7.2 and later)."""
    return isinstance(section, guest.Section) and ":" in section.name


def vm_key(key):
    """The name under which PVE keeps a property."""
    return "ide2" if key == "cdrom" else key


def vm_values(section):
    """The properties of a virtual machine's section that count, the last valid line of each:
    key -> line."""
    values = {}
    if not is_special(section):
        for line in section.body:
            if isinstance(line, guest.Property):
                key = str(line.key)
                if value_problem(key, str(line.value)) is None:
                    values[vm_key(key)] = line
    return values


def is_vm_volume(key, section):
    """Whether a virtual machine's property names a volume; that of the memory does so in snapshots
    alone: a suspended machine starts from whatever storage."""
    if key == "vmstate":
        return isinstance(section, guest.Section) and not section.is_pending
    return key in _DRIVES or key in _UNUSED
