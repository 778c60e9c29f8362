"""What the APT rules share: one view of an entry for both syntaxes, and the rewriting of suites."""

from ..edit import Fix, replace
from ..formats import deb822
from ..releases import HOPS
from ..repositories import (ARCHIVES, BACKUP_COMPONENTS, BACKUP_FOLDERS, CEPH_SERVERS,
                            DEBIAN_COMPONENTS, DEBIAN_RELEASES, ENTERPRISE_HOST, PVE_COMPONENTS,
                            UNARCHIVED, Location, is_archive, is_debian, is_proxmox, is_security,
                            is_snapshot, vendor)
from ..rule import Rule

GUIDE = "Update the configured APT repositories"

#: Options that apt wants to be the same in all entries with one URI and suite (apt-pkg/deb/
#: debmetaindex.cc), as deb822 and as one-line entries name them.
_SHARED_OPTIONS = ("trusted", "signed-by", "check-valid-until", "valid-until-min",
                   "valid-until-max", "check-date", "date-max-future", "allow-insecure",
                   "allow-weak", "allow-downgrade-to-insecure", "inrelease-path")


class Word:
    """One word of an entry: its ``token`` in the file, and the ``text`` that apt takes it for."""

    __slots__ = ("token", "text")

    def __init__(self, token, text):
        self.token = token
        self.text = text


class Source:
    """An Entry or a Stanza that apt accepts.

    ``uris``, ``suites`` and ``components`` are lists of :class:`Word`; words that stand in an
    indented ``#`` line are not among them, although apt takes them too (nobody meant them).
    ``options``: dict, names in lower case. ``ambiguous``: whether readers disagree on what the
    stanza says, or it says something twice. ``archives``: the URIs, each once (list of str, no
    slashes at the end). ``is_cdrom``, ``is_snapshot``: whether one of them is a disc, or shows an
    archive's past.
    """

    __slots__ = ("node", "types", "uris", "suites", "components", "enabled", "options", "ambiguous",
                 "locations", "archives", "is_cdrom", "is_snapshot", "_known")

    def __init__(self, node, enabled, options, ambiguous=False):
        self.node = node
        self.enabled = enabled
        self.options = options
        self.ambiguous = ambiguous
        self.types = self.uris = self.suites = self.components = ()
        self._known = {}

    def _locate(self):
        self.locations = [Location(word.text) for word in self.uris]
        self.archives = list(dict.fromkeys(word.text.rstrip("/") for word in self.uris))
        self.is_cdrom = any(location.scheme == "cdrom" for location in self.locations)
        self.is_snapshot = any(is_snapshot(location) for location in self.locations)
        return self

    @classmethod
    def of_entry(cls, entry):
        """The source of a one-line entry, None where apt refuses it."""
        reading = entry.reading
        if reading.error:
            return None
        source = cls(entry, True, reading.options)
        source.types = [Word(reading.type.token(entry), reading.type.text)]
        source.uris = [Word(reading.uri.token(entry), reading.uri.text)]
        source.suites = [Word(reading.suite.token(entry), reading.suite.text)]
        source.components = [Word(word.token(entry), word.text) for word in reading.components]
        return source._locate()

    @classmethod
    def of_reading(cls, reading):
        """The source of a stanza's reading, None where apt refuses the stanza or reads it together
        with a malformed line."""
        stanza = reading.stanza
        if stanza is None or reading.error:
            return None
        options = {name: value for name, (value, _) in reading.fields.items()}
        ambiguous = len(reading.fields) < len(stanza.body) or bool(
            stanza.lines(deb822.FalseSeparator, deb822.IndentedComment))
        source = cls(stanza, reading.enabled and bool(reading.words("types")), options, ambiguous)
        for name in ("types", "uris", "suites", "components"):
            field = stanza.get(name)
            setattr(source, name, [
                Word(token, str(token)) for token in (field.words() if field else ())
                if not isinstance(token.node, deb822.IndentedComment)])
        return source._locate()

    def holds(self, test, *arguments):
        """``test(source, *arguments)``, asked once: a stanza may have many suites and URIs."""
        if test not in self._known:
            self._known[test] = test(self, *arguments)
        return self._known[test]

    def has_components(self, known):
        """Whether there are components, all of them among *known*."""
        return bool(self.components) and all(word.text in known for word in self.components)

    def is_everywhere(self, test):
        """Whether all URIs pass *test* (a callable that takes a Location), and there are some."""
        return bool(self.locations) and all(test(location) for location in self.locations)

    def too_old_ceph(self, hop):
        """The words of the URIs that are Proxmox's repository of a Ceph too old for the upgrade."""
        return [word for word, location in zip(self.uris, self.locations)
                if location.last in hop.ceph_too_old and is_proxmox(location)]


