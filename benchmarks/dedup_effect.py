"""What deduplication does to retrieval: MRR without it, by equal hash, and by near duplicates.

The paper reports 7.2 % more MRR with pHash than without (VL-CLIP, section 3.4.4). Here a catalog
is built once without deduplication; then, for each mode, the platform's own grouping decides
which photograph stands for each product, one model is trained on that with one budget, and the
same held-out products are asked for. All modes share one split, by the families of `near`, so
that no copy of a held-out product is trained on.

Two galleries: the mode's own, as a shop would serve it (copies compete where they are kept),
and the one of `near` for all, which shows what training alone gains.

    python benchmarks/dedup_effect.py --products 2550 --epochs 12
    python benchmarks/dedup_effect.py --catalog CATALOGS/luma --seeds 3
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from assets.deduped_images import map_to_canonical
from assets.stage import registered_types
from benchmarks.command import vlclip
from vlclip_dagster.encoder.checkpoint import save_checkpoint
from vlclip_dagster.encoder.embed import load_encoder
from vlclip_dagster.encoder.settings import EncoderSettings, TrainingSettings
from vlclip_dagster.encoder.split import TEST, assign_splits
from vlclip_dagster.encoder.train import train
from vlclip_dagster.evaluation.ablation import FULL
from vlclip_dagster.evaluation.retrieval import evaluate
from vlclip_dagster.images.settings import DedupSettings
from vlclip_dagster.measure import attribute_facts, gallery_of, queries_of
from vlclip_dagster.pairs import WarehousePairs, training_pairs
from vlclip_dagster.warehouse import Warehouse

MODES = ("off", "exact", "near")


def build(home: Path, catalog: Path | None, products: int) -> None:
    """A home in which every photograph has its crop, since none stands for another."""
    quick = {"VLCLIP_TRAINING__EPOCHS": "1", "VLCLIP_REPORT__ABLATION": "false"}
    if catalog is None:
        catalog = home.parent / "catalog"
        vlclip(home, "sample", str(catalog), "--products", str(products))
    vlclip(home, "drop", str(catalog), "--shop", "shop")
    vlclip(home, "run", VLCLIP_DEDUP__MODE="off", **quick)


def mode_pairs(home: Warehouse, slugs: list[str], mode: str) -> WarehousePairs:
    """Every product with the photograph that stands for its own in ``mode``."""
    whole = training_pairs(home, slugs, FULL)
    settings = DedupSettings(mode=mode)
    mapping = pl.concat(map_to_canonical(home, slug, settings) for slug in slugs)
    stands = mapping.filter(pl.col("position") == 0).select("item_id", "canonical_id")
    frame = whole.frame.drop("canonical_id").join(stands, on="item_id").sort("item_id")
    return WarehousePairs(home, frame.select(whole.frame.columns), FULL)


def with_splits(pairs: dict[str, WarehousePairs], training: TrainingSettings) -> None:
    """One split for all modes."""
    drawn = assign_splits(
        pairs["near"].frame, training.seed, training.val_share, training.test_share
    ).select("item_id", "split")
    for one in pairs.values():
        one.frame = one.frame.join(drawn, on="item_id").sort("item_id")


def measured(
    home: Warehouse, slugs: list[str], training: TrainingSettings, place: Path
) -> Iterator[dict[str, Any]]:
    pairs = {mode: mode_pairs(home, slugs, mode) for mode in MODES}
    with_splits(pairs, training)
    facts = attribute_facts(home, slugs)
    for mode in MODES:
        folder = place / f"{mode}-{training.seed}"
        trained = train(pairs[mode], training, EncoderSettings(), folder / "work")
        save_checkpoint(trained, folder / "checkpoint")
        encoder = load_encoder(folder / "checkpoint")
        held = pairs[mode].frame.filter(pl.col("split") == TEST)["item_id"].to_list()
        for shown, gallery_pairs in (("its own", pairs[mode]), ("that of near", pairs["near"])):
            gallery = gallery_of(gallery_pairs, held, encoder, facts)
            found = evaluate(queries_of(gallery_pairs, held, gallery, encoder), gallery)
            assert found.scores is not None
            yield {
                "mode": mode,
                "gallery": shown,
                "seed": training.seed,
                "photographs": pairs[mode].frame["canonical_id"].n_unique(),
                "gallery size": found.gallery,
                "queries": found.queries,
                "hits@5": found.scores.hits[5].value,
                "mrr": found.scores.mrr.value,
            }


def show(rows: list[dict[str, Any]], title: str) -> None:
    frame = pl.DataFrame(rows)
    means = frame.group_by("gallery", "mode", maintain_order=True).agg(
        pl.col("photographs", "gallery size", "queries").mean().cast(int),
        pl.col("hits@5", "mrr").mean(),
        spread=pl.col("mrr").max() - pl.col("mrr").min(),
    )
    without = dict(means.filter(pl.col("mode") == "off").select("gallery", "mrr").iter_rows())
    table = Table(*means.columns, "MRR against off", title=title)
    for row in means.sort("gallery", maintain_order=True).iter_rows(named=True):
        cells = [f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row.values()]
        table.add_row(*cells, f"{row['mrr'] / without[row['gallery']] - 1:+.1%}")
    Console(width=130, highlight=False).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", type=Path, help="a folder with a feed (default: generated)")
    parser.add_argument("--products", type=int, default=2550, help="of the generated catalog")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each mode")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        build(place / "home", options.catalog, options.products)
        home = Warehouse(place / "home")
        slugs = list(registered_types(home))
        for seed in range(options.seeds):
            training = TrainingSettings(epochs=options.epochs, patience=options.epochs, seed=seed)
            rows += measured(home, slugs, training, place)
    name = options.catalog.name if options.catalog else f"{options.products} generated products"
    print(json.dumps(rows, indent=2)) if options.json else show(rows, name)


if __name__ == "__main__":
    main()
