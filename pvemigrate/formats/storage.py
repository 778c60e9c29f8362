"""``storage.cfg``, and the lines of ``jobs.cfg``; reader: PVE::SectionConfig with PVE::Storage::Plugin.

The nodes say what stands in the file; :func:`storages` says what PVE makes of it.
"""

import re

from ..cst import Block, Line, Token, header_field
from ..lazy import lazy
from . import lines
from ..storage_types import (
    PROPERTIES, RELEASES, TYPES, check_value, is_storage_id, known_type, split_list,
)


class _Line(Line):
    __slots__ = ()
    grammar = "storage"


class Separator(_Line):
    """What ends a section: a truly empty line, or a line that is just ``0``."""

    __slots__ = ()
    zero: Token
    newline: Token = "\n"


class Comment(_Line, lines.Comment):
    """A ``#`` line (PVE drops it at its next save)."""

    __slots__ = ()


class FalseSeparator(_Line):
    """A line of blanks (or a lone CR): looks like the end of a section, and is not."""

    __slots__ = ()
    blanks: Token
    newline: Token = "\n"


class SectionHeader(_Line):
    """``type: id``."""

    __slots__ = ()
    type: Token
    colon: Token = ":"
    gap: Token = " "
    id: Token
    trail: Token
    newline: Token = "\n"


class Property(_Line):
    """``<blank>key value`` or, for flags, ``<blank>key``. Of several with one key the first
    counts."""

    __slots__ = ()
    indent: Token = "\t"
    key: Token
    gap: Token
    value: Token
    trail: Token
    newline: Token = "\n"


class Malformed(_Line, lines.Malformed):
    """A line that PVE warns of and tosses."""

    __slots__ = ()


class Section(Block):
    """One storage (in ``jobs.cfg`` one job): header, properties, sections swallowed for want of a
    separator, separator."""

    __slots__ = ()
    #: Type as written (PVE lower-cases a storage's).
    type = header_field("type")
    #: Its id.
    id = header_field("id")

    def properties(self, key=None):
        """The section's own property lines (all, or those with *key*), in source order."""
        return [node for node in self.body
                if isinstance(node, Property) and key in (None, node.key)]


class Swallowed(Block):
    """A header inside a section, with the properties below it: PVE ignores the header and takes
    the properties for those of the section above."""

    __slots__ = ()
    is_malformed = True
    type = header_field("type")
    id = header_field("id")

    @property
    def is_storage(self):
        """Whether the header is meant to be one: ``maxfiles: 3`` in the first column only looks
        so."""
        return str(self.type) not in _NO_TYPES


class Orphan(Block):
    """A property that no section holds; PVE ignores it."""

    __slots__ = ()
    is_malformed = True


# -- what PVE makes of it --------------------------------------------------------------------------

#: Words that stand before a colon in the first column by mistake: no storage type is called so.
_NO_TYPES = frozenset(PROPERTIES).union(["comment", "description"],
                                        *(storage.keys for storage in TYPES.values()))


class Entry:
    """One property line of a section.

    ``value``: str, None for a bare key. ``problem``: why PVE tosses it: ``duplicate``, ``unknown``
    or ``value``, None where it counts; ``reason``: for ``value``, what is wrong (to follow
    ``key:``). ``first``: for ``duplicate``, the line that counts. ``is_doubtful``: it stands below
    a header that PVE did not take for one, so it is meant for another storage than the one that
    has it.
    """

    __slots__ = ("line", "key", "value", "problem", "reason", "first", "is_doubtful")

    def __init__(self, line, is_doubtful):
        self.line = line
        self.key = line.key
        self.value = line.value if line.value else None
        self.problem = self.reason = self.first = None
        self.is_doubtful = is_doubtful


