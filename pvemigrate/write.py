"""Writes changed files: all of a run, or none of it. The one place of the package that changes a
node's files.

The order, each step on disk before the next one begins:

1. The run's own lock, and those of Proxmox VE's tools for these files.
2. The journal: originals, and what is to become of which file (``journal.py``).
3. Beside each file, under a name that no reader of that folder takes for one of its files, the new
   text, with mode, owner and extended attributes of the old one.
4. Each file is read again, then the two change names (renameat2(2), RENAME_EXCHANGE), then what has
   been displaced is read once more: if that is not what was expected, or somebody still has it open
   for writing, they change back. Where the file system cannot exchange, a copy of the old file is
   laid beside it first, and the new one takes the name with rename(2). A file that goes gets another
   name, in the same manner, and does so when all others have changed: what has been moved into
   another file is never in none.
5. The folders, then the journal's ``committed``; then what was displaced goes, and, where a run is
   taken back, the folders that it had made, if they are empty; and the run is ``done``.

A failure on the way takes back what has been done, from what still lies beside the files: that takes
no space. What a crash interrupts, :func:`recover` finds and finishes or takes back.
"""

import os
import signal
import stat
from contextlib import contextmanager
from errno import (EACCES, EAGAIN, EDQUOT, EINVAL, EIO, ENOSPC, ENOSYS, ENOTSUP, EOPNOTSUPP, EPERM)

from .journal import (FOLDER, Journal, NoJournal, Record, digest, folders_above, is_restorable,
                      sync_folder, write_all)
from .locks import Locked, Locks
from .root import opened, read_all

__all__ = ["WriteError", "commit", "recover", "rollback"]

#: How many names for a temporary file are tried where somebody else's stand in the way.
_NAMES = 20

#: What renameat2(2) says where a file system, or the kernel, cannot do it.
_UNSUPPORTED = (EINVAL, ENOSYS, ENOTSUP, EOPNOTSUPP)
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2

_ACL = "system.posix_acl_access"
#: Attributes that the kernel makes from the contents: those of the old file are wrong for the new one.
_OWN_OF_KERNEL = ("security.ima", "security.evm")


class WriteError(OSError):
    """What could not be written; its text is one line for the user. ``path``: where, relative to the
    root."""

    def __init__(self, path, message):
        super().__init__(message)
        self.path = path
        #: What is in the way of making all as it was: list of (path, message).
        self.stuck = []


def commit(root, changes, pve_locks=None, force=False, undoes=None, journal=True):
    """Write *changes*, a list of (path, old bytes or None, new bytes or None), below the directory
    *root*: all of them, or none. Returns a list of (path, message), empty where all is written. Where
    a file could not be changed back after a failure (no quorum any more), that is said too, and the
    next start settles it.

    *pve_locks*: whether to take the locks of PVE's own tools (default: on the running system).
    *force*: write although a file has changed since it was read. *undoes*: the
    :class:`~pvemigrate.journal.Run` that this one takes back. *journal*: whether to keep one (a lone
    file has no root to keep it in).
    """
    if not changes:
        return []
    try:
        with _opened(root, journal) as (base, journal, locks):
            runs, failures = _interrupted(journal)
            if failures:
                return failures
            if _takes_pve_locks(base, pve_locks):
                locks.take([_real_path(base, path) for path, _, _ in changes] + _paths(runs))
            failures = [failure for run in runs for failure in _settle(base, run)]
            if failures:
                return failures
            _Transaction(base, journal, locks, changes, force, undoes).run()
    except OSError as error:
        return [(getattr(error, "path", changes[0][0]), error.strerror or str(error)),
                *getattr(error, "stuck", ())]
    return []


def recover(root, pve_locks=None):
    """Finish or take back what an interrupted run has left. Returns what was done, a list of
    (id, ``finished`` or ``taken back``), and what could not be, a list of (path, message).
    *pve_locks*: as for :func:`commit`."""
    done, failures = [], []
    try:
        with opened(root) as base:
            runs, failures = _interrupted(Journal(base))
        if failures or not runs:
            return done, failures
        with _opened(root) as (base, journal, locks):
            runs, failures = _interrupted(journal)
            if _takes_pve_locks(base, pve_locks):
                locks.take(_paths(runs))
            for run in runs:
                failures += _settle(base, run)
                if run.state != "interrupted":
                    done.append((run.id, "finished" if run.state == "done" else "taken back"))
    except OSError as error:
        failures.append((getattr(error, "path", "."), error.strerror or str(error)))
    return done, failures


