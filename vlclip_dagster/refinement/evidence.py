"""Everything visible that a product's data says, in the order a query says it.

What belongs here: weighing the title, the columns and the description against each other. What
does not: reading them (``title``, ``description``) and judging a query (``criteria``).

Who is believed: the title before the columns before the description. A title is written for one
product and looked at; a column is filled in by hand or by a script for thousands of rows, and a
description is shared by all variants. So a description's colour is used only where neither the
title nor the colour column names one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from vlclip_dagster.refinement.columns import (
    column_findings,
    column_words,
    distinct,
    gender_word,
    is_never,
    labelled_colours,
    one_pattern,
    unknown_colour,
)
from vlclip_dagster.refinement.description import Finding, read_description
from vlclip_dagster.refinement.details import details_of
from vlclip_dagster.refinement.lexicon import Lexicon, lexicon
from vlclip_dagster.refinement.phrase import (
    FRONT_SLOTS,
    FUNCTION_WORDS,
    MAX_WORDS,
    MIN_WORDS,
    Phrase,
    count_words,
)
from vlclip_dagster.refinement.scope import group_of, scope_of
from vlclip_dagster.refinement.sentences import visible_sentences
from vlclip_dagster.refinement.title import TitleReading, Word, read_title
from vlclip_dagster.refinement.types import ProductText
from vlclip_dagster.refinement.words import Token, spell_fractions, stem, stems, surface, tokens

_MAX_COLOURS = 3
# Kinds of garment that shops name by one another's nouns: no second noun is added.
_KIN = ({"tshirt", "top", "shirt", "underwear"}, {"trousers", "shorts", "underwear"})


@dataclass(frozen=True)
class Evidence:
    """What may be said, and what must be.

    ``required`` fits into 20 words: gender, colour, pattern, material and the title's visible
    words. ``details`` are the further phrases, best first. ``allowed`` holds the stems of every
    word that the product's data supports; ``plain`` the title's words with its names left in.
    """

    required: tuple[Phrase, ...]
    details: tuple[Phrase, ...]
    allowed: frozenset[str]
    plain: tuple[str, ...]

    @property
    def visible_words(self) -> int:
        """How many words the source has to say; under 10 a query is short by right."""
        return sum(len(one.text.split()) for one in (*self.required, *self.details))


@lru_cache(maxsize=8192)
def evidence_of(product: ProductText) -> Evidence:
    """Weigh everything that the data says of ``product``."""
    words = lexicon()
    column = column_words(product.color, "colour", words) if product.color else []
    title = read_title(product, words, frozenset(word.family for word in column))
    noun = _type_noun(product, title, words)
    group = group_of(title.nouns if title.nouns else [noun.family if noun else ""], noun, words)
    scope = scope_of(group, words)
    colours = _colours(title.colours, column, product.color, words)
    found = read_description(product.description, scope, keep_colours=not product.color)
    found = [*column_findings(product, scope), *found]
    front = _front(product, title, colours, found, group, words)
    own = [Phrase(word.text, "title") for word in title.words]
    if noun is not None:
        own.insert(_before_with(own), Phrase(noun.text, "title"))
    front = _not_doubled(front, title)
    required = _within_limit([*front, *own] or [Phrase(_type_words(product), "title")])
    details = tuple(details_of(found, title, required))
    details += _more_materials(product, required, details)
    allowed = _allowed(product, required, details, words)
    return Evidence(required, details, allowed, _plain_title(product, front))


def type_noun(product: ProductText) -> str | None:
    """The noun of a product type's name in the singular; None where it has none or several."""
    nouns = _type_nouns(product, lexicon())
    return nouns[0].text if len(nouns) == 1 else None


def _not_doubled(front: list[Phrase], title: TitleReading) -> list[Phrase]:
    """Leave out of the front what the title's words say: "foam" before "foam roller"."""
    at = next((at for at, word in enumerate(title.words) if word.kind == "noun"), 0)
    said = {stem for word in title.words for stem in stems(word.text)}
    coloured = {stem for word in title.words[:at] for stem in stems(word.text)}
    doubled = {"gender": frozenset[str](), "colour": coloured, "pattern": said, "material": said}
    return [one for one in front if not set(one.stems) <= doubled[one.slot]]


