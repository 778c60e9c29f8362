"""/etc/network/interfaces before and after, as the real programs read it.

* ifquery of the Debian package ifupdown: refuses what NET007 reports, and nothing else;
* ifquery and ifupdown2's own parser: a rewritten file reads as before, but for the hwaddress of
  exactly that interface;
* Augeas (through python-augeas): the same;
* ifquery and ifupdown2's parser: what NET003 moves they read as before, what NET004 renames they read
  with the new names and nothing else changed, what NET006 rewrites ifupdown2 brings up at boot.
"""

import json
import os
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import debian
from pvemigrate import Project
from pvemigrate.ruleset._net import networks

pytestmark = pytest.mark.heavy

HERE = Path(__file__).parent
MAIN = "etc/network/interfaces"
SECOND = "etc/network/interfaces.d/x"
GOLDENS = sorted((HERE.parent / "golden").glob("NET*/*.yml"))
MACS = {name: "52:54:00:12:34:5%d" % number for number, name in enumerate(
    ["vmbr0", "vmbr1", "a", "b", "c"])}


# -- the programs ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def ifquery():
    program = debian.unpacked("ifupdown") / "sbin" / "ifquery"

    def run(root, *arguments):
        """Runs it on the interfaces file of *root*: (output, complaints), both str."""
        state = root / "state"
        state.mkdir(exist_ok=True)
        done = subprocess.run(
            [str(program), "-i", str(root / MAIN), "--state-dir", str(state)] + list(arguments),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=str(root), timeout=60,
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
        assert done.returncode in (0, 1), done
        return tuple(text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))

    return run


@pytest.fixture(scope="session")
def ifupdown2():
    modules = debian.unpacked("ifupdown2") / "usr" / "share" / "ifupdown2"

    def run(roots, *arguments):
        """What its parser makes of the interfaces file of each root (list)."""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(HERE / "ifupdown2_reader.py"), *arguments],
            input=json.dumps([str(root / MAIN) for root in roots]).encode(),
            stdout=subprocess.PIPE, timeout=300, check=True,
            env={"PYTHONPATH": str(modules), "PYTHONDONTWRITEBYTECODE": "1"})
        return json.loads(done.stdout.decode())

    return run


def refusals_of(ifquery, root):
    """What ifquery says of *root*: (list of (path, line) in the order of reading, whether it gave
    up)."""
    _, complaints = ifquery(root, "--list", "--all")
    found = []
    for line in complaints.split("\n"):
        match = re.match(re.escape("ifquery: %s/" % root) + "([^\0]*?):([0-9]+): ", line)
        if match and "not understood and ignored" not in line:
            found.append((os.path.normpath(match.group(1)), int(match.group(2))))
    return found, "couldn't read interfaces file" in complaints


# -- trees -----------------------------------------------------------------------------------------


def build(root, files):
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def relocate(root):
    """Have ``source`` lines with paths in /etc mean the tree's own: the programs know no root."""
    for file in (root / "etc/network").rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            moved = data.replace(b" /etc/network/", b" %s/etc/network/" % os.fsencode(str(root)))
            if moved != data:
                file.write_bytes(moved)


def golden_files(path):
    golden = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    files = {name: text.encode() for name, text in (golden.get("files") or {}).items()}
    files.update((name, path.with_name(raw).read_bytes())
                 for name, raw in (golden.get("raw") or {}).items())
    return files, golden.get("options") or {}


def by_path(path):
    return "%s/%s" % (path.parent.name, path.stem)


# -- (a) NET007 is silent where ifquery accepts ----------------------------------------------------


def judge(root):
    """What NET007 has to say, in the order of reading: list of (path, first and last line)."""
    project = Project(root, phases="all", select=["NET007"])
    findings = project.check()
    assert project.errors == []
    found = []
    for network in networks(project.scope):
        if network.files[0].path != MAIN:
            continue
        for file, item, _ in network.refusals:
            line = file.tree.position(item.node).line
            # ifupdown names the last line of a continued one, and the one behind it at the end.
            found.append((file.path, line, line + item.node.code.count("\n") + 1))
    assert {path for path, _, _ in found} <= {finding.path for finding in findings}
    assert len(findings) >= len(set(found)) or not found
    return found


