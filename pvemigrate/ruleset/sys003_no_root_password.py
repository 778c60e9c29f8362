from ..rule import NODE, Rule


class NoRootPassword(Rule):
    """
    ## What it finds

    In `/etc/shadow`, a `root` without a password: an empty one, a locked one (`!`, `*`), or no line
    for root. Nothing of the file is ever shown. Where it is not there or not readable, as in a copy
    made without passwords, nothing is said.

    ## Why it matters

    The upgrade uninstalls `sudo` where root has no password. Whoever became root that way alone
    cannot do so any more.

    ## Example

    ```
    root:*:18000:0:99999:7:::
    ```

    ## When the fix is safe

    There is none: set a password with `passwd root`.

    ## Guide

    No 'root' password set

    ## References

    shadow(5); crypt(5)
    """

    kinds = (NODE,)
    severity = "error"
    phase = "before"
    hops = ("6to7",)
    guide = "No 'root' password set"

    def check_project(self, project):
        if (self.facts.release or 6) >= 7:
            return
        file = project.text(self.facts.etc + "shadow", secret=True)
        if file is None:
            return
        for line in file.tree.body:
            fields = line.text.split(":")
            if fields[0] != "root":
                continue
            # crypt(5): what begins with ! or * is no password's hash.
            if len(fields) > 1 and fields[1] and fields[1][0] not in "!*":
                return
            name = line.part(0, len("root"))
            break
        else:
            name = None
        self.report(name, "root has no password, so the upgrade removes sudo and nobody can become "
                    "root any more: set one (passwd root)", file=file)
