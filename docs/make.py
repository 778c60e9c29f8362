"""Makes the documentation: puts its sources together, then has Sphinx build it, warnings being errors.

    pip install ".[docs]"
    python docs/make.py build/html

Pages that say what the program says of itself (commands, rules, the library, the formats) are made from it
and stand in no file; README, CONTRIBUTING, SECURITY and CHANGELOG are taken as they are, and so is each
file in docs/. Links between files become links between pages, and a rule's code leads to the rule.
"""

import argparse
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(FOLDER)

sys.path.insert(0, FOLDER)
import generate  # noqa: E402  (the table of what is covered, which the pages of rules quote)

#: The contents: caption -> pages, in this order. A page of docs/ that is not named comes last of the first.
CONTENTS = {
    "Using it": ["install", "usage", "command", "configuration", "writing", "verify", "outputs",
                 "report", "pre-commit", "ansible", "examples"],
    "Rules": ["rules/index", "coverage", "precedence", "plugins"],
    "Python": ["tutorial", "library", "formats/index", "stability"],
    "Project": ["contributing", "security", "speed", "changelog"],
}

#: Files at the top of the checkout -> their pages.
PAGES = {"README.md": "index", "CONTRIBUTING.md": "contributing", "SECURITY.md": "security",
         "CHANGELOG.md": "changelog", "examples/README.md": "examples"}

#: The README's sections that have a page of their own, or stand on one. The others make the front page.
SECTIONS = {"On the command line": "usage", "As a pre-commit hook": "pre-commit", "As a library": "library",
            "Rules": "rules/index", "How fast it is": "speed"}

#: What the families of rules are about.
FAMILIES = {"APT": "repositories of packages", "BAK": "backup jobs", "CEP": "Ceph", "COR": "corosync",
            "GST": "guests of both kinds", "JOB": "scheduled jobs", "LXC": "containers",
            "NET": "network", "NTF": "notifications", "STO": "storages", "SYS": "the node",
            "USR": "users and permissions"}

#: The public names, as the reference has them: heading, text, names.
LIBRARY = [
    ("Texts", "One file at a time, without a file system. Keywords are named as the command's options: see "
     ":class:`Settings`.", ["parse", "check", "fix", "Result", "kind_of_path", "KINDS"]),
    ("Whole roots", "", ["Project", "Plan", "Settings", "UsageError"]),
    ("Several upgrades", "", ["stages", "Stage"]),
    ("Findings", "", ["Finding", "Position", "Edit"]),
    ("Trees", "", ["Node", "Line", "Block", "File", "Token", "Visitor", "Transformer", "RemoveFromParent",
                   "RemovalSentinel", "FlattenSentinel", "parse_fragment"]),
    ("Rules", "", ["rules", "Rule", "Fix", "replace", "remove", "insert_after", "insert_before",
                   "create_file", "remove_file"]),
    ("Plug-ins", "", ["load_plugins", "installed_plugins", "Plugin"]),
]

#: What public names lead to: module, class, members (None: all).
BEYOND = [
    ("What rules are given", [
        ("engine", "Scope", ["files", "file", "of_kind", "all_of_kind", "at", "text", "owns", "covers",
                             "once", "obstacle"]),
        ("source", "SourceFile", ["tree", "with_code"]), ("facts", "Facts", None),
        ("engine", "Due", ["covers"]), ("releases", "Hop", []), ("releases", "Key", [])]),
    ("What a project may be given", [("workers", "Workers", []), ("acceptance", "Accepted", None),
                                     ("consent", "Question", None)]),
]


