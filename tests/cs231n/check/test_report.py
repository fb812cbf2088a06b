"""What a person sees of results, as text and as HTML."""

import re

import pytest

from cs231n.check import EXERCISES, check_with
from cs231n.check.evaluation import FAIL, NOT_STARTED, PASS, Problem, Result
from cs231n.check.report import Report, result_text


def failed(*problems, **more):
    return Result("conv", FAIL, {"dx": False, "dw": True}, problems, **more)


def test_a_problem_stands_in_a_line_of_its_own_under_the_exercise():
    text = result_text(failed(Problem("one example", "dx", "shape (2, 3), expected (3, 2)")))
    assert text.splitlines() == [
        "FAIL         conv  (1 of 2 parts are right)",
        "             dx, one example: shape (2, 3), expected (3, 2)",
    ]


def test_each_quantity_comes_first_once_and_the_rest_is_counted():
    problems = [
        Problem(f"case {i}", quantity, f"error {i} of {quantity}")
        for quantity in ("dx", "dw")
        for i in range(3)
    ]
    lines = result_text(failed(*problems)).splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["dx,", "dw,", "dx,", "dx,"]
    assert lines[5].strip() == "and 2 more like these"


def test_the_same_sentence_about_many_quantities_is_said_once():
    text = result_text(
        failed(*[Problem("one example", quantity, "it raised") for quantity in ("dx", "dw", "db")])
    )
    assert text.count("it raised") == 1


def test_the_mistake_comes_first_and_warnings_come_last():
    result = failed(
        Problem("one example", "dx", "wrong"),
        mistake="the stride is forgotten",
        warnings=("RuntimeWarning: x",),
    )
    lines = [line.strip() for line in result_text(result).splitlines()]
    assert (
        lines[1] == "the stride is forgotten"
        and lines[-1] == "a warning, which costs nothing: RuntimeWarning: x"
    )


def test_many_results_end_with_a_count_and_what_was_printed():
    report = Report(
        [Result("a", PASS, {"out": True}), Result("b", NOT_STARTED, {"out": False})], "one\ntwo"
    )
    assert str(report).splitlines() == [
        "PASS         a",
        "NOT STARTED  b",
        "Your code printed:",
        "  one",
        "  two",
        "1 of 2 exercises pass",
    ]
    assert repr(report) == str(report)


def test_html_names_the_state_the_note_and_every_problem():
    html = Report(
        [failed(Problem("a < b", "dx", "got 1"), note="accuracy 10 %")], "x > y"
    )._repr_html_()
    assert "FAIL</strong> <code>conv</code> &nbsp;accuracy 10 %" in html
    assert "<li>dx, a &lt; b: got 1</li>" in html and "<pre>x &gt; y</pre>" in html
    assert "<ul" not in Report([Result("a", PASS, {"out": True})])._repr_html_()


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return sum(
        share * ((part + 0.055) / 1.055) ** 2.4
        for share, part in zip((0.2126, 0.7152, 0.0722), parts)
    )


def test_words_can_be_read_on_white_and_on_the_dark_page_of_an_editor():
    page = Report([Result("a", status, {}) for status in (PASS, FAIL, NOT_STARTED)])._repr_html_()
    bright = [luminance(color) for color in re.findall("color:(#[0-9a-f]{6})", page)]
    assert len(bright) == 3 and all(1.05 / (one + 0.05) >= 4.5 for one in bright)
    assert all((one + 0.05) / (luminance("#1f1f1f") + 0.05) >= 3 for one in bright)


@pytest.mark.process
def test_html_of_a_report_escapes_what_students_wrote(tree, broken):
    result = check_with(
        tree(broken("raise ValueError('<script>alert(1)</script>')")), EXERCISES["relu_forward"]
    )
    html = Report([result], "<b>printed</b>")._repr_html_()
    assert "<script>" not in html and "<b>printed" not in html and "&lt;script&gt;" in html
