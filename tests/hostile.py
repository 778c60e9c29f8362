"""Roots that somebody made to do harm (a customer's backup), and what the command does with them.

:func:`make` builds one from a number, the same each time. Run as a program it is the long-lived process
of test_hostile.py: arguments are a working directory, the first number, how many, and ``traced`` or
``plain``; the last line of its output is JSON, what was done and what went wrong.
"""

import io
import json
import os
import random
import re
import shutil
import socket
import stat
import sys
import threading
import time

from nodes import GUEST, REPOSITORY, STORAGE, status_file

#: Seconds that one small tree may take, all commands together, on a machine that has other work too.
BOUND = 20

#: What is outside of every root, and must neither be shown nor changed.
CANARY = "canary-0f1e2d3c"

_EXAMPLE = os.path.join(str(REPOSITORY), "examples", "pve6-node")


def _example():
    found = {}
    for folder, _, names in os.walk(_EXAMPLE):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, _EXAMPLE)] = file.read()
    return found


EXAMPLE = _example()
CONFIGURATION = sorted(path for path in EXAMPLE if not path.startswith("sys/"))
STATUS = status_file(proxmox_ve="6.4-1", pve_manager="6.4-15", ifupdown2="3.0.0-1",
                     base_files="10.3+deb10u13").encode()

#: Places that something hostile may stand at.
PLACES = ["etc", "etc/apt", "etc/apt/sources.list", "etc/apt/sources.list.d",
          "etc/apt/sources.list.d/a.list", "etc/apt/sources.list.d/b.sources",
          "etc/apt/preferences.d/x", "etc/apt/trusted.gpg.d/x.gpg", "etc/network",
          "etc/network/interfaces", "etc/network/interfaces.new", "etc/network/interfaces.d",
          "etc/network/interfaces.d/a", "etc/systemd/network", "etc/systemd/network/10-eno1.link",
          "etc/pve", "etc/pve/storage.cfg", "etc/pve/user.cfg", "etc/pve/vzdump.cron",
          "etc/pve/ceph.conf", "etc/pve/corosync.conf", "etc/pve/lxc", "etc/pve/local", "etc/pve/priv",
          "etc/pve/priv/lock", "etc/pve/priv/storage/cifs.pw", "etc/pve/nodes", "etc/pve/nodes/pve1",
          "etc/pve/nodes/pve1/lxc", "etc/pve/nodes/pve1/lxc/101.conf",
          "etc/pve/nodes/pve1/qemu-server", "etc/pve/nodes/pve1/qemu-server/111.conf",
          "etc/pve/nodes/pve1/pve-ssl.pem", "etc/pve/pve-root-ca.pem", "etc/vzdump.conf", "etc/hostname",
          "etc/hosts", "etc/fstab", "etc/default/grub", "etc/default/grub.d", "etc/kernel/cmdline",
          "etc/modprobe.d", "etc/ssh/sshd_config", "etc/shadow", "etc/os-release", "sys/class/net",
          "sys/class/net/vmbr0/address", "proc", "var", "var/lib", "var/lib/dpkg/status",
          "var/lib/dpkg/arch", "var/lib/pvemigrate", "var/lib/pvemigrate/lock",
          "var/lib/pvemigrate/runs", "run/lock/lxc", "rootfs", "usr/share/perl5/PVE/Storage/Custom",
          "rpool/data/subvol-101-disk-0", "var/lib/lxc/101/rootfs", "usr/share/keyrings"]

ODD_NAMES = [b"a\nb.conf", b"\x1b[2J\x1b[H.conf", b"\xff\xfe.conf", b"\x9b31m.list", "\u202egpj.conf"
             .encode(), "\U0001f4a9\u200b.list".encode(), b"-rf.conf", b"'; rm -rf x #.conf", b" .conf",
             b"%s%n.conf", b"100.conf\r", b"99999999999999999999.conf", b"a" * 250 + b".list",
             b"<script>.list", b"..conf", b"...", b"\\x1b.conf", b"a\tb.sources", b"\x7f.list",
             "\u0085.conf".encode(), b"*", b"[", b"$(id)", b"`id`.conf"]

