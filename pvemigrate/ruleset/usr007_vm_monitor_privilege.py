from ..cst import Token
from ..edit import Fix, remove, replace
from ..rule import Rule, command
from ._user import read_config


class VmMonitorPrivilege(Rule):
    """
    ## What it finds

    A role of your own (all its lines in `user.cfg` together) with the privilege `VM.Monitor`, which
    Proxmox VE 9 does not have any more.

    ## Why it matters

    It has been split. QEMU's monitor takes `Sys.Audit`; the guest agent takes one of
    `VM.GuestAgent.Audit` (what only informs), `VM.GuestAgent.FileRead`, `VM.GuestAgent.FileWrite`,
    `VM.GuestAgent.FileSystemMgmt` (freeze, thaw and trim) and `VM.GuestAgent.Unrestricted` (all of it,
    running commands in the guest included). Whoever has the role, programs with API tokens foremost,
    gets neither any more: backups without a freeze, addresses of guests that nobody sees.

    The first change of any user, permission or pool that a node of Proxmox VE 9 saves takes
    `VM.Monitor` out of the file, without a word in the GUI. What the role was for is not to be seen
    then.

    ## Example

    ```
    role:Backup:VM.Audit,VM.Monitor,VM.Snapshot:
    ```

    becomes, with `--vm-monitor Audit,FileSystemMgmt`,

    ```
    role:Backup:VM.Audit,Sys.Audit,VM.GuestAgent.Audit,VM.GuestAgent.FileSystemMgmt,VM.Snapshot:
    ```

    ## When the fix is safe

    It takes the choice from you (`--vm-monitor`, the names with or without `VM.GuestAgent.` before
    them), and is made once every node of the cluster runs 9.x: Proxmox VE 8 does not know the new
    privileges and drops them with its next save, as Proxmox VE 9 does with the old one. So leave users,
    permissions and pools as they are while both releases are in the cluster, or note which roles are
    named here. `Sys.Audit` is always added; `--vm-monitor Sys.Audit` adds nothing else. What the role
    has already is not added again.

    A list that is separated by NUL characters is left to you.

    ## Guide

    The upgrade guide has no section of its own on it.

    ## References

    pve8to9, check_custom_pool_roles; PVE::AccessControl (pve-access-control 9.0);
    PVE::API2::Qemu::Agent
    """

    kinds = ("user",)
    severity = "error"
    phase = "after-cluster"
    hops = ("8to9",)
    checker = ("check_custom_pool_roles",)
    needs = ("VM.Monitor",)

    def visit_File(self, tree):
        for role, lines in read_config(self, tree).roles.items():
            for privilege in self.hop.privileges:
                lists = [items for _, items in lines if privilege in items]
                if lists:
                    held = {str(item) for _, items in lines for item in items}
                    self.report_role(role, privilege, lists, held)

    def report_role(self, role, privilege, lists, held):
        """Report a role that has *privilege*. *lists*: its lists (of Tokens) with it; *held*: all that
        the role has (set of str)."""
        item = lists[0][lists[0].index(privilege)]
        message = "role %s has %s, which %s drops with its first save of user.cfg" % (
            role, privilege, self.hop.new_pve)
        chosen, fix, commands = self.project.settings.vm_monitor, None, ()
        if any("\0" in items[0].node.values()[1] for items in lists):
            message += "; its list is separated by NULs: write what takes its place by hand"
        elif not chosen:
            message += ("; choose what takes its place with --vm-monitor (Audit, FileRead, FileWrite, "
                        "FileSystemMgmt, Unrestricted)")
        else:
            added = [name for name in chosen if name not in held]
            changes = [change for items in lists for change in _changes(
                items, privilege, added if items is lists[0] else ())]
            fix = Fix("replace it by %s" % ", ".join(added) if added
                      else "remove it: the role has what takes its place", changes, "unsafe")
            # The old one goes with the save. A name that begins with - would be taken for an option.
            if added and not role.startswith("-"):
                commands = (command("pveum", "role", "modify", role, "--append", "--privs",
                                    ",".join(added)),)
        self.report(item, message, fix, commands=commands)


def _changes(items, privilege, added):
    """The changes that put *added* (names) in the place of the first *privilege* of a list and take out
    the others, each with a separator."""
    gone = [at for at, item in enumerate(items) if item == privilege]
    if added:
        yield replace(items[gone[0]], _separator(items, gone[0]).join(added))
        del gone[0]
    if gone:
        taken = set(gone)
        first = next((at for at in range(len(items)) if at not in taken), len(items))
        for at in gone:
            # With the separator before it, or behind it where nothing stays in front.
            start = _end(items[at - 1]) if at > first else items[at].offset
            end = (_end(items[at]) if at > first or at + 1 == len(items)
                   else items[at + 1].offset)
            line = items[at].node
            yield remove(Token(line.code[start:end], line, start))


def _separator(items, at):
    """What stands between the item at this place and the one beside it."""
    before = at - 1 if at else 0
    if before + 1 == len(items):
        return ","
    return items[at].node.code[_end(items[before]):items[before + 1].offset]


def _end(item):
    return item.offset + len(item)
