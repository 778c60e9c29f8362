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
    _put_off("inspect")
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


class _Later(type(sys)):
    """A module that is imported when something of it is first asked for."""

    def __getattr__(self, name):
        # (What finds it is itself a module that a run has no other use for.)
        from importlib.machinery import PathFinder
        from importlib.util import module_from_spec

        self.__class__ = type(sys)
        spec = PathFinder.find_spec(self.__name__)
        vars(self).update(vars(module_from_spec(spec)))
        spec.loader.exec_module(self)
        return getattr(self, name)


def _put_off(name):
    """Have a module of the standard library imported as late as that: click imports it, and most runs
    use nothing of it."""
    sys.modules.setdefault(name, _Later(name))


if __name__ == "__main__":
    main()
