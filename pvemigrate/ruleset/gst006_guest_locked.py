from ..formats.guest import lock
from ..rule import Rule, command
from ._guest import guest_id

_TOOLS = {"lxc": "pct", "qemu": "qm"}


class GuestLocked(Rule):
    """
    ## What it finds

    A guest whose live configuration has a `lock:`. Of several the last one counts. A lock in a
    snapshot or in the pending changes locks nothing.

    ## Why it matters

    While a backup, a migration or a snapshot is made, Proxmox VE keeps what it is at in the guest's
    configuration and writes it again when it is done; its own tools change nothing meanwhile. So
    `fix` does not either: no fix of any rule is made in this file, and what the other rules find
    there stays. A lock without such a task is what one that was stopped has left. The guest then
    cannot be started, changed or migrated, which the upgrade of a cluster may want. A virtual
    machine that was suspended to disk has one until it is resumed.

    ## Example

    ```
    arch: amd64
    lock: backup
    ostype: debian
    ```

    ## When the fix is safe

    There is none: whether the task still runs is not in the files. When it is done the lock is gone,
    and `fix` makes its changes. Where none runs, `pct unlock` or `qm unlock` takes the lock away; what
    the task has left (a half-made snapshot) remains to be looked at.

    ## Guide

    The guide does not mention it.

    ## References

    PVE::AbstractConfig, check_lock (pve-guest-common); pct(1), qm(1), "unlock"
    """

    kinds = ("lxc", "qemu")
    needs = ("lock:",)
    severity = "warning"
    phase = "before"

    def visit_File(self, tree):
        reason = lock(tree)
        if reason is None:
            return
        if str(reason) in ("suspended", "suspending"):
            what = "resume it first"
        else:
            number, _ = guest_id(self.file.path)
            what = "wait until that is done; where nothing runs any more, %s takes the lock away" % (
                command(_TOOLS[tree.kind], "unlock", number or "ID"))
        self.report(reason, "the guest is locked (%s), and no fix changes its configuration: %s"
                    % (reason, what))
