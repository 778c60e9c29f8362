"""What cgroup v2 has in the place of the files of cgroup v1, and with which values.

Three tables, and each row names its source: files that have the same name and syntax in v2
(``SAME_IN_V2``), files whose values can be converted (``ROWS``), files for which v2 has nothing, or
nothing that is certain (``CGROUP1_ONLY``, ``UNDECIDED``).
"""

import math
import re

from ..edit import Fix, remove, replace
from ..formats.lxc import Property, RawKey
from ..lazy import lazy
from ._lxc import below_broken_header

__all__ = ["CGROUP1_ONLY", "NATIVE", "ROWS", "SAME_IN_V2", "UNDECIDED", "V1", "V2", "Conversion",
           "advice", "conversions", "fix_of", "is_converted", "left_behind", "names_in", "unquoted",
           "weight"]

V1, V2 = "lxc.cgroup.", "lxc.cgroup2."

_V2 = "kernel, admin-guide/cgroup-v2.rst"
_V1 = "kernel, admin-guide/cgroup-v1/"

#: Files of the v1 hierarchies that cgroup v2 has under the same name with the same syntax (kernel,
#: admin-guide/cgroup-v2.rst; devices.* is done by LXC itself with eBPF).
SAME_IN_V2 = ("devices.allow", "devices.deny", "cpuset.cpus", "cpuset.mems", "pids.max")

#: Files of the v1 hierarchies that v2 does not have: name (a * stands for any text), what to
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

#: Files that v2 has in another form, which only the administrator can choose.
UNDECIDED = (
    ("memory.soft_limit_in_bytes", "use memory.low for memory that is to be kept for the "
     "container, or memory.high for a limit that slows it down", "crun.1, cgroup v2 (memory.low); "
     + _V2 + ", memory.low and memory.high"),
    # The kernel calls the file hugetlb.2MB.max, and PVE takes no capital letter in a raw key: with
    # small letters no container has ever started with it, and converted none would.
    ("hugetlb.*.limit_in_bytes", "the kernel's file is called like hugetlb.2MB.max, and PVE takes "
     "no capital letters in a raw key: remove it, or set the limit in a file for lxc.include",
     "kernel, mm/hugetlb_cgroup.c; PVE::LXC::Config, parse_pct_config"),
)

#: Other files of v2, most of which v1 does not have (a * stands for any text; kernel,
#: admin-guide/cgroup-v2.rst).
OTHERS_OF_V2 = ("cgroup.*", "cpu.max", "cpu.max.burst", "cpu.weight", "cpu.weight.nice", "io.*",
                "memory.high", "memory.low", "memory.max", "memory.min", "memory.oom.group",
                "memory.swap.*", "cpuset.cpus.partition", "rdma.max")

#: v2's file -> Proxmox VE's own option that sets it (PVE::LXC, update_lxc_config of 4.x).
NATIVE = {"memory.max": "memory", "memory.swap.max": "swap", "cpu.max": "cpulimit",
          "cpu.weight": "cpuunits", "cpuset.cpus": "cores"}


_NAME = lazy(b"lxc\\.cgroup(2?\\.[a-z0-9_.-]*)")


def names_in(data, prefix):
    """The names (set of str) behind *prefix* in all that may be a key in *data* (bytes), at a quick
    look: more than there are keys, never fewer."""
    start = prefix[len("lxc.cgroup"):]
    found = {key.decode("ascii") for key in _NAME.findall(data)}
    return {key[len(start):] for key in found if key.startswith(start)}


def is_converted(name):
    """Whether there is a conversion, or advice about one, for v1's file *name*."""
    return name in THROTTLE or any(name in row.takes for row in ROWS) or bool(
        advice(name, UNDECIDED))


def advice(name, rows=CGROUP1_ONLY):
    """What *rows* say to do instead of v1's file *name*; None where v2 has a counterpart or none is
    known."""
    return next((instead for pattern, instead, _ in rows if _fits(name, pattern)), None)


def _fits(name, pattern):
    start, star, end = pattern.partition("*")
    return name == pattern or bool(star) and name.startswith(start) and (
        name[len(start):].endswith(end))


def left_behind(name):
    """What there is to say of v1's key for the file *name*, which no rule converts: what v2 has of
    it (str, to follow that the key is ignored) and what to do (str). None for files that the other
    tables are about, and for keys that are no controller's (liblxc, confile.c: ``lxc.cgroup.dir``,
    ``lxc.cgroup.relative``)."""
    if (name in SAME_IN_V2 or is_converted(name) or name in ("", "dir", "relative")
            or name.startswith("dir.")):
        return None
    instead = advice(name)
    if instead:
        return "which has nothing quite like it", instead
    if any(_fits(name, pattern) for pattern in OTHERS_OF_V2):
        return "though v2 has a file of that name", "write %s if it is to count" % (V2 + name)
    return "which is not known to have anything like it", "remove it"


