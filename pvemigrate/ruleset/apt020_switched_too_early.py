from ..facts import version_key
from ..repositories import release_of, vendor
from ._apt import (AptRule, has_pve_components, is_debian_entry, is_security_entry, needing, owner,
                   sources)


class SwitchedTooEarly(AptRule):
    """
    ## What it finds

    Enabled entries of Debian's archive, its security archive or Proxmox's repositories for the new
    release, on a node whose `proxmox-ve` is older than the upgrade begins at: 6.4-1 in the hop 6to7,
    7.4-1 in 7to8, 8.4.0 in 8to9. In the hops 7to8 and 8to9 also such entries beside others that are
    still for the old release, as long as the node runs that and the run does not switch those too.
    Silent where no dpkg status below the root tells the version.

    ## Why it matters

    The upgrade is made for the latest version of the old Proxmox VE and its checks. From an older one,
    packages skip the steps that it takes, and a half-upgraded node may not start again. With entries of
    two releases at once, any `apt upgrade` mixes them.

    ## Example

    In the hop 6to7,

    ```
    deb http://ftp.debian.org/debian bullseye main contrib
    ```

    on a node with proxmox-ve 6.2-1.

    ## When the fix is safe

    Never: set the entries back to the old release by hand (`buster`, `buster-updates`,
    `buster/updates` for security updates in the hop 6to7), bring the node to its latest version with
    `apt update` and `apt dist-upgrade`, then switch. Of two releases, finish the switch right before
    dist-upgrade (`--phase switch`), or set it back until then. That proxmox-ve itself is too old is
    SYS001.

    ## Guide

    Update the configured APT repositories

    ## References

    Proxmox VE wiki, "Upgrade from 6.x to 7.0", "Prerequisites", and those for the later upgrades
    """

    phase = "before"
    checker = ("check_apt_repos",)
    in_hop = needing(lambda hop: [hop.new])

    def check_source(self, source):
        hop = self.hop
        version = self.facts.package("proxmox-ve")
        if version is None:
            return
        left = None
        if version_key(version) >= version_key(hop.packages[0][1]):
            if not hop.remarks_on_suites or self.facts.release != hop.release or (
                    self.project.due is None or "switch" in self.project.due.phases):
                return
            left = self.project.once(still_old, self.project, hop)
            if left is None:
                return
        back = {}
        for table in (hop.proxmox, hop.debian, hop.security):
            for old, new in table.items():
                back.setdefault(new, old)
        for word in source.suites:
            if word.text not in back or not is_of_the_upgrade(source, word.text in hop.security.values()):
                continue
            if left is not None:
                if "deb" not in [word.text for word in source.types]:
                    # Source packages are mixed with nothing.
                    return
                self.report(word.token, "%s belongs to %s, and %s in %s still to %s: switch all right before "
                            "dist-upgrade, or set this back to %s" % (
                                word.text, hop.new_pve, left[1], left[0], hop.old_pve, back[word.text]))
                return
            self.report(word.token, "%s belongs to %s, and proxmox-ve %s is older than %s: set "
                        "the entry back to %s and update proxmox-ve first" % (
                            word.text, hop.new_pve, version, hop.packages[0][1], back[word.text]))
            return


def still_old(scope, hop):
    """(path, suite) of the first entry that is for the old release, None where there is none."""
    for file, source in scope.once(sources, scope):
        for word in source.suites if "deb" in [word.text for word in source.types] else ():
            if owner(source, word.text, hop) in ("APT001", "APT002", "APT003", "APT004") and (
                    release_of(word.text) == hop.old):
                return file.path, word.text
    return None


def is_of_the_upgrade(source, is_security_suite):
    """Whether the packages of *source* are those that an upgrade is made of."""
    if is_security_suite:
        return is_security_entry(source)
    return is_debian_entry(source) or source.is_everywhere(
        lambda place: vendor(place) == "Proxmox"
        or has_pve_components(source) and vendor(place) is None)
