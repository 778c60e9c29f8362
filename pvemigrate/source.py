"""A root: which files of a node's (copied) file system are looked at, and what they hold.

Reading only; nothing outside the root is read, not even through a link.
"""

import os
from errno import ENOENT, ENOTDIR

from .formats import FIXED, FOLDERS, KINDS, kind_of_name, kind_of_path, parse
from .root import MAX_SIZE, Root

__all__ = ["MAX_FILE", "ChangedReader", "Reader", "SourceFile", "discover", "find_roots",
           "innermost_etc", "known_location", "locate", "shows_pve", "source_matches", "sourced_files"]

#: How large one of the files that are judged may be.
MAX_FILE = 2 * 1024 * 1024
#: How many bytes are read below one root. (A few links make a whole tree of one large file.)
_MAX_READ = 1 << 29
_TOO_MUCH = "more than %d MiB below this root: the rest is not read" % (_MAX_READ >> 20)


class SourceFile:
    """One configuration file: ``path`` relative to the root (as reports show it), ``kind``, its
    bytes as read (``data``) and its tree (built when first asked for).

    *read*: function that reads the bytes at a path when they are first asked for, where *data* is
    None; what asks then has to be ready for OSError.
    """

    #: Whether what the file holds is never to be shown.
    is_secret = False
    #: Whether it could not be read when it was looked at.
    is_unread = False

    def __init__(self, path, kind, data, location=None, read=None):
        self.path = path
        self.kind = kind
        if read is None:
            self.data = data
        else:
            self._read = read
        #: Path below etc/ (``network/interfaces``), None for a file that is at no known location.
        self.location = location
        self._tree = None

    def __getattr__(self, name):
        if name != "data" or "_read" not in self.__dict__:
            raise AttributeError(name)
        self.data = data = self._read(self.path)
        return data

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

    *root*: the directory, or a :class:`~pvemigrate.root.Root`. ``trouble``: list of (path, message),
    the directories that are there and could not be listed, and where it was too much.
    """

    def __init__(self, root):
        self.root = root if isinstance(root, Root) else Root(root)
        self.trouble = []
        self._left = _MAX_READ
        self._made = {}

    def once(self, key, make):
        """``make()``, called once for each *key*."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def real_name(self, path):
        """What tells whether two paths lead to one file: the way there below the root without
        links; *path* itself where it leads nowhere, or out of the root."""
        try:
            return self.root.locate(path).path
        except (OSError, ValueError):
            return path

    def read(self, path, limit=MAX_SIZE):
        """The bytes of a file, of no more than *limit*. Raises OSError."""
        if self._left <= 0:
            self.complain(".", _TOO_MUCH)
            raise OSError(_TOO_MUCH)
        data = self.root.read(path, limit)
        self._left -= len(data)
        return data

    def get(self, path, limit=MAX_SIZE):
        """The bytes of a file, None where it cannot be read."""
        try:
            return self.read(path, limit)
        except (OSError, ValueError):
            return None

    def complain(self, path, message):
        """Note something for ``trouble``, once."""
        if (path, message) not in self.trouble:
            self.trouble.append((path, message))

    def listdir(self, path):
        """The sorted names in a directory; empty where there is none. A directory that is there
        and cannot be listed goes to ``trouble``."""
        try:
            return self.root.listdir(path)
        except (OSError, ValueError) as error:
            if getattr(error, "errno", None) not in (ENOENT, ENOTDIR):
                self.complain(path, getattr(error, "strerror", None) or str(error))
            return []

    def exists(self, path):
        """Whether there is anything at *path*, dangling links included."""
        return self.root.exists(path)

    def is_directory(self, path):
        """Whether *path* leads to a directory."""
        return self.root.is_directory(path)

    def is_link(self, path):
        """Whether there is a symbolic link at *path*."""
        return self._link(path) is not None

    def is_masked(self, path):
        """Whether *path* is a link to /dev/null, the custom for a file that is to hold nothing."""
        return self._link(path) == "/dev/null"

    def _link(self, path):
        try:
            return self.root.readlink(path)
        except (OSError, ValueError):
            return None

    def has_links(self, path):
        """Whether symbolic links lead to the directory at *path*, or are in it."""
        try:
            return self.real_name(path) != path or self.root.has_links(path)
        except (OSError, ValueError):
            return False

    def free(self):
        """The bytes that are free on the root file system of the node that this runs on; None where
        the root is a copy's."""
        try:
            return self.root.free() if self.root.is_live else None
        except OSError:
            return None

    def afresh(self):
        """A reader of the same files, which has read nothing yet."""
        return Reader(self.root)

    def links_to_node(self, path):
        """Whether *path* is a link into a directory ``nodes``, as pmxcfs has them for the guests of
        the node itself."""
        return "nodes" in (self._link(path) or "").split("/")


