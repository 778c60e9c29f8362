"""The journal of a root: what each run of fix changed, and the originals, so that a run can be taken
back, and one that was interrupted is found at the next start.

It lies in ``var/lib/pvemigrate/`` below the root, never beside the files: apt, cron and pmxcfs read
their folders. A run is a folder ``runs/<time>-<id>/`` with

* ``old-0``, ``old-1`` ...: the files as they were;
* ``journal``: JSON, written when all of those are on disk and before the first file is touched;
* ``committed``: an empty file, made when every file is the new one;
* ``done`` or ``undone``: the same, when nothing of the run is left to do.
"""

import os
import time
from bisect import bisect_left
from errno import EDQUOT, EIO, ENOSPC

from .root import open_folder

__all__ = ["FOLDER", "Journal", "NoJournal", "Record", "Run", "digest", "folders_above",
           "is_restorable", "sync_folder", "write_all"]

#: Where the journal is, below the root.
FOLDER = "var/lib/pvemigrate"
_RUNS = FOLDER + "/runs"
_VERSION = 1


def digest(data):
    """The SHA-256 of *data* (bytes), hexadecimal; None for None."""
    if data is None:
        return None
    from hashlib import sha256

    return sha256(data).hexdigest()


def is_restorable(attribute):
    """Whether a file that was removed gets an extended attribute of this name back: there are some
    that give rights to whoever runs a program."""
    return "\0" not in attribute and (attribute.startswith(("user.", "trusted."))
                                      or attribute in ("system.posix_acl_access", "security.selinux"))


class Record:
    """What a run does to one file: ``path`` as reports name it, ``real`` (the way below the root,
    without links), ``old`` and ``new`` (digests, None where there is no file), ``temporary`` and
    ``backup`` (names beside the file that the run may use), ``mode``, ``uid`` and ``gid`` (None where
    there was no file), ``attributes``: of a file that the run removes, its extended attributes (name ->
    value in hexadecimal)."""

    FIELDS = ("path", "real", "old", "new", "temporary", "backup", "mode", "uid", "gid", "attributes")
    __slots__ = FIELDS

    def __init__(self, attributes=None, **values):
        self.attributes = attributes or {}
        for name in self.FIELDS[:-1]:
            setattr(self, name, values[name])

    def require_sound(self):
        """Raise ValueError unless this can be what a run has written: a journal that lies in a copied
        tree may say anything. What is taken away later is only what has a temporary file's name."""
        import re

        for path in (self.path, self.real):
            if not isinstance(path, str) or "\0" in path:
                raise ValueError("not a path")
            os.fsencode(path)
        if any(part in ("", ".", "..") for part in self.real.split("/")):
            raise ValueError("not the way to a file")
        if self.old is None and self.new is None:
            raise ValueError("no change")
        own = re.escape(self.real.rpartition("/")[2]) + r"(\.pvemigrate\.[0-9]+\.(tmp|old)|\.tmp\.[0-9]+)"
        for name in (self.temporary, self.backup):
            if not isinstance(name, str) or not re.fullmatch(r"\.?" + own, name):
                raise ValueError("not the name of a temporary file")
        for value in (self.old, self.new):
            if not (value is None or isinstance(value, str)):
                raise ValueError("not a digest")
        for number, limit in ((self.mode, 0o7777), (self.uid, 2 ** 32 - 2), (self.gid, 2 ** 32 - 2)):
            if number is not None and not (type(number) is int and 0 <= number <= limit):
                raise ValueError("not a mode or an owner")
        if not isinstance(self.attributes, dict):
            raise ValueError("not attributes")
        for name, value in self.attributes.items():
            if not is_restorable(name):
                raise ValueError("not an attribute that a run gives back")
            os.fsencode(name), bytes.fromhex(value)


