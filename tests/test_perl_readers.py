"""The trees of guest configurations and user.cfg against Perl programs that read like PVE does.

PVE is written in Perl, and what its readers accept is what Perl's regular expressions accept, on
bytes. The programs in tests/perl say so in Perl; seeded random files are given to both.
"""

import random
import shutil
import subprocess
from pathlib import Path

import pytest

import pvemigrate
from pvemigrate.cst import Line, encode
from pvemigrate.formats.user import Blank, Comment, Malformed
from pvemigrate.ruleset._user import UserConfig
from pvemigrate.ruleset.gst004_malformed_line import _CLOSED as CLOSED, SKIPPING

PERL = shutil.which("perl")
PROGRAMS = Path(__file__).parent / "perl"
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not PERL, reason="no perl on this machine: install perl-base"),
]

ODD = [b" ", b"\t", b"\r", b"\x0b", b"\x0c", b"\0", b"\xe9", b"\xc3\xa9", b"\xc2\xa0",
       b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x84\xaa", b"\x1c", b"\x85", b"\xef\xbb\xbf",
       b"\xd9\xa3"]
GUEST = ODD + [b"\n"] * 8 + [
    b"lxc.", b"lxc.a", b"lxc.cgroup.devices.allow", b"lxc.A", b":", b"=", b": ", b" = ", b"a",
    b"ab", b"memory", b"net0", b"cpu-x", b"1", b"[", b"]", b"[snap1]", b"[a]", b"[Snap_2-x]",
    b"[PENDING]", b"[my snap]", b"\n[x1 y]\n", b"[special:fleecing]", b"\namd-sev: ", b"\na-b-1: c\n",
    b"[pve:pending]", b"[PVE:Pending]", b"[special:cloudinit]", b"#", b"snapstate:", b"delete",
    b"delete:", b"prepare", b"description:", b"args:", b"x", b"\r\n",
    b"\nlxc.a: ", b"\nlxc.a-b_0 = ", b"\nlxc.a:v\n", b"\nmemory: ", b"\nargs: x snapstate: delete",
    b"\ndescription: snapstate: delete", b"snapstate:prepare\n", b" snapstate: delete \n",
    b"\n#", b"\n[snap", b"]\n"]
USER = ODD + [b"\n"] * 8 + [b":"] * 12 + [
    b"user:", b"token:", b"group:", b"pool:", b"role:", b"acl:", b"User:", b"users:", b"#", b"0",
    b"1", b"007", b"100", b"0100", b",", b";", b"a@pve", b"root@pam", b"a@pve!tk", b"root@pam!tk",
    b"b@p",
    b"a@pve!t", b"@g", b"@b!d", b"g", b"R1", b"R2", b"R1,R2", b"PVEAdmin", b"Pool.Allocate", b"/",
    b"//a/", b"a b", b"user:a@pve:1:0:", b"token:a@pve!tk:", b"role:R1:", b"acl:1:/:", b"\r\n",
    b"\nacl:0:/:a@pve,@g;a@pve!tk:R1 PVEAdmin:\n", b"\npool:p::100,0100:\n",
    b"\npool:q::0100 7:\n", b"\nuser:a@pve:1::\n", b"\ntoken:a@pve!tk\n", b"\nrole:R1:VM.Audit;X",
    b"\nrole:R2:Pool.Allocate\0", b"\nacl:1:a//b/:a@pve:R2", b"\nacl::/:@g,root@pam:R1,R2:\n",
    b"\nuser:b@pve:x:7:a:b:c:d:e:f\n", b"\nacl:1:0:a@pve!tk,b@pve R1:NoAccess,R1\n"]


def texts(parts, seed, count):
    """*count* random texts (bytes), the same for the same seed."""
    source = random.Random(seed)
    return [b"".join(source.choice(parts) for _ in range(source.randint(0, 24)))
            for _ in range(count)]


