from ..edit import Fix, remove, replace
from ..rule import Rule
from ..storage_types import plain_number
from ._maxfiles import fate, grade
from ._vzdump_conf import Retention


class MaxfilesInVzdumpConf(Rule):
    """
    ## What it finds

    `maxfiles` in vzdump.conf: how many backups of a guest are kept where neither the job nor the
    storage says it.

    ## Why it matters

    `maxfiles` is deprecated in favour of `prune-backups`, and Proxmox VE 9 does not heed it any more:
    it keeps all backups where nothing else says how many. Beside a valid `prune-backups` it is dead
    already. A value that is no number (a comment behind it is enough) is ignored: Proxmox VE 6 then
    keeps one backup, each later release keeps all.

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
    `maxfiles: 0` is BAK003's. On a node that runs Proxmox VE 9 already the change is made when it is
    asked for: the next backup would remove what is too much.

    ## Guide

    storage: parameter 'maxfiles' is deprecated

    ## References

    PVE::VZDump; PVE::JSONSchema, parse_config; vzdump(1), "prune-backups"
    """

    kinds = ("vzdump-conf",)
    severity = "warning"
    phase = "before"
    in_hop = {"8to9": {"severity": "error"}}
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
            self.report(last.key, "%s, and the prune-backups in line %d, which should take its place, "
                                  "is ignored: %s; correct that one and remove maxfiles"
                        % (fate(self.hop), self.tree.position(settings.prune).line,
                           settings.prune_problem))
            return
        for line in settings.maxfiles[:-1]:
            self.report(line.key, "maxfiles is there twice, and Proxmox VE uses the last alone",
                        Fix.safe("remove the dead line", remove(line)))
        keep = "keep-last=" + digits
        self.report(last.key, fate(self.hop) + ": prune-backups has taken its place",
                    Fix("write prune-backups: %s" % keep, (
                        replace(last.key, "prune-backups"), replace(last.value, keep)),
                        grade(self.hop, self.facts)))
