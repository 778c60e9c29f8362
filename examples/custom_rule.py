"""A rule of your own, run against the example node.

    python examples/custom_rule.py

A rule of the package itself is the same class in a file of its own in pvemigrate/ruleset/.
"""

from pathlib import Path

import pvemigrate
from pvemigrate import Fix, remove, replace

NODE = Path(__file__).resolve().parent / "pve6-node"


class NoPublicBridge(pvemigrate.Rule):
    """A bridge that carries the guests' VLANs must not give guests a way to the node itself.

    The unsafe fix takes the node's addresses off the bridge. Whoever reaches the node through them
    would be cut off, so it is not made without being asked for.
    """

    code, name, kinds = "ORG001", "public-bridge", ("interfaces",)
    severity, phase, hops = "warning", "before", ("6to7",)

    def visit_File(self, tree):
        self.bridges = {
            str(stanza.name) for stanza in tree.body if type(stanza).__name__ == "Iface"
            and any(option.value == "yes" for option in stanza.options("bridge-vlan-aware"))}

    def visit_Iface(self, stanza):
        if str(stanza.name) not in self.bridges or stanza.method != "static":
            return
        addresses = stanza.options("address", "netmask", "gateway")
        self.report(
            stanza.method,
            "%s carries the guests' VLANs and has an %s address of the node"
            % (stanza.name, stanza.family),
            Fix.unsafe("take the address off", replace(stanza.method, "manual"),
                       *[remove(option) for option in addresses]))


if __name__ == "__main__":
    project = pvemigrate.Project(NODE, phases="all", rules=[NoPublicBridge], unsafe_fixes=True)
    for finding in project.check():
        print("%s:%d:%d: %s %s" % (finding.path, finding.line, finding.column, finding.code,
                                   finding.message))
    print(project.fix().diff(), end="")
