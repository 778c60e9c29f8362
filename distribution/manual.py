"""The man page, made of what the command says.

Commands and options come from click's objects, so that the page and --help have one text; the files
from the kinds that there are. The rest stands here; what the README tells too is held against that by
a test (a README can be edited without a thought of the build). The page is written in the man macros
(man-pages(7)), which groff and mandoc both read.
"""

import re
import textwrap
import time

import click

__all__ = ["ENVIRONMENT", "EXAMPLES", "PHASES", "STATUS", "page"]

_SYNOPSIS = "[\\fB\\-\\-help\\fR] [\\fB\\-\\-version\\fR] \\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]..."

_DESCRIPTION = """\
Everything else in a file stays as it is, byte for byte. A run of `fix` is all or nothing, and `rollback`
takes it back. Nothing is asked from the network and no service is touched.

Without a *PATH* the running node is worked on, or the file system below `--root`. *PATH* is a file, a
directory that holds one or many copied trees, or `-` for standard input (with `--kind`).

The upgrades from 6 to 7, from 7 to 8 and from 8 to 9 are judged one at a time (`--hop`); `plan` shows what
several in a row would change. A change is made only when its phase has come:"""

PHASES = {
    "before": "still on the old release, at any time",
    "switch": "right before `apt dist-upgrade`",
    "after-node": "this node runs the new release",
    "after-cluster": "all nodes run the new release",
}

STATUS = {
    "0": "nothing left to do",
    "1": "errors or warnings remain that are due now, or `--diff` showed a change",
    "2": "wrong usage, a file that cannot be read or written, an internal error",
}

_AFTER_STATUS = """\
What waits for a later phase and what is merely info does not count. `--fail-on` moves that bar."""

#: Name -> what it does. (A test looks for names that are read and do not stand here.)
ENVIRONMENT = {
    "COLUMNS": "How wide the terminal is taken to be by `--help` and `explain`.",
    "GITHUB_WORKSPACE": "With `--output-format github`, paths below this directory are told from there.",
    "NO_COLOR": "If it is set and not empty, no colours unless `--color always` is given.",
    "PATH": "Where `fix --verify` looks for programs that read the results. Folders that others than "
            "root can write to are left out.",
    "PVEMIGRATE_CACHE": "Only `pvemigrate.pyz`: the folder for its byte-code, instead of "
                        "`pvemigrate` in *XDG_CACHE_HOME* or `~/.cache`. Empty: none is kept.",
    "SUDO_UID": "Under sudo, a configuration file of this user counts too.",
    "XDG_CACHE_HOME": "Only `pvemigrate.pyz`: see *PVEMIGRATE_CACHE*.",
}

_FILES = """\
These are read and, by `fix`, written; all below the root. Others (`var/lib/dpkg/status`, `etc/hosts`,
certificates and more) are only read."""

_MORE_FILES = {
    "pvemigrate.toml": "The configuration: options by their names, without hyphens before them. Looked for "
                       "in the working directory and above it.",
    "pyproject.toml": "The same in a section `[tool.pvemigrate]`.",
    "pvemigrate-ignore.toml": "Findings that are accepted (`check --generate-ignore` writes it).",
    "/var/lib/pvemigrate/": "The journal of each run of `fix`, for `rollback`.",
    "~/.cache/pvemigrate/": "The byte-code of `pvemigrate.pyz`. It may be removed while no pvemigrate "
                            "runs.",
}

EXAMPLES = {
    "pvemigrate check": "this node: report, write nothing",
    "pvemigrate fix --diff": "what would be written",
    "pvemigrate fix --interactive": "ask before each fix",
    "pvemigrate fix": "write it",
    "pvemigrate rollback": "take the last run of fix back",
    "pvemigrate fix --diff --phase switch --select APT": "repositories, right before the upgrade",
    "pvemigrate check --hop 8to9": "for the upgrade from 8 to 9",
    "pvemigrate plan --to 9": "what each upgrade up to 9 would change",
    "pvemigrate explain NET001": "why, and when its fix is safe",
}

_SEE_ALSO = ("apt-get(8), interfaces(5), sources.list(5), lxc.container.conf(5); on a node pve6to7(1), "
             "pve7to8(1) or pve8to9(1), pct.conf(5), qm.conf(5)")


def page(main, kinds, version, date):
    """The page (str): *main*, the click group; *kinds*: path below ``etc/`` -> names of its kinds;
    *date*, seconds since 1970."""
    out = [
        '.\\" Made from the command by distribution/manual.py; do not edit.',
        ".TH PVEMIGRATE 1 %s %s" % (time.strftime("%Y-%m-%d", time.gmtime(date)),
                                    _quote("pvemigrate " + version)),
        ".SH NAME", "pvemigrate \\- " + _text(_first_clause(main.help)),
        ".SH SYNOPSIS", ".B pvemigrate", _SYNOPSIS,
        ".SH DESCRIPTION", _text(main.help), ".PP", *_paragraphs(_DESCRIPTION), *_items(PHASES),
        ".SH COMMANDS", *_commands(main),
        ".SH EXIT STATUS", *_items(STATUS), ".PP", *_paragraphs(_AFTER_STATUS),
        ".SH ENVIRONMENT", *_items(ENVIRONMENT),
        ".SH FILES", *_paragraphs(_FILES)]
    for path, names in sorted(kinds.items()):
        out += _item("\\fI/etc/%s\\fR" % _escape(path), "kind " + _escape(" or ".join(names)))
    for path, meaning in _MORE_FILES.items():
        out += _item("\\fI%s\\fR" % _escape(path), _text(meaning))
    out += [".SH EXAMPLES", *_items({command: meaning[:1].upper() + meaning[1:] + "."
                                     for command, meaning in EXAMPLES.items()})]
    out += [".SH SEE ALSO", _references(_SEE_ALSO)]
    return "".join(_filled(line) for line in out)


