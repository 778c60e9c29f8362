"""Limits of cgroup v1 as those of v2: the values, against numbers from elsewhere and against what the
kernel would make of the keys before and after."""

import random
from decimal import Decimal, localcontext

import pytest

import pvemigrate
from pvemigrate.ruleset._cgroup import (
    CGROUP1_ONLY, ROWS, SAME_IN_V2, THROTTLE, UNDECIDED, advice, weight,
)
from pvemigrate.settings import CPU_FORMULAS

CONF = "etc/pve/nodes/a/lxc/100.conf"


def fixed(text, **options):
    """The text of a container's configuration after LXC002 and LXC004."""
    return pvemigrate.fix(text, kind="lxc", phases="all", unsafe_fixes=True,
                          select=["LXC002", "LXC004"], **options).code


# -- cpu.shares ------------------------------------------------------------------------------------------

SHARES = (2, 128, 256, 512, 1024, 2048, 4096, 262144)
#: What runc, crun and systemd make of SHARES.
WEIGHTS = {
    "linear": (1, 5, 10, 20, 39, 79, 157, 10000),
    "quadratic": (1, 21, 35, 59, 100, 174, 303, 10000),
    "ratio": (1, 12, 25, 50, 100, 200, 400, 10000),
}


@pytest.mark.parametrize("formula", CPU_FORMULAS)
def test_shares_become_the_weights_of_other_programs(formula):
    assert tuple(weight(shares, formula) for shares in SHARES) == WEIGHTS[formula]


@pytest.mark.parametrize("formula", CPU_FORMULAS)
def test_shares_out_of_bounds_are_what_the_kernel_makes_of_them(formula):
    assert weight(0, formula) == weight(2, formula) == 1
    assert weight(10 ** 18, formula) == weight(262144, formula) == 10000


@pytest.mark.parametrize("formula", CPU_FORMULAS)
def test_more_shares_are_no_smaller_weight(formula):
    weights = [weight(shares, formula) for shares in range(2, 20000, 7)]
    assert weights == sorted(weights)
    assert min(weights) >= 1


def test_the_quadratic_formula_rounds_as_exact_numbers_do():
    with localcontext() as context:
        context.prec = 40
        for shares in [*range(2, 300), 1023, 1024, 1025, 65535, 65536, 262143]:
            power = Decimal(shares).ln() / Decimal(2).ln()
            exact = Decimal(10) ** ((power * power + 125 * power) / 612 - Decimal(7) / 34)
            near = exact.to_integral_value()
            if abs(exact - near) > Decimal("1e-20"):
                near = exact.to_integral_value(rounding="ROUND_CEILING")
            assert weight(shares, "quadratic") == near, shares


@pytest.mark.parametrize("formula", CPU_FORMULAS)
def test_the_chosen_formula_is_used_and_named(formula):
    text = "lxc.cgroup.cpu.shares: 2048\n"
    found, = pvemigrate.check(text, kind="lxc", phases="all", select=["LXC002"], cpu_formula=formula)
    assert "the %s formula" % formula in found.message
    new = WEIGHTS[formula][SHARES.index(2048)]
    assert fixed(text, cpu_formula=formula) == "lxc.cgroup2.cpu.weight: %d\n" % new


# -- what the kernel makes of it ---------------------------------------------------------------------------

UNITS = {"": 1, "K": 2 ** 10, "M": 2 ** 20, "G": 2 ** 30}
NONE = float("inf")


def size(text):
    if text in ("-1", "max"):
        return NONE
    number, unit = (text[:-1], text[-1]) if text[-1].isalpha() else (text, "")
    return int(number) * UNITS[unit.upper()]


def entries(text):
    """The raw keys of a configuration as they are written: list of (key, value)."""
    found = []
    for line in text.splitlines():
        for separator in (": ", " = ", "="):
            key, there, value = line.partition(separator)
            if there and " " not in key:
                found.append((key, value))
                break
    return found


