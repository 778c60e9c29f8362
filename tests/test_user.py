"""Trees of user.cfg, and what PVE's reader makes of its fields and lists."""

import pytest

import pvemigrate
from pvemigrate.cst import Token
from pvemigrate.releases import HOPS
from pvemigrate.ruleset._user import UserConfig, acl_path, is_user_id, special_roles, split_list
from pvemigrate.settings import VM_MONITOR, Settings, UsageError


def only(text):
    line, = pvemigrate.parse(text, kind="user").body
    assert line.code == text
    return line


def words(text):
    """Keyword and fields of the one line of a text."""
    line = only(text)
    assert type(line).__name__ == "Record"
    return [str(line.keyword)] + [str(value) for value in line.values()]


def reading(text, release=None):
    return UserConfig(pvemigrate.parse(text, kind="user"), release)


def lost(text, release=None):
    """The lines (from 1) of a text of which something is lost."""
    config = reading(text, release)
    return sorted({config.tree.position(item).line for item, _ in config.losses})


# -- lines and fields ------------------------------------------------------------------------------


@pytest.mark.parametrize("text, expected", [
    ("role:Ops:Pool.Allocate:", ["role", "Ops", "Pool.Allocate", ""]),
    ("role:Ops2:Pool.Allocate", ["role", "Ops2", "Pool.Allocate"]),
    ("role : Ops3 : Pool.Allocate :", ["role", "Ops3", "Pool.Allocate", ""]),
    ("role:Ops4::", ["role", "Ops4", "", ""]),
    (" \trole:Tab\t:\vA B\f:\r", ["role", "Tab", "A B", ""]),
    ("role:a\u00e9:\0", ["role", "a\u00e9", "\0"]),
    ("user:a@pve:1:0:::::", ["user", "a@pve", "1", "0", "", "", "", "", ""]),
    ("user", ["user"]), ("user \t", ["user"]), ("acl:", ["acl", ""]), ("acl: : ", ["acl", "", ""]),
    ("token:a@pve!tk", ["token", "a@pve!tk"]), ("group:g", ["group", "g"]),
    ("pool:p:#c", ["pool", "p",
                                                                                         "#c"]),
])
def test_records(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize("text, name", [
    ("# admins", "Comment"), ("#", "Comment"), (" #role:A:B:", "Comment"),
    ("User:a@pve:", "Malformed"),
    ("users:a@pve:", "Malformed"), ("role Ops:A:", "Malformed"), (":role:A:", "Malformed"),
    ("hello", "Malformed"), ("\ufeffuser:a@pve:", "Malformed"), ("user\0:a@pve:", "Malformed"),
    ("\u00a0user:a@pve:", "Malformed"), ("user\u00a0:a@pve:", "Malformed"), ("\0", "Malformed"),
    (" ", "Blank"), ("\t\r", "Blank"), ("\u2003", "Malformed"),
])
def test_lines_that_are_no_records(text, name):
    line = only(text)
    assert type(line).__name__ == name
    assert getattr(line, "is_malformed", False) == (name == "Malformed")


def test_fields_keep_their_place():
    tree = pvemigrate.parse("\n role : \u00e9 :\tA,B : \r\nacl:1", kind="user")
    _, role, acl = tree.body
    places = [tree.position(value) for value in role.values()]
    assert [(p.line, p.column, p.end_column) for p in places] == [(2, 9, 10), (2, 13, 16),
    (2, 18, 18)]
    assert tree.bytes[places[1].start:places[1].end] == b"A,B"
    assert role.trail == " \r" and acl.newline == ""


def test_only_a_line_feed_ends_a_line():
    for char in "\r", "\x85", "\u2028", "\v":
        assert words("role:a%srole:b" % char)[1:2] != ["a"]


# -- lists -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, items", [
    ("a,b;c d,,e", ["a", "b", "c", "d", "e"]), ("b@pve;c@pve  d@pve", ["b@pve", "c@pve", "d@pve"]),
    (",;a, ;", ["a"]), ("", []), (" ,", []), ("a\tb\vc", ["a", "b", "c"]),
    ("a\0b,c d", ["a", "b,c d"]),
    ("\0\0a\0", ["a"]), ("a\u00a0b", ["a\u00a0b"]),
])
def test_split_list(text, items):
    found = split_list(Token(text, None, 7))
    assert found == items
    assert all(text[item.offset - 7:].startswith(item) for item in found)


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, valid", [
    ("a@pve", True), ("a@pv", True), ("a@p", False), ("@pve", False), ("a@", False),
    ("a b@pve", False),
    ("a/b@pve", False), ("a@b@pve", True), ("a@1pve", False), ("a@p-v_e.x", True),
    ("a@p\u00e9", False),
    ("\u00e9@pve", True), ("a" * 60 + "@pve", True), ("a" * 61 + "@pve", False),
    ("\u00e9" * 30 + "@pve", True), ("\u00e9" * 31 + "@pve", False), ("a@pve!tk", False),
])
def test_user_ids(text, valid):
    assert is_user_id(text) is valid


