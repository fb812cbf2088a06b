"""What a worker sends, made into answers; a submission may send anything, or end without a word."""

import signal

import numpy as np

MAX_TEXT = 600
MAX_TEXTS = 8
_SIGNALS = {number.value: number.name for number in signal.Signals}


class Broken(Exception):
    """No answer. ``ended`` is true where the worker says that the process of the question is over, and it may be kept."""

    def __init__(self, status, message, ended=False):
        self.ended = ended
        error = {"type": "", "message": message, "where": ""}
        self.answer = {"status": status, "error": error, "warnings": [], "changed": []}


def checked_answer(frame):
    """dict or None : the answer in a frame, with only what belongs there."""
    changed, warnings = (_texts(frame.get(key)) for key in ("changed", "warnings"))
    answer = {"status": word(frame, "status"), "changed": changed, "warnings": warnings}
    if answer["status"] == "answered":
        arrays = frame.get("arrays")
        if not isinstance(arrays, dict):
            return None
        return answer | {"arrays": {k: v for k, v in arrays.items() if isinstance(v, np.ndarray)}}
    error = frame.get("error")
    if answer["status"] not in ("not started", "raised", "unanswerable") or not isinstance(
        error, dict
    ):
        return None
    return answer | {"error": {key: _plain(error.get(key)) for key in ("type", "message", "where")}}


def death(code):
    """Broken : what to say of a child that ended before its answer, by its exit code, which may be anything."""
    if not isinstance(code, int) or code >= 0:
        return Broken(
            "died",
            "the process that ran your code ended early; something in it calls exit",
            ended=True,
        )
    name = _SIGNALS.get(-code, "a signal without a name")
    if name == "SIGXCPU":
        return Broken(
            "timeout",
            "stopped after too much processor time; is there a loop that never ends?",
            ended=True,
        )
    why = "; it took too much processor time or memory" if name == "SIGKILL" else ""
    return Broken("died", f"the process that ran your code was stopped by {name}{why}", ended=True)


def word(frame, key):
    """str : a value of a frame where it is a text; an array, which has ideas of its own on equality, is none."""
    return frame.get(key) if isinstance(frame.get(key), str) else ""


def _texts(values):
    return [_plain(value) for value in values[:MAX_TEXTS]] if isinstance(values, list) else []


def _plain(text):
    """A short text without control characters, which a terminal might obey."""
    return "".join(c if c.isprintable() else " " for c in str(text)[:MAX_TEXT])
