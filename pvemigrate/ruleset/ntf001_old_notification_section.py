from ..edit import Fix, remove
from ..formats.notifications import Orphan, Property, Section
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
        names = {str(node.id) for node in sections if str(node.type) not in TYPES}
        for node, follower in zip(tree.body, [*tree.body[1:], None]):
            if not isinstance(node, Section):
                continue
            if str(node.type) in TYPES:
                self.check_section(node, names, isinstance(follower, Orphan))
            elif str(node.type) in TARGETS:
                for line in node.body:
                    if isinstance(line, Property) and line.key == "filter":
                        self.report(line.key, "%s does not heed the filter of a target: matchers have "
                                              "taken its place" % self.hop.old_pve,
                                    Fix.safe("remove the dead line", remove(line)), "warning")

    def check_section(self, section, names, is_cut):
        """Report a section; *names*: those that other sections have; *is_cut*: whether a blank line
        cuts properties off from it."""
        message = "%s has no sections %s, and refuses the file for one" % (
            self.hop.new_pve, section.type)
        if is_cut or any(getattr(node, "is_malformed", False) for node in section.body):
            self.report(section.header, message + "; it holds a line that is no property, so remove it "
                                                  "by hand")
        elif str(section.id) in names:
            self.report(section.header, message + "; another section has the same name, so look which "
                                                  "one is meant and remove this one by hand")
        else:
            self.report(section.header, message, Fix.safe("remove the section", remove(section)))
