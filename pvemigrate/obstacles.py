"""What stands in the way of writing a file: known before anything is written, so that ``fix --diff``
shows what ``fix`` would do."""

import stat

__all__ = ["obstacle"]

#: How much pmxcfs takes in one file (data/src/memdb.h): of release 6, and of 7.
_PMXCFS_LIMITS = (512 * 1024, 1024 * 1024)


def obstacle(root, file, facts, removes=False):
    """Why the :class:`~pvemigrate.source.SourceFile` must not be written as it is now below *root*
    (a :class:`~pvemigrate.root.Root`), or, with *removes*, must not be removed: one line for the
    user, and the code of the rule that says it already (None where none does); or None."""
    # Asked for before and after a fix. What has changed meanwhile, the writing finds out.
    path, status = facts.once(("place", file.path), lambda: _look_up(root, file.path))
    if removes and _is_link(root, file.path):
        return "is a link to another file, which somebody may have use for: not removed", None
    if status is not None and status.st_nlink > 1:
        return "has other hard links, which a rewrite would cut off: left alone", None
    if file.kind in ("lxc", "qemu") and b"lock" in file.data:
        from .formats.guest import lock

        reason = lock(file.tree)
        if reason is not None:
            return "the guest is locked (%s): left alone until that is done" % reason, "GST006"
    if not (file.location or "").startswith("pve/"):
        return None
    limit = _PMXCFS_LIMITS[(facts.release or 6) >= 7]
    if len(file.data) > limit:
        return ("would be larger than the %d KiB that a file below etc/pve may have" % (limit >> 10),
                None)
    if status is not None and root.is_live and _is_mounted(root, facts.etc):
        reason = _pmxcfs_obstacle(root, path, status, facts)
        return reason and (reason, None)
    return None


def _is_link(root, path):
    try:
        root.readlink(path)
    except (OSError, ValueError):
        return False
    return True


def _look_up(root, path):
    """Where *path* leads to, and the status of what is there; (None, None) where there is nothing."""
    try:
        place, status = root.locate_file(path)
        return place.path, status or place.status()
    except (OSError, ValueError):
        return None, None


def _pmxcfs_obstacle(root, path, status, facts):
    if not stat.S_IMODE(status.st_mode) & 0o222:
        return "the cluster has no quorum, and etc/pve is read-only: try again when it has"
    parts = path.split("pve/nodes/", 1)[-1].split("/")
    if (len(parts) == 3 and parts[1] in ("lxc", "qemu-server")
            and parts[0] != _node(root, facts)):
        return "this guest is on the node %s, which alone may change it: run fix there" % parts[0]
    return None


def _node(root, facts):
    """The name of this node: pmxcfs has a link that says it."""
    try:
        return root.readlink(facts.etc + "pve/local").rpartition("/")[2]
    except OSError:
        return facts.hostname


def _is_mounted(root, etc):
    """Whether etc/pve is a file system of its own."""
    try:
        return root.locate(etc + "pve").status().st_dev != root.locate(etc).status().st_dev
    except OSError:
        return False
