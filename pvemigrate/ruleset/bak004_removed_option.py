from ..edit import Fix
from ..formats import parse
from ..rule import Rule
from ._vzdump import Crontab, any_spelling


class RemovedOption(Rule):
    """
    ## What it finds

    `--size` in a backup job of vzdump.cron: in jobs that are switched off, and in lines that Proxmox
    VE does not show or drops at its next save but cron runs. Quoted, abbreviated (`--siz`), with one
    dash or an equals sign, it is the same option; the value of another option is none.

    ## Why it matters

    The option has had no effect for years, and from Proxmox VE 7 on it is not known any more: vzdump
    refuses the command line, so the job makes no backup, and the job is no longer shown in the GUI.
    A `size` in vzdump.conf is ignored by all releases.

    ## Example

    ```
    0 3 * * 6 root vzdump 101 --size 1024 --storage backup --mode snapshot
    ```

    becomes

    ```
    0 3 * * 6 root vzdump 101 --storage backup --mode snapshot
    ```

    ## When the fix is safe

    Nothing reads the value. On a node that runs Proxmox VE 7 or later the job fails, and would run
    again: there the option is removed when that is asked for. Left to the administrator: a value that
    the shell puts in (`$N`), or none at all; a line that Proxmox VE and the shell cut into different
    words; a command line within a word (`sh -c "vzdump ..."`); a line that Proxmox VE keeps for its
    seven words alone.

    ## Guide

    The upgrade guide has nothing on it.

    ## References

    PVE::VZDump::Common (pve-guest-common 3.1 and 4.0); PVE::JSONSchema, get_options; vzdump(1)
    """

    kinds = ("vzdump-cron",)
    severity = "warning"
    phase = "before"
    # The shortest that Getopt::Long takes for size and nothing else.
    needs = any_spelling("si")

    def visit_File(self, tree):
        for line in self.project.once(Crontab, tree).commands:
            if "size" in line.hides:
                self.report(line.word_token(line.hidden),
                            self.fate() + ": remove it from this command line")
            # Once a line, since one of nothing but such options would be read for each of them.
            stays = not line.size or stays_what_it_is(line)
            for option in line.size:
                self.check_option(line, option, stays)

    def fate(self):
        """What there is to say of the option."""
        return "vzdump has no --size %s Proxmox VE 7 and refuses it" % (
            "in" if self.hop.release < 7 else "since")

    def check_option(self, line, option, stays):
        """Report one --size; *stays*: whether the line is of the same kind without."""
        message = self.fate()
        if line.is_disabled:
            message += " (a job that is switched off)"
        fix = None
        if not line.is_size_certain:
            message += ("; Proxmox VE and the shell cut this line into different words, so change "
                        "it by hand")
        elif option.value_word is None:
            message += "; it has no value here, so the job fails already: remove it by hand"
        elif option.value_word.is_dynamic or option.word.is_dynamic:
            message += "; the shell puts its value in, so remove it by hand"
        elif not stays:
            message += ("; without it the line has too few words for Proxmox VE to keep it, so "
                        "change it by hand")
        else:
            fix = Fix("remove the option", [line.drop(option)],
                      "safe" if self.hop.release < 7 else "unsafe")
        self.report(line.token(option), message, fix)


def stays_what_it_is(line):
    """Whether the line is of the same kind for Proxmox VE without its --size options."""
    code, kept, at = line.node.code, [], 0
    for option in line.size:
        kept.append(code[at:option.word.start])
        at = option.value_word.end if option.value_word else option.word.start
    code = "".join(kept) + code[at:]
    return type(parse(code, "vzdump-cron").body[0]) is type(line.node)
