"""A syntax tree for people who write rules: a line a node, its fields as Python spells them."""

from ..formats import disagreements
from . import visible

__all__ = ["listing"]


def listing(tree):
    """The tree as text (str): type, place and fields of each node, indented by depth, and what
    readers make of a line that they refuse or disagree on."""
    remarks = {id(node): how for node, how in disagreements(tree)}
    lines = ["File kind=%s" % tree.kind]

    def add(node, depth):
        lines.append("  " * depth + _node(tree, node, remarks))
        for child in node.children:
            add(child, depth + 1)

    for node in tree.body:
        add(node, 1)
    return "\n".join(lines) + "\n"


def _node(tree, node, remarks):
    place = tree.position(node)
    text = "%s %d:%d" % (type(node).__name__, place.line, place.column)
    for name in getattr(node, "_fields", ()):
        value = str(getattr(node, name))
        if value:
            text += " %s=%s" % (name, visible(repr(value)))
    remark = remarks.get(id(node))
    # For a block, its header says it.
    if not remark and not node.children and getattr(node, "is_malformed", False):
        remark = "malformed"
    return text + ("  ! %s" % remark if remark else "")
