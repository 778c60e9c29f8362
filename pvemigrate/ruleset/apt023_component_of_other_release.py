from ..edit import Fix
from ._apt import AptRule, acts, any_of, is_pve_entry, names_in, needing, obstacle, owner


class ComponentOfOtherRelease(AptRule):
    """
    ## What it finds

    Enabled entries of Proxmox's repositories whose suite and component do not go together, since only
    one of the two was changed for an upgrade:

    * `pvetest` for trixie, where it is called `pve-test`, and `pve-test` for bookworm, where it is
      `pvetest`; the same with `pbstest` and `pbs-test` of Proxmox Backup Server (hop 8to9);
    * `main` of the Ceph repository that goes along with the upgrade, for bookworm or trixie, where
      `enterprise`, `no-subscription` and `test` are instead.

    Silent on entries of the old release in a run that switches them (APT003, APT004, APT013): suite and
    component are then changed together.

    ## Why it matters

    apt finds no component of that name. It says so in a warning and goes on, without that repository:
    dist-upgrade has no new `proxmox-ve`, or no Ceph, and may remove what is installed.

    ## Example

    ```
    deb http://download.proxmox.com/debian/pve trixie pvetest
    ```

    becomes

    ```
    deb http://download.proxmox.com/debian/pve trixie pve-test
    ```

    ## When the fix is safe

    The old name behind a suite that has the new one is changed; for Ceph's `main` it is what APT004
    says, which `--pve-repo` has a say in. A name that comes with the next release only, before a suite
    of today, is an unsafe fix back: perhaps the suite was meant to be the other one, and packages of
    the test repository come that did not come so far. Manual where an entry is for both releases, or
    for other servers, and where it would meet one with other options.

    ## Guide

    the guide of the hop 6to7 has nothing on it, since no component had another name then

    ## References

    Proxmox VE administration guide, "Package Repositories"; Proxmox Backup Server documentation,
    "Debian Package Repositories"
    """

    severity = "error"
    phase = "before"
    guide = ""
    checker = ("check_apt_repos",)
    hops = ("7to8", "8to9")
    in_hop = needing(lambda hop: [
        *hop.renamed_components, *(new for new, _ in hop.renamed_components.values()), *hop.ceph])

    def check_source(self, source):
        hop = self.hop
        suites = {word.text for word in source.suites}
        if not suites.issubset((hop.old, hop.new)) or source.too_old_ceph(hop):
            return
        if hop.old in suites and acts(self.project, owner(source, hop.old, hop) or self.code):
            return
        found = {suite: names_in(self.project, hop, source, suite) for suite in suites}
        renaming = next((found[suite] for suite in (hop.old, hop.new) if found.get(suite)), None)
        if renaming is None:
            return
        suite = next(suite for suite in suites if found[suite] is renaming)
        word, new = renaming.names[0]
        message, fix = "for %s the component %s is called %s" % (suite, word.text, new), None
        if not is_pve_entry(source) and word.text in hop.ceph_components:
            message = "for %s %s has no component %s: %s has taken its place" % (
                suite, source.locations[0].last, word.text, new)
        reason = renaming.reason
        if not reason and not all(found.values()):
            reason = "the entry is for both releases: give each its own"
        if not reason and renaming.archives:
            reason = obstacle(self.project, hop, source, suite, hop.new, renaming.archives)
        if reason:
            message += "; " + reason
        else:
            offer = Fix.unsafe if renaming.is_back else Fix.safe
            fix = offer("change %s" % renaming.title, *renaming.changes())
        self.report(word.token, message, fix, severity="warning" if renaming.is_back else None)
