"""What a person sees of results: plain text everywhere, a small table in notebooks."""

from collections.abc import Sequence
from html import escape

from .evaluation import FAIL, NOT_STARTED, PASS, Problem, Result

WORDS = {PASS: "PASS", FAIL: "FAIL", NOT_STARTED: "NOT STARTED"}
# Half way between black and white, to be read on a light and on a dark page.
_COLORS = {PASS: "#008564", FAIL: "#c05000", NOT_STARTED: "#757575"}
MAX_PROBLEMS = 4
_WIDTH = max(map(len, WORDS.values()))
_INDENT = " " * (_WIDTH + 2)


class Report:
    """Results as text and as HTML.

    Parameters
    ----------
    results : list of Result
    printed : str
        What the submission printed while it was checked.
    """

    def __init__(self, results: Sequence[Result], printed: str = "") -> None:
        self.results = results
        self.printed = printed

    def __str__(self) -> str:
        blocks = [result_text(result) for result in self.results]
        if self.printed:
            blocks.append("Your code printed:\n" + _indent(self.printed))
        if len(self.results) > 1:
            passed = sum(result.status == PASS for result in self.results)
            blocks.append(f"{passed} of {len(self.results)} exercises pass")
        return "\n".join(blocks)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        lines = [_result_html(result) for result in self.results]
        if self.printed:
            lines.append(f"<p>Your code printed:</p><pre>{escape(self.printed)}</pre>")
        return "\n".join(lines)


def result_text(result: Result) -> str:
    """Return the lines of one result.

    Parameters
    ----------
    result : Result

    Returns
    -------
    text : str
    """
    head = f"{WORDS[result.status]:<{_WIDTH}}  {result.exercise}"
    headline = _headline(result)
    if headline:
        head += f"  ({headline})"
    return "\n".join([head, *(_INDENT + line for line in _details(result))])


def _result_html(result: Result) -> str:
    badge = f'<strong style="color:{_COLORS[result.status]}">{WORDS[result.status]}</strong>'
    head = f"{badge} <code>{escape(result.exercise)}</code>"
    headline = _headline(result)
    if headline:
        head += f" &nbsp;{escape(headline)}"
    html = f"<p style='margin:4px 0'>{head}</p>"
    details = _details(result)
    if details:
        items = "".join(f"<li>{escape(line)}</li>" for line in details)
        html += f"\n<ul style='margin:2px 0 8px'>{items}</ul>"
    return html


def _headline(result: Result) -> str:
    if result.note:
        return result.note
    if result.status == FAIL and len(result.parts) > 1:
        return f"{sum(result.parts.values())} of {len(result.parts)} parts are right"
    return ""


def _details(result: Result) -> list[str]:
    lines = []
    if result.mistake:
        lines.append(result.mistake)
    problems = _worst_first(result.problems)
    for problem in problems[:MAX_PROBLEMS]:
        lines.append(f"{problem.quantity}, {problem.case}: {problem.text}")
    if len(problems) > MAX_PROBLEMS:
        lines.append(f"and {len(problems) - MAX_PROBLEMS} more like these")
    lines += [f"a warning, which costs nothing: {text}" for text in result.warnings]
    return lines


def _worst_first(problems: Sequence[Problem]) -> list[Problem]:
    """One problem of each quantity, then the others; the same text of many quantities only once."""
    first_quantities: dict[tuple[str, str], str] = {}
    first: dict[str, Problem] = {}
    rest = []
    for problem in problems:
        quantity = first_quantities.setdefault((problem.case, problem.text), problem.quantity)
        if quantity != problem.quantity:
            continue
        if quantity in first:
            rest.append(problem)
        else:
            first[quantity] = problem
    return [*first.values(), *rest]


def _indent(text: str) -> str:
    return "\n".join("  " + line for line in text.splitlines())
