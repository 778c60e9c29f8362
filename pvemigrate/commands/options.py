"""The options that check and fix share, and the settings that they ask for."""

import os

import click

from ..output import FORMATS
from ..settings import (
    CPU_FORMULAS, PVE_REPOSITORIES, SEVERITIES, Settings, valid_mac,
)
from ..streams import standard_input
from .sections import option

__all__ = ["ALL_HOPS", "COLOR", "COMMON", "PLUGIN", "add_options", "check_kind", "check_paths",
           "rules_of", "settings_of", "unknown_code"]


def add_options(options):
    """A decorator that gives a command these click options, in this order."""
    def decorate(function):
        for option in reversed(options):
            function = option(function)
        return function
    return decorate


#: For commands that have to do with rules.
PLUGIN = option("--plugin", "plugins", multiple=True, metavar="NAME",
                help="Take the rules of this installed plug-in too. Repeatable.")

COLOR = option("--color", default="auto", type=click.Choice(["auto", "always", "never"]),
               help="Colours; auto: on a terminal, unless NO_COLOR is set.")

#: What is looked at, and when.
_PLACES = [
    click.argument("paths", metavar="[PATH]...", nargs=-1),
    option("--root", metavar="DIR", help="The file system to work on (default: /). Nothing "
           "outside it is read or written."),
]
_WHEN = [
    option("--hop", metavar="HOP", help="Which upgrade, as in 6to7. Default: 6to7, or the "
           "one that ends at the release found."),
    option("--phase", "phases", multiple=True, metavar="PHASE",
           type=click.Choice(["before", "switch", "after-node", "after-cluster", "all",
                              "auto"]),
           help="Which rules may act now: before, switch, after-node, after-cluster, all, or "
                "auto (from the version installed below the root; the default). Repeatable."),
]
#: Which rules, and what their fixes have to know.
_RULES = [
    option("--select", multiple=True, metavar="CODES", help="Only these codes or prefixes "
           "(APT,LXC001). Repeatable."),
    option("--ignore", multiple=True, metavar="CODES", help="Not these codes or prefixes. "
           "Repeatable."),
    PLUGIN,
    option("--unsafe-fixes/--no-unsafe-fixes",
           help="Also make fixes that are marked unsafe."),
    option("--mac", "macs", multiple=True, metavar="IFACE=MAC",
           help="The present MAC address of a bridge or network card. Repeatable."),
    option("--ip-link", metavar="FILE",
           help="MAC addresses from the output of 'ip -j link' (- for stdin)."),
    option("--rename-nic", "rename_nics", multiple=True, metavar="OLD=NEW",
           help="A network card gets another name: write it into the network configuration "
                "(an unsafe fix). Repeatable."),
    option("--pin-nics/--no-pin-nics",
           help="Keep the names of network cards with .link files of systemd, where their MAC "
                "addresses are known."),
    option("--rename-role", "rename_roles", multiple=True, metavar="OLD=NEW",
           help="A role whose name Proxmox VE takes for itself gets another (an unsafe fix). "
                "Repeatable."),
    option("--pve-repo", type=click.Choice(PVE_REPOSITORIES),
           help="The Proxmox VE repository to add where there is none, or to use instead of one "
                "that takes a subscription."),
    option("--archive/--no-archive",
           help="Old releases leave the mirrors: use the archive hosts (an unsafe fix)."),
    option("--deb822/--no-deb822",
           help="Make .sources files of repositories in one-line files (8to9)."),
    option("--vm-monitor", multiple=True, metavar="PRIVS",
           help="What roles get instead of VM.Monitor, besides Sys.Audit: some of Audit, FileRead, "
                "FileWrite, FileSystemMgmt and Unrestricted, of the guest agent's privileges; "
                "Sys.Audit for none of them (an unsafe fix). Repeatable."),
    option("--cpu-formula", default=CPU_FORMULAS[0], type=click.Choice(CPU_FORMULAS),
           help="How cpu.shares become cpu.weight (default: ratio)."),
]
_KIND = [
    option("--kind", metavar="KIND", help="Take every PATH (or stdin, -) as a file of this "
           "kind."),
]
_OUTPUT = [
    option("--output-format", "output_format", default="text",
           type=click.Choice(FORMATS), help="How findings are shown."),
    option("--fail-on", default="warning", type=click.Choice(SEVERITIES),
           help="The lowest severity that makes the exit status 1 (default: warning)."),
]
_CONFIG = [
    option("--inline-ignores/--no-inline-ignores", default=True,
           help="Whether remarks in the files put findings aside (default: they do)."),
    option("--config", metavar="FILE", help="The configuration file (default: pvemigrate.toml, or "
           "[tool.pvemigrate] in pyproject.toml, of the working directory or one above it)."),
    option("--isolated", is_flag=True, help="Use no configuration file, and no list of accepted "
           "findings."),
]
_MANNERS = [
    option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found."),
    COLOR,
    option("--jobs", "-j", metavar="N", type=click.IntRange(min=1),
           help="How many processes look at a large tree (default: one for each processor)."),
    option("--quiet", "-q", is_flag=True, help="No summary and no notes; with --diff, the "
           "diff alone."),
]

