"""The page over many nodes: whose result is whose, what the matrix says, and that a bad result stops none
of the others."""

import json
import random
import re

import pytest

from browser import MISSING, Browser
from nodes import ERROR, MANUAL, WARNING, run, with_release, write_tree
from pages import CONTRAST, HOSTILE, read, tags
from pvemigrate.output.fleet import report_page
from test_cli import Quick
from test_output import FINDINGS


def finding(**changes):
    return dict({
        "code": "STO001", "name": "storage-maxfiles", "severity": "warning", "phase": "before",
        "applicability": "safe", "path": "etc/pve/storage.cfg", "line": 4, "column": 2, "end_line": 4,
        "end_column": 10, "message": "maxfiles is deprecated", "guide": "", "commands": [],
        "fix": {"title": "write prune-backups", "edits": [
            {"path": "etc/pve/storage.cfg", "start": 1, "end": 2, "text": "x"}]}}, **changes)


MANUAL_ERROR = dict(code="NET005", name="x", severity="error", applicability="manual", fix=None,
                    path="etc/network/interfaces", message="broken")


def result(*findings, **changes):
    """A document as ``--output-format json`` prints it (bytes)."""
    is_one_of_many = changes.pop("is_one_of_many", False)
    phases = changes.get("phases", ["before", "switch"])
    waiting = sum(f["phase"] not in phases for f in findings)
    document = dict({"version": 1, "tool": "pvemigrate 1.0.0", "root": "/", "hop": "6to7", "phases": phases,
                     "findings": list(findings),
                     "summary": {"files": 9, "error": 0, "warning": 0, "info": 0, "fixable": 0, "fixed": 0,
                                 "waiting": waiting}}, **changes)
    if not is_one_of_many:  # which takes time
        FINDINGS.validate(document)
    return json.dumps(document).encode()


def page_of(*results, **options):
    page, errors = report_page(list(results), **options)
    return read(page), errors


def matrix(page):
    """The matrix: node -> (worst, code -> cell)."""
    table, = page.all("table", "matrix")
    codes = [th.text for th in table.all("th", "code")]
    rows = {}
    for row in table.all("tbody")[0].all("tr"):
        cells = [cell.text for cell in row.all("td")]
        assert len(cells) == len(codes) + 1
        rows[row.all("th")[0].text] = (cells[0], {c: t for c, t in zip(codes, cells[1:]) if t})
    return rows


def names(page):
    return [part.all("h3")[0].text for part in page.all("details", "node")]


# -- whose result ----------------------------------------------------------------------------------


@pytest.mark.parametrize("results, expected", [
    ([("a/pve1.json", None, "/")], ["pve1"]),
    ([("a/pve1.json", None, None)], ["pve1"]),
    ([("x.json", None, "/srv/backup/pve7/")], ["pve7"]),
    ([("x.json", "kvm1", "/srv/backup/pve7")], ["kvm1"]),
    ([("pve%d.json" % n, None, "/") for n in (10, 9, 1)], ["pve1", "pve9", "pve10"]),
    ([("pve1.json", None, "/mnt"), ("pve2.json", None, "/mnt")], ["pve1", "pve2"]),
    ([("a/r.json", None, "/"), ("b/r.json", None, "/")], ["r (a/r.json)", "r (b/r.json)"]),
    ([("a/r.json", "n", "/"), ("b/r.json", "n", "/")], ["n (a/r.json)", "n (b/r.json)"]),
    ([("r.json", None, "/"), ("r.json", None, "/")], ["r (r.json, 1)", "r (r.json, 2)"]),
    ([("-", None, "/")], ["-"]),
])
def test_names(results, expected):
    page, errors = page_of(*[(file, name, result(finding(), root=root)) for file, name, root in results])
    assert names(page) == expected and errors == []


