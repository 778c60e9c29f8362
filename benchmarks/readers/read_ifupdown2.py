"""ifupdown2's own parser, with its modules in PYTHONPATH: read_ifupdown2.py FILE"""

import gzip
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


def version():
    """The version of the Debian package that these modules lie in, unpacked."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(sys.modules["ifupdown"].__file__)))
    try:
        with gzip.open(os.path.join(package, "doc/ifupdown2/changelog.Debian.gz"), "rt") as file:
            return file.readline().partition("(")[2].partition(")")[0]
    except OSError:
        return ""


def main():
    path = sys.argv[1]
    os.chdir(os.path.dirname(path))
    found = load(path)
    options = sum(len(values) for item in found for values in item.config.values())
    serve({"program": ("ifupdown2 " + version()).strip(), "interfaces": len(found),
           "options": options}, lambda: timed(load, path))


if __name__ == "__main__":
    main()
