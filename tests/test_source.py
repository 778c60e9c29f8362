"""Roots: which files are looked at, what is read of them, which facts they hold."""

import os
import random
import shutil
import subprocess

import pytest

from nodes import STORAGE, read_tree, status_file, write_tree
from pvemigrate import Project, UsageError
from pvemigrate.facts import Facts, version_key
from pvemigrate.settings import Settings, valid_mac
from pvemigrate.root import MAX_SIZE, OutsideError, Root
from pvemigrate.source import Reader, discover, find_roots, locate
from pvemigrate.targets import common_directory, targets_of

KNOWN = {
    "etc/apt/sources.list": "apt-list",
    "etc/apt/sources.list.d/a.list": "apt-list",
    "etc/apt/sources.list.d/b.sources": "deb822",
    "etc/network/interfaces": "interfaces",
    "etc/network/interfaces.d/x": "interfaces",
    "etc/network/interfaces.new": "interfaces",
    "etc/pve/lxc/102.conf": "lxc",
    "etc/pve/nodes/a/lxc/100.conf": "lxc",
    "etc/pve/nodes/a/qemu-server/101.conf": "qemu",
    "etc/pve/jobs.cfg": "jobs",
    "etc/pve/notifications.cfg": "notifications",
    "etc/pve/priv/ceph/x.conf": "ceph",
    "etc/pve/storage.cfg": "storage",
    "etc/pve/user.cfg": "user",
    "etc/pve/vzdump.cron": "vzdump-cron",
    "etc/vzdump.conf": "vzdump-conf",
}
OTHERS = ["etc/apt/sources.list.d/a.list.save", "etc/apt/sources.list.d/.b.list",
          "etc/apt/sources.list.d/c,d.list", "etc/apt/sources.list.save",
          "etc/network/interfaces.d/.x",
          "etc/network/interfaces.d/x~", "etc/pve/nodes/a/lxc/100.conf.tmp.1",
          "etc/pve/nodes/a/lxc/0.conf",
          "etc/pve/nodes/a/lxc/x.conf", "etc/pve/nodes/a/openvz/100.conf",
          "etc/pve/storage.cfg.old",
          "etc/pve/nodes/a/lxc/deeper/100.conf", "etc/pve/priv/storage/x.cfg",
          "etc/vzdump.conf.dpkg-old"]


def kinds(project):
    return {file.path: file.kind for file in project.files}


def test_known_files_and_no_others(tmp_path):
    write_tree(tmp_path, dict.fromkeys([*KNOWN, *OTHERS], ""))
    project = Project(tmp_path, hop="8to9")
    assert kinds(project) == KNOWN
    assert project.errors == []


def test_files_that_an_upgrade_has_nothing_to_do_with(tmp_path):
    """They are not read, so whatever is wrong with them is no error of the run."""
    write_tree(tmp_path, {"etc/pve/user.cfg": "", "etc/pve/notifications.cfg": ""})
    (tmp_path / "etc/sysctl.conf").symlink_to("nowhere")
    project = Project(tmp_path, hop="6to7")
    assert list(kinds(project)) == ["etc/pve/user.cfg"] and project.errors == []
    project = Project(tmp_path, hop="8to9")
    assert len(project.files) == 2 and [path for path, _ in project.errors] == ["etc/sysctl.conf"]
    # Who asks for a file by name gets it.
    named = Project(tmp_path, paths=["etc/pve/notifications.cfg"])
    assert kinds(named) == {"etc/pve/notifications.cfg": "notifications"}


def test_contents_of_an_etc(tmp_path):
    write_tree(tmp_path, {path[len("etc/"):]: "" for path in KNOWN})
    project = Project(tmp_path, etc="", hop="8to9")
    assert kinds(project) == {path[len("etc/"):]: kind for path, kind in KNOWN.items()}
    assert {file.location for file in project.files} == {path[len("etc/"):] for path in KNOWN}


@pytest.mark.parametrize("target", ["nodes/a/lxc", "/etc/pve/nodes/a/lxc", "nodes/gone/lxc"])
def test_links_into_nodes_are_no_files_of_their_own(target, tmp_path):
    write_tree(tmp_path, {"etc/pve/nodes/a/lxc/100.conf": ""})
    (tmp_path / "etc/pve/lxc").symlink_to(target)
    (tmp_path / "etc/pve/local").symlink_to("nodes/a")
    project = Project(tmp_path)
    assert list(kinds(project)) == ["etc/pve/nodes/a/lxc/100.conf"]
    assert project.errors == []


