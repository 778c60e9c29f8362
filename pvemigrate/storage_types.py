"""What PVE knows of storage types: their properties, the values those take, their content.

Facts of PVE::Storage::Plugin and PVE/Storage/*Plugin.pm in Proxmox VE 6.4, and of 7.x where that
accepts more: a property is called unknown only where neither release has it. Pure tables and
checks; nothing here reads files or trees.
"""

import re

from .lazy import lazy

__all__ = ["CONTENT", "PROPERTIES", "TYPES", "StorageType", "check_prune_backups", "check_value",
           "is_storage_id", "known_type", "plain_number", "split_list"]

# Perl's \s on bytes; never Unicode's blanks.
_WS = " \t\r\f\v"
_INTEGER = lazy("[+-]?[0-9]+")
_LIST_SEPARATOR = lazy("[,; \t\r\f\v]+")


class StorageType:
    """One type of storage.

    ``content``: content types it may hold; ``default_content``: what it holds where nothing is
    said; ``allows_none``: whether ``content none`` is legal. ``keys``: properties it knows;
    ``required``: those without which PVE skips the section. ``formats``: image formats that its
    ``format`` property takes (empty: not known here). ``releases``: Proxmox VE releases that have
    it.
    """

    __slots__ = ("name", "content", "default_content", "allows_none", "keys", "required", "formats",
                 "releases")

    def __init__(self, name, content, default_content, required, keys, allows_none=False,
                 formats="", releases=(6, 7)):
        self.name = name
        self.content = frozenset(content.split())
        self.default_content = frozenset(default_content.split())
        self.allows_none = allows_none
        self.required = tuple(required.split())
        self.keys = frozenset(keys.split()) | _EVERYWHERE | frozenset(self.required)
        self.formats = frozenset(formats.split())
        self.releases = releases

    @property
    def holds_backups(self):
        """Whether the type knows maxfiles and prune-backups."""
        return "prune-backups" in self.keys


#: Every type has these.
_EVERYWHERE = frozenset(["nodes", "disable", "content", "bwlimit"])
#: Types that hold backups have these (the last one is 7.x's).
_BACKUP = " maxfiles prune-backups max-protected-backups"
#: Types that hold files have these (all but mkdir and format are 7.x's).
_FILES = _BACKUP + " format mkdir content-dirs create-base-path create-subdirs preallocation"

#: Every kind of content there is.
CONTENT = frozenset(["images", "rootdir", "vztmpl", "iso", "backup", "snippets", "none"])

# Of nfs, cifs, glusterfs and cephfs the path is not required: PVE takes /mnt/pve/<id> where it is
# missing (check_config of these plugins).
TYPES = {storage.name: storage for storage in (
    StorageType("dir", "images rootdir vztmpl iso backup snippets", "images rootdir",
                required="path", keys="shared is_mountpoint" + _FILES, allows_none=True,
                formats="raw qcow2 vmdk subvol"),
    StorageType("nfs", "images rootdir vztmpl iso backup snippets", "images",
                required="server export", keys="path options" + _FILES, formats="raw qcow2 vmdk"),
    StorageType("cifs", "images rootdir vztmpl iso backup snippets", "images",
                required="server share",
                keys="path username password domain smbversion subdir options" + _FILES,
                formats="raw qcow2 vmdk"),
    StorageType("glusterfs", "images vztmpl iso backup snippets", "images", required="volume",
                keys="path server server2 transport" + _FILES, formats="raw qcow2 vmdk"),
    StorageType("cephfs", "vztmpl iso backup snippets", "backup", required="",
                keys="path monhost subdir options username keyring fuse fs-name" + _FILES),
    StorageType("lvm", "images rootdir", "images", required="vgname",
                keys="shared saferemove saferemove_throughput base tagged_only"),
    StorageType("lvmthin", "images rootdir", "images rootdir", required="thinpool vgname", keys=""),
    StorageType("zfspool", "images rootdir", "images rootdir", required="pool",
                keys="blocksize sparse mountpoint"),
    StorageType("rbd", "images rootdir", "images", required="",
                keys="monhost pool username krbd namespace data-pool keyring"),
    StorageType("iscsi", "images", "images", required="portal target", keys="", allows_none=True),
    StorageType("iscsidirect", "images", "images", required="portal target", keys="",
                allows_none=True),
    StorageType("zfs", "images", "images",
                required="portal target pool blocksize iscsiprovider",
                keys="nowritecache sparse comstar_hg comstar_tg lio_tpg zfs-base-path"),
    StorageType("pbs", "backup", "backup", required="server datastore",
                keys="port username password encryption-key master-pubkey fingerprint namespace"
                     + _BACKUP, allows_none=True),
    # LINBIT's plugin has this name too, with properties of its own.
    StorageType("drbd", "images rootdir", "images", required="", keys="redundancy", releases=(6,)),
    StorageType("btrfs", "images rootdir vztmpl iso backup snippets", "images rootdir",
                required="path", keys="shared is_mountpoint nocow" + _FILES, allows_none=True,
                formats="raw subvol", releases=(7,)),
)}

#: Property -> what its value must be (a function of value and type, giving None or what is wrong).
#: Properties that are not listed take any text, or text that is not judged here.
PROPERTIES = {}


