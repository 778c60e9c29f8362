from ..rule import Rule
from ._corosync import Cluster


class NoAuthentication(Rule):
    """
    ## What it finds

    A `corosync.conf` with which packets are not authenticated: no `secauth: on` and no
    `crypto_hash`, or a `crypto_hash: none`, which counts more. A `crypto_cipher` without a hash is
    found too: with it corosync does not start.

    ## Why it matters

    Whoever reaches the network of the cluster could take part in it. Clusters that Proxmox VE has
    made have `secauth: on`; corosync's own default is off.

    ## Example

    ```
    totem {
      secauth: on
    }
    ```

    ## When the fix is safe

    There is none: corosync must be restarted with the same setting and the same key
    (`/etc/corosync/authkey`) on all nodes.

    ## Guide

    Prerequisites

    ## References

    check_cluster_corosync of pve6to7, pve7to8 and pve8to9;
    corosync.conf(5), "secauth", "crypto_hash", "crypto_cipher"
    """

    kinds = ("corosync",)
    severity = "error"
    phase = "before"
    guide = "Prerequisites"
    checker = ("check_cluster_corosync",)

    def visit_File(self, tree):
        cluster = self.project.once(Cluster, tree)
        secauth, digest, cipher = map(
            cluster.totem.get, ("secauth", "crypto_hash", "crypto_cipher"))
        if digest is not None:
            is_on = digest.value not in ("none", "")
        else:
            is_on = secauth is not None and secauth.value == "on"
        if is_on:
            return
        if cipher is not None and cipher.value != "none":
            self.report(cipher.value or cipher.key,
                        "corosync does not start: crypto_cipher takes a crypto_hash; write "
                        "secauth: on instead of both")
            return
        line = digest or secauth
        self.report(cluster.name("totem") if line is None else line.value or line.key,
                    "packets of the cluster are not authenticated: write secauth: on into totem")
