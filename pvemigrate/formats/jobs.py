"""What Proxmox VE makes of ``/etc/pve/jobs.cfg`` (from 7.1 on); reader: PVE::SectionConfig with
PVE::Job::Registry. Its lines and sections are those of ``storage.cfg``."""

import re

from .storage import Malformed, Property, Section, Swallowed

__all__ = ["Job", "jobs"]


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
