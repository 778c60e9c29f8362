from ..rule import Rule
from ._kernel_cmdline import any_spelling, parameters


class PartialCgroup1(Rule):
    """
    ## What it finds

    `cgroup_no_v1=` on the kernel's command line, in grub's files or in `/etc/kernel/cmdline`.

    ## Why it matters

    Up to 6.x it moved controllers from cgroup v1 to v2, and containers were set up for that mixture.
    Proxmox VE 7 has all of them in v2, and the parameter does nothing any more.

    ## Example

    ```
    GRUB_CMDLINE_LINUX="cgroup_no_v1=memory"
    ```

    ## When the fix is safe

    There is none: whether containers have keys for both versions, an administrator knows. After the
    upgrade the parameter can go.

    ## Guide

    Old Container and CGroupv2

    ## References

    Linux kernel documentation, admin-guide/kernel-parameters.txt
    """

    kinds = ("grub", "kernel-cmdline")
    severity = "info"
    phase = "before"
    hops = ("6to7",)
    guide = "Old Container and CGroupv2"
    # Of cgroup_no_v1: it may be written with dashes.
    needs = any_spelling("cgr")

    def check_project(self, project):
        if (self.facts.release or 6) >= 7:
            return
        for parameter in parameters(project):
            if (parameter.name == "cgroup_no_v1" and parameter.value
                    and not parameter.is_for_init and project.owns(parameter.file)):
                self.report(parameter.token, "this node has controllers in cgroup v2 already; "
                            "from 7.0 on all of them are, and the parameter can go then",
                            file=parameter.file)
