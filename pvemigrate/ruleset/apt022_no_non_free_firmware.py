from ..edit import Fix, replace, token_end
from ..repositories import DEBIAN_RELEASES, release_of
from ._apt import AptRule, any_of, is_own_debian, place_of, sources, successor

#: More repositories than any stanza means; they are not looked at one by one.
MANY = 10000


class NoNonFreeFirmware(AptRule):
    """
    ## What it finds

    Enabled entries of Debian's archive or its security archive with the component `non-free` and
    without `non-free-firmware`, for bookworm or a later release, in both syntaxes. Not where another
    entry of the same archive and suite has it. Suites of bullseye, which has no such component, are
    looked at once they are switched (APT001, APT002), in the same run.

    ## Why it matters

    With Debian 12 firmware and microcode have moved from `non-free` to `non-free-firmware`. Without it
    what is installed of them gets no more updates, security updates among them, and apt says nothing.

    ## Example

    ```
    deb http://deb.debian.org/debian bookworm main contrib non-free
    ```

    becomes

    ```
    deb http://deb.debian.org/debian bookworm main contrib non-free non-free-firmware
    ```

    ## When the fix is safe

    The component goes right behind `non-free`, which stays. Who has `non-free` has agreed to packages
    of that kind, so nothing comes that was not wanted before. In the hop 8to9 bookworm has the
    component already, so it is right at any time. Manual where only a part of a stanza has it in
    another entry, and where readers do not agree on the stanza. Discs and snapshot.debian.org are left
    alone, since what they hold does not change.

    ## Guide

    the guide of the hop 6to7 has nothing on it, since the component came with Debian 12

    ## References

    Debian 12 release notes, "Non-free firmware moved to its own component in the archive"
    """

    severity = "warning"
    phase = "switch"
    guide = ""
    hops = ("7to8", "8to9")
    in_hop = {"8to9": {"phase": "before"}}
    needs = any_of("non-free")

    def check_source(self, source):
        for old, (new, since) in self.hop.split_components.items():
            word = first(source, old)
            if word is None or not is_affected(source, self.hop, new, since):
                continue
            with_it, without = self.project.once(_providers, self.project, self.hop, new)
            places = repositories(self.project, self.hop, source)
            found = [place for place in places if place in with_it]
            if len(found) == len(places) or not found and all(
                    without.get(place) not in (None, id(source)) for place in places):
                continue
            message, fix = "%s has moved from %s to %s, which is missing here" % (
                "firmware", old, new), None
            if found:
                message += "; some of what the stanza stands for has it in another entry: take it apart"
            elif source.ambiguous:
                message += "; readers do not agree on what this stanza says: put it right first"
            else:
                fix = Fix.safe("add %s" % new, replace(token_end(word.token), " " + new))
            self.report(word.token, message, fix)


def first(source, name):
    """The first component (Word) called *name* (str), None where there is none."""
    return next((word for word in source.components if word.text == name), None)


def is_affected(source, hop, new, since):
    """Whether *source* is Debian's and lacks the component *new* (str), which all its suites have from
    the release *since* on."""
    if source.is_cdrom or source.is_snapshot or first(source, new) is not None or not (
            source.holds(is_own_debian)):
        return False
    suites = {word.text for word in source.suites}
    known = {*hop.debian, *hop.debian.values(), *hop.security, *hop.security.values(), *hop.backports}
    return suites.issubset(known) and all(
        DEBIAN_RELEASES.index(release_of(suite)) >= DEBIAN_RELEASES.index(since) for suite in suites) and (
            len(source.uris) * len(source.suites) <= MANY)


def repositories(scope, hop, source):
    """What *source* is an entry of, after the upgrade: list of (type, archive, suite)."""
    return [(kind.text, place_of(uri), suite)
            for kind in source.types for uri in source.archives
            for suite in dict.fromkeys(successor(scope, source, word.text, hop)
                                       for word in source.suites)]


def _providers(scope, hop, new):
    """The repositories (set) whose entries have the component *new*, and of the others that lack it the
    first entry by identity (dict)."""
    old, since = next((old, since) for old, (name, since) in hop.split_components.items() if name == new)
    with_it, without = set(), {}
    for _, source in scope.once(sources, scope):
        if len(source.uris) * len(source.suites) > MANY:
            continue
        if first(source, new) is not None:
            with_it.update(repositories(scope, hop, source))
        elif first(source, old) is not None and is_affected(source, hop, new, since):
            for place in repositories(scope, hop, source):
                without.setdefault(place, id(source))
    return with_it, without
