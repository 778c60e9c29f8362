from ..rule import NODE, Rule
from ._boot import boots_with_efi, grub_package, uses_boot_tool
from ._packages import place_of

GRUB = "grub-efi-amd64"


class BootLoaderPackageMissing(Rule):
    """
    ## What it finds

    A node that boots with EFI and grub, without proxmox-boot-tool, and without the package
    `grub-efi-amd64`. And, after the upgrade to Proxmox VE 8, one that boots with EFI and
    proxmox-boot-tool without the package `systemd-boot`.

    That it boots with EFI, `/sys/firmware/efi` shows, a file system at `/boot/efi` in fstab, or files
    there. Only where dpkg's status file and `/etc/kernel` are below the root.

    ## Why it matters

    Without the first, new versions of grub are never installed into `/boot/efi`: the old one stays
    there, and may not boot a root file system on LVM after the upgrade. Without the second,
    proxmox-boot-tool cannot set up new boot partitions.

    ## Example

    ```
    UUID=0A1B-2C3D /boot/efi vfat defaults 0 1
    ```

    ## When the fix is safe

    There is none in files: install the package.

    ## Guide

    None of a guide's sections is named here.

    ## References

    Proxmox VE Administration Guide, "Host Bootloader"; grub-install(8)
    """

    kinds = (NODE,)
    severity = "warning"
    phase = "before"
    hops = ("7to8", "8to9")
    checker = ("check_bootloader",)

    def check_project(self, project):
        facts = self.facts
        uses_tool = uses_boot_tool(facts)
        if facts.release is None or uses_tool is None or not boots_with_efi(facts):
            return
        if not uses_tool:
            other = grub_package(facts)
            if other and not facts.package(GRUB) and not facts.package("grub-efi-arm64"):
                file, token = place_of(project, other)
                self.report(token, "the node boots with EFI, and %s is not installed: new versions of "
                            "grub never get to /boot/efi; apt install %s" % (GRUB, GRUB), file=file)
        elif facts.release >= self.hop.new_release:
            needed = self.hop.boot_tool_needs
            # With Secure Boot, grub is what proxmox-boot-tool sets up.
            if needed and not facts.package(needed) and not facts.package("shim-signed"):
                file, token = place_of(project, "proxmox-ve" if facts.package("proxmox-ve")
                                       else "pve-manager")
                self.report(token, "proxmox-boot-tool keeps the boot partitions, and cannot set up new "
                            "ones without %s: apt install %s" % (needed, needed), file=file)
