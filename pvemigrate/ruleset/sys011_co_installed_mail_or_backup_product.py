from ..facts import version_key
from ..rule import NODE, Rule
from ._packages import place_of


class CoInstalledMailOrBackupProduct(Rule):
    """
    ## What it finds

    Proxmox Backup Server or Proxmox Mail Gateway of the old release on the node itself, as dpkg shows
    it: 1.x and 6.x for the upgrade 6to7, 2.x and 7.x for 7to8, 3.x and 8.x for 8to9.

    ## Why it matters

    Both are built for one release of Debian, so they are upgraded together with Proxmox VE. They
    have repositories and steps of their own.

    ## Example

    ```
    Package: proxmox-backup-server
    Status: install ok installed
    Version: 1.1.13-3
    ```

    ## When the fix is safe

    There is none: read the product's own how-to before the upgrade. (APT013 looks at its
    repository.)

    ## Guide

    Prerequisites

    ## References

    Proxmox Backup Server wiki, "Upgrade from 1.1 to 2.x", "Upgrade from 2 to 3", "Upgrade from 3 to
    4"; Proxmox Mail Gateway wiki, "Upgrade from 6.x to 7.0", "Upgrade from 7 to 8", "Upgrade from 8
    to 9"
    """

    kinds = (NODE,)
    severity = "info"
    phase = "before"
    guide = "Prerequisites"

    def check_project(self, project):
        for packages, product, new, where in self.hop.products:
            for package in packages:
                version = self.facts.package(package)
                if version and version_key(version) < version_key(new):
                    file, token = place_of(project, package)
                    self.report(token, "%s is upgraded together with Proxmox VE: follow %s too"
                                % (product, where), file=file)
                    break
