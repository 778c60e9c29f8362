"""A syntax tree for people who write rules: a line a node, its fields as Python spells them."""

from . import visible

__all__ = ["listing"]


def listing(tree):
    """The tree as text (str): type, place and fields of each node, indented by depth."""
    lines = ["File kind=%s" % tree.kind]
    # Deep nesting in a file must not become deep recursion here.
    pending = [(node, 1) for node in reversed(tree.body)]
    while pending:
        node, depth = pending.pop()
        lines.append("  " * depth + _node(tree, node))
        pending.extend((child, depth + 1) for child in reversed(node.children))
    return "\n".join(lines) + "\n"


def _node(tree, node):
    place = tree.position(node)
    text = "%s %d:%d" % (type(node).__name__, place.line, place.column)
    for name in getattr(node, "_fields", ()):
        value = str(getattr(node, name))
        if value:
            text += " %s=%s" % (name, visible(repr(value)))
    return text + _remark(node)


def _remark(node):
    """What readers make of a line that they refuse or disagree on. For a block, its header says
    it."""
    if node.children:
        return ""
    remark = getattr(node, "disagreement", None)
    if not remark and getattr(node, "is_malformed", False):
        remark = "malformed"
    return "  ! %s" % remark if remark else ""
