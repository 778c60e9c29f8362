from ..rule import NODE, Rule
from ._storage import PLUGINS, new_type, plugins, provided_types, storages_of

#: Types that Proxmox VE had once -> what to do about them. Of drbd LINBIT has a plugin.
REMOVED = {
    "drbd": "install LINBIT's plugin for 7.0 together with the upgrade",
    "glusterfs": "move its volumes to another storage and remove the section, or mount the file "
                 "system yourself and use it as a directory",
    "sheepdog": "support for it has been removed, so move its volumes to another storage",
}


class ThirdPartyType(Rule):
    """
    ## What it finds

    A storage whose type is none of the new release's: drbd and sheepdog (up to Proxmox VE 6),
    glusterfs (up to 8), and whatever a plugin of somebody else brings. And the plugins themselves, in
    usr/share/perl5/PVE/Storage/Custom below the root, that the new release will not load, or, in the
    upgrade to 7, that do not say plainly for which version of the interface they are.

    ## Why it matters

    Without its plugin a storage does not exist, guests on it do not start, and the next change of any
    storage erases its section. That holds for disabled storages too. Proxmox VE 7.0 broke with the
    older versions of the interface for plugins: it loads those made for version 9 alone (later 7.x
    those for 10 too). Later releases load what 7.x does, and newer ones. Proxmox VE 9 has no plugin
    for GlusterFS any more, since GlusterFS is hardly maintained.

    ## Example

    ```
    drbd: linstor
    	resourcegroup pve-rg
    	content images,rootdir
    ```

    ## When the fix is safe

    There is none, and no rule touches such a section. For the upgrade to 7, wait until the plugin's
    author has a version for 7.0, and install it together with the upgrade. A storage is not reported
    where a plugin that brings its type and is made for the new release lies below the root. Where a
    plugin cannot be read off, it is taken to be in order, but for the upgrade to 7. In the later
    upgrades a plugin is missed only where its folder would be: in a copy of /etc alone it is not.
    Volumes on GlusterFS have to be moved before the upgrade.

    ## Guide

    Third-party Storage Plugins

    ## References

    PVE::Storage (pve-storage 7.0 to 9), APIVER and APIAGE; pve8to9, check_glusterfs_storage_usage
    """

    kinds = ("storage", NODE)
    severity = "error"
    phase = "before"
    guide = "Third-party Storage Plugins"
    checker = ("check_storage_health", "check_glusterfs_storage_usage")
    in_hop = {"7to8": {"severity": "warning"}, "8to9": {"severity": "warning"}}

    def visit_File(self, tree):
        hop, provided = self.hop, provided_types(self.facts, self.hop)
        for storage in storages_of(self.project, tree):
            name = storage.section.type
            if new_type(hop, name) is not None or name.lower() in provided:
                continue
            gone = "%s has no storages of type %s: %s does not exist for it, and the next change of " \
                   "any storage erases the section; " % (hop.new_pve, name, storage.id)
            if name.lower() in hop.storage_types:
                self.report(name, gone + REMOVED[name.lower()], severity="error")
            elif hop.breaks_storage_plugins:
                self.report(name, gone + "install its plugin for 7.0 together with the upgrade")
            elif self.lacks_plugin():
                self.report(name, "Proxmox VE has no storages of type %s, and no plugin for it is "
                                  "here: %s does not exist, and the next change of any storage erases "
                                  "the section; install its plugin for %s, or remove the section"
                            % (name, storage.id, hop.new_pve))

    def lacks_plugin(self):
        """Whether none of the plugins that are here can be the one that is looked for."""
        return (self.facts.exists(PLUGINS.rpartition("/")[0])
                and all(plugin.type for plugin in plugins(self.facts)))

    def check_project(self, project):
        hop = self.hop
        for plugin in plugins(self.facts):
            if not hop.breaks_storage_plugins:
                if plugin.api is not None and plugin.api not in hop.storage_plugins:
                    self.report(None, "a storage plugin for version %d of the interface, which %s does "
                                      "not load" % (plugin.api, hop.new_pve), file=plugin.path)
            elif plugin.api is None:
                if (self.facts.release or 0) < hop.new_release:
                    self.report(None, "a storage plugin that does not say plainly for which version of "
                                      "the interface it is: Proxmox VE 7.0 takes none but version 9; "
                                      "make sure that there is one for 7.0", file=plugin.path)
            elif plugin.api not in hop.storage_plugins:
                self.report(None, "a storage plugin for version %d of the interface, and Proxmox VE "
                                  "7.0 takes none but version 9: it is not loaded until there is "
                                  "one for 7.0" % plugin.api, file=plugin.path)
