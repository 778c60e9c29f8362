"""The subcommands: one module each, imported when that subcommand is asked for.

A module ``<name>.py`` that is listed in ``COMMANDS`` has a click command called ``command``; the
others are what they share.
"""

__all__ = ["COMMANDS", "CONTEXT", "FAILED", "FOUND", "OK"]

#: The subcommands, in the order in which the help lists them.
COMMANDS = ("check", "fix", "plan", "rollback", "rules", "explain", "report", "parse")

#: Exit status: nothing left to do; something is; wrong usage, or something failed.
OK, FOUND, FAILED = 0, 1, 2

#: Settings of click's that all commands have.
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
