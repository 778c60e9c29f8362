from ..rule import Rule
from ._corosync import ADDRESSES, Cluster, label


class IncompleteNode(Rule):
    """
    ## What it finds

    A node in `corosync.conf` without `name`, `nodeid` or an address (`ring0_addr` to `ring7_addr`),
    and a file without any node.

    ## Why it matters

    corosync 3 takes the id from the node list, and with knet the addresses too: without them the
    node is not part of the cluster. Proxmox VE knows the nodes by their names.

    ## Example

    ```
    node {
      nodeid: 1
      ring0_addr: 192.0.2.11
    }
    ```

    ## When the fix is safe

    There is none: what is missing has to be looked up on the node.

    ## Guide

    Prerequisites

    ## References

    check_cluster_corosync of pve6to7, pve7to8 and pve8to9; PVE::Corosync; corosync.conf(5), "nodelist"
    """

    kinds = ("corosync",)
    severity = "error"
    phase = "before"
    guide = "Prerequisites"
    checker = ("check_cluster_corosync",)

    def visit_File(self, tree):
        cluster = self.project.once(Cluster, tree)
        for node in cluster.nodes:
            there = {key for key, line in node.settings.items() if line.value}
            missing = ["no " + key for key in ("name", "nodeid") if key not in there]
            if not there.intersection(ADDRESSES):
                missing.append("no ring0_addr")
            if missing:
                self.report(node.line.name, "%s has %s" % (label(node), " and ".join(missing)))
        if not cluster.nodes:
            self.report(cluster.name("nodelist"),
                        "there is no node: each one of the cluster needs a section in nodelist")
