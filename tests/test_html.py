"""The page for a change ticket: what it shows is what fix does, nothing of a file's contents gets out of
its text, and a real browser shows it as it is meant to be seen."""

import os
import random
import re
import shutil
import subprocess
from html import unescape

import pytest

import nodes
from browser import MISSING, Browser
from nodes import (CLEAN, ERROR, MANUAL, STORAGE, WARNING, read_tree, run, with_release, write_tree)
from pages import CONTRAST, HOSTILE, OF_CONTENT, read, tags
from pvemigrate import Fix, Project, Rule, replace
from pvemigrate.catalogue import catalogue, documentation
from pvemigrate.output import Report, render, visible
from pvemigrate.output._page import join, markdown, masked, rule_help, said, shortened, tag, text
from pvemigrate.output.html import _aligned, _changed_words, _preview
from test_cli import Quick

EXAMPLE = nodes.REPOSITORY / "examples" / "pve6-node"


def check(root, *arguments):
    return Quick("check", "--root", root, "--output-format", "html", *arguments)


def sections(page):
    """The page's parts by their headings."""
    return {part.all("h2")[0].text: part for part in page.all("section") if part.parent.tag == "main"}


def columns(part):
    """The removed and the added lines of all diffs in a part of the page."""
    sides = []
    for style in ("o", "a"):
        sides.append([cell.text for cell in part.all("td", style) if "c" in cell.classes])
    return sides


# -- text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw, markup", [
    ("plain", "plain"), ("", ""), ("a\n\tb", "a\n\tb"),
    ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;"),
    ("\x00\r", "<i>\\x00</i><i>\\r</i>"), ("\u202ex", "<i>\\u202e</i>x"), ("\udcff", "<i>\\xff</i>"),
    ("\ud800", "<i>\\ud800</i>"), ("caf\xe9 \u4e2d \U0001f600", "caf\xe9 \u4e2d \U0001f600"),
    ("\xa0\xad\u3164", "<i>\\xa0</i><i>\\xad</i><i>\\u3164</i>"),
])
def test_text(raw, markup):
    assert text(raw) == markup
    assert tag("p", raw) == "<p>%s</p>" % markup
    assert join([raw, tag("br")], "<") == markup + "&lt;<br>"


@pytest.mark.parametrize("raw", HOSTILE)
def test_attributes(raw):
    markup = tag("p", title=raw)
    inside = re.match('<p title="([^"<>]*)"></p>$', markup)
    assert inside and unescape(inside.group(1)) == visible(raw) or "\u3164" in raw


def test_every_character():
    """Those that a page has as they are can be seen and change nothing."""
    for char in map(chr, [*range(0x3000), *range(0xd800, 0x10100), *range(0xe0000, 0xe0200)]):
        shown = text(char)
        if shown == char:
            assert char in "\n\t" or char.isprintable() and char not in "<>&\"'"
        else:
            assert re.match("(<i>[\\\\a-zU0-9]+</i>|&[a-z0-9#]+;)$", shown), hex(ord(char))


def test_long_texts_are_cut_where_one_sees_it():
    shown = shortened("<" * 5000, 600)
    assert shown.count("&lt;") == 600 and "4,400 characters left out" in shown
    assert "left out" not in shortened("x" * 600, 600)
    assert said("a\nb\tc") == "a<i>\\n</i>b<i>\\t</i>c"


@pytest.mark.parametrize("raw, shown", [
    ("deb https://user:s3cret@repo.example/debian buster main",
     "deb https://user:\u2022\u2022\u2022\u2022\u2022\u2022@repo.example/debian buster main"),
    ("cipassword: $5$abc", "cipassword: \u2022\u2022\u2022\u2022\u2022\u2022"),
    ("\twpa-psk  abc def\r\n", "\twpa-psk  \u2022\u2022\u2022\u2022\u2022\u2022\u2022\r\n"),
    ("http://[::1]:3142/debian", "http://[::1]:3142/debian"),
    ("URIs: http://a/b user@host", "URIs: http://a/b user@host"),
])
def test_passwords_are_dots(raw, shown):
    assert masked(raw) == shown and len(shown) == len(raw)


