from ..formats.lxc import Property, RawKey
from ..rule import Rule
from ._cgroup import NATIVE, V2
from ._lxc import keeps_legacy, sections_that_count


class LimitShadowsNativeKey(Rule):
    """
    ## What it finds

    A raw key of cgroup v2 in a section that sets the same with an option of Proxmox VE:
    `memory.max` beside `memory`, `memory.swap.max` beside `swap`, `cpu.max` beside `cpulimit`,
    `cpu.weight` beside `cpuunits`, `cpuset.cpus` beside `cores`.

    ## Why it matters

    Proxmox VE writes its own settings first and the raw keys behind them, and the last one counts:
    what the web interface shows is not what the container gets. A change there is made at once,
    and undone by the raw key with the container's next start.

    Raw keys of cgroup v1 are left to LXC001 and LXC002, which names the option beside them.

    ## Example

    ```
    memory: 2048
    lxc.cgroup2.memory.max: 1G
    ```

    ## When the fix is safe

    There is none: which of the two was meant only the administrator knows. Where both say the same,
    the raw key can go.

    ## Guide

    Old Container and CGroupv2

    ## References

    PVE::LXC, update_lxc_config (pve-container 4.0 and later)
    """

    kinds = ("lxc",)
    needs = tuple(V2 + name for name in NATIVE)
    severity = "info"
    phase = "after-node"
    in_hop = {"7to8": {"phase": "before"}, "8to9": {"phase": "before"}}
    guide = "Old Container and CGroupv2"

    def visit_File(self, tree):
        if keeps_legacy(self):
            return  # LXC ignores these keys where cgroup v1 stays.
        for section in sections_that_count(tree):
            self.check_section(section)

    def check_section(self, section):
        """Report the raw keys of one section that override an option."""
        options, raw = {}, {}
        for line in section.body:
            if isinstance(line, Property):
                options[str(line.key)] = line
            elif isinstance(line, RawKey) and line.key.startswith(V2):
                raw[line.key[len(V2):]] = line
        for name, option in NATIVE.items():
            if name in raw and option in options:
                self.report(raw[name].key, "%s overrides the option %s (line %d) with each start "
                            "(%s)" % (raw[name].key, option,
                                      self.tree.position(options[option]).line, section.label))
