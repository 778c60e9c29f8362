"""Test hosts for Ansible: each an sshd in a network namespace of its own, and a file tree that stands
for its ``/``. They share one ``etc/pve``, as the nodes of a cluster do. Nothing of it is seen, or can be
reached, from outside of the namespaces; all of it is gone at the end.

sshd comes out of Debian's package, unpacked, where it is not installed: to install it is to start it.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import debian

__all__ = ["Fleet", "missing"]

PORT = 2222
_SSHD = """
Port %(port)d
ListenAddress %(address)s
HostKey %(folder)s/host_key
AuthorizedKeysFile %(folder)s/../user_key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowUsers root
Subsystem sftp internal-sftp
SetEnv PVEMIGRATE_CACHE=%(folder)s/cache
"""


def missing():
    """What a fleet cannot be made without (str), None where all is there."""
    if os.geteuid():
        return "network namespaces are for root"
    for program, package in (("ip", "iproute2"), ("ssh", "openssh-client")):
        if not _program(program):
            return "no %s: install the package %s" % (program, package)
    name = "pvm%d-try" % os.getpid()
    tried = subprocess.run(["ip", "netns", "add", name], stderr=subprocess.PIPE)
    if tried.returncode:
        return "no network namespaces here: %s" % tried.stderr.decode("utf-8", "replace").strip()
    subprocess.run(["ip", "netns", "delete", name], check=True)
    return None


def _program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def _sshd():
    """sshd, and where it finds libraries that may not be installed."""
    installed = _program("sshd")
    if installed:
        return installed, ""
    libraries = debian.unpacked("libwrap0") / "usr" / "lib"
    return (str(debian.unpacked("openssh-server") / "usr" / "sbin" / "sshd"),
            ":".join(str(path) for path in libraries.iterdir()))


#: What a host does before it becomes its sshd: all of it is seen by that host alone.
_START = """
set -e
mount --bind "$SHARED" "$ROOT/etc/pve"
mount -t tmpfs tmpfs /run
mkdir /run/sshd
mount --bind "$FOLDER/passwd" /etc/passwd
exec "$SSHD" -D -e -f "$FOLDER/sshd_config"
"""


class Fleet:
    """Hosts by the names given (a context manager). ``folder``: where the file trees and keys are.
    Commands of the controller run in ``controller``, the namespace that reaches all hosts."""

    def __init__(self, folder, names):
        self.folder = Path(str(folder))
        self.names = list(names)
        self._prefix = "pvm%d-" % os.getpid()
        self.controller = self._prefix + "controller"
        self._daemons = {}

    def __enter__(self):
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in list(self._daemons):
            self.stop(name)
        for namespace in [self.controller] + [self._prefix + name for name in self.names]:
            self._end_all(namespace)
            subprocess.run(["ip", "netns", "delete", namespace], stderr=subprocess.DEVNULL)

    # -- the hosts ---------------------------------------------------------------------------------

    def _make(self):
        self.shared.mkdir(parents=True, exist_ok=True)
        self._key(self.folder / "user_key")
        self._ip("netns", "add", self.controller)
        for number, name in enumerate(self.names, 1):
            namespace = self._prefix + name
            folder = self.folder / name
            (self.root(name) / "etc" / "pve").mkdir(parents=True)
            (folder / "tmp").mkdir()
            self._key(folder / "host_key")
            self._ip("netns", "add", namespace)
            self._ip("-n", self.controller, "link", "add", name, "type", "veth", "peer", "name", "eth0",
                     "netns", namespace)
            self._ip("-n", self.controller, "address", "add", self._address(number, 1) + "/30", "dev", name)
            self._ip("-n", self.controller, "link", "set", name, "up")
            self._ip("-n", namespace, "address", "add", self._address(number, 2) + "/30", "dev", "eth0")
            self._ip("-n", namespace, "link", "set", "eth0", "up")
            # What facts are gathered about; the address of a bridge without ports stays.
            self._ip("-n", namespace, "link", "add", "vmbr0", "address", self.mac(name), "type", "bridge")
            (folder / "sshd_config").write_text(_SSHD % {
                "port": PORT, "address": self._address(number, 2), "folder": folder})
            self.start(name)

    def start(self, name):
        """Start a host's sshd."""
        folder = self.folder / name
        program, libraries = _sshd()
        users = Path("/etc/passwd").read_text()
        if "\nsshd:" not in users:
            users = users.rstrip("\n") + "\nsshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n"
        (folder / "passwd").write_text(users)
        environment = dict(os.environ, SHARED=str(self.shared), ROOT=str(self.root(name)), FOLDER=str(folder),
                           SSHD=program, LD_LIBRARY_PATH=libraries)
        with open(str(folder / "sshd.log"), "ab") as log:
            self._daemons[name] = subprocess.Popen(
                ["ip", "netns", "exec", self._prefix + name, "sh", "-c", _START], env=environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        # sshd says when it listens; it is not long.
        for _ in range(200):
            if b"Server listening" in (folder / "sshd.log").read_bytes().rpartition(b"== stopped")[2]:
                return
            if self._daemons[name].poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("sshd did not start: %s" % (folder / "sshd.log").read_text())

    def stop(self, name):
        """Stop a host's sshd, and the connections that it has: nobody answers there any more."""
        self._end_all(self._prefix + name)
        self._daemons.pop(name).wait()
        with open(str(self.folder / name / "sshd.log"), "ab") as log:
            log.write(b"== stopped\n")

    @staticmethod
    def _end_all(namespace):
        """End the processes in a namespace of ours; nobody else's are in there."""
        listed = subprocess.run(["ip", "netns", "pids", namespace], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL)
        for number in listed.stdout.split():
            try:
                os.kill(int(number), signal.SIGTERM)
            except ProcessLookupError:
                pass

    @property
    def shared(self):
        """What all hosts see at etc/pve."""
        return self.folder / "shared"

    def root(self, name):
        """The file tree of a host, but for its etc/pve."""
        return self.folder / name / "root"

    def mac(self, name):
        """The address of a host's vmbr0."""
        return "02:00:00:00:00:%02x" % (self.names.index(name) + 1)

    def _address(self, number, end):
        return "198.51.100.%d" % (4 * number + end)

    @staticmethod
    def _ip(*arguments):
        subprocess.run(["ip"] + list(arguments), check=True)

    @staticmethod
    def _key(path):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)],
                       check=True)

    # -- the controller ----------------------------------------------------------------------------

    def inventory(self, interpreters, **variables):
        """An inventory (plain data) with the hosts in the group pve; *interpreters*: name -> Python."""
        hosts = {}
        for number, name in enumerate(self.names, 1):
            folder = self.folder / name
            hosts[name] = {
                "ansible_host": self._address(number, 2),
                "ansible_python_interpreter": interpreters[name],
                "ansible_remote_tmp": str(folder / "tmp"),
                "pve_root": str(self.root(name)),
                "pve_install_path": str(folder / "opt" / "pvemigrate" / "pvemigrate.pyz"),
            }
        options = ("-F none -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=%s "
                   "-o IdentitiesOnly=yes -o ConnectTimeout=5 -o LogLevel=ERROR"
                   % (self.folder / "known_hosts"))
        return {"pve": {"hosts": hosts, "vars": dict(
            variables, ansible_user="root", ansible_port=PORT, ansible_ssh_common_args=options,
            ansible_ssh_private_key_file=str(self.folder / "user_key"))}}

    def run(self, command, **options):
        """Run a command as the controller does; a ``subprocess.CompletedProcess``."""
        return subprocess.run(["ip", "netns", "exec", self.controller] + list(command),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              **options)
