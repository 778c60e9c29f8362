from ..rule import NODE, Rule
from ._packages import place_of

PACKAGE = "linux-image-amd64"


class LinuxImageAmd64Installed(Rule):
    """
    ## What it finds

    Debian's package `linux-image-amd64` on a Proxmox VE node.

    ## Why it matters

    It came with Debian, where Proxmox VE was installed on top of it, and conflicts with Proxmox
    VE's own kernels: the upgrade would remove `proxmox-ve` to keep it.

    ## Example

    ```
    Package: linux-image-amd64
    Status: install ok installed
    ```

    ## When the fix is safe

    There is none in files: `apt remove linux-image-amd64`, once the node runs a kernel of Proxmox
    VE.

    ## Guide

    Upgrade wants to remove package 'proxmox-ve'

    ## References

    Proxmox VE wiki, "Install Proxmox VE on Debian Buster" (and on later releases)
    """

    kinds = (NODE,)
    severity = "error"
    phase = "switch"
    guide = "Upgrade wants to remove package 'proxmox-ve'"

    def check_project(self, project):
        if self.facts.package(PACKAGE) and self.facts.release:
            file, token = place_of(project, PACKAGE)
            self.report(token, "with %s installed the upgrade removes proxmox-ve: apt remove %s "
                        "first" % (PACKAGE, PACKAGE), file=file)