def rollback(root, run, pve_locks=None, force=False):
    """Take back a :class:`~pvemigrate.journal.Run`. Returns a list of (path, message), empty where
    all files are again as they were; otherwise none has been touched. *force*: take back files too
    that have changed since."""
    changes, failures = [], []
    try:
        with opened(root) as base:
            for number, record in enumerate(run.records):
                try:
                    now = _bytes_of(base, record.real)
                    if digest(now) not in (record.new, record.old) and not force:
                        failures.append((record.path, "has changed since that run: not taken back "
                                                      "(--force does it all the same)"))
                    elif digest(now) != record.old:
                        changes.append((record.real, now, run.original(number)))
                except OSError as error:
                    failures.append((record.path, error.strerror or str(error)))
    except OSError as error:
        return [(getattr(root, "path", root), error.strerror or str(error))]
    return failures or commit(root, changes, pve_locks, undoes=run)


@contextmanager
def _opened(root, has_journal=True):
    """The root, its journal and the locks of a run; no other run goes on meanwhile."""
    with opened(root) as base, Locks(base) as locks:
        journal = Journal(base) if has_journal else NoJournal()
        if has_journal:
            _guarded(FOLDER, journal.make)
            _guarded(FOLDER + "/lock", lambda: locks.flock(FOLDER + "/lock"))
        yield base, journal, locks


def _guarded(path, action):
    """Do something; whatever fails says which file it was about. Returns what *action* does."""
    try:
        return action()
    except (WriteError, Locked):
        raise
    except OSError as error:
        raise WriteError(path, _text(path, error)) from error


def _text(path, error):
    """What to say of an error about the file at *path*."""
    message = error.strerror or str(error)
    if error.errno in (EACCES, EPERM) and path.startswith("etc/pve/"):
        message += " (has the cluster lost its quorum?)"
    return message


def _takes_pve_locks(base, wanted):
    """Whether the locks of PVE's own tools are taken: as asked for (bool), else on the running
    system."""
    return base.is_live if wanted is None else wanted


def _paths(runs):
    return [record.real for run in runs for record in run.records]


def _real_path(base, path):
    try:
        return base.locate(path).path
    except FileNotFoundError:
        return path  # in a folder that is still to be made


def _bytes_of(base, path):
    """The bytes of a file below the root, None where there is none."""
    try:
        return base.read(path)
    except FileNotFoundError:
        return None


# -- one run -----------------------------------------------------------------------------------------


class _Item:
    """One file of a run: the change, where it is, and how far it has come. *former*: where a file is
    to be there again, the record that has its mode, owner and attributes."""

    __slots__ = ("path", "old", "new", "place", "_hold", "former", "status", "attributes",
                 "temporary", "backup", "state", "has_temporary", "has_backup")

    def __init__(self, path, old, new, place, hold, former=None):
        self.path = path
        self.old = old
        self.new = new
        self.place = place
        self._hold = hold
        self.former = former
        self.status = None
        #: Of a file that goes: name -> value.
        self.attributes = {}
        self.temporary = self.backup = None
        #: Empty; ``exchanged``: the old file has the temporary's name; ``renamed``: it is gone but
        #: for the backup (or there was none).
        self.state = ""
        self.has_temporary = self.has_backup = False

    @property
    def folder(self):
        """The descriptor of the file's folder. (Not for keeps: there may be more folders than may be
        open.) OSError where it cannot be had any more."""
        return self._hold()

    @property
    def name(self):
        """The file's name in its folder."""
        return self.place.name

    def error(self, message):
        """What to raise about the file."""
        return WriteError(self.path, message)


