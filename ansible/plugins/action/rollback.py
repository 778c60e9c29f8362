# Copyright: the pvemigrate authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings pvemigrate to the node and runs the module rollback there."""

from __future__ import annotations

from ansible_collections.pvemigrate.pve.plugins.plugin_utils.shipping import ShippingAction


class ActionModule(ShippingAction):
    """The action of the module rollback."""

    MODULE = "rollback"
