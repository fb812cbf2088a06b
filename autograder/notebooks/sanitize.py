"""Text of a submission on its way to a browser or a terminal: nothing in it can act."""

import re
from html.parser import HTMLParser

import nh3
from nbconvert.filters import markdown2html

# Control characters, characters without a width, and marks that turn the direction of text.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff]"
)
# What colors, moves or renames a terminal (ECMA-48).
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# TeX that links, styles or defines: nbgrader's formgrader renders it with MathJax, which obeys.
_ACTIVE_MATH = re.compile(
    r"\\(?:href|url|style|class|cssid|html|require|def|let|newcommand|renewcommand|data|unicode"
    r"|mmltoken|toggle)",
    re.IGNORECASE,
)
_TAGS = set(
    """
    p br hr em strong del code pre blockquote ul ol li h1 h2 h3 h4 h5 h6
    table thead tbody tr th td span div a
    """.split()
)
_ATTRIBUTES = {
    "a": {"href", "title", "class"},
    "div": {"class"},
    "span": {"class"},
    "td": {"style"},
    "th": {"style"},
    **{f"h{level}": {"id"} for level in range(1, 7)},
}
_VALUES = {
    "href": re.compile(r"(?:https?://|mailto:|#)[^\x00-\x20]*", re.IGNORECASE),
    "style": re.compile(r"text-align:\s*(?:left|right|center);?"),
    "class": re.compile(r"highlight|anchor-link|[a-z][a-z0-9]{0,2}"),
    "id": re.compile(r"[\w.:-]+"),
    "title": re.compile(r"[\w .,:-]*"),
}
_VOID = {"br", "hr"}
_IMPLIED = {"p", "tbody"}


def strip_control(text: str) -> str:
    """Remove control characters, terminal sequences and marks that reorder text.

    Newlines and tabs stay.
    """
    text = _TERMINAL.sub("", text.replace("\r\n", "\n"))
    return _CONTROL.sub("", text)


def shorten(text: str, most: int) -> str:
    """Keep at most so many characters, and say how many were left out."""
    if len(text) <= most:
        return text
    return f"{text[:most].rstrip()}\n[{len(text) - most} more characters are not shown]"


def safe_markdown(text: str) -> str:
    """Return Markdown that renders to plain formatting, whatever a student wrote.

    What renders to anything but text, emphasis, lists, tables, code, links and formulas is shown
    as it was typed.

    Parameters
    ----------
    text : str

    Returns
    -------
    markdown : str
    """
    text = strip_control(text)
    if not _ACTIVE_MATH.search(text) and _is_plain(text):
        return text
    # Indented text is a code block, which shows it as it was typed.
    return "\n".join(f"    {line}" for line in text.split("\n"))


def _is_plain(text: str) -> bool:
    """Whether a text renders to HTML from which the sanitizer removes nothing."""
    try:
        html = markdown2html(text)
        given = _Structure(html)
    except Exception:  # what a text can provoke in the renderer, it would in the feedback as well
        return False
    cleaned = _Structure(_CLEANER.clean(html))
    return given.is_complete and given.found == cleaned.found


def _keep_value(tag: str, name: str, value: str) -> str | None:
    pattern = _VALUES.get(name)
    return value if pattern and pattern.fullmatch(value) else None


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    attribute_filter=_keep_value,
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
)


class _Structure(HTMLParser):
    """The tags, attributes and characters of HTML, in whichever of its spellings it is written.

    The sanitizer writes quotes, entities and ``<br />`` in its own way, and moves or adds tags that
    may be left out, as a browser does: none of that is a difference.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.is_complete = True
        self._open: list[str] = []
        self.feed(html)
        # What is left here is a tag without an end: it would swallow the page that follows.
        is_unfinished = "<" in self.rawdata
        self.close()
        if self._open or is_unfinished:
            self.is_complete = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if attrs or tag not in _IMPLIED:
            values = sorted((name, value or "") for name, value in attrs)
            self.found.append((tag, values))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _IMPLIED:
            self.found.append(f"end of {tag}")
        if not self._open or self._open.pop() != tag:
            self.is_complete = False

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        self.found.extend("".join(data.split()))

    def handle_comment(self, data: str) -> None:
        self.is_complete = False

    def handle_decl(self, decl: str) -> None:
        self.is_complete = False

    def handle_pi(self, data: str) -> None:
        self.is_complete = False

    def unknown_decl(self, data: str) -> None:
        self.is_complete = False
