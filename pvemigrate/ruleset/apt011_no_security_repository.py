from ..repositories import (DEBIAN_COMPONENTS, is_known_debian, is_security, release_of,
                            vendor)
from ..rule import NODE, Rule
from ._apt import GUIDE, is_debian_entry, naming_hop
from ._apt_node import binary_sources, is_refused, unseen_words


class NoSecurityRepository(Rule):
    """
    ## What it finds

    A node whose apt sources have no enabled entry of Debian's security archive for the new release (or
    for a later one that the node runs already).
    Mirrors and proxies count, in both syntaxes and with any options, and so does an entry that is
    about to be switched (APT002). Also a suite of the security archive that is called as one of the
    main archive's is (`bullseye`, `bullseye-updates`): apt finds nothing there. On a mirror, which may
    have such a suite, it counts only where no other entry will do.

    ## Why it matters

    The node gets no security updates of Debian's packages from then on.

    ## Example

    In the hop 6to7,

    ```
    deb http://ftp.debian.org/debian bullseye main contrib
    ```

    alone lacks

    ```
    deb http://security.debian.org/debian-security bullseye-security main contrib
    ```

    ## When the fix is safe

    Never: which server and which components to use is the administrator's choice. Nothing is judged
    where apt refuses its configuration anyway (APT016), where an entry of the security archive is
    for some other release (APT009), and where no entry of Debian's archive was found and either no
    `sources.list` or entries of unknown origin, since the archive may come under another name.

    ## Guide

    Update the configured APT repositories

    ## References

    Debian 11 release notes, "Changed security archive layout"
    """

    kinds = (NODE,)
    severity = "warning"
    phase = "switch"
    guide = GUIDE
    checker = ("check_security_repo",)

    def check_project(self, project):
        if not project.all_of_kind("apt-list", "deb822") or project.once(is_refused, project):
            return
        hop = naming_hop(self.hop, self.facts)
        if hop is None:
            return
        found = project.once(binary_sources, project)
        unknown = project.once(unseen_words, project)
        served = any("security" in word.lower() or word in hop.security for word in unknown) or any(
            serves(source, hop) for _, source in found)
        right = next(iter(hop.security.values()))
        # Somebody's own mirror may have such a suite: it counts where there is nothing better.
        misnamed = [(file, word) for file, source in found for word in misnamed_suites(source, hop)
                    if not served or source.is_everywhere(is_known_debian)]
        for file, word in misnamed:
            self.report(word.token, "Debian's security archive has no suite %s: its suite for %s is %s"
                        % (word.text, hop.new, right), file=file)
        if served or misnamed:
            return
        entry = "deb http://security.debian.org/debian-security %s main contrib" % right
        debian = [file for file, source in found if is_debian_entry(source)]
        main = project.at("apt/sources.list")
        if debian:
            self.report(None, "no enabled entry of Debian's security archive: add `%s`" % entry,
                        file=debian[0])
        elif main is not None and not any(is_unknown(source) for _, source in found):
            self.report(None, "no enabled entry of Debian's archive, nor of its security archive: "
                        "add both, the latter as `%s`" % entry, file=main)


def serves(source, hop):
    """Whether *source* is Debian's security archive or may be, so that one of its suites is right, is
    about to be, or is for other rules to judge."""
    if any(vendor(place) is not None for place in source.locations):
        return False
    suites = {word.text for word in source.suites}
    if not suites.isdisjoint(hop.security) or not suites.isdisjoint(hop.security.values()):
        return True
    if source.is_everywhere(is_security):
        return len(misnamed_suites(source, hop)) < len(source.suites)
    # A mirror of somebody's own making has suites of its own, too.
    return any("security" in part.lower() for place in source.locations
               for part in [place.host] + place.folders)


def misnamed_suites(source, hop):
    """The suites (list of Word) of the security archive that are called after the new release, but in
    a way that only suites of the main archive are."""
    if not source.is_everywhere(is_security) or any(map(vendor, source.locations)):
        return []
    # `/updates` behind the right name leads to the same place.
    known = {*hop.security, *hop.security.values()}
    known.update(name + "/updates" for name in hop.security.values())
    return [word for word in source.suites
            if release_of(word.text) == hop.new and word.text not in known]


def is_unknown(source):
    """Whether *source* may be an archive of Debian under another name."""
    return source.has_components(DEBIAN_COMPONENTS) and any(
        vendor(place) is None for place in source.locations)
