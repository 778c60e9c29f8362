from ..formats.lxc import RawKey
from ..lazy import lazy
from ..rule import Rule
from ._lxc import is_own_guest, keeps_legacy, root_folders, sections_that_count

#: The hierarchies of cgroup v1 as they are mounted (systemd's names; several may stand together,
#: between commas).
_CONTROLLER = ("(?:blkio|cpu|cpuacct|cpuset|devices|freezer|hugetlb|memory|net_cls|net_prio|"
               "perf_event|pids|rdma|systemd|unified)")
_V1_PATH = lazy(b"/sys/fs/cgroup/(" + _CONTROLLER.encode() + b"(?:," + _CONTROLLER.encode()
                + b")*)(?![A-Za-z0-9_.,-])")
#: What a script asks that can do with either.
_KNOWS_V2 = (b"cgroup.controllers", b"cgroup2", b"cgroup.subtree_control")
_PATH = lazy("(?<![^ \t\"'=;|&<>()])/[^ \t\"';|&<>()]+")
_COMMENT = lazy(b"(?m)^[ \t]*#.*")
#: Where the kernel's files are, some of which change when they are read.
_NO_SCRIPTS = ("/dev/", "/proc/", "/sys/")


class HookUsesCgroup1(Rule):
    """
    ## What it finds

    `lxc.hook.` keys (`pre-start`, `mount`, `autodev`, `post-stop`, ...) that name a script below
    the root in which `/sys/fs/cgroup/devices` or another hierarchy of cgroup v1 occurs, or that
    name one themselves; in the live section, in snapshots and in pending changes. Comments do not
    count, nor scripts that look whether they have cgroup v2. The script of `lxc.hook.start` lies in
    the container, and is looked at where the container's files can be read. Scripts of containers
    of other nodes are on those.

    Not on a node that is configured to keep cgroup v1 (LXC011), unless the upgrade ends that.

    ## Why it matters

    From Proxmox VE 7 on a node runs with pure cgroup v2, where these directories are not there. The
    script does not give the container its device, or fails, and then the container does not start.

    ## Example

    ```
    lxc.hook.mount: /usr/local/bin/usb-passthrough.sh
    ```

    with `echo "c 189:* rwm" > /sys/fs/cgroup/devices/lxc/101/devices.allow` in the script.

    ## When the fix is safe

    There is none. What a script allows by way of `devices.allow` is a key of its own with v2:
    `lxc.cgroup2.devices.allow`.

    ## Guide

    Container HW Pass-Through & CGroupv2

    ## References

    lxc.container.conf(5), "Container hooks"
    """

    kinds = ("lxc",)
    needs = ("lxc.hook.",)
    severity = "warning"
    phase = "before"
    guide = "Container HW Pass-Through & CGroupv2"

    def visit_File(self, tree):
        if keeps_legacy(self):
            return
        for section in sections_that_count(tree):
            for line in section.body:
                if isinstance(line, RawKey) and line.key.startswith("lxc.hook."):
                    self.check_hook(section, line)

    def check_hook(self, section, line):
        """Report a hook whose script, or whose own words, name a hierarchy of cgroup v1."""
        found = _V1_PATH.search(line.value.encode("utf-8", "replace"))
        where = "this hook"
        if not found and is_own_guest(self):
            for path in _PATH.findall(line.value):
                found = self.facts.once(("hook", self.folder(line), path),
                                        lambda: self.first_use(line, path))
                if found:
                    where = path
                    break
        if found:
            self.report(line.value, "%s uses /sys/fs/cgroup/%s, which is not there with cgroup v2 "
                        "(%s)" % (where, found.group(1).decode(), section.label))

    def folder(self, line):
        """What the path of a hook's script begins at, below the root."""
        if line.key != "lxc.hook.start":
            return ""
        return next((folder for folder in root_folders(self) if self.facts.listdir(folder)), None)

    def first_use(self, line, path):
        """The first place (a match) in a script at *path* that names a hierarchy of v1, or None."""
        folder = self.folder(line)
        if folder is None or ".." in path.split("/") or path.startswith(_NO_SCRIPTS):
            return None
        data = self.facts.get((folder + path).lstrip("/")) or b""
        if b"\0" in data or any(mark in data for mark in _KNOWS_V2):
            return None
        return _V1_PATH.search(_COMMENT.sub(b"", data))