@pytest.mark.parametrize("text, path", [
    ("", "/"), ("/", "/"), ("//", "/"), ("vms", "/vms"), ("//a//b/", "/a/b"), ("/a b", None),
    ("/\u00e9", None), ("/a_b-c.1", "/a_b-c.1"), ("0", "/"), ("/a:b", None),
])
def test_acl_paths(text, path):
    assert acl_path(text) == path


# -- what is in effect, what is lost ---------------------------------------------------------------


def test_lines_of_a_role_add_up():
    config = reading("role:A:X\nrole:A:Y Z\nrole:B::\nrole:b d:X\nrole:PVEAdmin:X\n"
                     "role:PVEPoolUser:X\n")
    assert {name: [[str(item) for item in items] for _, items in lines]
            for name, lines in config.roles.items()} == {
                "A": [["X"], ["Y", "Z"]], "B": [[]], "PVEPoolUser": [["X"]]}


@pytest.mark.parametrize("text, lines", [
    ("acl:1:/:@g:A:\nrole:A::\n", [1]),
    ("role:A::\nacl:1:/:@g:A:\n", []),
    ("token:a@pve!tk:0:1:\nuser:a@pve:1:\n", [1]),
    ("user:a@pve:1:\ntoken:a@pve!tk:0:1:\n", []),
    ("group:g:a@pve:\nuser:a@pve:1:\n", []),
    ("acl:1:/:@g:NoAccess:\ngroup:g::\n", []),
    ("user:a@pve:1:\nuser:a@pve:0:\n", [1]),
    ("user:a@pve:1:0:::::\nuser:a@pve:yes:000\n", []),
    ("user:a@pve:1:\ntoken:a@pve!tk:0:1:\nuser:a@pve:1:\n", [2]),
    ("user:a@pve:1:\ntoken:a@pve!tk:0:1:\nuser:a@pve:1:\ntoken:a@pve!tk::yes\n", []),
    ("token:root@pam!tk:0:1:\nuser:root@pam:1:\n", [1]),
    ("user:a@pve:1:x:\ntoken:a@pve!tk:0:1:\n", [1, 2]),
    ("user:a@pve:1:007:a:b:c:d:e:\n", []),
    ("user:a@pve:1:7:a:b:c:d:e:f\n", [1]),
    ("pool:a::100:\npool:b::0100:\n", [2]),
    ("pool:a::100,100:\npool:a::0100:\n", []),
    ("pool:a::\u0663:\n", [1]),
    ("group:g::x:\ngroup:g::y:\n", [1]),
    ("group:g::x:\ngroup:g:::\n", []),
    ("role:A:VM.Audit,vm.audit:\n", [1]),
    ("role:A:Pool.Audit:\n", []),
    ("acl:1:/:root@pam:NoAccess:\n", [1]),
    ("acl:1:/:@g:NoAccess:\nacl:0:/:@g:NoAccess:\n", [1]),
    ("acl:1:/:@g:NoAccess:\nacl:yes:///:@g:NoAccess:\n", []),
    ("acl:1:/::NoAccess:\nacl:1:/:@g::\n", [1, 2]),
])
def test_what_a_save_would_lose(text, lines):
    assert lost(text) == lines


def test_the_role_that_7_0_brings():
    assert lost("acl:1:/:@g:PVEPoolUser:\n", release=6) == [1]
    assert lost("acl:1:/:@g:PVEPoolUser:\n", release=7) == []
    assert lost("acl:1:/:@g:PVEPoolUser:\n") == []


@pytest.mark.parametrize("release, names", [
    (6, set()), (7, {"PVEPoolUser"}),
    (8, {"PVEPoolUser", "PVESDNUser", "PVEMappingAdmin", "PVEMappingUser"}),
    (9, {"PVEPoolUser", "PVESDNUser", "PVEMappingAdmin", "PVEMappingUser"}),
])
def test_special_roles_of_the_releases(release, names):
    assert special_roles(release) - special_roles(6) == names


