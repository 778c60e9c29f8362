from ..cst import Token
from ..formats.interfaces import joined
from ..lazy import lazy
from ..rule import NODE, Rule
from ._bridge_mac import unpinned_bridges
from ._net import networks, simple_commands, uses_ifupdown2
from ._searched_files import packet_filter_files, pve_firewall_files, searched_lines

MAC = lazy("(?<![0-9A-Fa-f:])[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2}){5}(?![0-9A-Fa-f:])")
COMMANDS = ("pre-up", "up", "post-up", "down", "pre-down", "post-down")
PROGRAMS = ("arptables", "ebtables", "ip6tables", "iptables", "nft")


class EbtablesBridgeMac(Rule):
    """
    ## What it finds

    A packet filter rule that names the present MAC address of a Linux bridge which nothing pins (see
    NET001): in etc/nftables.conf, nftables and nftables.d, in files and folders of etc whose names
    begin with ebtables, arptables, iptables, ip6tables or firewall, in etc/default/ebtables* and
    arptables*, in shorewall, ferm and ufw, in ifupdown's scripts (etc/network/if-*.d), in
    etc/pve/firewall/cluster.fw and the node's own host.fw, and in commands of the interfaces files.

    Silent where the bridge's address is pinned (after a fix of NET001 too), where it is not known
    (`--mac`, `--ip-link` or sysfs below the root tell it), and where dpkg shows ifupdown2, which
    keeps it.

    ## Why it matters

    With Proxmox VE 7 the bridge gets another address. The rule then no longer matches what it is
    meant for: what it let through is dropped, or what it dropped comes through.

    ## Example

    ```
    -A FORWARD -s 52:54:00:12:34:56 -j ACCEPT
    ```

    ## When the fix is safe

    There is none in the rule: pin the bridge's address, as NET001 does. Or write the new address
    into the rule once the node runs 7.x.

    ## Guide

    Linux Bridge MAC-Address Change

    ## References

    ebtables(8); systemd.link(5), MACAddressPolicy=
    """

    kinds = (NODE,)
    severity = "warning"
    phase = "before"
    hops = ("6to7",)
    guide = "Linux Bridge MAC-Address Change"

    def check_project(self, project):
        if uses_ifupdown2(self.facts):
            return
        bridges = {}
        for stanza, _ in project.once(unpinned_bridges, project):
            mac = self.facts.mac(stanza.name)
            if mac is not None:
                bridges.setdefault(_octets(mac), stanza.name)
        if not bridges:
            return
        for file in packet_filter_files(project) + list(filter(None, pve_firewall_files(project))):
            for token, match in searched_lines(file, MAC):
                self.report_mac(file, token, bridges.get(_octets(match.group())))
        done = set()
        for network in project.once(networks, project):
            for stanza in network.stanzas:
                if project.owns(stanza.file) and id(stanza.block) not in done:
                    done.add(id(stanza.block))
                    for option in stanza.block.options(*COMMANDS):
                        self.check_command(stanza.file, option, bridges)

    def check_command(self, file, option, bridges):
        """Report the addresses of *bridges* in a packet filter command of an interfaces file."""
        if not any(word.rpartition("/")[2] in PROGRAMS
                   for part in simple_commands(joined(option.value)) for word in part):
            return
        for match in MAC.finditer(option.value):
            self.report_mac(file, Token(match.group(), option, option.value.offset + match.start()),
                            bridges.get(_octets(match.group())))

    def report_mac(self, file, token, bridge):
        """Report an address where it is that of *bridge* (None: of none)."""
        if bridge is not None:
            self.report(token, "%s is the present MAC address of bridge %s, which gets another one "
                        "with Proxmox VE 7: pin it (NET001), or change the rule after the upgrade"
                        % (token, bridge), file=file)


def _octets(mac):
    return tuple(int(octet, 16) for octet in mac.split(":"))
