from ..edit import Fix, replace
from ..formats.interfaces import Auto, joined
from ..rule import Rule
from ._net import is_plain_name, networks, option_key, uses_ifupdown2, word_tokens


class OvsNeedsAuto(Rule):
    """
    ## What it finds

    `allow-ovs NAME` for Open vSwitch bridges, and `allow-BRIDGE NAME` for the ports of such a
    bridge (one that an interfaces file gives `ovs_type OVSBridge`), where dpkg shows ifupdown2. Silent
    where all that the line names is in an `auto` line too, for `allow-hotplug` and other classes,
    and without dpkg's status file.

    ## Why it matters

    With classic ifupdown, the scripts of Open vSwitch bring up what these lines name. With ifupdown2
    nobody does: at boot it brings up what `auto` names. The bridge, and what hangs on it, stays
    down.

    ## Example

    ```
    allow-ovs vmbr0
    iface vmbr0 inet manual
    	ovs_type OVSBridge
    	ovs_ports eno1

    allow-vmbr0 eno1
    ```

    becomes

    ```
    auto vmbr0
    iface vmbr0 inet manual
    	ovs_type OVSBridge
    	ovs_ports eno1

    auto eno1
    ```

    ## When the fix is safe

    It changes the keyword and nothing else; with ifupdown2, Proxmox VE's own editor writes the same
    lines. Where the line has a pattern, `all` or a remark, which mean something else behind `auto`,
    or where a backslash or a NUL byte cuts it, it is left to you.

    ## Guide

    Check Linux Network Bridge MAC

    ## References

    README.Debian of openvswitch-switch; PVE::INotify; ifupdown2, ifupdown/networkinterfaces.py
    """

    kinds = ("interfaces",)
    severity = "warning"
    phase = "before"
    guide = "Check Linux Network Bridge MAC"
    # A backslash at the end of a line may cut the word in two.
    needs = ("allow-", "\\")

    def check_project(self, project):
        if not uses_ifupdown2(self.facts):
            return
        done = set()
        for network in project.once(networks, project):
            bridges = {stanza.name for stanza in network.stanzas
                       for option in stanza.options()
                       if option_key(option) == "ovs-type" and joined(option.value) == "OVSBridge"}
            lines = [(file, node) for file in network.files for node in file.tree.body
                     if isinstance(node, Auto)]
            started = {joined(name) for _, node in lines
                       if joined(node.keyword) in ("auto", "allow-auto")
                       for name in word_tokens(node.names)}
            for file, node in lines:
                keyword = joined(node.keyword)
                if (not keyword.startswith("allow-") or not project.owns(file)
                        or id(node) in done or keyword[6:] not in bridges | {"ovs"}):
                    continue
                names = [joined(name) for name in word_tokens(node.names)]
                if not started.issuperset(names):
                    done.add(id(node))
                    self.report_line(file, node, keyword, names)

    def report_line(self, file, node, keyword, names):
        """Report a line that ifupdown2 does not start anything for."""
        message = "%s: ifupdown2 does not bring up %s at boot; it takes `auto`" % (
            keyword, names[0] if len(names) == 1 else "these")
        odd = next((name for name in names
                    if name == "all" or name.startswith("#") or not is_plain_name(name)), None)
        fix = None
        if odd is not None:
            message += ", behind which %s means something else: write it by hand" % odd
        elif keyword != node.keyword or "\0" in node.code:
            message += "; the line is cut by a %s: write it by hand" % (
                "NUL byte" if "\0" in node.code else "backslash")
        else:
            fix = Fix.safe("write auto", replace(node.keyword, "auto"))
        self.report(node.keyword, message, fix, file=file,
                    follow_up=("ifreload -a",) if fix else ())
