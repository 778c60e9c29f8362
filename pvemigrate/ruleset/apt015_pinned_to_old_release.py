from ..rule import NODE, Rule
from ._apt import GUIDE
from ._apt_files import default_release, part_names, pins


class PinnedToOldRelease(Rule):
    """
    ## What it finds

    Pins in `etc/apt/preferences` and `preferences.d`, and `APT::Default-Release` in `apt.conf` and
    `apt.conf.d`, that name the old release or one of its suites (`n=buster`, `a=buster-backports`, a
    bare `buster`, patterns such as `buster*` and `/^buster/`; likewise with `bullseye` in the hop 7to8
    and `bookworm` in 8to9) and not the new one. Files that apt leaves out are left out here, comments
    too; of several settings of `APT::Default-Release` the last one counts.

    ## Why it matters

    Pinned to the old release, apt keeps the installed packages or picks some of both releases, and
    dist-upgrade stops half-way. Of a pin that raised the priority of certain packages nothing is
    left once the suite has another name.

    ## Example

    ```
    Package: *
    Pin: release n=buster
    Pin-Priority: 990
    ```

    ## When the fix is safe

    Never: whether a pin should follow to the new release or go, nobody but the administrator knows.
    A pattern that names both releases is in order.

    ## Guide

    Update the configured APT repositories

    ## References

    apt_preferences(5); apt.conf(5); Debian 11 release notes, "Checking APT configuration"
    """

    kinds = (NODE,)
    severity = "warning"
    phase = "switch"
    guide = GUIDE

    def check_project(self, project):
        folder = project.facts.etc + "apt/"
        paths = [folder + "preferences"] + [
            "%spreferences.d/%s" % (folder, name)
            for name in part_names(project.facts.listdir(folder + "preferences.d"), ".pref")]
        for path in paths:
            file = project.text(path)
            for value in pins(file.tree.body) if file is not None else ():
                self.check_value(file, value, "this pin")
        paths = ["%sapt.conf.d/%s" % (folder, name)
                 for name in part_names(project.facts.listdir(folder + "apt.conf.d"), ".conf")]
        found = None
        for path in paths + [folder + "apt.conf"]:
            file = project.text(path)
            if file is not None:
                setting = default_release(file.tree.body)
                if setting is not None:
                    found = file, setting
        if found is not None and found[1]:
            self.check_value(*found, "APT::Default-Release")

    def check_value(self, file, value, what):
        """Report a :class:`~._apt_files.Value` that names the old release and not the new one."""
        hop = self.hop
        for start, text in value.names():
            if hop.old in text.lower() and hop.new not in text.lower():
                self.report(value.token(start, len(text)), "%s names %s: have it name %s, or remove "
                            "it" % (what, hop.old, hop.new), file=file)
                return
