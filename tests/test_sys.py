"""Rules on the node: what nobody may see, what the real readers say before and after, what is found out of
a live system."""

import base64
import os
import random
import re
import shutil
import subprocess
import sys

import pytest

import debian
import shapes
from pvemigrate import Project, parse
from pvemigrate.formats.lvm import settings
from pvemigrate.source import Reader

HASH = "$6$rounds=5000$Xs0gZtQ1$dGhpcyBpcyBubyBoYXNoIGF0IGFsbA"
KERNEL = ("Package: proxmox-ve\nStatus: install ok installed\nVersion: 7.4-1\n\n"
          "Package: pve-kernel-5.15.143-1-pve\nStatus: install ok installed\nVersion: 5.15.143-1\n")


def make(root, files):
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return root


def run(*arguments, **options):
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(p for p in sys.path if p))
    return subprocess.run([sys.executable, "-m", "pvemigrate"] + [str(a) for a in arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
                          **options).stdout.decode("utf-8")


# -- what is secret --------------------------------------------------------------------------------


def formats():
    from pvemigrate.commands.check import command

    option = next(p for p in command.params if p.name == "output_format")
    return list(option.type.choices)


@pytest.mark.parametrize("command", ["check", "fix", "fix --diff"])
@pytest.mark.parametrize("output", formats())
def test_nothing_of_a_password_is_ever_shown(tmp_path, command, output):
    make(tmp_path, {
        "etc/shadow": "daemon:%s:18001:0:99998:7:::\nroot:!%s:18002:0:99998:7:::\n" % (HASH, HASH),
        "etc/apt/sources.list": "deb http://ftp.debian.org/debian buster main\n"})
    text = run(*command.split(), "--root", tmp_path, "--output-format", output, "--color", "always",
               "--phase", "all")
    assert "SYS003" in text and "etc/shadow" in text
    for part in HASH.split("$")[2:] + ["18001", "18002", "99998", "daemon", "root:!"]:
        assert part not in text


def test_a_key_beside_a_certificate_is_not_shown(tmp_path):
    make(tmp_path, {"etc/apt/sources.list": "", "etc/pve/nodes/a/pveproxy-ssl.pem":
                    "-----BEGIN CERTIFICATE-----\nc2VjcmV0LWtleQ==\n-----END CERTIFICATE-----\n"})
    text = run("check", "--root", tmp_path)
    assert "SYS009" in text and "c2Vjcm" not in text and "BEGIN" not in text


# -- real readers --------------------------------------------------------------------------------------


def fixed(root):
    plan = Project(root, phases="all", select="SYS005", unsafe_fixes=True).fix()
    assert plan.errors == [] and plan.apply() == []
    return plan


GRUB = [
    'GRUB_CMDLINE_LINUX_DEFAULT="quiet kvm.tdp_mmu=N"\nGRUB_CMDLINE_LINUX="kvm.tdp_mmu=0 a"\n',
    "GRUB_CMDLINE_LINUX_DEFAULT='kvm.tdp_mmu=off'\nGRUB_CMDLINE_LINUX=kvm.tdp_mmu=off # x\n",
    'A="b  kvm.tdp-mmu=n\tc"\nGRUB_CMDLINE_LINUX="$A d=\\"e f\\" kvm.tdp_mmu=N"\n',
    'GRUB_CMDLINE_LINUX="a"\nGRUB_CMDLINE_LINUX="${GRUB_CMDLINE_LINUX} kvm.tdp_mmu=N"\n',
]


@pytest.mark.parametrize("text", GRUB, ids=range(len(GRUB)))
def test_sh_reads_the_fixed_file_without_the_parameter(tmp_path, text):
    make(tmp_path, {"etc/default/grub": text, "var/lib/dpkg/status": KERNEL})

    def values():
        script = '. ./etc/default/grub; printf "%s\\n%s" "$GRUB_CMDLINE_LINUX" "$GRUB_CMDLINE_LINUX_DEFAULT"'
        output = subprocess.run(["sh", "-ec", script], cwd=str(tmp_path), check=True,
                                stdout=subprocess.PIPE).stdout.decode()
        return [line.split() for line in output.split("\n")]

    before = values()
    plan = fixed(tmp_path)
    assert values() == [[word for word in line if "tdp" not in word] for line in before] != before
    assert all(finding.follow_up == ("update-grub",) for finding in plan.fixed)
    assert plan.remaining == []


def test_modprobe_reads_the_fixed_files_without_the_option(tmp_path):
    """kmod's own modprobe, which also has to see each option that is found."""
    folder = debian.unpacked("kmod")
    program = next((path for path in (folder / "bin/kmod", folder / "usr/bin/kmod") if path.is_file()))
    (tmp_path / "modprobe").symlink_to(program)
    root = make(tmp_path / "root", {
        "var/lib/dpkg/status": KERNEL,
        "etc/modprobe.d/a.conf": "options kvm tdp_mmu=N\n# remark\n\toptions\tkvm  x=1 tdp-mmu=0\ty=2 \n"
                                 "options kvm tdp_mmu=off tdp_mmu=n\nblacklist nouveau\noptions kvm z",
        "etc/modprobe.d/b.conf": "# goes on \\\noptions kvm tdp_mmu=remark\n"
                                 "options kvm \\\n tdp_mmu=N\n # options kvm tdp_mmu=no\n",
        "etc/modprobe.d/c.alias": "options kvm tdp_mmu=N\r\n",
        "etc/modprobe.d/d.conf.bak": "options kvm tdp_mmu=N\n"})

    def options():
        done = subprocess.run([str(tmp_path / "modprobe"), "--showconfig", "-C",
                               str(root / "etc/modprobe.d")], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        if done.returncode:
            pytest.skip("modprobe of the package kmod does not run here: %s"
                        % done.stderr.decode("utf-8", "replace")[-200:])
        lines = [line for line in done.stdout.decode().split("\n") if line.startswith("options kvm ")]
        return sorted(word for line in lines for word in line.split()[2:])

    before = options()
    found = Project(root, phases="all", select="SYS005").check()
    assert sorted(before) == sorted(["tdp_mmu=N"] * 3 + [
        "x=1", "tdp-mmu=0", "y=2", "tdp_mmu=off", "tdp_mmu=n", "z"])
    assert len(found) == 5  # One line holds it twice.
    plan = fixed(root)
    # Left for a human: the continued line.
    assert options() == ["tdp_mmu=N", "x=1", "y=2", "z"]
    assert [(finding.path, finding.line) for finding in plan.remaining] == [
        ("etc/modprobe.d/b.conf", 4)]
    assert {finding.follow_up for finding in plan.fixed} == {("update-initramfs -u -k all",)}


@pytest.mark.skipif(not shutil.which("ssh"), reason="needs the program ssh (openssh-client)")
@pytest.mark.parametrize("line", [
    "Ciphers blowfish-cbc", "ciphers=arcfour", "\tCIPHERS \"aes128-ctr,cast128-cbc\"", "Ciphers +arcfour",
    "Ciphers -arcfour", "Ciphers 3des", "Ciphers +3des-cbc", "Ciphers aes128-ctr,3des-cbc",
    "# Ciphers arcfour", "Ciphers = arcfour256", " Ciphers\t\taes256-ctr,arcfour128 "])
def test_ssh_refuses_what_is_reported(tmp_path, line):
    make(tmp_path, {"etc/apt/sources.list": "", "root/.ssh/config": "Host other\n%s\n" % line})
    config = str(tmp_path / "root/.ssh/config")
    os.chmod(config, 0o600)
    done = subprocess.run(["ssh", "-G", "-F", config, "192.0.2.1"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    found = Project(tmp_path, phases="all", select="SYS008").check()
    assert bool(found) == (b"Bad SSH2 cipher spec" in done.stderr), done.stderr


# -- damaged and large files -----------------------------------------------------------------------------


def test_no_damage_to_a_certificate_is_an_internal_error(tmp_path):
    make(tmp_path, {"etc/apt/sources.list": ""})
    golden = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                          "golden", "SYS009", "curves.yml")
    with open(golden, encoding="ascii") as file:
        text = re.sub("(?m)^ *", "", file.read())
    blocks = re.findall("-----BEGIN CERTIFICATE-----\n([^-]*)-----END", text)
    assert len(blocks) == 4
    rnd = random.Random(9)
    parts = []
    for number in range(400):
        data = bytearray(base64.b64decode(blocks[number % 4]))
        for _ in range(rnd.randint(1, 5)):
            data[rnd.randrange(len(data))] = rnd.randrange(256)
        parts.append("-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
                     % base64.b64encode(bytes(data[:rnd.choice((None, None, 50))])).decode())
    make(tmp_path, {"etc/pve/pve-root-ca.pem": "".join(parts)})
    project = Project(tmp_path, phases="all", select="SYS009")
    found = project.check()
    assert project.errors == [] and len(found) > 100


def test_a_package_is_found_in_a_file_of_many(tmp_path):
    many = "".join("Package: lib%d\nStatus: install ok installed\nVersion: 1\nDescription: x\n y\n\n" % n
                   for n in range(20000))
    make(tmp_path, {"var/lib/dpkg/status": many + "Package: linux-image-amd64\n"
                    "Status: install ok installed\nVersion: 1\n\n" + KERNEL})
    finding, = Project(tmp_path, phases="all", select="SYS002").check()
    assert (finding.line, finding.column, finding.end_column) == (120001, 10, 27)


# -- a live system --------------------------------------------------------------------------------------


def test_only_of_the_own_root_the_free_space_is_known(tmp_path):
    assert Reader(str(tmp_path)).free() is None
    status = os.statvfs("/")
    assert abs(Reader("/").free() - status.f_bavail * status.f_frsize) < 1 << 30


def test_that_packages_are_not_known_is_said_of_whole_roots_only(tmp_path):
    make(tmp_path, {"etc/apt/sources.list": "", "etc/hostname": "a\n", "etc/hosts": "127.0.0.1 a\n"})

    def codes(**options):
        return [finding.code for finding in Project(tmp_path, phases="all", **options).check()
                if finding.code.startswith("SYS")]

    assert codes() == ["SYS012", "SYS001"]
    assert codes(paths=["etc/apt/sources.list"]) == []
    assert codes(facts=False) == []
    bare = Project(tmp_path / "etc", phases="all", etc="", select="SYS")
    assert [finding.code for finding in bare.check()] == ["SYS012"]


# -- the upgrade to 9 ------------------------------------------------------------------------------------


def lvmconfig():
    """A call of LVM's own program: folder -> (what it makes of thin_check_options, what it complains of)."""
    packages = [debian.unpacked(name) for name in (
        "lvm2", "libdevmapper1.02.1", "libdevmapper-event1.02.1", "libaio1", "libblkid1", "libedit2")]
    program = next((path for path in (packages[0] / "sbin/lvm", packages[0] / "usr/sbin/lvm")
                    if path.is_file()))
    libraries = [str(folder) for package in packages for folder in
                 list(package.glob("lib/*-linux-gnu")) + list(package.glob("usr/lib/*-linux-gnu"))]

    def ask(folder):
        done = subprocess.run([str(program), "lvmconfig", "global/thin_check_options"],
                              env={"LD_LIBRARY_PATH": ":".join(libraries), "LVM_SYSTEM_DIR": str(folder),
                                   "LVM_SUPPRESS_FD_WARNINGS": "1", "PATH": "/usr/bin"},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if b"shared librar" in done.stderr or b"GLIBC" in done.stderr:
            pytest.skip("lvm of the package lvm2 does not run here: %s" % done.stderr[-200:])
        return (done.stdout.decode("utf-8", "surrogateescape").strip().replace(", ", ","),
                done.stderr.decode("utf-8", "replace"))

    return ask


def as_lvmconfig_prints(value):
    texts = ['"%s"' % text.replace("\\", "\\\\").replace('"', '\\"') for text, _ in value.items]
    return "thin_check_options=" + (texts[0] if len(texts) == 1 else "[%s]" % ",".join(texts))


@pytest.mark.heavy
def test_lvm_reads_what_we_read(tmp_path):
    """Shaped text, within a section, without one and whole."""
    ask, seen = lvmconfig(), 0
    for rnd in shapes.randoms("lvm", "lvmconfig", 250):
        text = rnd.choice(("%s", "global {\n%s\n}\n", "global{%s}", "global {\n\tthin_check_options=[%s]\n}"))
        text %= shapes.text("lvm", rnd)
        (tmp_path / "lvm.conf").write_bytes(text.encode("utf-8", "surrogateescape"))
        output, complaints = ask(tmp_path)
        is_refused = "Parse error" in complaints or "Failed to load config" in complaints
        found = settings(parse(text, kind="lvm"))
        if found is None:
            # Of a quote that is never closed LVM makes something of its own.
            assert is_refused or text.count('"') % 2 or "'" in text, text
            continue
        # A file without any setting is one that it does not load.
        assert not is_refused or not found, text
        value = found.get("global/thin_check_options")
        if value is not None and any(item is None for item, _ in value.items):
            assert output
            continue
        assert output == ("" if value is None else as_lvmconfig_prints(value)), text
        seen += value is not None
    assert seen > 20


@pytest.mark.heavy
def test_lvm_reads_the_flag_behind_the_other_options(tmp_path):
    ask = lvmconfig()
    for number, value in enumerate((
            '"-q"', '[ "-q" ]', '["-q","--skip-mappings"]', "[ '-q' ]", '[\n"-q"\n# c ]\n,\n]', '[ "-q" "-q" ]',
            '""', "[]", "[ ]", '[ "" ]', '[ # c\n ]')):
        root = make(tmp_path / str(number), {
            "etc/lvm/lvm.conf": "global {\n\tthin_check_options = %s\n\tumask = 077\n}\n" % value})
        before, _ = ask(root / "etc/lvm")
        plan = Project(root, hop="8to9", select="SYS024").fix()
        assert plan.apply() == [] and [f.code for f in plan.fixed] == ["SYS024"], value
        after, complaints = ask(root / "etc/lvm")
        options = before.partition("=")[2].strip("[]")
        assert after.partition("=")[2].strip("[]") == ",".join(filter(None, [
            options, '"--clear-needs-check-flag"'])), value
        assert "rror" not in complaints


SYSCTL = shutil.which("sysctl") or ("/sbin/sysctl" if os.path.exists("/sbin/sysctl") else None)
SYSTEMD = next((path for path in ("/usr/lib/systemd/systemd-sysctl", "/lib/systemd/systemd-sysctl")
                if os.path.exists(path)), None)


@pytest.mark.skipif(not SYSTEMD, reason="needs systemd-sysctl (systemd)")
def test_systemd_reads_the_moved_settings_at_the_same_place(tmp_path):
    """Its own list of all files, one behind the other."""
    root = make(tmp_path, {
        "etc/sysctl.conf": "# head\n\n# one\nvm.swappiness=10\n\n; two\n-a.b = 1\nkernel.panic = 5\n\n# tail\n",
        "etc/sysctl.d/10-a.conf": "vm.swappiness=60\n", "etc/sysctl.d/zz.conf": "kernel.panic=9\n",
        "usr/lib/sysctl.d/99-protect-links.conf": "fs.protected_symlinks=1\n",
        "usr/lib/sysctl.d/50-b.conf": "c.d=1\n"})
    (root / "etc/sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")

    def settings_in_order():
        done = subprocess.run([SYSTEMD, "--cat-config", "--root=" + str(root)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=dict(os.environ, SYSTEMD_COLORS="0"))
        if done.returncode:
            # Before systemd 255 it does not know --root.
            return of_folders(root)
        return [line.strip() for line in done.stdout.decode().split("\n")
                if line.strip() and line.strip()[0] not in "#;"]

    before = settings_in_order()
    plan = Project(root, hop="8to9", select="SYS023").fix()
    assert plan.apply() == [] and [f.code for f in plan.fixed] == ["SYS023"]
    assert settings_in_order() == before
    # As the upgrade leaves it.
    (root / "etc/sysctl.d/99-sysctl.conf").unlink()
    assert settings_in_order() == before
    assert (root / "etc/sysctl.conf").read_text() == "# head\n\n# tail\n"


def of_folders(root):
    """The settings in the order of sysctl.d(5)."""
    files = {}
    for folder in ("usr/lib/sysctl.d", "etc/sysctl.d"):
        files.update((path.name, path) for path in (root / folder).glob("*.conf"))
    return [line.strip() for name in sorted(files) for line in files[name].read_text().split("\n")
            if line.strip() and line.strip()[0] not in "#;"]


@pytest.mark.skipif(not SYSCTL, reason="needs the program sysctl (procps)")
def test_procps_reads_the_moved_file(tmp_path):
    """What it would set, of real keys."""
    root = make(tmp_path, {"etc/sysctl.conf": "; c\n\tkernel.panic =  5 \r\n\n# x\nvm/swappiness=10"})
    (root / "etc/sysctl.d").mkdir()
    (root / "etc/sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")

    def would_set(path):
        done = subprocess.run([SYSCTL, "--dry-run", "-p", str(path)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        if b"dry-run" in done.stderr:
            pytest.skip("this sysctl knows no --dry-run (procps 4)")
        return done.stdout

    before = would_set(root / "etc/sysctl.conf")
    assert b"kernel.panic = 5" in before and before.count(b"\n") == 2
    assert Project(root, hop="8to9", select="SYS023").fix().apply() == []
    assert would_set(root / "etc/sysctl.d/99-sysctl-local.conf") == before
    assert would_set(root / "etc/sysctl.conf") == b""


def test_a_root_without_sysctl_conf_has_a_link_that_leads_nowhere(tmp_path):
    root = make(tmp_path, {"etc/apt/sources.list": "", "etc/sysctl.d/a.conf": "vm.swappiness=1\n"})
    (root / "etc/sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")
    project = Project(root, hop="8to9", select="SYS023")
    assert project.check() == [] and project.errors == []