def test_a_link_elsewhere_inside_the_root_is_looked_into(tmp_path):
    write_tree(tmp_path, {"etc/saved/100.conf": ""})
    (tmp_path / "etc/pve").mkdir()
    (tmp_path / "etc/pve/lxc").symlink_to("../saved")
    assert list(kinds(Project(tmp_path))) == ["etc/pve/lxc/100.conf"]


def test_a_directory_outside_the_root_is_an_error(tmp_path):
    write_tree(tmp_path, {"outside/x.list": "deb", "root/etc/apt/sources.list": ""})
    (tmp_path / "root/etc/apt/sources.list.d").symlink_to(str(tmp_path / "outside"))
    project = Project(tmp_path / "root")
    assert list(kinds(project)) == ["etc/apt/sources.list"]
    (path, message), = project.errors
    assert path == "etc/apt/sources.list.d" and "leads out of the root" in message


def test_a_directory_that_is_a_file_holds_nothing(tmp_path):
    write_tree(tmp_path, {"etc/network/interfaces.d": "x", "etc/pve/nodes": "y", "etc/apt": "z"})
    project = Project(tmp_path)
    assert project.files == [] and project.errors == []


def test_sourced_files(tmp_path):
    write_tree(tmp_path, {
        "etc/network/interfaces":
            "source /etc/network/more/*\nsource-directory own\nsource ../../../x\n",
        "etc/network/more/a": "source /etc/network/deep\n",
        "etc/network/more/.hidden": "",
        "etc/network/more/sub/dir": "",
        "etc/network/deep": "source /etc/network/interfaces\n",
        "etc/network/own/b": "", "etc/network/own/b.bak": "", "etc/network/unnamed": "",
    })
    project = Project(tmp_path)
    assert sorted(kinds(project)) == ["etc/network/deep", "etc/network/interfaces",
                                      "etc/network/more/a",
                                      "etc/network/own/b"]
    assert project.errors == []


def test_paths_of_a_project(tmp_path):
    write_tree(tmp_path, dict.fromkeys(KNOWN, ""))
    for paths, wanted in [
            (["etc/pve/user.cfg"], ["etc/pve/user.cfg"]),
            (["etc/pve/nodes", "etc/pve/nodes/a", "etc/pve/nodes/a/lxc/100.conf"],
             ["etc/pve/nodes/a/lxc/100.conf", "etc/pve/nodes/a/qemu-server/101.conf"]),
            (["."], sorted(KNOWN)), (["etc"], sorted(KNOWN)), ([], [])]:
        assert sorted(kinds(Project(tmp_path, paths=paths, hop="8to9"))) == sorted(wanted)
    assert Project(tmp_path, paths=["etc/none"]).errors
    project = Project(tmp_path, paths=["etc/pve/user.cfg"], kind="lxc")
    assert kinds(project) == {"etc/pve/user.cfg": "lxc"}


def test_no_such_root(tmp_path):
    with pytest.raises(NotADirectoryError):
        Project(tmp_path / "none")
    with pytest.raises(ValueError):
        Project(tmp_path, kind="none", paths=[])


# -- reading ---------------------------------------------------------------------------------------


def test_nothing_is_opened_outside_the_root(tmp_path, monkeypatch):
    write_tree(tmp_path, {"outside/secret": "x", "root/etc/real": STORAGE})
    root = tmp_path / "root"
    for name, target in [("a", str(tmp_path / "outside/secret")), ("b", "../../outside/secret"),
                         ("c", "/etc/passwd"), ("d", "a")]:
        (root / "etc" / name).symlink_to(target)
    (root / "etc/folder").symlink_to(str(tmp_path / "outside"))
    opened = []
    original = os.open

    def record(path, *arguments, **keywords):
        descriptor = original(path, *arguments, **keywords)
        opened.append(os.path.realpath("/proc/self/fd/%d" % descriptor))
        return descriptor
    monkeypatch.setattr(os, "open", record)
    reader = Reader(str(root))
    for path in ("etc/a", "etc/b", "etc/c", "etc/d", "etc/folder/secret", "../outside/secret",
                 str(tmp_path / "outside/secret"), "etc/../../outside/secret"):
        with pytest.raises(OSError) as raised:
            reader.read(path)
        assert "leads out of the root" in str(raised.value), path
        assert reader.get(path) is None
    assert reader.read("etc/real") == STORAGE.encode()
    assert opened[-1] == str(root / "etc/real")
    assert all((path + "/").startswith(str(root) + "/") for path in opened)


