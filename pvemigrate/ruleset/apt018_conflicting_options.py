import re

from ..formats.deb822 import Stanza
from ._apt import AptRule, place_of, sources
from ._apt_node import option_token

#: Options that all entries of one repository must have alike: each is on, off or not said.
SWITCHES = ("trusted", "check-valid-until", "check-date")
#: Numbers; what is not said, is 0 or is no number counts only behind an entry that has one.
NUMBERS = ("valid-until-min", "valid-until-max", "date-max-future")
#: Words of one-line entries alone: on or not.
FLAGS = ("allow-insecure", "allow-weak", "allow-downgrade-to-insecure")

#: More repositories than any stanza means; they are not looked at one by one.
MANY = 10000
#: The only one that Proxmox VE runs on.
ARCHITECTURE = "amd64"


class ConflictingOptions(AptRule):
    """
    ## What it finds

    Two enabled entries of one repository (the same server, path and suite, whatever scheme, login
    and components) that differ in an option which apt wants to be the same: `signed-by`, `trusted`,
    `check-valid-until`, `valid-until-min`, `valid-until-max`, `check-date`, `date-max-future`,
    `allow-insecure`, `allow-weak`, `allow-downgrade-to-insecure`, `inrelease-path`. One that is
    not there differs too, but for `signed-by` and the numbers in the entry that apt reads first.

    ## Why it matters

    apt then reads none of its entries, no other file either, and neither update nor dist-upgrade
    starts.

    ## Example

    ```
    deb [signed-by=/etc/apt/debian.gpg] http://deb.debian.org/debian buster main
    deb http://deb.debian.org/debian buster non-free
    ```

    ## When the fix is safe

    Never: which key or which trust is right, nobody but the administrator knows. The finding stands
    at the later entry, in the order in which apt reads (`sources.list`, then `sources.list.d` by
    name). That two entries would differ once their suites are switched is said where that switch is
    due (APT001 to APT004).

    ## Guide

    Update the configured APT repositories

    ## References

    sources.list(5); apt-pkg/deb/debmetaindex.cc
    """

    phase = "before"

    def visit_Entry(self, entry):
        """Nothing: what matters is all entries together."""

    visit_Stanza = visit_Entry

    def check_project(self, project):
        found = [(file, source, settings_of(source))
                 for file, source in project.once(sources, project)]
        if all(mine == found[0][2] for _, _, mine in found):
            return
        known = {}
        for file, source, mine in found:
            if len(source.uris) * len(source.suites) > MANY:
                continue
            said = set()
            for uri in source.uris:
                for suite in source.suites:
                    theirs = known.setdefault(release_file(uri.text, suite.text), {})
                    for name, value in mine.items():
                        if name not in theirs or not theirs[name][0] and not is_strict(name):
                            theirs[name] = (value, file, source)
                        elif theirs[name][0] != value and name not in said:
                            said.add(name)
                            if project.owns(file):
                                self.say(file, source, suite, name, theirs[name])

    def say(self, file, source, suite, name, other):
        """Report that *source* differs in option *name* from *other*, (value, file, source)."""
        _, other_file, other_source = other
        line = other_file.tree.position(other_source.node).line
        item = option_token(source.node, name)
        there = other_source.options.get(name)
        here = source.options.get(name)
        self.report(suite.token if item is None else item,
                    "because of this entry apt refuses all its sources: %s is %s here and %s in the "
                    "entry of the same repository in %s, line %d; make them the same" % (
                        name, shown(here), shown(there), other_file.path, line), file=file)


def shown(value):
    """The value of an option (str or None) as a message has it."""
    return "not set" if value is None else " ".join(value.split())


def release_file(uri, suite):
    """What apt knows a repository by: the place of its Release file."""
    uri = uri.replace("$(ARCH)", ARCHITECTURE)
    # apt adds the slash at the end where there is none, and keeps several.
    slashes = max(len(uri) - len(uri.rstrip("/")), 1)
    suite = suite.replace("$(ARCH)", ARCHITECTURE) if suite.endswith("/") else "dists/%s/" % suite
    return place_of(uri) + "/" * slashes + suite


def is_strict(name):
    """Whether an option that the first entry does not set may not be set by later ones either."""
    return name in SWITCHES or name in FLAGS or name == "inrelease-path"


def settings_of(source):
    """What apt makes of the options that matter: dict of name -> value."""
    options = source.options
    found = {"signed-by": keys(options.get("signed-by", ""))}
    for name in SWITCHES:
        found[name] = None if name not in options else is_true(options[name])
    for name in NUMBERS:
        found[name] = number(options.get(name, ""))
    if not isinstance(source.node, Stanza):
        for name in FLAGS:
            found[name] = is_true(options.get(name, ""))
        found["inrelease-path"] = options.get("inrelease-path")
    else:
        # apt has no fields for these.
        found.update(dict.fromkeys(FLAGS, False))
        found["inrelease-path"] = None
    return found


def keys(value):
    """A signed-by as apt compares it: its words, fingerprints in capitals."""
    words = [word for word in re.split("[, \t\r\f\v\n]+", value) if word]
    return ",".join(word if word.startswith("/") else word.upper() for word in words)


def is_true(value):
    """Whether apt takes *value* (str) for a yes; an unknown word is a no."""
    if re.match("[-+]?(?:0*1|0[xX]0*1)\\Z", value):
        return not value.startswith("-")
    return value.lower() in ("yes", "true", "with", "on", "enable")


def number(value):
    """The number that *value* (str) begins with, 0 where it does not."""
    match = re.match("[ \t\r\f\v\n]*([-+]?)0*([0-9]{0,19})", value)
    return int(match.group(1) + (match.group(2) or "0"))
