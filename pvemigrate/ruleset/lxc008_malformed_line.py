from ..formats.lxc import RawKey
from ._guest import LostLines, is_plain

#: The raw keys that PVE passes on (PVE::LXC::Config of pve-container 3.x to 6.x); all else that
#: begins with "lxc." is dropped. The last three came after 4.0, and are left alone in all upgrades.
KNOWN_KEYS = frozenset("lxc." + name for name in """
    apparmor.profile apparmor.allow_incomplete apparmor.allow_nesting apparmor.raw selinux.context
    include arch uts.name signal.halt signal.reboot signal.stop init.cmd pty.max console.logfile
    console.path tty.max devtty.dir hook.autodev autodev kmsg mount.fstab mount.entry mount.auto
    rootfs.mount cap.drop cap.keep seccomp.profile seccomp.notify.proxy seccomp.notify.cookie idmap
    hook.pre-start hook.pre-mount hook.mount hook.start hook.stop hook.post-stop hook.clone
    hook.destroy hook.version log.level log.file start.auto start.delay start.order group
    environment sysctl.fs.mqueue sysctl.kernel.msgmax sysctl.kernel.msgmnb sysctl.kernel.msgmni
    sysctl.kernel.sem sysctl.kernel.shmall sysctl.kernel.shmmax sysctl.kernel.shmmni
    sysctl.kernel.shm_rmid_forced

    aa_profile aa_allow_incomplete console devttydir haltsignal rebootsignal stopsignal id_map
    init_cmd loglevel logfile mount network.type network.flags network.link network.mtu network.name
    network.hwaddr network.ipv4 network.ipv4.gateway network.ipv6 network.ipv6.gateway
    network.script.up network.script.down pts se_context seccomp tty utsname

    init.cwd environment.runtime environment.hooks
    """.split())
KNOWN_PREFIXES = ("lxc.cgroup.", "lxc.cgroup2.", "lxc.prlimit.", "lxc.net.", "lxc.limit.")
REFUSED_KEYS = {
    "lxc.rootfs.path": "which it makes from rootfs",
    "lxc.rootfs.options": "for which rootfs has options of its own",
}
#: Keys under which PVE keeps notes of its own and which its writer therefore leaves out.
NEVER_WRITTEN = frozenset(["digest", "pending", "snapshots", "snapname", "lxc"])
#: What a plain configuration has no line for.
_ODD_KEYS = frozenset(key.encode("ascii") for key in (*NEVER_WRITTEN, "delete", "snapstate"))


def _is_kept(key):
    """Whether PVE passes a raw key (bytes) on."""
    key = key.decode("ascii")
    return key in KNOWN_KEYS or key.startswith(KNOWN_PREFIXES)


class MalformedLine(LostLines):
    """
    ## What it finds

    In a container's configuration: lines that Proxmox VE cannot read (blanks before the key or
    before the colon, no value, letters that a key may not have, ...), headers that are none
    (`[a]`, `[my snap]`, an indented one), text before `snapstate:`, raw keys that it does not pass
    on (`lxc.rootfs.path`, `lxc.rootfs.options`, unknown ones), `snapstate` outside snapshots,
    `delete` outside the pending changes, keys that it never writes, a key that a later line sets
    to something else, and a section whose header comes again.

    ## Why it matters

    Proxmox VE writes the whole file anew with every change. Whatever it did not understand, or
    overwrote while reading, is gone then. Below a line that was meant to be a header, the keys of a
    snapshot become those of the section above it: of the running container, if that is the first.

    A raw key of cgroup v1 on a line that cannot be read is reported here and not by LXC001 or
    LXC003. What Proxmox VE keeps although it warns of it (an unknown plain key, a value that is out
    of bounds) is not reported.

    ## Example

    ```
    memory: 512
    [a]
    memory: 4096
    ```

    The name of a snapshot has two characters at least, so this container has 4096 MiB.

    ## When the fix is safe

    There is none: only the administrator knows what the line should have said.

    ## Guide

    The guide has nothing on it.

    ## References

    PVE::LXC::Config, parse_pct_config and write_pct_config (pve-container)
    """

    kinds = ("lxc",)
    severity = "warning"
    phase = "before"

    pending_header = "[pve:pending]"
    raw_key_reason = "a raw key has small letters, digits, _, - and ., then : or ="

    def may_find(self, file):
        return not is_plain(file.data, "pve:pending", _ODD_KEYS, _is_kept)

    def check_other(self, section, line):
        if isinstance(line, RawKey):
            self.check_raw_key(section, line)

    def kept_key(self, section, line):
        key = super().kept_key(section, line)
        if key not in NEVER_WRITTEN:
            return key
        self.say(section, line.key, "PVE uses the name %s for itself and drops the line with the "
                 "next change" % key)
        return None

    def check_raw_key(self, section, line):
        """Report a raw key that PVE does not pass on."""
        key = str(line.key)
        if key in REFUSED_KEYS:
            self.say(section, line.key, "PVE refuses %s, %s, and drops it with the next change"
                     % (key, REFUSED_KEYS[key]))
        elif key not in KNOWN_KEYS and not key.startswith(KNOWN_PREFIXES):
            self.say(section, line.key, "PVE does not know %s and drops it with the next change"
                     % key)
