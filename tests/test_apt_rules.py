"""APT rules together: each defect has one code, and what is removed as a duplicate is nothing that the
real apt misses."""

import random
import shutil
import subprocess
import time

import pytest

from nodes import read_tree, write_tree
from pvemigrate import Project
from test_apt_readers import Apt

#: Rules that speak of an entry as it is. The others of the family are about what is missing, about
#: other files or about two entries together.
ENTRY_RULES = ["APT001", "APT002", "APT003", "APT004", "APT005", "APT006", "APT007", "APT008", "APT009",
               "APT013", "APT014", "APT016"]

#: An entry without its type -> the one code that it gets (None: nothing).
PRECEDENCE = {
    "http://deb.debian.org/debian buster main": "APT001",
    "http://mirror.example/debian buster main contrib": "APT001",
    "http://mirror.example/debian buster main extra": "APT008",
    "http://deb.debian.org/debian stable main": "APT009",
    "http://deb.debian.org/debian stretch main": "APT009",
    "http://deb.debian.org/debian buster-debug main": "APT009",
    "http://deb.debian.org/debian buster-backports main": "APT007",
    "http://deb.debian.org/debian stretch-backports main": "APT009",
    "http://deb.debian.org/debian buster-backports main extra": "APT008",
    "http://security.debian.org buster/updates main": "APT002",
    "http://security.debian.org bullseye/updates main": "APT002",
    "http://security.debian.org buster main": "APT009",
    "http://security.debian.org stable/updates main": "APT009",
    "http://download.proxmox.com/debian/pve buster pve-no-subscription": "APT003",
    "http://download.proxmox.com/debian/pve stretch pve-no-subscription": "APT009",
    "http://download.proxmox.com/debian/pve buster pve-no-subscription pbs-no-subscription": "APT003",
    "http://download.proxmox.com/debian/pbs buster pbs-no-subscription": "APT013",
    "http://download.proxmox.com/debian/pbs-client buster main": "APT013",
    "http://download.proxmox.com/debian/pbs stable pbs-no-subscription": "APT009",
    "http://download.proxmox.com/debian/pmg buster pmg-no-subscription": "APT008",
    "http://download.proxmox.com/debian/ceph-octopus buster main": "APT004",
    "http://download.proxmox.com/debian/ceph-octopus stretch main": "APT009",
    "http://download.proxmox.com/debian/ceph-nautilus buster main": "APT005",
    "http://download.proxmox.com/debian/ceph-nautilus stable main": "APT005",
    "http://mirror.example/debian/ceph-nautilus buster-backports main": "APT005",
    "https://download.ceph.com/debian-octopus buster main": "APT006",
    "https://download.ceph.com/debian-nautilus buster main": "APT006",
    "https://download.ceph.com/debian-octopus stable main": "APT006",
    "https://download.ceph.com/ceph-nautilus buster main": "APT006",
    "https://repo.zabbix.com/zabbix/5.0/debian buster main": "APT008",
    "https://repo.zabbix.com/zabbix/5.0/debian buster-backports main": "APT008",
    "https://repo.zabbix.com/debian-security buster/updates main": "APT008",
    "https://repo.zabbix.com/zabbix/5.0/debian stable main": None,
    "https://vendor.example/apt buster pbstest": "APT013",
    "https://repo.zabbix.com/x buster pve-no-subscription": "APT008",
    "http://packages.linbit.com/public/ proxmox-6 drbd-9": "APT008",
    "http://snapshot.debian.org/archive/debian/20210501T000000Z buster main": "APT001",
    "cdrom:[Disc]/ buster main": "APT001",
    "cdrom:[Disc]/ stretch main": "APT009",
    "http://deb.debian.org/debian buster": "APT016",
    "http://deb.debian.org/debian bullseye main": None,
    "http://security.debian.org/debian-security bullseye-security main": None,
    "http://download.proxmox.com/debian/pve bullseye pve-no-subscription": None,
}


