"""What check and fix are asked to do by the command line, a configuration file and a list of accepted
findings together; and what became of the findings that these put aside."""

import os

import click
from click.core import ParameterSource

from ..root import real_path
from ..settings import UsageError
from . import discovery
from .options import rules_of, settings_of, unknown_code

__all__ = ["Configured"]

#: How many stale entries of a tree are named, and how many remarks that put nothing aside.
_NAMED, _SHOWN = 5, 20


class Configured:
    """The options of a run. Raises UsageError.

    *options*: those of the command line; *roots*: directories of the trees that are judged. ``options``:
    all together; ``rules``: as of :func:`~pvemigrate.commands.options.rules_of`; ``settings``: where there
    is no tree; ``notes``: what to tell the user (list of str).
    """

    def __init__(self, options, roots):
        self.notes = []
        self._given = _given()
        self._config = self._baseline = None
        self._folder = None
        self._find(options, roots)
        self.options = self._merged(options, None)
        self.rules = rules_of(self.options)
        for where, codes in self._config.codes() if self._config else ():
            unknown = unknown_code(codes, self.rules)
            if unknown:
                raise UsageError("%s: %s: no rule's code is or begins with %s" % (
                    self._config.name, where, unknown))
        if options.get("generate_ignore"):
            self._prepare_baseline(options, roots)
        self.settings = self._settings(self.options, None)
        self._by_remark = self._by_list = 0
        self._old = self._baseline.total if self._baseline else 0

    def _find(self, options, roots):
        if options["config"] is not None and options["isolated"]:
            raise click.UsageError("--config and --isolated exclude each other")
        if options["isolated"]:
            return
        if options["config"] is not None:
            source, self.notes = discovery.named(options["config"])
        else:
            source, self.notes = discovery.find(roots)
        if source is None:
            return
        used = []
        if source.config:
            from .config import Config

            config = Config(*source.config)
            if not config.is_empty:
                self._config = config
                used.append(config.name)
            elif options["config"] is not None:
                raise UsageError("%s: there is no [tool.pvemigrate]" % config.name)
        if source.ignore:
            from .baseline import Baseline

            self._baseline = Baseline(source.folder, source.ignore[1])
            used.append(self._baseline.name)
        if used:
            self._folder = source.folder
            self.notes.append("using " + " and ".join(used))

    # -- options ---------------------------------------------------------------------------------

    def _merged(self, options, root):
        """The options of the command line, with those of the configuration file (for the tree at
        *root*) where the command line says nothing."""
        if self._config is None:
            return options
        from .config import TABLES

        asked = self._config.options_for(root)
        if "select" in self._given:
            # Who asks for a rule by name gets it.
            asked.pop("ignore", None)
        merged = dict(options)
        merged.update((name, value) for name, value in asked.items()
                      if name not in TABLES and name not in self._given)
        merged["tables"] = {name: asked[name] for name in TABLES if name in asked}
        return merged

    def settings_for(self, root):
        """The settings for the tree at *root*. Raises UsageError."""
        real = real_path(root)
        more = {}
        if self._config is not None:
            inside = os.path.relpath(real, self._config.folder)
            if inside.split("/")[0] != "..":
                more["path_prefix"] = "" if inside == "." else inside + "/"
        if self._baseline is not None:
            more["accepted"] = self._baseline.entries(real)
        if not more:
            return self.settings
        return self._settings(self._merged(self.options, real), real, **more)

    def _settings(self, options, root, **more):
        ignores = self._config.per_file_ignores if self._config else None
        return settings_of(options, self.rules, per_file_ignores=ignores, **more)

    # -- what is put aside -------------------------------------------------------------------------

    def observe(self, project, is_check, label=""):
        """Take in what was put aside in a project that has been checked or fixed; what to tell the
        user about it (list of str)."""
        self._by_remark += len(project.ignored)
        self._by_list += len(project.accepted)
        if not is_check:
            return []
        useless = project.useless_remarks()
        notes = ["%s%s:%d: remark `pvemigrate:` %s" % (label, path, line, text)
                 for path, line, text in useless[:_SHOWN]]
        if len(useless) > _SHOWN:
            notes.append("%d more remarks of that kind" % (len(useless) - _SHOWN))
        stale = project.stale()
        if stale and not self.options["generate_ignore"]:
            named = ["%s in %s%s" % (entry.code, label, entry.path) for entry in stale[:_NAMED]]
            if len(stale) > _NAMED:
                named.append("%d more" % (len(stale) - _NAMED))
            notes.append("%s: no longer found: %s; --generate-ignore takes that out" % (
                self._baseline.name, ", ".join(named)))
        return notes

    def told(self):
        """What to tell the user at the end about all that was put aside (list of str)."""
        parts = []
        if self._by_remark:
            parts.append("%d by remarks in the files (--no-inline-ignores shows them)" % self._by_remark)
        if self._by_list:
            parts.append("%d by %s" % (self._by_list, self._baseline.name))
        total = self._by_remark + self._by_list
        return ["%d finding%s put aside: %s" % (total, " is" if total == 1 else "s are",
                                               ", ".join(parts))] if parts else []

    # -- the list of accepted findings -------------------------------------------------------------

    def _prepare_baseline(self, options, roots):
        if options["isolated"]:
            raise click.UsageError("--generate-ignore and --isolated exclude each other")
        if "-" in options["paths"]:
            raise click.UsageError("--generate-ignore takes files that have a name")
        if self._baseline is None:
            from .baseline import Baseline

            if options["config"] is not None:
                folder = real_path(os.path.dirname(os.path.abspath(options["config"])))
            else:
                folder = self._folder or os.getcwd()
            reason = discovery.why_not(folder, () if options["config"] is not None else roots)
            if reason:
                raise UsageError("%s would not be used: %s" % (
                    discovery.shown(os.path.join(folder, discovery.IGNORE)), reason))
            self._baseline = Baseline(folder)

    def accept(self, project, findings):
        """Put what was found in a project, and is due, into the list."""
        from ..acceptance import Accepted

        root = real_path(project.root)
        stale, entries, outlines = set(project.stale()), [], {}
        for entry in self._baseline.entries(root):
            if entry in project.accepted:
                fresh = Accepted.of(project.accepted[entry], outlines)
                fresh.reason = entry.reason
                entries.append(fresh)
            elif entry not in stale:
                entries.append(entry)
        entries += [Accepted.of(finding, outlines) for finding in findings if finding.due]
        self._baseline.replace(root, entries)

    def write_baseline(self):
        """Write the list; what to tell the user (str). Raises UsageError."""
        try:
            self._baseline.write()
        except OSError as error:
            raise UsageError("%s: %s" % (self._baseline.name, error.strerror or error)) from None
        return "%s: %d accepted finding%s, where there %s %d" % (
            self._baseline.name, self._baseline.total, "" if self._baseline.total == 1 else "s",
            "was" if self._old == 1 else "were", self._old)


def _given():
    """The names of the options that stand on the command line."""
    context = click.get_current_context()
    return {name for name in context.params
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