def known_type(name, release=None):
    """The :class:`StorageType` called *name* (as written: PVE lower-cases it), None where PVE of
    *release* has none (None: release not known, types of both are taken)."""
    storage = TYPES.get(_lower(name))
    if storage is None or release is not None and min(max(release, 6), 7) not in storage.releases:
        return None
    return storage


def _lower(text):
    # Perl's lc on bytes changes A to Z alone.
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def is_storage_id(text):
    """Whether PVE takes *text* as a storage's id (PVE::JSONSchema, pve-storage-id)."""
    return re.fullmatch("[a-zA-Z][a-zA-Z0-9_.-]*[a-zA-Z0-9]", text) is not None


def split_list(text):
    """The items of a list as PVE::Tools::split_list gives them (list of str)."""
    if "\0" in text:
        items = text.split("\0")
        while items and not items[-1]:
            items.pop()
        return items
    return [item for item in _LIST_SEPARATOR.split(text) if item]


def plain_number(text, minimum=0):
    """The digits of an integer as PVE accepts it (``03`` and ``+3`` are ``3``), None for what is no
    integer or below *minimum*."""
    if not _INTEGER.fullmatch(text):
        return None
    digits = text.lstrip("+-").lstrip("0") or "0"
    value = _size(digits)
    return None if (-value if text[0] == "-" else value) < minimum else digits


def _size(digits):
    # Python refuses to convert thousands of digits; nothing here needs more than their size.
    return int(digits) if len(digits) < 19 else 10 ** 18


# -- values ----------------------------------------------------------------------------------------


def check_value(storage, key, value):
    """What is wrong with a property's value (str, to follow ``key value:``), None where PVE takes
    it or where it is not judged. *storage*: its :class:`StorageType`. *value*: None for a bare
    key."""
    check = PROPERTIES.get(key)
    if value is None:
        return None if check is _boolean else "it needs a value"
    if "\r" in value:
        return "its value holds a carriage return"
    return check(value, storage) if check else None


def _boolean(value, storage):
    return None if value in ("0", "1") else "its value must be 0 or 1, or left out for 1"


def _integer(minimum, maximum=None):
    text = "an integer from %d%s" % (minimum, "" if maximum is None else " to %d" % maximum)

    def check(value, storage):
        digits = plain_number(value, minimum)
        if digits is None or maximum is not None and _size(digits) > maximum:
            return "its value must be " + text
        return None

    return check


def _one_of(*values):
    def check(value, storage):
        return None if value in values else "its value must be one of " + ", ".join(values)

    return check


def _path(value, storage):
    return None if re.match("/[^;()]", value) else "its value must be an absolute path"


def _mount_options(value, storage):
    return "its value must not hold blanks" if any(c in _WS for c in value) else None


def _content(value, storage):
    for item in split_list(value):
        if item not in CONTENT:
            return "there is no content type %s, and one such word voids the whole list" % item
    return None


def _nodes(value, storage):
    for item in split_list(value):
        if not re.fullmatch("[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?", item):
            return "%s is no node name, and one such word voids the whole list" % item
    return None


def _format(value, storage):
    if storage.formats and value not in storage.formats:
        return "its value must be one of " + ", ".join(sorted(storage.formats))
    return None


def check_prune_backups(text):
    """What is wrong with a prune-backups property string, None where PVE takes it.

    PVE::JSONSchema::parse_property_string and PVE::Storage::Plugin::validate_prune_backups: parts
    between commas, empty ones skipped; blanks around a comma or an equals sign belong to key and
    value, and make them wrong.
    """
    seen = {}
    for part in text.split(","):
        if not part.strip(_WS):
            continue
        key, equals, value = part.partition("=")
        if not equals:
            return "%s has no value" % part.strip(_WS)
        if not key or not value:
            return "%s needs a key and a value" % part.strip(_WS)
        if key in seen:
            return "%s is there twice" % key
        if key != key.strip(_WS) and key.strip(_WS) in _KEEP:
            return "there must be no blank at %s" % key.strip(_WS)
        if key not in _KEEP:
            return "it knows no key %s, only keep-last and the like" % key.strip(_WS)
        if key == "keep-all":
            number = {"1": 1, "on": 1, "yes": 1, "true": 1,
                      "0": 0, "off": 0, "no": 0, "false": 0}.get(_lower(value))
            if number is None:
                return "the value of keep-all must be 0 or 1"
        else:
            digits = plain_number(value)
            if digits is None:
                return "the value of %s must be an integer from 0, without blanks" % key
            number = digits != "0"
        seen[key] = number
    if seen.pop("keep-all", 0) and any(seen.values()):
        return "keep-all does not go with other values"
    return None


_KEEP = frozenset("keep-" + name for name in
                  ("all", "last", "hourly", "daily", "weekly", "monthly", "yearly"))

for _key in ("disable", "shared", "mkdir", "saferemove", "tagged_only", "sparse", "krbd", "fuse",
             "nowritecache", "nocow", "create-base-path", "create-subdirs"):
    PROPERTIES[_key] = _boolean
PROPERTIES.update({
    "maxfiles": _integer(0),
    "max-protected-backups": _integer(-1),
    "redundancy": _integer(1, 16),
    "port": _integer(1, 65535),
    "path": _path,
    "export": _path,
    "subdir": _path,
    "mountpoint": _path,
    "options": _mount_options,
    "content": _content,
    "nodes": _nodes,
    "format": _format,
    "transport": _one_of("tcp", "rdma", "unix"),
    "prune-backups": lambda value, storage: check_prune_backups(value),
})
