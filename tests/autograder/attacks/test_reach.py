"""What reaches the instructor is text: in browser, terminal, spreadsheet and gradebook."""

import io
import json
import shutil
import zipfile
from dataclasses import replace

import pytest
from attacked_class import AFFINE, Attack, AttackedClass, forward, notebook, run_class

from autograder.__main__ import main
from autograder.collect.inbox import collect
from autograder.course import verdicts
from autograder.course.digests import submission_digest
from autograder.course.manifest import Course
from autograder.course.verdicts import trusted_findings
from autograder.gradebook.csv_export import print_csv, score_rows
from autograder.gradebook.record import record
from autograder.grading.run import grade

MARKUP = {
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "svg": "<svg onload=alert(1)><script>1</script></svg>",
    "frame": "<iframe src='javascript:alert(1)'></iframe>",
    "link": "[mark](javascript:alert(1))",
    "style": "<style>@import 'http://x'</style>",
    "image by markdown": "![a](javascript:alert(1))",
    "base": "<base href='http://evil.example'>",
    "form": "<form action=http://evil.example><input></form>",
    "math": r"$\href{javascript:alert(1)}{x}$",
    "broken": "</div></body></html><script>alert(1)</script>",
    "data": "[a](data:text/html;base64,PHN2Zz4=)",
    "entities": "<a href='&#106;avascript:alert(1)'>x</a>",
    "comment": "<!--><script>alert(1)</script-->",
    "cdata": "<![CDATA[<script>alert(1)</script>]]>",
    "reference": "[x][y]\n\n[y]: javascript:alert(1)",
    "autolink": "<javascript:alert(1)>",
    "fence": "```html onload=1\n</code></pre><script>alert(1)</script>\n```",
    "meta": "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "object": "<object data='data:text/html,x'></object>",
    "template": "{{ ''.__class__ }} {% raw %}",
    "terminal": "\x1b]0;owned\x07\x1b[2J",
    "bidi": "\u202eevil\u2066",
    "zero": "\x00\x08\x0b",
    "deep quotes": ">" * 5000 + "x",
    "many stars": "*" * 20_000,
    "many brackets": "[" * 20_000,
    "table bomb": "|" * 20_000 + "\n" + "|-" * 10_000,
}
OUTPUTS = {
    "html output": {"text/html": "<script>alert(1)</script>"},
    "svg output": {"image/svg+xml": "<svg><script>alert(1)</script></svg>"},
    "javascript output": {"application/javascript": "alert(1)"},
    "markdown output": {"text/markdown": "<script>alert(1)</script>"},
    "widget output": {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}},
    "latex output": {"text/latex": "$\\href{javascript:alert(1)}{x}$"},
    "picture that is none": {"image/png": '"><script>alert(1)</script>'},
}


def show_text(text):
    """Attack : this text as the answer to the written question."""

    def change(document):
        document["cells"][-1]["source"] = text

    return notebook(change)


