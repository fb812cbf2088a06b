"""What nbgrader's preprocessors are told about the notebook that they work on."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..course.manifest import Course
from ..course.verdicts import Finding, trusted_findings
from ..evidence.outputs import CellOutputs, load_evidence
from .rows import NotebookRows

CONTEXT = "cs231n"
"""str : the key of nbconvert's ``resources`` under which a `SubmissionContext` stands."""


@dataclass
class SubmissionContext:
    """One notebook of one submission, and what is known about it before it is recorded.

    Parameters
    ----------
    course : Course
    assignment, student, notebook : str
    findings : dict of str -> Finding
        By exercise; empty where there is no verdict on exactly this submission.
    problem : str
        Why there are no findings, or "".
    evidence : dict of str -> list of dict
        Outputs of this notebook by cell id, in the format of notebooks.
    unchanged : frozenset of str
        The cells that hold what they held when the submission was recorded last, by ``grade_id``.
    rows : NotebookRows, optional
        The rows of the gradebook, where somebody else saves them. By default they are those of
        nbgrader's own gradebook, which is opened and saved for this notebook alone.
    """

    course: Course
    assignment: str
    student: str
    notebook: str
    findings: dict[str, Finding]
    problem: str
    evidence: CellOutputs
    unchanged: frozenset[str] = frozenset()
    rows: NotebookRows | None = None


def read_contexts(
    course: Course, assignment: str, student: str, notebooks: Iterable[str]
) -> dict[str, SubmissionContext]:
    """Read the verdict and the evidence of a submission, once for all of its notebooks.

    Parameters
    ----------
    course : Course
    assignment, student : str
    notebooks : iterable of str

    Returns
    -------
    contexts : dict of str -> SubmissionContext
        By notebook.
    """
    findings, problem = trusted_findings(course, assignment, student)
    evidence = load_evidence(course, assignment, student) or {}
    contexts = {}
    for name in notebooks:
        outputs = evidence.get(name, {})
        contexts[name] = SubmissionContext(
            course, assignment, student, name, findings, problem, outputs
        )
    return contexts
