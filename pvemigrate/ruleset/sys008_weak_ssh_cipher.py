import re

from ..rule import NODE, Rule

_KEYWORD = r'[ \t\r]*"?(ciphers|host|match)"?(?:[ \t\r]*=[ \t\r]*|[ \t\r]+)(.*)'
_LIST = '"([^"]*)"|([^ \t\r"=]+)'
_NAME = "[^,+^-][^,]*"
#: Names that ssh no longer knows, whatever follows (OpenSSH, cipher.c).
_GONE = "blowfish|arcfour|cast128|des|idea|3des(?!-cbc$)"


class WeakSshCipher(Rule):
    """
    ## What it finds

    In root's `~/.ssh/config`, a `Ciphers` line with a cipher that OpenSSH does not know any more
    (blowfish, arcfour, cast128 and older ones), for whatever host; and one that leaves 3des-cbc
    alone for every host. A list that removes ciphers (`-arcfour`) is in order.

    ## Why it matters

    With a single unknown name in it, ssh refuses the whole file: root's connections to the other
    nodes fail, and with them migration, replication and joining a cluster. 3des-cbc it still knows,
    and no sshd of Debian offers it.

    ## Example

    ```
    Host *
        Ciphers blowfish-cbc,aes128-ctr
    ```

    ## When the fix is safe

    There is none: remove the name, or the line where nothing is left. What an old device needs
    belongs in a `Host` section of its own, as far as ssh still has it.

    ## Guide

    The guide has nothing on it.

    ## References

    ssh_config(5), Ciphers; OpenSSH release notes, 7.6
    """

    kinds = (NODE,)
    severity = "error"
    phase = "before"
    checker = ("check_misc",)

    def check_project(self, project):
        file = project.text("root/.ssh/config")
        is_for_all, is_first = True, True
        for line in file.tree.body if file else ():
            match = re.match(_KEYWORD, line.text, re.IGNORECASE | re.ASCII)
            if match is None:
                continue
            keyword, rest = match.group(1).lower(), match.group(2)
            if keyword != "ciphers":
                is_for_all = rest.strip(" \t\r").lower() == ("*" if keyword == "host" else "all")
                continue
            found = re.match(_LIST, rest)
            names = self.ciphers(line, match.start(2), found) if found else []
            gone = [name for name in names if re.match(_GONE, name.lower())]
            if gone:
                self.report(gone[0], "ssh knows no cipher %s any more, and refuses the whole file "
                            "for it" % ", ".join(gone), file=file)
            elif (names and is_for_all and is_first and names[0].offset == match.start(2) + _quoted(
                    found) and set(names) == {"3des-cbc"}):
                self.report(names[0], "3des-cbc alone is left for all hosts, and the sshd of other "
                            "nodes does not offer it", file=file)
            is_first = False

    def ciphers(self, line, start, found):
        """The names (list of Token) in a cipher list; none in one that takes ciphers away."""
        text = found.group(1) or found.group(2) or ""
        if text.startswith("-"):
            return []
        start += _quoted(found)
        return [line.part(start + match.start(), start + match.end())
                for match in re.finditer(_NAME, text)]


def _quoted(found):
    return int(found.group(1) is not None)
