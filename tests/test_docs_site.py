"""The documentation as a reader meets it: the tutorial does what it says, and the pages that docs/make.py
builds have all that there is, lead to each other, and ask nothing of the network."""

import html.parser
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

import pvemigrate
from nodes import REPOSITORY

TUTORIAL = (REPOSITORY / "docs/tutorial.md").read_text(encoding="utf-8")
PLUGIN = REPOSITORY / "examples/plugin"


# -- the tutorial ----------------------------------------------------------------------------------------


def steps():
    """What the tutorial has its reader do, in order: (file, its text), or (None, lines of a session)."""
    for match in re.finditer(r"(?ms)(?:^<!-- file: (\S+?)(?:, [^>]*)? -->\n)?^```(\w*)\n(.*?)^```$", TUTORIAL):
        name, language, text = match.groups()
        assert name or language == "console", "a block that no test looks at:\n" + text
        yield name, text


def commands(session):
    """The commands of a session and what each prints: (command, text)."""
    parts = re.split(r"(?m)^\$ (.*)$\n?", session)
    assert parts[0] == ""
    return zip(parts[1::2], parts[2::2])


def test_the_example_is_what_the_tutorial_ends_up_with():
    written = dict(step for step in steps() if step[0])
    for name in ("storage.cfg", "try.py"):
        del written[name]
    for name, text in written.items():
        example = (PLUGIN / name).read_text(encoding="utf-8")
        if name.startswith("tests/golden/"):
            # The test that writes findings and diff keeps what was there.
            assert example.startswith(text), name
        else:
            assert example == text, name
    files = {path.relative_to(PLUGIN).as_posix() for path in PLUGIN.rglob("*")
             if path.is_file() and path.suffix != ".pyc" and ".egg-info" not in path.as_posix()
             and "cache" not in path.as_posix()}
    assert files == set(written) | {"README.md", "tests/golden/ORG001/odd_bytes.storage.cfg"}


@pytest.mark.heavy
def test_the_tutorial_does_what_it_says(tmp_path):
    """Every file is written, every command run, in a virtual environment of its own, with what pip
    fetches."""
    environment = dict(os.environ, PVEMIGRATE=str(REPOSITORY), PIP_DISABLE_PIP_VERSION_CHECK="1",
                       PATH="%s:%s" % (os.path.dirname(sys.executable), os.environ["PATH"]))
    for name in ("PYTHONPATH", "PYTEST_ADDOPTS"):
        environment.pop(name, None)
    ran = 0
    for name, text in steps():
        if name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
            continue
        for command, expected in commands(text):
            result = subprocess.run(["bash", "-c", command], cwd=str(tmp_path), env=environment,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
            errors = result.stderr.decode()
            assert result.stdout.decode() == expected, "%s\n%s" % (command, errors)
            assert "Error" not in errors and "Traceback" not in errors, "%s\n%s" % (command, errors)
            ran += 1
    assert ran > 10
    broken = "tests/golden/ORG001/old_server.yml"
    assert (tmp_path / broken).read_text() == (PLUGIN / broken).read_text()
    assert (tmp_path / "tests/golden/ORG001/odd_bytes.yml").read_text() == (
        PLUGIN / "tests/golden/ORG001/odd_bytes.yml").read_text()


# -- the pages ---------------------------------------------------------------------------------------------


class Page(html.parser.HTMLParser):
    """``ids``, ``links``, ``loads`` (what a browser fetches for it) and ``text`` of a page."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.loads, self.parts = set(), [], [], []
        self.feed(path.read_text(encoding="utf-8"))
        self.text = " ".join("".join(self.parts).split())

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids.update(filter(None, [found.get("id")]))
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") in ("index", "search", "next", "prev", "canonical"):
            self.links.append(found["href"])
        elif tag == "link":
            self.loads.append(found["href"])
        elif "src" in found:
            self.loads.append(found["src"])

    def handle_data(self, data):
        self.parts.append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder with the pages: those that .ci/run has built, or built here."""
    built = os.environ.get("PVEMIGRATE_DOCS")
    if built:
        return Path(built)
    folder = tmp_path_factory.mktemp("html")
    result = subprocess.run([sys.executable, str(REPOSITORY / "docs/make.py"), str(folder)],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    if b"No module named sphinx" in result.stdout:
        pytest.skip('needs Sphinx and myst-parser: pip install ".[docs]"')
    assert (result.returncode, result.stdout.decode()) == (0, "")
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}


PAGES = pytest.mark.heavy


@PAGES
def test_every_link_leads_somewhere(pages, site):
    wrong = []
    for name, page in pages.items():
        for link in page.links + page.loads:
            if re.match("(https?|mailto):", link):
                continue
            target, _, anchor = unquote(link).partition("#")
            target = target.partition("?")[0]
            path = os.path.normpath(os.path.join(os.path.dirname(name), target)) if target else name
            if not (site / path).is_file():
                wrong.append((name, link))
            elif anchor and path in pages and anchor not in pages[path].ids:
                wrong.append((name, link))
    assert wrong == []


@PAGES
def test_nothing_is_loaded_from_elsewhere(pages, site):
    loads = {load for page in pages.values() for load in page.loads}
    assert loads and not [load for load in loads if re.match("(?:[a-z]+:)?//", load)]
    for path in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:[a-z]+:)?//", path.read_text(encoding="utf-8")), path


