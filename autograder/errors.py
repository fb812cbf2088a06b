"""The errors of the pipeline that are the user's turn: one clear line, exit code 1."""

from cs231n.errors import UserError

__all__ = ["UserError"]
