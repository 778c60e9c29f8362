from ..facts import DPKG_STATUS, version_key
from ..rule import NODE, Rule
from ._packages import place_of


class ProxmoxVeTooOld(Rule):
    """
    ## What it finds

    A `proxmox-ve` below 6.4-1, or a `pve-manager` below 6.4, in `/var/lib/dpkg/status`; and a node
    with `pve-manager` and without `proxmox-ve`. Where there is no such file, it says so once: what
    depends on installed packages is not judged then.

    ## Why it matters

    The upgrade to 7.x is made for nodes that have the last packages of 6.4: they bring what the new
    ones count on, and `pve6to7`. `proxmox-ve` is what brings new kernels.

    ## Example

    ```
    Package: proxmox-ve
    Status: install ok installed
    Version: 6.3-1
    ```

    ## When the fix is safe

    There is none in files: `apt update` and `apt dist-upgrade`, with the repositories of 6.x, bring
    the packages. Until then `fix --phase switch` changes nothing.

    ## Guide

    proxmox-ve package is too old

    ## References

    deb-version(7), how versions are compared
    """

    kinds = (NODE,)
    severity = "error"
    phase = "before"
    guide = "proxmox-ve package is too old"
    checker = ("check_pve_packages",)
    blocks = ("switch",)

    def check_project(self, project):
        facts = self.facts
        if not facts.has_dpkg:
            # In what holds the contents of an etc/ alone, nobody expects the file.
            if facts.etc:
                self.report(None, "not here or not readable: nothing that depends on installed "
                            "packages is judged", severity="info", file=DPKG_STATUS)
            return
        for package, version in self.hop.packages:
            installed = facts.package(package)
            if installed and version_key(installed) < version_key(version):
                file, token = place_of(project, package, "Version")
                self.report(token, "%s is older than %s: bring the node to the last %s first (apt "
                            "update, apt dist-upgrade), with the repositories of %s.x"
                            % (package, version, self.hop.newest, self.hop.release), file=file)
                return
        package, manager = (package for package, _ in self.hop.packages)
        if facts.release and facts.release < self.hop.new_release and not facts.package(package):
            file, token = place_of(project, manager)
            self.report(token, "%s is not installed: without it an upgrade brings no new kernel; "
                        "install it first" % package, severity="warning", file=file)
