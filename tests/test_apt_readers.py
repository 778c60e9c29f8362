"""APT sources against their real readers: apt-get itself, and Augeas where it is installed.

apt-get runs offline on private folders and nothing is installed or fetched: ``indextargets`` says
what it has understood, ``--print-uris update`` what it would fetch.

Written against apt 2.6. Older ones (1.8 on Proxmox VE 6, 2.2 on 7) read entries the same way, with
one known difference: a key inside Signed-By is refused before apt 2.3.10.
"""

import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import pvemigrate
import shapes
from pvemigrate.formats import deb822

pytestmark = pytest.mark.heavy

EXAMPLES = Path(__file__).parent.parent / "examples"
SUFFIX = {"apt-list": ".list", "deb822": ".sources"}
KINDS = pytest.mark.parametrize("kind", sorted(SUFFIX))



class Upgrade:
    """What an upgrade is to make of entries, said once more in other words than the package's."""

    def __init__(self, old, new, before, ceph, old_ceph, security):
        self.old, self.new, self.before, self.ceph, self.old_ceph = old, new, before, ceph, old_ceph
        self.suites = {old + end: new + end for end in ("", "-updates", "-proposed-updates")}
        self.suites.update(dict.fromkeys(security, new + "-security"))
        self.backports = [name + "-backports" + end for name in (old, new) for end in ("", "-sloppy")]
        self.components = {}
        self.firmware = old != "buster"
        if self.firmware:
            self.suites.update({old + end: new + end for end in ("-debug", "-proposed-updates-debug")})
            self.backports += [old + "-backports-debug", new + "-backports-debug"]
            self.components["ceph"] = {"main": "no-subscription"}
        if new == "trixie":
            self.components["pve"] = {"pvetest": "pve-test"}
            self.components["pbs"] = {"pbstest": "pbs-test"}

    def renamed(self, uri, component):
        """What a component of Proxmox's is called in the new release."""
        last = uri.rstrip("/").rpartition("/")[2]
        whose = "ceph" if last == self.ceph else "pbs" if last == "pbs" else "pve"
        if whose == "ceph" and "enterprise.proxmox.com" in uri and component == "main":
            return "enterprise" if self.firmware else component
        return self.components.get(whose, {}).get(component, component)

    def served(self, uri):
        """Where the new release is that *uri* had the old one of."""
        if self.firmware:
            for kind in ("debian", "proxmox"):
                host = "deb.debian.org" if kind == "debian" else "download.proxmox.com"
                uri = re.sub("(?i)archive.%s.(org|com)" % kind, host, uri)
        return uri


UPGRADES = {
    "6to7": Upgrade("buster", "bullseye", "stretch", "ceph-octopus", "ceph-nautilus",
                    ["buster/updates", "bullseye/updates"]),
    "7to8": Upgrade("bullseye", "bookworm", "buster", "ceph-quincy", "ceph-pacific",
                    ["bullseye-security", "bullseye/updates", "bookworm/updates"]),
    "8to9": Upgrade("bookworm", "trixie", "bullseye", "ceph-squid", "ceph-reef",
                    ["bookworm-security", "bookworm/updates", "trixie/updates"]),
}
HOPS = pytest.mark.parametrize("hop", sorted(UPGRADES))

CONFIG = """
Dir "%(dir)s/"; Dir::Etc "%(dir)s/"; Dir::Etc::main "none"; Dir::Etc::parts "none";
Dir::Etc::preferences "none"; Dir::Etc::preferencesparts "none"; Dir::Etc::trusted "none";
Dir::Etc::trustedparts "none"; Dir::Etc::sourcelist "sources.list"; Dir::Etc::sourceparts "parts/";
Dir::State "%(dir)s/state"; Dir::State::status "/dev/null"; Dir::Cache "%(dir)s/cache";
Acquire::Languages "none"; APT::Architecture "amd64"; APT::Architectures "amd64";
"""


