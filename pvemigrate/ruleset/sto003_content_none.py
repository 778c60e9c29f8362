from ..rule import Rule
from ..storage_types import split_list
from ._storage import new_type, storages_of


class ContentNone(Rule):
    """
    ## What it finds

    A storage that is left without content: `content none`, or a list of which its type has nothing,
    on a type that must have some (all but dir, iscsi, iscsidirect, pbs and btrfs). Disabled and
    shared storages count too. And, on the types that may have none, `none` beside other content.

    ## Why it matters

    Proxmox VE 6 has such a storage and does not use it. From Proxmox VE 7 on the section is skipped:
    the storage does not exist, and the next change of any storage erases it. `none` beside other
    content has that effect with any release.

    ## Example

    ```
    lvm: san
    	vgname san
    	content none
    ```

    ## When the fix is safe

    There is none. Give the storage a content type that it may have, and a line `disable` if it is
    not to be used.

    ## Guide

    The guide does not mention it; Proxmox VE's checkers do, for storages that are not shared.

    ## References

    PVE::Storage::Plugin, decode_value (pve-storage 6.4 and 7.0)
    """

    kinds = ("storage",)
    severity = "error"
    phase = "before"
    checker = ("check_storage_content",)
    needs = ("content",)

    def visit_File(self, tree):
        for storage in storages_of(self.project, tree):
            # A type that the new release does not have is STO004's, whatever its content.
            if (new_type(self.hop, storage.section.type) is None
                    or storage.flaw not in (None, "content")):
                continue
            entry = storage.setting("content")
            if entry is None or entry.is_doubtful or storage.is_replaced:
                continue
            if storage.flaw == "content":
                self.report(entry.line.value, "the storage %s does not exist, and its section is "
                            "erased with the next change of any storage: none does not go with "
                            "other content" % storage.id)
            elif not storage.content and not storage.type.allows_none:
                kind, items = storage.type, split_list(entry.value)
                what = "none" if "none" in items else "what is written here"
                self.report(entry.line.value, "%s drops the storage %s: storages of type %s do not "
                            "take %s as content; write what they may have (%s), and disable below it "
                            "if the storage is not to be used"
                            % (self.hop.new_pve, storage.id, kind.name, what,
                               ", ".join(sorted(kind.content))))
