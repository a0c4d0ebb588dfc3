"""The paper's criteria as code: what is wrong with a query, and how to put it right.

A query names only what can be seen, only what the product's data says, in 10 to 20 words, and it
keeps every visible word of the title. What does not belong here: gathering the evidence
(``evidence``) and running the loop (``loop``).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from vlclip_dagster.refinement.evidence import Evidence
from vlclip_dagster.refinement.phrase import (
    FUNCTION_WORDS,
    MAX_WORDS,
    MIN_WORDS,
    SLOT_ORDER,
    Phrase,
)
from vlclip_dagster.refinement.types import Action
from vlclip_dagster.refinement.words import spell_fractions, stems

_STRIPPED = ".,;:!?()[]{}\"“”„«»…'`*<>|"
_POSSESSIVES = ("men's", "women's", "girls'", "boys'", "kids'")


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a query: what to do, about which words, and why."""

    action: Action
    phrases: tuple[str, ...]
    why: str


def words_of(query: str) -> list[str]:
    """A query's words: lower case, without punctuation around them."""
    cleaned = (_clean(word) for word in spell_fractions(query).lower().split())
    return [word for word in cleaned if word]


def _clean(word: str) -> str:
    word = word.replace("’", "'")
    bare = word.strip(_STRIPPED + "-–—/")
    return f"{bare}'" if f"{bare}'" in _POSSESSIVES else bare


def inspect(query: str, evidence: Evidence) -> list[Problem]:
    """Everything wrong with ``query``, the most serious first; an empty list means it is good."""
    words = words_of(query)
    problems = [
        Problem(Action.REMOVE, _unsupported(words, evidence), "not visible, or not in the data"),
        Problem(Action.REPHRASE, _repeated(words, evidence), "said twice"),
        Problem(Action.SHORTEN, _surplus(words, evidence), f"more than {MAX_WORDS} words"),
        Problem(Action.ADD, _missing(words, evidence), "visible, in the data, and not yet said"),
    ]
    return [problem for problem in problems if problem.phrases]


def _unsupported(words: Sequence[str], evidence: Evidence) -> tuple[str, ...]:
    bad = [word for word in words if not _is_supported(word, evidence)]
    return tuple(dict.fromkeys(bad))


def _is_supported(word: str, evidence: Evidence) -> bool:
    if word in FUNCTION_WORDS:
        return True
    keys = stems(word)
    return bool(keys) and all(key in evidence.allowed for key in keys)


def _repeated(words: Sequence[str], evidence: Evidence) -> tuple[str, ...]:
    phrases = (*evidence.required, *evidence.details)
    allowed = Counter(key for one in phrases for key in one.stems)
    counts = Counter(key for word in words for key in stems(word))
    repeated = [
        word
        for word, count in Counter(words).items()
        if count > 1 and word not in FUNCTION_WORDS
        if any(counts[key] > max(1, allowed[key]) for key in stems(word))
    ]
    return tuple(repeated)


def _surplus(words: Sequence[str], evidence: Evidence) -> tuple[str, ...]:
    """What to give up first: the details of the lowest rank that are in the query."""
    over = len(words) - MAX_WORDS
    if over <= 0:
        return ()
    surplus: list[str] = []
    for detail in reversed(evidence.details):
        if over <= 0:
            break
        if _position(words, detail.stems) is not None:
            surplus.append(detail.text)
            over -= len(detail.text.split())
    return tuple(surplus) or ("the last words",)


def _missing(words: Sequence[str], evidence: Evidence) -> tuple[str, ...]:
    said = {key for word in words for key in stems(word)} | FUNCTION_WORDS
    missing = [one.text for one in evidence.required if not said.issuperset(one.stems)]
    room = MIN_WORDS - len(words) - sum(len(text.split()) for text in missing)
    for detail in evidence.details:
        if room <= 0:
            break
        if not said.issuperset(detail.stems):
            missing.append(detail.text)
            room -= len(detail.text.split())
    return tuple(missing)


