import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.filters import markdown2html

from autograder.notebooks.sanitize import safe_markdown, shorten, strip_control

PLAIN = """Plain *text* with $x < 0$ and $$\\frac{a}{b}$$

# Heading

```python
x < 1
```

| a | b |
|:--|--:|
| 1 | 2 |

1. a [link](https://example.org)
2. `<script>` in code, a < b & c
"""

ACTIVE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)></svg>",
    "<style>*{}</style>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,hi)",
    "![x](https://example.org/a.png)",
    "![x](attachment:missing)",
    "[a]: javascript:x\n\n[a]",
    "<!-- hidden -->",
    "</div></div><p>",
    "<div class='panel'>",
    "<iframe src=//example.org></iframe>",
    "<a href=x onclick=y>z</a>",
    "<b id=formgrade>",
    "<form action=/x></form>",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\style{color:red}{x}$",
    "<details open ontoggle=alert(1)>",
    "<em style='x'>a</em>",
    "<?php ?>",
    "<![CDATA[x]]>",
    "<p onmouseover=alert(1)>x</p>",
    "<math><mtext></mtext></math>",
    "<base href=//x>",
]


def test_formatting_formulas_links_and_code_stay_as_they_are():
    assert safe_markdown(PLAIN) == PLAIN


@pytest.mark.parametrize("text", ACTIVE)
def test_what_could_act_is_shown_as_it_was_typed(text):
    shown = safe_markdown(f"answer\n\n{text}\n")
    html = markdown2html(shown)
    assert html.startswith("<pre><code>") and html.count("<") == 4


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*ACTIVE, "$", "`", "\n", "\n\n", "    ", "* ", "> ", "<", "&lt;", "x", "[", "](", ")"]
        )
    )
)
def test_no_mixture_renders_to_an_active_tag(parts):
    html = markdown2html(safe_markdown("".join(parts))).lower()
    for mark in (
        "<script",
        "<img",
        "<svg",
        "<style",
        "<iframe",
        "<form",
        "<base",
        "<details",
        "<!--",
        'href="javascript',
    ):
        assert mark not in html


@given(st.text())
def test_safe_text_stays_as_it_is(text):
    once = safe_markdown(text)
    assert safe_markdown(once) == once


def test_terminal_sequences_and_reordering_marks_are_removed():
    text = "a\x1b[31mred\x1b[0m\x1b]0;title\x07 b\x00\x08c\u202egnp\u2066 d\te\nf\r\ng\x9b1m"
    assert strip_control(text) == "ared bcgnp d\te\nf\ng1m"


def test_long_text_is_cut_and_says_so():
    assert shorten("x" * 10, 10) == "x" * 10
    assert shorten("x" * 11, 10) == "x" * 10 + "\n[1 more characters are not shown]"


@pytest.mark.parametrize(
    "piece",
    ["[", "*", "`", "$", "<", "> ", "- ", "![](", "**a ", "_a", "<a", "|", "[a](", "\\(", "&"],
)
def test_a_text_made_to_keep_the_renderer_busy_is_rendered(piece):
    text = (piece * 20_000)[:20_000]
    assert safe_markdown(text).strip()


@pytest.mark.parametrize(
    "text",
    ["<script", "text\n\n<script", "<svg onload=x", "<a href='x", "a < b", "<!--", "<![CDATA["],
)
def test_a_tag_without_an_end_is_shown_as_it_was_typed(text):
    shown = markdown2html(safe_markdown(text) + "\n\nwhat follows")
    assert (
        "<script" not in shown and "<svg" not in shown and "<a " not in shown and "<!" not in shown
    )
    assert "what follows" in shown