def test_documentation_of_every_rule():
    """Each word of it is on the page, none of its marks."""
    for info in catalogue():
        source = documentation(info.load())
        page = markdown(source, 4)
        words = re.sub("(?m)^(## |```|[*] )|`|[*][*]", " ", source).split()
        seen = unescape(re.sub("<[^>]*>", " ", page)).split()
        assert "".join(seen).replace("*", "") == "".join(words).replace("*", ""), info.code
        assert "```" not in page and "##" not in page


def test_rules_that_are_not_here_have_no_documentation():
    assert "No rule of this installation" in rule_help({"ORG001": "<x>"}, {"ORG001": "1 finding"})
    assert "&lt;x&gt;" in rule_help({"ORG001": "<x>"}, {"ORG001": "1 finding"})


# -- what the page shows ---------------------------------------------------------------------------


def test_the_example_shows_what_fix_writes():
    """The lines that go and come, in each file, are those of ``fix --diff``."""
    page = read(check(EXAMPLE).out)
    shown = columns(sections(page)["Due now, by file"])
    diff = run("fix", "--diff", "--quiet", "--root", EXAMPLE).out.split("\n")
    for sign, other, lines in (("-", "---", shown[0]), ("+", "+++", shown[1])):
        wanted = [visible(line[1:]) for line in diff if line.startswith(sign) and not line.startswith(other)]
        assert [line.replace(" no newline at end of file", "") for line in lines] == wanted


def test_files_findings_and_lists_of_the_example():
    page = read(check(EXAMPLE).out)
    json_report = Project(EXAMPLE, phases="all")
    findings = json_report.check()
    parts = sections(page)
    assert list(parts) == ["Due now, by file", "To do by hand", "Rules"]
    files = [card.all("h3")[0].text for card in parts["Due now, by file"].all("section", "file")]
    assert files == sorted({f.path for f in findings})
    assert len(page.all("div", "finding")) == len(findings)
    by_hand = parts["To do by hand"].all("li")
    assert len(by_hand) == sum(f.applicability != "safe" and f.severity != "info" for f in findings)
    assert {d.all("code")[0].text for d in parts["Rules"].all("details", "rule")} == {f.code for f in findings}
    assert page.all("h1")[0].text == "pve1: Proxmox VE 6 to 7"


@pytest.mark.parametrize("tree, extra", [(CLEAN, []), (WARNING, []), (MANUAL, []), (ERROR, []),
                                         (with_release("6.4-1", ERROR), []), (WARNING, ["--exit-zero"]),
                                         (WARNING, ["--quiet"]), ({}, [])])
def test_status_is_that_of_any_other_format(tree, extra, tmp_path):
    write_tree(tmp_path, tree)
    result = check(tmp_path, *extra)
    read(result.out)
    assert result.status == Quick("check", "--root", tmp_path, "--output-format", "json", *extra).status
    assert read_tree(tmp_path) == nodes.as_bytes(tree)


def test_what_waits_is_apart(tmp_path):
    tree = with_release("6.4-1", dict(ERROR, **WARNING))
    tree["var/lib/dpkg/status"] = with_release("6.4-1")["var/lib/dpkg/status"]
    write_tree(tmp_path, tree)
    parts = sections(read(check(tmp_path).out))
    assert list(parts) == ["Due now, by file", "Waiting for a later phase", "Rules"]
    assert columns(parts["Due now, by file"]) == [["\tmaxfiles 3"], ["\tprune-backups keep-last=3"]]
    assert columns(parts["Waiting for a later phase"]) == [
        ["lxc.cgroup.pids.max: 100"], ["lxc.cgroup2.pids.max: 100"]]
    assert "after-node: once this node runs the new release" in parts["Waiting for a later phase"].text


