# Copyright: the pvemigrate authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that modules have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of all modules, and (``FIX``) of check and fix."""

    DOCUMENTATION = r"""
options:
  root:
    description:
      - The file system to work on. A copied tree works the same. Nothing outside of it is changed.
    type: path
    default: /
  pyz:
    description:
      - The C(pvemigrate.pyz) on the controller that is used, instead of the one in the collection.
    type: str
  install_path:
    description:
      - Where C(pvemigrate.pyz) is kept on the node. It is copied when the one there is another one.
      - Nobody but root may be able to write to it or to a folder above it.
      - Only a run that changes something puts it there; check mode, and M(pvemigrate.pve.check), run it
        from Ansible's temporary folder where it is missing.
    type: path
    default: /opt/pvemigrate/pvemigrate.pyz
requirements:
  - Python 3.7 or later on the node, and nothing else
author:
  - the pvemigrate authors (@pvemigrate)
"""

    FIX = r"""
options:
  hop:
    description:
      - Which upgrade, V(6to7), V(7to8) or V(8to9). No upgrade is jumped.
      - Left out, V(6to7) on release 6 and where none is found, on a later one the upgrade that ends at
        it, for what is still due after it. So the next one has to be asked for.
    type: str
  phases:
    description:
      - What may be changed now.
      - V(before) while the node still runs the old release, V(switch) right before the packages are
        upgraded, V(after-node) when this node runs the new release, V(after-cluster) when all do.
      - V(auto) takes them from the version that is installed below O(root). On the old release that is
        V(before). On the new one it is V(before), V(switch) and V(after-node), the latter for this
        node's own guests, and V(after-cluster) too where there is no cluster.
      - V(all) is all of them, and asks no questions.
    type: list
    elements: str
    choices: [before, switch, after-node, after-cluster, all, auto]
    default: [auto]
  scope:
    description:
      - V(node) leaves out the files below C(/etc/pve) that all nodes of a cluster share (C(storage.cfg),
        C(user.cfg), C(vzdump.cron), C(jobs.cfg), C(notifications.cfg), C(ceph.conf), C(corosync.conf)),
        V(cluster) looks at nothing else, V(all) at everything.
      - Nodes that are fixed at the same time need V(node); a task with V(cluster) and C(run_once) does
        the rest.
      - With V(node) the phase V(after-node) comes with V(auto), which knows this node's guests; asked for
        by name, it and V(all) take the guests of all nodes, and are refused.
    type: str
    choices: [all, node, cluster]
    default: all
  select:
    description: Only these codes, or codes that begin so (V(APT)).
    type: list
    elements: str
    default: []
  ignore:
    description: Not these codes, or codes that begin so.
    type: list
    elements: str
    default: []
  unsafe_fixes:
    description: Whether to make the fixes too that are marked unsafe.
    type: bool
    default: false
  macs:
    description:
      - The present MAC addresses of bridges and network cards.
      - Only needed where O(root) is not the running system, whose addresses pvemigrate sees itself.
      - P(pvemigrate.pve.bridge_macs#filter) takes those of bridges from gathered facts.
    type: dict
    default: {}
  rename_nics:
    description: New names of network cards, by their old ones. An unsafe fix.
    type: dict
    default: {}
  rename_roles:
    description: New names of roles, by their old ones, where Proxmox VE takes the old one. An unsafe fix.
    type: dict
    default: {}
  vm_monitor:
    description:
      - What roles get instead of the privilege C(VM.Monitor), which Proxmox VE 9 does not have, besides
        V(Sys.Audit), which they always get. An unsafe fix.
      - Some of V(Audit), V(FileRead), V(FileWrite), V(FileSystemMgmt) and V(Unrestricted), the privileges
        of the guest agent; V(Sys.Audit) alone for none of them.
    type: list
    elements: str
    default: []
  pin_nics:
    description: Whether to write C(.link) files by which network cards keep their names.
    type: bool
    default: false
  pve_repo:
    description:
      - The repository of Proxmox VE to add where there is none, or to use instead of one that takes a
        subscription.
    type: str
    choices: [enterprise, no-subscription, test]
  archive:
    description: Whether to write the archives' URIs for releases that have left the mirrors. An unsafe fix.
    type: bool
    default: false
  deb822:
    description:
      - Whether to make C(.sources) files of the repositories in C(sources.list) and C(sources.list.d/*.list),
        which the apt of Debian 13 calls deprecated. The one-line files are removed.
    type: bool
    default: false
  cpu_formula:
    description: How C(cpu.shares) become C(cpu.weight).
    type: str
    choices: [ratio, quadratic, linear]
    default: ratio
"""