def stanza_sources(tree):
    """The :class:`Source` of each stanza of *tree* by the stanza's identity (None where apt refuses
    it)."""
    return {id(reading.stanza): Source.of_reading(reading) for reading in deb822.readings(tree)}


def sources(scope):
    """The enabled sources below the root, asked for or not, in the order in which apt reads them
    (apt-pkg/sourcelist.cc: sources.list, then sources.list.d by name): list of (file, source)."""
    found = []
    for file in sorted(scope.all_of_kind("apt-list", "deb822"), key=_reading_order):
        if file.kind == "deb822":
            read = scope.once(stanza_sources, file.tree).values()
        else:
            read = [scope.once(Source.of_entry, line) for line in file.tree.body
                    if type(line).__name__ == "Entry"]
        found += [(file, source) for source in read if source is not None and source.enabled]
    return found


def _reading_order(file):
    path = file.location or file.path
    return path != "apt/sources.list", path.encode("utf-8", "surrogateescape")


def all_sources(scope, hop):
    """Each repository (URI, suite after the upgrade) below the root that another suite may turn into:
    suite that its entries have -> their shared options, in the order of reading (keys of a dict)."""
    found = {}
    future = {**hop.debian, **hop.security}
    # No others: a stanza of thousands of URIs and suites stands for millions of repositories.
    targets = set(future.values())
    for _, source in scope.once(sources, scope):
        shared = shared_options(source)
        suites = [suite for suite in dict.fromkeys(word.text for word in source.suites)
                  if future.get(suite, suite) in targets]
        for uri in source.archives if suites else ():
            for suite in suites:
                # A dict for a set, so that the same of several is named in each run.
                place = (place_of(uri), future.get(suite, suite))
                found.setdefault(place, {}).setdefault(suite, {})[shared] = True
    return found


def place_of(uri):
    """What apt knows the archive at *uri* (str) by: neither the scheme nor a login counts
    (apt-pkg/deb/debmetaindex.cc, GetDebReleaseIndexBy)."""
    place = uri.partition(":")[2]
    if place.startswith("//"):
        host, slash, path = place[2:].partition("/")
        place = host.rpartition("@")[2] + slash + path
    return place.rstrip("/")


def shared_options(source):
    """The options of *source* that all entries of its repository must have alike (tuple of pairs)."""
    options = source.options
    return tuple((name, options[name]) for name in _SHARED_OPTIONS if name in options)


def any_of(*words):
    """What a rule needs that looks for one of *words* (case matters) in suites, components and paths.
    In one-line entries percent signs may stand for characters of them, and quotes between them."""
    return (*words, "%", '"')


def needing(words):
    """``Rule.in_hop`` of a rule that needs one of *words*: a callable giving them for a
    :class:`~pvemigrate.releases.Hop` (iterable of str)."""
    return {name: {"needs": any_of(*words(hop))} for name, hop in HOPS.items()}


def naming_hop(hop, facts):
    """The :class:`~pvemigrate.releases.Hop` whose new suites a message may name: *hop*, and on a node
    that runs a later release already the one that led there (None where it is not known here). Nobody
    is to be sent back to a suite older than what is installed."""
    release = facts.release
    if release is None or release <= hop.new_release:
        return hop
    return next((other for other in HOPS.values() if other.new_release == release), None)


class AptRule(Rule):
    """Base of the APT rules: ``check_source`` is called for each enabled source of both syntaxes."""

    kinds = ("apt-list", "deb822")
    severity = "error"
    phase = "switch"
    guide = GUIDE

    def visit_Entry(self, entry):
        self._check(self.project.once(Source.of_entry, entry))

    def visit_Stanza(self, stanza):
        self._check(self.project.once(stanza_sources, self.tree).get(id(stanza)))

    def _check(self, source):
        if source is not None and source.enabled:
            self.check_source(source)

    def check_source(self, source):
        """Report what is wrong with *source*."""
        raise NotImplementedError