def test_a_result_of_many_roots():
    """check over a folder of nodes: what stands before etc/ is the node."""
    page, errors = page_of(("all.json", None, result(
        finding(path="pve1/etc/pve/storage.cfg"), finding(path="dc2/pve2/etc/pve/storage.cfg"),
        finding(path="pve1/var/lib/dpkg/status", code="SYS001"), root="/srv/backup")))
    assert errors == [] and names(page) == ["dc2/pve2", "pve1"]
    assert matrix(page)["pve1"] == ("warning", {"STO001": "W1", "SYS001": "W1"})
    assert "those of its roots without a finding are not named" in page.all("section", "box")[0].text


def test_what_is_due_is_what_the_node_said():
    """On 7.x phase after-node is due for a node's own guests alone; a document tells by its count."""
    guest = dict(code="LXC001", phase="after-node", severity="error")
    findings = [finding(path="etc/pve/nodes/pve%d/lxc/100.conf" % n, **guest) for n in (1, 2, 2)]
    summary = {"files": 9, "error": 1, "warning": 0, "info": 0, "fixable": 0, "fixed": 0, "waiting": 2}
    data = result(*findings, phases=["before", "after-node"], summary=summary)
    assert matrix(page_of(("x.json", None, data))[0]) == {"x": ("error", {"LXC001": "E1 +2"})}
    summary["waiting"] = 0
    data = result(*findings, phases=["before", "after-node"], summary=summary)
    assert matrix(page_of(("x.json", None, data))[0]) == {"x": ("error", {"LXC001": "E3"})}


# -- the page --------------------------------------------------------------------------------------


def test_matrix_and_totals():
    late = dict(code="LXC001", name="cgroup1-key", severity="error", phase="after-node")
    page, errors = page_of(
        ("a.json", None, result(finding(), finding(line=7), finding(**MANUAL_ERROR))),
        ("b.json", None, result(finding(), finding(**late))),
        ("c.json", None, result(finding(**late), phases=["before"])),
        ("d.json", None, result(finding(severity="info", code="SYS001"))), ("e.json", None, result()))
    assert errors == []
    assert matrix(page) == {
        "a": ("error", {"STO001": "W2", "NET005": "E1"}), "b": ("warning", {"STO001": "W1", "LXC001": "+1"}),
        "c": ("none", {"LXC001": "+1"}), "d": ("info", {"SYS001": "I1"}), "e": ("none", {})}
    tiles = [li.text for li in page.all("ul", "tiles")[0].all("li")]
    assert tiles == ["5nodes", "1with errors due", "1with warnings due", "3without either", "5findings due",
                     "2findings waiting"]
    totals = [td.text for td in page.all("tr", "totals")[0].all("td")]
    assert totals == ["", "2", "1", "2", "1"]
    assert "before, switch (4 nodes)" in page.all("dl")[0].text


def test_what_nodes_have_alike_is_there_once():
    page, _ = page_of(*[("pve%d.json" % n, None, result(
        finding(line=4 + n % 2), finding(**dict(MANUAL_ERROR, message="broken %d" % n)))) for n in range(30)])
    shared = [div for div in page.all("div", "finding") if "maxfiles" in div.text]
    assert len(shared) == 1 and len(page.all("div", "finding")) == 31
    assert "lines 4 to 5" in shared[0].text and "On 30 nodes" in shared[0].text
    assert [a.text for a in shared[0].all("details")[0].all("a")] == ["pve%d" % n for n in range(30)]
    node = page.all("details", "node")[0]
    assert [td.text for td in node.all("table", "list")[0].all("td")] == [
        "error", "NET005", "etc/network/interfaces:4", "broken 0",
        "warning", "STO001", "etc/pve/storage.cfg:4", "maxfiles is deprecated"]


def test_fixes_that_differ_are_told_with_each_node():
    page, _ = page_of(*[("pve%d.json" % n, None, result(finding(fix=dict(finding()["fix"], title="fix %d" % n))))
                        for n in (1, 2)])
    assert "differs from node to node" in page.all("div", "finding")[0].text
    assert "fix: fix 2" in page.all("details", "node")[1].text


