"""Reading a description: the phrases that name something visible, and nothing else.

A description mixes what the product looks like with what it is good for, how to wash it and what
to wear it with. Sentences and clauses about those are cut first; what is left is searched for
attributes ("scoop neckline") and for details, which are modifiers followed by a part ("two patch
pockets"). Words outside the lexicon never get out of here.
"""

from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from vlclip_dagster.refinement.lexicon import Lexicon, Match, Term, lexicon
from vlclip_dagster.refinement.sentences import visible_sentences
from vlclip_dagster.refinement.words import Token, spell_fractions, stem, surface, tokens

_MODIFIERS = frozenset({"modifier", "material", "texture", "pattern", "shade", "colour"})
# "Lace up your boots" says nothing of laces.
_OBJECTS_OF_VERBS = frozenset({"by", "your", "the", "my", "his", "her", "their", "it", "our"})
_ELSEWHERE = frozenset({"from", "to", "into", "over", "in", "at", "your", "of", "on"})
_NOT_OF_IT = frozenset({"on", "onto", "your", "from"})
_MAX_MODIFIERS = 3
_MAX_LABEL = 3
_LABEL_KINDS = frozenset({"title", "modifier", "part", "texture"})
_SLOT_KINDS = frozenset({"colour", "pattern", "material"})


class Finding(NamedTuple):
    """A visible phrase: its text, kind ("part" for a detail) and family."""

    text: str
    kind: str
    family: str


class Scope(NamedTuple):
    """Which exclusive kinds and which families of parts a kind of product can have."""

    shapes: frozenset[str]
    parts: frozenset[str]


class _Piece(NamedTuple):
    text: str
    match: Match
    colour: bool
    before: str
    after: str


def read_description(text: str, scope: Scope, *, keep_colours: bool) -> list[Finding]:
    """Find what ``text`` says about the product's look, in its order.

    ``scope`` says what this kind of product can have: a bag has no neckline, a dress no drawers.

    Descriptions are often shared by all colour variants, so without ``keep_colours`` every colour
    word is passed over, also that of a detail.
    """
    sentences = visible_sentences(text)
    return [one for sentence in sentences for one in _read(sentence, scope, keep_colours)]


# Shops repeat themselves: variants share a description, and products share its set phrases.
@lru_cache(maxsize=16384)
def _read(sentence: str, scope: Scope, keep_colours: bool) -> tuple[Finding, ...]:
    words, said = lexicon(), tokens(sentence)
    label = _label(said, words, scope) if len(said) <= _MAX_LABEL else None
    return (label,) if label else tuple(_Scanner(words, scope, keep_colours).scan(said))


def _label(said: tuple[Token, ...], words: Lexicon, scope: Scope) -> Finding | None:
    """A line that is nothing but an attribute: "baguette", "running sole", "long"."""
    matches = list(words.find(said))
    covered = sum(match.end - match.start for match in matches)
    if not matches or covered < len(said):
        return None
    if any(word.apart for word in said[1:]):
        return None
    for match in matches:
        kinds = {term.kind for term in match.meanings}
        if not kinds & _LABEL_KINDS or kinds & _SLOT_KINDS or kinds & {"never"}:
            return None
    if any(term.kind in scope.shapes for match in matches for term in match.meanings):
        return None
    last = matches[-1]
    if last.is_a("noun") and not last.is_a("part"):
        return None
    kind = "part" if last.is_a("part") and len(said) > 1 else "texture"
    return Finding(surface(said), kind, "")


def read_phrase(text: str, scope: Scope) -> list[Finding]:
    """Find the attributes in a short text such as a column's value."""
    return _Scanner(lexicon(), scope, keep_colours=False).scan(tokens(spell_fractions(text)))


def _piece(match: Match, sentence: tuple[Token, ...]) -> _Piece:
    before = sentence[match.start - 1].text if match.start else ""
    after = sentence[match.end].text if match.end < len(sentence) else ""
    text = surface(sentence[match.start : match.end])
    colour = match.family("colour") not in {None, "clear"}
    return _Piece(text, match, colour, before, after)


