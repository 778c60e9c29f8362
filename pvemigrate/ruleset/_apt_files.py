"""What apt's own configuration says of releases: pins (apt_preferences(5)), APT::Default-Release
(apt.conf(5)), and which files of a folder apt reads."""

_SPACE = " \t\r\f\v\n"
#: How much of a setting's name is kept.
_LONGEST = 80
_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-:.")


def part_names(names, suffix):
    """Those of *names* in a folder that apt reads, sorted (apt-pkg/contrib/fileutl.cc): with *suffix*
    or without any, no odd characters in them."""
    return [name for name in sorted(names, key=lambda name: name.encode("utf-8", "surrogateescape"))
            if _NAME.issuperset(name) and name[0] != "." and name[-1] != "."
            and ("." not in name or name.endswith(suffix))]


class Value:
    """A value of a configuration: its characters, and where each stands in the lines of its file."""

    __slots__ = ("text", "_places")

    def __init__(self, text, places):
        self.text = text
        self._places = places

    def token(self, start, length):
        """The token of a piece of the text; where that goes over lines, of its part in the first."""
        line, offset = self._places[start]
        end = start
        while end + 1 < start + length and self._places[end + 1] == (line, offset + end + 1 - start):
            end += 1
        return line.part(offset, offset + end + 1 - start)

    def names(self):
        """What the value holds of releases' names, as apt matches them (pkgVersionMatch): list of
        (start, text); of ``a=stable,n=buster`` the suite and the code name, else the whole."""
        if "=" not in self.text:
            return [self._stripped(0, len(self.text))]
        found, start = [], 0
        for part in self.text.split(","):
            at, text = self._stripped(start, start + len(part))
            if text[:2].lower() in ("a=", "n=") and len(text) > 2:
                found.append((at + 2, text[2:]))
            start += len(part) + 1
        return found

    def _stripped(self, start, end):
        text = self.text[start:end]
        return start + len(text) - len(text.lstrip(_SPACE)), text.strip(_SPACE)


def pins(lines):
    """The values behind ``Pin: release`` in a preferences file (list of :class:`Value`). Paragraphs
    are as in deb822: a # in the first column makes a comment, a line that begins with a blank goes on
    with the field above, of a field given twice the last counts."""
    found, fields, name = [], {}, None
    for line in lines:
        text = str(line.text).rstrip("\r")
        if text.startswith("#"):
            continue
        if not text:
            found += _pin(fields)
            fields, name = {}, None
        elif text[0] in " \t":
            if name is not None:
                fields[name].append((line, 0))
        else:
            before, colon, _ = text.partition(":")
            name = before.rstrip(_SPACE).lower() if colon else None
            if colon:
                fields[name] = [(line, len(before) + 1)]
    return found + _pin(fields)


def _pin(fields):
    if not fields.get("package") or "pin" not in fields:
        return []
    text, places = [], []
    for line, start in fields["pin"]:
        part = str(line.text)[start:] + "\n"
        text.append(part)
        places += [(line, start + at) for at in range(len(part))]
    text = "".join(text)
    start = len(text) - len(text.lstrip(_SPACE))
    end = start
    while end < len(text) and text[end] not in _SPACE:
        end += 1
    if text[start:end].lower() != "release":
        return []
    return [Value(text[end:], places[end:])]


def default_release(lines):
    """The last value (:class:`Value`) of APT::Default-Release in a configuration file; None where it is
    not set, False where it is taken back."""
    found = None
    for key, value in _settings(lines):
        if key in ("apt::default-release", "#clear apt::default-release", "#clear apt"):
            found = value if key[0] != "#" and value is not None else False
    return found


def _settings(lines):
    """The settings of a configuration file, as apt-pkg/contrib/configuration.cc (ReadConfigFile) finds
    them: list of (name in lower case, Value or None). Stops at what apt does not accept."""
    found, stack, parent, buffer = [], [], "", []
    for kind, chars in _pieces(lines):
        # *chars*: list of (character, line, offset), free of white space at both ends.
        if chars:
            buffer += ([(" ", None, 0)] if buffer else []) + chars
        if kind is None:
            continue
        words = _words(buffer)
        if words is None or len(words) > 2 or kind == "{" and not words:
            return found
        buffer = []
        if words:
            name = words[0].text.lower()
            value = words[1] if len(words) > 1 else None
            if name.startswith("#"):
                if value is not None and kind != "{":
                    found.append(("%s %s" % (name, value.text.lower()), None))
            elif kind != "{" and value is None:
                # A lone word is an item of the list that it stands in.
                found.append((parent + "::", words[0]))
            else:
                # Cut off, since braces may be nested without end; what is that long is of no interest.
                inner = ("%s::%s" % (parent, name) if parent else name)[:_LONGEST]
                if value is not None:
                    found.append((inner, value))
                if kind == "{":
                    stack.append(parent)
                    parent = inner
        if kind == "}":
            parent = stack.pop() if stack else ""
    return found


def _pieces(lines):
    """The text between braces and semicolons: yields (character that ends it, list of (character, line,
    offset)); None instead of the character where a line ends before."""
    in_comment = False
    for line in lines:
        text = str(line.text)
        piece, quoted, at = [], False, 0
        while at < len(text):
            char = text[at]
            if in_comment:
                end = text.find("*/", at)
                if end < 0:
                    break
                in_comment, at = False, end + 2
                continue
            if char == '"':
                quoted = not quoted
            elif not quoted:
                if text.startswith("//", at) or char == "#" and not text.startswith(
                        ("#clear", "#include"), at):
                    break
                if text.startswith("/*", at):
                    in_comment, at = True, at + 2
                    continue
                if char in "{};":
                    yield char, _trimmed(piece)
                    piece, at = [], at + 1
                    continue
            piece.append((char, line, at))
            at += 1
        yield None, _trimmed(piece)


def _trimmed(piece):
    start, end = 0, len(piece)
    while start < end and piece[start][0] in _SPACE:
        start += 1
    while end > start and piece[end - 1][0] in _SPACE:
        end -= 1
    return piece[start:end]


def _words(buffer):
    """The name and the value (list of :class:`Value`) of a statement, quotes removed; None where it is
    none. A value of several quoted strings is one."""
    words, at = [], 0
    while at < len(buffer):
        start, chars, quoted = at, [], False
        while at < len(buffer) and (quoted or buffer[at][0] not in _SPACE
                                    or words and buffer[start][0] == '"'):
            if buffer[at][0] == '"':
                quoted = not quoted
            elif quoted or buffer[at][0] not in _SPACE:
                chars.append(buffer[at])
            elif buffer[at - 1][0] not in _SPACE:
                chars.append((" ",) + buffer[at][1:])
            at += 1
        if quoted:
            return None
        words.append(Value("".join(char for char, _, _ in chars),
                           [(line, offset) for _, line, offset in chars]))
        while at < len(buffer) and buffer[at][0] in _SPACE:
            at += 1
    return words
