"""The rules that our nodes have to follow."""

from .org001_old_nas import OldNas

__all__ = ["OldNas"]