def check_refusals(ifquery, root):
    """Whether ifquery accepts; both name the same first line and judge the main file alike."""
    ours = judge(root)
    relocate(root)
    theirs, given_up = refusals_of(ifquery, root)
    assert bool(ours) == bool(theirs), (ours, theirs)
    if ours:
        (path, first, last), (their_path, their_line) = ours[0], theirs[0]
        assert path == their_path and first <= their_line <= last, (ours, theirs)
    # What the main file inherits from a refused file is missed there; the one cause is reported.
    if not any(path != MAIN for path, _, _ in ours):
        assert given_up == bool(ours)
    return not theirs


@pytest.mark.parametrize("path", GOLDENS, ids=by_path)
def test_goldens_are_refused_where_they_are_reported(path, tmp_path, ifquery):
    files, _ = golden_files(path)
    files.pop("var/lib/dpkg/status", None)
    if MAIN in files:
        build(tmp_path, files)
        check_refusals(ifquery, tmp_path)


TRAPS = {
    "comment at the end of an option": b"iface a inet manual\n\tup true # x\n",
    "comment at the end of an iface line": b"iface a inet manual # x\n",
    "continued comment": b"# x \\\niface a inet manual\n",
    "continued comment before a stray line": b"# x \\\n stray line\n",
    "blank line in a stanza": b"iface a inet manual\n\n\tup true\n",
    "option without a value": b"iface a inet manual\n\tgateway\n\tup true\n",
    "option whose value is on the next line": b"iface a inet manual\n\tup \\\n true\n",
    "unknown keyword": b"frobnicate eth0\n",
    "crlf": b"auto a\r\niface a inet manual\r\n\tup true\r\n",
    "crlf and a backslash": b"iface a inet manual\n\tup a \\\r\n\tup\r\n",
    "latin-1": b"iface a inet manual\n\tdescription B\xfcro\n",
    "latin-1 white space": b"iface a inet manual\n\xa0up true\n\x85\n",
    "byte order mark": b"\xef\xbb\xbfauto a\n",
    "pattern": b"auto /eth*\nallow-hotplug /eth*=x\n",
    "class without a name": b"allow- a\n",
    "no family": b"iface a\n",
    "no method": b"iface a inet\n",
    "inherits": b"iface b inet manual\niface a inherits b\niface c inet static inherits a\n",
    "inherits another family": b"iface b inet6 manual\niface a inet inherits b\n",
    "inherits from below": b"iface a inherits b\niface b inet manual\n",
    "inherits from itself": b"iface a inherits a\n",
    "inherits from a long name": b"iface %s inet manual\niface a inherits %s\n" % (
        b"b" * 79, b"b" * 90),
    "mapping": b"iface a inet manual\nmapping b\n\tscript x\n\tmap y z\n",
    "mapping that is ended": b"mapping b\nauto\n\tscript x\n",
    "stanza that is not ended": b"iface a inet manual\nauto\n\tup true\nno-scripts\n\tup x\n",
    "bare rename": b"iface a inet manual\nrename\n\tup true\n",
    "source of nothing": b"source nothing/*\nsource-directory nothing\n",
    "template": b"template b\n",
    "vlan": b"vlan 100\n",
    "vlan in a stanza": b"iface a inet manual\nvlan 100\n",
    "two stanzas": b"iface a inet static\n\taddress 1\niface a inet static\n\taddress 2\n",
    "option twice": b"iface a inet static\n\taddress 1\n\taddress 2\n",
    "backslash, backslash": b"iface a inet manual\n\tup a\\\\\nb\n",
    "backslash at the end": b"iface a inet manual\n\tup true\\",
    "backslash line at the end": b"iface a inet manual\n\tup \\\n",
    "nameless option": b"iface a inet manual\n\\\n up\n",
    "nameless option nowhere": b"\\\n up\n",
    "keyword in two lines": b"if\\\nace a inet manual\nau\\\nto a\n",
    "nul": b"iface a inet manual\n\tup tr\0ue\n\0stray\n\tdown\0 true\n",
    "nul after a backslash": b"iface a inet manual\n\tup \\\0junk\ntrue\n",
    "prefix of a keyword": b"source-directory.d x\n",
    "long lines": b"iface a inet manual\n\tup " + b"x" * 100000 + b"\n",
    "empty": b"",
}


