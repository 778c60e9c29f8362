# Copyright: the pvemigrate authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pvemigrate.pyz on the node: whether it is the one that the controller has, and where it lies."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile

__all__ = ["find_pyz"]


def find_pyz(module, may_install):
    """The path of the pvemigrate.pyz to run. Where the node has not got it yet the module ends here,
    and the action plugin starts it again with an upload. *may_install*: whether the upload is put in
    its place (else it is run from Ansible's temporary folder, which is gone afterwards)."""
    # The action plugin has put what it knows of the file in place of its path on the controller.
    wanted, _blank, upload = (module.params["pyz"] or "").partition(" ")
    if not re.match("[0-9a-f]{64}$", wanted):
        module.fail_json(msg="this module needs its action plugin, which brings pvemigrate to the node")
    path = module.params["install_path"]
    problem = _problem(path)
    if problem is None and _digest(path) == wanted:
        return path
    if not upload:
        module.exit_json(changed=False, pyz_wanted=True)
    if _digest(upload) != wanted:
        module.fail_json(msg="pvemigrate.pyz did not arrive as it was sent")
    if not may_install:
        return upload
    try:
        return _install(upload, path)
    except OSError as error:
        module.fail_json(msg="pvemigrate cannot be put at %s: %s" % (path, error.strerror or error))


def _install(upload, path):
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o755, exist_ok=True)
    problem = _problem(folder)
    if problem is not None:
        raise OSError(problem)
    with open(upload, "rb") as file:
        data = file.read()
    descriptor, temporary = tempfile.mkstemp(prefix=".pvemigrate.", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), 0o755)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    return path


def _problem(path):
    """Why nothing at *path* is to be run: somebody else could put something in its place. None where
    only the user that runs this, and root, can."""
    path = os.path.abspath(path)
    while True:
        try:
            status = os.lstat(path)
        except OSError as error:
            return "%s: %s" % (path, error.strerror)
        is_open = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if stat.S_ISLNK(status.st_mode):
            return "%s is a symbolic link" % path
        if status.st_uid not in (0, os.geteuid()) or is_open and not status.st_mode & stat.S_ISVTX:
            return "%s can be changed by others than root" % path
        if path == "/":
            return None
        path = os.path.dirname(path)


def _digest(path):
    """The SHA-256 of a file, hexadecimal; None where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return None
