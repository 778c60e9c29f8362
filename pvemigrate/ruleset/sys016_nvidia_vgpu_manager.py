from ..rule import NODE, Rule

UNIT = "nvidia-vgpu-mgr.service"


class NvidiaVgpuManager(Rule):
    """
    ## What it finds

    The service of NVIDIA's vGPU driver, `nvidia-vgpu-mgr.service`: its unit file, or the link that
    starts it at boot.

    ## Why it matters

    The driver is built for some kernels only. With the newer one of the upgrade it may not build or
    not start, and guests with a virtual GPU do not start either.

    ## Example

    ```
    /etc/systemd/system/multi-user.target.wants/nvidia-vgpu-mgr.service
    ```

    ## When the fix is safe

    There is none: look up in NVIDIA's and Proxmox's documentation which driver is for the new kernel,
    and have it at hand before the upgrade.

    ## Guide

    None of a guide's sections is named here.

    ## References

    Proxmox VE wiki, "NVIDIA vGPU on Proxmox VE"
    """

    kinds = (NODE,)
    severity = "warning"
    phase = "before"
    hops = ("7to8", "8to9")
    checker = ("check_nvidia_vgpu_service",)

    def check_project(self, project):
        facts = self.facts
        if (facts.release or self.hop.release) >= self.hop.new_release:
            return
        units = facts.etc + "systemd/system"
        folders = ["%s/%s" % (units, name) for name in facts.listdir(units)
                   if name.endswith((".wants", ".requires"))]
        for folder in (*folders, units, "usr/lib/systemd/system", "lib/systemd/system"):
            path = "%s/%s" % (folder, UNIT)
            if facts.exists(path):
                self.report(None, "NVIDIA's vGPU driver is installed: it has to be a version for the "
                            "kernel of %s" % self.hop.new_pve, file=path)
                return
