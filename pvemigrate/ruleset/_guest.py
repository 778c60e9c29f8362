"""What the rules on guests of both kinds share: which sections and lines count, what a description
says, which volumes a guest has, and the search for lines that get lost."""

from ..cst import Token, encode
from ..formats import guest
from ..lazy import lazy
from ..rule import Rule

__all__ = ["LostLines", "Volume", "below_broken_header", "decode_text", "description",
           "effective_sections", "guest_id", "is_header", "is_own_guest", "is_plain", "parts", "settings",
           "sections_that_count", "volumes"]


# -- sections --------------------------------------------------------------------------------------


def section_key(section):
    """What PVE stores a section under: two sections with one key are one for it.

    Names of snapshots are case-sensitive, the headers of the pending changes and of what cloud-init
    has been given are not.
    """
    if not isinstance(section, guest.Section):
        return None
    name = str(section.name)
    return "[%s]" % section.pending_name if section.is_pending else (
        name.lower() if ":" in name else name)


def effective_sections(tree):
    """The sections of a file, and which one replaces each: list of (section, replacement or None).

    A header that comes again starts the section anew (parse_pct_config of PVE::LXC::Config,
    parse_vm_config of PVE::QemuServer): nothing of the earlier one is kept.
    """
    last = {section_key(section): section for section in tree.body}
    return [(section, None if last[section_key(section)] is section else last[section_key(section)])
            for section in tree.body]


def sections_that_count(tree):
    """The sections of a file that no later one of the same name replaces (list)."""
    return [section for section, replacement in effective_sections(tree) if replacement is None]


def below_broken_header(section):
    """The lines of *section* that stand below a line that was meant to be a header: dict of
    line (by identity) -> that broken header. Most releases of PVE take them for lines of this
    section."""
    found, header = {}, None
    for line in section.body:
        if isinstance(line, guest.BrokenHeader):
            header = line
        elif header is not None:
            found[id(line)] = header
    return found


def guest_id(path):
    """The number of the guest (str) whose configuration is at *path*, and the name of its node;
    None for what the path does not tell."""
    parts = path.split("/")
    number = parts[-1][:-len(".conf")] if parts[-1].endswith(".conf") else ""
    node = parts[-3] if len(parts) > 3 and parts[-4] == "nodes" else None
    return number if number.isdigit() and number.isascii() else None, node


def is_own_guest(rule):
    """Whether the file under check is that of a guest of this node, or may be: neither tells a file
    that is under no node's folder, nor a node without a name."""
    _, node = guest_id(rule.file.path)
    return node is None or rule.facts.hostname in (None, node)


# -- values ----------------------------------------------------------------------------------------


def parts(value):
    """The parts of a property string (list of Token): a value between commas
    (PVE::JSONSchema, parse_property_string)."""
    found, at = [], 0
    for text in value.split(","):
        found.append(Token(text, value.node, value.offset + at))
        at += len(text) + 1
    return found


def settings(value, default):
    """What a property string says: dict of key -> value (Token), where a part without a key is that
    of *default*; None where a key is there twice or a part says nothing."""
    found = {}
    for part in parts(value):
        if not part.strip(" \t\r\f\v"):
            continue
        key, equals, rest = part.partition("=")
        if not equals:
            key, rest = default, part
        if key in found or not rest:
            return None
        found[str(key)] = Token(rest, part.node, part.offset + len(part) - len(rest))
    return found


# -- descriptions ----------------------------------------------------------------------------------

_PERCENT = lazy(b"%([0-9A-Fa-f]{2})")
#: Perl's white space in decoded text.
_BLANK = " \t\n\r\f\v\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200b)))


def decode_text(text):
    """*text* (str) as PVE::Tools::decode_text takes it: percent-decoded, then read as UTF-8."""
    data = _PERCENT.sub(lambda match: bytes([int(match.group(1), 16)]), encode(text))
    return data.decode("utf-8", "replace")


def description(section, is_container):
    """A section's description (str) as PVE reads it, and its first line (None where there is
    none). A container's has a line feed behind each ``#`` line, a virtual machine's none at its
    end."""
    parts, first = [], None
    for line in section.body:
        if isinstance(line, guest.Description):
            parts.append(decode_text(line.text) + "\n")
        elif isinstance(line, guest.Property) and line.key == "description":
            parts.append(decode_text(line.value))
        else:
            continue
        first = first or line
    text = "".join(parts)
    return text if is_container else text.rstrip(_BLANK), first


# -- volumes ---------------------------------------------------------------------------------------

_VOLUME_ID = lazy("([A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]):(.+)")
_CONTAINER_KEY = lazy("rootfs|(?:mp|unused)(?:0|[1-9][0-9]*)")


