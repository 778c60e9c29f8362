"""Makes the Debian package: arch all, with what it needs in a folder of its own.

The tree is staged by hand and packed by dpkg-deb; debhelper would want a Debian machine of the same
release. What the maintainer scripts do is what dh_python3 has them do: byte-code is made for the
Python that is installed, again when that changes (a release upgrade), and removed with the package.
"""

import gzip
import hashlib
import io
import os
import subprocess
import tempfile
from email.utils import formatdate

__all__ = ["write"]

PRIVATE = "usr/share/pvemigrate"

_CONTROL = """\
Package: pvemigrate
Version: {version}
Architecture: all
Maintainer: {maintainer}
Installed-Size: {size}
Depends: python3 (>= 3.7)
Suggests: apt, augeas-tools
Section: admin
Priority: optional
Description: check and rewrite Proxmox VE configuration for a major upgrade
 A linter and lossless rewriter for the configuration files of a Proxmox VE
 node: APT sources, network interfaces, guests, storages, backup jobs, users
 and more. It finds what a major upgrade needs changed, says why, and makes
 the changes that need nobody's judgement, byte for byte and all or nothing,
 for the upgrades from 6 to 7, from 7 to 8 and from 8 to 9.
 .
 It works on the running node or on a copied tree, and needs no network.
"""

_START = """\
#!/usr/bin/python3 -I
import sys

sys.path.insert(0, "/{private}")

from pvemigrate.__main__ import main

main()
"""

_POSTINST = """\
#!/bin/sh
set -e

if [ "$1" = configure ] && command -v py3compile >/dev/null 2>&1; then
\tpy3compile -p pvemigrate /{private}
fi
"""

_PRERM = """\
#!/bin/sh
set -e

if command -v py3clean >/dev/null 2>&1; then
\tpy3clean -p pvemigrate
else
\tfind /{private} -type d -name __pycache__ -prune -exec rm -r {{}} +
fi
"""

_POSTRM = """\
#!/bin/sh
set -e

# The journal: the originals of what fix changed, for rollback.
if [ "$1" = purge ]; then
\trm -rf /var/lib/pvemigrate
fi
"""

_RTUPDATE = """\
#!/bin/sh
set -e

if [ "$1" = rtupdate ]; then
\tpy3clean -p pvemigrate /{private}
\tpy3compile -p pvemigrate /{private}
fi
"""

_CHANGELOG = """\
pvemigrate ({version}) unstable; urgency=medium

  * Release {upstream}. What has changed is in changelog.gz.

 -- {maintainer}  {date}
"""

_OVERRIDES = """\
# The package is built from its own repository and has no bug in Debian's tracker.
pvemigrate: initial-upload-closes-no-bugs *
# The folder of the Debian package, and in it that of the Python package.
pvemigrate: repeated-path-segment pvemigrate *
"""


