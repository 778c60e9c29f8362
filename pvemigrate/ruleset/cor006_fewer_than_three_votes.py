from ..rule import Rule
from ._corosync import Cluster, votes


class FewerThanThreeVotes(Rule):
    """
    ## What it finds

    A cluster whose nodes and quorum device together have fewer than three votes in `corosync.conf`.

    ## Why it matters

    With two votes each restart of a node takes the quorum from the other one: `/etc/pve` is
    read-only meanwhile, guests cannot be started, and with HA the node restarts itself.

    ## Example

    ```
    nodelist {
      node {
        name: pve1
        nodeid: 1
        quorum_votes: 1
        ring0_addr: 192.0.2.11
      }
      node {
        name: pve2
        nodeid: 2
        quorum_votes: 1
        ring0_addr: 192.0.2.12
      }
    }
    ```

    ## When the fix is safe

    There is none: it takes a third node or a quorum device (`pvecm qdevice setup`). For the time of
    an upgrade, `pvecm expected 1` gives the remaining node its quorum back.

    Votes that are not distributed evenly are COR003's: a node without a vote counts here as if it
    had one.

    ## Guide

    Prerequisites

    ## References

    check_cluster_corosync of pve6to7, pve7to8 and pve8to9;
    Proxmox VE's manual, "Corosync External Vote Support"
    """

    kinds = ("corosync",)
    severity = "warning"
    phase = "before"
    guide = "Prerequisites"
    checker = ("check_cluster_corosync",)

    def visit_File(self, tree):
        cluster = self.project.once(Cluster, tree)
        if not cluster.nodes:
            return
        total = sum(votes(node, "quorum_votes") or 1 for node in cluster.nodes)
        if cluster.device is not None:
            total += votes(cluster.device, "votes") or 0
        if total < 3:
            self.report(cluster.name("nodelist"),
                        "the cluster has %s: it loses its quorum when a node restarts; add a "
                        "node or a quorum device" % ("one vote" if total == 1 else "two votes"))
