"""What makes a run cheap changes nothing: which files a rule is not shown (``Rule.needs``,
``Rule.may_find``), and what a later round of fix takes over from the one before.

Each is compared with a run that does without: every rule looks into every file, and each round looks
everything up anew.
"""

import random
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nodes
import shapes
from pvemigrate import engine
from pvemigrate.catalogue import catalogue
from pvemigrate.engine import Due, Scope
from pvemigrate.facts import Facts
from pvemigrate.formats import kind_of_path
from pvemigrate.rule import NODE, Rule, RuleInfo
from pvemigrate.settings import HOPS, PHASES, Settings
from pvemigrate.source import SourceFile

# -- runs ------------------------------------------------------------------------------------------


@lru_cache(maxsize=None)
def rules(kinds, hop=HOPS[0]):
    """The rules for these kinds (tuple), as a run has them."""
    return [info.settled(hop) for info in catalogue()
            if hop in info.hops and set(kinds).intersection(info.kinds)]


@lru_cache(maxsize=None)
def unfiltered(kinds, hop=HOPS[0]):
    """The same, but each looks into every file."""
    return [without_filters(info) for info in rules(kinds, hop)]


def without_filters(info):
    return needing(info, None, may_find=lambda self, file: True)


def needing(info, needs, **values):
    """The same rule, which needs these words instead in each hop."""
    rule = info.load()
    in_hop = {hop: {**rule.in_hop.get(hop, {}), "needs": needs} for hop in rule.hops}
    return RuleInfo.of(type(rule.__name__, (rule,), {"needs": needs, "in_hop": in_hop, **values}))


class Tree:
    """A node's files in memory: path -> bytes. *asked*: the paths that the run is for (default: all,
    and the node as a whole)."""

    def __init__(self, files, asked=None, **options):
        self.files = files
        self.asked = asked
        self.options = options
        self.hop = options.get("hop") or HOPS[0]

    @property
    def kinds(self):
        found = {kind_of_path(path[4:]) for path in self._chosen()} - {None}
        return tuple(sorted(found | ({NODE} if self.asked is None else set())))

    def _chosen(self):
        return [path for path in sorted(self.files) if path.startswith("etc/")
                and (self.asked is None or path in self.asked)]

    def scope(self):
        """A scope over the files, made anew."""
        options = {name: value for name, value in self.options.items() if name != "kind"}
        settings = Settings(**options)
        facts = Facts(self.files.get, "etc/", settings, self._exists, self._listdir)
        kind = self.options.get("kind")
        known = {path: SourceFile(path, kind or kind_of_path(path[4:]), data, path[4:])
                 for path, data in self.files.items()
                 if path.startswith("etc/") and (kind or kind_of_path(path[4:]))}
        chosen = [known[path] for path in self._chosen() if path in known]
        rest = [known[path] for path in sorted(known) if known[path] not in chosen]
        return Scope(chosen, facts, settings, Due(PHASES),
                     lambda kinds: [file for file in rest if file.kind in kinds],
                     None if self.asked is None else self.asked.__contains__)

    def _exists(self, path):
        return path in self.files or any(other.startswith(path.rstrip("/") + "/")
                                         for other in self.files)

    def _listdir(self, path):
        start = path.rstrip("/") + "/" if path else ""
        return sorted({other[len(start):].partition("/")[0] for other in self.files
                       if other.startswith(start)})

    def __repr__(self):
        return "Tree(%r, %r, **%r)" % (self.files, self.asked, self.options)


def described(finding):
    return (finding.code, finding.path, finding.position, finding.severity, finding.applicability,
            finding.message, finding.title, finding.due, finding.fixed, finding.byte_edits,
            finding.commands, finding.follow_up)


def checked(tree, infos):
    """Findings and errors of a check, in a form that can be compared."""
    findings, errors = engine.check(tree.scope(), infos)
    return [described(finding) for finding in findings], errors


def compare(tree):
    """Assert that filters make no difference; whether there was something to find."""
    kinds = tree.kinds
    plain = checked(tree, rules(kinds, tree.hop))
    assert plain == checked(tree, unfiltered(kinds, tree.hop)), tree
    return bool(plain[0])


# -- trees -----------------------------------------------------------------------------------------

