from ._apt import SuiteRule, is_security_entry, needing


class OldSecuritySuite(SuiteRule):
    """
    ## What it finds

    Enabled entries with Debian's components and the suite `buster/updates`, on any host that is not
    known as another vendor's; and `bullseye/updates`, which is what replacing `buster` alone makes
    of it.

    ## Why it matters

    Debian renamed the security suite with bullseye. `bullseye/updates` does not exist, so apt
    reports an error, and a node without the right entry gets no security updates.

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

    ## Guide

    Update the configured APT repositories

    ## References

    Debian 11 release notes, "Changed security archive layout"
    """

    checker = ("check_security_repo",)
    in_hop = needing(lambda hop: hop.security)

    def suites(self):
        return self.hop.security

    def applies(self, source):
        return is_security_entry(source)

    def message(self, source, suite):
        if suite.startswith(self.hop.new):
            return "the security suite of %s is not called %s" % (self.hop.new, suite)
        return "the suite %s belongs to %s" % (suite, self.hop.old_debian)
