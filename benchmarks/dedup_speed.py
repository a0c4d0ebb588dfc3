"""How fast photographs are hashed and taken in, beside imagededup and imagehash.

All ways read the same 1,800 x 2,400 px JPEG files with two workers, in turns: the whole intake
(verify, rendition, thumbnail, content address, hashes, colours, stored in a table), hashing
alone, scaled decoding alone (libjpeg-turbo at the scale that the intake decodes at), imagededup's
`PHash.encode_images` with two workers, and a loop of `imagehash.phash(Image.open(...))`.

    python benchmarks/dedup_speed.py
    python benchmarks/dedup_speed.py --photographs SAMPLE/images --rounds 5 --json

Without `--photographs`, the files show made-up scenes; either way they carry sensor noise, since
clean upscaled pictures decode faster than any camera's. imagededup comes with the extra `bench`.
"""

import argparse
import json
import logging
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import imagehash
import numpy as np
import polars as pl
import simplejpeg
from PIL import Image
from rich.console import Console
from rich.table import Table

from assets.deduped_images import take_in
from vlclip_dagster.images.fetch import PhotographReader
from vlclip_dagster.images.rendition import hash_photograph
from vlclip_dagster.images.settings import PhotographSettings
from vlclip_dagster.warehouse import Warehouse

WIDTH, HEIGHT = 1800, 2400
NOISE = 3.0  # standard deviation of grey levels, as of a camera at low sensitivity
WORKERS = 2
INTAKE, HASHING, DECODING = "whole intake", "hashing alone", "scaled decoding alone"
IMAGEDEDUP, IMAGEHASH = "imagededup encode_images", "imagehash.phash(Image.open())"
# Numerator, denominator, and what is asked of the quotient.
ASKED = (
    (HASHING, IMAGEDEDUP, 4.0),
    (INTAKE, IMAGEDEDUP, 2.5),
    (INTAKE, IMAGEHASH, None),
    (INTAKE, DECODING, 0.6),
)


def write_photographs(place: Path, count: int, source: Path | None, quality: int) -> list[Path]:
    chance = np.random.default_rng(7)
    found = sorted(source.glob("*.jpg")) if source else []
    scenes = islice(cycle(found or [None]), count)
    paths = []
    for number, scene in enumerate(scenes):
        pixels = photograph(scene) if scene else made_up(chance)
        noise = chance.normal(0, NOISE, (HEIGHT, WIDTH, 1)).astype(np.float32)
        noisy = (pixels + noise).clip(0, 255).astype(np.uint8)
        paths.append(place / f"{number:04}.jpg")
        paths[-1].write_bytes(simplejpeg.encode_jpeg(noisy, quality, colorsubsampling="420"))
    return paths


def photograph(path: Path) -> np.ndarray:
    pixels = np.asarray(Image.open(path).convert("RGB"))
    return cv2.resize(pixels, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).astype(np.float32)


def made_up(chance: np.random.Generator) -> np.ndarray:
    """Coloured shapes with folds before a shaded wall, (HEIGHT, WIDTH, 3) float32."""
    x, y = np.meshgrid(np.linspace(-1, 1, WIDTH), np.linspace(-1, 1, HEIGHT))
    wall = 200 + 20 * x + 15 * np.sin(2 * y + chance.uniform(0, 6))
    pixels = np.repeat(wall[..., None], 3, axis=2).astype(np.float32)
    for _ in range(4):
        cx, cy = chance.uniform(-0.6, 0.6, 2)
        rx, ry = chance.uniform(0.15, 0.6, 2)
        inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
        folds = 0.85 + 0.15 * np.sin(40 * x + 30 * y * y)
        pixels[inside] = (chance.uniform(20, 240, 3) * folds[..., None])[inside]
    return pixels