def test_the_order_of_results_does_not_matter():
    results = [("pve%d.json" % n, None, result(finding(line=n % 5 + 1), finding(**MANUAL_ERROR)))
               for n in range(40)]
    pages = set()
    for seed in range(3):
        random.Random(seed).shuffle(results)
        pages.add(report_page(results)[0])
    assert len(pages) == 1


# -- results that are none ---------------------------------------------------------------------------


@pytest.mark.parametrize("data, message", [
    (b"", "empty: the run did not come to its end"), (b" \n", "empty: the run did not come to its end"),
    (b"{", "not JSON: "), (b"\xff\xfe{\0", "not JSON: not UTF-8"),
    (b"[" * 100000, "not JSON that can be read: nested too deep"), (b"9" * 10000, "not "),
    (b"[]", "not a result of pvemigrate"), (b"null", "not a result of pvemigrate"),
    (b'{"tool": "ruff 1"}', "not a result of pvemigrate"),
    (b'{"tool": "pvemigrate 9", "version": 2}', "a document of version 2; this pvemigrate reads version 1"),
    (b'{"tool": "pvemigrate 9", "version": "\\u001b"}', "a document of version '\\x1b'"),
    (b'{"tool": "pvemigrate 1.0.0", "version": 1}', "not as pvemigrate writes it: root"),
])
def test_bad_results(data, message):
    page, errors = page_of(("good.json", None, result(finding())), ("bad.json", None, data))
    assert [file for file, _ in errors] == ["bad.json"] and errors[0][1].startswith(message), errors
    assert names(page) == ["good"]
    assert "bad.json" in page.all("section", "bad")[0].text


@pytest.mark.parametrize("path, value", [
    (["root"], 5), (["hop"], None), (["phases"], "before"), (["findings"], {}), (["findings", 0], "x"),
    (["summary"], []), (["summary", "files"], -1), (["summary", "waiting"], True),
    (["findings", 0, "code"], "<b>"), (["findings", 0, "code"], 1), (["findings", 0, "severity"], "fatal"),
    (["findings", 0, "phase"], "later"), (["findings", 0, "applicability"], "maybe"),
    (["findings", 0, "line"], 0), (["findings", 0, "line"], 1e99), (["findings", 0, "line"], 1 << 60),
    (["findings", 0, "path"], ""), (["findings", 0, "message"], None), (["findings", 0, "fix"], []),
    (["findings", 0, "fix"], {"title": 1}), (["findings", 0, "commands"], [1]), (["findings", 0, "name"], []),
])
def test_results_that_are_not_as_published(path, value):
    document = json.loads(result(finding()).decode())
    at = document
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    page, errors = page_of(("x.json", None, json.dumps(document).encode()))
    assert len(errors) == 1 and errors[0][1].startswith("not as pvemigrate writes it: ")
    assert "There is no result to show." in page.text


def test_anything_may_be_a_result():
    """Bytes changed at random in a good one: a page comes out all the same."""
    rnd = random.Random(3)
    good = result(finding(), finding(**MANUAL_ERROR))
    for _ in range(300):
        data = bytearray(good)
        for _ in range(rnd.choice([1, 1, 3, 20])):
            at = rnd.randrange(len(data))
            data[at:at + rnd.randint(0, 3)] = bytes(rnd.choice(b'{}[]":,0\\u<>&e-\xff') for _ in range(rnd.randint(0, 3)))
        page_of(("x.json", None, bytes(data)), ("y.json", None, good))


@pytest.mark.parametrize("content", HOSTILE)
def test_no_way_out_of_text(content):
    def page(word):
        odd = finding(message=word, path="etc/" + word, fix=dict(finding()["fix"], title=word),
                      commands=[word], name=word)
        document = dict(json.loads(result(finding()).decode()), root="/" + word, tool="pvemigrate " + word,
                        hop=word, findings=[odd])
        data = json.dumps(document).encode()
        text, _ = report_page([(word, None, data), (word + "2", word + "n", data), ("bad" + word, None, b"")])
        return read(text)

    assert tags(page(content)) == tags(page("plain"))


