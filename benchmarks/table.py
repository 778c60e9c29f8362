"""From values to medians, ratios and verdicts; and how they are printed."""

from statistics import median

from .comparisons import AMOUNT, FASTER

__all__ = ["failures", "header", "render", "results"]

#: Verdicts.
GOAL, MUST, MISSED, NOT_MEASURED, INFO = "goal", "must", "missed", "not measured", ""


def results(comparison, values, reasons):
    """The rows of a comparison as dicts: what was measured, the ratio and its verdict.

    The ratio is the median of the ratios of each round: what slows the machine for a while slows
    both sides of a round.
    """
    found = []
    for row in comparison.rows:
        names = [name for name in (row.ours, row.peer) if name]
        result = {"comparison": comparison.name, "what": row.what, "versus": row.versus,
                  "bar": row.bar, "must": row.must, "goal": row.goal, "unit": comparison.unit,
                  "ratio": None,
                  "missing": [reasons[name] for name in names if name in reasons],
                  "ours": values.get(row.ours), "peer": values.get(row.peer)}
        if not result["missing"]:
            result["ratio"] = ratio(row, values)
        result["verdict"] = verdict(result)
        found.append(result)
    return found


def ratio(row, values):
    """The figure that a row's bars are for."""
    ours = values[row.ours]
    if row.bar == AMOUNT:
        return median(ours)
    pairs = zip(values[row.peer], ours) if row.bar == FASTER else zip(ours, values[row.peer])
    return median(one / other for one, other in pairs)


def keeps(result, bar, slack=0.0):
    """Whether a row's ratio is on the right side of a *bar* (a number), or by *slack* (0.15: 15 %)
    beside it."""
    if result["bar"] == FASTER:
        return result["ratio"] >= bar / (1 + slack)
    return result["ratio"] <= bar * (1 + slack)


def verdict(result):
    """Which of its bars a row keeps."""
    if result["ratio"] is None:
        return NOT_MEASURED
    if result["must"] is None:
        return INFO
    if keeps(result, result["goal"]):
        return GOAL
    return MUST if keeps(result, result["must"]) else MISSED


def failures(rows, slack):
    """The rows that do not keep what they must, *slack* granted. One that was not measured is no
    failure of pvemigrate's; the table says what is missing."""
    return [row for row in rows
            if row["must"] is not None and row["ratio"] is not None
            and not keeps(row, row["must"], slack)]


# -- printing --------------------------------------------------------------------------------------


def header(machine, programs):
    """What the figures were measured with (str). *machine*: as Machine.describe gives it;
    *programs*: names and versions of the peers."""
    return ("pvemigrate %(pvemigrate)s (%(commit)s), Python %(python)s, click %(click)s; %(cpu)s, "
            "%(cores)d cores, %(system)s, load %(load)s at the start" % dict(
                machine, commit=machine["commit"] or "no git")
            + "\nPeers: %s\n" % (", ".join(sorted(programs)) or "none"))


def render(rows, notes=()):
    """The table (str), in Markdown."""
    lines = [["what", "versus", "ours", "theirs", "ratio", "must", "goal", "verdict"]]
    for row in rows:
        sign = "≥" if row["bar"] == FASTER else "≤"
        lines.append([row["what"], row["versus"], _value(row["ours"], row["unit"]),
                      _value(row["peer"], row["unit"]), _number(row["ratio"], row["bar"]),
                      _bar(sign, row["must"]), _bar(sign, row["goal"]), row["verdict"]])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    text = "".join("| %s |\n" % " | ".join(
        cell.ljust(width) for cell, width in zip(line, widths)) for line in lines)
    missing = {reason: row["versus"] for row in rows for reason in row["missing"]}
    for reason, versus in missing.items():
        text += "\nNot measured (%s): %s\n" % (versus, reason)
    return text + "".join("\n%s\n" % note for note in notes)


def _value(values, unit):
    if not values:
        return "-"
    value = median(values)
    if unit == "B":
        return "%.1f B" % value
    return "%.1f ms" % (value * 1000) if value < 0.1 else "%.0f ms" % (value * 1000)


def _number(value, bar):
    if value is None:
        return "-"
    return ("%.1f" if value >= 10 else "%.2f") % value + (" x" if bar == FASTER else "")


def _bar(sign, bar):
    return "" if bar is None else "%s %s" % (sign, format(bar, "g"))
