"""What the rules on virtual machines share: the properties that PVE knows, and which lines count."""

import re

from ..formats import guest
from ..lazy import lazy
from ..storage_types import is_storage_id

__all__ = ["DASHES", "WINDOWS", "all_kept", "is_known", "is_special", "is_vm_volume", "special_since",
           "value_problem", "vm_key", "vm_values"]

# Facts of PVE::QemuServer, check_type and parse_vm_config, in qemu-server 6.4 to 9.x: none of them is
# gone in a later release. What an upgrade brings counts as known before it. Enumerations, bounds and
# patterns of the documented schema are not looked at when a file is read; formats are.

#: What ostype is with Windows (PVE::QemuServer::Helpers, windows_version).
WINDOWS = frozenset("wxp w2k w2k3 w2k8 wvista win7 win8 win10 win11".split())
#: The first release whose properties may have a - in their names.
DASHES = 8


def _numbered(**counts):
    return [name + str(number) for name, count in counts.items() for number in range(count)]


_BOOLEANS = frozenset("""
    onboot autostart reboot numa keephugepages acpi kvm tdf localtime freeze template tablet
    protection ciupgrade allow-ksm
    """.split())
_INTEGERS = frozenset("""
    cpuunits balloon shares smp sockets cores vcpus migrate_speed snaptime
    """.split())
_NUMBERS = frozenset(["cpulimit", "migrate_downtime"])
_DRIVES = frozenset(_numbered(ide=4, sata=6, scsi=31, virtio=16, efidisk=1, tpmstate=1))
_UNUSED = frozenset(_numbered(unused=256))
#: Properties whose values are not judged here, or of which any is taken.
_OTHERS = frozenset("""
    hotplug lock keyboard name scsihw description ostype boot bootdisk hugepages agent vga watchdog
    startdate startup args cdrom cpu parent vmstate vmstatestorage runningmachine runningcpu machine
    arch smbios1 bios vmgenid hookscript ivshmem audio0 spice_enhancements tags rng0 meta affinity
    citype ciuser cipassword cicustom searchdomain nameserver sshkeys snapstate delete memory amd_sev
    amd-sev intel-tdx running-nets-host-mtu
    """.split() + _numbered(net=32, ipconfig=32, numa=8, serial=4, parallel=3, hostpci=16, usb=14,
                            virtiofs=10))
_KNOWN = _BOOLEANS | _INTEGERS | _NUMBERS | _DRIVES | _UNUSED | _OTHERS
#: What came after 7.x -> the release that it came with.
_SINCE = {
    **dict.fromkeys(["ciupgrade", "amd_sev", "amd-sev"] + _numbered(virtiofs=10), 8),
    **dict.fromkeys(["allow-ksm", "intel-tdx", "running-nets-host-mtu"], 9),
}
#: The same of options of drives: (interface, option).
_OPTION_SINCE = {("scsi", "product"): 8, ("scsi", "vendor"): 8, ("efidisk", "ms-cert"): 9,
                 ("tpmstate", "format"): 9}
#: The same of sections that are no snapshots: what stands behind ``special:``.
_SPECIAL_SINCE = {"cloudinit": 7, "fleecing": 8}

_FLAG = lazy("0|1|on|off|yes|no|true|false", re.IGNORECASE | re.ASCII)
_INTEGER = lazy("[0-9]+")
#: From 8.x on the memory is a property string.
_MEMORY = lazy(",*(?:current=)?[0-9]+,*")
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
    "efidisk": "file volume format size efitype pre-enrolled-keys ms-cert",
    "tpmstate": "file volume size version format",
    "unused": "file volume",
}.items()}


def is_known(key, release=None):
    """Whether PVE of *release* (int, None: the newest) knows a virtual machine's property of this
    name."""
    return key in _KNOWN and (release is None or _SINCE.get(key, 0) <= release)


def value_problem(key, value, release=None):
    """Why PVE of *release* (int, None: the newest) drops the line ``key: value`` of a virtual machine
    (str, to follow a colon), None where it keeps it."""
    if not is_known(key, release):
        return "it knows no property of that name"
    if key in ("description", "args", "snapstate", "delete"):
        return None
    if "\r" in value:
        return "its value holds a carriage return"
    if key in _BOOLEANS:
        return None if _FLAG.fullmatch(value) else "its value must be 0 or 1"
    if key in _INTEGERS or key == "memory" and (release or 8) < 8:
        return None if _INTEGER.fullmatch(value) else "its value must be a number without a sign"
    if key == "memory":
        return None if _MEMORY.fullmatch(value) else "its value must be a number without a sign"
    if key in _NUMBERS:
        return None if _NUMBER.fullmatch(value) else "its value must be a number"
    if key in _DRIVES or key in _UNUSED or key == "cdrom":
        return _drive_problem("ide2" if key == "cdrom" else key, value, release)
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
#: Release -> lines that have been looked at -> whether PVE keeps them; most stand in many files.
_kept = {}


def all_kept(data, release=None):
    """Whether PVE of *release* keeps each line of *data* (bytes) that begins as a property does, at a
    quick look."""
    known = _kept.setdefault(release, {})
    for line in _LINE.findall(b"\n" + data):
        is_kept = known.get(line)
        if is_kept is None:
            if len(known) > 10000:
                known.clear()
            key, value = line[0].decode("ascii"), line[1].decode("utf-8", "surrogateescape")
            problem = value_problem(key, value.rstrip(" \t\r\f\v"), release)
            is_kept = known[line] = problem is None
        if not is_kept:
            return False
    return True


def _drive_problem(key, value, release):
    """Why a drive's value is refused (PVE::JSONSchema, parse_property_string), None where not."""
    interface = key.rstrip("0123456789")
    seen = {}
    for part in value.split(","):
        if not part.strip(" \t\r\f\v"):
            continue
        name, equals, rest = part.partition("=")
        if not equals:
            name, rest = "file", part
        since = _OPTION_SINCE.get((interface, name), 0)
        if name not in _DRIVE_KEYS[interface] or since > (release or since):
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
    """Whether a section is none of the guest's own settings but a note of PVE's own: of what cloud-init
    has been given, of a backup's images."""
    return isinstance(section, guest.Section) and ":" in section.name


def special_since(section):
    """The release (int) that a special section came with."""
    return _SPECIAL_SINCE[section.name.lower().partition(":")[2]]


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