@pytest.mark.parametrize("hop, release, dropped, early", [
    ("6to7", 6, {"SDN.Use", "VM.GuestAgent.Audit"}, {"Sys.Incoming"}),
    ("6to7", 7, {"SDN.Use", "VM.GuestAgent.Audit"}, set()),
    ("6to7", None, {"SDN.Use", "VM.GuestAgent.Audit"}, set()),
    ("7to8", 7, {"VM.GuestAgent.Audit"}, {"SDN.Use"}),
    ("7to8", 8, {"VM.GuestAgent.Audit"}, set()),
    ("8to9", 8, set(), {"VM.GuestAgent.Audit"}),
    ("8to9", 9, set(), set()),
    ("8to9", None, set(), set()),
    # A node that is ahead of the upgrade that was asked for.
    ("6to7", 9, set(), set()),
])
def test_privileges_that_a_release_does_not_know(hop, release, dropped, early):
    config = UserConfig(pvemigrate.parse(
        "role:A:Sys.Incoming,SDN.Use,VM.GuestAgent.Audit,Pool.Audit,VM.Monitor\n", kind="user"),
        release, HOPS[hop])
    assert {str(item) for item, _ in config.losses} == dropped
    assert {str(item) for item, _ in config.early} == early


# -- what takes the place of VM.Monitor ------------------------------------------------------------


@pytest.mark.parametrize("given, chosen", [
    ((), ()), (None, ()), ("Audit", (0, 1)), (["Unrestricted", "Audit,FileRead"], (0, 1, 2, 5)),
    ("VM.GuestAgent.FileWrite, FileSystemMgmt ,", (0, 3, 4)), ("Sys.Audit", (0,)),
    (("Sys.Audit", "Audit", "Audit"), (0, 1)),
])
def test_choice_of_privileges(given, chosen):
    assert Settings(vm_monitor=given).vm_monitor == tuple(VM_MONITOR[at] for at in chosen)


@pytest.mark.parametrize("given", [",", [""], "audit", "VM.Monitor", "VM.Audit", "Audit;FileRead"])
def test_choice_of_privileges_that_is_none(given):
    with pytest.raises(UsageError, match="VM.Monitor cannot become"):
        Settings(vm_monitor=given)


def test_what_takes_the_place_is_known_to_the_new_release():
    assert set(VM_MONITOR[1:]) <= set(HOPS["8to9"].new_privileges)


def test_commands_that_replace_vm_monitor():
    def commands(text, **options):
        found = pvemigrate.check(text, kind="user", hop="8to9", select="USR007", **options)
        return [finding.commands for finding in found]

    assert commands("role:Ops:VM.Monitor,Sys.Audit:\n", vm_monitor="FileRead") == [
        ("pveum role modify Ops --append --privs VM.GuestAgent.FileRead",)]
    assert commands("role:Ops:VM.Monitor:\n") == [()]
    assert commands("role:-x:VM.Monitor:\n", vm_monitor="Audit") == [()]
    assert commands("role:Ops:VM.Monitor,Sys.Audit:\n", vm_monitor="Sys.Audit") == [()]


def test_lists_that_go_on_and_on():
    """Nothing takes the square of a line's length."""
    members = ",".join("@g%d" % number for number in range(20000))
    text = "acl:1:/:%s:%s:\n" % (members, ",".join(["PVEAdmin", "PVESysAdmin"] * 10000))
    found = pvemigrate.check(text, kind="user", hop="7to8", select="USR006")
    assert [str(finding.message).partition(" ")[0] for finding in found] == ["PVEAdmin", "PVESysAdmin"]
    text = "role:A:%s:\n" % ",".join(["VM.Monitor"] * 30000) + "role:A:VM.Monitor:\n" * 20000
    result = pvemigrate.fix(text, kind="user", hop="8to9", select="USR007", unsafe_fixes=True, phases="all",
                       vm_monitor="Audit")
    assert result.code == "role:A:Sys.Audit,VM.GuestAgent.Audit:\n" + "role:A::\n" * 20000


def test_the_command_names_the_role():
    finding, = pvemigrate.check("role:Ops:Pool.Allocate:\n", kind="user", select="USR001")
    assert finding.commands == ("pveum role modify Ops --append --privs Pool.Audit",)
    finding, = pvemigrate.check("role:-x:Pool.Allocate:\n", kind="user", select="USR001")
    assert finding.commands == ()


def test_acl_line_that_grants_a_product():
    # Hundreds of millions of grants in half a megabyte: nothing is compared, the rest is.
    members = ",".join("@g%d" % number for number in range(20000))
    roles = ["R%d" % number for number in range(20000)]
    text = "".join("role:%s:VM.Audit:\n" % role for role in roles) + (
        "acl:1:/:%s:%s:\nacl:1:/:@g1:Nothing:\n" % (members, ",".join(roles)))
    found = pvemigrate.check(text, kind="user", select=["USR005"])
    assert [(finding.code, finding.line) for finding in found] == [("USR005", 20002)]


@pytest.mark.parametrize("name", ["PVEOps", "pveops", "PvE", "a b", "a:b"])
def test_new_name_of_a_role_that_is_none(name):
    # Later releases keep all names that begin with PVE, in whatever letters, for themselves.
    with pytest.raises(ValueError):
        pvemigrate.check("", kind="user", rename_roles={"PVEPoolUser": name})
