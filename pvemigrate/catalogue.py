"""The catalogue of rules, by the names of their modules.

A rule is one module in ``pvemigrate/ruleset/``, named ``<code>_<name>.py``: that is all its
registration. Its class's docstring is its documentation, under fixed headings.
"""

import os
from importlib import import_module

from . import ruleset
from .rule import NODE, Rule

__all__ = ["RuleInfo", "catalogue", "documentation", "load_rules"]

#: Families (the letters of a code) and the kinds of files they look at: a family whose kinds do not
#: occur in a run is not imported. A family that is not listed is always imported.
FAMILY_KINDS = {
    "APT": ("apt-list", "deb822", NODE),
    "NET": ("interfaces",),
    "LXC": ("lxc", "grub", "kernel-cmdline"),
    "GST": ("lxc", "qemu", NODE),
    "STO": ("storage", NODE),
    "BAK": ("vzdump-conf", "vzdump-cron"),
    "USR": ("user",),
    "SYS": (NODE, "grub", "kernel-cmdline", "modprobe"),
    "CEP": ("ceph",),
    "COR": ("corosync",),
}


class RuleInfo:
    """A rule's entry in the catalogue: what its file name tells, without importing it."""

    __slots__ = ("code", "name", "module")

    def __init__(self, module):
        code, _, name = module.partition("_")
        self.code = code.upper()
        self.name = name.replace("_", "-")
        self.module = module

    @property
    def family(self):
        """The letters of the code."""
        return self.code.rstrip("0123456789")

    def load(self):
        """The rule's class (imports its module)."""
        module = import_module("pvemigrate.ruleset." + self.module)
        for value in vars(module).values():
            if (isinstance(value, type) and issubclass(value, Rule)
                    and value.__module__ == module.__name__ and value.__dict__.get("__doc__")):
                value.code = self.code
                value.name = self.name
                return value
        raise ImportError("%s defines no rule" % module.__name__)


def catalogue():
    """Every rule of this installation, by code (list of :class:`RuleInfo`)."""
    folder = ruleset.__path__[0]
    try:
        names = os.listdir(folder)
    except OSError:
        # Inside a zip archive.
        from pkgutil import iter_modules
        names = [module.name + ".py" for module in iter_modules(ruleset.__path__)]
    return sorted((RuleInfo(name[:-3]) for name in set(names)
                   if name.endswith(".py") and not name.startswith("_")), key=lambda i: i.code)


def load_rules(kinds, selects=lambda code: True):
    """The classes of the selected rules that have to do with one of *kinds*."""
    kinds = set(kinds)
    rules = [info.load() for info in catalogue()
             if selects(info.code) and kinds.intersection(FAMILY_KINDS.get(info.family, kinds))]
    return [rule for rule in rules if kinds.intersection(rule.kinds)]


def documentation(rule):
    """A rule's documentation (its docstring, indentation removed)."""
    from inspect import cleandoc

    return cleandoc(rule.__doc__ or "")
