"""Formulas of feedback pages: TeX becomes MathML here, so that a page needs no script and no network."""

from functools import lru_cache
from html import escape
from itertools import pairwise
from xml.etree import ElementTree

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

MOST = 2_000
_ELEMENTS = frozenset(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts mprescripts "
    "none mtable mtr mtd mlabeledtr mpadded mphantom mstyle menclose".split()
)
_ATTRIBUTES = frozenset(
    "display displaystyle scriptlevel mathvariant mathsize stretchy fence form separator symmetric largeop movablelimits "
    "accent accentunder lspace rspace minsize maxsize linethickness width height depth columnalign columnlines rowspacing "
    "columnspacing rowlines notation".split()
)


@lru_cache(maxsize=4096)
def mathml(tex, display="inline"):
    """Turn a formula into MathML.

    Parameters
    ----------
    tex : str
        Without dollar signs. It may come from a student: links, styles and whatever else could act are left out.
    display : {"inline", "block"}

    Returns
    -------
    html : str
        The formula as it was typed, as code, where it cannot be read.
    """
    try:
        if len(tex) > MOST:
            raise ValueError
        text = convert(tex, display=display).replace(
            ' xmlns="http://www.w3.org/1998/Math/MathML"', ""
        )
        return ElementTree.tostring(_plain(ElementTree.fromstring(text)), encoding="unicode")
    except Exception:  # the converter has no error of its own, and a text can provoke any
        return f"<code>{escape(tex.strip())}</code>"


def markdown_to_html(source):
    """str : Markdown as nbconvert renders it, with formulas in MathML."""
    return MarkdownWithMath(renderer=_Renderer(escape=False)).render(source)


def _plain(element):
    if element.tag not in _ELEMENTS:
        raise ValueError
    for name in set(element.attrib) - _ATTRIBUTES:
        del element.attrib[name]
    for child in element:
        _plain(child)
    if element.tag == "mrow":
        _space_functions(element)
    return element


def _space_functions(row):
    """Put the thin space between a function and its argument that TeX knows of and the converter forgets."""
    for place, (name, argument) in reversed(list(enumerate(pairwise(row), 1))):
        if name.tag == "mi" and len(name.text or "") > 1 and argument.tag != "mo":
            row.insert(place, ElementTree.Element("mspace", width="0.17em"))


class _Renderer(IPythonRenderer):
    def inline_math(self, body):
        return mathml(body)

    def block_math(self, body):
        return mathml(body, "block")
