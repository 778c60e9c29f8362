"""What the rules on corosync.conf share: totem's settings, the nodes, the quorum device."""

from ..formats.corosync import whole
from ..lazy import lazy

__all__ = ["ADDRESSES", "Cluster", "label", "votes"]

#: The keys of a node's addresses, one a link.
ADDRESSES = tuple("ring%d_addr" % number for number in range(8))

_DIGITS = lazy("[0-9]{1,9}")


class Cluster:
    """``totem``: dict of key -> the line that counts, in all sections ``totem`` together; ``nodes``:
    list of the sections ``node`` (:class:`~pvemigrate.formats.corosync.Part`); ``device``: the
    quorum device's section, or None. ``lines``: section -> the line that opens the first one."""

    __slots__ = ("totem", "nodes", "device", "lines")

    def __init__(self, tree):
        file = whole(tree)
        self.lines = {}
        for part in file.parts:
            self.lines.setdefault(part.name, part.line)
        self.totem = {}
        for part in file.all("totem"):
            self.totem.update(part.settings)
        self.nodes = [node for part in file.all("nodelist") for node in part.all("node")]
        self.device = next((device for part in file.all("quorum") for device in part.all("device")),
                           None)

    def name(self, section):
        """The token to report at for what a section lacks: its name, or None."""
        line = self.lines.get(section)
        return None if line is None else line.name


def votes(part, key):
    """How many votes the line *key* of a section gives: 1 where there is none, as corosync has it;
    None where its value is no number."""
    line = part.settings.get(key)
    if line is None:
        return 1
    return int(line.value) if _DIGITS.fullmatch(line.value) else None


def label(node):
    """What to call a node in a message."""
    for key in ("name", "ring0_addr", "nodeid"):
        line = node.settings.get(key)
        if line is not None and line.value:
            return "node %s" % line.value
    return "a node"
