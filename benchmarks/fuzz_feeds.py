"""Thousands of damaged feeds: none may crash the reader or cost a product that was not damaged.

Each feed holds good products; the bytes of one of them are damaged (flipped, cut, doubled,
replaced by quotes, tags, brackets, line breaks, control characters or bytes of no encoding). It
passes when every other product is read and found good. Packed feeds and parquet are damaged
anywhere, and pass when they are read or refused in a sentence.

    python benchmarks/fuzz_feeds.py --feeds 10000 --seed 1 [--json]
"""

import argparse
import csv
import gzip
import io
import json
import random
import resource
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from vlclip_dagster.catalog.feeds import read_feed
from vlclip_dagster.catalog.schema import validate
from vlclip_dagster.errors import VlclipError

PRODUCTS = 9
FIELDS = ("id", "title", "description", "product_type", "image_link", "price")
JUNK = [
    *(b'"', b'""', b"'", b",", b"\t", b"\n", b"\r\n", b";", b"|", b"\x00", b"\xff", b"\xfe\xff"),
    *(b"{", b"}", b"[", b"]", b"\\", b"\\u", b":", b"null", b"1e999", b"NaN", b"\xc3\x28", b"\x81"),
    *(b"<", b"</", b"<item>", b"</item>", b"]]>", b"<![CDATA[", b"&", b"&x;", b"&#0;", b"<!--"),
    *("\u202e\u200b\ufeff".encode(), b"\xed\xa0\x80", b"9" * 5000, b"[" * 3000, b"<div>" * 2000),
]


def products(draw: random.Random) -> list[dict[str, str]]:
    """Good products with ids that no damage turns into another's."""
    texts = ["Soft <b>wool</b> &amp; silk", 'A 12" plate, glazed', "two\nlines", "Größe M – 5 €"]
    return [
        {
            "id": f"sku-{draw.getrandbits(64):016x}",
            "title": f"Mug {number}",
            "description": draw.choice(texts),
            "product_type": "Home > Mugs",
            "image_link": f"{number}.jpg",
            "price": "5 USD",
        }
        for number in range(PRODUCTS)
    ]


def delimited(delimiter: str, rows: list[dict[str, str]]) -> list[bytes]:
    def line(values: list[str]) -> bytes:
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(values)
        return out.getvalue().encode()

    return [line(list(FIELDS)), *(line(list(row.values())) for row in rows), b""]


def json_lines(rows: list[dict[str, str]]) -> list[bytes]:
    return [b"", *(json.dumps(row).encode() + b"\n" for row in rows), b""]


def json_array(rows: list[dict[str, str]]) -> list[bytes]:
    parts = [json.dumps(row, indent=1).encode() for row in rows]
    return [b"[\n", *(part + b",\n" for part in parts[:-1]), parts[-1], b"\n]"]


def xml(rows: list[dict[str, str]]) -> list[bytes]:
    from xml.sax.saxutils import escape

    head = b'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>\n'
    items = (
        "".join(f"<g:{name}>{escape(text)}</g:{name}>" for name, text in row.items())
        for row in rows
    )
    return [head, *(f"<item>{item}</item>\n".encode() for item in items), b"</channel></rss>"]


TEXTS: dict[str, Callable[[list[dict[str, str]]], list[bytes]]] = {
    "feed.tsv": lambda rows: delimited("\t", rows),
    "feed.csv": lambda rows: delimited(",", rows),
    "feed.jsonl": json_lines,
    "feed.json": json_array,
    "feed.xml": xml,
}
PACKED = ("feed.tsv.gz", "feed.parquet")


def damaged(data: bytes, draw: random.Random) -> bytes:
    """``data`` with one to three places changed; a line end at its end stays."""
    body, end = data.rstrip(b"\r\n"), data[len(data.rstrip(b"\r\n")) :]
    for _ in range(draw.randint(1, 3)):
        start = draw.randrange(len(body) + 1)
        stop = min(len(body), start + draw.choice((0, 0, 1, 1, 5, 40)))
        new = draw.choice((b"", draw.choice(JUNK), body[start:stop] * 2, draw.randbytes(2)))
        body = body[:start] + new + body[stop:]
    return body + end


def good_ids(path: Path) -> set[str]:
    found: set[str] = set()
    for batch in read_feed(path):
        found |= set(validate(batch.rows, "shop", "/drop").products["id"])
    return found


def fuzz_text(name: str, folder: Path, draw: random.Random) -> str:
    """Damage one product of a feed; what became of the others."""
    rows = products(draw)
    parts = TEXTS[name](rows)
    place = draw.randrange(PRODUCTS)
    parts[place + 1] = damaged(parts[place + 1], draw)
    (folder / name).write_bytes(b"".join(parts))
    try:
        found = good_ids(folder / name)
    except VlclipError:
        return "lost a good row"
    expected = {row["id"] for number, row in enumerate(rows) if number != place}
    if not expected <= found:
        return "lost a good row"
    return "kept all" if rows[place]["id"] in found else "rejected the damaged one"


def fuzz_packed(name: str, folder: Path, draw: random.Random) -> str:
    """Damage a packed feed anywhere; whether it was read or refused."""
    rows = products(draw)
    if name.endswith(".parquet"):
        out = io.BytesIO()
        pl.DataFrame(rows).write_parquet(out)
        data = out.getvalue()
    else:
        data = gzip.compress(b"".join(delimited("\t", rows)))
    (folder / name).write_bytes(damaged(data, draw))
    try:
        found = good_ids(folder / name)
    except VlclipError:
        return "refused"
    return "kept all" if len(found) == PRODUCTS else "read in part"


def run(feeds: int, seed: int) -> dict[str, Counter[str]]:
    """Counts of outcomes by name of feed; ``crashed`` counts what was not told in a sentence."""
    draw = random.Random(seed)
    names = [*TEXTS, *TEXTS, *PACKED]
    counts: dict[str, Counter[str]] = {name: Counter() for name in dict.fromkeys(names)}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(feeds):
            name = names[number % len(names)]
            state = draw.getstate()
            fuzz = fuzz_text if name in TEXTS else fuzz_packed
            try:
                outcome = fuzz(name, Path(folder), draw)
            except Exception as error:  # the very thing looked for
                outcome = f"crashed: {type(error).__name__}"
            counts[name][outcome] += 1
            if outcome.startswith(("crashed", "lost")):
                keep(Path(folder, name), number, state)
    return counts


def keep(path: Path, number: int, state: object) -> None:
    """Keep a feed that failed, to be looked at."""
    target = Path(tempfile.gettempdir(), f"fuzz-{number}-{path.name}")
    target.write_bytes(path.read_bytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    run(20, 0)  # what is loaded once is no growth
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    counts = run(options.feeds, options.seed)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    if options.json:
        print(json.dumps({"feeds": options.feeds, "counts": counts, "memory_grown_mb": grown}))
        return
    outcomes = sorted({outcome for found in counts.values() for outcome in found})
    table = Table(title=f"{options.feeds:,} damaged feeds; memory grew by {grown} MB")
    for head in ("feed", *outcomes):
        table.add_column(head, justify="right")
    for name, found in counts.items():
        table.add_row(name, *(str(found[outcome]) for outcome in outcomes))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
