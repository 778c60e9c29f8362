"""What PVE knows of storage types: their properties, the values those take, their content.

Facts of PVE::Storage::Plugin and PVE/Storage/*Plugin.pm in Proxmox VE 6.4 to 9: a property is called
unknown only where no release that is asked for has it. Pure tables and checks; nothing here reads
files or trees.
"""

import re

from .lazy import lazy

__all__ = ["CONTENT", "CONTENT_DIRECTORIES", "PROPERTIES", "RELEASES", "TYPES", "StorageType",
           "check_prune_backups", "check_value", "content_directories", "is_storage_id", "known_type",
           "plain_number", "split_list"]

# Perl's \s on bytes; never Unicode's blanks.
_WS = " \t\r\f\v"
_INTEGER = lazy("[+-]?[0-9]+")
_LIST_SEPARATOR = lazy("[,; \t\r\f\v]+")

#: The releases that the tables know.
RELEASES = (6, 7, 8, 9)


class StorageType:
    """One type of storage, as some of the releases know it.

    ``content``: content types it may hold; ``default_content``: what it holds where nothing is
    said; ``allows_none``: whether ``content none`` is legal. ``keys``: properties it knows;
    ``required``: those without which PVE skips the section. ``formats``: image formats that its
    ``format`` property takes (empty: not known here). ``releases``: Proxmox VE releases that have
    it. ``known_content``: every content type that those releases know, of whatever storage.

    In the texts of the table a word may say which releases have it: ``maxfiles@6-8``, ``import@8-9``.
    """

    __slots__ = ("name", "content", "default_content", "allows_none", "keys", "required", "formats",
                 "releases", "known_content", "_texts")

    def __init__(self, name, content, default_content, required, keys, allows_none=False,
                 formats="", releases=RELEASES, among=RELEASES):
        self.name = name
        self.content = _words(content, among)
        self.default_content = frozenset(default_content.split())
        self.allows_none = allows_none
        self.required = tuple(required.split())
        self.keys = _words(keys, among) | _EVERYWHERE | frozenset(self.required)
        self.formats = frozenset(formats.split())
        self.releases = releases
        self.known_content = _words(_CONTENT, among)
        self._texts = (name, content, default_content, required, keys, allows_none, formats)

    def among(self, releases):
        """The same type with what one of *releases* has, and nothing else."""
        return StorageType(*self._texts, releases=self.releases, among=releases)

    @property
    def holds_backups(self):
        """Whether the type knows prune-backups."""
        return "prune-backups" in self.keys


def _words(text, among):
    found = set()
    for word in text.split():
        word, at, bounds = word.partition("@")
        if not at or any(int(bounds[0]) <= release <= int(bounds[-1]) for release in among):
            found.add(word)
    return frozenset(found)


#: Every type has these.
_EVERYWHERE = frozenset(["nodes", "disable", "content", "bwlimit"])
#: Types that hold backups have these (the last one is 7.x's).
_BACKUP = " maxfiles@6-8 prune-backups max-protected-backups"
#: Types that hold files have these (all but mkdir and format came with 7.x).
_FILES = _BACKUP + " format mkdir content-dirs create-base-path create-subdirs preallocation"
#: Those that can have snapshots in files, or logical volumes, of their own.
_CHAIN = " snapshot-as-volume-chain@9-9"
#: What development versions of 9 know besides: better taken for known than for a mistake.
_LATER = " copy-offload@9-9 copy-offload-timeout@9-9"

#: Every kind of content there is.
_CONTENT = "images rootdir vztmpl iso backup snippets import@8-9 none"
CONTENT = _words(_CONTENT, RELEASES)

#: Kind of content -> where a storage of files has it below its path, where content-dirs says nothing.
CONTENT_DIRECTORIES = {
    "images": "images",
    "rootdir": "private",
    "iso": "template/iso",
    "vztmpl": "template/cache",
    "backup": "dump",
    "snippets": "snippets",
    "import": "import",
}

