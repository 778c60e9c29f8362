from ..edit import Fix, replace
from ..repositories import Location
from ._apt import AptRule, conflict, needing, place_of, shared_options, sources

#: The packages of Ceph's services.
SERVICES = ("ceph-mon", "ceph-mgr", "ceph-osd", "ceph-mds")


class CephTooOld(AptRule):
    """
    ## What it finds

    Enabled entries of Proxmox's repositories of Ceph releases that the new Proxmox VE does not have:
    older than Octopus in the hop 6to7, than Quincy in 7to8, than Squid in 8to9; whatever their suite.

    ## Why it matters

    The new Proxmox VE has no packages of these Ceph releases. A node that is upgraded with them loses
    its access to the Ceph cluster, and the cluster its OSDs and monitors on that node.

    ## Example

    ```
    deb http://download.proxmox.com/debian/ceph-nautilus buster main
    ```

    ## When the fix is safe

    Never: upgrade Ceph in the whole cluster while it still runs the old Proxmox VE, with the how-to for
    that (to Octopus in the hop 6to7, Quincy in 7to8, Squid in 8to9); the entry is then one of that
    release. Until then `fix --phase switch` changes nothing.

    Where dpkg shows a node without any service of Ceph (`ceph-mon`, `ceph-mgr`, `ceph-osd`,
    `ceph-mds`), and there is no `ceph.conf` either, the entry is there for the client's packages alone:
    installers have put it there, whether Ceph was wanted or not. An unsafe fix then has the entry name
    the release that goes along with the upgrade. Its suite stays, for which Proxmox has that release
    too.

    ## Guide

    (Ceph only) Replace ceph.com repositories with proxmox.com ceph repositories

    ## References

    Proxmox VE wiki, "Ceph Nautilus to Octopus", "Ceph Pacific to Quincy", "Ceph Reef to Squid"
    """

    phase = "before"
    guide = "(Ceph only) Replace ceph.com repositories with proxmox.com ceph repositories"
    checker = ("check_ceph",)
    blocks = ("switch",)
    in_hop = needing(lambda hop: hop.ceph_too_old)

    def check_source(self, source):
        hop = self.hop
        wanted = hop.ceph[0]
        for word in source.too_old_ceph(hop):
            old = Location(word.text).last
            message, fix = "Ceph %s is too old for %s: " % (_name(old), hop.new_pve), None
            if self.has_services:
                message += "upgrade Ceph to %s first" % _name(wanted)
            else:
                message += "this node has no services of Ceph, so have the entry name %s, or remove it" % (
                    wanted)
                uri, tail = _successor(word.text, hop)
                suites = {suite.text for suite in source.suites}
                # Two that become one would have to say the same.
                others = self.project.once(_options, self.project, hop)[place_of(uri)]
                if suites.issubset((hop.old, hop.new)) and len(others) == 1 and not any(
                        conflict(self.project, hop, source, [uri], suite, hop.new)
                        for suite in suites):
                    fix = Fix.unsafe("change the URI to %s" % (uri + tail),
                                     replace(word.token, uri + tail))
            self.report(word.token, message, fix)

    @property
    def has_services(self):
        """Whether the node may have services of Ceph."""
        facts = self.facts
        return not facts.has_dpkg or any(map(facts.package, SERVICES)) or any(
            facts.exists(facts.etc + path) for path in ("pve/ceph.conf", "ceph/ceph.conf"))


def _successor(uri, hop):
    """The URI (str) of the release that goes along with the upgrade, in the place of one that is too
    old, and what follows it there."""
    head, _, tail = uri.rpartition(Location(uri).last)
    return head + hop.ceph[0], tail


def _options(scope, hop):
    """The repositories that entries of too old releases would become -> the options of these entries
    that apt wants to be alike (set)."""
    found = {}
    for _, source in scope.once(sources, scope):
        for word in source.too_old_ceph(hop):
            uri, _ = _successor(word.text, hop)
            found.setdefault(place_of(uri), set()).add(shared_options(source))
    return found


def _name(repository):
    """The release of Ceph that *repository* is named after, as people write it."""
    return repository.rpartition("-")[2].capitalize()
