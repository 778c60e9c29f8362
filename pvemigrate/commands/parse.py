"""``pvemigrate parse``: a file's tree."""

import os

import click

from ..streams import out, say, standard_input
from . import CONTEXT, FAILED, OK
from .options import check_kind


@click.command("parse", context_settings=CONTEXT)
@click.option("--kind", metavar="KIND", help="Take the file (or stdin, -) as one of this kind.")
@click.argument("file", metavar="FILE")
def command(kind, file):
    """Show a file's tree (for people who write rules)."""
    from ..formats import parse
    from ..output.tree import listing

    check_kind(kind)
    try:
        data, kind = _one_file(file, kind)
    except OSError as error:
        say("error", "%s: %s" % (file, error.strerror or error))
        return FAILED
    out(listing(parse(data, kind)))
    return OK


def _one_file(file, kind):
    """The bytes of a file that is named on the command line, and its kind."""
    from ..formats import kind_of_path
    from ..source import Reader, locate

    full = os.path.abspath(file)
    if kind is None and file != "-":
        _, location = locate(full)
        kind = location and (kind_of_path(location) or "interfaces")
    if kind is None:
        from ..formats import KINDS

        raise click.UsageError("say what kind of file this is: --kind %s" % "|".join(KINDS))
    if file == "-":
        return standard_input(), kind
    # The user has named this very file: a link may lead anywhere.
    folder, name = os.path.split(os.path.realpath(full))
    return Reader(folder).read(name), kind