class _Scanner:
    """Walks over one sentence and joins modifiers to the part that follows them."""

    def __init__(self, words: Lexicon, scope: Scope, keep_colours: bool) -> None:
        self.words = words
        self.shapes = scope.shapes
        self.parts = scope.parts
        self.keep_colours = keep_colours
        self.found: list[Finding] = []
        self.pending: list[_Piece] = []
        self.blocked = False

    def scan(self, sentence: tuple[Token, ...]) -> list[Finding]:
        """Return the findings of one sentence."""
        matches = {match.start: match for match in self.words.find(sentence)}
        at = 0
        while at < len(sentence):
            match = matches.get(at)
            if at and sentence[at].apart:
                self._flush()
            if match is None:
                self._pass_over(sentence[at])
                at += 1
                continue
            self._take(match, sentence, self._next(matches, match.end, sentence))
            at = match.end
        self._flush()
        return self.found

    def _next(
        self, matches: dict[int, Match], at: int, sentence: tuple[Token, ...]
    ) -> Match | None:
        """The match that follows, over words that say nothing ("drawstring-adjustable hood")."""
        while at < len(sentence) and at not in matches and sentence[at].text in self.words.skip:
            at += 1
        return matches.get(at)

    def _pass_over(self, word: Token) -> None:
        if word.text in self.words.unseen:
            self._hide()
        elif word.text == "and" and self.pending and self.pending[-1].colour:
            return
        elif word.text not in self.words.skip:
            self._flush()

    def _take(self, match: Match, sentence: tuple[Token, ...], following: Match | None) -> None:
        piece = _piece(match, sentence)
        word = sentence[match.start].text
        if match.end == match.start + 1 and word in self.words.unseen:
            self._hide()
        elif self._is_part(match) and not self._goes_on(match, sentence, following):
            self._close(piece)
        elif self._is_part(match) or self._modifies(match):
            self.pending.append(piece)
        elif word not in self.words.skip:
            self._flush()

    def _hide(self) -> None:
        """An "inner" or "no" was read: neither what it follows nor what it precedes is seen."""
        self._release([one for one in self.pending if self._shape(one) is not None])
        self.pending = []
        self.blocked = True

    def _shape(self, piece: _Piece) -> Term | None:
        return next((term for term in piece.match.meanings if self._is_shape(term.kind)), None)

    def _modifies(self, match: Match) -> bool:
        return any(term.kind in _MODIFIERS or self._is_shape(term.kind) for term in match.meanings)

    def _is_part(self, match: Match) -> bool:
        return match.family("part") in self.parts

    def _is_shape(self, kind: str) -> bool:
        return kind in self.shapes

    def _goes_on(self, match: Match, sentence: tuple[Token, ...], following: Match | None) -> bool:
        """Whether a longer detail follows: in "hood lining" the hood only says which lining."""
        if following is None or sentence[following.start].apart:
            return False
        return self._is_part(following) and not any(
            self._is_shape(term.kind) for term in match.meanings
        )

    def _close(self, part: _Piece) -> None:
        """A part ends the phrase: it becomes one detail with its modifiers."""
        shape = self._shape(part)
        modifiers = [one for one in self.pending if self.keep_colours or not one.colour]
        if not self.blocked:
            if shape is not None:
                self._release(self.pending)
                self.found.append(Finding(self._seen(part.text), shape.kind, shape.family))
            elif modifiers and self._is_detail(part, modifiers):
                texts = [self._seen(one.text) for one in modifiers[-_MAX_MODIFIERS:]]
                self.found.append(Finding(" ".join([*texts, part.text]), "part", ""))
            elif self._stands_alone(part):
                self.found.append(Finding(part.text, "part", "alone"))
        self.pending = []
        self.blocked = False

    def _is_detail(self, part: _Piece, modifiers: list[_Piece]) -> bool:
        """Whether the phrase is about this product: not "on two wheels", "to your side"."""
        return modifiers[0].before not in _NOT_OF_IT and not self._is_product(part, modifiers)

    def _is_product(self, part: _Piece, modifiers: list[_Piece]) -> bool:
        """Whether "a striped linen cushion" is the product itself, and not its "back cushions"."""
        counted = any(one.match.family("modifier") in {"count", "place"} for one in modifiers)
        family = part.match.family("noun")
        return (family == "textile" or family in self.words.garments) and not counted

    def _stands_alone(self, part: _Piece) -> bool:
        if self.pending or part.before in _ELSEWHERE:
            return False
        said_alone = not part.before and not part.after
        return said_alone or " " in part.text or part.text in self.words.part_alone

    def _flush(self) -> None:
        """The phrase ended without a part: what stands on its own is an attribute."""
        if not self.blocked:
            self._release(self.pending)
        self.pending = []
        self.blocked = False

    def _release(self, pieces: list[_Piece]) -> None:
        shades: list[str] = []
        for piece, following in zip_longest(pieces, pieces[1:]):
            coloured = following is not None and following.colour
            if piece.match.is_a("shade") and coloured:
                shades.append(piece.text)
                continue
            meaning = self._standalone(piece)
            family = piece.match.family(meaning) if meaning else None
            if meaning is not None and (family != "solid" or coloured or " " in piece.text):
                text = " ".join([*shades, piece.text]) if piece.colour else piece.text
                self.found.append(Finding(self._seen(text), meaning, family or ""))
            shades = []

    def _seen(self, text: str) -> str:
        """Drop "adjustable" or "breathable" from a phrase: they cannot be seen."""
        kept = [word for word in text.split() if not self._is_unseen(word)]
        return " ".join(kept) or text

    def _is_unseen(self, word: str) -> bool:
        meanings = self.words.terms.get((stem(word),), ())
        if word in self.words.skip:
            return True
        return any(term.kind == "never" and term.family != "noise" for term in meanings)

    def _standalone(self, piece: _Piece) -> str | None:
        """The kind a piece has without a part: shapes first, as "tiered" is also a texture."""
        kinds = [term.kind for term in piece.match.meanings]
        if piece.after in _OBJECTS_OF_VERBS:
            return None
        if piece.colour and not self._doubtful(piece):
            return "colour" if self.keep_colours else None
        for kind in kinds:
            if self._is_shape(kind):
                return kind
        for kind in ("pattern", "material", "texture"):
            if kind in kinds:
                return kind
        return None

    def _doubtful(self, piece: _Piece) -> bool:
        """A name such as "natural" or "coffee" is a colour only where the sentence says so."""
        if piece.after in {"light", "lights", "led", "leds", "colors", "colours"}:
            return True
        if tuple(word.stem for word in tokens(piece.text)) not in self.words.ambiguous:
            return False
        return not (piece.before == "in" or piece.after in {"color", "colour", "shade", "hue"})
