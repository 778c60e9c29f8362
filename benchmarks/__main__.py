"""``python -m benchmarks``: measures, prints one table, and judges it where asked to."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from .comparisons import comparisons
from .machine import Machine, SetupError
from .measure import Failed, take_turns
from .table import failures, header, render, results

#: Exit statuses: all is well; a "must" is not kept (with --check); nothing could be measured.
OK, SLOW, FAILED = 0, 1, 2


def arguments(args=None):
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(
        "Measures pvemigrate and its peers in turn, on files made from a seed, and prints one "
        "table. Peers that are not installed are named."))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache",
                 "pvemigrate-benchmarks")
    parser.add_argument("--short", action="store_true", help="fewer rounds and fewer files: for CI")
    parser.add_argument("--check", action="store_true",
                        help="exit with 1 where a ratio does not keep its must, slack granted")
    parser.add_argument("--slack", type=float, default=15, metavar="PERCENT",
                        help="by how much --check lets a ratio miss its must (default: 15)")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
                        help="these comparisons, by name or its beginning (parse, cluster, ...). "
                             "Repeatable")
    parser.add_argument("--bars", action="store_true",
                        help="print only the rows that have a must and a goal")
    parser.add_argument("--json", metavar="FILE", help="write every value that was measured")
    parser.add_argument("--cache", default=cache, metavar="DIR",
                        help="for the virtual environment and unpacked packages (default: "
                             "%(default)s)")
    parser.add_argument("--python", metavar="FILE",
                        help="an interpreter that has pvemigrate installed (default: one of a "
                             "virtual environment that is made in the cache)")
    return parser.parse_args(args)


def main(args=None):
    """Do it; the exit status."""
    options = arguments(args)
    if sys.version_info < (3, 9):
        print("error: the benchmarks need Python 3.9 or later", file=sys.stderr)
        return FAILED
    try:
        machine = Machine(options.cache, options.python and os.path.abspath(options.python))
        about = machine.describe()
        rows, notes, programs = [], [], set()
        with tempfile.TemporaryDirectory(prefix="pvemigrate-benchmarks-") as work:
            known = comparisons(machine, work, options.short)
            wanted = [name for name in known if name.startswith(tuple(options.only) or "")]
            if not wanted:
                raise SetupError("--only %s: the comparisons are %s" % (
                    " ".join(options.only), " ".join(known)))
            for number, name in enumerate(wanted, 1):
                print("%d/%d %s" % (number, len(wanted), name), file=sys.stderr, flush=True)
                comparison = known[name]()
                values, reasons = take_turns(comparison.contenders, comparison.rounds,
                                             comparison.warm_up, comparison.parallel)
                rows += results(comparison, values, reasons)
                notes += comparison.notes
                programs.update(contender.facts["program"] for key, contender in
                                comparison.contenders.items() if key in values and contender.facts)
    except (SetupError, Failed) as error:
        print("error: %s" % error, file=sys.stderr)
        return FAILED
    programs = {name for name in programs if not name.startswith("pvemigrate")}
    print(header(about, programs))
    print(render([row for row in rows if row["must"] is not None or not options.bars], notes))
    if options.json:
        document = {"machine": about, "programs": sorted(programs), "short": options.short,
                    "rows": rows}
        Path(options.json).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if options.check:
        return judge(rows, options.slack)
    return OK


def judge(rows, slack):
    """Say which rows do not keep their must; the exit status."""
    slow = failures(rows, slack / 100)
    for row in slow:
        print("%s, versus %s: %.2f misses the must of %g by more than %g %%" % (
            row["what"], row["versus"], row["ratio"], row["must"], slack))
    judged = [row for row in rows if row["must"] is not None]
    print("%d of %d rows with a must are within %g %% of it, %d were not measured" % (
        len([row for row in judged if row["ratio"] is not None]) - len(slow), len(judged), slack,
        len([row for row in judged if row["ratio"] is None])))
    return SLOW if slow else OK


if __name__ == "__main__":
    sys.exit(main())
