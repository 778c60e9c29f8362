from ..rule import Rule
from ._ceph import CephConfig, is_of_own_cluster


class Ipv6WithoutIpv4Off(Rule):
    """
    ## What it finds

    `ms_bind_ipv6 = true` in the section `[global]` of `ceph.conf` where `ms_bind_ipv4` is not
    `false`. (Blanks and dashes do as well as the underscores, any number but 0 is true.)

    Not where `public_network`, and `cluster_network` if there is one, name networks of both
    families: that is a dual-stack cluster.

    ## Why it matters

    `ms_bind_ipv4` is on unless it is switched off. Since Ceph Nautilus a daemon with both switched
    on wants an address of each family; in a cluster of IPv6 alone it finds no other one.

    ## Example

    ```
    [global]
    	 ms_bind_ipv4 = false
    	 ms_bind_ipv6 = true
    ```

    ## When the fix is safe

    There is none: either IPv4 is switched off, or the networks of the cluster get one of IPv4.

    ## Guide

    The upgrade guides have nothing on it; Proxmox VE's checkers look for it.

    ## References

    check_ceph of pve6to7, pve7to8 and pve8to9; Ceph's manual, "Network Configuration Reference"
    """

    kinds = ("ceph",)
    severity = "warning"
    phase = "before"
    checker = ("check_ceph",)
    needs = ("ipv6",)

    def visit_File(self, tree):
        if not is_of_own_cluster(self.file):
            return
        config = self.project.once(CephConfig, tree)
        setting = config.setting("global", "ms_bind_ipv6")
        if setting is None or not is_true(setting.text):
            return
        other = config.setting("global", "ms_bind_ipv4")
        if other is not None and is_false(other.text):
            return
        public, cluster = (config.setting("global", name) for name in
                           ("public_network", "cluster_network"))
        if public is not None and all(
                has_both_families(networks.text) for networks in (public, cluster)
                if networks is not None and networks.text):
            return
        self.report(setting.value, "ms_bind_ipv6 is on, and ms_bind_ipv4 is not off: set it to "
                    "false in a cluster of IPv6 alone, else add a network of the other family to "
                    "public_network and cluster_network")


def is_true(text):
    """Whether Ceph takes *text* for true: the word in any case, or a number other than 0."""
    return text.lower() == "true" or (_is_number(text) and int(text) != 0)


def is_false(text):
    """Whether Ceph takes *text* for false."""
    return text.lower() == "false" or (_is_number(text) and int(text) == 0)


def _is_number(text):
    digits = text[1:] if text[:1] in ("-", "+") else text
    return 0 < len(digits) < 20 and all(char in "0123456789" for char in digits)


def has_both_families(text):
    """Whether a list of networks has some of IPv4 and some of IPv6."""
    for char in ",;\t":
        text = text.replace(char, " ")
    networks = [network for network in text.split(" ") if network]
    return (any(":" in network for network in networks)
            and any(":" not in network for network in networks))