class Storage:
    """One section as PVE reads it.

    ``type``: its :class:`~pvemigrate.storage_types.StorageType`, None where PVE has none of that
    name. ``skipped``: why PVE skips the section (str), None where it reads it, and ``flaw``: the
    same in a word: ``id``, ``type``, ``missing``, ``path`` or ``content``. ``is_replaced``:
    read, but another takes its place: a later section with the same id, or, for ``local`` where it
    is not the directory /var/lib/vz, a default. ``entries``: all property lines that PVE takes for
    its own, those of swallowed sections too. ``nodes``: the section and all below it, in order.
    """

    __slots__ = ("section", "nodes", "id", "type", "skipped", "flaw", "is_replaced", "entries")

    def __init__(self, section, release, among):
        self.section = section
        self.nodes = list(section.walk())
        self.id = str(section.id)
        self.type = known_type(section.type, among)
        if self.type is not None and release is not None and release not in self.type.releases:
            self.type = None
        self.is_replaced = False
        self.entries = list(_entries(self.nodes))
        if not is_storage_id(self.id):
            self.flaw, self.skipped = "id", "invalid id %s" % self.id
        elif self.type is None:
            self.flaw, self.skipped = "type", "unknown type %s" % section.type
        else:
            self.flaw, self.skipped = self._read()

    @property
    def is_read(self):
        """Whether this section is the one that PVE uses for its id."""
        return self.skipped is None and not self.is_replaced

    def setting(self, key):
        """The entry of *key* that counts, None where there is none."""
        return next((entry for entry in self.entries
                     if entry.key == key and entry.problem is None), None)

    @property
    def missing(self):
        """The properties that the type must have and that no valid line sets (list of str)."""
        return [key for key in self.type.required if self.setting(key) is None]

    @property
    def content(self):
        """What the storage may hold (frozenset of content types, ``none`` where it says so)."""
        entry = self.setting("content")
        if entry is None:
            return self.type.default_content
        known = self.type.content | ({"none"} if self.type.allows_none else set())
        return frozenset(known.intersection(split_list(entry.value)))

    def _read(self):
        config = {}
        for entry in self.entries:
            key = str(entry.key)
            if key in config:
                entry.problem, entry.first = "duplicate", config[key].line
            elif key == "type" and entry.value == self.type.name:
                config[key] = entry
            elif key not in self.type.keys:
                entry.problem = "unknown"
            else:
                entry.reason = check_value(self.type, key, entry.value)
                if entry.reason:
                    entry.problem = "value"
                else:
                    config[key] = entry
        for key in self.type.required:
            if key not in config:
                return "missing", "no valid " + key
        values = {key: entry.value for key, entry in config.items()}
        if self.type.name in ("dir", "btrfs") and not _DIRECTORY.fullmatch(values["path"]):
            return "path", "no valid path"
        if self.type.allows_none and "content" in values:
            content = self.type.content.intersection(split_list(values["content"]))
            if content and "none" in split_list(values["content"]):
                return "content", "content none beside other content"
        if self.id == "local" and (self.type.name, values.get("path")) != ("dir", "/var/lib/vz"):
            self.is_replaced = True
        return None, None


_DIRECTORY = lazy("/[-/a-zA-Z0-9_.]+")


def storages(tree, release=None, among=None):
    """The sections of *tree* as Proxmox VE *release* reads them (list of :class:`Storage`; None:
    not known). *among*: releases (tuple); what one or the other of them has counts as known (None:
    all there are)."""
    if release is not None:
        low, high = (among or RELEASES)[0], (among or RELEASES)[-1]
        release = min(max(release, low), high)
    found = [Storage(node, release, among) for node in tree.body if isinstance(node, Section)]
    seen = set()
    for storage in reversed(found):
        if storage.skipped is None:
            if storage.id in seen:
                storage.is_replaced = True
            seen.add(storage.id)
    return found


def _entries(nodes):
    is_doubtful = False
    for node in nodes:
        if isinstance(node, Property):
            yield Entry(node, is_doubtful)
            is_doubtful = is_doubtful or looks_like_header(node)
        elif isinstance(node, Swallowed):
            is_doubtful = is_doubtful or node.is_storage
        elif isinstance(node, Malformed):
            is_doubtful = is_doubtful or looks_like_header(node)


def looks_like_header(line):
    """Whether a line that PVE takes for no header is meant to be one (``dir : a``, `` nfs: b``)."""
    text = line.code.strip(" \t\r\f\v\n")
    name, colon, _ = text.partition(":")
    word = re.match("[^ \t\r\f\v]*", name).group()
    if isinstance(line, Property):
        return bool(colon) and word == name.rstrip(" \t\r\f\v") and known_type(word) is not None
    return word not in _NO_TYPES and (bool(colon) or known_type(word) is not None)
