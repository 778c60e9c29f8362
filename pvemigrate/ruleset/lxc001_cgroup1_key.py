from ..edit import Fix, remove, replace
from ..formats.lxc import RawKey
from ..lazy import lazy
from ..rule import Rule
from ._cgroup import SAME_IN_V2, V1, V2, unquoted
from ._lxc import UNIFIED, below_broken_header, has_cgroup1, report_cgroup, sections_that_count

#: A longer list than this is changed line by line: each line's fix holds the changes of all.
_LONGEST_LIST = 100

_RULE = lazy("[abc][ \t](?:[*]|[0-9]+):(?:[*]|[0-9]+)[ \t](?:[rwm]{3}|[rwm]{1,2}$)")


class Cgroup1Key(Rule):
    """
    ## What it finds

    `lxc.cgroup.devices.allow`, `devices.deny`, `cpuset.cpus`, `cpuset.mems` and `pids.max` in a
    container's configuration: in the live section, in snapshots and in pending changes.

    ## Why it matters

    From Proxmox VE 7 on a node runs with pure cgroup v2, where LXC ignores `lxc.cgroup.` keys without
    a word. A container that needs a passed-through device starts without it; a limit is no limit any
    more. Keys in a snapshot come back with its rollback.

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
    a section's lines keep their order; the `devices` lines of a section are changed together or not
    at all. Right once the node runs 7.x, so in the later upgrades at any time; of the containers of
    another node this one does not know what it keeps, so they wait for their own.

    Before the later upgrades the keys have not counted for a whole release. Only the `devices.allow`
    lines of a section without `devices.deny` are changed unasked then; a limit that comes back after
    years, or a device that is denied again, is unsafe.

    Where the node is configured to keep cgroup v1 (LXC011), the keys still count, and renamed they
    would not: nothing is changed then, and the finding is but information. Proxmox VE 9 ends that:
    the keys are changed right before its upgrade, and until the node boots into it a container that
    is started does without them.

    Where the section has the same v2 key with the same value already (and no later line clears
    it), the old line goes; that changes nothing, because v2 never looked at it. Somebody has to
    decide, and nothing is renamed,

    * where the v2 key is there with other values only, be it a limit or a device: that is what v2
      has worked with, and whether such a list is complete the file does not tell;
    * where a renamed `devices` line would end up on the wrong side of a v2 line of the other kind:
      an `allow` above a v2 `deny`, a `deny` below a v2 `allow`;
    * where the value of a `devices` line is one that LXC refuses with v2, so that the container
      would not start (`all`), or takes otherwise (`deny` with `a *:* rwm`: only `a` alone stands
      for all devices);
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
    needs = tuple(V1 + name for name in SAME_IN_V2)
    severity = "error"
    phase = "after-node"
    in_hop = {"7to8": {"phase": "before", "severity": "warning"},
              "8to9": {"phase": "before", "severity": "warning"}}
    guide = "Container HW Pass-Through & CGroupv2"
    checker = ("check_description_lengths",)

    def visit_File(self, tree):
        for section in sections_that_count(tree):
            self.check_section(section)

    def check_section(self, section):
        """Report the v1 keys of one section."""
        lines = [line for line in section.body if isinstance(line, RawKey)]
        doubtful = below_broken_header(section)
        there = counterparts(lines, doubtful)
        verdicts = []
        for at, line in enumerate(lines):
            name = line.key[len(V1):]
            if line.key.startswith(V1) and name in SAME_IN_V2:
                header = doubtful.get(id(line))
                verdicts.append((line, name, *self.judge(line, at, name, header, there)))
        # What was meant for another section does not hold up this one's list.
        undecided = any(name.startswith("devices.") and action is None and id(line) not in doubtful
                        for line, name, action, _ in verdicts)
        together = () if undecided else self.changes_of_list(verdicts)
        # In the upgrade that brings cgroup v2 they count up to it, also where it is done.
        counts = self.hop.release < UNIFIED or has_cgroup1(self)
        adds_alone = all(name == "devices.allow" and unquoted(line.value)
                         for line, name, action, _ in verdicts
                         if name.startswith("devices.") and action == "rename")
        for line, name, action, why in verdicts:
            message = "%s is ignored with cgroup v2 (%s)" % (line.key, section.label)
            new, fix = V2 + name, None
            changes = together if name.startswith("devices.") and together else [
                change(line, name, action)]
            if action == "remove":
                # Of a list, the other lines are changed with it.
                is_safe = len(changes) == 1 or counts or adds_alone
                make = Fix.safe if is_safe else Fix.unsafe
                fix = make("remove the line: %s has the same value already" % new, *changes)
            elif action == "rename" and undecided and name.startswith("devices."):
                why = "rename it to %s together with the other devices lines of the section" % new
            elif action == "rename":
                is_safe = counts or name.startswith("devices.") and adds_alone
                make = Fix.safe if is_safe else Fix.unsafe
                fix = make("rename the key to %s" % new, *changes)
            report_cgroup(self, line.key, "%s; %s" % (message, why) if why else message, fix)

    def changes_of_list(self, verdicts):
        """The changes of all devices lines of a section, which are one list and one fix; empty
        where they are too many."""
        changes = [change(line, name, action) for line, name, action, _ in verdicts
                   if name.startswith("devices.") and action is not None]
        return changes if len(changes) <= _LONGEST_LIST else ()

    def judge(self, line, at, name, header, there):
        """What to do about a v1 line: (``rename``, ``remove`` or None, why not). *at*: its number
        among the section's raw keys; *name*: its key without prefix; *header*: the broken header
        above it, if any; *there*: the section's :func:`counterparts`."""
        new = V2 + name
        same = there.get(new)
        header = header or same and same.header
        if header:
            return None, ("line %d is no section header: repair it first, then the key"
                          % self.tree.position(header).line)
        if same:
            if str(line.value) in same.values:
                return "remove", None
            return None, "%s is there too, with another value: keep what is right" % new
        if name.startswith("devices.") and not is_rule(str(line.value), name):
            return None, ("with cgroup v2, LXC wants a value like c 10:200 rwm, or a for all "
                          "devices: correct it and rename the key to %s" % new)
        # Denies first, then what is allowed all the same: only in this order do lines that were
        # written for v1 and for v2 say together what each of them says alone.
        if name == "devices.allow":
            other = there.get(V2 + "devices.deny")
            side = "below" if other and other.last > at else None
        elif name == "devices.deny":
            other = there.get(V2 + "devices.allow")
            side = "above" if other and other.first < at else None
        else:
            side = None
        if side:
            return None, "%s stands %s it: put the list in order and rename it" % (other.key, side)
        return "rename", None


