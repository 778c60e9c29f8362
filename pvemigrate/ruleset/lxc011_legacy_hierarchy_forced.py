from ..rule import Rule
from ._kernel_cmdline import any_spelling
from ._lxc import LEGACY_HIERARCHY, legacy_parameters


class LegacyHierarchyForced(Rule):
    """
    ## What it finds

    `systemd.unified_cgroup_hierarchy=0` (`no`, `off`, ...) on the kernel's command line, as
    `/etc/kernel/cmdline` or `/etc/default/grub` with `grub.d` configures it. The last parameter of
    that name counts.

    ## Why it matters

    With it a node with Proxmox VE 7 keeps the hierarchies of cgroup v1: old containers run, and
    `lxc.cgroup.` keys work as before. So LXC001, LXC002, LXC003 and LXC004 are information for the
    containers of this node, and have no fix; LXC005, LXC006, LXC009 and LXC010 have nothing to say.
    Without the name of the node (`/etc/hostname`) all containers are taken for its own. Keys of
    cgroup v2 are ignored: a container that was given some loses its devices here. It is no more
    than a stopgap: Proxmox VE 9 cannot do it any more.

    ## Example

    ```
    GRUB_CMDLINE_LINUX_DEFAULT="quiet systemd.unified_cgroup_hierarchy=0"
    ```

    ## When the fix is safe

    There is none: containers may depend on it. When none does any more, take the parameter out, run
    `update-grub` or `proxmox-boot-tool refresh`, boot, and fix the containers' keys.

    ## Guide

    Old Container and CGroupv2

    ## References

    systemd(1), "systemd.unified_cgroup_hierarchy"; Proxmox Container Toolkit, "CGroup Version
    Compatibility"
    """

    kinds = ("grub", "kernel-cmdline")
    severity = "info"
    phase = "before"
    guide = "Old Container and CGroupv2"
    checker = ("check_containers_cgroup_compat",)
    # Of unified_cgroup_hierarchy: it may be written with dashes.
    needs = any_spelling("cgr")

    def check_project(self, project):
        for parameter in legacy_parameters(project):
            self.report(parameter.token, "%s keeps cgroup v1 for the containers of this node: "
                        "their lxc.cgroup keys count, lxc.cgroup2 keys do not" % LEGACY_HIERARCHY,
                        file=parameter.file)
