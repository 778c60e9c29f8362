"""What tests of pages look at: a page taken apart, and what must hold for every page."""

import base64
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser

#: All elements that a page may have; none of them loads or runs anything.
ELEMENTS = set("""html head meta title style body div header main nav section footer h1 h2 h3 h4 h5 p ul li dl dt
dd span b i small strong code pre br a table caption colgroup col thead tbody tr th td del ins mark bdi details
summary fieldset legend label input""".split())
#: What odd characters and endless lines come as; not there with other contents.
OF_CONTENT = {"i", "b", "bdi"}
_EMPTY = {"br", "col", "input", "meta"}
_ATTRIBUTES = {"class", "id", "href", "scope", "colspan", "type", "checked", "autocomplete", "role", "tabindex",
               "aria-label", "lang", "charset", "http-equiv", "content", "name"}


class Element:
    """An element: ``tag``, ``attributes`` (dict), ``children`` (elements and str)."""

    def __init__(self, tag, attributes, parent):
        self.tag, self.attributes, self.parent, self.children = tag, attributes, parent, []

    @property
    def classes(self):
        return (self.attributes.get("class") or "").split()

    def all(self, tag=None, style=None):
        """This element and all below it that are of that tag and class."""
        found = [self] if tag in (None, self.tag) and (style is None or style in self.classes) else []
        for child in self.children:
            if isinstance(child, Element):
                found += child.all(tag, style)
        return found

    @property
    def text(self):
        return "".join(child if isinstance(child, str) else child.text for child in self.children)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = self.at = Element("", {}, None)

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert tag in ELEMENTS, tag
        assert len(names) == len(set(names)) and set(names) <= _ATTRIBUTES, (tag, names)
        element = Element(tag, dict(attrs), self.at)
        self.at.children.append(element)
        if tag not in _EMPTY:
            self.at = element

    def handle_endtag(self, tag):
        assert self.at.tag == tag, "%s closes %s" % (tag, self.at.tag)
        self.at = self.at.parent

    def handle_data(self, data):
        self.at.children.append(data)

    def handle_decl(self, decl):
        assert decl == "DOCTYPE html"

    def refuse(self, data):
        raise AssertionError("in a page: %r" % data)

    handle_comment = handle_pi = unknown_decl = refuse


def read(page):
    """A page (str) as its html element; what holds for every page is asserted."""
    page.encode("utf-8")  # no lone surrogates
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", page)
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.at is reader.root, "not closed: " + reader.at.tag
    root, = reader.root.all("html")
    assert root.attributes == {"lang": "en"}
    _assert_closed(root)
    _assert_accessible(root)
    return root


def _assert_closed(root):
    """Nothing is loaded, and nothing could be: the policy allows the one style sheet alone."""
    style, = root.all("style")
    digest = base64.b64encode(hashlib.sha256(style.text.encode("utf-8")).digest()).decode()
    policy, = [meta.attributes["content"] for meta in root.all("meta")
               if meta.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'" % digest)
    assert "url(" not in style.text and "@import" not in style.text and "<" not in style.text
    ids = [element.attributes["id"] for element in root.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for link in root.all("a"):
        assert link.attributes["href"].startswith("#") and link.attributes["href"][1:] in ids, link.attributes


def _assert_accessible(root):
    levels = [int(element.tag[1]) for element in root.all() if re.match("h[1-6]$", element.tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    for before, after in zip(levels, levels[1:]):
        assert after <= before + 1, "h%d below h%d" % (after, before)
    assert all(th.attributes.get("scope") for th in root.all("th"))
    assert len(root.all("main")) == 1 and root.all("title")[0].text.strip()
    for box in root.all("input"):
        assert box.attributes["type"] == "checkbox" and box.parent.tag == "label" and box.parent.text.strip()
    assert all(table.all("caption") or table.all("thead") for table in root.all("table"))


def tags(root):
    """How many elements of each tag a page has, but those that stand for single characters."""
    return Counter(element.tag for element in root.all() if element.tag not in OF_CONTENT)


#: What files may hold that a page must not obey.
HOSTILE = [
    "</script><script>alert(1)</script>", "<!--", "-->", "]]>", "<![CDATA[", "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)", "&lt;b&gt;&amp;&#60;", "</style><style>*{display:none}</style>", "</title>",
    "</td></tr></table></section>", "javascript:alert(1)", "<a href=//example.com>x</a>", "<base href=//x>",
    "\x00\x01\x1b[31m\x7f\x85", "\u202egnp.exe\u2066\u200f", "\u2028\u2029\ufeff", "\ud800", "\udcff\udc80",
    "<meta http-equiv=refresh content=0>", "\u115f\u3164\ufe0f", "{{7*7}}${7*7}%s%(x)s", "<\x00script>",
]

#: Run in the browser: the lowest contrast (WCAG 2) between a text and what is behind it.
CONTRAST = """
function channel(v) { v /= 255; return v <= .03928 ? v / 12.92 : Math.pow((v + .055) / 1.055, 2.4); }
function light(c) { return .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]); }
function parts(s) { var m = s.match(/[0-9.]+/g).map(Number); return m.length < 4 ? m.concat(1) : m; }
var worst = [99, ''];
document.querySelectorAll('body *').forEach(function (e) {
  var own = Array.from(e.childNodes).some(n => n.nodeType == 3 && n.data.trim());
  if (!own || !e.checkVisibility({contentVisibilityAuto: false})) return;
  var back = null;
  for (var at = e; at && !back; at = at.parentElement) {
    var c = parts(getComputedStyle(at).backgroundColor);
    if (c[3] > .99) back = c;
  }
  var a = light(parts(getComputedStyle(e).color)), b = light(back || [255, 255, 255]);
  var ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  if (ratio < worst[0]) worst = [ratio, e.tagName + '.' + e.className];
});
return worst;
"""
