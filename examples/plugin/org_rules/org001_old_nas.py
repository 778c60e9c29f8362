"""ORG001: storages on a server that is going away."""

from pvemigrate import Fix, Rule, replace

OLD, NEW = "nas1.example.com", "nas2.example.com"


class OldNas(Rule):
    """## What it finds

    A storage whose `server` is `nas1.example.com`.

    ## Why it matters

    `nas1` is switched off in the weekend of the upgrade. A storage that cannot be reached makes
    `pve6to7` fail, and `pvestatd` slow.

    ## When the fix is safe

    Always: `nas2` has the same exports. They are mounted anew at the next use.
    """

    code, name, kinds = "ORG001", "old-nas", ("storage",)
    severity, phase, hops = "error", "before", ("6to7",)
    needs = (OLD,)

    def visit_Section(self, section):
        for server in section.properties("server"):
            if server.value == OLD:
                self.report(server.value, "%s is on %s, which is going away" % (section.id, OLD),
                            Fix.safe("write %s" % NEW, replace(server.value, NEW)))
