from ..rule import Rule
from ._user import read_config


class PoolAuditTooEarly(Rule):
    """
    ## What it finds

    The privilege `Pool.Audit` in a role of your own while the node runs Proxmox VE 6.x. Where the
    release is not known (no dpkg status below the root), nothing is said.

    ## Why it matters

    6.x does not know the privilege. With the next change of any user, password, permission or pool,
    on any node that still runs 6.x, `user.cfg` is written without it.

    ## Example

    ```
    role:Ops:Pool.Allocate,Pool.Audit:
    ```

    ## When the fix is safe

    There is nothing to change now. Look again after the last node is upgraded: where the privilege
    is gone by then, USR001 adds it.

    ## Guide

    Custom role: contains permission 'Pool.Allocate'

    ## References

    PVE::AccessControl, parse_user_config (pve-access-control 6.x)
    """

    kinds = ("user",)
    severity = "info"
    phase = "before"
    hops = ("6to7",)
    guide = "Custom role: contains permission 'Pool.Allocate'"
    needs = ("Pool.Audit",)

    def visit_File(self, tree):
        if self.facts.release != 6:
            return
        for role, lines in read_config(self, tree).roles.items():
            for _, items in lines:
                if "Pool.Audit" in items:
                    self.report(items[items.index("Pool.Audit")],
                                "6.x does not know Pool.Audit and drops it from role %s with the "
                                "next change: check again when all nodes run 7.x" % role)
