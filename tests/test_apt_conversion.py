"""One-line files that become .sources files (APT024), before apt-get itself: the same repositories, in
the same order, with the same options; and nothing that a person has written is gone.

apt-get runs offline on private folders. What it does not show of an option (``signed-by``,
``check-valid-until`` ...) it says by itself where both files lie side by side: it refuses two entries of one
repository that differ.
"""

import random
import re
import shutil

import pytest

import pvemigrate
import shapes
from nodes import read_tree, write_tree
from pvemigrate import Project
from test_apt_readers import Apt
from test_cli import Quick

OPTIONS = dict(hop="8to9", phases="all", deb822=True, select=["APT024"])
PARTS = "etc/apt/sources.list.d/"
KEYRINGS = {"usr/share/keyrings/%s-archive-keyring.gpg" % name: "" for name in ("debian", "proxmox")}


@pytest.fixture
def apt(tmp_path):
    if not shutil.which("apt-get"):
        pytest.skip("no apt-get: these tests want Debian or a derivative")
    return Apt(tmp_path / "apt")


def converted(root, files):
    """The files of apt after the conversion (path -> bytes) in a tree of *files*; None where nothing
    is converted."""
    shutil.rmtree(str(root), ignore_errors=True)
    write_tree(root, files)
    plan = Project(root, **OPTIONS).fix()
    assert plan.errors == []
    if not plan.changes:
        return None
    assert plan.apply() == []
    assert Project(root, **OPTIONS).fix().changes == [], "fixing twice is not fixing once"
    return {path: data for path, data in read_tree(root).items() if path.startswith("etc/apt/")}


def seen(apt, files):
    """What apt makes of *files* (path -> bytes): what it would fetch, and all it says of each index, in
    its order; None where it refuses them."""
    main = apt.folder / "sources.list"
    if main.exists():
        main.unlink()
    if "etc/apt/sources.list" in files:
        main.write_bytes(files["etc/apt/sources.list"])
    apt.fill({path[len(PARTS):]: data for path, data in files.items() if path.startswith(PARTS)})
    uris, errors = apt.run("--print-uris", "update")
    if errors:
        return None
    targets, errors = apt.run("indextargets")
    assert errors == []
    # Where an entry stands is what changes.
    return uris, re.sub(r"(?m)^(Sourcesentry): .*\n", "", targets)


def data_of(files):
    return {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}


def verify(apt, root, files, has_order=True):
    """Convert a tree and compare; whether there was anything to convert and to compare."""
    before = seen(apt, {path: data for path, data in data_of(files).items()
                        if path.startswith("etc/apt/")})
    after_files = converted(root, files)
    if after_files is None or before is None:
        return False
    after = seen(apt, after_files)
    assert after is not None, after_files
    without = [re.sub(r"(?m)^Signed-By: /usr/share/keyrings/.*\n", "", part) for part in (before[1], after[1])]
    if has_order:
        assert (before[0], without[0]) == (after[0], without[1])
    assert sorted(before[0].split("\n")) == sorted(after[0].split("\n"))
    assert sorted(without[0].split("\n\n")) == sorted(without[1].split("\n\n"))
    verify_nothing_is_lost(data_of(files), after_files)
    verify_readable({path: data for path, data in after_files.items() if path not in files})
    return True


def verify_nothing_is_lost(before, after):
    """Each comment is there, or is a stanza that is not enabled; each entry is there."""
    lines = [line for data in after.values() for line in data.split(b"\n")]
    stanzas = [words_of(stanza) for data in after.values() for stanza in data.split(b"\n\n")]
    for path, data in before.items():
        if path in after or not path.startswith("etc/apt/"):
            continue
        for line in data.split(b"\n"):
            line = line.strip(b" \t")
            if line.startswith(b"#") and line in lines or not line:
                continue
            enabled = not line.startswith(b"#")
            entry = line.lstrip(b"#")
            # A # within brackets is part of an option; there is none in these trees.
            entry, hash_sign, remark = entry.partition(b"#")
            assert not hash_sign or hash_sign + remark in lines, line
            words = set(re.sub(br"^(\s*deb\S*\s+)\[[^]]*\]", br"\1", entry).split())
            assert any(words <= mine and (b"Enabled: no" in text) != enabled
                       for mine, text in stanzas), line


