from ..edit import Fix, replace
from ..repositories import CEPH_RELEASES, CEPH_SERVERS, ceph_release, vendor
from ._apt import AptRule, conflict, is_upstream_ceph, shared_options

#: Where Proxmox has its Ceph repositories, on either server.
_FOLDER = "/debian/"


class UpstreamCephRepository(AptRule):
    """
    ## What it finds

    Enabled entries of the Ceph project's own hosts (`download.ceph.com`, `eu.ceph.com`, ...), whatever
    their suite.

    ## Why it matters

    The guide has them replaced by Proxmox's Ceph repositories: those are built for Proxmox VE's
    libraries and come in step with its releases. With the others, dist-upgrade finds packages that do
    not fit, or none for the new Debian release.

    ## Example

    ```
    deb https://download.ceph.com/debian-octopus/ buster main
    ```

    becomes

    ```
    deb https://download.proxmox.com/debian/ceph-octopus bullseye main
    ```

    ## When the fix is safe

    It is unsafe, since packages then come from somebody else. Only entries of the release that goes
    along with the upgrade are rewritten (Octopus in the hop 6to7, Quincy in 7to8, Squid in 8to9): the
    URI, the suite and from bookworm on the component, with http or https as it was and `[arch=...]` as
    it stands. The component is then `no-subscription`, or what `--pve-repo` says. Manual are all
    others: older releases (upgrade Ceph first), newer ones, entries through a proxy, source packages
    (Proxmox has none), more than one URI or suite, and entries with options that are about the old
    host's signatures, such as `signed-by`.

    ## Guide

    (Ceph only) Replace ceph.com repositories with proxmox.com ceph repositories

    ## References

    Proxmox VE administration guide, "Ceph Repositories"
    """

    severity = "warning"
    guide = "(Ceph only) Replace ceph.com repositories with proxmox.com ceph repositories"

    def check_source(self, source):
        if source.too_old_ceph(self.hop) or not is_upstream_ceph(source):
            return
        word, place = next((word, place) for word, place in zip(source.uris, source.locations)
                           if vendor(place) == "Ceph")
        message = "the Ceph project's own repository is to be replaced by Proxmox's"
        reason, fix = self._obstacle(source, place), None
        if reason:
            message += "; " + reason
        else:
            suite = source.suites[0]
            uri, component = self._new(place)
            changes = [replace(word.token, uri)]
            if suite.text != self.hop.new:
                changes.append(replace(suite.token, self.hop.new))
            if component != "main":
                changes.append(replace(source.components[0].token, component))
            fix = Fix.unsafe("use Proxmox's %s for %s" % (self.hop.ceph[0], self.hop.new), *changes)
        self.report(word.token, message, fix)

    def _new(self, place):
        """The URI and the component of the entry that is to take its place."""
        hop = self.hop
        names = hop.ceph_components.get("main", (None, {}))[1]
        name = self.project.settings.pve_repo if names else None
        server = CEPH_SERVERS[name or "no-subscription"]
        if name != "enterprise":
            server = "%s://%s" % (place.scheme, server.partition("://")[2])
        return server + _FOLDER + hop.ceph[0], names.get(name or "no-subscription", "main")

    def _obstacle(self, source, place):
        """Why only the administrator can rewrite *source*, or None."""
        hop = self.hop
        known = list(CEPH_RELEASES.values())
        wanted = hop.ceph[0].rpartition("-")[2]
        release = ceph_release(place)
        if release not in known:
            return "which release of Ceph this is cannot be told: choose Proxmox's of the same one"
        if known.index(release) < known.index(wanted):
            return "%s is too old for %s: upgrade Ceph to %s first, and take %s then" % (
                release.capitalize(), hop.new_pve, wanted.capitalize(), hop.ceph[0])
        if release != wanted:
            return "%s is newer than %s: choose Proxmox's ceph-%s for %s if there is one" % (
                release.capitalize(), wanted.capitalize(), release, hop.new)
        if [word.text for word in source.types] != ["deb"]:
            return "Proxmox has no source packages of Ceph: remove the entry of those"
        if len(source.uris) != 1 or len(source.suites) != 1 or source.ambiguous:
            return "the entry says more than one thing: write one for %s" % hop.ceph[0]
        suite = source.suites[0].text
        if suite not in (hop.old, hop.new) or [word.text for word in source.components] != ["main"]:
            return "write an entry for %s %s %s" % (hop.ceph[0], hop.new, self._new(place)[1])
        if place.scheme not in ("http", "https") or not (
                place.host == "ceph.com" or place.host.endswith(".ceph.com")):
            return "it goes through %s: see that %s can be reached there" % (
                place.host or place.scheme, hop.ceph[0])
        options = shared_options(source)
        if options:
            return "its option %s is about the old host: write an entry without it" % (
                ", ".join(name for name, _ in options))
        return conflict(self.project, hop, source, [self._new(place)[0]], suite, hop.new)
