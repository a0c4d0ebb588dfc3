"""How long grouping millions of perceptual hashes takes, and adding more to them.

Prints, for each number of hashes: seconds and memory of grouping them at distance 4, seconds of
adding 10,000 new ones to the groups, and the exponents of growth. Each number is measured in a
process of its own.

The hashes are pHashes of random product-like pictures (two shapes on a shaded backdrop, with
texture), so their bits are as unevenly spread as real ones. Six in ten products
have one photograph; the others' copies follow a power law up to 5,000, and half of all copies
differ from their first photograph in 2 to 6 bits.

    python benchmarks/dedup_scale.py --hashes 100000 1000000
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from itertools import pairwise
from math import log
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.fft import dctn

from vlclip_dagster.images.phash import SIDE
from vlclip_dagster.images.stars import centres

DISTANCE = 4
ADDED = 10_000
BATCH = 50_000
SHAPES = 4_096
# Standard deviations of coefficients, whose scale is the sum over all pixels.
TEXTURE, SHADING = 150.0, 6_000.0
ALONE = 0.6
LARGEST = 5_000
PRODUCTS_PER_HASH = 0.6  # more than are needed, so that the sizes below always suffice


def product_hashes(count: int, chance: np.random.Generator) -> np.ndarray:
    """PHashes of ``count`` different random pictures, (count,) uint64.

    A picture is two shapes, each lighter or darker than a shaded backdrop, and texture. The
    transform behind the hash is linear, so pictures are added up after it.
    """
    shapes = low_frequencies(random_shapes(chance))
    parts = []
    for low in range(0, count, BATCH):
        size = min(BATCH, count - low)
        pictures = chance.normal(0, TEXTURE, (size, 64)).astype(np.float32)
        pictures += backdrops(size, chance)
        for _ in range(2):
            contrast = chance.uniform(-170, 30, (size, 1)).astype(np.float32)
            pictures += contrast * shapes[chance.integers(0, len(shapes), size)]
        bits = pictures > np.median(pictures, axis=1, keepdims=True)
        parts.append(np.packbits(bits, axis=1).view(">u8")[:, 0].astype(np.uint64))
    return np.concatenate(parts)


def random_shapes(chance: np.random.Generator) -> np.ndarray:
    """Diamonds, ellipses and boxes with round corners, (SHAPES, SIDE, SIDE), 0 or 1."""
    x, y = np.meshgrid(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE))
    cx, cy = chance.uniform(-0.4, 0.4, (2, SHAPES, 1, 1))
    rx, ry = chance.uniform(0.15, 0.7, (2, SHAPES, 1, 1))
    power = chance.choice([1.0, 2.0, 6.0], (SHAPES, 1, 1))
    inside = np.abs((x - cx) / rx) ** power + np.abs((y - cy) / ry) ** power < 1
    return inside.astype(np.float32)


def backdrops(count: int, chance: np.random.Generator) -> np.ndarray:
    """Soft shading: light and a few slow waves, (count, 64) coefficients."""
    waves = np.zeros((count, 8, 8), dtype=np.float32)
    waves[:, :4, :4] = chance.normal(0, SHADING, (count, 4, 4))
    waves[:, 0, 0] = 4 * SIDE * SIDE * 200
    return waves.reshape(count, 64)


def low_frequencies(pictures: np.ndarray) -> np.ndarray:
    """The 64 coefficients of each picture that pHash looks at, (n, 64)."""
    return dctn(pictures, axes=(1, 2))[:, :8, :8].reshape(len(pictures), 64)


def catalog_hashes(count: int, chance: np.random.Generator) -> np.ndarray:
    """Hashes of ``count`` photographs in random order, copies among them."""
    products = product_hashes(max(1, int(count * PRODUCTS_PER_HASH)), chance)
    sizes = np.where(
        chance.random(len(products)) < ALONE, 1, chance.zipf(2.2, len(products)).clip(2, LARGEST)
    )
    sizes[0] += max(0, count - int(sizes.sum()))
    hashes = np.repeat(products, sizes)[:count]
    return chance.permutation(altered(hashes, chance))


def altered(hashes: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Half of the hashes with 2 to 6 bits turned over, as many to 1 as to 0."""
    for share in (0.5, 0.5, 0.3):
        turned = chance.random(len(hashes)) < share
        for _ in range(2):
            bit = np.uint64(1) << chance.integers(0, 64, len(hashes)).astype(np.uint64)
            hashes = np.where(turned, hashes ^ bit, hashes)
    return hashes


def measure(count: int, seed: int) -> dict[str, Any]:
    chance = np.random.default_rng(seed)
    hashes = catalog_hashes(count, chance)
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    grouped, wall, cpu = timed(lambda: centres(hashes[:, None], DISTANCE))
    new = np.concatenate([altered(chance.choice(hashes, ADDED // 2), chance),
                          product_hashes(ADDED // 2, chance)])  # fmt: skip
    known = np.concatenate([hashes, new])[:, None]
    settled = np.concatenate([grouped, np.full(ADDED, -1)])
    after, add_wall, add_cpu = timed(lambda: centres(known, DISTANCE, settled=settled))
    assert (after[:count] == grouped).all()
    return {
        "hashes": count,
        "different": len(np.unique(hashes)),
        "groups": int((grouped == np.arange(count)).sum()),
        "seconds": round(wall, 2),
        "cpu_seconds": round(cpu, 2),
        "add_seconds": round(add_wall, 3),
        "add_cpu_seconds": round(add_cpu, 3),
        "added_to_old_groups": int((after[count:] < count).sum()),
        "catalog_mb": round(before_mb),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def timed(work: Any) -> tuple[Any, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    return work(), time.perf_counter() - wall, time.process_time() - cpu


def exponents(rows: list[dict[str, Any]], name: str) -> list[float]:
    """The power of the number of hashes by which a figure grows, from each row to the next."""
    return [
        round(log(b[name] / a[name]) / log(b["hashes"] / a["hashes"]), 2) for a, b in pairwise(rows)
    ]


def show(rows: list[dict[str, Any]]) -> None:
    console = Console(width=150, highlight=False)
    table = Table(title=f"grouped at distance {DISTANCE}, then {ADDED:,} added")
    for head in rows[0]:
        table.add_column(head.replace("_", " "), justify="right")
    for line in rows:
        table.add_row(*(f"{value:,}" for value in line.values()))
    console.print(table)
    for name in ("cpu_seconds", "seconds", "peak_mb"):
        console.print(f"growth of {name.replace('_', ' ')}: exponent {exponents(rows, name)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hashes", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.seed)))
        return
    rows = []
    for count in options.hashes:
        command = [sys.executable, __file__, "--one", str(count), "--seed", str(options.seed)]
        rows.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    print(json.dumps(rows, indent=2)) if options.json else show(rows)


if __name__ == "__main__":
    main()