def test_the_root_may_be_a_link_and_the_real_root_directory(tmp_path):
    write_tree(tmp_path, {"real/etc/x": "1"})
    (tmp_path / "link").symlink_to("real")
    assert Reader(str(tmp_path / "link")).read("etc/x") == b"1"
    assert Reader("/").read(str(tmp_path / "real/etc/x")[1:]) == b"1"


def test_sizes(tmp_path):
    with (tmp_path / "x").open("wb") as file:
        file.truncate(MAX_SIZE)
    assert len(Reader(str(tmp_path)).read("x")) == MAX_SIZE
    with (tmp_path / "x").open("ab") as file:
        file.write(b"1")
    with pytest.raises(OSError):
        Reader(str(tmp_path)).read("x")


# -- looking for roots -----------------------------------------------------------------------------


@pytest.mark.parametrize("path, root, location", [
    ("/etc/apt/sources.list", "/", "apt/sources.list"),
    ("/srv/a/etc/pve/user.cfg", "/srv/a", "pve/user.cfg"),
    ("/srv/etc/b/etc/vzdump.conf", "/srv/etc/b", "vzdump.conf"),
    ("/srv/etc/vzdump.conf/etc/x", None, None),
    ("/etc/network/interfaces.d/etc", "/", "network/interfaces.d/etc"),
    ("/srv/netc/vzdump.conf", None, None),
    ("/etc", None, None),
    ("/", None, None),
])
def test_locate(path, root, location):
    assert locate(path) == (root, location)


APT = "deb http://download.proxmox.com/debian/pve buster pve-no-subscription\n"


def test_find_roots(tmp_path):
    write_tree(tmp_path, {
        "a/etc/pve/nodes/pve/lxc/100.conf": "", "b/etc/apt/sources.list.d/pve.list": APT,
        "c/pve/storage.cfg": "", "d/apt/sources.list": APT,
        "m/etc/apt/sources.list": "deb http://mirror.example/pve buster pve-enterprise\n",
        "a/srv/backup/e/etc/pve/user.cfg": "", "backups/pve/f/etc/pve/user.cfg": "",
        "no1/etc/apt/sources.list": "# " + APT, "no2/etc/apt/sources.list.d/x.bak": APT,
        "no3/etc/hosts": "proxmox.com", "g/run/h/etc/pve/x": "",
        "a/var/lib/lxc/1/rootfs/etc/pve/x": "", "zfs/subvol-1-disk-0/etc/pve/x": "",
        "zfs/vm-1-x/etc/pve/x": "", "a/run/x/etc/pve/x": "", ".git/etc/pve/x": ""})
    roots, trouble = find_roots(str(tmp_path))
    assert trouble == []
    assert sorted((os.path.relpath(root, str(tmp_path)), etc) for root, etc in roots) == [
        ("a", "etc/"), ("a/srv/backup/e", "etc/"), ("b", "etc/"), ("backups/pve/f", "etc/"),
        ("c", ""),
        ("d", ""), ("g/run/h", "etc/"), ("m", "etc/")]
    assert find_roots(str(tmp_path / "a/etc")) == ([(str(tmp_path / "a"), "etc/")], [])
    assert find_roots(str(tmp_path / "no3/etc")) == ([], [])
    # What is named is entered, whatever it is called.
    assert find_roots(str(tmp_path / "zfs/subvol-1-disk-0"))[0]


def test_targets_and_labels(tmp_path):
    write_tree(tmp_path, {"a/etc/pve/user.cfg": "", "b/etc/pve/user.cfg": "", "x.cfg": ""})
    paths = [str(tmp_path / name) for name in ("b/etc/pve/user.cfg", "a", "x.cfg")]
    targets, errors, empty = targets_of(paths, kind=None)
    assert [(target.root, target.paths) for target in targets] == [
        (str(tmp_path / "b"), ["etc/pve/user.cfg"]), (str(tmp_path / "a"), None)]
    assert [path for path, _ in errors] == [paths[2]] and empty == []
    assert common_directory(targets) == (str(tmp_path), ["b/", "a/"])
    assert common_directory(targets[:1]) == (str(tmp_path / "b"), [""])


