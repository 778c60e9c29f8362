from ..edit import Fix, insert_after
from ..formats.storage import Property
from ..rule import Rule, command
from ..storage_types import split_list
from ._storage import storages_of
from ._vzdump_conf import Retention

KEYS = ("maxfiles", "prune-backups")


class NoRetention(Rule):
    """
    ## What it finds

    A storage for backups (`content` has `backup`, or the type has it where nothing is said) without
    `prune-backups` or `maxfiles`, on a node whose vzdump.conf has neither. It looks at storage.cfg
    below a root only, and not at a node that runs 7.x already: there the change has happened.

    ## Why it matters

    Where nobody says how many backups to keep, Proxmox VE 6 keeps the last one of each guest, and
    Proxmox VE 7 keeps all of them, until the storage is full.

    ## Example

    ```
    nfs: backup
    	server nas
    	export /srv
    	content backup
    ```

    becomes

    ```
    nfs: backup
    	server nas
    	export /srv
    	content backup
    	prune-backups keep-last=1
    ```

    ## When the fix is safe

    It is never applied unasked: it keeps what Proxmox VE 6 does, which is to remove backups, and
    this is a good moment to ask whether one is enough. The line goes below the last property of the
    section.

    storage.cfg is the cluster's, vzdump.conf a node's own: the finding holds for the node whose
    files these are. Of a storage that is restricted to other nodes nothing is said. A retention
    that is there and not valid is reported by STO006 (here) or BAK001 and BAK003 (in vzdump.conf).
    A job may have a retention of its own, which goes before either.

    ## Guide

    storage: parameter 'maxfiles' is deprecated

    ## References

    PVE::VZDump; PVE::VZDump::Common (pve-guest-common 4.0); vzdump(1), "prune-backups"
    """

    kinds = ("storage",)
    severity = "warning"
    phase = "before"
    hops = ("6to7",)
    guide = "storage: parameter 'maxfiles' is deprecated"
    checker = ("check_backup_retention_settings",)

    def visit_File(self, tree):
        # A text that lies below no root has no vzdump.conf beside it.
        if (self.facts.release or 6) >= 7 or not self.facts.exists(self.file.path):
            return
        if self.node_has_retention():
            return
        for storage in storages_of(self.project, tree):
            if storage.is_read and storage.type.holds_backups and "backup" in storage.content:
                self.check_storage(storage)

    def node_has_retention(self):
        """Whether vzdump.conf says what to keep, or means to."""
        for file in self.project.all_of_kind("vzdump-conf"):
            settings = self.project.once(Retention, file.tree)
            if settings.maxfiles or settings.prune is not None:
                return True
        return False

    def check_storage(self, storage):
        """Report a storage for backups without retention."""
        if any(entry.key in KEYS for entry in storage.entries):
            return
        content, nodes = storage.setting("content"), storage.setting("nodes")
        if content is not None and content.is_doubtful:
            return
        if (nodes is not None and storage.id != "local" and self.facts.hostname
                and self.facts.hostname not in split_list(nodes.value)):
            return
        lines = [entry.line for entry in storage.entries if not entry.is_doubtful]
        line = lines[-1] if lines else storage.section.header
        indent = str(line.indent) if isinstance(line, Property) else "\t"
        self.report(storage.section.id,
                    "storage %s does not say how many backups to keep: Proxmox VE 6 keeps one, "
                    "Proxmox VE 7 keeps all" % storage.id,
                    Fix.unsafe("write prune-backups keep-last=1",
                               insert_after(line, indent + "prune-backups keep-last=1")),
                    commands=[command("pvesm", "set", storage.id, "--prune-backups",
                                      "keep-last=1")])
