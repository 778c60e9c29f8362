"""Where the command starts, as a program (``pvemigrate``) and as ``python -m pvemigrate``."""

import gc


def main():
    """Run the command; ends in SystemExit with its status.

    Nothing that a run makes is thrown away before its end, so that looking for garbage is time lost:
    while modules are imported, over large trees, and once more when the interpreter shuts down.
    """
    gc.disable()
    try:
        from .cli import main as run

        run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
