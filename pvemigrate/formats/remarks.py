"""Where a file's owner keeps remarks, and what a remark that stands there is about.

Only of formats in which a remark stays a remark. In a guest's configuration it is the guest's
description, and what Proxmox VE writes anew as a whole (storage.cfg, user.cfg, vzdump.cron) loses it.
"""

from ..cst import Line, encode

__all__ = ["PLACES", "Places", "Remark", "remarks"]


class Places:
    """How a format's lines go together, said by the names of their classes.

    ``trailing``: class -> the field that is a remark at the end of such a line. ``whole``: the class
    of lines that are remarks. ``lines``: class -> what such a line does to a *piece*, which is what
    a remark can be about: it is ``alone`` (a piece of its own), the ``head`` of one, a ``lead`` (a
    head follows, or it is alone), a ``part``, or the ``end``. ``strict``: whether a whole line has to
    stand right above its piece, without other remarks in between.
    """

    __slots__ = ("trailing", "whole", "lines", "strict")

    def __init__(self, lines, trailing=None, whole="Comment", strict=False):
        self.lines = {name: role for role, names in lines.items() for name in names}
        self.trailing = trailing or {}
        self.whole = whole
        self.strict = strict


#: Kind -> :class:`Places`. What has no place here keeps no remarks.
PLACES = {
    # Proxmox VE's panel moves an entry's trailing remark to the line above (proxmox-apt).
    "apt-list": Places({"alone": ["Entry", "Malformed"], "end": ["Blank"]},
                       trailing={"Entry": "remark"}, strict=True),
    # It moves the remarks of a stanza to the lines above its first field.
    "deb822": Places({"part": ["FieldLine", "Continuation", "IndentedComment", "FalseSeparator",
                               "Malformed"], "end": ["Separator"]}),
    # It moves a stanza's remarks to its end, and drops those that stand in none (PVE/INotify.pm).
    "interfaces": Places({"head": ["IfaceHeader", "InheritsHeader", "BrokenIfaceHeader",
                                   "MappingHeader"],
                          "lead": ["Auto"], "alone": ["Source", "Directive", "BareKeyword"],
                          "part": ["Option", "NamelessOption", "ValuelessOption", "Malformed"],
                          "end": ["Blank"]}),
}


class Remark:
    """A remark: its ``text`` from the ``#`` on, its ``line``, and the bytes ``start`` to ``end`` of the
    piece that it is about; both None where there is none, or where it could be meant for two
    (``is_between``)."""

    __slots__ = ("text", "line", "start", "end", "is_between")

    def __init__(self, text, line):
        self.text = text
        self.line = line
        self.start = self.end = None
        self.is_between = False


def remarks(tree, wanted=lambda text: True):
    """The remarks of a tree for whose text *wanted* is true (list of :class:`Remark`)."""
    places = PLACES.get(tree.kind)
    if places is None:
        return []
    reader = _Reader(places, wanted)
    for node in tree.walk():
        if isinstance(node, Line):
            reader.read(node)
    reader.close()
    return reader.found


class _Reader:
    """Goes through the lines of a file."""

    def __init__(self, places, wanted):
        self.places = places
        self.wanted = wanted
        self.found = []
        self._at, self._line = 0, 1
        # The piece above (list of its first and last byte), whether it may go on, and whether it is a
        # lead; remarks that wait for what comes.
        self._piece, self._is_open, self._is_lead = None, False, False
        self._waiting = []
        self._inside = []

    def read(self, node):
        """Take the next line."""
        name, start = type(node).__name__, self._at
        self._at += len(encode(node.code))
        if name == self.places.whole:
            self._read_whole(node)
        else:
            getattr(self, "_" + self.places.lines[name])(start)
            field = self.places.trailing.get(name)
            text = str(getattr(node, field)) if field else ""
            if text.startswith("#") and self.wanted(text):
                self._inside.append(self._remark(text))
        self._line += node.code.count("\n")

    def _read_whole(self, node):
        text = str(node.hash) + str(node.text)
        if self.wanted(text):
            self._waiting.append(self._remark(text))
        elif self.places.strict:
            self._end(self._at)

    def _remark(self, text):
        remark = Remark(text.rstrip("\r"), self._line)
        self.found.append(remark)
        return remark

    def _alone(self, start):
        self._begin(start)
        self._is_open = False

    def _head(self, start):
        if self._is_lead and not self._waiting:
            self._extend()
        else:
            self._begin(start)
        self._is_open, self._is_lead = True, False

    def _lead(self, start):
        self._begin(start)
        self._is_open, self._is_lead = False, True

    def _part(self, start):
        if self._is_open:
            self._inside += self._waiting
            self._waiting = []
            self._extend()
        else:
            self._begin(start)
            self._is_open = True

    def _end(self, start):
        if self._is_open:
            self._inside += self._waiting
        self._waiting = []
        self._settle()
        self._piece, self._is_open, self._is_lead = None, False, False

    def _begin(self, start):
        """A piece begins: what waits is about it, but for what may belong to an open one above."""
        waiting, self._waiting = self._waiting, []
        for remark in waiting:
            remark.is_between = self._is_open
        is_ours = not self._is_open
        self._settle()
        self._piece, self._is_lead = [start, self._at], False
        self._inside = waiting if is_ours else []

    def _extend(self):
        self._piece[1] = self._at

    def _settle(self):
        for remark in self._inside if self._piece else ():
            remark.start, remark.end = self._piece
        self._inside = []

    def close(self):
        """The end of the file."""
        self._end(self._at)