class Apt:
    """apt-get on files of its own."""

    def __init__(self, folder):
        self.folder = Path(str(folder))
        (self.folder / "state" / "lists" / "partial").mkdir(parents=True)
        (self.folder / "cache" / "archives" / "partial").mkdir(parents=True)
        self.parts = self.folder / "parts"
        config = self.folder / "apt.conf"
        config.write_text(CONFIG % {"dir": self.folder})
        self.environment = dict(os.environ, APT_CONFIG=str(config), LC_ALL="C.UTF-8")

    def fill(self, files):
        """Lay *files* (name -> bytes) into sources.list.d; nothing else is left there."""
        shutil.rmtree(str(self.parts), ignore_errors=True)
        self.parts.mkdir()
        for name, data in files.items():
            (self.parts / name).write_bytes(data)

    def run(self, *arguments):
        """apt-get's output (str) and its errors (list of str)."""
        done = subprocess.run(("apt-get",) + arguments, env=self.environment, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        errors = re.split(r"\n(?=[EWN]: )", done.stderr.decode("utf-8", "surrogateescape"))
        errors = [error for error in errors if error.startswith("E: ")]
        assert bool(errors) == bool(done.returncode), errors
        return done.stdout.decode("utf-8", "surrogateescape"), errors

    def targets(self):
        """What apt has understood: set of (file, number of the entry, what, URI, suite, component),
        and its errors."""
        out, errors = self.run(
            "indextargets", "--no-release-info", "--format",
            "$(SOURCESENTRY)|$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)")
        found = set()
        for line in out.split("\n"):
            fields = line.split("|")
            if len(fields) == 5 and fields[1] in ("Packages", "Sources"):
                name, _, number = fields[0].rpartition("/")[2].rpartition(":")
                if fields[3].endswith("/"):
                    fields[4] = ""
                found.add((name, int(number)) + tuple(fields[1:]))
        return found, errors

    def judge(self, files):
        """Which of *files* apt refuses (name -> error), and the targets of the others. It names the
        file in each error; what it says without one is not to be expected here."""
        files, refused = dict(files), {}
        while True:
            self.fill(files)
            targets, errors = self.targets()
            if not errors:
                return refused, targets
            named = {}
            for error in errors:
                for name in re.findall(r"/parts/([^ ():]+)", error):
                    named.setdefault(name, error)
            assert named, errors
            refused.update(named)
            for name in named:
                del files[name]


@pytest.fixture
def apt(tmp_path):
    if not shutil.which("apt-get"):
        pytest.skip("no apt-get: these tests want Debian or a derivative")
    return Apt(tmp_path / "apt")


def is_reported(data, kind):
    """Whether we say that apt refuses *data*."""
    return bool(pvemigrate.check(data, kind=kind, select=["APT016"], phases="all"))


def repositories(targets):
    return {target[2:] for target in targets}


# -- texts -----------------------------------------------------------------------------------------

PIECES = ["deb", "deb-src", " ", " ", "  ", "\t", "\n", "\n", "\r\n", "\r", "\f", "\v", "\0",
          "http://x/a", "http://x", "cdrom:[My CD]/", "buster", "main", "contrib", "./", "x/",
          "[arch=amd64]", "[ a=b c=d ]", "[", "]", "=", "a=b", "\"", "\"a b\"", "\\", "%20", "%3a",
          "%5d", "%", ":", "#", "#c", " # c", "é", "\udcff", "lang=de", "$(ARCH)", "deb [",
          "deb http://x buster main", "deb [a=b] http://x/", "deb cdrom:[A B]/ buster main"]
ENTRIES = ["deb http://x/a buster main contrib\n", "deb [ a=b ] cdrom:[A B]/ ./\n",
           "deb [arch=amd64 lang=de] http://x/a buster main # c\n",
           "deb-src  \"http://x/\"a \"buster\" ma\"i n\" c#d\n", "deb [a=\"b c\"] x:y b%75ster main\n"]
FIELDS = ["Types: deb\n", "Types: deb-src deb\n", "types:deb\n", "Types: deb\r\n", "Types: rpm\n",
          "Types:\n", "URIs: http://x\n", "URIs:\n http://x\n", "URIs: x\n", "Suites: buster\n",
          "Suites : buster \r\n", "Suites:\n", "Suites: ./\n", " buster\n", "\tbuster\n",
          "Components: main\n", "Components:\n", "Components: main", "Enabled: no\n",
          "Enabled: yes\n", "Enabled:\n\tno\n", "Enabled: 0x0\n", "Enabled: 00 \n", "\n", "\n",
          "\n\n", "\r\n", "\r", "#c\n", "# c: d\n", " # c\n", "\t\n", " \n", "\f\n", "\v a\n",
          "junk\n", "junk", "x\n", "x", "xy\n", " ", ":", ": a\n", "\0", "é", "\udcff",
          "Types: deb\nURIs: http://x\nSuites: buster\nComponents: main\n",
          "Types: deb\nURIs: http://x\nSuites: buster\nComponents: main\n\n"]


def text_of(kind, rnd):
    """A text that is nearly right, or a heap of pieces (bytes)."""
    if kind == "apt-list":
        if rnd.random() < 0.3:
            text = "".join(rnd.choice(PIECES) for _ in range(rnd.randint(1, 12)))
        else:
            text = "".join(rnd.choice(ENTRIES) for _ in range(rnd.randint(1, 2)))
            for _ in range(rnd.randint(1, 3)):
                at = rnd.randint(0, len(text))
                text = text[:at] + rnd.choice(PIECES) + text[at + rnd.choice((0, 0, 1, 2)):]
    elif rnd.random() < 0.3:
        text = "".join(rnd.choice(FIELDS) for _ in range(rnd.randint(1, 10)))
    else:
        fields = ["Types: deb\n", "URIs: http://x\n", "Suites: buster\n buster-updates\n",
                  "Components: main\n", "\n"] * rnd.randint(1, 2)
        for _ in range(rnd.randint(1, 3)):
            fields.insert(rnd.randint(0, len(fields)), rnd.choice(FIELDS))
        text = "".join(fields)
    return text.encode("utf-8", "surrogateescape")


def samples(kind):
    """(name, bytes) of the kind's files among goldens and examples; a key inside Signed-By is left
    out, see above."""
    return [(name, data) for sample_kind, name, data in shapes.samples()
            if sample_kind == kind and b"PGP PUBLIC" not in data]


# -- what apt refuses --------------------------------------------------------------------------------


@KINDS
def test_apt016_is_silent_where_apt_accepts(kind, apt):
    texts = [text_of(kind, random.Random("%s %d" % (kind, number))) for number in range(2000)]
    files = {"f%05d%s" % (number, SUFFIX[kind]): data for number, data in enumerate(texts)}
    refused, _ = apt.judge(files)
    assert 400 < len(refused) < 1700, "the texts are not worth much"
    wrong = [(data, refused.get(name)) for name, data in files.items()
             if is_reported(data, kind) != (name in refused)]
    assert wrong == []


@KINDS
def test_apt016_on_every_sample(kind, apt):
    found = samples(kind)
    assert len(found) > 15
    for name, data in found:
        for text in (data, data.replace(b"\n", b"\r\n"), data.rstrip(b"\n")):
            apt.fill({"x" + SUFFIX[kind]: text})
            _, errors = apt.targets()
            if any("Conflicting values" in error for error in errors):
                continue
            assert is_reported(text, kind) == bool(errors), (name, text, errors)


def test_fuzz_texts_are_read_as_apt_reads_them(apt):
    """URIs, suites and components, of lines that the grammar takes apart and of those it does not."""
    files = {}
    for number in range(1500):
        data = text_of("apt-list", random.Random("words %d" % number))
        files["f%05d.list" % number] = data.replace(b"http://x", b"http://x%d" % number)
    refused, targets = apt.judge(files)
    theirs = {name: set() for name in files}
    for target in targets:
        theirs[target[0]].add(target[3:])
    checked = 0
    for name, data in files.items():
        lines = pvemigrate.parse(data, kind="apt-list").body
        readings = [line.reading for line in lines if getattr(line, "reading", None)]
        if name in refused or any(
                reading.options.get("arch", "amd64") != "amd64" for reading in readings):
            continue
        ours = {(plain(reading.uri.text), plain(reading.suite.text), component)
                for reading in readings
                for component in [word.text for word in reading.components] or [""]}
        # Apt lists a repository that two files have in one of them only.
        number = int(name[1:6])
        if any(odd(word) for words in ours for word in words) or not all(
                uri.startswith("http://x%d" % number) for uri, _, _ in ours):
            continue
        checked += bool(ours)
        assert theirs[name] == {
            (uri if uri.endswith("/") else uri + "/", suite, component)
            for uri, suite, component in ours}, data
    assert checked > 100


def plain(text):
    """*text* with the one variable that apt knows."""
    return text.replace("$(ARCH)", "amd64")


def odd(word):
    """Whether apt-get's output or its idea of a URL hides what the word was."""
    return not word.isprintable() or any(char in word for char in "|[]@") or (
        ":" in word and not re.match(r"[a-z]+://[a-z0-9]+(/[^:]*)?\Z", word))


def test_a_key_inside_signed_by_needs_a_newer_apt(apt):
    data = (b"Types: deb\nURIs: http://x\nSuites: buster\nComponents: main\nSigned-By:\n"
            b" -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n -----END PGP PUBLIC KEY BLOCK-----\n")
    assert is_reported(data, "deb822")
    version = re.match(r"apt (\d+)\.(\d+)\.(\d+)", apt.run("--version")[0])
    apt.fill({"x.sources": data})
    _, errors = apt.targets()
    assert bool(errors) == (tuple(map(int, version.groups())) < (2, 3, 10))


# -- what apt makes of a fixed file ----------------------------------------------------------------


def expected(before, after, upgrade):
    """Check that *after* is *before* with suites of the new release and the components' names there,
    backports gone, firmware beside non-free, and nothing else changed. Both are sets of (what, URI,
    suite, component)."""
    def moved(what, uri, suite, component):
        new = upgrade.suites.get(suite, suite)
        if new != suite:
            uri = upgrade.served(uri)
        if new == upgrade.new or suite == upgrade.old:
            component = upgrade.renamed(uri, component)
        return what, uri, new, component

    for target in before - after:
        if target[2] not in upgrade.backports:
            assert moved(*target) in after, target
    wanted = {moved(*target) for target in before}
    for target in after - before - wanted:
        what, uri, suite, component = target
        assert component == "non-free-firmware" and upgrade.firmware, target
        assert (what, uri, suite, "non-free") in wanted, target


@HOPS
@KINDS
def test_fixed_samples(kind, hop, apt):
    changed = 0
    for name, data in samples(kind):
        texts = (data, data.replace(b"\n", b"\r\n"), data.rstrip(b"\n"))
        for text in texts if hop == "6to7" else texts[1:2]:
            result = pvemigrate.fix(text, kind=kind, phases="all", hop=hop, ignore=["APT024"])
            if not result.changed:
                continue
            changed += 1
            apt.fill({"x" + SUFFIX[kind]: text})
            before, errors = apt.targets()
            apt.fill({"x" + SUFFIX[kind]: result.bytes})
            after, new_errors = apt.targets()
            assert bool(errors) == bool(new_errors), (name, new_errors)
            expected(repositories(before), repositories(after), UPGRADES[hop])
    assert changed > 15


#: (URI, whose it is); %d makes each entry another repository, and of the rest the names of Ceph's
#: repositories are those of the upgrade.
PLACES = [
    ("http://ftp%d.debian.org/debian", "debian"), ("http://m%d.example/debian/", "debian"),
    ("http://p%d.example:3142/deb.debian.org/debian", "debian"),
    ("http://m%d.example/debian-security", "security"),
    ("http://p%d.example:3142/security.debian.org", "security"),
    ("http://m%d.example/debian/pve", "unknown"), ("http://m%d.example/buster", "unknown"),
    ("http://m%d.example/{ceph}", "ceph"), ("http://m%d.example/{old_ceph}", "old ceph"),
    ("http://p%d.example:3142/download.proxmox.com/debian/{ceph}/", "proxmox's ceph"),
    ("http://p%d.example:3142/archive.debian.org/debian", "debian"),
    ("http://p%d.example:3142/repo.zabbix.com/zabbix/5.0/debian", "vendor"),
    ("http://m%d.example/mariadb/repo/10.5/debian", "vendor"),
]
COMPONENTS = [["main"], ["main", "contrib"], ["main", "non-free", "contrib"], ["main", "extra"],
              ["pve-no-subscription"], ["pvetest", "main"], ["stable"], ["pve-test", "pvetest"]]


def names(upgrade):
    """The suites that are tried."""
    return sorted(upgrade.suites) + upgrade.backports + [upgrade.before, upgrade.new, upgrade.old + "-x"]


def new_suite(upgrade, whose, suite, components):
    """What a suite has to become (None: it goes), said once more in other words than the rules'."""
    everyday = all(name in ("main", "contrib", "non-free") for name in components)
    pve = any(name.startswith("pve") for name in components)
    if whose in ("vendor", "old ceph"):
        return suite
    if whose == "proxmox's ceph":
        return upgrade.new if suite == upgrade.old else suite
    if suite.endswith(("/updates", "-security")):
        return upgrade.suites[suite] if everyday else suite
    if whose == "debian" and everyday:
        return None if suite in upgrade.backports else upgrade.suites.get(suite, suite)
    if suite == upgrade.old and (pve or whose == "ceph"):
        return upgrade.new
    return suite


def new_entries(upgrade, whose, uris, suites, components):
    """What has to become of an entry: set of (URI, suite, component)."""
    moves = {suite: new_suite(upgrade, whose, suite, components) for suite in suites}
    pve = any(name.startswith("pve") for name in components)
    switched = [suite for suite in suites if moves[suite] not in (None, suite)]
    archived = upgrade.firmware and any("archive." in uri for uri in uris) and switched
    kind = "pve" if pve else "ceph" if whose.endswith("ceph") else None
    renamed = upgrade.components.get(kind, {}) if kind and whose not in ("vendor", "old ceph") else {}
    renamed = {old: new for old, new in renamed.items() if old in components} if switched else {}
    everyday = all(name in ("main", "contrib", "non-free") for name in components)
    known = {*upgrade.suites, *upgrade.suites.values(), *(upgrade.backports if everyday else ())}
    if renamed:
        known = {upgrade.old, upgrade.new}
    if (renamed or archived) and not known.issuperset(suites):
        # Nobody but the administrator can take it apart; the backports go all the same.
        renamed, archived = {}, False
        moves = {suite: None if moves[suite] is None else suite for suite in suites}
    if renamed and upgrade.old not in suites:
        renamed = {}
    return {(upgrade.served(uri) if archived else uri, moves[suite], renamed.get(component, component))
            for uri in uris for suite in suites for component in components if moves[suite]}


def spelled(rnd, word):
    """A one-line entry's word in a spelling that apt undoes."""
    way = rnd.random()
    if way < 0.7:
        return word
    at = rnd.randrange(len(word))
    if way < 0.85:
        return word[:at] + "%" + "%02x" % ord(word[at]) + word[at + 1:]
    return word[:at] + '"' + word[at:] + '"'


def entry(rnd, number, upgrade=UPGRADES["6to7"]):
    """A one-line entry (str), and what is expected of it: whose, URI, suites, components."""
    place, whose = rnd.choice(PLACES)
    place = place.format(ceph=upgrade.ceph, old_ceph=upgrade.old_ceph)
    uri, suite, components = place % number, rnd.choice(names(upgrade)), rnd.choice(COMPONENTS)
    words = [rnd.choice(("deb", "deb-src")), rnd.choice(("", "", "[note=buster#1]", "[ a=b c=buster ]")),
             spelled(rnd, uri), spelled(rnd, suite)] + [spelled(rnd, word) for word in components]
    line = rnd.choice(("", " ", "\t")) + words[0]
    for word in words[1:]:
        if word:
            line += rnd.choice((" ", "  ", "\t", " \t")) + word
    return line + rnd.choice(("\n", "\n", "\r\n", " # buster\n", "# buster\n")), (
        whose, [uri], [suite], components)


def stanza(rnd, number, upgrade):
    """A stanza (str) and what is expected of it, as for entry()."""
    place, whose = rnd.choice(PLACES)
    place = place.format(ceph=upgrade.ceph, old_ceph=upgrade.old_ceph)
    uris = [place % number, place % (number + 5000)][:rnd.randint(1, 2)]
    suites = rnd.sample(names(upgrade), rnd.randint(1, 4))
    components = rnd.choice(COMPONENTS)
    end = rnd.choice(("\n", "\n", "\r\n"))

    def field(name, words):
        text = name + rnd.choice((":", ": ", " :", ":\t"))
        for place, word in enumerate(words):
            fold = rnd.random() < 0.3
            if fold:
                text += rnd.choice(("", " ")) + end
                text += rnd.choice(("", "", "# buster buster-backports" + end))
                text += rnd.choice((" ", "\t", "  "))
            elif place:
                text += rnd.choice((" ", "  ", "\t", "\f"))
            text += word
        return text + rnd.choice(("", "", " ")) + end

    fields = [field("Types", ["deb"]), field(rnd.choice(("URIs", "uris")), uris),
              field("Suites", suites), field("Components", components)]
    rnd.shuffle(fields)
    if rnd.random() < 0.3:
        fields.insert(rnd.randint(0, 4), "# buster buster-backports" + end)
    if rnd.random() < 0.15:
        fields.insert(rnd.randint(0, 4), "Enabled: no" + end)
        uris = []
    return "".join(fields) + end, (whose, uris, suites, components)


@HOPS
@KINDS
def test_fixed_texts(kind, hop, apt):
    """Generated files: apt understands of the fixed one exactly what it should."""
    rnd = random.Random("fixed " + kind + hop)
    for start in range(0, 150, 30):
        fixed_texts(kind, hop, apt, rnd, range(start, start + 30))


def fixed_texts(kind, hop, apt, rnd, numbers):
    upgrade, options = UPGRADES[hop], {"kind": kind, "phases": "all", "select": ["APT00"], "hop": hop}
    make = entry if kind == "apt-list" else stanza
    originals, fixed, wanted = {}, {}, {}
    for number in numbers:
        name = "f%03d%s" % (number, SUFFIX[kind])
        parts = [make(rnd, number * 10 + at, upgrade) for at in range(rnd.randint(1, 4))]
        text = "".join(part for part, _ in parts).encode("utf-8")
        if rnd.random() < 0.3:
            text = text.rstrip(b"\r\n")
        originals[name] = text
        wanted[name] = ({(uri, suite, component) for _, (_, uris, suites, components) in parts
                         for uri in uris for suite in suites for component in components},
                        set().union(*[new_entries(upgrade, *what) for _, what in parts]))
        result = pvemigrate.fix(text, **options)
        fixed[name] = result.bytes
        again = pvemigrate.fix(result.bytes, **options)
        assert not again.changed, text
    for files, side in ((originals, 0), (fixed, 1)):
        refused, targets = apt.judge(files)
        assert refused == {}
        understood = {name: set() for name in files}
        for name, _, _, uri, suite, component in targets:
            understood[name].add((uri.rstrip("/"), suite, component))
        for name in files:
            assert understood[name] == {
                (uri.rstrip("/"), suite, component) for uri, suite, component in wanted[name][side]
            }, (originals[name], files[name])


def test_fixed_texts_keep_what_they_do_not_change():
    """Taking the changed words out of both texts leaves the same bytes, comments included."""
    rnd = random.Random("kept")
    for number in range(300):
        text = "".join(entry(rnd, number * 10 + at)[0] for at in range(3))
        result = pvemigrate.fix(text, kind="apt-list", phases="all", select=["APT001", "APT002",
                                                                            "APT003", "APT004"])
        old, new = text.split("\n"), result.code.split("\n")
        assert len(old) == len(new)
        for before, after in zip(old, new):
            if before != after:
                reading = pvemigrate.parse(before + "\n", kind="apt-list").body[0].reading
                assert after.startswith(before[:reading.suite.start])
                assert after.endswith(before[reading.suite.end:])


def uris(apt, root):
    """The URIs that apt would fetch with the sources below *root*."""
    apt.fill({})
    shutil.rmtree(str(apt.parts))
    shutil.copytree(str(root / "etc/apt/sources.list.d"), str(apt.parts))
    shutil.copy(str(root / "etc/apt/sources.list"), str(apt.folder / "sources.list"))
    out, errors = apt.run("--print-uris", "update")
    assert errors == []
    return {line.split("'")[1] for line in out.split("\n") if line.startswith("'")}


@pytest.mark.parametrize("node, hop", [("pve7-node", "7to8"), ("pve8-node", "8to9")])
def test_example_node_in_later_upgrades(node, hop, apt, tmp_path):
    """Suites and components of what apt would fetch, and none of the old release's of Debian's and
    Proxmox's."""
    upgrade = UPGRADES[hop]
    shutil.copytree(str(EXAMPLES / node), str(tmp_path / "node"), symlinks=True)

    def entries():
        uris(apt, tmp_path / "node")
        return repositories(apt.targets()[0])

    before = entries()
    assert pvemigrate.Project(tmp_path / "node", phases="all", hop=hop, select=["APT"],
                              ignore=["APT024"]).fix().apply() == []
    after = entries()
    vendors = {target for target in before if not re.search("(debian|proxmox).(org|com)", target[1])}
    wanted = {(what, uri, upgrade.suites[suite], upgrade.renamed(uri, component))
              for what, uri, suite, component in before - vendors} | vendors
    wanted |= {(what, uri, suite, "non-free-firmware") for what, uri, suite, component in wanted
               if component == "non-free"}
    assert after == wanted and after != before


def test_example_node(apt, tmp_path):
    shutil.copytree(str(EXAMPLES / "pve6-node"), str(tmp_path / "node"), symlinks=True)
    before = uris(apt, tmp_path / "node")
    assert pvemigrate.Project(tmp_path / "node", phases="all", select=["APT"]).fix().apply() == []
    after = uris(apt, tmp_path / "node")
    wanted = set()
    for uri in before:
        if "backports" not in uri:
            uri = uri.replace("/dists/buster/updates/", "/dists/bullseye-security/")
            if not re.search(r"zabbix|docker|ceph\.com", uri):
                uri = uri.replace("/dists/buster", "/dists/bullseye")
            wanted.add(uri)
    assert after == wanted and after != before


# -- Augeas ----------------------------------------------------------------------------------------


@pytest.fixture
def augeas(tmp_path):
    module = pytest.importorskip(
        "augeas", reason="python-augeas is not installed: pip install '.[augeas]' (it compiles "
                         "against libaugeas-dev, with pkg-config and a C compiler)")
    root = tmp_path / "augeas"
    folder = root / "etc/apt/sources.list.d"
    folder.mkdir(parents=True)

    def entries(data):
        """What the lens Aptsources sees: list of (type, URI, suite, components), None where it does
        not parse the file."""
        (folder / "x.list").write_bytes(data)
        flags = module.Augeas.NO_MODL_AUTOLOAD | module.Augeas.NO_LOAD
        handle = module.Augeas(root=str(root), flags=flags)
        try:
            handle.add_transform("Aptsources.lns", "/etc/apt/sources.list.d/*.list")
            handle.load()
            base = "/files/etc/apt/sources.list.d/x.list"
            if not handle.match(base):
                return None
            return [(handle.get(path + "/type"), handle.get(path + "/uri"),
                     handle.get(path + "/distribution"),
                     [handle.get(below) for below in handle.match(path + "/component")])
                    for path in handle.match(base + "/*[type]")]
        finally:
            handle.close()

    return entries


def our_entries(data):
    tree = pvemigrate.parse(data, kind="apt-list")
    return [(line.type, line.uri, line.suite, [word for _, word in line.words("components")])
            for line in tree.body if type(line).__name__ == "Entry"]


def test_augeas_takes_entries_apart_as_we_do(augeas):
    agreed = 0
    for name, data in samples("apt-list"):
        for text in (data, pvemigrate.fix(data, kind="apt-list", phases="all").bytes):
            try:
                text.decode("utf-8")
            except UnicodeDecodeError:
                continue
            if b"\0" in text or is_reported(text, "apt-list"):
                continue
            # Behind an open quote apt reads no further, where the lens takes the quote for a letter.
            if any(line.count(b'"') % 2 for line in text.split(b"\n") if not line.startswith(b"#")):
                continue
            # For apt a CR is a blank, for the lens a letter.
            theirs = augeas(text.replace(b"\r\n", b"\n"))
            if theirs is None:
                continue
            agreed += bool(theirs)
            assert theirs == our_entries(text), name
    assert agreed > 10


def test_readings_and_trees_agree_on_stanzas():
    """Where a reading names a stanza, its fields' words are the tree's."""
    for number in range(1500):
        data = text_of("deb822", random.Random("stanzas %d" % number))
        for reading in deb822.readings(pvemigrate.parse(data, kind="deb822")):
            if reading.stanza is not None:
                for name in ("types", "uris", "suites", "components"):
                    field = reading.stanza.get(name)
                    assert [str(word) for word in (field.words() if field else ())] == (
                        reading.words(name)), data
