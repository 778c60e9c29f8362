"""What the rules on backup jobs share: the options of each line that runs vzdump.

Two readers: Proxmox VE reads a job's words as Perl splits them; cron hands the line to a shell.
"""

import re

from ..cst import Token
from ..edit import replace
from ..formats import vzdump_cron
from ..lazy import lazy
from ..shellwords import Unclosed, perl_words, shell_commands
from ..storage_types import plain_number
from ..vzdump_options import options

# Compiled when they are first used: most files hold none but jobs as Proxmox VE writes them.
#: Five time fields or a word, and a user: what cron takes for a line that runs something.
_TIMING = (
    r"[ \t]*(?:@[A-Za-z]+|[0-9*,/~-]+(?:[ \t]+[0-9*,/~-]+){2}(?:[ \t]+[0-9A-Za-z*,/~-]+){2})"
    r"[ \t]+[^ \t\n]+[ \t]+(?=[^ \t\n])")
_DISABLED = r"(?:/[^ \t]*/)?#(?:/[^ \t]*/)?vzdump(?=[ \t])"
_ASSIGNMENT = lazy("[A-Za-z_][A-Za-z_0-9]*=")
_PERCENT = lazy(r"(?<!\\)%")

#: Words of the shell that a command may follow.
_RESERVED = frozenset(["if", "then", "else", "elif", "do", "while", "until", "{", "!"])
#: Commands that run the command given to them, as words or as one word behind -c.
_WRAPPERS = frozenset([
    "bash", "chronic", "chrt", "command", "dash", "env", "exec", "flock", "ionice", "ksh", "nice",
    "nohup", "runuser", "setsid", "sh", "stdbuf", "su", "sudo", "systemd-cat", "systemd-inhibit",
    "systemd-run", "taskset", "time", "timeout", "zsh",
])


#: The options that rules are about, by what they are about.
RETENTION, SIZE = ("maxfiles", "prune-backups"), ("size",)


def any_spelling(word):
    """What a rule needs that looks for an option beginning with *word*, in capitals or not: the word,
    or one of its characters with something behind it that Perl and the shell take away."""
    words = [""]
    for char in word:
        words = [before + either for before in words for either in (char, char.upper())]
    return (*words, *(char + quote for char in sorted({*word[:-1], *word[:-1].upper()})
                      for quote in "\"'\\"))


class Job:
    """A job as Proxmox VE reads it: ``node``, ``words`` and ``options`` (lists, in order)."""

    __slots__ = ("node", "words", "options")

    def __init__(self, node):
        start = node.args.offset
        self.node = node
        self.words = perl_words(node.code, start, start + len(node.args))
        self.options = options(self.words)

    @property
    def remark(self):
        """The word that begins a remark for the shell, or None. (PVE knows none: it takes the words
        of one for guests and options.)"""
        return next((word for word in self.words if self.node.code[word.start] == "#"), None)

    def token(self, word):
        """The token of a word."""
        return Token(self.node.code[word.start:word.end], self.node, word.start)


class Command:
    """The options of one vzdump command that rules are about: ``node``, the line; ``maxfiles``,
    ``prune`` and ``size`` (lists of Option, in order; of several the last counts); ``is_certain``
    and ``is_size_certain``: whether all who read the line read the same of the first two, and of
    the last; ``hidden``: a word that holds a command line of its own with ``hides`` (names of
    options) in it, or None."""

    __slots__ = ("node", "maxfiles", "prune", "size", "is_certain", "is_size_certain", "hidden",
                 "hides")

    def __init__(self, node, found, is_certain=True, is_size_certain=True, hidden=None, hides=()):
        self.node = node
        self.maxfiles = [option for option in found if option.name == "maxfiles"]
        self.prune = [option for option in found if option.name == "prune-backups"]
        self.size = [option for option in found if option.name == "size"]
        self.is_certain = is_certain
        self.is_size_certain = is_size_certain
        self.hidden = hidden
        self.hides = frozenset(hides)

    @property
    def is_disabled(self):
        """Whether the line is a job that is switched off."""
        return isinstance(self.node, vzdump_cron.Job) and bool(self.node.disabled)

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


class Crontab:
    """What a vzdump.cron runs: ``jobs`` (list of :class:`Job`) and ``commands`` (list of
    :class:`Command`, those that have options which rules are about)."""

    __slots__ = ("jobs", "commands")

    def __init__(self, tree):
        self.jobs = []
        self.commands = []
        for node in tree.body:
            if isinstance(node, vzdump_cron.Job):
                job = Job(node)
                self.jobs.append(job)
                found = _job(job)
            elif isinstance(node, (vzdump_cron.Opaque, vzdump_cron.Tossed,
                                   vzdump_cron.UnclosedJob)):
                found = _cron_line(node)
            else:
                continue
            self.commands += [command for command in found if command.hidden
                              or command.maxfiles or command.prune or command.size]


def _job(job):
    node, read = job.node, _of_rules(job.options)
    remark = job.remark
    shell, hidden = [], []
    if not node.disabled:
        shell, hidden = _shell_options(node.code, node.path.offset)
    found, certain = [], []
    for names in (RETENTION, SIZE):
        of_pve = _named(read, names)
        is_certain = remark is None or all(option.word.start < remark.start for option in of_pve)
        # What the shell does not get to see (behind %, or for want of a quote) is for PVE alone.
        of_shell = [_named(command, names) for command in shell if _named(command, names)]
        if of_shell:
            is_certain = len(of_shell) == 1 and _spans(of_shell[0]) == _spans(of_pve)
        found += of_pve or sum(of_shell, [])
        certain.append(is_certain)
    return [Command(node, found, *certain)] + _hidden_in(node, hidden)


def _cron_line(node):
    timing = re.match(_TIMING, node.code)
    if timing is None:
        return []
    start = timing.end()
    disabled = re.compile(_DISABLED).match(node.code, start)
    if disabled is None:
        commands, hidden = _shell_options(node.code, start)
        return [Command(node, command) for command in commands] + _hidden_in(node, hidden)
    try:
        return [Command(node, _of_rules(options(perl_words(node.code, disabled.end()))))]
    except Unclosed:
        return []


def _hidden_in(node, scripts):
    """A :class:`Command` for each command line that a word of a line holds: (word, names)."""
    return [Command(node, [], hidden=word, hides=names) for word, names in scripts]


def _shell_options(code, start):
    """The options that rules are about of each vzdump command in a line that cron runs, where it has
    some, and the words that are command lines with such options: (list of lists of Option, list of
    (Word, names))."""
    # A carriage return at the end is half a line ending here, and cron cuts at the first %.
    end = len(code.rstrip("\r\n"))
    percent = _PERCENT.search(code, start, end)
    try:
        commands = shell_commands(code, start, percent.start() if percent else end)
    except Unclosed:
        return [], []
    found, hidden = [], []
    for command in commands:
        words, scripts = _vzdump(command)
        read = _of_rules(options(words or ()))
        if read:
            found.append(read)
        for script in scripts:
            names = {option.name for inner in _shell_options(script.text, 0)[0] for option in inner}
            if names:
                hidden.append((script, names))
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


def _of_rules(found):
    return _named(found, RETENTION + SIZE)


def _named(found, names):
    return [option for option in found if option.name in names]


def _spans(found):
    return [(option.name, option.word.start, option.word.end, option.value,
             option.value_word and (option.value_word.start, option.value_word.end))
            for option in found]
