from ..edit import Fix, remove
from ..formats.notifications import Blank, Comment, Orphan, Property, Section
from ..rule import Rule

#: Types of sections of a first version of the notifications of Proxmox VE 8.
TYPES = ("filter", "group")
#: Types of targets that had a filter then.
TARGETS = ("gotify", "sendmail")


class OldNotificationSection(Rule):
    """
    ## What it finds

    Sections `filter` and `group` in notifications.cfg, and a `filter` that a target (gotify, sendmail)
    names.

    ## Why it matters

    They belong to the first version of Proxmox VE 8's notifications, which was replaced before long;
    matchers have taken their place. Proxmox VE 8 passes over them. Proxmox VE 9 does not know these
    sections, and one that is not known makes it refuse the whole file: no notification is sent.
    pve8to9 fails on them.

    ## Example

    ```
    sendmail: mail-to-root
    	mailto-user root@pam

    group: admins
    	endpoint mail-to-root

    matcher: default-matcher
    	mode all
    	target mail-to-root
    ```

    becomes

    ```
    sendmail: mail-to-root
    	mailto-user root@pam

    matcher: default-matcher
    	mode all
    	target mail-to-root
    ```

    ## When the fix is safe

    Proxmox VE 8 drops all this whenever it reads the file, and with the next change in the web
    interface for good. A section goes with its properties and the empty line below. Where another
    section has the same name, Proxmox VE takes the last of them alone, and somebody has to look which
    is meant. A section that holds a line which is no property is left alone.

    Manual also where Proxmox VE 8 refuses the whole file: it drops nothing then, and sends no
    notification. So it does where no empty line (or line of blanks) stands above a header, for a
    remark, a property that no section holds, any other line that is neither a header nor a property
    with a value, and for bytes that are not UTF-8. The finding names the first of them; once the file
    can be read, the fix is offered.

    ## Guide

    The upgrade guide has nothing on it; pve8to9 looks for it.

    ## References

    pve8to9, check_legacy_notification_sections; proxmox-notify, config.rs; proxmox-section-config
    """

    kinds = ("notifications",)
    severity = "error"
    phase = "before"
    hops = ("8to9",)
    checker = ("check_legacy_notification_sections",)
    needs = TYPES

    def visit_File(self, tree):
        sections = [node for node in tree.body if isinstance(node, Section)]
        refused = _refused(tree)
        if refused:
            refused = "; %s refuses the file already, because %s: mend that first" % (
                self.hop.old_pve, refused)
        names = {str(node.id) for node in sections if str(node.type) not in TYPES}
        for node, follower in zip(tree.body, [*tree.body[1:], None]):
            if not isinstance(node, Section):
                continue
            if str(node.type) in TYPES:
                self.check_section(node, names, isinstance(follower, Orphan), refused)
            elif str(node.type) in TARGETS:
                for line in node.body:
                    if isinstance(line, Property) and line.key == "filter":
                        self.report(line.key, "%s does not heed the filter of a target: matchers have "
                                              "taken its place%s" % (self.hop.old_pve, refused),
                                    None if refused else Fix.safe("remove the dead line", remove(line)),
                                    "warning")

    def check_section(self, section, names, is_cut, refused):
        """Report a section; *names*: those that other sections have; *is_cut*: whether a blank line
        cuts properties off from it; *refused*: why the old release refuses the file (to follow the
        message), or an empty string."""
        message = "%s has no sections %s, and refuses the file for one" % (
            self.hop.new_pve, section.type)
        if is_cut or any(getattr(node, "is_malformed", False) for node in section.body):
            self.report(section.header, message + "; it holds a line that is no property, so remove it "
                                                  "by hand")
        elif str(section.id) in names:
            self.report(section.header, message + "; another section has the same name, so look which "
                                                  "one is meant and remove this one by hand")
        elif refused:
            # What is left might be read all at once, with targets and matchers that nobody has seen at work.
            self.report(section.header, message + refused)
        else:
            self.report(section.header, message, Fix.safe("remove the section", remove(section)))


def _refused(tree):
    """Why Proxmox VE 8 refuses the file (str, to follow "since"), an empty string where nothing is seen
    that it would."""
    is_open = False
    for node in tree.body:
        if isinstance(node, Section):
            if is_open:
                return "no empty line stands above the header in line %d" % tree.position(node).line
            odd = next((line for line in node.body if getattr(line, "is_malformed", False)), None)
            is_open = not (node.body and isinstance(node.body[-1], Blank))
        else:
            odd = node if getattr(node, "is_malformed", False) else None
        if odd is not None:
            return "line %d is %s" % (tree.position(odd).line, _what(odd))
    try:
        tree.bytes.decode("utf-8")
    except UnicodeDecodeError:
        return "it holds bytes that are not UTF-8"
    return ""


def _what(line):
    if isinstance(line, Comment):
        return "a remark"
    if isinstance(line, Orphan):
        return "a property that no section holds"
    return "neither a header nor a property with a value"
