"""Foreign text made plain: markup, entities, mojibake and invisible characters gone.

What belongs here: rules that hold for every text of every shop. What does not: the choice of
words that describe a product (``refinement``).
"""

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

MAX_INPUT = 100_000
"""Characters of a raw text that are looked at."""
MAX_OUTPUT = 5_000
"""Characters of a clean text, unless the caller asks for fewer."""

_MAX_PASSES = 4
_BREAK, _CELL = "\x1e", "\x1f"  # between blocks; between the cells of a table's row
# Everything that does not show: controls, soft hyphen, zero-width, bidi, variation selectors,
# private use, number and interlinear marks, tag characters. They carry
# injected text past a reader's eye. The replacement character (U+FFFD) says nothing either.
_INVISIBLE_CLASS = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f"
    "\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\uffff\U000110bd\U000110cd\U00013430-\U0001345f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)
INVISIBLE = re.compile(f"[{_INVISIBLE_CLASS}]+")
"""One or more characters that don't show."""

# Letters and signs that the repair of mojibake leaves alone when they stand between ASCII: a
# damaged letter is always two such characters, or one of Â, Ã, Î, Ð, Œ and œ.
_LATIN = (
    "\u00a0¡£§©«®°²³·»¼½¾¿ÀÁÄ-ÍÏÑ-ÝÞß-ÿ\u0100-\u0131\u0134-\u0148\u014a-\u0151\u0154-\u017e"
    "–—‘’‚“”„•…€™"
)
MAY_BE_DAMAGED = rf"[^\n\t -~{_LATIN}]|[^\x00-\x7f]{{2}}"
"""What a text holds that needs more repair than straight quotes."""
CURLY = {"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"'}
"""Quotes, and how they are written here."""

_DAMAGED, _STRAIGHT = re.compile(MAY_BE_DAMAGED), str.maketrans(CURLY)
_MARKUP = re.compile(r"<|&(?=[#A-Za-z])")
_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?![.\d]*[1-9])"
    r"|opacity\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_DROPPED = frozenset(
    (
        *("head", "script", "style", "template", "noscript", "iframe", "object", "svg", "math"),
        *("input", "select"),
    )
)
_BLOCKS = (
    *("p", "div", "br", "hr", "li", "ul", "ol", "dl", "dt", "dd", "tr", "table"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "header", "footer"),
    *("blockquote", "pre", "figure", "figcaption", "option"),
)
# What is put before and after an element.
_AROUND = dict.fromkeys(_BLOCKS, (_BREAK, _BREAK)) | dict.fromkeys(("td", "th"), ("", _CELL))
_BULLET = re.compile(r"^(?:[\s•·▪◦‣●○■□➤➔✓✔★]|[-*–]\s)+")
LINE_START = r"[^\S\n]*(?:[•·▪◦‣●■✓✔]|[-*–]\s|[A-ZÀ-ÖØ-Þ][^\n.,;:!?]{0,30}: )"
"""How a line begins that goes on from no other: a bullet, or a label such as "Fabric: "."""
_PLAIN_BREAK = re.compile(rf"\n\s*\n|\n(?={LINE_START})")
_SENTENCE_END = (".", "!", "?", ":", ";", ",", "…")


def clean_text(raw: str, limit: int = MAX_OUTPUT) -> str:
    """One line of plain text that says what a reader of ``raw`` would see.

    Markup is parsed and its hidden parts are dropped, blocks and bullets become sentences,
    mojibake is repaired, invisible characters go, white space collapses. Cleaning a clean text
    changes nothing.

    Args:
        raw: text or HTML, however often it was escaped; what is past ``MAX_INPUT`` is ignored.
        limit: longest result in characters; a longer one ends at a word.

    Example:
        >>> clean_text("<p>Soft &amp; warm<br>Machine wash</p>")
        'Soft & warm. Machine wash'
    """
    text = raw[:MAX_INPUT]
    for _ in range(_MAX_PASSES):
        if _is_plain(text):
            break
        cleaned = _one_pass(text)
        if cleaned == text:
            break
        text = cleaned
    return _shorten(_TAG_START.sub(" ", _BULLET.sub("", text)), limit)


def _is_plain(text: str) -> bool:
    """One line of printable ASCII without markup: most titles, and every clean English text."""
    return text.isascii() and text.isprintable() and not _MARKUP.search(text)


def _one_pass(text: str) -> str:
    """Repair, strip markup, drop what does not show, collapse; may uncover the next layer."""
    if not text.isascii():
        text = _repair(text)
    if not (text.isascii() and text.isprintable()):
        text = INVISIBLE.sub("", text).replace(_BREAK, " ").replace(_CELL, " ")
    pieces = _visible_pieces(text) if _MARKUP.search(text) else _PLAIN_BREAK.split(text)
    return _join(pieces)


def _repair(text: str) -> str:
    if not _DAMAGED.search(text):
        return text.translate(_STRAIGHT)
    import ftfy  # its tables take 0.2 s to load, and most catalogs never need them

    return ftfy.fix_text(text, unescape_html=False, normalization="NFC")


def _visible_pieces(text: str) -> list[str]:
    """The visible text of ``text``, cut where a browser would start a new line or cell."""
    if "<" not in text:
        return _PLAIN_BREAK.split(html.unescape(text))
    from selectolax.lexbor import LexborHTMLParser

    root = LexborHTMLParser(text).root
    return _seen(root).split(_BREAK) if root else []


def _seen(root: "LexborNode") -> str:
    """The text in ``root`` that is not hidden, with a mark where a block or cell ends."""
    # Not by selectors: to set them up for one text takes longer than to walk it.
    text: list[str] = []
    # Elements that are being read, each with what follows it; a text may nest without limit.
    opened: list[tuple[Iterator[LexborNode], str]] = [(iter([root]), "")]
    while opened:
        nodes, after = opened[-1]
        for node in nodes:
            if node.is_text_node:
                text.append(node.text_content or "")
            elif not _is_hidden(node):
                before, behind = _AROUND.get(node.tag or "", ("", ""))
                text.append(before)
                opened.append((node.iter(include_text=True), behind))
                break
        else:
            text.append(after)
            opened.pop()
    return "".join(text)


def _is_hidden(node: "LexborNode") -> bool:
    if node.tag in _DROPPED:
        return True
    attributes = node.attributes
    return "hidden" in attributes or _UNSEEN.search(attributes.get("style") or "") is not None


def _join(pieces: list[str]) -> str:
    """The pieces as sentences in one line, without bullets and runs of white space."""
    whole = ""
    for line in filter(None, map(_line, pieces)):
        if whole:
            whole += " " if whole.endswith(_SENTENCE_END) else ". "
        whole += line
    return whole


def _line(piece: str) -> str:
    """One block or row of a table on one line, its cells separated by commas."""
    if _CELL in piece:
        piece = ", ".join(filter(None, (" ".join(cell.split()) for cell in piece.split(_CELL))))
    return " ".join(_BULLET.sub("", piece).split())


def _shorten(text: str, limit: int) -> str:
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    cut = text[: limit + 1]
    return cut[: cut.rfind(" ")].rstrip() if " " in cut[limit // 2 :] else cut[:limit].rstrip()
