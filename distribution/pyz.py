"""Makes pvemigrate.pyz: the package and what it needs in one file that Python runs."""

import hashlib
import io
import os
import time
import zipfile

from vendored import licences

__all__ = ["write"]

_HERE = os.path.dirname(os.path.abspath(__file__))
_FIRST_LINE = b"#!/usr/bin/env python3\n"


def write(path, wheels, date):
    """Write the archive; *wheels*: what is in it; *date*: seconds since 1970, that of all its files."""
    files = {"LICENSES": licences(wheels).encode("utf-8"),
             "pvemigrate_cache.py": _own("pyz_cache.py"),
             "pvemigrate_compile.py": _own("pyz_compile.py")}
    for wheel in wheels:
        files.update(wheel.files)
    start = _own("pyz_main.py")
    digest = _digest(dict(files, start=start))
    files["__main__.py"] = start.replace(b"@DIGEST@", digest.encode("ascii"))
    with open(path, "wb") as file:
        file.write(_archive(files, date))
    os.chmod(path, 0o755)


def _own(name):
    with open(os.path.join(_HERE, name), "rb") as file:
        return file.read()


def _digest(files):
    """A name for just these files (hexadecimal)."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(("%s\0%d\0" % (name, len(files[name]))).encode("utf-8"))
        total.update(files[name])
    return total.hexdigest()


def _archive(files, date):
    # A zip knows no time before 1980 and none between two seconds.
    stamp = time.gmtime(max(date, 315532800))[:6]
    memory = io.BytesIO()
    memory.write(_FIRST_LINE)
    with zipfile.ZipFile(memory, "w") as archive:
        for name in sorted(files, key=lambda name: (name != "__main__.py", name)):
            entry = zipfile.ZipInfo(name, stamp)
            entry.create_system = 3  # Unix, wherever this is built
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return memory.getvalue()
