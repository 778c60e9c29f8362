"""What the formats for other programs share: where a file is for whoever reads them, and what can be
done about a finding, without colours."""

import os

from . import one_line
from .text import remedies

__all__ = ["base_of", "level_of", "path_from", "remedies", "said"]


def base_of(report):
    """The directory that paths are relative to for programs that know a repository and not a root:
    the workspace of a CI job or the working directory, where the report's root is at or below it;
    else the root. None for standard input."""
    if report.root is None:
        return None
    for folder in (os.environ.get("GITHUB_WORKSPACE"), _working_directory()):
        if folder and os.path.isabs(folder) and _is_below(report.root, folder):
            return os.path.normpath(folder)
    return report.root


def _working_directory():
    try:
        return os.getcwd()
    except OSError:
        return None  # It has been removed.


def _is_below(path, folder):
    return os.path.commonpath([path, folder]) == os.path.normpath(folder)


def path_from(base, report, path):
    """The path of a finding (relative to the report's root) relative to *base*."""
    if base is None or base == report.root:
        return path
    return os.path.join(os.path.relpath(report.root, base), path)


def level_of(finding):
    """``error``, ``warning`` or ``note``: what other programs count a finding for. What waits for a
    later phase is no defect yet."""
    return finding.severity if finding.due and finding.severity != "info" else "note"


def said(finding):
    """The message, on one line, with the phase that the finding waits for."""
    text = one_line(finding.message)
    return text if finding.due else "%s (not due now: phase %s)" % (text, finding.phase)
