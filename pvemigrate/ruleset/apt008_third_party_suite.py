import re

from ..edit import Fix, replace
from ..releases import HOPS
from ..repositories import vendor
from ._apt import AptRule, is_ceph_entry, is_own_debian, is_pve_entry, obstacle, owner


class ThirdPartySuite(AptRule):
    """
    ## What it finds

    Enabled entries of other vendors whose suite is the old release's name or is made of it
    (`buster-pgdg`, `debian-buster`, `buster/mongodb-org/4.4` in the hop 6to7), whose path is made for
    it (`Debian_10/`), and suites that a vendor names after the Proxmox VE release (LINBIT's
    `proxmox-6`). The vendor is named where it is known, else the host. From the hop 7to8 on, where
    Proxmox VE's own checker remarks on them, an info besides for suites that are named after no
    release (`stable main`, `./`).

    ## Why it matters

    Packages for the old release can hold back new ones, so that dist-upgrade stops or removes
    something; and storage plugins, such as LINBIT's, have to fit the new Proxmox VE. Not every vendor
    has packages for every release.

    ## Example

    ```
    deb https://download.docker.com/linux/debian buster stable
    ```

    becomes, once somebody has seen that Docker has it,

    ```
    deb https://download.docker.com/linux/debian bullseye stable
    ```

    ## When the fix is safe

    It is unsafe, and made only where the suite is exactly the old release's name: whether the vendor
    has the new suite has to be looked up. All other names are manual, as is an entry whose URI names
    the old release too. An entry that is not needed can be disabled for the upgrade.

    ## Guide

    Failing upgrade to "bullseye"

    ## References

    The vendors' installation pages
    """

    severity = "warning"
    guide = 'Failing upgrade to "bullseye"'
    checker = ("check_apt_repos",)

    def check_source(self, source):
        hop = self.hop
        if source.is_cdrom or source.holds(is_own_debian):
            return
        self._in_path = self._old_in_paths(source)
        told = False
        for word in source.suites:
            if owner(source, word.text, hop):
                return
            if word.text in hop.vendor_suites:
                self.report(word.token, "%s is the suite for %s: change it to %s by hand, right before "
                            "dist-upgrade" % (word.text, hop.old_pve, hop.vendor_suites[word.text]))
                told = True
            elif not word.text.endswith("/") and self._names_old(word.text):
                self._report_suite(source, word)
                told = True
        if told or any(hop.new in word.text for word in source.suites):
            return
        exact = [word for word in source.suites
                 if word.text.endswith("/") and self._names_old(word.text)]
        for word in exact or self._in_path[:1]:
            self.report(word.token, "%s: packages for %s; look for the path of those for %s, or disable "
                        "the entry" % (source.holds(_label), hop.old_debian, hop.new))
        if not exact and not self._in_path and hop.remarks_on_suites:
            self._remark(source)

    def _remark(self, source):
        """Say that a suite says nothing of whom its packages are for."""
        hop = self.hop
        if ("deb" not in [word.text for word in source.types] or is_pve_entry(source)
                or is_ceph_entry(source, hop)
                or source.is_everywhere(lambda place: vendor(place) == "Proxmox")):
            return
        word = next((word for word in source.suites if word.text not in hop.vendor_suites.values()), None)
        if word is not None and any(word.text in other.vendor_suites for other in HOPS.values()):
            self.report(word.token, "%s is the suite for another Proxmox VE than those of this upgrade: for "
                        "%s it is %s" % (word.text, hop.new_pve, next(iter(hop.vendor_suites.values()))))
        elif word is not None:
            self.report(word.token, "%s: the suite %s names neither release: see that its packages fit %s"
                        % (source.holds(_label), word.text, hop.new_pve), severity="info")

    def _report_suite(self, source, word):
        hop = self.hop
        name = source.holds(_vendor)
        new = word.text.replace(hop.old, hop.new)
        if name in hop.vendor_notes:
            note = hop.vendor_notes[name]
        elif name in hop.vendors and new != word.text:
            note = "there has been one called %s: see that it is still there" % new
        else:
            note = "whether there is one for %s is not known here: look, or disable the entry" % hop.new
        message = "%s: the suite %s is for %s; %s" % (
            source.holds(_label), word.text, hop.old_debian, note)
        reason, fix = None, None
        if word.text == hop.old:
            if self._in_path:
                reason = "the URI names the old release too: change both by hand"
            elif len(source.holds(_hosts)) > 1:
                reason = "the entry is for several hosts: give each its own"
            else:
                reason = obstacle(self.project, hop, source, word.text, new)
            if not reason and name not in hop.vendor_notes:
                fix = Fix.unsafe("change the suite to %s" % new, replace(word.token, new))
        self.report(word.token, message + ("; " + reason if reason else ""), fix)

    def _names_old(self, text):
        """Whether a suite or a folder is named after the old release."""
        text = text.lower()
        return any(name in text and re.search("(?:^|[^a-z0-9])%s(?:[^a-z0-9]|$)" % name, text)
                   for name in (self.hop.old,) + self.hop.old_marks)

    def _old_in_paths(self, source):
        """The words of the URIs whose path names the old release."""
        number = self.hop.old_debian.rpartition(" ")[2]
        found = []
        for word, place in zip(source.uris, source.locations):
            folders = place.folders
            if any(map(self._names_old, folders)) or any(
                    above.lower() == "debian" and below == number
                    for above, below in zip(folders, folders[1:])):
                found.append(word)
        return found


def _vendor(source):
    return next(filter(None, map(vendor, source.locations)), None)


def _hosts(source):
    """Vendors where they are known, hosts where not (list of str)."""
    return list(dict.fromkeys(vendor(place) or place.host or word.text
                              for word, place in zip(source.uris, source.locations)))


def _label(source):
    hosts = source.holds(_hosts)
    return ", ".join(hosts[:3]) + (", ..." if len(hosts) > 3 else "")
