"""``/etc/pve/jobs.cfg`` (from Proxmox VE 7.1 on); reader: PVE::SectionConfig with PVE::Job::Registry.

The nodes say what stands in the file; :func:`jobs` says what PVE makes of it.
"""

import re

from ..cst import Block, Line, Token, header_field
from . import lines


class _Line(Line):
    __slots__ = ()
    grammar = "jobs"


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
    """``vzdump: id``."""

    __slots__ = ()
    type: Token
    colon: Token = ":"
    gap: Token = " "
    id: Token
    trail: Token
    newline: Token = "\n"


class Property(_Line):
    """``<blank>key value``. Of several with one key the first counts, but for lists."""

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
    """One job: header, properties, sections swallowed for want of a separator, separator."""

    __slots__ = ()
    #: Type of job as written (``vzdump``, ``realm-sync``).
    type = header_field("type")
    #: The job's id.
    id = header_field("id")


class Swallowed(Block):
    """A header inside a section, with the properties below it: PVE ignores the header and takes
    the properties for those of the section above."""

    __slots__ = ()
    is_malformed = True
    type = header_field("type")
    id = header_field("id")


class Orphan(Block):
    """A property that no section holds; PVE ignores it."""

    __slots__ = ()
    is_malformed = True


# -- what PVE makes of it --------------------------------------------------------------------------


class Job:
    """One section that PVE reads: ``type`` and ``id`` (str), ``section``, ``properties`` (its own, in
    order). ``is_doubtful``: a line in it may be meant for another header, so that it is not sure whose
    the properties are."""

    __slots__ = ("section", "type", "id", "properties", "is_doubtful")

    def __init__(self, section):
        self.section = section
        self.type, self.id = str(section.type), str(section.id)
        nodes = list(section.walk())
        self.properties = [node for node in nodes if isinstance(node, Property)]
        self.is_doubtful = any(isinstance(node, (Swallowed, Malformed)) or _is_header(node)
                               for node in nodes)

    def lines(self, key):
        """The property lines of that key, in order."""
        return [line for line in self.properties if line.key == key]


def _is_header(node):
    return isinstance(node, Property) and node.key.endswith(":")


def jobs(tree):
    """The sections of *tree* that Proxmox VE takes (list of :class:`Job`): those with a valid id, of
    equal ids the last one."""
    found = {}
    for node in tree.body:
        if isinstance(node, Section) and re.fullmatch("[A-Za-z][A-Za-z0-9_-]+", str(node.id)):
            found[str(node.id)] = Job(node)
    return sorted(found.values(), key=lambda job: tree.span(job.section))