class Sources:
    """The pages, as they are put together in *folder*."""

    def __init__(self, folder):
        self.folder = folder
        self.written = {}
        self.codes = {}

    def write(self, page, text):
        """Write a page (Markdown); what it says goes through :meth:`linked` first."""
        self.written[page] = text

    def finish(self):
        """Write the files."""
        for page, (text, origin) in self.written.items():
            path = os.path.join(self.folder, page + ".md")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(self.linked(text, page, origin))

    def linked(self, text, page, origin):
        """*text* with links for this page; *origin*: the file of the checkout that it is from."""
        parts = []
        for number, part in enumerate(_FENCED.split(text)):
            if number % 2 == 0:
                part = _LINK.sub(lambda match: self._link(match, page, origin), part)
                part = "".join(
                    piece if at % 2 else _CODE.sub(self._code, piece)
                    for at, piece in enumerate(_UNTOUCHED.split(part)))
            parts.append(part)
        return "".join(parts)

    def _code(self, match):
        code = match.group()
        return "[%s](#%s)" % (code, code.lower()) if code in self.codes else code

    def _link(self, match, page, origin):
        text, target = match.groups()
        if re.match("[a-z]+:|#", target):
            return match.group()
        target, hash_, anchor = target.partition("#")
        if os.path.normpath(os.path.join(os.path.dirname(page), target))[:-len(".md")] in self.written:
            return match.group()  # from one page that is made here to another
        path = os.path.normpath(os.path.join(os.path.dirname(origin), target))
        found = PAGES.get(path) or (path[len("docs/"):-len(".md")]
                                    if path.startswith("docs/") and path.endswith(".md") else None)
        if found in self.written:
            there = os.path.relpath(found, os.path.dirname(page) or ".") + ".md"
            return "[%s](%s%s%s)" % (text, there, hash_, anchor)
        source = os.path.join(CHECKOUT, path)
        if os.path.isfile(source):
            return "[%s](%s)" % (text, self._copied(source, path, page))
        if os.path.isdir(source):
            return "%s (`%s`)" % (text, path)
        raise SystemExit("%s links to %s, which is not there" % (origin, target))

    def _copied(self, source, path, page):
        """A file of the checkout as something to download or to look at."""
        copy = os.path.join(self.folder, "files", path)
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copyfile(source, copy)
        return os.path.relpath(os.path.join("files", path), os.path.dirname(page) or ".")


