from ..rule import NODE, Rule

#: Old file -> the one in its place, below etc/pve.
FILES = {
    "priv/ipam.db": "sdn/pve-ipam-state.json",
    "priv/macs.db": "sdn/mac-cache.json",
}


class SdnDatabaseNotMigrated(Rule):
    """
    ## What it finds

    `/etc/pve/priv/ipam.db` and `/etc/pve/priv/macs.db`, where the file that the last versions of
    Proxmox VE 8 make of each is not there (`sdn/pve-ipam-state.json`, `sdn/mac-cache.json`). Where it
    is there, an info says that the old one is left over.

    ## Why it matters

    They hold which addresses the network of the cluster has given to guests. Proxmox VE 9 does not
    look at the old files: addresses could be given twice.

    ## Example

    ```
    /etc/pve/priv/ipam.db
    ```

    ## When the fix is safe

    There is none in files: bring the package `libpve-network-perl` up to date on a node that runs 8.x,
    and it makes the new files. Who does not use SDN can move the old ones away. A file that is left
    over can go when all nodes run 8.4 or later.

    ## Guide

    None of a guide's sections is named here.

    ## References

    Proxmox VE Administration Guide, "Software-Defined Network", IPAM
    """

    kinds = (NODE,)
    severity = "error"
    phase = "before"
    hops = ("8to9",)
    checker = ("check_legacy_ipam_files",)

    def check_project(self, project):
        pve = self.facts.etc + "pve/"
        for old, new in FILES.items():
            if not self.facts.exists(pve + old):
                continue
            if self.facts.exists(pve + new):
                self.report(None, "left over beside etc/pve/%s: it can go when all nodes run %s or later"
                            % (new, self.hop.newest), severity="info", file=pve + old)
            else:
                self.report(None, "not migrated to etc/pve/%s, and %s does not look here: bring "
                            "libpve-network-perl up to date; without SDN the file can go"
                            % (new, self.hop.new_pve), file=pve + old)
