from ..edit import Fix, remove, replace
from ..formats.lxc import RawKey
from ..rule import Rule
from ._lxc import below_broken_header, effective_sections

#: Files of the v1 hierarchies that cgroup v2 has under the same name with the same syntax (kernel,
#: admin-guide/cgroup-v2.rst; devices.* is done by LXC itself with eBPF).
SAME_IN_V2 = ("devices.allow", "devices.deny", "cpuset.cpus", "cpuset.mems", "pids.max")
V1, V2 = "lxc.cgroup.", "lxc.cgroup2."


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

    These five keys have the same name and syntax in v2, so only the key's prefix changes, in place:
    `devices` lines are one ordered list in which an empty value clears what came before, and all of
    a section's lines keep their order. Right once the node runs 7.x.

    Where the section has the same v2 key with the same value already (and no later line clears
    it), the old line goes; that changes nothing, because v2 never looked at it. Somebody has to
    decide, and nothing is renamed,

    * where the v2 key is there with other values only, be it a limit or a device: that is what v2
      has worked with, and whether such a list is complete the file does not tell;
    * where a renamed `devices` line would end up on the wrong side of a v2 line of the other kind:
      an `allow` above a v2 `deny`, a `deny` below a v2 `allow`;
    * for all `devices` lines of a section of which one has to be decided: half of a list would
      deny, or allow, more than the whole;
    * below a line that was meant to be a section header and is none (LXC008): it is doubtful to
      which section these keys belong.

    A section that a later header of the same name replaces is not looked at: PVE drops it (LXC008).

    ## Guide

    Container HW Pass-Through & CGroupv2

    ## References

    lxc.container.conf(5), section "Control groups"; liblxc, confile.c
    """

    kinds = ("lxc",)
    severity = "error"
    phase = "after-node"
    guide = "Container HW Pass-Through & CGroupv2"

    def visit_File(self, tree):
        for section, replacement in effective_sections(tree):
            if replacement is None:
                self.check_section(section)

    def check_section(self, section):
        """Report the v1 keys of one section."""
        lines = [line for line in section.body if isinstance(line, RawKey)]
        doubtful = below_broken_header(section)
        verdicts = []
        for at, line in enumerate(lines):
            name = line.key[len(V1):]
            if line.key.startswith(V1) and name in SAME_IN_V2:
                verdicts.append((line, name, *self.judge(lines, at, name, doubtful)))
        # What was meant for another section does not hold up this one's list.
        undecided = any(name.startswith("devices.") and action is None and id(line) not in doubtful
                        for line, name, action, _ in verdicts)
        for line, name, action, why in verdicts:
            message = "%s is ignored with cgroup v2 (%s)" % (line.key, section.label)
            new, fix = V2 + name, None
            if action == "remove":
                fix = Fix.safe("remove the line: %s has the same value already" % new, remove(line))
            elif action == "rename" and undecided and name.startswith("devices."):
                why = "rename it to %s together with the other devices lines of the section" % new
            elif action == "rename":
                fix = Fix.safe("rename the key to %s" % new, replace(line.key, new))
            self.report(line.key, "%s; %s" % (message, why) if why else message, fix)

    def judge(self, lines, at, name, doubtful):
        """What to do about the v1 line number *at*: (``rename``, ``remove`` or None, why not)."""
        line, new = lines[at], V2 + name
        there = [other for other in lines if other.key == new]
        if id(line) in doubtful or any(id(other) in doubtful for other in there):
            header = doubtful.get(id(line)) or next(
                doubtful[id(other)] for other in there if id(other) in doubtful)
            return None, ("line %d is no section header: repair it first, then the key"
                          % self.tree.position(header).line)
        if there:
            if str(line.value) in in_effect(there, name):
                return "remove", None
            return None, "%s is there too, with another value: keep what is right" % new
        kind, _, action = name.partition(".")
        if kind == "devices":
            # Denies first, then what is allowed all the same: only in this order do lines that were
            # written for v1 and for v2 say together what each of them says alone.
            other, others = (("deny", lines[at + 1:]) if action == "allow" else
                             ("allow", lines[:at]))
            other = V2 + "devices." + other
            if any(line.key == other for line in others):
                return None, "%s stands %s it: put the list in order and rename it" % (
                    other, "below" if action == "allow" else "above")
        return "rename", None


def in_effect(lines, name):
    """The values that the v2 *lines* of one key leave in effect (list of str): of a device list all
    behind the last empty one, which clears the list; of a limit the last."""
    values = [str(line.value) for line in lines]
    if not name.startswith("devices."):
        return values[-1:]
    last = max((at for at, value in enumerate(values) if not value), default=0)
    return values[last:]
