"""What is known of releases, repositories and vendors: one table, for all rules of the APT family.

No file is looked at here. A later upgrade is another :class:`Hop` in ``HOPS``.
"""

__all__ = ["BACKUP_COMPONENTS", "BACKUP_FOLDERS", "DEBIAN_COMPONENTS", "HOPS", "Hop", "Location",
           "PVE_COMPONENTS", "is_debian", "is_proxmox", "is_security", "is_snapshot", "vendor"]


class Hop:
    """Names of the release before an upgrade and of the one after it.

    ``old`` and ``new``: Debian's code names; ``old_debian``, ``old_pve``, ``new_pve``: full names.
    ``debian``, ``security``, ``proxmox``: old suite -> new suite, of Debian's archive, its security
    archive and Proxmox's repositories. ``backports``: suites whose packages an upgrade is not tested
    with. ``ceph`` and ``ceph_too_old``: names of Proxmox's Ceph repositories that go along with the
    upgrade, and of those that have to be left behind before it.
    """

    __slots__ = ("old", "new", "old_debian", "old_pve", "new_pve", "debian", "security", "proxmox",
                 "backports", "ceph", "ceph_too_old")

    def __init__(self, **values):
        for name in self.__slots__:
            setattr(self, name, values[name])


HOPS = {
    "6to7": Hop(
        old="buster",
        new="bullseye",
        old_debian="Debian 10",
        old_pve="Proxmox VE 6",
        new_pve="Proxmox VE 7",
        debian={
            "buster": "bullseye",
            "buster-updates": "bullseye-updates",
            "buster-proposed-updates": "bullseye-proposed-updates",
        },
        # The second is what replacing the release's name alone makes of the first: no such suite.
        security={
            "buster/updates": "bullseye-security",
            "bullseye/updates": "bullseye-security",
        },
        proxmox={"buster": "bullseye"},
        backports=("buster-backports", "buster-backports-sloppy",
                   "bullseye-backports", "bullseye-backports-sloppy"),
        ceph=("ceph-octopus",),
        ceph_too_old=("ceph-luminous", "ceph-nautilus"),
    ),
}

DEBIAN_COMPONENTS = frozenset(["main", "contrib", "non-free"])
PVE_COMPONENTS = frozenset(["pve-enterprise", "pve-no-subscription", "pvetest"])
#: Components of Proxmox Backup Server, and the folders that it and its client are in.
BACKUP_COMPONENTS = frozenset(["pbs-enterprise", "pbs-no-subscription", "pbstest"])
BACKUP_FOLDERS = ("pbs", "pbs-client")

#: Hosts of vendors whose repositories have suites named after Debian's and look like a mirror of it
#: (most end in /debian). The domain and all below it; also where a proxy has it in the path.
VENDORS = {
    "archive.raspberrypi.org": "Raspberry Pi",
    "as-repository.openvpn.net": "OpenVPN",
    "bintray.com": "Bintray",
    "ceph.com": "Ceph",
    "citusdata.com": "Citus",
    "cloudsmith.io": "Cloudsmith",
    "consol.de": "ConSol",
    "deb-multimedia.org": "deb-multimedia",
    "deb.kamailio.org": "Kamailio",
    "dell.com": "Dell",
    "docker.com": "Docker",
    "elastic.co": "Elastic",
    "element.io": "Element",
    "erlang-solutions.com": "Erlang Solutions",
    "fury.io": "Gemfury",
    "gitlab.com": "GitLab",
    "grafana.com": "Grafana",
    "groonga.org": "Groonga",
    "hpe.com": "HPE",
    "hwraid.le-vert.net": "HWRaid",
    "icinga.com": "Icinga",
    "influxdata.com": "InfluxData",
    "jellyfin.org": "Jellyfin",
    "linbit.com": "LINBIT",
    "mariadb.com": "MariaDB",
    "mariadb.org": "MariaDB",
    "matrix.org": "Matrix",
    "microsoft.com": "Microsoft",
    "mkvtoolnix.download": "MKVToolNix",
    "mongodb.org": "MongoDB",
    "mosquitto.org": "Mosquitto",
    "mysql.com": "MySQL",
    "netdata.cloud": "Netdata",
    "nginx.org": "nginx",
    "nodesource.com": "NodeSource",
    "opensuse.org": "openSUSE Build Service",
    "packagecloud.io": "packagecloud",
    "people.debian.org": "a Debian developer",
    "percona.com": "Percona",
    "postgresql.org": "PostgreSQL",
    "powerdns.com": "PowerDNS",
    "prosody.im": "Prosody",
    "proxmox.com": "Proxmox",
    "puppet.com": "Puppet",
    "puppetlabs.com": "Puppet",
    "riot.im": "Element",
    "saltproject.io": "Salt",
    "saltstack.com": "Salt",
    "sury.org": "sury.org",
    "swupdate.openvpn.net": "OpenVPN",
    "build.openvpn.net": "OpenVPN",
    "syncthing.net": "Syncthing",
    "tailscale.com": "Tailscale",
    "torproject.org": "Tor",
    "turnkeylinux.org": "TurnKey Linux",
    "virtualbox.org": "VirtualBox",
    "wandisco.com": "WANdisco",
    "wazuh.com": "Wazuh",
    "winehq.org": "WineHQ",
    "x2go.org": "X2Go",
    "yarnpkg.com": "Yarn",
    "zabbix.com": "Zabbix",
    "zerotier.com": "ZeroTier",
}

