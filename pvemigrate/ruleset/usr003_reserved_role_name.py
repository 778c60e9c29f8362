from ..edit import Fix, replace
from ..formats.user import Record
from ..rule import Rule
from ._user import NEW_SPECIAL_ROLE, SPECIAL_ROLES, UserConfig, split_list


class ReservedRoleName(Rule):
    """
    ## What it finds

    A role of your own that is called `PVEPoolUser`. Proxmox VE 7 has a built-in role of that name.

    ## Why it matters

    From 7.0 on the name stands for the built-in role, which has `Pool.Audit` alone. With the next
    change of any user or permission the lines of your own role are gone from `user.cfg`, and who
    has the role keeps nothing else of its privileges.

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

    It takes the new name from you (`--rename-role`), and somebody has to look at it: scripts may
    know the old one. All lines of the role and its uses in acl lines are changed together. No name
    that begins with `PVE` is taken, none of a built-in role, and none that the file uses already.

    ## Guide

    The upgrade guide has nothing on it; pve6to7 looks for it.

    ## References

    pve6to7, check_custom_pool_roles; PVE::AccessControl (pve-access-control 7.0)
    """

    kinds = ("user",)
    severity = "error"
    phase = "before"
    hops = ("6to7", "7to8")
    checker = ("check_custom_pool_roles",)
    needs = (NEW_SPECIAL_ROLE,)

    def visit_File(self, tree):
        config = self.project.once(UserConfig, tree, self.facts.release)
        lines = config.roles.get(NEW_SPECIAL_ROLE)
        if not lines:
            return
        names = [name for name, _ in role_names(tree)]
        message = "role %s: from 7.0 on this is the name of a built-in role" % NEW_SPECIAL_ROLE
        new = self.project.settings.rename_roles.get(NEW_SPECIAL_ROLE)
        fix = None
        if new is None:
            message += "; give yours another one with --rename-role %s=NEW" % NEW_SPECIAL_ROLE
        elif new in names or new in SPECIAL_ROLES:
            message += "; %s is taken already, choose another name" % new
        else:
            fix = Fix.unsafe("call it %s" % new, *(
                replace(token, new) for name, token in role_names(tree)
                if name == NEW_SPECIAL_ROLE))
        self.report(lines[0][0].values()[0], message, fix)


def role_names(tree):
    """Each place where the file names a role: yields (name, Token)."""
    for node in tree.body:
        if not isinstance(node, Record):
            continue
        values = node.values()
        if node.keyword == "role":
            yield from ((str(token), token) for token in values[:1])
        elif node.keyword == "acl":
            yield from ((str(token), token) for field in values[3:4] for token in split_list(field))
