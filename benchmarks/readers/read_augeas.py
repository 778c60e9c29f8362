"""Augeas through python-augeas: read_augeas.py load|edit|memory KIND FILE [EDITED-FILE]

Each round has a handle of its own, since one handle does not load an unchanged file twice. The
handle and the lens, read and compiled, are ready before the clock starts.
"""

import os
import re
import shutil
import sys
import zlib

import augeas
from serve import serve, timed

#: Kind -> lens, a text that makes it ready, and the change: path of a node and its new value.
LENSES = {
    "interfaces": ("Interfaces.lns", "auto lo\n", "iface[. = 'vmbr400']/address", "192.0.2.99/24"),
    "apt-list": ("Aptsources.lns", "deb http://m.example/debian a b\n",
                 "*[uri = 'http://mirror400.example.com/debian'][distribution = 'bullseye-updates']"
                 "/distribution", "bookworm-updates"),
    "lxc": ("Pveguest.lns", "a: b\n", "section[. =~ regexp('.*_400')]/memory", "768"),
}


def ready(kind, path):
    """A handle that has only to load."""
    lens, text, _, _ = LENSES[kind]
    flags = augeas.Augeas
    handle = augeas.Augeas(root="/", loadpath=os.path.dirname(os.path.abspath(__file__)),
                           flags=flags.NO_LOAD | flags.NO_MODL_AUTOLOAD)
    handle.set("/augeas/load/measured/lens", lens)
    handle.set("/augeas/load/measured/incl", path)
    handle.set("/text", text)
    handle.text_store(lens, "/text", "/stored")
    return handle


def checked(handle, path):
    """*handle*, where it has taken the file."""
    if handle.match("/augeas//error") or not handle.match("/files" + path):
        raise SystemExit("augeas refuses %s: %s" % (path, [
            handle.get(item) for item in handle.match("/augeas//error/*")]))
    return handle


def load(path, kind):
    """Seconds of a load."""
    handle = ready(kind, path)
    seconds = timed(handle.load)
    checked(handle, path).close()
    return seconds


def edit(original, path, kind):
    """Seconds of load, set, save of a fresh copy."""
    shutil.copyfile(original, path)
    handle = ready(kind, path)
    _, _, place, value = LENSES[kind]

    def change():
        handle.load()
        handle.set("/files%s/%s" % (path, place), value)
        handle.save()

    seconds = timed(change)
    checked(handle, path).close()
    return seconds


def memory(path, kind):
    """What the resident size of the process has grown by, per byte of the file. (Only the first
    round of a process counts: later ones find freed memory.)"""
    handle = ready(kind, path)
    before = resident()
    handle.load()
    size = resident() - before
    checked(handle, path).close()
    return size / os.path.getsize(path)


def resident():
    """The resident size of this process in bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def facts(path, kind):
    """What the file says."""
    handle = ready(kind, path)
    handle.load()
    top = "/files" + path
    checked(handle, path)
    if kind == "interfaces":
        options = [name for name in handle.match(top + "/iface/*")
                   if not re.search("/(?:family|method|#comment[^/]*)$", name)]
        found = {"interfaces": len(handle.match(top + "/iface")), "options": len(options)}
    elif kind == "apt-list":
        found = {"entries": len(handle.match(top + "/*[type]"))}
    else:
        own = handle.match(top + "/*") + handle.match(top + "/section/*")
        sections = len(handle.match(top + "/section"))
        remarks = len([name for name in own if "/#description" in name])
        found = {"sections": sections, "properties": len(own) - sections - remarks}
    handle.close()
    return found


def main():
    job, kind, path, *rest = sys.argv[1:]
    path = os.path.realpath(path)
    program = {"program": "Augeas " + augeas.Augeas(flags=augeas.Augeas.NO_MODL_AUTOLOAD
                                                    | augeas.Augeas.NO_LOAD).get("/augeas/version")}
    if job == "edit":
        copy = os.path.realpath(rest[0])
        edit(path, copy, kind)
        with open(copy, "rb") as file:
            program["edited"] = zlib.crc32(file.read())
        serve(program, lambda: edit(path, copy, kind))
    elif job == "memory":
        serve(program, lambda: memory(path, kind))
    else:
        serve(dict(program, **facts(path, kind)), lambda: load(path, kind))


if __name__ == "__main__":
    main()