class Volume:
    """A volume that a guest's configuration names: ``id`` (str), the ``storage`` and the ``name``
    in it, the ``token`` where it first stands, ``labels``: the sections that name it."""

    __slots__ = ("id", "storage", "name", "token", "labels")

    def __init__(self, token, storage, name, label):
        self.id = str(token)
        self.token = token
        self.storage = storage
        self.name = name
        self.labels = [label]


def volumes(tree, values, is_drive):
    """The volumes (list of :class:`Volume`) in a guest's configuration, each once.

    *values*: function giving a section's lines that count (key -> line). *is_drive*: function
    telling whether a key of a section names a volume. Absolute paths (devices, bind mounts) and
    drives without a medium are none.
    """
    found = {}
    for section in sections_that_count(tree):
        for key, line in values(section).items():
            token = is_drive(key, section) and volume_token(line.value)
            match = token and _VOLUME_ID.fullmatch(token)
            if not match:
                continue
            known = found.get(str(token))
            if known is None:
                found[str(token)] = Volume(token, match.group(1), match.group(2), section.label)
            elif known.labels[-1] != section.label:
                known.labels.append(section.label)
    return list(found.values())


def volume_token(value):
    """The part of a drive's or mount point's value (Token) that names what it is made of, None
    where there is none."""
    at = 0
    for part in value.split(","):
        key, equals, rest = part.partition("=")
        if not equals:
            start, text = at, part
        elif key in ("volume", "file"):
            start, text = at + len(key) + 1, rest
        else:
            at += len(part) + 1
            continue
        if text.strip(" \t\r\f\v"):
            return Token(text, value.node, value.offset + start)
        at += len(part) + 1
    return None


def container_values(section):
    """The properties of a container's section that count: key -> line."""
    return {str(line.key): line for line in section.body if isinstance(line, guest.Property)}


def is_container_volume(key, section):
    """Whether a container's property names a volume."""
    return _CONTAINER_KEY.fullmatch(key) is not None


# -- lines that get lost ---------------------------------------------------------------------------

_WS = " \t\r\f\v"
_SPACED_COLON = lazy("(?:lxc\\.[a-z0-9_.-]+|[a-z][a-z_]*[0-9]*)[ \t\r\f\v]+:")
_NO_VALUE = lazy("[a-z][a-z_]*[0-9]*:[ \t\r\f\v]*$")
_KEY_EQUALS = lazy("[a-z][a-z_]*[0-9]*[ \t\r\f\v]*=")


_PLAIN = lazy(b"(?m)^(?:([a-z][a-z_]*[0-9]*|lxc\\.[a-z0-9_.-]+):[ \t]*[^ \t\r\f\v\n][^\n]*"
              b"|#[^\n]*)?\n")
_PLAIN_HEADER = lazy(b"[A-Za-z][A-Za-z0-9_-]+][ \t]*\n")


def is_plain(data, pending, odd_keys, is_raw_key):
    """Whether *data* (bytes), at a quick look, is a guest's configuration of which nothing gets lost:
    each line is empty, a description, a property or a raw key, no property stands twice in a section,
    no section twice, none is called as one of *odd_keys* (frozenset of bytes).

    *pending*: the name of the section of pending changes, in lower case. *is_raw_key*: function
    telling whether a raw key (bytes) is kept.
    """
    if data.find(b"snapstate:") >= 0 or data.startswith(b"["):
        return False
    if not data.endswith(b"\n"):
        data += b"\n"
    headers, pending = set(), pending.encode("ascii") + b"]"
    for number, part in enumerate(data.split(b"\n[")):
        if number:
            header = _PLAIN_HEADER.match(part)
            if header is None:
                if not part.startswith(pending + b"\n"):
                    return False
                end = part.index(b"\n") + 1
            else:
                end = header.end()
            name = part[:end].rstrip(b" \t\n")
            if name.lower() == pending:
                name = name.lower()
            if name in headers:
                return False
            headers.add(name)
            part = part[end:]
        if not part.endswith(b"\n"):
            part += b"\n"  # It was what another section follows.
        found = _PLAIN.findall(part)
        if len(found) != part.count(b"\n"):
            return False
        keys = set(found)
        if not odd_keys.isdisjoint(keys):
            return False
        if part.find(b"lxc.") >= 0:
            raw = {key for key in keys if key.startswith(b"lxc.")}
            if not all(map(is_raw_key, raw)):
                return False
            found = [key for key in found if key not in raw]
            keys -= raw
        # Of lines without a key there may be more than one.
        empty = found.count(b"")
        if len(keys) - bool(empty) < len(found) - empty:
            return False
    return True