def words_of(stanza):
    text = b"\n".join(line for line in stanza.split(b"\n") if not line.startswith(b"#"))
    return set(text.split()), text


def verify_readable(files):
    """No reader of the new files disagrees with another one."""
    for path, data in files.items():
        if path.endswith(".sources"):
            assert pvemigrate.check(data, kind="deb822", select=["APT016", "APT017"], hop="8to9",
                                    phases="all") == []
            # Proxmox's reader ends a stanza at a line of blanks.
            assert not re.search(br"(?m)^[ \t]", data)


def verify_options(apt, files, after):
    """Apt takes the old and the new files side by side, in both orders: no option is another one."""
    old = {path: data for path, data in data_of(files).items() if path.startswith(PARTS)}
    for prefix in ("", "0"):
        both = dict(old)
        both.update((PARTS + prefix + path[len(PARTS):], data) for path, data in after.items()
                    if path not in old)
        assert seen(apt, both) is not None, both


# -- trees of the checkout -----------------------------------------------------------------------------


def trees():
    """The examples and the goldens' cases: (name, files)."""
    for path in sorted((shapes.CHECKOUT / "examples").glob("pve*")):
        yield path.name, read_tree(path)
    for path in sorted((shapes.CHECKOUT / "golden").glob("*/*.yml")):
        case = shapes.read_yaml(path)
        files = dict(case.get("files") or {})
        files.update((name, (path.parent / raw).read_bytes())
                     for name, raw in (case.get("raw") or {}).items())
        yield "%s/%s" % (path.parent.name, path.stem), files


@pytest.mark.heavy
def test_every_tree(apt, tmp_path):
    """Whole trees, as far as apt takes them; and each of their files by itself."""
    done, known = 0, set()
    for _, files in trees():
        files = {path: data for path, data in data_of(files).items()
                 if path.startswith("usr/share/keyrings/") or re.fullmatch(
                     "etc/apt/sources.list(.d/[^/]+)?", path)}
        lists = [path for path in files if path.endswith(".list")]
        if not lists:
            continue
        # Where sources.list has become several files, these have their names' order.
        done += verify(apt, tmp_path / "root", files, has_order=False)
        for path in lists:
            alone = (path == "etc/apt/sources.list", files[path])
            if alone not in known:
                known.add(alone)
                done += verify(apt, tmp_path / "root", {path: files[path]},
                               has_order=path != "etc/apt/sources.list")
    assert done > 100


# -- generated lists -----------------------------------------------------------------------------------

#: Options that each entry may have for itself, and those that all of a repository must have alike.
OWN = ["arch=amd64", "arch=amd64,i386", "arch+=arm64", "arch-=amd64", "lang=none", "lang=de,en", "lang+=fr",
       "lang-=en", "target=Packages", "target+=Contents-deb", "target-=Translations,Packages", "pdiffs=no",
       "pdiffs=yes", "by-hash=force", "by-hash=no"]
SHARED = ["trusted=yes", "trusted=no", "check-valid-until=no", "valid-until-min=60", "valid-until-max=86400",
          "check-date=no", "date-max-future=20", "signed-by=/a.gpg", "signed-by=/a.gpg,/b.gpg",
          "signed-by=0123456789012345678901234567890123456789"]
COMMENTS = ["# one", "#", "#two # three", "# deb is a type", "\t# indented", "#\ttab", "#deb http://x.example/",
            "# caf\xe9", "## deb http://x.example/ a b"]


def a_list(chosen):
    """A file of one-line entries, comments and blank lines (str)."""
    hosts = {number: [option for option in SHARED if chosen.random() < 0.2] for number in range(3)}
    lines = []
    for _ in range(chosen.randint(1, 8)):
        what = chosen.random()
        if what < 0.15:
            lines.append(chosen.choice(COMMENTS))
        elif what < 0.25:
            lines.append(chosen.choice(["", "", " \t"]))
        else:
            lines.append(an_entry(chosen, hosts))
            # What goes together often stands together.
            while chosen.random() < 0.5:
                lines.append(like(lines[-1], chosen))
    text = "\n".join(lines)
    return text if chosen.random() < 0.2 else text + "\n"


