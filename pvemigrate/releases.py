"""What each upgrade changes: one table of the releases' facts, which all rules ask.

No file is looked at here. A later upgrade is another :class:`Hop` in ``HOPS``, and its name in
``settings.HOPS``.
"""

__all__ = ["HOPS", "Hop", "Key", "after", "sequence"]


class Hop:
    """What one upgrade of Proxmox VE changes.

    ``name``: as --hop has it; ``release`` and ``new_release``: the release before it and the one after
    it (int); ``checker``: Proxmox VE's own program that looks for what stands in the way. ``old`` and
    ``new``: Debian's code names; ``old_debian``, ``new_debian``, ``old_pve``, ``new_pve``: full names.

    ``packages``: (package, version) that the upgrade begins at, for those of Proxmox VE itself, and
    ``newest``: the version of Proxmox VE that a node is brought to before. ``ifupdown2``: the oldest
    version of that package that is right after the upgrade (None: any). ``free_space``: the bytes that
    have to be free on the root file system, and ``ample_space``: those that had better be (None: no
    more than these). ``time_daemons``: packages that keep the time and that the new release has no
    more -> what takes their place. ``boot_tool_needs``: the package that proxmox-boot-tool needs from
    the new release on where a node boots with EFI (None: no other than before). ``products``: those
    that share a node: (their packages, name, first version for the new release, where their own
    upgrade is described).

    ``debian``, ``security``, ``proxmox``: old suite -> new suite, of Debian's archive, its security
    archive and Proxmox's repositories. ``backports``: suites whose packages an upgrade is not tested
    with. ``split_components``: component of Debian's archive -> (the one that a part of its packages has
    gone to, Debian's release from which on). ``renamed_components``: old name -> (new name, Debian's
    release from which on) of components of Proxmox's repositories. ``ceph`` and ``ceph_too_old``: names
    of Proxmox's Ceph repositories that go along with the upgrade, and of those that have to be left
    behind before it; ``ceph_components``: old component -> (Debian's release from which on others have
    taken its place, these by the names of Proxmox VE's repositories, as --pve-repo has them).

    ``pve_repositories``: name (as --pve-repo has it) -> (file in sources.list.d, URI, component) of
    Proxmox VE's own repositories. ``proxmox_keyring``: the path on a node of the keys that Proxmox's own
    entries name, None where they name none. ``proxmox_key``, ``debian_key`` and ``security_key``: what
    the new release is signed with (:class:`Key`). ``remarks_on_suites``: whether the checker remarks on
    suites that are named after no release, and on those of two releases at once.

    ``kernel``: the series of the first kernel (two numbers) that the new release has come with.

    ``old_marks``: what stands for the old release, besides its name, in suites and paths of vendors.
    ``vendor_suites``: suites that vendors name after Proxmox's releases. ``vendors``: those known to
    have made a suite for the new release, and ``vendor_notes``: what else is known of one.

    ``has_legacy_cgroup``: whether the new release can still be told to keep the hierarchies of cgroup
    v1. ``storage_types``: types of storage that the new release has no more; ``storage_plugins``: the
    versions of the interface for storage plugins that it loads, and ``breaks_storage_plugins``:
    whether plugins that the old release loads may not be among them. ``has_maxfiles``: whether the new
    release still knows maxfiles; ``keeps_one_backup``: whether the old release, where nothing says how
    many backups of a guest to keep, keeps one (and not all); ``has_jobs_cfg``: whether the old release
    has its backup jobs in jobs.cfg, and in vzdump.cron those alone that are older. ``machine``: the
    oldest version (two numbers) of QEMU's machine types that it is sure to run, None where none is
    dropped. ``roles``: names of roles that are built in from the new release on, and ``role_prefix``:
    what names of built-in roles begin with, where no other may any more (in lower case, or None).
    ``privileges``: those that are gone, and ``new_privileges``: those that the release before does not
    know. ``pool_levels``: how many levels the name of a pool may have. ``weaker_roles``: built-in role ->
    the privilege that it has lost.

    ``has_ifupdown2``: whether what has been installed as the old release has ifupdown2.
    ``moves_bridges``: whether Linux bridges get other MAC addresses with the upgrade.
    ``renamed_cards``: makes of network cards that are known to get other names with it.
    """

    __slots__ = ("name", "release", "new_release", "checker", "old", "new", "old_debian", "new_debian",
                 "old_pve", "new_pve", "packages", "newest", "ifupdown2", "free_space", "ample_space",
                 "time_daemons", "boot_tool_needs", "products", "debian", "security", "proxmox",
                 "backports", "split_components", "renamed_components",
                 "ceph", "ceph_too_old", "ceph_components", "pve_repositories", "proxmox_keyring",
                 "proxmox_key", "remarks_on_suites", "kernel",
                 "debian_key", "security_key", "old_marks", "vendor_suites", "vendors",
                 "vendor_notes", "has_legacy_cgroup", "storage_types", "storage_plugins",
                 "breaks_storage_plugins", "has_maxfiles", "keeps_one_backup", "has_jobs_cfg",
                 "machine", "roles", "role_prefix", "privileges", "new_privileges", "pool_levels",
                 "weaker_roles",
                 "has_ifupdown2", "moves_bridges", "renamed_cards")

    def __init__(self, **values):
        for name in self.__slots__:
            setattr(self, name, values.pop(name))
        if values:
            raise TypeError("no facts are called %s" % ", ".join(values))


