# Copyright: the pvemigrate authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On the controller: brings pvemigrate.pyz to the node where it is not there yet."""

from __future__ import annotations

import hashlib
import os

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

BUNDLED = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                       "files", "pvemigrate.pyz")


class ShippingAction(ActionBase):
    """Runs the module of the same name, which looks for pvemigrate.pyz on the node. Where it asks for
    it, the file is sent and the module is run again."""

    TRANSFERS_FILES = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Run the task; the module's result."""
        result = super().run(tmp, task_vars)
        given = self._task.args.get("pyz")
        pyz = self._pyz(given)
        with open(pyz, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        try:
            told = self._module(digest, task_vars)
            if told.pop("pyz_wanted", False):
                told = self._module("%s %s" % (digest, self._upload(pyz)), task_vars)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        shown = told.get("invocation", {}).get("module_args", {})
        if "pyz" in shown:
            shown["pyz"] = given
        result.update(told)
        return result

    def _pyz(self, given):
        if given is None:
            if not os.path.isfile(BUNDLED):
                raise AnsibleActionFail(
                    "this collection was built without pvemigrate.pyz: build it with the file at "
                    "plugins/files/pvemigrate.pyz, or name one with the option pyz")
            return BUNDLED
        path = self._loader.path_dwim(given)
        if not os.path.isfile(path):
            raise AnsibleActionFail("pyz: %s is no file on the controller" % path)
        return path

    def _upload(self, pyz):
        shell = self._connection._shell
        if shell.tmpdir is None:
            self._make_tmp_path()
        remote = shell.join_path(shell.tmpdir, "pvemigrate.pyz")
        self._transfer_file(pyz, remote)
        self._fixup_perms2((shell.tmpdir, remote))
        return remote

    def _module(self, pyz, task_vars):
        """Run the module; *pyz*: the digest of the file, and where it has been sent."""
        return self._execute_module(module_name="pvemigrate.pve." + self.MODULE,
                                    module_args=dict(self._task.args, pyz=pyz), task_vars=task_vars)