def an_entry(chosen, hosts):
    host = chosen.randrange(3)
    options = dict(option.split("=") for option in hosts[host])
    options.update(option.split("=") for option in chosen.sample(OWN, chosen.randrange(3)))
    options = ["%s=%s" % option for option in options.items()]
    gap = chosen.choice([" ", " ", "\t", "  "])
    words = [chosen.choice(["deb", "deb", "deb-src"])]
    if options or chosen.random() < 0.1:
        words.append(chosen.choice(["[%s]", "[ %s ]"]) % " ".join(options))
    words.append("http://h%d.example/%s" % (host, chosen.choice(["debian", "debian/", "$(ARCH)"])))
    words += chosen.choice([["./"], ["a", "main"], ["b", "main"], ["a", "main", "contrib"], ["a/b", "main"]])
    return chosen.choice(["", "", "", "", "#", "# ", " "]) + gap.join(words) + chosen.choice(
        ["", "", "", " ", " # remark", "#x"])


def like(line, chosen):
    """An entry that differs in one word, or in none."""
    change = chosen.choice([("deb ", "deb-src "), ("deb-src ", "deb "), (" a main", " b main"),
                            (" b main", " c main"), ("main", "main"), ("main", "contrib"), ("./", "x/")])
    return line.replace(*change)


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(3))
def test_generated_lists(seed, apt, tmp_path):
    chosen, done = random.Random(seed), 0
    for _ in range(40):
        files = {PARTS + "x.list": a_list(chosen)}
        if verify(apt, tmp_path / "root", files):
            verify_options(apt, files, {path: data for path, data in read_tree(
                tmp_path / "root").items() if path.startswith(PARTS)})
            done += 1
    assert done > 20


@pytest.mark.heavy
def test_generated_main_files(apt, tmp_path):
    """sources.list, which may become several files, and the keyrings that are named then."""
    places = ["http://deb.debian.org/debian trixie", "http://deb.debian.org/debian trixie-updates",
              "http://security.debian.org trixie-security", "http://download.proxmox.com/debian/pve trixie",
              "http://download.proxmox.com/debian/ceph-squid trixie",
              "https://enterprise.proxmox.com/debian/pve trixie", "http://mirror.example/debian trixie"]
    parts = ["main", "main contrib", "pve-no-subscription", "pve-enterprise", "no-subscription"]
    chosen, done = random.Random(5), 0
    for number in range(50):
        lines = ["%s%s %s %s%s" % (chosen.choice(["", "", "#"]), chosen.choice(["deb", "deb-src"]),
                                   chosen.choice(places), chosen.choice(parts),
                                   chosen.choice(["", " # remark"])) for _ in range(chosen.randint(1, 8))]
        for at in range(chosen.randrange(3)):
            lines.insert(chosen.randrange(len(lines) + 1), "# comment %d" % at)
        files = {"etc/apt/sources.list": "\n".join(lines) + "\n"}
        if number % 2:
            files.update(KEYRINGS)
        if number % 3 == 0:
            files[PARTS + "more.list"] = "deb %s main\n" % chosen.choice(places)
        done += verify(apt, tmp_path / "root", files, has_order=False)
    assert done > 40


@pytest.mark.heavy
def test_options_that_deb822_has_no_field_for(apt):
    """The reason why some entries stay. Should apt learn to read such a field, they need not any more."""
    for option, field, value in (("allow-insecure", "Allow-Insecure", "yes"), ("allow-weak", "Allow-Weak", "yes"),
                                 ("allow-downgrade-to-insecure", "Allow-Downgrade-To-Insecure", "yes"),
                                 ("inrelease-path", "InRelease-Path", "x")):
        entry = "deb [%s=%s] http://a.example/debian trixie main\n" % (option, value)
        stanza = ("Types: deb\nURIs: http://a.example/debian\nSuites: trixie\nComponents: main\n%s: %s\n"
                  % (field, value))
        alone = {PARTS + "a.list": entry.encode()}
        assert seen(apt, alone) is not None
        assert seen(apt, dict(alone, **{PARTS + "b.sources": stanza.encode()})) is None, option


