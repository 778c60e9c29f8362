"""What the rules on container configurations share."""

from ..formats.lxc import Live
from ..lazy import lazy
from ._guest import (below_broken_header, container_values, guest_id, is_own_guest, parts,
                     sections_that_count, volume_token)
from ._storage import storages_of

__all__ = ["LEGACY_HIERARCHY", "below_broken_header", "has_cgroup1", "is_own_guest", "keeps_legacy",
           "legacy_parameter", "legacy_parameters", "live_options", "may_have_files", "parts",
           "report_cgroup", "root_folders", "sections_that_count"]


def live_options(tree):
    """The options of the running container that count: dict of key -> line."""
    return next((container_values(section) for section in tree.body if isinstance(section, Live)),
                {})


# -- the node --------------------------------------------------------------------------------------

#: With this parameter of the kernel set to no, systemd keeps the hierarchies of cgroup v1.
LEGACY_HIERARCHY = "systemd.unified_cgroup_hierarchy"
#: The first Proxmox VE that runs with cgroup v2 alone where nothing else is configured.
UNIFIED = 7
#: What systemd takes for no (parse_boolean).
_NO = frozenset(["0", "no", "n", "false", "f", "off"])


def legacy_parameters(scope):
    """The parameters (list) with which cgroup v1 is configured to stay: of each way to boot the
    last of this name counts."""
    return scope.once(_legacy_parameters, scope)


def _legacy_parameters(scope):
    # Most containers have no key that it takes to know this for.
    from ._kernel_cmdline import parameters

    last = {parameter.file.kind: parameter for parameter in parameters(scope)
            if parameter.name == LEGACY_HIERARCHY}
    return [parameter for parameter in last.values()
            if (parameter.value or "").lower() in _NO]


def legacy_parameter(rule):
    """What keeps cgroup v1 on the node of the guest under check as it is now (a parameter), or
    None."""
    hop, found = rule.hop, legacy_parameters(rule.project)
    if not found or not is_own_guest(rule):
        return None
    is_upgraded = (rule.facts.release or hop.release) >= hop.new_release
    return None if is_upgraded and not hop.has_legacy_cgroup else found[0]


def has_cgroup1(rule):
    """Whether the node of the guest under check, as far as it is known here, runs with cgroup v1 now."""
    return (legacy_parameter(rule) is not None
            or (rule.facts.release or rule.hop.release) < UNIFIED)


def keeps_legacy(rule):
    """Whether the node of the guest under check keeps cgroup v1 after the upgrade too."""
    return rule.hop.has_legacy_cgroup and legacy_parameter(rule) is not None


def report_cgroup(rule, item, message, fix=None, is_v1=True):
    """Report what is wrong with a key under cgroup v2. As long as cgroup v1 is configured to stay,
    that is no more than a piece of information, and a change would break what works.

    *is_v1*: whether it is a key of cgroup v1. Where the upgrade ends what keeps v1, such a key counts
    until then, and what takes its place does not. Of another node it is not known here what that
    keeps: what would be right on this node at any time has to wait there for the upgrade.
    """
    legacy, phase, severity = legacy_parameter(rule), None, None
    if legacy is None:
        if is_v1 and rule.phase == "before" and not is_own_guest(rule):
            phase = "after-node"
    elif rule.hop.has_legacy_cgroup:
        fix, severity = None, "info"
        message += ("; %s keeps cgroup v1 on this node (%s), so nothing is to be changed as long as "
                    "it stays" % (legacy.token, legacy.file.path))
    else:
        message += "; %s (%s) keeps cgroup v1 on this node, which %s ends" % (
            legacy.token, legacy.file.path, rule.hop.new_pve)
        if is_v1:
            phase, severity = "switch", type(rule).severity
            message += ": until then the key counts"
    rule.report(item, message, fix, severity, phase=phase)


# -- where a container's files are -----------------------------------------------------------------

_VOLUME = lazy("([A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]):([A-Za-z0-9_./-]+)")
#: Storage types that are directories, and where those are that need no path.
_DIRECTORIES = {"dir": None, "btrfs": None, "nfs": "/mnt/pve/", "cifs": "/mnt/pve/",
                "glusterfs": "/mnt/pve/"}


def root_folders(rule):
    """The folders below the root in which the files of the container under check are, as far as its
    configuration and storage.cfg tell (list of str without a slash at the end): a bind mount, a
    subvolume of a directory or of ZFS, and where PVE mounts it (``pct mount``, a running one).
    Empty for a guest of another node."""
    if not is_own_guest(rule):
        return []
    found = []
    rootfs = live_options(rule.tree).get("rootfs")
    volume = rootfs and volume_token(rootfs.value)
    if volume:
        volume = str(volume)
        folder = volume if volume.startswith("/") else _subvolume(rule, volume)
        if folder and not folder.startswith("/dev/"):
            found.append(folder)
    number, _ = guest_id(rule.file.path)
    if number:
        found.append("/var/lib/lxc/%s/rootfs" % number)
    return [folder.strip("/") for folder in found
            if ".." not in folder.split("/") and "\0" not in folder]


_PATH = lazy(b"rootfs:(?:[^\n]*[ \t\r\f\v=,])?/")


def may_have_files(rule, file):
    """Whether there may be files of the container that *file* configures below the root, as a quick
    look tells: what :func:`root_folders` gives is none that exists where this is False."""
    scope = rule.project
    return (scope.once(_has_files, scope) or _PATH.search(file.data) is not None) and (
        is_own_guest(rule))


def _has_files(scope):
    """Whether anything is below the root where PVE mounts containers and where storages are."""
    facts = scope.facts
    if facts.listdir("var/lib/lxc"):
        return True
    places = [_place(storage) for storage in scope.once(_storages, scope).values()]
    return any(".." in place or facts.exists(place.strip("/")) for place in places if place)


def _place(storage):
    """The folder (str) that the subvolumes of *storage* are below, None where it has none."""
    kind = storage.type.name

    def setting(key):
        entry = storage.setting(key)
        return str(entry.value) if entry and entry.value else None

    if kind == "zfspool":
        return setting("mountpoint") or "/" + setting("pool")
    if kind not in _DIRECTORIES or setting("content-dirs"):
        return None
    default = _DIRECTORIES[kind]
    return setting("path") or default and default + storage.id


def _subvolume(rule, volume):
    match = _VOLUME.fullmatch(volume)
    if not match:
        return None
    name, rest = match.groups()
    storage = rule.project.once(_storages, rule.project).get(name)
    if storage is None:
        return None
    place = _place(storage)
    if place is None:
        return None
    if storage.type.name == "zfspool":
        # Of a linked clone, base and clone: basevol-100-disk-0/subvol-101-disk-0.
        leaf = rest.rpartition("/")[2]
        return "%s/%s" % (place, leaf) if leaf.startswith(("subvol-", "basevol-")) else None
    if not rest.endswith(".subvol") or rest.count("/") != 1:
        return None
    return "%s/images/%s" % (place, rest)


def _storages(scope):
    return {storage.id: storage for file in scope.all_of_kind("storage")
            for storage in storages_of(scope, file.tree) if storage.is_read}
