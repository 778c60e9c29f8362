"""Reads interfaces files with ifupdown2's own parser, for test_interfaces_readers.py.

Run with ifupdown2's modules in PYTHONPATH. JSON list of paths on stdin; JSON on stdout: for each
file a list of [name, families, method, [[option, values], ...]], or the name of the exception. With
the argument ``auto``: for each file the sorted names that it brings up at boot.
"""

import builtins
import functools
import json
import logging
import os
import sys

logging.disable(logging.CRITICAL)
os.environ.setdefault("PYTHONWARNINGS", "ignore")

from ifupdown.networkinterfaces import networkInterfaces  # noqa: E402

# It opens files in the locale's encoding, which must not decide what these tests see.
builtins.open = functools.partial(open, encoding="latin-1")


def read(path):
    found = []
    os.chdir(os.path.dirname(path))
    reader = networkInterfaces(path)
    reader.subscribe("iface_found", found.append)
    try:
        reader.load()
    except Exception as error:  # noqa: BLE001 - which files crash it is part of the answer
        return type(error).__name__
    if sys.argv[1:] == ["auto"]:
        return sorted(set(reader.auto_ifaces))
    return [[item.name, item.addr_family, item.addr_method, list(item.config.items())]
            for item in found]


json.dump([read(path) for path in json.load(sys.stdin)], sys.stdout)
