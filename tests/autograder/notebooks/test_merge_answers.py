import json
import os

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.notebooks.merge_answers import merge_answers, read_answers

ANSWER = "written_saturated_scores"


def cells(notebook):
    return [(cell.id, cell.cell_type, cell.metadata, cell.source) for cell in notebook.cells]


@pytest.fixture
def pristine(students):
    return students.kit_notebook()


@pytest.fixture
def handed_in(students):
    """Hand in a notebook that a function has changed; return the answers read from it."""

    def hand_in(change):
        document = json.loads(
            (
                students.course.release_folder("assignment2") / "fully_connected_nets.ipynb"
            ).read_text()
        )
        by_id = {
            cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in document["cells"]
        }
        by_id[ANSWER]["source"] = ["My *answer*:\n", "because."]
        document = change(document, by_id) or document
        path = students.course.root / "handed_in.ipynb"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return read_answers(path, students.kit_notebook())

    return hand_in


def test_the_answer_is_taken_over_and_everything_else_is_the_kit(pristine, handed_in):
    answers = handed_in(lambda document, by_id: None)
    notebook = merge_answers(pristine, answers)
    changed = [(a, b) for a, b in zip(cells(pristine), cells(notebook), strict=True) if a != b]
    assert [b[3] for _, b in changed] == ["My *answer*:\nbecause."]


def test_what_is_done_to_a_notebook_does_not_reach_the_released_one(pristine):
    before, notebook = nbformat.writes(pristine), merge_answers(pristine, {})
    assert notebook == pristine
    for cell in notebook.cells:
        cell.source, cell.outputs = "changed", []
    notebook.cells.pop()
    assert nbformat.writes(pristine) == before


def test_a_changed_test_cell_changes_nothing(pristine, handed_in):
    def change(document, by_id):
        by_id["affine_forward"]["source"] = "print('PASS')"
        by_id["affine_forward"]["metadata"]["nbgrader"] |= {
            "points": 1000,
            "solution": True,
            "locked": False,
        }
        document["metadata"]["kernelspec"]["name"] = "evil"

    notebook = merge_answers(pristine, handed_in(change))
    assert notebook.metadata == pristine.metadata
    assert [c for c in cells(notebook) if c[0] == "check-affine_forward"] == [
        c for c in cells(pristine) if c[0] == "check-affine_forward"
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda d, c: d["cells"].reverse(),
        lambda d, c: d["cells"].append(dict(c["affine_forward"])),
        lambda d, c: d["cells"].insert(
            0, c[ANSWER] | {"source": "written_saturated_scores\n\n*Your answer here.*"}
        ),
        lambda d, c: d["cells"].remove(c["relu_forward"]),
        lambda d, c: c[ANSWER]["metadata"].clear(),
        lambda d, c: c[ANSWER]["metadata"].update(nbgrader="no table"),
        lambda d, c: c[ANSWER].update(cell_type="code", outputs=[]),
        lambda d, c: d["cells"].extend(
            [None, 3, {"source": 4}, {"metadata": []}, {"source": ["x", 1], "metadata": {}}]
        ),
        lambda d, c: d.update(nbformat="four", metadata=None),
    ],
)
def test_the_answer_is_found_in_a_notebook_that_was_taken_apart(handed_in, change):
    assert handed_in(change)[ANSWER] == "My *answer*:\nbecause."


@pytest.mark.parametrize(
    "text",
    [" ", "{", "[]", '{"cells": 3}', '{"cells": [[]]}', "[" * 200_000, "null", '{"cells": {}}'],
)
def test_what_is_not_a_notebook_has_no_answers(handed_in, text):
    assert handed_in(lambda document, by_id: text) == {}


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_notebooks_never_break_the_reader(released_once, tmp_path_factory, data):
    kit = released_once.release_folder("assignment2") / "fully_connected_nets.ipynb"
    body = bytearray(kit.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        position = data.draw(st.integers(0, len(body) - 1))
        body[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path = tmp_path_factory.getbasetemp() / "mutated.ipynb"
    path.write_bytes(body)
    pristine = nbformat.read(kit, as_version=4)
    notebook = merge_answers(pristine, read_answers(path, pristine))
    checks = [cell for cell in cells(notebook) if cell[0].startswith("check-")]
    assert checks == [cell for cell in cells(pristine) if cell[0].startswith("check-")]


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.symlink_to("/etc/passwd"),
        os.mkfifo,
        lambda path: path.mkdir(),
        lambda path: None,
    ],
)
def test_links_special_files_and_nothing_have_no_answers(tmp_path, pristine, make):
    make(tmp_path / "notebook.ipynb")
    assert read_answers(tmp_path / "notebook.ipynb", pristine) == {}


def test_an_answer_cannot_act_in_a_browser_and_is_cut(pristine):
    notebook = merge_answers(pristine, {ANSWER: "<script>alert(1)</script>" + "x" * 30_000})
    source = next(
        cell.source
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == ANSWER
    )
    assert (
        source.startswith("    <script>")
        and len(source) < 21_000
        and "more characters are not shown" in source
    )
