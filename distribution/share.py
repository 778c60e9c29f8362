"""Writes what lies below share/ in an installation: the man page and the scripts for shells."""

import os
import re
from datetime import datetime, timezone

import completions
import manual

__all__ = ["write_share"]


def write_share(checkout, folder):
    """Write the files into *folder*; the package and click can be imported."""
    for path, text in files(checkout).items():
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def files(checkout):
    """Path below ``share/`` -> text."""
    from pvemigrate import __version__
    from pvemigrate.cli import main
    from pvemigrate.formats import FIXED, FOLDERS

    kinds = {path: (kind,) for path, kind in FIXED.items()}
    kinds.update((folder + "/", names) for folder, names in FOLDERS.items())
    found = {"man/man1/pvemigrate.1": manual.page(main, kinds, __version__, _release_date(checkout))}
    found.update(completions.scripts(main))
    return found


def _release_date(checkout):
    """When the newest release was made: the same for all who build it (seconds since 1970)."""
    with open(os.path.join(checkout, "CHANGELOG.md"), encoding="utf-8") as file:
        day = re.search(r"^## \[\d.*?(\d{4}-\d\d-\d\d)", file.read(), re.MULTILINE).group(1)
    return int(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=timezone.utc).timestamp())
