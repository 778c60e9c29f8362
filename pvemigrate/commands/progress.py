"""How far a long piece of work is: a line on standard error that is gone when the work is done."""

import sys

from ..streams import columns, err

__all__ = ["Progress"]

#: Wider bars tell no more.
_WIDEST = 40


class Progress:
    """What is shown of work that takes its time: at most one line, drawn again and again, without
    anything that a terminal would have to be set back from (the cursor stays as it is)."""

    def __init__(self):
        self._shown = ""

    def tell(self, done, total):
        """Show how much of looking at *total* files is done."""
        self.show("looking at files", 1 if total <= 0 else min(done / total, 1))
        if done >= total:
            self.clear()

    def show(self, text, part=None):
        """Show *text*, and a bar for the *part* (0 to 1) that is done, as far as the line has room."""
        # A terminal that has its last column filled goes on to the next line.
        room = columns(sys.stderr) - 1
        if part is not None:
            percent = " %3d %%" % int(100 * part)
            width = min(room - len(text) - len(percent) - 3, _WIDEST)
            if width >= 5:
                done = int(width * part)
                text += " [%s%s]" % ("#" * done, "-" * (width - done))
            text += percent
        text = text[-room:] if room > 0 else ""
        if text != self._shown:
            err("\r" + text + " " * (len(self._shown) - len(text)))
            self._shown = text

    def clear(self):
        """Take the line away."""
        if self._shown:
            # The terminal may have echoed ^C behind it.
            width = min(len(self._shown) + 2, columns(sys.stderr) - 1)
            err("\r%s\r" % (" " * width))
            self._shown = ""
