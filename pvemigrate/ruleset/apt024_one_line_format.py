from ..edit import Fix, create_file, remove_file
from ..formats import deb822
from ..repositories import (Location, is_archive, is_debian, is_security, is_snapshot, release_of,
                            vendor)
from ..rule import Rule
from ._apt import place_of
from ._apt_keys import holds
from ._apt_node import below_root

#: The servers of Debian whose archives have its keys, and what the installer names for them.
DEBIAN_HOSTS = ("deb.debian.org", "security.debian.org", "ftp.debian.org")
DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
PROXMOX_HOSTS = ("download.proxmox.com", "enterprise.proxmox.com")
#: A stanza that stands for more repositories than this is not looked into: nobody writes one.
MANY = 10000


class OneLineFormat(Rule):
    """
    ## What it finds

    Files of repositories in the one-line format that have at least one enabled entry: `sources.list`
    and `sources.list.d/*.list`.

    ## Why it matters

    It works: apt reads the format until 2029 at least. But it is deprecated. The new one is what the
    installers of Debian 13 and Proxmox VE 9 write, and what the panel adds repositories in; whoever
    gets them like that and keeps the old entries has them twice.

    ## Example

    ```
    # Debian
    deb http://deb.debian.org/debian trixie main contrib
    deb http://deb.debian.org/debian trixie-updates main contrib
    #deb-src [arch=amd64] http://deb.debian.org/debian trixie main
    ```

    becomes, with `--deb822`,

    ```
    # Debian
    Types: deb
    URIs: http://deb.debian.org/debian
    Suites: trixie trixie-updates
    Components: main contrib

    Types: deb-src
    URIs: http://deb.debian.org/debian
    Suites: trixie
    Components: main
    Architectures: amd64
    Enabled: no
    ```

    ## When the fix is safe

    With `--deb822` alone; without it nothing is changed. apt then fetches the same from the same
    places, in the same order. What apt's own `apt modernize-sources` loses stays:

    | | `apt modernize-sources` | `--deb822` |
    |---|---|---|
    | comments | lost | above the stanza of the entry below them |
    | the remark at an entry's end | lost | above its stanza |
    | disabled entries (`# deb ...`) | lost | stanzas with `Enabled: no`, for the panel too |
    | `signed-by`, `trusted` | kept | kept |
    | `arch`, `lang`, `target`, with `+` and `-` too | lost | kept |
    | `pdiffs`, `by-hash`, `check-valid-until` and the like | lost | kept |
    | the old file | stays, as `.list.bak` | goes; `rollback` brings it back |

    `NAME.list` becomes `NAME.sources`. `sources.list` becomes the files that the installer and the
    panel of Proxmox VE 9 have: `debian.sources`, `proxmox.sources`, `pve-enterprise.sources`,
    `ceph.sources`; it goes then, for apt misses nothing, and an empty one would only be filled again.
    Neighbours that differ in their suite alone, or in their type alone, are one stanza, unless a
    comment tells them apart. `Signed-By` is added to what comes from Debian's and Proxmox's own
    servers for the new release, as the installer has it, where that keyring holds its key and no other
    file has an entry of the same repository, for apt refuses two that differ.

    Manual where a `.sources` file of that name is there already, where `sources.list` has repositories
    of others, and where an entry says what a stanza cannot: quotes and percent signs, brackets with
    blanks in them, discs, an option without a field (`allow-insecure`, for instance), one that is there
    twice, a login (everybody may read the new file), CR and NUL; also where apt refuses the file. A
    disabled entry of that sort stays a comment.

    ## Guide

    the guide of the first hop has nothing on the format

    ## References

    sources.list(5); apt(8), modernize-sources; apt-pkg/sourcelist.cc
    """

    kinds = ("apt-list",)
    severity = "info"
    phase = "after-node"
    hops = ("8to9",)
    needs = ("deb",)

    def visit_File(self, tree):
        if not any(type(node).__name__ == "Entry" for node in tree.body):
            return
        from . import _apt_stanzas

        fix = None
        message = "the one-line format is deprecated (apt reads it until 2029 at least)"
        try:
            texts = self._texts(tree, _apt_stanzas)
        except _apt_stanzas.Unfit as unfit:
            where = "line %d: " % tree.position(unfit.node).line if unfit.node else ""
            message += "; --deb822 leaves it alone: %s%s" % (where, unfit.reason)
        else:
            names = ", ".join(path.rpartition("/")[2] for path, _ in texts)
            if self.project.settings.deb822:
                fix = Fix.safe("write %s instead" % names, *[
                    create_file(path, text) for path, text in texts], remove_file())
            else:
                message += "; fix --deb822 makes %s of it" % names
        self.report(None, message, fix)

    def _texts(self, tree, stanzas):
        """What takes the place of the file: list of (path, text)."""
        folder, name = self._place(stanzas.Unfit)
        is_main = name is None
        found, below = stanzas.read(tree, self._owner if is_main else lambda stanza: True)
        by_name, last = {}, None
        for stanza in found:
            last = self._owner(stanza) if is_main else name
            if last is None:
                raise stanzas.Unfit("it is neither Debian's nor Proxmox's: move it to a file of its "
                                    "own in sources.list.d", stanza.node)
            by_name.setdefault(last, []).append(stanza)
        for other in by_name:
            if self.facts.exists(folder + other) or self.project.file(folder + other):
                raise stanzas.Unfit("sources.list.d/%s is there already" % other, None)
        self._sign(found)
        return [(folder + other, stanzas.text_of(stanzas.merged(there), below if other == last else ()))
                for other, there in sorted(by_name.items())]

    def _place(self, unfit):
        """The folder of .sources files (str), and the name of the one that the file becomes (None where
        that depends on its entries)."""
        path, location = self.file.path, self.file.location or ""
        folder, slash, last = path.rpartition("/")
        above, real_name = folder + slash, self.facts.real_name
        if real_name(path) != real_name(folder) + slash + last:
            raise unfit("it is a link", None)
        if location == "apt/sources.list":
            return above + "sources.list.d/", None
        if location.startswith("apt/sources.list.d/") and location.endswith(".list"):
            return above, path[len(above):-len("list")] + "sources"
        raise unfit("it is in none of apt's places", None)

    def _owner(self, stanza):
        """The file (its name) that a repository of sources.list belongs in, None where nobody knows."""
        place, = [Location(uri) for uri in stanza.uris]
        if is_security(place) or is_debian(place):
            return "debian.sources"
        if vendor(place) != "Proxmox":
            return None
        if place.last.startswith("ceph-"):
            return "ceph.sources"
        return "pve-enterprise.sources" if "pve-enterprise" in stanza.components else "proxmox.sources"

    # -- keys --------------------------------------------------------------------------------------

    def _sign(self, found):
        """Name the keyring where that is safe."""
        by_release = {}
        for stanza in found:
            by_release.setdefault((place_of(stanza.uris[0]), stanza.suites[0]), []).append(stanza)
        others = self.project.once(releases, self.project)
        for release, there in by_release.items():
            keyrings = {self._keyring(stanza) for stanza in there}
            keyring, key = keyrings.pop()
            if keyrings or keyring is None:
                continue
            # An older one does not have the new release's key, which may be trusted otherwise.
            if not holds(self.project, key, below_root(self.facts, keyring)):
                continue
            if others is not None and others.get(release) == {self.file.path}:
                for stanza in there:
                    stanza.options.append(("Signed-By", keyring))

    def _keyring(self, stanza):
        """The keyring that has the keys of a repository, and the key that has to be there; (None, None)
        where nobody knows, or where the repository says itself what to trust."""
        place = Location(stanza.uris[0])
        if (place.scheme not in ("http", "https") or release_of(stanza.suites[0]) != self.hop.new
                or is_archive(place) or is_snapshot(place)
                or any(name in ("Signed-By", "Trusted") for name, _ in stanza.options)):
            return None, None
        if place.host in DEBIAN_HOSTS or place.host.startswith("ftp.") and place.host.endswith(".debian.org"):
            if is_security(place):
                return DEBIAN_KEYRING, self.hop.security_key
            return (DEBIAN_KEYRING, self.hop.debian_key) if is_debian(place) else (None, None)
        if place.host in PROXMOX_HOSTS:
            return self.hop.proxmox_keyring, self.hop.proxmox_key
        return None, None


def releases(scope):
    """The repositories (place of the URI, suite) that files below the root name, disabled ones too ->
    the paths of those files (set). None where they are too many."""
    from ._apt_stanzas import named

    found = {}
    for file in scope.all_of_kind("apt-list", "deb822"):
        if file.kind == "deb822":
            pairs = []
            for reading in scope.once(deb822.readings, file.tree):
                uris, suites = reading.words("uris"), reading.words("suites")
                if len(uris) * len(suites) > MANY:
                    return None
                pairs += [(uri, suite) for uri in uris for suite in suites]
        else:
            pairs = named(file.tree)
        for uri, suite in pairs:
            found.setdefault((place_of(uri), suite), set()).add(file.path)
    return found
