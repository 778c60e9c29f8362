"""What is known of the node whose files are judged: versions, host name, MAC addresses.

:class:`Facts` asks a *reader* (a callable: path below the root -> bytes or None) when a rule wants
to know; what is not there is None, and rules say so instead of guessing.
"""

__all__ = ["Facts", "version_key"]


def version_key(version):
    """A sort key for the upstream part of Debian versions made of numbers, as those of Proxmox VE
    are (``6.4-15``, ``3.1.0-1+pmx1``)."""
    import re

    return tuple(int(part) if part.isdigit() else -1 if part == "~" else 0
                 for part in re.findall(r"\d+|~|[a-z]+", version.split(":")[-1]))


class Facts:
    """Facts of one root.

    *read*: callable giving a file's bytes by its path below the root, None where there is none.
    *etc*: where the contents of /etc are below the root (``etc/`` or an empty string).
    """

    def __init__(self, read=lambda path: None, etc="etc/", settings=None):
        self._read = read
        self._etc = etc
        self._settings = settings
        self._cache = {}

    def _once(self, key, make):
        if key not in self._cache:
            self._cache[key] = make()
        return self._cache[key]

    def _line(self, path):
        data = self._read(path)
        return None if data is None else data.decode("utf-8", "replace").strip()

    @property
    def has_dpkg(self):
        """Whether the root holds dpkg's status file."""
        return self._status is not None

    @property
    def _status(self):
        return self._once("status", lambda: self._read("var/lib/dpkg/status"))

    def package(self, name):
        """The installed version (str) of a Debian package, None where it is not installed or not
        known (see :attr:`has_dpkg`)."""
        return self._once(("package", name), lambda: self._find_package(name))

    def _find_package(self, name):
        status = self._status
        if status is None:
            return None
        start = (b"\n" + status).find(b"\nPackage: %s\n" % name.encode())
        if start < 0:
            return None
        end = status.find(b"\n\n", start)
        version, installed = None, False
        for line in status[start:end if end >= 0 else None].decode("utf-8", "replace").split("\n"):
            key, _, value = line.partition(": ")
            if key == "Status":
                # "hold ok installed" is installed too; half-configured packages are unpacked.
                installed = value.split()[-1:] not in (["not-installed"], ["config-files"])
            elif key == "Version":
                version = value.strip()
        return version if installed else None

    @property
    def release(self):
        """The Proxmox VE release (int, 6 or 7 ...): the lower of proxmox-ve's and pve-manager's
        version; None where neither is known."""
        found = [version_key(version)[:1] for version in
                 (self.package("proxmox-ve"), self.package("pve-manager")) if version]
        found = [key[0] for key in found if key]
        return min(found) if found else None

    @property
    def hostname(self):
        """The node's name (str, without domain), or None."""
        line = self._once("hostname", lambda: self._line(self._etc + "hostname"))
        return line.split(".")[0] if line else None

    @property
    def is_clustered(self):
        """Whether the node is part of a cluster."""
        return self._once("corosync",
                          lambda: self._read(self._etc + "pve/corosync.conf")) is not None

    def mac(self, interface):
        """The present MAC address (str, lower case) of an interface, or None where it is not known:
        as given by hand, else from sysfs below the root. On a node that runs release 7 already,
        sysfs shows the changed address, so only one given by hand counts."""
        given = (self._settings.macs if self._settings else {}).get(interface)
        if given or (self.release or 6) >= 7 or "/" in interface or interface in ("", ".", ".."):
            return given
        return self._once(("mac", interface),
                          lambda: (self._line("sys/class/net/%s/address" % interface) or "").lower()) or None
