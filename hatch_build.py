"""Build step: compile the grammars into the tables that the package runs on."""

import os
import sys

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileGrammars(BuildHookInterface):
    """Writes ``pvemigrate/_tables/`` before a wheel (or an editable install) is made."""

    def initialize(self, version, build_data):
        if self.target_name != "wheel":
            return
        sys.path.insert(0, self.root)
        try:
            from pvemigrate.catalogue import write_index
            from pvemigrate.compiler import write_tables

            folder = os.path.join(self.root, "pvemigrate", "_tables")
            write_tables(folder)
            write_index(folder)
        finally:
            sys.path.remove(self.root)