#: Mirrors of Debian's archive that have it elsewhere than in /debian: host, last folders.
MIRRORS = (
    ("mirror.hetzner.com", ["debian", "packages"]),
    ("mirror.hetzner.de", ["debian", "packages"]),
)

#: Directories by which mirrors of these vendors are known on any host.
VENDOR_FOLDERS = {
    "gitlab-ce": "GitLab",
    "gitlab-ee": "GitLab",
    "gitlab-runner": "GitLab",
    "hwraid": "HWRaid",
    "mariadb": "MariaDB",
    "virtualbox": "VirtualBox",
    "wine-builds": "WineHQ",
    "zabbix": "Zabbix",
}


class Location:
    """A repository's URI taken apart: ``scheme``, ``host`` (lower case, no user, no port) and
    ``folders``, the parts of its path that are not empty (list)."""

    __slots__ = ("scheme", "host", "folders")

    def __init__(self, uri):
        scheme, _, rest = uri.partition(":")
        self.scheme = scheme.lower()
        host = ""
        if rest.startswith("//"):
            host, _, rest = rest[2:].partition("/")
            host = host.rpartition("@")[2].lower()
            if host.startswith("["):
                host = host[1:].partition("]")[0]
            else:
                host = host.partition(":")[0]
        self.host = host.rstrip(".")
        self.folders = [folder for folder in rest.split("/") if folder not in ("", ".")]

    @property
    def last(self):
        """The last folder of the path, an empty str where there is none."""
        return self.folders[-1] if self.folders else ""

    @property
    def hosts(self):
        """The host, and what may be the one behind it where the host is a proxy."""
        return [self.host] + [folder.lower() for folder in self.folders if "." in folder]


def _is_below(host, domain):
    return host == domain or host.endswith("." + domain)


def vendor(location):
    """The vendor (str) that a :class:`Location` is known to belong to, None for Debian's own hosts
    and unknown ones."""
    for host in reversed(location.hosts):
        parts = host.partition(":")[0].split(".")
        for at in range(len(parts) - 1):
            name = VENDORS.get(".".join(parts[at:]))
            if name:
                return name
    for folder in location.folders:
        name = VENDOR_FOLDERS.get(folder.lower())
        if name:
            return name
    return None


def is_proxmox(location):
    """Whether the place may hold Proxmox's repositories: theirs, or a mirror that nobody knows as
    another vendor's."""
    return vendor(location) in (None, "Proxmox")


def is_security(location):
    """Whether the place is Debian's security archive or a mirror of it."""
    return "debian-security" in location.folders or any(
        host.partition(":")[0] in ("security.debian.org", "security-cdn.debian.org")
        for host in location.hosts)


def is_snapshot(location):
    """Whether the place shows an archive as it was on one day of the past."""
    return any(_is_below(host.partition(":")[0], "snapshot.debian.org") for host in location.hosts)


def is_debian(location):
    """Whether the place is Debian's archive: on a host of Debian's, or a mirror (or a proxy's way
    to one), which ends in /debian by custom."""
    if vendor(location) is not None or is_security(location):
        return False
    return (_is_below(location.host, "debian.org") or location.last == "debian"
            or any(_is_mirror(location, *mirror) for mirror in MIRRORS))


def _is_mirror(location, host, folders):
    return host in location.hosts and location.folders[-len(folders):] == folders
