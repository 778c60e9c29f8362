"""What the rules on installed packages share: where dpkg's status file speaks of one."""

import re

from ..cst import File, Token, raw_line
from ..facts import DPKG_STATUS
from ..formats import decode
from ..formats.text import Line
from ..source import SourceFile

__all__ = ["place_of"]

_END = re.compile("\n(?=\n)|\\Z")


def place_of(scope, package, field="Package"):
    """Where an installed package's *field* stands in dpkg's status file: (file, token of its value).

    The file has some MB and only this line is of interest, so what is before and behind it is one
    piece each.
    """
    data = scope.facts.get(DPKG_STATUS) or b""
    code, version, end = decode(data), scope.facts.package(package), 0
    for match in re.finditer("(?m)^Package: %s$" % re.escape(package), code):
        if match.start() < end:
            continue  # in a paragraph that has been looked at
        start = code.rfind("\n\n", 0, match.start()) + 2 if match.start() else 0
        start = 0 if start == 1 else start
        end = _END.search(code, match.end()).start()
        found = re.compile("(?m)^%s: *([^ \n][^\n]*)$" % field).search(code, start, end)
        if found and re.compile("(?m)^Version: *%s *$" % re.escape(version or "")).search(
                code, start, end):
            return _located(data, code, *found.span(1))
    return DPKG_STATUS, None


def _located(data, code, start, end):
    first = code.rfind("\n", 0, start) + 1
    last = code.find("\n", end) + 1 or len(code)
    body = [raw_line(Line, text) for text in (code[:first], code[first:last], code[last:]) if text]
    line = body[1 if first else 0]
    file = SourceFile(DPKG_STATUS, "text", data)
    file._tree = File("text", code, body, data)
    return file, Token(code[start:end], line, start - first)
