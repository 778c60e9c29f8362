"""What the rules on backup jobs share: the retention options of each line that runs vzdump.

Two readers: Proxmox VE reads a job's words as Perl splits them; cron hands the line to a shell.
"""

import re

from ..cst import Token
from ..edit import replace
from ..formats.vzdump_cron import Job, Opaque, Tossed, UnclosedJob
from ..shellwords import Unclosed, perl_words, shell_commands
from ..storage_types import plain_number
from ..vzdump_options import options

#: Five time fields or a word, and a user: what cron takes for a line that runs something.
_TIMING = re.compile(
    r"[ \t]*(?:@[A-Za-z]+|[0-9*,/~-]+(?:[ \t]+[0-9*,/~-]+){2}(?:[ \t]+[0-9A-Za-z*,/~-]+){2})"
    r"[ \t]+[^ \t\n]+[ \t]+(?=[^ \t\n])")
_DISABLED = re.compile(r"(?:/[^ \t]*/)?#(?:/[^ \t]*/)?vzdump(?=[ \t])")
_ASSIGNMENT = re.compile("[A-Za-z_][A-Za-z_0-9]*=")
_PERCENT = re.compile(r"(?<!\\)%")

#: Words of the shell that a command may follow.
_RESERVED = frozenset(["if", "then", "else", "elif", "do", "while", "until", "{", "!"])
#: Commands that run the command given to them, as words or as one word behind -c.
_WRAPPERS = frozenset([
    "bash", "chronic", "chrt", "command", "dash", "env", "exec", "flock", "ionice", "ksh", "nice",
    "nohup", "runuser", "setsid", "sh", "stdbuf", "su", "sudo", "systemd-cat", "systemd-inhibit",
    "systemd-run", "taskset", "time", "timeout", "zsh",
])


class Retention:
    """The retention options of one vzdump command: ``node``, the line; ``maxfiles`` and ``prune``
    (lists of Option, in order; of several the last counts); ``is_certain``: whether all who read
    the line read the same; ``hidden``: a word that holds a command line of its own with such an
    option, or None."""

    __slots__ = ("node", "maxfiles", "prune", "is_certain", "hidden")

    def __init__(self, node, found, is_certain=True, hidden=None):
        self.node = node
        self.maxfiles = [option for option in found if option.name == "maxfiles"]
        self.prune = [option for option in found if option.name == "prune-backups"]
        self.is_certain = is_certain
        self.hidden = hidden

    @property
    def is_disabled(self):
        """Whether the line is a job that is switched off."""
        return isinstance(self.node, Job) and bool(self.node.disabled)

    def token(self, option):
        """The token of an option (without its value)."""
        return self.word_token(option.word, 0, option.length)

    def value_token(self, option):
        """The token of an option's value."""
        return self.word_token(option.value_word, option.value_from, len(option.value_word.text))

    def word_token(self, word, first=0, last=None):
        """The token of a word, or of a part of its text."""
        start, end = word.span(first, last) or (word.start, word.end)
        return Token(self.node.code[start:end], self.node, start)

    def convert(self, option, keep):
        """The changes that make a maxfiles option ``--prune-backups`` with the value *keep*."""
        name, value = option.word, option.value_word
        at = option.value_from
        value_span = value.span(at, len(value.text))
        if value is name:
            if name.span(0, option.length) is None or value_span is None:
                whole = Token(self.node.code[name.start:name.end], self.node, name.start)
                return [replace(whole, "--prune-backups=" + keep)]
        return [replace(self.token(option), "--prune-backups"),
                replace(self.value_token(option), keep)]

    def drop(self, option):
        """The change that takes an option, its value and the white space before them away."""
        code, start = self.node.code, option.word.start
        while code[start - 1] in " \t\r\f\v":
            start -= 1
        return replace(Token(code[start:option.value_word.end], self.node, start), "")

    def keep(self):
        """The prune-backups value that the line's maxfiles amounts to; None where vzdump refuses
        its value."""
        digits = plain_number(self.maxfiles[-1].value or "", 1)
        return digits and "keep-last=" + digits


def retentions(tree):
    """The :class:`Retention` of each vzdump command in the lines of *tree* that has such
    options."""
    for node in tree.body:
        if isinstance(node, Job):
            found = _job(node)
        elif isinstance(node, (Opaque, Tossed, UnclosedJob)):
            found = _cron_line(node)
        else:
            continue
        for retention in found:
            if retention.maxfiles or retention.prune or retention.hidden:
                yield retention


def _job(node):
    start = node.args.offset
    words = perl_words(node.code, start, start + len(node.args))
    read = _retention_options(words)
    # PVE knows no remarks: it takes the words of one for guests and options.
    remark = next((word.start for word in words if node.code[word.start] == "#"), None)
    is_certain = remark is None or all(option.word.start < remark for option in read)
    if node.disabled:
        return [Retention(node, read, is_certain)]
    commands, hidden = _shell_options(node.code, node.path.offset)
    # What the shell does not get to see (behind %, or for want of a quote) is for PVE alone.
    if commands:
        is_certain = len(commands) == 1 and _spans(commands[0]) == _spans(read)
    return [Retention(node, read or sum(commands, []), is_certain),
            Retention(node, [], hidden=hidden)]


def _cron_line(node):
    timing = _TIMING.match(node.code)
    if timing is None:
        return []
    start = timing.end()
    disabled = _DISABLED.match(node.code, start)
    if disabled is None:
        commands, hidden = _shell_options(node.code, start)
        return ([Retention(node, command) for command in commands]
                + [Retention(node, [], hidden=hidden)])
    try:
        return [Retention(node, _retention_options(perl_words(node.code, disabled.end())))]
    except Unclosed:
        return []


def _shell_options(code, start):
    """The retention options of each vzdump command in a line that cron runs, where it has some, and
    a word that is a command line with --maxfiles: (list of lists of Option, Word or None)."""
    # A carriage return at the end is half a line ending here, and cron cuts at the first %.
    end = len(code.rstrip("\r\n"))
    percent = _PERCENT.search(code, start, end)
    try:
        commands = shell_commands(code, start, percent.start() if percent else end)
    except Unclosed:
        return [], None
    found, hidden = [], None
    for command in commands:
        words, scripts = _vzdump(command)
        retention = _retention_options(words or ())
        if retention:
            found.append(retention)
        for script in scripts:
            if any(option.name == "maxfiles"
                   for inner in _shell_options(script.text, 0)[0] for option in inner):
                hidden = hidden or script
    return found, hidden


def _vzdump(command):
    """The arguments of vzdump where *command* (list of Word) runs it, and the words that may be
    command lines of their own: (list of Word or None, list of Word)."""
    at = 0
    while at < len(command) and (command[at].text in _RESERVED
                                 or _ASSIGNMENT.match(command[at].text)):
        at += 1
    scripts = []
    for number in range(at, len(command)):
        text = command[number].text
        name = text.rpartition("/")[2]
        if name == "vzdump":
            return command[number + 1:], scripts
        if number == at and name not in _WRAPPERS:
            break
        option = command[number - 1].text if number > at else ""
        if option.startswith("-") and option.endswith("c"):
            scripts.append(command[number])
    return None, scripts


def _retention_options(words):
    return [option for option in options(words) if option.name in ("maxfiles", "prune-backups")]


def _spans(found):
    return [(option.name, option.word.start, option.word.end, option.value,
             option.value_word and (option.value_word.start, option.value_word.end))
            for option in found]
