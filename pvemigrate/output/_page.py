"""What the pages have in common: escaping, style, filters, documentation.

Every text that comes into a page goes through :func:`text`, the one place that escapes: :func:`tag`
passes all that is not :class:`Markup` to it. A page has one style sheet, no script, and loads nothing;
its Content-Security-Policy allows that one style sheet, by its hash, and nothing else.
"""

import re

from ..settings import PHASES

__all__ = ["LIMIT", "Markup", "PHASE_WORDS", "document", "filters", "join", "masked", "pair", "phase_word",
           "plural", "rule_help", "said", "shortened", "tag", "text"]

#: How many characters of a message, and of a line without a mark in it, are shown.
LIMIT = 600

#: When a phase is, in a few words.
PHASE_WORDS = {
    "before": "at any time before the upgrade",
    "switch": "right before apt dist-upgrade",
    "after-node": "once this node runs the new release",
    "after-cluster": "once all nodes run the new release",
}

#: The severities, the worst first.
WORST_FIRST = ("error", "warning", "info")


# -- text and markup -------------------------------------------------------------------------------


class Markup(str):
    """Text that is markup already. Nothing that was read becomes one but through :func:`text`."""

    __slots__ = ()


_ODD = re.compile("[^\n\t !#-%(-;=?-~]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
#: Letters and marks of which nothing is seen, which Python takes for printable all the same.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
                     "\U000e0100-\U000e01ef]")


def _escaped(char):
    """What a character that must not be in a page stands as, or an empty str where it may be in one."""
    if char.isprintable() and not _UNSEEN.match(char):
        return ""
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:
        return "\\x%02x" % (number - 0xDC00)
    return char.encode("unicode_escape").decode("ascii")


def _marked(match):
    char = match.group()
    if char in _ENTITIES:
        return _ENTITIES[char]
    name = _escaped(char)
    return "<i>%s</i>" % name if name else char


def _plain(match):
    char = match.group()
    return _ENTITIES.get(char) or _escaped(char) or char


def text(value):
    """*value* (str) as markup: nothing in it is a tag, and each character that is not seen, changes
    the order of others or stands for an undecodable byte is spelt out, in an ``<i>`` of its own."""
    return value if isinstance(value, Markup) else Markup(_ODD.sub(_marked, value))


def _attribute(value):
    return _ODD.sub(_plain, value).replace("\n", "\\n").replace("\t", "\\t")


_EMPTY = frozenset(("br", "col", "input", "meta"))


