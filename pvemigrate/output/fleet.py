"""One page about many nodes: their results, documents of ``--output-format json``, side by side.

A matrix of nodes and rules, what each rule found (what several nodes have alike is there once), and
what each node has. A result that is none is named, and does not stop the others.
"""

import os
import re

from ..settings import PHASES, SEVERITIES
from ._page import (
    WORST_FIRST, document, filters, join, pair, plural, rule_help, said, tag, text,
)

__all__ = ["report_page"]

#: Of a finding in a document: its texts, and its numbers.
_TEXTS = ("code", "name", "severity", "phase", "applicability", "path", "message")
_NUMBERS = ("line", "column", "end_line", "end_column")
#: How many nodes' names are shown with a finding before they are folded away.
_NAMES = 12
#: A matrix of more rows or columns than this is not printed: paper is too narrow for it.
_ROWS, _COLUMNS = 500, 44
_STATES = {"error": "errors due", "warning": "warnings due", "info": "info only", "clean": "nothing due"}


def report_page(results, errors=()):
    """The page about *results*, a list of (file name, node's name or None, bytes), and what is wrong
    with them, a list of (file name, message) that begins with *errors*: (str, list).

    A node without a name is called like the last part of its root; where that says nothing (``/``),
    or several have it, like its file.
    """
    errors, nodes, notes = list(errors), [], []
    for file, name, data in results:
        try:
            result = _read(data)
        except _Invalid as error:
            errors.append((file, str(error)))
            continue
        for trouble in result.get("errors", ()):
            notes.append("%s is not complete: %s: %s" % (file, trouble["path"], trouble["message"]))
        roots = _split(result["findings"])
        if len(roots) > 1 or "" not in roots:
            notes.append("%s holds the results of %s; those of its roots without a finding are not named "
                         "in it" % (file, plural(len(roots), "root")))
        for prefix, findings in sorted(roots.items()):
            nodes.append(_Node(file, name, prefix, result, findings))
    _give_names(nodes)
    nodes.sort(key=lambda node: (_natural(node.name), node.name, node.file))
    return _Fleet(nodes, errors, notes).render(), errors


# -- reading -----------------------------------------------------------------------------------------


class _Invalid(ValueError):
    """A result that is none; its text says why, in a line."""


def _read(data):
    """A findings document (dict). Raises _Invalid."""
    import json

    if not data.strip():
        raise _Invalid("empty: the run did not come to its end")
    try:
        result = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _Invalid("not JSON: not UTF-8") from None
    except RecursionError:
        raise _Invalid("not JSON that can be read: nested too deep") from None
    except ValueError as error:
        raise _Invalid("not JSON: %s" % error) from None
    if not isinstance(result, dict) or not str(result.get("tool", "")).startswith("pvemigrate "):
        raise _Invalid("not a result of pvemigrate --output-format json")
    if result.get("version") != 1:
        raise _Invalid("a document of version %.20r; this pvemigrate reads version 1"
                       % (result.get("version"),))
    root = result.get("root", False)
    _need(root is None or isinstance(root, str), "root")
    _need(isinstance(result.get("hop"), str), "hop")
    _need(_is_list_of(result.get("phases"), str), "phases")
    _need(_is_list_of(result.get("findings"), dict), "findings")
    _need(isinstance(result.get("summary"), dict), "summary")
    _need(_is_list_of(result.get("errors", []), dict) and all(
        isinstance(trouble.get(key), str) for trouble in result.get("errors", ())
        for key in ("path", "message")), "errors")
    for name in ("files", "fixed", "waiting"):
        _need(_is_number(result["summary"].get(name), 0), "summary: " + name)
    for number, finding in enumerate(result["findings"], 1):
        where = "finding %d: " % number
        for name in _TEXTS:
            _need(isinstance(finding.get(name), str) and finding[name], where + name)
        _need(re.match("[A-Z]{1,16}[0-9]{3}$", finding["code"]), where + "code")
        _need(finding["severity"] in SEVERITIES, where + "severity")
        _need(finding["phase"] in PHASES, where + "phase")
        _need(finding["applicability"] in ("safe", "unsafe", "manual"), where + "applicability")
        for name in _NUMBERS:
            _need(_is_number(finding.get(name), 1), where + name)
        fix = finding.get("fix", False)
        _need(fix is None or isinstance(fix, dict) and isinstance(fix.get("title"), str), where + "fix")
        _need(_is_list_of(finding.get("commands"), str), where + "commands")
    return result


