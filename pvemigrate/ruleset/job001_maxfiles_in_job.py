from ..edit import Fix, remove, replace
from ..formats.jobs import jobs
from ..rule import Rule
from ..storage_types import check_prune_backups, plain_number
from ._maxfiles import fate, grade, retention


class MaxfilesInJob(Rule):
    """
    ## What it finds

    `maxfiles` in a backup job of jobs.cfg: how many backups of a guest are kept. Jobs that are
    switched off count too. (Those in vzdump.cron are BAK002's and BAK003's.)

    ## Why it matters

    `maxfiles` is deprecated in favour of `prune-backups`, and Proxmox VE 9 does not know it any more:
    the job then keeps what its storage says, or vzdump.conf, or all backups. A job with both fails, up
    to Proxmox VE 8.

    ## Example

    ```
    vzdump: backup-1
    	schedule sun 01:00
    	maxfiles 3
    	storage nas
    	vmid 100
    ```

    becomes

    ```
    vzdump: backup-1
    	schedule sun 01:00
    	prune-backups keep-last=3
    	storage nas
    	vmid 100
    ```

    ## When the fix is safe

    `maxfiles 3` keeps what `keep-last=3` keeps. Of several lines the first with a number from 1
    counts; the others go. Left to the administrator: a job that has a `prune-backups` too; `maxfiles
    0` or what is no number, which Proxmox VE ignores, so that the job has no retention of its own; a
    job with a line that is none of its properties. On a node that runs Proxmox VE 9 already the
    change is made when it is asked for: the next backup would remove what is too much.

    ## Guide

    The upgrade guide has nothing on it, and the checkers do not look into jobs.cfg for it.

    ## References

    PVE::VZDump, verify_vzdump_parameters; PVE::VZDump::Common and JobBase (pve-guest-common 4.0 to 6);
    PVE::SectionConfig, parse_config; vzdump(1), "prune-backups"
    """

    kinds = ("jobs",)
    severity = "warning"
    phase = "before"
    hops = ("7to8", "8to9")
    in_hop = {"8to9": {"severity": "error"}}
    needs = ("maxfiles",)

    def visit_File(self, tree):
        for job in jobs(tree):
            if job.type == "vzdump":
                self.check_job(job)

    def check_job(self, job):
        """Report the maxfiles lines of one job."""
        lines = job.lines("maxfiles")
        if lines and job.is_doubtful:
            self.report(lines[0].key, "%s, and a line of this job is none of its properties: put that "
                                      "right first" % fate(self.hop))
            return
        prune = next((line for line in job.lines("prune-backups")
                      if check_prune_backups(str(line.value)) is None), None)
        counts = next((line for line in lines if plain_number(str(line.value), 1)), None)
        for line in lines:
            if counts is None:
                if line is lines[0]:
                    self.report(line.value or line.key,
                                "maxfiles is ignored, its value must be a number from 1: write "
                                "prune-backups with what was meant, or remove the line")
            elif line is not counts:
                self.report(line.key, "maxfiles is there twice, and Proxmox VE uses one alone",
                            Fix.safe("remove the dead line", remove(line)))
            elif prune is not None:
                self.report(line.key, "the job fails: maxfiles and prune-backups (line %d) exclude each "
                                      "other; remove one of them" % self.tree.position(prune).line,
                            severity="error")
            else:
                keep = retention(plain_number(str(line.value), 1))
                self.report(line.key, fate(self.hop) + ": prune-backups has taken its place",
                            Fix("write prune-backups %s" % keep, (
                                replace(line.key, "prune-backups"), replace(line.value, keep)),
                                grade(self.hop, self.facts)))
