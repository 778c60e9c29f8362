from ..edit import Fix
from ..repositories import PVE_COMPONENTS, vendor
from ..rule import NODE, Rule
from ._apt import is_pve_entry, naming_hop
from ._apt_node import Addition, binary_sources, is_refused, unseen_words

#: What mirrors call the folders of Proxmox's other repositories.
OTHER_FOLDERS = ("ceph-", "corosync", "pbs", "pmg", "devel")


class NoProxmoxRepository(Rule):
    """
    ## What it finds

    A node whose apt sources have no enabled entry of `pve-enterprise`, `pve-no-subscription`,
    `pvetest` or `pve-test`, neither Proxmox's own nor a mirror's, in any file. An entry of the old
    release counts: it is about to be switched (APT003).

    ## Why it matters

    dist-upgrade finds no `proxmox-ve` for the new release then, and removes the one that is
    installed together with the rest of Proxmox VE.

    ## Example

    ```
    #deb https://enterprise.proxmox.com/debian/pve buster pve-enterprise
    ```

    and no other entry: with `--pve-repo enterprise`, this line follows it.

    ```
    deb https://enterprise.proxmox.com/debian/pve bullseye pve-enterprise
    ```

    In the hop 8to9 `pve-enterprise.sources` gets

    ```
    Types: deb
    URIs: https://enterprise.proxmox.com/debian/pve
    Suites: trixie
    Components: pve-enterprise
    Signed-By: /usr/share/keyrings/proxmox-archive-keyring.gpg
    ```

    ## When the fix is safe

    Which repository a node is entitled to is the administrator's to say, so `--pve-repo` makes the
    fix: one line in `pve-enterprise.list`, `pve-no-subscription.list` or `pve-test.list` below
    `sources.list.d`; in the hop 8to9 a stanza in `pve-enterprise.sources` or `proxmox.sources`, as
    Proxmox VE 9 has them; on a node that runs a later release than the upgrade leads to, what that
    release has. A new file where there is none of that name, else at its end; what stands
    there already stays. `Signed-By` is written where the node has that keyring, and where another
    entry of the same repository has options that apt wants to be alike, these are. Nothing is judged
    where no apt file was found, where apt refuses its configuration anyway (APT016), and where an
    entry of unknown origin calls itself `pve` or `proxmox`. Right when the upgrade is about to begin.

    ## Guide

    Add the Proxmox VE 7 Package Repository

    ## References

    Proxmox VE administration guide, "Package Repositories"
    """

    kinds = (NODE,)
    severity = "error"
    phase = "switch"
    guide = "Add the Proxmox VE 7 Package Repository"

    def check_project(self, project):
        if not project.all_of_kind("apt-list", "deb822") or project.once(is_refused, project):
            return
        if any(may_be_pve(source) for _, source in project.once(binary_sources, project)):
            return
        if PVE_COMPONENTS & project.once(unseen_words, project):
            return
        hop = naming_hop(self.hop, self.facts)
        if hop is None:
            return
        wanted = project.settings.pve_repo
        addition = Addition(project, hop, wanted or "enterprise", hop.new)
        message, fix = "no enabled Proxmox VE repository: dist-upgrade would remove proxmox-ve", None
        if addition.changes is None:
            message += "; %s: add the entry by hand" % addition.reason
        elif wanted is None:
            message += "; say with --pve-repo which one to add"
        else:
            fix = Fix.safe("add %s" % addition.entry, *addition.changes)
        self.report(None, message, fix, file=addition.place)


def may_be_pve(source):
    """Whether *source* is a repository of Proxmox VE, or one of unknown origin that says so."""
    if is_pve_entry(source):
        return True
    return any(vendor(place) is None and not place.last.startswith(OTHER_FOLDERS)
               and any("pve" in part.lower() or "proxmox" in part.lower()
                       for part in [place.host] + place.folders)
               for place in source.locations)