def _need(is_right, what):
    if not is_right:
        raise _Invalid("not as pvemigrate writes it: " + what)


def _is_list_of(value, kind):
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def _is_number(value, least):
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < 1 << 53


def _split(findings):
    """The findings by the root that they are in: what their paths have before ``etc/`` -> findings
    with that taken off. A result of one root has them all under an empty str."""
    prefixes = {_prefix(finding["path"]) for finding in findings} - {None}
    roots = {} if prefixes - {""} else {"": []}
    for finding in findings:
        prefix = _prefix(finding["path"])
        if prefix is None:
            inside = [known for known in prefixes if finding["path"].startswith(known)]
            prefix = max(inside, key=len) if inside else ""
        roots.setdefault(prefix, []).append(dict(finding, path=finding["path"][len(prefix):]))
    return roots


def _prefix(path):
    """What a path has before its ``etc/``, or None where it has none."""
    if path.startswith("etc/"):
        return ""
    before, found, _ = path.partition("/etc/")
    return before + "/" if found else None


class _Node:
    """One node's result."""

    def __init__(self, file, given, prefix, result, findings):
        self.file = file
        self.given = given
        self.prefix = prefix.rstrip("/")
        self.root = result["root"]
        self.hop = result["hop"]
        self.tool = result["tool"]
        self.phases = [phase for phase in PHASES if phase in result["phases"]]
        self.files = result["summary"]["files"]
        self.fixed = result["summary"]["fixed"]
        self.findings = findings
        self.number = 0
        self.name = given or ""
        self.waiting = result["summary"]["waiting"]
        self.is_alone = not prefix

    def settle(self):
        """Find out which findings are due, once the name is known."""
        late = [f for f in self.findings if f["phase"] not in self.phases]
        if self.is_alone:
            late += self._other_nodes(self.waiting - len(late))
        self.late = {id(f) for f in late}
        self.findings.sort(key=lambda f: (id(f) in self.late, f["path"], f["line"], f["column"], f["code"],
                                          f["message"]))
        self.due = [f for f in self.findings if id(f) not in self.late]
        worst = [name for name in WORST_FIRST if any(f["severity"] == name for f in self.due)]
        self.state = worst[0] if worst else "clean"

    def _other_nodes(self, number):
        """Phase after-node is due for a node's own guests. A document counts those of the other nodes
        as waiting without saying which node its own is: the one that makes the count right."""
        guests = [(f["path"].partition("pve/nodes/")[2].partition("/")[0], f) for f in self.findings
                  if f["phase"] == "after-node" and "after-node" in self.phases
                  and "pve/nodes/" in f["path"]]
        if number <= 0:
            return []
        for own in [self.name] + sorted({host for host, _ in guests}) + [None]:
            others = [f for host, f in guests if host != own]
            if len(others) == number:
                return others
        return []


def _give_names(nodes):
    """A name for each node, no two alike (see :func:`report_page`)."""
    stems = [re.sub("[.]json$", "", os.path.basename(node.file)) or node.file for node in nodes]
    names = []
    for node, stem in zip(nodes, stems):
        name = node.given or (node.root or "").rstrip("/").rpartition("/")[2] or stem
        if node.prefix:
            name = "%s/%s" % (node.given, node.prefix) if node.given else node.prefix
        names.append(name)
    for node, name, stem in zip(nodes, names, stems):
        node.name = name
        if names.count(name) > 1 and not node.given and not node.prefix:
            node.name = stem
    taken = {}
    for node in nodes:
        taken.setdefault(node.name, []).append(node)
    for name, same in taken.items():
        if len(same) > 1:
            for number, node in enumerate(same, 1):
                node.name = "%s (%s)" % (name, node.file)
                if sum(other.file == node.file for other in same) > 1:
                    node.name = "%s (%s, %d)" % (name, node.file, number)
    for node in nodes:
        node.settle()


