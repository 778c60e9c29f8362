"""The catalogue of rules, by the names of their modules.

A rule is one module in ``pvemigrate/ruleset/``, named ``<code>_<name>.py``: that is all its
registration. Its class's docstring is its documentation, under fixed headings. What a run has to
know of a rule before it is imported stands in an index that is made when the package is built; in a
checkout the rules themselves are asked.
"""

import os
import sys
from functools import lru_cache
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader

from . import ruleset
from .grammar_files import is_checkout
from .rule import Rule, RuleInfo

__all__ = ["catalogue", "documentation", "load", "load_rules", "write_index"]


def load(module):
    """The class of the rule in a module of ``pvemigrate/ruleset/`` (a file's name without ``.py``)."""
    code, name = _code_and_name(module)
    module = _imported(module)
    for value in vars(module).values():
        if (isinstance(value, type) and issubclass(value, Rule)
                and value.__module__ == module.__name__ and value.__dict__.get("__doc__")):
            value.code = code
            value.name = name
            return value
    raise ImportError("%s defines no rule" % module.__name__)


def _imported(name):
    """The module of that name in ``pvemigrate/ruleset/``.

    A run imports a hundred of them, and it is known where they are: to have the import system look for
    each of them takes as long as a seventh of the import.
    """
    full_name = ruleset.__name__ + "." + name
    if full_name in sys.modules or type(ruleset.__spec__.loader) is not SourceFileLoader:
        return import_module("pvemigrate.ruleset." + name)  # (In a zip archive there are no files.)
    path = os.path.join(ruleset.__path__[0], name + ".py")
    spec = ModuleSpec(full_name, SourceFileLoader(full_name, path), origin=path)
    spec.has_location = True
    module = sys.modules[full_name] = type(sys)(full_name)
    module.__file__, module.__loader__, module.__package__ = path, spec.loader, ruleset.__name__
    module.__spec__ = spec
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[full_name]
        raise
    setattr(ruleset, name, module)
    return module


def _code_and_name(module):
    code, _, name = module.partition("_")
    return code.upper(), name.replace("_", "-")


def catalogue():
    """Every rule of this installation, by code (list of :class:`~pvemigrate.rule.RuleInfo`)."""
    return list(_catalogue())


@lru_cache(maxsize=None)
def _catalogue():
    # A run asks several times: which files to read, which rules to run.
    if is_checkout():
        entries = [(module, RuleInfo.facts(load(module))) for module in _modules()]
    else:
        from ._tables.rules import RULES as entries
    return [RuleInfo(*_code_and_name(module), facts, lambda module=module: load(module))
            for module, facts in entries]


def _modules():
    return sorted(name[:-3] for name in os.listdir(ruleset.__path__[0])
                  if name.endswith(".py") and not name.startswith("_"))


def write_index(folder):
    """Write the index of all rules into *folder* as a Python module; used by the build."""
    with open(os.path.join(folder, "rules.py"), "w", encoding="utf-8") as file:
        file.write('"""The rules of pvemigrate/ruleset/, as pvemigrate.catalogue found them; do not '
                   'edit."""\n\nRULES = (\n%s)\n' % "".join(
                       "    %r,\n" % ((module, RuleInfo.facts(load(module))),)
                       for module in _modules()))


def load_rules(kinds, selects=lambda code: True):
    """The selected rules that have to do with one of *kinds* (list of
    :class:`~pvemigrate.rule.RuleInfo`)."""
    kinds = set(kinds)
    return [info for info in catalogue() if selects(info.code) and kinds.intersection(info.kinds)]


def documentation(rule):
    """A rule's documentation (its docstring, indentation removed)."""
    from inspect import cleandoc

    return cleandoc(rule.__doc__ or "")
