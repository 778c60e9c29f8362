"""A root: which files of a node's (copied) file system are looked at, and what they hold.

Reading only; nothing outside the root is read, not even through a link.
"""

import os
from errno import ENOENT, ENOTDIR

from .formats import FIXED, FOLDERS, kind_of_path, parse
from .root import Root

__all__ = ["Reader", "SourceFile", "discover", "find_roots", "innermost_etc", "known_location",
           "locate", "shows_pve", "source_matches", "sourced_files"]

class SourceFile:
    """One configuration file: ``path`` relative to the root (as reports show it), ``kind``, its
    bytes as read (``data``) and its tree (built when first asked for)."""

    #: Whether what the file holds is never to be shown.
    is_secret = False

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

    ``trouble``: list of (path, message), the directories that are there and could not be listed.
    """

    def __init__(self, path):
        self.root = Root(path)
        self.trouble = []

    def real_name(self, path):
        """What tells whether two paths lead to one file: the way there below the root without
        links; *path* itself where it leads nowhere, or out of the root."""
        try:
            return self.root.locate(path).path
        except (OSError, ValueError):
            return path

    def read(self, path):
        """The bytes of a file. Raises OSError."""
        return self.root.read(path)

    def get(self, path):
        """The bytes of a file, None where it cannot be read."""
        try:
            return self.root.read(path)
        except (OSError, ValueError):
            return None

    def listdir(self, path):
        """The sorted names in a directory; empty where there is none. A directory that is there
        and cannot be listed goes to ``trouble``."""
        try:
            return self.root.listdir(path)
        except (OSError, ValueError) as error:
            if getattr(error, "errno", None) not in (ENOENT, ENOTDIR):
                problem = (path, getattr(error, "strerror", None) or str(error))
                if problem not in self.trouble:
                    self.trouble.append(problem)
            return []

    def exists(self, path):
        """Whether there is anything at *path*, dangling links included."""
        return self.root.exists(path)

    def is_directory(self, path):
        """Whether *path* leads to a directory."""
        return self.root.is_directory(path)

    def free(self):
        """The bytes that are free on the root file system of the node that this runs on; None where
        the root is a copy's."""
        if not self.root.is_live:
            return None
        try:
            status = os.statvfs("/")
        except OSError:
            return None
        return status.f_bavail * status.f_frsize

    def links_to_node(self, path):
        """Whether *path* is a link into a directory ``nodes``, as pmxcfs has them for the guests of
        the node itself."""
        try:
            return "nodes" in self.root.readlink(path).split("/")
        except (OSError, ValueError):
            return False


def discover(reader, etc="etc/"):
    """The known files below the root: list of (path, location, kind), in the order of reports."""
    locations = [location for location in FIXED if reader.exists(etc + location)]
    for folder in FOLDERS:
        above, star, name = folder.partition("/*/")
        folders = ["%s/%s/%s" % (above, node, name) for node in reader.listdir(etc + above)
                   ] if star else [folder]
        for folder in folders:
            # pmxcfs has links to the guests of the node itself: they are below nodes/ already.
            if not reader.links_to_node(etc + folder):
                locations += ["%s/%s" % (folder, name) for name in reader.listdir(etc + folder)]
    found = [(etc + location, location, kind_of_path(location)) for location in locations]
    return sorted(file for file in found if file[2])


def innermost_etc(path):
    """Every way to split an absolute path at a component ``etc``, the innermost first: yields
    (directory above, rest below)."""
    parts = path.split("/")
    for at in range(len(parts) - 1, 0, -1):
        if parts[at] == "etc":
            yield "/".join(parts[:at]) or "/", "/".join(parts[at + 1:])


def known_location(path):
    """The location below etc/ (``pve/storage.cfg``) that a path of any kind ends in, None where it
    is no known one."""
    if not path:
        return None
    return next((location for _, location in innermost_etc("/" + str(path).lstrip("/"))
                 if kind_of_path(location)), None)


def locate(path):
    """Split the absolute path of a file at its innermost ``etc/`` below which it stands at a known
    location: (root, location). (None, None) where there is no such."""
    for root, location in innermost_etc(path):
        if kind_of_path(location) or _is_sourced(root, location):
            return root, location
    return None, None


def _is_sourced(root, location):
    """Whether the interfaces file of a root names the file at *location* in a ``source`` line."""
    main = "etc/network/interfaces"
    if not location or not os.path.isfile(os.path.join(root, main)):
        return False
    reader = Reader(root)
    data = reader.get(main)
    if data is None or b"source" not in data:
        return False
    first = SourceFile(main, "interfaces", data, main[len("etc/"):])
    return any(found == location for _, found, _ in sourced_files(reader, [first]))


# -- looking for roots -----------------------------------------------------------------------------

#: Directories that hold guests' files or nobody's configuration.
_NEVER_ENTERED = frozenset(["rootfs", ".git", ".hg", ".svn", ".zfs", "node_modules", "__pycache__"])
#: The kernel's directories in a root.
_KERNEL = frozenset(["proc", "sys", "dev", "run"])
#: What only /etc/pve holds; a directory ``pve`` that is not below an ``etc`` must have some of it
#: to be taken for one (``nodes/pve`` is none, though many a node is called so).
_PVE_NAMES = ("nodes", "storage.cfg", "user.cfg", "datacenter.cfg", "corosync.conf", "vzdump.cron")


