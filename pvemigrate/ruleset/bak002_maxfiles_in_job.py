from ..edit import Fix
from ..rule import Rule
from ._vzdump import Crontab, any_spelling


class MaxfilesInJob(Rule):
    """
    ## What it finds

    `--maxfiles` in a backup job of vzdump.cron: in jobs that are switched off, and in lines that
    Proxmox VE does not show or drops at its next save but cron runs (`*/15`, `1-5`, `@daily`,
    indented ones, `ionice vzdump`). Quoted, abbreviated (`--maxf 3`), with one dash or an equals
    sign, it is the same option; the value of another option is none.

    ## Why it matters

    `--maxfiles` is deprecated in favour of `--prune-backups`, and later releases refuse it: the job
    fails. Proxmox VE 7 does not rewrite the jobs in this file.

    ## Example

    ```
    0 3 * * 6 root vzdump 101 --maxfiles 3 --storage backup --mode snapshot
    ```

    becomes

    ```
    0 3 * * 6 root vzdump 101 --prune-backups keep-last=3 --storage backup --mode snapshot
    ```

    ## When the fix is safe

    `--maxfiles 3` keeps what `--prune-backups keep-last=3` keeps. Where the option is repeated the
    last one counts and the others go. Left to the administrator: a value that the shell puts in
    (`$N`), a line that Proxmox VE and the shell cut into different words, a command line within a
    word (`sh -c "vzdump ..."`). What makes the job fail is BAK003's.

    ## Guide

    storage: parameter 'maxfiles' is deprecated

    ## References

    PVE::VZDump::Common; PVE::JSONSchema, get_options; Getopt::Long(3perl); vzdump(1)
    """

    kinds = ("vzdump-cron",)
    severity = "warning"
    phase = "before"
    guide = "storage: parameter 'maxfiles' is deprecated"
    checker = ("check_backup_retention_settings",)
    # The shortest that Getopt::Long takes for maxfiles and nothing else.
    needs = any_spelling("max")

    def visit_File(self, tree):
        for line in self.project.once(Crontab, tree).commands:
            if "maxfiles" in line.hides:
                self.report(line.word_token(line.hidden),
                            "--maxfiles is deprecated: write --prune-backups keep-last=N in this "
                            "command line")
            elif line.maxfiles:
                self.check_line(line)

    def check_line(self, line):
        """Report the --maxfiles of one line."""
        last = line.maxfiles[-1]
        token = line.token(last)
        message = "--maxfiles is deprecated: --prune-backups has taken its place"
        if line.is_disabled:
            message += " (a job that is switched off)"
        if not line.is_certain:
            self.report(token, message + "; Proxmox VE and the shell cut this line into different "
                                         "words, so change it by hand")
        elif line.prune:
            return  # The job fails: BAK003.
        elif any(option.value_word is not None and option.value_word.is_dynamic
                 for option in line.maxfiles):
            self.report(token, message + "; the shell puts its value in, so change it by hand")
        elif line.keep() is not None:
            changes = [line.drop(option) for option in line.maxfiles[:-1]]
            self.report(token, message, Fix.safe(
                "write --prune-backups " + line.keep(), *changes, *line.convert(last, line.keep())))