EVIL_TEXT = [b"\x1b]0;owned\x07\x1b[2J", b"\0" * 300, b"\xff\xfe\x80", b"\x9b5n", b"\r\n\r", b"\x0c\x0b",
             "\u2028\u2029\u0085\ufeff\u202e".encode(), b"<script>alert(1)</script>",
             b"::error file=x::y", b"]]>", b"%(x)s%n", b"${x}${y}", b"\\", b"'\"`", b"#", b"!!", b"\x08" * 9]


class Builder:
    """Makes one tree below *root*; what cannot be made (something else is there) is left out."""

    def __init__(self, root, number):
        self.root = os.fsencode(root)
        self.random = random.Random(number)
        self.outside = os.path.join(os.path.dirname(self.root), b"outside")

    def at(self, path):
        full = os.path.join(self.root, path if isinstance(path, bytes) else os.fsencode(path))
        # The tree is hostile, its builder must not be: nothing is made through a link that leads out.
        above = os.path.realpath(os.path.dirname(full)) + b"/"
        if path and not above.startswith(self.root + b"/"):
            raise OSError("leads out")
        return full

    def folder(self, path):
        os.makedirs(self.at(path), exist_ok=True)

    def write(self, path, data):
        full = self.at(path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        # Never through a link that another evil has laid.
        with open(os.open(full, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
                          | os.O_NONBLOCK, 0o644), "wb") as file:
            file.write(data)

    def clear(self, path):
        full = self.at(path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if os.path.isdir(full) and not os.path.islink(full):
            shutil.rmtree(full)
        elif os.path.lexists(full):
            os.unlink(full)
        return full

    def place(self):
        return self.random.choice(PLACES)

    # -- evils -----------------------------------------------------------------------------------

    def link(self):
        place = self.place()
        depth = place.count("/")
        name = self.random.choice(["secret", "etc/apt/sources.list", "etc/pve/storage.cfg", "folder", "",
                                   "etc/network/interfaces", "etc", "etc/pve/nodes/pve1/lxc", "fifo"])
        outside = self.outside.decode()
        target = self.random.choice([
            os.path.join(outside, name), "../" * (depth + 1) + "outside/" + name, "/etc/passwd", "/",
            "/proc/self/root/etc/passwd", "/proc/self/fd/0", "/dev/zero", "/dev/tty", "../" * 60 + "etc/shadow",
            ".", "..", "./" * 2000, "x" * 300, os.path.basename(place), "../" * depth + "etc", "/etc",
            "../" * depth + self.place(), os.path.join(os.fsdecode(self.root), self.place()),
            os.path.join(os.fsdecode(self.root), "../outside", name), "a\nb", "\x1b[2J"])
        os.symlink(target, self.clear(place))

    def loop(self):
        places = self.random.sample(PLACES, 3)
        for here, there in zip(places, places[1:] + places[:1]):
            os.symlink("../" * here.count("/") + there, self.clear(here))

    def chain(self):
        folder = self.place()
        for number in range(50):
            os.symlink("l%d" % (number + 1), self.at("%s/l%d" % (folder, number)))

    def special(self):
        place = self.place()
        full = self.clear(place)
        what = self.random.randrange(4)
        if what == 0:
            os.mkfifo(full)
        elif what == 1:
            here = os.getcwd()
            os.chdir(os.path.dirname(full))  # a socket's path has to be short
            try:
                with socket.socket(socket.AF_UNIX) as made:
                    made.bind(os.path.basename(full))
            finally:
                os.chdir(here)
        elif what == 2:
            try:
                os.mknod(full, 0o600 | self.random.choice([stat.S_IFCHR, stat.S_IFBLK]), os.makedev(
                    *self.random.choice([(1, 3), (1, 5), (1, 8), (5, 0), (10, 130), (7, 0)])))
            except PermissionError:
                os.mkfifo(full)
        else:
            os.mkdir(full)

    def sparse(self):
        place = self.place()
        self.clear(place)
        self.write(place, b"deb http://deb.debian.org/debian buster main\n")
        os.truncate(self.at(place), self.random.choice([1 << 20, 3 << 20, 1 << 33, 1 << 42]))

    def hard_link(self):
        first = self.random.choice(CONFIGURATION)
        os.link(self.at(first), self.clear(self.place()))

    def names(self):
        folder = self.random.choice(["etc/apt/sources.list.d", "etc/pve/nodes/pve1/lxc", "etc/pve/nodes",
                                     "etc/network/interfaces.d", "etc/modprobe.d", "etc/pve/lxc",
                                     "sys/class/net", "etc/pve/nodes/pve1/qemu-server",
                                     "var/lib/pvemigrate/runs", "etc/default/grub.d", ""])
        for name in self.random.sample(ODD_NAMES, self.random.randrange(1, 8)):
            if folder == "etc/pve/nodes":
                self.write(os.path.join(folder.encode(), name, b"lxc/100.conf"), GUEST.encode())
            else:
                self.write(os.path.join(folder.encode(), name), self.random.choice(
                    [GUEST.encode(), b"deb http://deb.debian.org/debian buster main\n",
                     b"auto x\niface x inet manual\n", EXAMPLE["etc/apt/sources.list"]]))

    def many(self):
        folder = self.random.choice(["etc/apt/sources.list.d", "etc/pve/nodes/pve1/lxc", "etc/pve/nodes",
                                     "etc/network/interfaces.d", "etc/modprobe.d"])
        for number in range(self.random.choice([100, 300, 2000 if self.random.random() < .02 else 50])):
            self.write("%s/%d" % (folder, number), b"")

    def deep(self):
        path = self.random.choice(["", "etc", "etc/network/interfaces.d", "etc/pve/nodes", "var"])
        here = os.open(self.at(path + "/x").rpartition(b"/")[0], os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        for _ in range(self.random.choice([30, 120, 300])):
            try:
                os.mkdir("d" * self.random.choice([1, 40]), dir_fd=here)
            except OSError:
                break
            below = os.open(sorted(os.listdir(here))[-1], os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW,
                            dir_fd=here)
            os.close(here)
            here = below
        os.close(here)

    def text(self):
        """Bytes of no good in the middle of a real file."""
        path = self.random.choice(sorted(EXAMPLE))
        data = EXAMPLE[path]
        for _ in range(self.random.randrange(1, 6)):
            at = self.random.randrange(len(data) + 1)
            piece = self.random.choice(EVIL_TEXT)
            if self.random.random() < 0.03:
                piece = piece * (100000 // len(piece))
            data = data[:at] + piece + data[at:]
        self.write(path, data)

    def mixed(self):
        """A file of one kind at the place of another."""
        self.write(self.place(), EXAMPLE[self.random.choice(sorted(EXAMPLE))])

    def sources(self):
        lines = [b"source /etc/network/interfaces", b"source interfaces.d/*", b"source-directory .",
                 b"source /etc/network/*/*/*/*/*/*/*/*", b"source ../../../../../../etc/passwd",
                 b"source " + self.outside + b"/etc/network/interfaces", b"source /proc/self/environ",
                 b"source /dev/zero", b"source-directory /", b"source /*/*/*", b"source ~/x",
                 b"source " + b"*a" * 40 + b"b", b"source " + b"/a" * 3000, b"source " + b"[" * 200,
                 b"source $(id)", b"source interfaces.d/../interfaces.d/../interfaces", b"source \0",
                 b"source /etc/network/interfaces.d/l/l/l/l/l/l/x", b"source [z-a]", b"source \xff*",
                 b"iface a inet static inherits b", b"iface b inet static inherits a",
                 b"iface c inet static inherits c", b"mapping *\n\tscript /bin/false"]
        chosen = [self.random.choice(lines) for _ in range(self.random.randrange(1, 9))]
        self.write("etc/network/interfaces", b"\n".join(chosen) + b"\n"
                   + EXAMPLE["etc/network/interfaces"])
        for number in range(self.random.choice([0, 3, 60])):
            self.write("etc/network/interfaces.d/%d" % number,
                       b"source /etc/network/interfaces.d/%d\n" % (number + 1)
                       + self.random.choice(chosen) + b"\n")
        if self.random.random() < 0.5:
            for name in "lmnopq":
                os.symlink(".", self.at("etc/network/interfaces.d/" + name))

    def long_line(self):
        path = self.random.choice(CONFIGURATION)
        self.write(path, EXAMPLE[path] + self.random.choice(
            [b"a", b" ", b"deb ", b"[", b"#", b"a,", b"x=", b"source *", b"\\\n", b":", b"lxc."])
            * self.random.choice([2000, 20000]) + b"\n")

    def guests(self):
        keys = [b"lxc.cgroup.cpu.shares", b"lxc.cgroup.memory.limit_in_bytes", b"lxc.cgroup.devices.allow",
                b"lxc.hook.mount", b"hookscript", b"mp0", b"rootfs", b"net0", b"lock", b"description"]
        values = [b"9" * 5000, b"-1", b"a \x1b[2J", b"/" + b"../" * 20 + b"etc/passwd", b"local:x,size=9e999",
                  self.outside + b"/secret", b"/proc/self/environ", b"\0", b"c 5:* rwm", b"1024", b"512M"]
        self.write("etc/pve/nodes/pve1/lxc/%d.conf" % self.random.randrange(100, 110), b"".join(
            b"%s: %s\n" % (self.random.choice(keys), self.random.choice(values))
            for _ in range(self.random.randrange(1, 30))))

    def dpkg(self):
        self.write("var/lib/dpkg/status", self.random.choice([
            STATUS.replace(b"6.4-1", b"9" * 6000), STATUS.replace(b"6.4-1", b"1:\x1b[2J"),
            STATUS.replace(b"6.4-1", b"7.0-1"), STATUS.replace(b"6.4-1", b"99.0-1"), STATUS * 100, b"\0" * 9999,
            STATUS.replace(b"\n", b"\r\n"), b"Package: proxmox-ve\n" * 500, STATUS + b"x: y\n" * 20000]))

    def kernel(self):
        self.write("etc/default/grub", self.random.choice([
            b"A=aaaaaaaaaaaaaaaa\n" + b"A=$A$A$A$A\n" * 60 + b"GRUB_CMDLINE_LINUX=$A\n",
            b"GRUB_CMDLINE_LINUX=" + b"\"'" * 3000, b"GRUB_CMDLINE_LINUX=\"$(cat /etc/shadow)\"\n",
            b"GRUB_CMDLINE_LINUX=\"kvm.tdp_mmu=N \x1b[2J systemd.unified_cgroup_hierarchy=0\"\n",
            b"\\\n" * 5000, b"GRUB_CMDLINE_LINUX=\"" + b"a " * 20000 + b"\"\n"]))
        self.write("etc/kernel/cmdline", self.random.choice([
            b"root=ZFS=x " + b"\"" * 999, b"\x1b[2J\0\xff", b"kvm.tdp_mmu=N" * 3000, b"a\nb\nc"]))

    def certificate(self):
        self.write(self.random.choice(["etc/pve/nodes/pve1/pve-ssl.pem", "etc/pve/pve-root-ca.pem"]),
                   b"-----BEGIN CERTIFICATE-----\n" + self.random.choice([
                       b"MIIE" * 4000, b"MIL/////" * 10, b"\xff\x00", b"=" * 5000, b"MA" * 20000,
                       b"MIQ/////MIQ/////MIQ/////"]) + b"\n-----END CERTIFICATE-----\n")

    def journal(self):
        """What says that a run was interrupted, and what there is to do about it."""
        outside = self.outside.decode()
        real = self.random.choice([
            "../outside/secret", outside + "/secret", "/etc/passwd", "../../../../etc/shadow", "",
            ".", "etc/..", "a\0b", "a\nb", "\x1b[2J", "etc/pve/storage.cfg", "etc/apt/sources.list", 5,
            None, [], {"a": 1}, "x" * 100000, "etc/pve", "\ud800", "var/lib/pvemigrate/lock"])
        name = os.path.basename(real) if isinstance(real, str) else "x"
        record = {
            "path": self.random.choice([real, "a\nb", "\x1b[2Jx", 7]), "real": real,
            "old": self.random.choice([None, "0" * 64, "x", 5, [], "e3b0c44298fc1c149afbf4c8996fb92427ae41e"
                                       "4649b934ca495991b7852b855"]),
            "new": self.random.choice([None, "1" * 64, {}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b"
                                       "934ca495991b7852b855"]),
            "temporary": self.random.choice([".%s.pvemigrate.1.tmp" % name, name + ".tmp.1", "../x", "/etc/x",
                                             outside + "/secret", "", None, [], ".", "..", "storage.cfg"]),
            "backup": self.random.choice([".%s.pvemigrate.1.old" % name, name + ".tmp.2", "../../x"]),
            "mode": self.random.choice([None, 0o644, "x", -1]), "uid": 0, "gid": None}
        document = {"version": 1, "tool": self.random.choice(["x", "\x1b[2J", None, []]), "time": "now",
                    "undoes": self.random.choice([None, "x", [], "\x1b[2J", 5]),
                    "files": self.random.choice([[record], [record] * 3, [], None, {}, [5]])}
        data = self.random.choice([
            json.dumps(document), json.dumps(document), json.dumps(document), "[" * 100000, "{", "null",
            '{"version": %s}' % ("9" * 30000), '{"version": NaN}', "\xff", '{"version": 1e999}',
            json.dumps([document]), '{"a":' * 5000])
        run = self.random.choice(["20260101T000000Z-abcdef", "20260101T000000.000000Z-abcdef", "x", "-x",
                                  "a\nb", "\x1b[2J", "..x"])
        folder = "var/lib/pvemigrate/runs/" + run
        self.write(folder + "/journal", data.encode("utf-8", "replace"))
        self.write(folder + "/old-0", b"")
        if self.random.random() < 0.3:
            self.write(folder + "/" + self.random.choice(["committed", "done", "undone", "journal.new"]), b"")
        if self.random.random() < 0.2:
            os.symlink(self.random.choice([self.outside.decode(), "../../../../etc", "."]),
                       self.at("var/lib/pvemigrate/runs/link"))

    def interrupted(self):
        """A real run of fix, stopped before its end."""
        from pvemigrate.journal import Journal, Record, digest
        from pvemigrate.root import Root

        new = STORAGE.replace("maxfiles 3", "prune-backups keep-last=3").encode()
        self.write("etc/pve/storage.cfg", self.random.choice([new, STORAGE.encode(), b"another\n"]))
        root = Root(self.root.decode())
        Journal(root).make()
        Journal(root).begin([Record(
            path="etc/pve/storage.cfg", real="etc/pve/storage.cfg", old=digest(STORAGE.encode()),
            new=digest(new), temporary="storage.cfg.tmp.1", backup="storage.cfg.tmp.2", mode=0o644,
            uid=0, gid=0)], [STORAGE.encode()])
        root.close()
        if self.random.random() < 0.5:
            os.symlink(os.path.join(self.outside, b"secret"), self.at("etc/pve/storage.cfg.tmp.1"))

    EVILS = (link, link, link, loop, chain, special, special, sparse, hard_link, names, names, many, deep,
             text, text, text, mixed, sources, sources, long_line, guests, dpkg, kernel, certificate, journal,
             journal, interrupted)

    def build(self):
        """Make the tree; the names of what is wrong with it."""
        self.folder("")
        for path in self.random.sample(CONFIGURATION, self.random.randrange(3, 12)):
            self.write(path, EXAMPLE[path])
        if self.random.random() < 0.7:
            self.write("etc/pve/storage.cfg", STORAGE.encode())
        if self.random.random() < 0.6:
            self.write("var/lib/dpkg/status", STATUS)
        done = []
        for evil in [self.random.choice(self.EVILS) for _ in range(self.random.randrange(1, 5))]:
            try:
                evil(self)
                done.append(evil.__name__)
            except (OSError, ValueError, shutil.Error):
                continue
        return done


def make(root, number):
    """Make hostile tree *number* at *root*, beside which there may be a folder ``outside``. Returns the
    names (list) of what is wrong with it."""
    return Builder(root, number).build()


def make_outside(folder):
    """What is outside of the roots in *folder*, and must stay as it is: path -> bytes and times."""
    outside = os.path.join(folder, "outside")
    secret = b"# %s\n" % CANARY.encode()
    for path, data in {
            "secret": secret, "folder/a.conf": secret, "etc/apt/sources.list": EXAMPLE["etc/apt/sources.list"],
            "etc/pve/storage.cfg": STORAGE.encode() + secret, "etc/hostname": CANARY.encode(),
            "etc/network/interfaces": EXAMPLE["etc/network/interfaces"],
            "etc/pve/nodes/pve1/lxc/100.conf": GUEST.encode()}.items():
        full = os.path.join(outside, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(secret + data)
    os.mkfifo(os.path.join(outside, "fifo"))
    return look(outside)


def look(folder):
    """All that is in a folder: list of (path, mode, time of the last change, bytes)."""
    found = []
    for above, folders, names in os.walk(folder):
        for name in sorted(folders + names):
            path = os.path.join(above, name)
            status = os.lstat(path)
            data = b""
            if stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    data = file.read()
            found.append((path, status.st_mode, status.st_mtime_ns, data))
    return sorted(found)


# -- the command in this process -----------------------------------------------------------------------


class _Terminal:
    """A terminal (a real one) that a text stream writes to; what it was sent, in ``read()``."""

    def __init__(self):
        import pty
        import tty

        self._own, other = pty.openpty()
        tty.setraw(other)
        self.stream = io.TextIOWrapper(open(other, "wb", 0), encoding="utf-8", write_through=True)
        self._parts = []
        self._thread = threading.Thread(target=self._drain)
        self._thread.start()

    def _drain(self):
        while True:
            try:
                part = os.read(self._own, 65536)
            except OSError:
                return
            if not part:
                return
            self._parts.append(part)

    def read(self):
        self.stream.close()
        self._thread.join()
        os.close(self._own)
        return b"".join(self._parts).decode("utf-8", "surrogateescape")


class _File:
    def __init__(self):
        self._buffer = io.BytesIO()
        self.stream = io.TextIOWrapper(self._buffer, encoding="utf-8", write_through=True)

    def read(self):
        return self._buffer.getvalue().decode("utf-8", "surrogateescape")


def run(arguments, is_terminal=False, root=None):
    """Run the command's own entry point: (status, standard output, standard error). *root*: of the
    tree that a trace is to be about."""
    from pvemigrate.cli import main

    out, err = (_Terminal() if is_terminal else _File() for _ in range(2))
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out.stream, err.stream
    if root:
        os.access("/begin-of-run" + root, os.F_OK)
    try:
        main([str(argument) for argument in arguments])
        status = None
    except SystemExit as error:
        status = error.code
    finally:
        if root:
            os.access("/end-of-run", os.F_OK)
        sys.stdout, sys.stderr = before
    return status, out.read(), err.read()


#: What may stand at the beginning of a line on standard error.
_LINE = re.compile(r"(error|warning|note): [^\n]+|interrupted")
#: What a terminal would obey, or what makes text look other than it is.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\udc80-\udcff]")


def problems(arguments, status, out, err, is_terminal):
    """What is wrong with one run of the command (list of str)."""
    found = []
    if status not in (0, 1, 2):
        found.append("status %r" % (status,))
    if CANARY in out + err:
        found.append("shows what is outside")
    for text in (out, err):
        if "Traceback" in text or "internal error" in text:
            found.append(text[max(0, text.find("internal error") - 300):][:600])
    for line in err.split("\n"):
        if line and not _LINE.fullmatch(line):
            found.append("no line for a user: %r" % line[:300])
    if is_terminal and _CONTROL.search(out + err):
        at = _CONTROL.search(out + err).start()
        found.append("controls the terminal: %r" % (out + err)[max(0, at - 60):at + 20])
    if "json" in arguments:
        try:
            document = json.loads(out)
            if set(document) < {"version", "findings", "summary"}:
                found.append("JSON without its parts")
        except ValueError:
            found.append("no JSON: %r" % out[:200])
    return ["%s: %s" % (" ".join(arguments[:1]), problem) for problem in found]


def commands(root, number, is_traced):
    """The command lines for a tree: list of (arguments, whether at a terminal)."""
    more = [[], ["--unsafe-fixes", "--phase", "all"], ["--phase", "all", "--pin-nics"],
            ["--pve-repo", "no-subscription", "--phase", "switch"]][number % 4]
    shown = [["--output-format", "json"], [], ["--output-format", "concise"]][number % 3]
    is_terminal = "json" not in shown
    check = ["check", "--root", root, *more, *shown, "--color", "never"]
    fix = ["fix", "--root", root, *more, *shown, "--color", "never"]
    diff = ["fix", "--diff", "-q", "--root", root, *more, "--color", "never"]
    back = ["rollback", "--root", root] + (["--list"] if number % 5 == 0 else [])
    looking = ["check", root, "--color", "never"]
    if is_traced:
        return [(check, is_terminal), (diff, True), (fix, is_terminal), (back, True), (looking, True)]
    return [([check, diff, looking][number // 3 % 3], is_terminal or number // 3 % 3 > 0),
            (fix, is_terminal), (back, True)]


def preload():
    """Import all that the command may need, so that the trace has none of it."""
    import ctypes
    import pkgutil
    from importlib import import_module

    import pvemigrate
    from pvemigrate.formats import KINDS

    ctypes.CDLL(None)
    pvemigrate.rules()
    for module in pkgutil.walk_packages(pvemigrate.__path__, "pvemigrate."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for kind in KINDS:
        pvemigrate.parse(b"", kind=kind)


def main(folder, first, count, mode):
    import signal

    preload()
    outside = make_outside(folder)
    found, evils, runs, fixed, slowest = [], {}, 0, 0, (0, None)
    # One tree like the others, that what is only loaded once is loaded.
    for number in range(first - 1, first + count):
        root = os.path.join(folder, "root-%d" % number)
        names = make(root, number)
        before = time.monotonic()
        signal.alarm(6 * BOUND)
        is_counted = number >= first
        for arguments, is_terminal in commands(root, number, mode == "traced"):
            status, out, err = run(arguments, is_terminal, root if is_counted else None)
            found += ["tree %d (%s): %s" % (number, ", ".join(names), problem) for problem
                      in problems(arguments, status, out, err, is_terminal)]
            runs += 1
            fixed += arguments[0] == "fix" and " fixed" in out
        signal.alarm(0)
        took = time.monotonic() - before
        slowest = max(slowest, (took, "tree %d (%s)" % (number, ", ".join(names))))
        for name in set(names):
            evils[name] = evils.get(name, 0) + 1
        shutil.rmtree(root)
        if number % 50 == 0 and look(os.path.join(folder, "outside")) != outside:
            found.append("what is outside has changed, at the latest by tree %d" % number)
            break
    if look(os.path.join(folder, "outside")) != outside:
        found.append("what is outside has changed")
    print(json.dumps({"trees": count, "runs": runs, "fixed": fixed, "found": found, "slowest": slowest,
                      "evils": evils, "descriptors": len(os.listdir("/proc/self/fd"))}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
