from ..rule import NODE, Rule
from ._boot import SYSTEMD_BOOT, boots_with_efi, has_systemd_boot, uses_boot_tool
from ._packages import place_of

_DOCUMENTATION = "usr/share/doc/systemd-boot"


class SystemdBootInstalled(Rule):
    """
    ## What it finds

    The package `systemd-boot` on a node whose boot partitions proxmox-boot-tool does not keep; and on
    any that runs Proxmox VE 9.

    Before the upgrade nothing is said where proxmox-boot-tool keeps them: it may need the package's
    `bootctl` until then.

    ## Why it matters

    The package of Debian 13 installs systemd-boot into the boot partition whenever a package that has
    to do with booting is upgraded. On a node that boots with grub that fails or gets in grub's way.

    ## Example

    ```
    Package: systemd-boot
    Status: install ok installed
    ```

    ## When the fix is safe

    There is none in files: `apt remove systemd-boot`. What proxmox-boot-tool needs of it is in the
    packages `systemd-boot-efi` and `systemd-boot-tools` from Proxmox VE 9 on. Who has set up
    systemd-boot by hand keeps it.

    ## Guide

    None of a guide's sections is named here.

    ## References

    Proxmox VE wiki, "Upgrade from 8 to 9"; bootctl(1)
    """

    kinds = (NODE,)
    severity = "error"
    phase = "before"
    hops = ("8to9",)
    checker = ("check_bootloader",)

    def check_project(self, project):
        facts = self.facts
        if not has_systemd_boot(facts):
            return
        is_upgraded = (facts.release or self.hop.release) >= self.hop.new_release
        has_efi, uses_tool = boots_with_efi(facts), uses_boot_tool(facts)
        if uses_tool is None or facts.has_dpkg and facts.release is None:
            return
        if uses_tool and has_efi is not False and not is_upgraded:
            return
        file, token = place_of(project, SYSTEMD_BOOT)
        if not facts.has_dpkg:
            file, token = _DOCUMENTATION, None
        if has_efi:
            kept = " (systemd-boot-efi and systemd-boot-tools stay)" if uses_tool else ""
            self.report(token, "%s gets in the way of upgrades of the boot loader: apt remove %s%s"
                        % (SYSTEMD_BOOT, SYSTEMD_BOOT, kept), file=file)
        else:
            why = ("the node does not boot with EFI" if has_efi is False
                   else "proxmox-boot-tool does not keep the boot partitions" if not uses_tool
                   else "it is not needed any more")
            self.report(token, "%s is installed, and %s: apt remove %s, unless you have set it up by "
                        "hand" % (SYSTEMD_BOOT, why, SYSTEMD_BOOT), severity="warning", file=file)
