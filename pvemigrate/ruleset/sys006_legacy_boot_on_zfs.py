from ..lazy import lazy
from ..rule import Rule
from ._kernel_cmdline import any_spelling, has_boot_partitions, parameters

_FIELDS = lazy("[^ \t\r\n]+")


class LegacyBootOnZfs(Rule):
    """
    ## What it finds

    A node whose root is on ZFS (`root=ZFS=...` in grub's files) and that grub boots from that pool:
    no boot partitions that proxmox-boot-tool keeps (`/etc/kernel/proxmox-boot-uuids`, before 6.4
    `pve-efiboot-uuids`), no `/etc/kernel/cmdline`, no `/boot` of its own. Only where `/etc/kernel`
    is there to look into.

    ## Why it matters

    grub reads the kernel from the pool with a ZFS of its own, which does not know newer features.
    The upgrade brings a newer ZFS; once a feature of it is active, the node does not boot any more.

    ## Example

    ```
    GRUB_CMDLINE_LINUX="root=ZFS=rpool/ROOT/pve-1 boot=zfs"
    ```

    ## When the fix is safe

    There is none in files: switch the node to proxmox-boot-tool before the upgrade
    (`proxmox-boot-tool format` and `init`, on the 512 MiB partition that installers from 5.4 on
    left for it).

    ## Guide

    Unable to boot due to grub failure

    ## References

    Proxmox VE wiki, "ZFS: Switch Legacy-Boot to Proxmox Boot Tool"
    """

    kinds = ("grub",)
    severity = "error"
    phase = "before"
    hops = ("6to7",)
    guide = "Unable to boot due to grub failure"
    needs = any_spelling("ZFS")

    def check_project(self, project):
        root = [parameter for parameter in parameters(project)
                if parameter.file.kind == "grub" and parameter.name == "root"]
        if (not root or not project.owns(root[-1].file)
                or not (root[-1].value or "").startswith("ZFS=") or not self.is_legacy()):
            return
        self.report(root[-1].token, "grub boots this node from its ZFS pool, which it may not be "
                    "able to read after the upgrade: switch to proxmox-boot-tool first",
                    file=root[-1].file,
                    severity="warning" if (self.facts.release or 6) >= 7 else None)

    def is_legacy(self):
        """Whether all that a root shows of how its node boots says: grub, from the root pool."""
        facts = self.facts
        if (not facts.exists(facts.etc + "kernel") or facts.exists(facts.etc + "kernel/cmdline")
                or has_boot_partitions(facts) or facts.exists("sys/firmware/efi")):
            return False
        mounts = {}
        for line in (facts.get(facts.etc + "fstab") or b"").decode("utf-8", "replace").split("\n"):
            fields = _FIELDS.findall(line)
            if len(fields) > 2 and not fields[0].startswith("#"):
                mounts[fields[1]] = fields[2]
        return mounts.get("/", "zfs") == "zfs" and mounts.get("/boot", "zfs") == "zfs"