# -- the command ---------------------------------------------------------------------------------------

TREE = {
    "etc/apt/sources.list": "# Debian\ndeb http://deb.debian.org/debian trixie main\n",
    PARTS + "vendor.list": "deb [arch=amd64] http://vendor.example/apt trixie main # why\n",
    **KEYRINGS,
}


def run(root, *arguments):
    return Quick(*arguments, "--root", root, "--hop", "8to9", "--phase", "after-node", "--select", "APT024")


def test_the_command_needs_the_option(tmp_path):
    write_tree(tmp_path, TREE)
    before = read_tree(tmp_path)
    result = run(tmp_path, "fix")
    assert (result.status, result.out.count("fix --deb822 makes")) == (0, 2)
    assert read_tree(tmp_path) == before


def test_a_run_and_its_rollback(tmp_path):
    write_tree(tmp_path, TREE)
    (tmp_path / "etc/apt/sources.list").chmod(0o640)
    before = read_tree(tmp_path)
    assert run(tmp_path, "fix", "--deb822", "--verify").status == 0
    after = read_tree(tmp_path)
    assert sorted(path for path in after if path.startswith("etc/")) == [
        PARTS + "debian.sources", PARTS + "vendor.sources"]
    assert run(tmp_path, "fix", "--deb822").out == "2 files checked: nothing found\n"
    assert Quick("rollback", "--root", tmp_path).status == 0
    assert read_tree(tmp_path) == before
    assert (tmp_path / "etc/apt/sources.list").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("place", ["apt/elsewhere", "shared/sources.list"])
def test_a_link_is_left_alone(tmp_path, place):
    write_tree(tmp_path, TREE)
    (tmp_path / "etc/shared").mkdir()
    (tmp_path / "etc/apt/sources.list").rename(tmp_path / "etc" / place)
    (tmp_path / "etc/apt/sources.list").symlink_to("../" + place)
    result = run(tmp_path, "fix", "--deb822", "--diff")
    assert "leaves it alone: it is a link" in result.err and "vendor.sources" in result.out
    assert "debian.sources" not in result.out and result.status == 1


def test_a_folder_may_be_a_link(tmp_path):
    write_tree(tmp_path, TREE)
    (tmp_path / "etc/apt").rename(tmp_path / "etc/shared")
    (tmp_path / "etc/apt").symlink_to("shared")
    assert run(tmp_path, "fix", "--deb822").status == 0
    assert (tmp_path / "etc/shared/sources.list.d/debian.sources").exists()


def test_one_file_that_was_asked_for(tmp_path):
    write_tree(tmp_path, dict(TREE, **{PARTS + "vendor.sources": "# mine\n"}))
    result = run(tmp_path, "fix", "--deb822", tmp_path / PARTS / "vendor.list")
    assert "vendor.sources is there already" in result.out and result.status == 0
    (tmp_path / PARTS / "vendor.sources").unlink()
    assert run(tmp_path, "fix", "--deb822", tmp_path / PARTS / "vendor.list").status == 0
    assert not (tmp_path / PARTS / "vendor.list").exists()
    assert (tmp_path / "etc/apt/sources.list").exists()


def test_a_text_has_no_place_to_go_to():
    result = pvemigrate.fix(b"deb http://a.example/ b c\n", kind="apt-list", hop="8to9", phases="all", deb822=True)
    assert not result.changed
    assert any("none of apt's places" in finding.message for finding in result.remaining)


def test_single_files_keep_the_format_where_that_is_asked_for(tmp_path):
    write_tree(tmp_path, TREE)
    plan = Project(tmp_path, **OPTIONS, per_file_ignores={"vendor.list": "APT024"}).fix()
    assert [path for path, _, _ in plan.changes] == ["etc/apt/sources.list", PARTS + "debian.sources"]
