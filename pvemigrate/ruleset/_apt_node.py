"""What the APT rules share that judge a node's sources as a whole: what is missing, what is added."""

from ..edit import create_file, insert_after
from ..formats import deb822
from ._apt import sources


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
    ``changes``: what adds it; None where the file is there and cannot be read.
    """

    __slots__ = ("place", "path", "entry", "changes")

    def __init__(self, scope, hop, name, suite):
        file_name, uri, component = hop.pve_repositories[name]
        self.path = scope.facts.etc + "apt/sources.list.d/" + file_name
        self.place = next((file for file in scope.all_of_kind("apt-list")
                           if file.path == self.path), self.path)
        self.entry = "deb %s %s %s" % (uri, suite, component)
        self.changes = None
        if isinstance(self.place, str):
            if not scope.facts.exists(self.path):
                self.changes = [create_file(self.path, self.entry + "\n")]
        elif self.place.tree.body:
            self.changes = [insert_after(self.place.tree.body[-1], self.entry, file=self.place)]
        else:
            self.changes = [create_file(self.path, self.entry + "\n")]


def option_token(node, name):
    """The token of an option (its value, in a stanza), None where the node does not show it."""
    if isinstance(node, deb822.Stanza):
        field = node.get(name)
        words = field.words() if field is not None else ()
        return words[0] if words else None
    return next((word for _, word in reversed(node.words("options"))
                 if word.partition("=")[0] == name), None)
