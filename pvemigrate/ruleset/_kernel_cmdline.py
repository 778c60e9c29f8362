"""What the rules on the kernel's command line share: its parameters, from the files that make it.

``/etc/kernel/cmdline`` is for nodes that boot with systemd-boot (its first line counts);
``/etc/default/grub`` and then ``grub.d/*.cfg``, in the order of their names, are for those that
boot with grub: grub-mkconfig has sh source them, and takes ``$GRUB_CMDLINE_LINUX
$GRUB_CMDLINE_LINUX_DEFAULT``. Which of the two a node uses is not known from files, so both count.
The kernel cuts the line at white space outside of double quotes.
"""

from ..cst import Token
from ..edit import remove
from ..formats.grub import Assignment, Blank, Command, Comment, Malformed
from ..formats.kernel_cmdline import Blank as BlankLine
from ..formats.kernel_cmdline import ParameterLine
from ..lazy import lazy

#: In the order in which grub-mkconfig puts them together.
_VARIABLES = ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT")
_BLANKS = " \t\r\f\v\n"
#: Words that a variable's value is put in for at most: the kernel takes 2048 bytes (x86,
#: COMMAND_LINE_SIZE), and a file that doubles a variable line by line must not fill the memory.
_MOST = 2048
_REFERENCE = lazy(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})")
#: An assignment that sh alone can make sense of, and what may be a parameter behind it.
_SOMEWHERE = lazy(r"(?<![A-Za-z0-9_])(GRUB_CMDLINE_LINUX(?:_DEFAULT)?)\+?=")
_LOOSE = lazy("[^ \\t\\r\\f\\v\\n\"'`;\\\\]+")


def any_spelling(word):
    """What a rule needs that looks for *word* in parameters: the word, or one of its characters with
    something behind it that sh takes away. (A ``$`` ends a parameter here.)"""
    return (word, *(char + quote for char in sorted(set(word[:-1])) for quote in "\"'\\`"))


class Parameter:
    """One parameter of the kernel.

    ``file`` and ``token``: where it stands; ``node``: the line. ``name``: as the kernel compares
    names, ``-`` written as ``_``. ``value`` (str): without quotes, None where there is none.
    ``is_plain``: whether the token may be taken out just so (nothing of it is quoted, and the lines
    around it are what they look like). ``is_for_init``: whether it comes behind ``--``, where the
    kernel itself does not look (kmod and systemd do).
    """

    __slots__ = ("file", "token", "node", "name", "value", "is_plain", "is_for_init")

    def __init__(self, file, node, start, end, text, is_plain):
        self.file = file
        self.node = node
        self.token = Token(node.code[start:end], node, start)
        self.is_plain = is_plain and text == self.token and '"' not in text
        self.is_for_init = False
        if text[:1] == '"':
            text = text[1:]
            text = text[:-1] if text[-1:] == '"' else text
        name, equals, value = text.partition("=")
        if value[:1] == '"':
            value = value[1:]
            value = value[:-1] if value[-1:] == '"' else value
        self.name = name.replace("-", "_")
        self.value = value if equals else None

    def __repr__(self):
        return "Parameter(%s=%r in %s)" % (self.name, self.value, self.file.path)


def parameters(scope):
    """The parameters (list of :class:`Parameter`) on the kernel's command line as the files of the
    whole root have it, in the order in which the kernel gets them: first those of
    ``kernel/cmdline``, then those of grub's files. What a later assignment overwrites is not among
    them."""
    return scope.once(_parameters, scope)


def _parameters(scope):
    found = []
    for file in scope.all_of_kind("kernel-cmdline"):
        found += _mark_init(_cmdline(file))
    return found + _mark_init(_grub(scope.all_of_kind("grub")))


def _mark_init(found):
    names = [parameter.token for parameter in found]
    if "--" in names:
        for parameter in found[names.index("--"):]:
            parameter.is_for_init = True
    return found


# -- /etc/kernel/cmdline ---------------------------------------------------------------------------


def _cmdline(file):
    first, rest = file.tree.body[:1], file.tree.body[1:]
    is_plain = all(isinstance(line, BlankLine) for line in rest)
    return [Parameter(file, line, token.offset, token.offset + len(token), str(token), is_plain)
            for line in first if isinstance(line, ParameterLine)
            for _, token in line.words("parameters")]


