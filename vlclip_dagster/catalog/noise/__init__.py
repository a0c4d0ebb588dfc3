"""Shop noise in clean texts: phrases about the shop and not the product, and repeated words.

What belongs here: applying the lists of phrases, one file per language beside this one; all
apply to every text, since shops mix languages. What does not: markup and characters (``text``),
and the choice of words that describe a product (``refinement``).
"""

import re
import tomllib
from functools import lru_cache, partial
from importlib import resources
from string import ascii_lowercase
from typing import NamedTuple

import polars as pl

from vlclip_dagster.catalog.texts import map_unique, patched

_CURRENCY = "(?:[$€£¥]|usd|eur|gbp|euros?|dollars?)"
_UNITS = (
    "hours?|days?|weeks?|months?|years?|h|stunden|tagen?|werktagen?|wochen|monate|jahren?|heures"
    "|jours|semaines|mois|ans|horas|días|semanas|meses|años|ore|giorni|settimane|mesi|anni"
)
_SLOTS = {
    "{money}": rf"{_CURRENCY}? ?[0-9][0-9.,]*(?: ?{_CURRENCY})?",
    "{number}": "(?:[0-9]+|one|two|three)",
    "{time}": f"[0-9]+(?: ?(?:-|–|to|bis|à|a) ?[0-9]+)?[ -](?:(?:business|working) )?(?:{_UNITS})",
}
# Before a text is searched, ends of sentences and clauses are marked, so that an expression can
# ask for one without taking the punctuation with it.
_START, _END = "\x1e", "\x1f"
_MARKS = {f"{stop} ": f"{_END}{stop}{_START}" for stop in ".!?…"}
_MARKS |= {f"{pause} ": f"{_END}{pause} " for pause in (",", ";", ":", ")", "]", " |", " –", " —")}
_MARKS |= {f" {pause} ": f"{_END} {pause} " for pause in "•*-"}
_WORD = r"[^\W\d_][\w'’&-]+"
_REPEATED = re.compile(rf"\b({_WORD}(?: {_WORD}){{0,3}})(?:[ ,|/;-]+\1\b)+", re.IGNORECASE)


# Neighbouring words that start with the same two letters.
_ALIKE = "(?i)(?:^| )(?:{})".format(
    "|".join(f"{a}{b}[^ ]* {a}{b}" for a in ascii_lowercase for b in ascii_lowercase)
)


class _Rules(NamedTuple):
    """Expressions for the phrases of all languages, and words that may stand twice."""

    anywhere: str
    sentence: str
    clause: str
    title: str
    doubled: frozenset[str]


def without_noise(texts: pl.Series, *, title: bool = False) -> pl.Series:
    """Clean ``texts`` without shop noise and repeated words; a text of nothing else stays.

    Args:
        texts: as ``clean_texts`` leaves them.
        title: whether phrases go from the middle of a text too, and repeated parts of it.
    """
    rules = _rules()
    noisy = texts.str.contains(rules.anywhere)
    quiet = patched(texts, noisy, lambda chosen: _quiet(chosen, rules, title=title))
    once = partial(_said_once, rules=rules, title=title)
    return patched(
        quiet, _repeats(quiet, title=title), lambda chosen: map_unique(chosen, once, pl.String)
    )


def _quiet(texts: pl.Series, rules: _Rules, *, title: bool) -> pl.Series:
    marked = _START + (texts + " ").str.replace_many(_MARKS)
    quiet = marked.str.replace_all(rules.sentence, _START).str.replace_all(rules.clause, _END)
    quiet = quiet.str.replace_all(_START, " ", literal=True).str.replace_all(_END, "", literal=True)
    if title:
        quiet = quiet.str.replace_all(rules.title, " ")
    quiet = quiet.str.strip_chars(" ,;:|•*–—-").str.replace_all("  +", " ")
    return quiet.zip_with(quiet != "", texts)


def _repeats(texts: pl.Series, *, title: bool) -> pl.Series:
    """Which texts may repeat words: any word of a title, neighbours in a longer text."""
    if title:
        words = _words(texts)
        return words.list.n_unique() < words.list.len()
    # Taking a long text apart costs more than all else; this leaves few to be taken apart.
    alike = texts.str.contains(_ALIKE)
    twice = _words(texts.filter(alike)).list.eval(pl.element() == pl.element().shift()).list.any()
    return patched(alike, alike, lambda _: twice)


def _words(texts: pl.Series) -> pl.Series:
    return texts.str.to_lowercase().str.replace_all("[.,;:!?|/]", "").str.split(" ")


def _said_once(text: str, rules: _Rules, *, title: bool) -> str:
    """``text`` with each repeated run of words once, and each part of a title once."""

    def once(match: re.Match[str]) -> str:
        return match[0] if match[0].lower() in rules.doubled else match[1]

    text = _REPEATED.sub(once, text)
    if not title:
        return text
    pieces = re.split(r"(\s*[,|/]\s*)", text)
    seen: set[str] = set()
    kept = []
    for mark, part in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        if part.casefold() not in seen:
            kept.append(mark + part)
        seen.add(part.casefold())
    return "".join(kept)


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    anywhere, clauses, doubled = [], [], []
    for file in sorted(resources.files(__package__).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            language = tomllib.loads(file.read_text("utf-8"))
            anywhere += language["anywhere"]
            clauses += language["clauses"]
            doubled += language["doubled"]
    phrase, unmistakable = _any_of(anywhere + clauses), _any_of(anywhere)
    run = f"{phrase}(?:(?:[ /]| and | und | et ){phrase})*"
    stop = f"[.!?…]*{_END}[.!?…]{_START}"
    pause = f"{_END} ?[^ ] ?"
    return _Rules(
        anywhere=rf"(?i)(?:^|[ (\[]){phrase}(?:[ .,;:!?…|)\]/]|$)",
        sentence=rf"(?i){_START}(?:{run}(?:{stop}|{pause}| (?:and|&|\+) | ?$))+",
        clause=rf"(?i)(?:{_END}?(?:[,;:] ?| [|–—•*-] )| ?[(\[]){run}(?:{_END}[)\]]?| ?$)",
        title=rf"(?i) [(\[]?(?:{unmistakable}[!.,:|)\] ]+)+",
        doubled=frozenset(doubled),
    )


def _any_of(phrases: list[str]) -> str:
    joined = "|".join(phrases)
    for slot, pattern in _SLOTS.items():
        joined = joined.replace(slot, pattern)
    return f"(?:{joined})"