def _before_with(phrases: list[Phrase]) -> int:
    return next((at for at, one in enumerate(phrases) if one.text == "with"), len(phrases))


def _more_materials(
    product: ProductText, required: tuple[Phrase, ...], details: tuple[Phrase, ...]
) -> tuple[Phrase, ...]:
    """The column's further materials, where the source has little else to say."""
    said = {stem for one in (*required, *details) for stem in one.stems}
    if count_words([*required, *details]) >= MIN_WORDS or not any(
        one.slot == "material" for one in required
    ):
        return ()
    column = column_words(product.material or "", "material", lexicon())
    extra = [word.text for word in column if not set(stems(word.text)) & said]
    return tuple(Phrase(text, "material", 5) for text in dict.fromkeys(extra))


def _type_words(product: ProductText) -> str:
    """The product type as words: its last level, in lower case."""
    words = [word.text for word in _type_leaf(product)]
    return " ".join(words) if set(words) - FUNCTION_WORDS else "product"


def _type_leaf(product: ProductText) -> tuple[Token, ...]:
    return tokens(spell_fractions(product.product_type.split(">")[-1]))


def _type_noun(product: ProductText, title: TitleReading, words: Lexicon) -> Word | None:
    """The product type's noun where the title has none of its kind."""
    nouns = _type_nouns(product, words)
    if not nouns:
        plain = any(word.kind in {"noun", "plain"} for word in title.words)
        return None if plain else Word(_type_words(product), "noun")
    if any(_akin(noun.family, named) for noun in nouns for named in title.nouns):
        return None
    if _same_world(title, nouns, words):
        return None
    said = product.description.lower()
    return next((noun for noun in nouns if noun.text in said), nouns[0])


def _type_nouns(product: ProductText, words: Lexicon) -> list[Word]:
    leaf = _type_leaf(product)
    return [
        Word(_singular(surface(leaf[match.start : match.end])), "noun", family)
        for match in words.find(leaf)
        if (family := match.family("noun")) is not None
    ]


def _akin(family: str, other: str) -> bool:
    return family == other or any({family, other} <= kin for kin in _KIN)


def _same_world(title: TitleReading, nouns: Sequence[Word], words: Lexicon) -> bool:
    """Whether the title's noun is one of its own: a "bowl" of the type "Gifts" stays a bowl."""
    return bool(title.nouns) and not any(noun.family in words.garments for noun in nouns)


def _singular(text: str) -> str:
    """Singular of the last word, where that is still a word ("dresses", not "pants")."""
    head, _, last = text.rpartition(" ")
    if last in {"pants", "trousers", "jeans", "shorts", "leggings", "joggers", "tights", "shoes"}:
        return text
    return f"{head} {stem(last)}".strip()


def _colours(title: list[Word], column: list[Word], raw: str | None, words: Lexicon) -> list[str]:
    """The product's colours: the title's, made more exact by a column that does not contradict."""
    if not title:
        return [word.text for word in column[:_MAX_COLOURS]] or unknown_colour(raw, words)
    named = [word.text for word in title[:_MAX_COLOURS]]
    agreeing = [word for word in column if word.family == title[0].family]
    if len(title) == 1 and agreeing and not set(stems(agreeing[0].text)) & set(stems(named[0])):
        return [f"{agreeing[0].text} {named[0]}" if len(column) == 1 else named[0]]
    return named


def _front(
    product: ProductText,
    title: TitleReading,
    colours: list[str],
    found: list[Finding],
    group: str,
    words: Lexicon,
) -> list[Phrase]:
    """Gender or age, colour, pattern, material: in this order."""
    if not colours:
        colours = labelled_colours(product.description, words) or _described_colours(found)
    pattern = _patterns(title.patterns, product.pattern or "", found, words)
    material = _materials(title.materials, product.material or "", words)
    slots: dict[str, Sequence[str | None]] = {
        "gender": [title.gender or gender_word(product, group)],
        "colour": [" and ".join(dict.fromkeys(colours))],
        "pattern": [word.text for word in pattern] or _first(found, "pattern"),
        "material": distinct(material) or _first(found, "material", _noun_stems(title)),
    }
    said = {text for text in slots["colour"] if text}
    return [
        Phrase(text, slot)
        for slot in FRONT_SLOTS
        for text in slots[slot]
        if text and (slot == "colour" or text not in said)
    ]


