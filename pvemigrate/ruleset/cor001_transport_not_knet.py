from ..rule import Rule
from ._corosync import Cluster


class TransportNotKnet(Rule):
    """
    ## What it finds

    `transport` in the section `totem` of `corosync.conf` with another value than `knet`.

    ## Why it matters

    knet is what corosync 3 uses unless told otherwise, and the only transport that Proxmox VE is
    made for: `udp` and `udpu` know one link, and neither encryption nor authentication.

    ## Example

    ```
    totem {
      transport: udpu
    }
    ```

    ## When the fix is safe

    There is none: corosync must be restarted with the same setting on all nodes. Remove the line,
    raise `config_version`, and see that each node has its addresses in the node list.

    ## Guide

    Prerequisites

    ## References

    check_cluster_corosync of pve6to7, pve7to8 and pve8to9; corosync.conf(5), "transport"
    """

    kinds = ("corosync",)
    severity = "error"
    phase = "before"
    guide = "Prerequisites"
    checker = ("check_cluster_corosync",)
    needs = ("transport",)

    def visit_File(self, tree):
        line = self.project.once(Cluster, tree).totem.get("transport")
        if line is not None and line.value != "knet":
            self.report(line.value or line.key,
                        "the transport is not knet: remove the line, so that corosync uses its "
                        "default")
