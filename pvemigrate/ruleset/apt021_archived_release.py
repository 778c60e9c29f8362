from itertools import islice

from ..edit import Fix, replace
from ..repositories import (ARCHIVES, Location, archive_uri, is_archive, is_known_debian, is_security,
                            proxmox_archive_uri, release_of, vendor)
from ._apt import AptRule, acts, any_of, is_own_debian, owner, shared_options, sources, successor


class ArchivedRelease(AptRule):
    """
    ## What it finds

    Enabled entries of Debian's archive and its security archive, and of Proxmox's, for a release that
    is no longer where the entry says: buster has left the mirrors for the archive hosts. In the hop
    7to8 also entries of bullseye's security suite: it has not been kept up since August 2026, its index
    expired in September, and its packages have begun to leave. Without `--archive` one note a file says
    so. With it, each entry of buster, and of bullseye, which is about to leave, is a finding of its
    own. An entry that another rule gives a new suite in the same run is
    taken for one of the new release; the note leaves out those that another rule reports.

    ## Why it matters

    With entries that lead nowhere, or to an index that has expired, `apt update` fails. The upgrade
    begins with the latest packages of the old Proxmox VE, so the old release's repositories are needed
    once more.

    ## Example

    ```
    deb http://ftp.debian.org/debian buster main contrib
    deb http://security.debian.org buster/updates main contrib
    ```

    becomes, with `--archive`,

    ```
    deb http://archive.debian.org/debian buster main contrib
    deb http://archive.debian.org/debian-security buster/updates main contrib
    ```

    ## When the fix is safe

    It is unsafe: a mirror of one's own may well have the old release still, and the archive's Release
    files have mostly expired, so that apt wants `Acquire::Check-Valid-Until "false"` or the option
    `check-valid-until=no`. In September 2026 the archive host had bullseye, but not yet its security
    suite: look, and else disable that entry until the switch. Only the URI changes;
    `http://proxy:3142/deb.debian.org/debian` keeps its proxy. Manual are private mirrors (an address,
    a port, a name without a domain, a password), an entry that has suites of other releases too,
    enterprise.proxmox.com, and entries that would meet one with other options on the archive host.
    Proxmox's own entries are changed only while they are for buster: whether their archive host has
    bullseye is not known. Discs and snapshot.debian.org are left alone.

    ## Guide

    the guide was written before the releases were archived and has nothing on it

    ## References

    debian.org, "Distribution Archives"; Debian wiki, "LTS"; Proxmox VE wiki, "Ceph Nautilus to Octopus"
    """

    severity = "warning"
    phase = "before"
    guide = ""
    needs = any_of(*ARCHIVES)

    def __init__(self):
        super().__init__()
        self._told = False

    def visit_File(self, tree):
        self._told = False

    def check_source(self, source):
        place = self.project.once(_place, self.project, source, self.hop)
        if place is None:
            return
        releases, targets = place
        if not self.project.settings.archive:
            if (not self._told and self._is_gone(source, releases)
                    and not self._is_anothers(source)):
                self._told = True
                message = self._news(source, releases) + (
                    ": --archive gives this file's entries the URIs of the archive hosts")
                if self._has_expired(source, releases):
                    message += (", if these have it by now; else disable the entry until the switch, so "
                                "that apt does not stumble over it")
                self.report(source.uris[0].token, message, severity="info")
            return
        reason = self._obstacle(source, releases, targets)
        for word, target in zip(source.uris, targets):
            if target == word.text:
                continue
            message = self._news(source, releases)
            if reason or target is None:
                if not reason and is_known_debian(Location(word.text)):
                    reason = "where this is on the archive host is not known: look"
                self.report(word.token, "%s; %s" % (
                    message, reason or "whoever keeps this mirror knows what it has: left alone"))
            else:
                self.report(word.token, message + self._advice(source, releases),
                            Fix.unsafe("change the URI to %s" % target, replace(word.token, target)))

    def _is_gone(self, source, releases):
        """Whether all that the entry is for is known to have left its place."""
        if not (self._has_expired(source, releases) or all(
                release in ARCHIVES and ARCHIVES[release]["dropped"] for release in releases)):
            return False
        return not source.holds(is_own_debian) or all(
            is_known_debian(place) and not is_archive(place) for place in source.locations)

    def _is_anothers(self, source):
        """Whether a rule that acts in this run has something to say of *source*: what it says comes
        first."""
        codes = {owner(source, word.text, self.hop) for word in source.suites}
        if None in codes:
            # Suites that are no rule's in particular.
            codes.remove(None)
            if source.holds(is_own_debian) and "deb" in [word.text for word in source.types]:
                codes.add("APT009")
        return any(acts(self.project, code, "before" if code == "APT005" else "switch")
                   for code in codes)

    def _has_expired(self, source, releases):
        """Whether the entry is for the old release's security suite, and that has expired."""
        known = ARCHIVES.get(self.hop.old)
        return (releases == [self.hop.old] and known is not None and not known["dropped"]
                and known["expired"] and all(word.text in self.hop.security for word in source.suites))

    def _news(self, source, releases):
        if self._has_expired(source, releases):
            return "the security suite of %s has expired and its packages are leaving Debian's servers" % (
                self.hop.old)
        left = [release for release in releases if ARCHIVES.get(release, {}).get("dropped")]
        if not left:
            return "%s is leaving Debian's mirrors" % ", ".join(filter(ARCHIVES.get, releases))
        return "%s has left %s" % (", ".join(left), "Debian's mirrors" if source.holds(is_own_debian)
                                   else "Proxmox's download servers")

    def _advice(self, source, releases):
        parts = []
        if not source.holds(is_own_debian):
            parts.append("whether the archive host has %s too is not known: look before the switch"
                         % self.hop.new)
        elif any(map(is_security, source.locations)) and not all(
                ARCHIVES[release]["security"] for release in releases):
            parts.append("its security suite came to the archive host later, if at all: look first")
        if "check-valid-until" not in source.options:
            parts.append("where apt calls the archive expired it needs Acquire::Check-Valid-Until "
                         "\"false\"")
        return "".join("; " + part for part in parts)

    def _obstacle(self, source, releases, targets):
        """Why only the administrator can change the URIs, or None."""
        if not all(release in ARCHIVES for release in releases):
            return "the entry has suites of other releases too: give each its own"
        if not source.holds(is_own_debian) and None in targets:
            return ("archive.proxmox.com has the old releases; whether that goes for this entry is not "
                    "known: change it by hand")
        known = self.project.once(_archived, self.project, self.hop)
        suites = _future(self.project, source, self.hop)
        for target in dict.fromkeys(filter(None, targets)):
            for suite in dict.fromkeys(suites):
                options = known.get((target.rstrip("/"), suite), ())
                if len(options) > 1:
                    return ("there it would meet an entry with another %s, and apt refuses two that "
                            "differ: make them the same" % _differing(options))
        return None


