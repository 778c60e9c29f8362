"""What the rules on vzdump.conf share: the retention that it sets."""

from ..formats.vzdump_conf import Setting
from ..storage_types import check_prune_backups, plain_number


class Retention:
    """``maxfiles``: the lines of that key, in order; of several the last counts. ``prune``: the
    prune-backups line that counts, or None; ``prune_problem``: why PVE tosses it, or None."""

    __slots__ = ("maxfiles", "prune", "prune_problem")

    def __init__(self, tree):
        settings = [node for node in tree.body if isinstance(node, Setting)]
        self.maxfiles = [node for node in settings if node.key == "maxfiles"]
        prune = [node for node in settings if node.key == "prune-backups"]
        self.prune = prune[-1] if prune else None
        self.prune_problem = check_prune_backups(self.prune.value) if self.prune else None

    @property
    def is_zero(self):
        """Whether this is ``maxfiles: 0``, which PVE tosses, with nothing beside it that counts."""
        return (bool(self.maxfiles) and plain_number(self.maxfiles[-1].value) == "0"
                and (self.prune is None or self.prune_problem is not None))
