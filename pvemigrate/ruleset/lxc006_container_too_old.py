import re

from ..facts import Facts
from ..lazy import lazy
from ..rule import Rule
from ._guest import guest_id
from ._lxc import (has_cgroup1, is_own_guest, keeps_legacy, live_options, may_have_files,
                   root_folders)

#: The first systemd that Proxmox VE takes for able to run with cgroup v2 alone
#: (PVE::LXC::Setup::Base, unified_cgroupv2_support).
FIRST_ABLE = 232
#: Systems that have no systemd (the same).
WITHOUT_SYSTEMD = ("alpine", "devuan")
#: Where systemd's shared library is, which has its version in its name since 231.
_LIBRARIES = ("lib/systemd", "usr/lib/systemd", "usr/lib64/systemd",
              "usr/lib/x86_64-linux-gnu/systemd")
_LIBRARY = lazy("libsystemd-shared-([0-9]{1,6})[^/]*[.]so")
#: Releases without dpkg whose systemd is older than that library: os-release's ID -> VERSION_ID
#: (a regular expression).
_OLD_RELEASES = {
    "centos": "7([.].*)?", "rhel": "7([.].*)?", "ol": "7([.].*)?", "scientific": "7([.].*)?",
    "fedora": "1[0-9]|2[0-4]", "opensuse": "1[23][.].*|42[.].*", "sles": "12([.].*)?",
}
_OS_RELEASE = lazy("(?:^|\n)(ID|VERSION_ID|PRETTY_NAME)=[\"']?([A-Za-z0-9. _:()/-]*)")


class ContainerTooOld(Rule):
    """
    ## What it finds

    Containers of this node whose systemd is older than 232, such as those with CentOS 7, Ubuntu
    16.10, Debian 8 and older. Their files must be readable below the root: a subvolume of ZFS or of
    a directory, a bind mount, or mounted at `/var/lib/lxc/ID/rootfs` (`pct mount ID`, or a running
    container). Alpine and Devuan have no systemd, and one whose init is another is not meant.

    Before the upgrade that ends cgroup v1, CentOS containers whose files are elsewhere are named once
    (info), since `ostype` does not tell CentOS 7 from later ones. Of others whose files cannot be
    read nothing is said. Nor is anything said where the node is configured to keep cgroup v1
    (LXC011), which Proxmox VE 9 cannot any more.

    ## Why it matters

    From Proxmox VE 7 on a node runs with pure cgroup v2. Such a systemd finds none of the hierarchies
    that it wants: the container starts, and nothing in it does.

    ## Example

    ```
    ostype: centos
    rootfs: local-zfs:subvol-101-disk-0,size=8G
    ```

    with `usr/lib/systemd/systemd` of CentOS 7 below `/rpool/data/subvol-101-disk-0`.

    ## When the fix is safe

    There is none: upgrade the container's system, or move it into a virtual machine, or, before
    Proxmox VE 9, set `systemd.unified_cgroup_hierarchy=0` on the kernel's command line as a stopgap.

    ## Guide

    Old Container and CGroupv2

    ## References

    PVE::LXC::Setup::Base, unified_cgroupv2_support; Proxmox Container Toolkit, "CGroup Version
    Compatibility"
    """

    kinds = ("lxc",)
    severity = "error"
    phase = "before"
    in_hop = {"7to8": {"severity": "warning"}}
    guide = "Old Container and CGroupv2"
    checker = ("check_containers_cgroup_compat",)

    def __init__(self):
        super().__init__()
        self.unknown = []

    def may_find(self, file):
        return file.data.find(b"centos") >= 0 or may_have_files(self, file)

    def visit_File(self, tree):
        ostype = live_options(tree).get("ostype")
        name = str(ostype.value) if ostype is not None else None
        if name in WITHOUT_SYSTEMD or keeps_legacy(self):
            return
        for folder in root_folders(self):
            is_there, old = self.facts.once(("systemd", folder), lambda: self.look_into(folder))
            if old:
                where = ostype or live_options(tree).get("rootfs")
                self.report(where.value if where is not None else None,
                            "%s below /%s: with cgroup v2 alone it does not run, which takes %d or "
                            "newer; upgrade the container's system" % (old, folder, FIRST_ABLE))
            if is_there:
                return
        # Where it runs without cgroup v1 already, everybody has seen whether it does.
        if name == "centos" and is_own_guest(self) and has_cgroup1(self):
            self.unknown.append((self.file, ostype.value, guest_id(self.file.path)[0]))

    def look_into(self, folder):
        """Whether a container's files are in a *folder* below the root, and what is too old (str)
        there, or None."""
        def inside(function):
            return lambda path: function(folder + "/" + path)

        files = Facts(inside(self.facts.get), exists=inside(self.facts.exists),
                      listdir=inside(self.facts.listdir))
        is_there = bool(files.listdir(""))
        return is_there, too_old(files) if is_there else None

    def check_project(self, project):
        if not self.unknown:
            return
        file, value, _ = self.unknown[0]
        names = [number for _, _, number in self.unknown if number]
        self.report(value, "whether this is CentOS 7 or older, which does not run with cgroup v2 "
                    "alone, cannot be seen below the root%s: look at their /etc/os-release" % (
                        " (containers %s)" % ", ".join(names[:10] + ["..."] * (len(names) > 10))
                        if names else ""), severity="info", file=file)


def too_old(inside):
    """What is too old (str) in a container, whose files the :class:`~pvemigrate.facts.Facts` read;
    None where nothing is, or it is not known."""
    if inside.has_dpkg:
        version = inside.package("systemd")
        # Without the package that makes it the init, another one is.
        if version is None or inside.package("systemd-sysv") is None:
            return None
        number = re.match("[0-9]{1,6}", version.rpartition(":")[2])
        return _verdict(int(number.group()) if number else None)
    for folder in _LIBRARIES:
        for name in inside.listdir(folder):
            match = _LIBRARY.fullmatch(name)
            if match:
                return _verdict(int(match.group(1)))
    if not any(inside.exists(folder + "/systemd") for folder in _LIBRARIES[:2]):
        return None
    for path in ("usr/lib/os-release", "etc/os-release"):
        text = (inside.get(path) or b"").decode("utf-8", "replace")
        fields = dict(_OS_RELEASE.findall(text))
        if fields:
            known = _OLD_RELEASES.get(fields.get("ID"))
            if known and re.fullmatch(known, fields.get("VERSION_ID", "")):
                return "the systemd of %s" % (fields.get("PRETTY_NAME") or "%s %s" % (
                    fields["ID"], fields["VERSION_ID"]))
            return None
    return None


def _verdict(version):
    return "systemd %d" % version if version is not None and version < FIRST_ABLE else None
