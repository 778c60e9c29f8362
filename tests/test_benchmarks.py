"""The benchmarks compare like with like, and judge what they have measured: nothing here looks at a
clock."""

import hashlib
import json
import os
import subprocess
import sys

import pytest

import debian
import nodes
from perl_reader import needs_perl
from pvemigrate import Project, parse

if sys.version_info < (3, 9):
    pytest.skip("the benchmarks (not what they measure) need Python 3.9", allow_module_level=True)

# The last place on the path: what is installed is tested, not the checkout beside the benchmarks.
sys.path.append(str(nodes.REPOSITORY))

from benchmarks import __main__ as command  # noqa: E402
from benchmarks import inputs, machine  # noqa: E402
from benchmarks.comparisons import AMOUNT, COST, FASTER, Comparison, Row, comparisons  # noqa: E402
from benchmarks.measure import Failed, Missing, Process, Reader, take_turns  # noqa: E402
from benchmarks.table import failures, keeps, render, results  # noqa: E402

KINDS = ("interfaces", "apt-list", "lxc", "storage", "user")


# -- inputs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_file(kind):
    text = inputs.text(kind, 1000)
    assert text == inputs.text(kind, 1000)
    assert text != inputs.text(kind, 1000, seed=2)
    assert inputs.text(kind, 3000).startswith(text[:len(text) // 2])


def test_the_files_are_the_same_everywhere():
    """On every Python and machine: figures of two of them can be laid side by side."""
    text = "".join(inputs.text(kind, 1000) for kind in KINDS)
    assert hashlib.sha256(text.encode("ascii")).hexdigest()[:16] == "dd42605007be0fde"


@pytest.mark.parametrize("lines", [1000, 10000])
@pytest.mark.parametrize("kind", KINDS)
def test_files_have_the_lines_asked_for_and_none_is_malformed(kind, lines):
    text = inputs.text(kind, lines)
    assert text.count("\n") == lines and text.endswith("\n")
    tree = parse(text, kind=kind)
    assert tree.code == text
    assert tree.malformed == 0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    root = tmp_path_factory.mktemp("cluster")
    return root, inputs.write_cluster(root, guests=400, nodes=8)


def test_a_cluster_has_the_guests_asked_for(cluster):
    root, _ = cluster
    guests = sorted(root.glob("etc/pve/nodes/*/lxc/*.conf"))
    assert len(guests) == 400
    assert {path.read_text(encoding="ascii").count("\n") for path in guests} == {25, 26}
    assert len({path.parent for path in guests}) == 8


def test_findings_in_a_cluster_are_those_of_the_guests_that_a_fix_changes(cluster):
    root, changed = cluster
    assert len(changed) == 20
    project = Project(root, phases="all")
    findings = project.check()
    assert project.errors == []
    assert {finding.code for finding in findings} == {"LXC001"}
    assert sorted({finding.path for finding in findings}) == changed
    plan = Project(root, phases="all").fix()
    assert sorted(path for path, _, _ in plan.changes) == changed
    assert plan.remaining == []


def test_a_cluster_has_volumes_that_a_rule_has_to_look_up(cluster):
    root, _ = cluster
    storage = root / "etc/pve/storage.cfg"
    data = storage.read_bytes()
    try:
        storage.write_bytes(data.replace(b"content images,rootdir", b"content images"))
        findings = Project(root, phases="all", select=["GST002"]).check()
    finally:
        storage.write_bytes(data)
    assert len({finding.path for finding in findings}) > 200


# -- what reads them -------------------------------------------------------------------------------


def environment(**more):
    return nodes.environment(LC_ALL="C.UTF-8", **more)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for kind in KINDS:
        # Augeas' lenses for edits know the 400th part.
        (folder / kind).write_text(inputs.text(kind, 6000), encoding="ascii")
    return folder


def facts(reader):
    """What a program says that it has read; it has one round, too."""
    try:
        reader.start()
        assert reader.measure() > 0
        return reader.facts
    finally:
        reader.stop()


def ours(job, kind, files):
    return facts(Reader([sys.executable, machine.READERS / "read_pvemigrate.py", job, kind,
                         files / kind, files / "edited"], environment()))


def augeas_reader(job, kind, files):
    pytest.importorskip("augeas", reason="python-augeas is not installed: pip install '.[augeas]' "
                                         "(it compiles against libaugeas-dev)")
    return facts(Reader([sys.executable, machine.READERS / "read_augeas.py", job, kind,
                         files / kind, files / "edited-by-augeas"], environment()))


def assert_agree(one, other):
    common = set(one) & set(other) - {"program"}
    assert common, (one, other)
    assert {fact: one[fact] for fact in common} == {fact: other[fact] for fact in common}
    assert all(one[fact] for fact in common)


@pytest.mark.heavy
@pytest.mark.parametrize("kind", KINDS)
def test_stock_lark_reads_the_same_lines(kind, files):
    theirs = facts(Reader([sys.executable, machine.READERS / "read_lark.py", kind.replace("-", "_"),
                           files / kind], environment()))
    assert_agree(theirs, ours("parse", kind, files))


@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["interfaces", "apt-list", "lxc"])
def test_augeas_reads_the_same(kind, files):
    assert_agree(augeas_reader("load", kind, files), ours("parse", kind, files))


@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["interfaces", "apt-list", "lxc"])
def test_augeas_makes_the_same_change(kind, files):
    theirs = augeas_reader("edit", kind, files)
    assert_agree(theirs, ours("edit", kind, files))
    old = (files / kind).read_bytes().splitlines()
    new = (files / "edited").read_bytes().splitlines()
    assert len(old) == len(new)
    assert sum(one != other for one, other in zip(old, new)) == 1


