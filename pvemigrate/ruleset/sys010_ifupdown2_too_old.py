from ..facts import version_key
from ..rule import NODE, Rule
from ._packages import place_of


class Ifupdown2TooOld(Rule):
    """
    ## What it finds

    On a node that runs 7.x, an ifupdown2 below 3.1.0-1+pmx1 in `/var/lib/dpkg/status`.

    ## Why it matters

    From that version on ifupdown2 gives a bridge the MAC address of its port, as it was before the
    upgrade. With an older one, or with Debian's own, systemd makes up another address with the next
    reboot; hosters who admit only known addresses then drop all packets of the node.

    ## Example

    ```
    Package: ifupdown2
    Status: install ok installed
    Version: 3.0.0-1+pve4
    ```

    ## When the fix is safe

    There is none in files: `apt update` and `apt dist-upgrade`, with a Proxmox VE 7 repository,
    bring the package.

    ## Guide

    Check Linux Network Bridge MAC

    ## References

    deb-version(7), how versions are compared
    """

    kinds = (NODE,)
    severity = "warning"
    phase = "after-node"
    hops = ("6to7",)
    guide = "Check Linux Network Bridge MAC"

    def check_project(self, project):
        facts, oldest = self.facts, self.hop.ifupdown2
        installed = facts.package("ifupdown2")
        if (facts.release or 0) >= 7 and installed and (
                version_key(installed) < version_key(oldest)):
            file, token = place_of(project, "ifupdown2", "Version")
            self.report(token, "ifupdown2 is older than %s: bridges get another MAC address with "
                        "the next reboot; bring it up to date (apt update, apt dist-upgrade)"
                        % oldest, file=file)
