"""Why a question has no answer, in words for a student."""

import signal

from .messages import DIED, TIMEOUT, Answer, Failure

_SIGNALS = {number.value: number.name for number in signal.Signals}


class NoAnswerError(Exception):
    """The question is not answered.

    Parameters
    ----------
    status : {"timeout", "died", "unanswerable"}
    message : str
        For the student.
    ended : bool
        Whether the worker says that the process of the question is over; then the worker may be
        kept.
    """

    def __init__(self, status: str, message: str, ended: bool = False) -> None:
        super().__init__(message)
        self.ended = ended
        self.answer = Answer(status, error=Failure("", message))


def explain_exit(code: int | None) -> NoAnswerError:
    """Say what happened to a process that ended before its answer.

    Parameters
    ----------
    code : int or None
        Its exit code as the worker sent it, and so any number; negative for a signal.

    Returns
    -------
    error : NoAnswerError
    """
    if code is None or code >= 0:
        text = "the process that ran your code ended early; something in it calls exit"
        return NoAnswerError(DIED, text, ended=True)
    name = _SIGNALS.get(-code, "a signal without a name")
    if name == "SIGXCPU":
        text = "stopped after too much processor time; is there a loop that never ends?"
        return NoAnswerError(TIMEOUT, text, ended=True)
    text = f"the process that ran your code was stopped by {name}"
    if name == "SIGKILL":
        text += "; it took too much processor time or memory"
    return NoAnswerError(DIED, text, ended=True)