class Run:
    """One run in the journal. ``id``: the name of its folder. ``records``; ``undoes``: the id of the
    run that it took back, or None; ``tool``, ``time`` (ISO 8601, UTC). ``made``: the folders that it
    has made for files of its own, a list of (way below the root, inode), those above first; ``left``:
    those that it takes away once its files are the new ones, as an earlier run had made them."""

    def __init__(self, journal, id, records, undoes=None, tool="", time="", made=(), left=()):
        self._journal = journal
        self.id = id
        self.records = records
        self.undoes = undoes
        self.tool = tool
        self.time = time
        self.made = made
        self.left = left

    @property
    def folder(self):
        """The run's folder below the root."""
        return "%s/%s" % (_RUNS, self.id)

    @property
    def state(self):
        """``done``, ``undone`` (what was begun has been taken back at once), or ``interrupted``."""
        for state in ("done", "undone"):
            if self._journal.root.exists("%s/%s" % (self.folder, state)):
                return state
        return "interrupted"

    @property
    def is_committed(self):
        """Whether every file has become the new one: then the run is finished, never taken back."""
        return self._journal.root.exists(self.folder + "/committed")

    def commit(self):
        """Note that every file is the new one."""
        self._mark("committed")

    def withdraw(self):
        """Take back what :meth:`commit` may have noted although it failed: the files are about to
        become the old ones."""
        if self.is_committed:
            with _Folder(self._journal.root.locate(self.folder)) as folder:
                folder.remove("committed")

    def original(self, number):
        """The bytes that the file of a record was before, None where there was none."""
        record = self.records[number]
        if record.old is None:
            return None
        data = self._journal.root.read("%s/old-%d" % (self.folder, number))
        if digest(data) != record.old:
            raise OSError("the journal's copy of %s is damaged" % record.path)
        return data

    def close(self, state):
        """Note that nothing is left to do: *state* is ``done`` or ``undone``."""
        self._mark(state)

    def _mark(self, name):
        with _Folder(self._journal.root.locate(self.folder)) as folder:
            folder.write(name, b"")


class Journal:
    """The journal of *root* (a :class:`~pvemigrate.root.Root`)."""

    def __init__(self, root):
        self.root = root

    def runs(self):
        """All runs, oldest first (list of :class:`Run`), and those whose journal cannot be read (list
        of (path, message)). A folder without a journal is what a run leaves that was stopped before
        it touched anything."""
        runs, trouble = [], []
        try:
            names = self.root.folders(_RUNS)
        except (OSError, ValueError):
            names = []
        for name in names:
            path = "%s/%s/journal" % (_RUNS, name)
            try:
                runs.append(self._load(name, self.root.read(path)))
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
                trouble.append((path, getattr(error, "strerror", None)
                                or "not the journal of a run"))
        return runs, trouble

    def interrupted(self):
        """The runs that were stopped on their way, and what may be one and cannot be read: as
        :meth:`runs` gives them."""
        runs, trouble = self.runs()
        return ([run for run in runs if run.state == "interrupted"],
                [(path, message) for path, message in trouble
                 if not any(self.root.exists(path[:-len("journal")] + state)
                            for state in ("done", "undone"))])

    def _load(self, name, data):
        import json

        document = json.loads(data.decode("ascii"), parse_int=_small_number)
        if document["version"] != _VERSION:
            raise ValueError("another version")
        records = [Record(**record) for record in document["files"]]
        for record in records:
            record.require_sound()
        undoes = document["undoes"]
        if not (undoes is None or isinstance(undoes, str)):
            raise ValueError("not the name of a run")
        # Journals of earlier versions have no folders.
        made = _sound_folders(document.get("made", []), [
            record.real for record in records if record.old is None])
        left = _sound_folders(document.get("left", []), [
            record.real for record in records if record.new is None])
        return Run(self, name, records, undoes, str(document["tool"]), str(document["time"]), made, left)

    def make(self):
        """Make the journal's folder where it is missing."""
        self._make(_RUNS)

    def begin(self, records, originals, undoes=None, made=(), left=()):
        """Put a run into the journal, on disk when this returns. *originals*: the bytes of each
        record's file, None where there is none; *made* and *left* as :class:`Run` has them."""
        import json

        from . import __version__

        self._tidy()
        moment = time.time()
        now = time.gmtime(moment)
        # Runs are taken back in the order of their names, and two may begin in one second.
        id = "%s.%06dZ-%s" % (time.strftime("%Y%m%dT%H%M%S", now), moment % 1 * 10 ** 6,
                              os.urandom(3).hex())
        run = Run(self, id, records, undoes, "pvemigrate " + __version__,
                  time.strftime("%Y-%m-%dT%H:%M:%SZ", now), made, left)
        document = {"version": _VERSION, "tool": run.tool, "time": run.time, "undoes": undoes,
                    "made": [{"path": path, "inode": inode} for path, inode in made],
                    "left": [{"path": path, "inode": inode} for path, inode in left],
                    "files": [{name: getattr(record, name) for name in Record.FIELDS}
                              for record in records]}
        try:
            self._make(run.folder)
            with _Folder(self.root.locate(run.folder)) as folder:
                for number, data in enumerate(originals):
                    if data is not None:
                        folder.write("old-%d" % number, data)
                folder.write("journal.new", json.dumps(document, indent=1).encode("ascii"))
                folder.rename("journal.new", "journal")
            self._sync(_RUNS)
        except OSError:
            # On a full disk this is what gives back its space.
            self._tidy(run)
            raise
        return run

    def _tidy(self, *runs):
        """Take away what runs have left that were stopped before they had a journal, and *runs*. A
        folder with anything else in it is not touched: someone may have looked into it."""
        # Folders alone: a link to one may lead to anybody's files.
        names = [name for name in self.root.folders(_RUNS)
                 if all(inside == "journal.new" or inside.startswith("old-")
                        for inside in self.root.listdir("%s/%s" % (_RUNS, name)))]
        for run in [Run(self, name, []) for name in names] + list(runs):
            try:
                self.discard(run)
            except OSError:
                pass

    def discard(self, run):
        """Take the folder of a run away that has changed nothing."""
        place = self.root.locate(run.folder)
        with _Folder(place) as folder:
            # The journal first: a folder without one means nothing.
            for name in ["journal"] + [n for n in folder.names() if n != "journal"]:
                folder.remove(name)
        place = self.root.locate(run.folder)
        os.rmdir(place.name, dir_fd=place.folder)

    def _make(self, path):
        """Make the folder at *path* and those above it, for nobody else to look into."""
        done = ""
        for name in path.split("/"):
            done = done + "/" + name if done else name
            place = self.root.locate(done)
            if not place.name:
                continue
            is_own = done.startswith(FOLDER)
            try:
                os.mkdir(place.name, 0o700 if is_own else 0o755, dir_fd=place.folder)
            except FileExistsError:
                continue
            sync_folder(place.folder)
            if done == FOLDER:
                # Trees are kept in git: what fix did to them is none of their history.
                with _Folder(self.root.locate(done)) as folder:
                    folder.write(".gitignore", b"*\n")

    def _sync(self, path):
        place = self.root.locate(path)
        with _Folder(place) as folder:
            folder.sync()


