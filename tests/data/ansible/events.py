# GNU General Public License v3.0+ (see ansible/LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback plugin that prints what a playbook did as JSON: ansible-core itself brings none."""

DOCUMENTATION = """
name: events
type: stdout
short_description: One JSON document at the end
description: Tasks in their order, with the result on each host.
"""

import json

from ansible.parsing.ajson import AnsibleJSONEncoder
from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "events"

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._tasks = []

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._tasks.append({"name": task.get_name(), "uuid": task._uuid, "hosts": {}})

    def _add(self, result, **more):
        for task in self._tasks:
            if task["uuid"] == result._task._uuid:
                task["hosts"][result._host.get_name()] = dict(self._plain(result._result), **more)

    @staticmethod
    def _plain(result):
        return json.loads(json.dumps(result, cls=AnsibleJSONEncoder))

    def v2_runner_on_ok(self, result):
        self._add(result)

    def v2_runner_on_skipped(self, result):
        self._add(result, skipped=True)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._add(result, failed=True)

    def v2_runner_on_unreachable(self, result):
        self._add(result, unreachable=True)

    def v2_playbook_on_stats(self, stats):
        print(json.dumps({"tasks": self._tasks,
                          "stats": {host: stats.summarize(host) for host in stats.processed}}))