_FENCED = re.compile("(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
#: Headings, code, links, comments and labels: what no code in it becomes a link.
_UNTOUCHED = re.compile(r"(^#+ [^\n]*$|`[^`]+`|\[[^\]]*\]\([^)]*\)|<!--.*?-->|^\([a-z0-9-]+\)=$)",
                        re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"\b[A-Z]{3}[0-9]{3}\b")


def read(path):
    """A file of the checkout."""
    with open(os.path.join(CHECKOUT, path), encoding="utf-8") as stream:
        return stream.read()


def sections(text):
    """What stands before the first heading of the second level, and those sections by heading."""
    outside_code = re.split("(?m)^## (.*)$", text)
    return outside_code[0], dict(zip(outside_code[1::2], outside_code[2::2]))


def table(head, rows):
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| %s |\n" % " | ".join(lines_) for lines_ in lines)


# -- pages from files ----------------------------------------------------------------------------------------


def add_files(sources):
    """The pages that are files, and the README's parts."""
    for name in sorted(os.listdir(FOLDER)):
        if name.endswith(".md"):
            sources.write(name[:-3], (read("docs/" + name), "docs/" + name))
    for path, page in PAGES.items():
        sources.write(page, (read(path), path))
    head, parts = sections(read("README.md"))
    missing = set(SECTIONS) - set(parts)
    if missing:
        raise SystemExit("the README has no section %s any more" % ", ".join(sorted(missing)))
    front = head + "".join("## %s\n%s" % item for item in parts.items() if item[0] not in SECTIONS)
    sources.write("index", (front, "README.md"))
    sources.write("usage", ("# On the command line\n" + parts["On the command line"], "README.md"))
    sources.write("speed", ("# How fast it is\n" + parts["How fast it is"], "README.md"))
    return parts


def add_contents(sources):
    """The table of contents, at the end of the front page."""
    text, origin = sources.written["index"]
    named = {page for pages in CONTENTS.values() for page in pages}
    others = sorted(page for page in sources.written if "/" not in page and page not in named
                    and page != "index")
    for caption, pages in CONTENTS.items():
        pages = [page for page in pages if page in sources.written]
        if caption == "Using it":
            pages += others
        text += "\n```{toctree}\n:hidden:\n:caption: %s\n\n%s\n```\n" % (caption, "\n".join(pages))
    sources.write("index", (text, origin))


# -- the command -----------------------------------------------------------------------------------------------


def add_command(sources):
    """Subcommands, arguments and options, from click's objects."""
    import click
    from pvemigrate.cli import main

    context = click.Context(main, info_name="pvemigrate", max_content_width=100)
    parts = ["# The command", "What `pvemigrate --help` and `pvemigrate COMMAND --help` say. "
             "[On the command line](usage.md) shows how it is used, and has the exit statuses."]
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        own = click.Context(command, info_name=name, parent=context)
        usage = " ".join(command.collect_usage_pieces(own))
        parts += ["## pvemigrate %s" % name, "```\npvemigrate %s %s\n```" % (name, usage),
                  inspect.cleandoc(command.help or "").replace("\b\n", "")]
        rows = []
        for param in command.get_params(own):
            record = param.get_help_record(own)
            if record and record[1] and "--help" not in record[0]:
                rows.append(["`%s`" % record[0].replace("|", "\\|"), cell(record[1])])
        if rows:
            parts.append(table(["option", "what it does"], rows))
    sources.write("command", ("\n\n".join(parts) + "\n", "docs/command.md"))


def cell(text):
    """Plain text in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


# -- rules -----------------------------------------------------------------------------------------------------


def add_rules(sources, parts):
    """The overview, and a page for each family."""
    import pvemigrate
    from pvemigrate.catalogue import documentation

    rules = pvemigrate.rules()
    sources.codes = {rule.code: rule for rule in rules}
    families = {}
    for rule in rules:
        families.setdefault(rule.code[:3], []).append(rule)
    overview = ["# The rules", parts["Rules"].strip()]
    overview.append(table(
        ["rule", "severity", "phase", "what it finds"],
        [["[%s](#%s) %s" % (rule.code, rule.code.lower(), rule.name), in_each_hop(rule, "severity"),
          in_each_hop(rule, "phase"),
          first_sentence(documentation(rule))] for rule in rules]))
    overview.append("```{toctree}\n:hidden:\n\n%s\n```" % "\n".join(name.lower() for name in families))
    sources.write("rules/index", ("\n\n".join(overview) + "\n", "README.md"))
    for name, found in families.items():
        sources.write("rules/" + name.lower(), (family_page(name, found, documentation), "docs/rules.md"))


def first_sentence(text):
    """The first sentence below the first heading, for a cell of a table."""
    paragraph = " ".join(next(part for part in text.split("\n\n") if not part.startswith("#")).split())
    end = re.search("(?<![.])[.:](?= |$)", paragraph)
    return (paragraph[:end.start()] if end else paragraph).replace("|", "\\|")


def in_each_hop(rule, attribute):
    """An attribute of a rule; where its hops differ, each with its own."""
    values = [rule.value_in(hop, attribute) for hop in rule.hops]
    if len(set(values)) == 1:
        return values[0]
    return ", ".join("%s in %s" % (value, hop) for value, hop in zip(values, rule.hops))


def family_page(name, rules, documentation):
    """The page of a family."""
    parts = ["# %s: %s" % (name, FAMILIES[name])]
    for rule in rules:
        facts = [("severity", in_each_hop(rule, "severity")), ("phase", in_each_hop(rule, "phase")),
                 ("hop", ", ".join(rule.hops)),
                 ("looks at", ", ".join("the node" if kind == "node" else "[%s](../formats/%s.md)" % (
                     kind, kind) for kind in rule.kinds))]
        if rule.needs:
            facts.append(("only where there is", ", ".join("`` %s ``" % text for text in rule.needs)))
        if rule.blocks:
            facts.append(("while it finds something, fix changes nothing in", ", ".join(rule.blocks)))
        if rule.guide:
            facts.append(("section of the guide", rule.guide))
        for hop in rule.hops:
            functions = generate.functions_of(rule, hop)
            if functions:
                facts.append(("pve" + hop, ", ".join("`%s`" % function for function in functions)))
        parts += ["(%s)=" % rule.code.lower(), "## %s %s" % (rule.code, rule.name),
                  "".join("* %s: %s\n" % fact for fact in facts),
                  re.sub("(?m)^## ", "### ", documentation(rule))]
    return "\n\n".join(parts) + "\n"


# -- the library ----------------------------------------------------------------------------------------------


def add_library(sources, parts):
    """The reference: every public name, with its docstring, and what these lead to."""
    import pvemigrate

    named = [name for _, _, names in LIBRARY for name in names]
    if sorted(named) != sorted(pvemigrate.__all__):
        raise SystemExit("docs/make.py does not know these public names: %s" % ", ".join(
            sorted(set(named) ^ set(pvemigrate.__all__))))
    text = ["# The library", parts["As a library"].strip(),
            "What is on this page, and in [the formats](formats/index.md), [stays](stability.md). The library "
            "prints nothing, exits nowhere, sets up no logging, and writes only in `Plan.apply`. Names are "
            "imported when they are first used."]
    for heading, about, names in LIBRARY:
        text += ["## " + heading, rest(".. py:currentmodule:: pvemigrate", about,
                                       *[directive(pvemigrate, name) for name in names])]
    for heading, found in BEYOND:
        text.append("## " + heading)
        for module, name, members in found:
            shown = ":members:" if members is None else ":members: " + ", ".join(members)
            text.append(rest(".. autoclass:: pvemigrate.%s.%s" % (module, name)
                             + ("\n   " + shown if members != [] else "")))
    sources.write("library", ("\n\n".join(text) + "\n", "README.md"))


def rest(*parts):
    """reStructuredText in a Markdown page: docstrings are written in it."""
    return "```{eval-rst}\n%s\n```" % "\n\n".join(part for part in parts if part)


def directive(package, name):
    """What documents a public name."""
    value = getattr(package, name)
    if isinstance(value, type):
        if issubclass(value, Exception):
            return ".. autoexception:: pvemigrate." + name
        # What a project is and can do stands in a class that is nobody's to name.
        return ".. autoclass:: pvemigrate.%s\n   :members:%s" % (
            name, "\n   :inherited-members:" if name == "Project" else "")
    if callable(value):
        return ".. autofunction:: pvemigrate." + name
    return (".. py:data:: %s\n\n   The kinds of files that there are: %s." % (
        name, ", ".join("``%s``" % kind for kind in value)))


# -- the formats ----------------------------------------------------------------------------------------------


def add_formats(sources):
    """A page for each kind of file: where it lies, and what its nodes are."""
    from pvemigrate.formats import FIXED, FOLDERS, KINDS

    rows = []
    for kind, module in KINDS.items():
        places = [path for path, name in FIXED.items() if name == kind]
        places += [folder + "/" for folder, kinds in FOLDERS.items() if kind in kinds]
        if kind != "text":
            rows.append(["[%s](%s.md)" % (kind, kind), ", ".join("`%s`" % path for path in places)])
            sources.write("formats/" + kind, (format_page(kind, module), "docs/formats.md"))
    text = ["# The formats", "The kinds of files, where they lie below `/etc`, and the nodes that their trees "
            "are made of. A tree holds every byte of its file: `pvemigrate.parse(data, kind).bytes == data`, for "
            "any data. `pvemigrate parse FILE` shows it.",
            "A *line* is one logical line with its line ending; its *fields* are tokens, in the order in which "
            "they stand. A field that is not there is an empty token. A *block* has a header, which is a line or "
            "nothing, and a body. What the real reader refuses or loses is a node of its own, whose "
            "`is_malformed` is true.",
            table(["kind", "files below `/etc`"], rows),
            "```{toctree}\n:hidden:\n\n%s\n```" % "\n".join(
                kind for kind in KINDS if kind != "text")]
    sources.write("formats/index", ("\n\n".join(text) + "\n", "docs/formats.md"))


def format_page(kind, module):
    """The page of a kind."""
    from pvemigrate import formats

    formats_module = importlib.import_module("pvemigrate.formats." + module)
    text = ["# %s" % kind, rest(inspect.cleandoc(formats_module.__doc__))]
    classes = list(formats.node_classes(kind).values())
    for heading, base in (("Blocks", "Block"), ("Lines", "Line")):
        found = [cls for cls in classes if is_a(cls, base)]
        if found:
            text += ["## " + heading, rest(".. py:currentmodule:: pvemigrate.formats." + module, *[
                described_node(cls) for cls in found])]
    text += ["## Grammar", "`grammars/%s.lark` is where all this is from: an ordinary Lark grammar." % module,
             "```\n%s```" % read("grammars/%s.lark" % module)]
    return "\n\n".join(text) + "\n"


def is_a(cls, name):
    return any(base.__name__ == name and base.__module__ == "pvemigrate.cst" for base in cls.__mro__)


def described_node(cls):
    """A node class: what it is, its fields, and what else it says of itself."""
    lines = [".. py:class:: " + cls.__name__, ""]
    add = lines.append
    doc = inspect.getdoc(cls) if cls.__dict__.get("__doc__") else next(
        (inspect.getdoc(base) for base in cls.__mro__[1:]
         if base.__dict__.get("__doc__") and base.__module__.startswith("pvemigrate.formats")), None)
    for line in (doc or "").split("\n"):
        add("   " + line if line else "")
    add("")
    if getattr(cls, "is_malformed", False) is True:
        lines += ["   Malformed: the real reader refuses or loses it.", ""]
    fields = getattr(cls, "_fields", ())
    if fields:
        lines += ["   Fields: " + ", ".join(field_text(cls, name) for name in fields) + ".", ""]
    found = members(cls)
    header = ["``%s``" % name for name in found if type(found[name]).__name__ == "header_field"]
    if header:
        lines += ["   Fields of its header: " + ", ".join(header) + ".", ""]
    for name, value in found.items():
        if isinstance(value, property):
            lines += ["   .. py:property:: " + name, ""]
        elif inspect.isfunction(value):
            signature = re.sub(r"^\(self(, )?", "(", str(inspect.signature(value)))
            lines += ["   .. py:method:: %s%s" % (name, signature), ""]
        else:
            continue
        lines += ["      " + line if line else "" for line in (inspect.getdoc(value) or "").split("\n")]
        add("")
    return "\n".join(lines).rstrip()


def field_text(cls, name):
    default = cls._defaults.get(name)
    return "``%s``" % name if default in (None, "") else "``%s`` (%s)" % (name, {
        "\n": "a newline", " ": "a blank", "\t": "a tab"}.get(default, "``%s``" % default.encode("unicode_escape").decode("ascii")))


def members(cls):
    """The public properties, methods and header fields of a node class that its format defines."""
    found = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("pvemigrate.formats"):
            for name, value in vars(base).items():
                if isinstance(value, property) or inspect.isfunction(value) or type(
                        value).__name__ == "header_field":
                    if not name.startswith("_"):
                        found[name] = value
    return found


# -- all of it --------------------------------------------------------------------------------------------------


def put_together(folder):
    """Write all sources into *folder*."""
    sources = Sources(folder)
    parts = add_files(sources)
    add_command(sources)
    add_rules(sources, parts)
    add_library(sources, parts)
    add_formats(sources)
    add_contents(sources)
    sources.finish()


def main():
    """Build into the folder that is named on the command line; Sphinx' exit status."""
    parser = argparse.ArgumentParser(description="Build the documentation as HTML pages.")
    parser.add_argument("target", help="folder for the pages")
    parser.add_argument("--sources", help="keep the sources that Sphinx reads in this folder")
    options = parser.parse_args()
    sys.path.insert(0, CHECKOUT)
    with tempfile.TemporaryDirectory() as scratch:
        sources = os.path.abspath(options.sources or os.path.join(scratch, "sources"))
        put_together(sources)
        return subprocess.run([
            sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--nitpicky", "--quiet",
            "--jobs", "auto", "-b", "html", "-c", FOLDER, "-d", os.path.join(scratch, "doctrees"),
            sources, os.path.abspath(options.target)]).returncode


if __name__ == "__main__":
    sys.exit(main())
