"""python-apt's reader of sources.list: read_aptsources.py FILE (with Debian's Python)"""

import sys
import warnings

import apt_pkg
from serve import serve, timed

warnings.simplefilter("ignore")
from aptsources.sourceslist import SourcesList  # noqa: E402


def read():
    """All entries; nothing is matched against the list of known distributions."""
    return SourcesList(withMatcher=False)


def main():
    apt_pkg.init_config()
    apt_pkg.config.set("Dir::Etc::sourcelist", sys.argv[1])
    apt_pkg.config.set("Dir::Etc::sourceparts", "/nonexistent")
    entries = [entry for entry in read() if not entry.invalid and not entry.disabled]
    serve({"program": "python-apt with libapt " + apt_pkg.VERSION,
           "entries": len(entries)}, lambda: timed(read))


if __name__ == "__main__":
    main()
