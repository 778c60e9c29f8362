import re
from ..edit import Fix, create_file, replace
from ..rule import Rule
from ._net import has_whole_sysfs, link_files, link_sections
from ._nic import base_name, devices, family, is_card, is_pinned, mentions, permanent_mac, uses

#: The kernel's names are no longer (IFNAMSIZ).
MAX_NAME = 15
#: What makes a systemd .link file keep a NIC's name. A MAC address alone would match the bridge and
#: the VLANs on it too.
LINK = "[Match]\nMACAddress=%s\nType=ether\n\n[Link]\nName=%s\n"


class NicMayBeRenamed(Rule):
    """
    ## What it finds

    A network interface card that the interfaces files name and whose name may be another one after
    the upgrade: a Mellanox card, or a Broadcom BCM57412. Which one it is, sys/class/net/NAME/device
    below the root tells (driver, or PCI vendor and device). Where that is not there, only the two
    forms of names count that the upgrade guide shows: `enp33s0f0`, a function of a card without its
    port, and `ens2f0np0`, a slot with a port. Names such as `eno1`, `enp3s0`, `enp0s31f6` or
    `eth0` say nothing: most onboard cards are called so, and none of them was seen to change.

    That is known of the upgrade from 6 to 7. Cards got other names in the later ones too, but nobody
    has said which; there it finds, with `--pin-nics` alone, every card whose name says where it is
    plugged in (`eno1`, `enp3s0`).

    Silent for a name that a .link file in etc/systemd/network or usr/local/lib/systemd/network (by MAC
    address or path) or a rule of udev gives, with `net.ifnames=0` on the kernel's command line, for an
    interface that sysfs does not have, and on a node that runs the new release: there the names are
    the new ones.

    With `--rename-nic OLD=NEW` it finds every use of OLD, whatever card that is; commands and other
    options that name it are reported one by one.

    ## Why it matters

    A newer kernel knows more of some cards, and names are made of what it knows. The interfaces
    files go on naming a card that is no longer called so: the bridge or bond comes up without it,
    and the node is off the network after the reboot.

    ## Example

    With `--rename-nic enp33s0f0=enp33s0f0np0`,

    ```
    iface enp33s0f0 inet manual

    iface vmbr0 inet static
    	address 192.0.2.10/24
    	bridge-ports enp33s0f0
    ```

    becomes

    ```
    iface enp33s0f0np0 inet manual

    iface vmbr0 inet static
    	address 192.0.2.10/24
    	bridge-ports enp33s0f0np0
    ```

    ## When the fix is safe

    With `--pin-nics` the card keeps its name: the fix writes etc/systemd/network/10-NAME.link, which
    knows it by its MAC address. That is safe where the address is the card's own: from `--mac`, from
    `--ip-link` or from sysfs, but not one that a bond gave it or that was set by hand. Run
    `update-initramfs -u -k all` afterwards. (Proxmox VE 8.4 and later have a program that gives cards
    new names and keeps those, `pve-network-interface-pinning`; what it has named is left alone.)

    With `--rename-nic` the fix changes the name in all files that ifupdown reads and in
    interfaces.new, all or nothing: `auto`, `allow-*`, `iface`, `mapping` and `inherits` lines, ports
    of bridges and bonds, `bond-primary`, `vlan-raw-device`, VLANs (OLD.100) and aliases (OLD:0). It
    is unsafe because nobody knows the new name before the new kernel runs, and because a reboot has
    to follow: until then the new name is no interface. It is left to you where the new name is taken,
    where a VLAN's name would be longer than the 15 characters that the kernel takes, and where a
    name is cut in two by a backslash. For a name that both options are given for, `--rename-nic`
    counts.

    ## Guide

    Network Interface Name Change

    ## References

    systemd.net-naming-scheme(7); systemd.link(5); interfaces(5)
    """

    kinds = ("interfaces",)
    severity = "warning"
    phase = "switch"
    guide = "Network Interface Name Change"

    def check_project(self, project):
        renames = project.settings.rename_nics
        # Which cards are not known: those of which somebody wants to be sure.
        is_sought = self.hop.renamed_cards or project.settings.pin_nics
        if not renames and (self.is_upgraded or not is_sought):
            return
        found = project.once(uses, project)
        names = {}
        for use in found:
            if not use.is_pattern:
                names.setdefault(base_name(use.name), []).append(use)
        reasons = {name: self.reason(name) for name in names
                   if name not in renames and name not in renames.values()}
        macs = {name: permanent_mac(project, name) for name in names if reasons.get(name)
                } if project.settings.pin_nics else {}
        for name, where in names.items():
            where = [use for use in where if project.owns(use.file)]
            place = next((use for use in where if use.is_header and use.name == name),
                         where[0] if where else None)
            if place is None:
                continue
            if name in renames:
                self.report_rename(place, name, renames[name], names)
            elif reasons.get(name):
                self.report_change(place, name, reasons[name], macs)
        for old, new in renames.items():
            self.report_others(old, new, found)

    # -- without the new name ----------------------------------------------------------------------

    @property
    def is_upgraded(self):
        """Whether the node runs the new release."""
        return (self.facts.release or 0) >= self.hop.new_release

    def reason(self, name):
        """Why a card's name may change (str), or None where nothing says so."""
        makes = self.hop.renamed_cards
        if self.is_upgraded or not (makes or self.project.settings.pin_nics):
            return None
        if has_whole_sysfs(self.facts) and name not in devices(self.facts):
            return None
        if makes:
            hardware = family(self.facts, name)
            is_one = hardware is not None
        else:
            hardware, is_one = "", is_card(self.facts, name)
        if not is_one or is_pinned(self.project, name):
            return None
        if not makes:
            return "it is made of the place that the kernel sees the card at"
        if hardware:
            return "names of %s cards do" % hardware
        return "names of this form do, on %s cards" % " and ".join(makes)

    def report_change(self, place, name, reason, macs):
        """Report a card that may get another name."""
        message = "%s may get another name with %s (%s)" % (name, self.hop.new_pve, reason)
        fix, follow_up = None, ()
        if not self.project.settings.pin_nics:
            message += ("; keep it with --pin-nics, or give the new one with --rename-nic %s=NEW"
                        % name)
        else:
            path = "%ssystemd/network/10-%s.link" % (self.facts.etc, name)
            problem = self.pin_problem(name, path, macs)
            if problem:
                message += "; --pin-nics cannot keep it: " + problem
            else:
                fix = Fix.safe("keep the name with %s" % path,
                               create_file(path, LINK % (macs[name], name)))
                follow_up = ("update-initramfs -u -k all",)
        self.report(place.token, message, fix, file=place.file, follow_up=follow_up)

    def pin_problem(self, name, path, macs):
        """What is in the way of a .link file for the card (str), or None."""
        mac = macs[name]
        if mac is None:
            return "the card's own MAC address is not known; give it with --mac %s=MAC" % name
        if list(macs.values()).count(mac) > 1:
            return "%s has the same MAC address" % next(
                other for other in macs if macs[other] == mac and other != name)
        if self.facts.exists(path):
            return "%s is there already, and does something else" % path
        first = next((link for link, text in sorted(
            self.project.once(link_files, self.project).items())
            if link < path.rpartition("/")[2] and _may_match(text, mac)), None)
        if first is not None:
            return "%s comes first and may match it" % first
        return None

    # -- with the new name -------------------------------------------------------------------------

    def report_rename(self, place, old, new, names):
        """Report a card that gets the name *new*. *names*: base name -> all its uses."""
        message = "%s is to be called %s (--rename-nic)" % (old, new)
        problem = self.rename_problem(old, new, names)
        fix = None
        if problem:
            message += "; change it by hand: " + problem
        else:
            fix = Fix.unsafe(
                "rename %s to %s" % (old, new),
                *(replace(use.token, new + use.name[len(old):], file=use.file)
                  for use in names[old]))
        self.report(place.token, message, fix, file=place.file)

    def rename_problem(self, old, new, names):
        """What is in the way of the new name (str), or None."""
        if new in names:
            return "%s is in use in these files already" % new
        if {old, new} <= devices(self.facts):
            return "%s is another interface of this node" % new
        for use in names[old]:
            name = new + use.name[len(old):]
            if not self.project.owns(use.file):
                return "%s names it too, and was not asked for" % use.file.path
            if use.name != use.token:
                return "it is cut in two by a backslash"
            if len(name.encode("utf-8", "replace")) > MAX_NAME:
                return ("%s has more than the %d characters that the kernel takes (a VLAN may be "
                        "called vlan100, with vlan-raw-device)" % (name, MAX_NAME))
        return None

    def report_others(self, old, new, found):
        """Report what names the card and is not rewritten."""
        message = "%s is to be called %s: " % (old, new)
        for file, token, key in mentions(self.project, old):
            if self.project.owns(file):
                self.report(token, "%schange it in this `%s` by hand" % (message, key),
                            file=file)
        for use in found:
            if self.project.owns(use.file) and _takes(use, old, new):
                self.report(use.token, message + "this may be meant for it; change it by hand",
                            file=use.file)


def _takes(use, old, new):
    """Whether a word that is no plain name takes the old name and maybe not the new one."""
    word = use.name
    if not use.is_pattern:
        # ifupdown's `auto eth0=home`.
        return "=" in word and base_name(word.partition("=")[0]) == old
    word = word.partition("=")[0].lstrip("/")
    if any(char in word for char in "(|^$+\\") or use.key and word.count(".*"):
        # A regular expression: only its beginning can be looked at without running it.
        start = re.match("\\^?([A-Za-z0-9_-]*)", word).group(1)
        return bool(start) and old.startswith(start)
    if word.count("*") > 3 or len(word) > 79:
        return False
    from fnmatch import fnmatchcase

    return fnmatchcase(old, word) and not fnmatchcase(new, word)


def _may_match(text, mac):
    """Whether a .link file may match the card with this MAC address."""
    match, _ = link_sections(text)
    addresses = " ".join(match.get("MACAddress", []) + match.get("PermanentMACAddress", []))
    if addresses and mac not in addresses.lower().replace("-", ":").split():
        return False
    types = " ".join(match.get("Type", [])).split()
    return not types or "ether" in types or types[0].startswith("!")
