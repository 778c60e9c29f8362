"""A second opinion: the changed files are shown to programs that others have written, and what one of
them refuses is not written (``fix --verify``).

The programs are those of the machine that this runs on, asked without a shell, in an empty
environment, with closed input and for a bounded time. They see copies in a private folder, in which
nothing names a file outside of it; no file of the root is run, and no program asks the network.

What a reader has refused before the change it cannot judge: it may have stopped at the first trouble.
"""

import os
import re
import signal
import sys

__all__ = ["READERS", "TIMEOUT", "Verifier"]

#: How long a program may take, in seconds. It is asked twice at most about one text.
TIMEOUT = 20

#: What it may use, in bytes: memory, and the length of a file; and how much of what it says is read.
_MAX_MEMORY, _MAX_FILE, _MAX_OUTPUT = 2 << 30, 64 << 20, 1 << 16


class _Reader:
    """A program that reads files of some kinds. ``name``: as the user knows it; ``kinds``: what it
    reads; ``suffixes``: kind -> how it wants a file's name to end."""

    name = ""
    kinds = ()
    suffixes = {}

    def command(self, find):
        """The words that start it (list), None where it is not installed. *find*: gives the path of a
        program."""
        raise NotImplementedError

    def groups(self, changed, tree):
        """Which of the paths *changed* are judged together in *tree* (path -> file): list of (list of
        changed paths, list of the paths to read)."""
        return [([path], [path]) for path in changed]

    def reads(self, paths, tree):
        """The paths of all that it reads (list) where it is given these."""
        return [path for path in paths if path in tree]

    def texts(self, paths, tree, place):
        """The bytes of the copies of these paths (list). *place*: gives where a path's copy is."""
        return [tree[path].data for path in paths]

    def arguments(self, work, files):
        """The arguments and the environment to have *files*, the names of the copies in ``in``, read.
        *work*: the private folder."""
        raise NotImplementedError

    def complaints(self, status, out, err):
        """What it refuses, in its words (list), by its exit status and what it has said."""
        raise NotImplementedError


class _Lens(_Reader):
    """A lens of Augeas, through augtool or else python-augeas."""

    def __init__(self, lens, *kinds):
        self.lens = lens
        self.kinds = kinds
        self.name = "Augeas (%s)" % lens

    def command(self, find):
        program = find("augtool")
        if program:
            return [program]
        from importlib.util import find_spec

        # In a process of its own, which can be ended.
        return [sys.executable, "-I", "-c", _BINDING] if find_spec("augeas") else None

    def arguments(self, work, files):
        # Without its own loading and start-up files (-L would keep the transform from loading too).
        return ["--noautoload", "--root=" + work + "/in", "--transform=%s incl /%s" % (
            self.lens, files[0]), "print", "/augeas/files"], {}

    def complaints(self, status, out, err):
        said = dict(re.findall('(?m)^/augeas/files/[^/\n]+/([a-z/]+) = "(.*)"$', out))
        if status or "path" not in said:
            return ["no usable answer"]
        if "error" not in said:
            return []
        return ["line %s: %s" % (said.get("error/line", "?"),
                                 said.get("error/message", said["error"]))]


#: What augtool does, with python-augeas: the same arguments, the same output.
_BINDING = r"""
import sys
import augeas
root, (lens, _, path) = sys.argv[2][7:], sys.argv[3][12:].split(" ")
reader = augeas.Augeas(root=root, flags=augeas.Augeas.NO_MODL_AUTOLOAD | augeas.Augeas.NO_LOAD)
reader.add_transform(lens, path)
reader.load()
for found in reader.match("/augeas/files//*"):
    text = '%s = "%s"\n' % (found, reader.get(found) or "")
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
"""


