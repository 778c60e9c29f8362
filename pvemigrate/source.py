"""A root: which files of a node's (copied) file system are looked at, and what they hold.

Reading only; nothing outside the root is read, not even through a link.
"""

import os
import stat

from .facts import Facts
from .formats import kind_of_path, parse

__all__ = ["MAX_SIZE", "Reader", "SourceFile", "discover", "find_roots", "locate"]

#: Larger files are refused: no configuration is, and a hostile tree must not fill the memory.
MAX_SIZE = 16 * 1024 * 1024


class SourceFile:
    """One configuration file: ``path`` relative to the root (as reports show it), ``kind``, its
    bytes as read (``data``) and its tree (built when first asked for)."""

    def __init__(self, path, kind, data, location=None):
        self.path = path
        self.kind = kind
        self.data = data
        #: Path below etc/ (``network/interfaces``), None for a file that is at no known location.
        self.location = location
        self._tree = None

    @property
    def tree(self):
        """The file's :class:`~pvemigrate.cst.File`."""
        if self._tree is None:
            self._tree = parse(self.data, self.kind)
        return self._tree

    def with_code(self, code):
        """The same file with other text (str)."""
        tree = parse(code, self.kind)
        file = SourceFile(self.path, self.kind, tree.bytes, self.location)
        file._tree = tree
        return file

    def __repr__(self):
        return "SourceFile(%r, %r)" % (self.path, self.kind)


class Reader:
    """Reads files below one directory; refuses what leaves it.

    ``real(path)`` gives the real path of a file below the root; OSError with a plain message where
    there is none or where it is no regular file inside the root.
    """

    def __init__(self, root):
        self.root = root
        self._real_root = os.path.realpath(root)

    def real(self, path):
        """The real path of *path* (relative to the root). OSError for what must not be read."""
        real = os.path.realpath(os.path.join(self._real_root, path))
        inside = self._real_root.rstrip("/") + "/"
        if not (real + "/").startswith(inside):
            raise OSError("a link leads out of the root")
        status = os.stat(real)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not a regular file")
        if status.st_size > MAX_SIZE:
            raise OSError("larger than %d MiB" % (MAX_SIZE >> 20))
        return real

    def read(self, path):
        """The bytes of a file. Raises OSError."""
        with open(self.real(path), "rb") as file:
            return file.read(MAX_SIZE + 1)

    def get(self, path):
        """The bytes of a file, None where it cannot be read."""
        try:
            return self.read(path)
        except (OSError, ValueError):
            return None

    def listdir(self, path):
        """The sorted names in a directory; empty where there is none or where it lies outside."""
        real = os.path.realpath(os.path.join(self._real_root, path))
        if not (real + "/").startswith(self._real_root.rstrip("/") + "/"):
            return []
        try:
            return sorted(os.listdir(real))
        except OSError:
            return []

    def is_link(self, path):
        """Whether *path* itself is a symbolic link."""
        return os.path.islink(os.path.join(self._real_root, path))

    def exists(self, path):
        """Whether there is anything at *path*, dangling links included."""
        return os.path.lexists(os.path.join(self._real_root, path))


def discover(reader, etc="etc/"):
    """The known files below the root: list of (path, location, kind), in the order of reports."""
    found = []

    def add(location, kind=None):
        if reader.exists(etc + location):
            kind = kind or kind_of_path(location)
            if kind:
                found.append((etc + location, location, kind))

    add("apt/sources.list")
    for name in reader.listdir(etc + "apt/sources.list.d"):
        add("apt/sources.list.d/" + name)
    add("network/interfaces")
    for name in reader.listdir(etc + "network/interfaces.d"):
        add("network/interfaces.d/" + name)
    add("network/interfaces.new")
    guests = ["pve/nodes/" + node for node in reader.listdir(etc + "pve/nodes")]
    for folder in guests + ["pve"]:
        for name in ("lxc", "qemu-server"):
            if folder == "pve" and reader.is_link(etc + "pve/" + name):
                continue
            for file in reader.listdir("%s%s/%s" % (etc, folder, name)):
                add("%s/%s/%s" % (folder, name, file))
    for location in ("pve/storage.cfg", "pve/user.cfg", "pve/vzdump.cron", "vzdump.conf"):
        add(location)
    return found


def locate(path):
    """Split an absolute path at its innermost ``etc/``: (root, path below root, location), with
    location None where the file is at no known place (root is None too, then)."""
    parts = path.split("/")
    for at in range(len(parts) - 2, 0, -1):
        if parts[at] == "etc":
            location = "/".join(parts[at + 1:])
            if kind_of_path(location) or location.startswith("network/"):
                return "/".join(parts[:at]) or "/", "etc/" + location, location
    return None, None, None


