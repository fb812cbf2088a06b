"""The error that is the user's turn: one clear line, exit code 1."""


class UserError(Exception):
    """Something that the user can mend. The text says what is wrong, what came, and what to do."""
