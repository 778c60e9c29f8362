from ..cst import Line, line_ending
from ..edit import Fix, insert_after, remove, replace
from ..formats.ceph import Blank, Malformed
from ..rule import Rule
from ._ceph import CephConfig, is_of_own_cluster


class GlobalKeyring(Rule):
    """
    ## What it finds

    `keyring` in the section `[global]` of `ceph.conf`.

    ## Why it matters

    Since Ceph Nautilus every daemon takes this setting for the place of its own key. Below
    `/etc/pve/priv`, where it leads clients to theirs, there are no keys of daemons: managers,
    metadata servers and OSDs do not start.

    ## Example

    ```
    [global]
    	 fsid = 5e005300-0000-4000-8000-000000000001
    	 keyring = /etc/pve/priv/$cluster.$name.keyring
    ```

    becomes

    ```
    [global]
    	 fsid = 5e005300-0000-4000-8000-000000000001

    [client]
    	 keyring = /etc/pve/priv/$cluster.$name.keyring
    ```

    ## When the fix is safe

    It is for somebody to look at: a daemon may have its key where the setting says. The line goes
    to the section `[client]`, as it stands, right below the header; where there is none, one is
    added at the end. Of several lines the last counts and the others go. Where `[client]` has a
    `keyring` already, the line in `[global]` just goes.

    Left to the administrator: a line that a backslash joins with another (Proxmox VE does not join
    them), an empty value, a section with a line that Ceph refuses.

    ## Guide

    The upgrade guides have nothing on it; Proxmox VE's checkers look for it.

    ## References

    check_ceph of pve6to7, pve7to8 and pve8to9; Proxmox VE wiki, "Ceph Luminous to Nautilus"
    """

    kinds = ("ceph",)
    severity = "warning"
    phase = "before"
    checker = ("check_ceph",)
    needs = ("keyring",)

    def visit_File(self, tree):
        if not is_of_own_cluster(self.file):
            return
        config = self.project.once(CephConfig, tree)
        found = config.settings("global", "keyring")
        for line in found[:-1]:
            fix = Fix.unsafe("remove the dead line", remove(line))
            self.report(line.key, "keyring is there twice in [global], and the last one counts",
                        fix if is_plain(tree, config, line) else None)
        if not found:
            return
        line = found[-1]
        title, changes = self.move(tree, config, line)
        self.report(line.key, "keyring in [global] keeps Ceph's daemons from starting: %s" % (
            "it belongs into [client]" if changes else "move it to [client] by hand"),
            Fix.unsafe(title, *changes) if changes else None)

    def move(self, tree, config, line):
        """What the fix does (str) and its changes (empty where it is left to the administrator)."""
        if not is_plain(tree, config, line):
            return "", ()
        present = config.setting("client", "keyring")
        if present is not None:
            if present.is_joined or not present.text:
                return "", ()
            return "remove the line: [client] has a keyring", (remove(line),)
        header, text = config.header("client"), line.code.rstrip("\r\n")
        if header is not None:
            return "move the line to [client]", (remove(line), insert_after(header, text))
        lines = [node for block in tree.body for node in block.walk() if isinstance(node, Line)]
        if lines[-1].code.rstrip("\r\n").endswith("\\"):
            return "", ()
        title, is_last = "move the line to a new section [client]", lines[-1] is line
        end = line_ending(config.header("global").code)
        head = "[client]" + end
        if not isinstance(lines[-2] if is_last else lines[-1], Blank):
            head = end + head
        if is_last:
            return title, (replace(line, head + line.code),)
        return title, (remove(line), insert_after(lines[-1], head + text))


def is_plain(tree, config, line):
    """Whether Ceph and PVE read *line* alike, and it is no doubt to which section it belongs."""
    start = tree.span(line)[0]
    if line.is_joined or not line.text or line.code.rstrip("\r\n").endswith("\\"):
        return False
    if tree.code[:start].rstrip("\r\n").endswith("\\"):
        return False
    return not any(isinstance(node, Malformed) for name in ("global", "client")
                   for block in config.sections.get(name, ()) for node in block.body)