#: Options that make rules look further, in turn.
OPTIONS = (
    {}, {"archive": True, "pve_repo": "no-subscription", "unsafe_fixes": True, "deb822": True},
    {"pin_nics": True, "macs": {"vmbr0": "02:00:00:00:00:0a", "eno1": "02:00:00:00:00:0b"},
     "rename_roles": {"PVEPoolUser": "Other"}, "unsafe_fixes": True},
    {"rename_nics": {"eno1": "enp9s0"}, "pve_repo": "enterprise"})

#: What dpkg may show: nothing, the last 6.4, an older one with ifupdown2 and a kernel, 7.x.
STATUS = (
    None, nodes.status_file(proxmox_ve="6.4-1", pve_manager="6.4-15"),
    nodes.status_file(proxmox_ve="6.2-1", ifupdown2="1.2.8-1", linux_image_amd64="4.19"),
    nodes.status_file(**{"proxmox_ve": "7.4-1", "pve_manager": "7.4-17", "pve_kernel_5.15.107-2-pve":
                         "5.15.107-2"}))

#: A place for a file of each kind.
PLACES = {
    "apt-list": ("apt/sources.list", "apt/sources.list.d/a.list", "apt/sources.list.d/b.list"),
    "deb822": ("apt/sources.list.d/c.sources", "apt/sources.list.d/d.sources"),
    "ceph": ("pve/ceph.conf", "pve/priv/ceph/rbd.conf"), "jobs": ("pve/jobs.cfg",),
    "notifications": ("pve/notifications.cfg",), "corosync": ("pve/corosync.conf",),
    "grub": ("default/grub", "default/grub.d/x.cfg"), "kernel-cmdline": ("kernel/cmdline",),
    "interfaces": ("network/interfaces", "network/interfaces.d/a", "network/interfaces.new"),
    "lxc": ("pve/nodes/a/lxc/100.conf", "pve/nodes/b/lxc/101.conf"),
    "qemu": ("pve/nodes/a/qemu-server/102.conf", "pve/nodes/b/qemu-server/103.conf"),
    "modprobe": ("modprobe.d/a.conf", "modprobe.d/b.conf"), "storage": ("pve/storage.cfg",),
    "lvm": ("lvm/lvm.conf", "lvm/lvmlocal.conf"), "sysctl": ("sysctl.conf", "sysctl.d/a.conf"),
    "user": ("pve/user.cfg",), "vzdump-conf": ("vzdump.conf",), "vzdump-cron": ("pve/vzdump.cron",),
}


@lru_cache(maxsize=None)
def goldens():
    """The goldens' cases: list of (name, Tree)."""
    found = []
    for path in sorted((shapes.CHECKOUT / "golden").glob("*/*.yml")):
        case = shapes.read_yaml(path)
        options = {name: value for name, value in (case.get("options") or {}).items()
                   if name not in ("select", "ignore", "phases", "paths", "etc")}
        files = {place: str(text).encode("utf-8", "surrogatepass")
                 for place, text in (case.get("files") or {}).items()}
        files.update((place, path.with_name(name).read_bytes())
                     for place, name in (case.get("raw") or {}).items())
        if "kind" not in options:
            found.append(("%s/%s" % (path.parent.name, path.stem), Tree(files, **options)))
    return found


def examples():
    return [Tree(nodes.read_tree(nodes.REPOSITORY / "examples" / name), hop=hop, **options)
            for name, hop in (("pve6-node", "6to7"), ("pve7-node", "6to7"), ("pve7-node", "7to8"),
                              ("pve8-node", "8to9"), ("pve9-clean", "8to9")) for options in OPTIONS]


@lru_cache(maxsize=None)
def samples():
    """Kind -> files of it, from the goldens and the examples."""
    found = {}
    for kind, _, data in shapes.samples():
        if len(data) < 20000:
            found.setdefault(kind, []).append(data)
    return found


@lru_cache(maxsize=None)
def needles(kind):
    """What the rules for *kind* need, as far as it is a word."""
    return sorted({needle for info in catalogue() if kind in info.kinds
                   for hop in info.hops for needle in info.settled(hop).needs or ()
                   if len(needle) > 2})


