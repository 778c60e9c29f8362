from ..edit import Fix, insert_after
from ..formats.interfaces import BrokenIfaceHeader, Option
from ..rule import Rule
from ..settings import valid_mac
from ._bridge_mac import line_above, unpinned_bridges
from ._net import read_by_all_alike, uses_ifupdown2


class BridgeMacNotPinned(Rule):
    """
    ## What it finds

    A Linux bridge (an `iface` with ports in `bridge-ports` or `bridge_ports`) whose MAC address
    nothing pins: no `hwaddress` and no `bridge_hw` in any of its stanzas, no `ip link set ...
    address` or `ifconfig ... hw ether` in a `pre-up`, `up` or `post-up` command, and no .link file
    in etc/systemd/network with `MACAddressPolicy=none` that may match it (or that replaces
    99-default.link). All files that ifupdown reads together are looked at, and so is interfaces.new
    with what it sources. A file in interfaces.d that no `source` line names is not read, by nobody.

    ## Why it matters

    Up to Proxmox VE 6 a bridge has the MAC address of a port. With the systemd of Debian Bullseye
    it gets one made of the bridge's name and the machine id. Hosters who admit only known addresses
    then drop all packets of the node; reservations in DHCP servers and packet filter rules by MAC
    address no longer fit.

    ## Example

    ```
    iface vmbr0 inet static
    	address 192.0.2.10/24
    	bridge-ports eno1
    ```

    becomes

    ```
    iface vmbr0 inet static
    	address 192.0.2.10/24
    	hwaddress 52:54:00:12:34:56
    	bridge-ports eno1
    ```

    ## When the fix is safe

    Where the present address is known: from `--mac`, from `--ip-link`, or from sys/class/net below
    the root. On a node that runs 7.x already, sysfs shows the new address, so only one given by
    hand counts. The line goes where ifupdown, ifupdown2 and PVE's own editor take it for part of
    the bridge; where they disagree about that, it is left to you. Where dpkg shows ifupdown2 there
    is nothing to do: version 3.1.0-1+pmx1, which the upgrade brings, gives the bridge its port's
    address; on 7.x it has come, and nothing is reported (SYS010 looks for an older one). Without
    dpkg's status file classic ifupdown is assumed. Nothing has to be restarted: on 6.x the bridge has
    that address already, on 7.x it gets it back with the next reboot. When the NIC is replaced one
    day, the line has to follow.

    ## Guide

    Check Linux Network Bridge MAC

    ## References

    interfaces(5); bridge-utils-interfaces(5); systemd.link(5), MACAddressPolicy=
    """

    kinds = ("interfaces",)
    severity = "warning"
    phase = "before"
    hops = ("6to7",)
    guide = "Check Linux Network Bridge MAC"

    def check_project(self, project):
        for stanza, is_template in project.once(unpinned_bridges, project):
            if project.owns(stanza.file):
                self.report_bridge(stanza, is_template)

    def report_bridge(self, stanza, is_template):
        """Report a bridge at the stanza that the line belongs into; *is_template*: others inherit
        from it."""
        name, header = stanza.name, stanza.header
        item = header.keyword if isinstance(header, BrokenIfaceHeader) else header.name
        if uses_ifupdown2(self.facts):
            if (self.facts.release or 6) >= 7:
                # There it is done already, or SYS010 says that ifupdown2 is too old.
                return
            message = ("bridge %s has no hwaddress; nothing to do: ifupdown2 3.1.0-1+pmx1, which "
                       "comes with the upgrade, derives its MAC address from the port" % name)
            self.report(item, message, severity="info", file=stanza.file)
            return
        message = "bridge %s gets another MAC address with Proxmox VE 7: nothing pins it" % name
        mac, fix = self.facts.mac(name), None
        line = line_above(stanza.block)
        if mac is None or not valid_mac(mac):
            if (self.facts.release or 6) >= 7:
                message += ("; this node runs 7.x, so give the address that the bridge had before: "
                            "--mac %s=MAC" % name)
            else:
                message += ("; its present one is not known: give it with --mac %s=MAC, or the "
                            "output of `ip -j link` with --ip-link" % name)
        elif is_template:
            message += ("; add `hwaddress %s` by hand: in this stanza, the interfaces that inherit "
                        "from it would get it too" % mac)
        elif not read_by_all_alike(stanza.file.tree, stanza.block, line):
            message += ("; add `hwaddress %s` by hand: readers disagree on where the line above "
                        "it ends" % mac)
        else:
            text = "%shwaddress %s" % (_indent(stanza.block, line), mac)
            fix = Fix.safe("add hwaddress %s" % mac, insert_after(line, text))
        # No follow_up: the bridge has the address, or gets it with the next reboot; taking it down
        # (classic ifupdown has no other way) would cut off all running guests.
        self.report(item, message, fix, file=stanza.file)


def _indent(block, line):
    if line is not block.header:
        return str(line.indent)
    first = next((node for node in block.body if isinstance(node, Option)), None)
    return "\t" if first is None else str(first.indent).split("\\", 1)[0]
