"""What is known of repositories and vendors, for all rules of the APT family. (What an upgrade
changes of them is in ``releases.py``.)

No file is looked at here.
"""

__all__ = ["ARCHIVES", "BACKUP_COMPONENTS", "BACKUP_FOLDERS", "CEPH_RELEASES", "CEPH_SERVERS",
           "DEBIAN_COMPONENTS", "DEBIAN_RELEASES", "ENTERPRISE_HOST", "FLOATING", "Location",
           "PVE_COMPONENTS", "ROLLING", "UNARCHIVED",
           "archive_uri", "ceph_release", "is_archive", "is_debian", "is_known_debian", "is_proxmox",
           "is_security", "is_snapshot", "proxmox_archive_uri", "release_of", "vendor"]


#: Debian's releases in order.
DEBIAN_RELEASES = ("lenny", "squeeze", "wheezy", "jessie", "stretch", "buster", "bullseye", "bookworm",
                   "trixie", "forky", "duke")
#: Names that mean another release with time.
FLOATING = ("stable", "oldstable", "oldoldstable", "testing", "unstable", "sid", "experimental",
            "rc-buggy", "proposed-updates")
#: Those of them that are no release at any time.
ROLLING = ("testing", "unstable", "sid", "experimental", "rc-buggy")
#: The Ceph project's releases by the first number of their versions, in order.
CEPH_RELEASES = {"10": "jewel", "11": "kraken", "12": "luminous", "13": "mimic", "14": "nautilus",
                 "15": "octopus", "16": "pacific", "17": "quincy", "18": "reef", "19": "squid",
                 "20": "tentacle"}

#: Releases that are no longer, or not for long, on Debian's mirrors, as of November 2026: whether the
#: mirrors have dropped it, whether its security suite is on the archive host, whether that suite has
#: expired in the place where it was (bullseye's did in September 2026, when the mirrors still had the
#: other suites and the archive host did not yet have this one), and whether Proxmox asks for its own
#: archive host (their wiki, "Ceph Nautilus to Octopus", May 2026).
ARCHIVES = {
    "buster": {"dropped": True, "security": True, "expired": False, "proxmox": True},
    "bullseye": {"dropped": False, "security": False, "expired": True, "proxmox": False},
}

#: Where releases are that are on none of the archive hosts: archive host -> host.
UNARCHIVED = {
    "archive.debian.org": "deb.debian.org",
    "archive.proxmox.com": "download.proxmox.com",
}

DEBIAN_COMPONENTS = frozenset(["main", "contrib", "non-free", "non-free-firmware"])
PVE_COMPONENTS = frozenset(["pve-enterprise", "pve-no-subscription", "pvetest", "pve-test"])
#: Components of Proxmox Backup Server, and the folders that it and its client are in.
BACKUP_COMPONENTS = frozenset(["pbs-enterprise", "pbs-no-subscription", "pbstest", "pbs-test"])
BACKUP_FOLDERS = ("pbs", "pbs-client")

#: Proxmox's server that asks for a subscription.
ENTERPRISE_HOST = "enterprise.proxmox.com"
#: The server that has each of Proxmox's Ceph repositories, by the names of those of Proxmox VE.
CEPH_SERVERS = {
    "enterprise": "https://" + ENTERPRISE_HOST,
    "no-subscription": "http://download.proxmox.com",
    "test": "http://download.proxmox.com",
}

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
    "freexian.com": "Freexian",
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
    "snap.mirrors.ovh.net": "OVH",
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
#: Mirrors of the security archive that have it elsewhere than in /debian-security.
SECURITY_MIRRORS = (
    ("mirror.hetzner.com", ["debian", "security"]),
    ("mirror.hetzner.de", ["debian", "security"]),
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
    ``folders``, the parts of its path that are not empty (list). ``hosts``: the host, and what may be
    the one behind it where the host is a proxy (list)."""

    __slots__ = ("scheme", "host", "folders", "hosts")

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
        self.hosts = [self.host] + [folder.lower() for folder in self.folders if "." in folder]

    @property
    def last(self):
        """The last folder of the path, an empty str where there is none."""
        return self.folders[-1] if self.folders else ""


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
        for host in location.hosts) or any(
            _is_mirror(location, *mirror) for mirror in SECURITY_MIRRORS)


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


def is_known_debian(location):
    """Whether the place is one of Debian's own hosts, also behind a proxy, or a known mirror."""
    return vendor(location) is None and (
        any(_is_below(host.partition(":")[0], "debian.org") for host in location.hosts)
        or any(_is_mirror(location, *mirror) for mirror in MIRRORS + SECURITY_MIRRORS))


def release_of(suite):
    """The release that a suite belongs to: ``buster`` of ``buster/updates`` and ``buster-updates``;
    the suite itself where it is named after none."""
    for name in DEBIAN_RELEASES + FLOATING:
        if suite == name or suite.startswith((name + "-", name + "/")):
            return name
    return suite


#: Domains of networks that nobody else sees.
_PRIVATE = ("local", "localdomain", "localhost", "lan", "internal", "intern", "intra", "intranet", "home",
            "corp", "private", "home.arpa")


def archive_uri(uri):
    """Where *uri*, an http(s) place of Debian's archive or of its security archive, is on the archive
    host; None where nobody can tell from outside. What leads to it through a proxy stays."""
    location = Location(uri)
    if location.scheme not in ("http", "https"):
        return None
    kind = "debian-security" if is_security(location) else "debian"
    slash = "/" if uri.endswith("/") else ""
    new = "archive.debian.org/%s%s" % (kind, slash)
    netloc = uri.partition("://")[2].partition("/")[0]
    if _is_below(location.host, "debian.org"):
        if netloc.lower() == location.host and location.folders in ([], [kind]):
            return "%s://%s" % (location.scheme, new)
        return None
    hosts = [folder for folder in location.folders if _is_below(folder.lower(), "debian.org")]
    if hosts:
        head, _, tail = uri.partition("/" + hosts[0])
        if len(hosts) == 1 and tail.strip("/") in ("", kind):
            return "%s/%s" % (head, new)
        return None
    if ("." not in netloc or netloc.lower() != location.host or not location.host.strip(".0123456789")
            or any(_is_below(location.host, domain) for domain in _PRIVATE)):
        return None
    return "%s://%s" % (location.scheme, new)


def is_archive(location):
    """Whether the place is an archive host of Debian's or of Proxmox's already."""
    return any(host.partition(":")[0] in ("archive.debian.org", "archive.proxmox.com")
               for host in location.hosts)


def proxmox_archive_uri(uri):
    """Where *uri* is on Proxmox's archive host, which has the paths of their other hosts; None for
    the enterprise host (whether its contents are there is not known) and for mirrors."""
    location = Location(uri)
    scheme, _, rest = uri.partition("://")
    netloc, slash, path = rest.partition("/")
    if location.scheme not in ("http", "https") or netloc.lower() != "download.proxmox.com":
        return None
    return "%s://archive.proxmox.com%s%s" % (scheme, slash, path)


def ceph_release(location):
    """The name of the Ceph release in a path of the Ceph project's hosts (``debian-octopus``,
    ``debian-15.2.17``), an empty str where it names none."""
    for folder in location.folders:
        name = folder.lower()
        if name.startswith("debian-"):
            name = name[len("debian-"):]
            return name if name in CEPH_RELEASES.values() else CEPH_RELEASES.get(
                name.partition(".")[0], "")
    return ""
