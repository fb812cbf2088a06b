"""nbgrader preprocessors: they carry verdicts into notebooks and gradebook; no student code runs.

The course's ``nbgrader_config.py`` puts them into nbgrader's own lists, so that a plain ``nbgrader
autograde`` gives the scores of the verdicts; `autograder.gradebook.record.record` runs the same
ones for a whole class in one process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader import preprocessors as stock
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors.base import NbGraderPreprocessor
from traitlets import Unicode

from ..course.manifest import Course
from ..course.verdicts import Finding
from ..evidence.outputs import outputs_of_cell
from ..notebooks.cells import grade_id, is_check
from ..notebooks.merge_answers import merge_answers, read_answers
from ..notebooks.sanitize import shorten, strip_control
from .context import CONTEXT, SubmissionContext, read_contexts
from .rows import NotebookRows

MAX_REPORT = 8_000
"""int : characters of a report that a notebook shows."""
Resources = dict[str, Any]
Preprocessed = tuple[NotebookNode, Resources]


class TidyMetadata(NbGraderPreprocessor):
    """Keep of a notebook's metadata what students need, without traces of editors and staff."""

    _KERNEL = ("display_name", "language", "name")
    _CELL = ("nbgrader", "deletable", "editable")

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Preprocessed:
        """Tidy the metadata of the notebook and of its cells."""
        kernel = nb.metadata.get("kernelspec", {})
        kept = {key: kernel[key] for key in self._KERNEL if key in kernel}
        metadata = {"kernelspec": kept, "language_info": {"name": "python"}}
        nb.metadata = nbformat.from_dict(metadata)
        return super().preprocess(nb, resources)

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, cell_index: int
    ) -> Preprocessed:
        """Tidy the metadata of a cell."""
        kept = {key: cell.metadata[key] for key in self._CELL if key in cell.metadata}
        cell.metadata = nbformat.from_dict(kept)
        return cell, resources


class CoursePreprocessor(NbGraderPreprocessor):
    """Knows the course and what is known about the notebook."""

    course_root = Unicode(help="The folder of the course.").tag(config=True)

    def context(self, resources: Resources) -> SubmissionContext:
        """SubmissionContext : that of a batch, or a new one in a plain ``nbgrader autograde``."""
        if CONTEXT not in resources:
            info = resources["nbgrader"]
            course = Course.open(self.course_root)
            name = info["notebook"]
            contexts = read_contexts(course, info["assignment"], info["student"], [name])
            resources[CONTEXT] = contexts[name]
        return resources[CONTEXT]


class RebaseOnKit(CoursePreprocessor):
    """Replace the notebook by the released one with the submission's answers in its open cells."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Preprocessed:
        """Replace the notebook."""
        info = resources["nbgrader"]
        course = Course.open(self.course_root)
        name = f"{info['notebook']}.ipynb"
        pristine = nbformat.read(course.release_folder(info["assignment"]) / name, as_version=4)
        submitted = course.submitted(info["student"], info["assignment"])
        answers = read_answers(submitted / name, pristine)
        return merge_answers(pristine, answers), resources


class ShowVerdict(CoursePreprocessor):
    """Put the judge's report under each check cell, as plain text, and evidence under others."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Preprocessed:
        """Fill in the outputs of all cells."""
        self._context = self.context(resources)
        return super().preprocess(nb, resources)

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, cell_index: int
    ) -> Preprocessed:
        """Fill in the outputs of a cell."""
        if is_check(cell):
            finding = self._context.findings.get(grade_id(cell))
            text = _report(finding, self._context.problem)
            output = {"output_type": "stream", "name": "stdout", "text": text}
            cell.outputs = [nbformat.from_dict(output)]
        elif cell.cell_type == "code":
            cell.outputs = outputs_of_cell(self._context.evidence, cell)
        return cell, resources


class SaveVerdict(CoursePreprocessor, stock.SaveAutoGrades):
    """Save the scores of the verdict; written answers stay with the person who reads them."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> Preprocessed:
        """Save the scores and comments of all cells."""
        self._context = self.context(resources)
        if self._context.rows is not None:
            self._rows = self._context.rows
            return NbGraderPreprocessor.preprocess(self, nb, resources)
        with _open_rows(self._context, resources["nbgrader"]["db_url"]) as self._rows:
            return NbGraderPreprocessor.preprocess(self, nb, resources)

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        """Called by nbgrader for each cell that gives points."""
        name = grade_id(cell)
        findings = self._context.findings
        grade = self._rows.grades[name]
        if is_check(cell):
            before = grade.auto_score
            grade.auto_score = _score(findings.get(name), self._rows.points[name])
            is_unjudged = name not in findings
            is_same = grade.auto_score == before
        else:
            grade.auto_score, _ = utils.determine_grade(cell, self.log)
            is_unjudged = False
            is_same = name in self._context.unchanged
        if grade.manual_score is None:
            grade.needs_manual_grade = grade.auto_score is None or is_unjudged
        # Points that were entered by hand stay, but somebody has to look at what is new.
        elif not is_same:
            grade.needs_manual_grade = True

    def _add_comment(self, cell: NotebookNode, resources: Resources) -> None:
        """Called by nbgrader for each cell that students fill in."""
        comment = self._rows.comments[grade_id(cell)]
        is_untouched = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
        if is_untouched and not utils.is_task(cell):
            comment.auto_comment = "No response."
        else:
            comment.auto_comment = None


# Checksums twice, as in nbgrader's own list: SaveCells wants them, and clearing changes cells.
RELEASE = [
    stock.IncludeHeaderFooter,
    stock.LockCells,
    stock.ClearSolutions,
    stock.ClearOutput,
    TidyMetadata,
    stock.CheckCellMetadata,
    stock.ComputeChecksums,
    stock.SaveCells,
    stock.ClearHiddenTests,
    stock.ClearMarkScheme,
    stock.ComputeChecksums,
    stock.CheckCellMetadata,
]
# nbgrader's own steps here repair a submitted notebook; of this one only the answers are taken.
SANITIZE = [RebaseOnKit, stock.CheckCellMetadata]
# Without nbgrader's Execute: nothing that was handed in runs in this process.
VERDICT = [ShowVerdict, SaveVerdict]
AUTOGRADE = [*VERDICT, stock.AssignLatePenalties, stock.CheckCellMetadata]


@contextmanager
def _open_rows(context: SubmissionContext, db_url: str) -> Iterator[NotebookRows]:
    """Open the rows of a notebook as nbgrader's own objects, and save them at the end."""
    with Gradebook(db_url, context.course.id) as gradebook:
        notebook = gradebook.find_submission_notebook(
            context.notebook, context.assignment, context.student
        )
        grades = {grade.name: grade for grade in notebook.grades}
        points = {grade.name: grade.max_score for grade in notebook.grades}
        comments = {comment.name: comment for comment in notebook.comments}
        yield NotebookRows(grades, points, comments)
        gradebook.db.commit()


def _score(finding: Finding | None, most: float) -> float:
    """float : the points found, and 0 where the finding is about another number of points."""
    if finding is None or finding.max_score != most or not 0 <= finding.score <= most:
        return 0.0
    return finding.score


def _report(finding: Finding | None, problem: str) -> str:
    if finding is None:
        reason = problem or "This exercise is not part of the verdict."
        return f"{reason} 0 points.\n"
    parts = [f"{finding.score:g} of {finding.max_score:g} points", finding.text]
    parts += [f"Warning, costs nothing: {warning}" for warning in finding.warnings]
    text = "\n".join(part.rstrip() for part in parts if part)
    return shorten(strip_control(text), MAX_REPORT) + "\n"
