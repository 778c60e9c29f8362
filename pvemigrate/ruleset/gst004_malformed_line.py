from ..formats import guest
from ..lazy import lazy
from ._guest import LostLines, is_plain
from ._qemu import DASHES, all_kept, is_known, is_special, special_since, value_problem, vm_key

#: The first release that skips a section with a name that is none.
SKIPPING = 9
_CLOSED = lazy("\\[[^\\]]*\\][ \t\r\f\v]*\n?")

#: What a plain configuration has no line for. (PVE takes cdrom for ide2.)
_ODD_KEYS = frozenset([b"delete", b"snapstate", b"cdrom"])


class MalformedLine(LostLines):
    """
    ## What it finds

    In a virtual machine's configuration: lines that Proxmox VE cannot read (blanks before the key
    or before the colon, no value, letters that a key may not have, raw keys of containers, ...),
    headers that are none (`[a]`, `[my snap]`, an indented one, `[pve:pending]`, which is a
    container's), text before `snapstate:`, properties that it does not know, values that it
    refuses, `snapstate` outside snapshots, `delete` outside the pending changes, a key that a later
    line sets to something else, and a section whose header comes again.

    ## Why it matters

    Proxmox VE writes the whole file anew with every change. Whatever it did not understand, or
    overwrote while reading, is gone then. Unlike with containers that holds for unknown properties
    and refused values too: a disk with an option that its bus does not have is not there for
    Proxmox VE, and with the next change its line is gone. Below a line that was meant to be a
    header, the keys of a snapshot become those of the section above it: of the running machine, if
    that is the first. Proxmox VE 9 drops them, where there is a `]` at the end of the header.

    What only the new release knows is not reported: it keeps it.

    `cdrom` and `smp`, which Proxmox VE writes back under newer names, are not reported.

    ## Example

    ```
    memory: 512
    scsi0: local-lvm:vm-100-disk-0,iothred=1
    [pve:pending]
    memory: 4096
    ```

    This machine has 4096 MiB, no pending changes and no disk.

    ## When the fix is safe

    There is none: only the administrator knows what the line should have said.

    ## Guide

    The guide does not mention it.

    ## References

    PVE::QemuServer, parse_vm_config, check_type and write_vm_config (qemu-server)
    """

    kinds = ("qemu",)
    severity = "warning"
    phase = "before"
    pending_header = "[PENDING]"
    raw_key_reason = "only containers have raw keys"

    def may_find(self, file):
        return not (is_plain(file.data, "pending", _ODD_KEYS, lambda key: False)
                    and all_kept(file.data, self.hop.new_release))

    def check_section(self, section):
        if is_special(section):
            release, since = self.facts.release, special_since(section)
            if (release or since) < since or self.hop.new_release < since:
                self.report(section.header, "PVE %d takes [%s] for no section header: what stands "
                            "below it applies to the section above"
                            % (release or self.hop.release, section.name))
            return
        super().check_section(section)

    def kept_key(self, section, line):
        key = super().kept_key(section, line)
        if key is None:
            return None
        release = self.hop.new_release
        if "-" in key and release < DASHES:
            self.say(section, line, "PVE cannot read this line (a key has small letters and _, then "
                     "digits) and drops it with the next change")
            return None
        problem = value_problem(key, str(line.value), release)
        if problem is None:
            return vm_key(key)
        self.say(section, line.value if is_known(key, release) else line.key,
                 "PVE drops %s with the next change: %s" % (key, problem))
        return None

    def check_header(self, section, at, above):
        body, line = section.body, section.body[at]
        # By number, as there: a file may hold nothing but such headers.
        below = (body[number] for number in range(at + 1, len(body)))
        if (self.hop.new_release < SKIPPING or not _CLOSED.fullmatch(line.code)
                or all(isinstance(node, guest.Blank) for node in below)):
            super().check_header(section, at, above)
            return
        self.report(line, "PVE takes this for no section header (%s): %s drops what stands below it, "
                    "where releases before it apply it to the %s"
                    % (self.header_reason(line), self.hop.new_pve, section.label))

    def header_reason(self, line):
        text = line.code.rstrip(" \t\r\f\v\n")
        if isinstance(line, guest.BrokenHeader) and text.lower() == "[pve:pending]":
            return "a container's pending changes have it, a virtual machine's [PENDING]"
        return super().header_reason(line)
