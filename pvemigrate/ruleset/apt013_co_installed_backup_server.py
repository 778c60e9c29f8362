from ..edit import Fix
from ._apt import SuiteRule, any_of, is_backup_server


class CoInstalledBackupServer(SuiteRule):
    """
    ## What it finds

    Enabled entries of Proxmox Backup Server, or of its client, with the suite of the old release
    (`buster` in the hop 6to7, `bullseye` in 7to8, `bookworm` in 8to9): a component `pbs-enterprise`,
    `pbs-no-subscription`, `pbstest` or `pbs-test`, or a path that ends in `/pbs` or `/pbs-client` on
    Proxmox's hosts.

    ## Why it matters

    A backup server on the same node is upgraded along with it: from 1 to 2 in the hop 6to7, from 2 to
    3 in 7to8, from 3 to 4 in 8to9. It has its own how-to with its own preparations. Left on the old
    release, its packages hold back what the rest of the system needs.

    ## Example

    ```
    deb http://download.proxmox.com/debian/pbs buster pbs-no-subscription
    ```

    becomes

    ```
    deb http://download.proxmox.com/debian/pbs bullseye pbs-no-subscription
    ```

    ## When the fix is safe

    It is unsafe: only the suite changes (and in the hop 8to9 `pbstest`, which is called `pbs-test` from
    trixie on), but somebody should have read the how-to of Proxmox Backup Server for that upgrade
    first. Manual where an entry for the new suite is there already with other options.

    ## Guide

    Prerequisites

    ## References

    Proxmox Backup Server wiki, "Upgrade from 1.1 to 2.x", and those for the later ones; Proxmox Backup
    Server documentation, "Debian Package Repositories"
    """

    severity = "warning"
    guide = "Prerequisites"
    offer = Fix.unsafe
    needs = any_of("pbs")

    def suites(self):
        return self.hop.proxmox

    def applies(self, source):
        return is_backup_server(source)

    def message(self, source, suite):
        return ("Proxmox Backup Server for %s: it is upgraded along with the node and has its own "
                "how-to" % suite)
