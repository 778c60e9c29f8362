"""Markdown laid out for a terminal: what the rules' documentation uses of it (headings, paragraphs, lists,
code in a line and in blocks, bold, links)."""

import re

from . import paint, visible

__all__ = ["layout"]

_SPAN = re.compile(r"``(?P<long>.+?)``|`(?P<code>[^`]+)`|\*\*(?P<bold>[^*]+)\*\*"
                   r"|\[(?P<text>[^]`]+)\]\((?P<link>[^)]*)\)", re.DOTALL)
_ITEM = re.compile(r" *(?:[*+-]|[0-9]+[.]) +")


def layout(text, width, color=False):
    """The lines (list of str) of a Markdown text, none longer than *width* where it can be broken.
    Headings stand at the margin, all else is indented. *color*: mark code and headings by colours; else
    code in a line stands in quotes."""
    lines = []
    for kind, indent, content in _blocks(visible(text)):
        if kind == "heading":
            lines.append(paint(content, "code", color))
        elif kind == "code":
            lines.append("      " + paint(content, "literal", color) if content else "")
        elif kind == "blank":
            lines.append("")
        else:
            lead = "  " + indent
            lines.extend(_filled(content, lead + ("- " if kind == "item" else ""),
                                 lead + ("  " if kind == "item" else ""), width, color))
    return lines


def _blocks(text):
    """(kind, indentation, text): heading, code (a line of it), blank, item (of a list) or paragraph."""
    in_code, open_block = False, None
    for line in text.split("\n"):
        is_fence = line.lstrip(" ").startswith("```")
        item = _ITEM.match(line)
        if open_block and not in_code and line.strip() and not (
                is_fence or item or line.startswith("#")):
            open_block[2] += "\n" + line.strip()
            continue
        if open_block:
            yield tuple(open_block)
            open_block = None
        if is_fence:
            in_code = not in_code
        elif in_code:
            yield "code", "", line
        elif not line.strip():
            yield "blank", "", ""
        elif line.startswith("#"):
            yield "heading", "", line.lstrip("#").strip()
        elif item:
            blanks = len(line) - len(line.lstrip(" "))
            open_block = ["item", " " * blanks, line[item.end():].strip()]
        else:
            open_block = ["paragraph", "", line.strip()]
    if open_block:
        yield tuple(open_block)


def _filled(text, first, others, width, color):
    """Words in lines that are no longer than *width*; the first begins with *first*, the rest with
    *others*."""
    line, length, begun = first, len(first), False
    for size, word in _words(text, color):
        if begun and length + 1 + size > width:
            yield line
            line, length, begun = others, len(others), False
        line += (" " if begun else "") + word
        length += begun + size
        begun = True
    yield line


def _words(text, color):
    """The words of a text as (how wide, as they are printed)."""
    pieces, at = [], 0
    for span in _SPAN.finditer(text):
        pieces.append((text[at:span.start()], None))
        code = span.group("long") or span.group("code")
        if code:
            code = " ".join(code.split())
            pieces.append((code if color else "'%s'" % code, "literal"))
        elif span.group("bold"):
            pieces.append((span.group("bold"), "code"))
        else:
            pieces.append(("%s (%s)" % span.group("text", "link"), None))
        at = span.end()
    pieces.append((text[at:], None))
    size, word = 0, ""
    for piece, style in pieces:
        for number, part in enumerate(re.split("[ \n]+", piece)):
            if number and size:
                yield size, word
                size, word = 0, ""
            size += len(part)
            word += paint(part, style, color) if style else part
    if size:
        yield size, word
