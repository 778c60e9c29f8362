"""user.cfg as Proxmox VE reads it: what it keeps of a file, and what its next save loses."""

import re

from ..cst import Line, Token, encode
from ..edit import Fix, replace, token_end
from ..formats.user import Comment, Malformed, Record
from ..lazy import lazy
from ..releases import HOPS
from ..rule import command

__all__ = ["UserConfig", "append_pool_audit", "read_config", "role_names", "shown", "special_roles",
           "split_list"]

#: Roles that Proxmox VE 6.4 makes itself (PVE::AccessControl); lines that name them are not kept.
SPECIAL_ROLES = frozenset("""
    NoAccess Administrator PVEAdmin PVEAuditor PVETemplateUser PVEVMAdmin PVEVMUser PVESysAdmin
    PVEDatastoreAdmin PVEDatastoreUser PVESDNAdmin PVEUserAdmin PVEPoolAdmin
    """.split())
#: The privileges of 6.4. Of those that are gone since, a rule of their own speaks.
PRIVILEGES = frozenset("""
    VM.Config.Disk VM.Config.CPU VM.Config.Memory VM.Config.Network VM.Config.HWType
    VM.Config.Options VM.Config.CDROM VM.Config.Cloudinit VM.Allocate VM.Clone VM.Migrate VM.Monitor
    VM.Snapshot VM.Snapshot.Rollback VM.Console VM.Backup VM.PowerMgmt VM.Audit
    Sys.PowerMgmt Sys.Modify Sys.Console Sys.Syslog Sys.Audit Permissions.Modify
    Datastore.Allocate Datastore.AllocateTemplate Datastore.AllocateSpace Datastore.Audit
    SDN.Allocate SDN.Audit Realm.Allocate Realm.AllocateUser User.Modify Group.Allocate
    Pool.Allocate
    """.split())

#: What acl lines grant is compared up to here: a line of many members and many roles grants their
#: product, which a file of half a megabyte can make too much for the memory.
MOST_GRANTS = 200000

#: How many fields PVE reads behind each keyword.
FIELDS = {"user": 8, "token": 4, "group": 3, "pool": 4, "role": 2, "acl": 4}

_REALM = "[A-Za-z][A-Za-z0-9._-]+"
_USER_ID = lazy("[^ \t\r\f\v\n:/]+@%s" % _REALM)
_TOKEN_ID = lazy("([^ \t\r\f\v\n:/]+@%s)!(%s)" % (_REALM, _REALM))
_NAME = lazy("[A-Za-z0-9._-]+")
_STORAGE = lazy("[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]")
_DIGITS = lazy("[0-9]+")
_GROUP = lazy("@([A-Za-z0-9._-]+)")
_PATH = lazy("[A-Za-z0-9._/-]+")
_ITEM = lazy("[^ \t\r\f\v\n,;]+")
_WHITE = " \t\r\f\v\n"


def special_roles(release):
    """The names of the roles that *release* (int) of Proxmox VE makes itself."""
    return SPECIAL_ROLES.union(*(hop.roles for hop in HOPS.values() if hop.new_release <= release))


def role_names(tree):
    """Each place where the file names a role: yields (name, Token)."""
    for node in tree.body:
        if not isinstance(node, Record):
            continue
        values = node.values()
        if node.keyword == "role":
            yield from ((str(token), token) for token in values[:1])
        elif node.keyword == "acl":
            yield from ((str(token), token) for field in values[3:4] for token in split_list(field))


def split_list(token):
    """The items of a list field (Tokens), as PVE::Tools::split_list finds them: comma, semicolon
    and blanks separate; where there is a NUL, nothing but NULs does."""
    if "\0" not in token:
        return [Token(match.group(), token.node, token.offset + match.start())
                for match in _ITEM.finditer(token)]
    items, at = [], 0
    for part in token.split("\0"):
        if part:
            items.append(Token(part, token.node, token.offset + at))
        at += len(part) + 1
    return items


def is_user_id(text):
    """Whether PVE takes *text* for a user: 3 to 64 bytes, a name and a realm."""
    return bool(_USER_ID.fullmatch(text)) and 3 <= len(encode(text)) <= 64


