"""The notebook guide, as far as a machine can tell."""

import ast
import json
import re
import tomllib
from pathlib import Path

import nbformat
import pytest

from cs231n.check.exercise import TrainingGoal
from cs231n.check.exercises import EXERCISES

ROOT = Path(__file__).parents[2] / "assignments"
NOTEBOOKS = sorted(ROOT.glob("*/*.ipynb"))
MANIFEST = tomllib.loads((ROOT / "course.toml").read_text(encoding="utf-8"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda p: p.stem)
def notebook(request):
    return nbformat.reads(request.param.read_text(encoding="utf-8"), as_version=4)


@pytest.fixture
def path(request, notebook):
    return request.node.callspec.params["notebook"]


def of_type(notebook, kind):
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def nbgrader(cell):
    return cell.metadata.get("nbgrader", {})


def alternative_texts(source):
    """The alternative texts in a cell, as far as they are plain texts or have a plain part."""
    code = "\n".join(line for line in source.splitlines() if not line.startswith("%"))
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    values = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "alt"]
    for value in values:
        parts = [value, *ast.walk(value)] if isinstance(value, ast.JoinedStr) else [value]
        yield "".join(part.value for part in parts if isinstance(part, ast.Constant))


def words(text):
    """How many there are, with each formula as one."""
    return len(re.sub(r"\$\$.*?\$\$|\$[^$]*\$", "formula", text, flags=re.DOTALL).split())


def figures(notebook):
    """The ids of the cells that show figures, once for each."""
    shown = re.compile(r"\b(?:show|animation_html)\(")
    return [cell.id for cell in of_type(notebook, "code") for _ in shown.findall(cell.source)]


def test_every_notebook_of_the_manifest_exists_and_no_other():
    named = {
        ROOT / name / f"{book}.ipynb"
        for name, body in MANIFEST["assignments"].items()
        for book in body["notebooks"]
    }
    assert named == set(NOTEBOOKS)


def test_notebook_is_valid_and_has_stable_readable_ids(notebook):
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert all(
        re.fullmatch(r"[a-z][a-z0-9-]*", cell_id) and not re.fullmatch(r"[0-9a-f]{8}", cell_id)
        for cell_id in ids
    )


def test_notebook_is_tracked_without_outputs(notebook):
    assert all(
        not cell.outputs and cell.execution_count is None for cell in of_type(notebook, "code")
    )
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}


def test_frame_of_the_notebook(notebook):
    first, last = notebook.cells[0].source, notebook.cells[-1].source
    headings = re.findall(
        r"^(#+) (.+)$", "\n".join(c.source for c in of_type(notebook, "markdown")), re.MULTILINE
    )
    assert [level for level, _ in headings].count("#") == 1 and first.startswith("# ")
    assert 3 <= [level for level, _ in headings].count("##") <= 7
    assert "What you'll do" in first and "What you'll learn" in first and "What you need" in first
    assert last.startswith("## What you learned") and "**References.**" in last
    bullets = [len(re.findall(r"^- ", text, re.MULTILINE)) for text in (first, last)]
    assert bullets[0] == bullets[1] >= 3


def test_time_points_and_files_of_the_first_cell_are_right(notebook):
    points = sum(nbgrader(cell).get("points", 0) for cell in notebook.cells)
    assert f"{points:g} points" in notebook.cells[0].source
    assert re.search(r"About \d+ hours?\b", notebook.cells[0].source)
    files = {
        EXERCISES[nbgrader(c)["grade_id"]].file
        for c in notebook.cells
        if nbgrader(c).get("grade_id") in EXERCISES and EXERCISES[nbgrader(c)["grade_id"]].module
    }
    for file in files:
        assert Path(file).name in notebook.cells[0].source


def test_lengths_stay_readable(notebook):
    assert len(notebook.cells) <= 40
    code = of_type(notebook, "code")
    assert all(len(cell.source.splitlines()) <= 25 for cell in code)
    assert all(len(line) <= 100 for cell in code for line in cell.source.splitlines())
    assert len(code[0].source.splitlines()) <= 12
    kinds = "".join(cell.cell_type[0] for cell in notebook.cells)
    assert "ccc" not in kinds