def damaged(data, kind, rnd):
    """*data* with a change, most often within a word that some rule looks for: cut, escaped, quoted
    or spelled in another way."""
    for _ in range(rnd.choice((1, 1, 2))):
        words = [needle.encode() for needle in needles(kind) if needle.encode() in data]
        if words and rnd.random() < 0.8:
            word = rnd.choice(words)
            places = [at for at in range(len(data)) if data.startswith(word, at)]
            at = rnd.choice(places) + rnd.randrange(len(word))
        else:
            at = rnd.randrange(len(data) + 1)
        char = data[at:at + 1]
        data = data[:at] + rnd.choice((
            b"", b"\\\n" + char, b"\\" + char, b'"' + char + b'"', b"'" + char + b"'", b'""' + char,
            b"''" + char, b"%%%02x" % ord(char or b"x"), b"`x`" + char, b"$(x)" + char, b"\0" + char,
            b"\\\0x\n" + char, char.upper(), char.lower(), b"-", b"_", b"\n" + char, b"\r" + char,
            b"\xe2\x84\xaa", bytes([rnd.randrange(256)]))) + data[at + 1:]
    return data


def text(kind, rnd):
    """A file of *kind* (bytes): of a sample's lines, or made up."""
    if rnd.random() < 0.5:
        return shapes.text(kind, rnd).encode("utf-8", "surrogateescape")
    data = rnd.choice(samples()[kind])
    return damaged(data, kind, rnd) if rnd.random() < 0.7 else data


def random_tree(rnd, kinds=None):
    """Some files of some kinds, the node around them, and which of them are asked for."""
    kinds = kinds or rnd.sample(sorted(PLACES), rnd.choice((1, 2, 2, 3, 5)))
    files = {}
    for kind in kinds:
        for place in rnd.sample(PLACES[kind], rnd.randint(1, len(PLACES[kind]))):
            files["etc/" + place] = text(kind, rnd)
    asked = None
    if rnd.random() < 0.5:
        asked = set(rnd.sample(sorted(files), rnd.randint(1, len(files))))
    status = rnd.choice(STATUS)
    if status is not None:
        files["var/lib/dpkg/status"] = status.encode("ascii")
    if rnd.random() < 0.5:
        for name in ("lo", "eno1", "vmbr0"):
            files["sys/class/net/%s/address" % name] = b"02:00:00:00:00:0c\n"
    if rnd.random() < 0.3:
        files["etc/hostname"] = b"a\n"
    return Tree(files, asked, hop=rnd.choice(HOPS), **rnd.choice(OPTIONS))


# -- what rules are not shown ----------------------------------------------------------------------


@pytest.mark.heavy
def test_filters_change_nothing_in_the_goldens():
    """All rules over each, not only the one that it is for."""
    assert sum(compare(tree) for _, tree in goldens()) > 400


@pytest.mark.heavy
def test_filters_change_nothing_where_one_file_alone_is_asked_for():
    """What a rule says of it may come from one beside it."""
    for _, tree in goldens():
        known = [path for path in tree.files if path.startswith("etc/") and kind_of_path(path[4:])]
        if len(known) > 1:
            for path in known:
                compare(Tree(tree.files, {path}, **tree.options))


def test_filters_change_nothing_in_the_examples():
    assert any([compare(tree) for tree in examples()])


@pytest.mark.heavy
@pytest.mark.parametrize("kind", sorted(PLACES))
def test_filters_change_nothing_in_damaged_files(kind):
    """Each sample, the words that rules look for in it cut up and spelled in other ways."""
    for number, data in enumerate(samples()[kind]):
        rnd = random.Random("%s damaged %d" % (kind, number))
        place = "etc/" + PLACES[kind][0]
        for _ in range(3):
            compare(Tree({place: damaged(data, kind, rnd)}, {place}, **rnd.choice(OPTIONS)))


@pytest.mark.heavy
@pytest.mark.parametrize("kind", sorted(PLACES))
def test_filters_change_nothing_in_made_up_files(kind):
    found = 0
    for rnd in shapes.randoms(kind, "prefilter", 60):
        found += compare(random_tree(rnd, [kind]))
    assert found


@pytest.mark.heavy
def test_filters_change_nothing_in_made_up_nodes():
    assert sum(compare(random_tree(rnd)) for rnd in shapes.randoms("nodes", "prefilter", 250)) > 100


SPELLINGS = st.sampled_from(["", "\\\n", "\\", '"', "'", "%", "`x`", "\0", "\r", "$x", "\\\0\n", "-", "_"])