@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["interfaces", "lxc"])
def test_memory_is_told_in_bytes_per_byte(kind, files):
    for job in (lambda: ours("memory", kind, files), lambda: augeas_reader("memory", kind, files)):
        assert set(job()) == {"program"}


@pytest.mark.heavy
def test_ifupdown2_reads_the_same(files):
    modules = debian.unpacked("ifupdown2") / "usr/share/ifupdown2"
    theirs = facts(Reader([sys.executable, machine.READERS / "read_ifupdown2.py",
                           files / "interfaces"], environment(PYTHONPATH=str(modules))))
    assert_agree(theirs, ours("parse", "interfaces", files))


@pytest.mark.heavy
def test_aptsources_reads_the_same(files):
    python = "/usr/bin/python3"
    if subprocess.run([python, "-c", "import aptsources.sourceslist"], stderr=subprocess.DEVNULL,
                      env=environment(PYTHONPATH="")).returncode:
        pytest.skip("no aptsources: install the Debian package python3-apt")
    theirs = facts(Reader([python, machine.READERS / "read_aptsources.py", files / "apt-list"],
                          environment(PYTHONPATH="")))
    assert_agree(theirs, ours("parse", "apt-list", files))


@needs_perl
@pytest.mark.heavy
def test_the_perl_loop_reads_the_same_interfaces(files):
    theirs = facts(Reader(["perl", machine.READERS / "interfaces.pl", files / "interfaces"],
                          environment()))
    assert_agree(theirs, ours("parse", "interfaces", files))


