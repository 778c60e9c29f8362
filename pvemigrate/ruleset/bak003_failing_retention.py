from ..rule import Rule
from ..storage_types import check_prune_backups
from ._maxfiles import without_retention
from ._vzdump import Crontab
from ._vzdump_conf import Retention


class FailingRetention(Rule):
    """
    ## What it finds

    Jobs in vzdump.cron with `--maxfiles 0` or another value that is no number from 1, or with both
    `--maxfiles` and `--prune-backups`, or with a `--prune-backups` that breaks its rules (a blank
    behind a comma is enough); jobs that are switched off too. In vzdump.conf, `maxfiles: 0`, and such
    a `prune-backups` without a `maxfiles` beside it (of both BAK001 speaks).

    ## Why it matters

    vzdump refuses such a command line: the job makes no backup at all. In vzdump.conf Proxmox VE
    ignores the value: Proxmox VE 6 then keeps one backup where the storage says nothing, each later
    release keeps all.

    ## Example

    ```
    0 3 * * 6 root vzdump 101 --maxfiles 0 --storage backup
    ```

    ## When the fix is safe

    There is none: `0` was meant to keep all (`keep-all=1`), but one backup or none is what has been
    kept. Of two options in one job only the administrator knows the right one.

    ## Guide

    storage: parameter 'maxfiles' is deprecated

    ## References

    PVE::API2::VZDump; PVE::VZDump::Common; vzdump(1)
    """

    kinds = ("vzdump-conf", "vzdump-cron")
    severity = "error"
    phase = "before"
    guide = "storage: parameter 'maxfiles' is deprecated"
    checker = ("check_backup_retention_settings",)

    def visit_File(self, tree):
        if tree.kind == "vzdump-cron":
            for line in self.project.once(Crontab, tree).commands:
                if line.is_certain and line.maxfiles:
                    self.check_line(line)
                elif line.is_certain and line.prune:
                    self.check_prune(line, line.prune[-1])
            return
        settings = Retention(tree)
        if settings.is_zero:
            line = settings.maxfiles[-1]
            self.report(line.value,
                        "maxfiles: 0 is ignored (%s): write prune-backups: keep-all=1 or "
                        "prune-backups: keep-last=1" % without_retention(self.hop))
        elif settings.prune_problem and not settings.maxfiles:
            line = settings.prune
            self.report(line.value or line.key, "prune-backups is ignored (%s): %s"
                        % (without_retention(self.hop), settings.prune_problem))

    def check_line(self, line):
        """Report one job whose retention options vzdump refuses."""
        last = line.maxfiles[-1]
        if line.prune:
            self.report(line.token(last), "the job fails: --maxfiles and --prune-backups exclude "
                                          "each other; remove one of them")
        elif last.value_word is None:
            self.report(line.token(last), "the job fails: --maxfiles has no value; write "
                                          "--prune-backups keep-last=N")
        elif line.keep() is None and not last.value_word.is_dynamic:
            self.report(line.value_token(last),
                        "the job fails: --maxfiles takes a number from 1; write --prune-backups "
                        "keep-all=1 to keep all backups, or keep-last=N")

    def check_prune(self, line, option):
        """Report a job whose --prune-backups vzdump refuses."""
        if option.value_word is None or option.value_word.is_dynamic:
            return
        problem = check_prune_backups(option.value)
        if problem:
            self.report(line.value_token(option), "the job fails: vzdump refuses the value of "
                                                  "--prune-backups: %s" % problem)
