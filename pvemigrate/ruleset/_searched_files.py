"""Files below etc/ that are looked into for a word: packet filter rules, the firewall of Proxmox VE,
and what else names interfaces. None of them is ever changed.
"""

from ..lazy import lazy

__all__ = ["files_of", "packet_filter_files", "pve_firewall_files", "searched_lines", "service_files"]

#: Packet filter rules (prefixes of paths below etc/; what ends in ``/`` is a folder): nftables,
#: ebtables, arptables and iptables with what saves them, shorewall, ferm, ufw, and ifupdown's
#: scripts.
PACKET_FILTERS = (
    "nftables.conf", "nftables/", "nftables.d/", "ebtables", "ebtables/", "arptables", "arptables/",
    "iptables", "iptables/", "ip6tables", "ip6tables/", "firewall", "firewall/", "shorewall/", "ferm/",
    "ufw/", "default/ebtables", "default/arptables", "network/if-pre-up.d/", "network/if-up.d/",
    "network/if-down.d/", "network/if-post-down.d/")
#: What else has names of interfaces.
SERVICES = ("default/", "dhcp/", "dnsmasq.conf", "dnsmasq.d/", "lldpd.conf", "lldpd.d/", "pve/sdn/",
            "radvd.conf", "rc.local", "snmp/", "systemd/network/", "udev/rules.d/", "keepalived/",
            "vnstat.conf")


def files_of(scope, prefixes):
    """The files below etc/ (of kind text) whose paths begin with one of *prefixes*, as far as they
    can be read."""
    etc, facts, found = scope.facts.etc, scope.facts, {}
    for prefix in prefixes:
        folder, _, start = prefix.rpartition("/")
        path = etc + folder + "/" if folder else etc
        for name in facts.once(("names", path), lambda path=path: facts.listdir(path.rstrip("/"))):
            # Editors' and dpkg's leftovers are read by nobody.
            if name.startswith(start) and not name.endswith(("~", ".bak", ".dpkg-old", ".dpkg-dist",
                                                             ".dpkg-new", ".swp")):
                file = scope.text(path + name)
                if file is not None:
                    found[file.path] = file
    return [found[path] for path in sorted(found)]


def packet_filter_files(scope):
    """Packet filter rules."""
    return files_of(scope, PACKET_FILTERS)


def service_files(scope):
    """Configurations of services that name interfaces."""
    return files_of(scope, SERVICES)


def pve_firewall_files(scope):
    """Proxmox VE's own firewall, as far as it is about this node: (cluster.fw or None, host.fw or
    None)."""
    etc, facts = scope.facts.etc, scope.facts
    nodes = facts.listdir(etc + "pve/nodes")
    own = facts.hostname or (nodes[0] if len(nodes) == 1 else None)
    return (scope.text(etc + "pve/firewall/cluster.fw"),
            scope.text("%spve/nodes/%s/host.fw" % (etc, own)) if own in nodes else None)


def searched_lines(file, pattern):
    """Where *pattern* (compiled) matches in a file's lines, remarks left out: yields (match's token,
    match)."""
    if not pattern.search(file.tree.code):
        return
    for line in file.tree.body:
        text = str(line.text)
        end = _REMARK.search(text)
        for match in pattern.finditer(text, 0, end.start() if end else len(text)):
            yield line.part(match.start(), match.end()), match


_REMARK = lazy("(?:^|(?<=[ \t]))#")
