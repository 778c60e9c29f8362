from ..edit import Fix, remove, replace
from ..formats.lxc import RawKey
from ..rule import Rule

#: Files of the v1 hierarchies that cgroup v2 has under the same name with the same syntax (kernel,
#: admin-guide/cgroup-v2.rst; devices.* is done by LXC itself with eBPF).
SAME_IN_V2 = ("devices.allow", "devices.deny", "cpuset.cpus", "cpuset.mems", "pids.max")
PREFIX = "lxc.cgroup."


class Cgroup1Key(Rule):
    """
    ## What it finds

    `lxc.cgroup.devices.allow`, `devices.deny`, `cpuset.cpus`, `cpuset.mems` and `pids.max` in a
    container's configuration: in the live section, in snapshots and in pending changes.

    ## Why it matters

    Proxmox VE 7 runs with pure cgroup v2, where LXC ignores `lxc.cgroup.` keys without a word. A
    container that needs a passed-through device starts without it; a limit is no limit any more.
    Keys in a snapshot come back with its rollback.

    ## Example

    ```
    lxc.cgroup.devices.allow: c 10:200 rwm
    ```

    becomes

    ```
    lxc.cgroup2.devices.allow: c 10:200 rwm
    ```

    ## When the fix is safe

    These five keys have the same name and syntax in v2, so only the key's prefix changes. Where the
    section has the same v2 key with the same value already, the old line goes; with another value,
    somebody has to say which one is meant. Right once the node runs 7.x.

    ## Guide

    Container HW Pass-Through & CGroupv2

    ## References

    lxc.container.conf(5), section "Control groups"
    """

    kinds = ("lxc",)
    severity = "error"
    phase = "after-node"
    guide = "Container HW Pass-Through & CGroupv2"

    def visit_Live(self, section):
        self.check_section(section)

    def visit_Section(self, section):
        self.check_section(section)

    def check_section(self, section):
        """Report the v1 keys of one section."""
        keys = section.lines(RawKey)
        for line in keys:
            name = line.key[len(PREFIX):]
            if not line.key.startswith(PREFIX) or name not in SAME_IN_V2:
                continue
            new = "lxc.cgroup2." + name
            there = [other for other in keys if other.key == new]
            message = "%s is ignored with cgroup v2 (%s)" % (line.key, section.label)
            # Lists (devices.*) may hold several entries under one key; a value key may not.
            if any(other.value == line.value for other in there):
                fix = Fix.safe("remove the line: %s has the same value already" % new, remove(line))
            elif there and not name.startswith("devices."):
                message += "; %s is there too, with another value: keep the right one" % new
                fix = None
            else:
                fix = Fix.safe("rename the key to %s" % new, replace(line.key, new))
            self.report(line.key, message, fix)
