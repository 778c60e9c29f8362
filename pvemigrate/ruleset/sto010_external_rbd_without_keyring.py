from ..cst import Line, line_ending
from ..edit import Fix, create_file, insert_after, replace
from ..formats.ceph import Blank, Malformed, Section, Setting
from ..lazy import lazy
from ..rule import Rule
from ._ceph import PRIVATE, CephConfig
from ._storage import storages_of

#: What may be a secret, or go before the keyring: words of names of settings, and a key of Ceph.
SECRETS = ("key", "secret", "pass", "token", "credential")
KEY = lazy("AQ[A-Za-z0-9+/]{30}")
#: What Proxmox VE has for it.
COMMAND = "/usr/share/pve-manager/migrations/pve-rbd-storage-configure-keyring"


class ExternalRbdWithoutKeyring(Rule):
    """
    ## What it finds

    A storage of type rbd on another cluster's Ceph (it has `monhost`) with a keyring in
    etc/pve/priv/ceph/ID.keyring, but without `keyring` in the section `[global]` of
    etc/pve/priv/ceph/ID.conf, or with another one. Disabled storages count too. Of these files only
    the configuration is looked into, and nothing that it holds is shown. A copy without etc/pve/priv
    cannot tell.

    ## Why it matters

    Proxmox VE 8 hands QEMU the path of the keyring with each disk. Proxmox VE 9 cannot any more: it
    has to stand in the configuration, else virtual machines on the storage do not start.

    ## Example

    ```
    [global]
    	 mon_host = 198.51.100.11
    ```

    becomes

    ```
    [global]
    	keyring = /etc/pve/priv/ceph/ID.keyring
    	 mon_host = 198.51.100.11
    ```

    ## When the fix is safe

    Where there is a configuration, the line says what Proxmox VE 8 says anyway. Where there is none,
    one with this line is made, as the upgrade itself does it; from then on the storage takes nothing
    from the node's own ceph.conf. Where there is one, in etc/ceph or etc/pve, somebody should look at
    it first.

    Left to the administrator: another `keyring`, in a section of the client too; a `key` or whatever
    else may be a secret in the file, which no diff is to show; a line that Ceph refuses, or that a
    backslash joins with another.

    ## Guide

    The upgrade guide has nothing on it; pve8to9 looks for it.

    ## References

    pve8to9, check_rbd_storage_keyring; PVE::Storage::RBDPlugin, qemu_blockdev_options; PVE::CephConfig,
    ceph_create_configuration (pve-storage 9); pve-rbd-storage-configure-keyring (pve-manager)
    """

    kinds = ("storage",)
    severity = "error"
    phase = "before"
    hops = ("8to9",)
    checker = ("check_rbd_storage_keyring",)
    needs = ("monhost",)

    def visit_File(self, tree):
        if self.file.location != "pve/storage.cfg":
            return
        for storage in storages_of(self.project, tree):
            if storage.is_read and storage.type.name == "rbd":
                monhost = storage.setting("monhost")
                if monhost is not None and not monhost.is_doubtful:
                    self.check_storage(storage)

    def check_storage(self, storage):
        """Report an external storage whose configuration does not name its keyring."""
        base = self.facts.etc + PRIVATE + storage.id
        if not self.facts.exists(base + ".keyring"):
            return
        keyring = "/etc/%s%s.keyring" % (PRIVATE, storage.id)
        file = next((file for file in self.project.all_of_kind("ceph")
                     if file.location == "%s%s.conf" % (PRIVATE, storage.id)), None)
        if file is None:
            if not self.facts.exists(base + ".conf"):
                self.say_missing(storage, base + ".conf", keyring)
            return
        try:
            # The kind has others that hold no secrets.
            file.is_secret = True
            tree = file.tree
        except OSError:
            return
        config = self.project.once(CephConfig, tree)
        user = storage.setting("username")
        sections = ("client." + (str(user.value) if user else "admin"), "client", "global")
        found = [config.setting(section, "keyring") for section in sections]
        counts = next((setting for setting in found if setting is not None), None)
        if counts is not None and counts.text != keyring:
            self.say(storage, "where another one is named: look which is right", severity="warning")
        elif found[-1] is None:
            fix = self.addition(file, tree, config, "\tkeyring = " + keyring)
            self.say(storage, "where it is missing" + ("" if fix else ": add it by hand"), fix)

    def say_missing(self, storage, path, keyring):
        """Report a storage that has no configuration."""
        has_own = any(self.facts.exists(self.facts.etc + name)
                      for name in ("ceph/ceph.conf", "pve/ceph.conf"))
        self.say(storage, "which is not there", Fix(
            "write the configuration", [create_file(path, "[global]\n\tkeyring = %s\n\n" % keyring)],
            "unsafe" if has_own else "safe"))

    def say(self, storage, what, fix=None, severity=None):
        """Report a storage; *what* follows the name of its configuration."""
        self.report(storage.section.id, "%s wants the keyring of the storage %s to be named in [global] of "
                                        "priv/ceph/%s.conf, %s"
                    % (self.hop.new_pve, storage.id, storage.id, what), fix, severity,
                    commands=[COMMAND] if fix else [])

    def addition(self, file, tree, config, text):
        """The fix that adds the line *text*; None where it is left to the administrator."""
        if not self.project.owns(file) or not is_plain(tree):
            return None
        title, header = "write keyring in [global]", config.header("global")
        if header is not None:
            return Fix.safe(title, insert_after(header, text, file=file))
        lines = [node for node in tree.walk() if isinstance(node, Line)]
        if not lines:
            return Fix.safe(title, replace(tree, "[global]\n%s\n\n" % text, file=file))
        end = line_ending(lines[0].code)
        gap = "" if isinstance(lines[-1], Blank) else end
        return Fix.safe(title, insert_after(lines[-1], gap + "[global]" + end + text, file=file))


def is_plain(tree):
    """Whether Ceph and Proxmox VE read the same in a text, and nothing in it has to be kept from
    sight."""
    if "\\" in tree.code or KEY.search(tree.code):
        return False
    for node in tree.walk():
        if isinstance(node, Malformed):
            return False
        if isinstance(node, Section) and str(node.name) != str(node.name).strip():
            return False
        if (isinstance(node, Setting) and node.name != "keyring"
                and any(word in node.name.lower() for word in SECRETS)):
            return False
    return True
