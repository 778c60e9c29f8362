from ..rule import Rule
from ._user import read_config


class TossedLine(Rule):
    """
    ## What it finds

    What Proxmox VE loses of `user.cfg` when it next writes the file: comments and lines with a
    keyword that it does not know; users, tokens, groups, pools and roles with a name that it
    refuses; expiry dates that are no numbers; lines for roles that it makes itself; what comes too
    late (a role below the acl line that uses it, a token above its user) or twice (a user's line
    replaces the earlier one and the tokens so far); privileges, members and guests in lists that it
    does not take; fields behind the last one. Judged is by the release that runs: what a later one
    brings (privileges, pools within pools) is lost before. A privilege that is right after this
    upgrade, only too early, is information.

    ## Why it matters

    There are no comments in `user.cfg`, and it is written anew with every change of a user, a
    password, a permission or a pool, on any node. What the reader did not understand is gone then,
    without a word in the GUI. Access that somebody has written down there may never have worked.

    ## Example

    ```
    # the operators
    acl:1:/vms:@ops:Operators:
    role:Operators:VM.Audit:
    ```

    The comment goes, and so does the acl line: the role is defined below it.

    ## When the fix is safe

    There is none: the line would have to be moved, corrected, or kept somewhere else.

    What PVE keeps in another form (order, separators, `007`) is not reported. Neither is
    `Pool.Audit`, which 6.x drops (USR002), a role whose name the new release takes for itself (USR003),
    nor a privilege that is gone with it (USR007).

    ## Guide

    The guide has nothing on it.

    ## References

    PVE::AccessControl, parse_user_config and write_user_config (pve-access-control)
    """

    kinds = ("user",)
    severity = "warning"
    phase = "before"

    def visit_File(self, tree):
        config = read_config(self, tree)
        for item, message in config.losses:
            self.report(item, message)
        for item, message in config.early:
            self.report(item, message, severity="info")
