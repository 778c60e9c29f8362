"""What the APT rules share that judge a node's sources as a whole: what is missing, what is added."""

import re

from ..cst import Line, line_ending
from ..edit import create_file, insert_after
from ..formats import deb822
from ._apt import all_sources, place_of, sources
from ._apt_keys import holds


def is_refused(scope):
    """Whether apt refuses all sources below the root for a line or a stanza of any file (APT016): what
    they would mean together is then nothing to judge."""
    for file in scope.all_of_kind("apt-list", "deb822"):
        if file.kind == "deb822":
            if any(reading.error for reading in scope.once(deb822.readings, file.tree)):
                return True
        elif any(reading is not None and reading.error for reading in _readings(file)):
            return True
    return False


def _readings(file):
    return [line.reading for line in file.tree.body if hasattr(line, "reading")]


def unseen_words(scope):
    """The words (set of str) of enabled entries that apt accepts and that are no :class:`Source`: odd
    lines, and stanzas that a line without a colon runs together."""
    found = set()
    for file in scope.all_of_kind("apt-list", "deb822"):
        if file.kind == "deb822":
            for reading in scope.once(deb822.readings, file.tree):
                if reading.stanza is None and not reading.error and reading.enabled:
                    for name in ("uris", "suites", "components"):
                        found.update(reading.words(name))
            continue
        for line in file.tree.body:
            if type(line).__name__ == "Malformed" and line.reading and not line.reading.error:
                reading = line.reading
                found.update([reading.uri.text, reading.suite.text])
                found.update(word.text for word in reading.components)
    return found


def binary_sources(scope):
    """The enabled sources of packages below the root, none of deb-src: list of (file, source)."""
    return [(file, source) for file, source in scope.once(sources, scope)
            if any(word.text == "deb" for word in source.types)]


class Addition:
    """Proxmox VE's repository *name* (as --pve-repo has it), to be added for *suite* (str).

    ``place``: the file where its entry belongs (a SourceFile, or a path where there is none yet);
    ``entry``: the entry as one line (str); ``changes``: what adds it, or ``reason`` (str) why that
    cannot be done, the other being None.
    """

    __slots__ = ("place", "path", "entry", "changes", "reason", "_options")

    def __init__(self, scope, hop, name, suite):
        file_name, uri, component = hop.pve_repositories[name]
        self.path = scope.facts.etc + "apt/sources.list.d/" + file_name
        is_stanza = file_name.endswith(".sources")
        self.place = next((file for file in scope.all_of_kind("deb822" if is_stanza else "apt-list")
                           if file.path == self.path), self.path)
        self._options = self._shared(scope, hop, uri, suite, is_stanza)
        in_brackets = " ".join("%s=%s" % pair for pair in self._options)
        self.entry = "deb %s%s %s %s" % ("[%s] " % in_brackets if in_brackets else "", uri, suite,
                                         component)
        self.changes = self.reason = None
        if isinstance(self.place, str) and scope.facts.exists(self.path):
            self.reason = "%s is there and cannot be read" % self.path
        elif any(len(value.split()) != 1 for _, value in self._options):
            self.reason = "the options of the entries that are there need a look"
        elif isinstance(self.place, str) or not self.place.tree.body:
            text = [self.entry] if not is_stanza else self._stanza(uri, suite, component)
            self.changes = [create_file(self.path, "\n".join(text) + "\n")]
        elif not is_stanza:
            self.changes = [insert_after(self.place.tree.body[-1], self.entry, file=self.place)]
        elif any(reading.stanza is None or reading.error
                 for reading in scope.once(deb822.readings, self.place.tree)):
            self.reason = "what stands in %s already runs into what comes below" % self.path
        else:
            last = _last_line(self.place.tree)
            lines = self._stanza(uri, suite, component)
            if not isinstance(last, deb822.Separator):
                # A line of blanks does not end a stanza for apt.
                lines.insert(0, "")
            self.changes = [insert_after(last, line_ending(last.code).join(lines), file=self.place)]

    @staticmethod
    def _shared(scope, hop, uri, suite, is_stanza):
        """The options (list of pairs) that the new entry has to have, as those of the same repository
        have them; the key of Proxmox's, where there are none and the node has it."""
        future = hop.proxmox.get(suite, suite)
        there = scope.once(all_sources, scope, hop).get((place_of(uri), future), {})
        options = next((options for all_options in there.values() for options in all_options), None)
        if options is not None:
            return list(options)
        if is_stanza and hop.proxmox_keyring:
            # An older one does not have the new release's key, which may be trusted otherwise.
            if holds(scope, hop.proxmox_key, below_root(scope.facts, hop.proxmox_keyring)):
                return [("signed-by", hop.proxmox_keyring)]
        return []

    def _stanza(self, uri, suite, component):
        fields = ["Types: deb", "URIs: " + uri, "Suites: " + suite, "Components: " + component]
        return fields + ["%s: %s" % ("-".join(map(str.capitalize, name.split("-"))), value)
                         for name, value in self._options]


def _last_line(node):
    """The last line of a tree or a block."""
    while not isinstance(node, Line):
        node = node.body[-1] if node.body else node.header
    return node


def below_root(facts, path):
    """Where the file is below the root that the node knows as *path* (str); None where the root is no
    more than the contents of /etc and the file is not among them."""
    path = re.sub("/+", "/", path)
    if path.startswith("/etc/"):
        return facts.etc + path[len("/etc/"):]
    return path[1:] if facts.etc else None


def option_token(node, name):
    """The token of an option (its value, in a stanza), None where the node does not show it."""
    if isinstance(node, deb822.Stanza):
        field = node.get(name)
        words = field.words() if field is not None else ()
        return words[0] if words else None
    return next((word for _, word in reversed(node.words("options"))
                 if word.partition("=")[0] == name), None)
