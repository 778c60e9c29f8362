from ..facts import version_key
from ..rule import NODE, Rule
from ._packages import place_of

class CoInstalledMailOrBackupProduct(Rule):
    """
    ## What it finds

    Proxmox Backup Server 1.x or Proxmox Mail Gateway 6.x on the node itself, as dpkg shows it.

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

    Proxmox Backup Server wiki, "Upgrade from 1.1 to 2.x"; Proxmox Mail Gateway wiki, "Upgrade from
    6.x to 7.0"
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
