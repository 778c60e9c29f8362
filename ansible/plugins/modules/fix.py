#!/usr/bin/python
# Copyright: the pvemigrate authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the changes that an upgrade of Proxmox VE needs in a node's configuration."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: fix
short_description: Make the changes that an upgrade of Proxmox VE needs in a node's configuration
version_added: 1.0.0
description:
  - Makes the changes that are due, and nothing else in these files is touched. All of them are made, or
    none.
  - The files as they were are kept in a journal on the node, always; RV(run) names the run that
    M(pvemigrate.pve.rollback) takes back.
  - pvemigrate is brought along; the node needs no package but Python.
notes:
  - That C(pvemigrate.pyz) is put at O(install_path) does not count as a change.
  - What RV(diff) shows are whole files, and guests' may hold hashes of passwords. C(diff) and C(no_log)
    of a task keep them from being shown and logged.
extends_documentation_fragment:
  - pvemigrate.pve.options
  - pvemigrate.pve.options.fix
options:
  verify:
    description:
      - Whether to have the results read by other programs that are installed on the node, and leave alone
        what one of them refuses.
    type: bool
    default: false
  force:
    description: Whether to write although a file has changed since it was read.
    type: bool
    default: false
  pve_locks:
    description: Whether to take the locks of Proxmox VE's own tools where O(root) is the running system.
    type: bool
    default: true
  fail_on:
    description:
      - The lowest severity of what is left that makes the module fail, when it has made its changes.
      - What waits for a phase that is not due never counts, and nothing does in check mode.
    type: str
    choices: [never, error, warning, info]
    default: never
attributes:
  check_mode:
    support: full
    description: Returns what would be changed; nothing is written to the node, or left on it.
  diff_mode:
    support: full
    description: Returns each file before and after the change, in check mode too.
seealso:
  - module: pvemigrate.pve.check
  - module: pvemigrate.pve.rollback
"""

EXAMPLES = r"""
- name: Make what is due, each node its own files
  pvemigrate.pve.fix:
    phases: [before]
    scope: node

- name: Make what is due in the files that the nodes share
  pvemigrate.pve.fix:
    phases: [before]
    scope: cluster
  run_once: true

- name: Change the repositories, right before the packages are upgraded
  pvemigrate.pve.fix:
    phases: [switch]
    scope: node
    pve_repo: no-subscription
    fail_on: error
  register: switch

- name: Say how it is taken back
  ansible.builtin.debug:
    msg: "pvemigrate.pve.rollback with run: {{ switch.run }}"
  when: switch.run is not none
"""

RETURN = r"""
run:
  description:
    - The run in the journal on the node, by which it can be taken back. Null in check mode and where
      nothing was changed.
  returned: always
  type: str
  sample: 20210806T101500.123456Z-5e1fa9
changed_files:
  description: The files that were changed, in check mode those that would be, relative to O(root).
  returned: always
  type: list
  elements: str
  sample: [etc/apt/sources.list]
diff:
  description: Each file before and after the change.
  returned: in diff mode
  type: list
  elements: dict
findings:
  description:
    - What is left, in the order of places. What was fixed is counted, not listed. In check mode all that
      was found.
  returned: always
  type: list
  elements: dict
  contains:
    code:
      description: The rule's code; C(pvemigrate.pyz explain CODE) tells more.
      type: str
    name:
      description: The rule's name.
      type: str
    severity:
      description: V(error), V(warning) or V(info).
      type: str
    phase:
      description: The phase that the change belongs to.
      type: str
    applicability:
      description: V(safe), V(unsafe) (needs O(unsafe_fixes)), or V(manual).
      type: str
    path:
      description: The file, relative to O(root).
      type: str
    line:
      description: The line, from 1.
      type: int
    column:
      description: The column, from 1.
      type: int
    end_line:
      description: The line that it ends in.
      type: int
    end_column:
      description: The column after its end.
      type: int
    message:
      description: What is the matter and, where there is no fix, what to do.
      type: str
    guide:
      description: The section of the upgrade guide, or empty.
      type: str
    fix:
      description: The title and the edits of the fix, or null.
      type: dict
    commands:
      description: How Proxmox VE's own tools make the same change, and what makes it take effect.
      type: list
      elements: str
