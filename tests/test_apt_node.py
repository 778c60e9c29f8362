"""Rules about a node's apt configuration as a whole: against apt itself where that decides, and what
is judged where only a part of a node is looked at."""

import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import debian
import nodes
import pvemigrate
from nodes import read_tree, status_file, write_tree
from pvemigrate import Project
from pvemigrate.releases import HOPS
from pvemigrate.ruleset._apt_files import default_release, part_names
from pvemigrate.source import SourceFile
from test_apt_readers import Apt

DEBIAN = "deb http://ftp.debian.org/debian buster main contrib\n"
SECURITY = "deb http://security.debian.org/debian-security buster/updates main contrib\n"
ENTERPRISE = "deb https://enterprise.proxmox.com/debian/pve buster pve-enterprise\n"
NO_SUBSCRIPTION = "deb http://download.proxmox.com/debian/pve buster pve-no-subscription\n"
NODE = {"etc/hostname": "pve1\n", "etc/apt/sources.list": DEBIAN + SECURITY,
        "etc/apt/sources.list.d/pve-enterprise.list": ENTERPRISE}


def codes(findings):
    return [finding.code for finding in findings]


@pytest.fixture
def apt(tmp_path):
    if not shutil.which("apt-get"):
        pytest.skip("no apt-get: these tests want Debian or a derivative")
    return Apt(tmp_path / "apt")


# -- options that conflict ---------------------------------------------------------------------------

OPTIONS = [
    "trusted=yes", "trusted=no", "trusted=1", "trusted=maybe", "signed-by=/a.gpg", "signed-by=/b.gpg",
    "signed-by=,/a.gpg", "signed-by=" + "AB" * 20, "signed-by=" + "ab" * 20, "check-valid-until=no",
    "check-valid-until=off", "check-valid-until=yes", "check-date=no", "valid-until-min=5",
    "valid-until-min=05", "valid-until-min=6x", "valid-until-max=x", "valid-until-max=5",
    "date-max-future=5", "allow-weak=yes", "allow-weak=no", "allow-insecure=on",
    "allow-downgrade-to-insecure=yes", "inrelease-path=a", "inrelease-path=b", "arch=i386", "lang=de",
    "Trusted=yes"]
URIS = ["http://m/d"] * 4 + ["http://m/d/", "https://m/d", "http://u:p@m/d", "http://m/d//", "http://M/d"]
SUITES = ["buster", "buster", "buster", "bullseye", "dists/buster/", "buster/"]


def conflict_tree(rnd):
    """A file of each syntax, of two or three entries that are one repository more often than not."""
    files = {}
    for _ in range(rnd.randint(2, 3)):
        options = rnd.sample(OPTIONS, rnd.choice((0, 1, 1, 2)))
        uri, suite = rnd.choice(URIS), rnd.choice(SUITES)
        components = "" if suite.endswith("/") else rnd.choice(("main", "contrib"))
        name = rnd.choice(("a.list", "b.sources", "c.list"))
        if name.endswith(".list"):
            text = "%s %s %s %s %s\n" % (rnd.choice(("deb", "deb-src")), "[%s]" % " ".join(options)
                                         if options else "", uri, suite, components)
        else:
            text = "Types: deb\nURIs: %s\nSuites: %s\n" % (uri, suite)
            text += "Components: %s\n" % components if components else ""
            text += "".join("%s: %s\n" % tuple(option.split("=")) for option in options) + "\n"
        files[name] = files.get(name, "") + text
    return files


@pytest.mark.heavy
def test_apt018_says_what_apt_says(apt, tmp_path):
    refused = 0
    for number in range(250):
        files = conflict_tree(random.Random("conflict %d" % number))
        apt.fill({name: text.encode() for name, text in files.items()})
        _, errors = apt.targets()
        conflicts = [error for error in errors if "Conflicting values" in error]
        root = write_tree(tmp_path / str(number), {
            "etc/apt/sources.list.d/" + name: text for name, text in files.items()})
        found = Project(root, phases="all", select=["APT018"]).check()
        assert bool(found) == bool(conflicts), (files, conflicts)
        refused += bool(found)
    assert 40 < refused < 210, "the files are not worth much"


