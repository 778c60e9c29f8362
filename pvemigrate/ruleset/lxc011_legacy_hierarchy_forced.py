from ..edit import Fix
from ..releases import after
from ..rule import Rule
from ._kernel_cmdline import any_spelling, follow_up, removal
from ._lxc import LEGACY_HIERARCHY, legacy_parameters


class LegacyHierarchyForced(Rule):
    """
    ## What it finds

    `systemd.unified_cgroup_hierarchy=0` (`no`, `off`, ...) on the kernel's command line, as
    `/etc/kernel/cmdline` or `/etc/default/grub` with `grub.d` configures it. The last parameter of
    that name counts.

    ## Why it matters

    With it a node with Proxmox VE 7 or 8 keeps the hierarchies of cgroup v1: old containers
    run, and `lxc.cgroup.` keys work as before. So LXC001, LXC002, LXC003 and LXC004 are
    information for the containers of this node, and have no fix; LXC005, LXC006, LXC009 and
    LXC010 have nothing to say. Without the name of the node (`/etc/hostname`) all containers
    are taken for its own. Keys of cgroup v2 are ignored: a container that was given some loses
    its devices here.

    It is no more than a stopgap. Proxmox VE 9 has no cgroup v1: it says so at boot, waits, and
    boots with cgroup v2. Containers too old for that do not run then, and what hangs on keys of
    cgroup v1 is gone, which is why all these rules judge the containers for its upgrade.

    ## Example

    ```
    GRUB_CMDLINE_LINUX_DEFAULT="quiet systemd.unified_cgroup_hierarchy=0"
    ```

    becomes, before the upgrade to Proxmox VE 9,

    ```
    GRUB_CMDLINE_LINUX_DEFAULT="quiet"
    ```

    ## When the fix is safe

    Before the upgrades to Proxmox VE 7 and 8 there is none: containers may depend on it. When
    none does any more, take the parameter out, run `update-grub` or `proxmox-boot-tool
    refresh`, boot, and fix the containers' keys.

    Before the upgrade to Proxmox VE 9 the parameter is taken out, which is unsafe for the same
    reason. With it gone, the keys of the node's containers are changed in the same run. Boot
    before the upgrade: what a container then lacks can still be had back. One in quotes of its
    own, or in a line that goes on with a backslash, is left to you.

    ## Guide

    Old Container and CGroupv2

    ## References

    systemd(1), "systemd.unified_cgroup_hierarchy"; systemd's NEWS, version 256 and 257; Proxmox
    Container Toolkit, "CGroup Version Compatibility"
    """

    kinds = ("grub", "kernel-cmdline")
    severity = "info"
    phase = "before"
    in_hop = {"7to8": {"severity": "warning"}, "8to9": {"severity": "error"}}
    guide = "Old Container and CGroupv2"
    checker = ("check_containers_cgroup_compat",)
    # Of unified_cgroup_hierarchy: it may be written with dashes.
    needs = any_spelling("cgr")

    def check_project(self, project):
        for parameter in legacy_parameters(project):
            if not project.owns(parameter.file):
                continue
            if not project.hop.has_legacy_cgroup:
                self.report_end(parameter)
                continue
            self.report(parameter.token, "%s keeps cgroup v1 for the containers of this node: "
                        "their lxc.cgroup keys count, lxc.cgroup2 keys do not%s" % (
                            LEGACY_HIERARCHY, self.outlook()), file=parameter.file)

    def outlook(self):
        """What to say of the upgrade after this one."""
        following = after(self.hop.new_release)
        if following is None or following.has_legacy_cgroup:
            return ""
        return "; %s has no cgroup v1 any more" % following.new_pve

    def report_end(self, parameter):
        """Report a parameter that the new release does not follow."""
        change = removal(parameter)
        message = ("%s keeps cgroup v1, which %s does not have any more: take it out and boot, to see "
                   "that the containers of this node do without" % (LEGACY_HIERARCHY, self.hop.new_pve))
        self.report(parameter.token, message, change and Fix.unsafe("take the parameter out", change),
                    file=parameter.file, follow_up=follow_up(self.facts, parameter.file.kind))
