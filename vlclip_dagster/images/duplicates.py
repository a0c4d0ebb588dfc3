"""Grouping photographs that are copies of one another.

What belongs here: fingerprints in, one canonical photograph per group out. What does not:
computing fingerprints (``framing``, ``colour``), judging a pair (``alike``) and making groups
of pairs (``stars``). All functions work on one product type.

The paper groups by equal perceptual hash (VL-CLIP, section 3.4.1); that is the mode ``exact``.
"""

import numpy as np
import polars as pl

from vlclip_dagster.images.alike import Alike, Thumbnails, told_apart
from vlclip_dagster.images.settings import DedupSettings
from vlclip_dagster.images.stars import centres


def group_duplicates(
    frame: pl.DataFrame,
    settings: DedupSettings | None = None,
    previous: pl.DataFrame | None = None,
    thumbnails: Thumbnails | None = None,
) -> pl.DataFrame:
    """Map each photograph of one product type to the canonical one of its group.

    Every member is within the limits of its canonical photograph, so groups don't chain. What
    was grouped before stays grouped, and only new photographs are compared: with the canonical
    ones, then with each other. Among those, the largest one is canonical, then the one with the
    smallest ``photo_id``. Degenerate hashes are grouped by identical bytes only.

    Args:
        frame: photo_id, phash (u64), framed (list of ``FRAMES`` u64), tints (3 numbers each),
            colour (list of ``colour.DIMENSIONS`` numbers), degenerate, width, height, sha256;
            one row per photograph. Where it also has item_group_id and colours (list of the names
            of its stated colours), photographs of one item group that share none of them are
            variants, however alike they look: only identical bytes merge them.
        settings: what counts as a duplicate; the defaults if None.
        previous: photo_id, sha256, canonical_id as they were by the same settings, if there is
            such a run.
        thumbnails: the stored thumbnails of given photographs, for a second look at them.
            Without it, photographs are compared whole and by their fingerprints alone.

    Returns:
        photo_id, canonical_id, group_size, in the order of ``frame``.
    """
    settings = settings or DedupSettings()
    ranked = _ranked(frame, previous)
    canonical = _canonical_rows(ranked, settings, thumbnails)
    ids = ranked["photo_id"]
    grouped = pl.DataFrame({"photo_id": ids, "canonical_id": ids[canonical]}).with_columns(
        group_size=pl.len().over("canonical_id")
    )
    return frame.select("photo_id").join(grouped, on="photo_id", how="left", maintain_order="left")


def _ranked(frame: pl.DataFrame, previous: pl.DataFrame | None) -> pl.DataFrame:
    """The rows in the order of their claim to be canonical, with their old canonical.

    A photograph whose bytes changed has no old canonical and is nobody's.
    """
    columns = {"photo_id": pl.String, "sha256": pl.String, "canonical_id": pl.String}
    empty = pl.DataFrame(schema=columns)
    old = empty if previous is None else previous.select(list(columns)).unique("photo_id")
    return frame.join(old, on=["photo_id", "sha256"], how="left").sort(
        (pl.col("photo_id") == pl.col("canonical_id")).fill_null(False),
        pl.col("width").cast(pl.Int64) * pl.col("height"),
        "photo_id",
        descending=[True, True, False],
    )


def _canonical_rows(
    ranked: pl.DataFrame, settings: DedupSettings, thumbnails: Thumbnails | None
) -> np.ndarray:
    """The row of each row's canonical photograph; rows are in the order of their claim."""
    canonical = np.arange(len(ranked))
    if settings.mode == "off" or ranked.is_empty():
        return canonical
    first = _first_of(ranked["sha256"])
    firm = np.flatnonzero(~ranked["degenerate"].to_numpy() & (first == canonical))
    rows = ranked[firm]
    if settings.mode == "exact":
        found = _first_of(rows["phash"])
    else:
        alike = Alike(rows, settings.colour_threshold, thumbnails)
        found = centres(alike.hashes, settings.distance, alike, _settled(rows))
    canonical[firm] = firm[found]
    return np.asarray(canonical[first])


def _first_of(values: pl.Series) -> np.ndarray:
    """For each row, the first row with the same value."""
    rows = pl.DataFrame({"value": values}).with_row_index("row")
    return rows.select(pl.col("row").first().over("value"))["row"].cast(pl.Int64).to_numpy()


def _settled(rows: pl.DataFrame) -> np.ndarray:
    """The row of each old canonical photograph that still is one, -1 where there is none."""
    own = rows.select("photo_id", "canonical_id").with_row_index("row")
    still = own.filter(pl.col("photo_id") == pl.col("canonical_id"))
    found = own.join(
        still.select("canonical_id", centre="row"),
        on="canonical_id",
        how="left",
        maintain_order="left",
    )["centre"]
    centre = found.fill_null(-1).cast(pl.Int64).to_numpy().copy()
    known = np.flatnonzero(centre >= 0)
    # The shop may have told two colours apart since.
    centre[known[told_apart(rows, known, centre[known])]] = -1
    return centre
