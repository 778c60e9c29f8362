from ._apt import AptRule, needing


class CephTooOld(AptRule):
    """
    ## What it finds

    Enabled entries of Proxmox's Ceph repositories `ceph-nautilus` and `ceph-luminous`, whatever
    their suite.

    ## Why it matters

    Proxmox VE 7 has no packages of these Ceph releases. A node that is upgraded with them loses its
    access to the Ceph cluster, and the cluster its OSDs and monitors on that node.

    ## Example

    ```
    deb http://download.proxmox.com/debian/ceph-nautilus buster main
    ```

    ## When the fix is safe

    Never: the entry is not rewritten by any rule. Upgrade Ceph to Octopus in the whole cluster while
    it still runs Proxmox VE 6, with the how-to for that; the entry is then one of `ceph-octopus`.
    Until then `fix --phase switch` changes nothing.

    ## Guide

    (Ceph only) Replace ceph.com repositories with proxmox.com ceph repositories

    ## References

    Proxmox VE wiki, "Ceph Nautilus to Octopus"
    """

    phase = "before"
    guide = "(Ceph only) Replace ceph.com repositories with proxmox.com ceph repositories"
    checker = ("check_ceph",)
    blocks = ("switch",)
    in_hop = needing(lambda hop: hop.ceph_too_old)

    def check_source(self, source):
        for word in source.too_old_ceph(self.hop):
            name = word.text.rstrip("/").rpartition("-")[2].capitalize()
            self.report(word.token, "Ceph %s is too old for %s: upgrade Ceph to Octopus first"
                        % (name, self.hop.new_pve))
