from ..formats import guest
from ._guest import LostLines, is_plain
from ._qemu import all_kept, is_known, is_special, value_problem, vm_key

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
    that is the first.

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
                    and all_kept(file.data))

    def check_section(self, section):
        if is_special(section):
            release = self.facts.release
            if release is not None and release < 7:
                self.report(section.header, "PVE 6 takes [%s] for no section header: what stands "
                            "below it applies to the section above" % section.name)
            return
        super().check_section(section)

    def kept_key(self, section, line):
        key = super().kept_key(section, line)
        if key is None:
            return None
        problem = value_problem(key, str(line.value))
        if problem is None:
            return vm_key(key)
        self.say(section, line.value if is_known(key) else line.key,
                 "PVE drops %s with the next change: %s" % (key, problem))
        return None

    def header_reason(self, line):
        text = line.code.rstrip(" \t\r\f\v\n")
        if isinstance(line, guest.BrokenHeader) and text.lower() == "[pve:pending]":
            return "a container's pending changes have it, a virtual machine's [PENDING]"
        return super().header_reason(line)
