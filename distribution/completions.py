"""The scripts that complete command lines in bash, zsh and fish.

They have the command itself say what fits (pvemigrate/completion.py), so they do not change with the
options; the exchange between the two has been the same since click 8.0.
"""

from click.shell_completion import get_completion_class

from pvemigrate.cli import COMPLETE
from pvemigrate.completion import register

__all__ = ["scripts"]

#: Shell -> where such scripts lie, below share/.
_PLACES = {
    "bash": "bash-completion/completions/pvemigrate",
    "zsh": "zsh/site-functions/_pvemigrate",
    "fish": "fish/vendor_completions.d/pvemigrate.fish",
}


def scripts(main):
    """Path below ``share/`` -> the text of the script; *main*: the click group."""
    found = {}
    register()
    for shell, path in _PLACES.items():
        source = get_completion_class(shell)(main, {}, "pvemigrate", COMPLETE)
        # Not source(): bash's asks the bash of this machine for its version.
        found[path] = (source.source_template % source.source_vars()).strip() + "\n"
    return found
