"""A shell script of Proxmox VE's own commands that make the same changes."""

from . import one_line

_HEAD = """#!/bin/sh
# Changes for the upgrade, made with Proxmox VE's own commands where it has some. Read before you run
# it, as root, on the node that the files are from. Proxmox VE writes a file anew when it changes it:
# what it does not understand of it (comments too) is gone then. It stops at the first that fails.
set -eu
"""


def script(findings):
    """The script (str) for *findings*: those that fix would settle."""
    planned = [finding for finding in findings if finding.fixed]
    parts = [_HEAD]
    if not planned:
        parts.append("\n# There is nothing to change.\n")
    said = set()
    for finding in planned:
        # One command may settle several findings.
        commands = [command for command in finding.commands if command not in said]
        said.update(commands)
        if finding.commands:
            parts.append("\n# %s\n%s" % (_place(finding), "".join(
                command + "\n" for command in commands)))
    by_hand = [finding for finding in planned if not finding.commands]
    if by_hand:
        parts.append("\n# Proxmox VE has no command for these; 'pvemigrate fix' makes them:\n")
        parts.extend("#   %s\n" % _place(finding) for finding in by_hand)
    after = list(dict.fromkeys(command for finding in planned for command in finding.follow_up))
    if after:
        parts.append("\n# Once the files are changed, so that they take effect:\n")
        parts.extend("#   %s\n" % one_line(command) for command in after)
    return "".join(parts)


def _place(finding):
    return one_line("%s:%d:%d %s: %s" % (finding.path, finding.line, finding.column, finding.code,
                                         finding.message))
