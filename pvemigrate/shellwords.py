"""Cuts command lines into words as Perl and as the shell do, and keeps where each came from.

Two readers look at the same job of a crontab: Proxmox VE (Perl's Text::ParseWords::shellwords) and
cron's shell. Offsets count in the text that was given.
"""

__all__ = ["Unclosed", "Word", "perl_words", "shell_commands"]

#: Perl's \s. The shell separates words at blanks and tabs alone.
_PERL_BLANKS = " \t\n\r\f\v"
_SHELL_BLANKS = " \t"


class Unclosed(ValueError):
    """A quote is opened and not closed, or a backslash is the last character."""


class Word:
    """One word: ``text`` without its quoting, ``start``..``end`` where it stands, and
    ``is_dynamic``, whether the shell would put something else in its place ($, backquotes)."""

    __slots__ = ("text", "start", "end", "is_dynamic", "_at")

    def __init__(self, text, start, end, at, is_dynamic=False):
        self.text = text
        self.start = start
        self.end = end
        self.is_dynamic = is_dynamic
        self._at = at

    def span(self, first, last):
        """Where ``text[first:last]`` stands (start, end), None where quoting cuts it up."""
        at = self._at[first:last]
        if not at or at[-1] - at[0] != len(at) - 1:
            return None
        return at[0], at[-1] + 1

    def __repr__(self):
        return "Word(%r, %d, %d)" % (self.text, self.start, self.end)


class _Builder:
    def __init__(self):
        self.chars = []
        self.at = []
        self.start = None
        self.is_dynamic = False

    def add(self, char, offset):
        self.chars.append(char)
        self.at.append(offset)

    def word(self, end):
        return Word("".join(self.chars), self.start, end, self.at, self.is_dynamic)


def perl_words(text, start=0, end=None):
    """The words (list of :class:`Word`) that Text::ParseWords::shellwords finds in
    ``text[start:end]``. Raises :class:`Unclosed` where it finds none for want of a quote.

    Unlike in a shell, a backslash in single quotes keeps the quote behind it from closing.
    """
    end = len(text) if end is None else end
    words, word, at = [], None, start
    while at < end:
        char = text[at]
        if char in _PERL_BLANKS:
            if word is not None:
                words.append(word.word(at))
                word = None
            at += 1
            continue
        if word is None:
            word = _Builder()
            word.start = at
        if char == "\\":
            if at + 1 >= end:
                raise Unclosed("backslash at the end")
            word.add(text[at + 1], at + 1)
            at += 2
        elif char in "\"'":
            at += 1
            while at < end and text[at] != char:
                if text[at] == "\\":
                    if at + 1 >= end:
                        break
                    if char == "'":
                        word.add("\\", at)
                    at += 1
                elif char == '"' and text[at] in "$`":
                    word.is_dynamic = True
                word.add(text[at], at)
                at += 1
            if at >= end or text[at] != char:
                raise Unclosed("quote at %d" % at)
            at += 1
        else:
            word.is_dynamic = word.is_dynamic or char in "$`"
            word.add(char, at)
            at += 1
    if word is not None:
        words.append(word.word(end))
    return words


def shell_commands(text, start=0, end=None):
    """The simple commands of ``text[start:end]`` as a POSIX shell finds them: list of lists of
    :class:`Word`, redirections and comments left out. Raises :class:`Unclosed`.

    What a $ or backquotes stand for is not known: such words are dynamic, and their text is raw.
    """
    end = len(text) if end is None else end
    commands, words, word, at = [], [], None, start
    skip_next = False  # the next word is a redirection's target

    def finish():
        nonlocal word, skip_next
        if word is not None:
            if not skip_next:
                words.append(word.word(at))
            skip_next, word = False, None

    while at < end:
        char = text[at]
        if char in _SHELL_BLANKS:
            finish()
            at += 1
        elif char == "#" and word is None:
            break
        elif char in ";&|()\n":
            finish()
            commands.append(words)
            words, skip_next = [], False
            at += 1
        elif char in "<>":
            if word is not None and all(c in "0123456789" for c in word.chars) \
                    and len(word.chars) == at - word.start:
                word = None
            finish()
            at += 1
            while at < end and text[at] in "<>&|":
                at += 1
            skip_next = True
        else:
            if word is None:
                word = _Builder()
                word.start = at
            at = _shell_piece(text, at, end, word)
    finish()
    commands.append(words)
    return [command for command in commands if command]


def _shell_piece(text, at, end, word):
    """Read one quoted string, escape, substitution or plain character; return where it ends."""
    char = text[at]
    if char == "\\":
        if at + 1 >= end:
            raise Unclosed("backslash at the end")
        word.add(text[at + 1], at + 1)
        return at + 2
    if char == "'":
        close = text.find("'", at + 1, end)
        if close < 0:
            raise Unclosed("quote at %d" % at)
        for offset in range(at + 1, close):
            word.add(text[offset], offset)
        return close + 1
    if char == '"':
        at += 1
        while at < end and text[at] != '"':
            if text[at] == "\\" and at + 1 < end and text[at + 1] in '$`"\\':
                word.add(text[at + 1], at + 1)
                at += 2
            elif text[at] in "$`":
                at = _substitution(text, at, end, word)
            else:
                word.add(text[at], at)
                at += 1
        if at >= end:
            raise Unclosed("quote")
        return at + 1
    if char in "$`":
        return _substitution(text, at, end, word)
    word.add(char, at)
    return at + 1


def _substitution(text, at, end, word):
    """Read $name, ${...}, $(...) or backquotes raw; return where it ends."""
    word.is_dynamic = True
    first = at
    if text[at] == "`":
        at = _past(text, at + 1, end, "`")
    elif text.startswith("${", at, end):
        at = _past(text, at + 2, end, "}")
    elif text.startswith("$(", at, end):
        depth, at = 1, at + 2
        while depth:
            if at >= end:
                raise Unclosed("substitution")
            char = text[at]
            if char == "'":
                at = _past(text, at + 1, end, "'")
                continue
            depth += {"(": 1, ")": -1}.get(char, 0)
            at += 2 if char == "\\" else 1
    else:
        at += 1
    at = min(at, end)
    for offset in range(first, at):
        word.add(text[offset], offset)
    return at


def _past(text, at, end, close):
    while at < end and text[at] != close:
        at += 2 if text[at] == "\\" and close != "'" else 1
    if at >= end:
        raise Unclosed("no closing " + close)
    return at + 1
