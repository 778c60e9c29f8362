"""The options of vzdump, found in the words of a command line as Getopt::Long finds them.

PVE::JSONSchema::get_options configures it so: prefix ``--`` or ``-``, any case, unambiguous
abbreviations, ``--key value`` or ``--key=value``, options and guests' numbers in any order.
"""

__all__ = ["Option", "needs_value", "option_name", "options"]

#: Options that take a value always, and flags, which take one unless an option follows
#: (PVE::VZDump::Common in Proxmox VE 6.4).
_VALUES = (
    "node", "compress", "pigz", "zstd", "mode", "exclude", "exclude-path", "mailto",
    "mailnotification", "tmpdir", "dumpdir", "script", "storage", "size", "bwlimit", "ionice",
    "lockwait", "stopwait", "maxfiles", "prune-backups", "pool",
)
_FLAGS = ("all", "stdexcludes", "quiet", "stop", "remove")
#: Known to later releases only: taken by their whole names.
_LATER_VALUES = (
    "notes-template", "performance", "job-id", "fleecing", "notification-mode", "notification-policy",
    "notification-target", "pbs-change-detection-mode",
)
_LATER_FLAGS = ("protected",)


class Option:
    """One option: ``name`` (its whole name, None for one that vzdump does not know), the ``word``
    it stands in, ``length``: how much of the word's text is the option itself, ``value`` (str or
    None) and ``value_word``, whose text from ``value_from`` on is the value."""

    __slots__ = ("name", "word", "length", "value", "value_word", "value_from")

    def __init__(self, name, word, length):
        self.name = name
        self.word = word
        self.length = length
        self.value = self.value_word = None
        self.value_from = 0

    def take(self, word, start=0):
        """Make the text of *word* from *start* on the value."""
        self.value = word.text[start:]
        self.value_word = word
        self.value_from = start

    def __repr__(self):
        return "Option(%r, %r)" % (self.name, self.value)


def option_name(text):
    """The whole name of an option given as *text* (no prefix), None where it is unknown or
    ambiguous."""
    text = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)
    if text in _VALUES or text in _FLAGS or text in _LATER_VALUES or text in _LATER_FLAGS:
        return text
    found = [name for name in _VALUES + _FLAGS if name.startswith(text)]
    return found[0] if len(found) == 1 else None


def needs_value(name):
    """Whether the option of this whole name takes a value always."""
    return name in _VALUES or name in _LATER_VALUES


def options(words):
    """The options (list of :class:`Option`) among *words* (list of Word)."""
    found, at = [], 0
    while at < len(words):
        word = words[at]
        at += 1
        text = word.text
        if text == "--":
            break
        if not text.startswith("-") or text == "-":
            continue
        prefix = 2 if text.startswith("--") else 1
        name, equals, _ = text[prefix:].partition("=")
        if not name:
            # Getopt's pattern wants a name before the equals sign.
            name, equals = text[prefix:], ""
        option = Option(option_name(name), word, prefix + len(name))
        found.append(option)
        if equals:
            option.take(word, option.length + 1)
        elif option.name is None:
            pass
        elif option.name in _FLAGS or option.name in _LATER_FLAGS:
            if at < len(words) and (words[at].text == "-" or not words[at].text.startswith("-")):
                option.take(words[at])
                at += 1
        elif at < len(words):
            # Takes anything, an option's name too.
            option.take(words[at])
            at += 1
    return found
