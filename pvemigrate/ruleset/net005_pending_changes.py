from ..rule import Rule


class PendingChanges(Rule):
    """
    ## What it finds

    The file etc/network/interfaces.new: changes made in the web interface that were not applied
    yet.

    ## Why it matters

    Proxmox VE puts this file in the place of etc/network/interfaces when the changes are applied,
    and on the next boot, which an upgrade asks for. Whatever was edited in interfaces by hand is
    gone then, and a network configuration that nobody has tried comes up.

    ## Example

    ```
    etc/network/interfaces
    etc/network/interfaces.new
    ```

    ## When the fix is safe

    There is none: apply or revert the changes in the web interface before the upgrade (reverting
    removes the file). Until then every fix for the network configuration is made in both files.

    ## Guide

    Check Linux Network Bridge MAC

    ## References

    The network configuration chapter of the Proxmox VE administration guide
    """

    kinds = ("interfaces",)
    severity = "warning"
    phase = "before"
    guide = "Check Linux Network Bridge MAC"

    def visit_File(self, tree):  # noqa: N802 - named after the node
        if self.file.location == "network/interfaces.new":
            self.report(None, "pending network changes: this file replaces interfaces when they "
                        "are applied and on the next boot; apply or revert them before the upgrade")