def test_files_are_created_below_the_contents_of_an_etc_too(tmp_path):
    tree = {"apt/sources.list": "deb http://ftp.debian.org/debian bullseye main\n", "pve/user.cfg": "",
            "network/interfaces": "auto enp33s0f0\niface enp33s0f0 inet manual\n"}
    project = Project(write_tree(tmp_path, tree), etc="", phases="all", select="APT010,NET004",
                      pin_nics=True, macs={"enp33s0f0": "00:00:5e:00:53:01"}, pve_repo="test")
    plan = project.fix()
    assert plan.remaining == [] and plan.apply() == []
    assert sorted(set(read_tree(tmp_path)) - set(tree)) == [
        "apt/sources.list.d/pve-test.list", "systemd/network/10-enp33s0f0.link"]
    assert Project(tmp_path, etc="", phases="all", select="APT010,NET004").check() == []


# -- facts -----------------------------------------------------------------------------------------


def facts_of(files, settings=None):
    return Facts(lambda path: files.get(path), settings=settings)


STATUS = (
    "Package: a\nStatus: install ok installed\nVersion: 1.0\n\n"
    "Package: half\nStatus: install ok half-configured\nVersion: 2.0\n\n"
    "Package: hold\nStatus: hold ok installed\nVersion: 1:3.0-1\n\n"
    "Package: gone\nStatus: deinstall ok config-files\nVersion: 4.0\n\n"
    "Package: purged\nStatus: purge ok not-installed\n\n"
    "Package: silent\nVersion: 5.0\n\n"
    "Package: late\nVersion: 6.0\nConffiles:\n Package: trap\nDescription: x\n Version: 9\n"
    "Status: install ok installed\n\n"
    "Package: twice\nStatus: deinstall ok config-files\nVersion: 7.0\nArchitecture: i386\n\n"
    "Package: twice\nStatus: install ok installed\nVersion: 7.1\nArchitecture: amd64\n\n"
    "Version: 8.0\nStatus: install ok installed\nPackage: last")


@pytest.mark.parametrize("name, version", [
    ("a", "1.0"), ("half", "2.0"), ("hold", "1:3.0-1"), ("gone", None), ("purged", None),
    ("silent", None), ("late", "6.0"), ("trap", None), ("twice", "7.1"), ("last", "8.0"),
    ("none", None)])
def test_packages(name, version):
    assert facts_of({"var/lib/dpkg/status": STATUS.encode()}).package(name) == version


def test_no_package_database():
    facts = facts_of({})
    assert facts.package("a") is None and facts.release is None


def test_a_large_package_database():
    many = "\n".join("Package: p%d\nStatus: install ok installed\nVersion: 1\nDescription: %s\n"
                     % (number, "x" * 500) for number in range(20000))
    data = many + "\n" + status_file(proxmox_ve="6.4-1", pve_manager="7.0-1")
    assert facts_of({"var/lib/dpkg/status": data.encode()}).release == 6


@pytest.mark.parametrize("paragraph", [
    "Package: proxmox-ve\n", "Package: proxmox-ve\nStatus: install ok installed\n\n",
    "Package: pve-kernel-%d\nStatus: install ok installed\nVersion: 1\n\n", "\n"])
def test_a_hostile_package_database_takes_time_in_proportion(tmp_path, paragraph):
    # 4 MB: what looks at the whole file for each paragraph would take an hour.
    count = 4000000 // len(paragraph)
    text = "".join(paragraph % n if "%" in paragraph else paragraph for n in range(count))
    write_tree(tmp_path, {"var/lib/dpkg/status": text + "\nPackage: proxmox-ve\n"
                          "Status: install ok installed\nVersion: 6.0-1\n"})
    finding, = Project(tmp_path, select="SYS001,SYS005").check()
    assert finding.code == "SYS001" and finding.line == text.count("\n") + 4


@pytest.mark.parametrize("lower, higher", [
    ("6.4", "6.4-1"), ("6.4-1", "6.4-4"), ("6.4-4", "6.4-15"), ("6.4-1", "7.0"), ("1.0~rc1", "1.0"),
    ("1.0-1~bpo10", "1.0-1"), ("1.0", "1.0a"), ("1.0a", "1.0+a"), ("9.9", "1:0.1"),
    ("3.0.0-1+pve4", "3.1.0-1+pmx1"), ("1.0-1", "1.0-1+b1"), ("1-2-9", "1-10-1"),
    ("1." + "9" * 5000, "1.1" + "0" * 5000), ("", "1")])
def test_versions_are_compared_as_dpkg_does(lower, higher):
    assert version_key(lower) < version_key(higher)


