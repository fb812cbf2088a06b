"""The page of a feedback: what nbgrader knows, laid out so that nothing a student wrote can run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat import NotebookNode
from nbgrader.preprocessors import GetGrades

from ..notebooks.mathml import markdown_to_html
from ..notebooks.sanitize import safe_markdown

TEMPLATES = Path(__file__).parent / "templates"
STYLE = TEMPLATES / "course_feedback" / "feedback.css"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
"""str : the content security policy of a page: no script runs, nothing is loaded."""


class FeedbackExporter(HTMLExporter):
    """Renders with the course's template and a content security policy."""

    def default_filters(self) -> Iterator[tuple[str, Callable[[str], str]]]:
        """Yield nbconvert's filters, another one for Markdown, and the one for answers."""
        yield from super().default_filters()
        yield "markdown2html", markdown_to_html
        yield "safe_markdown", safe_markdown

    def _init_resources(self, resources: dict[str, Any]) -> dict[str, Any]:
        resources = super()._init_resources(resources)
        style = STYLE.read_text(encoding="utf-8")
        resources["feedback"] = {"policy": POLICY, "style": style}
        return resources


class GetScores(GetGrades):
    """Take over scores and comments, and whether somebody still has to read the answer."""

    def _get_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        marks = cell.metadata.nbgrader
        grade = self.gradebook.find_grade(
            marks["grade_id"], self.notebook_id, self.assignment_id, self.student_id
        )
        has_no_score = grade.manual_score is None and grade.auto_score is None
        marks["score"] = grade.score
        marks["points"] = grade.max_score
        marks["waiting"] = bool(grade.needs_manual_grade and has_no_score)


PREPROCESSORS = [GetScores, CSSHTMLHeaderPreprocessor]