# Of nfs, cifs, glusterfs and cephfs the path is not required: PVE takes /mnt/pve/<id> where it is
# missing (check_config of these plugins).
TYPES = {storage.name: storage for storage in (
    StorageType("dir", "images rootdir vztmpl iso backup snippets import@8-9", "images rootdir",
                required="path", keys="shared is_mountpoint" + _FILES + _CHAIN + _LATER,
                allows_none=True, formats="raw qcow2 vmdk subvol"),
    StorageType("nfs", "images rootdir vztmpl iso backup snippets import@8-9", "images",
                required="server export", keys="path options" + _FILES + _CHAIN + _LATER,
                formats="raw qcow2 vmdk"),
    StorageType("cifs", "images rootdir vztmpl iso backup snippets import@8-9", "images",
                required="server share",
                keys="path username password domain smbversion subdir options" + _FILES + _CHAIN
                     + _LATER,
                formats="raw qcow2 vmdk"),
    StorageType("glusterfs", "images vztmpl iso backup snippets import@8-8", "images",
                required="volume", keys="path server server2 transport" + _FILES,
                formats="raw qcow2 vmdk", releases=(6, 7, 8)),
    StorageType("cephfs", "vztmpl iso backup snippets import@8-9", "backup", required="",
                keys="path monhost subdir options username keyring fuse fs-name" + _FILES),
    StorageType("lvm", "images rootdir", "images", required="vgname",
                keys="shared saferemove saferemove_throughput base tagged_only"
                     " saferemove-stepsize@9-9 on-volume-remove@9-9" + _CHAIN + _LATER),
    StorageType("lvmthin", "images rootdir", "images rootdir", required="thinpool vgname",
                keys=_LATER),
    StorageType("zfspool", "images rootdir", "images rootdir", required="pool",
                keys="blocksize sparse mountpoint" + _LATER),
    StorageType("rbd", "images rootdir", "images", required="",
                keys="monhost pool username krbd namespace data-pool keyring" + _LATER),
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
    StorageType("btrfs", "images rootdir vztmpl iso backup snippets import@8-9", "images rootdir",
                required="path", keys="shared is_mountpoint nocow" + _FILES, allows_none=True,
                formats="raw subvol", releases=(7, 8, 9)),
    StorageType("esxi", "import", "import", required="server username",
                keys="shared password port skip-cert-verification", releases=(8, 9)),
)}

#: Property -> what its value must be (a function of value and type, giving None or what is wrong).
#: Properties that are not listed take any text, or text that is not judged here.
PROPERTIES = {}


def known_type(name, release=None):
    """The :class:`StorageType` called *name* (as written: PVE lower-cases it), None where PVE has
    none. *release*: as that release knows it (None: not known, all are asked); a tuple: as one or the
    other of them does."""
    storage = TYPES.get(_lower(name))
    if storage is None or release is None:
        return storage
    if not isinstance(release, tuple):
        release = (min(max(release, RELEASES[0]), RELEASES[-1]),)
    if not set(release) & set(storage.releases):
        return None
    key = storage.name, release
    if key not in _among:
        _among[key] = storage.among(release)
    return _among[key]


_among = {}


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
        if item not in storage.known_content:
            return "there is no content type %s, and one such word voids the whole list" % item
    return None


def _nodes(value, storage):
    for item in split_list(value):
        if not re.fullmatch("[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?", item):
            return "%s is no node name, and one such word voids the whole list" % item
    return None


def _content_dirs(value, storage):
    for item in split_list(value):
        content, equals, path = item.partition("=")
        if (not equals or content not in storage.known_content or not path or ".." in path
                or path.endswith(".") or len(path) >= 1023
                or any(len(part) >= 255 for part in path.split("/"))):
            shown = item if len(item) <= 60 else item[:57] + "..."
            return "%s is no content type and its directory, and one such word voids the whole list" % shown
    return None


def content_directories(storage, value):
    """Kind of content -> path below the storage's own (dict), with *value* (str or None) of its
    content-dirs; *storage*: its :class:`StorageType`."""
    found = {content: path for content, path in CONTENT_DIRECTORIES.items()
             if content in storage.content}
    for item in split_list(value or ""):
        content, _, path = item.partition("=")
        if content in storage.content:
            found[content] = path
    return found


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
             "nowritecache", "nocow", "create-base-path", "create-subdirs",
             "snapshot-as-volume-chain", "skip-cert-verification"):
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
    "content-dirs": _content_dirs,
    "nodes": _nodes,
    "format": _format,
    "preallocation": _one_of("off", "metadata", "falloc", "full"),
    "transport": _one_of("tcp", "rdma", "unix"),
    "prune-backups": lambda value, storage: check_prune_backups(value),
})
