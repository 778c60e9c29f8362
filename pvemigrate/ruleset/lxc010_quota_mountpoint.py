from ..lazy import lazy
from ..rule import Rule
from ._guest import container_values
from ._lxc import keeps_legacy, parts, sections_that_count

_MOUNT_POINT = lazy("rootfs|mp(?:0|[1-9][0-9]*)")
#: What PVE takes for yes in a property string (PVE::JSONSchema, parse_boolean).
_YES = frozenset(["1", "on", "yes", "true"])


class QuotaMountpoint(Rule):
    """
    ## What it finds

    `quota=1` in `rootfs` or a mount point (`mp0`, `mp1`, ...), in the live section, in snapshots
    and in pending changes; not on a node that is configured to keep cgroup v1 (LXC011), unless the
    upgrade ends that.

    ## Why it matters

    Disk quotas inside a container need the devices of cgroup v1. With pure cgroup v2, which
    nodes run with from Proxmox VE 7 on, they do not work.

    ## Example

    ```
    rootfs: local-lvm:vm-101-disk-0,quota=1,size=8G
    ```

    ## When the fix is safe

    There is none. Without quotas the mount point works on; with them the node has to keep
    cgroup v1 (`systemd.unified_cgroup_hierarchy=0`), which is a stopgap that Proxmox VE 9 does
    not have, or the container becomes a virtual machine.

    ## Guide

    Old Container and CGroupv2

    ## References

    Proxmox Container Toolkit, "Using Quotas Inside Containers"
    """

    kinds = ("lxc",)
    needs = ("quota",)
    severity = "warning"
    phase = "before"
    guide = "Old Container and CGroupv2"

    def visit_File(self, tree):
        if keeps_legacy(self):
            return
        for section in sections_that_count(tree):
            for key, line in container_values(section).items():
                if _MOUNT_POINT.fullmatch(key):
                    self.check_mount_point(section, line)

    def check_mount_point(self, section, line):
        """Report the quota of one mount point. Of a value that PVE cannot read nothing is said."""
        found, keys = None, []
        for part in parts(line.value):
            key, equals, value = part.partition("=")
            if not part.strip(" \t\r\f\v"):
                continue
            keys.append(key if equals else "volume")
            if key == "quota" and value.lower() in _YES:
                found = part
        if found is not None and len(keys) == len(set(keys)):
            self.report(found, "quotas of %s do not work with cgroup v2 (%s)"
                        % (line.key, section.label))
