"""The page of a feedback: what nbgrader knows, laid out so that nothing a student wrote can run."""

import base64
import hashlib
from pathlib import Path

from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import GetGrades

from .plain_text import safe_markdown

TEMPLATES = Path(__file__).parent / "templates"
STYLE = TEMPLATES / "feedback.css"
FORMULAS = (
    'window.MathJax = {messageStyle: "none", showProcessingMessages: false, showMathMenu: false, '
    'tex2jax: {inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]], processEscapes: true}};'
)


def policy(mathjax_url):
    """str : a content security policy that lets only the formula renderer run, and loads nothing else."""
    digest = base64.b64encode(hashlib.sha256(FORMULAS.encode()).digest()).decode()
    host = mathjax_url.rsplit("/", 1)[0] + "/"
    return (
        f"default-src 'none'; script-src 'sha256-{digest}' {host}; style-src 'unsafe-inline' {host}; "
        f"font-src {host}; img-src data:; base-uri 'none'; form-action 'none'"
    )


class FeedbackExporter(HTMLExporter):
    """Renders with the course's template and a content security policy."""

    def default_filters(self):
        """Yield nbconvert's filters and the one that answers pass through."""
        yield from super().default_filters()
        yield "safe_markdown", safe_markdown

    def _init_resources(self, resources):
        resources = super()._init_resources(resources)
        style = STYLE.read_text(encoding="utf-8")
        resources["feedback"] = {"policy": policy(self.mathjax_url), "style": style, "formulas": FORMULAS}
        return resources


class GetScores(GetGrades):
    """Take over scores and comments, and whether somebody still has to read the answer."""

    def _get_score(self, cell, resources):
        marks = cell.metadata.nbgrader
        grade = self.gradebook.find_grade(marks["grade_id"], self.notebook_id, self.assignment_id, self.student_id)
        marks["score"], marks["points"] = grade.score, grade.max_score
        marks["waiting"] = bool(grade.needs_manual_grade and grade.manual_score is None and grade.auto_score is None)


PREPROCESSORS = [GetScores, CSSHTMLHeaderPreprocessor]