class Key:
    """What a release is signed with: keys of which apt has to have one.

    ``owners``: the user ids that such keys bear, without the mail address; ``fingerprints`` of
    them; ``files``: the names of key files that hold nothing else, as packages install them.
    """

    __slots__ = ("owners", "fingerprints", "files")

    def __init__(self, owners, fingerprints, files):
        self.owners = owners
        self.fingerprints = fingerprints
        self.files = files


#: Vendors that make a suite for each release of Debian.
_VENDORS = frozenset([
    "deb-multimedia", "Docker", "GitLab", "HPE", "Icinga", "InfluxData", "Jellyfin", "Kamailio",
    "MariaDB", "Microsoft", "Mosquitto", "MySQL", "Netdata", "nginx", "NodeSource", "OpenVPN",
    "Percona", "PostgreSQL", "PowerDNS", "Puppet", "Salt", "sury.org", "Tailscale",
    "Tor", "TurnKey Linux", "VirtualBox", "WineHQ", "X2Go", "Zabbix", "ZeroTier"])
_NODESOURCE = "NodeSource has one suite for all releases today, nodistro"
_SALT = "Salt has moved to packages.broadcom.com, with the suite stable"

#: Where Proxmox VE's own repositories stand up to release 8.
_ONE_LINE_REPOSITORIES = {
    "enterprise": ("pve-enterprise.list", "https://enterprise.proxmox.com/debian/pve", "pve-enterprise"),
    "no-subscription": ("pve-no-subscription.list", "http://download.proxmox.com/debian/pve",
                        "pve-no-subscription"),
    "test": ("pve-test.list", "http://download.proxmox.com/debian/pve", "pvetest"),
}
#: What has taken the place of the one component that Ceph's repositories had.
_CEPH_COMPONENTS = {"main": ("bookworm", {"enterprise": "enterprise", "test": "test",
                                          "no-subscription": "no-subscription"})}