def show_output(data):
    """Attack : this output in every code cell, and attached to the answer."""
    output = {"output_type": "display_data", "metadata": {}, "data": data}

    def change(document):
        for cell in document["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = [output]
        document["cells"][-1]["attachments"] = {"x": data}

    return notebook(change)


SHORT_MARKUP = {name: text for name, text in MARKUP.items() if len(text) < 1000}
MESSAGES = {
    f"message: {name}": forward(f"raise ValueError({text!r})")
    for name, text in SHORT_MARKUP.items()
}
MESSAGES |= {
    f"warning: {name}": forward(f"warnings.warn({text!r})\nreturn np.zeros(1), None")
    for name, text in SHORT_MARKUP.items()
}
MESSAGES |= {
    "type of an error": forward(
        "raise type('\\x1b[31m<script>alert(1)</script>', (Exception,), {})('x')"
    ),
    "file of an error": forward(
        "exec(compile('1/0', '<script>alert(1)</script>\\x1b[31m', 'exec'))"
    ),
    "line of an error": Attack(
        {AFFINE: "x = '\x1b[31m<script>alert(1)</script>' +\n"},
        ("affine_forward", "affine_backward"),
    ),
    "formula in a message": forward("raise ValueError('=HYPERLINK(\"http://evil.example\")')"),
}
ANSWERS = {f"answer: {name}": show_text(text) for name, text in MARKUP.items()}
ANSWERS |= {name: show_output(data) for name, data in OUTPUTS.items()}
QUICK = ("message: script", "type of an error", "answer: script", "html output")


class TestSimpleTexts(AttackedClass):
    attacks = {name: (MESSAGES | ANSWERS)[name] for name in QUICK}


@pytest.mark.slow
class TestMessagesFirstHalf(AttackedClass):
    attacks = dict(list(MESSAGES.items())[::2])


@pytest.mark.slow
class TestMessagesSecondHalf(AttackedClass):
    attacks = dict(list(MESSAGES.items())[1::2])


@pytest.mark.slow
class TestAnswers(AttackedClass):
    attacks = ANSWERS


def test_replayed_verdict_and_forged_receipt_gain_nothing(make_course, sandbox, tmp_path):
    result = run_class(make_course(False), tmp_path, sandbox, {"honest until graded": Attack()})
    course = result.course
    found = result.verdicts
    assignment = course.assignment("small")
    student = "eve0"
    assert found[student].exercises["affine_forward"].score == 4
    folder = course.verdicts("small")
    # The hand-in changes after it was judged; the verdict on the old one stays behind.
    affine = course.submitted(student, "small") / AFFINE
    affine.write_text("def affine_forward(x, w, b):\n    return x, None\n")
    (course.submitted(student, "small") / "timestamp.txt").write_text(
        "1970-01-01 00:00:00 UTC\n" * 1000
    )
    assert trusted_findings(course, "small", student) == (
        {},
        "The verdict is about another hand-in.",
    )
    record(course, assignment, [student])
    rows = [row for row in score_rows(course, [assignment]) if row[0] == student]
    assert all(row[3] == 0 for row in rows)
    # The verdict of somebody honest, under another name, with and without the name in it.
    honest = verdicts.load_verdict(folder / "ada.json")
    for forged in (
        honest,
        replace_names(honest, student),
        replace_names(honest, student, submission_digest(course, assignment, student)),
    ):
        verdicts.save_verdict(forged, folder / f"{student}.json")
        judged, fresh = grade(course, assignment, sandbox)
        # One that also names the new hand-in takes somebody who can write in the course's folder.
        if forged.submission != submission_digest(course, assignment, student):
            assert fresh == 1 and judged[student].exercises["affine_forward"].score == 0


def replace_names(found, student, submission=None):
    return replace(found, student=student, submission=submission or found.submission)


@pytest.mark.parametrize(
    "name",
    [
        "=cmd|' calc'!A0.zip",
        "+1.zip",
        "-1.zip",
        "@SUM(1).zip",
        "ada\tx.zip",
        "\x1b[31m.zip",
        "a,b.zip",
        'a"b.zip',
        "..zip",
        "a\nb.zip",
        "CON .zip",
        "ada\u200b.zip",
        "\u0430da.zip",
    ],
)
def test_name_of_a_hand_in_makes_no_student(make_course, tmp_path, capsys, name):
    course = Course.open(shutil.copytree(make_course(False), tmp_path / "course"))
    inbox = course.root / "inbox" / "small"
    inbox.mkdir(parents=True)
    with zipfile.ZipFile(inbox / name, "w") as archive:
        archive.writestr(
            "small.ipynb",
            json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}),
        )
    with pytest.raises(SystemExit) as code:
        main(["collect", "small", "--course", str(course.root)])
    printed = capsys.readouterr()
    assert code.value.code == 1 and course.students("small") == []
    assert "\x1b" not in printed.out.replace("\x1b[A", "") and "\u200b" not in printed.out
    table = io.StringIO()
    print_csv(score_rows(course, [course.assignment("small")]), table)
    assert table.getvalue().count("\n") == 1


def test_hand_in_of_somebody_else_under_a_link_is_not_taken(make_course, tmp_path):
    course = Course.open(shutil.copytree(make_course(False), tmp_path / "course"))
    inbox = course.root / "inbox" / "small"
    (inbox / "ada").mkdir(parents=True)
    (inbox / "ada" / "small.ipynb").write_text(
        json.dumps({"nbformat": 4, "metadata": {}, "cells": []})
    )
    (inbox / "eve").symlink_to(inbox / "ada")
    found = collect(course, course.assignment("small"))
    assert found.students["ada"].status == "accepted" and found.students["eve"].status == "refused"
