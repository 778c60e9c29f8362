from ..rule import Rule
from ._user import NEW_SPECIAL_ROLE, UserConfig, append_pool_audit


class PoolAuditMissing(Rule):
    """
    ## What it finds

    A role of your own (all its lines in `user.cfg` together) with the privilege `Pool.Allocate` and
    without `Pool.Audit`.

    ## Why it matters

    Up to 6.x, `Pool.Allocate` was enough to see a pool. From 7.0 on that takes `Pool.Audit`: users
    of such a role no longer see the pools that they manage, nor what is in them.

    ## Example

    ```
    role:Ops:Pool.Allocate,VM.Audit:
    ```

    becomes

    ```
    role:Ops:Pool.Allocate,VM.Audit,Pool.Audit:
    ```

    ## When the fix is safe

    Once every node of the cluster runs 7.x. Before, 6.x does not know the privilege and drops it
    with the next change of any user or permission. It goes behind the last privilege of the first
    line of the role that has `Pool.Allocate`. Roles that Proxmox VE makes itself are never touched,
    a `PVEPoolUser` included (USR003). A list that is separated by NUL characters is left to you.

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
    needs = ("Pool.Allocate",)

    def visit_File(self, tree):
        config = self.project.once(UserConfig, tree, self.facts.release)
        for role, lines in config.roles.items():
            held = {str(item) for _, items in lines for item in items}
            if role == NEW_SPECIAL_ROLE or "Pool.Allocate" not in held or "Pool.Audit" in held:
                continue
            append_pool_audit(self, role, lines, "Pool.Allocate", "safe",
                              "role %s has Pool.Allocate without Pool.Audit: from 7.0 on its users "
                              "see no pools")