summary:
  description:
    - How many findings are due now and left, by severity; how many of them a fix settles
      (RV(ignore:fixable)); how many were fixed (RV(ignore:fixed)); how many wait for a later phase
      (RV(ignore:waiting)); how many files were looked at.
  returned: always
  type: dict
  sample: {error: 0, files: 12, fixable: 0, fixed: 3, info: 0, waiting: 2, warning: 1}
phases:
  description: The phases that are due.
  returned: always
  type: list
  elements: str
  sample: [switch]
hop:
  description: The upgrade.
  returned: always
  type: str
  sample: 6to7
tool:
  description: The version of pvemigrate.
  returned: always
  type: str
  sample: pvemigrate 1.0.0
notes:
  description: What was assumed, and what no other program has verified.
  returned: always
  type: list
  elements: str
errors:
  description: Files that could not be read or written. Where there are any the module fails.
  returned: always
  type: list
  elements: str
command:
  description: What was run on the node.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.pvemigrate.pve.plugins.module_utils.command import OPTIONS, Command
from ansible_collections.pvemigrate.pve.plugins.module_utils.journal import Journal, read, shown
from ansible_collections.pvemigrate.pve.plugins.module_utils.patch import parse, patched
from ansible_collections.pvemigrate.pve.plugins.module_utils.pyz import find_pyz
from ansible_collections.pvemigrate.pve.plugins.module_utils.result import (
    end, end_without_files, result_of,
)


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec=dict(
            OPTIONS,
            verify=dict(type="bool", default=False),
            force=dict(type="bool", default=False),
            pve_locks=dict(type="bool", default=True),
        ),
        supports_check_mode=True)
    command = Command(module, find_pyz(module, may_install=not module.check_mode))
    (preview if module.check_mode else make)(module, command)


def preview(module, command):
    """Check mode: what would be changed."""
    outcome = work(module, command, "--diff")
    result = result_of(module, outcome)
    files = parse(outcome.out)
    # What is left after the changes cannot be told before them: fail_on has nothing to judge.
    finish(module, outcome, result, "never", bool(files), None, [path for path, _hunks in files],
           lambda: [planned(module.params["root"], path, hunks) for path, hunks in files])


def planned(root, path, hunks):
    """A change that is only planned, as Ansible shows it."""
    before = read(root, path)
    try:
        return shown(path, before, patched(before or b"", hunks))
    except ValueError as error:
        return dict(prepared="%s: %s\n" % (path, error))


def make(module, command):
    """Make the changes."""
    root = module.params["root"]
    before = Journal(root)
    outcome = work(module, command)
    after = Journal(root)
    runs = [run for run in after.marks if run not in before.marks and after.stands(run)]
    if len(runs) > 1:
        module.warn("another run of pvemigrate went on at the same time: which one is whose is not "
                    "known; 'pvemigrate.pyz rollback --list' on the node shows them")
    run = runs[0] if len(runs) == 1 else None
    finish(module, outcome, result_of(module, outcome), module.params["fail_on"],
           before.marks != after.marks, run,
           [path for one in runs for path, _real, _old in after.files(one)],
           lambda: [change for one in runs for change in after.diff(one)])


def work(module, command, *more):
    """Run fix with the module's options. The module ends here where there is nothing of its scope."""
    given = module.params
    more += tuple(option for option, is_wanted in (
        ("--verify", given["verify"]), ("--force", given["force"]),
        ("--no-pve-locks", not given["pve_locks"])) if is_wanted)
    outcome = command.work("fix", *more)
    if outcome is None:
        end_without_files(module, run=None, changed_files=[])
    return outcome


def finish(module, outcome, result, fail_on, changed, run, files, diff):
    """End the module."""
    result.update(changed=changed, run=run, changed_files=files)
    if module._diff:
        result["diff"] = diff()
    end(module, outcome, result, fail_on)


if __name__ == "__main__":
    main()
