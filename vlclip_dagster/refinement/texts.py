"""A product's text in other forms than the refined query.

What belongs here: the further texts an encoder is trained on, and the unrefined text that the
paper's baseline is given. What does not: anything the loop uses.
"""

import re
from collections import defaultdict
from itertools import takewhile

from selectolax.lexbor import LexborHTMLParser

from vlclip_dagster.refinement.evidence import evidence_of, type_noun
from vlclip_dagster.refinement.types import ProductText

# Bumped when the further texts change: they are part of what a query's row is made from.
TEXTS_VERSION = 3
# Looks beyond colour, pattern and material that get phrases of their own.
_MAX_FURTHER = 3
_SPACES = re.compile(r"\s+")


def plain_texts(product: ProductText) -> list[str]:
    """Further training texts: the clean title with its names, and what a shopper would type.

    An encoder trained on these and the query in turn learns the names a query leaves out, and
    the two or three words that people search with.
    """
    texts = (product.title.strip(), *search_phrases(product))
    return list(dict.fromkeys(text for text in texts if text))


def search_phrases(product: ProductText) -> list[str]:
    """What a shopper would type, such as "striped shirt": one or two looks and the noun.

    The noun is the title's, and for the first phrases the product type's own as well: shoppers
    look for a dress where the title says gown.
    """
    evidence = evidence_of(product)
    said: defaultdict[str, list[str]] = defaultdict(list)
    for phrase in (*evidence.required, *evidence.details):
        said[phrase.slot].append(phrase.text)
    # "Mug with Logo": what follows the "with" is a part of the thing.
    thing = list(takewhile(lambda text: text != "with", said["title"])) or ["product"]
    *title, noun = thing
    colour, gender = said["colour"][:1], said["gender"][:1]
    pattern = [text for text in said["pattern"] if text != "solid"][:1]
    further = [*title, *said["look"]][:_MAX_FURTHER]
    first = [colour, gender + colour, colour + pattern]
    looks = [*first, pattern, said["material"][:1], *([one] for one in further)]
    looks += [[*colour, one] for one in further]
    phrases = [" ".join([*look, noun]) for look in looks]
    if other := type_noun(product):
        phrases += [" ".join([*look, other]) for look in first]
    return list(dict.fromkeys(phrases))


def raw_text(title_raw: str, description_raw: str) -> str:
    """What a shop would hand to CLIP without refinement: the text as it is, tags stripped."""
    texts = (_without_tags(text) for text in (title_raw, description_raw))
    return ". ".join(text for text in texts if text)


def _without_tags(html: str) -> str:
    if "<" not in html and "&" not in html:
        return _SPACES.sub(" ", html).strip()
    body = LexborHTMLParser(html).body
    return _SPACES.sub(" ", body.text(separator=" ") if body is not None else "").strip()
