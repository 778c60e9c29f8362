# Copyright: the pvemigrate authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The MAC addresses of a node's bridges, out of gathered facts."""

from __future__ import annotations

DOCUMENTATION = r"""
---
name: bridge_macs
short_description: The MAC addresses of bridges in gathered facts
version_added: 1.0.0
description:
  - Takes the MAC addresses of a node's bridges out of the facts that were gathered from it, in the form
    that the option O(pvemigrate.pve.fix#module:macs) has.
positional: _input
options:
  _input:
    description:
      - The facts (C(ansible_facts)). They have to hold the network's, as C(gather_subset=network) gathers
        them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Check a tree that was copied from a node, with the MAC addresses that the node has
  pvemigrate.pve.check:
    root: "/srv/trees/{{ inventory_hostname }}"
    macs: "{{ ansible_facts | pvemigrate.pve.bridge_macs }}"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The MAC address of each bridge, by its name.
  type: dict
  sample: {vmbr0: "00:00:5e:00:53:10"}
"""

from collections.abc import Mapping

from ansible.errors import AnsibleFilterError


def bridge_macs(facts):
    """Bridge -> MAC address."""
    if not isinstance(facts, Mapping) or "interfaces" not in facts:
        raise AnsibleFilterError("bridge_macs takes ansible_facts with the network's facts; "
                                 "gather_facts or the module setup gathers them")
    # The facts of an interface are under its name, but for "-" and "." in it.
    found = [value for value in facts.values()
             if isinstance(value, Mapping) and value.get("type") == "bridge"]
    return {value["device"]: value["macaddress"] for value in found if value.get("macaddress")}


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Name -> function."""
        return {"bridge_macs": bridge_macs}