def acl_path(text):
    """The path that PVE makes of an acl line's, None for one that it refuses."""
    path = re.sub("/+", "/", text)
    if path.endswith("/"):
        path = path[:-1]
    if path in ("", "0"):
        path = "/"
    if not path.startswith("/"):
        path = "/" + path
    return path if _PATH.fullmatch(path) else None


def is_true(text):
    """A flag as Perl sees it: anything but nothing and 0 is set, ``no`` too."""
    return text not in ("", "0")


def number(text):
    """A field that should be digits, without leading zeros (nothing is 0), or None."""
    if not is_true(text):
        return "0"
    return (text.lstrip("0") or "0") if _DIGITS.fullmatch(text) else None


class UserConfig:
    """What PVE's reader (PVE::AccessControl, parse_user_config) makes of a tree.

    ``roles``: name -> list of (line, list of privilege Tokens), for each line that defines the
    role, the special roles left out. ``entries``: list of (line, path, whether it propagates, names
    of members, Tokens of roles), what is kept of each acl line. ``losses``: list of (node or Token,
    message) of what PVE drops, or reads otherwise than it is written, so that its next save changes
    it; ``early``: the same of what is right after the upgrade.

    *release*: of Proxmox VE, where it is known. *hop*: the :class:`~pvemigrate.releases.Hop`; a name
    that becomes that of a special role with it is an ordinary one here, and what that means is
    another rule's.
    """

    def __init__(self, tree, release=None, hop=HOPS["6to7"]):
        self.tree = tree
        self.hop = hop
        # The release that reads the file. Where it is not known, it may be the new one.
        self.release = max(release or 0, hop.release)
        newest = self.release if release else hop.new_release
        self._has_new_roles = newest >= hop.new_release
        self._special = special_roles(self.release).difference(hop.roles)
        past = [known for known in HOPS.values() if known.new_release <= newest]
        self._privileges = PRIVILEGES.union(*(known.new_privileges for known in past))
        self._pool_levels = max([known.pool_levels for known in past] or [1])
        self.roles = {}
        self.entries = []
        self.losses = []
        self.early = []
        # id -> [line or None, what the line says, tokens: name -> (line, what it says)]
        self._users = {"root@pam": [None, None, {}]}
        self._comments = {}
        self._vms = {}
        self._grants = {}
        # Tokens that a user's later line wiped out: (name, line, what it says, that later line).
        self._wiped = []
        # Name -> the first line that defines the role, valid or not.
        self._role_lines = {}
        self._read(tree)

    def _line(self, node):
        return self.tree.position(node).line

    def _lose(self, item, message):
        self.losses.append((item, message))

    def _read(self, tree):
        for node in tree.body:
            if isinstance(node, Record) and node.keyword == "role" and node.values():
                self._role_lines.setdefault(str(node.values()[0]), node)
        for node in tree.body:
            if isinstance(node, Comment):
                self._lose(node, "there are no comments in user.cfg: PVE drops this line with the "
                           "next change")
            elif isinstance(node, Malformed):
                self._lose(node, malformed_reason(str(node.text)))
            elif isinstance(node, Record):
                values = node.values()
                wanted = FIELDS[node.keyword]
                extra = [value for value in values[wanted:] if value]
                fields = values[:wanted]
                fields += [Token("", node, node.fields.offset + len(node.fields))] * (
                    wanted - len(fields))
                kept = getattr(self, "_read_" + node.keyword)(node, *fields)
                if kept and extra:
                    self._lose(extra[0], "PVE reads %d fields behind %s and drops the rest with "
                               "the next change (a colon in a text is written %%3A)"
                               % (wanted, node.keyword))
        for name, line, says, by in self._wiped:
            user, _, token = name.rpartition("!")
            again = self._users[user][2].get(token)
            if again is None or again[1] != says:
                self._lose(line, "PVE loses this token: line %d below it starts the user anew"
                           % self._line(by))
        # A line that goes as a whole needs no word about its parts.
        whole = {id(item) for item, _ in self.losses if isinstance(item, Line)}
        self.losses = [(item, message) for item, message in self.losses
                       if isinstance(item, Line) or id(item.node) not in whole]

    # -- one method a keyword; each returns whether PVE keeps the line ----------------------------

    def _read_user(self, line, user, enable, expire, *texts):
        if not is_user_id(user):
            self._lose(line, "PVE drops this user: %s is no name@realm (of 3 to 64 bytes)"
                       % shown(user))
            return False
        if number(expire) is None:
            self._lose(line, "PVE drops this user: the expiry date %s is no number" % shown(expire))
            return False
        says = (is_true(enable), number(expire)) + tuple(map(str, texts))
        before = self._users.get(str(user))
        if before is not None:
            if before[0] is not None and before[1] != says:
                self._lose(before[0], "PVE drops this line: line %d defines %s again"
                           % (self._line(line), user))
            for name, (token_line, token_says) in before[2].items():
                self._wiped.append(("%s!%s" % (user, name), token_line, token_says, line))
        self._users[str(user)] = [line, says, {}]
        return True

    def _read_token(self, line, token, expire, separate, comment):
        match = _TOKEN_ID.fullmatch(token)
        if match is None:
            self._lose(line, "PVE drops this token: %s is no name@realm!token (of two characters "
                       "or more)" % shown(token))
            return False
        if number(expire) is None:
            self._lose(line, "PVE drops this token: the expiry date %s is no number"
                       % shown(expire))
            return False
        user, name = match.groups()
        if user not in self._users:
            self._lose(line, "PVE drops this token: no line above it defines the user %s" % user)
            return False
        tokens = self._users[user][2]
        says = (number(expire), is_true(separate), str(comment))
        if name in tokens:
            before, said = tokens[name]
            if said[:2] != says[:2] or says[2] and said[2] and says[2] != said[2]:
                self._lose(before, "PVE drops this line: line %d defines %s again"
                           % (self._line(line), token))
            says = says[:2] + (says[2] or said[2],)
        tokens[name] = (line, says)
        return True

    def _read_group(self, line, group, users, comment):
        if not _NAME.fullmatch(group):
            self._lose(line, "PVE drops this group: %s is no name for one" % shown(group))
            return False
        for user in split_list(users):
            if not is_user_id(user):
                self._lose(user, "PVE drops this member: %s is no name@realm (of 3 to 64 bytes)"
                           % shown(user))
        self._comment(line, group, comment)
        return True

    def _read_pool(self, line, pool, comment, vms, storages):
        levels = pool.split("/")
        if len(levels) > self._pool_levels or not all(map(_NAME.fullmatch, levels)):
            self._lose(line, "PVE drops this pool: %s is no name for one" % shown(pool))
            return False
        for vm in split_list(vms):
            if not _DIGITS.fullmatch(vm):
                self._lose(vm, "PVE drops this guest from the pool: %s is no number" % shown(vm))
                continue
            first, place = self._vms.setdefault(number(vm), (str(pool), line))
            if first != pool:
                self._lose(vm, "PVE drops guest %s from this pool: it is in %s already (line %d)"
                           % (number(vm), first, self._line(place)))
        for storage in split_list(storages):
            if not _STORAGE.fullmatch(storage):
                self._lose(storage, "PVE drops this storage from the pool: %s is no name for one"
                           % shown(storage))
        self._comment(line, pool, comment)
        return True

    def _comment(self, line, name, comment):
        """Of several comments of a group or pool the last counts."""
        if not is_true(comment):
            return
        before = self._comments.get((line.keyword, name))
        if before is not None and before != comment:
            self._lose(before, "PVE drops this comment: line %d has another one for the %s"
                       % (self._line(line), line.keyword))
        self._comments[line.keyword, name] = comment

    def _read_role(self, line, role, privileges):
        if not _NAME.fullmatch(role):
            self._lose(line, "PVE drops this role: %s is no name for one" % shown(role))
            return False
        if role in self._special:
            self._lose(line, "PVE drops this line with the next change: %s is a built-in role"
                       % role)
            return False
        privileges = split_list(privileges)
        self.roles.setdefault(str(role), []).append((line, privileges))
        for privilege in privileges:
            if privilege not in self._privileges:
                self._lose_privilege(privilege)
        return True

    def _lose_privilege(self, privilege):
        known = next((hop for hop in HOPS.values() if privilege in hop.new_privileges), None)
        if known is None:
            self._lose(privilege, "PVE drops %s from the role: it knows no such privilege"
                       % shown(privilege))
        elif known is not self.hop:
            self._lose(privilege, "PVE drops %s from the role: it knows no such privilege before %s"
                       % (privilege, known.new_pve))
        elif privilege != "Pool.Audit":
            # That one is USR002's.
            self.early.append((privilege, "%s does not know %s and drops it from the role with the next "
                               "change: check again when all nodes run %s" % (
                                   known.old_pve, privilege, known.new_pve)))

    def _read_acl(self, line, propagate, path, members, roles):
        place = acl_path(path)
        if place is None:
            self._lose(line, "PVE drops this line: %s is no path" % shown(path))
            return False
        members, roles = split_list(members), split_list(roles)
        if not members or not roles:
            self._lose(line, "PVE drops this line with the next change: it names no %s"
                       % ("role" if members else "user, group or token"))
            return False
        roles = [role for role in roles if self._is_known(role)]
        members = [member for member in members if self._is_member(member)]
        if members and roles:
            self.entries.append((line, place, is_true(propagate), [str(member) for member in members],
                                 roles))
        self._grant(line, place, is_true(propagate), {str(member): member for member in members},
                    {str(role): role for role in roles})
        return True

    def _grant(self, line, place, propagate, members, roles):
        """Note who gets which role where (*members* and *roles*: name -> Token), and report the
        grants of earlier lines that these replace."""
        if len(self._grants) + len(members) * len(roles) > MOST_GRANTS:
            return
        for name, role in roles.items():
            for member in members:
                grant = (place, member, name)
                before = self._grants.get(grant)
                if before is not None and before[0] != propagate:
                    self._lose(before[1], "PVE drops this: line %d gives %s the role %s on %s with "
                               "another propagate flag" % (self._line(line), member, name, place))
                self._grants[grant] = (propagate, role)

    def _is_known(self, role):
        if role in self.roles or role in self._special:
            return True
        if role in self.hop.roles and self._has_new_roles:
            return True
        later = self._role_lines.get(str(role))
        if later is not None and _NAME.fullmatch(role):
            self._lose(role, "PVE drops the role %s here: line %d defines it too late, move that up"
                       % (role, self._line(later)))
        else:
            self._lose(role, "PVE drops the role %s here: it is not defined" % shown(role))
        return False

    def _is_member(self, member):
        if member == "root@pam":
            self._lose(member, "PVE drops root@pam here with the next change: root may do "
                       "everything anyway")
            return False
        if _GROUP.fullmatch(member) or is_user_id(member):
            return True
        token = _TOKEN_ID.fullmatch(member)
        if token is None:
            self._lose(member, "PVE drops %s here: it is no @group, name@realm or name@realm!token"
                       % shown(member))
            return False
        user, name = token.groups()
        if user not in self._users or name not in self._users[user][2]:
            self._lose(member, "PVE drops the token %s here: no line above defines it" % member)
            return False
        return True


