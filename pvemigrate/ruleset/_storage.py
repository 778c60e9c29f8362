"""What the rules on storage.cfg share, and what those on guests want to know of it."""

import re

from ..formats.storage import (
    Malformed, Orphan, Property, Section, Swallowed, looks_like_header, storages,
)
from ..storage_types import TYPES, known_type

__all__ = ["Contents", "contents", "cut_off", "plugins", "provided_types", "storages_of"]

#: Where third-party plugins are (PVE::Storage).
PLUGINS = "usr/share/perl5/PVE/Storage/Custom"
#: What the storage local holds where storage.cfg does not define it (PVE::Storage::Plugin).
_LOCAL = TYPES["dir"].content


def storages_of(project, tree):
    """:func:`~pvemigrate.formats.storage.storages` of *tree*, worked out once for all rules."""
    return project.once(storages, tree, project.facts.release)


def cut_off(tree):
    """The properties that an empty line cut off from the section above: dict of section (by
    identity) -> list of Orphan."""
    found, section = {}, None
    for node in tree.body:
        if isinstance(node, Section):
            section = node
        elif isinstance(node, Orphan) and section is not None:
            found.setdefault(id(section), []).append(node)
        elif isinstance(node, Malformed):
            section = None
    return found


# -- third-party plugins ---------------------------------------------------------------------------


def plugins(facts):
    """The third-party plugins below the root (list of :class:`~._storage_plugins.Plugin`)."""
    return facts.once("storage plugins", lambda: _plugins(facts))


def _plugins(facts):
    names = [name for name in facts.listdir(PLUGINS) if name.endswith(".pm")]
    if not names:
        return []
    from ._storage_plugins import Plugin

    return [Plugin(PLUGINS + "/" + name, facts.get(PLUGINS + "/" + name)) for name in names]


def provided_types(facts):
    """The storage types (set of str) that third-party plugins bring which Proxmox VE 7 loads. On a
    node that runs 7.x already, a plugin that does not say plainly what it is for counts as one."""
    is_7 = (facts.release or 6) >= 7
    return {plugin.type.lower() for plugin in plugins(facts) if plugin.type and (
        is_7 if plugin.is_loaded is None else plugin.is_loaded)}


# -- what guests' volumes may lie on ---------------------------------------------------------------


class Contents:
    """The storages of a cluster: ``known``: id -> (StorageType, content types); ``doubtful``: ids
    of storages that another finding explains, so that nothing is said of volumes on them."""

    def __init__(self, tree, found):
        self.known = {"local": (TYPES["dir"], _LOCAL)}
        self.doubtful = set()
        for storage in found:
            if not storage.is_read or known_type(storage.section.type, 7) is None:
                self.doubtful.add(storage.id)
        for storage in found:
            if storage.is_read:
                entry = storage.setting("content")
                if (storage.content or storage.type.allows_none) and not (
                        entry and entry.is_doubtful):
                    self.known[storage.id] = storage.type, storage.content
                    if known_type(storage.section.type, 7):
                        self.doubtful.discard(storage.id)
                else:
                    self.doubtful.add(storage.id)
        nodes = [node for node in tree.body if not isinstance(node, Section)]
        for storage in found:
            nodes += storage.nodes
        for node in nodes:
            if isinstance(node, Swallowed):
                self.doubtful.add(str(node.id))
            elif isinstance(node, (Malformed, Property)) and looks_like_header(node):
                # What was meant for the id is one of the words.
                self.doubtful.update(re.findall("[A-Za-z0-9_.-]+", node.code))


def contents(project):
    """The :class:`Contents` of etc/pve/storage.cfg, None where there is none."""
    return project.once(_contents, project)


def _contents(project):
    file = next((file for file in project.all_of_kind("storage")
                 if file.location == "pve/storage.cfg"), None)
    return None if file is None else Contents(file.tree, storages_of(project, file.tree))
