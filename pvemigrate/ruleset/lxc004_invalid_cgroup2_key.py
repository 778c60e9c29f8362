from ..formats.lxc import RawKey
from ..rule import Rule
from ._cgroup import (CGROUP1_ONLY, UNDECIDED, V2, advice, conversions, fix_of, is_converted, names_in,
                      unquoted)
from ._lxc import report_cgroup, sections_that_count


class InvalidCgroup2Key(Rule):
    """
    ## What it finds

    `lxc.cgroup2.` keys with the name of a file that only cgroup v1 has: `memory.limit_in_bytes`,
    `cpu.shares`, `blkio.weight`, `freezer.state` and so on; in the live section, in snapshots and
    in pending changes.

    ## Why it matters

    That is what comes out where `lxc.cgroup.` is replaced by `lxc.cgroup2.` everywhere. LXC writes
    such a value to a file that is not there, and gives up: the container does not start. (With cgroup
    v1, as under Proxmox VE 6, it ignores the key.)

    ## Example

    ```
    lxc.cgroup2.memory.limit_in_bytes: 1G
    lxc.cgroup2.cpu.shares: 512
    ```

    becomes

    ```
    lxc.cgroup2.memory.max: 1G
    lxc.cgroup2.cpu.weight: 50
    ```

    ## When the fix is safe

    It is unsafe, since a limit that did not count bites again. Names and values are converted as
    LXC002 does, with the same exceptions, which somebody has to decide; in all of them the key has
    to go before the container can start. What cgroup v2 has nothing for is left to the
    administrator too; the message says what comes nearest. Where the node is configured to keep
    cgroup v1 (LXC011), LXC ignores the key still, and the finding is but information; not so before
    Proxmox VE 9, which ends that.

    Names that neither v1 nor v2 is known to have are not reported, nor is a line that a later one
    with the same key and an empty value takes back.

    ## Guide

    Old Container and CGroupv2

    ## References

    liblxc, cgroups/cgfsng.c (cgfsng_setup_limits); Linux kernel documentation,
    admin-guide/cgroup-v2.rst
    """

    kinds = ("lxc",)
    needs = ("lxc.cgroup2.",)
    severity = "error"
    phase = "after-node"
    in_hop = {"7to8": {"phase": "before"}, "8to9": {"phase": "before"}}
    guide = "Old Container and CGroupv2"

    def may_find(self, file):
        return any(is_converted(name) or advice(name) for name in names_in(file.data, V2))

    def visit_File(self, tree):
        for section in sections_that_count(tree):
            self.check_section(section)

    def check_section(self, section):
        """Report the keys of one section that keep the container from starting."""
        # The last line with an empty value for each key: what stands above it counts no more.
        cleared = {str(line.key): at for at, line in enumerate(section.body)
                   if isinstance(line, RawKey) and not unquoted(line.value)}
        counting = {id(line) for at, line in enumerate(section.body)
                    if isinstance(line, RawKey) and at > cleared.get(str(line.key), -1)}
        for made in conversions(self.tree, section, V2, self.project.settings.cpu_formula):
            wrong = [line for line in made.lines if id(line) in counting]
            if wrong:
                why = "; ".join(filter(None, [made.note, made.problem]))
                self.say(section, wrong[0], why, fix_of(made))
        for line in section.body:
            if id(line) in counting and line.key.startswith(V2):
                name = line.key[len(V2):]
                instead = advice(name, CGROUP1_ONLY) or advice(name, UNDECIDED)
                if instead:
                    self.say(section, line, instead)

    def say(self, section, line, why=None, fix=None):
        """Report a *line* of *section*; *why*: what else there is to say."""
        message = "cgroup v2 has no %s: with this key the container does not start (%s)" % (
            line.key[len(V2):], section.label)
        report_cgroup(self, line.key, "%s; %s" % (message, why) if why else message, fix,
                      is_v1=False)
