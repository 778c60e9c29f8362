from ..cst import Token
from ..formats import deb822
from ..formats.deb822 import Comment, Continuation, FalseSeparator, IndentedComment, Malformed
from ._apt import LineRule

#: The fields that apt looks at (apt-pkg/sourcelist.cc).
FIELDS = frozenset([
    "types", "uris", "suites", "components", "enabled", "trusted", "signed-by", "check-valid-until",
    "valid-until-min", "valid-until-max", "check-date", "date-max-future", "pdiffs", "by-hash",
    "architectures", "architectures-add", "architectures-remove", "languages", "languages-add",
    "languages-remove", "targets", "targets-add", "targets-remove"])

#: Lines that say nothing by themselves.
BESIDES = (Comment, FalseSeparator)


class AmbiguousStanza(LineRule):
    """
    ## What it finds

    In `.sources` files, what apt and other readers, or apt and the person who wrote it, take
    differently:

    * a line of blanks only with more of the stanza below it: for apt the stanza goes on, for
      Proxmox's own reader (the repository panel) it ends;
    * an indented `#`: apt takes the words for more values of the field above;
    * a comment right before a folded line: Proxmox's reader loses that line;
    * a line without a colon that apt joins with the next field's name, and so loses that field.

    In one-line files, an entry with a quote or a bracket among its components that is never closed: apt
    takes the components before it, and drops it and the rest of the line.

    ## Why it matters

    Of two stanzas that run together apt uses the later values only, so a repository is missing
    without a word, and so are the components that apt drops; and a panel that shows other
    repositories than apt uses leads to wrong decisions in the middle of an upgrade.

    ## Example

    ```
    Suites: buster
     # buster-updates is not needed
    Components: main
    ```

    has five suites for apt, and

    ```
    deb http://deb.debian.org/debian buster main "contrib non-free
    ```

    one component.

    ## When the fix is safe

    Never: nobody but the administrator knows what was meant. Empty the line of blanks, put the `#`
    into the first column, move the comment above the field, remove the odd line, close the quote or
    take it away. What apt refuses is APT016 (an open quote or bracket in the options, the URI, the
    suite or the only component is); blanks at a stanza's end, fields that apt does not know, and a
    lone quote at the end of an entry do no harm and are left alone.

    ## Guide

    Update the configured APT repositories

    ## References

    sources.list(5), "DEB822-STYLE FORMAT"; deb822(5); apt-pkg/contrib/strutl.cc, ParseQuoteWord
    """

    kinds = ("deb822", "apt-list")
    severity = "warning"

    def may_find(self, file):
        return file.kind == "deb822" or b'"' in file.data or b"[" in file.data

    def check_line(self, line):
        """Report what apt drops of a line of a one-line file."""
        if '"' not in line.code and "[" not in line.code:
            return
        reading = line.reading
        if reading is None or reading.error or reading.unread is None:
            return
        word = reading.unread
        if word.text.strip('"[] \t\r\f\v'):
            # A remark is cut off first, so the other quote may stand in it.
            rest = line.code[word.end:].lstrip(" \t\r")
            note = " (a # begins a remark in quotes too)" if rest[:1] == "#" and '"' in rest else ""
            self.report(word.token(line), "a quote or bracket is never closed here%s, and apt drops the "
                        "rest of the entry and says nothing: close it, or take it away" % note)

    def visit_File(self, tree):
        if self.file.kind != "deb822":
            return
        refused, taken = set(), {}
        for reading in self.project.once(deb822.readings, tree):
            if reading.error:
                refused.update(id(line) for _, line in reading.fields.values())
                refused.add(id(reading.at))
            elif reading.stanza is None:
                taken.update((id(line), name) for name, (_, line) in reading.fields.items())
        for stanza in tree.body:
            if isinstance(stanza, deb822.Stanza):
                lines = [(part, line) for part in stanza.body
                         for line in (part.header,) + part.body]
                if not any(id(line) in refused for _, line in lines):
                    self.check_stanza(lines, taken)

    def check_stanza(self, lines, taken):
        """Report the odd lines of one stanza: *lines*, list of (field, line). *taken*: the lines by
        identity that apt makes fields of together with others -> the names of these."""
        last = max(number for number, (_, line) in enumerate(lines) if not isinstance(line, BESIDES))
        for number, (part, line) in enumerate(lines):
            is_known = isinstance(part, deb822.Field) and part.name.lower() in FIELDS
            below = lines[number + 1][1] if number < last else None
            if isinstance(line, FalseSeparator):
                # Several, one after the other, are one place.
                if number < last and not isinstance(lines[number - 1][1], FalseSeparator):
                    self.report(line.blanks, "apt takes this line of blanks for a part of the stanza "
                                "and reads on, Proxmox's reader ends the stanza here: make it an "
                                "empty line, or remove it")
            elif isinstance(line, IndentedComment):
                if is_known:
                    self.report(Token(line.hash + line.text, line, line.hash.offset),
                                "apt takes these words for more values of %s: put the # into the "
                                "first column" % part.name)
            elif isinstance(line, Comment):
                if is_known and isinstance(below, Continuation):
                    self.report(line, "Proxmox's reader takes the folded line below for a part of "
                                "this comment, apt does not: move the comment above the field")
            elif isinstance(line, Malformed) and id(line) in taken:
                message = "apt takes this line and all up to the next colon for one field's name"
                if "\n\n" in taken[id(line)].replace("\r", ""):
                    message += ", and the stanza goes on where it seems to end"
                self.report(line.text, message + ": remove the line")
