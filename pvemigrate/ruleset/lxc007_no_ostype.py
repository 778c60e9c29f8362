from ..facts import version_key
from ..rule import Rule
from ._lxc import live_options

#: The first pve-container that is known to start containers whose ostype is unmanaged (the fix is
#: of September 2021).
FIXED_IN = "4.1"
#: The Proxmox VE that pve-container 4 came with: later ones have nothing but what is fixed.
BROUGHT_BY = 7


class NoOstype(Rule):
    """
    ## What it finds

    A container's running configuration without `ostype`; and before the upgrade to Proxmox VE 7, one
    with `ostype: unmanaged` on a node whose pve-container is older than 4.1.

    ## Why it matters

    Without `ostype` Proxmox VE does not start a container, and the check for cgroup v2 cannot tell
    what it is. With `unmanaged`, the first releases of pve-container 4 fail to start it.

    ## Example

    ```
    arch: amd64
    hostname: old
    rootfs: local-lvm:vm-101-disk-0,size=8G
    ```

    ## When the fix is safe

    There is none: only the administrator knows which system the container has. `pct set 101
    --ostype debian` says so; it also lets Proxmox VE write the container's network configuration,
    host name and resolver. To keep its hands off a container, leave it `unmanaged` and upgrade to a
    pve-container that has the fix.

    ## Guide

    Old Container and CGroupv2

    ## References

    PVE::LXC, update_lxc_config; PVE::LXC::Setup::Unmanaged; pve-container commit 7db46e4
    """

    kinds = ("lxc",)
    severity = "warning"
    phase = "before"
    guide = "Old Container and CGroupv2"
    checker = ("check_containers_cgroup_compat",)

    def may_find(self, file):
        data = file.data
        end = data.find(b"\n[")
        at = data.find(b"\nostype: ", 0, end if end >= 0 else len(data))
        return (at < 0 or not data[at + 9:at + 10].isalpha() or data.find(b"unmanaged") >= 0
                or data.find(b"snapstate:") >= 0 or data.startswith(b"["))

    def visit_File(self, tree):
        options = live_options(tree)
        ostype, lock = options.get("ostype"), options.get("lock")
        # A container that is being made has no more than its lock yet.
        if ostype is None and options and not (lock and lock.value == "create"):
            self.report(None, "no ostype: Proxmox VE does not start this container; say which "
                        "system it has with pct set --ostype")
        elif ostype is not None and ostype.value == "unmanaged" and not self.is_fixed():
            self.report(ostype.value, "unmanaged containers do not start with the first releases "
                        "of pve-container 4: have %s or newer installed with the upgrade, or say "
                        "which system this is with pct set --ostype" % FIXED_IN)

    def is_fixed(self):
        """Whether the node has a pve-container that starts unmanaged containers with cgroup v2, or
        gets one in any case."""
        if self.hop.new_release > BROUGHT_BY:
            return True
        version = self.facts.package("pve-container")
        return version is not None and version_key(version) >= version_key(FIXED_IN)