def test_a_run_of_fix_as_a_record(tmp_path):
    write_tree(tmp_path, dict(WARNING, **ERROR))
    result = Quick("fix", "--root", tmp_path, "--output-format", "html")
    page = read(result.out)
    assert "the changes are written" in page.text and "2 findings fixed." in page.text
    assert columns(sections(page)["What was due"]) == [
        ["lxc.cgroup.pids.max: 100", "\tmaxfiles 3"],
        ["lxc.cgroup2.pids.max: 100", "\tprune-backups keep-last=3"]]
    again = read(Quick("fix", "--root", tmp_path, "--output-format", "html").out)
    assert "Nothing was changed." in again.text and not again.all("table")


def test_a_fix_that_is_not_made_is_not_shown_as_made(tmp_path):
    """The guest is locked: fix leaves it alone, and so says the page of check."""
    write_tree(tmp_path, dict(nodes.NO_RELEASE, **{
        "etc/pve/nodes/a/lxc/100.conf": nodes.GUEST + "lock: backup\n"}))
    page = read(check(tmp_path).out)
    assert columns(page) == [[], []]
    assert "left alone" in page.text
    assert len(sections(page)["To do by hand"].all("li")) == len(
        [f for f in Project(tmp_path, phases="all").check() if f.severity != "info"])


def test_unsafe_fixes_are_offered_apart(tmp_path):
    write_tree(tmp_path, dict(nodes.NO_RELEASE, **{
        "etc/apt/sources.list": "deb http://ftp.debian.org/debian buster main\n",
        "etc/apt/sources.list.d/v.list": "deb https://download.docker.com/linux/debian buster stable\n"}))
    page = read(check(tmp_path).out)
    captions = [table.all("caption")[0].text for table in page.all("table")]
    assert captions == ["What fix writes", "What fix writes with --unsafe-fixes"]
    page = read(check(tmp_path, "--unsafe-fixes").out)
    assert [table.all("caption")[0].text for table in page.all("table")] == ["What fix writes"] * 2


def test_unreadable_files_are_named(tmp_path):
    write_tree(tmp_path, WARNING)
    (tmp_path / "etc/vzdump.conf").symlink_to("/nowhere/<else>")
    result = check(tmp_path)
    assert result.status == 2
    box, = read(result.out).all("section", "bad")
    assert "etc/vzdump.conf" in box.text


def test_several_roots_and_standard_input(tmp_path):
    write_tree(tmp_path / "pve1", WARNING)
    write_tree(tmp_path / "pve2", WARNING)
    page = read(Quick("check", tmp_path, "--output-format", "html").out)
    assert [card.all("h3")[0].text for card in page.all("section", "file")] == [
        "pve1/etc/pve/storage.cfg", "pve2/etc/pve/storage.cfg"]
    assert len(page.all("table")) == 2
    page = read(run("check", "--kind", "storage", "--output-format", "html", "-", input=STORAGE.encode()).out)
    assert columns(page) == [["\tmaxfiles 3"], ["\tprune-backups keep-last=3"]]
    result = run("fix", "--kind", "storage", "--output-format", "html", "-", input=STORAGE.encode())
    assert result.out == nodes.STORAGE_FIXED and columns(read(result.err)) == columns(page)


def test_the_same_files_give_the_same_page():
    pages = {run("check", "--root", EXAMPLE, "--output-format", "html", env={"PYTHONHASHSEED": seed}).raw
             for seed in "012"}
    assert len(pages) == 1


def test_created_files_and_missing_newlines(tmp_path):
    write_tree(tmp_path, dict(nodes.NO_RELEASE, **{
        "etc/pve/storage.cfg": STORAGE.rstrip("\n").replace("\n", "\r\n")}))
    cells = columns(read(check(tmp_path).out))
    assert cells == [["\tmaxfiles 3 no newline at end of file"],
                     ["\tprune-backups keep-last=3 no newline at end of file"]]
    report = Report([], root="/x", changes=[("etc/new.conf", None, "a\nb\n")])
    table, = read(render(report, "html")).all("table")
    assert table.all("th")[0].text == "Before: no such file" and columns(table) == [[], ["a", "b"]]


