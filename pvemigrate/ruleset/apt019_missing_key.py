import re

from ..repositories import is_security, vendor
from ._apt import AptRule, is_debian_entry, is_security_entry, needing
from ._apt_keys import holds
from ._apt_node import below_root, option_token


class MissingKey(AptRule):
    """
    ## What it finds

    Enabled entries on Proxmox's own servers, and those of Debian with `signed-by`, for which apt has
    no key that the new release is signed with: not in the file that `signed-by` names, else not in
    `etc/apt/trusted.gpg.d` and `etc/apt/trusted.gpg`. Each such place once, at the first entry that
    needs it. Of Debian's entries without `signed-by` nothing is said.

    ## Why it matters

    apt refuses the repository of the new release (`NO_PUBKEY`): its packages cannot be installed, and
    dist-upgrade goes wrong without them.

    ## Example

    ```
    deb [signed-by=/etc/apt/pve-6.gpg] http://download.proxmox.com/debian/pve bullseye pvetest
    ```

    where that file holds the key of Proxmox VE 6 only.

    ## When the fix is safe

    There is none: keys are nothing to be made up. A key is known by the user id in it, or by the name
    that Proxmox's and Debian's packages give a file of it. Silent where the place cannot be looked
    into below the root: a `signed-by` file outside `/etc` whose folder has not been copied, no
    `trusted.gpg.d` at all, files that cannot be read. Mirrors may sign with keys of their own, and
    entries with `trusted=yes` or `allow-insecure=yes` need none.

    ## Guide

    Add the Proxmox VE 7 Package Repository

    ## References

    sources.list(5), "signed-by"; apt-key(8); https://ftp-master.debian.org/keys.html
    """

    severity = "warning"
    guide = "Add the Proxmox VE 7 Package Repository"
    # One of them is in each suite that is looked at.
    in_hop = needing(lambda hop: (hop.old, hop.new))

    def __init__(self):
        super().__init__()
        # Places that have been looked into, and those that were reported.
        self._known, self._said = set(), set()

    def check_source(self, source):
        hop = self.hop
        options = source.options
        if any(options.get(name, "").lower() in ("yes", "true", "with", "on", "enable", "1")
               for name in ("trusted", "allow-insecure")):
            return
        word, key, whose = self.needed(source, hop)
        if key is None:
            return
        signed_by = [name for name in re.split("[, \t\r\f\v\n]+", options.get("signed-by", ""))
                     if name]
        if not signed_by and whose != "Proxmox":
            return
        place = (whose, tuple(signed_by))
        if place in self._known:
            return
        self._known.add(place)
        missing = self.missing(key, signed_by)
        if missing is None or (missing, whose) in self._said:
            return
        self._said.add((missing, whose))
        item = option_token(source.node, "signed-by") if signed_by else None
        self.report(word.token if item is None else item,
                    "%s holds no key that %s signs %s with, so apt will refuse the repository: add %s" % (
                        missing, whose, hop.new, key.files[0]))

    def needed(self, source, hop):
        """The word to report at, the key that *source* needs after the upgrade and whose it is;
        (None, None, None) where that is not known."""
        def first(*tables):
            return next((word for word in source.suites
                         if any(word.text in table or word.text in table.values()
                                for table in tables)), None)

        if source.is_everywhere(lambda place: vendor(place) == "Proxmox"):
            word = first(hop.proxmox)
            if word is not None and not source.too_old_ceph(hop):
                return word, hop.proxmox_key, "Proxmox"
        elif is_security_entry(source) and source.is_everywhere(is_security) and is_at_home(source):
            word = first(hop.security)
            if word is not None:
                return word, hop.security_key, "Debian's security archive"
        elif is_debian_entry(source) and is_at_home(source):
            word = first(hop.debian)
            if word is not None:
                return word, hop.debian_key, "Debian"
        return None, None, None

    def missing(self, key, signed_by):
        """Where apt looks for *key* in vain (str), None where it finds it or that is not known."""
        if not signed_by:
            return self.missing_from_trusted(key)
        for name in signed_by:
            if not name.startswith("/"):
                if name.rstrip("!").upper() not in key.fingerprints:
                    # It may be the one of a subkey.
                    return None
                return self.missing_from_trusted(key)
        found = [holds(self.project, key, below_root(self.facts, name)) for name in signed_by]
        return None if True in found or None in found else ", ".join(signed_by)

    def missing_from_trusted(self, key):
        """The trusted keys' folder where no file there holds *key*, else None."""
        folder = self.facts.etc + "apt/trusted.gpg.d"
        names = self.facts.listdir(folder)
        if not names:
            return None
        paths = ["%s/%s" % (folder, name) for name in names
                 if name.endswith((".gpg", ".asc")) and not name.startswith(".")]
        ring = self.facts.etc + "apt/trusted.gpg"
        if self.facts.exists(ring):
            paths.append(ring)
        found = [holds(self.project, key, path) for path in paths]
        return None if True in found or None in found else folder


def is_at_home(source):
    """Whether all URIs of *source* lead to Debian's own servers, through a proxy or not."""
    return source.is_everywhere(lambda place: any(
        ("." + host.partition(":")[0]).endswith(".debian.org") for host in place.hosts))