def _natural(name):
    """By numbers in names as numbers: pve2 before pve10."""
    return [(0, int(part), "") if part.isdigit() and part.isascii() and len(part) < 19 else (1, 0, part)
            for part in re.split("([0-9]+)", name) if part]


# -- the page ------------------------------------------------------------------------------------------


class _Fleet:
    """What is known of all nodes, as a page."""

    def __init__(self, nodes, errors, notes):
        self.nodes = nodes
        self.errors = errors
        self.notes = notes
        self.groups = {}
        for number, node in enumerate(nodes, 1):
            node.number = number
            for finding in node.findings:
                self.groups.setdefault(_identity(finding), []).append((node, finding))
        #: By code, what most nodes have first; numbered in that order.
        self.by_code = {}
        for key in sorted(self.groups, key=lambda key: (key[0], -len(self.groups[key]), key)):
            self.by_code.setdefault(key[0], []).append(key)
        self.number_of = {key: number for number, key in enumerate(
            (key for keys in self.by_code.values() for key in keys), 1)}
        #: Keys of what has one fix on one node and another elsewhere.
        self.differing = {key for key, found in self.groups.items()
                          if len({f["fix"] and f["fix"]["title"] for _, f in found}) > 1}
        self.states = {state: sum(node.state == state for node in nodes) for state in _STATES}

    def render(self):
        """The page as text."""
        hops = sorted({node.hop for node in self.nodes})
        title = ("Fleet: Proxmox VE %s to %s" % tuple(hops[0].split("to", 1))
                 if len(hops) == 1 and "to" in hops[0] else "Fleet: Proxmox VE")
        checkers = " or ".join("pve" + hop for hop in hops) or "pve6to7"
        body = tag("div", self._header(title), self._troubles(), self._contents(), self._filters(),
                   tag("main", self._matrix(), self._rules(), self._nodes()),
                   tag("footer", tag("p", "Running services, guests, quorum and storages cannot be judged "
                                     "from files: %s --full does that on each node." % checkers)),
                   class_="page wide")
        return document(title, body, _STYLE)

    def _header(self, title):
        from .. import __version__

        due = sum(len(node.due) for node in self.nodes)
        tiles = [(len(self.nodes), "node" if len(self.nodes) == 1 else "nodes", "t-all"),
                 (self.states["error"], "with errors due", "t-error"),
                 (self.states["warning"], "with warnings due", "t-warning"),
                 (self.states["info"] + self.states["clean"], "without either", "t-good"),
                 (due, "findings due", "t-all"),
                 (sum(len(node.late) for node in self.nodes), "findings waiting", "t-all")]
        facts = [("Due phases", self._told("phases")), ("Upgrade", self._told("hop")),
                 ("Written by", self._told("tool"))]
        return tag("header", tag("p", "pvemigrate %s, report" % __version__, class_="over"),
                   tag("h1", title), tag("p", self._verdict(), class_="lead"),
                   tag("ul", *[tag("li", tag("b", "{:,}".format(number)), tag("span", label),
                                   class_=style + ("" if number else " zero"))
                               for number, label, style in tiles], class_="tiles"),
                   tag("dl", *[join([tag("dt", name), tag("dd", value)]) for name, value in facts],
                       class_="facts") if self.nodes else "")

    def _verdict(self):
        if not self.nodes:
            return "There is no result to show."
        parts = ["%s on %s." % (plural(len(self.groups), "different finding"),
                                plural(len(self.nodes), "node"))]
        if self.errors:
            parts.append("%s could not be read." % plural(len(self.errors), "result"))
        return " ".join(parts)

    def _told(self, attribute):
        """The different values of an attribute, and how many nodes have each."""
        counts = {}
        for node in self.nodes:
            value = getattr(node, attribute)
            value = (", ".join(value) or "none") if isinstance(value, list) else value
            counts[value] = counts.get(value, 0) + 1
        if len(counts) == 1:
            return said(next(iter(counts)))
        return join([join([said(value), " (%s)" % plural(counts[value], "node")])
                     for value in sorted(counts, key=lambda value: (-counts[value], value))], tag("br"))

    def _troubles(self):
        parts = []
        if self.errors:
            parts.append(tag("section", tag("h2", "Results that could not be read"), tag("ul", *[
                tag("li", tag("span", said(file), class_="path"), ": ", said(message))
                for file, message in self.errors]), class_="box bad"))
        if self.notes:
            parts.append(tag("section", tag("h2", "Notes"), tag("ul", *[
                tag("li", said(note)) for note in self.notes]), class_="box"))
        return join(parts)

    def _contents(self):
        if not self.nodes:
            return text("")
        items = [tag("a", "Matrix", href="#matrix")] if self.groups else []
        items += [tag("a", "By rule (%d)" % len(self.by_code), href="#rules")] if self.groups else []
        items.append(tag("a", "By node ({:,})".format(len(self.nodes)), href="#nodes"))
        return tag("nav", tag("ul", *[tag("li", item) for item in items]), class_="contents",
                   aria_label="Contents")

    def _filters(self):
        if len(self.nodes) < 2:
            return text("")
        found = [f for node in self.nodes for f in node.findings]
        groups = [("Nodes", [("n-" + state, label, self.states[state]) for state, label in _STATES.items()
                             if self.states[state]])]
        for legend, known, letter, name in (("Severity", WORST_FIRST, "s", "severity"),
                                            ("Phase", PHASES, "p", "phase")):
            counted = [(value, sum(f[name] == value for f in found)) for value in known]
            groups.append((legend, [("%s-%s" % (letter, value), value, number)
                                    for value, number in counted if number]))
        return filters(groups, "Nodes: the rows of the matrix and the list by node. Severity and phase: "
                               "the lists of findings. On paper no filter counts, and folded lists stay "
                               "folded.")

    # -- the matrix ------------------------------------------------------------------------------------

    def _matrix(self):
        if not self.groups:
            return text("")
        codes = list(self.by_code)
        affected = {code: len({node.number for key in self.by_code[code] for node, _ in self.groups[key]})
                    for code in codes}
        head = tag("tr", tag("th", "Node", scope="col", class_="corner"),
                   tag("th", "Worst due", scope="col"),
                   *[tag("th", tag("a", code, href="#rule-" + code), scope="col", class_="code")
                     for code in codes])
        totals = tag("tr", tag("th", "Nodes affected", scope="row", class_="corner"), tag("td"),
                     *[tag("td", "{:,}".format(affected[code])) for code in codes], class_="totals")
        legend = join([tag("span", tag("span", letter + "2", class_="cell " + style), " ", words)
                       for letter, style, words in (
                           ("E", "error", "two errors due"), ("W", "warning", "two warnings due, no error"),
                           ("I", "info", "two info"), ("+", "late", "two wait for a later phase"))], " ")
        is_large = len(self.nodes) > _ROWS or len(codes) > _COLUMNS
        note = tag("p", "The matrix of %s and %s is on the screen only." % (
            plural(len(self.nodes), "node"), plural(len(codes), "rule")),
            class_="on-paper") if is_large else ""
        return tag(
            "section", tag("h2", "Matrix", id="matrix"), tag("p", legend, class_="legend"), note,
            tag("div", tag("table", tag("caption", "Findings of each node by rule", class_="away"),
                           tag("thead", head, totals), tag("tbody", *map(self._row, self.nodes)),
                           class_="matrix"),
                class_="scroll large" if is_large else "scroll", tabindex="0",
                role="region", aria_label="Matrix of nodes and rules"))

    def _row(self, node):
        cells = {}
        for finding in node.findings:
            cells.setdefault(finding["code"], []).append(finding)
        parts = [tag("th", tag("a", said(node.name), href="#node-%d" % node.number), scope="row"),
                 tag("td", node.state if node.state != "clean" else "none", class_="state " + node.state)]
        for code in self.by_code:
            parts.append(_cell(cells[code], node.late) if code in cells else _EMPTY)
        return tag("tr", *parts, class_="n-" + node.state)

    # -- by rule -----------------------------------------------------------------------------------------

    def _rules(self):
        if not self.groups:
            return text("")
        names, abouts, contents = {}, {}, {}
        for code, keys in self.by_code.items():
            found = [pair_ for key in keys for pair_ in self.groups[key]]
            names[code] = found[0][1]["name"]
            abouts[code] = "%s on %s" % (plural(len(found), "finding"),
                                         plural(len({node.number for node, _ in found}), "node"))
            contents[code] = tag("ul", *[self._group(key) for key in keys], class_="findings")
        return tag("section", tag("h2", "By rule", id="rules"),
                   tag("p", "What several nodes have alike is there once.", class_="intro"),
                   rule_help(names, abouts, contents))

    def _group(self, key):
        code, severity, phase, _, path, message = key
        found = self.groups[key]
        lines = sorted({finding["line"] for _, finding in found})
        place = "line %d" % lines[0] if len(lines) == 1 else "lines %d to %d" % (lines[0], lines[-1])
        fix = ""
        if found[0][1]["fix"]:
            word = "fix" if found[0][1]["applicability"] == "safe" else "unsafe fix"
            title = ("differs from node to node" if key in self.differing
                     else said(found[0][1]["fix"]["title"]))
            fix = tag("p", tag("span", word, class_="tagged good" if word == "fix" else "tagged warning"),
                      title, class_="remedy")
        return tag("li", tag(
            "div", tag("span", severity, class_="sev " + severity),
            tag("div", tag("p", said(message), class_="message"),
                tag("p", tag("span", said(path), class_="path"), class_="where"), fix, self._names(found)),
            tag("p", place, tag("br"), "phase ", phase, class_="place"),
            class_="finding", id="g%d" % self.number_of[key]), class_="f " + pair(severity, phase))

    def _names(self, found):
        nodes = {node.number: node for node, _ in found}
        names = join([tag("a", said(node.name), href="#node-%d" % node.number)
                      for _, node in sorted(nodes.items())], ", ")
        if len(nodes) <= _NAMES:
            return tag("p", "On ", names, class_="command")
        return tag("details", tag("summary", "On %s" % plural(len(nodes), "node")), tag("p", names),
                   class_="names command")

    # -- by node -----------------------------------------------------------------------------------------

    def _nodes(self):
        if not self.nodes:
            return text("")
        return tag("section", tag("h2", "By node", id="nodes"), *map(self._node, self.nodes))

    def _node(self, node):
        counts = [plural(sum(f["severity"] == name for f in node.due), name) for name in WORST_FIRST
                  if any(f["severity"] == name for f in node.due)]
        if node.late:
            counts.append("{:,} waiting".format(len(node.late)))
        about = "result %s; root %s; due: %s; %s" % (
            node.file, "standard input" if node.root is None else node.root,
            ", ".join(node.phases) or "no phase", plural(node.files, "file"))
        if node.fixed:
            about += "; %d fixed in this run" % node.fixed
        rows = [tag("tr", tag("td", f["severity"], class_="late" if id(f) in node.late else f["severity"]),
                    tag("td", tag("a", f["code"], href="#g%d" % self.number_of[_identity(f)])),
                    tag("td", said("%s:%d" % (f["path"], f["line"]))),
                    tag("td", said(f["message"]), self._note(node, f)),
                    class_="f " + pair(f["severity"], f["phase"])) for f in node.findings]
        head = tag("tr", *[tag("th", name, scope="col")
                           for name in ("Severity", "Rule", "Place", "Finding")])
        table = tag("table", tag("thead", head), tag("tbody", *rows), class_="list") if rows else tag(
            "p", "Nothing found.")
        word = node.state if node.state != "clean" else "none due"
        return tag("details", tag("summary", tag("h3", said(node.name), id="node-%d" % node.number), " ",
                                  tag("span", word, class_="sev " + node.state),
                                  tag("span", ", ".join(counts), class_="about")),
                   tag("div", tag("p", said(about), class_="intro"), table, class_="help"),
                   class_="rule node n-" + node.state)

    def _note(self, node, finding):
        is_shown = finding["fix"] and _identity(finding) in self.differing
        notes = ["fix: " + finding["fix"]["title"]] if is_shown else []
        if id(finding) in node.late:
            notes.append("waits for phase " + finding["phase"])
        return tag("small", " ", said("; ".join(notes))) if notes else ""