class LineRule(Rule):
    """Base of the rules on how apt reads a file: ``check_line`` is called for each line of a one-line
    file that may be an entry."""

    phase = "before"
    guide = GUIDE

    def visit_Entry(self, entry):
        self.check_line(entry)

    def visit_Malformed(self, line):
        if self.file.kind == "apt-list":
            self.check_line(line)

    def check_line(self, line):
        """Report what is wrong with *line*."""
        raise NotImplementedError


class SuiteRule(AptRule):
    """Base of the rules that change suites: ``suites`` says which, ``applies`` in what sources, and
    ``message`` (str method) what is wrong with one. ``offer`` makes the fix. Components that have other
    names in the new release are changed by the same fix."""

    offer = Fix.safe

    def suites(self):
        """Old suite -> new suite (dict)."""
        raise NotImplementedError

    def applies(self, source):
        """Whether *source* is one of those that the rule is about."""
        raise NotImplementedError

    def message(self, source, suite):
        """What is wrong with *suite* (str) in *source*."""
        raise NotImplementedError

    def check_source(self, source):
        table = self.suites()
        words = [word for word in source.suites if word.text in table]
        if not words or not self.applies(source) or source.too_old_ceph(self.hop):
            return
        renaming = switched_names(self.project, self.hop, source)
        if renaming is not None and not renaming.reason:
            self._report_all(source, words, table, renaming)
            return
        for word in words:
            new = table[word.text]
            message, fix = self.message(source, word.text), None
            reason = obstacle(self.project, self.hop, source, word.text, new)
            if reason or renaming is not None:
                message += "; " + (reason or renaming.reason)
            else:
                fix = self.offer("change the suite to %s" % new, replace(word.token, new))
            self.report(word.token, message, fix)

    def _report_all(self, source, words, table, renaming):
        """Report a source whose suites and components are changed together."""
        message, fix = self.message(source, words[0].text), None
        reason = next(filter(None, (
            obstacle(self.project, self.hop, source, word.text, table[word.text], renaming.archives)
            for word in words)), None)
        if reason:
            message += "; " + reason
        else:
            suites = ", ".join(dict.fromkeys(table[word.text] for word in words))
            fix = self.offer("change the suite to %s, and %s" % (suites, renaming.title),
                             *[replace(word.token, table[word.text]) for word in words],
                             *renaming.changes())
        self.report(words[0].token, message, fix)


def obstacle(scope, hop, source, suite, new, archives=None):
    """Why nobody but the administrator can change *suite* (str) of *source* to *new*, or None.
    *archives*: the URIs (list) that it has then, where they are others."""
    if source.is_cdrom:
        return "a disc holds one release only: remove the entry or use a disc of %s" % hop.new
    if source.is_snapshot:
        return ("snapshot.debian.org shows the archive of one day: choose a mirror of %s or a "
                "later day" % new)
    return conflict(scope, hop, source, archives or source.archives, suite, new)


def conflict(scope, hop, source, archives, suite, new):
    """What apt would refuse once *source*, which has *suite* (str) now, is an entry of *archives*
    (list of URIs) for the suite *new*; None where nothing stands in the way."""
    shared = shared_options(source)
    known = scope.once(all_sources, scope, hop)
    for uri in archives:
        for other, all_options in known.get((place_of(uri), new), {}).items():
            if other == suite and archives is source.archives:
                # Its own: they go along.
                continue
            options = next((options for options in all_options if options != shared), None)
            if options is not None:
                names = sorted({name for name, _ in set(options) ^ set(shared)})
                return ("the entry of that repository for %s has another %s, and apt refuses "
                        "two that differ: make them the same" % (other, ", ".join(names)))
    return None


# -- what goes along with a suite ------------------------------------------------------------------


class Renaming:
    """What else is called otherwise in an entry of *source* for some release.

    ``names``: list of (component as Word, new name); ``uris``: list of (Word, new URI). ``reason``: why
    nobody but the administrator can change them, or None.
    ``is_back``: whether a name of a later release is what stands there.
    """

    __slots__ = ("source", "names", "uris", "reason", "is_back")

    def __init__(self, source, names, uris=(), reason=None, is_back=False):
        self.source = source
        self.names = names
        self.uris = uris
        self.reason = reason
        self.is_back = is_back

    @property
    def archives(self):
        """The URIs that the source has then (list), None where they stay."""
        return [uri.rstrip("/") for _, uri in self.uris] or None

    @property
    def title(self):
        """What is done (str)."""
        parts = ["%s to %s" % (word.text, new) for word, new in self.names]
        return ", ".join(parts + ["the URI to %s" % uri for _, uri in self.uris])

    def changes(self, file=None):
        """What makes the change (list)."""
        from ._apt_remove import remove_words

        renamed = {id(word) for word, _ in self.names}
        there = {word.text for word in self.source.components if id(word) not in renamed}
        changes, again = [replace(word.token, uri, file=file) for word, uri in self.uris], []
        for word, new in self.names:
            if new in there:
                again.append(word.token)
            else:
                changes.append(replace(word.token, new, file=file))
            there.add(new)
        return changes + (remove_words(self.source, again, file) if again else [])


