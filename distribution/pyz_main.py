"""Starts pvemigrate from pvemigrate.pyz.

Python compiles what it imports from an archive anew at each start, which takes longer than all the
rest. So the first run with a version of Python keeps the byte-code in a private folder, in one file,
and later runs import from that (pyz_cache.py says when a folder is private).

Python 2 reads this file too, to say that it is not for Python 2.
"""

import os
import sys

#: Names the contents of this archive.
DIGEST = "@DIGEST@"


def main():
    """Run the command; ends in SystemExit."""
    if sys.version_info < (3, 7):
        sys.stderr.write("error: pvemigrate needs Python 3.7 or later, and this is %d.%d; try python3\n"
                         % sys.version_info[:2])
        sys.exit(2)
    try:
        from pvemigrate_cache import byte_code
        found = byte_code(os.path.dirname(__file__), DIGEST)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(2)
    except Exception:
        # Whatever is wrong with a folder for byte-code, the archive itself is there.
        found = None
    if found:
        sys.path[0] = found
    from pvemigrate.__main__ import main as run
    run()


main()