#: The same for the later upgrades. Where one of two codes is due, the other one's turn comes after.
PRECEDENCE_LATER = {
    "7to8": {
        "http://deb.debian.org/debian bullseye main non-free": "APT001",
        "http://deb.debian.org/debian bookworm main non-free": "APT022",
        "http://deb.debian.org/debian bookworm main non-free non-free-firmware": None,
        "http://deb.debian.org/debian-debug bullseye-debug main": "APT001",
        "http://deb.debian.org/debian-debug bullseye-backports-debug main": "APT007",
        "http://deb.debian.org/debian buster main": "APT009",
        "http://archive.debian.org/debian bullseye main": "APT001",
        "http://security.debian.org bullseye-security main": "APT002",
        "http://security.debian.org bullseye/updates main": "APT002",
        "http://security.debian.org bookworm/updates main": "APT002",
        "http://security.debian.org buster/updates main": "APT009",
        "http://download.proxmox.com/debian/pve bullseye pvetest": "APT003",
        "http://download.proxmox.com/debian/pve bookworm pvetest": None,
        "http://download.proxmox.com/debian/ceph-quincy bullseye main": "APT004",
        "http://download.proxmox.com/debian/ceph-quincy bookworm main": "APT023",
        "http://download.proxmox.com/debian/ceph-quincy bullseye no-subscription": "APT004",
        "http://download.proxmox.com/debian/ceph-quincy bookworm no-subscription": None,
        "http://download.proxmox.com/debian/ceph-pacific bookworm main": "APT005",
        "https://download.ceph.com/debian-quincy bullseye main": "APT006",
        "https://apt.example/x stable main": "APT008",
        "http://packages.linbit.com/public/ proxmox-7 drbd-9": "APT008",
        "http://packages.linbit.com/public/ proxmox-8 drbd-9": None,
    },
    "8to9": {
        "http://deb.debian.org/debian trixie main non-free": "APT022",
        "http://deb.debian.org/debian bullseye main non-free": "APT009",
        "http://security.debian.org bookworm-security main": "APT002",
        "http://download.proxmox.com/debian/pve bookworm pvetest": "APT003",
        "http://download.proxmox.com/debian/pve bookworm pve-test": "APT003",
        "http://download.proxmox.com/debian/pve trixie pvetest": "APT023",
        "http://download.proxmox.com/debian/pve trixie pve-test": None,
        "http://download.proxmox.com/debian/pve bullseye pvetest": "APT009",
        "http://download.proxmox.com/debian/pbs bookworm pbstest": "APT013",
        "http://download.proxmox.com/debian/pbs trixie pbstest": "APT023",
        "http://download.proxmox.com/debian/pbs trixie pbs-test": None,
        "http://download.proxmox.com/debian/ceph-squid bookworm main": "APT004",
        "http://download.proxmox.com/debian/ceph-squid trixie main": "APT023",
        "https://enterprise.proxmox.com/debian/ceph-squid trixie enterprise": None,
        "https://enterprise.proxmox.com/debian/ceph-quincy bookworm enterprise": "APT005",
        "https://download.ceph.com/debian-squid bookworm main": "APT006",
        "http://archive.proxmox.com/debian/pve bookworm pvetest": "APT003",
    },
}
LATER = sorted((hop, entry) for hop, entries in PRECEDENCE_LATER.items() for entry in entries)


def as_stanza(entry):
    uri, suite, *components = entry.rsplit("] ", 1)[-1].split(" ") if "[" not in entry else (
        [entry[:entry.index(" ", entry.index("]"))]] + entry[entry.index("]"):].split(" ")[1:])
    fields = ["Types: deb", "URIs: " + uri, "Suites: " + suite]
    if components:
        fields.append("Components: " + " ".join(components))
    return "\n".join(fields) + "\n"


@pytest.mark.parametrize("entry", sorted(PRECEDENCE))
def test_one_entry_gets_one_code(entry, tmp_path):
    code = PRECEDENCE[entry]
    for name, text in (("x.list", "deb %s\n" % entry), ("x.sources", as_stanza(entry))):
        root = tmp_path / name
        write_tree(root, {"etc/apt/sources.list.d/" + name: text})
        for options in ({}, {"archive": True, "unsafe_fixes": True}):
            project = Project(root, select=ENTRY_RULES, phases="all", **options)
            assert [finding.code for finding in project.check()] == ([code] if code else [])
            assert project.errors == []


