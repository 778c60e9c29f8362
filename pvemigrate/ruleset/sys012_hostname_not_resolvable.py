import re

from ..formats.interfaces import joined, words
from ..lazy import lazy
from ..rule import NODE, Rule
from ._net import MAIN, networks

_FIELD = lazy("[^ \t\r\f\v]+")
_IPV4 = "(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:[.](?!\\Z)|\\Z)){4}"
#: Methods by which an interface gets addresses that no file names.
_DYNAMIC = frozenset(["auto", "bootp", "dhcp", "dhcp6", "dynamic", "ipv4ll", "ppp", "v4tunnel",
                      "wvdial", "6to4"])
_COMMANDS = ("pre-up", "up", "post-up", "address-virtual")
#: Programs that give no interface an address (ip is looked at more closely).
_HARMLESS = frozenset(["bridge", "brctl", "echo", "ethtool", "ip", "iptables", "ip6tables", "modprobe",
                       "nft", "ovs-vsctl", "sleep", "sysctl", "tc", "true"])


class HostnameNotResolvable(Rule):
    """
    ## What it finds

    A node whose name (`/etc/hostname`, without the domain) is not in `/etc/hosts`, or is there for
    a loopback address alone (`127.0.1.1`), or for addresses that no interface of the node has.

    The last is judged only where the interfaces' files name all addresses: no DHCP, no commands
    that set addresses, nothing that ifupdown would refuse, no networks of systemd.

    ## Why it matters

    Proxmox VE looks the node's own name up for the address that it works with: the cluster's file
    system, the web interface and migration fail without. With packages being configured anew, the
    upgrade stops half-way.

    ## Example

    ```
    127.0.1.1 pve1.example.com pve1
    ```

    ## When the fix is safe

    There is none: write the node's address in front of its name. A name that is not in the file may
    still be known to a name server, so that is a warning only.

    ## Guide

    The guide has nothing on it.

    ## References

    hosts(5); pmxcfs(8); PVE::Network, get_ip_from_hostname
    """

    kinds = (NODE,)
    severity = "error"
    phase = "before"
    checker = ("check_misc",)

    def check_project(self, project):
        hostname = self.facts.hostname
        file = project.text(self.facts.etc + "hosts")
        if not hostname or file is None:
            return
        found = []
        for line in file.tree.body:
            fields = list(_FIELD.finditer(line.text.partition("#")[0]))
            names = [field.group().lower() for field in fields[1:]]
            if hostname.lower() in names:
                found.append(line.part(*fields[0].span()))
        if not found:
            self.report(None, "the node's name %s is not in this file: add a line with its address "
                        "and its names, unless a name server knows it" % hostname,
                        severity="warning", file=file)
            return
        outer = [token for token in found if not _is_loopback(token)]
        if not outer:
            self.report(found[0], "the node's name %s stands for itself (loopback) and not for an "
                        "address of the node" % hostname, file=file)
            return
        if self.is_written(outer, project):
            return
        own = self.own_addresses(project)
        if own and not any(_address(token) in own for token in outer):
            self.report(outer[0], "no interface of the node has this address of its name %s"
                        % hostname, file=file)

    def is_written(self, tokens, project):
        """Whether the interfaces file has one of the addresses just so, as most have."""
        return any(joined(option.value).partition("/")[0] in tokens
                   for network in project.once(networks, project)[:1]
                   for stanza in network.stanzas for option in stanza.options("address"))

    def own_addresses(self, project):
        """The addresses of the node (set); empty where the files cannot name all of them."""
        network = next(iter(project.once(networks, project)), None)
        if (network is None or network.files[0].location != MAIN or network.refusals
                or any(name.endswith(".network") for name in
                       self.facts.listdir(self.facts.etc + "systemd/network"))):
            return set()
        found = set()
        for stanza in network.stanzas:
            if (_DYNAMIC.intersection(words(stanza.header.code))
                    or any(_may_set_address(option) for option in stanza.options(*_COMMANDS))):
                return set()
            for option in stanza.options("address"):
                address = _address(joined(option.value).partition("/")[0].strip(" \t\r"))
                if address is None:
                    return set()
                found.add(address)
        return {address for address in found if not _is_loopback(address)}


def _may_set_address(option):
    """Whether a command of an interface may give it addresses that no file names."""
    found = words(option.value)
    programs = [word.rpartition("/")[2] for word in found[:1]]
    programs += [word.rpartition("/")[2] for word in found[1:] if word.endswith(".sh")
                 or word.startswith("/") and not word.startswith(("/proc/", "/sys/", "/dev/"))]
    return (joined(option.key) == "address-virtual" or not _HARMLESS.issuperset(programs)
            or any(word == "a" or word.startswith(("addr", "ifconfig")) for word in found))


def _is_loopback(text):
    address = _address(text)
    return address is not None and (address.startswith("127.") or address == "::1")


def _address(text):
    """An IP address (str) in its shortest form, None for what is none."""
    text = str(text).partition("%")[0]
    if re.fullmatch(_IPV4, text):
        return text
    # Takes as long to import as many rules take together, and most nodes have no such address.
    from ipaddress import ip_address

    try:
        return str(ip_address(text))
    except ValueError:
        return None