def _identity(finding):
    """What makes findings of several nodes one: all but the line."""
    return tuple(finding[name] for name in _ALIKE)


_ALIKE = ("code", "severity", "phase", "applicability", "path", "message")
_EMPTY = tag("td")


def _cell(findings, late):
    due = [finding for finding in findings if id(finding) not in late]
    waiting = len(findings) - len(due)
    if not due:
        return tag("td", "+%d" % waiting, class_="late")
    worst = next(name for name in WORST_FIRST if any(f["severity"] == name for f in due))
    label = "%s%d" % (worst[0].upper(), len(due))
    return tag("td", label + (" +%d" % waiting if waiting else ""), class_=worst)


_STYLE = """
.on-paper{display:none}
.wide{max-width:110rem}
.scroll{max-height:85vh;overflow:auto;border:1px solid var(--line);border-radius:8px;width:fit-content;
max-width:100%}
.matrix{border-collapse:separate;border-spacing:0;font-size:.8rem;font-variant-numeric:tabular-nums}
.matrix th,.matrix td{padding:.12rem .4rem;border-right:1px solid var(--line);
border-bottom:1px solid var(--line);
white-space:nowrap;text-align:center;min-width:2.1rem}
.matrix thead{position:sticky;top:0;z-index:2}
.matrix thead th,.matrix .totals td{background:var(--soft)}
.matrix th[scope=row],.matrix .corner{position:sticky;left:0;z-index:1;background:var(--card);
text-align:left;
font-weight:500;max-width:18rem;overflow:hidden;text-overflow:ellipsis}
.matrix .corner{background:var(--soft)}
.matrix thead th{font-weight:600;vertical-align:bottom}
.matrix .code{padding:.5rem .1rem}
.matrix .code a{writing-mode:vertical-rl;transform:rotate(180deg);font-family:var(--mono);
text-decoration:none}
.matrix .totals td,.matrix .totals th{color:var(--mute);font-weight:400}
.matrix a{text-decoration:none}.matrix a:hover{text-decoration:underline}
.late{color:var(--mute);background:repeating-linear-gradient(135deg,transparent 0 4px,
var(--soft) 4px 8px)}
.state{font-weight:600}.clean{color:var(--good)}.state.clean{font-weight:400}
.sev.clean{background:var(--good-bg)}
.legend{color:var(--mute);font-size:.9rem}.legend>span{margin-right:1.4rem;white-space:nowrap}
.cell{display:inline-block;min-width:2.1rem;text-align:center;padding:0 .3rem;
border:1px solid var(--line);
font-size:.8rem}
.where{color:var(--mute);overflow-wrap:anywhere}
.names>p{margin:.2rem 0 0}
.rule>.findings{border-top:1px solid var(--line)}
.more{margin:.4rem 0}.more>summary{color:var(--mute)}
.node>summary .sev{margin-left:.6rem}
.list{border-collapse:collapse;width:100%;font-size:.88rem}
.list th{text-align:left;color:var(--mute);font-weight:600}
.list td,.list th{padding:.25rem .7rem .25rem .5rem;border-bottom:1px solid var(--line);
vertical-align:top}
.list td:nth-child(3){font-family:var(--mono);font-size:.8rem;overflow-wrap:anywhere;direction:ltr;
unicode-bidi:isolate-override;min-width:9rem}
.list td:nth-child(4){overflow-wrap:anywhere}
.list small{color:var(--mute)}
.node>.help{max-width:none}
@supports selector(:has(*)){
.filters:has(#n-error:not(:checked))~main .n-error,.filters:has(#n-warning:not(:checked))~main .n-warning,
.filters:has(#n-info:not(:checked))~main .n-info,
.filters:has(#n-clean:not(:checked))~main .n-clean{display:none}}
@media screen{.node,.rule{content-visibility:auto;contain-intrinsic-size:auto 2.6rem}}
@media print{@page{size:A4 landscape}
details:not([open])>:not(summary){display:none}
.n-error,.n-warning,.n-info,.n-clean{display:revert!important}
.scroll.large{display:none}.on-paper{display:block}
.scroll{max-height:none;overflow:visible;border:0}.matrix{font-size:6pt}
.matrix td,.matrix th{padding:.05rem .1rem;min-width:0}
.matrix thead,.matrix th[scope=row],.matrix .corner{position:static}.list tr{break-inside:avoid}
.matrix td,.list td,.cell{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
