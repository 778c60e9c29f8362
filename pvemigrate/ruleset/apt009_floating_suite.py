from ..repositories import (DEBIAN_RELEASES, FLOATING, ROLLING, is_known_debian, is_security,
                            release_of, vendor)
from ._apt import AptRule, is_ceph_entry, is_own_debian, is_pve_entry, naming_hop, owner


class FloatingSuite(AptRule):
    """
    ## What it finds

    Enabled entries of Debian's archive and of Proxmox's repositories whose suite is `stable`,
    `oldstable`, `testing`, `unstable`, `sid` and the like, with endings such as `-updates` or
    `/updates` too; that is named after a release which is neither the old nor the new one (`stretch`
    or `bookworm` in the hop 6to7); or that is one of the old release that has no counterpart here
    (`buster-debug`). Other vendors' `stable` is their own word and no matter. Source packages
    (`deb-src`) are not upgraded and do not count.

    ## Why it matters

    `stable` means another release with time: today's dist-upgrade would go further than the new
    Proxmox VE does. Packages of several releases at once get mixed, and do not fit.

    ## Example

    ```
    deb http://deb.debian.org/debian stable main contrib
    ```

    ## When the fix is safe

    Never: nobody but the administrator knows which release was meant, and what has been installed from
    it. The message names the suite of the new release that fits the place; on a node that runs a later
    release already, that of the later one, and the node's own suites are no finding. Where a host is
    neither Debian's nor a known mirror, words like `stable` count only where the entry has other marks
    of Debian's archive (`contrib`, `non-free`, or an ending like `-updates`).

    ## Guide

    Update the configured APT repositories

    ## References

    Debian reference, "Debian archive basics"
    """

    severity = "warning"
    checker = ("check_apt_repos",)

    def check_source(self, source):
        if "deb" not in [word.text for word in source.types]:
            return
        debian = source.holds(is_own_debian)
        proxmox = not debian and self._is_proxmox(source)
        if not debian and not proxmox:
            return
        for word in source.suites:
            if not owner(source, word.text, self.hop):
                message = self._judge(source, word.text, debian)
                if message:
                    self.report(word.token, message)

    def _is_proxmox(self, source):
        return bool(source.locations) and (
            is_pve_entry(source) or is_ceph_entry(source, self.hop)
            or source.is_everywhere(lambda place: vendor(place) == "Proxmox"))

    def _judge(self, source, suite, debian):
        """What is wrong with *suite* (str), or None."""
        hop = self.hop
        running = naming_hop(hop, self.facts)
        release = release_of(suite)
        instead = self._instead(running, suite, release, debian) if running else None
        remove = "remove the entry" + (", or use " + instead if instead else "")
        if release in FLOATING:
            if debian and not self._is_debians_word(source, suite, release):
                return None
            if release in ROLLING:
                return "%s is never released: %s" % (suite, remove)
            return "%s means another release with time: name the release%s" % (
                suite, ", " + instead if instead else "")
        if release not in DEBIAN_RELEASES or release == hop.new:
            return None
        if release == hop.old:
            # What Proxmox has for the old release and no rule knows is APT008's.
            return self._judge_old(source, suite, running) if debian else None
        older = DEBIAN_RELEASES.index(release) < DEBIAN_RELEASES.index(hop.old)
        # Where nothing is known of what the node runs, a newer one may be its own.
        if not older and (running is None or release == running.new):
            return None
        return "%s belongs to %s release than both of this upgrade: %s" % (
            suite, "an older" if older else "a newer", remove)

    def _judge_old(self, source, suite, running):
        message = "%s belongs to %s; " % (suite, self.hop.old_debian)
        if running is None:
            return message + "remove the entry"
        places = source.holds(_security)
        if all(places):
            return message + "the security archive's suite of %s is %s" % (
                running.new, next(iter(running.security.values())))
        if any(places):
            return message + "the archive and the security archive need an entry each"
        # Where this upgrade knows one, it is APT001's.
        later = running.debian.get(running.old + suite[len(self.hop.old):])
        if later:
            return message + "remove the entry, or use %s" % later
        return message + "no suite of %s is known here to take its place: look, or remove it" % (
            running.new)

    def _is_debians_word(self, source, suite, release):
        return suite != release or source.is_cdrom or source.holds(_looks_like_debian)

    @staticmethod
    def _instead(hop, suite, release, debian):
        ending = suite[len(release):]
        if not debian or not ending:
            return hop.new
        if ending in ("/updates", "-security"):
            return next(iter(hop.security.values()))
        return hop.debian.get(hop.old + ending, hop.new)


def _looks_like_debian(source):
    return (any(word.text != "main" for word in source.components)
            or all(map(is_known_debian, source.locations)))


def _security(source):
    return [is_security(place) for place in source.locations]
