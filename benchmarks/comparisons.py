"""What is compared with what, and where the bars are.

A comparison takes turns between its contenders; a row of the table is one of the ratios in it. Bars
are of three kinds: ``FASTER`` (how often our time goes into the peer's: at least), ``COST`` (how
often the other's goes into ours: at most), ``AMOUNT`` (the value itself: at most). *must* is what a
release has to keep, *goal* where it would be remarkable; a row without them is there to be read.

Trees are measured with all their nodes made, though that waits until somebody asks. What a line's
fields are waits too: "fields too" asks for all of them.
"""

from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

from . import inputs
from .machine import CHECKOUT, READERS
from .measure import Missing, Process, Reader

__all__ = ["AMOUNT", "COST", "Comparison", "FASTER", "Row", "comparisons"]

FASTER, COST, AMOUNT = "faster", "cost", "amount"

#: Kind -> its grammar, and what it is called in the table.
KINDS = {"interfaces": ("interfaces", "interfaces"), "apt-list": ("apt_list", "sources.list"),
         "lxc": ("lxc", "guest config"), "storage": ("storage", "storage.cfg"),
         "user": ("user", "user.cfg")}
#: Kinds that Augeas has a lens for (that of guests is readers/pveguest.aug).
LENSES = ("interfaces", "apt-list", "lxc")

AUGEAS = ('pip install ".[augeas]", which needs the Debian packages libaugeas-dev, augeas-lenses, '
          'pkg-config and gcc')


@dataclass
class Row:
    """``ours`` and ``peer`` name contenders of the comparison (``peer`` is None for an AMOUNT)."""

    what: str
    versus: str
    ours: str
    peer: "str | None"
    bar: str
    must: "float | None" = None
    goal: "float | None" = None


@dataclass
class Comparison:
    """``contenders``: name -> what is measured; ``unit``: of the values; ``parallel``: whether any
    of them works in several processes at once."""

    name: str
    rounds: int
    contenders: dict
    rows: list
    unit: str = "s"
    warm_up: bool = True
    parallel: bool = False
    notes: list = field(default_factory=list)


