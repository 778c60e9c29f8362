"""Programs out of Debian packages, downloaded and unpacked, never installed.

The folder $PVEMIGRATE_DEBIAN (default: .pytest_cache/debian in the checkout) keeps them from run to
run. Who has no apt-get can unpack a package there by hand: ``dpkg -x ifupdown_*.deb ifupdown``.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("PVEMIGRATE_DEBIAN")
              or Path(__file__).parent.parent / ".pytest_cache" / "debian")
TIMEOUT = 120


def unpacked(package):
    """The folder that a Debian package is unpacked in; skips the test where it cannot be had."""
    folder = FOLDER / package
    if not folder.is_dir():
        _unpack(package, folder)
    return folder


def _unpack(package, folder):
    for program in ("apt-get", "dpkg"):
        if not shutil.which(program):
            pytest.skip("no %s: these tests want Debian or a derivative, or the package %s "
                        "unpacked in %s" % (program, package, folder))
    work = FOLDER / ("%s.%d" % (package, os.getpid()))
    work.mkdir(parents=True)
    try:
        for command in (["apt-get", "-q", "download", package],
                        ["sh", "-c", "dpkg -x %s_*.deb tree" % package]):
            try:
                done = subprocess.run(command, cwd=str(work), stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, timeout=TIMEOUT)
                problem = done.stdout.decode("utf-8", "replace").strip() if done.returncode else ""
            except subprocess.TimeoutExpired:
                done, problem = None, "no answer in %d s" % TIMEOUT
            if done is None or done.returncode:
                pytest.skip("%s failed (%s): run apt-get update with a mirror in reach, or unpack "
                            "the package in %s" % (" ".join(command), problem[-200:], folder))
        try:
            os.rename(str(work / "tree"), str(folder))
        except OSError:
            # Another run was faster.
            assert folder.is_dir()
    finally:
        shutil.rmtree(str(work))
