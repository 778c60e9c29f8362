from ..facts import version_key
from ..repositories import vendor
from ._apt import AptRule, has_pve_components, is_debian_entry, is_security_entry, needing


class SwitchedTooEarly(AptRule):
    """
    ## What it finds

    Enabled entries of Debian's archive, its security archive or Proxmox's repositories for the new
    release, on a node whose `proxmox-ve` is older than 6.4-1. Silent where no dpkg status below the
    root tells the version.

    ## Why it matters

    The upgrade is made for the latest Proxmox VE 6.4 and its checks. From an older one, packages
    skip the steps that 6.4 takes, and a half-upgraded node may not start again.

    ## Example

    ```
    deb http://ftp.debian.org/debian bullseye main contrib
    ```

    on a node with proxmox-ve 6.2-1.

    ## When the fix is safe

    Never: set the entries back to the old release by hand (`buster`, `buster-updates`,
    `buster/updates` for security updates), bring the node to 6.4 with `apt update` and
    `apt dist-upgrade`, then switch. That proxmox-ve itself is too old is SYS001.

    ## Guide

    Update the configured APT repositories

    ## References

    Proxmox VE wiki, "Upgrade from 6.x to 7.0", "Prerequisites"
    """

    phase = "before"
    in_hop = needing(lambda hop: [hop.new])

    def check_source(self, source):
        hop = self.hop
        version = self.facts.package("proxmox-ve")
        if version is None or version_key(version) >= version_key(hop.packages[0][1]):
            return
        back = {}
        for table in (hop.proxmox, hop.debian, hop.security):
            for old, new in table.items():
                back.setdefault(new, old)
        for word in source.suites:
            if word.text in back and is_of_the_upgrade(source, word.text in hop.security.values()):
                self.report(word.token, "%s belongs to %s, and proxmox-ve %s is older than %s: set "
                            "the entry back to %s and update proxmox-ve first" % (
                                word.text, hop.new_pve, version, hop.packages[0][1], back[word.text]))
                return


def is_of_the_upgrade(source, is_security_suite):
    """Whether the packages of *source* are those that an upgrade is made of."""
    if is_security_suite:
        return is_security_entry(source)
    return is_debian_entry(source) or source.is_everywhere(
        lambda place: vendor(place) == "Proxmox"
        or has_pve_components(source) and vendor(place) is None)
