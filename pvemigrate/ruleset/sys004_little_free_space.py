from ..rule import NODE, Rule


class LittleFreeSpace(Rule):
    """
    ## What it finds

    Little space on the root file system of the node that the program runs on (`--root /`): less than
    4 GiB free before the upgrade to 7, less than 5 GB before those to 8 and 9 (and, as an info, less
    than 10 GB before that to 9). Of a copied tree nobody knows.

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
    in_hop = {"7to8": {"severity": "warning"}, "8to9": {"severity": "warning"}}

    def check_project(self, project):
        free, release = self.facts.free_space, self.facts.release
        if (free is None or (release is None and self.facts.has_dpkg)
                or (release or self.hop.release) >= self.hop.new_release):
            return
        needed, ample = self.hop.free_space, self.hop.ample_space
        fstab = self.facts.etc + "fstab"
        if free < needed:
            # As it was said where it was said: 4 GiB, and 5 GB.
            unit, name = (1 << 30, "GiB") if needed % (1 << 30) == 0 else (1000 ** 3, "GB")
            self.report(None, "%.1f %s are free on the root file system, and the upgrade needs %d"
                        % (free * 10 // unit / 10, name, needed // unit), file=fstab)
        elif ample is not None and free < ample:
            self.report(None, "%.1f GB are free on the root file system: enough, but better have %d "
                        "before the upgrade" % (free // 100000000 / 10, ample // 1000 ** 3),
                        severity="info", file=fstab)