def _future(scope, source, hop):
    """The suites (list of str) of *source* once the rules that act in this run have made theirs."""
    found = []
    due = scope.due is None or "switch" in scope.due.phases
    for word in source.suites:
        if due and scope.settings.selects(owner(source, word.text, hop) or "APT021"):
            found.append(successor(scope, source, word.text, hop))
        else:
            found.append(word.text)
    return found


def _place(scope, source, hop):
    """What there is to say of *source*: (its releases, for each URI where it is on an archive host,
    None where that is not known, the URI itself where it is there already), or None."""
    if source.is_cdrom or source.is_snapshot or not source.uris:
        return None
    releases = list(dict.fromkeys(map(release_of, _future(scope, source, hop))))
    if source.holds(is_own_debian):
        if not any(release in ARCHIVES for release in releases):
            return None
        targets = [word.text if is_archive(place) else archive_uri(word.text)
                   for word, place in zip(source.uris, source.locations)]
    else:
        if not source.is_everywhere(lambda place: vendor(place) == "Proxmox") or not any(
                ARCHIVES.get(release, {}).get("proxmox") for release in releases):
            return None
        if not all(release in ARCHIVES and ARCHIVES[release]["proxmox"] for release in releases):
            return None
        targets = [word.text if is_archive(place) else proxmox_archive_uri(word.text)
                   for word, place in zip(source.uris, source.locations)]
    if all(target == word.text for target, word in zip(targets, source.uris)):
        return None
    return releases, targets


def _archived(scope, hop):
    """(URI, suite) -> the shared options of all entries that are there, or are about to be."""
    found = {}
    for _, source in scope.once(sources, scope):
        place = scope.once(_place, scope, source, hop)
        targets = place[1] if place else [word.text for word in source.uris]
        shared = shared_options(source)
        for uri in {(target or word.text).rstrip("/") for target, word in zip(targets, source.uris)}:
            for suite in set(_future(scope, source, hop)):
                found.setdefault((uri, suite), {})[shared] = True
    return found


def _differing(options):
    # Some are enough to tell: there may be as many as entries.
    options = list(islice(options, 8))
    names = {name for other in options[1:] for name, _ in set(options[0]) ^ set(other)}
    return ", ".join(sorted(names))
