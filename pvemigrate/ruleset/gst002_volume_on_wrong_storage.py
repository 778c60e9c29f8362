from ..cst import encode
from ..lazy import lazy
from ..rule import Rule
from ..storage_types import is_storage_id
from ._guest import container_values, is_container_volume, volumes
from ._qemu import is_vm_volume, vm_values
from ._storage import contents

#: What a volume's name says it is, on storages that hold files (PVE::Storage::Plugin,
#: parse_volname). What no pattern takes is no volume's name.
FILE_NAMES = tuple((content, lazy(pattern)) for content, pattern in (
    ("images", "(?:[0-9]+/[^ \t\r\f\v]+/)?[0-9]+/(?:base-)?[^/ \t\r\f\v]+"
               "\\.(?:raw|qcow2|vmdk|subvol)"),
    ("iso", "iso/[^/]+\\.(?:[iI][sS][oO]|[iI][mM][gG])"),
    ("vztmpl", "vztmpl/[^/]+"),
    ("import", "import/[^/]+\\.(?:ova|ovf|qcow2|raw|vmdk)(?:/[^/]+)?"),
    ("rootdir", "rootdir/[0-9]+"),
    ("backup", "backup/[^/]+"),
    ("snippets", "snippets/[^/]+"),
))


class VolumeOnWrongStorage(Rule):
    """
    ## What it finds

    A volume that a guest names, also in a snapshot, in pending changes or as an unused one, whose
    storage does not exist or has not the content type for it: `rootdir` for containers; for virtual
    machines `images`, or `iso` for an ISO image. Each volume is reported once a guest. Device files,
    bind mounts and drives without a medium are no volumes. A storage without `content` has that of
    its type; `local` is there even where storage.cfg does not say so.

    ## Why it matters

    From Proxmox VE 7 on the content type is checked where 6.x did not: a guest with such a
    volume does not start, a snapshot cannot be rolled back to, and an unused volume is left
    behind when the guest is migrated or removed.

    ## Example

    ```
    rootfs: data:subvol-101-disk-0,size=8G
    ```

    with, in storage.cfg,

    ```
    zfspool: data
    	pool tank/data
    	content images
    ```

    ## When the fix is safe

    There is none: either the storage gets the content type, or the volume moves. Of volumes on a
    storage whose section Proxmox VE skips or mixes up with another nothing is said; the finding in
    storage.cfg says it once (STO003, STO004, STO005, STO006, STO007). Whether a storage is disabled
    or there on the guest's node makes no difference here: that is so before the upgrade and after.

    ## Guide

    The guide does not mention it; pve6to7, pve7to8 and pve8to9 do.

    ## References

    PVE::Storage, parse_volname and vdisk_list (pve-storage 7.0); PVE::QemuServer, config_to_command
    """

    kinds = ("lxc", "qemu")
    severity = "warning"
    phase = "before"
    checker = ("check_storage_content",)

    def may_find(self, file):
        storages = contents(self.project)
        if storages is None:
            return False
        data = b"\n" + file.data
        if file.kind == "lxc":
            fine = self.project.once(_fit_for_containers, storages)
            return not fine.issuperset(_CONTAINER_VOLUME.findall(data))
        return not all(_is_fit(value, storages) for value in _MACHINE_VOLUME.findall(data))

    def visit_File(self, tree):
        storages = contents(self.project)
        if storages is None:
            return
        is_container = tree.kind == "lxc"
        if is_container:
            found = volumes(tree, container_values, is_container_volume)
        else:
            found = volumes(tree, vm_values, is_vm_volume)
        for volume in found:
            if volume.storage not in storages.doubtful:
                self.check_volume(volume, storages.known.get(volume.storage), is_container)

    def check_volume(self, volume, storage, is_container):
        """Report a volume whose storage (its type and content types, None where there is none) is
        not the right one."""
        if storage is None:
            self.say(volume, "there is no storage %s" % volume.storage)
            return
        kind, content = storage
        wanted = "rootdir" if is_container else vm_content(kind, volume.name)
        if wanted is None or wanted in content:
            return
        if wanted in kind.content:
            remedy = "add it to the storage's content, or move the volume"
        else:
            remedy = "move the volume, for storages of type %s cannot have it" % kind.name
        self.say(volume, "the storage %s lacks the content type %s, which %s insists "
                         "on: %s" % (volume.storage, wanted, self.hop.new_pve, remedy))

    def say(self, volume, message):
        """Report what is wrong with a volume."""
        labels = volume.labels[:3]
        if len(volume.labels) > 3:
            labels.append("%d more" % (len(volume.labels) - 3))
        self.report(volume.token, "volume %s: %s (%s)" % (volume.id, message, ", ".join(labels)))


#: What stands before the first colon of all that may be a volume of a container, and all that may be
#: one of a virtual machine (supersets).
_CONTAINER_VOLUME = lazy(b"\n(?:rootfs|mp[0-9]+|unused[0-9]+):[ \t\r\f\v]*([^:\n]*)")
_MACHINE_VOLUME = lazy(b"\n(?:(?:ide|sata|scsi|virtio|efidisk|tpmstate|unused)[0-9]+|vmstate"
                       b"|cdrom):[ \t\r\f\v]*([^,\n]*)")


def _fit_for_containers(storages):
    """The ids (set of bytes) of storages that any volume of a container may lie on."""
    fine = {name for name, (_, content) in storages.known.items() if "rootdir" in content}
    # What stands for an id in a broken section may be no id, and end in the middle of a value.
    return {encode(name) for name in fine.union(storages.doubtful) if is_storage_id(name)}


def _is_fit(value, storages):
    """Whether the first part of a drive's value (bytes) is no volume, or one that may lie where it
    is."""
    value = value.decode("utf-8", "surrogateescape")
    storage, colon, name = value.partition(":")
    # Blanks before a comma are part of the name, those at the end of the line are not.
    if not value or "=" in value or value[-1] in " \t\r\f\v":
        return False
    if not colon or storage in storages.doubtful:
        return True
    kind, content = storages.known.get(storage, (None, ()))
    wanted = kind and vm_content(kind, name)
    return kind is not None and (wanted is None or wanted in content)


def vm_content(kind, name):
    """The content type of a virtual machine's volume on a storage of type *kind*, None where its
    name is no volume's."""
    if "iso" not in kind.content:
        return "images"
    found = next((content for content, pattern in FILE_NAMES if pattern.fullmatch(name)), None)
    # Volumes to import from came with 8.x, and not with all types of storage.
    return found if found != "import" or found in kind.content else None
