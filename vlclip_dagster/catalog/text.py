"""Foreign text made plain: markup, entities, mojibake and invisible characters gone.

What belongs here: rules that hold for every text of every shop. What does not: the choice of
words that describe a product (``refinement``).
"""

import html
import re

from vlclip_dagster.hashing import content_hash

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

_MARKUP = re.compile(r"[<&]")
_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?![.\d]*[1-9])"
    r"|opacity\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_DROPPED = "head,script,style,template,noscript,iframe,object,svg,math,[hidden],input,select"
_MAY_DROP = re.compile(
    r"hidden|<(?:head|title|script|style|template|no(?:script|frames|embed)|iframe|object|svg|math"
    r"|input|select)",
    re.IGNORECASE,
)
_BLOCKS = (
    "p,div,br,hr,li,ul,ol,dl,dt,dd,tr,table,h1,h2,h3,h4,h5,h6,section,article,header,"
    "footer,blockquote,pre,figure,figcaption,option"
)
_BULLET = re.compile(r"^(?:[\s•·▪◦‣●○■□➤➔✓✔★]|[-*–]\s)+")
_PLAIN_BREAK = re.compile(r"\n\s*\n|\n(?=\s*(?:[•·▪◦‣●■✓✔]|[-*–]\s))")
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
    text = INVISIBLE.sub("", text).replace(_BREAK, " ").replace(_CELL, " ")
    pieces = _visible_pieces(text) if _MARKUP.search(text) else _PLAIN_BREAK.split(text)
    return _join(pieces)


def _repair(text: str) -> str:
    import ftfy  # its tables take 0.2 s to load, and most catalogs never need them

    return ftfy.fix_text(text, unescape_html=False, normalization="NFC")


def _visible_pieces(text: str) -> list[str]:
    """The visible text of ``text``, cut where a browser would start a new line or cell."""
    if "<" not in text:
        return _PLAIN_BREAK.split(html.unescape(text))
    from selectolax.lexbor import LexborHTMLParser, LexborNode

    tree = LexborHTMLParser(text)
    # Asking the tree is most of the work, so it is asked only for what can be there.
    hidden: list[LexborNode] = tree.css(_DROPPED) if _MAY_DROP.search(text) else []
    styled = tree.css("[style]") if "style" in text.lower() else []
    hidden += [node for node in styled if _UNSEEN.search(node.attributes.get("style") or "")]
    if tree.root is None or any(node.tag == "html" for node in hidden):
        return []
    # Nodes are fenced, not removed: the same node may be found twice, and freeing it twice
    # would corrupt the tree. The text can't hold its own hash, so it can't forge a fence.
    fence = content_hash(text.encode("utf-8"))
    for node in hidden:
        node.insert_before(f"{fence}(")
        node.insert_after(f"{fence})")
    for node in tree.css(_BLOCKS):
        node.insert_before(_BREAK)
        node.insert_after(_BREAK)
    for node in tree.css("td,th") if "<t" in text.lower() else []:
        node.insert_after(_CELL)
    return _outside(tree.root.text(deep=True), fence).split(_BREAK)


def _outside(text: str, fence: str) -> str:
    """What stands between no pair of fences; pairs may be nested."""
    first, *parts = text.split(fence)
    seen, depth = [first], 0
    for part in parts:
        depth += 1 if part.startswith("(") else -1
        seen.append(part[1:] if depth == 0 else "")
    return "".join(seen)


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
    cells = (" ".join(cell.split()) for cell in piece.split(_CELL))
    return _BULLET.sub("", ", ".join(filter(None, cells)))


def _shorten(text: str, limit: int) -> str:
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    cut = text[: limit + 1]
    return cut[: cut.rfind(" ")].rstrip() if " " in cut[limit // 2 :] else cut[:limit].rstrip()