@pytest.mark.parametrize("hop, entry", LATER)
def test_one_entry_gets_one_code_in_later_upgrades(hop, entry, tmp_path):
    code = PRECEDENCE_LATER[hop][entry]
    for name, text in (("x.list", "deb %s\n" % entry), ("x.sources", as_stanza(entry))):
        write_tree(tmp_path / name, {"etc/apt/sources.list.d/" + name: text})
        for options in ({}, {"archive": True, "unsafe_fixes": True}, {"pve_repo": "enterprise"}):
            project = Project(tmp_path / name, hop=hop, phases="all",
                              select=ENTRY_RULES + ["APT022", "APT023"], **options)
            assert [finding.code for finding in project.check()] == ([code] if code else [])
            assert project.errors == []


@pytest.mark.parametrize("hop, entry", [("6to7", entry) for entry in sorted(PRECEDENCE)] + LATER)
def test_fixes_of_all_rules_come_to_an_end(hop, entry, tmp_path):
    write_tree(tmp_path, {"etc/apt/sources.list": "deb %s\n" % entry * 2})
    options = dict(select=["APT"], phases="all", archive=True, unsafe_fixes=True, hop=hop)
    plan = Project(tmp_path, **options).fix()
    assert plan.errors == [] and plan.apply() == []
    again = Project(tmp_path, **options).fix()
    assert again.changes == [] and again.errors == []


def test_duplicates_are_judged_with_files_that_were_not_asked_for(tmp_path):
    """What stays may be in another file; it is not touched."""
    tree = {"etc/apt/sources.list": "deb http://m.example/debian buster main\n",
            "etc/apt/sources.list.d/x.list": "deb http://m.example/debian buster main\n",
            "etc/apt/sources.list.d/y.list": "deb http://m.example/debian bullseye main\n"}
    write_tree(tmp_path, tree)
    paths = ["etc/apt/sources.list.d/x.list", "etc/apt/sources.list.d/y.list"]
    plan = Project(tmp_path, paths=paths, select=["APT014"], phases="all").fix()
    assert plan.errors == []
    assert [(f.path, f.applicability) for f in plan.findings] == [
        ("etc/apt/sources.list.d/x.list", "safe"), ("etc/apt/sources.list.d/y.list", "manual")]
    assert plan.apply() == []
    tree["etc/apt/sources.list.d/x.list"] = ""
    assert read_tree(tmp_path) == {path: text.encode() for path, text in tree.items()}


@pytest.mark.parametrize("hop, suite", [("6to7", "buster"), ("8to9", "bookworm")])
def test_many_words_and_many_entries_take_little_time(hop, suite, tmp_path):
    many = " ".join("s%d %s" % (number, suite) for number in range(2000))
    uris = " ".join("http://h%d.example/debian" % number for number in range(2000))
    stanza = "Types: deb\nURIs: %s\nSuites: %s\nComponents: main non-free\n\n" % (uris, many)
    stanza += "Types: deb\nURIs: %s\nSuites: %s\nComponents: pvetest\n\n" % (
        uris.replace("debian", "pve"), many)
    entries = "".join("deb [arch=a%d] http://m.example/debian %s c%d main\n" % (number, suite, number % 7)
                      for number in range(3000))
    write_tree(tmp_path, {"etc/apt/sources.list": entries,
                          "etc/apt/sources.list.d/x.sources": stanza})
    start = time.process_time()
    project = Project(tmp_path, select=["APT006", "APT008", "APT009", "APT013", "APT014", "APT021",
                                        "APT022", "APT023"], phases="all", archive=True, hop=hop)
    project.check()
    assert project.errors == []
    assert time.process_time() - start < 20


def test_many_options_of_one_repository_take_little_time(tmp_path):
    write_tree(tmp_path, {"etc/apt/sources.list": "".join(
        "deb [signed-by=/k%d] http://deb.debian.org/debian buster main\n" % number
        for number in range(12000))})
    start = time.process_time()
    project = Project(tmp_path, select=["APT001", "APT018", "APT021"], phases="all", archive=True)
    project.check()
    assert project.errors == []
    # With every entry held against every other it is about a minute.
    assert time.process_time() - start < 20


