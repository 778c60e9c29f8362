from ..edit import Fix, remove, replace
from ..rule import Rule
from ..storage_types import plain_number
from ._vzdump_conf import Retention


class MaxfilesInVzdumpConf(Rule):
    """
    ## What it finds

    `maxfiles` in vzdump.conf: how many backups of a guest are kept where neither the job nor the
    storage says it.

    ## Why it matters

    `maxfiles` is deprecated in favour of `prune-backups`, and later releases refuse it. Beside a
    valid `prune-backups` it is dead already. A value that is no number (a comment behind it is
    enough) is ignored: Proxmox VE 6 then keeps one backup, Proxmox VE 7 keeps all.

    ## Example

    ```
    maxfiles: 3
    ```

    becomes

    ```
    prune-backups: keep-last=3
    ```

    ## When the fix is safe

    `maxfiles: 3` keeps what `keep-last=3` keeps. Of several lines the last counts; the others go,
    and so does the line beside a valid `prune-backups`. Where a `prune-backups` is there that
    Proxmox VE refuses, or a `maxfiles` whose value it refuses, somebody has to say what was meant.
    `maxfiles: 0` is BAK003's.

    ## Guide

    storage: parameter 'maxfiles' is deprecated

    ## References

    PVE::VZDump; PVE::JSONSchema, parse_config; vzdump(1), "prune-backups"
    """

    kinds = ("vzdump-conf",)
    severity = "warning"
    phase = "before"
    guide = "storage: parameter 'maxfiles' is deprecated"
    checker = ("check_backup_retention_settings",)
    needs = ("maxfiles",)

    def visit_File(self, tree):
        settings = Retention(tree)
        if not settings.maxfiles or settings.is_zero:
            return
        last = settings.maxfiles[-1]
        if settings.prune is not None and settings.prune_problem is None:
            for line in settings.maxfiles:
                self.report(line.key, "maxfiles does nothing beside prune-backups",
                            Fix.safe("remove the dead line", remove(line)))
            return
        digits = plain_number(last.value, 1)
        if digits is None:
            self.report(last.value or last.key,
                        "maxfiles is ignored: its value must be a number from 1, with nothing "
                        "behind it; write prune-backups with what was meant")
            return
        if settings.prune is not None:
            self.report(last.key, "maxfiles is deprecated, and the prune-backups in line %d, which "
                                  "should take its place, is ignored: %s; correct that one and "
                                  "remove maxfiles"
                        % (self.tree.position(settings.prune).line, settings.prune_problem))
            return
        for line in settings.maxfiles[:-1]:
            self.report(line.key, "maxfiles is there twice, and Proxmox VE uses the last alone",
                        Fix.safe("remove the dead line", remove(line)))
        keep = "keep-last=" + digits
        self.report(last.key, "maxfiles is deprecated: prune-backups has taken its place",
                    Fix.safe("write prune-backups: %s" % keep,
                             replace(last.key, "prune-backups"), replace(last.value, keep)))
