"""Proves a machine before a class is blamed: the reference is judged as a submission, first of all.

A sandbox that cannot read the kit, a limit that is too small for this machine or a library that is
missing give everybody the same zeros. The reference would get them too.
"""

import platform
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cs231n.check.exercise import TrainingGoal
from cs231n.check.exercises import EXERCISES
from cs231n.check.process.client import WorkerError

from ..course.limits import Limits
from ..course.verdicts import Finding, Verdict
from ..errors import UserError
from ..reference.submission import write_submission
from .judge import Judge
from .workspaces import lay_out

MIN_ALIKE = 3
"""From so many submissions on it is strange that all end the same way."""
START_SECONDS = 60
MAX_TEXT = 200
LIKELY_CAUSES = {
    "stopped after too much processor time": "perhaps cpu_seconds = {cpu_seconds} is too short",
    "MemoryError|a limit: memory|SIGKILL|SIGSEGV|SIGABRT": (
        "perhaps memory_mb = {memory_mb:g} is too small, or this machine has too little memory"
    ),
    "no answer within": ("perhaps seconds = {seconds:g} is too short, or this machine is too busy"),
    "this submission has used": (
        "perhaps submission_seconds = {submission_seconds:g} is too short, "
        "or this machine is too busy"
    ),
    "bytes that may be sent": "perhaps answer_mb = {answer_mb:g} is too small",
    "had printed more than": "perhaps output_mb = {output_mb:g} is too small",
    "PermissionError|Permission denied": (
        "the user of the sandbox may not read that file; `autograder doctor` tries the sandbox"
    ),
    "ModuleNotFoundError|ImportError": (
        "perhaps the sandbox cannot read a library, or the kit is incomplete: "
        "try `autograder doctor`, and `autograder release` again"
    ),
    "the process that ran your code": (
        "perhaps the sandbox cannot read the kit, or processes = {processes} is too small; "
        "`autograder doctor` tries the sandbox"
    ),
}
"""dict of str -> str : what explains a text of the reference's report, by a pattern in it.

Names with a value are those of the table ``[limits]`` in ``course.toml``.
"""
UNKNOWN_CAUSE = (
    "perhaps kit and programs do not belong together: "
    "run `autograder release` again, then `autograder validate`"
)


def prove_machine(judge: Judge) -> None:
    """Judge the reference, in the sandbox and under the limits that submissions are judged in.

    Training goals are left out: their weights would have to be trained first, which takes minutes.
    With a sandbox that serves many submissions this takes as long as one of them, since the next
    one finds it running.

    Parameters
    ----------
    judge : Judge
        Its context is open.

    Raises
    ------
    UserError
        If the reference does not get everything. The text says what failed, and the likely cause.
    """
    with tempfile.TemporaryDirectory(prefix="cs231n-preflight-") as folder:
        write_submission(judge.course, judge.assignment, folder)
        try:
            findings = judge.findings(Path(folder))
        except WorkerError:
            said = _last_words(judge)
            raise UserError(_refusal(judge, f"does not start ({said})", said)) from None
    losses = {}
    for name, finding in findings.items():
        if finding.score < finding.max_score and not _is_goal(name):
            losses[name] = finding
    if not losses:
        return
    asked = [name for name in findings if not _is_goal(name)]
    name, finding = next(iter(losses.items()))
    problem = _problem(finding)
    texts = "\n".join(finding.text for finding in losses.values())
    what = f"fails in {len(losses)} of {len(asked)} exercises, such as {name} ({problem})"
    raise UserError(_refusal(judge, what, texts))


def same_ending(verdicts: Mapping[str, Verdict]) -> str:
    """Say so when every exercise of every submission ends the same way, and not well.

    Parameters
    ----------
    verdicts : dict of str -> Verdict
        By student.

    Returns
    -------
    line : str
        "" where there are fewer than `MIN_ALIKE` submissions, or they differ. Training goals do not
        count: without weights all end alike.
    """
    if len(verdicts) < MIN_ALIKE:
        return ""
    endings = set()
    for verdict in verdicts.values():
        for name, finding in verdict.exercises.items():
            if not _is_goal(name):
                if finding.score:
                    return ""
                endings.add(_ending(finding))
    if len(endings) != 1:
        return ""
    (ending,) = endings
    return (
        f"every submission ends the same way: {ending}; "
        "this is more likely the machine or the kit than the class "
        "(`autograder doctor` tries the machine, `autograder validate` the kit; "
        "then grade with --force)"
    )


def _refusal(judge: Judge, what: str, texts: str) -> str:
    machine = platform.node() or "this machine"
    cause = _likely_cause(texts, judge.course.limits)
    return (
        f"nothing is graded: on {machine}, with {judge.sandbox.isolation}, "
        f"the reference itself {what}; {cause}"
    )


def _likely_cause(texts: str, limits: Limits) -> str:
    for pattern, cause in LIKELY_CAUSES.items():
        if re.search(pattern, texts):
            return cause.format(**vars(limits))
    return UNKNOWN_CAUSE


def _is_goal(name: str) -> bool:
    return isinstance(EXERCISES.get(name), TrainingGoal)


def _problem(finding: Finding) -> str:
    """str : the first thing that went wrong, or the status where nothing is said."""
    problems = finding.text.splitlines()[1:]
    if not problems:
        return finding.status
    return problems[0].strip()[:MAX_TEXT]


def _ending(finding: Finding) -> str:
    """str : how an exercise ended, without what belongs to it alone: quantity, case and place."""
    problem = _problem(finding)
    without_place = re.sub(r" \(cs231n/.*", "", problem)
    return re.sub(r"^[^:]*, (hidden: )?[^:]*: ", "", without_place)


def _last_words(judge: Judge) -> str:
    """Start the worker once more, with nothing to do, and take the last line that it prints."""
    with tempfile.TemporaryDirectory(prefix="cs231n-preflight-") as folder:
        tree = Path(folder)
        lay_out(judge.course.release_folder(judge.assignment.name), tree)
        command = judge.sandbox.command(tree, judge.course.limits)
        try:
            run = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=START_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
    lines = run.stderr.decode(errors="replace").strip().splitlines()
    if not lines:
        return f"exit code {run.returncode}"
    return lines[-1][:MAX_TEXT]