# -- duplicates, by the real apt -------------------------------------------------------------------


@pytest.fixture
def apt(tmp_path):
    if not shutil.which("apt-get"):
        pytest.skip("no apt-get: these tests want Debian or a derivative")
    return Apt(tmp_path / "apt")


def fetched(apt, root):
    """What apt would fetch with the sources below *root* (set), and its warnings of duplicates."""
    apt.fill({})
    shutil.rmtree(str(apt.parts))
    shutil.copytree(str(root / "etc/apt/sources.list.d"), str(apt.parts))
    shutil.copy(str(root / "etc/apt/sources.list"), str(apt.folder / "sources.list"))
    done = subprocess.run(["apt-get", "--print-uris", "update"], env=apt.environment, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    errors = done.stderr.decode("utf-8", "replace")
    assert "E: " not in errors, errors
    lines = done.stdout.decode("utf-8", "replace").split("\n")
    return ({line.split("'")[1] for line in lines if line.startswith("'")},
            [line for line in errors.split("\n") if "multiple times" in line])


#: hop -> URIs, suites, components, and the rules that change them besides APT014.
MANY = {
    "6to7": (["http://a.example/debian", "http://a.example/debian/", "http://b.example/debian"],
             ["buster", "bullseye", "buster-updates", "bullseye-updates"],
             ["main", "contrib", "non-free"], ["APT001"]),
    # Suite and component have other names, and change together.
    "8to9": (["http://a.example/debian/pve", "http://a.example/debian/pve/", "http://b.example/debian/pve"],
             ["bookworm", "trixie"], ["pvetest", "pve-test", "pve-no-subscription"],
             ["APT003", "APT023"]),
}


def one_line(rnd, language, uris, suites, components, _):
    components = [rnd.choice(components) for _ in range(rnd.randint(1, 3))]
    return "%s %s%s %s %s%s\n" % (
        rnd.choice(["deb", "deb-src"]), "[lang=de] " if language else "", rnd.choice(uris),
        rnd.choice(suites), rnd.choice([" ", "  ", "\t"]).join(components), rnd.choice(["", " # main"]))


def some(rnd, words, most):
    found = [rnd.choice(words) for _ in range(rnd.randint(1, most))]
    return rnd.choice([" ", "\n ", "\t", "\n# main\n  "]).join(found)


def stanza(rnd, language, uris, suites, components, _):
    return "Types: %s\nURIs: %s\nSuites: %s\nComponents: %s\n%s\n" % (
        some(rnd, ["deb", "deb", "deb-src"], 2), some(rnd, uris, 2), some(rnd, suites, 4),
        some(rnd, components[:2], 3), "Languages: de\n" if language else "")


@pytest.mark.heavy
@pytest.mark.parametrize("hop", sorted(MANY))
def test_without_its_duplicates_apt_fetches_the_same(hop, apt, tmp_path):
    rnd = random.Random("duplicates" + hop.replace("6to7", ""))
    quiet = 0
    for number in range(40):
        language = number % 2

        def several(make, least, most):
            return "".join(make(rnd, language, *MANY[hop]) for _ in range(rnd.randint(least, most)))

        tree = {"etc/apt/sources.list": several(one_line, 0, 4),
                "etc/apt/sources.list.d/b.sources": several(stanza, 1, 3),
                "etc/apt/sources.list.d/a.list": several(one_line, 0, 3)}
        roots = [tmp_path / ("%d-%d" % (number, part)) for part in range(2)]
        left = None
        for root, ignore in zip(roots, (["APT014"], [])):
            write_tree(root, tree)
            plan = Project(root, select=MANY[hop][3] + ["APT014"], ignore=ignore, phases="all",
                           hop=hop).fix()
            assert plan.errors == [] and plan.apply() == []
            left = [finding for finding in plan.remaining if finding.code == "APT014"]
        (before, warnings), (after, new_warnings) = [fetched(apt, root) for root in roots]
        assert after == before, tree
        assert left or not new_warnings, (tree, new_warnings)
        assert all(finding.applicability == "manual" for finding in left)
        quiet += bool(warnings) and not new_warnings
    assert quiet > 12
