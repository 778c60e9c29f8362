from ..rule import Rule
from ._corosync import ADDRESSES, Cluster, label


class AddressIsAHostName(Rule):
    """
    ## What it finds

    A `ring0_addr` to `ring7_addr` of a node in `corosync.conf` that is no IP address.

    ## Why it matters

    corosync has to look the name up when it starts. Without the name server, or where the name has
    got another address meanwhile, the node does not find the others. A remark behind an address is
    part of the name, for corosync.

    ## Example

    ```
    node {
      name: pve1
      ring0_addr: pve1.example.com
    }
    ```

    ## When the fix is safe

    There is none: which address the name has, only the node knows. Write the one that the name has
    now, and raise `config_version`.

    ## Guide

    Prerequisites

    ## References

    check_cluster_corosync of pve6to7, pve7to8 and pve8to9;
    Proxmox VE's manual, "Corosync addresses"; corosync.conf(5)
    """

    kinds = ("corosync",)
    severity = "warning"
    phase = "before"
    guide = "Prerequisites"
    checker = ("check_cluster_corosync",)
    needs = ("_addr",)

    def visit_File(self, tree):
        for node in self.project.once(Cluster, tree).nodes:
            for key in ADDRESSES:
                line = node.settings.get(key)
                if line is not None and line.value and not is_address(line.value):
                    self.report(line.value, "%s of %s is a host name: replace it by the "
                                "address that it has now" % (key, label(node)))


def is_address(text):
    """Whether *text* is an IPv4 or IPv6 address."""
    parts = str(text).split(".")
    if len(parts) == 4 and all(part == "0" or part.isdigit() and part.isascii() and part[0] != "0"
                               and len(part) < 4 and int(part) < 256 for part in parts):
        # Most are; and the module takes longer to import than most checks take.
        return True
    import socket

    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, str(text))
            return True
        except (OSError, ValueError):
            pass
    return False
