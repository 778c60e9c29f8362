"""What ifupdown reads together: stanzas over all files, in the order of reading.

Shared by the rules of the family NET.
"""

from ..cst import Token
from ..formats.interfaces import (METHODS, Blank, BrokenIfaceHeader, Comment, Iface, IfaceHeader,
                                  Malformed, Mapping, Misplaced, Option, Source, ValuelessOption,
                                  joined, words)
from ..lazy import lazy
from ..source import MAX_FILE, SourceFile, source_matches

__all__ = ["Network", "Stanza", "bridge_ports", "has_whole_sysfs", "is_plain_name", "link_files",
           "link_sections", "networks", "option_key", "ports", "read_by_all_alike",
           "read_by_pve", "simple_commands", "uses_ifupdown2", "word_tokens"]

#: Options whose commands run when an interface comes up.
UP_COMMANDS = ("pre-up", "up", "post-up")

MAIN = "network/interfaces"
NEW = "network/interfaces.new"
FOLDER = "network/interfaces.d/"
#: ifupdown reads no more of a word (measured with 0.8.41).
MAX_WORD = 79
#: Templates of templates are followed so far: nobody nests them deeper, and a long chain of them
#: would take the square of its length.
MAX_DEPTH = 100


#: Where systemd finds .link files, below the root or below etc/: of one name the last one counts.
#: Proxmox VE's own program for names of network cards writes to the first.
LINK_FOLDERS = ("usr/local/lib/systemd/network/", "systemd/network/")


def uses_ifupdown2(facts, hop=None):
    """Whether dpkg shows ifupdown2. Without dpkg's status what the old release of *hop* brings is
    assumed, or else classic ifupdown."""
    if hop is not None and not facts.has_dpkg:
        return hop.has_ifupdown2
    return facts.package("ifupdown2") is not None


class Stanza:
    """An ``iface`` stanza in its file. ``template``: the stanza it inherits from, or None."""

    def __init__(self, file, block, name, family, template=None):
        self.file = file
        self.block = block
        self.name = name
        self.family = family
        self.template = template

    @property
    def header(self):
        """The stanza's first line."""
        return self.block.header

    def options(self, *names):
        """The option lines of these names (``_`` counts as ``-``), inherited ones first."""
        found, stanza = [], self
        while stanza is not None and len(found) < MAX_DEPTH:
            found.append(stanza.block.options(*names))
            stanza = stanza.template
        return [option for options in reversed(found) for option in options]


