"""Formulas of feedback pages: TeX becomes MathML, so that a page needs no script and no network."""

from functools import lru_cache
from html import escape
from itertools import pairwise
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

MAX_TEX = 2_000
"""int : characters of a formula that is converted."""
_ELEMENTS = frozenset(
    """
    math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover
    mmultiscripts mprescripts none mtable mtr mtd mlabeledtr mpadded mphantom mstyle menclose
    """.split()
)
_ATTRIBUTES = frozenset(
    """
    display displaystyle scriptlevel mathvariant mathsize stretchy fence form separator symmetric
    largeop movablelimits accent accentunder lspace rspace minsize maxsize linethickness width
    height depth columnalign columnlines rowspacing columnspacing rowlines notation
    """.split()
)
_NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'


@lru_cache(maxsize=4096)
def mathml(tex: str, display: str = "inline") -> str:
    """Turn a formula into MathML.

    Parameters
    ----------
    tex : str
        Without dollar signs. It may come from a student: links, styles and whatever else could act
        are left out.
    display : {"inline", "block"}

    Returns
    -------
    html : str
        The formula as it was typed, as code, where it cannot be read.
    """
    try:
        return _convert(tex, display)
    except Exception:  # the converter has no error of its own, and a text can provoke any
        return f"<code>{escape(tex.strip())}</code>"


def markdown_to_html(source: str) -> str:
    """str : Markdown as nbconvert renders it, with formulas in MathML."""
    return MarkdownWithMath(renderer=_Renderer(escape=False)).render(source)


def _convert(tex: str, display: str) -> str:
    if len(tex) > MAX_TEX:
        raise ValueError(f"a formula of {len(tex)} characters")
    text = convert(tex, display=display).replace(_NAMESPACE, "")
    root = ElementTree.fromstring(text)
    _tidy(root)
    return ElementTree.tostring(root, encoding="unicode")


def _tidy(element: Element) -> None:
    """Remove attributes that could act; raise ValueError where an element is not of MathML."""
    if element.tag not in _ELEMENTS:
        raise ValueError(f"the element {element.tag}")
    for name in set(element.attrib) - _ATTRIBUTES:
        del element.attrib[name]
    for child in element:
        _tidy(child)
    if element.tag == "mrow":
        _space_functions(element)


def _space_functions(row: Element) -> None:
    """Insert the thin space between a function and its argument, which the converter leaves out."""
    neighbors = list(enumerate(pairwise(row), 1))
    for place, (name, argument) in reversed(neighbors):
        if name.tag == "mi" and len(name.text or "") > 1 and argument.tag != "mo":
            row.insert(place, ElementTree.Element("mspace", width="0.17em"))


class _Renderer(IPythonRenderer):
    def inline_math(self, body: str) -> str:
        return mathml(body)

    def block_math(self, body: str) -> str:
        return mathml(body, "block")
