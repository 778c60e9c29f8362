"""How words, and whole entries, are taken out of the files of apt."""

from ..cst import Token
from ..edit import remove
from ..formats.deb822 import Continuation, FieldLine


def is_entry(source):
    """Whether *source* is a one-line entry, not a stanza."""
    return type(source.node).__name__ == "Entry"


def remove_source(source, file=None):
    """The changes (list) that take away a one-line entry, or the fields of a stanza: its comments and
    blank lines stay."""
    if is_entry(source):
        return [remove(source.node, file=file)]
    return [remove(line, file=file) for line in source.node.lines(FieldLine, Continuation)]


def remove_words(source, words, file=None):
    """The changes (list) that take *words* (tokens) out of *source*, each with the white space before
    it; others must be left in the entry, and in each field of a stanza."""
    if is_entry(source):
        code = source.node.code
        changes = []
        for word in words:
            start = word.offset
            while code[start - 1] in " \t\r\f\v":
                start -= 1
            end = word.offset + len(word)
            changes.append(remove(Token(code[start:end], source.node, start), file=file))
        return changes
    places = {(id(word.node), word.offset) for word in words}
    changes = []
    for name in ("types", "uris", "suites", "components"):
        field = source.node.get(name)
        if field and any((id(word.node), word.offset) in places for word in field.words()):
            changes += _remove_from_field(field, places, file)
    return changes


def _remove_from_field(field, places, file):
    """The removals of the words at *places* from a field that keeps others."""
    changes = []
    by_line = {}
    for word in field.words():
        by_line.setdefault(id(word.node), []).append(word)
    for words in by_line.values():
        line = words[0].node
        goes = [(id(line), word.offset) in places for word in words]
        if all(goes) and isinstance(line, Continuation):
            changes.append(remove(line, file=file))
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
                changes.append(remove(Token(line.code[start:last], line, start), file=file))
            else:
                at += 1
            end = words[at - 1].offset + len(words[at - 1])
    return changes