def test_apt018_in_files_that_were_not_asked_for(tmp_path):
    """The other entry counts, but a finding stands in what was asked for only."""
    root = write_tree(tmp_path, {
        "etc/apt/sources.list": "deb [trusted=yes] http://m/d buster main\n",
        "etc/apt/sources.list.d/x.list": "deb http://m/d buster main\n"})
    first, second = "etc/apt/sources.list", "etc/apt/sources.list.d/x.list"
    assert Project(root, paths=[first], select=["APT018"]).check() == []
    finding, = Project(root, paths=[second], select=["APT018"]).check()
    assert finding.path == second and first in finding.message


# -- pins and APT::Default-Release -------------------------------------------------------------------

CONF = ["APT", "apt", "::", "Default-Release", "default-release", " ", " ", "\"buster\"", "\"x\"", "buster",
        "{", "}", ";", ";", "\n", "\n", "//", "/*", "*/", "#c", "\"", "\t", "\r\n", "#clear APT",
        "#clear APT::Default-Release;", "APT::Default-Release \"buster\";", "APT { Default-Release \"y\"; };",
        "Foo \"a\"  \"b\";", "APT::Default-Release \"a\" \"b\";", "APT \"on\";",
        "APT::Default-Release {\"q\";};"]


@pytest.mark.heavy
def test_default_release_is_what_apt_config_says(tmp_path):
    if not shutil.which("apt-config"):
        pytest.skip("no apt-config: this test wants Debian or a derivative")
    path, seen, accepted = tmp_path / "apt.conf", set(), 0
    environment = dict(os.environ, APT_CONFIG="/dev/null", LC_ALL="C.UTF-8")
    for number in range(300):
        rnd = random.Random("conf %d" % number)
        data = "".join(rnd.choice(CONF) for _ in range(rnd.randint(1, 8))).encode()
        path.write_bytes(data)
        done = subprocess.run(["apt-config", "-c", str(path), "dump", "--format", "%F=%v%n"],
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ours = default_release(SourceFile("x", "text", data).tree.body)
        if done.returncode:
            continue  # apt does not start at all
        accepted += 1
        values = [line.partition("=")[2] for line in done.stdout.decode().split("\n")
                  if line.lower().startswith("apt::default-release=")]
        assert (ours.text if ours else "") == (values[-1] if values else ""), data
        seen.update(values)
    assert accepted > 90 and len(seen) > 3, "the texts are not worth much"


NAMES = ["a", "a.conf", "b.pref", "c.bak", "d~", ".e", "f g", "g:h", "i.", "J.CONF", "k.conf.dpkg-old",
         "l_m-n", "9", "x.conf.conf", "o.pref.conf", "\u00e4"]


def test_the_files_that_apt_reads(tmp_path):
    if not shutil.which("apt-config"):
        pytest.skip("no apt-config: this test wants Debian or a derivative")
    folder = tmp_path / "apt.conf.d"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        (folder / name).write_text("Test::N%d \"%d\";\n" % (number, number))
    main = tmp_path / "main.conf"
    main.write_text("Dir::Etc \"%s/\"; Dir::Etc::main \"none\"; Dir::Etc::parts \"apt.conf.d\";\n"
                    % tmp_path)
    done = subprocess.run(["apt-config", "dump"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=dict(os.environ, APT_CONFIG=str(main), LC_ALL="C.UTF-8"))
    read = {NAMES[int(number)] for number in re.findall(r"Test::N(\d+)", done.stdout.decode())}
    assert read == set(part_names(NAMES, ".conf"))
    assert len(read) > 4


#: What follows "Pin: " -> whether it is for buster and not for bullseye.
PINS = {
    "release n=buster": True, "release  o=Debian , n=buster": True, "release n=bullseye": False,
    "RELEASE N=Buster*": None, "release n=buster*": True, "release a=buster-backports": True,
    "release buster": True, "release n=/^buster/": True, "release n=/^BUSTER(|-backports)$/": True,
    "release n=/^(buster|bullseye)$/": False, "release n=b*": False, "release a=stable": False,
    "release\n o=Debian,\n n=buster": True, "release o=Debian,\n# n=x\n n=buster": True,
    "release n=buster\nPin: release n=bullseye": False, "origin \"\"": False,
    "release c=buster": False, "release l=buster": False, "release /buster/": True,
    "\trelease\tn=buster": True, "release n=": False,
}


def release(folder, codename, suite):
    """A repository of one package on the disc."""
    packages = folder / "dists" / codename / "main" / "binary-amd64"
    packages.mkdir(parents=True)
    (packages / "Packages").write_text(
        "Package: x\nVersion: 1\nArchitecture: amd64\nFilename: x\nSize: 1\n\n")
    (folder / "dists" / codename / "Release").write_text(
        "Origin: Debian\nLabel: Debian\nSuite: %s\nCodename: %s\nComponents: main\n"
        "Architectures: amd64\n" % (suite, codename))


@pytest.mark.heavy
def test_pins_are_what_apt_cache_says(apt, tmp_path):
    for codename, suite in (("buster", "oldstable"), ("bullseye", "stable"),
                            ("buster-backports", "buster-backports")):
        release(tmp_path / "repository", codename, suite)
    apt.fill({"x.list": "".join("deb [trusted=yes] file:%s/repository %s main\n" % (tmp_path, name)
                                for name in ("buster", "bullseye", "buster-backports")).encode()})
    with open(apt.environment["APT_CONFIG"], "a") as config:
        config.write("Dir::Etc::preferences \"%s\"; APT::Sandbox::User \"\";\n" % (tmp_path / "pref"))
    done = subprocess.run(["apt-get", "update"], env=apt.environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    for pin, expected in PINS.items():
        text = "Package: *\nPin: %s\nPin-Priority: 777\n" % pin
        (tmp_path / "pref").write_text(text)
        done = subprocess.run(["apt-cache", "policy"], env=apt.environment, stdout=subprocess.PIPE)
        raised = set(re.findall(r"777 .*?/repository ([a-z-]+)/main", done.stdout.decode()))
        theirs = any(name.startswith("buster") for name in raised) and "bullseye" not in raised
        if expected is not None:
            assert theirs == expected, (pin, raised)
        root = write_tree(tmp_path / "node", {"etc/apt/preferences": text, "etc/apt/sources.list": DEBIAN})
        found = Project(root, phases="all", select=["APT015"]).check()
        # A name in another case is no name for apt, but for the one who wrote it.
        assert bool(found) == (theirs if expected is not None else True), pin


# -- keys --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hop, release", [("6to7", "bullseye"), ("7to8", "bookworm"), ("8to9", "trixie")])
@pytest.mark.parametrize("signed_by", [True, False], ids=["gpg", "asc"])
def test_apt019_finds_debians_keys_in_debians_keyrings(signed_by, hop, release, tmp_path):
    """The keyring holds keys of the new release; without them it does not."""
    package = debian.unpacked("debian-archive-keyring")
    rings = sorted(package.glob("usr/share/keyrings/debian-archive-[bt]*.gpg" if signed_by
                                else "etc/apt/trusted.gpg.d/*.asc"))
    if not any(release in ring.name for ring in rings):
        pytest.skip("the package debian-archive-keyring that apt-get has here does not have %s's keys: "
                    "unpack one of Debian 11 to 13 in its place" % release)
    for ring in rings:
        # By what is in it, and by its name where nothing of that can be read.
        for name, data in (("ring" + ring.suffix, ring.read_bytes()), (ring.name, b"\0")):
            for place, kind in (("http://deb.debian.org/debian " + release, release + "-(automatic|stable)"),
                                ("http://security.debian.org/debian-security %s-security" % release,
                                 release + "-security-automatic")):
                if hop == "6to7" and data == b"\0" and not signed_by:
                    continue
                root = write_tree(tmp_path / name / kind[-9:], {
                    "etc/apt/keyrings/" + name: data,
                    "etc/apt/sources.list": "deb [signed-by=/etc/apt/keyrings/%s] %s main\n" % (
                        name, place)})
                found = Project(root, phases="all", select=["APT019"], hop=hop).check()
                assert bool(found) != bool(re.search(kind, ring.name)), (ring, place)


@pytest.mark.parametrize("release", ["bullseye", "bookworm", "trixie"])
def test_the_fingerprints_are_those_of_debians_keys(release):
    if not shutil.which("gpg"):
        pytest.skip("no gpg: install gnupg")
    hop = next(hop for hop in HOPS.values() if hop.new == release)
    package = debian.unpacked("debian-archive-keyring")
    for key, names in ((hop.debian_key, ("automatic", "stable")),
                       (hop.security_key, ("security-automatic",))):
        found = []
        for name in names:
            ring = package / ("usr/share/keyrings/debian-archive-%s-%s.gpg" % (release, name))
            if not ring.exists():
                pytest.skip("the package debian-archive-keyring that apt-get has here does not have %s's "
                            "keys: unpack one of Debian 11 to 13 in its place" % release)
            done = subprocess.run(["gpg", "--homedir", str(package), "--no-default-keyring",
                                   "--with-colons", "--show-keys", str(ring)], stdout=subprocess.PIPE)
            lines = [line.split(":") for line in done.stdout.decode().split("\n")]
            found.append((next(line[9] for line in lines if line[0] == "fpr"),
                          next(line[9] for line in lines if line[0] == "uid").partition(" <")[0]))
        assert [fingerprint for fingerprint, _ in found] == key.fingerprints
        assert [owner for _, owner in found] == key.owners


# -- what is added and disabled ----------------------------------------------------------------------


@pytest.mark.parametrize("phases, suite", [("before", "buster"), ("all", "bullseye")])
def test_a_node_without_subscription_is_never_without_a_repository(phases, suite, tmp_path):
    root = write_tree(tmp_path, NODE)
    plan = Project(root, phases=phases, select=["APT"], ignore=["APT021"],
                   pve_repo="no-subscription").fix()
    assert plan.apply() == []
    tree = read_tree(root)
    assert tree["etc/apt/sources.list.d/pve-enterprise.list"] == b"# " + ENTERPRISE.encode()
    assert tree["etc/apt/sources.list.d/pve-no-subscription.list"] == NO_SUBSCRIPTION.replace(
        "buster", suite).encode()
    again = Project(root, phases=phases, select=["APT"], ignore=["APT021"],
                    pve_repo="no-subscription").fix()
    assert again.changes == [] and [f for f in again.findings if f.due] == []


def test_patch_makes_the_new_file(tmp_path):
    if not shutil.which("patch"):
        pytest.skip("no patch: install it")
    tree = dict(NODE)
    del tree["etc/apt/sources.list.d/pve-enterprise.list"]
    roots = [write_tree(tmp_path / name, tree) for name in ("fixed", "patched")]
    plan = Project(roots[0], phases="all", select=["APT010"], pve_repo="enterprise").fix()
    assert plan.apply() == []
    done = subprocess.run(["patch", "-p1", "-s"], cwd=str(roots[1]), input=plan.diff().encode())
    assert done.returncode == 0
    assert read_tree(roots[0]) == read_tree(roots[1])
    assert read_tree(roots[0])["etc/apt/sources.list.d/pve-enterprise.list"] == ENTERPRISE.replace(
        "buster", "bullseye").encode()


STANZA = "Types: deb\nURIs: https://enterprise.proxmox.com/debian/pve\nSuites: buster\n" \
    "Components: pve-enterprise\n"


#: What may stand in proxmox.sources already: all of it is still there for apt, and what is added too.
THERE = "Types: deb\nURIs: http://there.example/debian\nSuites: any\nComponents: main\n"
BEFORE = [
    "", "\n", "\n\n", "# c", "# c\n", "\r\n", THERE, THERE + "\n", THERE + "\n\n\n", THERE[:-1], THERE + "# c",
    THERE + "\n# c\n", THERE + "\n# c", THERE + " \n", THERE + " ", THERE + "\t\n# c\n", THERE + "\n \n",
    THERE.replace("\n", "\r\n"), THERE.replace("\n", "\r\n")[:-2], THERE[:-1] + "\n contrib",
    THERE + "Enabled: no", THERE + "\n" + THERE.replace("any", "some"), THERE + "X-Note:", THERE + "\r",
    THERE.replace("\n", "\r\n") + "\r\n# c\r\n", THERE + "# c\n contrib"]


@pytest.mark.heavy
@pytest.mark.parametrize("text", BEFORE)
def test_apt_reads_what_is_added_to_a_file_of_stanzas(text, apt, tmp_path):
    root = write_tree(tmp_path / "node", {
        "etc/apt/sources.list.d/debian.list": "deb http://deb.debian.org/debian trixie main\n",
        "etc/apt/sources.list.d/proxmox.sources": text,
        "usr/share/keyrings/proxmox-archive-keyring.gpg": "Proxmox Trixie Release Key"})
    folder = Path(str(root)) / "etc/apt/sources.list.d"
    apt.fill({path.name: path.read_bytes() for path in folder.iterdir()})
    before, errors = apt.targets()
    assert errors == []
    plan = Project(root, hop="8to9", phases="all", select=["APT010"], pve_repo="no-subscription").fix()
    assert plan.apply() == [] and plan.remaining == []
    apt.fill({path.name: path.read_bytes() for path in folder.iterdir()})
    after, errors = apt.targets()
    assert errors == []
    assert {target[3:] for target in after - before} == {
        ("http://download.proxmox.com/debian/pve/", "trixie", "pve-no-subscription")}
    assert before < after
    added = (folder / "proxmox.sources").read_bytes()
    assert added.startswith(text.encode()) and b"Signed-By: /usr/share/keyrings/proxmox-archive-" in added


def test_nothing_is_added_to_what_runs_on(tmp_path):
    """Below such a line it would be another field's name for apt."""
    for text in (THERE + "junk", THERE + "\njunk\n", "junk\n"):
        root = write_tree(tmp_path, {
            "etc/apt/sources.list": "deb http://deb.debian.org/debian trixie main\n",
            "etc/apt/sources.list.d/proxmox.sources": text})
        plan = Project(root, hop="8to9", phases="all", select=["APT010"],
                       pve_repo="no-subscription").fix()
        assert plan.changes == [] and plan.errors == []


@pytest.mark.parametrize("phases, suite", [("before", "bookworm"), ("all", "trixie")])
def test_such_a_node_of_release_8(phases, suite, tmp_path):
    tree = {path: text.replace("buster/updates", "bookworm-security").replace("buster", "bookworm")
            for path, text in NODE.items()}
    root = write_tree(tmp_path, tree)
    options = {"phases": phases, "select": ["APT"], "ignore": ["APT024"], "hop": "8to9",
               "pve_repo": "no-subscription"}
    assert Project(root, **options).fix().apply() == []
    assert read_tree(root)["etc/apt/sources.list.d/proxmox.sources"] == (
        "Types: deb\nURIs: http://download.proxmox.com/debian/pve\nSuites: %s\n"
        "Components: pve-no-subscription\n" % suite).encode()
    again = Project(root, **options).fix()
    assert again.changes == [] and [f for f in again.findings if f.due] == []


@pytest.mark.heavy
@pytest.mark.parametrize("text", [
    STANZA, STANZA + "\n", STANZA.rstrip("\n"), STANZA.replace("\n", "\r\n"), "Enabled: yes\n" + STANZA,
    STANZA + "Enabled: true\n# c\n\n" + STANZA, STANZA + "# c\n\n" + STANZA.replace("buster", "bullseye"),
    STANZA.replace(": pve", ":\n# c\n pve") + "# c"])
def test_apt_takes_a_disabled_stanza_for_disabled(text, apt, tmp_path):
    root = write_tree(tmp_path / "node", {"etc/hostname": "a\n", "etc/apt/sources.list.d/x.sources": text})
    options = {"phases": "all", "select": ["APT012"], "pve_repo": "no-subscription"}
    assert Project(root, **options).fix().apply() == []
    folder = Path(str(root)) / "etc/apt/sources.list.d"
    apt.fill({path.name: path.read_bytes() for path in folder.iterdir()})
    targets, errors = apt.targets()
    assert errors == []
    suites = {"buster"} | ({"bullseye"} if "bullseye" in text else set())
    assert {target[3:] for target in targets} == {
        ("http://download.proxmox.com/debian/pve/", suite, "pve-no-subscription") for suite in suites}


# -- what is looked at -------------------------------------------------------------------------------


def test_a_part_of_a_node_lacks_nothing(tmp_path):
    """What is missing is judged of a whole root only."""
    root = write_tree(tmp_path, {"etc/apt/sources.list": DEBIAN})
    assert codes(Project(root, phases="all", select=["APT010", "APT011"]).check()) == ["APT011", "APT010"]
    assert Project(root, phases="all", paths=["etc/apt/sources.list"],
                   select=["APT010", "APT011"]).check() == []
    assert pvemigrate.check(DEBIAN, kind="apt-list", phases="all", select=["APT01", "APT020"]) == []
    assert pvemigrate.check(ENTERPRISE, kind="apt-list", phases="all", select=["APT012"]) == []


def test_one_file_is_judged_with_the_others_beside_it(tmp_path):
    root = write_tree(tmp_path, NODE)
    path = "etc/apt/sources.list.d/pve-enterprise.list"
    options = {"paths": [path], "select": ["APT012"], "pve_repo": "no-subscription"}
    finding, = Project(root, **options).check()
    assert finding.applicability == "safe" and len(finding.edits) == 2
    write_tree(tmp_path, {"etc/apt/sources.list": DEBIAN + NO_SUBSCRIPTION})
    finding, = Project(root, **options).check()
    assert len(finding.edits) == 1


def test_the_key_is_never_shown(tmp_path):
    key = "pve2b-00c0ffee00"
    root = write_tree(tmp_path, dict(NODE, **{
        "etc/subscription": key + "\nsum\nbm90IGpzb24=\n",
        "etc/apt/auth.conf": "machine enterprise.proxmox.com login %s\n" % key}))
    for form in ("text", "concise", "json"):
        for verb in ("check", "fix"):
            result = nodes.run(verb, "--root", root, "--output-format", form, "--select", "APT012",
                               *(["--diff"] if verb == "fix" else []))
            assert "APT012" in result.out + result.err
            assert key not in result.out + result.err


@pytest.mark.parametrize("data", [
    b"", b"\n\n\n", b"\xff\xfe\0", b"k\n\n" + b"[" * 100000, b"k\ns\nW1tb\n", b"k\ns\nbnVsbA==\n",
    b"k\ns\neyJzdGF0dXMiOiA1fQ==\n", b"\n\neyJzdGF0dXMiOiAiQWN0aXZlIn0=\n"])
def test_odd_subscriptions_are_none(data, tmp_path):
    root = write_tree(tmp_path, dict(NODE, **{"etc/subscription": data}))
    project = Project(root, select=["APT012"])
    assert codes(project.check()) == ["APT012"]
    assert project.errors == []


@pytest.mark.parametrize("path", ["etc/apt/preferences", "etc/apt/apt.conf", "etc/apt/trusted.gpg.d/a.asc",
                                  "etc/apt/apt.conf.d/x", "etc/apt/preferences.d/x.pref"])
def test_hostile_files_raise_nothing(path, tmp_path):
    rnd = random.Random(path)
    pieces = [b"\0", b"\xff", b"\n", b"\r\n", b" ", b"\"", b"{", b"}", b";", b":", b"=", b",", b"#", b"Pin: ",
              b"release ", b"n=buster", b"Package: *\n", b"-----BEGIN PGP PUBLIC KEY BLOCK-----", b"\n\n",
              b"APT::Default-Release ", b"buster", b"/*", b"*/", b"//", b"\xc4\xb0buster"]
    texts = [b"".join(rnd.choice(pieces) for _ in range(rnd.randint(1, 40))) for _ in range(150)]
    texts += [b"{" * 50000, b"a{" * 50000, b"\"" * 50000, b"Pin: release " + b"n=buster," * 50000]
    for text in texts:
        root = write_tree(tmp_path, {path: text, "etc/apt/sources.list": NO_SUBSCRIPTION})
        project = Project(root, phases="all", select=["APT015", "APT019"])
        for finding in project.check():
            assert finding.line >= 1
        assert project.errors == [], text[:100]


def test_what_a_run_has_settled_blocks_it_no_longer(tmp_path):
    """Fixing twice is fixing once, also where the first fix is what another phase waited for."""
    write_tree(tmp_path, {
        "etc/apt/sources.list": "deb http://deb.debian.org/debian bookworm main\n",
        "etc/apt/sources.list.d/ceph.list":
            "deb http://download.proxmox.com/debian/ceph-reef bookworm no-subscription\n",
        "etc/apt/sources.list.d/pve.list":
            "deb http://download.proxmox.com/debian/pve bookworm pve-no-subscription\n",
        "var/lib/dpkg/status": status_file(proxmox_ve="8.4.0", pve_manager="8.4.1")})
    options = {"hop": "8to9", "phases": ["before", "switch"], "select": "APT", "ignore": "APT024"}
    held = Project(tmp_path, **options).fix()
    assert held.blocked == {"switch": ["APT005"]} and held.changes == []
    plan = Project(tmp_path, unsafe_fixes=True, **options).fix()
    assert plan.blocked == {}
    assert {finding.code for finding in plan.found if finding.fixed} == {
        "APT001", "APT003", "APT005"} | {finding.code for finding in plan.found if finding.code == "APT004"}
    assert plan.apply() == []
    assert (tmp_path / "etc/apt/sources.list.d/ceph.list").read_text() == (
        "deb http://download.proxmox.com/debian/ceph-squid trixie no-subscription\n")
    assert Project(tmp_path, unsafe_fixes=True, **options).fix().changes == []
