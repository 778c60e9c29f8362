from ..cst import Token
from ..edit import Fix, insert_after, replace
from ..formats.deb822 import Continuation, FieldLine, Stanza
from ..repositories import CEPH_SERVERS, ENTERPRISE_HOST
from ._apt import AptRule, any_of, conflict, is_at, is_pve_entry, moved, place_of
from ._apt_node import Addition, binary_sources

#: What the tree of a node holds when its /etc has not been copied by halves.
WHOLE = ("hostname", "passwd", "debian_version", "fstab")


class EnterpriseWithoutSubscription(AptRule):
    """
    ## What it finds

    Enabled entries of `pve-enterprise`, and of the component `enterprise` of a Ceph repository, on
    Proxmox's own server, where `etc/subscription` is not there or does not hold an active key. Mirrors
    ask for no key and are left out, and so are entries whose URI, or whose `auth.conf`, brings
    credentials of its own while there is no `etc/subscription`. Where it may just not have been copied
    (no dpkg status, no `etc/hostname` either), an info says so, once.

    ## Why it matters

    That server answers `401 Unauthorized` without an active key, so `apt update` fails, and
    dist-upgrade finds none of the packages of the new Proxmox VE.

    ## Example

    ```
    deb https://enterprise.proxmox.com/debian/pve buster pve-enterprise
    ```

    becomes, with `--pve-repo no-subscription`,

    ```
    # deb https://enterprise.proxmox.com/debian/pve buster pve-enterprise
    ```

    and `pve-no-subscription.list` gets

    ```
    deb http://download.proxmox.com/debian/pve buster pve-no-subscription
    ```

    (In the hop 8to9 it is a stanza in `proxmox.sources`.) An entry

    ```
    deb https://enterprise.proxmox.com/debian/ceph-squid bookworm enterprise
    ```

    becomes

    ```
    deb http://download.proxmox.com/debian/ceph-squid bookworm no-subscription
    ```

    ## When the fix is safe

    `--pve-repo no-subscription` says that the node is to go without a subscription. The entry is
    disabled (`# ` before the line, `Enabled: no` in a stanza) and, where no other repository of
    Proxmox VE is enabled for the same release, the one without subscription is added for it in the
    same step, so that the node is never without one. An entry of Ceph gets the URI and the component
    that need no key, unless there is such an entry already: then it is disabled. Manual where the
    entry also names other components, places or releases. The key is looked at (first line of the
    file, and whether the status in what follows is active) and never shown; whether it has run out
    since is not checked.

    ## Guide

    Update the configured APT repositories

    ## References

    PVE::Subscription (read_subscription); Proxmox VE administration guide, "Package Repositories"
    """

    severity = "warning"
    phase = "before"
    needs = any_of("enterprise")

    def __init__(self):
        super().__init__()
        self._said = False

    def check_source(self, source):
        word = next((word for word, place in zip(source.uris, source.locations)
                     if ENTERPRISE_HOST in place.hosts), None)
        if (word is None or not any(word.text == "pve-enterprise" for word in source.components)
                and not is_ceph(source) or not any(word.text == "deb" for word in source.types)):
            return
        state = self.subscription
        if state == "none" and (has_credentials(word.text) or self.has_login):
            return
        if state == "unknown":
            if not self._said and self.facts.exists(self.file.path):
                self._said = True
                self.report(word.token, "whether this node has a subscription, which this repository "
                            "asks for, is not known: there is no %s" % self.path, severity="info")
        elif state != "active":
            reason = ("there is no %s" if state == "none"
                      else "%s holds no active key") % self.path
            message = "this repository asks for a subscription, and %s" % reason
            fix, hint = self.fix_ceph(source) if is_ceph(source) else self.fix(source)
            self.report(word.token, "%s; %s" % (message, hint) if hint else message, fix)

    @property
    def path(self):
        """Where Proxmox VE keeps the key."""
        return self.facts.etc + "subscription"

    @property
    def subscription(self):
        """What is known of a subscription: active, inactive, none or unknown (str)."""
        return self.facts.once("subscription", self._find_subscription)

    def _find_subscription(self):
        file = self.project.text(self.path, secret=True)
        if file is not None:
            return "active" if is_active(file.data) else "inactive"
        etc = self.facts.etc
        if self.facts.exists(self.path) or not (self.facts.has_dpkg or any(
                self.facts.exists(etc + name) for name in WHOLE)):
            return "unknown"
        return "none"

    @property
    def has_login(self):
        """Whether apt has a login for the server from one of its files for that (apt_auth.conf(5))."""
        folder = self.facts.etc + "apt/auth.conf.d"
        names = ["%s/%s" % (folder, name) for name in self.facts.listdir(folder)]
        for path in [self.facts.etc + "apt/auth.conf"] + names:
            file = self.project.text(path, secret=True)
            if file is not None and ENTERPRISE_HOST.encode() in file.data:
                return True
        return False

    def fix(self, source):
        """The fix (None where it is manual), and what to do instead (None where there is one)."""
        if self.project.settings.pve_repo != "no-subscription":
            return None, ("enter a key, or disable the entry and use pve-no-subscription "
                          "(--pve-repo no-subscription does both)")
        releases = list(self.hop.proxmox.items())[0]
        suites = {word.text for word in source.suites}
        if (source.ambiguous or len(suites) != 1 or not suites.issubset(releases)
                or any(word.text != "pve-enterprise" for word in source.components)
                or not source.is_everywhere(lambda place: ENTERPRISE_HOST in place.hosts)):
            return None, "the entry is not about pve-enterprise alone: disable it by hand"
        suite, = suites
        changes = disable(source.node)
        if changes is None:
            return None, "what the stanza says of Enabled is neither yes nor no: disable it by hand"
        if suite not in self.project.once(other_suites, self.project):
            addition = Addition(self.project, self.hop, "no-subscription", suite)
            if addition.changes is None:
                return None, "%s: disable the entry by hand and add `%s`" % (
                    addition.reason, addition.entry)
            changes += addition.changes
        return Fix.safe("disable the entry and use pve-no-subscription", *changes), None

    def fix_ceph(self, source):
        """The same for an entry of Ceph."""
        hop = self.hop
        if self.project.settings.pve_repo != "no-subscription":
            return None, ("enter a key, or use the component no-subscription of download.proxmox.com "
                          "(--pve-repo no-subscription does)")
        suites = {word.text for word in source.suites}
        if (source.ambiguous or len(suites) != 1 or not suites.issubset((hop.old, hop.new))
                or [word.text for word in source.components] != ["enterprise"] or len(source.uris) != 1
                or not is_at(CEPH_SERVERS["enterprise"], source.uris[0].text)):
            return None, "the entry is not about enterprise alone: change it by hand"
        suite, = suites
        uri = moved(source.uris[0].text, "no-subscription")
        there = any(is_ceph_there(other, uri, suite)
                    for _, other in self.project.once(binary_sources, self.project))
        if there:
            changes = disable(source.node)
            if changes is None:
                return None, "what the stanza says of Enabled is neither yes nor no: disable it by hand"
            return Fix.safe("disable the entry", *changes), None
        reason = conflict(self.project, hop, source, [uri.rstrip("/")], suite,
                          hop.proxmox.get(suite, suite))
        if reason:
            return None, reason
        return Fix.safe("use the component no-subscription of download.proxmox.com",
                        replace(source.uris[0].token, uri),
                        replace(source.components[0].token, "no-subscription")), None


