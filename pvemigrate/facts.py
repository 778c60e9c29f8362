"""What is known of the node whose files are judged: versions, host name, MAC addresses.

:class:`Facts` asks a *reader* (a callable: path below the root -> bytes or None) when a rule wants
to know; what is not there is None, and rules say so instead of guessing.
"""

from .lazy import lazy
from .settings import valid_mac

__all__ = ["DPKG_STATUS", "Facts", "version_key"]

#: Where dpkg keeps which packages are installed.
DPKG_STATUS = "var/lib/dpkg/status"

#: States of a package, in dpkg's status file, in which nothing of it is installed (dpkg(1)).
_ABSENT = ("not-installed", "config-files")


def _number(text):
    return int(text) if text.isdigit() and text.isascii() and len(text) < 10 else 0


class Facts:
    """Facts of one root.

    *read*: callable giving a file's bytes by its path below the root, None where there is none.
    *etc*: where the contents of /etc are below the root (``etc/`` or an empty string).
    *exists*: callable telling whether there is anything at a path, readable or not.
    *listdir*: callable giving the sorted names in a directory.
    *free*: callable giving the bytes free on the root file system, None where that is not known.
    *real_name*: callable giving what tells whether two paths lead to one file. *upgraded*: dict of
    package -> version, what an upgrade that is only thought of would have brought.
    """

    def __init__(self, read=lambda path: None, etc="etc/", settings=None, exists=None,
                 listdir=lambda path: [], free=lambda: None, real_name=lambda path: path,
                 upgraded=None):
        self._read = read
        self._listdir = listdir
        self._free = free
        self.real_name = real_name
        self._exists = exists or (lambda path: read(path) is not None)
        self._etc = etc
        self._settings = settings
        self._upgraded = upgraded or {}
        self._cache = {}

    def once(self, key, make):
        """``make()``, called once for each *key*: facts do not change during a run."""
        if key not in self._cache:
            self._cache[key] = make()
        return self._cache[key]

    def _text(self, path):
        return (self._read(path) or b"").decode("utf-8", "replace")

    # -- files (as source.Reader has them) ---------------------------------------------------------

    @property
    def etc(self):
        """Where the contents of /etc are below the root (``etc/`` or an empty string)."""
        return self._etc

    def get(self, path):
        """The bytes of a file below the root, None where it cannot be read."""
        return self._read(path)

    def exists(self, path):
        """Whether there is anything at *path* below the root."""
        return self._exists(path)

    def listdir(self, path):
        """The sorted names in a directory below the root (list, empty where there is none)."""
        return self._listdir(path)

    # -- packages ----------------------------------------------------------------------------------

    @property
    def has_dpkg(self):
        """Whether dpkg's status file is there: without it no package is known."""
        return self._status is not None

    @property
    def _status(self):
        return self.once("status", lambda: self._read(DPKG_STATUS))

    @property
    def _installed(self):
        return self.once("installed", lambda: dict(_installed_packages(self._status or b""),
                                                   **self._upgraded))

    def package(self, name):
        """The installed version (str) of a Debian package, None where it is not installed or not
        known. A package that is unpacked and not yet configured counts as
        installed: its files are there."""
        return self._installed.get(name)

    def packages(self, prefix):
        """The installed packages whose names begin with *prefix*: dict of name -> version."""
        return {name: version for name, version in self._installed.items()
                if name.startswith(prefix)}

    @property
    def release(self):
        """The Proxmox VE release (int, 6 or 7 ...): the lower of proxmox-ve's and pve-manager's
        version; None where neither is known."""
        found = [self.package(name) for name in ("proxmox-ve", "pve-manager")]
        majors = [_number(version.rpartition(":")[2].partition(".")[0])
                  for version in found if version]
        return min((major for major in majors if major), default=None)

    # -- the node ----------------------------------------------------------------------------------

    @property
    def hostname(self):
        """The node's name (str, without domain), or None."""
        return self.once("hostname", self._find_hostname)

    def _find_hostname(self):
        # hostname(5): blank lines and lines that begin with # do not count.
        for line in self._text(self._etc + "hostname").split("\n"):
            line = line.strip()
            if line and not line.startswith("#"):
                return line.split(".")[0] or None
        return None

    @property
    def free_space(self):
        """Bytes (int) that are free on the root file system, as given by hand, else as found; None
        where the root is a copy's."""
        given = self._settings.free_space if self._settings else None
        return self.once("free", self._free) if given is None else given

    @property
    def is_clustered(self):
        """Whether the node is part of a cluster."""
        return self.once("corosync", lambda: self._exists(self._etc + "pve/corosync.conf"))

    def mac(self, interface):
        """The present MAC address (str, lower case) of an interface, or None where it is not known:
        as given by hand, else from sysfs below the root. On a node that runs release 7 already,
        sysfs shows the changed address, so only one given by hand counts."""
        given = (self._settings.macs if self._settings else {}).get(interface)
        if given or (self.release or 6) >= 7 or "/" in interface or interface in ("", ".", ".."):
            return given
        return self.once(("mac", interface), lambda: self._sysfs_mac(interface))

    def _sysfs_mac(self, interface):
        # tar copies a sysfs file as a page: 4096 bytes, NULs behind the address.
        mac = self._text("sys/class/net/%s/address" % interface).rstrip("\0").strip().lower()
        return mac if valid_mac(mac) else None


def version_key(version):
    """What Debian versions (str) are sorted by, as dpkg compares them (deb-version(7)): epoch, then
    upstream version, then revision; ``~`` sorts before everything, even the end. No revision is the
    same as a revision 0."""
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        upstream, revision = rest, ""
    return (_number(epoch), _part_key(upstream), _part_key(revision))


_PART = lazy("([^0-9]*)([0-9]*)")


def _part_key(text):
    key = []
    # Behind the end dpkg compares with nothing and with 0: the pattern's last, empty match.
    for other, digits in _PART.findall(text or "0"):
        # Letters before all other characters, a tilde before the end (0).
        key.append([-1 if char == "~" else ord(char) if char.isalpha() else ord(char) + 256
                    for char in other] + [0])
        # Numbers of any length, which int() need not take.
        digits = digits.lstrip("0")
        key.append([len(digits), digits])
    return key


def _installed_packages(status):
    """The installed packages in dpkg's status file: dict of name -> version."""
    found = {}
    for paragraph in (b"\n" + status).split(b"\n\n"):
        paragraph = b"\n" + paragraph + b"\n"
        # "install ok installed", "hold ok half-configured": the last word is the state.
        state = _field(paragraph, b"\nStatus:").rpartition(" ")[2]
        if state and state not in _ABSENT:
            version = _field(paragraph, b"\nVersion:")
            if version:
                found.setdefault(_field(paragraph, b"\nPackage:"), version)
    return found


def _field(paragraph, mark):
    at = paragraph.find(mark)
    if at < 0:
        return ""
    at += len(mark)
    return paragraph[at:paragraph.index(b"\n", at)].decode("utf-8", "replace").strip(" \t\r")
