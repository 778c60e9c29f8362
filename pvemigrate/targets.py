"""What the PATHs of a command line mean: which roots, and which files there."""

import os

from .formats import kind_of_path
from .root import Root
from .source import find_roots, innermost_etc, locate, shows_pve

__all__ = ["Target", "common_directory", "targets_of"]


class Target:
    """Files of one root that are checked together.

    ``root``: its directory. ``etc``: where the contents of /etc are below it (``etc/`` or an empty
    string). ``paths``: files and directories relative to the root, None for all that is known.
    ``has_facts``: whether the root is one, so that facts of a node may be found below it.
    ``within``: the directory that was named and that the root was found below, or None.
    """

    def __init__(self, root, etc="etc/", paths=None, has_facts=True, within=None):
        self.root = root
        self.within = within
        self.etc = etc
        self.paths = paths
        self.has_facts = has_facts


class _Targets:
    """Sorts paths to their roots; each root comes once, in the order of the paths."""

    def __init__(self, root, kind):
        self.root = None if root is None else os.path.abspath(root)
        self.base = None if root is None else Root(root)
        self.kind = kind
        self.found = {}
        self.errors = []
        self.empty = []

    def add(self, path):
        full = os.path.abspath(path)
        if not path:
            self.errors.append(("''", "an empty path"))
        elif self.root is not None:
            self._add_below_root(path, full)
        elif not os.path.lexists(full):
            self.errors.append((path, "no such file or directory"))
        elif os.path.isdir(full):
            if self.kind is not None:
                self.errors.append((path, "a directory; --kind takes files"))
            else:
                self._add_directory(path, full)
        else:
            self._add_file(path, full)

    def _put(self, root, path=None, etc="etc/", has_facts=True, within=None):
        # What is below the directory that was named may become a link at any moment.
        real = os.path.realpath(within or root)
        if within:
            real = os.path.join(real, os.path.relpath(root, within))
        key = (real, etc, has_facts)
        target = self.found.setdefault(key, Target(root, etc, [], has_facts, within))
        if path is None or path == ".":
            target.paths = None
        elif target.paths is not None and path not in target.paths:
            target.paths.append(path)

    def _add_below_root(self, path, full):
        inside = os.path.relpath(full, self.root)
        if inside.split("/")[0] == "..":
            self.errors.append((path, "not below the root %s" % self.root))
        elif not self.base.exists(inside):
            self.errors.append((path, "no such file or directory"))
        elif self.kind is not None and self.base.is_directory(inside):
            self.errors.append((path, "a directory; --kind takes files"))
        else:
            self._put(self.root, inside)

    def _add_file(self, path, full):
        root, location = locate(full)
        if root is not None:
            self._put(root, "etc/" + location)
            return
        root, location = _below_contents_of_etc(full) if self.kind is None else (None, None)
        if root is not None:
            self._put(root, location, etc="")
        elif self.kind is None:
            self.errors.append((path, "not a known place of a configuration file: "
                                      "say what it is with --kind"))
        else:
            folder, name = os.path.split(full)
            self._put(folder, name, etc="", has_facts=False)

    def _add_directory(self, path, full):
        roots, trouble = find_roots(full)
        self.errors.extend(trouble)
        for root, etc in roots:
            self._put(root, etc=etc, within=full if root.startswith(full.rstrip("/") + "/") else None)
        if roots:
            return
        for root, location in innermost_etc(full):
            if location and shows_pve(root):
                self._put(root, "etc/" + location)
                return
        if not trouble:
            self.empty.append(path)


def _below_contents_of_etc(path):
    """Split the absolute path of a file below a directory that holds the contents of a Proxmox VE
    node's /etc, as the clone of a repository of an /etc does: (directory, location below it).
    (None, None) where it is not below one."""
    parts = path.split("/")
    for at in range(len(parts) - 1, 1, -1):
        folder, location = "/".join(parts[:at]), "/".join(parts[at:])
        if kind_of_path(location) and shows_pve(folder, ""):
            return folder, location
    return None, None


def targets_of(paths, root=None, kind=None):
    """What *paths* mean: list of :class:`Target`, errors (list of (path, message)), and the
    directories below which there is nothing of Proxmox VE.

    *root*: the root they are all below, if it was given. *kind*: the kind they are all of.
    """
    if not paths:
        return [Target("/" if root is None else root)], [], []
    targets = _Targets(root, kind)
    for path in paths:
        targets.add(path)
    return list(targets.found.values()), targets.errors, targets.empty


def common_directory(targets):
    """The directory that the paths of a report are relative to, and for each target what its own
    paths begin with there: (directory, list of str)."""
    roots = [os.path.abspath(target.root) for target in targets]
    if not roots:
        return os.getcwd(), []
    base = os.path.commonpath(roots)
    inside = [os.path.relpath(root, base) for root in roots]
    return base, ["" if path == "." else path + "/" for path in inside]