@pytest.mark.parametrize("name", TRAPS)
def test_traps_are_refused_where_they_are_reported(name, tmp_path, ifquery):
    build(tmp_path, {MAIN: TRAPS[name]})
    check_refusals(ifquery, tmp_path)


def test_every_family_and_method(tmp_path, ifquery):
    families = ["inet", "inet6", "ipx", "can", "meta", "link", "bridge", "INET"]
    methods = ["static", "manual", "loopback", "dhcp", "dhcp6", "ppp", "tunnel", "bootp", "wvdial",
               "ipv4ll", "auto", "v4tunnel", "6to4", "none", "dynamic", "Static", "inherits"]
    accepted = 0
    for family in families:
        for method in methods:
            build(tmp_path, {MAIN: b"iface a %s %s\n" % (family.encode(), method.encode())})
            accepted += check_refusals(ifquery, tmp_path)
    assert accepted == 21


WORDS = [
    "auto", "allow-hotplug", "allow-", "no-auto-down", "no-scripts", "rename", "source",
    "source-directory", "mapping", "iface", "inherits", "script", "map", "inet", "inet6", "ipx",
    "can", "meta", "static", "manual", "dhcp", "v4tunnel", "a", "b", "lo", "vmbr0", "foo", "address",
    "#", "#x", "up", "interfaces.d/*", "interfaces.d/x"]
BETWEEN = [" "] * 5 + ["\n"] * 4 + [
    "\t", "\n\n", "\r\n", "\\\n", "\\\n", "\\", "\0", "\f", "  \n", " \\\n ", "\v", "\r", ""]
LINES = [
    "iface a inet manual\n", "iface b inet6 auto\n", "iface lo inet loopback\n", "\tfoo bar\n",
    "\tfoo bar\n", "mapping x\n", "\tscript /x\n", "\tmap a b\n", "auto a\n", "auto\n", "# c\n",
    "source interfaces.d/x\n", "#c \\\n", "\n", "iface c inherits a\n",
    "iface c inet6 inherits b\n", "iface d inet manual inherits a x\n", "\\\n", "\t\\\n",
    "no-scripts\n", "rename a=b\n", "allow-x\n",
    "foo\n", "  foo\\\n"]


def scramble(rng):
    """Text in the shape of the grammar, good and bad."""
    parts, lines = [], rng.choice([0.5, 0.8, 1, 1])
    for _ in range(rng.randint(0, 10)):
        if rng.random() < lines:
            parts.append(rng.choice(LINES))
            continue
        for _ in range(rng.randint(1, 5)):
            parts += [rng.choice(WORDS), rng.choice(BETWEEN)]
        parts.append(rng.choice(["\n", "\n", ""]))
    text = "".join(parts)
    if rng.random() < 0.2:
        text = text.rstrip("\n")
    # ifupdown looks for a backslash again where the line that it joined was empty, so that one of
    # several in a row may join a third line; the grammar does not follow it there.
    return re.sub("\\\\+(?=\n|\0|$)", r"\\", text).encode()


def test_any_text_is_refused_where_it_is_reported(tmp_path, ifquery):
    rng, accepted, refused = random.Random(7), 0, 0
    end = time.monotonic() + 10
    while accepted + refused < 1500 and (time.monotonic() < end or accepted + refused < 200):
        files = {MAIN: scramble(rng)}
        second = tmp_path / SECOND
        if second.exists():
            second.unlink()
        if rng.random() < 0.5:
            files[SECOND] = scramble(rng)
        build(tmp_path, files)
        try:
            if check_refusals(ifquery, tmp_path):
                accepted += 1
            else:
                refused += 1
        except AssertionError as error:
            raise AssertionError("%r: %s" % (files, error)) from error
    assert accepted > 20 and refused > 20


# -- (b) a rewritten file reads as before, but for the hwaddress -----------------------------------


