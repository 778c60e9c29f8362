import re

from ..edit import Fix, replace
from ..lazy import lazy
from ._apt import AptRule, owner, shared_options, sources, successor, switched_names
from ._apt_remove import is_entry, remove_source, remove_words

#: A stanza that stands for more repositories than this is left alone: nobody writes one.
_MANY = 512
#: So many entries of one repository that differ in their architectures are remembered.
_KEPT = 8
#: How deb822 calls the options that one-line entries have other names for.
_NAMES = {"arch": "architectures", "lang": "languages", "target": "targets"}
_LISTS = ("architectures", "languages", "targets", "signed-by")
_BOOLEANS = ("trusted", "check-valid-until", "check-date", "allow-insecure", "allow-weak",
             "allow-downgrade-to-insecure", "pdiffs", "by-hash")
_WORDS = {"no": "no", "false": "no", "without": "no", "off": "no", "disable": "no", "0": "no",
          "yes": "yes", "true": "yes", "with": "yes", "on": "yes", "enable": "yes", "1": "yes"}
_NO_OPTIONS = ("types", "uris", "suites", "components", "enabled")


class DuplicateEntry(AptRule):
    """
    ## What it finds

    Type, URI, suite, component and effective options that are there twice, in one entry or in two, in
    whatever files and syntax. Entries that are the same only after the other rules have changed their
    suites and components count too: `bullseye` beside a `buster` that becomes it. A slash at the end
    of a URI makes no difference. `[arch=amd64]` is the same as no such option where dpkg shows a node
    of that architecture and no other.

    ## Why it matters

    At each run apt warns that the target is configured multiple times. Who changes one of the two
    later on will be misled by the other.

    ## Example

    ```
    deb http://ftp.debian.org/debian buster main contrib
    deb http://ftp.debian.org/debian bullseye contrib non-free
    ```

    becomes

    ```
    deb http://ftp.debian.org/debian bullseye main contrib
    deb http://ftp.debian.org/debian bullseye non-free
    ```

    ## When the fix is safe

    What apt reads first stays: sources.list, then the files of sources.list.d by name. Of the later one
    the component goes with the white space before it, or the suite, or the line or the stanza's fields
    where nothing else would be left. Apt fetches the same as before. Nothing is said of a repository
    whose entries differ in an option like `signed-by`, because that has to be settled first. Manual
    where a stanza shares only some combinations of its words with others, and where readers do not
    agree on one of the two.

    ## Guide

    the guide has nothing on entries that are there twice

    ## References

    sources.list(5)
    """

    severity = "warning"
    guide = ""

    def check_source(self, source):
        """Entries are judged in the order of reading, see check_project."""

    def check_project(self, project):
        native = _architectures(self.facts)
        entries, options = [], {}
        for file, source in project.once(sources, project):
            entry = _Expanded(project, source, self.hop, native)
            if entry.size <= _MANY:
                entries.append((file, entry))
                for repository in entry.repositories():
                    options.setdefault(repository, set()).add(entry.shared)
        providers = {}
        for file, entry in entries:
            again = entry.repeated()
            earlier = entry.known(providers)
            # Of one that has backports, or a component by both of its names, something goes already:
            # its turn is when that is gone. Which of
            # two that apt refuses together is meant has to be settled first (APT018).
            if project.owns(file) and (again or earlier) and not entry.loses_words and all(
                    len(options[repository]) == 1 for repository in entry.repositories()):
                self._report(file, entry.source, entry, again, earlier)
            entry.add_to(providers, file)

    def _report(self, file, source, entry, again, earlier):
        is_all = len(earlier) == len(entry.combinations)
        # What goes, and what stays for it: (word, (file, source, word)).
        pairs = [(combination[2], provider) for combination, (_, provider) in earlier.items()]
        if is_all:
            words = [source.types[0]]
            what = self._what(source, entry)
            changes = remove_source(source, file)
        else:
            gone, rest = entry.removable(earlier)
            pairs += [(word, (file, source, entry.first(word))) for word in again
                      if not any(entry.first(word) is other for other in gone)]
            words = again + gone
            what = ", ".join(dict.fromkeys(
                [entry.text(word) for word in words]
                + [" ".join(filter(None, key[2:4])) for key in rest]))
            changes = [] if rest else remove_words(source, [word.token for word in words], file)
        keepers = [keeper for _, keeper in pairs]
        message = "%s: there already, in %s" % (
            what, ", ".join(dict.fromkeys(keeper[0].path for keeper in keepers)))
        fix = None
        if source.ambiguous or any(keeper[1].ambiguous for keeper in keepers):
            message += "; readers do not agree on what a stanza says: put it right first"
        elif not changes:
            message += "; only some of what the stanza stands for is: take it apart"
        else:
            more = self._changes_of_keepers(source, pairs)
            if more is None:
                message += "; it is in a file that was not asked for: change both together"
            else:
                fix = Fix.safe("remove the %s" % (
                    "repetition" if not is_all else "entry" if is_entry(source) else "stanza"),
                    *(changes + more))
        at = min((word.token for word in words), key=file.tree.span) if words else (
            source.types[0].token)
        self.report(at, message, fix, file=file)

    def _what(self, source, entry):
        # Without a password that may stand in one.
        uris = dict.fromkeys(re.sub("//[^/@]*@", "//", uri) for uri in source.archives)
        suites = dict.fromkeys(map(entry.text, source.suites))
        components = dict.fromkeys(word.text for word in source.components)
        return " ".join([", ".join(uris), *suites, *components])

    def _changes_of_keepers(self, source, pairs):
        """What makes those that stay what they are counted for (list of changes), where what goes is
        that already; None where it takes a file that is not to be changed."""
        changes, seen = [], set()
        has_new_names = switched_names(self.project, self.hop, source) is None
        for word, (file, keeper_source, keeper) in pairs:
            renaming = switched_names(self.project, self.hop, keeper_source)
            if (keeper.text == word.text and not (renaming is not None and has_new_names)
                    or id(keeper) in seen or not any(keeper is suite for suite in keeper_source.suites)):
                continue
            seen.add(id(keeper))
            new = successor(self.project, keeper_source, keeper.text, self.hop)
            if new == keeper.text:
                continue
            if not self.project.owns(file):
                return None
            changes.append(replace(keeper.token, new, file=file))
            # Components that have other names then have them from the same moment on.
            if renaming is not None and id(keeper_source) not in seen:
                seen.add(id(keeper_source))
                changes += renaming.changes(file)
        return changes


