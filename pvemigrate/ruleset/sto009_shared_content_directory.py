from ..rule import Rule
from ..storage_types import content_directories
from ._storage import new_type, storages_of

#: Types that hold files and have a directory for each type of content that can be set.
TYPES = ("dir", "nfs", "cifs", "glusterfs", "cephfs")


class SharedContentDirectory(Rule):
    """
    ## What it finds

    A storage of files that keeps two types of its content in one directory: `content-dirs` names a
    directory twice, or one that another type has anyway (images: `images`, rootdir: `private`, iso:
    `template/iso`, vztmpl: `template/cache`, backup: `dump`, snippets: `snippets`, import: `import`).
    Only types that are in the storage's `content` count. Disabled storages are left alone.

    ## Why it matters

    From Proxmox VE 8 on such a storage is not activated: backups to it fail, guests on it do not start.

    ## Example

    ```
    dir: nas
    	path /mnt/nas
    	content iso,vztmpl,backup
    	content-dirs iso=files,vztmpl=files
    ```

    ## When the fix is safe

    There is none: the files have to move along with the setting. Give each type a directory of its own,
    or take one of the types out of `content`.

    Directories that are one through a symbolic link are not found: the files of the storage are not
    looked at.

    ## Guide

    The upgrade guide has nothing on it; pve7to8 and pve8to9 look for it.

    ## References

    pve7to8 and pve8to9, check_storage_content_dirs; PVE::Storage::Plugin, get_subdir and
    activate_storage
    """

    kinds = ("storage",)
    severity = "error"
    phase = "before"
    hops = ("7to8", "8to9")
    checker = ("check_storage_content_dirs",)
    needs = ("content-dirs",)

    def visit_File(self, tree):
        for storage in storages_of(self.project, tree):
            # What the new release has no type for is STO004's.
            if (storage.is_read and storage.type.name in TYPES
                    and new_type(self.hop, storage.section.type) is not None):
                self.check_storage(storage)

    def check_storage(self, storage):
        """Report the directories that a storage uses twice."""
        setting, content, disable = map(storage.setting, ("content-dirs", "content", "disable"))
        if (setting is None or disable is not None and disable.value != "0"
                or any(entry is not None and entry.is_doubtful
                       for entry in (setting, content, disable))):
            return
        users = {}
        for name, path in content_directories(storage.type, setting.value).items():
            if name in storage.content:
                parts = [part for part in path.split("/") if part not in ("", ".")]
                users.setdefault("/".join(parts) or ".", []).append(name)
        for path, names in users.items():
            if len(names) > 1:
                self.report(setting.line.value,
                            "the storage %s has several types of content in one directory, %s (%s): %s "
                            "does not activate it; give each a directory of its own, or take one of "
                            "them out of its content"
                            % (storage.id, path, ", ".join(sorted(names)), self.hop.new_pve))
