"""Where the command starts, as a program (``pvemigrate``) and as ``python -m pvemigrate``."""

import gc
import os
import sys


def main():
    """Run the command, and end the process with its status.

    Nothing that a run makes is thrown away before its end, so that looking for garbage is time lost:
    while modules are imported, over large trees, and once more when the interpreter shuts down. Nor
    has it anything to tidy up then: all is written, and flushed, before.
    """
    gc.disable()
    from .cli import main as run

    try:
        run()
    except SystemExit as end:
        if not isinstance(end.code, int) or sys.getprofile() or sys.gettrace():
            raise
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (AttributeError, OSError, ValueError):
                pass  # What could be said of it has been said.
        os._exit(end.code)


if __name__ == "__main__":
    main()