class LostLines(Rule):
    """Base of the rules about what PVE tosses or overwrites in a guest's configuration. What of a
    property is kept differs between the two kinds: :meth:`kept_key`."""

    #: How the header of the pending changes is written.
    pending_header = ""
    #: Why a line that begins as a container's raw key cannot be read.
    raw_key_reason = ""

    def visit_File(self, tree):
        for section, replacement in effective_sections(tree):
            if replacement is None:
                self.check_section(section)
            elif any(not isinstance(line, guest.Blank) for line in section.body):
                # What stands in a section that is dropped whole needs no findings of its own.
                self.report(section.header, "PVE drops this section: [%s] comes again in line %d "
                            "and starts anew" % (section.name, self.line(replacement.header)))

    def line(self, node):
        """The line number of *node*."""
        return self.tree.position(node).line

    def say(self, section, item, message):
        """Report what is wrong with a line of *section*."""
        self.report(item, "%s (%s)" % (message, section.label))

    def check_section(self, section):
        """Report the lines of one section that get lost or go astray."""
        values, above = {}, set()
        for at, line in enumerate(section.body):
            if is_header(line):
                above.update(values)
                self.check_header(section, at, above)
                # That keys set above are set again below is the header's fault, reported with it.
                self.check_repeated(section, values)
                values = {}
            elif isinstance(line, guest.Malformed):
                self.say(section, line, "PVE cannot read this line (%s) and drops it with the next "
                         "change" % self.reason(str(line.text)))
            elif isinstance(line, guest.BuriedState):
                self.say(section, line, "PVE sees nothing but snapstate at the end of this line "
                         "and drops the rest")
            elif isinstance(line, guest.Property):
                key = self.kept_key(section, line)
                if key is not None:
                    values.setdefault(key, []).append(line)
            else:
                self.check_other(section, line)
        self.check_repeated(section, values)

    def check_header(self, section, at, above):
        """Report the line number *at* of *section*, a header that is none; *above*: the keys that
        are set above it."""
        body, keys = section.body, {}
        # By number, since a file of nothing but such headers would be copied for each of them.
        for number in range(at + 1, len(body)):
            line = body[number]
            if is_header(line):
                break
            if isinstance(line, guest.Property) and line.key in above:
                keys[str(line.key)] = True
        line = body[at]
        message = "PVE takes this for no section header (%s)" % self.header_reason(line)
        if all(isinstance(body[number], guest.Blank) for number in range(at + 1, len(body))):
            message += " and drops it with the next change (%s)" % section.label
        else:
            message += ": what stands below it applies to the %s" % section.label
        if keys:
            message += " and overrides %s there" % ", ".join(keys)
        self.report(line, message)

    def check_repeated(self, section, values):
        """Report the lines whose key a later line of *values* (key -> lines) sets otherwise."""
        for key, lines in values.items():
            last = lines[-1]
            for line in lines[:-1]:
                if line.value != last.value:
                    self.say(section, line, "line %d sets %s too: PVE uses and keeps only that one"
                             % (self.line(last), key))

    def check_other(self, section, line):
        """Report what is wrong with a line of another type."""

    def kept_key(self, section, line):
        """The key (str) under which PVE keeps the value of a property, None where it does not, or
        where the line adds to others; reports it where it does not."""
        key = str(line.key)
        if key == "description":
            return None
        if key == "snapstate" and isinstance(section, guest.Live):
            self.say(section, line.key, "PVE drops snapstate outside a snapshot")
        elif key == "delete" and not (isinstance(section, guest.Section) and section.is_pending):
            self.say(section, line.key, "PVE ignores delete outside %s and drops it with the next "
                     "change" % self.pending_header)
        else:
            return key
        return None

    def header_reason(self, line):
        """Why PVE does not take *line* for a header."""
        text = line.code.rstrip(_WS + "\n")
        if text[0] in _WS:
            return "blanks before it"
        if text[0] == "\ufeff":
            return "a byte order mark before it"
        name, end, rest = text[1:].partition("]")
        if not end:
            return "no ] at its end"
        if rest:
            return "text behind the ]"
        if len(name) < 2:
            return "a name has two characters or more"
        if not ("a" <= name[0] <= "z" or "A" <= name[0] <= "Z"):
            return "a name begins with a letter"
        return "a name holds letters, digits, _ and - only"

    def reason(self, text):
        """Why PVE cannot read a line."""
        text = text.rstrip(_WS)
        if text[0] in _WS:
            return "blanks before it"
        if text[0] == "\ufeff":
            return "a byte order mark before it"
        if _SPACED_COLON.match(text):
            return "blanks before the colon"
        if _NO_VALUE.match(text):
            return "no value"
        if text.startswith("lxc."):
            return self.raw_key_reason
        if _KEY_EQUALS.match(text):
            return "= instead of :"
        if ":" in text:
            return "a key has small letters and _, then digits"
        return "not key: value"


def is_header(line):
    """Whether a line was meant to be a header and is none."""
    return isinstance(line, guest.BrokenHeader) or (
        isinstance(line, guest.Malformed) and line.text.startswith("\ufeff["))
