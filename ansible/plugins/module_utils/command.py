# Copyright: the pvemigrate authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command pvemigrate: its options from a module's, a run of it, and what it said."""

from __future__ import annotations

import json
import os
import re
import sys

__all__ = ["COMMON", "OPTIONS", "Command"]

#: Options of all modules.
COMMON = dict(
    root=dict(type="path", default="/"),
    pyz=dict(type="str"),
    install_path=dict(type="path", default="/opt/pvemigrate/pvemigrate.pyz"),
)

#: Options of check and fix.
OPTIONS = dict(
    COMMON,
    hop=dict(type="str"),
    phases=dict(type="list", elements="str", default=["auto"],
                choices=["before", "switch", "after-node", "after-cluster", "all", "auto"]),
    scope=dict(type="str", default="all", choices=["all", "node", "cluster"]),
    select=dict(type="list", elements="str", default=[]),
    ignore=dict(type="list", elements="str", default=[]),
    unsafe_fixes=dict(type="bool", default=False),
    macs=dict(type="dict", default={}),
    rename_nics=dict(type="dict", default={}),
    rename_roles=dict(type="dict", default={}),
    vm_monitor=dict(type="list", elements="str", default=[]),
    pin_nics=dict(type="bool", default=False),
    pve_repo=dict(type="str", choices=["enterprise", "no-subscription", "test"]),
    archive=dict(type="bool", default=False),
    deb822=dict(type="bool", default=False),
    cpu_formula=dict(type="str", default="ratio", choices=["ratio", "quadratic", "linear"]),
    fail_on=dict(type="str", default="never", choices=["never", "error", "warning", "info"]),
)

#: Option of a module -> option of the command, which is given once for each value.
_FLAGS = {"unsafe_fixes": "--unsafe-fixes", "pin_nics": "--pin-nics", "archive": "--archive",
          "deb822": "--deb822"}
_VALUES = {"hop": "--hop", "pve_repo": "--pve-repo", "cpu_formula": "--cpu-formula"}
_LISTS = {"phases": "--phase", "select": "--select", "ignore": "--ignore",
          "vm_monitor": "--vm-monitor"}
_PAIRS = {"macs": "--mac", "rename_nics": "--rename-nic", "rename_roles": "--rename-role"}

#: Files that all nodes of a cluster have in common (guests' belong to a node each), and their kinds.
_SHARED = ("etc/pve/storage.cfg", "etc/pve/user.cfg", "etc/pve/vzdump.cron", "etc/pve/jobs.cfg",
           "etc/pve/notifications.cfg", "etc/pve/ceph.conf", "etc/pve/corosync.conf")
_SHARED_KINDS = frozenset(["storage", "user", "vzdump-cron", "jobs", "notifications", "ceph", "corosync"])

_BLOCKED = re.compile("nothing of phase ([a-z-]+) is changed while (.+) is open")


class Command:
    """Runs of pvemigrate on one root."""

    def __init__(self, module, pyz):
        self._module = module
        # Isolated: neither the user's site packages nor PYTHONPATH can stand in for its own modules.
        self._start = [sys.executable, "-I", pyz]
        self._environment = {"LC_ALL": "C", "NO_COLOR": "1"}
        if pyz != module.params["install_path"]:
            # What is only here for this task keeps no byte-code on the node.
            self._environment["PVEMIGRATE_CACHE"] = ""

    def run(self, name, *arguments):
        """Run a subcommand; an :class:`Outcome`."""
        command = self._start + [name] + list(arguments)
        status, out, err = self._module.run_command(
            command, encoding=None, environ_update=self._environment)
        return Outcome(command, status, out, err)

    def work(self, name, *arguments):
        """Run check or fix with the module's options. None where there is nothing of this scope."""
        scope = self._scope()
        if scope is None:
            return None
        return self.run(name, "--output-format", "json", *(self._options() + list(arguments) + scope))

    def _options(self):
        given = self._module.params
        # What the task asks for, whatever files lie in root's home.
        options = ["--isolated", "--root", given["root"]]
        options += [flag for name, flag in sorted(_FLAGS.items()) if given[name]]
        for name, option in sorted(_VALUES.items()):
            if given[name]:
                options += [option, given[name]]
        for name, option in sorted(_LISTS.items()):
            for value in given[name]:
                options += [option, value]
        for name, option in sorted(_PAIRS.items()):
            for key, value in sorted(given[name].items()):
                options += [option, "%s=%s" % (key, value)]
        return options

    def _scope(self):
        """The arguments that keep a run to its scope; None where there is nothing to look at."""
        scope, root = self._module.params["scope"], self._module.params["root"]
        if scope == "node":
            if {"after-node", "all"}.intersection(self._module.params["phases"]):
                self._module.fail_json(msg="scope: node takes phases: auto for what is due after the "
                                           "upgrade; asked for by name, the guests of all nodes are due")
            return ["--ignore", ",".join(self._rules_of_shared_files())]
        if scope == "cluster":
            paths = [os.path.join(root, path) for path in _SHARED]
            return [path for path in paths if os.path.lexists(path)] or None
        return []

    def _rules_of_shared_files(self):
        outcome = self.run("rules", "--output-format", "json")
        rules = (outcome.document or {}).get("rules")
        if outcome.status or not rules:
            self._module.fail_json(msg="pvemigrate does not list its rules: %s" % outcome.text)
        return [rule["code"] for rule in rules if _SHARED_KINDS.issuperset(rule["kinds"])]


class Outcome:
    """What a run gave: ``command``, ``status``, ``out`` (bytes of stdout), ``document`` (its JSON, or
    None), ``errors``, ``warnings`` and ``notes`` (lists of str)."""

    def __init__(self, command, status, out, err):
        self.command = command
        self.status = status
        self.out = out
        self.errors, self.warnings, self.notes, rest = [], [], [], []
        kinds = {"error": self.errors, "Error": self.errors, "warning": self.warnings,
                 "note": self.notes}
        for line in err.decode("utf-8", "backslashreplace").split("\n"):
            kind, colon, text = line.partition(": ")
            if colon and kind in kinds:
                kinds[kind].append(text)
            else:
                rest.append(line)
        self._rest = "\n".join(rest)
        # With --diff the JSON is on stderr, since the diff is what stdout is for.
        self.document = _json(out.decode("utf-8", "replace")) or _json(self._rest)

    @property
    def blocked(self):
        """The phases that were asked for and not done: phase -> what stands in the way."""
        return dict(match.groups() for match in map(_BLOCKED.search, self.warnings) if match)

    @property
    def text(self):
        """What to tell of a failure."""
        return "; ".join(self.errors) or self._rest.strip() or "exit status %d" % self.status


def _json(text):
    start = re.search("^{\n", text, re.MULTILINE)
    if start is None:
        return None
    try:
        return json.loads(text[start.start():])
    except ValueError:
        return None
