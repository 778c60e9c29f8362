"""What the rules on ceph.conf share: sections and settings as Ceph and PVE find them."""

from ..formats.ceph import Section, Setting

__all__ = ["PRIVATE", "CephConfig", "is_of_own_cluster"]

#: Where the configurations are that storages on other clusters have, below etc/.
PRIVATE = "pve/priv/ceph/"


def is_of_own_cluster(file):
    """Whether a file is the configuration of the cluster that the node is part of (or may be)."""
    return not (file.location or "").startswith(PRIVATE)


class CephConfig:
    """``sections``: name -> its :class:`~pvemigrate.formats.ceph.Section` blocks, in order (Ceph
    takes those of one name for one). Settings above the first header belong to none."""

    __slots__ = ("sections",)

    def __init__(self, tree):
        self.sections = {}
        for node in tree.body:
            if isinstance(node, Section):
                self.sections.setdefault(str(node.name), []).append(node)

    def settings(self, section, name):
        """The settings called *name* (its words joined by ``_``) in a section, in order."""
        return [node for block in self.sections.get(section, ()) for node in block.body
                if isinstance(node, Setting) and node.name == name]

    def setting(self, section, name):
        """The setting of that name that counts, or None."""
        found = self.settings(section, name)
        return found[-1] if found else None

    def header(self, section):
        """The header of the first section of that name, or None."""
        blocks = self.sections.get(section)
        return blocks[0].header if blocks else None
