from ..facts import DPKG_STATUS
from ..rule import NODE, Rule
from ._packages import place_of

STATE = "var/lib/dkms"


class DkmsModules(Rule):
    """
    ## What it finds

    Kernel modules that dkms builds: those in `/var/lib/dkms`; where that is not below the root, the
    packages of such modules (`*-dkms`) that dpkg shows.

    ## Why it matters

    The upgrade brings a newer kernel, and dkms builds the modules anew for it. A module that its
    sources are too old for does not build: the installation of the kernel's package stops half-way, or
    the node comes up without the driver.

    ## Example

    ```
    Package: nvidia-kernel-dkms
    Status: install ok installed
    ```

    ## When the fix is safe

    There is none: see that each module has a version for the new kernel, or remove it before the
    upgrade (`dkms remove`, `apt remove`); the headers of the new kernel have to be installed too.

    ## Guide

    None of a guide's sections is named here.

    ## References

    dkms(8); `pve7to8` and `pve8to9`, check_dkms_modules
    """

    kinds = (NODE,)
    severity = "warning"
    phase = "before"
    hops = ("7to8", "8to9")
    checker = ("check_dkms_modules",)

    def check_project(self, project):
        facts = self.facts
        if (facts.release or self.hop.release) >= self.hop.new_release:
            return
        packages = sorted(facts.packages("")) if facts.has_dpkg else []
        packages = [name for name in packages if name.endswith("-dkms")]
        if facts.exists(STATE):
            names = [name for name in facts.listdir(STATE) if _is_module(facts, name)]
        else:
            names = [name[:-len("-dkms")] for name in packages]
        if not names:
            return
        file, token = STATE + "/" + names[0], None
        if packages:
            file, token = place_of(project, packages[0])
        elif facts.package("dkms"):
            file, token = place_of(project, "dkms")
        elif not facts.exists(STATE):
            file = DPKG_STATUS
        self.report(token, "dkms builds kernel modules here (%s): they have to build for the kernel of "
                    "%s too" % (", ".join(names), self.hop.new_pve), file=file)


def _is_module(facts, name):
    """Whether a folder of /var/lib/dkms is a module's: it has one for each version."""
    return any(not version.startswith("kernel-") and version != "original_module"
               for version in facts.listdir("%s/%s" % (STATE, name)))
