from ..formats import deb822
from ._apt import LineRule


class UnreadableEntry(LineRule):
    """
    ## What it finds

    Lines and stanzas for which apt refuses its configuration: words missing, unknown types, options
    that are no `key=value`, URIs without a colon, components where the suite is a path, quotes and
    brackets that are never closed, lines without a colon in a `.sources` file.

    ## Why it matters

    One such line is enough: apt reads none of its entries then, no other file either, and neither
    update nor dist-upgrade starts.

    ## Example

    ```
    deb [arch=amd64]http://deb.debian.org/debian buster main
    ```

    has no blank behind the options, so apt takes the URI for a part of them.

    ## When the fix is safe

    Never: nobody but the administrator knows what the entry was meant to say. Correct it, or put `#`
    in front of it. A disabled stanza needs a known type only, as with apt. Until then
    `fix --phase switch` changes nothing.

    ## Guide

    Update the configured APT repositories

    ## References

    sources.list(5)
    """

    kinds = ("apt-list", "deb822")
    severity = "error"
    blocks = ("switch",)

    def check_line(self, line):
        """Report a line of a one-line file if apt refuses it."""
        reading = line.reading
        if reading is not None and reading.error:
            at = reading.at.token(line) if reading.at else line
            self.report(at, "because of this entry apt refuses all its sources: %s"
                        % reading.error)

    def leave_File(self, tree):
        if self.file.kind == "deb822":
            for reading in self.project.once(deb822.readings, tree):
                if reading.error:
                    self.report(reading.at, "because of this stanza apt refuses all its sources: %s"
                                % reading.error)
