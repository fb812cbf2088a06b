"""What a person sees of results: plain text everywhere, a small table in notebooks."""

from html import escape

from .evaluation import FAIL, NOT_STARTED, PASS

WORDS = {PASS: "PASS", FAIL: "FAIL", NOT_STARTED: "NOT STARTED"}
# Half way between black and white, to be read on a light and on a dark page.
_COLORS = {PASS: "#008564", FAIL: "#c05000", NOT_STARTED: "#757575"}
_SHOWN = 4
_WIDTH = 11


class Report:
    """Results as text and as HTML.

    Parameters
    ----------
    results : list of Result
    printed : str
        What the submission printed while it was checked.
    """

    def __init__(self, results, printed=""):
        self.results, self.printed = results, printed

    def __str__(self):
        blocks = [result_text(result) for result in self.results]
        if self.printed:
            blocks.append("Your code printed:\n" + _indent(self.printed))
        if len(self.results) > 1:
            passed = sum(result.status == PASS for result in self.results)
            blocks.append(f"{passed} of {len(self.results)} exercises pass")
        return "\n".join(blocks)

    __repr__ = __str__

    def _repr_html_(self):
        lines = []
        for result in self.results:
            badge = (
                f'<strong style="color:{_COLORS[result.status]}">{WORDS[result.status]}</strong>'
            )
            lines.append(
                f"<p style='margin:4px 0'>{badge} <code>{escape(result.exercise)}</code>{_headline_html(result)}</p>"
            )
            details = _details(result)
            if details:
                items = "".join(f"<li>{escape(line)}</li>" for line in details)
                lines.append(f"<ul style='margin:2px 0 8px'>{items}</ul>")
        if self.printed:
            lines.append(f"<p>Your code printed:</p><pre>{escape(self.printed)}</pre>")
        return "\n".join(lines)


def result_text(result):
    """The lines of one result.

    Parameters
    ----------
    result : Result

    Returns
    -------
    text : str
    """
    head = f"{WORDS[result.status]:<{_WIDTH}}  {result.exercise}"
    if _headline(result):
        head += f"  ({_headline(result)})"
    return "\n".join([head, *(f"{'':<{_WIDTH}}  {line}" for line in _details(result))])


def _headline(result):
    if result.note:
        return result.note
    if result.status == FAIL and len(result.parts) > 1:
        return f"{sum(result.parts.values())} of {len(result.parts)} parts are right"
    return ""


def _headline_html(result):
    return f" &nbsp;{escape(_headline(result))}" if _headline(result) else ""


def _details(result):
    lines = [result.mistake] if result.mistake else []
    shown = _worst_first(result.problems)
    lines += [f"{p.quantity}, {p.case}: {p.text}" for p in shown[:_SHOWN]]
    if len(shown) > _SHOWN:
        lines.append(f"and {len(shown) - _SHOWN} more like these")
    lines += [f"a warning, which costs nothing: {text}" for text in result.warnings]
    return lines


def _worst_first(problems):
    """One problem of each quantity, then the others; the same text of many quantities only once."""
    texts, seen, first, rest = {}, set(), [], []
    for problem in problems:
        if texts.setdefault((problem.case, problem.text), problem.quantity) != problem.quantity:
            continue
        (rest if problem.quantity in seen else first).append(problem)
        seen.add(problem.quantity)
    return first + rest


def _indent(text):
    return "\n".join("  " + line for line in text.splitlines())