class _Apt(_Reader):
    """``apt-get --print-uris update``: apt reads the sources as a whole and says what it would fetch,
    fetching nothing."""

    name = "apt-get"
    kinds = ("apt-list", "deb822")
    suffixes = {"apt-list": ".list", "deb822": ".sources"}

    def command(self, find):
        program = find("apt-get")
        return program and [program]

    def groups(self, changed, tree):
        # What is in none of apt's places is nothing that apt reads together.
        together = [path for path in changed if tree[path].location]
        context = [path for path, file in sorted(tree.items())
                   if file.kind in self.kinds and file.location]
        alone = [([path], [path]) for path in changed if not tree[path].location]
        return alone + ([(together, context)] if together else [])

    def arguments(self, work, files):
        for folder in ("state/lists/partial", "cache/archives/partial"):
            os.makedirs(work + "/" + folder)
        with open(work + "/apt.conf", "w") as config:
            config.write(_APT_CONFIG % {"work": work})
        return ["--print-uris", "update"], {"APT_CONFIG": work + "/apt.conf"}

    def complaints(self, status, out, err):
        said = [line[3:] for line in err.split("\n") if line.startswith("E: ")]
        return said or (["exit status %d" % status] if status else [])


#: None of the machine's own configuration of apt counts: no hook, no sources, no state.
_APT_CONFIG = """
Dir "%(work)s/"; Dir::Etc "%(work)s/"; Dir::Etc::main "/dev/null"; Dir::Etc::parts "/dev/null";
Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::trusted "/dev/null"; Dir::Etc::trustedparts "/dev/null";
Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "%(work)s/in/";
Dir::State "%(work)s/state"; Dir::State::status "/dev/null"; Dir::Cache "%(work)s/cache";
Acquire::Languages "none"; APT::Architecture "amd64"; APT::Architectures { "amd64"; };
"""


class _Ifquery(_Reader):
    """ifupdown's ``ifquery --list``: reads an interfaces file with all that it sources."""

    name = "ifquery"
    kinds = ("interfaces",)

    def command(self, find):
        program = find("ifquery")
        # ifupdown2's renders templates, which may be any Python code, and sets up addons first.
        return [program] if program and "ifupdown2" not in os.path.realpath(program) else None

    def groups(self, changed, tree):
        main = next((path for path, file in tree.items()
                     if file.location == "network/interfaces"), None)
        sourced = _Sources(tree).reached(main) if main else ()
        together = [path for path in changed if path in sourced]
        groups = [([path], [path]) for path in changed if path not in sourced]
        return groups + ([(together, [main])] if together else [])

    def reads(self, paths, tree):
        return list(_Sources(tree).reached(paths[0])) if paths[0] in tree else []

    def texts(self, paths, tree, place):
        lines = _Sources(tree).reached(paths[0])
        # Nothing is named "": what a line names that names nothing here is not there.
        return [_relocated(tree[path], [list(map(place, named or [""])) for named in lines[path]])
                .encode("utf-8", "surrogateescape") for path in paths]

    def arguments(self, work, files):
        os.mkdir(work + "/state")
        return ["--interfaces=%s/in/%s" % (work, files[0]), "--state-dir=" + work + "/state",
                "--no-mappings", "--no-scripts", "--list", "--all"], {}

    def complaints(self, status, out, err):
        said = [line for line in err.split("\n") if line]
        # Nothing of both is wrong with the file: keywords that are ifupdown2's, and an `auto` line
        # for what has no stanza.
        found = [re.sub("^ifquery: ", "", line) for line in said
                 if "not understood and ignored" not in line and "unknown interface" not in line]
        if found or status == 0 or status == 1 and said:
            return found
        return ["exit status %d" % status]


class _Sources:
    """Which files the ``source`` lines of *tree* (path -> file) name. It stands in for a
    :class:`~pvemigrate.source.Reader` that knows the files of the tree and no other."""

    def __init__(self, tree):
        self.tree = tree
        self._names = {}
        self._made = {}
        for path in tree:
            while path:
                folder, _, name = path.rpartition("/")
                names = self._names.setdefault(folder, set())
                if name in names:
                    break
                names.add(name)
                path = folder

    def exists(self, path):
        return path in self.tree

    def real_name(self, path):
        return path

    def listdir(self, path):
        return sorted(self._names.get(path, ()))

    def once(self, key, make):
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def named(self, file, node):
        """The paths in the tree that a ``source`` line names (list)."""
        from .source import source_matches

        is_placed = file.location and file.path.endswith(file.location)
        etc = file.path[:len(file.path) - len(file.location)] if is_placed else "etc/"
        found = source_matches(self, file, node, etc) if node.value else ()
        return [path for path in found if path in self.tree]

    def reached(self, main):
        """*main* and the paths of what it sources, to any depth, each once: those that name, and
        what they name in their ``source`` lines (dict: path -> list of lists)."""
        lines, pending, known = {}, [main], {main}
        for path in pending:
            lines[path] = []
            for node in self.tree[path].tree.body:
                if type(node).__name__ == "Source":
                    named = [found for found in dict.fromkeys(self.named(self.tree[path], node))
                             if found not in known]
                    known.update(named)
                    pending += named
                    lines[path].append(named)
        return lines


