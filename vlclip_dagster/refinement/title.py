"""Reading a title: which of its words are visible, which are names, and what they mean.

What belongs here: the title, and the columns only where they settle what a title's word means.
What does not: descriptions (``description``) and putting a query together (``evidence``).
"""

import re
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from vlclip_dagster.refinement.brands import without_brand
from vlclip_dagster.refinement.casing import CONNECTORS, is_sentence_case, lower_case_words
from vlclip_dagster.refinement.genders import GENDERS
from vlclip_dagster.refinement.lexicon import Lexicon, Match
from vlclip_dagster.refinement.types import ProductText
from vlclip_dagster.refinement.words import Token, spell_fractions, stems, surface, tokens

# Protected names, addresses, and what follows an at-sign.
_NO_WORDS = re.compile(
    r"[\w'’.-]*\w\s?[™®©℠]|https?://\S+|\bwww\.\S+|@\w+"
    r"|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b"
)
_CAMEL = re.compile(r"[a-zà-ÿ][A-Z]")
_UNITS = frozenset({"foot", "feet", "ft", "inch", "cm", "yard", "meter", "metre"})
# How large or which way a pattern runs; it stays with the pattern.
_SCALES = frozenset(
    {"horizontal", "vertical", "diagonal", "fine", "wide", "big", "large", "small", "tiny", "bold"}
)


class Word(NamedTuple):
    """A phrase of the title: its text, what it is ("colour", "noun", "plain", ...), its family."""

    text: str
    kind: str
    family: str = ""


@dataclass
class TitleReading:
    """What a title says, slot by slot, and the phrases that stay in their place."""

    gender: str | None = None
    colours: list[Word] = field(default_factory=list)
    patterns: list[Word] = field(default_factory=list)
    materials: list[Word] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    nouns: list[str] = field(default_factory=list)
    claimed: dict[str, str] = field(default_factory=dict)


class _Segment(NamedTuple):
    words: tuple[Token, ...]
    match: Match | None


def read_title(product: ProductText, lexicon: Lexicon, column_colours: Set[str]) -> TitleReading:
    """Read the title of ``product``.

    ``column_colours`` are the colour families of the colour column: a colour name that may also
    be a model name ("Jade", "Cobalt") counts only where the data agrees.
    """
    words = without_brand(tokens(_plain(product.title)), product.brand, lexicon)
    return _Reader(product, lexicon, column_colours, words).read()


def _plain(title: str) -> str:
    return spell_fractions(_NO_WORDS.sub(" ", title))


