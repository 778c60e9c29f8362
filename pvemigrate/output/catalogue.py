"""The rules for people: a list, and one rule's documentation."""

from ..catalogue import documentation
from . import paint, visible

__all__ = ["explanation", "listing"]


def listing(rules):
    """One line a rule (str); where there are rules of plug-ins, with the packages that they come in."""
    has_origins = any(rule.origin for rule in rules)
    rows = [(rule.code, rule.name, rule.severity, rule.phase, ", ".join(rule.kinds))
            + ((visible(str(rule.origin or "built in")),) if has_origins else ()) for rule in rules]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() + "\n"
                   for row in rows)


def explanation(rule, color=False):
    """A rule's documentation, its Markdown laid out for a terminal (str)."""
    lines = ["%s %s" % (paint(rule.code, "code", color), rule.name),
             "%s, phase %s, hop %s; looks at %s" % (
                 paint(rule.severity, rule.severity, color), rule.phase, ", ".join(rule.hops),
                 ", ".join(rule.kinds) or "the whole root")]
    if rule.origin:
        lines.append(visible("from the plug-in %s (%s)" % (rule.origin.name, rule.origin)))
    lines.append("")
    in_code = False
    for line in documentation(rule).split("\n"):
        if line.startswith("```"):
            in_code = not in_code
        elif line.startswith("## ") and not in_code:
            lines.append(paint(line[3:], "code", color))
        else:
            lines.append(("      " if in_code else "  ") + line if line else "")
    return _without_double_blanks(lines)


def _without_double_blanks(lines):
    kept = []
    for line in lines:
        if line or kept and kept[-1]:
            kept.append(line)
    return "\n".join(kept).rstrip("\n") + "\n"
