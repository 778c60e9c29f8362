from ..edit import Fix, remove, replace
from ..rule import Rule, command
from ..storage_types import plain_number
from ._maxfiles import fate, grade, retention
from ._storage import storages_of


class Maxfiles(Rule):
    """
    ## What it finds

    `maxfiles` in storage.cfg, in storages of a type that knows it (dir, nfs, cifs, glusterfs,
    cephfs, pbs, and btrfs from Proxmox VE 7 on): how many backups of a guest are kept.

    ## Why it matters

    `maxfiles` is deprecated in favour of `prune-backups`, and Proxmox VE 9 does not know it any more:
    the storage has no retention there, and unless the job or vzdump.conf says otherwise all backups
    are kept, until it is full. Beside a valid `prune-backups` it is dead already, though it reads as
    if it counted.

    ## Example

    ```
    nfs: backup
    	server nas
    	export /srv
    	maxfiles 3
    ```

    becomes

    ```
    nfs: backup
    	server nas
    	export /srv
    	prune-backups keep-last=3
    ```

    ## When the fix is safe

    `maxfiles 3` keeps what `keep-last=3` keeps, and `maxfiles 0`, no limit, is `keep-all=1`:
    Proxmox VE makes the same change in memory. Of several lines the first valid one counts; the
    others go, and so does the line beside a valid `prune-backups`. A `prune-backups` that Proxmox
    VE refuses does not count, before the change or after it; STO006 reports it.

    On a node that runs Proxmox VE 9 already nothing has been removed since the upgrade: with the
    change, the next backup removes what is too much. It is made when it is asked for.

    Where a header above was not taken for one, it is doubtful whose line this is: that has to be
    put right first (STO005, STO006). Sections that Proxmox VE does not use (unknown type, invalid
    id, missing properties, replaced by a later section of the same id) are left alone.

    ## Guide

    storage: parameter 'maxfiles' is deprecated

    ## References

    PVE::Storage, storage_config; PVE::SectionConfig, parse_config; pvesm(1), "prune-backups"
    """

    kinds = ("storage",)
    severity = "warning"
    phase = "before"
    in_hop = {"8to9": {"severity": "error"}}
    guide = "storage: parameter 'maxfiles' is deprecated"
    checker = ("check_backup_retention_settings",)
    needs = ("maxfiles",)

    def visit_File(self, tree):
        for storage in storages_of(self.project, tree):
            if storage.is_read and storage.type.holds_backups:
                self.check_storage(storage)

    def check_storage(self, storage):
        """Report the maxfiles lines of one storage."""
        lines = [entry for entry in storage.entries
                 if entry.key == "maxfiles" and entry.problem in (None, "duplicate")]
        prune = storage.setting("prune-backups")
        for entry in lines:
            line = entry.line
            if entry.is_doubtful:
                self.report(line.key,
                            "%s, and a header above was not taken for one: give the section its "
                            "empty line and its header first" % fate(self.hop))
            elif entry.problem == "duplicate":
                self.report(line.key,
                            "maxfiles is there twice, and Proxmox VE uses the first alone",
                            Fix.safe("remove the dead line", remove(line)))
            elif prune is None:
                keep = retention(plain_number(entry.value))
                self.report(line.key, fate(self.hop) + ": prune-backups has taken its place",
                            Fix("write prune-backups %s" % keep, (
                                replace(line.key, "prune-backups"), replace(line.value, keep)),
                                grade(self.hop, self.facts)),
                            commands=[command("pvesm", "set", storage.id, "--prune-backups", keep,
                                              "--delete", "maxfiles")])
            elif prune.is_doubtful:
                self.report(line.key,
                            "%s, and dead if the prune-backups in line %d is this storage's: a "
                            "header above that line was not taken for one"
                            % (fate(self.hop), self.tree.position(prune.line).line))
            else:
                self.report(line.key, "maxfiles does nothing beside prune-backups",
                            Fix.safe("remove the dead line", remove(line)),
                            commands=[command("pvesm", "set", storage.id, "--delete", "maxfiles")])
