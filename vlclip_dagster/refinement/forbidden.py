"""Words in finished queries that name nothing one can see, such as praise.

What belongs here: finding them in a whole column. What does not: which words these are
(``lexicon``), and keeping them out (``criteria``, ``gate``).
"""

from functools import lru_cache

import polars as pl

from vlclip_dagster.refinement.lexicon import lexicon
from vlclip_dagster.refinement.phrase import FUNCTION_WORDS
from vlclip_dagster.refinement.words import stems, surface, tokens


def forbidden_words(queries: pl.Series) -> pl.Series:
    """The forbidden words of each query, separated by commas; null where there are none.

    Only those queries are read one by one in which all stems of a forbidden phrase stand in a row.
    """
    parts = queries.str.split(" ")
    stemmed = {part: " ".join(stems(part)) for part in parts.explode().drop_nulls().unique()}
    lines = parts.list.eval(pl.element().replace(stemmed)).list.join(" ")
    suspect = (" " + lines + " ").str.contains_any(_phrases())
    found = [_found(query) if hit else None for query, hit in zip(queries, suspect, strict=True)]
    return pl.Series(queries.name, found, pl.String)


@lru_cache(maxsize=1)
def _phrases() -> list[str]:
    terms = lexicon().terms.items()
    never = (key for key, meanings in terms if any(term.kind == "never" for term in meanings))
    return [f" {' '.join(key)} " for key in never if not FUNCTION_WORDS.issuperset(key)]


def _found(query: str) -> str | None:
    words = tokens(query)
    never = [match for match in lexicon().find(words) if match.is_a("never")]
    found = [surface(words[match.start : match.end]) for match in never]
    return ", ".join(word for word in found if word not in FUNCTION_WORDS) or None
