import re
from html.parser import HTMLParser

import pytest

from autograder.course.verdicts import Finding
from autograder.errors import UserError
from autograder.feedback.exporter import POLICY
from autograder.feedback.generate import generate_feedback

ANSWER = "written_saturated_scores"
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">\n\n[x](javascript:alert(3))'


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value) for name, value in attrs]


@pytest.fixture
def page(students):
    """The feedback page of a student who has been recorded."""

    def make(student):
        pages, failed = generate_feedback(students.course, students.assignment)
        assert not failed
        return (pages[student] / "fully_connected_nets.html").read_text()

    return make


def test_the_page_shows_points_reports_and_comments(students, page):
    students.hand_in("ada", answers={ANSWER: "Because of *this*."})
    students.judge("ada", {"adam": 2.5})
    students.record("ada")
    with students.gradebook() as gradebook:
        grade = gradebook.find_grade(ANSWER, "fully_connected_nets", "assignment2", "ada")
        grade.manual_score, grade.needs_manual_grade = 3, False
        gradebook.find_comment(
            ANSWER, "fully_connected_nets", "assignment2", "ada"
        ).manual_comment = "Well **put**."
        gradebook.db.commit()
    text = page("ada")
    assert "72.5 <span>of 81 points" in text and "2.5 / 6" in text and "report on adam" in text
    assert (
        "Because of <em>this</em>." in text
        and "Well <strong>put</strong>." in text
        and "3 / 4" in text
    )


def test_an_answer_that_nobody_read_yet_says_so(students, page):
    students.hand_in("ada", answers={ANSWER: "Because."})
    students.judge("ada")
    students.record("ada")
    assert page("ada").count("not read yet, of 4") == 2


def test_nothing_of_the_student_runs_in_the_page(students, page):
    findings = students.assignment.points
    students.hand_in("ada", answers={ANSWER: HOSTILE})
    text = f"{HOSTILE}\x1b]0;title\x07\u202e</pre><script>alert(4)</script>"
    students.judge(
        "ada",
        exercises={e: Finding("fail", 0.0, most, text, (text,)) for e, most in findings.items()},
    )
    students.record("ada")
    html = page("ada")
    tags = Tags(html)
    assert "script" not in tags.tags and "img" not in tags.tags
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    assert not [
        value for name, value in tags.attributes if name == "href" and not value.startswith("#")
    ]
    assert "\x1b" not in html and "\u202e" not in html and "alert(4)" in html


def test_the_policy_lets_nothing_run_and_loads_nothing(students, page):
    students.hand_in("ada")
    students.judge("ada")
    students.record("ada")
    text = page("ada")
    found = re.search(r'<meta content="([^"]*)" http-equiv="Content-Security-Policy"/>', text)[1]
    assert found == POLICY and "script" not in found and "http" not in found


def test_formulas_are_there_without_a_network(students, page):
    students.hand_in("ada", answers={ANSWER: "With $\\frac{a}{b}$ and\n\n$$\\sum_i x_i$$"})
    students.judge("ada")
    students.record("ada")
    tags = Tags(page("ada")).tags
    assert {"math", "mfrac", "msub"} <= set(tags)


def test_one_page_that_cannot_be_made_does_not_stop_the_others(students):
    for student in ("ada", "bob", "eve"):
        students.hand_in(student)
        students.judge(student)
    students.record("ada", "bob", "eve")
    path = (
        students.course.root / "autograded" / "bob" / "assignment2" / "fully_connected_nets.ipynb"
    )
    path.chmod(0o644)
    path.write_text("{")
    pages, failed = generate_feedback(students.course, students.assignment)
    assert set(pages) == {"ada", "eve"} and set(failed) == {"bob"}


def test_who_is_not_graded_is_named(students):
    with pytest.raises(
        UserError, match="ada is not graded; run `autograder grade assignment2` first"
    ):
        generate_feedback(students.course, students.assignment, ["ada"])
