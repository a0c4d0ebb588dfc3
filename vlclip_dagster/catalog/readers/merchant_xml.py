"""Google Merchant Center feeds in XML: RSS and Atom with the ``g:`` namespace.

What belongs here: products as elements of a document that may be huge, damaged or hostile. Each
is cut out of the text and parsed alone, so that a damaged one costs no other, nothing but one is
in memory, and the document's own type (DTD), the home of entity bombs, is never parsed at all.
What does not: the columns' meaning (``columns``).
"""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from vlclip_dagster.catalog.columns import READ, column_name
from vlclip_dagster.catalog.streams import open_text
from vlclip_dagster.catalog.table import (
    MAX_BROKEN_TEXT,
    Batch,
    BrokenRow,
    Item,
    Source,
    batched_records,
)

if TYPE_CHECKING:
    from lxml.etree import XMLParser, _Element

_START = re.compile(r"<(item|entry|product|offer)(?=[\s>])", re.IGNORECASE)
_BLOCK = 1 << 20
_MAX_PRODUCT = 4_000_000
_MAX_TAG = 100
_CDATA = r"<!\[CDATA\[.*?\]\]>"
# What shops forget to escape, outside of CDATA: a bare ampersand, HTML's entities, a less-than.
_UNESCAPED = re.compile(
    rf"{_CDATA}|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)|<(?![A-Za-z_/!?])", re.DOTALL
)
_PREFIX = re.compile(r"[\s</]([A-Za-z_][\w.-]*):(?=[A-Za-z_])")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MARKUP = frozenset(("title", "description", "content", "summary", "encoded"))
_GOOGLE = "http://base.google.com/ns/"


def read(source: Source) -> Iterator[Batch]:
    """Read the products of a document one by one; one that is not well-formed is broken."""
    with open_text(source.path, source.encoding) as stream:
        yield from batched_records(source, _items(stream))


def _items(stream: TextIO) -> Iterator[Item[dict[str, str]]]:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    for number, text in enumerate(_products(stream), start=1):
        try:
            yield number, _record(_parsed(text, parser)), len(text)
        except etree.XMLSyntaxError as error:
            reason = f"the product is not well-formed XML ({error.msg})"
            yield BrokenRow(number, reason, text[:MAX_BROKEN_TEXT])


def _products(stream: TextIO) -> Iterator[str]:
    """The text of each product; all are of the kind of the first."""
    text, start, end = "", _START, _START
    while block := stream.read(_BLOCK):
        text += block
        if start is _START and (first := start.search(text)):
            start = re.compile(rf"<{first[1]}(?=[\s>])")
            end = re.compile(rf"</{first[1]}\s*>")
        position = 0
        while opened := start.search(text, position):
            stop = _end_of_product(text, opened, start, end)
            if stop is None:
                position = opened.start()
                break
            yield text[opened.start() : stop]
            position = stop
        else:
            # The next product may have begun in what is left: its tag, cut in two.
            position = max(position, len(text) - _MAX_TAG)
        text = text[position:]
    if start.match(text):
        yield text


def _end_of_product(
    text: str, opened: re.Match[str], start: re.Pattern[str], end: re.Pattern[str]
) -> int | None:
    """Where a product ends: at its end, or where another begins; None if that is still to come."""
    last = end.search(text, opened.end())
    following = start.search(text, opened.end(), last.start() if last else len(text))
    if following:
        return following.start()
    if last:
        return last.end()
    return len(text) if len(text) - opened.start() >= _MAX_PRODUCT else None


def _parsed(text: str, parser: "XMLParser") -> "_Element":
    from lxml import etree

    text = _UNESCAPED.sub(_escaped, text)
    prefixes = set(_PREFIX.findall(text)) - {"xml", "xmlns"}
    spaces = "".join(f' xmlns:{prefix}="{prefix}"' for prefix in sorted(prefixes))
    document = f"<document{spaces}>{_FORBIDDEN.sub('', text)}</document>"
    return etree.fromstring(document, parser)[0]


def _escaped(match: re.Match[str]) -> str:
    return {"&": "&amp;", "<": "&lt;"}.get(match[0], match[0])


def _record(product: "_Element") -> dict[str, str]:
    """The product's elements as text; of two with one name, Google's own counts.

    An attribute of the product counts where no element has its name.
    """
    own = {column_name(name): [value] for name, value in product.attrib.items()}
    google: dict[str, list[str]] = {}
    elements: dict[str, list[str]] = {}
    for element in product.iterchildren(tag="*"):
        text = _text(element)
        if text:
            space = element.tag.rpartition("}")[0][1:]
            found = google if space == "g" or space.startswith(_GOOGLE) else elements
            found.setdefault(_name(element), []).append(text)
    return {name: _one(name, texts) for name, texts in (own | elements | google).items()}


def _one(name: str, texts: list[str]) -> str:
    """One text of several: the first of what a product has once, else a list as JSON."""
    if len(texts) == 1 or (name in READ and not name.endswith("image_link")):
        return texts[0]
    return json.dumps(texts, ensure_ascii=False)


def _text(element: "_Element") -> str:
    """What an element says: its link, its markup, its parts as JSON, or its text."""
    parts = list(element.iterchildren(tag="*"))
    if not parts:
        linked = (element.get(name) for name in ("href", "url", "src"))
        return "".join(element.itertext()) or next(filter(None, linked), "")
    if _name(element) in _MARKUP:
        from lxml import etree

        return str(etree.tostring(element, encoding="unicode", method="html", with_tail=False))
    said: dict[str, list[str]] = {}
    for part in parts:
        said.setdefault(_name(part), []).append("".join(part.itertext()))
    plain = {name: texts[0] if len(texts) == 1 else texts for name, texts in said.items()}
    return json.dumps(plain, ensure_ascii=False)


def _name(element: "_Element") -> str:
    return column_name(element.tag.rpartition("}")[2])