def v1_state(text):
    """The limits that v1's keys set: memory, swap beside it, processor time per period, by device."""
    last, devices = {}, {}
    for key, value in entries(text):
        name = key[len("lxc.cgroup."):]
        last[name] = value
        if name.startswith("blkio."):
            device, rate = value.split()
            kind = THROTTLE[name]
            devices.setdefault(device, {})[kind] = NONE if rate == "0" else int(rate)
    state = {}
    if "memory.limit_in_bytes" in last:
        state["memory"] = size(last["memory.limit_in_bytes"])
    if "memory.memsw.limit_in_bytes" in last:
        both = size(last["memory.memsw.limit_in_bytes"])
        state["swap"] = NONE if both == NONE else both - state["memory"]
    if "cpu.cfs_quota_us" in last:
        quota = int(last["cpu.cfs_quota_us"])
        period = int(last.get("cpu.cfs_period_us", 100000))
        state["cpu"] = (NONE if quota < 0 else quota, period)
    return state, devices


def v2_state(text):
    """The same from v2's keys."""
    state, devices = {}, {}
    for key, value in entries(text):
        name = key[len("lxc.cgroup2."):]
        if name == "memory.max":
            state["memory"] = size(value)
        elif name == "memory.swap.max":
            state["swap"] = size(value)
        elif name == "cpu.max":
            quota, period = value.split()
            state["cpu"] = (NONE if quota == "max" else int(quota), int(period))
        else:
            assert name == "io.max", name
            device, *limits = value.split()
            for limit in limits:
                kind, rate = limit.split("=")
                devices.setdefault(device, {})[kind] = NONE if rate == "max" else int(rate)
    return state, devices


def random_limits(chance):
    """The lines of a section in which each v1 limit occurs or does not, some more than once."""
    lines = []
    if chance.random() < 0.7:
        limit = chance.choice(["1G", "512M", "786432K", "1073741825", "-1"])
        lines.append("memory.limit_in_bytes: " + limit)
        if chance.random() < 0.7:
            both = chance.choice(["-1"] if limit == "-1" else ["2G", "1025M", "3145729k", "1073741825"
                                                               if size(limit) <= 1073741825 else "9G"])
            lines.append("memory.memsw.limit_in_bytes = " + both)
    if chance.random() < 0.7:
        lines.append("cpu.cfs_quota_us: %d" % chance.choice([50000, 250000, -1]))
        if chance.random() < 0.5:
            lines.append("cpu.cfs_period_us=%d" % chance.choice([50000, 1000000]))
    seen = set()
    for _ in range(chance.randrange(6)):
        key = chance.choice(sorted(THROTTLE)), chance.choice(["8:0", "8:16", "253:1"])
        # What is said twice counts in order, so the lines must not be shuffled then.
        if key not in seen:
            seen.add(key)
            lines.append("%s: %s %d" % (*key, chance.choice([0, 1, 1048576])))
    chance.shuffle(lines)
    return "".join("lxc.cgroup.%s\n" % line for line in lines)


@pytest.mark.parametrize("seed", range(150))
def test_v2_keys_set_what_v1_keys_did(seed):
    text = random_limits(random.Random(seed))
    new = fixed(text)
    assert "lxc.cgroup." not in new, text
    assert v2_state(new) == v1_state(text)
    assert fixed(text.replace("lxc.cgroup.", "lxc.cgroup2.")) == new
    assert fixed(new) == new


def test_the_last_of_several_counts():
    text = ("lxc.cgroup.memory.limit_in_bytes: 1G\nlxc.cgroup.memory.memsw.limit_in_bytes: 9G\n"
            "lxc.cgroup.memory.limit_in_bytes: 2G\nlxc.cgroup.memory.memsw.limit_in_bytes: 3G\n")
    assert fixed(text) == "lxc.cgroup2.memory.max: 2G\nlxc.cgroup2.memory.swap.max: 1G\n"


@pytest.mark.parametrize("limit, both, swap", [
    ("1G", "2G", "1G"), ("1G", "1536M", "512M"), ("512M", "1G", "512M"), ("512m", "1G", "512m"),
    ("1G", "1G", "0"), ("1073741824", "2G", "1073741824"), ("1K", "1025", "1"),
    ("7E", "8E", "1E"), ("1G", "-1", "max"), ("-1", "-1", "max"),
])
def test_swap_is_what_is_left_of_both(limit, both, swap):
    text = ("lxc.cgroup.memory.memsw.limit_in_bytes: %s\nlxc.cgroup.memory.limit_in_bytes: %s\n"
            % (both, limit))
    assert fixed(text).split("\n")[0] == "lxc.cgroup2.memory.swap.max: " + swap