def names_in(scope, hop, source, release):
    """The :class:`Renaming` of the components of *source* that have other names in Debian's *release*
    (str), None where there are none."""
    if source.holds(is_ceph_entry, hop):
        return _ceph_names_in(scope, hop, source, release)
    if not hop.renamed_components or not (
            source.holds(is_pve_entry) or source.holds(is_backup_server)):
        return None
    back = {new: (old, since) for old, (new, since) in hop.renamed_components.items()}
    names, is_back = [], False
    for word in source.components:
        if word.text in hop.renamed_components:
            new, since = hop.renamed_components[word.text]
            if _is_since(release, since):
                names.append((word, new))
        elif word.text in back:
            old, since = back[word.text]
            if not _is_since(release, since):
                names.append((word, old))
                is_back = True
    return Renaming(source, names, is_back=is_back) if names else None


def _ceph_names_in(scope, hop, source, release):
    words = [word for word in source.components if word.text in hop.ceph_components
             and _is_since(release, hop.ceph_components[word.text][0])]
    if not words:
        return None
    name, uris, reason = "no-subscription", [], None
    at_enterprise = [ENTERPRISE_HOST in place.hosts for place in source.locations]
    # No mirror has all of them: which ones, only who keeps it knows.
    own = all(is_at(CEPH_SERVERS["no-subscription"], word.text) for word in source.uris)
    wanted = scope.settings.pve_repo
    if all(at_enterprise):
        name = "enterprise"
    elif any(at_enterprise):
        reason = "its servers have other components: give each an entry of its own"
    elif own and wanted in CEPH_SERVERS:
        name = wanted
        uris = [(word, uri) for word, uri in ((word, moved(word.text, wanted)) for word in source.uris)
                if uri != word.text]
        if uris and len(words) < len(source.components):
            reason = "%s has none of its other components: give those an entry of their own" % (
                CEPH_SERVERS[wanted].partition("://")[2].partition("/")[0])
    return Renaming(source, [(word, hop.ceph_components[word.text][1][name]) for word in words], uris,
                    reason)


def is_at(server, uri):
    """Whether *uri* (str) is on *server*, the beginning of one, whether by http or https."""
    return uri.partition("://")[2].startswith(server.partition("://")[2] + "/") and Location(
        uri).scheme in ("http", "https")


def moved(uri, name):
    """*uri*, which is on one of Proxmox's two servers, on that of the repository *name* (as --pve-repo
    has it); the same where it is there already."""
    server = CEPH_SERVERS[name]
    if is_at(server, uri):
        return uri
    return server + "/" + uri.partition("://")[2].partition("/")[2]


def _is_since(release, since):
    """Whether Debian's *release* is *since* or a later one."""
    return release in DEBIAN_RELEASES and (
        DEBIAN_RELEASES.index(release) >= DEBIAN_RELEASES.index(since))


def switched_names(scope, hop, source):
    """The :class:`Renaming` that goes along with the suite of *source* when it is switched to the new
    release: of components that have other names there, and of archive hosts, which do not have it.
    None where there are none."""
    return source.holds(_switched_names, scope, hop)


def _switched_names(source, scope, hop):
    renaming = names_in(scope, hop, source, hop.new)
    unarchived = _unarchived(source) if hop.new not in ARCHIVES else ()
    if unarchived:
        renaming = renaming or Renaming(source, [])
        renaming.uris = renaming.uris or unarchived
    if renaming is not None and not renaming.reason:
        known = hop.proxmox if renaming.names else {**hop.debian, **hop.security, **hop.proxmox}
        known = {*known, *known.values()}
        if any(word.text not in known for word in source.suites):
            renaming.reason = "it is for other releases too, which have other %s: give each its own " \
                "entry" % ("components" if renaming.names else "servers")
    return renaming