class _Reader:
    """Walks over the segments of one title; holds what the decisions need."""

    def __init__(
        self,
        product: ProductText,
        lexicon: Lexicon,
        column_colours: Set[str],
        words: tuple[Token, ...],
    ) -> None:
        self.product = product
        self.lexicon = lexicon
        self.column_colours = column_colours
        self.segments = _segments(words, lexicon)
        self.sentence_case = is_sentence_case(words)
        self.brand = frozenset(stems(product.brand)) if product.brand else frozenset()
        self.said, self.described = lower_case_words(product.description)
        self.out = TitleReading()
        self.tail = False
        self.last_colour = -9
        self.counts = False
        self.kept = -9
        self.glued = False
        self.types = frozenset(stems(product.product_type))

    def read(self) -> TitleReading:
        """Read segment by segment, and tidy the connectors."""
        for at, segment in enumerate(self.segments):
            self.glued = segment.words[0].gap == "-" and self.kept == at - 1
            before = len(self.out.words)
            self._read_segment(at, segment)
            if len(self.out.words) > before or (self.glued and before):
                self.kept = at
        self.out.words = _tidy(_shapes_first(self.out.words, self.lexicon))
        return self.out

    def _read_segment(self, at: int, segment: _Segment) -> None:
        if segment.match is not None:
            self._read_match(at, segment, segment.match)
        else:
            self._read_unknown(at, segment.words[0])

    def _read_match(self, at: int, segment: _Segment, match: Match) -> None:
        text = surface(segment.words)
        last = at == len(self.segments) - 1
        noun = match.family("noun") or (self._final_noun(segment) if last else None)
        if noun is not None:
            self.out.nouns.append(noun)
            self._keep(Word(text, "noun", noun))
        elif match.is_a("colour") and self._is_colour(at, segment):
            self._read_colour(at, segment, match)
        elif not self._says_nothing(at, segment, match):
            self._read_attribute(at, text, match)

    def _says_nothing(self, at: int, segment: _Segment, match: Match) -> bool:
        """Forbidden words, units of a size, and colours and motifs that are model names here."""
        return (
            match.is_a("never")
            or (segment.words[0].stem in _UNITS and self._after_number(at))
            or (match.is_a("motif") and at == 0 and self._name_follows())
            or (match.is_a("colour") and len(match.meanings) == 1)
        )

    def _final_noun(self, segment: _Segment) -> str | None:
        return self.lexicon.final_nouns.get(segment.words[-1].stem)

    def _name_follows(self) -> bool:
        """Whether a title opens with two names: "Crown Summit Backpack" shows no crown."""
        following = self.segments[1] if len(self.segments) > 1 else None
        if following is None or following.match is not None:
            return False
        word = following.words[0]
        known = word.text in GENDERS or word.text in CONNECTORS or word.raw[0].isdigit()
        return not known and not self._is_ordinary(word)

    def _after_number(self, at: int) -> bool:
        return at > 0 and self.segments[at - 1].words[0].raw[0].isdigit()

    def _read_attribute(self, at: int, text: str, match: Match) -> None:
        on_a_part = self.tail or self._part_follows(at)
        family = match.family("pattern")
        if family and not on_a_part:
            text = " ".join([*self._take_back(_SCALES.__contains__), text])
            self._lift(self.out.patterns, Word(text, "pattern", family))
            return
        family = match.family("material")
        if family and not on_a_part:
            self._lift(self.out.materials, Word(text, "material", family))
            return
        for term in match.meanings:
            if term.kind in self.lexicon.exclusive:
                self.out.claimed.setdefault(term.kind, term.family)
        self._keep(Word(text, match.meanings[0].kind, match.meanings[0].family))

    def _read_colour(self, at: int, segment: _Segment, match: Match) -> None:
        text = " ".join([*self._take_back(self._shade), surface(segment.words)])
        word = Word(text, "colour", match.family("colour") or "")
        if self.tail or self._part_follows(at):
            self._keep(word)
        elif all(word.family != known.family for known in self.out.colours):
            self._lift(self.out.colours, word)
        self.last_colour = at

    def _lift(self, slot: list[Word], word: Word) -> None:
        """Move a word to its slot in front; an "and" that led to it goes with it."""
        while self.out.words and self.out.words[-1].text in {"and", "in"}:
            self.out.words.pop()
        slot.append(word)

    def _take_back(self, leads: Callable[[str], bool]) -> list[str]:
        """Take "light" or "horizontal" back from the kept words, where it leads to this one."""
        taken: list[str] = []
        while self.out.words and leads(self.out.words[-1].text):
            taken.insert(0, self.out.words.pop().text)
        return taken

    def _shade(self, text: str) -> bool:
        return any(term.kind == "shade" for term in self.lexicon.meanings(text))

    def _is_colour(self, at: int, segment: _Segment) -> bool:
        key = tuple(word.stem for word in segment.words)
        if key not in self.lexicon.ambiguous or self.tail or self._part_follows(at):
            return True
        family = segment.match.family("colour") if segment.match else None
        between = self.segments[at - 1].words[0].text if at > 0 else ""
        if (
            self._leads_to_colour(at)
            or self.last_colour == at - 1
            or (between == "and" and self.last_colour == at - 2)
        ):
            return True
        if family in self.column_colours or segment.words[0].text in self.said:
            return True
        separated = segment.words[0].gap.strip() in {",", "-", "–", "|", "("}
        if at > 0 and (separated or self.segments[at - 1].words[0].text == "in"):
            return True
        if segment.match is None or len(segment.match.meanings) > 1:
            return False
        if not self._opens(at):
            return True
        return not self.column_colours and not self._described_in_colour()

    def _leads_to_colour(self, at: int) -> bool:
        """Whether "and" or a slash and a second colour follow: "sand and black"."""
        rest = self.segments[at + 1 : at + 3]
        if not rest or rest[0].words[0].gap.strip() not in {"", "/", "&"}:
            return False
        if rest[0].words[0].text == "and":
            rest = rest[1:]
        elif not rest[0].words[0].gap.strip():
            return False
        return bool(rest) and rest[0].match is not None and rest[0].match.is_a("colour")

    def _opens(self, at: int) -> bool:
        """Whether nothing but names stands before: model names open a title."""
        return all(one.match is None for one in self.segments[:at])

    def _described_in_colour(self) -> bool:
        """Whether the description names a colour beyond doubt."""
        said = tokens(self.product.description)
        return any(
            match.is_a("colour")
            and tuple(word.stem for word in said[match.start : match.end])
            not in self.lexicon.ambiguous
            for match in self.lexicon.find(said)
        )

    def _part_follows(self, at: int) -> bool:
        """Whether a word belongs to a part: "white sole", "green ceramic base"."""
        if at + 1 >= len(self.segments):
            return False
        words, following = self.segments[at + 1]
        if following is None or words[0].gap.strip() not in {"", "-"}:
            return False
        if following.is_a("pattern"):
            return False
        if following.is_a("material"):
            return self._part_follows(at + 1)
        return following.is_a("part") and (bool(self.out.nouns) or not following.is_a("noun"))

    def _read_unknown(self, at: int, word: Token) -> None:
        if word.text in GENDERS:
            self.out.gender = self.out.gender or GENDERS[word.text]
        elif word.text in CONNECTORS:
            self.tail = word.text == "with" or (self.tail and word.text != "in")
            self._keep(Word(word.text, "connector"))
        elif word.raw[0].isdigit():
            self._read_number(at, word)
        elif (
            self._is_ordinary(word)
            or self._hyphenated(at)
            or (word.stem in self.lexicon.counted and self._number_before())
        ):
            self._keep(Word(word.text, "plain"))

    def _number_before(self) -> bool:
        return bool(self.out.words) and self.out.words[-1].kind == "number"

    def _read_number(self, at: int, word: Token) -> None:
        following = self.segments[at + 1].words[0] if at + 1 < len(self.segments) else None
        before = self.out.words[-1].text if self.out.words else ""
        counts = following is not None and following.stem in self.lexicon.counted
        if (counts or before == "of") and word.text.isdigit() and len(word.text) < 3:
            self._keep(Word(word.text, "number"))
            self.counts = counts

    def _is_ordinary(self, word: Token) -> bool:
        """Whether an unknown word is a common word and not a name.

        It is where the title is not written in capitals, where the description writes it in lower
        case before a thing, or where it is part of the product type.
        """
        if word.stem in self.brand or _CAMEL.search(word.raw) or len(word.text) < 3:
            return False
        if not word.text.isascii() or any(char.isdigit() for char in word.text):
            return False
        in_lower_case = self.sentence_case and word.raw == word.text
        return in_lower_case or word.stem in self.types or word.text in self.described

    def _hyphenated(self, at: int) -> bool:
        """Whether the word is half of a compound whose other half is visible: "sill-length"."""
        if at + 1 >= len(self.segments) or self.segments[at + 1].words[0].gap != "-":
            return False
        following = self.segments[at + 1].match
        return following is not None and not any(map(following.is_a, ("never", "colour")))

    def _keep(self, word: Word) -> None:
        if self.glued and self.out.words:
            word = word._replace(text=f"{self.out.words.pop().text}-{word.text}")
        if self._number_before() and word.kind not in {"number", "connector"} and self.counts:
            word = word._replace(text=f"{self.out.words.pop().text}-{word.text}")
        self.out.words.append(word)


