from ..rule import Rule
from ._user import read_config

#: How many names a message spells out.
MOST_NAMES = 3


class WeakerBuiltInRole(Rule):
    """
    ## What it finds

    An acl line that gives somebody the built-in role `PVEAdmin` or `PVESysAdmin`. Silent for who has
    another role on the same path that keeps what this one loses (`Administrator`, or one of your own
    with `Permissions.Modify`), or `NoAccess`.

    ## Why it matters

    Up to Proxmox VE 7 both roles have `Permissions.Modify`, with which users could give themselves all
    that `Administrator` has. From 8.0 on that role alone has it. Users, groups and tokens with one of
    the two can no longer change permissions; on single guests, storages and pools, who may allocate
    them may still pass on what they have themselves.

    ## Example

    ```
    acl:1:/:@ops:PVEAdmin:
    ```

    ## When the fix is safe

    There is none: most do not need the privilege. Who does gets a role of your own besides:

    ```
    pveum role add Delegate --privs Permissions.Modify
    pveum acl modify / --groups ops --roles Delegate
    ```

    ## Guide

    The upgrade guide has no section of its own on it.

    ## References

    pve7to8, check_custom_pool_roles; PVE::AccessControl (pve-access-control 8.0); Proxmox VE's manual,
    "User Management"
    """

    kinds = ("user",)
    severity = "warning"
    phase = "before"
    hops = ("7to8",)
    checker = ("check_custom_pool_roles",)
    needs = ("PVEAdmin", "PVESysAdmin")

    def visit_File(self, tree):
        config, weaker = read_config(self, tree), self.hop.weaker_roles
        keepers = {}
        for _, path, propagates, members, roles in config.entries:
            # Each role once, however often a line names it.
            for role in {str(role): role for role in reversed(roles) if role in weaker}.values():
                privilege = weaker[role]
                if privilege not in keepers:
                    keepers[privilege] = _keepers(config, privilege)
                kept = keepers[privilege]
                losers = [member for member in members
                          if kept.get((path, member), -1) < propagates]
                if losers:
                    self.report(role, "%s loses %s with %s: %s can change permissions on %s no longer; "
                                "where that is needed, give a role of your own with it besides" % (
                                    role, privilege, self.hop.new_pve, _named(losers), path))


def _keepers(config, privilege):
    """Who has *privilege* by another role: dict of (path, member) -> whether it propagates."""
    names = {"Administrator", "NoAccess"}
    names.update(role for role, lines in config.roles.items()
                 if any(privilege in items for _, items in lines))
    found = {}
    for _, path, propagates, members, roles in config.entries:
        if not names.isdisjoint(roles):
            for member in members:
                found[path, member] = max(propagates, found.get((path, member), propagates))
    return found


def _named(members):
    """The names of members, for a message."""
    names = list(dict.fromkeys(members))
    if len(names) > MOST_NAMES:
        return "%s and %d more" % (", ".join(names[:MOST_NAMES - 1]), len(names) - MOST_NAMES + 1)
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