HOPS = {hop.name: hop for hop in (
    Hop(
        name="6to7",
        release=6,
        new_release=7,
        checker="pve6to7",
        old="buster",
        new="bullseye",
        old_debian="Debian 10",
        new_debian="Debian 11",
        old_pve="Proxmox VE 6",
        new_pve="Proxmox VE 7",
        packages=(("proxmox-ve", "6.4-1"), ("pve-manager", "6.4")),
        newest="6.4",
        ifupdown2="3.1.0-1+pmx1",
        free_space=4 << 30,
        ample_space=None,
        time_daemons={},
        boot_tool_needs=None,
        products=(
            (("proxmox-backup-server",), "Proxmox Backup Server", "2",
             "its how-to for the upgrade from 1.1 to 2.x"),
            (("pmg-api", "proxmox-mailgateway", "proxmox-mailgateway-container"),
             "Proxmox Mail Gateway", "7", "its how-to for the upgrade from 6.x to 7.0"),
        ),
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
        split_components={},
        renamed_components={},
        ceph=("ceph-octopus",),
        ceph_too_old=("ceph-luminous", "ceph-nautilus"),
        ceph_components={},
        pve_repositories=_ONE_LINE_REPOSITORIES,
        proxmox_keyring=None,
        proxmox_key=Key(
            ["Proxmox Bullseye Release Key"],
            ["28139A2F830BD68478A1A01FDD4BA3917E23BF59"],
            ["proxmox-release-bullseye.gpg"]),
        # https://ftp-master.debian.org/keys.html
        debian_key=Key(
            ["Debian Archive Automatic Signing Key (11/bullseye)",
             "Debian Stable Release Key (11/bullseye)"],
            ["1F89983E0081FDE018F3CC9673A4F27B8DD47936",
             "A4285295FC7B1A81600062A9605C66F00D6C9793"],
            ["debian-archive-bullseye-automatic.gpg", "debian-archive-bullseye-stable.gpg"]),
        security_key=Key(
            ["Debian Security Archive Automatic Signing Key (11/bullseye)"],
            ["AC530D520F2F3269F5E98313A48449044AAD5C5D"],
            ["debian-archive-bullseye-security-automatic.gpg"]),
        remarks_on_suites=False,
        kernel=(5, 11),
        old_marks=("debian10", "debian-10", "debian_10"),
        vendor_suites={"proxmox-6": "proxmox-7"},
        vendors=_VENDORS,
        vendor_notes={
            "MongoDB": "MongoDB came to Debian 11 with its version 5.0",
        },
        has_legacy_cgroup=True,
        storage_types=("sheepdog", "drbd"),
        # 7.0 knows 9 alone, 7.1 and later 9 and 10 (PVE::Storage, APIVER and APIAGE).
        storage_plugins=(9, 10),
        breaks_storage_plugins=True,
        has_maxfiles=True,
        keeps_one_backup=True,
        has_jobs_cfg=False,
        machine=None,
        roles=("PVEPoolUser",),
        role_prefix=None,
        privileges=(),
        new_privileges=("Pool.Audit", "Sys.Incoming"),
        pool_levels=1,
        weaker_roles={},
        has_ifupdown2=False,
        moves_bridges=True,
        renamed_cards=("Mellanox", "Broadcom BCM57412"),
    ),
    Hop(
        name="7to8",
        release=7,
        new_release=8,
        checker="pve7to8",
        old="bullseye",
        new="bookworm",
        old_debian="Debian 11",
        new_debian="Debian 12",
        old_pve="Proxmox VE 7",
        new_pve="Proxmox VE 8",
        packages=(("proxmox-ve", "7.4-1"), ("pve-manager", "7.4")),
        newest="7.4",
        ifupdown2=None,
        free_space=5 * 1000 ** 3,
        ample_space=None,
        time_daemons={"ntp": "ntpsec"},
        boot_tool_needs="systemd-boot",
        products=(
            (("proxmox-backup-server",), "Proxmox Backup Server", "3",
             "its how-to for the upgrade from 2 to 3"),
            (("pmg-api", "proxmox-mailgateway", "proxmox-mailgateway-container"),
             "Proxmox Mail Gateway", "8", "its how-to for the upgrade from 7 to 8"),
        ),
        debian={
            "bullseye": "bookworm",
            "bullseye-updates": "bookworm-updates",
            "bullseye-proposed-updates": "bookworm-proposed-updates",
            "bullseye-debug": "bookworm-debug",
            "bullseye-proposed-updates-debug": "bookworm-proposed-updates-debug",
        },
        # The others are what replacing the name alone makes of the suites up to Debian 10's.
        security={
            "bullseye-security": "bookworm-security",
            "bullseye/updates": "bookworm-security",
            "bookworm/updates": "bookworm-security",
        },
        proxmox={"bullseye": "bookworm"},
        backports=("bullseye-backports", "bullseye-backports-sloppy", "bullseye-backports-debug",
                   "bookworm-backports", "bookworm-backports-sloppy", "bookworm-backports-debug"),
        # Debian 12's release notes, "Non-free firmware moved to its own component in the archive".
        split_components={"non-free": ("non-free-firmware", "bookworm")},
        renamed_components={},
        ceph=("ceph-quincy",),
        ceph_too_old=("ceph-luminous", "ceph-nautilus", "ceph-octopus", "ceph-pacific"),
        ceph_components=_CEPH_COMPONENTS,
        pve_repositories=_ONE_LINE_REPOSITORIES,
        proxmox_keyring=None,
        proxmox_key=Key(
            ["Proxmox Bookworm Release Key"],
            ["F4E136C67CDCE41AE6DE6FC81140AF8F639E0C39"],
            ["proxmox-release-bookworm.gpg"]),
        debian_key=Key(
            ["Debian Archive Automatic Signing Key (12/bookworm)",
             "Debian Stable Release Key (12/bookworm)"],
            ["B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8",
             "4D64FEC119C2029067D6E791F8D2585B8783D481"],
            ["debian-archive-bookworm-automatic.gpg", "debian-archive-bookworm-stable.gpg",
             "debian-archive-bookworm-automatic.asc", "debian-archive-bookworm-stable.asc",
             "debian-archive-bookworm-automatic.pgp", "debian-archive-bookworm-stable.pgp"]),
        security_key=Key(
            ["Debian Security Archive Automatic Signing Key (12/bookworm)"],
            ["05AB90340C0C5E797F44A8C8254CF3B5AEC0A8F0"],
            ["debian-archive-bookworm-security-automatic.gpg",
             "debian-archive-bookworm-security-automatic.asc",
             "debian-archive-bookworm-security-automatic.pgp"]),
        remarks_on_suites=True,
        kernel=(6, 2),
        old_marks=("debian11", "debian-11", "debian_11"),
        vendor_suites={"proxmox-7": "proxmox-8"},
        vendors=_VENDORS - {"InfluxData", "NodeSource", "Salt"},
        vendor_notes={
            "MongoDB": "MongoDB came to Debian 12 with its version 7.0",
            "NodeSource": _NODESOURCE,
            "Salt": _SALT,
        },
        has_legacy_cgroup=True,
        storage_types=(),
        storage_plugins=(9, 10, 11),
        breaks_storage_plugins=False,
        has_maxfiles=True,
        keeps_one_backup=False,
        has_jobs_cfg=True,
        machine=None,
        # The changelog of libpve-access-control, 8.0.0 to 8.1.2. VM.Replicate is not in what was seen of
        # it; 9.0 has it.
        roles=("PVESDNUser", "PVEMappingAdmin", "PVEMappingUser"),
        role_prefix="pve",
        privileges=(),
        new_privileges=("SDN.Use", "Mapping.Audit", "Mapping.Modify", "Mapping.Use",
                        "Sys.AccessNetwork", "VM.Replicate"),
        pool_levels=3,
        weaker_roles={"PVEAdmin": "Permissions.Modify", "PVESysAdmin": "Permissions.Modify"},
        has_ifupdown2=True,
        moves_bridges=False,
        renamed_cards=(),
    ),
    Hop(
        name="8to9",
        release=8,
        new_release=9,
        checker="pve8to9",
        old="bookworm",
        new="trixie",
        old_debian="Debian 12",
        new_debian="Debian 13",
        old_pve="Proxmox VE 8",
        new_pve="Proxmox VE 9",
        packages=(("proxmox-ve", "8.4.0"), ("pve-manager", "8.4.1")),
        newest="8.4",
        ifupdown2=None,
        free_space=5 * 1000 ** 3,
        ample_space=10 * 1000 ** 3,
        time_daemons={},
        boot_tool_needs=None,
        products=(
            (("proxmox-backup-server",), "Proxmox Backup Server", "4",
             "its how-to for the upgrade from 3 to 4"),
            (("pmg-api", "proxmox-mailgateway", "proxmox-mailgateway-container"),
             "Proxmox Mail Gateway", "9", "its how-to for the upgrade from 8 to 9"),
        ),
        debian={
            "bookworm": "trixie",
            "bookworm-updates": "trixie-updates",
            "bookworm-proposed-updates": "trixie-proposed-updates",
            "bookworm-debug": "trixie-debug",
            "bookworm-proposed-updates-debug": "trixie-proposed-updates-debug",
        },
        # The others are what replacing the name alone makes of the suites up to Debian 10's.
        security={
            "bookworm-security": "trixie-security",
            "bookworm/updates": "trixie-security",
            "trixie/updates": "trixie-security",
        },
        proxmox={"bookworm": "trixie"},
        backports=("bookworm-backports", "bookworm-backports-sloppy", "bookworm-backports-debug",
                   "trixie-backports", "trixie-backports-sloppy", "trixie-backports-debug"),
        split_components={"non-free": ("non-free-firmware", "bookworm")},
        renamed_components={"pvetest": ("pve-test", "trixie"), "pbstest": ("pbs-test", "trixie")},
        ceph=("ceph-squid",),
        ceph_too_old=("ceph-luminous", "ceph-nautilus", "ceph-octopus", "ceph-pacific", "ceph-quincy",
                      "ceph-reef"),
        ceph_components=_CEPH_COMPONENTS,
        pve_repositories={
            "enterprise": ("pve-enterprise.sources", "https://enterprise.proxmox.com/debian/pve",
                           "pve-enterprise"),
            "no-subscription": ("proxmox.sources",
                                "http://download.proxmox.com/debian/pve", "pve-no-subscription"),
            "test": ("proxmox.sources", "http://download.proxmox.com/debian/pve", "pve-test"),
        },
        proxmox_keyring="/usr/share/keyrings/proxmox-archive-keyring.gpg",
        proxmox_key=Key(
            ["Proxmox Trixie Release Key"],
            ["24B30F06ECC1836A4E5EFECBA7BCD1420BFE778E"],
            ["proxmox-release-trixie.gpg"]),
        debian_key=Key(
            ["Debian Archive Automatic Signing Key (13/trixie)",
             "Debian Stable Release Key (13/trixie)"],
            ["04B54C3CDCA79751B16BC6B5225629DF75B188BD",
             "41587F7DB8C774BCCF131416762F67A0B2C39DE4"],
            ["debian-archive-trixie-automatic.gpg", "debian-archive-trixie-stable.gpg",
             "debian-archive-trixie-automatic.asc", "debian-archive-trixie-stable.asc",
             "debian-archive-trixie-automatic.pgp", "debian-archive-trixie-stable.pgp"]),
        security_key=Key(
            ["Debian Security Archive Automatic Signing Key (13/trixie)"],
            ["5E04A1E3223A19A20706E20F9904613D4CCE68C6"],
            ["debian-archive-trixie-security-automatic.gpg",
             "debian-archive-trixie-security-automatic.asc",
             "debian-archive-trixie-security-automatic.pgp"]),
        remarks_on_suites=True,
        kernel=(6, 14),
        old_marks=("debian12", "debian-12", "debian_12"),
        vendor_suites={"proxmox-8": "proxmox-9"},
        vendors=_VENDORS - {"HPE", "InfluxData", "MySQL", "NodeSource", "OpenVPN", "Percona", "Puppet",
                            "Salt", "TurnKey Linux", "X2Go"},
        vendor_notes={
            "NodeSource": _NODESOURCE,
            "Salt": _SALT,
        },
        has_legacy_cgroup=False,
        storage_types=("glusterfs",),
        storage_plugins=(9, 10, 11, 12, 13, 14, 15),
        breaks_storage_plugins=False,
        has_maxfiles=False,
        keeps_one_backup=False,
        has_jobs_cfg=True,
        machine=(6, 0),
        roles=(),
        role_prefix="pve",
        privileges=("VM.Monitor",),
        new_privileges=("VM.GuestAgent.Audit", "VM.GuestAgent.FileRead", "VM.GuestAgent.FileWrite",
                        "VM.GuestAgent.FileSystemMgmt", "VM.GuestAgent.Unrestricted"),
        pool_levels=3,
        weaker_roles={},
        has_ifupdown2=True,
        moves_bridges=False,
        renamed_cards=(),
    ),
)}


def after(release):
    """The :class:`Hop` that begins at *release* (int), None where none is known."""
    return next((hop for hop in HOPS.values() if hop.release == release), None)


def sequence(release, target):
    """The hops (list of :class:`Hop`) that lead from *release* to the release *target*, in order; None
    where they are not all known."""
    hops = []
    while release < target:
        hop = after(release)
        if hop is None:
            return None
        hops.append(hop)
        release = hop.new_release
    return hops
