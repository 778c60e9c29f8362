from ..repositories import release_of
from ._apt import SuiteRule, is_security_entry, needing


class OldSecuritySuite(SuiteRule):
    """
    ## What it finds

    Enabled entries with Debian's components and the security suite of the old release, on any host
    that is not known as another vendor's: `buster/updates` in the hop 6to7, `bullseye-security` in
    7to8, `bookworm-security` in 8to9; and `bullseye/updates`, `bookworm/updates` or `trixie/updates`,
    which is what replacing the release's name alone makes of `buster/updates`.

    ## Why it matters

    Debian renamed the security suite with bullseye. Since then there is none that ends in `/updates`,
    so apt reports an error, and a node without the right entry gets no security updates.

    ## Example

    ```
    deb http://security.debian.org/debian-security buster/updates main contrib
    ```

    becomes

    ```
    deb http://security.debian.org/debian-security bullseye-security main contrib
    ```

    ## When the fix is safe

    Only the suite changes; the URI stays as it is, also where it is `http://security.debian.org`
    without a path. Manual for discs, for snapshot.debian.org, and where an entry for the new suite
    is there already with other options. Right when the upgrade is about to begin.

    On an archive host, where an old release may have been looked for last (APT021), the URI goes back
    to `deb.debian.org` in the same step, since no archive has the new release; not in the hop 6to7,
    whose new release has an archive by now.

    ## Guide

    Update the configured APT repositories

    ## References

    Debian 11 release notes, "Changed security archive layout"
    """

    checker = ("check_security_repo", "check_apt_repos")
    in_hop = needing(lambda hop: hop.security)

    def suites(self):
        return self.hop.security

    def applies(self, source):
        return is_security_entry(source)

    def message(self, source, suite):
        release = release_of(suite)
        right = release + "-security"
        if suite != right and (right in self.hop.security or right in self.hop.security.values()):
            return "the security suite of %s is not called %s" % (release, suite)
        return "the suite %s belongs to %s" % (suite, self.hop.old_debian)
