from fnmatch import fnmatchcase

from ..edit import Fix, insert_after
from ..formats.interfaces import BrokenIfaceHeader, IfaceHeader, Option, joined, words
from ..rule import Rule
from ..settings import valid_mac
from ._net import bridge_ports, networks, uses_ifupdown2

#: Options whose commands run when an interface comes up.
UP_COMMANDS = ("pre-up", "up", "post-up")


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
    dpkg's status file classic ifupdown is assumed. When the NIC is replaced one day, the line has
    to follow.

    ## Guide

    Check Linux Network Bridge MAC

    ## References

    interfaces(5); bridge-utils-interfaces(5); systemd.link(5), MACAddressPolicy=
    """

    kinds = ("interfaces",)
    severity = "warning"
    phase = "before"
    guide = "Check Linux Network Bridge MAC"

    def check_project(self, project):
        reported = set()
        for network in project.once(networks, project):
            addressed = {name for stanza in network.stanzas
                         for option in stanza.options(*UP_COMMANDS)
                         for name in _addressed(joined(option.value), stanza.name)}
            templates = {stanza.template for stanza in network.stanzas if stanza.template}
            for name, stanzas in network.interfaces.items():
                if not bridge_ports(stanzas) or self.is_pinned(name, stanzas, addressed):
                    continue
                if any(stanza in templates for stanza in stanzas) and self.facts.mac(name) is None:
                    # Most likely no interface at all, only what others inherit from.
                    continue
                stanza = next((s for s in stanzas if s.family == "inet"), stanzas[0])
                place = (stanza.file.path, id(stanza.block))
                if stanza.file in project.files and place not in reported:
                    reported.add(place)
                    self.report_bridge(stanza, stanza in templates)

    def is_pinned(self, name, stanzas, addressed):
        """Whether something gives the bridge its MAC address. *addressed*: the interfaces that
        commands do that to."""
        if name in addressed:
            return True
        for stanza in stanzas:
            for option in stanza.options():
                key = joined(option.key)
                # bridge-utils sees its options in capitals, see bridge_ports().
                if key == "hwaddress" or key.lower().replace("_", "-") == "bridge-hw":
                    return True
        links = self.project.once(_link_files, self.facts)
        # Debian's default file brings the policy; one of the same name in /etc replaces it, and
        # masks it where it is a link to /dev/null.
        if "MACAddressPolicy" not in links.get("99-default.link", "MACAddressPolicy"):
            return True
        return any(_leaves_address(text, name) for text in links.values())

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
        line = _line_above(stanza.block)
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
        elif not _ends_alike(stanza.file.tree, stanza.block, line):
            message += ("; add `hwaddress %s` by hand: readers disagree on where the line above "
                        "it ends" % mac)
        else:
            text = "%shwaddress %s" % (_indent(stanza.block, line), mac)
            fix = Fix.safe("add hwaddress %s" % mac, insert_after(line, text))
        self.report(item, message, fix, file=stanza.file)


def _line_above(block):
    """The line that the new one follows: the first address option, unless a line before it ends the
    stanza for PVE or ifupdown2; else the header."""
    first = next(iter(block.options("address")), None)
    if first is None:
        return block.header
    at = next(at for at, node in enumerate(block.body) if node is first)
    return first if len(block.kept_by_all) >= at else block.header


def _indent(block, line):
    if line is not block.header:
        return str(line.indent)
    first = next((node for node in block.body if isinstance(node, Option)), None)
    return "\t" if first is None else str(first.indent).split("\\", 1)[0]


def _ends_alike(tree, block, line):
    """Whether ifupdown, ifupdown2 and PVE agree where *line* ends, and on the header."""
    header = block.header
    if isinstance(header, BrokenIfaceHeader):
        return False
    if line is header and (not isinstance(header, IfaceHeader) or header.extra):
        return False
    code = tree.code
    for node in (header, line):
        start, end = tree.span(node)
        if any(char in node.code for char in "\\\0") or "\r" in node.code.rstrip("\r\n"):
            return False
        # ifupdown2 joins the lines on both sides of any backslash, in comments too, and drops white
        # space (in Unicode's sense) around it (ifupdown/networkinterfaces.py).
        if code[:start].rstrip().endswith("\\") or code[end:].lstrip().startswith("\\"):
            return False
    return True


def _addressed(command, owner):
    """The words (set of str) of those parts of a shell command that set a MAC address, the
    interface's name among them; *owner*: the interface whose stanza has the command."""
    found = set()
    for part in _simple_commands(command):
        program = next((at for at, word in enumerate(part)
                        if word.rpartition("/")[2] in ("ip", "ifconfig")), None)
        if program is not None and _sets_address(part[program], part[program + 1:]):
            found.update(part[program:])
    return found | {owner} if found & {"$IFACE", "${IFACE}"} else found


def _link_files(facts):
    """The .link files in etc/systemd/network: dict of name -> text (empty if unreadable)."""
    folder = facts.etc + "systemd/network"
    return {name: (facts.get(folder + "/" + name) or b"").decode("utf-8", "replace")
            for name in facts.listdir(folder) if name.endswith(".link")}


def _sets_address(program, arguments):
    """Whether ``ip`` or ``ifconfig`` with these arguments (list of str) sets a MAC address."""
    if program.endswith("ifconfig"):
        return "hw" in arguments[:-1]
    arguments = [word for word in arguments if not word.startswith("-")]
    # iproute2 takes abbreviations.
    return (len(arguments) > 2 and "link".startswith(arguments[0])
            and arguments[1] in ("s", "se", "set", "a", "ad", "add")
            and any("address".startswith(word) and len(word) > 1 for word in arguments[2:-1]))


def _simple_commands(command):
    """The words of each simple command (lists of str), quotes taken away. A rough cut: it is only
    searched for one kind of command."""
    for char in ";&|()`\n":
        command = command.replace(char, "\0")
    for part in command.split("\0"):
        yield [word.strip("\"'") for word in words(part)]


def _leaves_address(text, name):
    """Whether a .link file says MACAddressPolicy=none and may match the bridge *name*."""
    section, policy, match = "", "", {}
    for line in text.split("\n"):
        line = line.strip()
        if line.startswith("["):
            section = line
        elif "=" in line and line[0] not in "#;":
            key, _, value = line.partition("=")
            key, value = key.strip(), value.strip().strip("\"'")
            if section == "[Match]":
                match[key] = match.get(key, []) + value.split() if value else []
            elif section == "[Link]" and key == "MACAddressPolicy":
                policy = value
    if policy != "none":
        return False
    # What tells a NIC from others is not true of a bridge.
    if match.get("PermanentMACAddress") or match.get("MACAddress") or match.get("Path"):
        return False
    kinds = ("bridge",)
    return all(_matches(match[key], values) for key, values in
               (("OriginalName", (name,)), ("Type", kinds), ("Driver", kinds), ("Kind", kinds))
               if match.get(key))


def _matches(patterns, values):
    negated = patterns[0].startswith("!")
    patterns = [patterns[0].lstrip("!")] + patterns[1:]
    return negated != any(fnmatchcase(value, pattern) for value in values for pattern in patterns)