def _relocated(file, lines):
    """The file's text (str) with other paths in its ``source`` lines: those of *lines*, a list for
    each of them. ValueError where ifquery might see a ``source`` line that is none to us."""
    parts, rest = [], []
    lines = iter(lines)
    for node in file.tree.body:
        if type(node).__name__ == "Source":
            # A line of the same length in lines, so that what ifquery says fits.
            parts.append("source %s%s" % (" ".join(next(lines)), "\n" * node.code.count("\n")))
            rest.append("\n")
        else:
            parts.append(node.code)
            rest.append(node.code)
    text = "".join(rest)
    if any(re.search("(?:^|[\n\0])[ \t\r\f\v]*source", seen)
           for seen in (text, re.sub(r"\\+[ \t\r\f\v]*\n", "", text))):
        raise ValueError("a source line that is hidden in another")
    return "".join(parts)


#: Who is asked about what. (Where a lens does not know all that its program takes, it refuses the
#: old text already.)
READERS = (
    _Apt(),
    _Ifquery(),
    _Lens("Aptsources.lns", "apt-list"),
    _Lens("Interfaces.lns", "interfaces"),
    _Lens("Shellvars.lns", "grub"),
    _Lens("Cmdline.lns", "kernel-cmdline"),
    _Lens("Modprobe.lns", "modprobe"),
    _Lens("Ceph.lns", "ceph"),
    _Lens("LVM.lns", "lvm"),
    _Lens("Sysctl.lns", "sysctl"),
    _Lens("Cron.lns", "vzdump-cron"),
)


