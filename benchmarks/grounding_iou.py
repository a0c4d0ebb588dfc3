"""How well the embedded grounder finds products, and how fast.

Prints mean IoU with the true box on a generated catalog (per scene and type), with the union of
worn items on the street photographs, and photographs per second of processor time.

    python benchmarks/grounding_iou.py --sample OUT_OF_VLCLIP_SAMPLE --catalogs shared/catalogs
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from vlclip_dagster.grounding.prompt import prompt_for
from vlclip_dagster.grounding.settings import GroundingSettings, build_grounder
from vlclip_dagster.grounding.types import Box, Grounder


@dataclass(frozen=True)
class Case:
    """A photograph, what to look for, and where it is."""

    group: str
    path: Path
    prompt: str
    box: Box


def sample_cases(folder: Path, limit: int) -> Iterator[Case]:
    rows = [json.loads(line) for line in (folder / "truth" / "truth.jsonl").open()]
    for scene in ("packshot", "lifestyle"):
        chosen = [row for row in rows if row["scene"] == scene and row["duplicate_of"] is None]
        for row in chosen[:limit]:
            kind = row["type"]
            name = kind if kind == "t-shirt" else kind.replace("-", " ")
            yield Case(scene, folder / row["image"], prompt_for(name), Box(*row["box"]))


def street_cases(folder: Path, limit: int) -> Iterator[Case]:
    for line in list((folder / "boxes.jsonl").open())[:limit]:
        row = json.loads(line)
        corners = np.array([box["bbox_xyxy"] for box in row["boxes"]], dtype=float)
        union = Box(*corners[:, :2].min(axis=0), *corners[:, 2:].max(axis=0))
        yield Case("street (all worn items)", folder / row["image"], "outfit.", union)


def measure(grounder: Grounder, cases: list[Case], threshold: float) -> list[str]:
    overlaps, accepted, spent = [], [], 0.0
    for case in cases:
        image = np.asarray(Image.open(case.path).convert("RGB"))
        start = time.process_time()
        found = grounder.detect([image], [case.prompt])[0]
        spent += time.process_time() - start
        overlaps.append(found.box.iou(case.box) if found.box else 0.0)
        accepted.append(found.score >= threshold)
    iou, used = np.array(overlaps), np.array(accepted)
    return [
        str(len(cases)),
        f"{iou.mean():.3f}",
        f"{np.median(iou):.3f}",
        f"{(iou >= 0.5).mean():.0%}",
        f"{used.mean():.0%}",
        f"{iou[used].mean():.3f}" if used.any() else "-",
        f"{len(cases) / max(spent, 1e-9):.0f}",
    ]


def report(grounder: Grounder, cases: list[Case], threshold: float) -> Table:
    table = Table(title=f"Grounding by {grounder.fingerprint}")
    heads = ["photographs", "of", "mean IoU", "median", "IoU ≥ .5", "accepted", "IoU of these"]
    for head in [*heads, "per core second"]:
        table.add_column(head, justify="right")
    groups = dict.fromkeys(case.group for case in cases)
    for group in groups:
        mine = [case for case in cases if case.group == group]
        table.add_row(group, *measure(grounder, mine, threshold), style="bold")
        prompts = sorted({case.prompt for case in mine})
        for prompt in prompts if len(prompts) > 1 else []:
            some = [case for case in mine if case.prompt == prompt]
            table.add_row(f"  {prompt}", *measure(grounder, some, threshold))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=Path, help="a folder that `vlclip sample` wrote")
    parser.add_argument("--catalogs", type=Path, help="the folder with street/")
    parser.add_argument("--limit", type=int, default=1_000_000, help="photographs per group")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    settings = GroundingSettings()
    cases: list[Case] = []
    if options.sample:
        cases += sample_cases(options.sample, options.limit)
    if options.catalogs:
        cases += street_cases(options.catalogs / "street", options.limit)
    Console(width=120).print(report(build_grounder(settings), cases, settings.threshold))


if __name__ == "__main__":
    main()
