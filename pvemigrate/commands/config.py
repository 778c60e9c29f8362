"""The configuration file: ``pvemigrate.toml``, or ``[tool.pvemigrate]`` of ``pyproject.toml``."""

import os
import sys

from ..output import FORMATS
from ..root import real_path
from ..settings import CPU_FORMULAS, PHASES, PVE_REPOSITORIES, SEVERITIES, Settings, UsageError
from .discovery import PROJECT, shown

__all__ = ["Config", "load_toml"]


def load_toml(path, data):
    """The document (dict) in the bytes of a file. Raises UsageError."""
    if sys.version_info >= (3, 11):
        import tomllib as reader
    else:
        try:
            import tomli as reader
        except ImportError:
            raise UsageError("%s: to read it, Python %d.%d needs the package tomli" % (
                (shown(path),) + sys.version_info[:2])) from None
    try:
        return reader.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError("%s: not UTF-8 (at line %d)" % (shown(path), line)) from None
    except ValueError as error:
        raise UsageError("%s: invalid TOML: %s" % (shown(path), error)) from None
    except RecursionError:
        raise UsageError("%s: nested too deeply" % shown(path)) from None


# -- values: each function takes one, and raises ValueError with what is wanted --------------------------


def _flag(value):
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _text(value):
    if not isinstance(value, str) or not value:
        raise ValueError("a text in quotes")
    return value


def _texts(value):
    """One text or a list of texts."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(
            isinstance(text, str) and text.strip(", ") for text in texts):
        raise ValueError("a text, or a list of texts")
    return tuple(texts)


def _choice(*known):
    def one(value):
        if value not in known or not isinstance(value, str):
            raise ValueError("one of " + ", ".join(known))
        return value
    return one


def _phases(value):
    return tuple(map(_choice(*PHASES + ("all", "auto")), _texts(value)))


def _table(value):
    if not isinstance(value, dict):
        raise ValueError("a table")
    return value


def _texts_by_name(value):
    if not all(isinstance(text, str) for text in _table(value).values()):
        raise ValueError("a table of texts")
    return value


#: Keys that a tree of its own may have too -> the option's name in the command, and what reads them.
_OF_A_TREE = {
    "hop": ("hop", _text),
    "phase": ("phases", _phases),
    "select": ("select", _texts),
    "ignore": ("ignore", _texts),
    "unsafe-fixes": ("unsafe_fixes", _flag),
    "mac": ("macs", _texts_by_name),
    "rename-nic": ("rename_nics", _texts_by_name),
    "rename-role": ("rename_roles", _texts_by_name),
    "vm-monitor": ("vm_monitor", _texts),
    "pin-nics": ("pin_nics", _flag),
    "pve-repo": ("pve_repo", _choice(*PVE_REPOSITORIES)),
    "archive": ("archive", _flag),
    "deb822": ("deb822", _flag),
    "cpu-formula": ("cpu_formula", _choice(*CPU_FORMULAS)),
    "inline-ignores": ("inline_ignores", _flag),
}
#: Those of the whole run.
_OF_A_RUN = dict(_OF_A_TREE, **{
    "plugin": ("plugins", _texts),
    "fail-on": ("fail_on", _choice(*SEVERITIES)),
    "output-format": ("output_format", _choice(*FORMATS)),
    "per-file-ignores": (None, _table),
    "roots": (None, _table),
})
#: Options whose values are tables: these are put together, of all others the last one counts.
TABLES = ("macs", "rename_nics", "rename_roles")


class Config:
    """What a configuration file asks for. Raises UsageError.

    ``options``: option -> value as the command line gives it, but dicts for ``TABLES``. ``roots``:
    directory -> the same for the tree there. ``per_file_ignores``: pattern -> codes.
    """

    def __init__(self, path, data):
        self.name = shown(path)
        self.folder = real_path(os.path.dirname(path))
        document = load_toml(path, data)
        self.is_empty = False
        if os.path.basename(path) == PROJECT:
            tools = document.get("tool", {})
            self.is_empty = not isinstance(tools, dict) or "pvemigrate" not in tools
            document = {} if self.is_empty else tools["pvemigrate"]
            self._prefix = "tool.pvemigrate."
        else:
            self._prefix = ""
        if not isinstance(document, dict):
            self._complain("", "a table is wanted")
        self.options = self._read(document, _OF_A_RUN, "")
        self.per_file_ignores = {}
        for pattern, codes in document.get("per-file-ignores", {}).items():
            where = "per-file-ignores.%s" % pattern
            if not pattern.strip("/") or pattern.startswith("/"):
                self._complain(where, "a pattern begins below this directory or below a root, "
                                      "without a slash")
            self.per_file_ignores[pattern] = self._value(where, _texts, codes)
        self.roots = {}
        for folder, table in document.get("roots", {}).items():
            where = "roots.%s" % folder
            real = real_path(os.path.join(self.folder, folder))
            if not os.path.isdir(real):
                self._complain(where, "no such directory: %s" % shown(real))
            self.roots[real] = self._read(self._value(where, _table, table), _OF_A_TREE, where + ".")
        for options in [self.options, *self.roots.values()]:
            self._check(options)

    def _complain(self, where, text):
        where = (self._prefix + where).rstrip(".")
        raise UsageError(self.name + ": " + (where and where + ": ") + text)

    def _read(self, table, known, before):
        found = {}
        for key, value in table.items():
            if key not in known:
                from difflib import get_close_matches

                near = get_close_matches(key.replace("_", "-").lower(), known, 1)
                self._complain(before + key, "unknown key%s" % (
                    "; %s is one" % near[0] if near else "; known are: " + ", ".join(known)))
            option, read = known[key]
            value = self._value(before + key, read, value)
            if option:
                found[option] = value
        return found

    def _value(self, where, read, value):
        try:
            return read(value)
        except ValueError as error:
            self._complain(where, "%s is wanted" % error)

    def _check(self, options):
        names = {option: key for key, (option, _) in _OF_A_TREE.items()}
        for option, value in options.items():
            if option in names and option != "inline_ignores":
                try:
                    Settings(**{option: value})
                except UsageError as error:
                    self._complain(names[option], str(error))

    def codes(self):
        """All codes that the file names: (where, list of codes) of each list."""
        from ..settings import split_codes

        for options in [self.options, *self.roots.values()]:
            for name in ("select", "ignore"):
                if name in options:
                    yield name, split_codes(options[name])
        for pattern, codes in self.per_file_ignores.items():
            yield "per-file-ignores.%s" % pattern, split_codes(codes)

    def options_for(self, root=None):
        """What is asked for in the tree at *root* (a directory without links), or in general."""
        asked = dict(self.options)
        for option, value in self.roots.get(root, {}).items():
            asked[option] = dict(asked.get(option, {}), **value) if option in TABLES else value
        return asked
