from ..rule import NODE, Rule
from ._boot import boots_with_efi, grub_package, uses_boot_tool

FOLDER = "boot/efi/EFI"
ANSWERS = "var/cache/debconf/config.dat"
QUESTION = "grub2/force_efi_extra_removable"


class RemovableBootLoaderNotUpdated(Rule):
    """
    ## What it finds

    A boot loader at `/boot/efi/EFI/BOOT/BOOTX64.efi` on a node that boots with EFI and grub, without
    proxmox-boot-tool, where debconf does not have grub's packages update it
    (`grub2/force_efi_extra_removable`). Only where `/boot/efi` and debconf's answers
    (`/var/cache/debconf/config.dat`) are below the root.

    ## Why it matters

    Firmware that has lost its boot entries, and some that never keeps any, starts this file. Left at
    the old version, it may not boot what the upgrade installs.

    ## Example

    ```
    Name: grub2/force_efi_extra_removable
    Value: false
    ```

    ## When the fix is safe

    There is none in files: tell debconf (`echo 'grub-efi-amd64 grub2/force_efi_extra_removable boolean
    true' | debconf-set-selections -v -u`), then `apt install --reinstall grub-efi-amd64`.

    ## Guide

    None of a guide's sections is named here.

    ## References

    debconf-set-selections(1); grub-install(8), --removable
    """

    kinds = (NODE,)
    severity = "warning"
    phase = "before"
    hops = ("8to9",)
    checker = ("check_bootloader",)

    def check_project(self, project):
        facts = self.facts
        path = self.boot_loader()
        if (path is None or not boots_with_efi(facts) or uses_boot_tool(facts) is not False
                or facts.has_dpkg and grub_package(facts) is None):
            return
        answers = facts.get(ANSWERS)
        if answers is None or _value(answers) == "true":
            return
        self.report(None, "grub's packages do not update this boot loader: set %s to true "
                    "(debconf-set-selections), then reinstall grub-efi-amd64" % QUESTION, file=path)

    def boot_loader(self):
        """The path of the boot loader that firmware takes without an entry, or None. (The file system
        does not tell capitals from small letters; a copy does.)"""
        for folder in self.facts.listdir(FOLDER):
            if folder.upper() == "BOOT":
                for name in self.facts.listdir("%s/%s" % (FOLDER, folder)):
                    if name.upper() == "BOOTX64.EFI":
                        return "%s/%s/%s" % (FOLDER, folder, name)
        return None


def _value(answers):
    """The answer (str) that debconf has, empty where it has none."""
    for paragraph in answers.decode("utf-8", "replace").split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in paragraph.split("\n"))
        if fields.get("Name") == QUESTION:
            return fields.get("Value", "").strip()
    return ""