def change(line, name, action):
    """The change of a v1 *line* that *action* stands for."""
    return remove(line) if action == "remove" else replace(line.key, V2 + name)


class Counterpart:
    """The v2 lines of one ``key`` in a section: the numbers of the ``first`` and the ``last`` among
    the section's raw keys, the ``values`` that they leave in effect (set of str), and the first
    broken ``header`` above one of them, or None."""

    def __init__(self, key, first):
        self.key = key
        self.first = self.last = first
        self.values = set()
        self.header = None

    def add(self, at, value):
        """Take in the next line. An empty value clears a device list and counts itself; of a limit
        the last line counts."""
        self.last = at
        if not value or not self.key.startswith(V2 + "devices."):
            self.values.clear()
        self.values.add(value)


def counterparts(lines, doubtful):
    """The v2 keys among *lines*: dict of key -> :class:`Counterpart`. *doubtful*: as
    :func:`below_broken_header` gives it."""
    found = {}
    for at, line in enumerate(lines):
        key = str(line.key)
        if key.startswith(V2):
            same = found.setdefault(key, Counterpart(key, at))
            same.add(at, str(line.value))
            same.header = same.header or doubtful.get(id(line))
    return found


def is_rule(value, name):
    """Whether LXC takes the *value* of *name* (devices.allow or devices.deny) for the same rule
    with cgroup v2 as the kernel does with v1 (liblxc, device_cgroup_rule_parse; an empty one clears
    the list).

    With v1 anything that begins with an ``a`` means all devices. With v2 that takes an ``a`` alone:
    ``a *:* rwm`` is a rule among others, and where all devices are denied to begin with, as they
    are in all containers, LXC leaves out what denies more.
    """
    value = unquoted(value)
    if value in ("", "a"):
        return True
    return bool(_RULE.match(value)) and (name == "devices.allow" or value[0] != "a")
