"""How a measured process talks to the runner: a line of JSON for each line on standard input.

The first line it prints, unasked, holds facts: which program this is, and what it has read (counts
that the runner compares between programs). Each further line answers one line of input with the
value of one round: seconds, or whatever the job counts.
"""

import gc
import json
import sys
import time


def serve(facts, take):
    """Print *facts* (dict), then for each line a value of *take* (a callable, gives a number)."""
    _say(facts)
    for _ in sys.stdin:
        _say({"value": take()})


def timed(function, *arguments):
    """How many seconds a call takes. Garbage of the round before is collected first; during the
    call the collector works as it always does, and what the call returns dies after it."""
    gc.collect()
    start = time.perf_counter()
    result = function(*arguments)
    end = time.perf_counter()
    del result
    return end - start


def _say(answer):
    print(json.dumps(answer), flush=True)