def fixed_tree(root, files, **options):
    """Two trees, before and after a fix of NET001: (before, after, {name: MAC} by the findings)."""
    before, after = root / "before", root / "after"
    build(before, files)
    build(after, files)
    options.setdefault("phases", "all")
    plan = Project(after, select=["NET001"], **options).fix()
    assert plan.errors == []
    assert plan.apply() == []
    wanted = []
    for finding in plan.fixed:
        name = re.match("bridge ([^ ]+) ", finding.message).group(1)
        wanted.append((finding.path, name, finding.title.split()[-1]))
    relocate(before)
    relocate(after)
    return before, after, sorted(wanted)


def blank_out(root, value):
    """The same with the tree's own path made neutral."""
    return json.loads(json.dumps(value).replace(str(root), "/"))


def check_ifupdown2(before, after, old, new, wanted):
    old, new = blank_out(before, old), blank_out(after, new)
    if isinstance(old, str):
        assert new == old
        return
    assert [item[:3] for item in new] == [item[:3] for item in old]
    pinned = []
    for stanza, there in zip(new, old):
        added = flat(stanza)
        for option in flat(there):
            added.remove(option)
        for key, mac in added:
            assert key == "hwaddress" and dict(stanza[3])[key][0] == mac
            # "in the bridge's first inet stanza, else its first"
            stanzas = [item for item in new if item[0] == stanza[0]]
            assert next((item for item in stanzas if item[1] == ["inet"]), stanzas[0]) is stanza
            pinned.append((stanza[0], mac))
    assert sorted(pinned) == sorted((name, mac) for _, name, mac in wanted)


def flat(stanza):
    return [(key, value) for key, values in stanza[3] for value in values]


def check_ifquery(ifquery, before, after, names, wanted):
    macs = dict((name, mac) for _, name, mac in wanted)
    for name in sorted(names):
        old, complaints = ifquery(before, name)
        new, after_complaints = ifquery(after, name)
        assert complaints.count("\n") == after_complaints.count("\n")
        old, new = old.split("\n"), new.split("\n")
        # A file that is refused is not read to its end.
        is_whole = all("not understood and ignored" in line for line in complaints.split("\n")[:-1])
        added = "hwaddress: " + macs.get(name, "")
        if name in macs and (is_whole or new != old):
            assert new.count(added) == old.count(added) + 1, (name, old, new)
            new.remove(added)
        assert new == old


def iface_names(root):
    found = set()
    for file in (root / "etc/network").rglob("*"):
        if file.is_file():
            found.update(name.decode() for name in
                         re.findall(rb"(?m)^[ \t]*iface[ \t]+([!-~]+)", file.read_bytes()))
    return found


@pytest.mark.parametrize("path", [path for path in GOLDENS if path.parent.name == "NET001"],
                         ids=by_path)
def test_fixed_goldens_read_as_before(path, tmp_path, ifquery, ifupdown2):
    files, options = golden_files(path)
    before, after, wanted = fixed_tree(tmp_path, files, **options)
    for main in ("interfaces", "interfaces.new"):
        if not (before / "etc/network" / main).exists():
            continue
        for root in (before, after):
            if main != "interfaces":
                os.replace(str(root / "etc/network" / main), str(root / MAIN))
        # Sourced files belong to both.
        mine = [item for item in wanted if item[0] == "etc/network/" + main
                or not item[0].startswith("etc/network/interfaces") or "/interfaces.d/" in item[0]]
        check_ifquery(ifquery, before, after, iface_names(before), mine)
        old, new = ifupdown2([before, after])
        # This version does not know source-directory: such files it does not see at all.
        if b"source-directory" not in files.get("etc/network/" + main, b""):
            check_ifupdown2(before, after, old, new, mine)


BRIDGE_LINES = [
    "\taddress 192.0.2.1/24", "  address 192.0.2.1/24 ", "address\t192.0.2.1/24",
    "\tbridge-ports eno1",
    "\tbridge_ports eno1 eno2", "\tbridge-ports none", "\tbridge-ports \\\n eno1",
    "\tbridge-ports eno1 \\\n\t  eno2 eno3", "\tbridge-stp off", "\tup true", "\tup echo \\\\ x",
    "\tup a\\b", "", "", "  ", "# c", "\t# c \\", "\\", "\tgateway 192.0.2.254 \\\n", "auto",
    "\tvlan 5",
    "\thwaddress 52:54:00:12:34:99", "\tovs_type OVSBridge", "\tmtu 9000 # big"]
