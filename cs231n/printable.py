"""Text of unknown origin on its way to a terminal, in one line."""


def printable(text: str, stand_in: str = " ") -> str:
    """Put another character in place of each that cannot be printed.

    A terminal obeys control characters; newlines and tabs are among them.

    Parameters
    ----------
    text : str
    stand_in : str

    Returns
    -------
    text : str
    """
    return "".join(char if char.isprintable() else stand_in for char in text)
