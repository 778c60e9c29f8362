"""Which Linux bridges get another MAC address with systemd of Debian Bullseye.

Shared by the rules that look at bridges' addresses.
"""

from ..formats.interfaces import joined
from ._net import (UP_COMMANDS, bridge_ports, link_files, link_sections, networks, option_key,
                   simple_commands)

__all__ = ["line_above", "unpinned_bridges"]


def unpinned_bridges(scope):
    """The Linux bridges whose MAC address nothing pins: list of (stanza, is_template), the stanza
    in which a hwaddress belongs, and whether others inherit from it."""
    found, seen = [], set()
    links = scope.once(link_files, scope)
    for network in scope.once(networks, scope):
        addressed = {name for stanza in network.stanzas
                     for option in stanza.options(*UP_COMMANDS)
                     for name in _addressed(joined(option.value), stanza.name)}
        templates = {stanza.template for stanza in network.stanzas if stanza.template}
        for name, stanzas in network.interfaces.items():
            if not bridge_ports(stanzas) or _is_pinned(name, stanzas, addressed, links):
                continue
            if any(stanza in templates for stanza in stanzas) and scope.facts.mac(name) is None:
                # Most likely no interface at all, only what others inherit from.
                continue
            stanza = next((s for s in stanzas if s.family == "inet"), stanzas[0])
            place = (stanza.file.path, id(stanza.block))
            if place not in seen:
                seen.add(place)
                found.append((stanza, stanza in templates))
    return found


def _is_pinned(name, stanzas, addressed, links):
    """Whether something gives the bridge its MAC address. *addressed*: the interfaces that commands
    do that to. *links*: the .link files."""
    if name in addressed:
        return True
    for stanza in stanzas:
        for option in stanza.options():
            # bridge-utils sees its options in capitals, see bridge_ports().
            if joined(option.key) == "hwaddress" or option_key(option) == "bridge-hw":
                return True
    # Debian's default file brings the policy; one of the same name in /etc replaces it, and masks
    # it where it is a link to /dev/null.
    if "MACAddressPolicy" not in links.get("99-default.link", "MACAddressPolicy"):
        return True
    return any(_leaves_address(text, name) for text in links.values())


def line_above(block):
    """The line that the new one follows: the first address option, unless a line before it ends the
    stanza for PVE or ifupdown2; else the header."""
    first = next(iter(block.options("address")), None)
    if first is None:
        return block.header
    at = next(at for at, node in enumerate(block.body) if node is first)
    return first if len(block.kept_by_all) >= at else block.header


def _addressed(command, owner):
    """The words (set of str) of those parts of a shell command that set a MAC address, the
    interface's name among them; *owner*: the interface whose stanza has the command."""
    found = set()
    for part in simple_commands(command):
        program = next((at for at, word in enumerate(part)
                        if word.rpartition("/")[2] in ("ip", "ifconfig")), None)
        if program is not None and _sets_address(part[program], part[program + 1:]):
            found.update(part[program:])
    return found | {owner} if found & {"$IFACE", "${IFACE}"} else found


def _sets_address(program, arguments):
    """Whether ``ip`` or ``ifconfig`` with these arguments (list of str) sets a MAC address."""
    if program.endswith("ifconfig"):
        return "hw" in arguments[:-1]
    arguments = [word for word in arguments if not word.startswith("-")]
    # iproute2 takes abbreviations.
    return (len(arguments) > 2 and "link".startswith(arguments[0])
            and arguments[1] in ("s", "se", "set", "a", "ad", "add")
            and any("address".startswith(word) and len(word) > 1 for word in arguments[2:-1]))


def _leaves_address(text, name):
    """Whether a .link file says MACAddressPolicy=none and may match the bridge *name*."""
    match, link = link_sections(text)
    if link.get("MACAddressPolicy", [])[-1:] != ["none"]:
        return False
    # What tells a NIC from others is not true of a bridge.
    if match.get("PermanentMACAddress") or match.get("MACAddress") or match.get("Path"):
        return False
    kinds = ("bridge",)
    return all(_matches(" ".join(match[key]).split(), values) for key, values in
               (("OriginalName", (name,)), ("Type", kinds), ("Driver", kinds), ("Kind", kinds))
               if match.get(key))


def _matches(patterns, values):
    from fnmatch import fnmatchcase

    negated = patterns[0].startswith("!")
    patterns = [patterns[0].lstrip("!")] + patterns[1:]
    return negated != any(fnmatchcase(value, pattern) for value in values for pattern in patterns)