def is_ceph_there(source, uri, suite):
    """Whether *source* is the repository at *uri* (str) for *suite* (str) without subscription."""
    return (any(place_of(word.text) == place_of(uri) for word in source.uris)
            and any(word.text == suite for word in source.suites)
            and any(word.text == "no-subscription" for word in source.components))


def is_ceph(source):
    """Whether *source* is one of Proxmox's Ceph repositories that ask for a subscription."""
    return (any(word.text == "enterprise" for word in source.components)
            and source.is_everywhere(lambda place: place.last.startswith("ceph-")))


def other_suites(scope):
    """The suites (set of str) for which a repository of Proxmox VE other than pve-enterprise is
    enabled."""
    return {word.text for _, source in scope.once(binary_sources, scope)
            if is_pve_entry(source)
            and any(word.text != "pve-enterprise" for word in source.components)
            for word in source.suites}


def has_credentials(uri):
    """Whether a URI (str) brings a login."""
    return "@" in uri.partition("//")[2].partition("/")[0]


def is_active(data):
    """Whether the bytes of a subscription file hold a key and, in JSON inside base64 (third line to
    end; the second is a checksum), the status active: Proxmox VE 6 writes Active, 7.x active."""
    from binascii import Error, a2b_base64
    from json import loads

    lines = data.split(b"\n", 2)
    if len(lines) < 3 or not lines[0].strip(b" \t\r"):
        return False
    try:
        info = loads(a2b_base64(lines[2]).decode("utf-8"))
    except (Error, ValueError, RecursionError):
        return False
    status = info.get("status") if isinstance(info, dict) else None
    return isinstance(status, str) and status.lower() == "active"


def disable(node):
    """The changes (list) that make an Entry a comment, or a Stanza one that apt does not use; None
    where the stanza says neither yes nor no."""
    if not isinstance(node, Stanza):
        code = node.code.rstrip("\r\n")
        # The line as a whole: nothing else is to be changed in it once it is disabled.
        return [replace(Token(code, node, 0), "# " + code)]
    field = node.get("enabled")
    if field is not None:
        words = field.words()
        return [replace(words[0], "no")] if len(words) == 1 else None
    last = [line for part in node.body for line in (part.header,) + part.body
            if isinstance(line, (FieldLine, Continuation))][-1]
    return [insert_after(last, "Enabled: no")]
