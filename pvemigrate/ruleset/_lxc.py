"""What the rules on container configurations share."""

from ..formats.lxc import BrokenHeader
from ._guest import effective_sections

__all__ = ["below_broken_header", "effective_sections"]


def below_broken_header(section):
    """The lines of *section* that stand below a line that was meant to be a header: dict of
    line (by identity) -> that broken header. PVE takes them for lines of this section."""
    found, header = {}, None
    for line in section.body:
        if isinstance(line, BrokenHeader):
            header = line
        elif header is not None:
            found[id(line)] = header
    return found