class Verifier:
    """Asks the readers that are installed about what a run of fix would write.

    *root*: the directory that the files are of, if any; no program in it is run. ``notes``: list of
    (path or an empty str, text), what could not be verified.
    """

    def __init__(self, root=None, readers=READERS):
        self.root = root
        self.notes = []
        self._readers = readers
        self._answers = {}
        self._hanging = set()

    def __call__(self, scope, files):
        """What must not be written, a list of (path, message). *scope*: the
        :class:`~pvemigrate.engine.Scope` before; *files*: path -> (file before or None, file after
        or None)."""
        self.notes = []
        kinds = {(new or old).kind for old, new in files.values()}
        before = {file.path: file for file in scope.all_of_kind(*{
            kind for reader in self._readers for kind in reader.kinds
            if kinds.intersection(reader.kinds)})}
        after = dict(before)
        for path, (_, new) in files.items():
            # Of one that goes there is nothing to be read: it is only missing for the others.
            if new is None:
                after.pop(path, None)
            else:
                after[path] = new
        refused, judged, puzzled, asked = {}, set(), {}, set()
        for reader in self._readers:
            changed = sorted(path for path, (_, new) in files.items()
                             if new is not None and new.kind in reader.kinds)
            command = changed and reader.command(self._find)
            if not command:
                continue
            asked.update(reader.kinds)
            for paths, found, is_known in self._judge(reader, command, changed, before, after):
                if is_known:
                    puzzled.setdefault(paths[0], (reader.name, found[0][1]))
                    continue
                judged.update(paths)
                named = {at: words for at, words in reversed(found) if at in paths}
                for path in named or (paths if found else ()):
                    refused.setdefault(path, "--verify: %s refuses what fix would write (%s): left "
                                       "alone" % (reader.name, named.get(path, found[0][1])))
        for path in sorted(set(files) - judged):
            if files[path][1] is None:
                continue
            kind = files[path][1].kind
            if path in puzzled:
                self.notes.append((path, "not verified: %s does not take the file as it is either (%s)"
                                   % puzzled[path]))
            elif kind not in asked:
                self._note_missing(kind)
        return sorted(refused.items())

    def _judge(self, reader, command, changed, before, after):
        """What a reader says of the paths *changed*: yields (paths, what it refuses, whether it does
        so before the change already)."""
        groups = reader.groups(changed, after)
        while groups:
            paths, context = groups.pop(0)
            found = self._ask(reader, command, context, after)
            is_known = bool(found) and bool(self._ask(reader, command, context, before, True))
            if is_known and context != paths[:1]:
                # With nothing else around it there may be something to be said of each.
                groups += [([path], [path]) for path in paths]
            else:
                yield paths, found, is_known

    def _note_missing(self, kind):
        readers = [reader.name for reader in self._readers if kind in reader.kinds]
        why = ("none of these is installed: " + ", ".join(readers) if readers
               else "no independent reader is known")
        note = ("", "--verify: changes in files of the kind %s are not verified: %s" % (kind, why))
        if note not in self.notes:
            self.notes.append(note)

    def _find(self, name):
        """The path of a program of the machine's, None where it has none."""
        inside = os.path.realpath(self.root).rstrip("/") + "/" if self.root is not None else "/"
        for folder in os.environ.get("PATH", "").split(":"):
            program = os.path.join(folder, name)
            if (folder.startswith("/") and os.path.isfile(program) and os.access(program, os.X_OK)
                    and (inside == "/" or not os.path.realpath(folder).startswith(inside)
                         and not os.path.realpath(program).startswith(inside))):
                return program
        return None

    # -- asking ----------------------------------------------------------------------------------

    def _ask(self, reader, command, paths, tree, is_old=False):
        """What *reader* refuses: list of (path or None, its words); empty where it takes the files."""
        paths = reader.reads(paths, tree)
        if not paths:
            return []
        key = (reader, tuple((path, tree[path].data) for path in paths))
        if key not in self._answers:
            self._answers[key] = self._answer(reader, command, paths, tree, is_old)
        return self._answers[key]

    def _answer(self, reader, command, paths, tree, is_old):
        from tempfile import TemporaryDirectory

        if reader in self._hanging:
            return [(None, "no answer")]
        names = {}

        def place(path):
            kind = tree[path].kind if path in tree else None
            name = names.setdefault(path, "%04d%s" % (len(names), reader.suffixes.get(kind, "")))
            return folder + "/in/" + name

        with TemporaryDirectory(prefix="pvemigrate-") as folder:
            os.mkdir(folder + "/in")
            places = [place(path) for path in paths]
            try:
                texts = reader.texts(paths, tree, place)
            except ValueError as error:
                return [(None, str(error))]
            for at, text in zip(places, texts):
                with open(at, "wb") as file:
                    file.write(text)
            words, environment = reader.arguments(folder, [names[path] for path in paths])
            answer = _run(command + words, folder, environment)
            if answer is not None:
                return [_for_the_user(text, folder, {name: path for path, name in names.items()})
                        for text in reader.complaints(*answer)]
        if is_old:
            # Nothing can be learnt from one that cannot read the old text in that time.
            self._hanging.add(reader)
        return [(None, "no answer in %g s" % TIMEOUT)]


def _run(command, folder, environment):
    """The exit status, output and errors (str) of a program; None where it does not end in time."""
    import resource
    import subprocess

    streams = [folder + "/out", folder + "/err"]
    with open(streams[0], "wb") as out, open(streams[1], "wb") as err:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder,
                env=dict(environment, LC_ALL="C"), start_new_session=True)
        except OSError as error:
            return 127, "", "E: " + (error.strerror or str(error))
        try:
            try:
                for limit, value in ((resource.RLIMIT_AS, _MAX_MEMORY),
                                     (resource.RLIMIT_FSIZE, _MAX_FILE)):
                    resource.prlimit(process.pid, limit, (value, value))
            except (OSError, AttributeError):
                pass  # It has ended already; or this is no Linux.
            status = process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    said = []
    for name in streams:
        with open(name, "rb") as file:
            said.append(file.read(_MAX_OUTPUT).decode("utf-8", "replace"))
    return (status, said[0], said[1])


def _for_the_user(text, folder, paths):
    """What a program says of a copy, said of the file: (path or None, text). *paths*: name of a copy
    -> path."""
    found = []

    def name_of(match):
        path = paths.get(match.group(1), "")
        found.append(path)
        return path

    text = re.sub(re.escape(folder) + r"/in/([0-9]+(?:\.[a-z]+)?)", name_of, text)
    # A URI may hold a password.
    text = re.sub("//[^/@ ]*@", "//", text)
    return (found[0] if found else None), text[:300]
