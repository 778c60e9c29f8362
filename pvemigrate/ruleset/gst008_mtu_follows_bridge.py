from ..formats.interfaces import joined
from ..formats.qemu import Live
from ..lazy import lazy
from ..rule import Rule
from ._guest import below_broken_header, is_own_guest, sections_that_count, settings
from ._qemu import vm_values

#: What an interface has where nobody says otherwise.
DEFAULT = 1500
_NETWORK_CARD = lazy("net(?:[0-9]|[12][0-9]|3[01])")
_NUMBER = lazy("[0-9]{1,6}")
_VLAN = lazy("(.+)[.][0-9]{1,4}")
#: Options of interfaces that are neither bridge, bond, VLAN nor NIC, and may have any MTU.
_OTHER = ("batman-", "gre", "ovs-", "tunnel-", "vrf", "vxlan")
#: Interfaces on top of each other: nobody nests them deeper.
_DEPTH = 9


class MtuFollowsBridge(Rule):
    """
    ## What it finds

    A network card (`net0`, `net1`, ...) of the model virtio without `mtu=`, in the running
    configuration of a virtual machine of this node, on a bridge whose MTU is not 1500.

    The MTU of a bridge is that in sysfs below the root, else the one that etc/network/interfaces
    with what it sources gives it: `mtu` (or `ovs_mtu`) of the bridge, or what its ports have, the
    lowest of which counts. Where that is not certain, nothing is said.

    ## Why it matters

    Up to Proxmox VE 8 such a card has 1500 for the guest. Proxmox VE 9 tells the guest the MTU of the
    bridge: after its next start the guest sends larger frames, or smaller ones, than it did.

    ## Example

    ```
    net0: virtio=02:00:00:00:00:01,bridge=vmbr1
    ```

    with `mtu 9000` in the stanza of vmbr1.

    ## When the fix is safe

    There is none, and often nothing to do: the guest gets what the bridge can carry. Where all others
    on that network have 1500, `mtu=1500` on the card keeps it so. (No card can have more than its
    bridge.)

    ## Guide

    None of a guide's sections is named here.

    ## References

    PVE::Network, read_bridge_mtu (pve-common); PVE::QemuServer::Network (qemu-server 9); qm.conf(5),
    "net[n]"; Linux, net/bridge/br_if.c (br_mtu_auto_adjust)
    """

    kinds = ("qemu",)
    needs = ("virtio",)
    severity = "info"
    phase = "before"
    hops = ("8to9",)
    checker = ("check_bridge_mtu",)

    def visit_File(self, tree):
        # Where the new release runs, it is as it is.
        if (self.facts.release or self.hop.release) >= self.hop.new_release or not is_own_guest(self):
            return
        for section in sections_that_count(tree):
            if isinstance(section, Live):
                doubtful = below_broken_header(section)
                for key, line in vm_values(section).items():
                    if _NETWORK_CARD.fullmatch(key) and id(line) not in doubtful:
                        self.check_card(key, line)

    def check_card(self, key, line):
        """Report a network card that gets another MTU."""
        said = settings(line.value, "model")
        if said is None or "mtu" in said or not (
                "virtio" in said or said.get("model", "") == "virtio"):
            return
        bridge = said.get("bridge")
        found = bridge and self.bridge_mtu(str(bridge))
        if not found or found[0] == DEFAULT:
            return
        message = ("%s has no mtu of its own: with %s the guest gets that of %s, which is %d (%s)"
                   % (key, self.hop.new_pve, bridge, *found))
        if found[0] > DEFAULT:
            message += "; mtu=%d keeps it as it is" % DEFAULT
        self.report(line.value, message)

    def bridge_mtu(self, bridge):
        """The MTU of a bridge (int) and where that is said (str), None where it is not known."""
        path = "sys/class/net/%s/mtu" % bridge
        if "/" not in bridge and bridge not in (".", ".."):
            # tar copies a file of sysfs as a page, with NULs behind the number.
            data = self.facts.once(path, lambda: self.facts.get(path) or b"")
            number = data.decode("latin-1").rstrip("\0").strip(" \n")
            if _NUMBER.fullmatch(number):
                return int(number), path
        network = self.project.once(_configured, self.project)
        mtu = network and network.of(bridge, is_bridge=True)
        return mtu and (mtu, network.path)


class _Configured:
    """What etc/network/interfaces says of MTUs. ``path``: of that file."""

    def __init__(self, scope, file):
        # Most nodes have no card that it takes to know this for.
        from . import _net

        self._net = _net
        network = _net.Network(scope)
        network.read(file)
        self.path = file.path
        self._interfaces = network.interfaces
        self._default = None if any(
            "MTUBytes" in text for text in _net.link_files(scope).values()) else DEFAULT
        self._found = {}

    def of(self, name, is_bridge=False, depth=0):
        """The MTU (int) of an interface, None where it is not certain. *is_bridge*: it has to be one.
        *depth*: how many interfaces there are whose MTU follows from this one's."""
        key = name, is_bridge
        if key not in self._found and depth < _DEPTH:
            # Interfaces that follow from each other have none that is certain.
            self._found[key] = None
            self._found[key] = self._work_out(name, is_bridge, depth + 1)
        return self._found.get(key)

    def _work_out(self, name, is_bridge, depth):
        stanzas = self._interfaces.get(name, ())
        said, keys, raw = set(), set(), None
        for stanza in stanzas:
            for option in stanza.options():
                key = self._net.option_key(option)
                value = joined(option.value).strip()
                keys.add(key)
                if key in ("mtu", "ovs-mtu"):
                    said.add(value)
                elif key == "vlan-raw-device":
                    raw = value
                elif key in self._net.UP_COMMANDS and "mtu" in value.lower():
                    return None
        if is_bridge and not {"bridge-ports", "ovs-type"} & keys:
            return None
        if said:
            value = said.pop()
            return int(value) if not said and _NUMBER.fullmatch(value) else None
        if any(key.startswith(_OTHER) for key in keys):
            return None
        if "bridge-ports" in keys:
            ports = self._net.bridge_ports(stanzas)
            if not all(map(self._net.is_plain_name, ports)):
                return None
            found = [self.of(port, depth=depth) for port in ports]
            return None if None in found else min(found, default=DEFAULT)
        vlan = _VLAN.fullmatch(name)
        if raw or vlan:
            return self.of(raw or vlan.group(1), depth=depth)
        if "bond-slaves" in keys or "slaves" in keys:
            return DEFAULT
        return None if name.startswith("vlan") else self._default


def _configured(scope):
    file = next((file for file in scope.all_of_kind("interfaces")
                 if file.location == "network/interfaces"), None)
    return file and _Configured(scope, file)