def _position(words: Sequence[str], keys: tuple[str, ...]) -> tuple[int, int] | None:
    """Where a phrase stands in a list of words: (start, end), or nowhere."""
    split = [stems(word) for word in words]
    for start in range(len(split)):
        seen: tuple[str, ...] = ()
        for end in range(start, len(split)):
            seen += split[end]
            if seen == keys:
                return start, end + 1
            if len(seen) >= len(keys):
                break
    return None


def apply(query: str, action: Action, phrases: Sequence[str], evidence: Evidence) -> str:
    """Carry out one action on ``query``; a stop changes nothing."""
    words = words_of(query)
    if action is Action.REMOVE:
        words = [word for word in words if word not in set(phrases)]
    elif action is Action.REPHRASE:
        words = _said_once(words, set(phrases))
    elif action is Action.SHORTEN:
        words = _shortened(words, phrases, evidence)
    elif action is Action.ADD:
        words = _extended(words, phrases, evidence)
    return " ".join(_tidied(words))


def _said_once(words: list[str], repeated: set[str]) -> list[str]:
    kept: list[str] = []
    for word in words:
        if word in repeated and word in kept:
            continue
        kept.append(word)
    return kept


def _shortened(words: list[str], phrases: Sequence[str], evidence: Evidence) -> list[str]:
    for phrase in phrases:
        place = _position(words, stems(phrase))
        if place is not None:
            words = words[: place[0]] + words[place[1] :]
    needed = {key for one in evidence.required for key in one.stems}
    at = len(words) - 1
    while len(_tidied(words)) > MAX_WORDS and at >= 0:
        if not set(stems(words[at])) & needed:
            words = words[:at] + words[at + 1 :]
        at -= 1
    return words[:MAX_WORDS] if len(_tidied(words)) > MAX_WORDS else words


def _extended(words: list[str], phrases: Sequence[str], evidence: Evidence) -> list[str]:
    slots = {one.text: one.slot for one in (*evidence.required, *evidence.details)}
    for phrase in phrases:
        at = _place_for(words, slots.get(phrase, "detail"), evidence)
        words = [*words[:at], *phrase.split(), *words[at:]]
    return words


def _place_for(words: list[str], slot: str, evidence: Evidence) -> int:
    """Front slots keep their order, the title's words come before "with", details last."""
    if slot == "title":
        return words.index("with") if "with" in words else len(words)
    if slot == "detail":
        return len(words)
    at = 0
    order = SLOT_ORDER.index(slot)
    for one in (*evidence.required, *evidence.details):
        if SLOT_ORDER.index(one.slot) <= order:
            place = _position(words, one.stems)
            at = max(at, place[1]) if place is not None and place[0] <= at else at
    return at


def _tidied(words: Sequence[str]) -> list[str]:
    """Drop small words that lead nowhere: at either end, and before another small word."""
    kept: list[str] = []
    for word in words:
        if word in FUNCTION_WORDS and (not kept or kept[-1] == word):
            continue
        if word in {"with", "and"} and kept[-1] in FUNCTION_WORDS:
            kept.pop()
        kept.append(word)
    while kept and kept[-1] in FUNCTION_WORDS:
        kept.pop()
    return kept


def compose(evidence: Evidence) -> str:
    """The query that satisfies every criterion: what is required, then details while they fit."""
    chosen = list(evidence.required)
    room = MAX_WORDS - sum(len(one.text.split()) for one in chosen) - 1
    for detail in evidence.details:
        length = len(detail.text.split())
        if length <= room:
            chosen.append(detail)
            room -= length
    return arrange(chosen)


def arrange(phrases: Sequence[Phrase]) -> str:
    """Write phrases in the order of their slots, with one "with" before what the product has."""
    ordered = sorted(phrases, key=lambda one: SLOT_ORDER.index(one.slot))
    words = [word for one in ordered if one.slot != "detail" for word in one.text.split()]
    had = [word for one in ordered if one.slot == "detail" for word in one.text.split()]
    joined = ["with"] if had and "with" not in words else []
    return " ".join(_tidied([*words, *joined, *had]))
