from ..formats.lxc import RawKey
from ..rule import Rule
from ._lxc import effective_sections

PREFIX = "lxc.cgroup."

_V2 = "kernel, admin-guide/cgroup-v2.rst"
_V1 = "kernel, admin-guide/cgroup-v1/"

#: Files of the v1 hierarchies that v2 does not have: name (a final * stands for any rest), what to
#: do instead, where that is written. The first row that fits counts.
CGROUP1_ONLY = (
    ("cpuset.cpu_exclusive", "use lxc.cgroup2.cpuset.cpus.partition: root, where the group above "
     "allows it", _V2 + ", cpuset.cpus.partition"),
    ("cpuset.mem_exclusive", "remove it; keep other guests off these nodes with their cpuset.mems",
     _V1 + "cpusets.rst"),
    ("cpuset.mem_hardwall", "remove it; keep other guests off these nodes with their cpuset.mems",
     _V1 + "cpusets.rst"),
    ("cpuset.memory_migrate", "remove it; v2 always moves memory when cpuset.mems changes",
     _V2 + ", cpuset.mems"),
    ("cpuset.memory_pressure*", "remove it; memory.pressure of the container's group tells it",
     _V2 + ", memory.pressure"),
    ("cpuset.memory_spread_*", "remove it; set the memory policy inside the container",
     _V1 + "cpusets.rst"),
    ("cpuset.sched_*", "remove it; cpuset.cpus.partition or isolcpus sets processors apart",
     _V2 + ", cpuset.cpus.partition"),
    ("cpuset.effective_*", "remove it; the file can only be read", _V1 + "cpusets.rst"),
    ("memory.swappiness", "remove it; vm.swappiness of the host counts, and the option swap limits",
     _V1 + "memory.rst, swappiness"),
    ("memory.oom_control", "remove it; with lxc.cgroup2.memory.oom.group: 1 the container is "
     "killed as a whole", _V2 + ", memory.oom.group"),
    ("memory.kmem.*", "remove it; kernel memory counts in the option memory",
     _V2 + ", memory ownership and memory.stat"),
    ("memory.move_charge_at_immigrate", "remove it; v2 never moves charges",
     _V2 + ", Memory Ownership"),
    ("memory.use_hierarchy", "remove it; v2 is always hierarchical", _V1 + "memory.rst, hierarchy"),
    ("cpu.rt_*", "remove it; v2 cannot share out realtime processor time", _V2 + ", CPU"),
    ("cpuacct.*", "remove it; cpu.stat of the container's group has the figures",
     _V2 + ", cpu.stat"),
    ("blkio.throttle.*", None, _V2 + ", io.max: a counterpart"),
    ("blkio.weight", "use lxc.cgroup2.io.bfq.weight where the disk's scheduler is bfq, else "
     "lxc.cgroup2.io.weight, on another scale", _V2 + ", io.weight; block/bfq-iosched.rst"),
    ("blkio.weight_device", "use lxc.cgroup2.io.weight: MAJOR:MINOR WEIGHT, on another scale",
     _V2 + ", io.weight"),
    ("blkio.*", "remove it; v2 has weights (io.weight) and limits (io.max) only", _V2 + ", IO"),
    ("freezer.*", "remove it; lxc-freeze freezes a running container", _V2 + ", cgroup.freeze"),
    ("net_cls.*", "remove it; iptables can match the container's group (-m cgroup --path)",
     "iptables-extensions(8), cgroup"),
    ("net_prio.*", "remove it; iptables can set priorities by group (-m cgroup --path, "
     "-j CLASSIFY)",
     "iptables-extensions(8), cgroup and CLASSIFY"),
    ("perf_event.*", "remove it; perf can always choose by group in v2", _V2 + ", perf_event"),
)


class Cgroup1Only(Rule):
    """
    ## What it finds

    `lxc.cgroup.` keys for files that cgroup v2 does not have: `cpuset.cpu_exclusive`,
    `cpuset.sched_*` and their like, `memory.swappiness`, `memory.oom_control`, `memory.kmem.*`,
    `cpu.rt_*`, `cpuacct.*`, `blkio.*` without `blkio.throttle.*`, `freezer.*`, `net_cls.*`,
    `net_prio.*`, `perf_event.*`; in the live section, in snapshots and in pending changes.

    Not `lxc.cgroup.dir*` and `lxc.cgroup.relative`, which are no controllers. Nor what v2 can say
    in other words (`memory.limit_in_bytes`, `cpu.shares`, `blkio.throttle.*`, ...): that is for
    LXC002, `memory.soft_limit_in_bytes` included, which has two counterparts (`memory.low` and
    `memory.high`) and not none.

    ## Why it matters

    Proxmox VE 7 runs with pure cgroup v2, where LXC ignores `lxc.cgroup.` keys without a word. With
    the prefix of v2 in its place the container would not start: the file is not there.

    ## Example

    ```
    lxc.cgroup.memory.swappiness: 10
    ```

    ## When the fix is safe

    There is none: the message says what comes nearest in v2.

    ## Guide

    Old Container and CGroupv2

    ## References

    Linux kernel documentation, admin-guide/cgroup-v2.rst and admin-guide/cgroup-v1/
    """

    kinds = ("lxc",)
    severity = "warning"
    phase = "after-node"
    guide = "Old Container and CGroupv2"
    checker = ("check_description_lengths",)

    def visit_File(self, tree):
        for section, replacement in effective_sections(tree):
            for line in section.body if replacement is None else ():
                if isinstance(line, RawKey) and line.key.startswith(PREFIX):
                    instead = advice(line.key[len(PREFIX):])
                    if instead:
                        self.report(line.key, "%s is ignored with cgroup v2, which has nothing "
                                    "quite like it (%s): %s" % (line.key, section.label, instead))


def advice(name):
    """What to do instead of v1's file *name*; None where v2 has a counterpart or none is known."""
    for pattern, instead, _ in CGROUP1_ONLY:
        if name == pattern or pattern.endswith("*") and name.startswith(pattern[:-1]):
            return instead
    return None