BRIDGE_HEADERS = [
    "iface vmbr0 inet static", "iface vmbr0 inet6 static", "iface vmbr1 inet manual",
    "iface vmbr1 inet6 auto", "iface a inet dhcp", "iface b inet manual # x", "iface c inet static",
    "auto vmbr0", "# vmbr1 \\", "source interfaces.d/x", "iface vmbr1 inet manual inherits vmbr0"]


def network(rng):
    lines = []
    for _ in range(rng.randint(1, 4)):
        lines.append(rng.choice(BRIDGE_HEADERS))
        lines += [rng.choice(BRIDGE_LINES) for _ in range(rng.randint(0, 5))]
        lines.append(rng.choice(["\tbridge-ports eno9", "\taddress 192.0.2.9/24", ""]))
    # A file that is sourced twice is read twice; one behind a backslash ifupdown2 does not see.
    source = [line for line in lines if line.startswith("source")]
    lines = source[:1] + [line for line in lines if line not in source]
    text = rng.choice(["\n", "\n", "\n", "\r\n"]).join(lines)
    return (text + rng.choice(["\n", ""])).encode()


def test_any_fixed_network_reads_as_before(tmp_path, ifquery, ifupdown2):
    """Also: PVE's next save keeps the line in its stanza wherever it recognises one."""
    rng, cases = random.Random(11), []
    end = time.monotonic() + 8
    while len(cases) < 400 and (time.monotonic() < end or len(cases) < 60):
        files = {MAIN: network(rng)}
        if rng.random() < 0.5:
            files[SECOND] = network(rng)
        root = tmp_path / str(len(cases))
        cases.append((files,) + fixed_tree(root, files, macs=MACS))
    readings = ifupdown2([root for _, before, after, _ in cases for root in (before, after)])
    fixes = 0
    for number, (files, before, after, wanted) in enumerate(cases):
        try:
            check_ifupdown2(before, after, readings[2 * number], readings[2 * number + 1], wanted)
            if wanted:
                check_ifquery(ifquery, before, after, iface_names(before), wanted)
                check_kept_by_pve(after, wanted)
        except AssertionError as error:
            raise AssertionError("%r %r: %s" % (files, wanted, error)) from error
        fixes += len(wanted)
    assert fixes > 20


def check_kept_by_pve(root, wanted):
    project = Project(root)
    for path, name, mac in wanted:
        (file,) = [file for file in project.files if file.path == path]
        stanzas = [block for block in file.tree.body if getattr(block, "name", None) == name]
        assert any(str(option.value) == mac and any(option is kept for kept in block.kept_by_all)
                   for block in stanzas for option in block.options("hwaddress"))


# -- (c) Augeas ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def augeas():
    try:
        import augeas
    except ImportError as error:
        pytest.skip("python-augeas cannot be imported (%s): pip install .[augeas], which needs "
                    "libaugeas-dev, pkg-config and a C compiler" % error)
    return augeas


def augeas_tree(augeas, root):
    """What the lens Interfaces makes of the tree's file: list of (path, value), or None where it
    does not parse it."""
    reader = augeas.Augeas(root=str(root), flags=augeas.Augeas.NO_MODL_AUTOLOAD)
    try:
        reader.add_transform("Interfaces", "/" + MAIN)
        reader.load()
        if reader.match("/augeas/files/%s/error" % MAIN):
            return None
        return [(path, (reader.get(path) or "").replace(str(root), ""))
                for path in reader.match("/files/%s//*" % MAIN)]
    finally:
        reader.close()


#: Cases whose file the lens does not parse: CRs, options without a value, `inherits` and the like.
NOT_THE_LENS = ("crlf", "ends_for_pve", "inherited_ports", "no_linux_bridge", "pinned",
                "readers_disagree")


# Augeas ends a file at a NUL byte, and python-augeas takes all text for UTF-8.
@pytest.mark.parametrize("path", [path for path in GOLDENS if path.parent.name == "NET001"
                                  and path.stem not in ("nul_and_cr", "latin1")
                                  and MAIN in golden_files(path)[0]], ids=by_path)
