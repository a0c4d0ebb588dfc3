"""How fast a feed is read, validated and landed, beside plain polars reading the same file.

The feed is a generated Google Merchant TSV of 23 columns. By default 35% of its descriptions are
HTML, a tenth of which needs the parser (tables, hidden parts), 8% hold typographic characters
and 60% a phrase of shop noise. A second feed, of a fifth of the rows, is the worst case: every
description is HTML that needs the parser. Each reading is a process of its own; landing ends with
all rows in the warehouse's tables, the other with a frame in memory.

    python benchmarks/landing.py --rows 1000000 [--html 0.35] [--hard 0.1] [--json]
"""

import argparse
import csv
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

HEADER = [
    *("id", "title", "description", "link", "image_link", "additional_image_link", "availability"),
    *("price", "sale_price", "brand", "gtin", "mpn", "google_product_category", "product_type"),
    *("condition", "age_group", "color", "gender", "material", "pattern", "size"),
    *("item_group_id", "shipping"),
]
CUTS = ["Classic", "Slim", "Relaxed", "Cropped", "Oversized", "Quilted", "Ribbed", "Washed"]
COLOURS = ["Black", "White", "Navy", "Olive", "Sand", "Burgundy", "Teal", "Ivory", "Cobalt"]
TYPES = ["Men > Tops > Tees", "Women > Dresses", "Women > Skirts", "Shoes > Sneakers", "Bags"]
TYPES += [f"Home & Garden > Room {room} > Thing {room}" for room in range(35)]
SENTENCES = [
    "Made for long days and easy evenings.",
    "The fabric is soft from the first wear and keeps its shape.",
    "Pairs well with denim, tailored trousers or a plain skirt.",
    "A quiet colour that works with everything you own.",
    "Finished by hand, so small differences are part of its charm.",
    "Our customers love how light it feels.",
    "Designed in our studio and made in Portugal.",
    "The straight cut falls just below the knee.",
    "Solid oak legs and a matt lacquered top.",
    "Measures 120 x 60 cm; some assembly required.",
]
NOISE = ["Machine wash cold, do not tumble dry.", "Free shipping on orders over $50."]
HIDDEN = '<div style="display:none">red mug blue mug</div>'


def description(draw: random.Random, first: str, html: float, hard: float) -> str:
    """One description: sentences, some of them noise, as plain text or HTML."""
    said = [first, *draw.sample(SENTENCES, draw.randrange(2, 6))]
    if draw.random() < 0.6:
        said.append(draw.choice(NOISE))
    if draw.random() < 0.08:
        said[1] = said[1].replace(" a ", " a “") + "” – 5 €"
    if draw.random() >= html:
        return " ".join(said)
    items = "".join(f"<li>{sentence}</li>" for sentence in said[2:])
    text = f'<p style="margin:0">{said[0]}</p><p>{said[1]}</p><ul class="facts">{items}</ul>'
    text += '<p><strong>Care &amp; fit:</strong> see <a href="https://s.example/care">this</a>.</p>'
    if draw.random() < hard:
        text += f"<table><tr><td>Size</td><td>M</td></tr></table>{HIDDEN}"
    return text


def products(rows: int, html: float, hard: float, seed: int = 7) -> Iterator[list[str]]:
    """Rows of a feed; types are unequal in size, as in a shop."""
    draw = random.Random(seed)
    for number in range(rows):
        kind = TYPES[min(int(draw.expovariate(0.12)), len(TYPES) - 1)]
        cut, colour, brand = draw.choice(CUTS), draw.choice(COLOURS), f"Brand {draw.randrange(300)}"
        name = kind.rpartition("> ")[2]
        title = f"{brand} {cut} {name} in {colour} - {draw.randrange(20, 60)} cm"
        first = f"{cut} {name.lower()} no. {number} in {colour.lower()} by {brand}."
        image = f"https://cdn.example/img/{number}"
        yield [
            *(f"SKU-{number:08d}", title, description(draw, first, html, hard)),
            *(f"https://s.example/p/{number}", f"{image}_0.jpg"),
            ",".join(f"{image}_{view}.jpg" for view in range(1, draw.randrange(2, 5))),
            *("in_stock", f"{draw.randrange(5, 300)}.{draw.randrange(100):02d} USD", "", brand),
            *(f"{draw.randrange(10**12, 10**13)}", f"M{number}", "Apparel", kind, "new", "adult"),
            *(colour, draw.choice(["male", "female"]), draw.choice(["cotton", "oak", ""])),
            *(draw.choice(["", "striped"]), draw.choice("SML"), f"G{number // 4}", "US:::0 USD"),
        ]


