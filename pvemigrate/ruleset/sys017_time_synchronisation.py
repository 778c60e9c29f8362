from ..facts import DPKG_STATUS
from ..rule import NODE, Rule
from ._packages import place_of

#: Package -> names that its service has as a unit.
DAEMONS = {
    "chrony": ("chrony.service", "chronyd.service"),
    "ntpsec": ("ntpsec.service", "ntp.service", "ntpd.service"),
    "openntpd": ("openntpd.service",),
    "ntp": ("ntp.service", "ntpd.service"),
}
SIMPLE = "systemd-timesyncd"
_PTP = ("linuxptp", "ptpd")


class TimeSynchronisation(Rule):
    """
    ## What it finds

    How the node keeps its time, by packages and by the links that start services at boot:

    * the package `ntp`, which Debian 12 does not have any more;
    * `systemd-timesyncd`, which is meant for clients;
    * no daemon for it at all, or none that is started at boot.

    The last is judged only where dpkg's status file and those links are below the root.

    ## Why it matters

    Clusters and Ceph count on clocks that agree. The upgrade puts ntpsec in the place of ntp, with a
    configuration of its own (`/etc/ntpsec/ntp.conf`); what was written into `/etc/ntp.conf` should be
    looked for there afterwards.

    ## Example

    ```
    Package: ntp
    Status: install ok installed
    Version: 1:4.2.8p15+dfsg-1
    ```

    ## When the fix is safe

    There is none in files: `apt install chrony`, which new installations of Proxmox VE have.

    ## Guide

    None of a guide's sections is named here.

    ## References

    systemd-timesyncd.service(8); Debian 12 release notes, "ntp has been replaced by ntpsec"
    """

    kinds = (NODE,)
    severity = "warning"
    phase = "before"
    hops = ("7to8", "8to9")
    checker = ("check_time_sync",)

    def check_project(self, project):
        facts = self.facts
        # A virtual machine's or container's time is no matter of ours.
        if facts.release is None or facts.release >= self.hop.new_release:
            return
        enabled = self.enabled_units()
        replaced = self.hop.time_daemons
        installed = [name for name in DAEMONS if facts.package(name)]
        for name in installed:
            if name in replaced:
                file, token = place_of(project, name)
                self.report(token, "%s has no %s any more: the upgrade puts %s in its place; look "
                            "through its configuration afterwards"
                            % (self.hop.new_debian, name, replaced[name]), severity="info", file=file)
        if any(facts.package(name) for name in _PTP):
            return
        units = [unit for name in installed for unit in DAEMONS[name]]
        if installed and (enabled is None or enabled.intersection(units)):
            return
        simple = SIMPLE + ".service"
        if facts.package(SIMPLE) and (enabled is None or simple in enabled):
            file, token = place_of(project, SIMPLE)
            self.report(token, "%s keeps the time: a cluster is better off with chrony" % SIMPLE,
                        severity="info", file=file)
        elif installed or facts.package(SIMPLE):
            name = (installed or [SIMPLE])[0]
            file, token = place_of(project, name)
            self.report(token, "%s is installed, and no link starts it at boot: nothing keeps the time"
                        % name, file=file)
        else:
            self.report(None, "no package keeps the time (chrony, ntpsec, openntpd): install chrony",
                        file=DPKG_STATUS)

    def enabled_units(self):
        """The services (set) that links in /etc/systemd/system start at boot; None where they were
        not copied."""
        facts, found = self.facts, set()
        units = facts.etc + "systemd/system"
        for name in facts.listdir(units):
            if name.endswith((".wants", ".requires")):
                found.update(facts.listdir("%s/%s" % (units, name)))
        # All nodes start more than that.
        return found if "cron.service" in found or "pvedaemon.service" in found else None