def unquoted(value):
    """A raw key's value (str) as LXC takes it: without one pair of quotes around it."""
    if len(value) > 1 and value[0] in "'\"" and value[0] == value[-1]:
        value = value[1:-1]
    return str(value)


# -- values ----------------------------------------------------------------------------------------


class Unclear(Exception):
    """A value that cannot be converted; its text says why, and what to do."""


#: What the kernel's memparse takes. (Octal and hexadecimal ones it takes too, which nobody writes.)
_SIZE = lazy("(0|[1-9][0-9]{0,18})([kKmMgGtTpPeE]?)")
_NUMBER = lazy("0|[1-9][0-9]{0,18}")
_NEGATIVE = lazy("-[1-9][0-9]{0,18}")
_DEVICE_NUMBER = lazy("([0-9]{1,9}):([0-9]{1,9})[ \t]+(0|[1-9][0-9]{0,18})")
_SHIFT = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50, "e": 60}


def _size(text, name):
    """A size in bytes and the suffix that it was written with."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise Unclear("the kernel takes no such value for %s: correct it first" % name)
    return int(match.group(1)) << _SHIFT[match.group(2).lower()], match.group(2)


def _number(text, name):
    if not _NUMBER.fullmatch(text):
        raise Unclear("the value of %s is no plain number: correct it first" % name)
    return int(text)


def _limit(values, _formula):
    text = values["memory.limit_in_bytes"]
    if text == "-1":
        return "max"
    _size(text, "memory.limit_in_bytes")
    return text


def _swap(values, _formula):
    both = values["memory.memsw.limit_in_bytes"]
    if both == "-1":
        return "max"
    total, suffix = _size(both, "memory.memsw.limit_in_bytes")
    limit = values.get("memory.limit_in_bytes")
    if limit in (None, "-1"):
        raise Unclear("it counts memory and swap together, and no limit in memory.limit_in_bytes "
                      "says how much of it is memory: use the option swap")
    memory, other = _size(limit, "memory.limit_in_bytes")
    if total < memory:
        raise Unclear("it counts memory and swap together, and is less than "
                      "memory.limit_in_bytes: correct it first")
    if _SHIFT[other.lower()] < _SHIFT[suffix.lower()]:
        suffix = other
    rest = (total - memory) >> _SHIFT[suffix.lower()]
    return "%d%s" % (rest, suffix) if rest else "0"


def weight(shares, formula):
    """The cpu.weight (int) for *shares* (int) of cpu.shares by one of ``settings.CPU_FORMULAS``.

    ``ratio``: 1024 shares are the default weight of 100 (systemd, libcgroup). ``linear``: the ends
    of both scales on each other (runc up to 1.3.1, crun up to 1.22). ``quadratic``: ends and
    defaults on each other (runc and crun since).
    """
    shares = min(max(shares, 2), 262144)  # as the kernel does (sched_group_set_shares)
    if formula == "linear":
        return 1 + (shares - 2) * 9999 // 262142
    if formula == "quadratic":
        exact = math.log(shares, 2) if shares & (shares - 1) else shares.bit_length() - 1
        # 2, 1024 and 262144 shares give whole numbers, which no rounding error shall lift.
        return math.ceil(10 ** ((exact * exact + 125 * exact) / 612 - 7 / 34) - 1e-9)
    return min(max(shares * 100 // 1024, 1), 10000)


def _weight(values, formula):
    return str(weight(_number(values["cpu.shares"], "cpu.shares"), formula))


def _bandwidth(values, _formula):
    quota = values.get("cpu.cfs_quota_us")
    period = _number(values.get("cpu.cfs_period_us", "100000"), "cpu.cfs_period_us")
    if quota is None:
        raise Unclear("without cpu.cfs_quota_us beside it, it limits nothing (with the option "
                      "cpulimit it changes what that means): remove it")
    if not 1000 <= period <= 1000000:
        raise Unclear("the kernel takes periods from 1000 to 1000000 only: correct it first")
    if _NEGATIVE.fullmatch(quota):
        return "max %d" % period
    if _number(quota, "cpu.cfs_quota_us") < 1000:
        raise Unclear("the kernel takes no quota below 1000: correct it first")
    return "%s %d" % (quota, period)


class Row:
    """How files of v1 become one of v2.

    ``takes``: names of v1's files; ``reads``: another that the value depends on; ``new``: name of
    v2's file; ``convert``: function of the values (name -> str) and the formula for processor
    shares, giving v2's value (str) or raising :class:`Unclear`; ``source``: where it is written.
    """

    __slots__ = ("takes", "reads", "new", "convert", "source")

    def __init__(self, takes, new, convert, source, reads=()):
        self.takes = takes
        self.reads = reads
        self.new = new
        self.convert = convert
        self.source = source


ROWS = (
    Row(("memory.limit_in_bytes",), "memory.max", _limit,
        _V2 + ", memory.max; mm/memcontrol.c (-1 in v1, max in v2); PVE::LXC, update_lxc_config"),
    Row(("memory.memsw.limit_in_bytes",), "memory.swap.max", _swap,
        _V2 + ", memory.swap.max; opencontainers/cgroups, ConvertMemorySwapToCgroupV2Value",
        reads=("memory.limit_in_bytes",)),
    Row(("cpu.shares",), "cpu.weight", _weight, _V2 + ", cpu.weight; crun.1, cgroup v2; systemd, "
        "cgroup.c (ratio); opencontainers/cgroups, ConvertCPUSharesToCgroupV2Value"),
    Row(("cpu.cfs_quota_us", "cpu.cfs_period_us"), "cpu.max", _bandwidth,
        _V2 + ", cpu.max; kernel, scheduler/sched-bwc.rst; PVE::LXC, update_lxc_config"),
)

#: v1's file -> what io.max calls it (kernel, admin-guide/cgroup-v2.rst, io.max; crun.1, cgroup v2).
#: v1 takes away a limit with 0 (block/blk-throttle.c), v2 with max.
THROTTLE = {
    "blkio.throttle.read_bps_device": "rbps",
    "blkio.throttle.write_bps_device": "wbps",
    "blkio.throttle.read_iops_device": "riops",
    "blkio.throttle.write_iops_device": "wiops",
}
_IO_KEYS = tuple(THROTTLE.values())
_IO_MAX = lazy("([0-9]{1,9}):([0-9]{1,9})"
               "((?:[ \t]+(?:[rw]bps|[rw]iops)=(?:max|[0-9]{1,19}))+)")


# -- sections --------------------------------------------------------------------------------------


class Conversion:
    """What to do about lines of one section that become one line of v2.

    ``lines``: the lines, of which the first becomes the new one; ``key`` and ``value`` (str) of
    that; ``note``: what else is to be known of the value, or None; ``problem``: why nothing is done
    (str), or None; ``is_there``: v2 has the same already, so all lines go; ``native``: the line of
    PVE's own option that sets the same, or None; ``partners``: the conversions that are made
    together with this one.
    """

    __slots__ = ("lines", "key", "value", "note", "problem", "is_there", "native", "partners")

    def __init__(self, lines, new, native):
        self.lines = lines
        self.key = V2 + new
        self.value = self.note = self.problem = None
        self.is_there = False
        self.native = native
        self.partners = (self,)


class _Lines:
    """The raw keys of one section: ``of(prefix, name)`` gives a key's lines."""

    def __init__(self, tree, section):
        self.tree = tree
        self._doubtful = below_broken_header(section)
        self._keys = {}
        self.options = {}
        for line in section.body:
            if isinstance(line, RawKey):
                self._keys.setdefault(str(line.key), []).append(line)
            elif isinstance(line, Property):
                self.options[str(line.key)] = line

    def of(self, prefix, name):
        """The lines with this key, in order."""
        return self._keys.get(prefix + name, [])

    def trouble(self, lines):
        """What has to be put right before any of *lines* (str), or None."""
        for line in lines:
            header = self._doubtful.get(id(line))
            if header is not None:
                return ("line %d is no section header: repair it first, then the key"
                        % self.tree.position(header).line)
        return None


