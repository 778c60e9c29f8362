"""pvemigrate as a library: parse, transform, check, fix, and a whole root.

    python examples/library_use.py

Works on the example node beside this file; what it writes, it writes to a temporary folder.
"""

import shutil
import tempfile
from pathlib import Path

import pvemigrate

NODE = Path(__file__).resolve().parent / "pve6-node"


def parse():
    """A tree holds every byte of its file, and finds its way through it."""
    data = (NODE / "etc/network/interfaces").read_bytes()
    tree = pvemigrate.parse(data, kind="interfaces")
    assert tree.bytes == data

    for node in tree.body:
        if type(node).__name__ == "Iface" and node.options("bridge-ports"):
            ports = node.options("bridge-ports")[0]
            print("line %d: %s has the ports %s" % (
                tree.position(ports).line, node.name, ports.value))


class MoveServer(pvemigrate.Transformer):
    """Another host name for one NAS, and no more nas-old."""

    def leave_Property(self, original_node, updated_node):
        if original_node.key == "server" and original_node.value == "nas1.example.com":
            return updated_node.with_changes(value="nas3.example.com")
        return updated_node

    def leave_Section(self, original_node, updated_node):
        if original_node.id == "nas-old":
            return pvemigrate.RemoveFromParent()
        return updated_node


def transform():
    """A transformer makes a new tree; the old one stays as it was."""
    tree = pvemigrate.parse((NODE / "etc/pve/storage.cfg").read_bytes(), kind="storage")
    new = tree.visit(MoveServer())
    before, after = tree.code.splitlines(), new.code.splitlines()
    print("%d lines before, %d after; new: %s" % (
        len(before), len(after), [line for line in after if line not in before]))


def check_and_fix():
    """One text, no file system. Options are named as those of the command."""
    text = "dir: local\n\tpath /var/lib/vz\n\tcontent backup\n\tmaxfiles 0\n"
    for finding in pvemigrate.check(text, kind="storage"):
        print("%s in line %d: %s" % (finding.code, finding.line, finding.message))
    result = pvemigrate.fix(text, kind="storage")
    assert result.changed
    print(result.diff(path="etc/pve/storage.cfg"), end="")


def whole_root():
    """A node's copied file system: look at the plan first, then write it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "pve1"
        shutil.copytree(str(NODE), str(root))

        plan = pvemigrate.Project(root, phases="all", select=["STO", "BAK"]).fix()
        diff = plan.diff()
        print("%d files change: %s" % (
            len(plan.changes), ", ".join(path for path, old, new in plan.changes)))
        assert diff.startswith("--- a/etc/")
        errors = plan.apply()
        assert not errors, errors

        again = pvemigrate.Project(root, phases="all", select=["STO", "BAK"])
        assert not again.fix().changes
        for finding in again.check():
            print("left to decide: %s:%d %s" % (finding.path, finding.line, finding.code))


if __name__ == "__main__":
    parse()
    transform()
    check_and_fix()
    whole_root()
