"""Rules of others: the entry points of the group ``pvemigrate.rules`` in installed packages.

Nothing is looked for and nothing imported unless a plug-in is asked for by name: pvemigrate runs as
root, and what happens to be installed beside it has no business there. An entry point names a rule (a
class), a module of rules, or a list of rules. A plug-in that cannot be used as it is stops the run:
whoever asks for its rules must not take a run without them for a complete one.
"""

from __future__ import annotations

import re

from .catalogue import catalogue
from .formats import KINDS, node_classes
from .rule import NODE, Rule
from .settings import HOPS, PHASES, SEVERITIES, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["GROUP", "Plugin", "installed_plugins", "load_plugins"]

#: The group of entry points.
GROUP = "pvemigrate.rules"

_CODE = re.compile("[A-Z]{3}[0-9]{3}")
_NAME = re.compile("[a-z0-9]+(-[a-z0-9]+)*")


class Plugin:
    """An installed plug-in: the ``name`` that it is asked for by; ``distribution`` and ``version`` of
    the package that it comes with (str)."""

    __slots__ = ("name", "distribution", "version", "_entry_point")

    def __init__(self, name: str, distribution: str, version: str, entry_point=None) -> None:
        self.name = name
        self.distribution = distribution
        self.version = version
        self._entry_point = entry_point

    def __str__(self):
        return "%s %s" % (self.distribution, self.version)

    def __repr__(self):
        return "Plugin(%r, %r, %r)" % (self.name, self.distribution, self.version)

    def __getstate__(self):
        return self.name, self.distribution, self.version

    def __setstate__(self, state):
        self.__init__(*state)


def installed_plugins() -> list[Plugin]:
    """The plug-ins that are installed, by name (list of :class:`Plugin`). None of them is imported."""
    found = {}
    metadata = _metadata()
    for distribution in metadata.distributions() if metadata else ():
        try:
            name, version = distribution.metadata["Name"], distribution.version
            points = [point for point in distribution.entry_points if point.group == GROUP]
        except Exception:  # noqa: BLE001 - a broken package says nothing, and is not ours to judge
            continue
        for point in points:
            # Of two installations of one package the first on the path is the one that is imported.
            found.setdefault((point.name, re.sub("[-_.]+", "-", str(name)).lower()),
                             Plugin(point.name, str(name), str(version), point))
    return [found[key] for key in sorted(found)]


def load_plugins(names: str | Iterable[str]) -> list[type[Rule]]:
    """The rules of the plug-ins called *names* (one str, or several), which are imported now: list of
    classes, by code, each with its :class:`Plugin` in ``origin``.

    Raises :class:`UsageError` where there is no such plug-in, where it fails to be imported, and where
    one of its rules is not as it has to be: a code of three capital letters, which no built-in rule's
    code begins with, and three digits; kinds, hops, phases and a severity that there are; ``visit_``
    methods for nodes that there are; documentation.
    """
    chosen = list(dict.fromkeys([names] if isinstance(names, str) else names))
    if chosen and _metadata() is None:
        raise UsageError("plug-ins take the package importlib-metadata with Python 3.7")
    installed = installed_plugins() if chosen else []
    families = {info.code[:3] for info in catalogue()}
    known = {}
    for name in chosen:
        plugin = _named(name, installed)
        for rule in _rules(plugin):
            fault = _fault(rule, families)
            label = _label(rule)
            if fault is None and known.setdefault(rule.code, rule) is not rule:
                fault = "so is a rule of %s called" % known[rule.code].origin
            if fault:
                raise UsageError("plug-in %s (%s): %s: %s" % (name, plugin, label, fault))
            rule.origin = plugin
    return [known[code] for code in sorted(known)]


def _metadata():
    try:
        from importlib import metadata
    except ImportError:
        try:
            import importlib_metadata as metadata  # click needs it on Python 3.7
        except ImportError:
            return None
    return metadata