def test_large_diffs_end_where_one_sees_it():
    before = "".join("line %d\n" % number for number in range(40000))
    after = before.replace("0\n", "0!\n")
    page = render(Report([], root="/x", changes=[("etc/x", before, after)]), "html")
    assert len(page) < 1000000
    assert re.search("[0-9,]+ more places of this file not shown", read(page).text)


# -- words and lines -------------------------------------------------------------------------------


def marks(old, new):
    return ["".join("[%s]" % part if is_changed else part for part, is_changed in side)
            for side in _changed_words(old, new)]


@pytest.mark.parametrize("old, new, shown", [
    ("deb x buster main", "deb x bullseye main", ["deb x [buster] main", "deb x [bullseye] main"]),
    ("deb x buster/updates main", "deb x bullseye-security main",
     ["deb x [buster/updates] main", "deb x [bullseye-security] main"]),
    ("\tmaxfiles 3", "\tprune-backups keep-last=3", ["\t[maxfiles] 3", "\t[prune-backups keep-last=]3"]),
    ("same", "same", ["same", "same"]), ("", "x", ["", "[x]"]),
])
def test_changed_words(old, new, shown):
    assert marks(old, new) == shown


def test_changed_words_lose_nothing():
    rnd = random.Random(7)
    for _ in range(300):
        old, new = ("".join(rnd.choice(["a", "b ", " ", "=", "cc", "\t", "\u202e"]) for _ in range(rnd.choice(
            [3, 20, 900]))) for _ in "ab")
        for line, side in zip((old, new), _changed_words(old, new)):
            assert "".join(part for part, _ in side) == line
        assert [p for p, c in _changed_words(old, new)[0] if not c] == [
            p for p, c in _changed_words(old, new)[1] if not c] or old != new


def test_lines_find_their_counterparts():
    assert list(_aligned(["a b c\n", "x y z\n"], ["x y q\n"])) == [(0, None), (1, 0)]
    rnd = random.Random(8)
    for _ in range(200):
        old, new = (["".join(rnd.choice("ab c") for _ in range(5)) for _ in range(rnd.randint(0, 40))]
                    for _ in "ab")
        pairs = list(_aligned(old, new))
        assert [left for left, _ in pairs if left is not None] == list(range(len(old)))
        assert [right for _, right in pairs if right is not None] == list(range(len(new)))


def test_a_preview_is_what_fix_gives(tmp_path):
    """Of findings alone, without the plan."""
    project = Project(EXAMPLE, phases="all")
    plan = project.fix()
    changes, made = _preview([f for f in plan.found if f.applicability == "safe"],
                             {file.path: file.tree.code for file in project.files})
    same = {path: (old.decode("utf-8", "surrogateescape"), new.decode("utf-8", "surrogateescape"))
            for path, old, new in plan.changes}
    assert changes == same and len(made) == len(plan.fixed)


# -- hostile contents ------------------------------------------------------------------------------


def page_of(content, tmp_path):
    """A page with *content* everywhere that a file's contents, or a rule, can bring it."""
    class Says(Rule):
        """## What it finds\n\nNothing."""

        code, name, kinds, severity, phase = "ORG001", "says", ("storage",), "error", "before"

        def visit_File(self, tree):
            line = tree.children[0].header
            self.report(line, content, Fix.safe(content, replace(line, "dir: x %s\n" % content)),
                        commands=[content], follow_up=[content])
            self.report(line, content, commands=[content])

    (tmp_path / "etc/pve").mkdir(parents=True)
    lines = "dir: local\n\tpath %s\n\tcontent %s\n" % (content, content)
    (tmp_path / "etc/pve/storage.cfg").write_bytes(lines.encode("utf-8", "surrogatepass"))
    project = Project(tmp_path, phases="all", rules=[Says])
    plan = project.fix()
    old = project.files[0].tree.code
    new = old.replace("dir: local", "dir: x " + content, 1)
    for finding in plan.found:
        finding.move(content + "/")
    report = Report(
        plan.found, root="/" + content, phases=["before"], errors=[(content, content)], notes=[content],
        changes=[(content + "/etc/pve/storage.cfg", old, new), (content, None, content)], nodes=[content])
    return render(report, "html")


