import re

from ..formats.lxc import (
    Blank, BrokenHeader, BuriedState, Live, Malformed, Property, RawKey, Section,
)
from ..rule import Rule
from ._lxc import effective_sections

#: The raw keys that PVE passes on (PVE::LXC::Config of pve-container 3.x and 4.x); all else that
#: begins with "lxc." is dropped. The last three came later and are left alone.
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
NEVER_WRITTEN = ("digest", "pending", "snapshots", "snapname", "lxc")

_BLANK = " \t\r\f\v"
_SPACED_COLON = re.compile("(?:lxc\\.[a-z0-9_.-]+|[a-z][a-z_]*[0-9]*)[ \t\r\f\v]+:")
_NO_VALUE = re.compile("[a-z][a-z_]*[0-9]*:[ \t\r\f\v]*$")
_KEY_EQUALS = re.compile("[a-z][a-z_]*[0-9]*[ \t\r\f\v]*=")


class MalformedLine(Rule):
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

    Prerequisites

    ## References

    PVE::LXC::Config, parse_pct_config and write_pct_config (pve-container)
    """

    kinds = ("lxc",)
    severity = "warning"
    phase = "before"
    guide = "Prerequisites"

    def visit_File(self, tree):
        for section, replacement in effective_sections(tree):
            if replacement is None:
                self.check_section(section)
            elif any(not isinstance(line, Blank) for line in section.body):
                # What stands in a section that is dropped whole needs no findings of its own.
                self.report(section.header, "PVE drops this section: [%s] comes again in line %d "
                            "and starts anew" % (section.name, self.line(replacement.header)))

    def line(self, node):
        """The line number of *node*."""
        return self.tree.position(node).line

    def check_section(self, section):
        """Report the lines of one section that get lost or go astray."""
        values, above = {}, set()
        for at, line in enumerate(section.body):
            if is_header(line):
                above.update(values)
                self.check_header(section, at, above)
                # That keys set above are set again below is the header's fault, reported with it.
                self.check_repeated(section, values)
                values = {}
            elif isinstance(line, Malformed):
                self.say(section, line, "PVE cannot read this line (%s) and drops it with the next "
                         "change" % reason(str(line.text)))
            elif isinstance(line, BuriedState):
                self.say(section, line, "PVE sees nothing but snapstate at the end of this line "
                         "and drops the rest")
            elif isinstance(line, RawKey):
                self.check_raw_key(section, line)
            elif isinstance(line, Property) and self.is_kept(section, line):
                values.setdefault(str(line.key), []).append(line)
        self.check_repeated(section, values)

    def check_header(self, section, at, above):
        """Report the line number *at* of *section*, a header that is none; *above*: the keys that
        are set above it."""
        body, keys = section.body, {}
        # By number, since a file of nothing but such headers would be copied for each of them.
        for number in range(at + 1, len(body)):
            line = body[number]
            if is_header(line):
                break
            if isinstance(line, Property) and line.key in above:
                keys[str(line.key)] = True
        line = body[at]
        message = "PVE takes this for no section header (%s)" % header_reason(line)
        if all(isinstance(body[number], Blank) for number in range(at + 1, len(body))):
            message += " and drops it with the next change (%s)" % section.label
        else:
            message += ": what stands below it applies to the %s" % section.label
        if keys:
            message += " and overrides %s there" % ", ".join(keys)
        self.report(line, message)

    def say(self, section, item, message):
        """Report what is wrong with a line of *section*."""
        self.report(item, "%s (%s)" % (message, section.label))

    def check_raw_key(self, section, line):
        """Report a raw key that PVE does not pass on."""
        key = str(line.key)
        if key in REFUSED_KEYS:
            self.say(section, line.key, "PVE refuses %s, %s, and drops it with the next change"
                     % (key, REFUSED_KEYS[key]))
        elif key not in KNOWN_KEYS and not key.startswith(KNOWN_PREFIXES):
            self.say(section, line.key, "PVE does not know %s and drops it with the next change"
                     % key)

    def is_kept(self, section, line):
        """Whether PVE keeps the value of a property; reports it where not."""
        key = str(line.key)
        if key == "description":
            return False
        if key == "snapstate" and isinstance(section, Live):
            self.say(section, line.key, "PVE drops snapstate outside a snapshot")
        elif key == "delete" and not (isinstance(section, Section) and section.is_pending):
            self.say(section, line.key, "PVE ignores delete outside [pve:pending] and drops it "
                     "with the next change")
        elif key in NEVER_WRITTEN:
            self.say(section, line.key, "PVE uses the name %s for itself and drops the line with "
                     "the next change" % key)
        else:
            return True
        return False

    def check_repeated(self, section, values):
        """Report the lines whose key a later line of *values* (key -> lines) sets otherwise."""
        for key, lines in values.items():
            last = lines[-1]
            for line in lines[:-1]:
                if line.value != last.value:
                    self.say(section, line, "line %d sets %s too: PVE uses and keeps only that one"
                             % (self.line(last), key))


def is_header(line):
    """Whether a line was meant to be a header and is none."""
    return isinstance(line, BrokenHeader) or (
        isinstance(line, Malformed) and line.text.startswith("\ufeff["))


def header_reason(line):
    """Why PVE does not take *line* for a header."""
    text = line.code.rstrip(_BLANK + "\n")
    if text[0] in _BLANK:
        return "blanks before it"
    if text[0] == "\ufeff":
        return "a byte order mark before it"
    name, end, rest = text[1:].partition("]")
    if not end:
        return "no ] at its end"
    if rest:
        return "text behind the ]"
    if len(name) < 2:
        return "a name has two characters or more"
    if not ("a" <= name[0] <= "z" or "A" <= name[0] <= "Z"):
        return "a name begins with a letter"
    return "a name holds letters, digits, _ and - only"


def reason(text):
    """Why PVE cannot read a line."""
    text = text.rstrip(_BLANK)
    if text[0] in _BLANK:
        return "blanks before it"
    if text[0] == "\ufeff":
        return "a byte order mark before it"
    if _SPACED_COLON.match(text):
        return "blanks before the colon"
    if _NO_VALUE.match(text):
        return "no value"
    if text.startswith("lxc."):
        return "a raw key has small letters, digits, _, - and ., then : or ="
    if _KEY_EQUALS.match(text):
        return "= instead of :"
    if ":" in text:
        return "a key has small letters and _, then digits"
    return "not key: value"
