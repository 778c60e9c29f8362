"""A linter and rewriter for the configuration files of Proxmox VE, for major upgrades.

    tree = pvemigrate.parse(data, kind="interfaces")
    result = pvemigrate.fix(data, kind="storage")
    project = pvemigrate.Project("/srv/backup/pve1")

Names are imported when they are first used; importing the package costs nothing.
"""

__version__ = "1.0.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike

    from .chain import Stage as Stage, stages as stages
    from .cst import (
        Block as Block, File as File, FlattenSentinel as FlattenSentinel, Line as Line,
        Node as Node, Position as Position, RemovalSentinel as RemovalSentinel,
        RemoveFromParent as RemoveFromParent, Token as Token, Transformer as Transformer,
        Visitor as Visitor,
    )
    from .edit import (
        Edit as Edit, Fix as Fix, create_file as create_file, insert_after as insert_after,
        insert_before as insert_before, remove as remove, remove_file as remove_file,
        replace as replace,
    )
    from .formats import (
        KINDS as KINDS, kind_of_path as kind_of_path, parse_fragment as parse_fragment,
    )
    from .plugins import (
        Plugin as Plugin, installed_plugins as installed_plugins, load_plugins as load_plugins,
    )
    from .project import Plan as Plan, Project as Project, Result as Result, check_text, fix_text
    from .rule import Finding as Finding, Rule as Rule
    from .settings import Settings as Settings, UsageError as UsageError

    check, fix = check_text, fix_text

#: Public name -> module and name there.
_PUBLIC = {
    "Block": ("cst", "Block"),
    "Edit": ("edit", "Edit"),
    "File": ("cst", "File"),
    "Finding": ("rule", "Finding"),
    "Fix": ("edit", "Fix"),
    "FlattenSentinel": ("cst", "FlattenSentinel"),
    "KINDS": ("formats", "KINDS"),
    "Line": ("cst", "Line"),
    "Node": ("cst", "Node"),
    "Plan": ("project", "Plan"),
    "Plugin": ("plugins", "Plugin"),
    "Position": ("cst", "Position"),
    "Project": ("project", "Project"),
    "RemovalSentinel": ("cst", "RemovalSentinel"),
    "RemoveFromParent": ("cst", "RemoveFromParent"),
    "Result": ("project", "Result"),
    "Rule": ("rule", "Rule"),
    "Settings": ("settings", "Settings"),
    "Stage": ("chain", "Stage"),
    "Token": ("cst", "Token"),
    "Transformer": ("cst", "Transformer"),
    "UsageError": ("settings", "UsageError"),
    "Visitor": ("cst", "Visitor"),
    "check": ("project", "check_text"),
    "create_file": ("edit", "create_file"),
    "fix": ("project", "fix_text"),
    "insert_after": ("edit", "insert_after"),
    "insert_before": ("edit", "insert_before"),
    "installed_plugins": ("plugins", "installed_plugins"),
    "kind_of_path": ("formats", "kind_of_path"),
    "load_plugins": ("plugins", "load_plugins"),
    "parse_fragment": ("formats", "parse_fragment"),
    "remove": ("edit", "remove"),
    "remove_file": ("edit", "remove_file"),
    "replace": ("edit", "replace"),
    "stages": ("chain", "stages"),
}

__all__ = sorted([*_PUBLIC, "parse", "rules"])


def __getattr__(name):
    try:
        module, attribute = _PUBLIC[name]
    except KeyError:
        raise AttributeError("module %r has no attribute %r" % (__name__, name)) from None
    from importlib import import_module

    value = globals()[name] = getattr(import_module("." + module, __name__), attribute)
    return value


def __dir__():
    return sorted(set(globals()) | set(__all__))


def parse(data: "bytes | str", kind: "str | None" = None,
          path: "str | PathLike[str] | None" = None) -> "File":
    """The lossless tree of *data* (bytes or str): ``parse(data, kind="storage").bytes == data``.

    *kind*: one of ``KINDS``; or *path*, a path that ends in a known location below ``etc/``.
    Never raises on content; ValueError for an unknown kind.
    """
    from . import formats

    if kind is None:
        from .source import known_location

        location = known_location(path)
        if location is None:
            raise ValueError("say what kind of file this is (kind=...)")
        kind = formats.kind_of_path(location)
    return formats.parse(data, kind)


def rules() -> "list[type[Rule]]":
    """Every rule of this installation (list of classes with ``code``, ``name``, ``severity``,
    ``phase``, ``kinds``, ``hops``, ``guide``; the docstring is the documentation)."""
    from .catalogue import catalogue

    return [info.load() for info in catalogue()]
