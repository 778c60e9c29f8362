from ..cst import Token
from ..edit import Fix, replace
from ..formats.lvm import settings
from ..lazy import lazy
from ..rule import Rule

KEY = "global/thin_check_options"
FLAG = "--clear-needs-check-flag"
#: Options that thin_check takes beside the flag. (With any other one, or one that it does not know, it
#: refuses to run, and LVM does not activate the pool.)
_BESIDE = frozenset(["", "-q", "--quiet", "--skip-mappings", "--auto-repair"])
#: The key where LVM may read it: not in a line that is a comment.
_SET = lazy(rb"(?:^|\n)[ \t\r\f\v]*[^# \t\r\f\v\n][^\n]*thin_check_options"
            rb"|(?:^|\n)[ \t\r\f\v]*thin_check_options")


class ThinCheckFlagMissing(Rule):
    """
    ## What it finds

    `thin_check_options` in the section `global` of `/etc/lvm/lvm.conf`, or of `lvmlocal.conf`, which
    comes first, without `--clear-needs-check-flag`. A comment is none: LVM's own default has the flag.

    ## Why it matters

    After an unclean shutdown a thin pool asks to be checked. Without the flag the check does not take
    that mark away, and LVM does not activate the pool: the guests on it do not start.

    ## Example

    ```
    thin_check_options = [ "-q", "--skip-mappings" ]
    ```

    becomes

    ```
    thin_check_options = [ "-q", "--skip-mappings", "--clear-needs-check-flag" ]
    ```

    ## When the fix is safe

    Where the other options are `-q`, `--skip-mappings` or `--auto-repair`. thin_check refuses the flag
    beside `--ignore-non-fatal-errors`, `--super-block-only`, `--metadata-snapshot` and
    `--override-mapping-root`: such a list, or one with anything unknown, is left to you. The initramfs
    has a copy of the file, so it has to be made anew (`update-initramfs -u -k all`).

    ## Guide

    None of a guide's sections is named here.

    ## References

    lvm.conf(5); lvmconfig(8); thin_check(8)
    """

    kinds = ("lvm",)
    severity = "error"
    phase = "before"
    hops = ("8to9",)
    checker = ("check_lvm_thin_check_options",)
    needs = ("thin_check_options",)

    def may_find(self, file):
        return _SET.search(file.data) is not None

    def check_project(self, project):
        files = project.all_of_kind("lvm")
        # What lvmlocal.conf sets counts.
        for file in sorted(files, key=lambda file: file.location != "lvm/lvmlocal.conf"):
            found = settings(file.tree)
            if found is None:
                # LVM refuses the file, and says so with each command.
                return
            if KEY in found:
                if project.owns(file):
                    self.check_value(file, found[KEY])
                return

    def check_value(self, file, value):
        """Report the option where it lacks the flag."""
        texts = [text for text, _ in value.items]
        if any(text is not None and FLAG in text for text in texts):
            return
        message = "thin_check_options lacks %s" % FLAG
        fix = None
        if _BESIDE.issuperset(texts):
            fix = Fix.safe("add %s" % FLAG, self.added(value))
        else:
            odd = next(text for text in texts if text not in _BESIDE)
            message += (": LVM takes strings only here" if odd is None else
                        ": not added, since thin_check may refuse it beside %s" % odd)
        message += "; a thin pool that needs a check is not activated"
        self.report(value.items[-1][1] if value.items else value.first, message, fix, file=file,
                    follow_up=("update-initramfs -u -k all",))

    def added(self, value):
        """The change that adds the flag."""
        if not value.is_list:
            token = value.items[0][1]
            return replace(token, "[ %s, \"%s\" ]" % (token, FLAG))
        token = value.items[-1][1] if value.items else value.first
        behind = Token("", token.node, token.offset + len(token))
        if value.items:
            return replace(behind, ", \"%s\"" % FLAG)
        return replace(behind, " \"%s\"%s" % (FLAG, " " * (
            token.node.code[behind.offset:behind.offset + 1] == "]")))