@pytest.mark.heavy
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_filters_change_nothing_in_lines_of_which_words_are_cut(data):
    """A line that a rule is about, and something put into the middle of one of its words."""
    kind = data.draw(st.sampled_from(sorted(PLACES)))
    lines = data.draw(st.lists(st.sampled_from(shapes.LINES[kind]), min_size=1, max_size=5))
    content = "\n".join(lines) + "\n"
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        content = content[:at] + data.draw(SPELLINGS) + content[at:]
    path = "etc/" + PLACES[kind][0]
    compare(Tree({path: content.encode("utf-8", "surrogatepass")}, {path}))


#: A file (kind, text) in which a word that a rule looks for is spelled in another way, and its code.
SPELLED = [
    ("APT001", "apt-list", 'deb http://deb.debian.org/debian b%75ster main\n'),
    ("APT001", "apt-list", 'deb http://deb.debian.org/debian bus"te"r main\n'),
    ("APT003", "apt-list", 'deb http://download.proxmox.com/debian/pve b%75ster p"v"etest\n'),
    ("APT005", "apt-list", 'deb http://download.proxmox.com/debian/ceph-n%61utilus buster main\n'),
    ("APT007", "apt-list", 'deb http://deb.debian.org/debian buster-b%61ckports main\n'),
    ("NET002", "interfaces", "iface a inet manual\n\thwad\\\ndress 1:2\n"),
    ("NET002", "interfaces", "iface a inet manual\n\thwad\\\0x\ndress 1:2\n"),
    ("SYS014", "grub", "GRUB_CMDLINE_LINUX='c'\"g\"roup_no_v1=all\n"),
    ("SYS014", "grub", "GRUB_CMDLINE_LINUX=c\\group-no-v1=all\n"),
    ("SYS014", "grub", "GRUB_CMDLINE_LINUX=\"cg`x`roup_no_v1=all\"\n"),
    ("LXC011", "grub", "GRUB_CMDLINE_LINUX=systemd.unified_c\"\"group_hierarchy=no\n"),
    ("BAK002", "vzdump-cron", "0 2 * * 6 root vzdump 1 --MA'X'f 3\n"),
    ("BAK002", "vzdump-cron", "0 2 * * 6 root vzdump 1 -m\\ax=3\n"),
    ("BAK002", "vzdump-cron", "0 2 * * * root sh -c \"vzdump 1 --ma\\\"x\\\"files 3\"\n"),
    ("BAK004", "vzdump-cron", "0 2 * * 6 root vzdump 1 -S\"I\" 3\n"),
]


@pytest.mark.parametrize("code, kind, content", SPELLED)
def test_other_spellings_are_found(code, kind, content):
    path = "etc/" + PLACES[kind][0]
    tree = Tree({path: content.encode("utf-8")}, {path})
    compare(tree)
    assert code in [finding[0] for finding in checked(tree, rules(tree.kinds))[0]]


#: A volume that only looks as if its storage were right: a blank that belongs to its name, and a
#: broken section whose "id" ends in the middle of a value.
VOLUMES = [
    ("qemu", "ide0: data:backup/ ,media=cdrom\n", "dir: data\n\tpath /srv\n\tcontent images\n"),
    ("lxc", "mp0: volume=none:1,mp=/a\n", "dir: volume=none\n\tpath /srv\n"),
    ("lxc", "mp0: =a,none:1,mp=/a\n", "dir: a\n\tpath /srv\ndir: =a,none\n"),
]


@pytest.mark.parametrize("kind, content, storage", VOLUMES)
def test_volumes_of_which_a_quick_look_tells_little(kind, content, storage):
    path = "etc/" + PLACES[kind][0]
    tree = Tree({path: content.encode("ascii"), "etc/pve/storage.cfg": storage.encode("ascii")}, {path})
    compare(tree)
    assert "GST002" in [finding[0] for finding in checked(tree, rules(tree.kinds))[0]]


# -- that the comparison would see it --------------------------------------------------------------


FILTERED = [info for info in catalogue() if any(info.settled(hop).needs for hop in info.hops)]


