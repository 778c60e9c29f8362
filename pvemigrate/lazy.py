"""Regular expressions that are compiled when they are first used: of the hundred that the rules have,
a run needs a few, and to compile one takes as long as to import a small module."""

import re

__all__ = ["lazy"]


class lazy:  # noqa: N801 - it stands where re.compile stood
    """What ``re.compile(text, flags)`` gives, compiled when it is first used."""

    def __init__(self, text, flags=0):
        self._text = text
        self._flags = flags

    def __getattr__(self, name):
        value = getattr(re.compile(self._text, self._flags), name)
        # The next time it is found here at once.
        setattr(self, name, value)
        return value
