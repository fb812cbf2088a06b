"""nbgrader preprocessors: they carry verdicts into notebooks and gradebook, and execute nothing that was handed in.

The course's ``nbgrader_config.py`` puts them into nbgrader's own lists, so that a plain ``nbgrader autograde`` gives
the scores of the verdicts; `autograder.gradebook.record.record` runs the same ones for a whole class in one process.
"""

from contextlib import contextmanager

import nbformat
from nbgrader import preprocessors as stock
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors.base import NbGraderPreprocessor
from traitlets import Unicode

from ..course.manifest import Course
from ..course.verdicts import Finding, trusted_findings
from ..evidence import outputs as evidence
from ..notebooks.merge_answers import grade_id, read_answers, rebase
from ..notebooks.sanitize import shorten, strip_control

MAX_EVIDENCE = 8_000


class TidyMetadata(NbGraderPreprocessor):
    """Keep of a notebook's metadata what students need; editors and staff leave no traces in a release."""

    _KERNEL = ("display_name", "language", "name")

    def preprocess(self, nb, resources):
        kernel = nb.metadata.get("kernelspec", {})
        nb.metadata = nbformat.from_dict(
            {"kernelspec": {key: kernel[key] for key in self._KERNEL if key in kernel}}
        )
        nb.metadata["language_info"] = nbformat.from_dict({"name": "python"})
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell, resources, cell_index):
        kept = {
            key: cell.metadata[key]
            for key in ("nbgrader", "deletable", "editable")
            if key in cell.metadata
        }
        cell.metadata = nbformat.from_dict(kept)
        return cell, resources


class CoursePreprocessor(NbGraderPreprocessor):
    """Knows the course; a batch hands it over in the resources."""

    course_root = Unicode(help="The folder of the course.").tag(config=True)

    def course(self, resources):
        """Course : the one that is graded."""
        return resources["nbgrader"].get("course") or Course.open(self.course_root)


class RebaseOnKit(CoursePreprocessor):
    """Replace the notebook by the released one, with the answers of the hand-in in its open cells."""

    def preprocess(self, nb, resources):
        info, course = resources["nbgrader"], self.course(resources)
        name = f"{info['notebook']}.ipynb"
        pristine = nbformat.read(course.kit(info["assignment"]) / name, as_version=4)
        answers = read_answers(
            course.submitted(info["student"], info["assignment"]) / name, pristine
        )
        return rebase(pristine, answers), resources


class ShowVerdict(CoursePreprocessor):
    """Put what the judge found under each check cell, as plain text, and evidence under the other ones."""

    def preprocess(self, nb, resources):
        info = resources["nbgrader"]
        self.findings, self.problem = _findings(self, resources)
        if "evidence" not in info:
            info["evidence"] = (
                evidence.load(self.course(resources), info["assignment"], info["student"]) or {}
            )
        self.evidence = info["evidence"].get(info["notebook"], {})
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell, resources, cell_index):
        if _is_check(cell):
            text = _evidence(self.findings.get(grade_id(cell)), self.problem)
            cell.outputs = [
                nbformat.from_dict({"output_type": "stream", "name": "stdout", "text": text})
            ]
        elif cell.cell_type == "code":
            cell.outputs = evidence.show(self.evidence, cell)
        return cell, resources


class SaveVerdict(CoursePreprocessor, stock.SaveAutoGrades):
    """Save the scores of the verdict; written answers stay with the person who reads them."""

    def preprocess(self, nb, resources):
        info = resources["nbgrader"]
        self.findings, _ = _findings(self, resources)
        self.unchanged = info.get("unchanged", frozenset())
        with self._rows(resources) as (self.grades, self.comments):
            return NbGraderPreprocessor.preprocess(self, nb, resources)

    @contextmanager
    def _rows(self, resources):
        """The rows of the notebook's grades and comments: of a batch that saves them itself, or of nbgrader's."""
        info = resources["nbgrader"]
        if "rows" in info:
            yield info["rows"]
            return
        with Gradebook(info["db_url"], self.course(resources).id) as gradebook:
            notebook = gradebook.find_submission_notebook(
                info["notebook"], info["assignment"], info["student"]
            )
            grades = {grade.name: (grade, grade.max_score) for grade in notebook.grades}
            yield grades, {comment.name: comment for comment in notebook.comments}
            gradebook.db.commit()

    def _add_score(self, cell, resources):
        name = grade_id(cell)
        grade, most = self.grades[name]
        before = grade.auto_score
        if _is_check(cell):
            grade.auto_score = _score(self.findings.get(name), most)
            same = grade.auto_score == before
        else:
            grade.auto_score, _ = utils.determine_grade(cell, self.log)
            same = name in self.unchanged
        if grade.manual_score is None:
            grade.needs_manual_grade = grade.auto_score is None or (
                _is_check(cell) and name not in self.findings
            )
        elif not same:
            grade.needs_manual_grade = True

    def _add_comment(self, cell, resources):
        comment = self.comments[grade_id(cell)]
        untouched = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
        comment.auto_comment = "No response." if untouched and not utils.is_task(cell) else None


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
SANITIZE = [RebaseOnKit, stock.CheckCellMetadata]
VERDICT = [ShowVerdict, SaveVerdict]
AUTOGRADE = [*VERDICT, stock.AssignLatePenalties, stock.CheckCellMetadata]


def _is_check(cell):
    return utils.is_grade(cell) and not utils.is_solution(cell)


def _findings(preprocessor, resources):
    info = resources["nbgrader"]
    if "findings" not in info:
        info["findings"] = trusted_findings(
            preprocessor.course(resources), info["assignment"], info["student"]
        )
    return info["findings"]


def _score(finding, most):
    if (
        not isinstance(finding, Finding)
        or finding.max_score != most
        or not 0 <= finding.score <= most
    ):
        return 0.0
    return finding.score


def _evidence(finding, problem):
    if finding is None:
        return f"{problem or 'This exercise is not part of the verdict.'} 0 points.\n"
    parts = [
        f"{finding.score:g} of {finding.max_score:g} points",
        finding.text,
        *(f"Warning, costs nothing: {w}" for w in finding.warnings),
    ]
    return (
        shorten(strip_control("\n".join(part.rstrip() for part in parts if part)), MAX_EVIDENCE)
        + "\n"
    )
