from ..edit import Fix, remove
from ..formats.jobs import jobs
from ..rule import Rule

#: Properties of a first version of the notifications of Proxmox VE 8.
KEYS = ("notification-policy", "notification-target")


class OldNotificationProperty(Rule):
    """
    ## What it finds

    `notification-policy` and `notification-target` in a backup job of jobs.cfg. Jobs that are switched
    off count too.

    ## Why it matters

    They belong to the first version of Proxmox VE 8's notifications, which was replaced before long.
    Proxmox VE 9 does not know them, and pve8to9 fails on them.

    ## Example

    ```
    vzdump: backup-1
    	schedule sun 01:00
    	mailto admin@example.com
    	notification-policy failure
    	notification-target mail-to-root
    	storage nas
    	vmid 100
    ```

    becomes

    ```
    vzdump: backup-1
    	schedule sun 01:00
    	mailto admin@example.com
    	storage nas
    	vmid 100
    ```

    ## When the fix is safe

    Proxmox VE 8 has long ceased to heed them: whether a job sends mail or a notification, `mailto`,
    `mailnotification` and `notification-mode` say, and matchers in the datacenter's settings. The web
    interface removes them too when it changes the job. Where one of them says something else than that
    (`never`, a target), look whether the notifications are those that you want.

    Left to the administrator: a job with a line that is none of its properties.

    ## Guide

    The upgrade guide has nothing on it; pve8to9 looks for it.

    ## References

    pve8to9, check_legacy_backup_job_options; PVE::VZDump::Common (pve-guest-common 5)
    """

    kinds = ("jobs",)
    severity = "error"
    phase = "before"
    hops = ("8to9",)
    checker = ("check_legacy_backup_job_options",)
    needs = KEYS

    def visit_File(self, tree):
        for job in jobs(tree):
            if job.type != "vzdump":
                continue
            for key in KEYS:
                message = "%s has no %s" % (self.hop.new_pve, key)
                for line in job.lines(key):
                    if job.is_doubtful:
                        self.report(line.key, message + ", and a line of this job is none of its "
                                                        "properties: put that right first")
                    else:
                        self.report(line.key, "%s, and %s does not heed it" % (message, self.hop.old_pve),
                                    Fix.safe("remove the dead line", remove(line)))
