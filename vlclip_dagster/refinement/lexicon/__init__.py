"""The visual lexicon: which words name something one can see, and which never do.

The words themselves are data, in the TOML files beside this one; this module loads them and
finds them in a text. What does not belong here: deciding what a product's text says (``title``
and ``description`` do).
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from vlclip_dagster.hashing import content_hash
from vlclip_dagster.refinement.words import Token, stem, stems

Key = tuple[str, ...]
_FILES = ("colours.toml", "surfaces.toml", "shapes.toml", "parts.toml", "products.toml")
_PLAIN_KINDS = {
    "colour": "colour",
    "pattern": "pattern",
    "texture": "texture",
    "material": "material",
    "finish": "texture",
    "part": "part",
    "modifier": "modifier",
    "noun": "noun",
}
# Meanings that give way where the same word is also forbidden.
_YIELDING = frozenset({"title", "motif", "modifier", "shade", "never"})


class Term(NamedTuple):
    """One meaning of a phrase: its kind ("colour", "neckline", ...) and family ("blue")."""

    kind: str
    family: str


class Match(NamedTuple):
    """A phrase of the lexicon found at ``start`` to ``end`` (exclusive) of a token sequence."""

    start: int
    end: int
    meanings: tuple[Term, ...]

    def is_a(self, kind: str) -> bool:
        """Whether the phrase can be a ``kind``."""
        return any(term.kind == kind for term in self.meanings)

    def family(self, kind: str) -> str | None:
        """The family the phrase has as a ``kind``, if it is one."""
        return next((term.family for term in self.meanings if term.kind == kind), None)


@dataclass(frozen=True)
class Lexicon:
    """All words, ready to be looked up by their stems."""

    terms: dict[Key, tuple[Term, ...]]
    longest: dict[str, int]
    exclusive: frozenset[str]
    ambiguous: frozenset[Key]
    part_alone: frozenset[str]
    final_nouns: dict[str, str]
    brands: frozenset[Key]
    skip: frozenset[str]
    unseen: frozenset[str]
    had: frozenset[str]
    counted: frozenset[str]
    cues: dict[str, tuple[str, ...]]
    garments: frozenset[str]
    fingerprint: str

    def find(self, words: tuple[Token, ...]) -> Iterator[Match]:
        """Yield the longest phrases, left to right, without overlaps."""
        keys = [word.stem for word in words]
        joined = [not word.apart for word in words]
        at = 0
        while at < len(keys):
            match = self._longest_at(keys, joined, at)
            if match is None:
                at += 1
                continue
            yield match
            at = match.end

    def _longest_at(self, keys: list[str], joined: list[bool], at: int) -> Match | None:
        """The longest phrase at a word; it does not reach over a comma or a bracket."""
        longest = self.longest.get(keys[at], 0)
        end = at + 1
        while end < len(keys) and end - at < longest and joined[end]:
            end += 1
        for stop in range(end if longest else at, at, -1):
            meanings = self.terms.get(tuple(keys[at:stop]))
            if meanings:
                return Match(at, stop, meanings)
        return None

    def meanings(self, phrase: str) -> tuple[Term, ...]:
        """What a whole phrase means, or nothing."""
        return self.terms.get(stems(phrase), ())


def _split(words: str) -> list[str]:
    return [word.strip() for word in words.split(",") if word.strip()]


def _kinds(data: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, family, comma-separated words) of one file's tables."""
    for table, kind in _PLAIN_KINDS.items():
        for family, words in data.get(table, {}).items():
            yield kind, family, words
    for kind, families in data.get("exclusive", {}).items():
        for family, words in families.items():
            yield kind, family, words
    for kind, words in data.get("title_only", {}).items():
        yield "title", kind, words
    if "motif" in data:
        yield "motif", "motif", data["motif"]["names"]
    if "compound" in data:
        yield "shade", "shade", data["compound"]["shade"]


def _index(tables: list[dict[str, Any]], never: dict[str, str]) -> dict[Key, tuple[Term, ...]]:
    terms: dict[Key, tuple[Term, ...]] = {}
    for data in tables:
        for kind, family, words in _kinds(data):
            for word in _split(words):
                key = stems(word)
                known = terms.get(key, ())
                of_kind = [term.family for term in known if term.kind == kind]
                # Only a colour's name is of two families: khaki is a beige here, a green there.
                if not of_kind or (kind == "colour" and family not in of_kind):
                    terms[key] = (*known, Term(kind, family))
    for family, words in never.items():
        for word in _split(words):
            _forbid(terms, stems(word), family)
    return terms


def _forbid(terms: dict[Key, tuple[Term, ...]], key: Key, family: str) -> None:
    """Mark a key as never allowed, unless it names a product, a colour or the like as well."""
    if not any(term.kind not in _YIELDING for term in terms.get(key, ())):
        terms[key] = (Term("never", family),)


def _keys(words: str) -> frozenset[Key]:
    return frozenset(stems(word) for word in _split(words))


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lexicon that ships with the package; loaded once."""
    folder = files("vlclip_dagster.refinement.lexicon")
    raw = {name: (folder / name).read_bytes() for name in (*_FILES, "stops.toml")}
    data = {name: tomllib.loads(content.decode()) for name, content in raw.items()}
    terms = _index([data[name] for name in _FILES], data["stops.toml"]["never"])
    longest: dict[str, int] = {}
    for key in terms:
        longest[key[0]] = max(longest.get(key[0], 0), len(key))
    colours, parts = data["colours.toml"], data["parts.toml"]
    products, stops = data["products.toml"], data["stops.toml"]
    return Lexicon(
        terms=terms,
        longest=longest,
        exclusive=frozenset(data["shapes.toml"]["exclusive"]),
        ambiguous=_keys(colours["ambiguous"]["names"]),
        part_alone=frozenset(_split(parts["part_alone"]["names"])),
        final_nouns={
            stem(word): family
            for family, names in products["final_noun"].items()
            for word in _split(names)
        },
        brands=_keys(stops["brands"]["names"]),
        skip=frozenset(_split(parts["skip"]["words"])),
        unseen=frozenset(_split(parts["unseen"]["words"])),
        had=frozenset(_split(parts["had"]["words"])),
        counted=frozenset(_split(parts["counted"]["words"])),
        cues={name: tuple(_split(words)) for name, words in stops["cue"].items()},
        garments=frozenset(_split(products["garment_types"]["families"])),
        fingerprint=content_hash(b"".join(raw[name] for name in sorted(raw)))[:16],
    )
