from ..formats.lxc import RawKey
from ..rule import Rule
from ._cgroup import UNDECIDED, V1, advice, conversions, fix_of, is_converted, names_in
from ._lxc import report_cgroup, sections_that_count


class Cgroup1Limit(Rule):
    """
    ## What it finds

    `lxc.cgroup.` keys that set a limit or a share: `memory.limit_in_bytes`,
    `memory.memsw.limit_in_bytes`, `memory.soft_limit_in_bytes`, `cpu.shares`, `cpu.cfs_quota_us`,
    `cpu.cfs_period_us`, `blkio.throttle.*_device` and `hugetlb.*.limit_in_bytes`; in the live
    section, in snapshots and in pending changes.

    ## Why it matters

    From Proxmox VE 7 on a node runs with pure cgroup v2, where LXC ignores `lxc.cgroup.` keys
    without a word: the limit is none any more. To change the prefix alone makes it worse, since
    v2's files have other names, and a container with a key for a file that is not there does
    not start (LXC004).

    ## Example

    ```
    memory: 2048
    lxc.cgroup.memory.limit_in_bytes: 1G
    lxc.cgroup.memory.memsw.limit_in_bytes: 1536M
    lxc.cgroup.cpu.shares: 512
    lxc.cgroup.cpu.cfs_quota_us: 50000
    lxc.cgroup.cpu.cfs_period_us: 100000
    lxc.cgroup.blkio.throttle.read_bps_device: 8:0 1048576
    lxc.cgroup.blkio.throttle.write_iops_device: 8:0 200
    ```

    becomes

    ```
    memory: 2048
    lxc.cgroup2.memory.max: 1G
    lxc.cgroup2.memory.swap.max: 512M
    lxc.cgroup2.cpu.weight: 50
    lxc.cgroup2.cpu.max: 50000 100000
    lxc.cgroup2.io.max: 8:0 rbps=1048576 wiops=200
    ```

    ## When the fix is safe

    It is unsafe, though exact but for `cpu.weight`: a limit that was ignored bites again, and it
    overrides Proxmox VE's own option, such as `memory` here. (Where that does the same, remove the
    raw key.) Right once the node runs 7.x, so in the later upgrades at any time.

    * `memory.max` takes the value as it is; -1 becomes `max`.
    * `memory.swap.max` is `memory.memsw.limit_in_bytes` without `memory.limit_in_bytes`.
    * `cpu.weight` follows from `cpu.shares` by the formula of `--cpu-formula`: `ratio` (1024 shares
      are a weight of 100, as Proxmox VE has it for containers), `quadratic` (runc and crun now) or
      `linear` (runc and crun before).
    * `cpu.max` is quota and period, 100000 where no period is set; a negative quota becomes `max`.
    * `io.max` has one line for each device; 0 becomes `max`.

    Of several lines with one key the last counts. The first line of those that become one changes,
    in place, and the others go. Where the section has the v2 key with that value already, all of
    them go. The two limits of memory are changed together. Somebody has to decide

    * where the section has the v2 key with another value, or v1's name with v2's prefix (LXC004);
    * where the kernel takes no such value, `memsw` is below the limit or has none beside it, there
      is a period without quota, or an empty value, which takes back what stands above it and what
      Proxmox VE sets itself;
    * what `memory.soft_limit_in_bytes` was meant for: memory that the container keeps
      (`memory.low`), or a limit that slows it down (`memory.high`);
    * about `hugetlb` (the file's name has capital letters, which Proxmox VE refuses in raw keys);
    * below a line that was meant to be a section header and is none (LXC008).

    Where the node is configured to keep cgroup v1 (LXC011), nothing is changed, and the finding
    is but information; before Proxmox VE 9, which ends that, it is right as LXC001 is. What v2
    has nothing for is LXC003's, the weights of `blkio` too.

    ## Guide

    Old Container and CGroupv2

    ## References

    Linux kernel documentation, admin-guide/cgroup-v2.rst; crun.1, "CGROUP v2"; PVE::LXC,
    update_lxc_config; liblxc, cgroups/cgfsng.c
    """

    kinds = ("lxc",)
    needs = ("lxc.cgroup.",)
    severity = "warning"
    phase = "after-node"
    in_hop = {"7to8": {"phase": "before"}, "8to9": {"phase": "before"}}
    guide = "Old Container and CGroupv2"
    checker = ("check_description_lengths",)

    def may_find(self, file):
        return any(map(is_converted, names_in(file.data, V1)))

    def visit_File(self, tree):
        for section in sections_that_count(tree):
            self.check_section(section)

    def check_section(self, section):
        """Report the limits of one section."""
        formula = self.project.settings.cpu_formula
        for made in conversions(self.tree, section, V1, formula):
            first, message = made.lines[0], [self.ignored(made.lines, section)]
            message += filter(None, [made.note, made.problem])
            if made.native:
                message.append("without it the option %s (line %d) counts%s" % (
                    made.native.key, self.line(made.native),
                    "" if made.problem else ", which the new key overrides"))
            report_cgroup(self, first.key, "; ".join(message), fix_of(made))
        for line in section.body:
            if isinstance(line, RawKey) and line.key.startswith(V1):
                instead = advice(line.key[len(V1):], UNDECIDED)
                if instead:
                    message = "%s; %s" % (self.ignored([line], section), instead)
                    report_cgroup(self, line.key, message)

    def line(self, node):
        """The line number of *node*."""
        return self.tree.position(node).line

    def ignored(self, lines, section):
        """What is wrong with *lines* of *section*."""
        message = "%s is ignored with cgroup v2 (%s)" % (lines[0].key, section.label)
        if len(lines) == 1:
            return message
        others = [str(self.line(line)) for line in lines[1:6]] + ["..."] * (len(lines) > 6)
        return "%s, as %s %s" % (message, "is line" if len(lines) == 2 else "are lines",
                                 ", ".join(others))
