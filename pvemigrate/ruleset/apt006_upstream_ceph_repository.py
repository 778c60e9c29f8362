from ..edit import Fix, replace
from ..repositories import CEPH_RELEASES, ceph_release, vendor
from ._apt import AptRule, conflict, is_upstream_ceph, shared_options

#: Where Proxmox has the Ceph release that goes along with the upgrade.
_REPOSITORY = "%s://download.proxmox.com/debian/%s"


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

    It is unsafe, since packages then come from somebody else. Only entries of Octopus (15.x) are
    rewritten, the URI and the suite, with http or https as it was and `[arch=...]` as it stands.
    Manual are all others: older releases (upgrade Ceph first), newer ones, entries through a proxy,
    source packages (Proxmox has none), more than one URI or suite, and entries with options that are
    about the old host's signatures, such as `signed-by`.

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
            changes = [replace(word.token, self._new_uri(place))]
            if suite.text != self.hop.new:
                changes.append(replace(suite.token, self.hop.new))
            fix = Fix.unsafe("use Proxmox's %s for %s" % (self.hop.ceph[0], self.hop.new), *changes)
        self.report(word.token, message, fix)

    def _new_uri(self, place):
        return _REPOSITORY % (place.scheme, self.hop.ceph[0])

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
            return "write an entry for %s %s main" % (hop.ceph[0], hop.new)
        if place.scheme not in ("http", "https") or not (
                place.host == "ceph.com" or place.host.endswith(".ceph.com")):
            return "it goes through %s: see that %s can be reached there" % (
                place.host or place.scheme, hop.ceph[0])
        options = shared_options(source)
        if options:
            return "its option %s is about the old host: write an entry without it" % (
                ", ".join(name for name, _ in options))
        return conflict(self.project, hop, source, [self._new_uri(place)], suite, hop.new)