def write_feed(path: Path, rows: int, html: float, hard: float) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(HEADER)
        writer.writerows(products(rows, html, hard))
    return path


def land(path: Path, home: Path) -> int:
    """Read, validate and store ``path``; the number of rows landed."""
    from vlclip_dagster.catalog.drops import Drop, DropManifest, FileRef
    from vlclip_dagster.merging import merge_drop
    from vlclip_dagster.warehouse import Warehouse

    feed = FileRef(path=path.name, size=path.stat().st_size, sha256="0" * 64)
    manifest = DropManifest(
        shop="bench", mode="snapshot", feeds=(feed,), created_at=datetime.now(UTC)
    )
    drop = Drop(path.parent, manifest, str(path.parent))
    return merge_drop(Warehouse(home), drop, "bench").products


def plain_polars(path: Path, _: Path) -> int:
    """What reading the file costs at least."""
    import polars as pl

    return pl.read_csv(path, separator="\t", infer_schema=False).height


def timed(work: Callable[[Path, Path], int], path: Path, home: Path) -> dict[str, float]:
    """Rows, seconds, CPU seconds and peak memory in MB of ``work``, imports left out."""
    import polars  # noqa: F401

    import vlclip_dagster.merging  # noqa: F401

    started, cpu = time.perf_counter(), time.process_time()
    rows = work(path, home)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": rows, "seconds": seconds, "cpu_seconds": cpu, "peak_mb": peak}


def measured(work: Callable[[Path, Path], int], path: Path, home: Path) -> dict[str, float]:
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        found = alone.submit(timed, work, path, home).result()
    return found | {"rows_per_second": found["rows"] / found["seconds"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--html", type=float, default=0.35, help="share of HTML descriptions")
    parser.add_argument("--hard", type=float, default=0.1, help="share of it for the parser")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    mixes = {
        "usual mix": (options.rows, options.html, options.hard),
        "worst case": (max(1, options.rows // 5), 1.0, 1.0),
    }
    results = []
    for mix, (rows, html, hard) in mixes.items():
        with tempfile.TemporaryDirectory() as folder:
            path = write_feed(Path(folder, "feed.tsv"), rows, html, hard)
            megabytes = path.stat().st_size / 1e6
            plain = measured(plain_polars, path, Path(folder, "home"))
            landed = measured(land, path, Path(folder, "home"))
        ratio = landed["seconds"] / plain["seconds"]
        results += [
            {"feed": mix, "feed_mb": megabytes, "what": "plain polars", **plain, "ratio": 1.0},
            {"feed": mix, "feed_mb": megabytes, "what": "landed", **landed, "ratio": ratio},
        ]
    if options.json:
        print(json.dumps({"html": options.html, "hard": options.hard, "results": results}))
        return
    table = Table(title=f"{options.html:.0%} HTML, {options.hard:.0%} of it for the parser")
    for head in ("feed", "MB", "what", "rows", "rows/s", "seconds", "CPU s", "peak MB", "ratio"):
        table.add_column(head, justify="right")
    for one in results:
        table.add_row(
            *(one["feed"], f"{one['feed_mb']:.0f}", one["what"], f"{one['rows']:,.0f}"),
            *(f"{one['rows_per_second']:,.0f}", f"{one['seconds']:.1f}"),
            *(f"{one['cpu_seconds']:.1f}", f"{one['peak_mb']:.0f}", f"{one['ratio']:.1f}"),
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
