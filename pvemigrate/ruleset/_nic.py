"""Names of network interfaces: where the interfaces files use them, what hardware has them, and
what keeps them as they are.

Shared by the rules about interfaces' names.
"""

import re

from ..cst import Block, Token
from ..formats.interfaces import (Auto, BrokenIfaceHeader, Directive, IfaceHeader, InheritsHeader,
                                  Option, joined, words)
from ..lazy import lazy
from ..settings import valid_mac
from ._net import has_whole_sysfs, is_plain_name, link_files, link_sections, networks, option_key, word_tokens

__all__ = ["Use", "base_name", "devices", "family", "is_card", "is_pinned", "mentions", "permanent_mac",
           "udev_names", "uses"]

#: Options whose values are names of interfaces and nothing else (but words like ``none``).
NAMING_OPTIONS = ("bridge-ports", "bond-slaves", "slaves", "bond-primary", "vlan-raw-device",
                  "ovs-ports", "ovs-bonds", "vxlan-physdev")
#: Of these, the ones that enslave what they name to a bond.
BOND_OPTIONS = ("bond-slaves", "slaves", "ovs-bonds")
#: Words of such options that are no names (bridge-utils-interfaces(5), ifupdown2's addons).
NO_NAMES = ("none", "all", "regex", "noregex", "glob")


class Use:
    """A word of an interfaces file that names an interface: ``token``, ``name`` (as ifupdown sees
    it) and the ``file``. ``is_pattern``: it may be a pattern that takes several."""

    __slots__ = ("file", "token", "name", "key", "is_pattern")

    def __init__(self, file, token, key="", is_pattern=False):
        self.file = file
        self.token = token
        self.name = joined(token)
        #: The option that has the word (empty for the other lines).
        self.key = key
        self.is_pattern = is_pattern or not is_plain_name(self.name)

    @property
    def is_header(self):
        """Whether the word is what an ``iface`` line defines."""
        return isinstance(self.token.node, (IfaceHeader, InheritsHeader, BrokenIfaceHeader))


def base_name(name):
    """The device below a VLAN (``eno1.100``) or an alias (``eno1:0``)."""
    return name.partition(":")[0].partition(".")[0]


def uses(scope):
    """Every use of an interface's name in what ifupdown reads (list of Use, each once), in the order
    of reading; commands are not looked into (see mentions())."""
    found, done = [], set()
    for network in scope.once(networks, scope):
        for file in network.files:
            if file.path not in done:
                done.add(file.path)
                for node in _lines(file):
                    found.extend(_uses_of(file, node))
    return found


def _lines(file):
    for block in file.tree.body:
        if isinstance(block, Block):
            if block.header is not None:
                yield block.header
            yield from block.body
        else:
            yield block


def _uses_of(file, node):
    if isinstance(node, Auto):
        return [Use(file, token) for token in word_tokens(node.names)]
    if isinstance(node, Directive):
        if joined(node.keyword) != "rename":
            return [Use(file, token) for token in word_tokens(node.names)]
    elif isinstance(node, IfaceHeader):
        return [Use(file, node.name)]
    elif isinstance(node, InheritsHeader):
        inherited = word_tokens(node.inheritance)
        at = next(at for at, token in enumerate(inherited) if joined(token) == "inherits")
        return [Use(file, node.name), Use(file, inherited[at + 1])]
    elif isinstance(node, BrokenIfaceHeader) or type(node).__name__ == "MappingHeader":
        names = word_tokens(node.names)
        return [Use(file, token) for token in
                (names[:1] if isinstance(node, BrokenIfaceHeader) else names)]
    elif isinstance(node, Option) and option_key(node) in NAMING_OPTIONS:
        return _ports(file, node)
    return []


def _ports(file, node):
    found, is_pattern, key = [], False, option_key(node)
    for token in word_tokens(node.value):
        word = joined(token)
        if word.startswith("#"):
            # Nothing is called so; it is meant as a remark.
            break
        if word in NO_NAMES:
            is_pattern = word in ("regex", "glob")
        else:
            found.append(Use(file, token, key, is_pattern))
    return found


