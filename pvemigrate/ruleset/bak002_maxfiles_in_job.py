from ..edit import Fix
from ..rule import Rule
from ._maxfiles import grade
from ._vzdump import Crontab, any_spelling


class MaxfilesInJob(Rule):
    """
    ## What it finds

    `--maxfiles` in a backup job of vzdump.cron: in jobs that are switched off, and in lines that
    Proxmox VE does not show or drops at its next save but cron runs (`*/15`, `1-5`, `@daily`,
    indented ones, `ionice vzdump`). Quoted, abbreviated (`--maxf 3`), with one dash or an equals
    sign, it is the same option; the value of another option is none.

    ## Why it matters

    `--maxfiles` is deprecated in favour of `--prune-backups`, and Proxmox VE 9 refuses it: the job
    fails. No upgrade rewrites the jobs in this file. (From 7.1 on new jobs are in jobs.cfg, and a job
    goes there when it is changed; those that are still here run as before.)

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
    word (`sh -c "vzdump ..."`). What makes the job fail is BAK003's. On a node that runs Proxmox VE 9
    already, where the job fails, the change is made when it is asked for.

    ## Guide

    storage: parameter 'maxfiles' is deprecated

    ## References

    PVE::VZDump::Common; PVE::JSONSchema, get_options; Getopt::Long(3perl); vzdump(1)
    """

    kinds = ("vzdump-cron",)
    severity = "warning"
    phase = "before"
    in_hop = {"8to9": {"severity": "error"}}
    guide = "storage: parameter 'maxfiles' is deprecated"
    checker = ("check_backup_retention_settings",)
    # The shortest that Getopt::Long takes for maxfiles and nothing else.
    needs = any_spelling("max")

    def visit_File(self, tree):
        for line in self.project.once(Crontab, tree).commands:
            if "maxfiles" in line.hides:
                self.report(line.word_token(line.hidden), "%s: write --prune-backups keep-last=N in "
                                                          "this command line" % self.fate())
            elif line.maxfiles:
                self.check_line(line)

    def fate(self):
        """What there is to say of the option."""
        return ("--maxfiles is deprecated" if self.hop.has_maxfiles
                else "%s has no --maxfiles and refuses the job" % self.hop.new_pve)

    def check_line(self, line):
        """Report the --maxfiles of one line."""
        last = line.maxfiles[-1]
        token = line.token(last)
        message = self.fate() + ": --prune-backups has taken its place"
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
            self.report(token, message, Fix(
                "write --prune-backups " + line.keep(), [*changes, *line.convert(last, line.keep())],
                grade(self.hop, self.facts)))