def read_config(rule, tree):
    """The :class:`UserConfig` of *tree* for a rule at work."""
    return rule.project.once(UserConfig, tree, rule.facts.release, rule.hop)


def append_pool_audit(rule, role, lines, privilege, applicability, message):
    """Report at *privilege* in the first of the role's lines that has it, with a fix that appends
    Pool.Audit to that line. *lines*: as in :attr:`UserConfig.roles`."""
    line, items = next(entry for entry in lines if privilege in entry[1])
    fix = None
    if "\0" in line.values()[1]:
        message += "; the list is separated by NULs: add Pool.Audit to it"
    else:
        fix = Fix("append Pool.Audit", [replace(token_end(items[-1]), ",Pool.Audit")], applicability)
    # A name that begins with - would be taken for an option.
    commands = () if role.startswith("-") else (
        command("pveum", "role", "modify", role, "--append", "--privs", "Pool.Audit"),)
    rule.report(items[items.index(privilege)], message % role, fix, commands=commands)


def malformed_reason(text):
    """What PVE does with a line whose keyword it does not know."""
    keyword = text.lstrip("\ufeff").partition(":")[0].strip(_WHITE)
    why = "no keyword that it knows"
    if text.startswith("\ufeff"):
        why = "a byte order mark before it"
    elif keyword.lower() in FIELDS and keyword.isascii():
        why = "keywords have small letters"
    elif keyword.split(" ")[0] in FIELDS:
        why = "no colon behind the keyword"
    return "PVE cannot read this line (%s) and drops it with the next change" % why


def shown(text):
    """A word for a message: what is empty must be seen too, what is long need not."""
    text = str(text) or "an empty name"
    return text if len(text) <= 40 else text[:37] + "..."
