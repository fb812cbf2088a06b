"""The errors of the pipeline."""

from cs231n.errors import UserError

__all__ = ["RefusedError", "UserError"]


class RefusedError(Exception):
    """A submission that is not taken; the text says why, in one line.

    It is no `UserError`, since it is the student's turn and one refusal must not end a run:
    `collect` catches it, writes the text into the receipt and goes on. One that comes out of a
    command is a bug.
    """