def _segments(words: tuple[Token, ...], lexicon: Lexicon) -> list[_Segment]:
    return list(_walk(words, lexicon))


def _walk(words: tuple[Token, ...], lexicon: Lexicon) -> Iterator[_Segment]:
    at = 0
    for match in lexicon.find(words):
        for word in words[at : match.start]:
            yield _Segment((word,), None)
        yield _Segment(words[match.start : match.end], match)
        at = match.end
    for word in words[at:]:
        yield _Segment((word,), None)


def _shapes_first(words: list[Word], lexicon: Lexicon) -> list[Word]:
    """Put a shape that trails the noun before it: "tee (V-neck)" is a "v-neck tee"."""
    out: list[Word] = []
    for word in words:
        ends = [at for at, one in enumerate(out) if one.kind == "noun"]
        tail = any(one.text == "with" for one in out)
        if word.kind in lexicon.exclusive and ends and not tail:
            out.insert(ends[-1], word)
        else:
            out.append(word)
    return out


def _tidy(words: list[Word]) -> list[Word]:
    """Drop connectors that connect nothing; "of" stays only in "set of 3"."""
    out: list[Word] = []
    for at, word in enumerate(words):
        if word.kind == "connector":
            following = words[at + 1] if at + 1 < len(words) else None
            joins = bool(out) and following is not None and following.kind != "connector"
            if word.text == "in" or not joins or out[-1].kind == "connector":
                continue
            if word.text == "of" and following is not None and following.kind != "number":
                continue
        out.append(word)
    return out