def test_every_exercise_has_its_heading_task_hint_and_check_in_defect_students_judge_by_eye(
    notebook,
):
    text = "\n".join(cell.source for cell in of_type(notebook, "markdown"))
    for cell in of_type(notebook, "code"):
        name = nbgrader(cell).get("grade_id")
        if name not in EXERCISES:
            continue
        section = re.search(
            rf"^### `?{re.escape(name)}`?$(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL
        )
        assert section, f"no heading for {name}"
        assert "**Your task.**" in section[1] and "<details>" in section[1], name
        idea, example, _ = section[1].partition("**Example.**")
        assert isinstance(EXERCISES[name], TrainingGoal) or (example and words(idea) <= 120), name
        assert ast.literal_eval(cell.source.split("check(")[1].split(")")[0]) == name


def test_defect_errors_printed_for_the_eye_no_cell_leaves_the_judgment_to_the_student(notebook):
    for cell in of_type(notebook, "code"):
        assert not re.search(r"print\([^\n]*(error|differ|Good)", cell.source), cell.id
    for cell in of_type(notebook, "markdown"):
        assert not re.search(
            r"(around|order of|less than|within) `?\$?(1?e-\d|10\^\{-)", cell.source
        ), cell.id


def test_grade_cells_agree_with_the_manifest(notebook, path):
    body = MANIFEST["assignments"][path.parent.name]
    points = body["points"] | body["written"]
    for cell in notebook.cells:
        if nbgrader(cell).get("grade"):
            assert nbgrader(cell)["points"] == points[nbgrader(cell)["grade_id"]]


def test_written_questions_have_a_mark_scheme(notebook):
    written = [c for c in of_type(notebook, "markdown") if nbgrader(c).get("grade")]
    assert written
    for cell in written:
        solution = cell.source.partition("### BEGIN SOLUTION")[2].partition("### END SOLUTION")[0]
        scheme = solution.partition("**Mark scheme**")[2]
        assert (
            sum(map(int, re.findall(r"^- (\d+) points?", scheme, re.MULTILINE)))
            == nbgrader(cell)["points"]
        )


def test_figures_go_through_show_with_alternative_text(notebook):
    for cell in of_type(notebook, "code"):
        assert "plt.show" not in cell.source
        made = re.findall(r"^\s*fig, ?.* = ", cell.source, re.MULTILINE)
        texts = list(alternative_texts(cell.source))
        assert len(made) <= cell.source.count("show(fig") and len(texts) == figures(notebook).count(
            cell.id
        )
        assert all(30 <= len(alt) <= 400 for alt in texts)
    for cell in of_type(notebook, "markdown"):
        assert "![](" not in cell.source and "<img" not in cell.source


def test_text_is_calm_and_fresh(notebook):
    for cell in of_type(notebook, "markdown"):
        prose = re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", "", cell.source, flags=re.DOTALL)
        assert not re.search(r"!(?!\[)", prose), cell.id
        assert prose.isascii() or not re.search(r"[\U0001F300-\U0001FAFF]", prose)


def test_random_numbers_come_from_generators(notebook):
    for cell in of_type(notebook, "code"):
        assert not re.search(r"np\.random\.(?!default_rng|Generator|RandomState)", cell.source)


def test_one_setting_chooses_the_images(notebook):
    code = "\n".join(cell.source for cell in of_type(notebook, "code"))
    assert code.count('"shapes10"') == code.count('dataset = "shapes10"') <= 1


def test_notebook_file_is_formatted_as_jupyter_writes_it(path):
    text = path.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"


def test_the_course_is_as_large_as_it_says():
    books = {path.stem: nbformat.read(path, as_version=4) for path in NOTEBOOKS}
    code = [cell for book in books.values() for cell in of_type(book, "code")]
    graded = [nbgrader(cell)["grade_id"] for cell in code if nbgrader(cell).get("grade")]
    assert len(graded) == len(set(graded)) >= 60
    shown = {(name, cell_id) for name, book in books.items() for cell_id in figures(book)}
    assert sum(len(figures(book)) for book in books.values()) >= 45
    assert shown >= {
        ("linear_classifiers", "figure-surface"),
        ("fully_connected_nets", "figure-paths"),
        ("k_nearest_neighbors", "figure-boundaries"),
        ("two_layer_net", "figure-hidden-units"),
        ("linear_classifiers", "figure-templates"),
        ("computational_graphs", "figure-backward"),
        ("fast_layers", "figure-columns"),
        ("convolutional_nets", "figure-fields"),
        ("convolutional_nets", "figure-filters"),
        ("convolutional_nets", "figure-saliency"),
        ("convolution", "animation"),
        ("fast_layers", "figure-time"),
        ("fast_layers", "figure-memory"),
    }
