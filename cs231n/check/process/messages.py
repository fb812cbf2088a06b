"""What a worker and whoever asks it (notebook, judge) say to each other, one message a frame.

===========  ========  ===========================================================================
message      from      when
===========  ========  ===========================================================================
`Ready`      worker    once, when it has started
`Question`   asker     any time after that: the first part of a question, or nothing, to hear an end
`Taken`      worker    at once, in reply to a `Question`: the worker lives and has read it
`Answer`     worker    one for each case, in their order; sent by the process of the question
`PartSize`   asker     when all cases so far are answered and there is a later part
`LaterPart`  asker     right after its `PartSize`
`End`        worker    last: the process of the question has ended, and how
===========  ========  ===========================================================================

Every question has a nonce, which all that is said in reply repeats. Who asks believes nothing else:
a submission can send any bytes in place of an `Answer` or an `End`, so their ``from_frame`` checks
each value, and neither holds more than arrays, short texts and an exit code. What comes from who
asks is trusted: no submission can write there.

A `PartSize` lets the worker pass on a `LaterPart` to the process of its question without reading
it.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from ...printable import printable

VERSION = 4
"""Of everything on this page, the same for worker and asker: raise it when a message changes."""
ANSWERED = "answered"
NOT_STARTED = "not started"
RAISED = "raised"
UNANSWERABLE = "unanswerable"
TIMEOUT = "timeout"
DIED = "died"
MAX_TEXT = 600
MAX_TEXTS = 8


@dataclass
class Ready:
    """The worker has started."""

    version: int

    def to_frame(self) -> dict[str, Any]:
        """Return the header of the frame that says this."""
        return {"ready": self.version}

    @classmethod
    def from_frame(cls, frame: dict[str, Any]) -> Self | None:
        """Read a frame; None where it says anything else."""
        if set(frame) != {"ready"} or not isinstance(frame["ready"], int):
            return None
        return cls(frame["ready"])


@dataclass
class AskedCase:
    """One call of a probe that is asked for.

    Parameters
    ----------
    exercise, probe : str
        Which probe; empty where there is only one thing that the worker does.
    name : str
        Of the case.
    inputs : dict
        Keyword arguments of the probe.
    """

    exercise: str
    probe: str
    name: str
    inputs: dict[str, Any]

    def to_frame(self) -> dict[str, Any]:
        """Return what stands for this case in a frame."""
        return {
            "exercise": self.exercise,
            "probe": self.probe,
            "name": self.name,
            "inputs": self.inputs,
        }

    @classmethod
    def from_frame(cls, frame: dict[str, Any]) -> Self:
        """Read what `to_frame` gave."""
        return cls(frame["exercise"], frame["probe"], frame["name"], frame["inputs"])


@dataclass
class Question:
    """The first part of a question.

    Parameters
    ----------
    nonce : str
        Unforeseeable, new for each question.
    cases : list of AskedCase, or None
        None asks for the cases of the last question that had ``keep``. A question without cases and
        without a later part is answered by its `End` alone.
    modules : dict of str -> ndarray
        Modules that these cases may import, see `cs231n.check.process.sent_modules`.
    more : bool
        Whether a later part follows.
    keep : bool
        Whether the worker shall remember the cases.
    """

    nonce: str
    cases: list[AskedCase] | None = field(default_factory=list)
    modules: dict[str, np.ndarray] = field(default_factory=dict)
    more: bool = False
    keep: bool = False

    def to_frame(self) -> dict[str, Any]:
        """Return the header of the frame that says this."""
        frame = {"nonce": self.nonce, "modules": self.modules, "more": self.more}
        if self.cases is None:
            return frame | {"kept": True}
        return frame | {"cases": [case.to_frame() for case in self.cases], "keep": self.keep}

    @classmethod
    def from_frame(cls, frame: dict[str, Any]) -> Self:
        """Read what `to_frame` gave."""
        question = cls(frame["nonce"], None, frame["modules"], frame["more"])
        if not frame.get("kept"):
            question.cases = [AskedCase.from_frame(case) for case in frame["cases"]]
            question.keep = frame["keep"]
        return question


@dataclass
class PartSize:
    """A later part follows.

    Parameters
    ----------
    size : int
        Bytes of its frame.
    more : bool
        Whether another one follows that.
    """

    size: int
    more: bool

    def to_frame(self) -> dict[str, Any]:
        """Return the header of the frame that says this."""
        return {"part": self.size, "more": self.more}

    @classmethod
    def from_frame(cls, frame: dict[str, Any]) -> Self | None:
        """Read a frame; None where it says anything else."""
        if "part" not in frame:
            return None
        return cls(frame["part"], frame["more"])


@dataclass
class LaterPart:
    """A part of a question but the first; its parameters are those of `Question`."""

    cases: list[AskedCase]
    modules: dict[str, np.ndarray]
    more: bool

    def to_frame(self) -> dict[str, Any]:
        """Return the header of the frame that says this."""
        cases = [case.to_frame() for case in self.cases]
        return {"cases": cases, "modules": self.modules, "more": self.more}

    @classmethod
    def from_frame(cls, frame: dict[str, Any]) -> Self:
        """Read what `to_frame` gave."""
        cases = [AskedCase.from_frame(case) for case in frame["cases"]]
        return cls(cases, frame["modules"], frame["more"])


@dataclass
class Taken:
    """The worker has read a question."""

    nonce: str

    def to_frame(self) -> dict[str, Any]:
        """Return the header of the frame that says this."""
        return {"nonce": self.nonce, "taken": True}

    @classmethod
    def from_frame(cls, frame: dict[str, Any]) -> Self | None:
        """Read a frame; None where it says anything else."""
        if frame.get("taken") is not True:
            return None
        return cls(text_field(frame, "nonce"))


@dataclass(frozen=True)
class Failure:
    """Why there is no answer.

    Parameters
    ----------
    type : str
        Name of the exception, or "".
    message : str
    where : str
        The line of the submission, or "".
    """

    type: str
    message: str
    where: str = ""


@dataclass(frozen=True)
class Answer:
    """What became of one case.

    Parameters
    ----------
    status : {"answered", "not started", "raised", "unanswerable", "timeout", "died"}
        The last two are never sent: whoever asks finds them out.
    arrays : dict of str -> ndarray
        What was returned, by quantity; empty where it is not answered.
    error : Failure, optional
        Why it is not answered.
    changed : tuple of str
        Inputs that were changed in place.
    warnings : tuple of str
    """

    status: str
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    error: Failure | None = None
    changed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_answered(self) -> bool:
        """Whether there are arrays to be compared."""
        return self.status == ANSWERED

    def to_frame(self, nonce: str, case: str) -> dict[str, Any]:
        """Return the header of the frame that says this of a case of a question."""
        frame = {
            "nonce": nonce,
            "case": case,
            "status": self.status,
            "changed": self.changed,
            "warnings": self.warnings,
        }
        if self.error is None:
            return frame | {"arrays": self.arrays}
        error = {
            "type": self.error.type,
            "message": self.error.message,
            "where": self.error.where,
        }
        return frame | {"error": error}

    @classmethod
    def from_frame(cls, frame: dict[str, Any]) -> Self | None:
        """Read the answer in a frame that may hold anything, with only what belongs there.

        Whose answer it is, and to which case, is for whoever asks to compare.

        Returns
        -------
        answer : Answer or None
            None where the frame holds no answer.
        """
        status = text_field(frame, "status")
        changed = _texts(frame.get("changed"))
        warnings = _texts(frame.get("warnings"))
        if status == ANSWERED:
            arrays = frame.get("arrays")
            if not isinstance(arrays, dict):
                return None
            arrays = {name: a for name, a in arrays.items() if isinstance(a, np.ndarray)}
            return cls(status, arrays, None, changed, warnings)
        error = frame.get("error")
        if status not in (NOT_STARTED, RAISED, UNANSWERABLE) or not isinstance(error, dict):
            return None
        failure = Failure(
            _short(error.get("type")),
            _short(error.get("message")),
            _short(error.get("where")),
        )
        return cls(status, {}, failure, changed, warnings)


@dataclass
class End:
    """The end of a question.

    Parameters
    ----------
    nonce : str
    done : bool
        Whether its process came to its end by itself.
    exit_code : int, optional
        Of a process that did not, as `os.waitstatus_to_exitcode` gives it.
    """

    nonce: str
    done: bool = True
    exit_code: int | None = None

    def to_frame(self) -> dict[str, Any]:
        """Return the header of the frame that says this."""
        if self.done:
            return {"nonce": self.nonce, "done": True}
        return {"nonce": self.nonce, "died": self.exit_code}

    @classmethod
    def from_frame(cls, frame: dict[str, Any]) -> Self | None:
        """Read the end in a frame that may hold anything; None where it holds none."""
        if "done" not in frame and "died" not in frame:
            return None
        code = frame.get("died")
        exit_code = code if isinstance(code, int) else None
        return cls(text_field(frame, "nonce"), frame.get("done") is True, exit_code)


def text_field(frame: dict[str, Any], key: str) -> str:
    """Return a value of a frame where it is a text, else ""; an array compares in its own way."""
    value = frame.get(key)
    return value if isinstance(value, str) else ""


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        return ()
    return tuple(_short(value) for value in values[:MAX_TEXTS])


def _short(text: object) -> str:
    """Return a short text without control characters, which a terminal might obey."""
    return printable(str(text)[:MAX_TEXT])
