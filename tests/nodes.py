"""Nodes' file trees for tests of the command and the library, and how the command is run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pvemigrate

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = str(Path(pvemigrate.__file__).resolve().parent.parent)

#: A storage with maxfiles: one warning, phase before, with a safe fix (STO001).
STORAGE = "dir: local\n\tpath /var/lib/vz\n\tcontent backup\n\tmaxfiles 3\n"
STORAGE_FIXED = STORAGE.replace("maxfiles 3", "prune-backups keep-last=3")
#: A property that the type does not have: one warning, phase before, without a fix (STO006).
STORAGE_MANUAL = "dir: local\n\tpath /var/lib/vz\n\tcontent iso\n\tserver x\n"
STORAGE_CLEAN = "dir: local\n\tpath /var/lib/vz\n\tcontent iso\n"
#: A container with a v1 key: one error, phase after-node, with a safe fix (LXC001).
GUEST = "arch: amd64\nostype: debian\nlxc.cgroup.pids.max: 100\n"
GUEST_FIXED = GUEST.replace("cgroup.", "cgroup2.")
#: A role with Pool.Audit: one info on a node that runs 6.x (USR002).
USER_INFO = "role:Watch:Pool.Audit:\n"


def status_file(**versions):
    """A dpkg status file: package (``_`` for ``-``) -> version, or (version, state)."""
    parts = []
    for name, version in versions.items():
        version, state = (version, "install ok installed") if isinstance(version, str) else version
        parts.append("Package: %s\nStatus: %s\nPriority: optional\nVersion: %s\n"
                     "Description: x\n y\n" % (name.replace("_", "-"), state, version))
    return "\n".join(parts)


def with_release(version, tree=None):
    """*tree* on a node with this version of Proxmox VE."""
    return dict(tree or {}, **{"var/lib/dpkg/status": status_file(
        proxmox_ve=version, pve_manager="6.4-15" if version == "6.4-1" else version)})


#: A database of packages that says nothing of Proxmox VE: without one a note is made of that.
NO_RELEASE = {"var/lib/dpkg/status": status_file(base_files="10.3+deb10u13")}
CLEAN = dict(NO_RELEASE, **{"etc/pve/storage.cfg": STORAGE_CLEAN})
WARNING = dict(NO_RELEASE, **{"etc/pve/storage.cfg": STORAGE})
MANUAL = dict(NO_RELEASE, **{"etc/pve/storage.cfg": STORAGE_MANUAL})
ERROR = dict(NO_RELEASE, **{"etc/pve/nodes/a/lxc/100.conf": GUEST})


def as_bytes(tree):
    """*tree* as :func:`read_tree` gives it."""
    return {path: content if isinstance(content, bytes) else content.encode("utf-8")
            for path, content in tree.items()}


def write_tree(root, tree):
    """Write files: path -> text or bytes. Returns *root*."""
    for path, content in tree.items():
        target = Path(str(root)) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return root


def read_tree(root):
    """All regular files below *root* but the journal's: path -> bytes."""
    return {path.relative_to(str(root)).as_posix(): path.read_bytes()
            for path in sorted(Path(str(root)).rglob("*"))
            if path.is_file() and not path.is_symlink()
            and "var/lib/pvemigrate/" not in path.as_posix()}


def installed_copy(folder):
    """The package as an installation has it (with compiled tables, and not a checkout) below
    *folder*; the directory to put on Python's path."""
    from pvemigrate.catalogue import write_index
    from pvemigrate.compiler import write_tables

    package = Path(PACKAGE) / "pvemigrate"
    copy = Path(str(folder)) / "installed" / "pvemigrate"
    shutil.copytree(str(package), str(copy),
                    ignore=shutil.ignore_patterns("__pycache__", "_tables"))
    if not (copy / "grammars").is_dir():
        shutil.copytree(str(REPOSITORY / "grammars"), str(copy / "grammars"))
    write_tables(str(copy / "_tables"))
    write_index(str(copy / "_tables"))
    return str(copy.parent)


def environment(**changes):
    """Environment variables in which the package is importable from any directory."""
    values = {name: value for name, value in os.environ.items()
              if name not in ("NO_COLOR", "PYTHONIOENCODING")}
    values.update(PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=PACKAGE)
    values.update(changes)
    return values


def command_line(*arguments):
    """What runs the command with these arguments."""
    return [sys.executable, "-m", "pvemigrate"] + [
        a if isinstance(a, bytes) else str(a) for a in arguments]


class Outcome:
    """``status``, ``out`` and ``err`` (str) and ``raw`` (bytes of stdout) of a run."""

    def __init__(self, result):
        self.status = result.returncode
        self.raw = result.stdout
        self.out = result.stdout.decode("utf-8", "surrogateescape")
        self.err = result.stderr.decode("utf-8", "surrogateescape")


def run(*arguments, **options):
    """Run the command in a process of its own; what a user must never see fails here."""
    env = environment(**options.pop("env", {}))
    result = Outcome(subprocess.run(command_line(*arguments), stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, env=env, timeout=120,
                                    **dict({"input": b""}, **options)))
    assert "Traceback" not in result.err + result.out, result.err
    assert "internal error" not in result.err + result.out, result.err
    assert result.status in (0, 1, 2), result.err
    return result
