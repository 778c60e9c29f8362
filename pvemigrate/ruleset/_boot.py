"""What the rules on boot loaders share: how the node boots, as far as its files tell."""

from ..lazy import lazy
from ._kernel_cmdline import has_boot_partitions

__all__ = ["SYSTEMD_BOOT", "boots_with_efi", "grub_package", "has_systemd_boot", "uses_boot_tool"]

SYSTEMD_BOOT = "systemd-boot"
#: Packages of which a node that boots with grub has at least one, the telling ones first.
_GRUB = ("grub-pc", "grub-efi-amd64", "grub-efi-amd64-bin", "grub2-common", "grub-common")
#: What systemd-boot's package leaves where dpkg's status file was not copied.
_CHANGELOG = "usr/share/doc/systemd-boot/changelog.Debian.gz"
_FIELD = lazy("[^ \t\r]+")


def boots_with_efi(facts):
    """Whether the node boots with EFI; None where that is not known. The kernel's sysfs says it; where
    it was not copied, a file system at /boot/efi does, which installers set up for EFI alone."""
    if facts.listdir("sys/firmware"):
        return facts.exists("sys/firmware/efi")
    if facts.listdir("boot/efi/EFI"):
        return True
    for line in (facts.get(facts.etc + "fstab") or b"").decode("utf-8", "replace").split("\n"):
        fields = _FIELD.findall(line)
        if len(fields) > 2 and not fields[0].startswith("#") and fields[1].rstrip("/") == "/boot/efi":
            return True
    return None


def uses_boot_tool(facts):
    """Whether proxmox-boot-tool keeps the node's boot partitions; None where /etc/kernel, which all
    nodes have, was not copied."""
    return has_boot_partitions(facts) if facts.exists(facts.etc + "kernel") else None


def grub_package(facts):
    """The name of an installed package of grub's, or None."""
    return next((name for name in _GRUB if facts.package(name)), None)


def has_systemd_boot(facts):
    """Whether the package systemd-boot is installed."""
    if facts.has_dpkg:
        return facts.package(SYSTEMD_BOOT) is not None
    return facts.exists(_CHANGELOG)
