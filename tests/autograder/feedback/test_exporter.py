import re
from html.parser import HTMLParser

from autograder.course.verdicts import Finding
from autograder.feedback.exporter import POLICY

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