def test_passwords_are_dots():
    page, _ = page_of(("x.json", None, result(finding(message="see https://me:hunter2@repo/debian"))))
    assert "hunter2" not in page.text and "https://me:\u2022" in page.text


# -- the command -------------------------------------------------------------------------------------


def test_report_of_real_nodes(tmp_path):
    for name, tree in (("pve1", dict(WARNING, **ERROR)), ("pve2", MANUAL), ("pve3", with_release("6.4-1", ERROR))):
        write_tree(tmp_path / name, tree)
        text = Quick("check", "--root", tmp_path / name, "--output-format", "json").out
        (tmp_path / (name + ".json")).write_text(text)
    bad = tmp_path / "pve4.json"
    bad.write_text("")
    files = sorted(tmp_path.glob("*.json"))
    outcome = run("report", *files + [tmp_path / "pve5.json"])
    assert outcome.status == 2
    assert outcome.err.splitlines() == [
        "error: %s: No such file or directory" % (tmp_path / "pve5.json"),
        "error: %s: empty: the run did not come to its end" % bad]
    page = read(outcome.out)
    assert matrix(page) == {"pve1": ("error", {"LXC001": "E1", "STO001": "W1"}),
                            "pve2": ("warning", {"STO006": "W1"}), "pve3": ("none", {"LXC001": "+1"})}
    target = tmp_path / "page.html"
    outcome = Quick("report", "-o", target, "kvm=%s" % files[0], files[1])
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")
    assert names(read(target.read_text(encoding="utf-8"))) == ["kvm", "pve2"]


def test_report_from_stdin_and_odd_file_names(tmp_path):
    data = result(finding(), root="/srv/pve1")
    assert names(read(run("report", "-", input=data).out)) == ["pve1"]
    assert names(read(run("report", "n=-", input=data).out)) == ["n"]
    (tmp_path / "a=b.json").write_bytes(data)
    assert names(read(Quick("report", tmp_path / "a=b.json").out)) == ["pve1"]


def test_report_that_cannot_be_written(tmp_path):
    (tmp_path / "x.json").write_bytes(result())
    outcome = Quick("report", tmp_path / "x.json", "-o", tmp_path / "no" / "page.html")
    assert outcome.status == 2 and "No such file or directory" in outcome.err
    assert Quick("report").status == 2


# -- a thousand nodes ----------------------------------------------------------------------------------


def fleet(count, each=20):
    """Results of *count* nodes: what most have alike, and what is each one's own."""
    rnd = random.Random(11)
    codes = ["APT001", "APT002", "APT003", "BAK001", "BAK002", "LXC001", "LXC002", "NET001", "STO001", "STO004",
             "SYS001", "SYS005", "USR001"]
    severities = {code: rnd.choice(["error", "warning", "warning", "info"]) for code in codes}
    phases = {code: rnd.choice(["before", "before", "switch", "after-node"]) for code in codes}
    for number in range(1, count + 1):
        found = []
        for _ in range(0 if number % 20 == 0 else each):
            code = rnd.choice(codes)
            own = rnd.random() < .3
            found.append(finding(
                code=code, name="rule-" + code.lower(), severity=severities[code], phase=phases[code],
                line=rnd.randint(1, 60), message="what %s says of %s" % (code, number if own else "all"),
                path="etc/pve/nodes/pve%d/lxc/100.conf" % number if own else "etc/pve/storage.cfg"))
        yield "pve%d.json" % number, None, result(*found, phases=["before"], is_one_of_many=True)


def test_a_thousand_nodes():
    """All are there, and the page stays of a size that a browser opens at once."""
    text, errors = report_page(fleet(1000))
    assert errors == [] and len(text) < 8000000
    assert len(re.findall('<tr class="n-', text)) == len(re.findall('<details class="rule node', text)) == 1000
    assert len(re.findall('<tr class="f ', text)) == 950 * 20
    assert len(re.findall('<div class="finding"', text)) < 8000


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


