"""How much of what is true and stated do the rules' queries say, and how much of it is wrong?

For each attribute of a generated catalog the table gives how many products have it, how many of
their feed rows state it at all, the recall over those, and the precision of what the queries say.
Families count, not spellings: "burgundy" agrees with "wine red".

    python benchmarks/refinement_truth.py OUT_OF_VLCLIP_SAMPLE --errors 20
"""

import argparse
import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median_low
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from vlclip_dagster.refinement.evidence import evidence_of
from vlclip_dagster.refinement.lexicon import Term, lexicon
from vlclip_dagster.refinement.loop import refine_all
from vlclip_dagster.refinement.phrase import MAX_WORDS, MIN_WORDS
from vlclip_dagster.refinement.rules import RuleBackend
from vlclip_dagster.refinement.texts import raw_text
from vlclip_dagster.refinement.types import ProductText, RefinedQuery
from vlclip_dagster.refinement.words import spell_fractions, stems, tokens

_COLUMNS = ("gender", "age_group", "color", "material", "pattern", "brand")
_SHOWN = [
    "colour",
    "pattern",
    "material",
    "neckline",
    "sleeve",
    "cut",
    "length",
    "fit",
    "collar",
    "waist",
    "pocket",
    "closure",
    "shape",
    "handle",
    "handles",
    "height",
    "heel",
    "toe",
    "shaft",
    "sole",
    "legs",
    "arms",
    "back",
    "heading",
    "top",
    "shade",
    "base",
]
# Attributes whose kind in the lexicon is exclusive: another family in the query is an error.
_KINDS = {
    "colour": {"colour"},
    "pattern": {"pattern"},
    "material": {"material"},
    "neckline": {"neckline"},
    "sleeve": {"sleeve"},
    "shape": {"outline"},
    "cut": {"leg", "silhouette"},
    "legs": {"legs"},
    "heel": {"heel"},
    "toe": {"toe"},
    "heading": {"header"},
    "arms": {"arms"},
}
_ALIKE = {
    "printed": {"graphic"},
    "khaki": {"green", "beige", "brown"},
    "camel": {"beige"},
    "tan": {"beige"},
}
# What is as true as the value that the truth names.
_ALSO = {"lumbar": "rectangular", "sphere": "round"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sample", type=Path, help="a folder that `vlclip sample` wrote")
    parser.add_argument("--errors", type=int, default=0, help="print this many wrong queries")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args()
    products, truth = list(read_products(options.sample)), read_truth(options.sample)
    started = time.process_time()
    queries = refine_all(products, RuleBackend())
    seconds = time.process_time() - started
    counts, errors = measure(products, queries, truth)
    found = {"products_per_cpu_second": round(len(products) / seconds)} | shape(queries, truth)
    found |= {"attributes": {name: told(counts[name]) for name in _SHOWN if name in counts}}
    found["of_10_to_20_words_where_the_source_says_ten"] = within_limits(
        query.words
        for product, query in zip(products, queries, strict=True)
        if evidence_of(product).visible_words >= MIN_WORDS
    )
    print(json.dumps(found, indent=2)) if options.json else show(found)
    for error in errors[: options.errors]:
        print(error, file=sys.stderr)


def read_products(drop: Path) -> Iterator[ProductText]:
    frame = pl.read_csv(drop / "feed.tsv", separator="\t", infer_schema_length=0)
    return map(product_of, frame.iter_rows(named=True))


def product_of(row: Mapping[str, str | None]) -> ProductText:
    """A row of a generated feed as the loop reads it."""
    return ProductText(
        item_id=row["id"] or "",
        product_type=(row["product_type"] or "").split(">")[-1].strip(),
        title=raw_text(row["title"] or "", ""),
        description=blocks(row["description"] or ""),
        **{name: row[name] or None for name in _COLUMNS},
    )


def blocks(html: str) -> str:
    """Strip tags; a block or line break ends a sentence, as the catalog's cleaning has it."""
    return "\n".join(
        raw_text(part, "") for part in re.split(r"</p>|</li>|</h\d>|<br ?/?>|</tr>", html)
    )


def read_truth(drop: Path) -> dict[str, dict[str, object]]:
    lines = (drop / "truth" / "truth.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    return {row["id"]: row for row in rows}


def terms_of(text: str) -> set[Term]:
    words = lexicon()
    found = words.find(tokens(spell_fractions(text)))
    return {term for match in found for term in match.meanings}


def says(text: str, value: str, kinds: set[str] | None) -> bool:
    """Whether ``text`` says ``value``: the same words, or a phrase of the same family."""
    if set(stems(value)) <= set(stems(text)):
        return True
    wanted = {term for term in terms_of(value) if term.kind != "title" and term.kind != "part"}
    if kinds is not None:
        wanted = {term for term in wanted if term.kind in kinds}
    told = terms_of(text)
    return any(term in told or _alike(term, text) for term in wanted if term.kind != "modifier")


def _alike(term: Term, text: str) -> bool:
    words = set(stems(text))
    return any(name in words and term.family in families for name, families in _ALIKE.items())


def wrong(query: str, attributes: Mapping[str, str], name: str) -> set[str]:
    """Families that the query names for an attribute and the truth does not have anywhere."""
    kinds = _KINDS[name]
    known = terms_of("; ".join(str(value) for value in attributes.values()))
    right = {term for term in known if term.kind in kinds}
    words = lexicon()
    alike = {family for word, more in _ALIKE.items() if word in stems(query) for family in more}
    value = str(attributes[name])
    alike |= {"print", "clear", value, _ALSO.get(value, value)}
    right |= {Term(kind, family) for kind in kinds for family in alike}
    said = {
        term
        for match in words.find(tokens(query))
        if not match.is_a("noun")
        for term in match.meanings
        if term.kind in kinds
    }
    return {term.family for term in said - right}


def measure(
    products: Sequence[ProductText],
    queries: Sequence[RefinedQuery],
    truth: Mapping[str, Mapping[str, object]],
) -> tuple[Mapping[str, Counter[str]], list[str]]:
    """For each attribute how many products have, state and say it; and every error."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    errors: list[str] = []
    for product, refined in zip(products, queries, strict=True):
        attributes = truth[product.item_id]["attributes"]
        assert isinstance(attributes, dict)
        for name, value in attributes.items():
            _count(counts[name], product, refined.query, name, str(value), errors)
        for name in _KINDS.keys() & attributes.keys():
            off = wrong(refined.query, attributes, name)
            counts[name]["right"] += not off
            counts[name]["judged"] += 1
            if off:
                errors.append(f"{name} says {off}: {refined.query}  <-  {product.title}")
    return counts, errors


def recall(row: Mapping[str, int]) -> float:
    """Share of the products that state an attribute whose query says it."""
    return row["said"] / row["stated"] if row["stated"] else 1.0


def precision(row: Mapping[str, int]) -> float | None:
    """Share of queries that say nothing false of an attribute; None where that is not judged."""
    return row["right"] / row["judged"] if row["judged"] else None


def told(row: Mapping[str, int]) -> dict[str, float | None]:
    """An attribute's line of the table."""
    return {
        "have": row["have"],
        "stated": row["stated"],
        "recall_of_stated": recall(row),
        "precision": precision(row),
    }


def show(found: Mapping[str, Any]) -> None:
    table = Table("attribute", "have", "stated", "recall of stated", "precision")
    for name, line in found["attributes"].items():
        shares = (line["recall_of_stated"], line["precision"])
        cells = ("-" if share is None else f"{share:.3f}" for share in shares)
        table.add_row(name, str(line["have"]), str(line["stated"]), *cells)
    console = Console(width=100, highlight=False)
    console.print(table)
    for name, value in found.items():
        if name != "attributes":
            console.print(f"{name.replace('_', ' ')}: {value}")


def _count(
    row: Counter[str],
    product: ProductText,
    query: str,
    name: str,
    value: str,
    errors: list[str],
) -> None:
    kinds = _KINDS.get(name)
    columns = (product.color, product.material, product.pattern)
    source = "; ".join([product.title, *(one or "" for one in columns), product.description])
    row["have"] += 1
    if says(source, value, kinds):
        row["stated"] += 1
        if says(query, value, kinds):
            row["said"] += 1
        else:
            errors.append(f"{name} misses {value}: {query}  <-  {product.title}")


def shape(
    queries: Sequence[RefinedQuery], truth: Mapping[str, Mapping[str, object]]
) -> dict[str, Any]:
    """What the queries are like, whatever they say."""
    originals = [one for one in queries if truth[one.item_id]["duplicate_of"] is None]
    times = Counter(one.query for one in originals)
    colliding = sum(count for count in times.values() if count > 1) / max(1, len(originals))
    return {
        "queries": len(queries),
        "converged": sum(one.converged for one in queries),
        "refinements": dict(sorted(Counter(one.rounds for one in queries).items())),
        "colliding": round(colliding, 3),
        "median_words": median_low(one.words for one in queries),
        "of_10_to_20_words": within_limits(one.words for one in queries),
    }


def within_limits(lengths: Iterable[int]) -> float | None:
    """Share of queries that are neither too short nor too long; None without any."""
    inside = [MIN_WORDS <= length <= MAX_WORDS for length in lengths]
    return round(sum(inside) / len(inside), 3) if inside else None


if __name__ == "__main__":
    main()
