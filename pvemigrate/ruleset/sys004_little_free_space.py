from ..rule import NODE, Rule

NEEDED = 4 << 30


class LittleFreeSpace(Rule):
    """
    ## What it finds

    Less than 4 GiB free on the root file system of the node that the program runs on (`--root /`).
    Of a copied tree nobody knows.

    ## Why it matters

    The upgrade downloads and unpacks some GiB of packages. A full file system in the middle of it
    leaves the node half upgraded.

    ## Example

    ```
    Filesystem            Size  Used Avail Use% Mounted on
    /dev/mapper/pve-root   29G   26G  2.1G  93% /
    ```

    ## When the fix is safe

    There is none: make room (`apt clean`, old kernels, ISO images and backups in /var/lib/vz).

    ## Guide

    Prerequisites

    ## References

    statvfs(3), f_bavail
    """

    kinds = (NODE,)
    severity = "error"
    phase = "before"
    guide = "Prerequisites"
    checker = ("check_misc",)

    def check_project(self, project):
        free, release = self.facts.free_space, self.facts.release
        if free is None or (release is None and self.facts.has_dpkg):
            return
        if free < NEEDED and (release or 6) < 7:
            self.report(None, "%.1f GiB are free on the root file system, and the upgrade needs 4"
                        % (free * 10 // (1 << 30) / 10), file=self.facts.etc + "fstab")
