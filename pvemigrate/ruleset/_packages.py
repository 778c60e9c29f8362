"""What the rules on installed packages share: where dpkg's status file speaks of one."""

import re

from ..cst import File, Token, raw_line
from ..facts import DPKG_STATUS
from ..formats import decode
from ..source import SourceFile

__all__ = ["place_of"]


def place_of(scope, package, field="Package"):
    """Where an installed package's *field* stands in dpkg's status file: (file, token of its value).

    The file has some MB and only this line is of interest, so what is before and behind it is one
    piece each.
    """
    data = scope.facts.get(DPKG_STATUS) or b""
    code, version = decode(data), scope.facts.package(package)
    wanted = re.compile("(?m)^Version:[ \t]*%s[ \t\r]*$" % re.escape(version or ""))
    place = re.compile("(?m)^%s:[ \t]*([^ \t\r\n][^\n]*)$" % field)
    ending = re.compile("\n(?=\n)|\\Z")
    end = 0
    for match in re.finditer("(?m)^Package:[ \t]*%s[ \t\r]*$" % re.escape(package), code):
        # A paragraph is looked into once, however often it names the package.
        if match.start() < end:
            continue
        start = code.rfind("\n\n", end, match.start()) + 1 or end
        end = ending.search(code, match.end()).start()
        found = place.search(code, start, end)
        if found and wanted.search(code, start, end):
            return _located(data, code, *found.span(1))
    return DPKG_STATUS, None


def _located(data, code, start, end):
    from ..formats.text import Line

    first = code.rfind("\n", 0, start) + 1
    last = code.find("\n", end) + 1 or len(code)
    body = [raw_line(Line, text) for text in (code[:first], code[first:last], code[last:]) if text]
    line = body[1 if first else 0]
    file = SourceFile(DPKG_STATUS, "text", data)
    file._tree = File("text", code, body, data)
    return file, Token(code[start:end], line, start - first)