def conversions(tree, section, prefix, formula):
    """What becomes of the lines of a section whose key is *prefix* and a name in ``ROWS`` or
    ``THROTTLE``: list of :class:`Conversion`.

    Each raw key is written to the kernel's file in turn, so of several with one name the last
    counts, and an empty value takes back those above it (liblxc, lxc_clear_cgroups).
    """
    lines = _Lines(tree, section)
    found = {}
    for row in ROWS:
        own = [line for name in row.takes for line in lines.of(prefix, name)]
        if own:
            own.sort(key=lambda line: tree.span(line)[0])
            made = found[row.new] = Conversion(own, row.new, lines.options.get(NATIVE[row.new]))
            _convert(made, row, lines, prefix, formula)
    memory, swap = found.get("memory.max"), found.get("memory.swap.max")
    if memory and swap:
        # What swap may be used follows from both, so both are decided before one is changed.
        for one, other in ((memory, swap), (swap, memory)):
            if other.problem is None and one.problem is not None:
                other.problem = ("decide it together with %s, from which swap follows"
                                 % one.lines[0].key)
        memory.partners = swap.partners = (memory, swap)
    return list(found.values()) + list(_throttles(lines, prefix))


def _convert(made, row, lines, prefix, formula):
    values, there = {}, lines.of(V2, row.new)
    for name in row.takes + row.reads:
        own = lines.of(prefix, name)
        if own:
            values[name] = unquoted(own[-1].value)
    mixed = [line for name in row.takes + row.reads for line in lines.of(prefix, name)]
    made.problem = lines.trouble(mixed + there) or _hindrance(row.takes, lines, prefix, mixed)
    if made.problem:
        return
    try:
        made.value = row.convert(values, formula)
    except Unclear as error:
        made.problem = str(error)
        return
    if row.convert is _weight:
        made.note = "%s shares are a weight of %s by the %s formula (--cpu-formula)" % (
            values["cpu.shares"], made.value, formula)
    if there:
        made.is_there = _comparable(row.new, unquoted(there[-1].value)) == _comparable(
            row.new, made.value)
        if not made.is_there:
            made.problem = "%s is there too, with another value: keep what is right" % made.key