class _Expanded:
    """A source taken apart into (type, URI, suite after the upgrade, component, options)."""

    def __init__(self, scope, source, hop, native):
        self.source = source
        future = {suite: successor(scope, source, suite, hop)
                  for suite in {word.text for word in source.suites}}
        self._text = {id(None): ""}
        renaming = switched_names(scope, hop, source)
        moved = renaming is not None and any(new != suite for suite, new in future.items())
        backports = {suite for suite in future if owner(source, suite, hop) == "APT007"}
        renamed = {id(word): new for word, new in renaming.names} if moved else {}
        names = [renamed.get(id(word), word.text) for word in source.components]
        self.loses_words = bool(backports) or bool(renamed) and len(set(names)) < len(names)
        suites = [word for word in source.suites if word.text not in backports]
        for word in suites:
            self._text[id(word)] = future[word.text]
        for word in source.uris:
            self._text[id(word)] = word.text if word.text.endswith("/") else word.text + "/"
        for word in (*source.types, *source.components):
            self._text[id(word)] = word.text
        for word, new in (*renaming.names, *renaming.uris) if moved else ():
            self._text[id(word)] = new if new.endswith("/") or ":" not in new else new + "/"
        # For each field: what a word stands for -> the first one that does.
        self._firsts = [{}, {}, {}, {}]
        self._repeated = {}
        for firsts, words in zip(self._firsts, (source.types, source.uris, suites,
                                                source.components or (None,))):
            for word in words:
                first = firsts.setdefault(self.text(word), word)
                if first is not word:
                    self._repeated[id(word)] = (word, first)
        self.size = 1
        for firsts in self._firsts:
            self.size *= len(firsts)
        self._options, self._archs = _effective(source.options, native)
        names = {name for name, _ in shared_options(source)}
        self.shared = frozenset(pair for pair in self._options if pair[0] in names)
        types, uris, suites, components = [list(firsts.values()) for firsts in self._firsts]
        self.combinations = [] if self.size > _MANY else [
            (kind, uri, suite, component) for kind in types for uri in uris for suite in suites
            for component in components]

    def repositories(self):
        """What apt wants to have the same options everywhere: (URI, suite) pairs."""
        return [(uri, suite) for uri in self._firsts[1] for suite in self._firsts[2]]

    def text(self, word):
        """What a word stands for."""
        return self._text[id(word)]

    def repeated(self):
        """The words that their own field has had before."""
        return [word for word, _ in self._repeated.values()]

    def first(self, word):
        """The word that *word* repeats."""
        return self._repeated[id(word)][1]

    def _key(self, combination):
        return tuple(map(self.text, combination)) + (self._options,)

    def known(self, providers):
        """The combinations that are provided for: combination -> (key, (file, source, suite))."""
        found = {}
        for combination in self.combinations:
            key = self._key(combination)
            for archs, provider in providers.get(key, ()):
                if archs == self._archs or (archs and self._archs and archs >= self._archs):
                    found[combination] = (key, provider)
                    break
        return found

    def add_to(self, providers, file):
        """Add what the source stands for."""
        for combination in self.combinations:
            known = providers.setdefault(self._key(combination), [])
            if len(known) < _KEPT and all(archs != self._archs for archs, _ in known):
                known.append((self._archs, (file, self.source, combination[2])))

    def removable(self, known):
        """The words whose combinations are all *known*, and the keys of those that are left then."""
        gone = []
        left = list(self.combinations)
        for at in (2, 3, 1, 0):
            kept = {id(combination[at]) for combination in left if combination not in known}
            words = [word for word in self._firsts[at].values() if id(word) not in kept]
            if kept and words:
                gone += words
                left = [combination for combination in left if id(combination[at]) in kept]
        return gone, [self._key(combination) for combination in left if combination in known]


