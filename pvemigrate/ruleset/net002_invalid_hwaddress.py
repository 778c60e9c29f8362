from ..formats.interfaces import joined, words
from ..lazy import lazy
from ..rule import Rule
from ._net import bridge_ports, networks

#: What may stand before the address; of the others than ether the length is not known here.
TYPES = ("ether", "ax25", "arcnet", "netrom")
OCTETS = lazy("[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2}){5}")


class InvalidHwaddress(Rule):
    """
    ## What it finds

    A `hwaddress` that is no address an interface can have: other than six octets of one or two
    hexadecimal digits between colons (with or without `ether` before it), a multicast address, or
    nothing but zeros. Also, as information, two bridges with the same address. `random`, which
    ifupdown knows, is none of it; neither is a value that a shell makes up (`$(...)`).

    ## Why it matters

    The line does nothing: the interface does not come up, or comes up with an address of its own,
    which for a bridge on Proxmox VE 7 is not the one it had before. The example in the upgrade guide
    for 7 has five octets. Two bridges with one address are usual where both hang on VLANs of one NIC,
    and a mistake where they share a network.

    ## Example

    ```
    iface vmbr0 inet static
    	address 192.0.2.10/24
    	hwaddress aa:bb:cc:12:34
    ```

    ## When the fix is safe

    There is none: which address is right can be seen with `ip link`.

    ## Guide

    Check Linux Network Bridge MAC

    ## References

    interfaces(5), option hwaddress
    """

    kinds = ("interfaces",)
    severity = "error"
    phase = "before"
    guide = "Check Linux Network Bridge MAC"
    # A backslash at the end of a line may cut the word in two.
    needs = ("hwaddress", "\\")

    def check_project(self, project):
        reported = set()
        for network in project.once(networks, project):
            bridges = {name for name, stanzas in network.interfaces.items()
                       if bridge_ports(stanzas)}
            owners = {}
            for stanza in network.stanzas:
                for option in stanza.block.options("hwaddress"):
                    severity, message = self.judge(option, stanza.name, bridges, owners)
                    place = (stanza.file.path, id(option))
                    if message and project.owns(stanza.file) and place not in reported:
                        reported.add(place)
                        self.report(option.value, message, severity=severity, file=stanza.file)

    def judge(self, option, name, bridges, owners):
        """Severity and message for one option; (None, None) where nothing is wrong. *owners*: the
        addresses of bridges so far, address -> name."""
        value = joined(option.value)
        parts = words(value)
        if len(parts) > 1 and parts[0].lower() in TYPES:
            if parts[0].lower() != "ether":
                return None, None
            del parts[0]
        elif parts == ["random"]:
            return None, None
        if any(char in value for char in "$`%{"):
            return None, None
        shown = " ".join(parts)
        if not OCTETS.fullmatch(shown):
            return "error", ("%s is no MAC address: it takes six octets of two hexadecimal digits "
                             "between colons" % shown)
        octets = tuple(int(octet, 16) for octet in shown.split(":"))
        if not any(octets):
            return "error", "%s: an address of nothing but zeros is not valid" % shown
        if octets[0] & 1:
            return "error", ("%s is a multicast address (its first octet is odd); an interface "
                             "cannot have it" % shown)
        if name in bridges and owners.setdefault(octets, name) != name:
            return "info", ("%s is the address of bridge %s too; fine only where the two are on "
                            "different networks" % (shown, owners[octets]))
        return None, None
