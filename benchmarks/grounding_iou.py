"""How well the embedded grounder finds products, and how fast.

Prints mean IoU with the true box on a generated catalog (per scene and type), with the union of
worn items on the street photographs, how much of the product the box holds, and photographs per
second of processor time.

    python benchmarks/grounding_iou.py --sample OUT_OF_VLCLIP_SAMPLE --catalogs CATALOGS
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


@dataclass(frozen=True)
class Outcome:
    """What the grounder made of a case, and its processor time in seconds."""

    case: Case
    box: Box | None
    score: float
    seconds: float

    @property
    def iou(self) -> float:
        """Overlap with the true box."""
        return self.box.iou(self.case.box) if self.box else 0.0

    @property
    def held(self) -> float:
        """Share of the true box that lies in the box."""
        iou = self.iou
        area = self.box.area if self.box else 0.0
        return iou * (self.case.box.area + area) / ((1 + iou) * self.case.box.area)


def outcome_of(grounder: Grounder, case: Case) -> Outcome:
    image = np.asarray(Image.open(case.path).convert("RGB"))
    start = time.process_time()
    found = grounder.detect([image], [case.prompt])[0]
    return Outcome(case, found.box, found.score, time.process_time() - start)


def figures(outcomes: list[Outcome], threshold: float) -> dict[str, float]:
    iou = np.array([one.iou for one in outcomes])
    used = np.array([one.score >= threshold for one in outcomes])
    return {
        "photographs": len(outcomes),
        "mean_iou": float(iou.mean()),
        "median_iou": float(np.median(iou)),
        "iou_half": float((iou >= 0.5).mean()),
        "product_held": float(np.mean([one.held for one in outcomes])),
        "accepted": float(used.mean()),
        "accepted_iou": float(iou[used].mean()) if used.any() else 0.0,
        "per_core_second": len(outcomes) / max(sum(one.seconds for one in outcomes), 1e-9),
    }


def measured(outcomes: list[Outcome], threshold: float) -> dict[str, dict[str, float]]:
    """Figures by group, and by prompt within a group that has several."""
    found: dict[str, dict[str, float]] = {}
    for group in dict.fromkeys(one.case.group for one in outcomes):
        mine = [one for one in outcomes if one.case.group == group]
        found[group] = figures(mine, threshold)
        prompts = sorted({one.case.prompt for one in mine})
        for prompt in prompts if len(prompts) > 1 else []:
            some = [one for one in mine if one.case.prompt == prompt]
            found[f"  {group}: {prompt}"] = figures(some, threshold)
    return found


def report(name: str, found: dict[str, dict[str, float]]) -> Table:
    table = Table(title=f"Grounding by {name}")
    table.add_column("photographs")
    shown = {
        "photographs": "{:.0f}",
        "mean_iou": "{:.3f}",
        "median_iou": "{:.3f}",
        "iou_half": "{:.0%}",
        "product_held": "{:.0%}",
        "accepted": "{:.0%}",
        "accepted_iou": "{:.3f}",
        "per_core_second": "{:.0f}",
    }
    heads = ("of", "mean IoU", "median", "IoU ≥ .5", "held", "accepted", "its IoU", "per core s")
    for head in heads:
        table.add_column(head, justify="right")
    for what, row in found.items():
        cells = [form.format(row[key]) for key, form in shown.items()]
        table.add_row(what, *cells, style=None if what.startswith(" ") else "bold")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=Path, help="a folder that `vlclip sample` wrote")
    parser.add_argument("--catalogs", type=Path, help="the folder with street/")
    parser.add_argument("--limit", type=int, default=1_000_000, help="photographs per group")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    settings = GroundingSettings()
    cases: list[Case] = []
    if options.sample:
        cases += sample_cases(options.sample, options.limit)
    if options.catalogs:
        cases += street_cases(options.catalogs / "street", options.limit)
    grounder = build_grounder(settings)
    outcomes = [outcome_of(grounder, case) for case in cases]
    found = measured(outcomes, settings.threshold)
    if options.json:
        print(json.dumps(found))
    else:
        Console(width=120).print(report(grounder.fingerprint, found))


if __name__ == "__main__":
    main()
