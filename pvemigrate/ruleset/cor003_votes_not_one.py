from ..rule import Rule
from ._corosync import Cluster, label, votes


class VotesNotOne(Rule):
    """
    ## What it finds

    A node in `corosync.conf` whose `quorum_votes` are not 1. A node without the line has one vote;
    Proxmox VE's checkers take it for a finding all the same.

    ## Why it matters

    Nodes are upgraded and restarted one after the other. Where one of them has more votes than the
    others, the cluster may lose its quorum with that one alone.

    ## Example

    ```
    node {
      name: pve1
      nodeid: 1
      quorum_votes: 2
      ring0_addr: 192.0.2.11
    }
    ```

    ## When the fix is safe

    There is none: somebody wanted it so. (A quorum device does better what this was meant for.)

    ## Guide

    Prerequisites

    ## References

    check_cluster_corosync of pve6to7, pve7to8 and pve8to9; votequorum(5)
    """

    kinds = ("corosync",)
    severity = "warning"
    phase = "before"
    guide = "Prerequisites"
    checker = ("check_cluster_corosync",)
    needs = ("quorum_votes",)

    def visit_File(self, tree):
        for node in self.project.once(Cluster, tree).nodes:
            if votes(node, "quorum_votes") != 1:
                line = node.settings["quorum_votes"]
                self.report(line.value or line.key,
                            "%s has other than one vote: while nodes restart, the cluster may "
                            "lose its quorum" % label(node))
