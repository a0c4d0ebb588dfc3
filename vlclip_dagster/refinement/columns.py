"""Reading the feed's columns: colour, pattern, material, gender, and whatever else it has.

What belongs here: what one column says. What does not: weighing it against the title and the
description (``evidence``).
"""

import re

from vlclip_dagster.refinement.description import Finding, Scope, read_phrase
from vlclip_dagster.refinement.genders import GENDERS
from vlclip_dagster.refinement.lexicon import Lexicon
from vlclip_dagster.refinement.title import Word
from vlclip_dagster.refinement.types import ProductText
from vlclip_dagster.refinement.words import spell_fractions, stems, surface, tokens

_MAX_MATERIALS = 2
_MAX_COLOURS = 2
_COLOUR_LABEL = re.compile(r"\bcolou?r\s*:\s*([^;.\n]{1,60})", re.IGNORECASE)
_CHILDREN = frozenset({"kids", "kid", "children", "child", "youth", "teen"})
_UNSEEN_KEYS = re.compile(
    r"size|price|cost|ship|brand|gtin|mpn|sku|availab|condition|link|url|care|wash|weight|season"
    r"|occasion|date|label|tax|categor|identif|energy|bundle|promo|sale|rating|review|origin"
    r"|country|warranty|dimension|\bid\b|quantity|stock|seller|vendor|instruction|title|descri"
)


def column_words(text: str, kind: str, words: Lexicon) -> list[Word]:
    """The words of a column that can be a ``kind``, shades in front of colours included."""
    parts = tokens(spell_fractions(text))
    found: list[Word] = []
    shades: list[str] = []
    for match in words.find(parts):
        said = _visible(surface(parts[match.start : match.end]), words)
        family = match.family(kind)
        if family is not None:
            said = "solid" if family == "solid" else said
            found.append(Word(" ".join([*shades, said]), kind, family))
            shades = []
        elif kind == "colour" and match.is_a("shade"):
            shades.append(said)
    return found


def _visible(text: str, words: Lexicon) -> str:
    """Drop what cannot be seen from a material's name: "organic cotton" looks like cotton."""
    kept = [word for word in text.split() if not is_never(word, words)]
    return " ".join(kept) or text


def is_never(word: str, words: Lexicon) -> bool:
    """Whether a word must not stand in any query."""
    return any(term.kind == "never" for term in words.terms.get(stems(word), ()))


def labelled_colours(description: str, words: Lexicon) -> list[str]:
    """The colours of a line such as "Colour: chocolate and beige"."""
    label = _COLOUR_LABEL.search(description)
    if label is None:
        return []
    return [word.text for word in column_words(label.group(1), "colour", words)][:_MAX_COLOURS]


def unknown_colour(raw: str | None, words: Lexicon) -> list[str]:
    """A shop's own colour name ("Glacier"), or a material as colour ("Stainless Steel")."""
    parts = tokens(raw or "")
    plain = all(word.text.isalpha() and len(word.text) > 2 for word in parts)
    if not parts or len(parts) > 2 or not plain:
        return []
    if any(is_never(word.text, words) for word in parts):
        return []
    return [surface(parts)]


def colours_named(raw: str, words: Lexicon) -> list[str]:
    """What a colour column may name, so that two columns that share a name do not disagree.

    Two names of one family do not contradict each other ("Violet", "Purple"), so the families
    stand for them; where the column names none, its own words do.
    """
    found = (match.meanings for match in words.find(tokens(raw)))
    families = {term.family for terms in found for term in terms if term.kind == "colour"}
    return sorted(families) or [raw.strip().casefold()]


def one_pattern(column: str, words: Lexicon) -> list[Word]:
    """One pattern of the column; of "Solid/Striped" the one that shows."""
    named = column_words(column, "pattern", words)
    return sorted(named, key=lambda word: word.family == "solid")[:1]


def distinct(materials: list[Word]) -> list[str]:
    """The first materials of different families."""
    by_family = {word.family: word.text for word in reversed(materials)}
    ordered = [word.text for word in materials if by_family[word.family] == word.text]
    return list(dict.fromkeys(ordered))[:_MAX_MATERIALS]


def gender_word(product: ProductText, group: str) -> str | None:
    """Gender and age group in one word: "men's", "girls'", "baby"."""
    gender = GENDERS.get((product.gender or "").strip().lower())
    age = (product.age_group or "").strip().lower()
    if age in {"newborn", "infant", "baby"}:
        return "baby"
    if age == "toddler":
        return "toddler"
    if age in _CHILDREN:
        return {"men's": "boys'", "women's": "girls'"}.get(gender or "", "kids'")
    worn = group in {"garment", "shoe"}
    if gender is None or gender == "unisex":
        return (gender or ("adult" if age == "adult" else None)) if worn else None
    return None if group == "home" else gender


def column_findings(product: ProductText, scope: Scope) -> list[Finding]:
    """What the feed's other columns say, read with the column's name: sleeve = "short"."""
    found: list[Finding] = []
    for key in sorted(product.attributes):
        name = re.sub(r"[_\-]+", " ", key.lower())
        value = product.attributes[key].lower()
        if _UNSEEN_KEYS.search(name) or len(value.split()) > 6:
            continue
        hint = name.split()[0] if name.split() else ""
        text = value if hint in value or hint.rstrip("s") in value else f"{value} {hint}"
        found += read_phrase(text, scope) or read_phrase(value, scope)
    return found