#: Directories that hold guests' files, or so many files that nobody keeps a node's tree in them.
_NEVER_ENTERED = frozenset(["rootfs", "proc", "sys", "dev", "run", ".git", ".hg", ".svn",
                            "node_modules", "__pycache__"])


def _is_guest_volume(name):
    return name.startswith(("subvol-", "basevol-", "vm-", "base-")) and "-disk-" in name


def _shows_pve(etc):
    """Whether a directory holds what the /etc of a Proxmox VE node holds."""
    if os.path.isdir(os.path.join(etc, "pve")):
        return True
    folder = os.path.join(etc, "apt")
    names = ["sources.list"]
    try:
        names += ["sources.list.d/" + name for name in os.listdir(folder + "/sources.list.d")]
    except OSError:
        pass
    for name in names:
        if not kind_of_path("apt/" + name):
            continue
        try:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and os.path.getsize(path) <= MAX_SIZE:
                with open(path, "rb") as file:
                    if b"proxmox.com" in file.read():
                        return True
        except OSError:
            continue
    return False


def find_roots(directory):
    """The configuration trees at and below *directory*: list of (root, etc prefix).

    A tree is a directory that holds an ``etc`` with signs of Proxmox VE, or that holds the contents
    of such an ``etc`` itself. Trees are not searched for further trees, and the volumes of guests
    are never entered.
    """
    found, pending = [], [directory]
    while pending:
        folder = pending.pop()
        etc = os.path.join(folder, "etc")
        if not os.path.islink(etc) and os.path.isdir(etc) and _shows_pve(etc):
            found.append((folder, "etc/"))
            continue
        if os.path.basename(folder) != "etc" and _shows_pve(folder):
            found.append((folder, ""))
            continue
        if os.path.basename(os.path.abspath(folder)) == "etc" and _shows_pve(folder):
            parent = os.path.dirname(os.path.abspath(folder))
            found.append((parent, "etc/"))
            continue
        try:
            with os.scandir(folder) as entries:
                children = [entry.path for entry in entries
                            if entry.is_dir(follow_symlinks=False)
                            and entry.name not in _NEVER_ENTERED
                            and not _is_guest_volume(entry.name)]
        except OSError:
            continue
        pending.extend(sorted(children, reverse=True))
    return found


def sourced_files(reader, files, etc="etc/"):
    """The files that ``source`` lines of *files* name and that are not among them: list of
    (path, location). Follows them to any depth, each file once."""
    from fnmatch import fnmatchcase

    known = {file.path for file in files}
    pending = [file for file in files if file.kind == "interfaces"]
    found = []
    while pending:
        file = pending.pop(0)
        for node in file.tree.walk():
            if type(node).__name__ != "Source" or not node.value:
                continue
            for path in _matches(reader, file, node, etc, fnmatchcase):
                if path in known:
                    continue
                known.add(path)
                location = path[len(etc):] if path.startswith(etc) else None
                found.append((path, location))
                data = reader.get(path)
                if data is not None:
                    pending.append(SourceFile(path, "interfaces", data, location))
    return found


def _matches(reader, file, node, etc, fnmatchcase):
    """Paths below the root that a ``source`` or ``source-directory`` line names."""
    pattern = str(node.value).replace("\\\n", "").strip("\"'")
    if pattern.startswith("/etc/"):
        pattern = etc + pattern[len("/etc/"):]
    elif pattern.startswith("/"):
        pattern = pattern[1:]
    else:
        pattern = os.path.dirname(file.path) + "/" + pattern
    pattern = os.path.normpath(pattern)
    if pattern.startswith("..") or "$" in pattern or "`" in pattern:
        return []
    if node.keyword == "source-directory":
        # Only these names, as with run-parts (interfaces(5)).
        return ["%s/%s" % (pattern, name) for name in reader.listdir(pattern)
                if all(c.isalnum() and c.isascii() or c in "_-" for c in name)]
    paths = [""]
    for part in pattern.split("/"):
        if not any(char in part for char in "*?["):
            paths = [path + "/" + part for path in paths]
            continue
        paths = [path + "/" + name for path in paths for name in reader.listdir(path[1:])
                 if fnmatchcase(name, part) and not (name.startswith(".") and part[0] != ".")]
    return [path[1:] for path in paths if reader.exists(path[1:])]


def facts_of(reader, settings, etc="etc/"):
    """The :class:`Facts` of a root."""
    return Facts(reader.get, etc, settings)
