"""pvemigrate as a library: read_pvemigrate.py JOB KIND FILE [EDITED-FILE]

What only some jobs need is imported there: a full collection goes through every module's objects,
those that another job's modules bring would be counted as the parser's.
"""

import gc
import os
import sys

import pvemigrate
from pvemigrate import Block, Line, Transformer
from serve import serve, timed


def read(path, kind):
    """Lossless parse; the nodes are made when they are asked for."""
    with open(path, "rb") as file:
        return pvemigrate.parse(file.read(), kind=kind)


def parse(path, kind):
    """Lossless parse with all nodes made."""
    tree = read(path, kind)
    touch(tree.body)
    return tree


def touch(nodes):
    """Go everywhere in a tree."""
    for node in nodes:
        if isinstance(node, Block):
            touch(node.body)


def ten(path, kind):
    """Ten such parses, one after the other: as much work as one of a file ten times as long, and
    with caches as warm."""
    for _ in range(10):
        parse(path, kind)


def fields(path, kind):
    """The same with every line taken apart into its fields."""
    tree = read(path, kind)
    for node in tree.walk():
        if isinstance(node, Line):
            node.spans
    return tree


# -- one change ------------------------------------------------------------------------------------


class SetAddress(Transformer):
    """Another address for one bridge."""

    def visit_Iface(self, node):
        return node.name == "vmbr400"

    def leave_Option(self, original_node, updated_node):
        if updated_node.key == "address":
            return updated_node.with_changes(value="192.0.2.99/24")
        return updated_node


class SetSuite(Transformer):
    """Another suite for one repository."""

    def leave_Entry(self, original_node, updated_node):
        if "//mirror400." in updated_node.code and updated_node.suite == "bullseye-updates":
            return updated_node.with_changes(suite="bookworm-updates")
        return updated_node


class SetMemory(Transformer):
    """More memory in one snapshot."""

    def visit_Live(self, node):
        return False

    def visit_Section(self, node):
        return node.name.endswith("_400")

    def leave_Property(self, original_node, updated_node):
        if updated_node.key == "memory":
            return updated_node.with_changes(value="768")
        return updated_node


EDITS = {"interfaces": SetAddress, "apt-list": SetSuite, "lxc": SetMemory}


def edit(path, kind):
    """Read, parse, change one thing, write a new file, to disk, and let it take the old one's name:
    what Augeas does too."""
    tree = read(path, kind).visit(EDITS[kind]())
    with open(path + ".new", "wb") as file:
        file.write(tree.bytes)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def edited(original, path, kind):
    """The seconds of an edit of a fresh copy."""
    import shutil

    shutil.copyfile(original, path)
    return timed(edit, path, kind)


# -- memory ----------------------------------------------------------------------------------------


def memory(path, kind):
    """Bytes that live for a tree with all its nodes, text and bytes included, per byte of the file.

    tracemalloc counts what was asked of the allocator, each object once, and nothing of what rounds
    before have left. (A process's resident size would count free space in the allocator's pages.)
    """
    import tracemalloc

    parse(path, kind)  # Modules and tables are there, which are no tree's.
    gc.collect()
    tracemalloc.start()
    tree = parse(path, kind)
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size / len(tree.bytes)


# --------------------------------------------------------------------------------------------------


#: What is counted, to be compared with what others count.
NODES = ("Entry", "Iface", "Option", "Property", "RawKey", "Section")


def facts(path, kind):
    """What the file says."""
    tree = parse(path, kind)
    with open(path, "rb") as file:
        assert file.read() == tree.bytes == tree.code.encode()
    assert not tree.malformed
    names = [type(node).__name__ for node in tree.walk()]
    nodes = {name: names.count(name) for name in NODES}
    found = {"lines": sum(isinstance(node, Line) for node in tree.walk())}
    if kind == "interfaces":
        found.update(interfaces=nodes["Iface"], options=nodes["Option"])
    elif kind == "apt-list":
        found["entries"] = nodes["Entry"]
    elif kind == "lxc":
        found.update(sections=nodes["Section"], properties=nodes["Property"] + nodes["RawKey"])
    return found


def main():
    job, kind, path, *rest = sys.argv[1:]
    program = {"program": "pvemigrate " + pvemigrate.__version__}
    if job == "edit":
        import shutil
        import zlib

        shutil.copyfile(path, rest[0])
        edit(rest[0], kind)
        with open(rest[0], "rb") as file:
            program["edited"] = zlib.crc32(file.read())
        serve(program, lambda: edited(path, rest[0], kind))
    elif job == "memory":
        serve(program, lambda: memory(path, kind))
    elif job == "ten":
        serve(dict(program, **facts(path, kind)), lambda: timed(ten, path, kind) / 10)
    else:
        function = {"parse": parse, "fields": fields}[job]
        serve(dict(program, **facts(path, kind)), lambda: timed(function, path, kind))


if __name__ == "__main__":
    main()
