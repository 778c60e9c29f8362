"""What test_faults.py runs under strace: one commit of several files, between two calls that show in
the trace. Arguments: the root, and ``commit`` or ``rollback``."""

import json
import os
import sys

from pvemigrate import write
from pvemigrate.journal import Journal
from pvemigrate.root import Root

#: Path -> (before, after): files that change, one that is made, in a folder that is made too, and
#: some that go.
FILES = {
    "etc/apt/sources.list.d/a.list": (b"deb http://deb.debian.org/debian bookworm main\n", None),
    "etc/apt/sources.list.d/b.list": (b"# nothing\n", None),
    "etc/apt/sources.list": (b"deb http://deb.debian.org/debian buster main\n",
                             b"deb http://deb.debian.org/debian bullseye main\n"),
    "etc/network/interfaces": (b"auto lo\n" * 20, b"auto lo\n" * 10),
    "etc/pve/storage.cfg": (b"dir: a\n\tmaxfiles 3\n", b"dir: a\n\tprune-backups keep-last=3\n"),
    "etc/systemd/network/10-a.link": (None, b"[Link]\nName=a\n"),
}


def main(root, what):
    # What only has to be loaded is not what is to be looked at.
    import ctypes  # noqa: F401
    import hashlib  # noqa: F401

    changes = [(path, old, new) for path, (old, new) in sorted(FILES.items())]
    run = Journal(Root(root)).runs()[0][-1] if what == "rollback" else None
    os.access("/begin-of-commit", os.F_OK)
    try:
        failures = write.rollback(root, run) if run else write.commit(root, changes)
    finally:
        os.access("/end-of-commit", os.F_OK)
    print(json.dumps(failures))


if __name__ == "__main__":
    main(*sys.argv[1:])
