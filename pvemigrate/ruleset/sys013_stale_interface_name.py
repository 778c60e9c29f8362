import re

from ..rule import NODE, Rule
from ._net import has_whole_sysfs, is_plain_name, networks
from ._nic import base_name, devices
from ._searched_files import (files_of, packet_filter_files, pve_firewall_files, searched_lines,
                              service_files)

# All of these are compiled when they are first used: most nodes have no such files.
SECTION = "\\[([A-Za-z]+)(?:[ \t]+[^ \t\\]]+)?\\]"
#: A rule up to its options, and one option (pve-firewall, PVE/Firewall.pm).
RULE = "(?:[ \t]*\\|)?[ \t]*[^ \t#|]+[ \t]+[^ \t#]+[ \t]*"
OPTION = "--?([A-Za-z-]+)[ \t]+([^ \t#]+)[ \t]*"
#: A key of sysctl.d with the name of an interface, in the spelling with dots (where a slash in the
#: name stands for a dot) and in that with slashes.
SYSCTL = ("(?:[ \t]*-)?[ \t]*net(?:\\.[a-z0-9]+\\.(?:conf|neigh)\\.([^ \t.=#;]+)\\."
          "|/[a-z0-9]+/(?:conf|neigh)/([^ \t/=#;]+)/)")
#: Names of guests' own interfaces, which rules of security groups have.
GUEST = "net[0-9]+"
#: Names that hardware, bridges and bonds have on a node: others (tun0, wg0) come and go with the
#: programs that make them.
LASTING = "(?:en[opsxP]|eth[0-9]|wl[opsx]|vmbr[0-9]|bond[0-9])[A-Za-z0-9]*(?:\\.[0-9]+)?"


class StaleInterfaceName(Rule):
    """
    ## What it finds

    A name of an interface that the node does not have, in a rule (`-i`) of etc/pve/firewall/cluster.fw
    or the node's own host.fw, or in a key such as `net.ipv4.conf.NAME.rp_filter` in etc/sysctl.conf
    and etc/sysctl.d: no interfaces file names it, and sys/class/net below the root does not have it.
    It is judged only where that is a whole one, which has `lo`, and only for names of hardware
    (`eno1`, `enp3s0`, `eth0`), of bridges (`vmbr0`) and of bonds (`bond0`) and VLANs on them; in
    cluster.fw only where the node is in no cluster, since other nodes may have that interface.

    With `--rename-nic OLD=NEW` every line that names OLD, whether it is there or not; and not only
    in these files, but also in packet filter rules and in the configuration of services (etc/default,
    dhcp, dnsmasq, lldpd, snmp, systemd/network, udev/rules.d and the like). Comments do not count.

    ## Why it matters

    The rule or setting does nothing: a port that was meant to be open on one network is closed, or a
    setting that keeps the node safe is not made. With the renamed card of the upgrade that happens
    at the reboot, when there is the least time to look for it.

    ## Example

    ```
    IN SSH(ACCEPT) -i enp33s0f0
    ```

    ## When the fix is safe

    There is none: rules of the firewall are changed in the web interface, and what a setting is for
    only you know.

    ## Guide

    Network Interface Name Change

    ## References

    pve-firewall(8); sysctl.d(5)
    """

    kinds = (NODE,)
    severity = "warning"
    phase = "switch"
    guide = "Network Interface Name Change"

    def check_project(self, project):
        self.renames = project.settings.rename_nics
        self.known = None
        if has_whole_sysfs(self.facts):
            self.known = devices(self.facts) | {
                stanza.name for network in project.once(networks, project)
                for stanza in network.stanzas}
        if self.known is None and not self.renames:
            return
        cluster, host = pve_firewall_files(project)
        if cluster is not None:
            for token in _rule_interfaces(cluster):
                self.check_name(cluster, token, not self.facts.is_clustered)
        if host is not None:
            for token in _rule_interfaces(host):
                self.check_name(host, token)
        settings = _sysctl_files(project)
        for file in settings:
            for token, name in _sysctl_interfaces(file):
                self.check_name(file, token, name=name)
        if self.renames:
            self.check_others(packet_filter_files(project) + service_files(project))

    def check_name(self, file, token, may_be_stale=True, name=None):
        """Report one name of an interface. *name*: as the node has it, where it is spelled in
        another way."""
        name = name or str(token)
        base = base_name(name)
        new = self.renames.get(base)
        if new is not None:
            self.report(token, "%s is to be called %s: change it here by hand" % (base, new),
                        file=file)
        elif (may_be_stale and self.known is not None and re.fullmatch(LASTING, name)
                and self.known.isdisjoint((name, base))
                and base not in self.renames.values()):
            self.report(token, "%s is no interface of this node: this has no effect" % name,
                        file=file)

    def check_others(self, files):
        """Report the old names in files that have no grammar here."""
        for old, new in self.renames.items():
            pattern = re.compile("(?<![A-Za-z0-9_-])%s(?![A-Za-z0-9_-])" % re.escape(old))
            for file in files:
                last = None
                for token, _ in searched_lines(file, pattern):
                    if token.node is not last:
                        last = token.node
                        self.report(token, "%s is to be called %s: change it here by hand"
                                    % (old, new), file=file)


def _rule_interfaces(file):
    """The names (tokens) of interfaces that the firewall's rules have."""
    is_rules, option = False, re.compile(OPTION)
    for line in file.tree.body:
        text = str(line.text).rstrip("\r")
        stripped = text.strip(" \t")
        if stripped.startswith("["):
            section = re.match(SECTION, stripped)
            is_rules = section is not None and section.group(1).lower() in ("rules", "group")
            continue
        match = re.match(RULE, text) if is_rules else None
        while match:
            match = option.match(text, match.end())
            if (match and match.group(1) in ("i", "iface") and is_plain_name(match.group(2))
                    and not re.fullmatch(GUEST, match.group(2))):
                yield line.part(*match.span(2))


def _sysctl_files(scope):
    """The files of sysctl.d(5) below etc/, Debian's link to sysctl.conf left out."""
    found = files_of(scope, ("sysctl.conf", "sysctl.d/"))
    first = [file.data for file in found if file.path.endswith("/sysctl.conf")]
    return [file for file in found if file.path.endswith(".conf")
            and not (file.path.endswith("/99-sysctl.conf") and file.data in first)]


def _sysctl_interfaces(file):
    """The names of interfaces in a file of sysctl.d: (token, name)."""
    for line in file.tree.body:
        match = re.match(SYSCTL, line.text)
        if match:
            spelled = match.group(1) or match.group(2)
            name = spelled.replace("/", ".") if match.group(1) else spelled
            if name not in ("all", "default") and is_plain_name(name):
                yield line.part(*match.span(1 if match.group(1) else 2)), name
