"""``pvemigrate report``: many nodes' results as one page."""

import os

import click

from ..streams import out, say, standard_input
from . import CONTEXT, FAILED, OK


@click.command("report", context_settings=CONTEXT)
@click.option("--output", "-o", metavar="FILE", help="Write the page to this file (default: stdout).")
@click.argument("results", metavar="[NAME=]RESULT.json...", nargs=-1, required=True)
def command(results, output):
    """Merge the results of many nodes into one HTML page.

    A RESULT is what 'check' or 'fix' printed with --output-format json (- for stdin). NAME is what the
    node is called on the page."""
    from ..output.fleet import report_page

    read, errors = [], []
    for argument in results:
        file, name = _file_and_name(argument)
        try:
            read.append((file, name, _content(file)))
        except OSError as error:
            errors.append((file, error.strerror or str(error)))
    page, errors = report_page(read, errors)
    for file, message in errors:
        say("error", "%s: %s" % (file, message))
    if output is None or output == "-":
        out(page, is_result=True)
    else:
        try:
            with open(output, "w", encoding="utf-8") as stream:
                stream.write(page)
        except OSError as error:
            say("error", "%s: %s" % (output, error.strerror or error))
            return FAILED
    return FAILED if errors else OK


def _file_and_name(argument):
    """The file that an argument names, and the node's name where it gives one."""
    name, equals, file = argument.partition("=")
    if equals and name and file and not os.path.exists(argument):
        return file, name
    return argument, None


def _content(file):
    if file == "-":
        return standard_input()
    with open(file, "rb") as stream:
        return stream.read()
