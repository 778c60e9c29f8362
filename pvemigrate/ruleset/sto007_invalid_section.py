from ..rule import Rule
from ._storage import cut_off, new_type, storages_of


class InvalidSection(Rule):
    """
    ## What it finds

    A section of storage.cfg that Proxmox VE does not take: an id that is none (it begins with a
    letter, ends in a letter or digit, has letters, digits, `-`, `_` and `.` between, and two
    characters or more), a property missing that the type must have or with a value that is refused,
    a directory's path with other characters than letters, digits, `-`, `_`, `.` and `/`, an id that
    a later section has too, a storage `local` that is not the directory /var/lib/vz, and, before the
    upgrade, a type that only the release after it has (btrfs came with Proxmox VE 7, esxi with 8).

    ## Why it matters

    Proxmox VE skips the section with a line in the log: the storage does not exist, or another one
    has its name. The next change of any storage, on any node, erases the section.

    ## Example

    ```
    nfs: backup
    	export /srv
    	content backup
    ```

    There is no `server`.

    ## When the fix is safe

    There is none: only the administrator knows what is missing. Where an empty line in the section
    cuts the property off, this is reported here and not by STO006. A type that the new release does
    not have is STO004's, `none` beside other content STO003's, a section swallowed by the one above
    STO005's.

    ## Guide

    The guide does not mention it.

    ## References

    PVE::SectionConfig, parse_config; PVE::Storage::Plugin, parse_config; PVE::Storage::DirPlugin
    """

    kinds = ("storage",)
    severity = "error"
    phase = "before"

    def visit_File(self, tree):
        found = storages_of(self.project, tree)
        orphans = self.project.once(cut_off, tree)
        last = {storage.id: storage for storage in found if storage.skipped is None}
        for storage in found:
            if storage.flaw == "id":
                self.say(storage, storage.section.id, "no id of a storage")
            elif storage.flaw == "type":
                if new_type(self.hop, storage.section.type):
                    self.say(storage, storage.section.type, "%s has no storages of type %s yet"
                             % (self.hop.old_pve, storage.section.type))
            elif storage.flaw == "missing":
                self.check_missing(storage, orphans.get(id(storage.section), ()))
            elif storage.flaw == "path":
                entry = storage.setting("path")
                if not entry.is_doubtful:
                    self.say(storage, entry.line.value, "a directory's path has letters, digits, "
                             "-, _, . and / only, and more than one character")
            elif storage.is_replaced:
                self.check_replaced(storage, last[storage.id])

    def say(self, storage, item, message):
        """Report why PVE does not take a section."""
        self.report(item, "%s: the storage %s does not exist, and its section is erased with the "
                          "next change of any storage" % (message, storage.id))

    def check_missing(self, storage, orphans):
        """Report a section that lacks what its type must have; *orphans*: the properties below it
        that an empty line cut off."""
        missing = storage.missing
        for entry in storage.entries:
            if entry.key in missing and entry.problem == "value":
                if not entry.is_doubtful:
                    self.say(storage, entry.line.value if entry.value else entry.line.key,
                             "the property %s is refused: %s" % (entry.key, entry.reason))
                return
        message = "storages of type %s must have %s" % (storage.type.name, ", ".join(missing))
        cut = next((orphan for orphan in orphans if orphan.header.key in missing), None)
        if cut is not None:
            message += ", which an empty line cuts off here (line %d)" % self.tree.position(
                cut).line
        self.say(storage, storage.section.id, message)

    def check_replaced(self, storage, last):
        """Report a section whose place another takes; *last*: the last one of that id."""
        if last is not storage:
            self.report(storage.section.id, "the storage %s comes again in line %d, and Proxmox VE "
                        "has that one alone: this section is erased with the next change of any "
                        "storage" % (storage.id, self.tree.position(last.section).line))
        else:
            self.report(storage.section.id, "the storage local is always the directory /var/lib/vz: "
                        "Proxmox VE has a default in its place, and erases this section with the "
                        "next change of any storage")
