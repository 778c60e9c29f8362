#!/usr/bin/python
# Copyright: the pvemigrate authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes back what fix has changed."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: rollback
short_description: Take back a run of fix
version_added: 1.0.0
description:
  - Gives each file that a run of M(pvemigrate.pve.fix) has changed the contents that it had before. All
    of them, or none.
extends_documentation_fragment:
  - pvemigrate.pve.options
options:
  run:
    description:
      - The run, as M(pvemigrate.pve.fix) returned it.
      - One that has been taken back is left so.
    type: str
    required: true
  force:
    description: Whether to take files back too that have changed since that run.
    type: bool
    default: false
  pve_locks:
    description: Whether to take the locks of Proxmox VE's own tools where O(root) is the running system.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    description: Returns what would be taken back. Whether a file has changed since is found when it is
      done.
  diff_mode:
    support: full
    description: Returns each file before and after.
seealso:
  - module: pvemigrate.pve.fix
"""

EXAMPLES = r"""
- name: Take back what a task did
  pvemigrate.pve.rollback:
    run: "{{ switch.run }}"
  when: switch.run is not none
"""

RETURN = r"""
run:
  description:
    - The run in the journal that took the other one back; taking this one back makes the changes again.
      Null in check mode and where nothing was changed.
  returned: always
  type: str
  sample: 20210806T111500.123456Z-c0ffee
changed_files:
  description: The files that were taken back, in check mode those that would be, relative to O(root).
  returned: always
  type: list
  elements: str
  sample: [etc/apt/sources.list]
diff:
  description: Each file before and after it was taken back.
  returned: in diff mode
  type: list
  elements: dict
command:
  description: What was run on the node.
  returned: where something was run
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.pvemigrate.pve.plugins.module_utils.command import COMMON, Command
from ansible_collections.pvemigrate.pve.plugins.module_utils.journal import Journal
from ansible_collections.pvemigrate.pve.plugins.module_utils.pyz import find_pyz


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec=dict(
            COMMON,
            run=dict(type="str", required=True),
            force=dict(type="bool", default=False),
            pve_locks=dict(type="bool", default=True),
        ),
        supports_check_mode=True)
    command = Command(module, find_pyz(module, may_install=not module.check_mode))
    root, run = module.params["root"], module.params["run"]
    journal = Journal(root)
    if run not in journal.marks:
        module.fail_json(msg="no run is called %s below %s" % (run, root))
    if journal.taken_back_by(run) is not None:
        module.exit_json(changed=False, run=None, changed_files=[])
    result = dict(changed=True, run=None, changed_files=[path for path, *_rest in journal.files(run)])
    if module._diff:
        result["diff"] = journal.diff_back(run)
    if not module.check_mode:
        outcome = command.run("rollback", *arguments(module.params))
        result["command"] = outcome.command
        after = Journal(root)
        result.update(changed=after.marks != journal.marks, run=after.taken_back_by(run))
        if outcome.status:
            module.fail_json(msg=outcome.text, **result)
    module.exit_json(**result)


def arguments(given):
    """The command's arguments."""
    options = ["--root", given["root"]]
    options += ["--force"] if given["force"] else []
    options += [] if given["pve_locks"] else ["--no-pve-locks"]
    return options + ["--", given["run"]]


if __name__ == "__main__":
    main()