def test_augeas_sees_the_new_line_and_nothing_else(path, tmp_path, augeas):
    files, options = golden_files(path)
    before, after, wanted = fixed_tree(tmp_path, files, **options)
    old, new = augeas_tree(augeas, before), augeas_tree(augeas, after)
    if old is None:
        assert path.stem in NOT_THE_LENS
        return
    assert new is not None
    pinned = [value for path, value in new if re.search("/hwaddress(\\[[0-9]+\\])?$", path)]
    there = [value for path, value in old if re.search("/hwaddress(\\[[0-9]+\\])?$", path)]
    macs = [mac for at, _, mac in wanted if at == MAIN]
    assert sorted(pinned) == sorted(there + macs)
    assert [item for item in new if item in old] == old
    assert len(new) == len(old) + len(macs)


# -- (d) options moved, interfaces renamed, keywords changed -----------------------------------------


def both_trees(root, files, **options):
    """Two trees, before and after a fix: (before, after, what was fixed)."""
    before, after = root / "before", root / "after"
    build(before, files)
    build(after, files)
    plan = Project(after, phases="all", unsafe_fixes=True, **options).fix()
    assert plan.errors == []
    assert plan.apply() == []
    relocate(before)
    relocate(after)
    return before, after, plan.fixed


def goldens_of(code):
    return [path for path in GOLDENS if path.parent.name == code and MAIN in golden_files(path)[0]]


def check_moved(ifquery, before, after, old, new, fixed):
    assert blank_out(after, new) == blank_out(before, old)
    for name in sorted(iface_names(before)):
        seen, complaints = ifquery(before, name)
        # A file that is refused is read up to there only.
        if all("not understood and ignored" in line for line in complaints.split("\n")[:-1]):
            assert ifquery(after, name)[0] == seen
    project = Project(after)
    for finding in fixed:
        (file,) = [file for file in project.files if file.path == finding.path]
        key = finding.message.split(" ")[0]
        assert any(getattr(node, "key", None) == key for block in file.tree.body
                   for node in getattr(block, "kept_by_pve", ()))


@pytest.mark.parametrize("path", goldens_of("NET003"), ids=by_path)
def test_moved_options_read_as_before(path, tmp_path, ifquery, ifupdown2):
    before, after, fixed = both_trees(tmp_path, golden_files(path)[0], select=["NET003"])
    old, new = ifupdown2([before, after])
    check_moved(ifquery, before, after, old, new, fixed)


def test_any_moved_options_read_as_before(tmp_path, ifquery, ifupdown2):
    rng, cases = random.Random(13), []
    end = time.monotonic() + 6
    while len(cases) < 300 and (time.monotonic() < end or len(cases) < 60):
        files = {MAIN: network(rng)}
        cases.append((files,) + both_trees(tmp_path / str(len(cases)), files, select=["NET003"]))
    readings = ifupdown2([root for _, before, after, _ in cases for root in (before, after)])
    moved = 0
    for number, (files, before, after, fixed) in enumerate(cases):
        try:
            check_moved(ifquery, before, after, *readings[2 * number:2 * number + 2], fixed)
        except AssertionError as error:
            raise AssertionError("%r: %s" % (files, error)) from error
        moved += len(fixed)
    assert moved > 20


#: Options whose values are names of interfaces, and keywords that ifupdown2 takes for options.
NAMING = ("bridge-ports", "bond-slaves", "slaves", "bond-primary", "vlan-raw-device", "ovs-ports",
          "ovs-bonds", "mapping", "no-auto-down")


def with_new_names(value, renames):
    """An ifupdown2 reading, or a text, with all whole names of *renames* changed."""
    if isinstance(value, list):
        return [with_new_names(item, renames) for item in value]
    # What stands behind a # is meant as a remark, though readers take it for names.
    value, mark, remark = value.partition(" #")
    for old, new in renames.items():
        value = re.sub("(?<![^ \t\n])%s(?=[.:][0-9]|[ \t\r\n]|$)" % re.escape(old), new, value)
    return value + mark + remark


