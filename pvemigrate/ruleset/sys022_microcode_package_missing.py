import re

from ..rule import NODE, Rule

CPUINFO = "proc/cpuinfo"
#: Vendor, as the processor says it -> the package with its microcode.
PACKAGES = {"GenuineIntel": "intel-microcode", "AuthenticAMD": "amd64-microcode"}
_VENDOR = r"vendor_id[ \t]*:[ \t]*([A-Za-z]+)[ \t\r]*"
#: What the processor of a virtual machine has among its flags.
_FLAGS = r"flags[ \t]*:(?=.*[ \t]hypervisor(?:[ \t\r]|\Z))"


class MicrocodePackageMissing(Rule):
    """
    ## What it finds

    A node with a processor of Intel or AMD, as `/proc/cpuinfo` below the root shows it, without the
    package that has the vendor's microcode, as dpkg shows it. A virtual machine is none.

    ## Why it matters

    Microcode mends flaws of the processor, security ones among them. Few mainboards get theirs by
    updates of the firmware for long.

    ## Example

    ```
    vendor_id       : GenuineIntel
    ```

    ## When the fix is safe

    There is none in files: with the component `non-free-firmware` in Debian's sources,
    `apt install intel-microcode` or `apt install amd64-microcode`.

    ## Guide

    None of a guide's sections is named here.

    ## References

    Proxmox VE Administration Guide, "Firmware Updates"
    """

    kinds = (NODE,)
    severity = "info"
    phase = "before"
    hops = ("8to9",)
    checker = ("check_cpu_microcode_package",)

    def check_project(self, project):
        facts = self.facts
        if facts.release is None:
            return
        file = project.text(CPUINFO)
        if file is None:
            return
        vendor = None
        for line in file.tree.body:
            if vendor is None:
                match = re.match(_VENDOR, line.text)
                vendor = match and line.part(*match.span(1))
            elif re.match(_FLAGS, line.text):
                return
            elif not line.text:
                break
        package = PACKAGES.get(vendor)
        if package and not facts.package(package):
            self.report(vendor, "%s is not installed: it has the latest microcode for this processor "
                        "(component non-free-firmware)" % package, file=file)
