"""The rules, one a module: ``<code>_<name>.py``. Modules that begin with _ are shared helpers."""