@pytest.mark.parametrize("content", HOSTILE)
def test_no_way_out_of_text(content, tmp_path):
    page, plain = read(page_of(content, tmp_path / "a")), read(page_of("plain", tmp_path / "b"))
    assert tags(page) == tags(plain)
    if content.isascii() and content.isprintable():
        assert page.text.count(content) >= plain.text.count("plain") - 2
        assert content in page.all("title")[0].text


def test_no_way_out_of_text_at_all(tmp_path):
    """Pieces of markup in any order, in files that rules look at."""
    rnd = random.Random(9)
    pieces = HOSTILE + list("<>&\"'/=!- \t\n\r") + ["maxfiles 3", "dir: ", "role:", ":Pool.Allocate:", "script"]
    for number in range(25):
        def noise():
            return "".join(rnd.choice(pieces) for _ in range(40)).encode("utf-8", "surrogatepass")

        root = tmp_path / str(number)
        write_tree(root, {
            "etc/pve/storage.cfg": b"dir: a\n\tmaxfiles 3\n" + noise() + b"\n\ndir: b\n\tmaxfiles 2\n" + noise(),
            "etc/pve/user.cfg": b"role:" + noise() + b":Pool.Allocate:\n" + noise(),
            "etc/network/interfaces": b"iface " + noise() + b" inet manual\n\tbridge_ports " + noise(),
            "etc/apt/sources.list": b"deb http://x " + noise() + b" buster main\n" + noise(),
            "etc/pve/nodes/%s/lxc/100.conf" % rnd.choice(["<b>", "a&b", "\"q'", "\u202e"]):
                nodes.GUEST.encode() + noise()})
        read(check(root).out)


def test_a_line_of_a_mebibyte(tmp_path):
    write_tree(tmp_path, dict(nodes.NO_RELEASE, **{
        "etc/vzdump.conf": "exclude-path: %s\nmaxfiles: 3\n" % ("x<" * 500000)}))
    page = check(tmp_path).out
    assert len(page) < 100000
    assert "characters left out" in read(page).text


# -- in a real browser -------------------------------------------------------------------------------

IN_BROWSER = pytest.mark.skipif(bool(MISSING), reason="needs " + MISSING)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The example node as one that still runs 6.4, so that some of it waits: the page's file."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(str(EXAMPLE), str(folder / "pve1"))
    write_tree(folder / "pve1", with_release("6.4-1"))
    file = folder / "page.html"
    file.write_text(check(folder / "pve1").out, encoding="utf-8")
    return file


SHOWN = "return Array.from(document.querySelectorAll('%s')).filter(e => e.checkVisibility()).length"


@pytest.mark.heavy
@IN_BROWSER
@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_is_readable(browser, example, width, dark, tmp_path):
    browser.open(example, width, 900, dark)
    assert browser.requests() == [example.resolve().as_uri()], "something was loaded"
    assert browser.log("browser") == [], "the console"
    assert browser.run("return document.documentElement.scrollWidth") == width, "wider than the window"
    back = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(255, 255, 255)") is not dark
    ratio, where = browser.run(CONTRAST)
    assert ratio >= 4.5, where
    # Side by side where there is room, below each other where there is none.
    top = "return Array.from(document.querySelectorAll('.diff tr:has(.o):has(.a) td.c'))" \
          ".slice(0, 2).map(e => e.getBoundingClientRect().top)"
    before, after = browser.run(top)
    assert (before == after) is (width == 1400)
    browser.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 50000