@pytest.mark.parametrize("one, other", [
    ("1.0", "1.0-0"), ("1.0", "0:1.0"), ("1.01", "1.1"), ("1.a", "1.a0"), ("1-", "1-0")])
def test_versions_that_are_the_same_for_dpkg(one, other):
    assert version_key(one) == version_key(other)


@pytest.mark.skipif(not shutil.which("dpkg"), reason="compares with dpkg, which is not here")
def test_versions_of_any_kind_are_compared_as_dpkg_does():
    rnd, pairs = random.Random(5), []
    while len(pairs) < 300:
        one = rnd.choice(["", "0:", "1:"]) + "1" + "".join(rnd.choices("0019az~+.", k=4))
        one += rnd.choice(["", "-0", "-1", "-1~bpo", "-0a"])
        other = list(one)
        other.insert(rnd.randint(one.find(":") + 2, len(other)), rnd.choice("0019az~+."))
        pairs.append((one, "".join(other)))
    script = "".join("dpkg --compare-versions '%s' lt '%s'; echo $?\n"
                     "dpkg --compare-versions '%s' gt '%s'; echo $?\n" % (pair * 2) for pair in pairs)
    said = subprocess.run(["sh"], input=script.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.split()
    keys = [(version_key(one), version_key(other)) for one, other in pairs]
    assert list(zip(said[::2], said[1::2])) == [
        (b"%d" % (not one < other), b"%d" % (not one > other)) for one, other in keys]


@pytest.mark.parametrize("versions, release", [
    (dict(proxmox_ve="6.4-1", pve_manager="6.4-15"), 6), (dict(proxmox_ve="7.0-2"), 7),
    (dict(proxmox_ve="7.0-2", pve_manager="6.4-15"), 6), (dict(pve_manager="8.1.3"), 8),
    (dict(proxmox_ve="garbage"), None),
    (dict(proxmox_ve="9" * 5000), None), (dict(proxmox_ve="1:7.1~rc1-1"), 7), (dict(x="1"), None)])
def test_release(versions, release):
    assert facts_of({"var/lib/dpkg/status": status_file(**versions).encode()}).release == release


@pytest.mark.parametrize("text, name", [
    ("pve1\n", "pve1"), ("pve1.example.com", "pve1"), ("# x\n\n pve1 \r\nother", "pve1"),
    ("", None),
    ("#x\n", None), (None, None), ("\xff\n", "\ufffd")])
def test_hostname(text, name):
    files = {} if text is None else {"etc/hostname": text.encode("latin-1")}
    assert facts_of(files).hostname == name


def test_macs_from_sysfs_through_its_links(tmp_path):
    write_tree(tmp_path, {
        "sys/devices/virtual/net/vmbr0/address": "00:00:5E:00:53:01\n",
        "sys/class/net/short/address": "00:00:5e:00:53\n",
        "sys/class/net/multicast/address": "01:00:5e:00:53:01\n",
        "sys/class/net/garbage/address": b"\xff\0",
        "etc/pve/user.cfg": "", "secret/address": "00:00:5e:00:53:02\n"})
    for name, target in [("vmbr0", "../../devices/virtual/net/vmbr0"),
                         ("out", str(tmp_path.parent)), ("gone", "../../none")]:
        (tmp_path / "sys/class/net" / name).symlink_to(target)
    facts = Project(tmp_path).facts
    assert facts.mac("vmbr0") == "00:00:5e:00:53:01"
    for name in ("short", "multicast", "garbage", "gone", "out", "none", "", ".", "..",
                 "../../../secret", "a/b"):
        assert facts.mac(name) is None, name


def test_a_sysfs_link_out_of_the_root_is_not_followed(tmp_path):
    write_tree(tmp_path, {"host/sys/vmbr0/address": "00:00:5e:00:53:01\n",
                          "root/sys/class/net/x": ""})
    (tmp_path / "root/sys/class/net/vmbr0").symlink_to(str(tmp_path / "host/sys/vmbr0"))
    (tmp_path / "root/sys/class/net/vmbr1").symlink_to("../../../../host/sys/vmbr0")
    facts = Project(tmp_path / "root").facts
    assert facts.mac("vmbr0") is None and facts.mac("vmbr1") is None


def test_macs_by_hand_and_on_release_7():
    files = {"sys/class/net/vmbr0/address": b"00:00:5e:00:53:01\n"}
    given = Settings(macs={"vmbr1": "00:00:5E:00:53:02"})
    assert facts_of(files).mac("vmbr0") == "00:00:5e:00:53:01"
    assert facts_of(files, given).mac("vmbr1") == "00:00:5e:00:53:02"
    files["var/lib/dpkg/status"] = status_file(proxmox_ve="7.0-2").encode()
    # What sysfs shows there is the address that the upgrade brought.
    assert facts_of(files, given).mac("vmbr0") is None
    assert facts_of(files, given).mac("vmbr1") == "00:00:5e:00:53:02"


def test_a_cluster_file_that_cannot_be_read_still_tells_of_a_cluster(tmp_path):
    write_tree(tmp_path, {"etc/pve/user.cfg": ""})
    assert not Project(tmp_path).facts.is_clustered
    (tmp_path / "etc/pve/corosync.conf").symlink_to("/nonexistent")
    assert Project(tmp_path).facts.is_clustered


# -- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mac, valid", [
    ("00:00:5e:00:53:01", True), ("0A:BC:DE:F0:12:34", True), ("00:00:5e:00:53", False),
    ("00:00:5e:00:53:01:02", False), ("00-00-5e-00-53-01", False), ("0:0:5e:0:53:1", False),
    ("01:00:5e:00:00:01", False), ("ff:ff:ff:ff:ff:ff", False), ("00:00:00:00:00:00", False),
    ("00:00:5e:00:53:0g", False), ("00:00:5e:00:53:\u0661\u0661", False), ("", False),
    (" 0:00:5e:00:53:01", False)])
