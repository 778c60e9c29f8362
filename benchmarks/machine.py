"""What is measured, and where: pvemigrate as users install it, the peers, and this machine."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from .measure import Missing

__all__ = ["Machine", "SetupError"]

CHECKOUT = Path(__file__).resolve().parent.parent
READERS = Path(__file__).resolve().parent / "readers"
TIMEOUT = 600

#: What an installation says of itself.
_ASK = """
import json, os, platform, sysconfig, click, lark, pvemigrate
from importlib.util import cache_from_source
from importlib.metadata import version
home = os.path.dirname(pvemigrate.__file__)
print(json.dumps({
    "scripts": sysconfig.get_paths()["scripts"], "python": platform.python_version(),
    "home": home, "click_home": os.path.dirname(click.__file__),
    "editable": not os.path.isdir(os.path.join(home, "grammars")),
    "compiled": os.path.exists(cache_from_source(os.path.join(home, "cli.py"))),
    "pvemigrate": pvemigrate.__version__, "click": version("click"), "lark": version("lark")}))
"""

#: Makes a zip file of packages, as byte-code, and their data; not compressed, as zipapp does it.
_ZIP = """
import os, sys, zipfile
target, *packages = sys.argv[1:]
with zipfile.PyZipFile(target, "w") as archive:
    for package in packages:
        archive.writepy(package)
        for folder, _, names in os.walk(package):
            for name in names:
                if not name.endswith((".py", ".pyc")):
                    path = os.path.join(folder, name)
                    archive.write(path, os.path.relpath(path, os.path.dirname(package)))
"""


class SetupError(Exception):
    """pvemigrate cannot be measured here; the text is one line for the user."""


class Machine:
    """Programs and their environment. *python*: an interpreter with pvemigrate installed, or None:
    then the checkout is installed into a virtual environment in the folder *cache*."""

    def __init__(self, cache, python=None):
        self.cache = Path(cache)
        #: What measured processes find in their environment: nothing that changes how Python works.
        self.environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8",
                            "HOME": str(self.cache)}
        self.cache.mkdir(parents=True, exist_ok=True)
        self.python = python or self._installed()
        try:
            self.about = json.loads(self._output([self.python, "-c", _ASK]))
        except (ValueError, OSError):
            raise SetupError("%s: pvemigrate is not installed there" % self.python) from None
        if self.about["editable"]:
            raise SetupError("%s: pvemigrate is installed in editable mode, which no user does: "
                             "pip install ." % self.python)
        if not self.about["compiled"]:
            raise SetupError("%s: pvemigrate is not byte-compiled, as pip leaves it: "
                             "python -m compileall %s" % (self.python, self.about["home"]))
        self.command = os.path.join(self.about["scripts"], "pvemigrate")

    def _output(self, command):
        """What a command prints (str), an empty one where it fails or is not there."""
        try:
            done = subprocess.run([str(part) for part in command], env=self.environment,
                                  timeout=TIMEOUT, cwd=str(self.cache), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""

    # -- pvemigrate ------------------------------------------------------------------------------

    def _installed(self):
        """The interpreter of a virtual environment with the checkout as it is now."""
        folder = self.cache / ("venv-%s" % platform.python_version())
        python, stamp = folder / "bin" / "python", folder / "installed"
        wanted = _digest()
        if python.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
            return str(python)
        pip = [python, "-m", "pip", "--disable-pip-version-check", "-q", "install"]
        if not python.exists():
            self._run([sys.executable, "-m", "venv", folder])
        try:
            self._run(pip + ["%s[augeas]" % CHECKOUT])
        except SetupError:
            # python-augeas is compiled, and is missing in the table then.
            self._run(pip + [CHECKOUT])
        stamp.write_text(wanted, encoding="ascii")
        return str(python)

    def _run(self, command):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("PYTHON")}
        done = subprocess.run([str(part) for part in command], env=environment, timeout=TIMEOUT,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            lines = done.stdout.decode("utf-8", "replace").strip().splitlines() or ["no message"]
            raise SetupError("%s failed: %s" % (" ".join(map(str, command)), lines[-1]))

    def has_option(self, command, option):
        """Whether ``pvemigrate COMMAND`` knows *option*."""
        return option in self._output([self.command, command, "--help"])

    def without_byte_code(self, folder):
        """A copy of the installation below *folder* that has none, and nobody makes it any."""
        for home in (self.about["home"], self.about["click_home"]):
            shutil.copytree(home, Path(folder, Path(home).name),
                            ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        return dict(self.environment, PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1")

    def zipped(self, path):
        """A zip file of the installation, with byte-code, at *path*."""
        self._run([self.python, "-c", _ZIP, path, self.about["home"], self.about["click_home"]])
        return dict(self.environment, PYTHONPATH=str(path))

    # -- peers -----------------------------------------------------------------------------------

    def program(self, name, package):
        """The path of a program, or what is missing."""
        return shutil.which(name) or Missing("%s (Debian package %s)" % (name, package))

    def python_with(self, module, how):
        """An interpreter that can import *module*, or what is missing. *how*: what brings it."""
        for python in dict.fromkeys([self.python, sys.executable, "/usr/bin/python3"]):
            if self._output([python, "-c", "import %s; print(1)" % module]) == "1":
                return python
        return Missing("%s (%s)" % (module, how))

    def debian_package(self, name):
        """The folder that a Debian package is unpacked in, never installed; or what is missing."""
        shared = os.environ.get("PVEMIGRATE_DEBIAN")
        for folder in [Path(shared, name)] if shared else []:
            if folder.is_dir():
                return folder
        folder = self.cache / "debian" / name
        if not folder.is_dir():
            work = self.cache / "debian" / ("%s.%d" % (name, os.getpid()))
            work.mkdir(parents=True)
            try:
                subprocess.run(["apt-get", "-q", "download", name], cwd=work, timeout=TIMEOUT,
                               check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                subprocess.run(["dpkg", "-x", next(work.glob("*.deb")).name, "tree"], cwd=work,
                               timeout=TIMEOUT, check=True)
                os.rename(work / "tree", folder)
            except (OSError, subprocess.SubprocessError, StopIteration):
                return Missing("%s (apt-get download %s; dpkg -x %s_*.deb %s)" % (
                    name, name, name, folder))
            finally:
                shutil.rmtree(work, ignore_errors=True)
        return folder

    # -- for the header --------------------------------------------------------------------------

    def describe(self):
        """What a reader of the table has to know of this machine (dict)."""
        found = {name: self.about[name] for name in ("python", "pvemigrate", "click", "lark")}
        commit = self._output(["git", "-C", CHECKOUT, "describe", "--always", "--dirty",
                               "--exclude=*"])
        found.update(commit=commit, cpu=_cpu(), cores=len(os.sched_getaffinity(0)),
                     system="%s %s" % (platform.system(), platform.release()),
                     load="%.1f" % os.getloadavg()[0])
        return found


def _digest():
    """A digest of all that an installation is made from."""
    digest = hashlib.sha256()
    for path in sorted([*CHECKOUT.glob("pvemigrate/**/*"), *CHECKOUT.glob("grammars/*.lark"),
                        CHECKOUT / "pyproject.toml", CHECKOUT / "hatch_build.py"]):
        if path.is_file() and not {"__pycache__", "_tables"} & set(path.parts):
            digest.update(b"%s\0%s\0" % (os.fsencode(path.name), path.read_bytes()))
    return digest.hexdigest()


def _cpu():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.partition(":")[2].strip() for line in file
                        if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
