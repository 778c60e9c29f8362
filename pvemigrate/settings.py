"""What a run is asked to do: hop, phases, selected rules, and facts given by hand."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .acceptance import Accepted

__all__ = ["CPU_FORMULAS", "HOPS", "PHASES", "PVE_REPOSITORIES", "Settings", "SEVERITIES",
           "UsageError", "VM_MONITOR", "matches", "valid_mac"]

#: The moments of an upgrade at which a change is right, in order.
PHASES = ("before", "switch", "after-node", "after-cluster")
#: The severities of findings, from the lowest.
SEVERITIES = ("info", "warning", "error")
#: The upgrades that have rules.
HOPS = ("6to7", "7to8", "8to9")
#: Proxmox VE's own repositories, as --pve-repo names them.
PVE_REPOSITORIES = ("enterprise", "no-subscription", "test")
#: The ways from cpu.shares to cpu.weight.
CPU_FORMULAS = ("ratio", "quadratic", "linear")
#: The privileges that take the place of VM.Monitor in Proxmox VE 9; of those behind the first
#: --vm-monitor chooses some.
VM_MONITOR = ("Sys.Audit", "VM.GuestAgent.Audit", "VM.GuestAgent.FileRead", "VM.GuestAgent.FileWrite",
              "VM.GuestAgent.FileSystemMgmt", "VM.GuestAgent.Unrestricted")


class UsageError(ValueError):
    """A request that makes no sense; its text is one line for the user."""


def split_codes(codes):
    """Codes and prefixes from comma-separated strings or lists (list of upper-case str)."""
    if isinstance(codes, str):
        codes = [codes]
    return [code.strip().upper() for item in codes or () for code in item.split(",")
            if code.strip()]


def matches(code, prefixes):
    """Whether the rule *code* is one of *prefixes* or begins with one."""
    return any(code.startswith(prefix) for prefix in prefixes)


def valid_mac(text):
    """Whether *text* is a MAC address that a bridge may have: six octets of
    two hexadecimal digits between colons, unicast, not all zero."""
    octets = text.split(":")
    if len(octets) != 6 or not all(len(octet) == 2 and _is_hex(octet) for octet in octets):
        return False
    return not int(octets[0], 16) & 1 and any(int(octet, 16) for octet in octets)


def _is_hex(text):
    return all(char in "0123456789abcdefABCDEF" for char in text)


class Settings:
    """The options of a run; keywords are named as the command's options.

    ``phases``: an iterable of phase names, ``"all"`` or ``"auto"`` (from the facts of the root).
    ``macs``: dict of interface name -> present MAC address. ``rename_nics`` and ``rename_roles``:
    dicts of old name -> new one. ``pve_repo``: one of ``PVE_REPOSITORIES``, where one must be
    added. ``archive``: repositories on the archive hosts. ``deb822``: one-line sources become .sources
    files. ``pin_nics``: write .link files.
    ``cpu_formula``: one of ``CPU_FORMULAS``. ``vm_monitor``: those of ``VM_MONITOR`` that take the place
    of the privilege VM.Monitor, with or without ``VM.GuestAgent.`` before their names (``Sys.Audit`` is
    always among them); empty where nobody has chosen. ``free_space``: the bytes that are free on the node's
    root file system, where the root is a copy's. ``per_file_ignores``: dict of pattern -> codes that
    are put aside in files whose path matches, the path below the root or, with ``path_prefix`` (a
    path that ends in a slash) before it, that below a directory further up. ``accepted``: findings
    that are put aside (see :class:`~pvemigrate.acceptance.Accepted`). ``inline_ignores``: whether
    remarks in the files put findings aside. Raises :class:`UsageError`.
    """

    def __init__(self, hop: str | None = None, phases: str | Iterable[str] = "auto",
                 select: str | Iterable[str] = (), ignore: str | Iterable[str] = (),
                 unsafe_fixes: bool = False, macs: Mapping[str, str] | None = None,
                 rename_nics: Mapping[str, str] | None = None, pin_nics: bool = False,
                 rename_roles: Mapping[str, str] | None = None, pve_repo: str | None = None,
                 archive: bool = False, deb822: bool = False, cpu_formula: str = "ratio",
                 vm_monitor: str | Iterable[str] = (),
                 free_space: int | None = None,
                 per_file_ignores: Mapping[str, str | Iterable[str]] | None = None,
                 path_prefix: str = "", accepted: Iterable[Accepted] = (),
                 inline_ignores: bool = True) -> None:
        if hop is not None and hop not in HOPS:
            raise UsageError(_no_such_hop(hop))
        self.hop = hop
        self.phases = _valid_phases(phases)
        self.select = split_codes(select)
        self.ignore = split_codes(ignore)
        self.unsafe_fixes = bool(unsafe_fixes)
        self.macs = _valid_macs(macs or {})
        self.rename_nics = _valid_renames(rename_nics or {}, "an interface's name", valid_interface)
        self.pin_nics = bool(pin_nics)
        self.rename_roles = _valid_renames(rename_roles or {}, "a role's name (one that begins "
                                           "with PVE is Proxmox VE's own)", _valid_new_role)
        self.pve_repo = _one_of(pve_repo, (None,) + PVE_REPOSITORIES, "repository")
        self.archive = bool(archive)
        self.deb822 = bool(deb822)
        self.cpu_formula = _one_of(cpu_formula, CPU_FORMULAS, "formula")
        self.vm_monitor = _valid_privileges(vm_monitor)
        self.free_space = free_space
        self.per_file_ignores = {pattern: split_codes(codes)
                                 for pattern, codes in (per_file_ignores or {}).items()}
        self.path_prefix = path_prefix
        self.accepted = tuple(accepted)
        self.inline_ignores = bool(inline_ignores)

    def for_hop(self, hop: str) -> Settings:
        """The same for all phases of another upgrade."""
        settings = Settings.__new__(Settings)
        vars(settings).update(vars(self), hop=hop, phases=("all",))
        return settings

    def selects(self, code: str) -> bool:
        """Whether the rule *code* is asked for."""
        return not self.ignores(code) and (not self.select or matches(code, self.select))

    def ignores(self, code: str) -> bool:
        """Whether the rule *code* is put aside by name."""
        return matches(code, self.ignore)


def _no_such_hop(hop):
    old, _, new = hop.partition("to")
    olds, news = zip(*(name.split("to") for name in HOPS))
    if old in olds and new in news and olds.index(old) < news.index(new):
        names = HOPS[olds.index(old):news.index(new) + 1]
        return ("no hop is jumped: from Proxmox VE %s to %s it is %s, one after the other (pvemigrate "
                "plan --to %s shows what each would change)" % (old, new, ", ".join(names), new))
    return "no rules for the hop %r in this version; there are: %s" % (hop, ", ".join(HOPS))


def _valid_phases(phases):
    phases = (phases,) if isinstance(phases, str) else tuple(phases)
    for phase in phases:
        if phase not in PHASES + ("all", "auto"):
            raise UsageError("no phase is called %r; there are: %s, all, auto"
                             % (phase, ", ".join(PHASES)))
    return phases or ("auto",)


def _valid_macs(macs):
    for name, mac in macs.items():
        if not valid_mac(mac):
            raise UsageError("%s=%s: not a MAC address that a bridge may have (six octets between "
                             "colons, unicast, not all zero)" % (name, mac))
    return {name: mac.lower() for name, mac in macs.items()}


def valid_interface(name):
    """Whether *name* is one that the kernel gives an interface (dev_valid_name): up to 15 bytes,
    no ``/``, no ``:``, no blank."""
    return (0 < len(name.encode("utf-8", "replace")) < 16 and name not in (".", "..")
            and not any(char in "/:" or char.isspace() for char in name))


def _valid_new_role(name):
    known = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._"
    return bool(name) and all(char in known for char in name) and not name.lower().startswith("pve")


def _valid_renames(renames, what, is_valid):
    for old, new in renames.items():
        if not old or not is_valid(new):
            raise UsageError("%s=%s: %r is not %s" % (old, new, new if old else old, what))
        if new in renames:
            raise UsageError("%s=%s: %s is to be renamed itself" % (old, new, new))
    news = list(renames.values())
    for new in news:
        if news.count(new) > 1:
            raise UsageError("two are to be renamed to %s" % new)
    return dict(renames)


def _valid_privileges(names):
    if not names:
        return ()
    short = {name.rpartition(".")[2]: name for name in VM_MONITOR[1:]}
    found = [name.strip() for item in ([names] if isinstance(names, str) else names)
             for name in item.split(",") if name.strip()]
    found = [short.get(name, name) for name in found]
    for name in found or [""]:
        if name not in VM_MONITOR:
            raise UsageError("VM.Monitor cannot become %r; there are: Sys.Audit, which it always becomes, "
                             "and %s" % (name, ", ".join(short)))
    return tuple(name for name in VM_MONITOR if name in found or name == VM_MONITOR[0])


def _one_of(value, known, what):
    if value not in known:
        raise UsageError("no %s is called %r; there are: %s"
                         % (what, value, ", ".join(filter(None, known))))
    return value
