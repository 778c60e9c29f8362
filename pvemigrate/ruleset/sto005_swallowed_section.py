from ..cst import Token
from ..edit import Fix, replace
from ..formats.storage import Comment, FalseSeparator, Swallowed
from ..rule import Rule


class SwallowedSection(Rule):
    """
    ## What it finds

    A section of storage.cfg whose header stands inside the section above, because no empty line
    comes before it: there is none, or it holds a blank, a tab or a carriage return. A file with
    CRLF line endings has no empty line at all, so every section but the first is swallowed.

    ## Why it matters

    Only a truly empty line ends a section. Proxmox VE ignores the header and takes the properties
    below it for those of the storage above: the storage does not exist, guests on it do not start,
    and the next change of any storage erases its section for good.

    ## Example

    ```
    dir: one
    	path /srv/one
    dir: two
    	path /srv/two
    ```

    becomes

    ```
    dir: one
    	path /srv/one

    dir: two
    	path /srv/two
    ```

    ## When the fix is safe

    It is never applied unasked: a storage comes into being that this cluster did without, and the
    storage above loses what it had from it. With `--unsafe-fixes` the line that looks empty is made
    empty, or an empty line is put before the header and the comment right above it. In a CRLF file
    these lines alone lose their carriage return; elsewhere Proxmox VE does not mind it.

    ## Guide

    The guide does not mention it.

    ## References

    PVE::SectionConfig, parse_config
    """

    kinds = ("storage",)
    severity = "error"
    phase = "before"

    def visit_Section(self, section):
        lines, headers = [], []
        for node in section.body:
            if isinstance(node, Swallowed):
                headers.append((node, len(lines)))
                lines.append(node.header)
                lines.extend(node.body)
            else:
                lines.append(node)
        for node, at in headers:
            if node.is_storage:
                self.check_swallowed(section, node, lines, at)

    def check_swallowed(self, section, node, lines, at):
        """Report one swallowed section; *lines*, before *at*: those between it and the section's
        header."""
        place = node.header
        for line in map(lines.__getitem__, range(at - 1, -1, -1)):
            if isinstance(line, FalseSeparator):
                what = "the line above it is not empty"
                fix = Fix.unsafe("make the line between the sections empty",
                                 replace(line.blanks, ""))
                if "\r" in line.blanks:
                    what += " but holds a carriage return"
                break
            if not isinstance(line, Comment):
                what = None
                break
            place = line
        else:
            what = None
        if what is None:
            what = "there is no empty line above it"
            # A bare LF, in a CRLF file too: CR LF is not empty.
            fix = Fix.unsafe("put an empty line before the section",
                             replace(Token("", place, 0), "\n"))
        self.report(node.id, "storage %s does not exist, Proxmox VE takes its properties for those "
                             "of %s: %s" % (node.id, section.id, what), fix)