class _Transaction:
    def __init__(self, base, journal, locks, changes, force, undoes):
        self._base = base
        self._journal = journal
        self._locks = locks
        self._changes = changes
        self._force = force
        self._undoes = undoes
        self._former = {record.real: record for record in undoes.records} if undoes else {}
        self._items = []
        #: Folders: (descriptor of the one above, name), and what the journal has of each.
        self._made, self._noted = [], []
        self._run = None

    def run(self):
        """Make all changes. On any failure all is as it was, and it is raised."""
        is_committed, left = False, ()
        try:
            for path, old, new in sorted(self._changes, key=lambda change: change[2] is None):
                _guarded(path, lambda: self._open(path, old, new))
            left = self._left_folders()
            self._run = _guarded(FOLDER, lambda: self._journal.begin(
                [_record(item) for item in self._items], [item.old for item in self._items],
                self._undoes and self._undoes.id, self._noted, left))
            for item in self._items:
                if item.new is not None:
                    _guarded(item.path, lambda: self._stage(item))
            with _no_polite_signals():
                for item in self._items:
                    _guarded(item.path, lambda: self._swap(item))
                for item in self._items:
                    _guarded(item.path, lambda: sync_folder(item.folder))
                for item in self._items:
                    if item.state == "exchanged":
                        # Who was just about to open it when it was displaced has done so by now.
                        self._verify(item, item.temporary)
                _guarded(FOLDER, self._run.commit)
                is_committed = True
        except BaseException as error:
            if not is_committed:
                stuck = self._undo()
                if isinstance(error, WriteError):
                    error.stuck = stuck
            raise
        finally:
            is_clean = self._clean()
        if is_clean:
            _remove_folders(self._base, left)
            _tolerate(self._run.close, "done")
        # Else the next start takes away what lies about.

    def _left_folders(self):
        """The folders that the run which is taken back had made for files that now go."""
        if self._undoes is None:
            return []
        return folders_above(self._undoes.made,
                             [item.place.path for item in self._items if item.new is None])

    # -- before anything is changed --------------------------------------------------------------

    def _open(self, path, old, new):
        if new is None and self._is_link(path):
            raise WriteError(path, "is a link to another file: not removed")
        place = self._locate(path, make=old is None)
        item = _Item(path, old, new, place, self._base.hold(place), self._former.get(place.path))
        self._items.append(item)
        try:
            item.status = place.status()
        except FileNotFoundError:
            if old is not None:
                raise item.error("was taken away since it was read: left alone") from None
        if item.status is None:
            pass
        elif old is None and not self._force:
            raise item.error("has appeared since it was looked for: left alone")
        else:
            if item.status.st_nlink > 1:
                raise item.error("has other hard links, which a rewrite would cut off: left alone")
            descriptor = self._base.open_place(place)
            try:
                now = read_all(descriptor)
                if new is None:
                    self._require_restorable(item, descriptor)
            finally:
                os.close(descriptor)
            if now != old and not self._force:
                raise item.error("was changed by somebody else since it was read: left alone")
            item.old = now
        item.temporary = self._free_name(item, "tmp")
        item.backup = self._free_name(item, "old")

    def _is_link(self, path):
        try:
            return stat.S_ISLNK(self._base.locate(path, follow=False).status().st_mode)
        except FileNotFoundError:
            return False

    def _require_restorable(self, item, descriptor):
        """Note what a file has that goes besides its contents; WriteError where :func:`rollback` could
        not give that back."""
        item.attributes = _attributes(descriptor)
        odd = [name for name in item.attributes if not is_restorable(name)]
        if self._undoes:
            for name in odd:
                del item.attributes[name]
        elif odd:
            raise item.error("has the attribute %s, which could not be given back: not removed" % odd[0])
        elif stat.S_IMODE(item.status.st_mode) & ~0o777:
            raise item.error("has a mode that could not be given back: not removed")

    def _locate(self, path, make):
        """Where *path* leads; *make*: with the folders above it, which may be missing."""
        try:
            return self._base.locate(path)
        except FileNotFoundError:
            if not make:
                raise
        folder = os.path.dirname(path)
        above = self._locate(folder, make=True)
        os.mkdir(above.name, 0o755, dir_fd=above.folder)
        self._made.append((os.dup(above.folder), above.name))
        self._noted.append((above.path, above.status().st_ino))
        sync_folder(above.folder)
        return self._base.locate(path)

    def _free_name(self, item, suffix):
        """A name for a temporary file. Below etc/pve it is PVE's own pattern, which pmxcfs takes for
        no guest; elsewhere a dot file with a suffix, which neither apt nor ``source
        interfaces.d/*`` reads. Nothing that is there already is taken away: it may be of another
        program, or of another node."""
        for _ in range(_NAMES):
            number = int.from_bytes(os.urandom(4), "big")
            if ("/" + item.place.path).startswith(("/etc/pve/", "/pve/")):
                name = "%s.tmp.%d" % (item.name, number)
            else:
                name = ".%s.pvemigrate.%d.%s" % (item.name, number, suffix)
            try:
                os.stat(name, dir_fd=item.folder, follow_symlinks=False)
            except FileNotFoundError:
                return name
        raise item.error("no temporary file can be made beside it: %s is there already" % name)

    def _stage(self, item):
        item.has_temporary = True
        _lay_beside(item, item.temporary, item.new)

    # -- the change itself -------------------------------------------------------------------------

    def _swap(self, item):
        self._locks.verify()
        if item.old is None:
            self._appear(item)
        elif item.new is None:
            self._disappear(item)
        else:
            self._replace(item)

    def _appear(self, item):
        item.state = "renamed"
        try:
            _rename_to_free(item.folder, item.temporary, item.name)
        except FileExistsError:
            item.state = ""
            raise item.error("has appeared since it was looked for: left alone") from None
        item.has_temporary = False

    def _disappear(self, item):
        self._verify(item, item.name)
        item.has_temporary = True
        try:
            _rename_to_free(item.folder, item.name, item.temporary)
        except OSError:
            # Whatever is said of it, the last name of a file must not be taken for a spare one.
            if not _is_there(item.folder, item.name):
                item.state = "exchanged"
            raise
        item.state = "exchanged"
        self._verify(item, item.temporary)

    def _replace(self, item):
        self._verify(item, item.name)
        if _rename2(item.folder, item.temporary, item.name, _RENAME_EXCHANGE):
            item.state = "exchanged"
            # Now that the old file has another name nobody finds it any more: what it holds is what
            # its last writer left.
            self._verify(item, item.temporary)
            return
        item.has_backup = True
        _lay_beside(item, item.backup, item.old)
        self._verify(item, item.name)
        os.rename(item.temporary, item.name, src_dir_fd=item.folder, dst_dir_fd=item.folder)
        item.state = "renamed"
        item.has_temporary = False

    def _verify(self, item, name):
        """Raise WriteError unless the file *name* still is the very one, with the contents, that was
        read."""
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
                                 dir_fd=item.folder)
        except OSError:
            raise item.error("was taken away or replaced since it was read: left alone") from None
        try:
            status = os.fstat(descriptor)
            # In this order: once a displaced file has no writer it gets none any more.
            if stat.S_ISREG(status.st_mode) and _has_writer(descriptor):
                raise item.error("is being written by somebody else: left alone")
            if not stat.S_ISREG(status.st_mode) or read_all(descriptor) != item.old:
                raise item.error("was changed by somebody else since it was read: left alone")
            if status.st_nlink > 1:
                raise item.error("has got another hard link since it was read: left alone")
        finally:
            os.close(descriptor)

    # -- taking back -------------------------------------------------------------------------------

    def _undo(self):
        """Make all as it was. What fails here the next start tries again: the journal stays. Returns
        what that is, a list of (path, message)."""
        stuck = []
        if self._run is not None:
            _tolerate(self._run.withdraw)
        for item in reversed(self._items):
            try:
                self._undo_item(item)
            except OSError as error:
                stuck.append((item.path, "has been changed, and cannot be changed back now (%s): the "
                                         "next fix or rollback does it" % (error.strerror or error)))
        if stuck:
            for item in self._items:
                item.has_temporary = item.has_backup = False  # still needed
            return stuck
        is_clean = all([_remove_temporaries(item) for item in self._items])
        for folder, name in reversed(self._made):
            _tolerate(lambda: os.rmdir(name, dir_fd=folder))
        if self._made:
            # Who tries again with the same root must not be led into one that is gone.
            self._base.forget()
        if self._run is not None and is_clean:
            _tolerate(self._journal.discard, self._run)
        return stuck

    def _undo_item(self, item):
        if not item.state:
            return
        if item.old is None:
            _remove_new(item.folder, item.name, item.temporary, digest(item.new))
        elif item.new is None:
            try:
                _rename_to_free(item.folder, item.temporary, item.name)
                item.has_temporary = False
            except FileExistsError:
                pass  # Made by somebody else since: theirs is the last word.
        elif item.state == "exchanged":
            if not _put_back(item.folder, item.temporary, item.name, item.new):
                raise item.error("cannot be changed back")
        elif _holds(item.folder, item.name, item.new):
            os.rename(item.backup, item.name, src_dir_fd=item.folder, dst_dir_fd=item.folder)
            item.has_backup = False
        item.state = ""
        sync_folder(item.folder)

    def _clean(self):
        """Take away what lies beside the files; whether that could be done."""
        is_clean = True
        for item in self._items:
            is_clean &= _remove_temporaries(item)
        for folder, _ in self._made:
            os.close(folder)
        return is_clean


