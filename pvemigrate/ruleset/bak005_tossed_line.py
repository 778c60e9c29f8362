from ..cst import Token
from ..rule import Rule
from ..vzdump_options import needs_value
from ._vzdump import RETENTION, SIZE, Crontab

#: The lines above the jobs, as PVE::VZDump::Common writes them.
HEAD = ("cluster wide vzdump cron schedule", "Automatically generated file - do not edit")
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class TossedLine(Rule):
    """
    ## What it finds

    What Proxmox VE loses or changes of vzdump.cron when it next writes the file, which it does with
    every change of a backup job (from 7.1 on, of a job that is still in this file):

    * Lines that go: comments other than its own, variables such as `MAILTO` (and another `PATH`),
      jobs that are indented or begin with `@daily`.
    * Jobs that come out otherwise: words that are no guests' numbers (a remark, `>/dev/null`, `&&`)
      move before the options, what the shell puts in (`$HOME`) is quoted, the options behind a
      quote that is not closed are lost, days such as `fri-mon` become every day.
    * Lines that are kept, moved to the end and not shown in the GUI: `*/15`, `1-5`, days of the
      month, commands before vzdump, options that it does not know.
    * Times that do not exist: with them no job can be changed at all.

    ## Why it matters

    cron runs all these lines, so nobody misses anything before the file is written anew: a job that
    is edited in the GUI, once the upgrade is done, takes others with it.

    ## Example

    ```
    MAILTO=admin@example.com
    */15 * * * * root vzdump 101 --storage backup
    0 3 * * 6 root vzdump 102 --storage backup # the database
    ```

    ## When the fix is safe

    There is none: keep such lines in a file of your own in `/etc/cron.d`, or make plain jobs of
    them. `--maxfiles` and `--size` in them are reported too (BAK002 to BAK004).

    ## Guide

    The upgrade guide has nothing on it.

    ## References

    PVE::VZDump::Common, parse_vzdump_cron_config and write_vzdump_cron_config (pve-guest-common)
    """

    kinds = ("vzdump-cron",)
    severity = "warning"
    phase = "before"

    def say(self, item, message):
        """Report a loss. With jobs.cfg only what is still in this file is written here."""
        if self.hop.has_jobs_cfg:
            message = message.replace("of a backup job", "of a job in this file").replace(
                "of any backup job", "of any job in this file")
        self.report(item, message)

    def visit_Comment(self, node):
        if node.text.strip(" \t\r\f\v") not in HEAD:
            self.say(node, "PVE drops this comment with the next change of a backup job")

    def visit_Environment(self, node):
        if node.value.strip(" \t\r\f\v\"'") != PATH:
            self.say(node, "PVE writes a PATH of its own with the next change of a backup job")

    def visit_Malformed(self, node):
        self.say(node, "PVE drops this line with the next change of a backup job")

    def visit_Tossed(self, node):
        self.say(node, "PVE does not show this job and drops it with the next change of a backup job, "
                       "though cron runs it")

    def visit_UnclosedJob(self, node):
        text = node.unread.lstrip(" \t\r\f\v")
        start = node.unread.offset + len(node.unread) - len(text)
        self.say(Token(text, node, start), "a quote is not closed: PVE drops the options of this job "
                                           "with the next change of a backup job")

    def visit_Opaque(self, node):
        self.say(node, "PVE does not show this line, and moves it to the end with the next change of "
                       "a backup job")

    def leave_File(self, tree):
        for job in self.project.once(Crontab, tree).jobs:
            found = unknown_option(job)
            if found:
                self.say(*found)
                continue
            for item, message in losses(job):
                self.say(item, message)


def unknown_option(job):
    """What keeps PVE from reading the options of a job: (token, message) or None."""
    for option in job.options:
        if option.name is None:
            return job.token(option.word), (
                "vzdump has no option %s: PVE does not show this job, and moves it to the end with "
                "the next change of a backup job" % shown(option.word.text))
        if (option.value_word is None and needs_value(option.name)
                and option.name not in RETENTION + SIZE):
            return job.token(option.word), (
                "the option %s has no value: PVE does not show this job, and moves it to the end with "
                "the next change of a backup job" % shown(option.word.text))
    return None


def losses(job):
    """What PVE changes of a job that it shows: yields (token, message)."""
    node = job.node
    if number(node.hour) > 23 or number(node.minute) > 59:
        yield (node.minute if number(node.minute) > 59 else node.hour,
               "there is no such time: PVE can write no change of any backup job")
    if not all_days(node.dow):
        yield node.dow, ("PVE reads these days otherwise: write them one by one, else they change "
                         "with the next change of a backup job")
    taken = {id(option.word) for option in job.options}
    taken.update(id(option.value_word) for option in job.options)
    for word in job.words:
        if id(word) not in taken and word.text != "--" and not is_guests(word.text):
            if word is job.remark:
                message = ("there are no remarks here: PVE moves this one before the options with "
                           "the next change of a backup job, and the shell sees none of them then")
            else:
                message = ("PVE takes %s for a guest's number and moves it before the options with "
                           "the next change of a backup job" % shown(word.text))
            yield job.token(word), message
            break
    for option in job.options:
        word = option.value_word
        if word is not None and word.is_dynamic:
            yield job.token(word), (
                "PVE puts this value in quotes with the next change of a backup job: the shell puts "
                "nothing in any more")


def all_days(dow):
    """Whether PVE reads the days in a job as cron does: a range goes from Monday to Sunday, and
    something has to be left."""
    days = dow.lower().replace(";", ",").split(",")
    days = [day for day in days if day]
    for day in days:
        first, dash, last = day.partition("-")
        if dash and DAYS.index(first) > DAYS.index(last):
            return False
    return bool(days)


def is_guests(text):
    """Whether a free word is a list of guests' numbers."""
    for char in ",; \t":
        text = text.replace(char, "")
    return all(char in "0123456789" for char in text)


def number(digits):
    """The number that *digits* are, as far as it matters here."""
    return int(digits.lstrip("0")[:3] or 0)


def shown(text):
    """A word for a message: what is long need not be seen whole."""
    return text if len(text) <= 40 else text[:37] + "..."