def ask(program, data, *arguments):
    """What the Perl program says of *data*: list of lists of bytes."""
    done = subprocess.run([PERL, str(PROGRAMS / program), *arguments], input=data, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.stderr == b""
    return [[bytes.fromhex(word[:-1]) if word.endswith(".") else word
             for word in line.split(" ")] for line in done.stdout.decode("ascii").splitlines()]


def guest_line(line):
    """A line of our tree as the Perl program shows it."""
    name = type(line).__name__
    if name == "SectionHeader":
        return ["header", encode(line.name)]
    if name == "Description":
        return ["description", encode(line.text)]
    if name == "RawKey":
        return ["raw", encode(line.key), encode(line.value)]
    if name == "BuriedState":
        return ["state", encode(line.state)]
    if name == "Property":
        if line.key == "snapstate" and line.value in ("prepare", "delete"):
            return ["state", encode(line.value)]
        return ["property", encode(line.key), encode(line.value)]
    return ["blank" if name == "Blank" else "tossed"]


def guest_lines(lines, kind, release):
    """The lines of our tree as the Perl program shows them that reads like PVE of a release."""
    is_skipped = False
    for line in lines:
        answer = guest_line(line)
        if kind == "qemu" and release >= SKIPPING:
            if answer[0] == "header":
                is_skipped = False
            elif answer[0] == "tossed" and type(line).__name__ == "BrokenHeader" and (
                    CLOSED.fullmatch(line.code)):
                is_skipped = True
                answer = ["unknown"]
            elif is_skipped and answer[0] != "blank":
                answer = ["skipped"]
        elif answer[0] == "property" and b"-" in answer[1]:
            answer = ["tossed"]
        yield answer


@pytest.mark.parametrize("kind, release", [("lxc", 7), ("lxc", 9), ("qemu", 7), ("qemu", 9)])
def test_guest_lines_are_told_apart_as_perl_does(kind, release):
    # Files are joined by a line that no reader looks behind, so that one Perl answers for many.
    data = b"\n".join(texts(GUEST, 7, 4000))
    if kind == "qemu" and release < SKIPPING:
        # Known from 7.2 and from 8.x on only; the program speaks for 6.4 and 7.0.
        data = data.replace(b"[special:", b"[special.")
    lines = [node for node in pvemigrate.parse(data, kind=kind).walk() if isinstance(node, Line)]
    theirs = ask("guest_lines.pl", data, kind, str(release))
    assert len(lines) == len(theirs)
    for line, ours, answer in zip(lines, guest_lines(lines, kind, release), theirs):
        assert ours == answer, line


def user_lines(tree):
    """The lines of user.cfg as the Perl program shows them."""
    for node in tree.body:
        if isinstance(node, Blank):
            continue
        if isinstance(node, (Comment, Malformed)):
            yield [b"tossed"]
            continue
        words = [encode(value) for value in node.values()]
        while words and not words[-1]:
            words.pop()
        yield [encode(node.keyword)] + words


def in_effect(tree):
    """What is in effect, as our reader of user.cfg sees it and as the Perl program shows it."""
    config = UserConfig(tree, release=6)
    known = []
    for user in sorted(config._users, key=encode):
        known.append(["user", user])
        known += [["token", "%s!%s" % (user, name)]
                  for name in sorted(config._users[user][2], key=encode)]
    for role in sorted(config.roles, key=encode):
        held = {str(item) for _, items in config.roles[role] for item in items}
        known.append(["role", role] + sorted(held, key=encode))
    known += [["guest", vm, config._vms[vm][0]] for vm in sorted(config._vms, key=encode)]
    grants = sorted(config._grants, key=lambda grant: [encode(word) for word in grant])
    known += [["acl", *grant, str(int(config._grants[grant][0]))] for grant in grants]
    return [[encode(word) for word in line] for line in known]


def test_user_cfg_is_read_as_perl_does():
    for data in texts(USER, 11, 150) + [b"\n".join(texts(USER, 13, 400))]:
        tree = pvemigrate.parse(data, kind="user")
        theirs = ask("user_cfg.pl", data)
        cut = theirs.index(["in", "effect"])
        assert list(user_lines(tree)) == theirs[:cut]
        assert in_effect(tree) == theirs[cut + 1:]
