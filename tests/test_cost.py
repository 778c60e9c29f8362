"""What a check costs: one parse a file and one walk a tree, however many rules there are."""

from collections import Counter

import pytest

import nodes
from pvemigrate import Project, engine, source
from pvemigrate.cst import File, Node
from pvemigrate.facts import Facts

EXAMPLES = nodes.REPOSITORY / "examples"


class Costs:
    """Counts while a root is checked. ``parsed``: bytes of a file -> how often they were parsed.
    ``walked``: how often the engine went through each file. ``searched``: id of a node -> how often
    anything else went through all below it, and ``kept``: these nodes, so that ids stay theirs.
    ``read``: path -> how often its bytes were asked for."""

    def __init__(self, monkeypatch):
        self.parsed, self.walked, self.searched = Counter(), Counter(), Counter()
        self.read, self.kept = Counter(), {}
        parse, walk, engine_walk, get = source.parse, Node.walk, engine._walk, Facts.get

        def counting_parse(data, kind):
            self.parsed[data] += 1
            return parse(data, kind)

        def counting_engine_walk(node, *rest):
            if isinstance(node, File):
                self.walked[node.code] += 1
            engine_walk(node, *rest)

        def counting_walk(node):
            if id(node) not in inner:
                self.searched[id(node)] += 1
                self.kept[id(node)] = node
            inner.update(map(id, node.children))
            return walk(node)

        def counting_get(facts, path):
            self.read[path] += 1
            return get(facts, path)

        inner = set()
        monkeypatch.setattr(source, "parse", counting_parse)
        monkeypatch.setattr(engine, "_walk", counting_engine_walk)
        monkeypatch.setattr(Node, "walk", counting_walk)
        monkeypatch.setattr(Facts, "get", counting_get)


def sourcing(root):
    """A copy of nothing but a network configuration whose files name others, two of them at places
    of their own."""
    return nodes.write_tree(root, {
        "etc/pve/storage.cfg": nodes.STORAGE_CLEAN,
        "etc/network/interfaces": "source interfaces.d/*\nsource /etc/network/more/*.cfg\n"
                                  "auto lo\niface lo inet loopback\n",
        "etc/network/interfaces.d/bridge": "iface vmbr0 inet manual\n\tbridge-ports eno1\n",
        "etc/network/more/one.cfg": "source /etc/network/more/two.conf\niface eno1 inet manual\n",
        "etc/network/more/two.conf": "iface eno2 inet manual\n",
    })


@pytest.fixture(params=["pve6-node", "pve7-node", "sourcing"])
def root(request, tmp_path):
    return sourcing(tmp_path) if request.param == "sourcing" else EXAMPLES / request.param


def test_one_parse_a_file_and_one_walk_a_tree(root, monkeypatch):
    Project(root).check()  # The grammars are loaded.
    costs = Costs(monkeypatch)
    project = Project(root, phases="all")
    project.check()
    assert project.errors == []
    paths = {file.data: file.path for file in project.files}
    assert {paths.get(data, data): count for data, count in costs.parsed.items()
            if count > 1} == {}
    assert {file.path: costs.walked[file.tree.code] for file in project.files
            if costs.walked[file.tree.code] > 1} == {}
    assert len(costs.walked) <= len(project.files)
    assert [costs.kept[key].code[:60] for key, count in costs.searched.items()
            if isinstance(costs.kept[key], File)] == [], "a tree was walked through besides"


def test_no_part_of_a_tree_is_searched_twice(root, monkeypatch):
    """What several rules have to know of a section is worked out once."""
    costs = Costs(monkeypatch)
    Project(root, phases="all").check()
    assert {costs.kept[key].code[:60]: count for key, count in costs.searched.items()
            if count > 1} == {}


def test_each_text_is_read_once(root, monkeypatch):
    costs = Costs(monkeypatch)
    Project(root, phases="all").check()
    assert {path: count for path, count in costs.read.items() if count > 1} == {}
