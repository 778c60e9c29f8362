from ..cst import Block
from ..formats.interfaces import Source, joined
from ..rule import Rule
from ._net import (UP_COMMANDS, has_whole_sysfs, link_files, link_sections, networks,
                   simple_commands)
from ._nic import base_name, devices, udev_names, uses

#: Programs that make no interface, whatever they are told (``ip`` may).
HARMLESS = ("bridge", "echo", "ethtool", "false", "ifconfig", "ifdown", "ifup", "ip6tables",
            "iptables", "logger", "mii-tool", "route", "sleep", "sysctl", "tc", "test", "true", "[")
#: What ``ip`` may be about besides: it makes no interface there.
NOT_LINKS = ("a", "addr", "address", "n", "neigh", "neighbour", "r", "route", "ru", "rule")


class UnknownPort(Rule):
    """
    ## What it finds

    A port of a Linux bridge (`bridge-ports`) or of a bond (`bond-slaves`) that is no interface: no
    `iface` line defines it and sys/class/net below the root does not have it. It is judged only
    where that is a whole one, which has `lo`.

    Silent for patterns (`regex`, `glob`, `all`), for a VLAN on an interface that is there
    (`eno1.100`), for a name that a .link file, a rule of udev or a command in the interfaces files
    may give, and for both names of a `--rename-nic`.

    ## Why it matters

    The bridge comes up without the port, or not at all. As long as the node is not rebooted nobody
    notices; the upgrade asks for a reboot. Often it is the name of a card that was replaced.

    ## Example

    ```
    iface vmbr0 inet static
    	address 192.0.2.10/24
    	bridge-ports eno7
    ```

    ## When the fix is safe

    There is none: `ip link` shows what the card is called.

    ## Guide

    Network Interface Name Change

    ## References

    bridge-utils-interfaces(5); README.Debian of ifenslave
    """

    kinds = ("interfaces",)
    severity = "warning"
    phase = "before"
    guide = "Network Interface Name Change"

    def may_find(self, file):
        # A backslash at the end of a line may cut the option's name in two.
        text = file.data.lower()
        return b"ports" in text or b"slaves" in text or b"\\" in text

    def check_project(self, project):
        if not has_whole_sysfs(self.facts):
            return
        stanzas = []
        for network in project.once(networks, project):
            if any(isinstance(node, Source) and any(char in node.value for char in "$`")
                   for file in network.files for node in file.tree.body
                   if not isinstance(node, Block)):
                # Which files ifupdown reads besides takes a shell to know.
                return
            stanzas += network.stanzas
        renames = project.settings.rename_nics
        known = {*devices(self.facts), *renames, *renames.values(),
                 *project.once(udev_names, project)}
        known.update(stanza.name for stanza in stanzas)
        known.update(name for text in project.once(link_files, project).values()
                     for name in link_sections(text)[1].get("Name", ()))
        # ifupdown2's ranges, `iface swp[1-4]`.
        ranges = tuple(name.partition("[")[0] for name in known if "[" in name)
        known.update(name for stanza in stanzas for option in stanza.block.options(*UP_COMMANDS)
                     for words in simple_commands(joined(option.value)) if _may_make(words)
                     for name in words)
        for use in project.once(uses, project):
            if (use.key in ("bridge-ports", "bond-slaves", "slaves") and not use.is_pattern
                    and project.owns(use.file) and not use.name.startswith(ranges)
                    and known.isdisjoint((use.name, base_name(use.name)))):
                self.report(use.token, "%s is no interface: no iface line defines it, and the node "
                            "has none that is called so" % use.name, file=use.file)


def _may_make(words):
    """Whether a command may make or rename an interface. Of programs that are not known here,
    anything may."""
    program = words[0].rpartition("/")[2] if words else ""
    if program != "ip":
        return program not in HARMLESS
    arguments = [word for word in words[1:] if not word.startswith("-")]
    return (arguments[:1] != [] and arguments[0] not in NOT_LINKS
            and ("add" in arguments or "name" in arguments))