#: For check and fix.
COMMON = _PLACES + _WHEN + _RULES + _KIND + _OUTPUT + _CONFIG + _MANNERS
#: For what goes through several upgrades.
ALL_HOPS = _PLACES + _RULES + _CONFIG


def rules_of(options):
    """The rules that the options ask for, built-in ones and those of plug-ins (list of
    :class:`~pvemigrate.rule.RuleInfo`); None where that is just the built-in ones. Raises
    UsageError."""
    if not options["plugins"]:
        return None
    from ..catalogue import catalogue
    from ..plugins import load_plugins
    from ..rule import RuleInfo

    return catalogue() + [RuleInfo.of(rule) for rule in load_plugins(options["plugins"])]


def settings_of(options, rules=None, **more):
    """The settings that the options ask for. *rules*: as :func:`rules_of` gives them; *more*: keywords
    of :class:`~pvemigrate.settings.Settings` besides. Raises UsageError."""
    settings = Settings(
        hop=options["hop"], phases=options["phases"] or "auto", select=options["select"],
        ignore=options["ignore"], unsafe_fixes=options["unsafe_fixes"], macs=_macs(options),
        rename_nics=_pairs(options, "rename_nics", "--rename-nic"), pin_nics=options["pin_nics"],
        rename_roles=_pairs(options, "rename_roles", "--rename-role"),
        pve_repo=options["pve_repo"], archive=options["archive"], deb822=options["deb822"],
        cpu_formula=options["cpu_formula"], vm_monitor=options["vm_monitor"],
        inline_ignores=options["inline_ignores"], **more)
    for name in ("select", "ignore"):
        if options[name]:
            _check_codes("--" + name, getattr(settings, name), rules)
    return settings


def _check_codes(option, codes, rules):
    """Refuse codes that no rule has: a misspelt one would change what a run does in silence."""
    if not codes:
        raise click.UsageError("%s names no rule" % option)
    unknown = unknown_code(codes, rules)
    if unknown:
        raise click.UsageError("%s: no rule's code is or begins with %s; 'pvemigrate rules' "
                               "lists them" % (option, unknown))


def unknown_code(codes, rules):
    """The first of *codes* that is no rule's and that none begins with, or None."""
    from ..catalogue import catalogue

    known = [info.code for info in rules or catalogue()]
    return next((code for code in codes if not any(name.startswith(code) for name in known)), None)


def _macs(options):
    """Interface -> MAC address, from --ip-link and --mac (which counts where both name one)."""
    macs = _pairs(options, "macs", "--mac", "IFACE=MAC")
    for name, mac in (_ip_link_macs(options["ip_link"]) if options["ip_link"] else {}).items():
        if not any(item.startswith(name + "=") for item in options["macs"]):
            macs[name] = mac
    return macs


def _pairs(options, name, option, form="OLD=NEW"):
    """The values of a repeatable option of two halves, with those of the configuration file for what
    it does not name (dict)."""
    pairs = {}
    for item in options[name]:
        left, equals, right = item.partition("=")
        if not (left and equals and right):
            raise click.UsageError("%s takes %s, not %s" % (option, form, item))
        if pairs.setdefault(left, right) != right:
            raise click.UsageError("%s is given twice for %s: %s and %s" % (
                option, left, pairs[left], right))
    return dict(options.get("tables", {}).get(name, {}), **pairs)


def _ip_link_macs(path):
    import json

    try:
        if path == "-":
            data = standard_input()
        else:
            with open(path, "rb") as file:
                data = file.read()
        links = [(link["ifname"], link.get("address"))
                 for link in json.loads(data.decode("utf-8", "replace")) if link != {}]
    except OSError as error:
        raise click.UsageError("--ip-link %s: %s" % (path, error.strerror or error)) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise click.UsageError("--ip-link %s: not the output of 'ip -j link'" % path) from None
    return {str(name): mac for name, mac in links if isinstance(mac, str) and valid_mac(mac)}


def check_paths(options):
    """Refuse combinations of paths and options that make no sense."""
    paths = options["paths"]
    check_kind(options["kind"])
    if "-" not in paths:
        if options["kind"] and not paths:
            raise click.UsageError("--kind needs a PATH")
        if options["root"] is not None and not os.path.isdir(options["root"]):
            raise click.UsageError("--root %s: no such directory" % options["root"])
        return
    if len(paths) > 1:
        raise click.UsageError("- (stdin) goes alone")
    if not options["kind"]:
        raise click.UsageError("- (stdin) needs --kind")
    if options["ip_link"] == "-":
        raise click.UsageError("--ip-link - and PATH - both want stdin")


def check_kind(kind):
    """Refuse a kind that there is not. Raises click.UsageError."""
    from ..formats import KINDS

    if kind is not None and kind not in KINDS:
        raise click.UsageError("no kind is called %s; there are: %s" % (kind, ", ".join(KINDS)))
