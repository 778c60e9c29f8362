"""What the rules on container configurations share."""

from ..formats.lxc import BrokenHeader, Section

__all__ = ["below_broken_header", "effective_sections"]


def section_key(section):
    """What PVE stores a section under: two sections with one key are one for it.

    Names of snapshots are case-sensitive, the header of the pending changes is not.
    """
    if not isinstance(section, Section):
        return None
    return "[pve:pending]" if section.is_pending else str(section.name)


def effective_sections(tree):
    """The sections of a file, and which one replaces each: list of (section, replacement or None).

    A header that comes again starts the section anew (PVE::LXC::Config, parse_pct_config): nothing
    of the earlier one is kept.
    """
    last = {section_key(section): section for section in tree.body}
    return [(section, None if last[section_key(section)] is section else last[section_key(section)])
            for section in tree.body]


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
