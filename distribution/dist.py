"""Builds into dist/ what is handed out: the wheel, the sdist, pvemigrate.pyz, the Debian package, and
SHA256SUMS.

    make dist            or: python3 distribution/dist.py [--out DIR] [--tools DIR]

It takes Python 3.8 or later with venv, a network for pip (or its cache) and, for the Debian package,
dpkg-deb. The same sources make the same bytes: names are sorted, owners and modes are fixed, tools and
what is vendored are pinned by hash, and all times are SOURCE_DATE_EPOCH or, where that is not set, the
time of the last commit.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

import deb
import pyz
from vendored import Wheel

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(HERE)
BUILD = os.path.join(HERE, "build-requirements.txt")
VENDORED = os.path.join(HERE, "vendored.txt")


def main():
    """Build everything; the paths go to standard output."""
    parser = argparse.ArgumentParser(description="Build the wheel, the sdist, pvemigrate.pyz and the "
                                                 "Debian package.")
    parser.add_argument("--out", default=os.path.join(CHECKOUT, "dist"), help="default: dist/")
    parser.add_argument("--tools", default=os.path.join(CHECKOUT, "build", "tools"),
                        help="where a virtual environment for the tools is or is made "
                             "(default: build/tools)")
    options = parser.parse_args()
    if sys.version_info < (3, 8):
        sys.exit("error: building takes Python 3.8 or later (what is built runs on 3.7)")
    os.umask(0o022)
    date = source_date()
    os.environ["SOURCE_DATE_EPOCH"] = str(date)
    with tempfile.TemporaryDirectory() as work:
        built = build(os.path.abspath(options.tools), work, date)
        os.makedirs(options.out, exist_ok=True)
        for path in built:
            target = os.path.join(options.out, os.path.basename(path))
            shutil.copy2(path, target)
            print(target)


def build(tools, work, date):
    """Build everything in the folder *work*; the paths."""
    python = prepare(tools)
    run(python, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", work, cwd=CHECKOUT)
    sdist, wheel = only(work, ".tar.gz"), only(work, ".whl")
    wheels = [Wheel(path) for path in [wheel] + vendored_wheels(tools)]
    archive = os.path.join(work, "pvemigrate.pyz")
    pyz.write(archive, wheels, date)
    package = deb.write(work, wheels, date)
    sums = os.path.join(work, "SHA256SUMS")
    built = [wheel, sdist, archive, package]
    with open(sums, "w", encoding="ascii") as file:
        for path in sorted(built, key=os.path.basename):
            with open(path, "rb") as content:
                digest = hashlib.sha256(content.read()).hexdigest()
            file.write("%s  %s\n" % (digest, os.path.basename(path)))
    return built + [sums]


def prepare(tools):
    """Have a virtual environment with the tools, and the wheels to vendor; its Python."""
    python = os.path.join(tools, "bin", "python")
    wanted = hashlib.sha256()
    for path in (BUILD, VENDORED):
        with open(path, "rb") as file:
            wanted.update(file.read())
    mark = os.path.join(tools, "pinned-" + wanted.hexdigest())
    if os.path.exists(mark):
        return python
    if os.path.isdir(tools):
        shutil.rmtree(tools)
    run(sys.executable, "-m", "venv", tools)
    pip = [python, "-m", "pip", "-q", "--disable-pip-version-check"]
    exactly = ["--require-hashes", "--only-binary", ":all:", "--no-deps"]
    run(*pip, "install", *exactly, "-r", BUILD, "-r", VENDORED)
    run(*pip, "download", *exactly, "-r", VENDORED, "-d", os.path.join(tools, "wheels"))
    with open(mark, "w", encoding="ascii"):
        pass
    return python


def vendored_wheels(tools):
    """The wheels that vendored.txt names, in its order."""
    with open(VENDORED, encoding="ascii") as file:
        names = [line.partition("==")[0] for line in file if line[:1].isalpha()]
    return [only(os.path.join(tools, "wheels"), ".whl", name) for name in names]


def only(folder, suffix, prefix=""):
    """The one file in *folder* with such a name."""
    found = [name for name in os.listdir(folder)
             if name.startswith(prefix + "-" if prefix else "") and name.endswith(suffix)]
    if len(found) != 1:
        raise RuntimeError("%d files %s*%s in %s" % (len(found), prefix, suffix, folder))
    return os.path.join(folder, found[0])


def source_date():
    """The time that all files get (seconds since 1970)."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    try:
        shown = subprocess.run(["git", "-C", CHECKOUT, "log", "-1", "--format=%ct"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        return int(shown.stdout)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 315532800  # An sdist has no commits: 1980, where zip's time begins.


def run(*command, **extra):
    """Run a command; what it says is shown where it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **extra)
    if done.returncode:
        sys.stderr.write(done.stdout.decode("utf-8", "replace"))
        sys.exit("error: %s failed with status %d" % (" ".join(command[:4]), done.returncode))


if __name__ == "__main__":
    main()