class Network:
    """The files that ifupdown reads together, beginning with one of them.

    ``files``, ``stanzas``: in the order of reading. ``refusals``: list of (file, item, message),
    what makes ifupdown refuse the file.
    """

    def __init__(self, scope):
        self._scope = scope
        self.files = []
        self.stanzas = []
        self.refusals = []
        self._known = set()
        # (Name as far as ifupdown reads it, family or an empty str for any) -> first such stanza.
        self._templates = {}

    @property
    def interfaces(self):
        """Name -> stanzas, in the order of reading."""
        found = {}
        for stanza in self.stanzas:
            found.setdefault(stanza.name, []).append(stanza)
        return found

    def read(self, file):
        """Read a file and what it sources, each file once."""
        # By hand, not by recursion: a chain of files may be longer than Python goes deep.
        stack = [self._blocks(file)]
        while stack:
            named = next(stack[-1], None)
            if named is None:
                stack.pop()
            else:
                stack.append(self._blocks(named))

    def _blocks(self, file):
        """Read a file; yields each that it sources, at the place where it does."""
        real_name = self._scope.facts.real_name
        if real_name(file.path) in self._known:
            return
        self._known.add(real_name(file.path))
        self.files.append(file)
        for block in file.tree.body:
            if isinstance(block, Iface):
                self._iface(file, block)
            elif isinstance(block, Mapping):
                self._mapping(file, block)
            elif isinstance(block, Misplaced):
                self._refuse(file, block.header, "no iface stanza holds this option")
            elif isinstance(block, Source):
                for path in source_matches(self._scope.facts, file, block, self._scope.facts.etc):
                    named = _file_at(self._scope, path)
                    if named is not None:
                        yield named

    def _refuse(self, file, node, message):
        """Note what is refused, at the first word of *node*."""
        item = next((node.field(name) for name in ("key", "value", "names", "text", "keyword")
                     if name in node._fields and node.field(name)), node)
        self.refusals.append((file, item, message))

    def _iface(self, file, block):
        header, name, template = block.header, joined(block.name), None
        family, message = joined(block.family), None
        if isinstance(header, BrokenIfaceHeader):
            message = "too few words for an iface line: it takes a name, a family and a method"
            item = header.keyword
            name = (words(header.names) or [""])[0]
        elif isinstance(header, IfaceHeader):
            item = header.method
            if family not in METHODS:
                message, item = "%s: ifupdown knows no such address family" % family, header.family
            elif (words(header.extra) or [joined(header.method)])[-1] == "inherits":
                message = "inherits: the name of the stanza to inherit from is missing"
            elif joined(header.method) not in METHODS[family]:
                message = "%s: the family %s has no such method" % (joined(header.method), family)
        else:
            item = header.inheritance
            family, template, message = self._inherit(header)
        if message:
            self.refusals.append((file, item, message))
        for node in block.body:
            if isinstance(node, (ValuelessOption, Malformed)):
                self._refuse(file, node, "an option without a value")
        if name:
            stanza = Stanza(file, block, name, family, template)
            self.stanzas.append(stanza)
            for wanted in ("", family):
                self._templates.setdefault((_cut(name), wanted), stanza)

    def _inherit(self, header):
        """Family, template and what is wrong with ``iface NAME [FAMILY [METHOD]] inherits X``."""
        before = words(header.inheritance)
        at = before.index("inherits")
        wanted = before[at + 1]
        family, method = (before[:at] + ["", ""])[:2]
        if family and family not in METHODS:
            return family, None, "%s: ifupdown knows no such address family" % family
        if method and method not in METHODS[family]:
            return family, None, "%s: the family %s has no such method" % (method, family)
        stanza = self._templates.get((_cut(wanted), family))
        if stanza is not None:
            return stanza.family, stanza, None
        return family, None, ("inherits %s: no stanza above is called so%s"
                              % (wanted, " with the family %s" % family if family else ""))

    def _mapping(self, file, block):
        has_script = False
        for node in block.body:
            if isinstance(node, (Blank, Comment)):
                continue
            key = joined(node.key) if isinstance(node, (Option, ValuelessOption)) else ""
            if key == "script":
                if has_script:
                    self._refuse(file, node, "a second script in one mapping")
                has_script = True
            elif key != "map":
                self._refuse(file, node, "a mapping holds script and map lines only")


def _cut(name):
    return name.encode("utf-8", "surrogatepass")[:MAX_WORD]


def _file_at(scope, path):
    """The file at *path* below the root: of the scope, else read here, to look at only."""
    file = scope.file(path)
    if file is not None:
        return file if file.kind == "interfaces" else None
    # Rounds of fixes come here again and again.
    data = scope.facts.once(("sourced", path), lambda: scope.facts.get(path))
    etc = scope.facts.etc
    if data is None or len(data) > MAX_FILE:
        return None
    return SourceFile(path, "interfaces", data, path[len(etc):] if path.startswith(etc) else None)


def networks(scope):
    """The sets of files that ifupdown reads together (list of :class:`Network`).

    One begins with etc/network/interfaces, one with interfaces.new, which PVE puts in its place
    when pending changes are applied. A file in interfaces.d that neither names is read by nobody
    and not judged; where there is neither of the two, nothing says so, and they are taken together.
    Any other file stands for itself.
    """
    found = []

    def begin(files):
        network = Network(scope)
        for file in files:
            network.read(file)
        if files:
            found.append(network)

    given = scope.of_kind("interfaces")
    roots = []
    if any(file.location is not None for file in given):
        roots = [scope.at(location) or _file_at(scope, scope.facts.etc + location)
                 for location in (MAIN, NEW)]
    for file in roots:
        begin([file] if file is not None else [])
    fragments = [file for file in given if (file.location or "").startswith(FOLDER)]
    if not found:
        begin(fragments)
    for file in given:
        if file not in fragments and not any(file in network.files for network in found):
            begin([file])
    return found


def option_key(option):
    """An option's name as bridge-utils and PVE take it: ``_`` counts as ``-``, and capitals as small
    letters (ifupdown gives its scripts all names in capitals)."""
    return joined(option.key).lower().replace("_", "-")


def bridge_ports(stanzas):
    """The ports (list of str) of the Linux bridge that *stanzas* of one interface describe; empty
    where they describe none, or one without ports.

    bridge-utils sees the option in the environment, where ifupdown writes all names in capitals.
    """
    found = []
    for stanza in stanzas:
        for option in stanza.options():
            key = option_key(option)
            if key == "ovs-type":
                return []
            if key == "bridge-ports":
                found += ports(words(option.value))
    return found