def _hindrance(names, lines, prefix, own):
    """Why the lines *own* of *names* are left to the administrator, or None."""
    if not all(unquoted(line.value) for line in own):
        return "an empty value takes back what PVE and the lines above set: decide what is to count"
    if prefix == V1:
        for name in names:
            if lines.of(V2, name):
                return "%s is there too: that line first" % (V2 + name)
    return None


def _comparable(new, text):
    """What v2's *new* makes of a value: two texts that mean the same give the same."""
    if new.startswith("memory.") and _SIZE.fullmatch(text):
        return _size(text, new)[0]
    if new == "cpu.max" and re.fullmatch("[^ \t]+", text):
        return text + " 100000"
    return " ".join(re.split("[ \t]+", text))


def _throttles(lines, prefix):
    """The conversions of blkio.throttle.*: one for each device."""
    own = []
    for name in THROTTLE:
        own += [(line, name) for line in lines.of(prefix, name)]
    if not own:
        return
    own.sort(key=lambda pair: lines.tree.span(pair[0])[0])
    there = lines.of(V2, "io.max")
    every = [line for line, _ in own]
    problem = lines.trouble(every + there) or _hindrance(THROTTLE, lines, prefix, every)
    known = {}
    for line in there:
        match = _IO_MAX.fullmatch(unquoted(line.value))
        if not match:
            problem = problem or (
                "%s is there too, in a way of its own: keep what is right" % line.key)
            continue
        limits = known.setdefault(tuple(map(int, match.groups()[:2])), {})
        limits.update(part.split("=") for part in re.split("[ \t]+", match.group(3)) if part)
    devices = {}
    for line, name in own:
        match = _DEVICE_NUMBER.fullmatch(unquoted(line.value))
        if not match:
            made = Conversion([line], "io.max", None)
            made.problem = problem or ("the kernel wants a value like 8:0 1048576 here: correct it "
                                       "first")
            yield made
            continue
        device = tuple(map(int, match.groups()[:2]))
        made, limits = devices.setdefault(device, (Conversion([], "io.max", None), {}))
        made.lines.append(line)
        limits[THROTTLE[name]] = "max" if match.group(3) == "0" else match.group(3)
    for device, (made, limits) in devices.items():
        made.problem = problem
        made.value = "%d:%d %s" % (device + (" ".join(
            "%s=%s" % (key, limits[key]) for key in _IO_KEYS if key in limits),))
        if device in known and problem is None:
            made.is_there = known[device] == limits
            if not made.is_there:
                made.problem = ("%s is there too, with other limits for %d:%d: keep what is right"
                                % ((made.key,) + device))
        yield made


def fix_of(made):
    """The fix that makes a :class:`Conversion` and its partners, None where there is a problem."""
    if made.problem:
        return None
    changes = [change for partner in made.partners for change in _changes(partner)]
    if made.is_there:
        title = "remove the line: %s has the same value already" % made.key
    else:
        title = "make it %s: %s" % (made.key, made.value)
    return Fix.unsafe(title, *changes)


def _changes(made):
    first, others = made.lines[0], made.lines[1:]
    if made.is_there:
        return [remove(line) for line in made.lines]
    changes = [replace(first.key, made.key)]
    if unquoted(first.value) != made.value:
        changes.append(replace(first.value, made.value))
    return changes + [remove(line) for line in others]
