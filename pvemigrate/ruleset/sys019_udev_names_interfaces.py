from ..lazy import lazy
from ..rule import NODE, Rule

NAME = "udev/rules.d/70-persistent-net.rules"
_NAMED = lazy('(?<![A-Z_])NAME[ \t]*:?=(?!=)[ \t]*e?"([^"\n]*)"')


class UdevNamesInterfaces(Rule):
    """
    ## What it finds

    Names of network cards in `/etc/udev/rules.d/70-persistent-net.rules`.

    ## Why it matters

    The file is of a time before systemd named the cards. With the newer systemd of the upgrade the
    names in it are likely not to hold: the card gets another one, and the network configuration does
    not find it.

    ## Example

    ```
    SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="00:00:5e:00:53:31", NAME="eth0"
    ```

    ## When the fix is safe

    There is none: write a `.link` file for each card into `/etc/systemd/network` instead, with its
    `MACAddress=` and `Name=`, remove the rules, and make the initramfs anew
    (`update-initramfs -u -k all`) before the upgrade.

    ## Guide

    None of a guide's sections is named here.

    ## References

    systemd.link(5); Proxmox VE Administration Guide, "Overriding network device names"
    """

    kinds = (NODE,)
    severity = "warning"
    phase = "before"
    hops = ("8to9",)
    checker = ("check_misc",)

    def check_project(self, project):
        file = project.text(self.facts.etc + NAME)
        if file is None:
            return
        names, first = [], None
        for line in file.tree.body:
            match = None if line.text.lstrip(" \t").startswith("#") else _NAMED.search(line.text)
            if match:
                first = first or line.part(*match.span(1))
                names.append(match.group(1))
        if names:
            self.report(first, "names %s: a newer systemd is likely to call the card otherwise; write a "
                        ".link file in etc/systemd/network instead" % ", ".join(names), file=file)
