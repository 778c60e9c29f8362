"""Settings of Sphinx. The sources that it reads are put together by docs/make.py, which calls it."""

import builtins
import os
import sys

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.util.nodes import make_refnode

HERE = os.path.dirname(os.path.abspath(__file__))
# What is documented is the checkout, whatever is installed beside it.
sys.path.insert(0, os.path.dirname(HERE))

import pvemigrate  # noqa: E402 - see above

project = "pvemigrate"
author = copyright = "the pvemigrate authors"  # noqa: A001 - Sphinx's name
version = release = pvemigrate.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
nitpicky = True
highlight_language = "none"
pygments_style = "friendly"
show_warning_types = True

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
add_module_names = False

html_theme = "alabaster"
html_static_path = [os.path.join(HERE, "static")]
html_theme_options = {
    "description": "Configuration files for the next Proxmox VE",
    "fixed_sidebar": True,
    "page_width": "76rem",
    "sidebar_width": "17rem",
    "show_powered_by": False,
}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_show_sourcelink = False
html_copy_source = False
smartquotes = False

#: Names in annotations that stand for what Python's own documentation describes.
PYTHON = {"Any", "Callable", "Iterable", "Iterator", "Mapping", "PathLike", "AnyPath", "Errors", "Bytes",
          "AnyLine", "AnyBlock", "os.PathLike"}
#: Parts of pvemigrate that docstrings name and that are nobody's to call.
INTERNAL = {"composed", "Root", "Reader", "_Change", "FixResult", "StorageType", "RuleInfo", "Reading",
            "disagreements", "jobs", "plain", "settings", "storages"}
#: Classes whose objects come from functions and methods alone.
MADE = {"pvemigrate." + name for name in ("Result", "Plan", "Stage", "Finding", "Position", "Edit", "File",
                                          "Plugin", "releases.Hop", "releases.Key",
                                          "engine.Scope", "source.SourceFile", "facts.Facts", "engine.Due",
                                          "consent.Question")}
#: Functions that have another name in public.
RENAMED = {"check_text": "check", "fix_text": "fix"}


def resolve(app, env, node, contnode):
    """Find what a docstring or an annotation names by its last part: modules name each other's classes
    as they see them, and the public name of most is another one."""
    if node["refdomain"] != "py":
        return None
    name = node["reftarget"].rpartition(".")[2]
    if node["reftarget"] in PYTHON or name in PYTHON or name in INTERNAL:
        return contnode
    if name in RENAMED:
        name = RENAMED[name]
        contnode = contnode.deepcopy()
        contnode.children = [nodes.Text(name + "()")]
    known = env.domains["py"].objects
    found = [full for full in ("pvemigrate." + name, *sorted(known)) if full in known and (
        full == name or full.endswith("." + name))]
    if not found:
        return None
    entry = known[found[0]]
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, contnode, found[0])


def leave_out_signature(app, what, name, value, options, signature, annotation):
    """Of classes that only pvemigrate itself makes objects of."""
    return ("", None) if what == "class" and name in MADE else None


def leave_builtins(app, doctree):
    """``bytes`` in an annotation is the type, whatever class has a property of that name."""
    for node in list(doctree.findall(pending_xref)):
        if node["refdomain"] == "py" and node["reftype"] == "class" and hasattr(
                builtins, node["reftarget"]):
            node.replace_self(node.children)


def write_dark_colours(app):
    """The colours of code for dark screens, which a theme with one style has no place for."""
    from pygments.formatters import HtmlFormatter

    css = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    folder = os.path.join(app.outdir, "_static")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "dark.css"), "w", encoding="utf-8") as stream:
        stream.write("@media screen and (prefers-color-scheme: dark) {\n%s\n}\n" % css)


def setup(app):
    """Called by Sphinx."""
    app.connect("missing-reference", resolve)
    app.connect("autodoc-process-signature", leave_out_signature)
    app.connect("doctree-read", leave_builtins)
    app.connect("builder-inited", write_dark_colours)
    app.add_css_file("dark.css", priority=900)