def _effective(options, native):
    """The options that make a difference (hashable), and the architectures (frozenset; None where
    they are not known)."""
    found = {}
    for name, value in options.items():
        name = _NAMES.get(name, name)
        if name in _NO_OPTIONS or name.startswith("x-"):
            continue
        if name in _BOOLEANS:
            value = _WORDS.get(value.lower(), value)
        elif name in _LISTS:
            value = frozenset(_WORD.findall(value))
        found[name] = value
    archs = native
    if not any(name.startswith(("architectures-", "arch+", "arch-")) for name in found):
        archs = found.pop("architectures", native)
    return frozenset(found.items()), archs


_WORD = lazy("[^, \t\r\f\v\n]+")


def _architectures(facts):
    """The architectures (frozenset) that apt takes without an option, None where dpkg does not tell:
    its own and those in var/lib/dpkg/arch (dpkg --add-architecture)."""
    def find():
        status = b"\n" + (facts.get("var/lib/dpkg/status") or b"")
        start = status.find(b"\nPackage: dpkg\n")
        end = status.find(b"\n\n", start + 1)
        paragraph = status[start:end if end >= 0 else len(status)] if start >= 0 else b""
        native = re.search(b"\nArchitecture: ([a-z0-9-]+)\n", paragraph + b"\n")
        if not native:
            return None
        foreign = (facts.get("var/lib/dpkg/arch") or b"").split(b"\n")
        return frozenset(name.decode("ascii", "replace") for name in [native.group(1)] + foreign if name)

    return facts.once("architectures", find)