def _is_guest_volume(name):
    """Whether a directory is called as PVE calls the volumes of guests (``subvol-100-disk-0``)."""
    prefix, _, rest = name.partition("-")
    number, dash, _ = rest.partition("-")
    return bool(prefix in ("subvol", "basevol", "vm", "base") and dash and number.isdigit())


#: Proxmox's host, and what entries of a mirror have of theirs.
_APT_SIGNS = (b"proxmox.com", b"pve-enterprise", b"pve-no-subscription", b"pvetest")


def shows_pve(etc, named_etc=True):
    """Whether a directory holds what the /etc of a Proxmox VE node holds: ``pve/``, or an apt entry
    for a repository of Proxmox. *named_etc*: the directory is called etc."""
    pve = os.path.join(etc, "pve")
    if os.path.isdir(pve) and (named_etc or any(
            os.path.lexists(os.path.join(pve, name)) for name in _PVE_NAMES)):
        return True
    reader = Reader(etc)
    names = ["apt/sources.list"]
    names += ["apt/sources.list.d/" + name for name in reader.listdir("apt/sources.list.d")]
    return any(kind_of_path(name) and _names_proxmox(reader.get(name) or b"") for name in names)


def _names_proxmox(data):
    return any(sign in data for sign in _APT_SIGNS) and any(
        sign in line for line in data.split(b"\n") if not line.lstrip().startswith(b"#")
        for sign in _APT_SIGNS)


def find_roots(directory):
    """The configuration trees at and below *directory*, and what could not be looked into:
    (list of (root, etc prefix), list of (path, message)).

    A tree is a directory that holds an ``etc`` with signs of Proxmox VE, or that holds the contents
    of such an ``etc`` itself. The volumes of guests are never entered, links never followed.
    """
    directory = os.path.abspath(directory)
    if os.path.basename(directory) == "etc" and shows_pve(directory):
        return [(os.path.dirname(directory), "etc/")], []
    found, trouble, pending = [], [], [directory]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                names = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
        except OSError as error:
            trouble.append((folder, error.strerror or str(error)))
            continue
        if "etc" in names or folder == "/":
            names -= _KERNEL
        if "etc" in names and shows_pve(os.path.join(folder, "etc")):
            found.append((folder, "etc/"))
            names.discard("etc")
        elif names & {"pve", "apt"} and shows_pve(folder, named_etc=False):
            found.append((folder, ""))
            continue
        pending.extend(os.path.join(folder, name) for name in sorted(names, reverse=True)
                       if name not in _NEVER_ENTERED and not _is_guest_volume(name))
    return found, trouble


# -- files that others name ------------------------------------------------------------------------


def sourced_files(reader, files, etc="etc/"):
    """The files that ``source`` lines of *files* name and that are not among them: list of (path,
    location, :class:`SourceFile`), None for a file that cannot be read. Follows them to any depth,
    each file once."""
    known = {file.path for file in files}
    pending = [file for file in files if file.kind == "interfaces"]
    found = []
    while pending:
        file = pending.pop(0)
        # Such a line ends the stanza above it, so it is in none.
        for node in file.tree.body:
            if type(node).__name__ != "Source" or not node.value:
                continue
            for path in source_matches(reader, file, node, etc):
                if path in known:
                    continue
                known.add(path)
                location = path[len(etc):] if path.startswith(etc) else None
                data, sourced = reader.get(path), None
                if data is not None:
                    sourced = SourceFile(path, "interfaces", data, location)
                    pending.append(sourced)
                found.append((path, location, sourced))
    return found


def source_matches(reader, file, node, etc="etc/"):
    """The paths below the root (list) that a ``source`` or ``source-directory`` line names.

    ifupdown expands the value as a shell does and takes what is relative from the file's folder; of
    several paths that holds for the first (measured with 0.8.41), so only absolute ones count
    behind it. What takes a shell to know (``$``) names nothing here.
    """
    from .formats.interfaces import joined, words

    found = []
    for number, pattern in enumerate(words(node.value)):
        pattern = pattern.replace('"', "").replace("'", "")
        if "$" in pattern or "`" in pattern:
            continue
        if pattern.startswith("/etc/"):
            pattern = etc + pattern[len("/etc/"):]
        elif pattern.startswith("/"):
            pattern = pattern[1:]
        elif number:
            continue
        else:
            pattern = os.path.dirname(file.path) + "/" + pattern
        pattern = os.path.normpath(pattern)
        if not pattern.startswith(".."):
            found += _expand(reader, pattern, joined(node.keyword) != "source")
    return found


def _expand(reader, pattern, is_directory):
    from fnmatch import fnmatchcase

    paths = [""]
    for part in pattern.split("/"):
        if not any(char in part for char in "*?["):
            paths = [path + "/" + part for path in paths]
            continue
        paths = [path + "/" + name for path in paths for name in reader.listdir(path[1:])
                 if fnmatchcase(name, part) and not (name.startswith(".") and part[0] != ".")]
    if is_directory:
        # Only these names, as with run-parts (interfaces(5)).
        paths = ["%s/%s" % (path, name) for path in paths for name in reader.listdir(path[1:])
                 if all(c.isalnum() and c.isascii() or c in "_-" for c in name)]
    return [path[1:] for path in paths if reader.exists(path[1:])]
