"""Makes the pictures of the terminal: ``pip install rich`` and then ``python docs/images/record.py``.

Each shows what the command really prints, at a terminal of its own, with the keys that are pressed.
A test compares the pictures' text with what the command prints by now.
"""

import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["COLUMNS", "PICTURES", "main", "recorded"]

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
COLUMNS = 100

#: File -> arguments, and the keys that are pressed, each when the text before it is shown.
PICTURES = {
    "diff.svg": (["fix", "--diff", "--quiet", "--root", "pve1", "--select", "NET,USR"], []),
    "interactive.svg": (["fix", "--interactive", "--root", "pve1", "--select", "NET"], [
        ("(1/2) Apply this fix [y,n,a,d,e,q,?]? ", "y"),
        ("(2/2) Apply this fix [y,n,a,d,e,q,?]? ", "?"),
        ("(2/2) Apply this fix [y,n,a,d,e,q,?]? ", "n"),
        ("[y,N] ", "y")]),
}


def recorded(arguments, keys=()):
    """All that the command shows at a terminal (str, with its colours), after a prompt. It works on a
    copy of the example node that is called pve1."""
    import fcntl
    import termios

    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(str(CHECKOUT / "examples" / "pve6-node"), os.path.join(folder, "pve1"))
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("NO_COLOR", "COLUMNS")}
        process = subprocess.Popen(
            [sys.executable, "-m", "pvemigrate", *arguments], stdin=slave, stdout=slave, stderr=slave,
            cwd=folder, env=dict(environment, TERM="xterm", PYTHONPATH=os.pathsep.join(sys.path)))
        os.close(slave)
        shown, pending = _read(master), list(keys)
        text, since = "", ""
        for part in shown:
            text, since = text + part, since + part
            if pending and pending[0][0] in _plain(since):
                os.write(master, pending.pop(0)[1].encode())
                since = ""
        process.wait()
        os.close(master)
    assert not pending, "not shown: %r" % pending[0][0]
    command = "\x1b[32m$\x1b[0m pvemigrate %s\n" % " ".join(arguments)
    return command + text.replace("\r\n", "\n").replace(folder, "~")


def _read(master):
    while True:
        select.select([master], [], [])
        try:
            data = os.read(master, 65536)
        except OSError:  # EIO: the command has ended.
            return
        yield data.decode("utf-8", "replace")


def _plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def picture(text):
    """A text with colours as SVG (str). It names no file elsewhere, fonts neither."""
    from rich.console import Console
    from rich.text import Text

    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True,
                          color_system="standard")
        console.print(Text.from_ansi(text.rstrip("\n")))
    svg = console.export_svg(title="pvemigrate")
    svg = re.sub(r"@font-face\s*\{.*?\}|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = svg.replace("font-family: Fira Code, monospace",
                      "font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace")
    return "".join(line.rstrip() + "\n" for line in svg.splitlines() if line.strip())


def main():
    """Make all pictures."""
    sys.path.insert(0, str(CHECKOUT))
    for name, (arguments, keys) in PICTURES.items():
        (HERE / name).write_text(picture(recorded(arguments, keys)), encoding="utf-8")


if __name__ == "__main__":
    main()