class ChangedReader(Reader):
    """Reads what the files below a root would hold after some changes, of which none is written.

    *reader*: the :class:`Reader` of the files before; *changes*: iterable of (path, old bytes or None,
    new bytes or None where the file is removed), as a plan has them.
    """

    def __init__(self, reader, changes):
        super().__init__(reader.root)
        self._changed = dict(getattr(reader, "_changed", ()))
        self._changed.update((self._name(path), new) for path, _, new in changes)

    def afresh(self):
        return ChangedReader(self, ())

    def _name(self, path):
        # What is not there yet has no other name than its folder's real one and its own.
        above, slash, name = self.real_name(path).rpartition("/")
        return self.real_name(above) + slash + name if above else name

    def read(self, path, limit=MAX_SIZE):
        name = self._name(path)
        if name not in self._changed:
            return super().read(path, limit)
        data = self._changed[name]
        if data is None:
            raise FileNotFoundError(ENOENT, os.strerror(ENOENT))
        return data

    def listdir(self, path):
        folder = self._name(path) + "/" if path else ""
        names = {name for name in super().listdir(path)
                 if self._changed.get(folder + name, b"") is not None}
        names.update(name[len(folder):].partition("/")[0] for name, data in self._changed.items()
                     if name.startswith(folder) and data is not None)
        return sorted(names)

    def exists(self, path):
        name = self._name(path)
        if name in self._changed:
            return self._changed[name] is not None
        return super().exists(path) or self._is_new_directory(name)

    def is_directory(self, path):
        return super().is_directory(path) or self._is_new_directory(self._name(path))

    def _is_new_directory(self, name):
        return any(other.startswith(name + "/") and data is not None
                   for other, data in self._changed.items())


def discover(reader, etc="etc/", kinds=KINDS, wanted=lambda path: True):
    """The known files of *kinds* below the root whose paths are *wanted*: list of (path, location,
    kind), in the order of reports. A file that links lead to is there once, by its own name if that
    is among them."""
    found = [(etc + location, location, kind) for location, kind in FIXED.items()
             if kind in kinds and reader.exists(etc + location)]
    has_links = any(reader.is_link(path) for path, _, _ in found)
    for folder, there in FOLDERS.items():
        if not any(map(there.__contains__, kinds)):
            continue
        kind_of = kind_of_name(folder)
        above, star, name = folder.partition("/*/")
        folders = ["%s/%s/%s" % (above, node, name) for node in reader.listdir(etc + above)
                   ] if star else [folder]
        for folder in folders:
            # pmxcfs has links to the guests of the node itself: they are below nodes/ already.
            if not reader.links_to_node(etc + folder):
                names, path = reader.listdir(etc + folder), etc + folder + "/"
                found += [(path + name, path[len(etc):] + name, kind_of(name)) for name in names]
                has_links = has_links or names and reader.has_links(etc + folder)
    found = sorted(file for file in found if file[2] in kinds and wanted(file[0]))
    return _once_each(reader, found) if has_links else found


def _once_each(reader, files):
    """Of the *files* that are the same one only one: two changes of it would not know of each other,
    and an entry that is "there twice" would be removed in both."""
    names = {}
    for file in files:
        real = reader.real_name(file[0])
        if real not in names or file[0] == real:
            names[real] = file
    return sorted(names.values())


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
    if not location:
        return False
    try:
        reader = Reader(root)
    except OSError:
        return False
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
#: How deep below a directory roots are looked for.
_MAX_DEPTH = 100
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


def shows_pve(root, etc="etc"):
    """Whether the directory *etc* (empty: the root itself) below *root* (a path, or a
    :class:`~pvemigrate.root.Root`) holds what the /etc of a Proxmox VE node holds: ``pve/``, or an
    apt entry for a repository of Proxmox."""
    try:
        reader = Reader(root)
    except OSError:
        return False
    etc = etc + "/" if etc else ""
    if reader.is_directory(etc + "pve") and (etc or any(
            reader.exists("%spve/%s" % (etc, name)) for name in _PVE_NAMES)):
        return True
    names = ["apt/sources.list"]
    names += ["apt/sources.list.d/" + name for name in reader.listdir(etc + "apt/sources.list.d")]
    return any(kind_of_path(name) and _names_proxmox(reader.get(etc + name) or b"")
               for name in names)


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
    if os.path.basename(directory) == "etc" and shows_pve(os.path.dirname(directory)):
        return [(os.path.dirname(directory), "etc/")], []
    found, trouble, pending = [], [], [""]
    try:
        top = Root(directory)
    except OSError as error:
        return [], [(directory, error.strerror or str(error))]
    while pending:
        inside = pending.pop()
        folder = os.path.join(directory, inside) if inside else directory
        try:
            if inside.count("/") >= _MAX_DEPTH:
                raise OSError("deeper than any root is looked for: not looked into")
            names = set(top.folders(inside))
            root = Root(folder, within=directory) if names & {"etc", "pve", "apt"} else None
        except OSError as error:
            trouble.append((folder, error.strerror or str(error)))
            continue
        if "etc" in names or folder == "/":
            names -= _KERNEL
        if "etc" in names and shows_pve(root):
            found.append((folder, "etc/"))
            names.discard("etc")
        elif names & {"pve", "apt"} and shows_pve(root, ""):
            found.append((folder, ""))
            continue
        pending.extend(inside + "/" + name if inside else name
                       for name in sorted(names, reverse=True)
                       if name not in _NEVER_ENTERED and not _is_guest_volume(name))
    return found, trouble