@PAGES
def test_each_rule_has_its_place_with_its_whole_documentation(pages):
    for rule in pvemigrate.rules():
        page = pages["rules/%s.html" % rule.code[:3].lower()]
        assert rule.code.lower() in page.ids
        assert "%s %s" % (rule.code, rule.name) in page.text
        plain = re.sub(r"[`*|\\]|^#+ |^- ", "", re.sub(r"(?ms)^```.*?^```", "", rule.__doc__), flags=re.M)
        for paragraph in re.split(r"\n\s*\n", plain):
            words = re.findall("[A-Za-z]{4,}", paragraph)[:6]
            assert re.search("[^A-Za-z]+(?:[A-Za-z]{1,3}[^A-Za-z]+)*".join(words), page.text), words


@PAGES
def test_codes_lead_to_their_rules(pages):
    for name in ("coverage.html", "precedence.html", "rules/index.html"):
        leads = {link.partition("#")[2] for link in pages[name].links}
        for code in set(re.findall(r"\b[A-Z]{3}[0-9]{3}\b", pages[name].text)):
            assert code.lower() in leads, (name, code)


@PAGES
def test_every_public_name_is_in_the_reference(pages):
    for name in pvemigrate.__all__:
        assert "pvemigrate." + name in pages["library.html"].ids, name
    for member in ("Project.check", "Project.fix", "Plan.apply", "Rule.report", "Node.visit"):
        assert "pvemigrate." + member in pages["library.html"].ids


@PAGES
def test_every_command_and_option_is_there(pages):
    import click
    from pvemigrate.cli import main

    text = pages["command.html"].text
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert "pvemigrate " + name in text
        for param in command.params:
            if isinstance(param, click.Option) and not param.hidden:
                assert max(param.opts, key=len) in text, (name, param.opts)


@PAGES
def test_every_node_and_field_is_there(pages):
    from pvemigrate.formats import KINDS, node_classes

    for kind, module in KINDS.items():
        for cls in node_classes(kind).values() if kind != "text" else ():
            page = pages["formats/%s.html" % kind]
            assert "pvemigrate.formats.%s.%s" % (module, cls.__name__) in page.ids
            assert all(field in page.text for field in getattr(cls, "_fields", ()))


@PAGES
def test_every_document_has_a_page_that_the_contents_name(pages):
    contents = {os.path.normpath(link.partition("#")[0]) for link in pages["index.html"].links}
    names = [path.stem for path in (REPOSITORY / "docs").glob("*.md")]
    for name in names + ["contributing", "security", "changelog", "library", "command", "rules/index"]:
        assert name + ".html" in pages and name + ".html" in contents, name
