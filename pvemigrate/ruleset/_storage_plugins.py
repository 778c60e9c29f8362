"""Third-party storage plugins: what can be read off them without running them."""

import re

from ..lazy import lazy

__all__ = ["Plugin"]

_COMMENT = lazy("(?m)(?:^|(?<=[ \t;{}]))#[^\n]*")
_SUB = "sub[ \t\r\n]+%s[ \t\r\n]*(?:\\([^()]*\\)[ \t\r\n]*)?\\{([^{}]*)\\}"
_API = lazy(_SUB % "api")
_TYPE = lazy(_SUB % "type")
_RETURN = lazy("[ \t\r\n]*(?:return[ \t\r\n]*)?(?:([0-9]{1,9})|([A-Za-z_][A-Za-z0-9_]*)"
               "|'([^'\n]*)'|\"([^\"$@\n]*)\")[ \t\r\n]*;?[ \t\r\n]*")
_CONSTANT = "use[ \t]+constant[ \t]+%s[ \t]*=>[ \t]*([0-9]{1,9})[ \t]*;"


class Plugin:
    """A storage plugin of somebody else: its ``path``, the ``api`` version that it says it is for
    (int) and the storage ``type`` that it brings (str); None for what cannot be read off it."""

    __slots__ = ("path", "api", "type")

    def __init__(self, path, data):
        text = _COMMENT.sub("", (data or b"").decode("utf-8", "replace"))
        self.path = path
        self.api = self.type = None
        found = _RETURN.fullmatch(_body(_API, text))
        if found and found.group(1):
            self.api = int(found.group(1))
        elif found and found.group(2):
            constant = re.search(_CONSTANT % found.group(2), text)
            self.api = int(constant.group(1)) if constant else None
        found = _RETURN.fullmatch(_body(_TYPE, text))
        if found:
            self.type = found.group(3) or found.group(4)


def _body(pattern, text):
    found = pattern.findall(text)
    return found[0] if len(found) == 1 else "?"
