from ..edit import Fix, create_file, insert_after, remove
from ..formats.sysctl import Blank, Exclusion, Malformed, Setting
from ..lazy import lazy
from ..rule import Rule
from ._searched_files import files_of, searched_lines

#: Where the file is among those of sysctl.d: systemd's link up to Debian 12. Debian 13's systemd does
#: not have it, so nothing of ours must be called like that.
LINK = "99-sysctl.conf"
#: The name that sorts right before it: the same settings come before and after.
TARGET = "99-sysctl-local.conf"
#: Below the root; of files of one name the first one counts (sysctl.d(5)).
_FOLDERS = ("run/sysctl.d", "usr/local/lib/sysctl.d", "usr/lib/sysctl.d", "lib/sysctl.d")
#: What else may read the file: prefixes below etc/.
_USERS = ("network/interfaces", "network/interfaces.d/", "network/if-pre-up.d/", "network/if-up.d/",
          "rc.local", "crontab", "cron.d/", "systemd/system/", "udev/rules.d/")
_USE = lazy("(?<![A-Za-z0-9_.-])sysctl(?![A-Za-z0-9_.-])[^;&|\n]*?[ \t](?:-[A-Za-z]*p|--load)(?![A-Za-z])"
            "|(?<![A-Za-z0-9_])/etc/sysctl[.]conf(?![A-Za-z0-9_.-])")
#: A line, as any reader sees lines, that is no comment.
_LINE = lazy(rb"(?:^|[\n\r\0])[ \t]*[^#; \t\n\r\0]")


class SysctlConfNotRead(Rule):
    """
    ## What it finds

    Settings in `/etc/sysctl.conf`.

    ## Why it matters

    Up to Debian 12 a link of systemd's, `/etc/sysctl.d/99-sysctl.conf`, has the file read at boot.
    Debian 13 does not have it: the settings silently stop to count with the first boot after the
    upgrade (forwarding, swappiness, limits for Ceph or containers).

    ## Example

    ```
    # routed guests
    net.ipv4.ip_forward=1
    ```

    goes from `/etc/sysctl.conf` to `/etc/sysctl.d/99-sysctl-local.conf`.

    ## When the fix is safe

    Where that link has the file read at boot now, so that the same settings count before and after:
    the new name sorts where the link does, behind what packages bring and before the same files. Lines
    go as they are, with the comments of their paragraph; comments in paragraphs of their own stay.

    It is unsafe where there is no such link (the settings do not count at boot now, and would), where
    another file sorts between the two names, and where something else reads the file (`sysctl -p` in
    the network configuration or a cron job). What readers take for different settings (a carriage
    return within a line, a NUL byte) is left to you.

    ## Guide

    None of a guide's sections is named here.

    ## References

    Debian 13 release notes, "/etc/sysctl.conf is no longer honored"; sysctl.d(5); sysctl.conf(5)
    """

    kinds = ("sysctl",)
    severity = "warning"
    phase = "before"
    hops = ("8to9",)
    checker = ("check_legacy_sysctl_conf",)

    def may_find(self, file):
        return file.location == "sysctl.conf" and _LINE.search(file.data) is not None

    def check_project(self, project):
        file = project.at("sysctl.conf")
        if file is None:
            return
        found = [line for line in file.tree.body if isinstance(line, (Setting, Exclusion))]
        odd = [line for line in file.tree.body if isinstance(line, Malformed)]
        disputed = next((line for line in odd
                         if "=" in line.text or line.text.lstrip(" \t").startswith("-")), None)
        if not found and disputed is None:
            if odd:
                self.report(odd[0].text, "no setting, and no comment either: %s takes it for one; "
                            "remove it" % self.hop.checker, severity="info", file=file)
            return
        is_one = len(found) == 1 and disputed is None
        message = "%s does not read this file: %s after the upgrade" % (
            self.hop.new_debian, "its setting has no effect" if is_one else "its settings have no effect")
        by_hand = ". Move %s to a file in sysctl.d by hand: " % ("it" if is_one else "them")
        if disputed is not None:
            self.report(disputed.text, message + by_hand + "what this line sets is not the same for all "
                        "readers", file=file)
            return
        changes = self.moved(project, file)
        title = "move the settings to sysctl.d/%s" % TARGET
        doubt = self.doubt(project, file)
        if changes is None:
            self.report(found[0].key, "%s%s%s is there already" % (message, by_hand, TARGET), file=file)
        elif doubt:
            self.report(found[0].key, "%s (%s)" % (message, doubt), Fix.unsafe(title, *changes),
                        file=file)
        else:
            self.report(found[0].key, message, Fix.safe(title, *changes), file=file)

    def moved(self, project, file):
        """The changes that move the settings; None where there is no place for them."""
        facts = self.facts
        path = "%ssysctl.d/%s" % (facts.etc, TARGET)
        target = next((other for other in project.all_of_kind("sysctl") if other.path == path), None)
        if (target is None and facts.exists(path) or target is not None and not target.tree.body
                or any(facts.exists("%s/%s" % (folder, TARGET)) for folder in _FOLDERS)):
            return None
        gone, texts = [], []
        for paragraph, blank in _paragraphs(file.tree.body):
            lines = [line for line in paragraph if not isinstance(line, Malformed)]
            if any(isinstance(line, (Setting, Exclusion)) for line in lines):
                gone += lines
                if blank is not None and len(lines) == len(paragraph):
                    gone.append(blank)
                texts.append("".join([_ended(line.code) for line in lines]))
        text = "\n".join(texts)
        if target is None:
            made = create_file(path, text)
        else:
            made = insert_after(target.tree.body[-1], "\n" + text[:-1].rstrip("\r"), target)
        return [remove(*gone, file=file), made]

    def doubt(self, project, file):
        """Why moving the settings might change which of them count (str), or None."""
        facts, real = self.facts, self.facts.real_name
        folder = facts.etc + "sysctl.d"
        links = [name for name in facts.listdir(folder)
                 if real("%s/%s" % (folder, name)) == real(file.path)]
        if LINK not in links:
            return "no link sysctl.d/%s has it read at boot now: moved, they count again" % LINK
        for name in links:
            if name != LINK and name.endswith(".conf"):
                return "sysctl.d/%s is another link to it" % name
        for place in (folder,) + _FOLDERS:
            for name in facts.listdir(place):
                if name.endswith(".conf") and TARGET < name < LINK:
                    return "%s/%s comes before it now, and would come after" % (place, name)
        for other in files_of(project, _USERS):
            for token, _ in searched_lines(other, _USE):
                return "%s in %s reads it too" % (token, other.path)
        return None


def _paragraphs(lines):
    """The lines between blank ones: yields (list of them, the blank line behind or None)."""
    found = []
    for line in lines:
        if not isinstance(line, Blank):
            found.append(line)
        elif found:
            yield found, line
            found = []
    if found:
        yield found, None


def _ended(code):
    return code if code.endswith("\n") else code + "\n"
