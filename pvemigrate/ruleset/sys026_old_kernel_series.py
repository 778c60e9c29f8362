from ..lazy import lazy
from ..rule import NODE, Rule
from ._packages import place_of

#: Packages that bring in the newest kernel of a series.
_SERIES = lazy("(?:pve|proxmox)-kernel-([0-9]{1,9})[.]([0-9]{1,9})")


class OldKernelSeries(Rule):
    """
    ## What it finds

    On a node that runs the new release, and has a kernel series of it (`proxmox-kernel-6.14`), packages
    of older ones (`pve-kernel-5.15`, `proxmox-kernel-6.8`).

    ## Why it matters

    Such a package keeps a kernel of the old release installed, which takes up space on the boot
    partitions: where they are small, the next kernel finds none.

    ## Example

    ```
    Package: proxmox-kernel-6.8
    Status: install ok installed
    ```

    ## When the fix is safe

    There is none in files: `apt remove proxmox-kernel-6.8`, once the node has been started with the
    new kernel and all is well with it. Until then the old one is what to go back to.

    ## Guide

    The guide does not mention it.

    ## References

    pve7to8 and pve8to9, check_pve_packages
    """

    kinds = (NODE,)
    severity = "info"
    phase = "after-node"
    hops = ("7to8", "8to9")
    checker = ("check_pve_packages",)

    def check_project(self, project):
        if (self.facts.release or 0) < self.hop.new_release:
            return
        series = {}
        for name in {**self.facts.packages("pve-kernel-"), **self.facts.packages("proxmox-kernel-")}:
            match = _SERIES.fullmatch(name)
            if match:
                series[name] = tuple(map(int, match.groups()))
        if not any(number >= self.hop.kernel for number in series.values()):
            return
        for name, number in sorted(series.items()):
            if number < self.hop.kernel:
                file, token = place_of(project, name)
                self.report(token, "%s keeps a kernel of %s installed, which takes up space on the boot "
                            "partitions: apt remove %s, once the node runs well with its new one" % (
                                name, self.hop.old_pve, name), file=file)
