from ..formats.qemu import Live
from ..lazy import lazy
from ..rule import Rule
from ._guest import below_broken_header, sections_that_count, settings
from ._qemu import WINDOWS, vm_values

#: What Proxmox VE runs for a machine with Windows that says no version (PVE::QemuServer::Machine,
#: get_vm_machine): the base type for what is said, and the version.
BASE_TYPES = {"": "pc-i440fx", "pc": "pc-i440fx", "q35": "pc-q35"}
PINNED = (5, 1)
#: From this version of QEMU on, one that was made with it is run as that instead.
MADE_WITH = (9, 1)

_TYPE = lazy("((?:pc(?:-i440fx|-q35)?|virt)-)([0-9]{1,6})[.]([0-9]{1,6})")
_VERSION = lazy("([0-9]{1,6})[.]([0-9]{1,6})")


class OldMachineVersion(Rule):
    """
    ## What it finds

    A virtual machine whose `machine` is of a version below 6.0 (`pc-i440fx-5.1`,
    `type=pc-q35-4.2,viommu=intel`), in the live section and in snapshots; `runningmachine` of such a
    version in a snapshot that holds memory, and in a machine that is suspended to disk (it has a
    `vmstate`). A machine with Windows that says no version counts too, where `meta` does not say that
    it was made with QEMU 9.1 or newer: Proxmox VE runs it as version 5.1.

    ## Why it matters

    QEMU drops its old machine versions, and those below 6.0 are expected to go while Proxmox VE 9 is
    current. A machine that asks for one does not start then, one that is suspended does not resume,
    and a snapshot with memory cannot be rolled back to.

    ## Example

    ```
    machine: pc-i440fx-5.1
    ostype: win10
    ```

    ## When the fix is safe

    There is none. Another version is other hardware to the guest: Windows may take its network
    adapter for a new one and forget the address, Linux may call it otherwise. Set a newer version when
    somebody can look after the guest. One that is suspended wants to be resumed and shut down before
    the upgrade. Of a snapshot without memory only the `machine` is old: set a newer version after a
    rollback. Lines below a header that is none (GST004) are not looked at.

    ## Guide

    None of a guide's sections is named here.

    ## References

    PVE::QemuServer::Machine, extract_version and get_vm_machine (qemu-server 8 and 9); qm.conf(5),
    "machine"; QEMU documentation, "About QEMU", deprecated machine versions
    """

    kinds = ("qemu",)
    needs = ("machine", *sorted(WINDOWS))
    severity = "warning"
    phase = "before"
    hops = ("8to9",)
    checker = ("check_qemu_machine_versions",)

    def visit_File(self, tree):
        for section in sections_that_count(tree):
            doubtful = below_broken_header(section)
            values = {key: line for key, line in vm_values(section).items()
                      if id(line) not in doubtful}
            if isinstance(section, Live):
                self.check_live(section, values)
            elif not section.is_pending:
                self.check_snapshot(section, values)

    def check_live(self, section, values):
        """Report the running configuration, and what a suspended machine runs."""
        self.say(section, self.configured(values), "set a newer version when somebody can look after "
                 "the guest, for it sees other hardware then")
        if "vmstate" in values:
            self.say(section, self.running(values), "the machine is suspended to disk: resume it and "
                     "shut it down before the upgrade")

    def check_snapshot(self, section, values):
        """Report a snapshot."""
        found = self.running(values) if "runningmachine" in values else self.configured(values)
        if "vmstate" in values:
            self.say(section, found, "it may not be possible to roll back to it, since it holds the "
                     "memory of such a machine")
        else:
            self.say(section, found, "set a newer version after a rollback")

    def running(self, values):
        """The version that a machine ran with, as :meth:`configured` has it."""
        line = values.get("runningmachine")
        return line and self.old_type(line.value)

    def configured(self, values):
        """What is too old of what is configured: (place, name of the type, version), or None."""
        line = values.get("machine")
        said = settings(line.value, "type") if line is not None else {}
        if said is None:
            return None
        machine = said.get("type", "")
        if machine not in BASE_TYPES:
            return self.old_type(machine)
        system = values.get("ostype")
        if system is None or system.value not in WINDOWS or "arch" in values or self.is_new(values):
            return None
        if PINNED >= self.hop.machine:
            return None
        return (machine or system.value, "%s-%d.%d, as which a machine with Windows runs that says no "
                "version" % ((BASE_TYPES[str(machine)],) + PINNED))

    def is_new(self, values):
        """Whether the machine was made with a QEMU whose version it is run as, or may have been."""
        line = values.get("meta")
        if line is None:
            return False
        version = _VERSION.match((settings(line.value, "") or {}).get("creation-qemu", ""))
        return version is None or tuple(map(int, version.groups())) >= MADE_WITH

    def old_type(self, machine):
        """Place and name of a machine type (Token) where its version is too old, else None."""
        match = _TYPE.match(machine)
        if match is None or (int(match.group(2)), int(match.group(3))) >= self.hop.machine:
            return None
        return machine, str(machine)

    def say(self, section, found, message):
        """Report what is too old (place and name, or None) in a section."""
        if found is not None:
            self.report(found[0], "%s: %s is not sure to run QEMU's machine versions below %s; %s (%s)"
                        % (found[1], self.hop.new_pve, "%d.%d" % self.hop.machine, message,
                           section.label))
