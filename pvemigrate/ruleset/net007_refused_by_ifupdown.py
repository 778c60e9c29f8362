from ..rule import Rule
from ._net import MAIN, NEW, networks, uses_ifupdown2


class RefusedByIfupdown(Rule):
    """
    ## What it finds

    What makes classic ifupdown refuse a file: an option without a value, an option that no `iface`
    stanza holds, an `iface` line with too few words or with a family or method that ifupdown does
    not know, `inherits` from a stanza that is not there (or only further down), and in a `mapping`
    a second `script` or anything else than `script` and `map`. A byte order mark counts as part of
    the first word.

    ## Why it matters

    One such line and ifupdown brings up nothing at all, not even the loopback interface; in a
    sourced file, nothing of that file from this line on. A node that has been running since it was
    written loses its network with the reboot that ends the upgrade.

    ## Example

    ```
    iface vmbr0 inet static
    	address 192.0.2.10/24
    	gateway
    ```

    ## When the fix is safe

    There is none: only you know what the line was meant to say. `ifquery --list --all` tells
    whether ifupdown accepts the file. Nothing is reported where dpkg shows ifupdown2, which skips
    such lines or knows more families; in the upgrades from 7 and later, whose installations have that,
    neither without dpkg's status file.

    ## Guide

    Check Linux Network Bridge MAC

    ## References

    interfaces(5); ifquery(8)
    """

    kinds = ("interfaces",)
    severity = "error"
    phase = "before"
    guide = "Check Linux Network Bridge MAC"

    def check_project(self, project):
        if uses_ifupdown2(self.facts, self.hop):
            return
        reported = set()
        for network in project.once(networks, project):
            for file, item, message in network.refusals:
                place = (file.path,) + file.tree.span(item)
                if not project.owns(file) or place in reported:
                    continue
                reported.add(place)
                what = ("the file" if file.location in (MAIN, NEW, None)
                        else "what follows in this file")
                self.report(item, "%s; ifupdown refuses %s" % (message, what), file=file)
