from ..formats.storage import (
    Comment, FalseSeparator, Malformed, Orphan, Section, Swallowed, looks_like_header,
)
from ..rule import Rule
from ._storage import cut_off, new_type, storages_of


class IgnoredProperty(Rule):
    """
    ## What it finds

    Lines of storage.cfg that Proxmox VE reads past with no more than a line in the log:

    * a property that is there twice, of which only the first counts (of `maxfiles`: STO001);
    * a property that the storage's type does not have;
    * a value of the wrong type: `disable yes` (flags know `1`, `0` and nothing else), a number that
      is none, a list with a word in it that does not belong there;
    * a `prune-backups` that breaks its rules, such as a blank behind a comma;
    * properties below an empty line, which belong to no section any more;
    * lines that are no property at all.

    ## Why it matters

    The setting does not do what it says, and the next change of any storage erases it. A storage
    whose `prune-backups` is refused has no retention: Proxmox VE 6 then keeps one backup, each later
    release all of them, until the storage is full. A storage with `disable yes` is enabled.

    ## Example

    ```
    dir: backup
    	path /srv/backup
    	prune-backups keep-last=3, keep-daily=7
    ```

    ## When the fix is safe

    There is none: only the administrator knows whether the setting was meant. Sections that Proxmox
    VE skips as a whole are not judged line by line
    (STO004, STO007).

    ## Guide

    The guide does not mention it.

    ## References

    PVE::SectionConfig, parse_config and check_value; PVE::Storage::Plugin
    """

    kinds = ("storage",)
    severity = "warning"
    phase = "before"

    def visit_File(self, tree):
        found = storages_of(self.project, tree)
        for storage in found:
            # What a plugin's storage may have is for its plugin to say: STO004 reports the type.
            if storage.is_read and new_type(self.hop, storage.section.type) is not None:
                self.check_storage(storage)
        self.check_lines(tree, self.explained(tree, found),
                         {id(storage.section): storage for storage in found})

    def explained(self, tree, found):
        """The cut-off properties (set of identities) that STO007 reports: a section that PVE skips
        lacks one of them."""
        orphans, explained = self.project.once(cut_off, tree), set()
        for storage in found:
            lost = orphans.get(id(storage.section), ())
            if storage.flaw == "missing" and any(
                    orphan.header.key in storage.missing for orphan in lost):
                explained.update(map(id, lost))
        return explained

    def check_storage(self, storage):
        """Report the properties of one storage that PVE tosses."""
        for entry in storage.entries:
            if entry.is_doubtful or entry.problem is None:
                continue
            line, key = entry.line, entry.key
            if entry.problem == "duplicate":
                if key == "maxfiles":
                    continue
                at = self.tree.position(entry.first).line
                same = "" if entry.value == entry.first.value else ", with another value"
                self.report(key, "the property %s is ignored: line %d has it already%s"
                            % (key, at, same))
            elif entry.problem == "value":
                lost = ", so it sets no retention" if key == "prune-backups" else ""
                self.report(line.value if line.value else key,
                            "the property %s is ignored%s: %s" % (key, lost, entry.reason))
            elif looks_like_header(line):
                self.report(line.key, "no section's header, because it is indented: what follows "
                                      "is taken for properties of %s and ignored or mixed up with "
                                      "them" % storage.id)
            else:
                self.report(key, "the property %s is ignored: storages of type %s have none of "
                                 "that name" % (key, storage.type.name))

    def check_lines(self, tree, explained, found):
        """Report the lines that are no property of any section, but for those in *explained*.
        *found*: section (by identity) -> Storage."""
        previous = None
        for node in tree.body:
            if isinstance(node, Section):
                self.check_section(node, found[id(node)].nodes)
            elif isinstance(node, Malformed):
                self.report(node.text,
                            "the line is ignored: neither a section's header (type: id) nor a "
                            "property")
            elif (isinstance(node, Orphan) and not isinstance(previous, Orphan)
                  and id(node) not in explained):
                self.report(node.header.key,
                            "the property %s and what follows are ignored: no section's header "
                            "above, or an empty line that ended the section" % node.header.key)
            if not isinstance(node, (Comment, FalseSeparator)):
                previous = node

    def check_section(self, section, nodes):
        """Report the lines in one section that are no property; *nodes*: all below it."""
        for node in nodes:
            if isinstance(node, Swallowed):
                if not node.is_storage:
                    self.report(node.type, "the line is ignored: a property begins with a blank or "
                                           "tab and has no colon")
            elif not isinstance(node, Malformed):
                continue
            elif looks_like_header(node):
                self.report(node.text, "the line is ignored: no section's header (type: id), so "
                                       "what follows is taken for properties of %s and ignored or "
                                       "mixed up with them" % section.id)
            else:
                self.report(node.text, "the line is ignored: a property begins with a blank or tab")
