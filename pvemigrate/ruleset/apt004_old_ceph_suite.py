from ._apt import SuiteRule, is_ceph_entry, needing


class OldCephSuite(SuiteRule):
    """
    ## What it finds

    Enabled entries, with the suite of the old release, of the one Ceph repository of Proxmox's that is
    there for both releases: `ceph-octopus` in the hop 6to7, `ceph-quincy` in 7to8, `ceph-squid` in
    8to9; from their servers or a mirror.

    ## Why it matters

    Ceph's packages for the old Debian do not fit the new Proxmox VE; the same release of Ceph is there
    for the new one.

    ## Example

    ```
    deb http://download.proxmox.com/debian/ceph-octopus buster main
    ```

    becomes

    ```
    deb http://download.proxmox.com/debian/ceph-octopus bullseye main
    ```

    and, in the hop 7to8, `ceph-quincy bullseye main` becomes

    ```
    deb http://download.proxmox.com/debian/ceph-quincy bookworm no-subscription
    ```

    ## When the fix is safe

    The suite changes, and in the same step the component `main`, which Proxmox's Ceph repositories
    have no more from bookworm on: `enterprise`, `no-subscription` and `test` are there instead. It
    becomes `no-subscription`, on the server or mirror where it is: it asks for no key, as `main` asked
    for none, and is what that server has for everyday use. With `--pve-repo enterprise` an entry on
    download.proxmox.com goes to `enterprise` on the server that has it, and with `--pve-repo test` it
    becomes `test`; on the enterprise server it is `enterprise`.

    Entries of older Ceph releases (APT005) and of ceph.com are not touched. Manual where an entry for
    the new suite is there already with other options, and where an entry with `main` is for other
    releases, or for several servers, at once. Right when the upgrade is about to begin.

    ## Guide

    (Ceph only) Replace ceph.com repositories with proxmox.com ceph repositories

    ## References

    Proxmox VE administration guide, "Ceph Repositories"
    """

    guide = "(Ceph only) Replace ceph.com repositories with proxmox.com ceph repositories"
    checker = ("check_apt_repos",)
    in_hop = needing(lambda hop: hop.ceph)

    def suites(self):
        return self.hop.proxmox

    def applies(self, source):
        return is_ceph_entry(source, self.hop)

    def message(self, source, suite):
        return "%s for %s belongs to %s" % (source.locations[0].last, suite, self.hop.old_pve)
