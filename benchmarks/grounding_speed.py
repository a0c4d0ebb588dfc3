"""How fast a detector grounds photographs, beside the plain pipeline of transformers.

Both read the same files in one run, in turn: `zero-shot-object-detection` as its manual says, and
this project's grounder. Without `--model` a tiny random Grounding DINO is built, so that what is
around the model shows. The last line tells what cutting packshots by their border saves.

    python benchmarks/grounding_speed.py --sample OUT_OF_VLCLIP_SAMPLE
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from vlclip_dagster.grounding.grounding_dino import GroundingDino
from vlclip_dagster.grounding.packshot import BORDER, PackshotFirst, lone_product
from vlclip_dagster.grounding.prompt import prompt_for
from vlclip_dagster.grounding.types import Detection, Grounder
from vlclip_dagster.images.rendition import decode_rendition

BATCH = 16
ROUNDS = 2
# Times the pipeline's speed.
BOUND = 1.5


@dataclass(frozen=True)
class Asked:
    """A photograph and what to look for."""

    path: Path
    prompt: str


@dataclass(frozen=True)
class Speed:
    """What one way of detecting took, in its fastest round."""

    way: str
    images_per_second: float
    images_per_cpu_second: float
    model_share: float


@dataclass(frozen=True)
class Border:
    """What cutting by the border saved: its share, its cost, and how it agrees with the model."""

    share: float
    ms_per_image: float
    iou_to_detector: float | None


def asked_of(sample: Path, limit: int) -> list[Asked]:
    rows = [json.loads(line) for line in (sample / "truth" / "truth.jsonl").open()]
    return [Asked(sample / row["image"], prompt_for(row["type"])) for row in rows[:limit]]


class ModelClock:
    """Sums the wall time inside detection models, whoever calls them."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """While this is open, it counts."""
        from torch.nn.modules import module

        hooks = (
            module.register_module_forward_pre_hook(self._enter),
            module.register_module_forward_hook(self._leave),
        )
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _enter(self, module: object, _: object) -> None:
        if type(module).__name__.endswith("ForObjectDetection"):
            self._since = time.perf_counter()

    def _leave(self, module: object, _: object, __: object) -> None:
        if type(module).__name__.endswith("ForObjectDetection"):
            self.seconds += time.perf_counter() - self._since


def timed(way: str, detect: Callable[[list[Asked]], object], asked: list[Asked]) -> Speed:
    clock = ModelClock()
    wall, cpu = time.perf_counter(), time.process_time()
    with clock.running():
        detect(asked)
    seconds = time.perf_counter() - wall
    return Speed(
        way,
        len(asked) / seconds,
        len(asked) / (time.process_time() - cpu),
        clock.seconds / seconds,
    )


def plain_pipeline(folder: str) -> Callable[[list[Asked]], object]:
    from transformers import pipeline

    detect = pipeline("zero-shot-object-detection", model=folder, device="cpu")

    def run(asked: list[Asked]) -> object:
        inputs = [{"image": str(a.path), "candidate_labels": [a.prompt]} for a in asked]
        return list(detect(inputs, threshold=0.0, top_k=1))

    return run


def ours(grounder: Grounder) -> Callable[[list[Asked]], list[Detection]]:
    def run(asked: list[Asked]) -> list[Detection]:
        found: list[Detection] = []
        for start in range(0, len(asked), BATCH):
            part = asked[start : start + BATCH]
            images = [decode_rendition(a.path.read_bytes()) for a in part]
            found += grounder.detect(images, [a.prompt for a in part])
        return found

    return run


def measure(detector: GroundingDino, folder: str, asked: list[Asked]) -> list[Speed]:
    ways = {"transformers pipeline": plain_pipeline(folder), "GroundingDino": ours(detector)}
    for detect in ways.values():
        detect(asked[:BATCH])
    rounds = [[timed(way, detect, asked) for way, detect in ways.items()] for _ in range(ROUNDS)]
    return [max(speeds, key=lambda s: s.images_per_second) for speeds in zip(*rounds, strict=True)]


def measure_border(detector: GroundingDino, asked: list[Asked]) -> Border:
    found = ours(PackshotFirst(detector))(asked)
    images = [decode_rendition(a.path.read_bytes()) for a in asked]
    start = time.process_time()
    for image, a in zip(images, asked, strict=True):
        lone_product(image, a.prompt)
    ms = 1000 * (time.process_time() - start) / len(asked)
    ious = [one.detector_iou for one in found if one.detector_iou is not None]
    share = sum(one.found_by == BORDER for one in found) / len(found)
    return Border(share, ms, sum(ious) / len(ious) if ious else None)


def report(speeds: list[Speed]) -> Table:
    table = Table(title="Detection on this machine's processor")
    for head in ("way", "images/s", "times", "per core second", "in the model"):
        table.add_column(head, justify="right")
    for speed in speeds:
        table.add_row(
            speed.way,
            f"{speed.images_per_second:.1f}",
            f"{speed.images_per_second / speeds[0].images_per_second:.2f}",
            f"{speed.images_per_cpu_second:.1f}",
            f"{speed.model_share:.0%}",
        )
    return table


def told(border: Border) -> str:
    agreement = border.iou_to_detector
    beside = "not compared" if agreement is None else f"IoU {agreement:.3f} to the detector's"
    return (
        f"{border.share:.0%} are packshots cut by their border, {border.ms_per_image:.1f} ms per "
        f"photograph; {beside} (a random detector's, where --model is not given)"
    )


def tiny_checkpoint(folder: Path) -> str:
    """The random checkpoint that the tests use."""
    sys.path.append(str(Path(__file__).parents[1] / "tests" / "grounding"))
    from tiny_checkpoints import save_grounding_dino

    return str(save_grounding_dino(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=Path, required=True, help="what `vlclip sample` wrote")
    parser.add_argument("--model", help="folder of a checkpoint; a tiny random one if not given")
    parser.add_argument("--limit", type=int, default=64, help="photographs")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or tiny_checkpoint(Path(folder))
        detector = GroundingDino(model, "cpu", BATCH)
        asked = asked_of(options.sample, options.limit)
        speeds, border = measure(detector, model, asked), measure_border(detector, asked)
    if options.json:
        print(json.dumps({"ways": [asdict(speed) for speed in speeds], "border": asdict(border)}))
    else:
        Console(width=100).print(report(speeds), told(border))
    sys.exit(speeds[1].images_per_second < BOUND * speeds[0].images_per_second)


if __name__ == "__main__":
    main()
