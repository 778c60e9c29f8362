from ..facts import DPKG_STATUS, version_key
from ..rule import NODE, Rule
from ._packages import place_of


class ProxmoxVeTooOld(Rule):
    """
    ## What it finds

    In `/var/lib/dpkg/status`, packages that are older than the last ones of the release that the
    node runs; and a node with `pve-manager` and without `proxmox-ve`. Where there is no such file,
    it says so once: what depends on installed packages is not judged then.

    | upgrade | `proxmox-ve` | `pve-manager` |
    |---|---|---|
    | 6to7 | 6.4-1 | 6.4 |
    | 7to8 | 7.4-1 | 7.4 |
    | 8to9 | 8.4.0 | 8.4.1 |

    ## Why it matters

    An upgrade is made for nodes that have the last packages of the release before: they bring what
    the new ones count on, and the program that checks the node (`pve6to7`, `pve7to8`, `pve8to9`).
    `proxmox-ve` is what brings new kernels.

    ## Example

    ```
    Package: proxmox-ve
    Status: install ok installed
    Version: 6.3-1
    ```

    ## When the fix is safe

    There is none in files: `apt update` and `apt dist-upgrade`, with the repositories of the old
    release, bring the packages. Until then `fix --phase switch` changes nothing.

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
