"""What the rules on maxfiles share: what becomes of it, and what takes its place."""

__all__ = ["fate", "grade", "retention", "without_retention"]


def fate(hop):
    """What there is to say of maxfiles (str)."""
    return "maxfiles is deprecated" if hop.has_maxfiles else "%s has no maxfiles" % hop.new_pve


def grade(hop, facts):
    """The applicability of a conversion: on a node that does not heed maxfiles any more, a retention
    removes backups that have come together since."""
    is_heeded = hop.has_maxfiles or (facts.release or 0) < hop.new_release
    return "safe" if is_heeded else "unsafe"


def retention(digits):
    """The prune-backups value that keeps what maxfiles of this many keeps."""
    return "keep-all=1" if digits == "0" else "keep-last=" + digits


def without_retention(hop):
    """What becomes of backups where nothing says how many to keep (str)."""
    if hop.keeps_one_backup:
        return "%s keeps one backup, %s keeps all" % (hop.old_pve, hop.new_pve)
    return "all backups are kept"
