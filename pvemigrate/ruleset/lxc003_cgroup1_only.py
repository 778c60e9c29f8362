from ..formats.lxc import RawKey
from ..rule import Rule
from ._cgroup import V1, left_behind, names_in
from ._lxc import report_cgroup, sections_that_count


class Cgroup1Only(Rule):
    """
    ## What it finds

    `lxc.cgroup.` keys for files that cgroup v2 does not have: `cpuset.cpu_exclusive`,
    `cpuset.sched_*` and their like, `memory.swappiness`, `memory.oom_control`, `memory.kmem.*`,
    `cpu.rt_*`, `cpuacct.*`, `blkio.*` without `blkio.throttle.*`, `freezer.*`, `net_cls.*`,
    `net_prio.*`, `perf_event.*`; in the live section, in snapshots and in pending changes. And
    whatever else begins with `lxc.cgroup.`: names that neither version is known to have, and files
    of v2 (`memory.max`) behind the prefix of v1.

    Not `lxc.cgroup.dir*` and `lxc.cgroup.relative`, which are no controllers. Nor what v2 can say
    in other words (`memory.limit_in_bytes`, `cpu.shares`, `blkio.throttle.*`, ...): that is for
    LXC002, `memory.soft_limit_in_bytes` included, which has two counterparts (`memory.low` and
    `memory.high`) and not none.

    ## Why it matters

    From Proxmox VE 7 on a node runs with pure cgroup v2, where LXC ignores `lxc.cgroup.` keys without
    a word. With the prefix of v2 in its place the container would not start: the file is not there.

    ## Example

    ```
    lxc.cgroup.memory.swappiness: 10
    ```

    ## When the fix is safe

    There is none: the message says what comes nearest in v2. A file of v2 behind the prefix of v1
    may never have counted, so whether it should is for the administrator to say. Where the node is
    configured to keep cgroup v1 (LXC011), the keys of its containers still count, and the finding
    is but information until the upgrade to Proxmox VE 9, which ends that.

    ## Guide

    Old Container and CGroupv2

    ## References

    Linux kernel documentation, admin-guide/cgroup-v2.rst and admin-guide/cgroup-v1/
    """

    kinds = ("lxc",)
    needs = ("lxc.cgroup.",)
    severity = "warning"
    phase = "after-node"
    in_hop = {"7to8": {"phase": "before"}, "8to9": {"phase": "before"}}
    guide = "Old Container and CGroupv2"
    checker = ("check_description_lengths",)

    def may_find(self, file):
        return any(map(left_behind, names_in(file.data, V1)))

    def visit_File(self, tree):
        for section in sections_that_count(tree):
            for line in section.body:
                if isinstance(line, RawKey) and line.key.startswith(V1):
                    found = left_behind(line.key[len(V1):])
                    if found:
                        report_cgroup(self, line.key, "%s is ignored with cgroup v2, %s (%s): %s"
                                      % (line.key, found[0], section.label, found[1]))