def ports(names):
    """The ports among the words (list of str) of a ``bridge-ports`` option."""
    if names[:1] == ["none"]:
        return []
    # No port is called so; `none # no ports yet` is meant as a remark.
    end = next((at for at, name in enumerate(names) if name.startswith("#")), len(names))
    return [name for name in names[:end] if name != "none"]


# -- words, and the readers' agreement -------------------------------------------------------------

_WORD = lazy("(?:[^ \t\r\f\v\n\\\\\0]|\\\\(?!(?:\0[^\n]*)?\n))"
             "(?:[^ \t\r\f\v\n\\\\\0]|\\\\(?!(?:\0[^\n]*)?\n)"
             "|(?:\\\\(?:\0[^\n]*)?\n)+(?=[^ \t\r\f\v\n\\\\\0]|\\\\(?!(?:\0[^\n]*)?\n)))*")


def word_tokens(token):
    """The words of a token as tokens of their own (list); ``joined`` gives each as ifupdown sees it,
    which may have been cut in two by a backslash at the end of a line."""
    return [Token(match.group(), token.node, token.offset + match.start())
            for match in _WORD.finditer(token)]


def simple_commands(command):
    """The words of each simple command (lists of str), quotes taken away. A rough cut: it is only
    searched for certain programs."""
    for char in ";&|()`\n":
        command = command.replace(char, "\0")
    for part in command.split("\0"):
        yield [word.strip("\"'") for word in words(part)]


def is_plain_name(name):
    """Whether a word can be the name of one interface: no pattern, nothing that a shell or a
    template makes up."""
    return not any(char in name for char in "*?[]()|^$`%{}\\/+\"'")


def read_by_all_alike(tree, block, line):
    """Whether ifupdown, ifupdown2 and PVE agree on a stanza's header and on where *line* (of the
    stanza) ends."""
    header = block.header
    if isinstance(header, BrokenIfaceHeader):
        return False
    if line is header and (not isinstance(header, IfaceHeader) or header.extra):
        return False
    code = tree.code
    for node in (header, line):
        start, end = tree.span(node)
        if any(char in node.code for char in "\\\0") or "\r" in node.code.rstrip("\r\n"):
            return False
        # ifupdown2 joins the lines on both sides of any backslash, in comments too, and drops white
        # space (in Unicode's sense) around it (ifupdown/networkinterfaces.py).
        while start and code[start - 1].isspace():
            start -= 1
        while end < len(code) and code[end].isspace():
            end += 1
        if "\\" in (code[start - 1:start], code[end:end + 1]):
            return False
    return True


def read_by_pve(header):
    """Whether PVE recognises a stanza by its first line: four words in one line, of a family that it
    knows (PVE/INotify.pm)."""
    return (isinstance(header, IfaceHeader) and not header.extra
            and joined(header.family) in ("inet", "inet6")
            and not any(char in header.code for char in "\\\0"))


# -- the node --------------------------------------------------------------------------------------


def has_whole_sysfs(facts):
    """Whether sys/class/net below the root shows every interface of the node: it has ``lo``, which
    no copy of a few files would."""
    return facts.once("whole sysfs", lambda: facts.exists("sys/class/net/lo"))


def link_files(scope):
    """systemd's .link files in LINK_FOLDERS: dict of name -> text (empty where unreadable).
    Those that a fix has just created are among them."""
    found = {}
    for folder in (LINK_FOLDERS[0], scope.facts.etc + LINK_FOLDERS[1]):
        found.update((name, _text(scope.text(folder + name)))
                     for name in scope.facts.listdir(folder[:-1]) if name.endswith(".link"))
    found.update((file.path[len(folder):], _text(file)) for file in scope.of_kind("text")
                 if file.path.startswith(folder) and file.path.endswith(".link"))
    return found


def _text(file):
    return "" if file is None else file.data.decode("utf-8", "replace")


def link_sections(text):
    """A .link file's settings: (dict of [Match], dict of [Link]), key -> list of the values that
    count (an empty one clears those before it, systemd.syntax(7))."""
    sections = {"[Match]": {}, "[Link]": {}}
    section = None
    for line in text.split("\n"):
        line = line.strip(" \t\r")
        if line.startswith("["):
            section = sections.get(line)
        elif section is not None and "=" in line and line[0] not in "#;":
            key, _, value = line.partition("=")
            value = value.strip(" \t\r\"'")
            key = key.strip(" \t")
            section[key] = section.get(key, []) + [value] if value else []
    return sections["[Match]"], sections["[Link]"]
