from ..repositories import PVE_COMPONENTS
from ._apt import SuiteRule, any_of, is_pve_entry


class OldProxmoxSuite(SuiteRule):
    """
    ## What it finds

    Enabled entries with one of the components `pve-enterprise`, `pve-no-subscription`, `pvetest` and
    `pve-test` and the suite of the old release (`buster` in the hop 6to7, `bullseye` in 7to8,
    `bookworm` in 8to9), from Proxmox's servers, a mirror or through a proxy, with and without `/pve`
    at the end of the URI.

    ## Why it matters

    These are the repositories of the old Proxmox VE. Without one of the new release, dist-upgrade has
    no new `proxmox-ve` and wants to remove the one that is installed.

    ## Example

    ```
    deb https://enterprise.proxmox.com/debian/pve buster pve-enterprise
    ```

    becomes

    ```
    deb https://enterprise.proxmox.com/debian/pve bullseye pve-enterprise
    ```

    ## When the fix is safe

    Only the suite changes, so the subscription level, a mirror and a proxy stay. With trixie the test
    repository is called `pve-test`, so in the hop 8to9 `pvetest` becomes that in the same step: for
    either suite apt knows one of the two names only. Manual where an entry for the new suite is there
    already with other options, and where one that has `pvetest` is for other releases too. Right when
    the upgrade is about to begin.

    ## Guide

    Add the Proxmox VE 7 Package Repository

    ## References

    Proxmox VE administration guide, "Package Repositories"
    """

    guide = "Add the Proxmox VE 7 Package Repository"
    checker = ("check_apt_repos",)
    needs = any_of(*sorted(PVE_COMPONENTS))

    def suites(self):
        return self.hop.proxmox

    def applies(self, source):
        return is_pve_entry(source)

    def message(self, source, suite):
        names = [word.text for word in source.components if word.text in PVE_COMPONENTS]
        return "%s for %s belongs to %s" % (", ".join(names), suite, self.hop.old_pve)
