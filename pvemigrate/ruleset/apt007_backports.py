from ..edit import Fix
from ..formats.deb822 import IndentedComment
from ._apt import AptRule, is_archive_entry, needing
from ._apt_remove import is_entry, remove_source, remove_words


class Backports(AptRule):
    """
    ## What it finds

    Enabled entries of Debian's archive with the backports suites of either release
    (`buster-backports` and `bullseye-backports` in the hop 6to7, and so on), and the same with
    `-sloppy`; from the hop 7to8 on also with `-debug`.

    ## Why it matters

    The upgrade is not tested with packages from backports; they may be newer than what the new
    release has, and then stay as they are.

    ## Example

    ```
    deb http://deb.debian.org/debian buster-backports main
    ```

    goes. Of

    ```
    Suites: buster buster-backports
    ```

    only `Suites: buster` is left.

    ## When the fix is safe

    A one-line entry goes as a whole line. In a `.sources` file the suite goes with the white space
    before it, with its line where it stood alone on a folded one, and the fields of the stanza go
    where it was the only suite; comments and blank lines stay. Manual where that would leave no
    suite in a stanza that readers do not agree on (fields given twice, lines of blanks only, words
    behind an indented `#`). Packages that came from backports stay installed.

    ## Guide

    Update the configured APT repositories

    ## References

    Debian 11 release notes, "Prepare for the upgrade"
    """

    severity = "warning"
    in_hop = needing(lambda hop: hop.backports)

    def check_source(self, source):
        words = [word.token for word in source.suites if word.text in self.hop.backports]
        if not words or not is_archive_entry(source) or source.too_old_ceph(self.hop):
            return
        message = "the upgrade is not tested with packages from %s" % ", ".join(
            sorted({word.text for word in source.suites if word.text in self.hop.backports}))
        if is_entry(source):
            self.report(words[0], message, Fix.safe("remove the entry", *remove_source(source)))
            return
        places = {(id(word.node), word.offset) for word in words}
        if any((id(word.node), word.offset) not in places
               for word in source.node.get("suites").words()
               if not isinstance(word.node, IndentedComment)):
            fix = Fix.safe("remove the suite", *remove_words(source, words))
        elif source.ambiguous:
            message += "; readers do not agree on what this stanza says: put it right, or remove it"
            fix = None
        else:
            fix = Fix.safe("remove the stanza", *remove_source(source))
        self.report(words[0], message, fix)