def tag(_name, *children, **attributes):
    """An element: children are text, or markup from here; ``class_`` is the attribute class,
    ``aria_label`` is aria-label; True stands for an attribute without a value, None for none."""
    parts = ["<", _name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        parts += [" ", key.rstrip("_").replace("_", "-")]
        if value is not True:
            parts += ['="', _attribute(str(value)), '"']
    parts.append(">")
    parts += [text(child) for child in children]
    if _name not in _EMPTY:
        parts += ["</", _name, ">"]
    return Markup("".join(parts))


def join(parts, between=""):
    """Markup and texts, one after the other."""
    return Markup(text(between).join(map(text, parts)))


#: What may be a password: it is shown as dots, as many as it has characters.
_SECRETS = re.compile("(://[^/@: \t\r\n]{0,256}:)([^/@ \t\r\n]{1,1024})(?=@)"
                      "|(?m:^)([ \t]*(?:cipassword:|wpa-psk|wpa-password|wireless-key)[ \t]*)([^\r\n]+)")


def masked(value):
    """*value* without passwords in URIs and in options that are one; as long as before."""
    def hide(match):
        lead, secret = (match.group(1), match.group(2)) if match.group(2) else match.group(3, 4)
        return lead + "\u2022" * len(secret)

    return _SECRETS.sub(hide, value) if ":" in value or "w" in value else value


def shortened(value, limit=LIMIT):
    """*value* as markup, the middle of what is too long left out, which is told."""
    if len(value) <= limit:
        return text(value)
    half = limit // 2
    left_out = tag("b", " \u2026 {:,} characters left out \u2026 ".format(len(value) - 2 * half),
                   class_="cut")
    return join([value[:half], left_out, value[-half:]])


def said(value):
    """A message or a name, on one line: passwords masked, shortened where it is endless."""
    marked = _breaks(shortened(masked(value), 4 * LIMIT))
    return tag("bdi", marked) if not value.isascii() else marked


def _breaks(markup):
    return Markup(markup.replace("\n", "<i>\\n</i>").replace("\t", "<i>\\t</i>"))


def plural(number, noun):
    """``1 error``, ``2,000 errors``."""
    return "{:,} {}{}".format(number, noun, "" if number == 1 else "s")


def phase_word(phase):
    """A phase and when that is."""
    return "%s: %s" % (phase, PHASE_WORDS[phase]) if phase in PHASE_WORDS else phase


# -- filters ---------------------------------------------------------------------------------------


def pair(severity, phase):
    """The class of what is about findings of this severity and phase."""
    return "%s-%s" % (severity, phase)


def filters(groups, hint):
    """Check boxes for :data:`groups`, a list of (legend, list of (id, label, count)). Without a
    browser that knows ``:has()`` they are not there, and everything is shown."""
    sets = []
    for legend, boxes in groups:
        sets.append(tag("fieldset", tag("legend", legend), *[
            tag("label", tag("input", type="checkbox", id=identity, checked=True, autocomplete="off"),
                tag("span", label, " ", tag("small", "{:,}".format(number))))
            for identity, label, number in boxes]))
    return tag("div", *(sets + [tag("p", hint, class_="hint")]), class_="filters", role="group",
               aria_label="Show only")


def _filter_rules():
    """Style rules: in a page with filters ``f`` is shown where the boxes of one of its pairs are both
    checked (and ``none`` where those of no pair are).

    What ``:has()`` looks through is the filters alone: over a whole page of some 100,000 elements
    browsers take minutes.
    """
    rules = [".filters~main .f{display:none}.filters~.none{display:block}"]
    for severity in WORST_FIRST:
        for phase in PHASES:
            on = ".filters:has(#s-%s:checked):has(#p-%s:checked)" % (severity, phase)
            name = pair(severity, phase)
            rules.append("%s~main .f.%s{display:revert}%s~.none.%s{display:none}" % (on, name, on, name))
    return "".join(rules)


# -- documentation ---------------------------------------------------------------------------------

_INLINE = re.compile("``([^`\n]+)``|`([^`\n]+)`|\\*\\*([^*\n]+)\\*\\*")


def _inline(line):
    parts, at = [], 0
    for match in _INLINE.finditer(line):
        parts.append(line[at:match.start()])
        bold = match.group(3)
        parts.append(tag("strong", bold) if bold else tag("code", match.group(1) or match.group(2)))
        at = match.end()
    return join(parts + [line[at:]])


def markdown(source, level):
    """The Markdown of rules' documentation as markup: headings (``##`` becomes h*level*), fenced
    code, lists, paragraphs, and in them code and bold text."""
    out, block, items, in_code = [], [], [], False

    def end():
        if items:
            out.append(tag("ul", *[tag("li", _inline(" ".join(item))) for item in items]))
        elif block:
            out.append(tag("p", _inline(" ".join(block))))
        del block[:], items[:]

    for line in source.split("\n"):
        if line.startswith("```"):
            if in_code:
                out.append(tag("pre", tag("code", "\n".join(block))))
                del block[:]
            else:
                end()
            in_code = not in_code
        elif in_code:
            block.append(line)
        elif line.startswith("#"):
            end()
            out.append(tag("h%d" % level, line.lstrip("#").strip()))
        elif not line.strip():
            end()
        elif line.startswith("* "):
            if block:
                end()
            items.append([line[2:].strip()])
        elif items:
            items[-1].append(line.strip())
        else:
            block.append(line.strip())
    end()
    return join(out)


def rule_help(names, abouts, contents=None, rule_of=None, hop=None):
    """What there is to say of rules, each folded. *names*: code -> the rule's name; *abouts*: code ->
    what stands beside it; *contents*: code -> markup that comes before its documentation. *rule_of*:
    callable giving the rule of a code (default: the built-in ones); a rule that there is not goes
    without. *hop*: the upgrade that it is about (default: the first that a rule has to do with)."""
    from ..catalogue import documentation
    from . import Report

    rule_of = rule_of or Report(()).rule
    parts = []
    for code in sorted(names):
        head = tag("h3", tag("code", code), " ", said(names[code]), id="rule-" + code)
        about = abouts[code]
        doc = tag("p", "No rule of this installation has this code.")
        rule = rule_of(code)
        if rule is not None:
            about = "%s, phase %s; %s" % (rule.value_in(hop or rule.hops[0], "severity"),
                                          rule.value_in(hop or rule.hops[0], "phase"), about)
            doc = markdown(documentation(rule), 5 if contents else 4)
        if contents:
            doc = tag("details", tag("summary", tag("h4", "About this rule")), doc, class_="more")
        parts.append(tag("details", tag("summary", head, tag("span", about, class_="about")),
                         contents[code] if contents else "", tag("div", doc, class_="help"),
                         class_="rule"))
    return join(parts)


# -- the document ----------------------------------------------------------------------------------

_STYLE = """
:root{color-scheme:light;--bg:#fff;--card:#fff;--soft:#f5f6f8;--line:#d9dee4;--text:#1b2129;--mute:#55606c;
--link:#0b57a4;--error:#b3261e;--error-bg:#fcebe9;--warning:#835000;--warning-bg:#fdf1d9;--info:#245a92;
--info-bg:#e7f0fa;--good:#17693a;--good-bg:#e4f4e9;--old:#fff0ee;--old-word:#ffcdc7;--new:#ebf8ee;
--new-word:#aee5bb;--focus:#0b57a4;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--bg:#12161b;--card:#171c22;
--soft:#1d232a;--line:#323b45;--text:#e2e7ec;--mute:#a0abb6;--link:#82b8f5;--error:#ff9d94;
--error-bg:#411d1c;--warning:#f0bd62;--warning-bg:#3b2c10;--info:#93c3f7;--info-bg:#172f49;--good:#7fd398;
--good-bg:#15351f;--old:#301b1d;--old-word:#73302f;--new:#14291b;--new-word:#22603a;--focus:#82b8f5}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--bg);color:var(--text);
font:.9375rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",Arial,sans-serif}
.page{max-width:80rem;margin:0 auto;padding:2.25rem 1.5rem 3rem}
h1,h2,h3,h4,h5{line-height:1.25;margin:0;font-weight:650;overflow-wrap:anywhere}
h1{font-size:1.75rem;letter-spacing:-.01em}
h2{font-size:1.25rem;margin:3rem 0 .3rem;padding-bottom:.4rem;border-bottom:1px solid var(--line)}
h3{font-size:1.02rem}h4{font-size:.95rem}h5{font-size:.9rem}
p,li,summary{overflow-wrap:anywhere}
p{margin:.4rem 0}a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:2px}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:2px}
code,pre,.path,.diff,.excerpt{font-family:var(--mono);font-size:.86em}
.path,.diff td.c,.excerpt,li code{direction:ltr;unicode-bidi:isolate-override;overflow-wrap:anywhere}
i{font-style:normal;font-family:var(--mono);font-size:.92em;color:var(--warning);
background:var(--warning-bg);
border-radius:3px;padding:0 .15em}
b.cut{font-weight:400;font-style:italic;color:var(--mute)}
small{font-size:.85em}
.over{color:var(--mute);margin:0 0 .35rem;font-size:.9rem}
.lead{font-size:1.05rem;max-width:60rem;margin:.75rem 0 0}
.intro{color:var(--mute);max-width:60rem;margin:.35rem 0 1rem}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.2rem 1.25rem;margin:1.25rem 0 0}
.facts dt{color:var(--mute)}.facts dd{margin:0;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;list-style:none;
margin:1.5rem 0 0;padding:0}
.tiles li{border:1px solid var(--line);border-radius:8px;background:var(--card);padding:.65rem .9rem}
.tiles b{display:block;font-size:1.6rem;line-height:1.2;font-weight:650;font-variant-numeric:tabular-nums}
.tiles span{color:var(--mute);font-size:.9rem}
.tiles .zero b{color:var(--mute);font-weight:400}
.t-error b{color:var(--error)}.t-warning b{color:var(--warning)}.t-info b{color:var(--info)}
.t-good b{color:var(--good)}
.box{border:1px solid var(--line);border-left:4px solid var(--mute);border-radius:6px;
background:var(--soft);
padding:.6rem 1rem;margin:1.25rem 0 0}
.box.bad{border-left-color:var(--error)}
.box h2{font-size:1rem;margin:0;border:0;padding:0}
.box ul{margin:.3rem 0;padding-left:1.2rem}
.contents{margin:1.5rem 0 0}
.contents ul{display:flex;flex-wrap:wrap;gap:.25rem 1.4rem;list-style:none;margin:0;padding:0}
.filters{display:none;border:1px solid var(--line);border-radius:8px;background:var(--soft);
padding:.7rem 1rem;margin:1.25rem 0 0}
.filters fieldset{border:0;padding:0;margin:0 2rem .2rem 0;display:inline-block}
.filters legend{float:left;color:var(--mute);padding:0;margin-right:.9rem;min-width:4.2rem}
.filters label{margin-right:1.1rem;white-space:nowrap;cursor:pointer}
.filters input{margin:0 .35rem 0 0;vertical-align:-1px;accent-color:var(--link)}
.filters small{color:var(--mute);font-variant-numeric:tabular-nums}
.hint{color:var(--mute);font-size:.85rem;margin:.2rem 0 0}
.none{display:none;color:var(--mute);border:1px dashed var(--line);border-radius:8px;padding:1rem;
margin:1rem 0}
.sev,.tagged{display:inline-block;border-radius:4px;padding:0 .5em;font-size:.8rem;line-height:1.55;
font-weight:600;white-space:nowrap;border:1px solid transparent}
.sev{text-align:center;min-width:4.9rem}
.error{color:var(--error);background:var(--error-bg)}.warning{color:var(--warning);
background:var(--warning-bg)}
.info{color:var(--info);background:var(--info-bg)}.good{color:var(--good);background:var(--good-bg)}
.quiet{color:var(--mute);background:transparent;border-color:var(--line)}
.file{border:1px solid var(--line);border-radius:8px;background:var(--card);margin:1rem 0 0;overflow:hidden}
.file>header{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:baseline;justify-content:space-between;
background:var(--soft);border-bottom:1px solid var(--line);padding:.55rem 1rem}
.file>header .count{color:var(--mute);font-size:.88rem}
.findings{list-style:none;margin:0;padding:0}
.findings>li+li .finding{border-top:1px solid var(--line)}
.finding{display:grid;grid-template-columns:5.4rem minmax(0,1fr) 11.5rem;gap:0 .9rem;align-items:start;
padding:.5rem 1rem .55rem}
.finding:target,.target:target{box-shadow:inset 3px 0 0 var(--focus)}
.finding p{margin:0}.finding .message{overflow-wrap:anywhere}
.finding .place{color:var(--mute);font-size:.88rem;text-align:right;overflow-wrap:anywhere}
.finding .remedy{margin-top:.2rem;font-size:.93rem;overflow-wrap:anywhere}
.finding .remedy .tagged{margin-right:.45rem}
.finding .command{margin-top:.2rem;font-size:.93rem;color:var(--mute);overflow-wrap:anywhere}
.finding .command code{color:var(--text)}
.excerpt{margin:.4rem 0 0;padding:.35rem .6rem;background:var(--soft);border-radius:5px;
white-space:pre-wrap;
tab-size:4;line-height:1.45}
.excerpt .n{color:var(--mute);user-select:none;margin-right:.9em}
mark{color:inherit;background:var(--warning-bg);box-shadow:inset 0 -2px 0 var(--warning)}
.diff{width:100%;table-layout:fixed;border-collapse:collapse;border-top:1px solid var(--line);
line-height:1.5;
font-size:.82em}
.diff caption{text-align:left;padding:.5rem 1rem .4rem;color:var(--mute);font:.95rem/1.4 system-ui,
-apple-system,
"Segoe UI",Roboto,"DejaVu Sans",Arial,sans-serif;border-top:1px solid var(--line)}
.diff .w{width:3.4rem}
.diff th{font:600 .95em/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",Arial,sans-serif;
text-align:left;
color:var(--mute);background:var(--soft);padding:.15rem .7rem;border-bottom:1px solid var(--line)}
.diff th+th{border-left:1px solid var(--line)}
.diff td{vertical-align:top;padding:0 .7rem}
.diff td.n{color:var(--mute);text-align:right;padding:0 .5rem 0 0;user-select:none;white-space:nowrap}
.diff td.c{white-space:pre-wrap;tab-size:4}
.diff td.n+td.c+td.n{border-left:1px solid var(--line)}
.diff tbody+tbody{border-top:1px dashed var(--line)}
.diff .o{background:var(--old)}.diff .a{background:var(--new)}.diff .v{background:var(--soft)}
.diff td.n.o::before{content:"\\2212";float:left;padding-left:.55rem;color:var(--error)}
.diff td.n.a::before{content:"+";float:left;padding-left:.55rem;color:var(--good)}
del,ins{text-decoration:none;border-radius:2px}
del{background:var(--old-word)}ins{background:var(--new-word)}
.rest{color:var(--mute);padding:.5rem 1rem;margin:0;border-top:1px solid var(--line)}
.todo{list-style:none;margin:.5rem 0 0;padding:0}
.todo label{display:grid;grid-template-columns:1.2rem minmax(0,1fr);gap:0 .6rem;padding:.4rem 0;
cursor:pointer}
.todo input{margin:.25rem 0 0;width:1.05rem;height:1.05rem;accent-color:var(--link)}
.todo li+li label{border-top:1px solid var(--line)}
.todo .place{color:var(--mute);font-size:.88rem;overflow-wrap:anywhere}
.todo .message{overflow-wrap:anywhere}
details.rule{border:1px solid var(--line);border-radius:8px;background:var(--card);margin:.5rem 0 0}
summary{cursor:pointer}.more>summary h4{display:inline}
.rule>summary{padding:.5rem 1rem}
.rule>summary h3{display:inline;font-size:.97rem}
.about{color:var(--mute);font-size:.88rem;margin-left:.8rem}
.rule:has(:target)::details-content{content-visibility:visible}
.rule h3:target{box-shadow:0 2px 0 var(--focus)}
.help{padding:.2rem 1rem .8rem;border-top:1px solid var(--line);max-width:62rem}
.help h4,.help h5{margin:1rem 0 .2rem;font-size:.88rem;color:var(--mute)}
.help ul{margin:.3rem 0;padding-left:1.3rem}
.help pre{margin:.5rem 0;padding:.6rem .8rem;background:var(--soft);border-radius:6px;white-space:pre-wrap;
overflow-wrap:anywhere;tab-size:4;line-height:1.45}
footer{margin-top:3rem;padding-top:.8rem;border-top:1px solid var(--line);color:var(--mute);font-size:.9rem}
.away{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media screen and (max-width:52rem){.page{padding:1.25rem .9rem 2rem}h1{font-size:1.4rem}
h2{margin-top:2.2rem}
.tiles{grid-template-columns:repeat(3,minmax(0,1fr));gap:.5rem}.tiles li{padding:.45rem .6rem}
.tiles b{font-size:1.3rem}
.finding{grid-template-columns:max-content minmax(0,1fr);gap:.15rem .7rem;padding:.55rem .8rem}
.finding .sev{min-width:0}.finding .place{order:-1;text-align:left}.finding .sev{order:-2}
.finding>div{grid-column:1/-1}
.file>header{padding:.5rem .8rem}.facts{grid-template-columns:minmax(0,1fr);gap:0}
.facts dd{margin-bottom:.4rem}
.filters legend{float:none}.filters label{display:inline-block}
.about{display:block;margin-left:1.1rem}
.diff caption{padding:.45rem .8rem}
.diff thead,.diff colgroup{display:none}
.diff tr{display:grid;grid-template-columns:3.4rem minmax(0,1fr)}
.diff td.n+td.c+td.n{border-left:0}.diff .v,.diff .twin{display:none}}
@supports selector(:has(*)){.filters{display:block}FILTERS}
@media print{@page{margin:14mm 12mm}html{font-size:10pt}
.finding{grid-template-columns:5rem minmax(0,1fr) 8rem}
.page{max-width:none;padding:0}
.filters,.contents,.none{display:none!important}.f{display:revert!important}
.tiles{grid-template-columns:repeat(6,minmax(0,1fr))}.tiles li{padding:.4rem .6rem}
.tiles b{font-size:1.3rem}
h2{margin-top:1.6rem}h1,h2,h3,h4,h5,.file>header,summary,caption,.diff thead{break-after:avoid}
.finding,.todo li,.tiles,.diff tr,.excerpt,.box{break-inside:avoid}
.diff thead{display:table-header-group}
.file{overflow:visible}.diff{font-size:7.2pt}
details::details-content{content-visibility:visible!important;block-size:auto!important}
.help pre{break-inside:avoid}
a{color:inherit;text-decoration:none}summary{list-style:none}
del{text-decoration:line-through}ins{text-decoration:underline}
header,.sev,.tagged,.diff,.tiles,mark,i{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.sev,.tagged{border-color:currentColor}}
"""


def document(title, body, more_style=""):
    """A whole page (str). *body*: markup; *more_style*: style rules of this kind of page."""
    from base64 import b64encode
    from hashlib import sha256

    style = (_STYLE + more_style).strip().replace("FILTERS", _filter_rules())
    digest = b64encode(sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = ("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'" % digest)
    head = tag(
        "head", tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=Markup(policy)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="color-scheme", content="light dark"),
        # Of a title a browser takes all for text, entities aside: it holds no elements.
        tag("title", Markup(_attribute(title))), tag("style", Markup(style)))
    return "<!DOCTYPE html>\n%s\n" % tag("html", head, "\n", tag("body", body), lang="en")
