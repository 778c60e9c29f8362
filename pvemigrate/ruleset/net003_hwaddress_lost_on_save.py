from ..cst import Token, line_ending
from ..edit import Fix, remove, replace
from ..formats.interfaces import BareKeyword, Blank, Option, ValuelessOption, joined
from ..rule import Rule
from ._net import networks, read_by_all_alike, read_by_pve, uses_ifupdown2


class HwaddressLostOnSave(Rule):
    """
    ## What it finds

    A `hwaddress`, or any other option, that stands behind a blank line or a line without a value in
    its `iface` stanza. One finding a stanza, at the `hwaddress` where one is among them.

    ## Why it matters

    For ifupdown and ifupdown2 a blank line ends nothing. For Proxmox VE's own reader it ends the
    stanza: with the next change of the network in the web interface the options behind it are
    written as loose lines in front of another interface, which they belong to from then on. The
    bridge loses its address, and another interface gets it.

    ## Example

    ```
    iface vmbr0 inet static
    	address 192.0.2.10/24

    	hwaddress 52:54:00:12:34:56
    ```

    becomes

    ```
    iface vmbr0 inet static
    	address 192.0.2.10/24
    	hwaddress 52:54:00:12:34:56

    ```

    ## When the fix is safe

    It moves the options, in their order and byte for byte, to the end of what every reader counts to
    the stanza; comments and blank lines stay where they are. For ifupdown and ifupdown2 nothing
    changes. It is marked unsafe because the blank line may have been put there to take the options
    out of what the web interface shows. Where the readers disagree on one of the lines that would
    be moved, or moved over, it is left to you. A stanza whose first line Proxmox VE does not
    recognise is NET008's; a line without a value for which classic ifupdown refuses the whole file
    is NET007's, and has to be put right first.

    ## Guide

    Check Linux Network Bridge MAC

    ## References

    PVE::INotify, its reader of etc/network/interfaces; interfaces(5)
    """

    kinds = ("interfaces",)
    severity = "warning"
    phase = "before"
    guide = "Check Linux Network Bridge MAC"

    def check_project(self, project):
        done = set()
        has_ifupdown2 = uses_ifupdown2(self.facts, self.hop)
        for network in project.once(networks, project):
            refused = set() if has_ifupdown2 else {
                id(item.node) for _, item, _ in network.refusals}
            for stanza in network.stanzas:
                block = stanza.block
                if (project.owns(stanza.file) and id(block) not in done
                        and read_by_pve(block.header)):
                    done.add(id(block))
                    self.check_stanza(stanza.file, block, refused)

    def check_stanza(self, file, block, refused):
        """Report the options of one stanza that PVE moves away. *refused*: the lines (set of id)
        for which ifupdown refuses the file."""
        kept = len(block.kept_by_pve)
        if kept < len(block.body) and id(block.body[kept]) in refused:
            # Once that line is put right, nothing is behind it any more.
            return
        # What ends the stanza may be an option that goes on in a second line: NET008 speaks of it.
        lost = [node for node in block.lost_by_pve if node is not block.body[kept]]
        if not lost:
            return
        named = [node for node in lost if isinstance(node, Option)]
        item = next((node.key for node in named if joined(node.key) == "hwaddress"),
                    named[0].key if named else lost[0].value)
        message = "%s%s behind %s: PVE's next save moves %s to another interface" % (
            joined(item).split("\n")[0] if named else "an option",
            " and %d more options stand" % (len(lost) - 1) if len(lost) > 2 else
            " and one more option stand" if len(lost) == 2 else " stands",
            _what(block.body[kept]), "them" if len(lost) > 1 else "it")
        fix = None
        if _is_plain(file.tree, block, kept, lost):
            fix = Fix.unsafe("move %s up to the stanza" % ("it" if len(lost) == 1 else "them"),
                             *_moves(block.body[kept], lost))
        else:
            message += "; move %s up by hand: readers disagree on these lines" % (
                "it" if len(lost) == 1 else "them")
        self.report(item, message, fix, file=file)


def _what(node):
    """What ends the stanza for PVE, in words."""
    if isinstance(node, Blank):
        return "a blank line"
    if isinstance(node, ValuelessOption):
        return "an option without a value"
    if isinstance(node, BareKeyword):
        return "a keyword without a name"
    return "a line that ends the stanza for PVE"


def _is_plain(tree, block, kept, lost):
    """Whether the lines can go up without any reader taking one of them in another way: all that is
    between means the same to each of them."""
    above = block.body[kept - 1] if kept else block.header
    if not read_by_all_alike(tree, block, above) or len(block.kept_by_all) < kept:
        return False
    last = next(at for at, node in enumerate(block.body) if node is lost[-1])
    for node in block.body[kept:last + 1]:
        if isinstance(node, ValuelessOption):
            if "\\" in node.code or "\0" in node.code:
                return False
        elif isinstance(node, BareKeyword) or node.disagreement is not None or "\\" in node.code:
            return False
    return all(isinstance(node, Option) for node in lost)


def _moves(end, lost):
    """The changes that move *lost* in front of the line *end*."""
    text = "".join(node.code for node in lost)
    if not text.endswith("\n"):
        text += line_ending(end.code)
    return [replace(Token("", end, 0), text), *map(remove, lost)]
