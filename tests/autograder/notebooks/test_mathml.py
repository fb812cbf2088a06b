import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.notebooks.mathml import markdown_to_html, mathml

SOURCES = Path(__file__).parents[3] / "assignments"


def test_a_fraction_becomes_mathml():
    assert mathml(r"\frac{1}{N}") == (
        '<math display="inline"><mrow><mfrac><mrow><mn>1</mn></mrow><mrow><mi>N</mi></mrow></mfrac>'
        "</mrow></math>"
    )


def test_a_function_is_set_off_from_its_argument_but_not_from_a_bracket():
    assert '<mi>log</mi><mspace width="0.17em" /><mn>3</mn>' in mathml(r"(0, \log 3)")
    assert "mspace" not in mathml(r"\exp(x) + \tanh^2 + ab")


@pytest.mark.parametrize(
    "tex",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\class{evil}{x}",
        r"\style{background:url(http://a)}{x}",
        r"\cssId{a}{x}",
        "</math><script>alert(1)</script>",
        r"\text{<img src=x onerror=alert(1)>}",
        r"\unicode{x3c}script\unicode{x3e}",
    ],
)
def test_nothing_in_a_formula_acts(tex):
    html = mathml(tex)
    tags = set(re.findall(r"<(\w+)", html))
    assert not tags & {"script", "img", "a", "style"} and "href=" not in html.split("<code>")[0]
    assert not re.search(r"<[^>]*(javascript|onerror|http)", html)


@pytest.mark.parametrize("tex", [r"\frac{", r"\begin{matrix}", "{" * 3000, "x" * 2001])
def test_what_cannot_be_read_is_shown_as_it_was_typed(tex):
    assert mathml(tex).startswith("<code>")


@settings(deadline=None, max_examples=150)
@given(st.text(alphabet="\\{}^_&$<>\"'abx1 fractext", max_size=40))
def test_any_text_gives_balanced_elements_of_mathml_alone(tex):
    html = mathml(tex)
    assert set(re.findall(r"<(\w+)", html)) <= {
        "code",
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "msub",
        "msup",
        "msubsup",
        "mtext",
        "mfrac",
        "mspace",
        "munder",
        "mover",
        "mstyle",
        "munderover",
        "mtable",
        "mtr",
        "mtd",
        "mpadded",
    }


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*/*.ipynb")), ids=lambda path: path.stem)
def test_every_formula_of_the_notebooks_can_be_shown(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    html = markdown_to_html(re.sub(r"`[^`\n]*`", "", text))
    assert not re.search(r"<code>[^<]*\\[a-z]+", html), re.search(r"<code>[^<]*\\[a-z]+[^<]*", html)
