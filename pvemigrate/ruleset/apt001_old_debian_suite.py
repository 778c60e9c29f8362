from ._apt import SuiteRule, is_debian_entry, needing


class OldDebianSuite(SuiteRule):
    """
    ## What it finds

    Enabled entries of Debian's archive with suites of the old release: `buster`, `buster-updates` and
    `buster-proposed-updates` in the hop 6to7, those of `bullseye` in 7to8 and of `bookworm` in 8to9,
    where `-debug` counts too; in `sources.list`, `*.list` and `*.sources`. An entry counts as Debian's
    where all its components are `main`, `contrib`, `non-free` or `non-free-firmware` and its host is
    one of debian.org or its path ends in `/debian`, whatever mirror or proxy comes before that; hosts
    of vendors who use the same layout are left out.

    ## Why it matters

    Each release of Proxmox VE is built on one of Debian: 7 on bullseye, 8 on bookworm, 9 on trixie.
    With entries of both releases, or of the old one only, dist-upgrade fails half-way or wants to
    remove `proxmox-ve`.

    ## Example

    ```
    deb http://ftp.debian.org/debian buster-updates main contrib
    ```

    becomes

    ```
    deb http://ftp.debian.org/debian bullseye-updates main contrib
    ```

    ## When the fix is safe

    Only the suite changes: a name in a URI, an option, a comment or a disabled entry stays. Discs
    and snapshot.debian.org (one day of the past) have no new suite, so somebody has to choose. The
    same holds where an entry for the new suite is there already with other options (`signed-by`,
    `trusted`, ...), because apt refuses two that differ. Right when the upgrade is about to begin.

    On an archive host, where an old release may have been looked for last (APT021), the URI goes back
    to `deb.debian.org` in the same step, since no archive has the new release; not in the hop 6to7,
    whose new release has an archive by now.

    ## Guide

    Update the configured APT repositories

    ## References

    sources.list(5)
    """

    checker = ("check_apt_repos",)
    in_hop = needing(lambda hop: hop.debian)

    def suites(self):
        return self.hop.debian

    def applies(self, source):
        return is_debian_entry(source)

    def message(self, source, suite):
        return "the suite %s belongs to %s" % (suite, self.hop.old_debian)