def write(folder, wheels, date):
    """Build the package in *folder* from *wheels*, pvemigrate's own first; its path."""
    upstream = wheels[0].version
    facts = {"upstream": upstream, "version": upstream + "-1", "private": PRIVATE,
             "maintainer": _maintainer(), "date": formatdate(date)}
    files = _files(wheels, facts)
    facts["size"] = sum(-(-len(data) // 1024) for data, _ in files.values())
    facts["size"] += len({os.path.dirname(path) for path in files})  # as dpkg-gencontrol counts
    sums = "".join("%s  %s\n" % (hashlib.md5(files[path][0]).hexdigest(), path)  # noqa: S324
                   for path in sorted(files))
    control = {"control": (_CONTROL, 0o644), "postinst": (_POSTINST, 0o755),
               "prerm": (_PRERM, 0o755), "postrm": (_POSTRM, 0o755)}
    for name, (text, mode) in control.items():
        files["DEBIAN/" + name] = (text.format(**facts).encode("utf-8"), mode)
    files["DEBIAN/md5sums"] = (sums.encode("ascii"), 0o644)
    target = os.path.join(folder, "pvemigrate_%s_all.deb" % facts["version"])
    with tempfile.TemporaryDirectory() as stage:
        _stage(stage, files)
        # xz, since the dpkg of older releases knows no zstd; owners are root's, whoever builds.
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", stage, target],
                       stdout=subprocess.DEVNULL, check=True,
                       env=dict(os.environ, SOURCE_DATE_EPOCH=str(date), DPKG_DEB_THREADS_MAX="1"))
    return target


def _maintainer():
    """As Debian's own tools are told: DEBFULLNAME and DEBEMAIL."""
    return "%s <%s>" % (os.environ.get("DEBFULLNAME") or "the pvemigrate authors",
                        os.environ.get("DEBEMAIL") or "pvemigrate@pvemigrate.invalid")


def _files(wheels, facts):
    """Path -> (bytes, mode) of all that is installed."""
    files = {}
    for wheel in wheels:
        for name, data in wheel.files.items():
            files["%s/%s" % (PRIVATE, name)] = (data, 0o644)
    shared = wheels[0].shared
    documents = "usr/share/doc/pvemigrate/"
    for path, data in {
        "usr/share/man/man1/pvemigrate.1.gz": _packed(shared["man/man1/pvemigrate.1"]),
        "usr/share/bash-completion/completions/pvemigrate":
            shared["bash-completion/completions/pvemigrate"],
        "usr/share/zsh/vendor-completions/_pvemigrate": shared["zsh/site-functions/_pvemigrate"],
        "usr/share/fish/vendor_completions.d/pvemigrate.fish":
            shared["fish/vendor_completions.d/pvemigrate.fish"],
        documents + "copyright": _copyright(wheels).encode("utf-8"),
        documents + "changelog.gz": _packed(_changelog()),
        documents + "changelog.Debian.gz": _packed(_CHANGELOG.format(**facts).encode("utf-8")),
        "usr/share/lintian/overrides/pvemigrate": _OVERRIDES.encode("ascii"),
    }.items():
        files[path] = (data, 0o644)
    files["usr/bin/pvemigrate"] = (_START.format(**facts).encode("ascii"), 0o755)
    files["usr/share/python3/runtime.d/pvemigrate.rtupdate"] = (
        _RTUPDATE.format(**facts).encode("ascii"), 0o755)
    return files


def _packed(data):
    memory = io.BytesIO()
    # No name and no time; gzip.compress() writes another header in each version of Python.
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=memory, mtime=0) as file:
        file.write(data)
    return memory.getvalue()


def _changelog():
    path = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "CHANGELOG.md")
    with open(path, "rb") as file:
        return file.read()


def _copyright(wheels):
    """debian/copyright in its machine-readable form, from the licences that came with the wheels."""
    own, terms = wheels[0], {}
    text = ("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
            "Upstream-Name: %s\n" % own.name)
    for wheel in wheels:
        paths = ["*"] if wheel is own else sorted(
            {"%s/%s/*" % (PRIVATE, name.partition("/")[0]) for name in wheel.files})
        # Licences of one name may differ in a word: each text counts for itself.
        name = wheel.licence_name
        if terms.setdefault(name, wheel.terms).split() != wheel.terms.split():
            name = "%s-%s" % (name, wheel.name)
            terms[name] = wheel.terms
        text += "\nFiles: %s\nCopyright: %s\nLicense: %s\n" % (
            "\n ".join(paths), "\n ".join(wheel.copyright), name)
        if wheel is not own:
            text += "Comment: %s %s, %s\n" % (wheel.name, wheel.version, wheel.home)
    for name, licence in terms.items():
        text += "\nLicense: %s\n%s" % (name, "".join(
            " %s\n" % (line.rstrip() or ".") for line in licence.splitlines()))
    return text


def _stage(stage, files):
    os.chmod(stage, 0o755)
    for path, (data, mode) in files.items():
        target = os.path.join(stage, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(data)
        os.chmod(target, mode)
