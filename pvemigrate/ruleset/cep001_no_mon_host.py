from ..rule import Rule
from ._ceph import CephConfig, is_of_own_cluster


class NoMonHost(Rule):
    """
    ## What it finds

    A `ceph.conf` whose section `[global]` has no `mon_host`. `mon host` and `mon-host` are the same
    key; a key without a value is none.

    ## Why it matters

    `mon_host` is where Ceph's daemons and clients look for the monitors. Without it they depend on
    an address in a section of each monitor, a way that newer releases of Ceph leave behind.

    ## Example

    ```
    [global]
    	 fsid = 5e005300-0000-4000-8000-000000000001
    	 mon_host = 198.51.100.11 198.51.100.12 198.51.100.13
    ```

    ## When the fix is safe

    There is none: which monitors there are, the running cluster knows (`ceph mon dump`). Write
    their addresses, without ports.

    ## Guide

    The upgrade guides have nothing on it; Proxmox VE's checkers look for it.

    ## References

    check_ceph of pve6to7, pve7to8 and pve8to9;
    PVE::CephConfig; Ceph's manual, "Monitor Config Reference"
    """

    kinds = ("ceph",)
    severity = "warning"
    phase = "before"
    checker = ("check_ceph",)

    def visit_File(self, tree):
        if not is_of_own_cluster(self.file):
            return
        config = self.project.once(CephConfig, tree)
        setting = config.setting("global", "mon_host")
        if setting is not None and setting.text:
            return
        item = config.header("global") if setting is None else setting
        self.report(item and getattr(item, "name" if setting is None else "key"),
                    "no mon_host in [global]: add one with the addresses of all monitors, without "
                    "ports")
