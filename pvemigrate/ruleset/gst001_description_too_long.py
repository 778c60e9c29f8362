from ..rule import Rule
from ._guest import description, sections_that_count

#: PVE::QemuServer and PVE::LXC::Config, since Proxmox VE 7.0.
LIMIT = 8192


class DescriptionTooLong(Rule):
    """
    ## What it finds

    A guest, a snapshot or pending changes whose description has more than 8192 characters. The
    description is what the `#` lines and `description:` lines of a section say together. Characters
    are counted as Proxmox VE does: percent-encoding and UTF-8 decoded first; in a container each
    `#` line counts its line feed, in a virtual machine blanks at the end do not count.

    ## Why it matters

    From Proxmox VE 7 on no longer one is taken. The guest keeps running and the text stays, but
    the next change of the description is refused until it is short enough.

    ## Example

    ```
    #first of many lines
    #second of many lines
    memory: 512
    ```

    ## When the fix is safe

    There is none: what can go is for its author to say. A section whose header comes again further
    down does not count (LXC008, GST004).

    ## Guide

    The guide does not mention it; pve6to7, pve7to8 and pve8to9 do.

    ## References

    pct.conf(5), qm.conf(5), "description"; PVE::Tools, decode_text
    """

    kinds = ("lxc", "qemu")
    severity = "warning"
    phase = "before"
    checker = ("check_description_lengths",)

    def may_find(self, file):
        # What takes more characters than this takes more bytes too.
        return len(file.data) > LIMIT

    def visit_File(self, tree):
        for section in sections_that_count(tree):
            text, line = description(section, tree.kind == "lxc")
            if len(text) > LIMIT:
                self.report(line, "the description has %d characters, and %s takes no more than %d "
                            "when it is changed: shorten it (%s)"
                            % (len(text), self.hop.new_pve, LIMIT, section.label))