# -- grub ------------------------------------------------------------------------------------------


def _grub(files):
    values = {}
    for file in sorted(files, key=lambda file: ("/grub.d/" in file.path, file.path)):
        is_plain = not any(isinstance(line, Malformed) for line in file.tree.body)
        broken = None  # the variable whose assignment goes on over several lines
        for line in file.tree.body:
            if broken is not None:
                values[broken] += _loose_words(file, line, 0)
                if isinstance(line, Malformed) and line.text[-1:] != "\\":
                    broken = None
            elif isinstance(line, Assignment):
                old = values.get(line.name, []) if line.operator == "+=" else []
                values[str(line.name)] = old + _words(file, line, values, is_plain)
            elif not isinstance(line, (Blank, Comment)):
                match = _SOMEWHERE.search(line.code)
                if match:
                    name = match.group(1)
                    values[name] = values.get(name, []) + _loose_words(file, line, match.end())
                    # Within quotes that are not closed sh reads on.
                    broken = None if isinstance(line, Command) else name
    found = [parameter for name in _VARIABLES for parameter in values.get(name, ())]
    last = {id(parameter): number for number, parameter in enumerate(found)}
    return [parameter for number, parameter in enumerate(found) if last[id(parameter)] == number]


def _loose_words(file, line, start):
    return [Parameter(file, line, match.start(), match.end(), match.group(), False)
            for match in _LOOSE.finditer(line.code, start)]


def _words(file, line, values, is_plain):
    """The words of an assignment's value as the kernel gets them, and in the place of a variable
    those of its value."""
    code, end = line.code, line.value.offset + len(line.value)
    found, chars, at = [], [], line.value.offset
    quoted = is_glued = False

    def finish():
        nonlocal chars, is_glued
        if chars:
            start, stop = chars[0][1], chars[-1][1] + 1
            text = "".join([char for char, _ in chars])
            found.append(Parameter(file, line, start, stop, text, is_plain and not is_glued))
        chars, is_glued = [], False

    def add(char, offset):
        nonlocal quoted
        if char == '"':
            quoted = not quoted
        if char in _BLANKS and not quoted:
            finish()
        else:
            chars.append((char, offset))

    quote = ""
    while at < end:
        char = code[at]
        if char == quote:
            quote = ""
        elif quote == "'":
            add(char, at)
        elif char in "\"'" and not quote:
            quote = char
        elif char == "\\" and (not quote or code[at + 1] in '"\\$`'):
            at += 1
            add(code[at], at)
        elif char == "$":
            match = _REFERENCE.match(code, at, end)
            is_glued = True
            if match:
                if chars:
                    finish()
                found += values.get(match.group(1) or match.group(2), ())[:max(0, _MOST - len(found))]
                is_glued = True  # with what stands right behind it
                at = match.end() - 1
            else:
                add(char, at)
        elif char == "`":
            is_glued = True
            at = code.index("`", at + 1)
        else:
            add(char, at)
        at += 1
    finish()
    return found


def removal(parameter):
    """The change that takes a parameter out, with the blanks before it; None where quotes or the lines
    around it need a look."""
    node, token = parameter.node, parameter.token
    start = token.offset
    while node.code[start - 1:start] in (" ", "\t"):
        start -= 1
    if not parameter.is_plain or node.code[start - 1:start] == "\\":
        return None
    return remove(Token(node.code[start:token.offset + len(token)], node, start))


# -- how a change takes effect -----------------------------------------------------------------------


def has_boot_partitions(facts):
    """Whether proxmox-boot-tool (pve-efiboot-tool, before 6.4) keeps the node's boot partitions."""
    return any(line.strip() and not line.startswith(b"#")
               for name in ("proxmox-boot-uuids", "pve-efiboot-uuids")
               for line in (facts.get("%skernel/%s" % (facts.etc, name)) or b"").split(b"\n"))


def follow_up(facts, kind):
    """The commands (tuple of str) after a change of a file of *kind* on the kernel's command line."""
    if kind == "kernel-cmdline" or has_boot_partitions(facts):
        return ("proxmox-boot-tool refresh",)
    return ("update-grub",)