# -- what the command says -------------------------------------------------------------------------


#: How many options two commands share before they are told of once.
_MANY = 8


def _commands(main):
    context = click.Context(main, info_name="pvemigrate")
    seen, out = {}, []
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        out += [".SS " + _quote("%s %s" % (name, " ".join(_usage(command)))),
                *_paragraphs(command.help)]
        own = {_key(option): option for option in _options(command)}
        before = [other for other, options in seen.items() if len(options.keys() & own) >= _MANY]
        known = seen[before[0]] if before else {}
        if known:
            lacking = sorted(_names(known[key]) for key in known.keys() - own)
            line = "Takes the options of \\fB%s\\fR too." % _escape(before[0])
            if len(lacking) > len(known) // 10:
                line = "Of the options of \\fB%s\\fR it takes %s." % (
                    _escape(before[0]), ", ".join(sorted(_names(known[key]) for key in known.keys() & own)))
            elif lacking:
                line += " (Not %s.)" % ", ".join(lacking)
            out += [".PP", line]
        for option in _options(command):
            if _key(option) not in known:
                out += _item(_names(option), _text(_help(option)))
        seen[name] = own
    return out


def _options(command):
    return [param for param in command.params
            if isinstance(param, click.Option) and not param.hidden]


def _usage(command):
    arguments = [param.metavar or param.name.upper() for param in command.params
                 if isinstance(param, click.Argument)]
    return (["[OPTION]..."] if _options(command) else []) + arguments


def _key(option):
    return (tuple(option.opts), _help(option))


def _help(option):
    return " ".join((option.help or "").split())


def _names(option):
    names = sorted(option.opts, key=len)
    text = ", ".join("\\fB%s\\fR" % _escape(name) for name in names)
    if option.secondary_opts:
        text += ", " + ", ".join("\\fB%s\\fR" % _escape(name) for name in option.secondary_opts)
    if not option.is_flag and not option.count:
        value = option.metavar
        if value is None and isinstance(option.type, click.Choice):
            value = "|".join(str(choice) for choice in option.type.choices)
        text += " \\fI%s\\fR" % _escape(value or option.type.name.upper())
    return text


def _first_clause(text):
    """``Find and make the changes ...`` for the NAME section: lower case, no full stop."""
    text = " ".join(text.split()).partition(". ")[0].rstrip(".")
    return (text[:1].lower() + text[1:]).partition(", and nothing")[0]


# -- roff ------------------------------------------------------------------------------------------


def _items(texts):
    """What is typed or set -> what it means."""
    return [line for name, meaning in texts.items()
            for line in _item("\\fB%s\\fR" % _escape(name), _text(meaning))]


def _item(tag, text):
    return [".TP", tag, text]


def _paragraphs(text):
    lines = [_text(paragraph) for paragraph in text.split("\n\n")]
    return [line for paragraph in lines for line in (".PP", paragraph)][1:]


def _text(text):
    """Markdown of one paragraph: code, emphasis and links."""
    out = []
    for part in re.split(r"(`[^`]+`|\*[^*]+\*|\[[^\]]+\]\([^)]+\))", " ".join(text.split())):
        if part[:1] == "`" and len(part) > 1:
            out.append("\\fB%s\\fR" % _escape(part[1:-1]))
        elif part[:1] == "*" and len(part) > 1:
            out.append("\\fI%s\\fR" % _escape(part[1:-1]))
        elif part[:1] == "[" and "](" in part:
            out.append(_prose(part[1:].partition("](")[0]))
        else:
            out.append(_prose(part))
    text = "".join(out)
    return "\\&" + text if text.startswith(".") else text


def _prose(text):
    """Words: a hyphen in a word may be one; where a word starts with hyphens, they are minus signs."""
    return re.sub(r"(?<![^ ('\[])-[-A-Za-z0-9]+", lambda match: match.group().replace("-", "\\-"),
                  _roff(text))


def _escape(text):
    """Something to type: each hyphen is a minus sign."""
    return _roff(text).replace("-", "\\-")


def _roff(text):
    text = text.replace("\\", "\\e").replace("'", "\\(aq").replace("`", "\\(ga")
    text = text.replace("^", "\\(ha").replace("~", "\\(ti")
    return "".join(char if ord(char) < 128 else "\\[u%04X]" % ord(char) for char in text)


def _filled(line):
    """A line of text in lines that are not too long, none of which could be taken for a request."""
    if line.startswith("."):
        return line + "\n"
    lines = textwrap.wrap(line, 79, break_long_words=False, break_on_hyphens=False)
    return "".join("%s%s\n" % ("\\&" if part[:1] in (".", "'") else "", part) for part in lines)


def _quote(text):
    return '"%s"' % _escape(text).replace('"', '\\(dq')


def _references(text):
    return re.sub(r"([a-z0-9.-]+)\((\d)\)", lambda match: "\\fB%s\\fR(%s)" % (
        _escape(match.group(1)), match.group(2)), text)
