"""ifupdown2's own parser, with its modules in PYTHONPATH: read_ifupdown2.py FILE"""

import logging
import os
import sys
import warnings

from serve import serve, timed

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
from ifupdown.networkinterfaces import networkInterfaces  # noqa: E402


def load(path):
    """The interfaces of a file (list)."""
    found = []
    reader = networkInterfaces(path)
    reader.subscribe("iface_found", found.append)
    reader.load()
    return found


def main():
    path = sys.argv[1]
    os.chdir(os.path.dirname(path))
    found = load(path)
    serve({"program": "ifupdown2", "interfaces": len(found),
           "options": sum(len(values) for item in found for values in item.config.values())},
          lambda: timed(load, path))


if __name__ == "__main__":
    main()
