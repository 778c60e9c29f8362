# Copyright: the pvemigrate authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What check and fix return."""

from __future__ import annotations

__all__ = ["end", "end_without_files", "result_of"]

_SEVERITIES = ("error", "warning", "info")


def result_of(module, outcome):
    """The values that are the same for check and fix. Where pvemigrate did not get to its work the
    module ends here."""
    if outcome.document is None:
        module.fail_json(msg=outcome.text, command=outcome.command, rc=outcome.status)
    for text in outcome.warnings:
        module.warn(text)
    document = outcome.document
    return dict(
        changed=False, command=outcome.command, errors=outcome.errors, notes=outcome.notes,
        **{name: document[name] for name in ("findings", "hop", "phases", "summary", "tool")})


def end(module, outcome, result, fail_on):
    """End the module: as failed where files could not be read or written, a phase that was asked for
    could not be done, or what is left is as grave as *fail_on*."""
    if outcome.status == 2:
        module.fail_json(msg=outcome.text, **result)
    for phase, codes in sorted(outcome.blocked.items()):
        module.fail_json(msg="phase %s is not done: %s is open" % (phase, codes), **result)
    summary = result["summary"]
    if fail_on != "never":
        graver = _SEVERITIES[:_SEVERITIES.index(fail_on) + 1]
        if any(summary[name] for name in graver):
            module.fail_json(msg="left to do: " + ", ".join(
                "%s %d" % (name, summary[name]) for name in graver if summary[name]), **result)
    module.exit_json(**result)


def end_without_files(module, **more):
    """End the module where there is no file of its scope."""
    counts = dict.fromkeys(("error", "files", "fixable", "fixed", "info", "waiting", "warning"), 0)
    module.exit_json(changed=False, findings=[], summary=counts, phases=[], errors=[], command=[],
                     notes=["no file of this scope below the root"], hop=None, tool=None, **more)
