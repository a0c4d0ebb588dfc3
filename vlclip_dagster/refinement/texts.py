"""A product's text in other forms than the refined query.

What belongs here: the further texts an encoder is trained on, and the unrefined text that the
paper's baseline is given. What does not: anything the loop uses.
"""

import re

from selectolax.lexbor import LexborHTMLParser

from vlclip_dagster.refinement.types import ProductText

# Bumped when the further texts change: they are part of what a query's row is made from.
TEXTS_VERSION = 2
_SPACES = re.compile(r"\s+")
_EMPTY_GENDERS = frozenset({"unisex"})


def plain_texts(product: ProductText) -> list[str]:
    """Further training texts: the clean title with its names, and the columns, whole and in part.

    An encoder trained on these and the query in turn learns the names a query leaves out, and
    the two or three words that people search with.
    """
    texts = (product.title.strip(), attribute_sentence(product), *search_phrases(product))
    return list(dict.fromkeys(text for text in texts if text))


def search_phrases(product: ProductText) -> list[str]:
    """What a shopper would type, such as "striped shirt": one or two columns and the type."""
    leaf = _leaf(product)
    color, pattern, material = (
        (column or "").lower() for column in (product.color, product.pattern, product.material)
    )
    looks = ((color,), (pattern,), (material,), (color, pattern))
    return [" ".join([*look, leaf]) for look in looks if all(look)]


def attribute_sentence(product: ProductText) -> str:
    """The columns as one sentence, such as "black solid wool hoodie, male adult"."""
    leaf = _leaf(product)
    look = [product.color, product.pattern, product.material]
    who = [product.gender, product.age_group]
    head = " ".join([*(part.lower() for part in look if part), leaf]).strip()
    tail = " ".join(part.lower() for part in who if part and part.lower() not in _EMPTY_GENDERS)
    return f"{head}, {tail}" if head and tail else head or tail


def _leaf(product: ProductText) -> str:
    return product.product_type.split(">")[-1].strip().lower()


def raw_text(title_raw: str, description_raw: str) -> str:
    """What a shop would hand to CLIP without refinement: the text as it is, tags stripped."""
    texts = (_without_tags(text) for text in (title_raw, description_raw))
    return ". ".join(text for text in texts if text)


def _without_tags(html: str) -> str:
    if "<" not in html and "&" not in html:
        return _SPACES.sub(" ", html).strip()
    body = LexborHTMLParser(html).body
    return _SPACES.sub(" ", body.text(separator=" ") if body is not None else "").strip()
