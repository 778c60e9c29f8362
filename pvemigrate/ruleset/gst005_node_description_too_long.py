from ..rule import NODE, Rule
from ._guest import decode_text

#: PVE::NodeConfig, since Proxmox VE 7.0.
LIMIT = 65536


class NodeDescriptionTooLong(Rule):
    """
    ## What it finds

    A node (etc/pve/nodes/*/config) whose description has more than 65536 characters: what its `#`
    lines and `description:` lines say together, percent-encoding and UTF-8 decoded, with a line
    feed behind each.

    ## Why it matters

    From Proxmox VE 7 on a longer one is refused when the file is read: the notes of the node are empty,
    and the next change of the node's configuration erases them.

    ## Example

    ```
    #first of very many lines
    #second of very many lines
    acme: domains=pve1.example.com
    ```

    ## When the fix is safe

    There is none: what can go is for its author to say.

    ## Guide

    The guide does not mention it. pve6to7 means to check it, and looks for the text under a name
    that it does not have.

    ## References

    PVE::NodeConfig (pve-manager 7.0); PVE::JSONSchema, parse_config
    """

    kinds = (NODE,)
    severity = "warning"
    phase = "before"
    checker = ("check_description_lengths",)

    def check_project(self, project):
        folder = self.facts.etc + "pve/nodes"
        for node in self.facts.listdir(folder):
            path = "%s/%s/config" % (folder, node)
            file = project.text(path)
            if file is None or len(file.tree.code) <= LIMIT:
                continue
            length = sum(len(decode_text(text)) + 1 for text in map(
                _description, file.tree.body) if text is not None)
            if length > LIMIT:
                self.report(None, "the description of node %s has %d characters: %s takes no more "
                                  "than %d, and drops one that is longer: shorten it"
                            % (node, length, self.hop.new_pve, LIMIT), file=path)


def _description(line):
    """What a line adds to the description (str), None where it is none of it."""
    text = str(line.text).strip(" \t\r\f\v")
    if text.startswith("#"):
        return text[1:]
    key, colon, value = text.partition(":")
    return value.lstrip(" \t\r\f\v") if colon and key == "description" else None
