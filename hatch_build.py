"""Build step: compile the grammars into the tables that the package runs on; write the man page and the
scripts for shells."""

import os
import sys

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileGrammars(BuildHookInterface):
    """Writes ``pvemigrate/_tables/`` and ``build/share/`` before a wheel (or an editable install) is
    made."""

    def initialize(self, version, build_data):
        if self.target_name != "wheel":
            return
        sys.path[:0] = added = [self.root, os.path.join(self.root, "distribution")]
        try:
            from pvemigrate.catalogue import write_index
            from pvemigrate.compiler import write_tables
            from share import write_share

            folder = os.path.join(self.root, "pvemigrate", "_tables")
            write_tables(folder)
            write_index(folder)
            write_share(self.root, os.path.join(self.root, "build", "share"))
        finally:
            for path in added:
                sys.path.remove(path)
