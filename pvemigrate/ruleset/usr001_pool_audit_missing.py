from ..rule import Rule
from ._user import append_pool_audit, read_config


class PoolAuditMissing(Rule):
    """
    ## What it finds

    A role of your own (all its lines in `user.cfg` together) with the privilege `Pool.Allocate` and
    without `Pool.Audit`.

    ## Why it matters

    Up to 6.x, `Pool.Allocate` was enough to see a pool. From 7.0 on that takes `Pool.Audit`: users
    of such a role no longer see the pools that they manage, nor what is in them (`GET /pools` gives an
    empty list). Where 7.x or later runs already the upgrade changes nothing about it: there it is
    information.

    ## Example

    ```
    role:Ops:Pool.Allocate,VM.Audit:
    ```

    becomes

    ```
    role:Ops:Pool.Allocate,VM.Audit,Pool.Audit:
    ```

    ## When the fix is safe

    In the upgrade from 6 to 7: once every node of the cluster runs 7.x. Before, 6.x does not know the
    privilege and drops it with the next change of any user or permission. In the later upgrades it
    can be made at any time and is marked unsafe: users have been without the privilege since 7.0, and
    somebody has to want that they get it.

    It goes behind the last privilege of the first line of the role that has `Pool.Allocate`. Roles
    that Proxmox VE makes itself are never touched, a `PVEPoolUser` included (USR003). A list that is
    separated by NUL characters is left to you.

    ## Guide

    Custom role: contains permission 'Pool.Allocate'

    ## References

    PVE::API2::Pool (pve-manager 7.0); PVE::AccessControl (pve-access-control 7.0)
    """

    kinds = ("user",)
    severity = "warning"
    phase = "after-cluster"
    guide = "Custom role: contains permission 'Pool.Allocate'"
    checker = ("check_custom_pool_roles",)
    in_hop = {"7to8": {"phase": "before", "severity": "info"},
              "8to9": {"phase": "before", "severity": "info"}}
    needs = ("Pool.Allocate",)

    def visit_File(self, tree):
        is_new = "Pool.Audit" in self.hop.new_privileges
        for role, lines in read_config(self, tree).roles.items():
            held = {str(item) for _, items in lines for item in items}
            if role in self.hop.roles or "Pool.Allocate" not in held or "Pool.Audit" in held:
                continue
            append_pool_audit(self, role, lines, "Pool.Allocate", "safe" if is_new else "unsafe",
                              "role %s has Pool.Allocate without Pool.Audit: " + (
                                  "from 7.0 on its users see no pools" if is_new
                                  else "its users see no pools"))
