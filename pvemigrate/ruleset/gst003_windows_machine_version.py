from ..edit import Fix, insert_before, replace
from ..formats.qemu import BrokenHeader, Live, Property
from ..rule import Rule, command
from ._guest import guest_id, sections_that_count
from ._qemu import WINDOWS, vm_values

#: Unversioned machine -> what Proxmox VE 7 runs for it with Windows.
PINNED = {"": "pc-i440fx-5.1", "pc": "pc-i440fx-5.1", "q35": "pc-q35-5.1"}


class WindowsMachineVersion(Rule):
    """
    ## What it finds

    A virtual machine with Windows (`ostype` wxp to win11) whose `machine` says no version: it is
    missing, `pc` or `q35`. On a node that runs 7.x already it finds nothing.

    ## Why it matters

    QEMU 5.2 numbers PCI devices otherwise, and Windows then takes its network adapter for a new one
    and forgets its static address. Proxmox VE 7 (and 6.4, once up to date) therefore runs such a
    machine as version 5.1. A machine that has been installed or started with a newer version than
    that sees the change now, and one that says its version does not depend on what the host
    chooses.

    ## Example

    ```
    memory: 4096
    ostype: win10
    ```

    becomes

    ```
    machine: pc-i440fx-5.1
    memory: 4096
    ostype: win10
    ```

    ## When the fix is safe

    It is never applied unasked: it fixes what Proxmox VE 7 does anyway, and later releases warn of
    machines as old as that. It touches the running configuration only. A snapshot that holds memory
    has the version it ran with; one without says what it said. Where pending changes name a machine,
    or a header that is none stands among the lines, it is left to you. Machines of another
    architecture are not looked at.

    ## Guide

    Older Virtual Machines with Windows and Static Network

    ## References

    PVE::QemuServer, get_vm_machine (qemu-server 7.0); qm.conf(5), "machine"
    """

    kinds = ("qemu",)
    needs = tuple(sorted(WINDOWS))
    severity = "info"
    phase = "before"
    hops = ("6to7",)
    guide = "Older Virtual Machines with Windows and Static Network"

    def visit_File(self, tree):
        if (self.facts.release or 6) >= 7:
            return
        live, pending = None, {}
        for section in sections_that_count(tree):
            if isinstance(section, Live):
                live = section
            elif section.is_pending:
                pending = vm_values(section)
        if live is not None:
            self.check_live(live, vm_values(live), pending.get("machine"))

    def check_live(self, live, values, pending):
        """Report the running configuration; *pending*: the machine (line or None) that it is going
        to have."""
        system, machine = values.get("ostype"), values.get("machine")
        name = str(machine.value) if machine else ""
        if system is None or system.value not in WINDOWS or name not in PINNED or "arch" in values:
            return
        if pending is not None and pending.value not in PINNED:
            return
        new, fix, commands = PINNED[name], None, ()
        message = ("Proxmox VE 7 runs a machine with Windows that says no version as %s: say it "
                   "here, so that Windows keeps its devices" % new)
        if pending is None and not any(isinstance(line, BrokenHeader) for line in live.body):
            if machine:
                change = replace(machine.value, new)
            else:
                # Where PVE's own writer has it: keys are sorted. There is an ostype.
                change = insert_before(next(line for line in live.body if isinstance(
                    line, Property) and line.key > "machine"), "machine: " + new)
            fix = Fix.unsafe("set machine: %s" % new, change)
            commands = self.commands(new)
        self.report(machine.value if machine else system.value, message, fix, commands=commands)

    def commands(self, machine):
        """PVE's command for the same: qm knows the guests of its own node alone."""
        number, node = guest_id(self.file.path)
        if number is None:
            return ()
        if node is None or self.facts.hostname in (None, node):
            return [command("qm", "set", number, "--machine", machine)]
        return [command("pvesh", "set", "/nodes/%s/qemu/%s/config" % (node, number),
                        "--machine", machine)]
