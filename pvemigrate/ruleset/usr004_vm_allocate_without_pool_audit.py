from ..rule import Rule
from ._user import append_pool_audit, read_config


class VmAllocateWithoutPoolAudit(Rule):
    """
    ## What it finds

    A role of your own (all its lines in `user.cfg` together) with the privilege `VM.Allocate`, and
    with neither `Pool.Allocate` (those are USR001's) nor `Pool.Audit`.

    ## Why it matters

    Up to 6.x, `VM.Allocate` on a pool was enough to see it in the list of pools. From 7.0 on that
    takes `Pool.Audit`. Nothing else is lost: guests are still seen and changed as before.

    ## Example

    ```
    role:Guests:VM.Allocate,VM.Audit:
    ```

    becomes

    ```
    role:Guests:VM.Allocate,VM.Audit,Pool.Audit:
    ```

    ## When the fix is safe

    It is for somebody to look at: perhaps users of this role need no pools, and never had the role
    on one. It goes behind the last privilege of the first line of the role that has `VM.Allocate`,
    once every node of the cluster runs 7.x: 6.x drops a privilege that it does not know.

    ## Guide

    Custom role: contains permission 'Pool.Allocate'

    ## References

    PVE::API2::Pool (pve-manager 6.4 and 7.0)
    """

    kinds = ("user",)
    severity = "info"
    phase = "after-cluster"
    hops = ("6to7",)
    guide = "Custom role: contains permission 'Pool.Allocate'"
    needs = ("VM.Allocate",)

    def visit_File(self, tree):
        for role, lines in read_config(self, tree).roles.items():
            held = {str(item) for _, items in lines for item in items}
            if (role in self.hop.roles or "VM.Allocate" not in held
                    or held & {"Pool.Allocate", "Pool.Audit"}):
                continue
            append_pool_audit(self, role, lines, "VM.Allocate", "unsafe",
                              "role %s has VM.Allocate without Pool.Audit: from 7.0 on its users "
                              "see no list of pools")
