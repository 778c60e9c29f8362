"""The kinds of files: which paths they have, which grammar and node classes they use.

Names only; a format's module (``formats/<grammar>.py``) is imported when a node of it is needed.
"""

from __future__ import annotations

from importlib import import_module

from .. import grammar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..cst import File, Node

__all__ = ["FIXED", "FOLDERS", "KINDS", "REMARK_KINDS", "decode", "disagreements", "kind_of_name",
           "kind_of_path", "node_classes", "parse", "parse_fragment"]

#: Kind -> name of its grammar and of its module.
KINDS = {
    "apt-list": "apt_list",
    "ceph": "ceph",
    "corosync": "corosync",
    "deb822": "deb822",
    "grub": "grub",
    "interfaces": "interfaces",
    "jobs": "storage",  # sections, as PVE::SectionConfig has them
    "kernel-cmdline": "kernel_cmdline",
    "lvm": "lvm",
    "lxc": "lxc",
    "modprobe": "modprobe",
    "notifications": "notifications",
    "qemu": "qemu",
    "storage": "storage",
    "sysctl": "sysctl",
    "user": "user",
    "vzdump-conf": "vzdump_conf",
    "vzdump-cron": "vzdump_cron",
    "text": "text",
}

#: Kinds whose files keep remarks (``remarks.py`` says where).
REMARK_KINDS = ("apt-list", "deb822", "interfaces")

_APT_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:.-")

#: Files at fixed places, relative to etc/ -> their kinds.
FIXED = {
    "apt/sources.list": "apt-list",
    "default/grub": "grub",
    "kernel/cmdline": "kernel-cmdline",
    "lvm/lvm.conf": "lvm",
    "lvm/lvmlocal.conf": "lvm",
    "network/interfaces": "interfaces",
    "network/interfaces.new": "interfaces",
    "pve/ceph.conf": "ceph",
    "pve/corosync.conf": "corosync",
    "pve/jobs.cfg": "jobs",
    "pve/notifications.cfg": "notifications",
    "pve/storage.cfg": "storage",
    "pve/user.cfg": "user",
    "pve/vzdump.cron": "vzdump-cron",
    "sysctl.conf": "sysctl",
    "vzdump.conf": "vzdump-conf",
}


def _apt_part(name):
    """Apt reads a file of its folders only by suffix and name (apt-pkg/contrib/fileutl.cc):
    ``x.list.save`` and ``.x.list`` are no apt files."""
    if name.startswith(".") or not _APT_NAME.issuperset(name):
        return None
    return "apt-list" if name.endswith(".list") else (
        "deb822" if name.endswith(".sources") else None)


def _interfaces_part(name):
    """``source`` lines name these files with shell patterns, which see no dot files."""
    return None if name.startswith(".") or name.endswith("~") else "interfaces"


def _grub_part(name):
    """What ``*.cfg`` names in a shell (Debian's grub-mkconfig)."""
    return "grub" if name.endswith(".cfg") and not name.startswith(".") else None


def _modprobe_part(name):
    """As libkmod filters them (conf_files_filter_out)."""
    is_read = name.endswith((".conf", ".alias")) and not name.startswith(".")
    return "modprobe" if is_read else None


def _sysctl_part(name):
    """As systemd and procps pick them (conf-files.c, sysctl.c), without the link to sysctl.conf that
    Debian's systemd has, up to Debian 12: it leads nowhere where that file was removed."""
    is_read = name.endswith(".conf") and not name.startswith(".") and name != "99-sysctl.conf"
    return "sysctl" if is_read else None


def _ceph_part(name):
    """The configurations that storages on other clusters have (PVE::CephConfig)."""
    return "ceph" if name.endswith(".conf") and not name.startswith(".") else None


def _guest(kind):
    def part(name):
        is_guest = name.endswith(".conf") and name[:-5].isdigit() and name[0] != "0"
        return kind if is_guest else None
    return part