def mentions(scope, name):
    """Where else the interfaces files name an interface: in commands, and in options that may hold
    anything (list of (file, token, option's name))."""
    pattern = re.compile("(?<![A-Za-z0-9_-])%s(?![A-Za-z0-9_-])" % re.escape(name))
    found, done = [], set()
    for network in scope.once(networks, scope):
        for file in network.files:
            if file.path in done or name not in file.tree.code:
                continue
            done.add(file.path)
            for node in _lines(file):
                if isinstance(node, Option):
                    value = None if option_key(node) in NAMING_OPTIONS else node.value
                    key = joined(node.key)
                elif isinstance(node, Directive) and joined(node.keyword) == "rename":
                    value, key = node.names, "rename"
                else:
                    continue
                match = value and pattern.search(value)
                if match:
                    found.append((file, Token(match.group(), node, value.offset + match.start()),
                                  key))
    return found


# -- the hardware ----------------------------------------------------------------------------------

MELLANOX = "Mellanox"
BCM57412 = "Broadcom BCM57412"

# Compiled when they are first used: not every node has such cards.
_PCI_ID = "(?m)^PCI_ID=([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})$"
_MODALIAS = "pci:v0000([0-9A-F]{4})d0000([0-9A-F]{4})"
_DRIVER = "(?m)^DRIVER=([A-Za-z0-9_-]+)$"

#: Names that udev makes of a board's index, a slot or a PCI path, with what it appends for a port.
_PREDICTABLE = lazy("en(?:P[0-9]+)?(?:o[0-9]+|s[0-9]+(?:f[0-9]+)?|p[0-9]+s[0-9]+(?:f[0-9]+)?)"
                    "(?:d[0-9]+)?(n[A-Za-z0-9]+)?")
#: The forms in which the guide shows names before they change. What is on PCI bus 0 (enp0s31f6) is
#: part of the board's chipset, no card.
_PATH_FORM = "en(?:P[0-9]+)?p(?!0s)[0-9]+s[0-9]+f[0-9]+"
_SLOT_FORM = "ens[0-9]+f[0-9]+np[0-9]+"


def family(facts, name):
    """What may make a NIC's name change: a family of the hardware that the guide lists (str), an
    empty str where nothing is known of the hardware and the name has the form that names of these
    families have, else None."""
    match = _PREDICTABLE.fullmatch(name)
    if match is None:
        return None
    is_new = match.group(1) is not None and not name.startswith("ens")
    vendor, device, driver = _hardware(facts, name)
    if vendor == 0x15b3 or driver in ("mlx4_core", "mlx5_core"):
        return None if is_new else MELLANOX
    if (vendor, device) == (0x14e4, 0x16d6):
        return None if is_new else BCM57412
    if vendor is not None and (vendor != 0x14e4 or device is not None):
        return None
    if vendor == 0x14e4 or driver is not None:
        # bnxt_en drives BCM57412 among others.
        return "" if driver in (None, "bnxt_en") and re.fullmatch(
            _SLOT_FORM, name) else None
    return "" if re.fullmatch(_PATH_FORM, name) or re.fullmatch(_SLOT_FORM, name) else None


def is_card(facts, name):
    """Whether udev may have made the name of a card's place."""
    return bool(_PREDICTABLE.fullmatch(name)) and (
        not has_whole_sysfs(facts) or _has_device(facts, name))


def _has_device(facts, name):
    path = "sys/class/net/%s/device" % name
    return facts.once(path, lambda: facts.exists(path))