IN_BROWSER = pytest.mark.skipif(bool(MISSING), reason="needs " + MISSING)
SHOWN = "return Array.from(document.querySelectorAll('%s')).filter(e => e.checkVisibility()).length"


@pytest.mark.heavy
@IN_BROWSER
@pytest.mark.parametrize("width, dark", [(390, False), (1400, False), (1400, True)])
def test_it_is_readable(browser, width, dark, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(report_page([*fleet(60), ("bad<b>.json", None, b"")])[0], encoding="utf-8")
    browser.open(file, width, 900, dark)
    assert browser.requests() == [file.resolve().as_uri()] and browser.log("browser") == []
    assert browser.run("return document.documentElement.scrollWidth") == width
    browser.run("document.querySelectorAll('details').forEach(e => e.open = true)")
    ratio, where = browser.run(CONTRAST)
    assert ratio >= 4.5, where
    browser.picture(tmp_path / "page.png", whole=False)


@pytest.mark.heavy
@IN_BROWSER
def test_a_thousand_nodes_in_a_browser(browser, tmp_path):
    """Head and names stay in sight, rows can be put aside, a node's name leads to its findings."""
    file = tmp_path / "page.html"
    file.write_text(report_page(fleet(1000))[0], encoding="utf-8")
    browser.open(file)
    assert browser.run(SHOWN % ".matrix tbody tr") == 1000
    corner = browser.run("""
        var box = document.querySelector('.scroll'); box.scrollTo(200, 9000);
        var row = document.querySelector('.matrix tbody tr:nth-child(400) th');
        return [document.querySelector('.matrix thead').getBoundingClientRect().top,
                row.getBoundingClientRect().left].map((v, i) => v - [box.getBoundingClientRect().top,
                box.getBoundingClientRect().left][i]);""")
    assert all(abs(offset) < 3 for offset in corner), corner
    states = re.findall('<tr class="(n-[a-z]+)"', file.read_text(encoding="utf-8"))
    for box in ("n-error", "n-clean"):
        before = browser.run(SHOWN % ".matrix tbody tr")
        browser.run("document.getElementById('%s').click()" % box)
        assert browser.run(SHOWN % ".matrix tbody tr") == before - states.count(box) < before
    browser.run("document.querySelectorAll('.filters input').forEach(e => e.checked = true)")
    browser.run("document.querySelector('.matrix tbody tr:nth-child(700) th a').click()")
    assert browser.run("return document.querySelector('#node-700').getBoundingClientRect().top") < 850
    assert browser.run("""return document.querySelector('details:has(#node-700) .help').checkVisibility(
        {contentVisibilityProperty: true})""")


def test_the_columns_lead_to_the_rules():
    page, _ = page_of(("a.json", None, result(finding())))
    link, = page.all("th", "code")[0].all("a")
    assert link.attributes["href"] == "#rule-STO001"
    part, = [details for details in page.all("details", "rule") if details.all("h3")[0].text.startswith("STO001")]
    assert "Why it matters" in part.text and re.search("warning, phase before; 1 finding on 1 node", part.text)


def test_a_result_that_is_not_complete_is_named():
    document = {"version": 1, "tool": "pvemigrate 1.0.0", "root": "/srv/pve1", "hop": "6to7",
                "phases": ["before"], "findings": [], "summary": dict.fromkeys(
                    ("files", "error", "warning", "info", "fixable", "fixed", "waiting"), 0),
                "errors": [{"path": "etc/pve/<b>", "message": "Permission denied"}]}
    page, errors = report_page([("pve1.json", None, json.dumps(document).encode())])
    assert errors == []
    assert "pve1.json is not complete: etc/pve/&lt;b&gt;: Permission denied" in page
    document["errors"] = [{"path": 3}]
    page, errors = report_page([("pve1.json", None, json.dumps(document).encode())])
    assert [file for file, _ in errors] == ["pve1.json"]
