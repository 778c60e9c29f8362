"""What the rules on storage.cfg share, and what those on guests want to know of it."""

import re

from ..formats.storage import (
    Malformed, Orphan, Property, Section, Swallowed, looks_like_header, storages,
)
from ..storage_types import TYPES, known_type

__all__ = ["PLUGINS", "Contents", "contents", "cut_off", "new_type", "plugins", "provided_types",
           "storages_of"]

#: Where third-party plugins are (PVE::Storage).
PLUGINS = "usr/share/perl5/PVE/Storage/Custom"
#: What the storage local holds where storage.cfg does not define it (PVE::Storage::Plugin).
_LOCAL = TYPES["dir"].content - {"import"}


def storages_of(project, tree):
    """:func:`~pvemigrate.formats.storage.storages` of *tree*, worked out once for all rules: as the
    node's release reads them, with all that either release of the upgrade knows."""
    return project.once(_storages_of, project, tree)


def _storages_of(project, tree):
    hop = project.hop
    return storages(tree, project.facts.release, (hop.release, hop.new_release))


def new_type(hop, name):
    """The :class:`~pvemigrate.storage_types.StorageType` called *name* of the release that the upgrade
    leads to, None where it has none."""
    return known_type(name, hop.new_release)


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


def provided_types(facts, hop):
    """The storage types (set of str) that third-party plugins bring which the new release loads. Where
    they load before, one that does not say plainly what it is for counts as one of these."""
    is_in_order = not hop.breaks_storage_plugins or (facts.release or 0) >= hop.new_release
    return {plugin.type.lower() for plugin in plugins(facts) if plugin.type and (
        is_in_order if plugin.api is None else plugin.api in hop.storage_plugins)}


# -- what guests' volumes may lie on ---------------------------------------------------------------


class Contents:
    """The storages of a cluster: ``known``: id -> (StorageType, content types); ``doubtful``: ids
    of storages that another finding explains, so that nothing is said of volumes on them."""

    def __init__(self, tree, found, hop):
        self.known = {"local": (TYPES["dir"], _LOCAL)}
        self.doubtful = set()
        for storage in found:
            if not storage.is_read or new_type(hop, storage.section.type) is None:
                self.doubtful.add(storage.id)
        for storage in found:
            if storage.is_read:
                entry = storage.setting("content")
                if (storage.content or storage.type.allows_none) and not (
                        entry and entry.is_doubtful):
                    self.known[storage.id] = storage.type, storage.content
                    if new_type(hop, storage.section.type):
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
    if file is None:
        return None
    return Contents(file.tree, storages_of(project, file.tree), project.hop)
