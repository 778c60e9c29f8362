from ..formats.interfaces import (Auto, BareKeyword, Blank, BrokenIfaceHeader, Comment, Iface,
                                  IfaceHeader, NamelessOption, Option, Source, ValuelessOption,
                                  disagreements, joined)
from ..rule import Rule
from ..settings import valid_mac
from ._bridge_mac import line_above, unpinned_bridges
from ._net import networks, read_by_all_alike, read_by_pve, uses_ifupdown2


class ReaderDisagreement(Rule):
    """
    ## What it finds

    What Proxmox VE's own reader takes in another way than the program that brings up the network:

    * a line that goes on in the next one, words behind the method of an `iface` line, `inherits`, a
      family other than inet and inet6;
    * a second stanza of the same name and family, an option that stands twice (other than commands);
    * `mapping`, `rename`, `no-auto-down` and `no-scripts`, `allow-hotplug`, names with patterns, a
      keyword without a name;
    * NUL bytes.

    Where dpkg shows ifupdown2 (in the upgrades from 7 and later without dpkg's status file, too) also
    what that takes in another way than classic ifupdown and Proxmox VE do: a backslash within a line
    or at the end of a comment, a CR within a line, several paths behind `source`, `source-directory`,
    an option `vlan`, methods that it does not know, and what ifupdown would refuse.

    Silent for what Proxmox VE writes or keeps itself: `source`, `inet6 auto`, `allow-BRIDGE`.
    What NET001, NET003, NET006 and NET007 have said of a line is not said again.

    ## Why it matters

    The next change in the web interface writes the file anew as Proxmox VE has understood it: what
    it has not understood is lost, or stands in another place. Applied at once or at the reboot that
    ends the upgrade, the network is another one.

    ## Example

    ```
    iface vmbr0 inet static
    	address 192.0.2.10/24
    	bridge_ports eno1 \\
    	    eno2
    ```

    ## When the fix is safe

    There is none, and nothing has to be done as long as nobody changes the network in the web
    interface. Write it in a way that all readers understand: one line an option, one stanza a name
    and family.

    ## Guide

    the guide has nothing on it

    ## References

    PVE::INotify, its reader and writer of etc/network/interfaces; interfaces(5); ifupdown2,
    ifupdown/networkinterfaces.py
    """

    kinds = ("interfaces",)
    severity = "info"
    phase = "before"

    def check_project(self, project):
        has_ifupdown2 = uses_ifupdown2(self.facts, self.hop)
        spoken_of = self.spoken_of(project, has_ifupdown2)
        done = set()
        for network in project.once(networks, project):
            for file in network.files:
                if project.owns(file) and file.path not in done:
                    done.add(file.path)
                    self.check_file(file, spoken_of, has_ifupdown2)

    def spoken_of(self, project, has_ifupdown2):
        """The lines (set of id) that other rules have something to say about."""
        found = set()
        if has_ifupdown2:
            return found
        for network in project.once(networks, project):
            found.update(id(item.node) for _, item, _ in network.refusals)
        if not self.hop.moves_bridges:
            return found
        for stanza, is_template in project.once(unpinned_bridges, project):
            line, mac = line_above(stanza.block), self.facts.mac(stanza.name)
            if mac and valid_mac(mac) and not is_template and not read_by_all_alike(
                    stanza.file.tree, stanza.block, line):
                # NET001 names the disagreement as the reason why it does not add its line.
                found.update((id(stanza.header), id(line)))
        return found

    def check_file(self, file, spoken_of, has_ifupdown2):
        """Report one file's lines."""
        silent = set(spoken_of)
        for block in file.tree.body:
            if not isinstance(block, Iface):
                continue
            if not read_by_pve(block.header):
                # For PVE none of it is what it seems; its first line says why.
                silent.update(map(id, block.body))
            elif block.lost_by_pve:
                # NET003 speaks of what is behind the end of the stanza, and of the end where that
                # is no option which goes on in a second line.
                rest = block.body[len(block.kept_by_pve):]
                silent.update(id(node) for node in rest if node is not rest[0]
                              or not isinstance(node, (Option, NamelessOption)))
        for node, how in disagreements(file.tree):
            if id(node) not in silent and _counts(node, how, has_ifupdown2):
                silent.add(id(node))
                self.report(_first_word(node), how, file=file)


def _counts(node, how, has_ifupdown2):
    """Whether a disagreement changes anything: for PVE and the program that this node has."""
    if isinstance(node, Source) and how.startswith("source: "):
        # PVE keeps the line.
        return False
    if isinstance(node, Auto) and joined(node.keyword) not in ("auto", "allow-auto",
                                                               "allow-hotplug"):
        # PVE keeps or writes such lines itself; NET006 has what ifupdown2 makes of them.
        return "\0" in node.code or "\n" in node.code[:-1]
    if how.startswith("inet6 auto: "):
        # PVE writes it itself.
        return False
    return has_ifupdown2 or not how.startswith(
        ("backslash: ", "carriage return: ", "comment that ends in a backslash: ",
         "several paths: ", "source-directory: ", "vlan: ", "allow-: ", "allow: ")) and not (
        isinstance(node, IfaceHeader) and how.endswith("ifupdown2 reports it as an error"))


def _first_word(node):
    """Where to report a line: at its keyword or its option's name."""
    if isinstance(node, (Blank, Comment)):
        return node
    if isinstance(node, (Option, ValuelessOption)):
        return node.key
    if isinstance(node, (Auto, BareKeyword, Source, BrokenIfaceHeader)) or "keyword" in node._fields:
        return node.keyword
    return node.field("value") if "value" in node._fields else node