def intake_all(paths: list[Path]) -> None:
    names = [path.name for path in paths]
    wanted = pl.DataFrame(
        {"photo_id": names, "key": names, "item_id": names, "link": names}
    ).with_columns(position=0, root=pl.lit(str(paths[0].parent)))
    settings = PhotographSettings(concurrency=WORKERS)
    with tempfile.TemporaryDirectory() as home:
        table = Warehouse(home).table("photographs", "product")
        counts = take_in(table, wanted, PhotographReader(settings), settings, "photographs")
    assert counts.computed == len(paths)


def in_threads(work: Callable[[bytes], Any]) -> Callable[[list[Path]], None]:
    def run(paths: list[Path]) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda path: work(path.read_bytes()), paths))

    return run


def decode_half(data: bytes) -> np.ndarray:
    return simplejpeg.decode_jpeg(data, min_height=HEIGHT // 2, min_width=WIDTH // 2)


def imagededup_all(paths: list[Path]) -> None:
    from imagededup.methods import PHash

    encoded = PHash(verbose=False).encode_images(str(paths[0].parent), num_enc_workers=WORKERS)
    assert len(encoded) >= len(paths)


def imagehash_all(paths: list[Path]) -> None:
    for path in paths:
        imagehash.phash(Image.open(path))


WAYS: dict[str, Callable[[list[Path]], None]] = {
    INTAKE: intake_all,
    HASHING: in_threads(hash_photograph),
    DECODING: in_threads(decode_half),
    **({IMAGEDEDUP: imagededup_all} if find_spec("imagededup") else {}),
    IMAGEHASH: imagehash_all,
}


def measure(paths: list[Path], rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds a photograph, wall and processor time (of all processes), median of rounds."""
    for way in WAYS.values():
        way(paths[:2])  # what is loaded on first use is nobody's speed
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, way in WAYS.items():
            wall, cpu = time.perf_counter(), sum(os.times()[:4])
            way(paths)
            spent = time.perf_counter() - wall, sum(os.times()[:4]) - cpu
            taken[name].append((spent[0] / len(paths) * 1e3, spent[1] / len(paths) * 1e3))
    return {
        name: {"ms": median(t[0] for t in times), "cpu_ms": median(t[1] for t in times)}
        for name, times in taken.items()
    }


def quotients(figures: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    """How many times as fast one way is as another, by either clock."""
    return [
        {
            "what": f"{one} / {other}",
            "by wall clock": figures[other]["ms"] / figures[one]["ms"],
            "by processor time": figures[other]["cpu_ms"] / figures[one]["cpu_ms"],
            "asked": asked,
        }
        for one, other, asked in ASKED
        if other in figures
    ]


def show(answer: dict[str, Any]) -> None:
    console = Console(width=110, highlight=False)
    title = f"{answer['photographs']} photographs of {answer['kilobytes']:.0f} kB"
    table = Table("way", "photographs/s", "ms each", "processor ms each", title=title)
    for name, figures in answer["ways"].items():
        ms, cpu = figures["ms"], figures["cpu_ms"]
        table.add_row(name, f"{1000 / ms:.1f}", f"{ms:.2f}", f"{cpu:.2f}")
    console.print(table)
    for line in answer["quotients"]:
        asked = f" (asked: {line['asked']})" if line["asked"] else ""
        console.print(
            f"{line['what']}: {line['by wall clock']:.2f} by wall clock, "
            f"{line['by processor time']:.2f} by processor time{asked}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quality", type=int, default=90)
    parser.add_argument("--photographs", type=Path, help="a folder of JPEG files to enlarge")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as place:
        arguments = options.count, options.photographs, options.quality
        paths = write_photographs(Path(place), *arguments)
        figures = measure(paths, options.rounds)
        kilobytes = sum(path.stat().st_size for path in paths) / len(paths) / 1000
    answer = {"photographs": len(paths), "kilobytes": kilobytes, "ways": figures}
    answer["quotients"] = quotients(figures)
    print(json.dumps(answer, indent=2)) if options.json else show(answer)


if __name__ == "__main__":
    main()
