from ..rule import NODE, Rule


class CifsCredentialsLocation(Rule):
    """
    ## What it finds

    Credentials of CIFS storages where early releases of Proxmox VE 6 kept them: etc/pve/priv/*.cred.
    Only the names of the files are looked at, never what they hold.

    ## Why it matters

    From Proxmox VE 7 on they are looked for in etc/pve/priv/storage/ID.pw alone. The upgrade to 7
    moves each file there, unless a different one is there already: then the old one stays behind,
    unused. Without its credentials a storage is mounted as a guest, or not at all. Scripts that read
    or write the old files have to follow.

    ## Example

    ```
    etc/pve/priv/backup.cred
    ```

    ## When the fix is safe

    There is none, because the upgrade to Proxmox VE 7 makes the change. Look after it whether the
    file is gone; one that stayed behind can be removed once the storage works.

    ## Guide

    The guide does not mention it; Proxmox VE's checkers do.

    ## References

    PVE::Storage::CIFSPlugin; libpve-storage-perl 7.0, postinst
    """

    kinds = (NODE,)
    severity = "warning"
    phase = "before"
    checker = ("check_cifs_credential_location",)

    def check_project(self, project):
        folder = self.facts.etc + "pve/priv"
        there = self.facts.listdir(folder + "/storage")
        for name in self.facts.listdir(folder):
            if not name.endswith(".cred"):
                continue
            new = name[:-len(".cred")] + ".pw"
            if (self.facts.release or self.hop.release) >= 7:
                release = self.hop.old_pve if self.hop.release >= 7 else self.hop.new_pve
                message = ("%s does not read credentials here, but in priv/storage/%s: move the file "
                           "there, or remove it if that one is right" % (release, new))
            elif new in there:
                message = ("Proxmox VE 7 does not read credentials here, but in priv/storage/%s, "
                           "which is there: the upgrade leaves this file behind if the two differ; "
                           "remove it" % new)
            else:
                message = ("Proxmox VE 7 does not read credentials here: the upgrade moves the file "
                           "to priv/storage/%s" % new)
            self.report(None, message, file=folder + "/" + name)