def _record(item):
    status = item.status
    return Record(path=item.path, real=item.place.path, old=digest(item.old), new=digest(item.new),
                  temporary=item.temporary, backup=item.backup,
                  mode=stat.S_IMODE(status.st_mode) if status else None,
                  uid=status.st_uid if status else None, gid=status.st_gid if status else None,
                  attributes={name: value.hex() for name, value in item.attributes.items()})


def _remove_temporaries(item):
    """Take away what the run has laid beside a file; whether that could be done."""
    if not (item.has_temporary or item.has_backup):
        return True
    is_clean = True
    try:
        folder = item.folder
    except OSError:
        return False
    for name, there in ((item.temporary, item.has_temporary), (item.backup, item.has_backup)):
        if there:
            is_clean &= _unlink(folder, name)
    _tolerate(sync_folder, folder)
    item.has_temporary = item.has_backup = False
    return is_clean


def _unlink(folder, name):
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        try:
            os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return True  # A file system that is read-only refuses this of what is not there too.
        except OSError:
            pass
        return False
    return True


def _is_there(folder, name):
    """Whether anything has the name; True where that cannot be told."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    except OSError:
        pass
    return True


def _put_back(folder, beside, name, data):
    """Give the file *beside* the name that the one with *data* has now. Whoever has changed that one,
    or given the name to another, was later, and keeps it: what they wrote is not ours to throw
    away. False where the file system cannot do it."""
    for _ in range(_NAMES):
        given = _contents(folder, beside)
        if not _rename2(folder, beside, name, _RENAME_EXCHANGE):
            return False
        if _holds(folder, beside, data):
            break
        data = given
    return True


def _remove_new(folder, name, beside, wanted):
    """Remove a file that a run has made, as long as it holds what has the digest *wanted*."""
    # What the file was made from may still be there: one of two names.
    _unlink(folder, beside)
    try:
        # Under another name nobody can write to it before it goes.
        _rename_to_free(folder, name, beside)
    except FileNotFoundError:
        return
    if digest(_contents(folder, beside)) == wanted:
        os.unlink(beside, dir_fd=folder)
    else:
        _rename_to_free(folder, beside, name)


def _holds(folder, name, data):
    """Whether the regular file *name* holds *data*, and nobody is writing to it."""
    return data is not None and _contents(folder, name) == data


def _contents(folder, name):
    """The bytes of the regular file *name*, None where there is none or it is being written."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
                             dir_fd=folder)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode) or _has_writer(descriptor):
            return None
        return read_all(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _has_writer(descriptor):
    """Whether anybody has the file open for writing: then there can be no lease for readers on it
    (fcntl(2)). False where the system does not tell."""
    import fcntl

    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        # Should somebody want to write to it just now, then the signal that says so is one that
        # is passed over: the usual one would end the process.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == EAGAIN
    return False


@contextmanager
def _no_polite_signals():
    """Hold back the signals that ask a process to end: a lost connection must not leave half."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, asked)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# -- files beside the files --------------------------------------------------------------------------


def _lay_beside(item, name, data):
    """Write *data* to a new file *name* beside the item's, with its mode, owner and attributes (or
    those that it had), on disk when this returns."""
    try:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                             | os.O_CLOEXEC, 0o600, dir_fd=item.folder)
    except OSError as error:
        raise item.error("no temporary file can be made beside it: %s"
                         % _text(item.path, error)) from error
    try:
        former = item.former
        if item.status is not None:
            _give(item, descriptor, item.status.st_mode, item.status.st_uid, item.status.st_gid,
                  _attributes_of(item))
        elif former is not None and None not in (former.mode, former.uid, former.gid):
            # Nothing that runs with other rights is made of what a journal says.
            _give(item, descriptor, former.mode & 0o777, former.uid, former.gid, {
                name: bytes.fromhex(value) for name, value in former.attributes.items()})
        else:
            _set_mode(descriptor, 0o644)
        write_all(descriptor, data)
    finally:
        os.close(descriptor)


def _give(item, descriptor, mode, uid, gid, attributes):
    """Give a new file mode, owner and extended attributes; WriteError where it cannot have them."""
    mode, now = stat.S_IMODE(mode), os.fstat(descriptor)
    # pmxcfs gives each file its own mode and owner and refuses any other, so nothing is set that is
    # as it should be already.
    if (now.st_uid, now.st_gid) != (uid, gid):
        _tolerate(os.fchown, descriptor, uid, gid)
    lost = _give_attributes(descriptor, attributes)
    _set_mode(descriptor, mode)
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) != (uid, gid):
        raise item.error("its owner cannot be kept (not root?): left alone")
    if (stat.S_IMODE(now.st_mode) == mode & ~0o222 != mode
            and item.path.startswith("etc/pve/")):
        raise item.error("cannot be written any more (has the cluster lost its quorum?)")
    if stat.S_IMODE(now.st_mode) != mode:
        raise item.error("its mode cannot be kept here: left alone")
    if lost:
        raise item.error("its attribute %s cannot be kept here: left alone" % lost)


def _set_mode(descriptor, mode):
    if stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
        _tolerate(os.fchmod, descriptor, mode)


def _attributes_of(item):
    """The extended attributes (ACLs, SELinux label) of the item's file: name -> value."""
    source = os.open(item.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
                     dir_fd=item.folder)
    try:
        return _attributes(source)
    finally:
        os.close(source)