def _unarchived(source):
    """Where the URIs of *source* lead to an archive host: list of (Word, URI of the host that has the
    releases of today)."""
    found = []
    for word, place in zip(source.uris, source.locations):
        for old, new in UNARCHIVED.items() if is_archive(place) else ():
            at = word.text.lower().find(old)
            if at >= 0:
                found.append((word, word.text[:at] + new + word.text[at + len(old):]))
                break
    return found


def acts(scope, code, phase="switch"):
    """Whether the rule *code*, whose phase is *phase*, may change something in this run."""
    return scope.settings.selects(code) and (scope.due is None or phase in scope.due.phases)


# -- whose an entry is -----------------------------------------------------------------------------


def has_pve_components(source):
    """Whether one of the components is Proxmox VE's own."""
    return any(word.text in PVE_COMPONENTS for word in source.components)


def is_debian_entry(source):
    """Whether *source* is Debian's archive, a mirror of it, a disc or a day of the past."""
    return source.has_components(DEBIAN_COMPONENTS) and (
        source.is_everywhere(lambda place: place.scheme == "cdrom")
        or source.is_everywhere(is_debian) or source.is_everywhere(is_snapshot))


def is_archive_entry(source):
    """Whether *source* is Debian's archive or a mirror of it, as one is today."""
    return source.has_components(DEBIAN_COMPONENTS) and source.is_everywhere(is_debian)


def is_security_entry(source):
    """Whether *source* may be Debian's security archive, where its suite says so."""
    return source.has_components(DEBIAN_COMPONENTS) and source.is_everywhere(
        lambda place: vendor(place) is None)


def is_own_debian(source):
    """Whether *source* is Debian's own: its archive or its security archive, whatever the suite."""
    return is_debian_entry(source) or (source.has_components(DEBIAN_COMPONENTS) and source.is_everywhere(
        lambda place: is_debian(place) or is_security(place) and vendor(place) is None))


def is_pve_entry(source):
    """Whether *source* is a repository of Proxmox VE."""
    return has_pve_components(source) and source.is_everywhere(is_proxmox)


def is_ceph_entry(source, hop):
    """Whether *source* is Proxmox's repository of a Ceph release that goes along."""
    return not has_pve_components(source) and source.is_everywhere(
        lambda place: place.last in hop.ceph and is_proxmox(place))


def is_backup_server(source):
    """Whether *source* is a repository of Proxmox Backup Server or of its client."""
    return (not has_pve_components(source) and source.is_everywhere(is_proxmox)
            and (any(word.text in BACKUP_COMPONENTS for word in source.components)
                 or source.is_everywhere(lambda place: vendor(place) == "Proxmox"
                                         and place.last in BACKUP_FOLDERS)))


def is_upstream_ceph(source):
    """Whether one of the URIs is the Ceph project's own."""
    return any(vendor(place) == "Ceph" for place in source.locations)


def owner(source, suite, hop):
    """The code of the specific rule that *suite* (str) of *source* is for, None where only APT008 or
    APT009 may have something to say: one defect, one code."""
    if source.holds(Source.too_old_ceph, hop):
        return "APT005"
    if source.holds(is_upstream_ceph):
        return "APT006"
    if suite in hop.proxmox:
        if source.holds(is_pve_entry):
            return "APT003"
        if source.holds(is_ceph_entry, hop):
            return "APT004"
        if source.holds(is_backup_server):
            return "APT013"
    if suite in hop.debian and source.holds(is_debian_entry):
        return "APT001"
    if suite in hop.security and source.holds(is_security_entry):
        return "APT002"
    if suite in hop.backports and source.holds(is_archive_entry):
        return "APT007"
    return None


def successor(scope, source, suite, hop):
    """What the safe rules make of *suite* (str) of *source*: the same where they leave it alone, or
    the rule was put aside by name."""
    tables = {"APT001": hop.debian, "APT002": hop.security, "APT003": hop.proxmox,
              "APT004": hop.proxmox}
    code = owner(source, suite, hop)
    new = tables.get(code, {}).get(suite)
    if new is None or scope.settings.ignores(code):
        return suite
    renaming = switched_names(scope, hop, source)
    if (renaming is not None and renaming.reason
            or obstacle(scope, hop, source, suite, new, renaming and renaming.archives)):
        return suite
    return new