@pytest.mark.parametrize("text", [
    "memory.memsw.limit_in_bytes: 2G", "memory.limit_in_bytes: 1.5G", "memory.limit_in_bytes: 0x10",
    "memory.limit_in_bytes: 010", "memory.limit_in_bytes: -2", "memory.limit_in_bytes: 1 G",
    "memory.limit_in_bytes: " + "9" * 5000, "memory.limit_in_bytes: \u0661", "cpu.shares: 1e3",
    "cpu.cfs_period_us: 50000", "cpu.cfs_quota_us: 999", "cpu.cfs_quota_us: ", "cpu.shares: \u00b2",
    "blkio.throttle.read_bps_device: 8:0", "blkio.throttle.read_bps_device: 8:0 1M",
    "hugetlb.2mb.limit_in_bytes: 1G", "memory.soft_limit_in_bytes: 1G",
])
@pytest.mark.parametrize("prefix, code", [("lxc.cgroup.", "LXC002"), ("lxc.cgroup2.", "LXC004")])
def test_what_is_not_certain_is_left_alone(prefix, code, text):
    text = prefix + text + "\n"
    found = pvemigrate.check(text, kind="lxc", phases="all", select=["LXC002", "LXC003", "LXC004"])
    cleared = prefix == "lxc.cgroup2." and text.endswith(": \n")
    assert [finding.code for finding in found] == ([] if cleared else [code])
    assert all(finding.applicability == "manual" for finding in found)
    assert fixed(text) == text


def test_limits_of_memory_are_changed_together():
    """One that cannot be converted holds up the other, from which it follows."""
    text = ("lxc.cgroup.memory.limit_in_bytes: 1G\nlxc.cgroup.memory.memsw.limit_in_bytes: 2G\n"
            "lxc.cgroup2.memory.swap.max: 5G\n")
    assert fixed(text) == text
    first, second = pvemigrate.check(text.replace("5G", "1G"), kind="lxc", phases="all",
                                     select=["LXC002"])
    assert first.edits == second.edits


def test_device_rules_of_a_section_are_one_fix():
    text = "lxc.cgroup.devices.deny: a\nlxc.cgroup.devices.allow: c 1:3 rwm\n[snap]\n"
    text += "lxc.cgroup.devices.allow: c 1:5 rwm\n"
    first, second, third = pvemigrate.check(text, kind="lxc", phases="all", select=["LXC001"])
    assert first.edits == second.edits and len(first.edits) == 2
    assert len(third.edits) == 1
    result = pvemigrate.fix(text, kind="lxc", phases="all", select=["LXC001"])
    assert result.code == text.replace("lxc.cgroup.", "lxc.cgroup2.")
    assert len(result.fixed) == 3 and result.remaining == []


@pytest.mark.parametrize("line", [
    "lxc.cgroup.cpu.shares: 5", "lxc.cgroup2.cpu.shares: 5", "lxc.cgroup.devices.allow: c 1:3 rwm",
    "lxc.cgroup.blkio.throttle.read_bps_device: 8:%d 1", "lxc.cgroup2.io.max: 8:%d rbps=1",
    "lxc.cgroup.memory.limit_in_bytes: 1G\nlxc.cgroup.memory.memsw.limit_in_bytes: 1G",
])
def test_long_sections_in_linear_time(line):
    """Twenty times the lines take no more than some twenty times the calls."""
    import sys

    def calls(count):
        text = "".join((line % at if "%d" in line else line) + "\n" for at in range(count))
        seen = [0]

        def count_call(frame, event, argument):
            seen[0] += event == "call"

        sys.setprofile(count_call)
        try:
            pvemigrate.check(text, kind="lxc", phases="all", select=["LXC001", "LXC002", "LXC004"])
        finally:
            sys.setprofile(None)
        return seen[0]

    calls(100)
    assert calls(2000) < 40 * calls(100)


# -- the tables --------------------------------------------------------------------------------------------


def test_a_name_is_in_one_table_only():
    converted = {name for row in ROWS for name in row.takes} | set(THROTTLE)
    assert not converted & set(SAME_IN_V2)
    for name in sorted(converted | set(SAME_IN_V2)):
        assert advice(name) is None and advice(name, UNDECIDED) is None, name
    for pattern, instead, source in CGROUP1_ONLY + UNDECIDED:
        assert source and (instead or pattern == "blkio.throttle.*")
    assert all(row.source for row in ROWS)