def _patterns(title: list[Word], column: str, found: list[Finding], words: Lexicon) -> list[Word]:
    """The title's pattern; a mere "printed" is made exact by the column.

    A column that is silent in the title and contradicted by the description, "solid" above all,
    is a default or a slip: patterns, unlike colours, do not vary among variants.
    """
    told = one_pattern(column, words)
    if any(word.family != "print" for word in title):
        return title
    described = [Word(*one) for one in found if one.kind == "pattern"]
    if not title and told and all(word.family != told[0].family for word in described):
        return described[:1] or told
    return [word for word in told if word.family != "solid"] or title or told


def _materials(title: list[Word], column: str, words: Lexicon) -> list[Word]:
    """The title's materials, else the column's; "knit" says how, so the column may say what."""
    if any(word.family != "knit" for word in title):
        return title
    return [*title, *column_words(column, "material", words)]


def _noun_stems(title: TitleReading) -> frozenset[str]:
    """A "jersey" that is a shirt is not made of jersey."""
    nouns = [word.text for word in title.words if word.kind == "noun"]
    return frozenset(stem for text in nouns for stem in stems(text))


def _first(found: list[Finding], kind: str, unless: frozenset[str] = frozenset()) -> list[str]:
    texts = [one.text for one in found if one.kind == kind and not set(stems(one.text)) & unless]
    return texts[:1]


def _described_colours(found: list[Finding]) -> list[str]:
    """The first colour a description names, with those said in the same breath."""
    by_family: dict[str, str] = {}
    for one in found:
        if one.kind == "colour" and (len(by_family) < 2 or one.family in by_family):
            known = by_family.get(one.family, "")
            by_family[one.family] = max(known, one.text, key=len)
        elif by_family or (one.kind == "part" and _names_colour(one.text)):
            break
    return list(by_family.values())


def _names_colour(text: str) -> bool:
    words = lexicon()
    return any(match.is_a("colour") for match in words.find(tokens(text)))


def _within_limit(phrases: list[Phrase]) -> tuple[Phrase, ...]:
    """Cut to 20 words: materials and gender go first, then the title's last words."""
    kept = list(phrases)
    for slot in ("material", "gender", "pattern"):
        if count_words(kept) > MAX_WORDS:
            kept = [one for one in kept if one.slot != slot]
    while count_words(kept) > MAX_WORDS and len(kept) > 1:
        kept.pop()
    if count_words(kept) > MAX_WORDS:
        kept = [Phrase(" ".join(kept[0].text.split()[:MAX_WORDS]), kept[0].slot)]
    while len(kept) > 1 and kept[-1].text in {"with", "and", "of"}:
        kept.pop()
    return tuple(kept)


def _allowed(
    product: ProductText,
    required: tuple[Phrase, ...],
    details: tuple[Phrase, ...],
    words: Lexicon,
) -> frozenset[str]:
    """Stems of every word that the data supports and that can be seen."""
    allowed = {stem for one in (*required, *details) for stem in one.stems}
    leaf = _type_leaf(product)
    allowed |= {word.stem for word in leaf if not is_never(word.text, words)}
    return frozenset(allowed | _described(product.description))


_OPEN_KINDS = frozenset({"part", "modifier", "title"})


@lru_cache(maxsize=1024)
def _described(description: str) -> frozenset[str]:
    """Parts and their modifiers in the description, where the scanner took none for a detail."""
    words = lexicon()
    supported: set[str] = set()
    for sentence in visible_sentences(description):
        parts = tokens(sentence)
        for match in words.find(parts):
            if all(term.kind in _OPEN_KINDS for term in match.meanings):
                supported |= {word.stem for word in parts[match.start : match.end]}
    return frozenset(supported)


def _plain_title(product: ProductText, front: list[Phrase]) -> tuple[str, ...]:
    """The title's words as they stand, names and all, less what the front slots say already."""
    said = {stem for one in front for stem in one.stems}
    words = tokens(spell_fractions(product.title))
    names = [word.text for word in words if word.stem not in said and word.text.isalpha()]
    return tuple(name for name in names if len(name) > 2 and name not in {"and", "the", "with"})[
        :40
    ]
