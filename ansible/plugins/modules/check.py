#!/usr/bin/python
# Copyright: the pvemigrate authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade of Proxmox VE needs in a node's configuration."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: check
short_description: Report what an upgrade of Proxmox VE needs in a node's configuration
version_added: 1.0.0
description:
  - Reads the configuration of a node and reports what has to be changed for a major upgrade of Proxmox
    VE. Nothing is ever changed.
  - pvemigrate is brought along; the node needs no package but Python.
extends_documentation_fragment:
  - pvemigrate.pve.options
  - pvemigrate.pve.options.fix
options:
  fail_on:
    description:
      - The lowest severity that makes the module fail.
      - What waits for a phase that is not due never counts.
    type: str
    choices: [never, error, warning, info]
    default: never
attributes:
  check_mode:
    support: full
    description: Nothing is changed, in check mode or not.
  diff_mode:
    support: none
    description: There is nothing to show. The module M(pvemigrate.pve.fix) in check mode shows what would
      be changed.
seealso:
  - module: pvemigrate.pve.fix
"""

EXAMPLES = r"""
- name: See what is to be done
  pvemigrate.pve.check:
  register: pvemigrate

- name: Show it
  ansible.builtin.debug:
    msg: "{{ item.path }}:{{ item.line }}: {{ item.code }} {{ item.message }}"
  loop: "{{ pvemigrate.findings }}"
  loop_control:
    label: "{{ item.code }}"

- name: Go no further while something stands in the way of the upgrade
  pvemigrate.pve.check:
    phases: [before]
    fail_on: error

- name: Judge a copied tree, on the controller
  pvemigrate.pve.check:
    root: "/srv/trees/{{ inventory_hostname }}"
    macs: "{{ ansible_facts | pvemigrate.pve.bridge_macs }}"
  delegate_to: localhost
"""

RETURN = r"""
findings:
  description: What was found, in the order of places.
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
    - How many findings are due now, by severity; how many of them a fix settles (RV(ignore:fixable));
      how many wait for a later phase (RV(ignore:waiting)); how many files were looked at.
  returned: always
  type: dict
  sample: {error: 0, files: 12, fixable: 1, fixed: 0, info: 0, waiting: 2, warning: 1}
phases:
  description:
    - The phases that are due. With O(phases=auto) they tell how far a node is, since V(after-node) is
      among them once it runs the new release.
  returned: always
  type: list
  elements: str
  sample: [before]
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
  description: What was assumed.
  returned: always
  type: list
  elements: str
errors:
  description: Files that could not be read. Where there are any the module fails.
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
from ansible_collections.pvemigrate.pve.plugins.module_utils.pyz import find_pyz
from ansible_collections.pvemigrate.pve.plugins.module_utils.result import (
    end, end_without_files, result_of,
)


def main():
    """Run the module."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    outcome = Command(module, find_pyz(module, may_install=False)).work("check")
    if outcome is None:
        end_without_files(module)
    end(module, outcome, result_of(module, outcome), module.params["fail_on"])


if __name__ == "__main__":
    main()
