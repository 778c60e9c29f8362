from ._apt import SuiteRule, is_ceph_entry, needing


class OldCephSuite(SuiteRule):
    """
    ## What it finds

    Enabled entries of Proxmox's Ceph repository `ceph-octopus` with the suite `buster`, from their
    servers or a mirror.

    ## Why it matters

    The Ceph packages for buster do not fit Proxmox VE 7; the same release of Ceph is there for
    bullseye.

    ## Example

    ```
    deb http://download.proxmox.com/debian/ceph-octopus buster main
    ```

    becomes

    ```
    deb http://download.proxmox.com/debian/ceph-octopus bullseye main
    ```

    ## When the fix is safe

    Only the suite changes. Entries of older Ceph releases (APT005) and of ceph.com are not touched.
    Manual where an entry for the new suite is there already with other options. Right when the
    upgrade is about to begin.

    ## Guide

    (Ceph only) Replace ceph.com repositories with proxmox.com ceph repositories

    ## References

    Proxmox VE administration guide, "Ceph Repositories"
    """

    guide = "(Ceph only) Replace ceph.com repositories with proxmox.com ceph repositories"
    in_hop = needing(lambda hop: hop.ceph)

    def suites(self):
        return self.hop.proxmox

    def applies(self, source):
        return is_ceph_entry(source, self.hop)

    def message(self, source, suite):
        return "%s for %s belongs to %s" % (source.locations[0].last, suite, self.hop.old_pve)
