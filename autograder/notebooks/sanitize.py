"""Text of a submission on its way to a browser or a terminal: nothing in it can act."""

import re
from html.parser import HTMLParser

from nbconvert.filters import markdown2html

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff]"
)
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_ACTIVE_MATH = re.compile(
    r"\\(?:href|url|style|class|cssid|html|require|def|let|newcommand|renewcommand|data|unicode|mmltoken|toggle)",
    re.I,
)
_TAGS = frozenset(
    "p br hr em strong del code pre blockquote ul ol li h1 h2 h3 h4 h5 h6 table thead tbody tr th td span div a".split()
)
_VOID = {"br", "hr"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_VALUES = {
    "href": re.compile(r"(?:https?://|mailto:|#)[^\x00-\x20]*", re.I),
    "style": re.compile(r"text-align:\s*(?:left|right|center);?"),
    "class": re.compile(r"highlight|anchor-link|[a-z][a-z0-9]{0,2}"),
    "id": re.compile(r"[\w.:-]+"),
    "title": re.compile(r"[\w .,:-]*"),
}
_PLACES = {
    "href": {"a"},
    "title": {"a"},
    "style": {"td", "th"},
    "class": {"div", "span", "a"},
    "id": _HEADINGS,
}


def strip_control(text):
    """Remove control characters, terminal sequences and marks that reorder text; keep newlines and tabs."""
    text = _TERMINAL.sub("", text.replace("\r\n", "\n"))
    return _CONTROL.sub("", text)


def shorten(text, most):
    """Keep at most so many characters, and say what was left out."""
    if len(text) <= most:
        return text
    return f"{text[:most].rstrip()}\n[{len(text) - most} more characters are not shown]"


def safe_markdown(text):
    """Return Markdown that renders to plain formatting, whatever a student wrote.

    What renders to anything but text, emphasis, lists, tables, code, links and formulas is shown as it was typed.

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
    return "\n".join(f"    {line}" for line in text.split("\n"))


def _is_plain(text):
    reader = _Reader()
    try:
        reader.feed(markdown2html(text))
        reader.close()
    except (
        Exception
    ):  # whatever a text can provoke in the renderer, it would provoke in the feedback as well
        return False
    return reader.plain


class _Reader(HTMLParser):
    """Looks for a tag or an attribute that is not on the list, and for tags that do not nest."""

    def __init__(self):
        super().__init__()
        self.plain, self._open = True, []

    def close(self):
        # What is left here is a tag without an end: it would swallow the page that follows.
        unfinished = "<" in self.rawdata
        super().close()
        self.plain &= not self._open and not unfinished

    def handle_starttag(self, tag, attrs):
        self.plain &= tag in _TAGS and all(
            _is_harmless(tag, name, value or "") for name, value in attrs
        )
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.plain &= tag in _VOID and not attrs

    def handle_endtag(self, tag):
        self.plain &= bool(self._open) and self._open.pop() == tag

    def handle_comment(self, data):
        self.plain = False

    handle_decl = handle_pi = unknown_decl = handle_comment


def _is_harmless(tag, name, value):
    return tag in _PLACES.get(name, ()) and _VALUES[name].fullmatch(value) is not None