class _Maker:
    """Makes inputs in the folder *work* and contenders out of the *machine*'s programs."""

    def __init__(self, machine, work, short):
        self.machine, self.work, self.short = machine, Path(work), short
        self.augeas_python = machine.python_with("augeas", AUGEAS)

    def rounds(self, number):
        """*number* of rounds, fewer in the short form."""
        return min(number, 5) if self.short else number

    def file(self, kind, lines):
        """The path of a file of *kind* with so many lines."""
        path = self.work / ("%s-%d" % (kind, lines))
        if not path.exists():
            path.write_text(inputs.text(kind, lines), encoding="utf-8")
        return path

    def ours(self, job, kind, lines):
        """pvemigrate as a library."""
        path = self.file(kind, lines)
        return Reader([self.machine.python, READERS / "read_pvemigrate.py", job, kind, path,
                       self.work / "edited"], self.machine.environment, path)

    def augeas(self, job, kind, lines):
        """Augeas, or what it lacks."""
        if isinstance(self.augeas_python, Missing):
            return self.augeas_python
        path = self.file(kind, lines)
        return Reader([self.augeas_python, READERS / "read_augeas.py", job, kind, path,
                       self.work / "edited-by-augeas"], self.machine.environment, path)

    def command(self, *arguments, statuses=(0, 1)):
        """The command, as a whole process."""
        return Process([self.machine.command, *arguments], self.machine.environment, statuses)

    def python(self, code, environment=None, arguments=(), statuses=(0,)):
        """An interpreter that runs *code*, as a whole process."""
        return Process([self.machine.python, "-c", code, *arguments],
                       environment or self.machine.environment, statuses)

    # -- comparisons -------------------------------------------------------------------------------

    def start_up(self):
        """Small runs, as hooks and people make them."""
        guest = self.work / "one" / "etc" / "pve" / "nodes" / "pve01" / "lxc" / "100.conf"
        inputs.write_guest(guest)
        example = CHECKOUT / "examples" / "pve6-node"
        check = ("check", guest)
        main = "from pvemigrate.cli import main; main()"
        contenders = {
            "python": self.python("pass"),
            "click": self.python("import click"),
            "check": self.command(*check),
            "fix": self.command("fix", "--diff", "--root", example),
        }
        rows = [
            Row("check of one guest config", "python -c pass", "check", "python", COST, 5, 4.3),
            Row("fix --diff --root examples/pve6-node", "python -c pass", "fix", "python", COST,
                9, 5),
        ]
        if not self.short:
            contenders.update({
                "no byte-code": self.python(
                    main, self.machine.without_byte_code(self.work / "plain"), check, (0, 1)),
                "zip": self.python(
                    main, self.machine.zipped(self.work / "pvemigrate.zip"), check, (0, 1)),
            })
            rows += [
                Row("import click", "python -c pass", "click", "python", COST),
                Row("check of one, no byte-code and none written", "with byte-code", "no byte-code",
                    "check", COST),
                Row("check of one, from a zip file with byte-code", "installed", "zip", "check",
                    COST),
            ]
        return Comparison("start-up", self.rounds(41), contenders, rows)

    def parse(self, kind, lines=10000):
        """One large file, read and parsed into a tree with all its nodes."""
        grammar, label = KINDS[kind]
        path = self.file(kind, lines)
        contenders = {
            "ours": self.ours("parse", kind, lines),
            "lark": Reader([self.machine.python, READERS / "read_lark.py", grammar, path],
                           self.machine.environment, path),
        }
        what = "parse %s, %s lines" % (label, format(lines, ","))
        rows = [Row(what, "stock Lark, same grammar", "ours", "lark", FASTER, 5, 12)]
        if kind in LENSES:
            contenders["augeas"] = self.augeas("load", kind, lines)
            contenders["fields"] = self.ours("fields", kind, lines)
            rows[:0] = [Row(what, "Augeas load", "ours", "augeas", FASTER, 3, 10)]
            rows.append(Row(what + ", fields too", "Augeas load", "fields", "augeas", FASTER))
        if kind == "interfaces":
            contenders["ifupdown2"] = self.ifupdown2(path)
            contenders["perl"] = self.perl("interfaces.pl", path)
            rows += [
                Row(what, "ifupdown2's reader", "ours", "ifupdown2", FASTER, 2, 6),
                Row(what, "PVE's way in Perl", "ours", "perl", FASTER),
                Row(what + ", fields too", "ifupdown2's reader", "fields", "ifupdown2", FASTER)]
        if kind == "apt-list":
            contenders["aptsources"] = self.aptsources(path)
            rows.append(Row(what, "python-apt's aptsources", "ours", "aptsources", FASTER))
        return Comparison("parse-" + kind, self.rounds(21), contenders, rows)

    def ifupdown2(self, path):
        """ifupdown2's parser, out of Debian's package."""
        folder = self.machine.debian_package("ifupdown2")
        if isinstance(folder, Missing):
            return folder
        environment = dict(self.machine.environment, PYTHONPATH=str(folder / "usr/share/ifupdown2"))
        return Reader([self.machine.python, READERS / "read_ifupdown2.py", path], environment, path)

    def aptsources(self, path):
        """python-apt, which is there for Debian's own Python."""
        python = self.machine.python_with("aptsources.sourceslist", "Debian package python3-apt")
        if isinstance(python, Missing):
            return python
        return Reader([python, READERS / "read_aptsources.py", path], self.machine.environment,
                      path)

    def perl(self, program, path):
        """A Perl program of readers/, for a file or a whole root."""
        perl = self.machine.program("perl", "perl")
        if isinstance(perl, Missing):
            return perl
        command = [perl, READERS / program, path]
        if path.is_dir():
            return Process(command, self.machine.environment)
        return Reader(command, self.machine.environment, path)

    def edit(self, kind):
        """Read, change one thing, write."""
        # Augeas takes seconds to save a sources.list of 10,000 lines.
        lines = 5000 if kind == "apt-list" else 10000
        what = "parse, edit one thing, write %s, %s lines" % (KINDS[kind][1], format(lines, ","))
        contenders = {"ours": self.ours("edit", kind, lines),
                      "augeas": self.augeas("edit", kind, lines)}
        # The bar is for the lenses that Augeas brings; that of guests is ours, and saves in a fraction
        # of the time.
        bar = () if kind == "lxc" else (30, 100)
        return Comparison("edit-" + kind, self.rounds(7), contenders, [
            Row(what, "Augeas load, set, save", "ours", "augeas", FASTER, *bar)])

    def growth(self, kind):
        """Ten times the lines; the garbage collector does as it always does."""
        contenders = {"large": self.ours("parse", kind, 100000),
                      "small": self.ours("ten", kind, 10000)}
        return Comparison("growth-" + kind, self.rounds(21), contenders, [
            Row("parse %s, 100,000 lines" % KINDS[kind][1], "10,000 lines", "large", "small", COST,
                11, 10.3)])

    def memory(self, kind):
        """What a tree takes."""
        what = "memory of a tree of %s" % KINDS[kind][1]
        contenders = {"ours": self.ours("memory", kind, 10000)}
        rows = [Row(what, "bytes per byte of the file", "ours", None, AMOUNT, 12, 6)]
        if kind in LENSES:
            contenders["augeas"] = self.augeas("memory", kind, 10000)
            rows.append(Row(what, "Augeas", "ours", "augeas", FASTER))
        return Comparison("memory-" + kind, 1, contenders, rows, unit="B", warm_up=False)

    def cluster(self):
        """A tree with 10,000 guests."""
        root = self.work / "cluster"
        inputs.write_cluster(root)
        of_root = ("--root", root, "--phase", "all")
        guests = ("--select", "LXC,GST")
        notes, jobs, fix_jobs = [], (), ()
        if self.machine.has_option("check", "--jobs"):
            jobs = ("--jobs", "2")
            fix_jobs = jobs if self.machine.has_option("fix", "--jobs") else ()
        else:
            notes.append("cluster: this pvemigrate has no --jobs; one process")
        sed = self.machine.program("sed", "sed")
        contenders = {
            "check": self.command("check", *of_root, *guests, *jobs),
            "perl": self.perl("guests.pl", root),
            "sed": sed if isinstance(sed, Missing) else Process(
                ["/bin/sh", "-c", "find %s -name '*.conf' -print0 | xargs -0 "
                                  "sed -n '/^lxc[.]cgroup[.]/p'" % quote(str(root))],
                self.machine.environment),
            "fix": self.command("fix", "--diff", *of_root, *guests, *fix_jobs),
        }
        what = "check of 10,000 guests, LXC and GST, %s" % ("2 processes" if jobs else "1 process")
        rows = [Row(what, "Perl loop that only parses", "check", "perl", COST, 1, 0.5),
                Row(what, "find, xargs sed -n", "check", "sed", COST, 5, 1.5),
                Row("fix --diff of 10,000, 5 % change", "check of the same", "fix", "check", COST,
                    1.3, 1.1)]
        contenders["all"] = self.command("check", *of_root, *jobs)
        contenders["one"] = self.command("check", *of_root, "--select", "LXC001", *jobs)
        rows.append(Row("check of 10,000, all rules", "one rule (LXC001)", "all", "one", COST,
                        2, 1.3))
        if not self.short and jobs:
            contenders["single"] = self.command("check", *of_root, *guests, "--jobs", "1")
            rows.append(Row("check of 10,000, 1 process", "2 processes", "single", "check", COST))
        return Comparison("cluster", 3 if self.short else 9, contenders, rows, parallel=True,
                          notes=notes)


def comparisons(machine, work, short=False):
    """Name -> callable that makes the comparison of that name, in the order of the table."""
    make = _Maker(machine, work, short)
    kinds = ("interfaces", "lxc", "storage") if short else tuple(KINDS)
    found = {"start-up": make.start_up}
    for kind in kinds:
        found["parse-" + kind] = lambda kind=kind: make.parse(kind)
    for kind in LENSES:
        if not short or kind == "lxc":
            found["edit-" + kind] = lambda kind=kind: make.edit(kind)
    for kind in kinds:
        found["growth-" + kind] = lambda kind=kind: make.growth(kind)
    for kind in kinds:
        found["memory-" + kind] = lambda kind=kind: make.memory(kind)
    found["cluster"] = make.cluster
    return found