@pytest.mark.parametrize("info", FILTERED, ids=lambda info: info.code)
def test_a_rule_that_needs_too_much_would_be_seen(info):
    """With something behind each word that it needs, its goldens show the difference."""
    for hop in info.hops:
        words = info.settled(hop).needs
        wrong = needing(info, words and tuple(needle + "\1\1" for needle in words))
        if any(checked(tree, [wrong]) != checked(tree, [without_filters(info)])
               for name, tree in goldens() if name.startswith(info.code) and tree.hop == hop):
            return
    raise AssertionError("none of its goldens shows it")


@pytest.mark.parametrize("code, kind, content", SPELLED)
def test_a_rule_that_needs_one_spelling_alone_would_be_seen(code, kind, content):
    info = next(info for info in catalogue() if info.code == code)
    wrong = needing(info, tuple(needle for needle in info.settled(HOPS[0]).needs
                                if needle.islower() and not set(needle) & set("%\"'\\`")))
    path = "etc/" + PLACES[kind][0]
    tree = Tree({path: content.encode("utf-8")}, {path})
    assert checked(tree, [wrong]) != checked(tree, [without_filters(info)])


# -- what a round takes over from the one before ---------------------------------------------------


Checker = engine.Checker


class Anew(Checker):
    """Looks everything up anew in each round."""

    def __init__(self, *given):
        super().__init__(*given)
        self._given = given

    def check(self, scope):
        return Checker(*self._given).check(scope)


def fixed(tree):
    result = engine.fix(tree.scope(), rules(tree.kinds, tree.hop))
    return ({path: (old and old.data, new and new.data) for path, (old, new) in result.files.items()},
            *([described(finding) for finding in findings]
              for findings in (result.found, result.fixed, result.remaining)),
            result.errors, result.blocked)


def compare_fixes(tree):
    """Assert that it makes no difference; whether there was something to change."""
    kept = fixed(tree)
    engine.Checker = Anew
    try:
        assert kept == fixed(tree), tree
    finally:
        engine.Checker = Checker
    return bool(kept[0])


@pytest.mark.heavy
def test_later_rounds_find_the_same_in_the_goldens():
    assert sum(compare_fixes(tree) for _, tree in goldens()) > 200


def test_later_rounds_find_the_same_in_the_examples():
    assert any([compare_fixes(tree) for tree in examples()])


@pytest.mark.heavy
def test_later_rounds_find_the_same_in_made_up_nodes():
    assert sum(compare_fixes(random_tree(rnd))
               for rnd in shapes.randoms("nodes", "rounds", 200)) > 60


# -- what a rule takes over from one file to the next ----------------------------------------------


def alone(info, path):
    """A rule that sees one file, and no other before it."""
    return needing(info, None, may_find=lambda self, file: file.path == path)


@pytest.mark.heavy
def test_local_rules_carry_nothing_from_file_to_file():
    for rnd in shapes.randoms("nodes", "alone", 100):
        kind = rnd.choice([kind for kind in sorted(PLACES) if len(PLACES[kind]) > 1])
        tree = random_tree(rnd, [kind])
        infos = [info for info in rules(tree.kinds, tree.hop) if info.is_local]
        each = [finding for path in tree.scope().by_path
                for finding in checked(tree, [alone(info, path) for info in infos])[0]]
        assert sorted(map(repr, each)) == sorted(map(repr, checked(tree, infos)[0])), tree


def test_a_rule_that_carries_something_along_would_be_seen():
    """One that calls itself local, and speaks of the first file alone."""
    class Once(Rule):
        code, kinds = "XXX001", ("lxc",)
        has_spoken = False

        def visit_File(self, tree):
            if not self.has_spoken:
                self.report(None, "first")
            self.has_spoken = True

    info = RuleInfo.of(Once)
    tree = Tree({"etc/" + place: b"arch: amd64\n" for place in PLACES["lxc"]})
    assert info.is_local and len(checked(tree, [info])[0]) == 1
    assert sum(len(checked(tree, [alone(info, path)])[0]) for path in tree.files) == 2


def test_local_rules_find_the_same_in_whatever_order_files_come():
    for rnd in shapes.randoms("nodes", "order", 100):
        tree = random_tree(rnd)
        infos = [info for info in rules(tree.kinds, tree.hop) if info.is_local]
        there = tree.scope()
        back = there.with_files(list(reversed(list(tree.scope().by_path.values()))))
        findings, _ = engine.check(back, infos)
        assert [described(finding) for finding in findings] == checked(tree, infos)[0], tree