def test_valid_mac(mac, valid):
    assert valid_mac(mac) is valid


def test_selection():
    settings = Settings(select=["apt, lxc001", "STO"], ignore="APT00,")
    assert [code for code in ("APT001", "APT016", "LXC001", "LXC003", "STO005", "USR001")
            if settings.selects(code)] == ["APT016", "LXC001", "STO005"]
    assert Settings().selects("ANY123")


@pytest.mark.parametrize("options", [
    dict(hop="9to10"), dict(phases="sometimes"), dict(phases=["before", ""]), dict(macs={"a": "x"})])
def test_settings_that_make_no_sense(options):
    with pytest.raises(UsageError):
        Settings(**options)


def test_discover_takes_fixed_places_even_where_they_cannot_be_read(tmp_path):
    write_tree(tmp_path, {"etc/pve/user.cfg": ""})
    (tmp_path / "etc/vzdump.conf").symlink_to("gone")
    found = discover(Reader(str(tmp_path)))
    assert [location for _, location, _ in found] == ["pve/user.cfg", "vzdump.conf"]


@pytest.mark.parametrize("kept, link, to", [
    ("etc/apt/sources.list.d/b.list", "etc/apt/sources.list.d/a.list", "b.list"),
    ("etc/apt/sources.list", "etc/apt/sources.list.d/base.list", "../sources.list"),
    ("etc/pve/nodes/pve1/lxc/100.conf", "etc/pve/nodes/alias", "pve1"),
    ("etc/pve/nodes/pve1/lxc/100.conf", "etc/pve/nodes/other", "/etc/pve/nodes/pve1"),
    ("etc/network/interfaces", "etc/network/interfaces.new", "interfaces"),
])
def test_discover_takes_a_file_that_has_a_link_once_by_its_own_name(kept, link, to, tmp_path):
    write_tree(tmp_path, {kept: ""})
    (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / link).symlink_to(str(tmp_path) + to if to[0] == "/" else to)
    assert [path for path, _, _ in discover(Reader(str(tmp_path)))] == [kept]


def test_discover_takes_a_link_whose_file_is_not_wanted(tmp_path):
    write_tree(tmp_path, {"etc/apt/sources.list": ""})
    (tmp_path / "etc/apt/sources.list.d").mkdir()
    (tmp_path / "etc/apt/sources.list.d/base.list").symlink_to("../sources.list")
    found = discover(Reader(str(tmp_path)), wanted=lambda path: "list.d/" in path)
    assert [path for path, _, _ in found] == ["etc/apt/sources.list.d/base.list"]


def test_an_absolute_path_that_does_not_lead_into_the_root_is_outside(tmp_path):
    write_tree(tmp_path, {"etc/hostname": "pve1\n", "hostname": "pve1\n"})
    root = Root(str(tmp_path))
    for path in ("/hostname", "//hostname", "/etc/hostname"):
        with pytest.raises(OutsideError):
            root.read(path)
    assert root.read(os.path.realpath(str(tmp_path)) + "/hostname") == b"pve1\n"
    root.close()
