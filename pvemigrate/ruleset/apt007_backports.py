from ..cst import Token
from ..edit import Fix, remove
from ..formats.deb822 import Continuation, FieldLine, IndentedComment
from ..repositories import DEBIAN_COMPONENTS, is_debian
from ._apt import AptRule


class Backports(AptRule):
    """
    ## What it finds

    Enabled entries of Debian's archive with the backports suites of either release:
    `buster-backports`, `bullseye-backports`, and the same with `-sloppy`.

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

    def check_source(self, source):
        words = [word.token for word in source.suites if word.text in self.hop.backports]
        if (not words or not source.has_components(DEBIAN_COMPONENTS)
                or not source.is_everywhere(is_debian) or source.too_old_ceph(self.hop)):
            return
        message = "the upgrade is not tested with packages from %s" % ", ".join(
            sorted({word.text for word in source.suites if word.text in self.hop.backports}))
        if type(source.node).__name__ == "Entry":
            self.report(words[0], message, Fix.safe("remove the entry", remove(source.node)))
            return
        places = {(id(word.node), word.offset) for word in words}
        field = source.node.get("suites")
        if any((id(word.node), word.offset) not in places for word in field.words()
               if not isinstance(word.node, IndentedComment)):
            fix = Fix.safe("remove the suite", *self.removals(field, places))
        elif source.ambiguous:
            message += "; readers do not agree on what this stanza says: put it right, or remove it"
            fix = None
        else:
            lines = source.node.lines(FieldLine, Continuation)
            fix = Fix.safe("remove the stanza", *[remove(line) for line in lines])
        self.report(words[0], message, fix)

    def removals(self, field, places):
        """The removals of the words at *places* from a field that keeps others."""
        changes = []
        by_line = {}
        for word in field.words():
            by_line.setdefault(id(word.node), []).append(word)
        for words in by_line.values():
            line = words[0].node
            goes = [(id(line), word.offset) in places for word in words]
            if all(goes) and isinstance(line, Continuation):
                changes.append(remove(line))
                continue
            # What is left must not begin at the line's start: that would be another field.
            end = len(line.colon) + len(line.name) if isinstance(line, FieldLine) else 0
            at = 0
            while at < len(words):
                first = at
                while at < len(words) and goes[at]:
                    at += 1
                if at > first:
                    last = words[at - 1].offset + len(words[at - 1])
                    start = end
                    if start == 0 and line.code[last] not in " \t":
                        start, last = words[first].offset, words[at].offset
                    changes.append(remove(Token(line.code[start:last], line, start)))
                else:
                    at += 1
                end = words[at - 1].offset + len(words[at - 1])
        return changes
