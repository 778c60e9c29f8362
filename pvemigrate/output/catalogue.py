"""The rules for people: a list, and one rule's documentation."""

from ..catalogue import documentation
from . import paint, visible

__all__ = ["explanation", "listing"]

#: Longer lines are hard to read.
_WIDEST = 100


def listing(rules, color=False, hop=None):
    """One line a rule (str), as it is in the upgrade *hop* (None: in all, one after the other where they
    differ); where there are rules of plug-ins, with the packages that they come in."""
    has_origins = any(rule.origin for rule in rules)
    rows = [(rule.code, rule.name, _each(rule, "severity", hop), _each(rule, "phase", hop),
             _releases(rule.hops), ", ".join(rule.kinds))
            + ((visible(str(rule.origin or "built in")),) if has_origins else ()) for rule in rules]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = []
    for row in rows:
        styles = ["code", None, row[2].replace("..", "/").partition("/")[0]] + [None] * len(row)
        lines.append("  ".join(paint(cell, style, color and style) + " " * (width - len(cell))
                               for cell, style, width in zip(row, styles, widths)).rstrip() + "\n")
    return "".join(lines)


def _each(rule, attribute, hop):
    """What an attribute of a rule is in *hop*, or in its hops where they differ."""
    values = list(dict.fromkeys(rule.value_in(name, attribute) for name in ((hop,) if hop else rule.hops)))
    return "/".join(values) if len(values) < 3 else "%s..%s" % (values[0], values[-1])


def _releases(hops):
    """The releases that hops lead through, one after the other, as ``6-9``."""
    ends = [hop.split("to") for hop in hops]
    if any(before[1] != after[0] for before, after in zip(ends, ends[1:])):
        return " ".join(hops)
    return "%s-%s" % (ends[0][0], ends[-1][1])


def explanation(rule, color=False, width=None):
    """A rule's documentation (str). *width*: that of the terminal for which it is laid out (default:
    none, and the text stays as it was written)."""
    lines = ["%s %s" % (paint(rule.code, "code", color), paint(rule.name, "code", color)),
             "%s, phase %s, hop %s; looks at %s" % (
                 paint(rule.severity, rule.severity, color), rule.phase, ", ".join(rule.hops),
                 ", ".join(rule.kinds) or "the whole root")]
    for hop in rule.hops:
        severity, phase = rule.value_in(hop, "severity"), rule.value_in(hop, "phase")
        if (severity, phase) != (rule.severity, rule.phase):
            lines.append("in %s: %s, phase %s" % (hop, paint(severity, severity, color), phase))
    if rule.origin:
        lines.append(visible("from the plug-in %s (%s)" % (rule.origin.name, rule.origin)))
    lines.append("")
    if width is None:
        lines.extend(_as_written(documentation(rule)))
    else:
        from .markdown import layout

        lines.extend(layout(documentation(rule), min(width, _WIDEST), color))
    return _without_double_blanks(lines)


def _as_written(text):
    in_code = False
    for line in visible(text).split("\n"):
        if line.startswith("```"):
            in_code = not in_code
        elif line.startswith("## ") and not in_code:
            yield line[3:]
        else:
            yield ("      " if in_code else "  ") + line if line else ""


def _without_double_blanks(lines):
    kept = []
    for line in lines:
        if line or kept and kept[-1]:
            kept.append(line)
    return "\n".join(kept).rstrip("\n") + "\n"
