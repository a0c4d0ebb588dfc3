"""``deduped_images``: each catalog photograph verified, normalised, mapped to its canonical one.

Two tables: ``photographs`` holds what one photograph yields by itself, ``deduped_images`` which
photograph stands for it. A new photograph is computed once; the mapping is cheap and made anew.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import dagster as dg
import polars as pl

from assets.stage import Stage, picture, sample_table, user_errors
from resources.photographs import PhotographsResource
from resources.warehouse import WarehouseResource
from vlclip_dagster.compute import map_batches
from vlclip_dagster.hashing import row_key
from vlclip_dagster.images.duplicates import group_duplicates
from vlclip_dagster.images.fetch import PhotographReader, on_network, resolved
from vlclip_dagster.images.intake import TAKEN, IntakeWorker
from vlclip_dagster.images.settings import DedupSettings, PhotographSettings
from vlclip_dagster.images.sheet import duplicate_sheet
from vlclip_dagster.partitions import product_types
from vlclip_dagster.refinement.columns import colours_named
from vlclip_dagster.refinement.lexicon import lexicon
from vlclip_dagster.warehouse import Counts, Table, Warehouse, any_of, each, refresh

# Bumped when the code changes what a photograph yields, or which ones it groups.
INTAKE_VERSION = "2"
GROUPING_VERSION = "3"
GROUPS_SHOWN = 6
# The next batch is read while the slowest photographs of one are still on their way.
BATCHES_AT_ONCE = 2
BATCH_ROWS = 128
SECONDS_A_DAY = 86_400
FINGERPRINTS = ("width", "height", "phash", "framed", "tints", "colour", "degenerate")


@dg.asset(
    partitions_def=product_types,
    deps=["raw_catalog"],
    group_name="photographs",
    kinds={"lance", "opencv"},
)
@user_errors
def deduped_images(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    photographs: PhotographsResource,
) -> dg.MaterializeResult:
    """One row per catalog photograph: its fingerprints and the photograph that stands for it."""
    home = warehouse.open()
    stage = Stage(context, home)
    slug = context.partition_key
    products = home.table("raw_catalog", slug).read(["item_id", "photographs", "error"])
    # A shop that moves its files drops the same content from elsewhere: only `landed` knows where.
    roots = home.table("landed").read(["item_id", "root"], where=any_of("slug", [slug]))
    settings = photographs.photograph_settings()
    wanted = wanted_photographs(products.join(roots, on="item_id"), settings.per_product)
    pictures = home.table("photographs", slug)
    reader = photographs.reader()
    counts = take_in(pictures, wanted, reader, settings, f"photographs of {slug}")
    mapping = map_to_canonical(home, slug, photographs.dedup_settings())
    table = home.table("deduped_images", slug)
    changes = refresh(table, mapping, each(lambda rows: rows), label=f"duplicates of {slug}")
    shown = {"duplicates": mapping.filter(pl.col("photo_id") != pl.col("canonical_id")).height}
    return stage.result(
        counts,
        table.data_version(),
        shown | {"remapped": changes.computed} | _pictures(pictures, mapping),
    )


def wanted_photographs(products: pl.DataFrame, per_product: int) -> pl.DataFrame:
    """One row per photograph that should be stored: ``photo_id``, ``key``, and where to read it.

    The key is the content hash that the drop's manifest states; without one, the link.
    """
    good = products.filter(pl.col("error").is_null() & (pl.col("photographs").list.len() > 0))
    each_photograph = (
        good.with_columns(pl.col("photographs").list.head(per_product))
        .with_columns(position=pl.int_ranges(0, pl.col("photographs").list.len()))
        .explode("photographs", "position")
        .unnest("photographs")
    )
    identity = pl.struct("sha256", "link", "root").map_elements(_key, return_dtype=pl.String)
    return each_photograph.select(
        photo_id=pl.format("{}#{}", "item_id", "position"),
        key=identity,
        item_id="item_id",
        position="position",
        link="link",
        root="root",
    )


def _key(photograph: dict[str, str]) -> str:
    if photograph["sha256"]:
        return row_key(INTAKE_VERSION, photograph["sha256"])
    link, root = photograph["link"], photograph["root"]
    if on_network(link, root):
        return row_key(INTAKE_VERSION, resolved(link, root))
    return row_key(INTAKE_VERSION, link, root)


def take_in(
    pictures: Table,
    wanted: pl.DataFrame,
    reader: PhotographReader,
    settings: PhotographSettings,
    label: str,
) -> Counts:
    """Read, verify and store the photographs that are missing, failed before, or are due."""
    now = time.time()
    asked = pictures.read(["photo_id", "checked_at"])
    stale = asked.filter(pl.col("checked_at") < now - settings.recheck_days * SECONDS_A_DAY)
    columns = ["photo_id", "key", *TAKEN]
    with ThreadPoolExecutor(settings.concurrency, "photographs") as readers:
        worker = IntakeWorker(reader, readers, lambda ids: pictures.read(columns, ids), int(now))
        return refresh(
            pictures,
            wanted,
            lambda batches: map_batches(batches, lambda: worker, workers=BATCHES_AT_ONCE),
            label=label,
            batch_rows=BATCH_ROWS,
            due=stale["photo_id"].to_list(),
        )


def stated_colours(said: pl.Series) -> pl.Series:
    """A column of stated colours as lists of what they name, see ``colours_named``."""
    words = lexicon()
    names = {colour: colours_named(colour, words) for colour in said.unique().drop_nulls()}
    return pl.Series(said.name, [names.get(colour) for colour in said], pl.List(pl.String))


def map_to_canonical(home: Warehouse, slug: str, settings: DedupSettings) -> pl.DataFrame:
    """The rows that ``deduped_images`` should have, from the photographs as they are stored."""
    pictures = home.table("photographs", slug)
    good = pictures.good([*FINGERPRINTS, "photo_id", "item_id", "position", "sha256"])
    rule = row_key(GROUPING_VERSION, settings.model_dump())
    before = home.table("deduped_images", slug).read(["photo_id", "sha256", "canonical_id", "rule"])
    # What the shop itself calls another colour of one garment is no duplicate.
    facts = home.table("raw_catalog", slug).read(["item_id", "item_group_id", "color"])
    facts = facts.with_columns(colours=stated_colours(facts["color"]))
    known = good.join(facts, on="item_id", how="left", maintain_order="left")
    groups = group_duplicates(
        known,
        settings,
        previous=before.filter(pl.col("rule") == rule),
        thumbnails=lambda ids: pictures.read(["thumbnail"], ids)["thumbnail"].to_list(),
    )
    mapping = good.select("photo_id", "item_id", "position", "sha256").join(groups, on="photo_id")
    columns = ["sha256", "canonical_id", "group_size", "rule"]
    key = pl.struct(columns).map_elements(lambda row: row_key(*row.values()), pl.String)
    return mapping.with_columns(rule=pl.lit(rule)).with_columns(key=key)


def _pictures(pictures: Table, mapping: pl.DataFrame) -> dict[str, dg.MetadataValue]:
    """The largest duplicate groups as a table and as a contact sheet, when there are any."""
    groups = (
        mapping.filter(pl.col("group_size") > 1)
        .group_by("canonical_id")
        .agg(pl.col("photo_id").sort(), pl.len().alias("size"))
        .sort("size", "canonical_id", descending=[True, False])
        .head(GROUPS_SHOWN)
    )
    if groups.is_empty():
        return {}
    images = [
        pictures.read(["rendition"], ids.to_list())["rendition"].to_list()
        for ids in groups["photo_id"]
    ]
    listed = groups.with_columns(photographs=pl.col("photo_id").list.join(", "))
    return {
        "largest_groups": sample_table(
            listed.select("canonical_id", "size", "photographs").rows(named=True)
        ),
        "duplicate_groups": picture(duplicate_sheet(images), "duplicates, a row per group"),
    }
