from ..edit import Fix, replace
from ..rule import Rule
from ._user import read_config, role_names, special_roles


class ReservedRoleName(Rule):
    """
    ## What it finds

    A role of your own whose name the new release takes for itself: Proxmox VE 7 has a built-in role
    `PVEPoolUser`. Proxmox VE 8 adds `PVESDNUser`, `PVEMappingAdmin` and `PVEMappingUser`, and keeps
    all names that begin with `PVE`, in whatever letters (`pveops`).

    ## Why it matters

    From then on such a name stands for the built-in role: `PVEPoolUser` has `Pool.Audit` alone. With
    the next change of any user or permission the lines of your own role are gone from `user.cfg`, and
    who has the role keeps nothing else of its privileges. A name that is merely kept goes on working,
    until some release has a role that is called so. `pve7to8` takes that for a failure, too.

    ## Example

    ```
    role:PVEPoolUser:Pool.Allocate,VM.Audit:
    acl:1:/pool/lab:@lab:PVEPoolUser:
    ```

    becomes, with `--rename-role PVEPoolUser=LabPool`,

    ```
    role:LabPool:Pool.Allocate,VM.Audit:
    acl:1:/pool/lab:@lab:LabPool:
    ```

    ## When the fix is safe

    It takes the new name from you (`--rename-role`, once for each role), and somebody has to look at
    it: scripts may know the old one. All lines of the role and its uses in acl lines are changed
    together. No name that begins with `PVE` is taken, none of a built-in role, and none that the file
    uses already.

    ## Guide

    The upgrade guide has nothing on it; pve6to7 looks for it.

    ## References

    pve6to7 and pve7to8, check_custom_pool_roles; PVE::AccessControl (pve-access-control 7.0 and 8.0);
    PVE::API2::Role (8.0)
    """

    kinds = ("user",)
    severity = "error"
    phase = "before"
    hops = ("6to7", "7to8")
    checker = ("check_custom_pool_roles",)
    needs = ("PVEPoolUser",)
    # The names that Proxmox VE 8 keeps are not told by their letters' case.
    in_hop = {"7to8": {"needs": None}}

    def visit_File(self, tree):
        hop, places = self.hop, None
        for role, lines in read_config(self, tree).roles.items():
            if role in hop.roles:
                message = "role %s: from %d.0 on this is the name of a built-in role" % (
                    role, hop.new_release)
            elif hop.role_prefix and role.lower().startswith(hop.role_prefix):
                message = ("role %s: from %d.0 on names that begin with PVE are those of built-in roles"
                           % (role, hop.new_release))
            else:
                continue
            if places is None:
                places = {}
                for name, token in role_names(tree):
                    places.setdefault(name, []).append(token)
            self.report_role(role, lines[0][0].values()[0], message, places)

    def report_role(self, role, item, message, places):
        """Report a role at the Token of its name, with a fix where the new name is given. *places*:
        name -> the Tokens (list) that name it."""
        new = self.project.settings.rename_roles.get(role)
        fix = None
        if new is None:
            message += "; give yours another one with --rename-role %s=NEW" % role
        elif new in places or new in special_roles(self.hop.new_release):
            message += "; %s is taken already, choose another name" % new
        else:
            fix = Fix.unsafe("call it %s" % new, *(replace(token, new) for token in places[role]))
        self.report(item, message, fix)
