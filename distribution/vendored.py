"""The contents of wheels, and whose work they are under which licence, as their own metadata say."""

import re
import zipfile
from email.parser import Parser

__all__ = ["Wheel", "licences"]

#: Licences by their Debian names, and a sentence that tells each from the others.
_LICENCES = {
    "Expat": "Permission is hereby granted, free of charge, to any person obtaining a copy",
    "BSD-3-clause": "Neither the name of the copyright holder nor the names of its contributors",
}


class Wheel:
    """A wheel's metadata (``name``, ``version``, ``home``), ``files`` (path -> bytes, without what
    pip wants to know), ``shared`` (the same below ``share/``) and ``licence`` (its text)."""

    def __init__(self, path):
        self.files, self.shared, licences = {}, {}, []
        with zipfile.ZipFile(str(path)) as archive:
            for name in sorted(archive.namelist()):
                top, _, rest = name.partition("/")
                if name.endswith("/"):
                    continue
                if not top.endswith((".dist-info", ".data")):
                    self.files[name] = archive.read(name)
                elif rest.startswith("data/share/"):
                    self.shared[rest[len("data/share/"):]] = archive.read(name)
                elif rest == "METADATA":
                    metadata = Parser().parsestr(archive.read(name).decode("utf-8"))
                elif re.match("(?:licen[cs]es?/)?(?:LICEN[CS]E|COPYING)[^/]*$", rest, re.IGNORECASE):
                    licences.append(archive.read(name).decode("utf-8").replace("\r\n", "\n"))
        self.name, self.version = metadata["Name"], metadata["Version"]
        self.home = _home(metadata)
        if len(licences) != 1:
            raise ValueError("%s has %d licence files, and one is wanted" % (path, len(licences)))
        self.licence = licences[0].strip() + "\n"

    @property
    def licence_name(self):
        """The licence, by the name that Debian has for it."""
        text = " ".join(self.licence.split())
        for name, sentence in _LICENCES.items():
            if sentence in text:
                return name
        raise ValueError("%s has a licence that nobody has looked at" % self.name)

    @property
    def copyright(self):
        """Who has the copyright (list of str, years first)."""
        return re.findall(r"(?im)^copyright (?:\(c\) )?(.*\S)\s*$", self.licence)

    @property
    def terms(self):
        """The licence without its heading and its copyright lines (str)."""
        text = re.sub(r"(?im)^copyright .*\n", "", self.licence)
        return re.sub(r"\A\s*(?:The )?MIT License[^\n]*\n", "", text).strip() + "\n"


def _home(metadata):
    links = dict(re.split(", *", link, maxsplit=1) for link in metadata.get_all("Project-URL", []))
    return metadata["Home-page"] or links.get("Source") or links.get("Homepage")


def licences(wheels):
    """The text of a file that lists what is inside, and each licence in full (str)."""
    parts = ["What is in this file, and under which licence:\n\n" + "".join(
        "* %s %s (%s)%s\n" % (wheel.name, wheel.version, wheel.licence_name,
                              wheel.home and ", " + wheel.home or "") for wheel in wheels)]
    for wheel in wheels:
        title = "%s %s" % (wheel.name, wheel.version)
        parts.append("%s\n%s\n\n%s" % (title, "-" * len(title), wheel.licence))
    return "\n".join(parts)