def _hardware(facts, name):
    """PCI vendor and device (int) and driver (str) of an interface, each None where sysfs below the
    root does not tell."""
    def read(what):
        path = "sys/class/net/%s/device/%s" % (name, what)
        # tar copies a sysfs file as a page: NULs behind the text.
        return facts.once(("sysfs", path), lambda: (facts.get(path) or b"").decode(
            "ascii", "replace").rstrip("\0\n"))

    if not _has_device(facts, name):
        return None, None, None
    uevent = read("uevent")
    driver = re.search(_DRIVER, uevent)
    match = re.search(_PCI_ID, uevent) or re.match(_MODALIAS, read("modalias"))
    if match:
        vendor, device = (int(text, 16) for text in match.groups())
    else:
        vendor, device = _number(read("vendor")), _number(read("device"))
    return vendor, device, driver and driver.group(1)


def _number(text):
    return int(text, 16) if re.fullmatch("0x[0-9A-Fa-f]{1,8}", text) else None


def devices(facts):
    """The interfaces that sysfs below the root shows (set of str)."""
    return facts.once("devices", lambda: frozenset(facts.listdir("sys/class/net")))


# -- what keeps a name -----------------------------------------------------------------------------


def is_pinned(scope, name):
    """Whether something gives the NIC this very name: a .link file that knows it by its hardware, a
    rule of udev, or ``net.ifnames=0``, with which the kernel's own names stay."""
    return (name in scope.once(_linked_names, scope) or name in scope.once(udev_names, scope)
            or scope.once(_has_kernel_names, scope))


def _linked_names(scope):
    """The names (set of str) that .link files give cards which they know by their hardware."""
    found = set()
    for text in scope.once(link_files, scope).values():
        match, link = link_sections(text)
        if any(match.get(key) for key in ("MACAddress", "PermanentMACAddress", "Path")):
            found.update(link.get("Name", [])[-1:])
    return found


_UDEV_NAME = "NAME:?=\"([^\"\n]+)\""


def udev_names(scope):
    """The names (set of str) that rules of udev give."""
    found = set()
    folder = scope.facts.etc + "udev/rules.d"
    for file_name in scope.facts.listdir(folder):
        file = scope.text(folder + "/" + file_name) if file_name.endswith(".rules") else None
        for line in file.tree.code.split("\n") if file else ():
            if not line.lstrip(" \t").startswith("#"):
                found.update(re.findall(_UDEV_NAME, line))
    return found


def _has_kernel_names(scope):
    from ._kernel_cmdline import parameters

    running = scope.text("proc/cmdline")
    return ("net.ifnames=0" in words(running.tree.code.rstrip("\0") if running else "")
            or any(parameter.name == "net.ifnames" and parameter.value == "0"
                   for parameter in parameters(scope)))


def permanent_mac(scope, name):
    """The address that a NIC has of its own (str, lower case), or None where it is not known: the
    present one may be a bond's, or one that was set by hand."""
    facts = scope.facts
    folder = "sys/class/net/%s/" % name
    permanent = _sysfs(facts, folder + "bonding_slave/perm_hwaddr").lower()
    if valid_mac(permanent):
        return permanent
    # Other than a bridge's, a card's own address is the same in all releases.
    mac = facts.mac(name) or _sysfs(facts, folder + "address").lower()
    if not valid_mac(mac):
        return None
    bonded, addressed = scope.once(_changed, scope)
    is_bonded = name in bonded or facts.exists(folder + "bonding_slave")
    given = scope.settings.macs
    if name in given:
        # `ip -j link` shows a bond's ports with the bond's address.
        return None if is_bonded and list(given.values()).count(mac) > 1 else mac
    is_set = name in addressed or _sysfs(facts, folder + "addr_assign_type") not in ("", "0")
    return None if is_set or is_bonded else mac


def _changed(scope):
    """The interfaces whose addresses the interfaces files change: (ports of bonds, those that have
    a hwaddress)."""
    return ({use.name for use in scope.once(uses, scope) if use.key in BOND_OPTIONS},
            {stanza.name for network in scope.once(networks, scope)
             for stanza in network.stanzas if stanza.options("hwaddress")})


def _sysfs(facts, path):
    return facts.once(("sysfs", path), lambda: (facts.get(path) or b"").decode(
        "ascii", "replace").rstrip("\0\n"))