def folders_above(folders, files):
    """Those of *folders* (list of (path, inode)) that are above one of *files* (paths)."""
    files, found = sorted(files), []
    for path, inode in folders:
        at = bisect_left(files, path + "/")
        if at < len(files) and files[at].startswith(path + "/"):
            found.append((path, inode))
    return found


def _sound_folders(found, files):
    """The folders in a journal, as :class:`Run` has them. ValueError unless each is above one of *files*
    (paths): a journal that lies in a copied tree may say anything."""
    if not isinstance(found, list):
        raise ValueError("not a list of folders")
    folders = [(folder["path"], folder["inode"]) for folder in found]
    for path, inode in folders:
        if not (isinstance(path, str) and type(inode) is int):
            raise ValueError("not a folder")
    if folders_above(folders, files) != folders or len(set(folders)) < len(folders):
        raise ValueError("not the folders that a run has made")
    return folders


def _small_number(text):
    # Very long ones take Python's old versions hours.
    if len(text) > 20:
        raise ValueError("not a number that a run writes")
    return int(text)


class NoJournal:
    """What stands for a journal where none is kept."""

    def make(self):
        """Nothing is made."""

    def interrupted(self):
        """No runs, no trouble."""
        return [], []

    def begin(self, records, originals, undoes=None, made=(), left=()):
        """A run that leaves no trace."""
        return self

    def discard(self, run):
        """Nothing is there to be taken away."""

    def commit(self):
        """Nothing is noted."""

    def withdraw(self):
        """Nothing is noted."""

    def close(self, state):
        """Nothing is noted."""


class _Folder:
    """A folder of the journal, opened (a context manager that flushes it at the end)."""

    def __init__(self, place):
        self._descriptor = open_folder(place)

    def __enter__(self):
        return self

    def __exit__(self, kind, *exception):
        try:
            if kind is None:
                self.sync()
        finally:
            os.close(self._descriptor)

    def names(self):
        return os.listdir(self._descriptor)

    def sync(self):
        sync_folder(self._descriptor)

    def write(self, name, data):
        """Write a file of its own, on disk when this returns."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(name, flags, 0o600, dir_fd=self._descriptor)
        except FileExistsError:
            # What a run has left that was stopped; a FIFO or a device is not to be opened.
            self.remove(name)
            descriptor = os.open(name, flags, 0o600, dir_fd=self._descriptor)
        try:
            write_all(descriptor, data)
        finally:
            os.close(descriptor)

    def rename(self, old, new):
        os.rename(old, new, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def remove(self, name):
        try:
            os.unlink(name, dir_fd=self._descriptor)
        except FileNotFoundError:
            pass


def write_all(descriptor, data):
    """Write *data* to an open file and flush it to the disk."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view):]
    os.fsync(descriptor)


def sync_folder(folder):
    """Flush the folder that a descriptor stands for. Not every file system can, and there the order
    of its own has to do."""
    descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno in (EIO, ENOSPC, EDQUOT):
            raise
    finally:
        os.close(descriptor)