def expected_names(reading, renames):
    if isinstance(reading, str):
        return reading
    return [[with_new_names(name, renames), families, method,
             [[key, with_new_names(values, renames) if key.replace("_", "-") in NAMING else values]
              for key, values in options]]
            for name, families, method, options in reading]


def check_renamed(ifquery, before, after, old, new, renames):
    assert blank_out(after, new) == expected_names(blank_out(before, old), renames)
    listed, complaints = ifquery(before, "--list", "--all")
    if not complaints:
        assert sorted(ifquery(after, "--list", "--all")[0].split()) == sorted(
            with_new_names(listed, renames).split())


@pytest.mark.parametrize("path", goldens_of("NET004"), ids=by_path)
def test_renamed_interfaces_read_with_their_new_names(path, tmp_path, ifquery, ifupdown2):
    files, options = golden_files(path)
    # ifupdown2 puts the name in where a command has $IFACE: it cannot be told from a written one.
    files = {name: data.replace(b"$IFACE", b"@IFACE") for name, data in files.items()}
    renames = options.get("rename_nics", {})
    before, after, fixed = both_trees(tmp_path, files, select=["NET004"], rename_nics=renames)
    renames = {name: new for name, new in renames.items()
               if any(finding.message.startswith(name + " ") for finding in fixed)}
    old, new = ifupdown2([before, after])
    check_renamed(ifquery, before, after, old, new, renames)


NIC_LINES = [
    "auto nic0", "auto nic0 nic1 nic0.5", "allow-hotplug nic0", "iface nic0 inet manual",
    "iface nic0.5 inet manual", "iface nic0:1 inet static", "iface nic00 inet manual",
    "iface vmbr0 inet manual", "\tbridge_ports nic0", "\tbridge-ports nic1  nic0 nic0.5",
    "\tbond-slaves nic0 \\\n   nic1", "\tbond-primary nic0", "\tvlan-raw-device nic0",
    "\tslaves nic0 # nic0", "\tup ip link set nic0 up", "\tdescription nic0", "", "# nic0",
    "iface bond0 inet manual", "iface other inet manual", "source interfaces.d/x"]


def test_any_renamed_network_reads_with_the_new_names(tmp_path, ifquery, ifupdown2):
    rng, cases, renames = random.Random(17), [], {"nic0": "lan0", "nic1": "en1"}
    end = time.monotonic() + 6
    while len(cases) < 300 and (time.monotonic() < end or len(cases) < 60):
        files = {}
        for path in (MAIN, SECOND):
            lines = [rng.choice(NIC_LINES) for _ in range(rng.randint(1, 12))]
            text = "iface lo inet loopback\n" + rng.choice(["\n", "\r\n"]).join(lines)
            files[path] = (text.replace("source", "#") if path == SECOND else text).encode()
        cases.append((files,) + both_trees(tmp_path / str(len(cases)), files, select=["NET004"],
                                           rename_nics=renames))
    readings = ifupdown2([root for _, before, after, _ in cases for root in (before, after)])
    renamed = 0
    for number, (files, before, after, fixed) in enumerate(cases):
        try:
            check_renamed(ifquery, before, after, *readings[2 * number:2 * number + 2], renames)
        except AssertionError as error:
            raise AssertionError("%r: %s" % (files, error)) from error
        renamed += len(fixed)
    assert renamed > 20


@pytest.mark.parametrize("path", goldens_of("NET006"), ids=by_path)
def test_what_allow_lines_named_comes_up_with_ifupdown2(path, tmp_path, ifupdown2):
    before, after, fixed = both_trees(tmp_path, golden_files(path)[0], select=["NET006"])
    old, new = ifupdown2([before, after], "auto")
    text = (before / MAIN).read_bytes().decode("latin-1").replace("\\\n", "\\ ").split("\n")
    lines = [line.replace("\\", "").split()[1:] for line in text if line.split()[:1] and any(
        line.split()[0] == finding.message.split(":")[0] for finding in fixed)]
    assert set(new) >= set(old) and bool(set(new) - set(old)) == bool(fixed)
    assert set(new) - set(old) <= {name for names in lines for name in names}
    assert ifupdown2([after]) == ifupdown2([before])