@needs_perl
@pytest.mark.heavy
def test_the_perl_loop_reads_every_guest(cluster):
    done = subprocess.run(["perl", str(machine.READERS / "guests.pl"), str(cluster[0])],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert (done.stdout, done.stderr) == (b"400 guests, 400 snapshots\n", b"")


# -- taking turns ----------------------------------------------------------------------------------


class Told:
    """A contender that measures what it is told, and writes down that it was asked."""

    def __init__(self, name, log, values=(1.0,), facts=None, reads=None, problem=None):
        self.name, self.log, self.values = name, log, list(values)
        self.facts, self.reads, self.problem = facts or {}, reads, problem

    def start(self, warm_up=True):
        if self.problem:
            raise Failed(self.problem)

    def measure(self):
        self.log.append(self.name)
        return self.values[len([name for name in self.log if name == self.name]) % len(self.values)]

    def stop(self):
        self.log.append(self.name + " ends")


def test_contenders_take_turns():
    log = []
    values, reasons = take_turns({"a": Told("a", log), "b": Told("b", log)}, 3)
    assert log == ["a", "b"] * 3 + ["a ends", "b ends"]
    assert {name: len(found) for name, found in values.items()} == {"a": 3, "b": 3}
    assert reasons == {}


def test_contenders_share_a_cpu_unless_one_works_in_parallel():
    class Where(Told):
        def measure(self):
            self.log.append(os.sched_getaffinity(0))
            return super().measure()

    allowed = os.sched_getaffinity(0)
    for parallel, cpus in ((False, 1), (True, len(allowed))):
        log = []
        take_turns({"a": Where("a", log), "b": Where("b", log)}, 1, parallel=parallel)
        used = [entry for entry in log if isinstance(entry, set)]
        assert len(used) == 2 and used[0] == used[1] and len(used[0]) == cpus
        assert os.sched_getaffinity(0) == allowed


def test_who_is_missing_or_fails_does_not_stop_the_others():
    log = []
    values, reasons = take_turns({
        "a": Told("a", log), "b": Missing("b (Debian package b)"),
        "c": Told("c", log, problem="it crashed")}, 2)
    assert values == {"a": [1.0, 1.0]}
    assert reasons == {"b": "b (Debian package b)", "c": "failed: it crashed"}


def test_programs_that_read_one_file_differently_are_not_compared():
    log = []
    contenders = {"a": Told("a", log, facts={"lines": 7, "program": "a 1"}, reads="x"),
                  "b": Told("b", log, facts={"lines": 8, "program": "b 1"}, reads="x")}
    with pytest.raises(Failed, match="a counts 7 lines, b 8"):
        take_turns(contenders, 1)
    contenders["b"].reads = "y"
    take_turns(contenders, 1)


def test_a_process_that_fails_says_why():
    code = "import sys; sys.exit('no such thing')"
    with pytest.raises(Failed, match="exit status 1: no such thing"):
        Process([sys.executable, "-c", code], environment()).start()
    process = Process([sys.executable, "-c", code], environment(), statuses=(1,))
    process.start()
    assert process.measure() > 0
    with pytest.raises(Failed, match="no such thing"):
        Reader([sys.executable, "-c", code], environment()).start()


# -- verdicts --------------------------------------------------------------------------------------


def judged(bar, ours, theirs, must, goal):
    """The one result of a comparison with these values."""
    row = Row("a thing", "a peer", "ours", "peer", bar, must, goal)
    found, = results(Comparison("x", 3, {}, [row]), {"ours": ours, "peer": theirs}, {})
    return found


@pytest.mark.parametrize("bar, ours, theirs, ratio, verdict", [
    (COST, [5.0], [1.0], 5.0, "must"), (COST, [4.0], [1.0], 4.0, "goal"),
    (COST, [6.0], [1.0], 6.0, "missed"), (FASTER, [1.0], [5.0], 5.0, "goal"),
    (FASTER, [1.0], [4.0], 4.0, "goal"), (FASTER, [2.0], [1.0], 0.5, "missed"),
])
def test_verdicts(bar, ours, theirs, ratio, verdict):
    bars = (5, 4) if bar == COST else (3, 4)
    result = judged(bar, ours, theirs, *bars)
    assert (result["ratio"], result["verdict"]) == (ratio, verdict)


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    """A round that something else slows down, slows both sides down and says little."""
    result = judged(COST, [2.0, 40.0, 2.0, 200.0, 2.0], [1.0, 20.0, 1.0, 1.0, 1.0], 5, 4)
    assert result["ratio"] == 2.0
    assert judged(FASTER, [1.0, 10.0, 1.0], [3.0, 30.0, 0.1], 2, 3)["ratio"] == 3.0


def test_an_amount_has_no_other_side():
    row = Row("memory", "bytes", "ours", None, AMOUNT, 12, 6)
    found, = results(Comparison("x", 1, {}, [row], unit="B"), {"ours": [8.0]}, {})
    assert (found["ratio"], found["verdict"]) == (8.0, "must")
    assert "8.0 B" in render([found])


@pytest.mark.parametrize("bar, ratio, slack, kept", [
    (COST, 5.7, 0.15, True), (COST, 5.8, 0.15, False), (COST, 7.4, 0.5, True),
    (FASTER, 2.7, 0.15, True), (FASTER, 2.5, 0.15, False), (FASTER, 2.1, 0.5, True)])
def test_slack_is_granted_on_either_side(bar, ratio, slack, kept):
    must = 5 if bar == COST else 3
    assert keeps({"bar": bar, "ratio": ratio}, must, slack) is kept


def test_check_fails_where_a_must_is_missed(capsys):
    good, bad = judged(COST, [4.0], [1.0], 5, 4), judged(FASTER, [1.0], [2.0], 3, 4)
    info = judged(COST, [4.0], [1.0], None, None)
    assert command.judge([good, info], 15) == 0
    assert command.judge([good, bad, info], 15) == 1
    said = capsys.readouterr().out
    assert "a thing, versus a peer: 2.00 misses the must of 3 by more than 15 %" in said
    assert command.judge([bad], 50) == 0
    assert failures([good, bad, info], 0.15) == [bad]


def test_a_missing_peer_is_named_and_is_no_failure(capsys):
    row = Row("a thing", "a peer", "ours", "peer", FASTER, 3, 4)
    found, = results(Comparison("x", 3, {}, [row]), {"ours": [1.0]},
                     {"peer": "peer (Debian package libpeer)"})
    assert (found["ratio"], found["verdict"]) == (None, "not measured")
    text = render([found], ["a note"])
    assert "not measured" in text
    assert "Not measured (a peer): peer (Debian package libpeer)" in text
    assert "a note" in text
    assert command.judge([found], 15) == 0
    assert "1 were not measured" in capsys.readouterr().out


def test_the_table_has_a_line_for_each_row_and_columns_in_line():
    rows = [judged(COST, [0.0612], [0.0107], 5, 4.3), judged(FASTER, [0.1], [3.7], 30, 100)]
    lines = render(rows).splitlines()
    assert len(lines) == 4 and len({len(line) for line in lines}) == 1
    assert "| 61.2 ms | 10.7 ms | 5.72" in lines[2]
    assert "| 100 ms  | 3700 ms | 37.0 x | ≥ 30 | ≥ 100 | must" in lines[3]


# -- what is compared ------------------------------------------------------------------------------


class Bare:
    """A machine with Python and a shell on it and nothing else."""

    python = command = "/nowhere/python"
    environment = {}

    def python_with(self, module, how):
        return Missing("%s (%s)" % (module, how))

    def program(self, name, package):
        return Missing("%s (Debian package %s)" % (name, package))

    def debian_package(self, name):
        return Missing("%s (Debian package)" % name)

    def has_option(self, command, option):
        return True

    def without_byte_code(self, folder):
        return {}

    zipped = without_byte_code


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """All comparisons of such a machine."""
    known = comparisons(Bare(), tmp_path_factory.mktemp("work"))
    return {name: make() for name, make in known.items()}


def test_what_a_bare_machine_lacks_is_named(bare):
    reasons = {contender.reason for comparison in bare.values()
               for contender in comparison.contenders.values() if isinstance(contender, Missing)}
    text = "\n".join(sorted(reasons))
    for word in ("libaugeas-dev", "python3-apt", "perl", "sed", "ifupdown2"):
        assert word in text


def test_rows_name_contenders_and_goals_are_beyond_musts(bare):
    for comparison in bare.values():
        for row in comparison.rows:
            assert {row.ours, row.peer} - {None} <= set(comparison.contenders), row
            assert (row.must is None) == (row.goal is None)
            if row.must is not None:
                assert row.goal > row.must if row.bar == FASTER else row.goal < row.must, row


def test_the_short_form_is_a_part_of_the_whole(bare, tmp_path):
    short = comparisons(Bare(), tmp_path, short=True)
    assert set(short) < set(bare)
    for name in ("start-up", "cluster"):
        comparison = short[name]()
        assert {row.what for row in comparison.rows if row.must} == {
            row.what for row in bare[name].rows if row.must}
        assert comparison.rounds <= bare[name].rounds


def test_what_cannot_be_measured_is_said_in_a_line(tmp_path, capsys):
    assert command.main(["--cache", str(tmp_path), "--python", "/bin/false"]) == 2
    error = capsys.readouterr().err
    assert error == "error: /bin/false: pvemigrate is not installed there\n"


@pytest.mark.heavy
def test_the_command_measures_an_installation(tmp_path):
    from test_packaging import INSTALLED
    if not INSTALLED.is_dir():
        pytest.skip("the package is not installed here, only on the path: pip install .")
    report = tmp_path / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", "memory-user", "--python", sys.executable,
         "--cache", str(tmp_path / "cache"), "--json", str(report), "--check"],
        cwd=str(nodes.REPOSITORY), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
        env=dict(os.environ, LC_ALL="C.UTF-8"))
    assert done.returncode == 0, done.stderr.decode()
    assert "memory of a tree of user.cfg" in done.stdout.decode("utf-8")
    row, = json.loads(report.read_text(encoding="utf-8"))["rows"]
    assert row["comparison"] == "memory-user" and len(row["ours"]) == 1
