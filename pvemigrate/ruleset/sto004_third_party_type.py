from ..rule import NODE, Rule
from ..storage_types import known_type
from ._storage import plugins, provided_types, storages_of

#: Types that Proxmox VE had once -> what to do about them. Of drbd LINBIT has a plugin.
REMOVED = {
    "drbd": "install LINBIT's plugin for 7.0 together with the upgrade",
    "sheepdog": "support for it has been removed, so move its volumes to another storage",
}


class ThirdPartyType(Rule):
    """
    ## What it finds

    A storage whose type is none of Proxmox VE 7.0's: drbd and sheepdog, which earlier releases had,
    and whatever a plugin of somebody else brings. And the plugins themselves, in
    usr/share/perl5/PVE/Storage/Custom below the root, that Proxmox VE 7 will not load, or that do
    not say plainly for which version of the interface they are.

    ## Why it matters

    Proxmox VE 7.0 broke with the older versions of the interface for plugins: it loads those made
    for version 9 alone (later 7.x those for 10 too). Without its plugin a storage does not exist,
    guests on it do not start, and the next change of any storage erases its section. That holds for
    disabled storages too.

    ## Example

    ```
    drbd: linstor
    	resourcegroup pve-rg
    	content images,rootdir
    ```

    ## When the fix is safe

    There is none, and no rule touches such a section. Wait until the plugin's author has a version
    for 7.0, and install it together with the upgrade. A storage is not reported where a plugin that
    brings its type and is made for 7.0 lies below the root. On a node that runs 7.x already, a
    plugin that cannot be read off is taken to be in order.

    ## Guide

    Third-party Storage Plugins

    ## References

    PVE::Storage (pve-storage 7.0), APIVER and APIAGE
    """

    kinds = ("storage", NODE)
    severity = "error"
    phase = "before"
    guide = "Third-party Storage Plugins"
    checker = ("check_storage_health",)

    def visit_File(self, tree):
        provided = provided_types(self.facts)
        for storage in storages_of(self.project, tree):
            name = storage.section.type
            if known_type(name, 7) is not None or name.lower() in provided:
                continue
            self.report(name, "Proxmox VE 7 has no storages of type %s: %s does not exist for it, "
                        "and the next change of any storage erases the section; %s"
                        % (name, storage.id, REMOVED.get(
                            name.lower(), "install its plugin for 7.0 together with the upgrade")))

    def check_project(self, project):
        for plugin in plugins(self.facts):
            if plugin.is_loaded is None and (self.facts.release or 6) < 7:
                self.report(None, "a storage plugin that does not say plainly for which version of "
                                  "the interface it is: Proxmox VE 7.0 takes none but version 9; "
                                  "make sure that there is one for 7.0", file=plugin.path)
            elif plugin.is_loaded is False:
                self.report(None, "a storage plugin for version %d of the interface, and Proxmox VE "
                                  "7.0 takes none but version 9: it is not loaded until there is "
                                  "one for 7.0" % plugin.api, file=plugin.path)