def _attributes(descriptor):
    if not hasattr(os, "listxattr"):
        return {}
    return {name: os.getxattr(descriptor, name) for name in _tolerate(os.listxattr, descriptor) or ()
            if name not in _OWN_OF_KERNEL}


def _give_attributes(descriptor, attributes):
    """Give a new file these extended attributes, and no others: a folder may have given it an ACL
    that the old one does not have. Returns the name of one that could not be given or taken, or
    None."""
    if not hasattr(os, "listxattr"):
        return None
    if _ACL in (_tolerate(os.listxattr, descriptor) or ()) and _ACL not in attributes:
        os.removexattr(descriptor, _ACL)
    for name, value in attributes.items():
        if _tolerate(os.getxattr, descriptor, name) != value:
            try:
                os.setxattr(descriptor, name, value)
            except OSError as error:
                if error.errno in (ENOSPC, EDQUOT, EIO):
                    raise
                return name
    return None


def _tolerate(function, *arguments):
    try:
        return function(*arguments)
    except OSError:
        return None


def _rename2(folder, old, new, flags):
    """renameat2(2) within a folder. False where the system or the file system cannot do it."""
    import ctypes

    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    if function(folder, os.fsencode(old), folder, os.fsencode(new), flags) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number))


def _rename_to_free(folder, old, new):
    """Rename a file to a name that nothing may have yet. Raises FileExistsError."""
    if _rename2(folder, old, new, _RENAME_NOREPLACE):
        return
    try:
        os.link(old, new, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here (pmxcfs): look, then rename.
        try:
            os.stat(new, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            os.rename(old, new, src_dir_fd=folder, dst_dir_fd=folder)
            return
        raise FileExistsError(new) from None
    os.unlink(old, dir_fd=folder)


# -- folders that a run has made ---------------------------------------------------------------------


def _remove_folders(base, folders):
    """Take away folders (list of (path, inode), those above first) that a run has made, as long as each
    is the very one and empty. One that stays, for whatever reason, does no harm: nothing fails for it."""
    for path, inode in reversed(folders):
        try:
            place = base.locate(path, follow=False)
            status = place.status()
            # No folder that has been made since, and none that a link leads to.
            if place.path != path or not stat.S_ISDIR(status.st_mode) or status.st_ino != inode:
                continue
            os.rmdir(place.name, dir_fd=place.folder)
            sync_folder(place.folder)
        except OSError:
            continue
    if folders:
        base.forget()


# -- runs that were interrupted ------------------------------------------------------------------------


def _interrupted(journal):
    """The runs (list) to be settled, and what keeps from it: a journal that is there and cannot be
    read may be one of them, and is for a human to look at."""
    runs, trouble = journal.interrupted()
    return runs, [(path, "%s: an interrupted run may be lost with it, nothing is written until it is "
                         "moved away" % message) for path, message in trouble]


def _settle(base, run):
    """Finish an interrupted run, or take it back. Returns what could not be, a list of (path,
    message); the run then stays as it is."""
    failures, files = [], []
    for record in run.records:
        try:
            files.append(digest(_bytes_of(base, record.real)))
        except OSError as error:
            failures.append((record.path, "an interrupted run cannot be settled: %s"
                             % (error.strerror or error)))
            files.append(record.old)
    if failures:
        return failures
    if run.is_committed or all(now == record.new for now, record in zip(files, run.records)):
        if _remove_leftovers(base, run):
            _remove_folders(base, run.left)
            run.close("done")
        return []
    for number, (now, record) in enumerate(zip(files, run.records)):
        try:
            if now == record.old:
                continue
            if now == record.new:
                _take_back(base, run, number)
            # Else somebody has written it since then: theirs is the last word.
        except OSError as error:
            failures.append((record.path, "an interrupted run cannot be taken back: %s"
                             % (error.strerror or error)))
    if not failures and _remove_leftovers(base, run):
        _remove_folders(base, run.made)
        run.close("undone")
    return failures


def _take_back(base, run, number):
    """Give a file the contents again that it had before the run."""
    record = run.records[number]
    place = base.locate(record.real)
    place.folder = folder = os.dup(place.folder)
    try:
        if record.old is None:
            _remove_new(folder, place.name, record.temporary, record.new)
        else:
            data = run.original(number)
            for name in (record.temporary, record.backup):
                if _holds(folder, name, data):
                    break
            else:
                name = record.temporary
                item = _Item(record.path, None, data, place, lambda: folder, record)
                # The new file, if it is there, has the old one's mode, owner and attributes.
                item.status = _tolerate(place.status)
                _unlink(folder, name)
                _lay_beside(item, name, data)
            if record.new is None:
                _rename_to_free(folder, name, place.name)
            elif not _rename2(folder, name, place.name, _RENAME_EXCHANGE):
                os.rename(name, place.name, src_dir_fd=folder, dst_dir_fd=folder)
            elif digest(_contents(folder, name)) != record.new:
                # Written by somebody else just now.
                _put_back(folder, name, place.name, data)
        sync_folder(folder)
    finally:
        os.close(folder)


def _remove_leftovers(base, run):
    """Take away what an interrupted run has laid beside the files; whether that could be done."""
    is_clean = True
    for record in run.records:
        for name in (record.temporary, record.backup):
            try:
                place = base.locate(os.path.dirname(record.real) + "/" + name, follow=False)
            except FileNotFoundError:
                continue
            is_clean &= _unlink(place.folder, name)
            _tolerate(sync_folder, place.folder)
    return is_clean