# -- files that others name ------------------------------------------------------------------------


def sourced_files(reader, files, etc="etc/"):
    """The files that ``source`` lines of *files* name and that are not among them: list of (path,
    location, :class:`SourceFile`), None for a file that cannot be read. Follows them to any depth,
    each file once."""
    known = None
    pending = [file for file in files if file.kind == "interfaces"]
    found = []
    while pending:
        file = pending.pop(0)
        # Such a line ends the stanza above it, so it is in none.
        for node in file.tree.body:
            if type(node).__name__ != "Source" or not node.value:
                continue
            if known is None:
                known = {reader.real_name(file.path) for file in files}
            for path in source_matches(reader, file, node, etc):
                if reader.real_name(path) in known:
                    continue
                known.add(reader.real_name(path))
                location = path[len(etc):] if path.startswith(etc) else None
                data, sourced = reader.get(path, MAX_FILE), None
                if data is not None:
                    sourced = SourceFile(path, "interfaces", data, location)
                    pending.append(sourced)
                found.append((path, location, sourced))
    if reader.once("source names", lambda: [_MAX_NAMES])[0] <= 0:
        reader.complain(etc + "network/interfaces", "its source lines name too much: not all of it "
                                                    "is looked at")
    return found


#: How many names are looked at for all ``source`` lines of a root. (Links make folders endless.)
_MAX_NAMES = 100000
#: How long a pattern may be.
_MAX_PATTERN = 4096


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
        if len(pattern) > _MAX_PATTERN:
            continue
        if not pattern.startswith(".."):
            is_directory = joined(node.keyword) != "source"
            found += reader.once(("source", pattern, is_directory), lambda pattern=pattern,
                                 is_directory=is_directory: _expand(reader, pattern, is_directory))
    return found


def _expand(reader, pattern, is_directory):
    """The paths below the root that a pattern matches, each folder and file once."""
    left = reader.once("source names", lambda: [_MAX_NAMES])
    paths = {"": ""}  # way without links -> path
    for part in pattern.split("/"):
        if not any(char in part for char in "*?["):
            paths = {real + "/" + part: path + "/" + part for real, path in paths.items()}
        else:
            fits = _glob(part)
            paths = _below(reader, paths, left, len(part), lambda name: fits(name) and not (
                name.startswith(".") and part[0] != "."))
    if is_directory:
        # Only these names, as with run-parts (interfaces(5)).
        paths = _below(reader, paths, left, 1, lambda name: all(
            c.isalnum() and c.isascii() or c in "_-" for c in name))
    left[0] -= len(paths)
    return [path[1:] for real, path in paths.items() if reader.exists(real[1:])]


def _below(reader, paths, left, cost, fits):
    """The paths in some folders whose names fit, those that lead to the same place once."""
    found = {}
    for folder, path in paths.items():
        if left[0] <= 0:
            break
        names = reader.listdir(folder[1:])
        left[0] -= 1 + sum(1 + len(name) * cost // 1000 for name in names)
        for name in names:
            if fits(name):
                real = reader.real_name((folder + "/" + name)[1:])
                found.setdefault("/" + real, path + "/" + name)
    return found


def _glob(pattern):
    """A test whether a name matches a shell pattern, in time linear in both. (What fnmatch makes of
    a hostile one takes forever on old Pythons.)"""
    tokens, at = [], 0
    while at < len(pattern):
        end = pattern.find("]", at + (3 if pattern.startswith("[!", at) else 2))
        if pattern[at] == "[" and end > 0:
            tokens.append(_one_of(pattern[at + 1:end]))
            at = end
        else:
            tokens.append({"*": None, "?": _any}.get(pattern[at], pattern[at].__eq__))
        at += 1

    def fits(name):
        at = number = 0
        star = mark = -1
        while at < len(name):
            if number < len(tokens) and tokens[number] is None:
                star, mark, number = number, at, number + 1
            elif number < len(tokens) and tokens[number](name[at]):
                at, number = at + 1, number + 1
            elif star >= 0:
                mark += 1
                at, number = mark, star + 1
            else:
                return False
        return all(token is None for token in tokens[number:])

    return fits


def _any(char):
    return True


def _one_of(text):
    """A test for what stands between brackets in a shell pattern."""
    is_negated = text.startswith("!")
    text, ranges = text[is_negated:], []
    while text:
        is_range = len(text) > 2 and text[1] == "-"
        ranges.append((text[0], text[2 if is_range else 0]))
        text = text[3 if is_range else 1:]
    return lambda char: any(low <= char <= high for low, high in ranges) != is_negated