#: Folders of files, relative to etc/ (``*``: any name) -> the kinds of files that may lie there.
FOLDERS = {
    "apt/sources.list.d": ("apt-list", "deb822"),
    "default/grub.d": ("grub",),
    "modprobe.d": ("modprobe",),
    "network/interfaces.d": ("interfaces",),
    "pve/nodes/*/lxc": ("lxc",),
    "pve/nodes/*/qemu-server": ("qemu",),
    "pve/lxc": ("lxc",),
    "pve/priv/ceph": ("ceph",),
    "pve/qemu-server": ("qemu",),
    "sysctl.d": ("sysctl",),
}

#: Kinds of files in these folders -> function giving the kind of a file of some name there, or None.
_PARTS = {
    ("apt-list", "deb822"): _apt_part,
    ("ceph",): _ceph_part,
    ("grub",): _grub_part,
    ("modprobe",): _modprobe_part,
    ("interfaces",): _interfaces_part,
    ("lxc",): _guest("lxc"),
    ("qemu",): _guest("qemu"),
    ("sysctl",): _sysctl_part,
}


def kind_of_path(path: str) -> str | None:
    """The kind of the file at *path* below ``etc/`` (str, ``/`` between parts), or None."""
    kind = FIXED.get(path)
    if kind:
        return kind
    folder, _, name = path.rpartition("/")
    parts = folder.split("/")
    if len(parts) == 4 and parts[1] == "nodes":
        folder = "%s/nodes/*/%s" % (parts[0], parts[3])
    return kind_of_name(folder)(name) if folder in FOLDERS and name else None


def kind_of_name(folder: str) -> Callable[[str], str | None]:
    """What gives the kind of a file of some name in one of ``FOLDERS``, or None."""
    return _PARTS[FOLDERS[folder]]


def decode(data: bytes) -> str:
    """The text of *data* (bytes): UTF-8, each undecodable byte as a lone surrogate."""
    return data.decode("utf-8", "surrogateescape")


def parse(data: bytes | str, kind: str) -> File:
    """The tree of *data* (bytes or str) as a file of *kind*. Never fails on content; ValueError for
    an unknown kind."""
    try:
        name = KINDS[kind]
    except KeyError:
        raise ValueError("unknown kind %r; known are: %s" % (kind, ", ".join(KINDS))) from None
    if isinstance(data, str):
        code, data = data, None
    else:
        data = bytes(data)
        code = decode(data)
    return grammar.parse(code, kind, name, lambda: node_classes(kind), data)


def node_classes(kind: str) -> dict[str, type[Node]]:
    """The node classes of a kind: dict of rule name -> class."""
    name = KINDS[kind]
    classes = _classes.get(name)
    if classes is None:
        module = import_module("." + name, __name__)
        data = grammar.load(name).data
        classes = _classes[name] = {
            rule: getattr(module, camel(rule)) for rule in (*data["types"], *data["blocks"])
            if rule != "start"
        }
    return classes


_classes = {}


def camel(name):
    """``iface_header`` -> ``IfaceHeader``."""
    return "".join(part.capitalize() for part in name.split("_"))


def disagreements(tree):
    """Where the readers of a file take it differently: list of (node, how), in source order."""
    module = import_module("." + KINDS[tree.kind], __name__)
    if hasattr(module, "disagreements"):
        return list(module.disagreements(tree))
    return [(node, node.disagreement) for node in tree.walk()
            if getattr(node, "disagreement", None)]


def parse_fragment(text: str, kind: str, node: str) -> Node:
    """One node from its text: ``parse_fragment("\\thwaddress ...\\n", "interfaces", "Option")``.

    *node* is the name of the node's class. ValueError where *text* is something else.
    """
    tree = parse(text, kind)
    found = next((n for n in tree.walk() if type(n).__name__ == node and n.code == text), None)
    if found is None:
        for cls in node_classes(kind).values():
            if cls.__name__ == node and hasattr(cls, "from_code"):
                return cls.from_code(text)
        raise ValueError("%r is no %s" % (text, node))
    return found