@pytest.mark.heavy
@IN_BROWSER
def test_filters(browser, example):
    browser.open(example)
    page = read(example.read_text(encoding="utf-8"))
    items = [li for li in page.all("li", "f") if li.all("div", "finding")]

    def shown():
        return browser.run(SHOWN % "li.f:has(.finding)")

    def click(*names):
        for name in names:
            browser.run("document.getElementById('%s').click()" % name)

    assert shown() == len(items)
    click("s-warning", "s-info")
    assert shown() == len([li for li in items if any(c.startswith("error-") for c in li.classes)])
    click("p-after-node")
    wanted = [li for li in items if {"error-before", "error-switch", "error-after-cluster"} & set(li.classes)]
    assert 0 < shown() == len(wanted)
    # Files and hunks of which nothing is left are not there either.
    assert browser.run(SHOWN % "section.file:not(:has(.finding))") == 0
    assert not browser.run(SHOWN % ".none")
    click("s-error")
    assert shown() == 0 and browser.run(SHOWN % ".none") == 1 and browser.run(SHOWN % "table.diff tbody") == 0
    click("s-error", "s-warning", "s-info", "p-after-node")
    assert shown() == len(items)


@pytest.mark.heavy
@IN_BROWSER
@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext (Debian package poppler-utils)")
def test_on_paper(browser, example, tmp_path):
    """Everything is there, whatever was filtered or folded, and nothing is dark."""
    browser.open(example, dark=True)
    browser.run("document.getElementById('s-error').click()")
    browser.print(tmp_path / "page.pdf")
    shown = subprocess.run(["pdftotext", "-layout", str(tmp_path / "page.pdf"), "-"], check=True,
                           stdout=subprocess.PIPE).stdout.decode()
    words = set(shown.split())
    page = read(example.read_text(encoding="utf-8"))
    for help_text in page.all("div", "help"):
        for part in help_text.all("p") + help_text.all("li") + help_text.all("h4"):
            assert {word for word in part.text.split() if re.match("[A-Za-z]{4,12}$", word)} <= words
    assert "LXC001" in shown and "On paper" not in shown
    browser.devtools("Emulation.setEmulatedMedia", media="print",
                     features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    browser.devtools("Emulation.setEmulatedMedia", media="")


@pytest.mark.heavy
@IN_BROWSER
def test_hostile_contents_in_a_browser(browser, tmp_path):
    """The browser sees the elements that were meant, and runs nothing."""
    file = tmp_path / "page.html"
    page = page_of("".join(HOSTILE).replace("\n", ""), tmp_path / "root")
    file.write_text(page, encoding="utf-8")
    browser.open(file, 390)
    assert browser.requests() == [file.resolve().as_uri()] and browser.log("browser") == []
    seen = browser.run("return Array.from(document.querySelectorAll('*')).map(e => e.localName)")
    meant = [element.tag for element in read(page).all()]
    assert sorted(seen) == sorted(meant) and OF_CONTENT & set(seen)
    assert browser.run("return document.documentElement.scrollWidth") == 390
    assert browser.run("return document.scripts.length") == 0


@pytest.mark.heavy
@IN_BROWSER
def test_a_link_to_a_rule_shows_its_help(browser, example):
    browser.open(example)
    visible_help = "return document.querySelector('.rule .help').checkVisibility({contentVisibilityProperty: true})"
    code = browser.run("return document.querySelector('.rule h3').id")
    assert not browser.run(visible_help)
    browser.run("document.querySelector('a[href=\"#%s\"]').click()" % code)
    assert browser.run(visible_help)


def test_what_the_browser_tests_need_is_installed_by_ci():
    with open(os.path.join(str(nodes.REPOSITORY), ".ci", "run"), encoding="utf-8") as script:
        listed = script.read()
    for package in ("chromium", "chromium-driver", "poppler-utils"):
        assert re.search("[ (]%s[ )\n]" % package, listed)