def _named(name, installed):
    found = [plugin for plugin in installed if plugin.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError("plug-in %s is offered by several packages: %s" % (
            name, ", ".join(map(str, found))))
    raise UsageError("no plug-in is called %s; installed: %s" % (
        name, ", ".join(plugin.name for plugin in installed) or "none"))


def _rules(plugin):
    """What the plug-in gives as rules (list, not yet looked at)."""
    try:
        found = plugin._entry_point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - others' code
        raise UsageError("plug-in %s (%s) cannot be imported: %s" % (
            plugin.name, plugin, _said(error))) from error
    from types import ModuleType

    if isinstance(found, ModuleType):
        # Its own, not what it has imported from elsewhere to build on.
        package = found.__name__.partition(".")[0]
        found = [value for name, value in vars(found).items() if not name.startswith("_")
                 and isinstance(value, type) and issubclass(value, Rule)
                 and value.__module__.partition(".")[0] == package]
    elif isinstance(found, type):
        found = [found]
    if not isinstance(found, (list, tuple)):
        raise UsageError("plug-in %s (%s) is no rule, no module and no list of rules: %s" % (
            plugin.name, plugin, type(found).__name__))
    if not found:
        raise UsageError("plug-in %s (%s) has no rules" % (plugin.name, plugin))
    return list(dict.fromkeys(found)) if all(isinstance(rule, type) for rule in found) else found


def _said(error):
    """An error of others on one line."""
    text = " ".join(str(error).split())
    return "%s: %s" % (type(error).__name__, text[:500]) if text else type(error).__name__


def _label(rule):
    name = getattr(rule, "__name__", type(rule).__name__)
    code = getattr(rule, "code", None)
    return "%s (%s)" % (code, name) if isinstance(code, str) and _CODE.fullmatch(code) else name


def _fault(rule, families):
    """What is wrong with a rule of a plug-in (str), None where nothing is."""
    if not (isinstance(rule, type) and issubclass(rule, Rule)):
        return "not a subclass of pvemigrate.Rule"
    if not (isinstance(rule.code, str) and _CODE.fullmatch(rule.code)):
        return "its code has to be three capital letters and three digits, as in ORG001"
    if rule.code[:3] in families:
        return "codes that begin with %s are built-in rules'" % rule.code[:3]
    if not (isinstance(rule.name, str) and _NAME.fullmatch(rule.name)):
        return "its name has to be words in lower case with hyphens, as in public-bridge"
    if not (rule.__dict__.get("__doc__") or "").strip():
        return "it has no docstring, which is its documentation"
    return (_fault_of_words("severity", (rule.severity,), SEVERITIES)
            or _fault_of_words("phase", (rule.phase,), PHASES)
            or _fault_of_words("kind", rule.kinds, (*KINDS, NODE))
            or _fault_of_words("hop", rule.hops, HOPS)
            or _fault_of_words("phase", rule.blocks, PHASES, may_be_empty=True)
            or _fault_of_needs(rule.needs)
            or _fault_of_methods(rule)
            or _fault_of_making(rule))


def _fault_of_words(what, words, known, may_be_empty=False):
    if not isinstance(words, (tuple, list)):
        return "its %ss have to be a tuple, as in (%r,)" % (what, known[0])
    for word in words:
        if word not in known:
            return "no %s is called %r; there are: %s" % (what, word, ", ".join(known))
    return None if words or may_be_empty else "it names no %s" % what


def _fault_of_needs(needs):
    if needs is None or isinstance(needs, (tuple, list)) and needs and all(
            isinstance(text, str) and text and text.isascii() for text in needs):
        return None
    return "its needs have to be a tuple of texts in ASCII, or None"


def _fault_of_methods(rule):
    """A misspelt visit_ method would never be called."""
    known = {"File"} | {cls.__name__ for kind in set(rule.kinds) - {NODE}
                        for cls in node_classes(kind).values()}
    methods = [name for name in dir(rule) if name.startswith(("visit_", "leave_"))]
    for name in methods:
        if name.partition("_")[2] not in known:
            return "%s: there is no such node in files of its kinds; there are: %s" % (
                name, ", ".join(sorted(known)))
    if not methods and rule.check_project is Rule.check_project:
        return "it has no visit_ method and no check_project"
    return None


def _fault_of_making(rule):
    try:
        rule()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - others' code
        return "it cannot be made: %s" % _said(error)
    return None
