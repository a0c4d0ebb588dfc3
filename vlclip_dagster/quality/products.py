"""The suites of what is made per product type, from the catalog to the collection.

Integrity blocks what is downstream of the product type: of what is broken there, nothing good can
be made. The other rules warn, and their limits are settings. A row that failed is left out by
whoever reads it, so it blocks nothing; what counts is the share of such rows.
"""

import numpy as np
import polars as pl

from vlclip_dagster.catalog.values import AGE_GROUPS, GENDERS
from vlclip_dagster.index.types import VectorIndex
from vlclip_dagster.index.vectors import NEAREST, sampled_recall
from vlclip_dagster.quality.settings import QualitySettings
from vlclip_dagster.quality.suite import (
    Artifacts,
    Frames,
    Suite,
    absent,
    between,
    equal,
    holds,
    mean,
    one_of,
    present,
    share,
    unique,
)
from vlclip_dagster.refinement.forbidden import forbidden_words
from vlclip_dagster.refinement.phrase import MAX_WORDS, MIN_WORDS


def product_suites(limits: QualitySettings) -> list[Suite]:
    """The suites of all artifacts that are partitioned by product type."""
    catalog = (
        unique("ids_are_unique", "item_id"),
        present("titles_are_there", "title"),
        one_of("genders_are_known", "gender", GENDERS),
        one_of("age_groups_are_known", "age_group", AGE_GROUPS),
        between("prices_are_plausible", "price", limits.min_price, limits.max_price),
        share("rows_are_usable", "usable", 1 - limits.max_rejected_share, rows="feed"),
    )
    photographs = (
        holds("photographs_have_a_canonical", "mapped"),
        share("photographs_are_readable", "readable", 1 - limits.max_unreadable_share),
        between("photographs_are_large_enough", "side", limits.min_side, None),
        share("photographs_show_something", "varied", 1 - limits.max_degenerate_share),
        share("photographs_are_originals", "original", 1 - limits.max_duplicate_share),
    )
    crops = (
        holds("crops_lie_inside", "inside"),
        share("boxes_are_accepted", "accepted", limits.min_accepted_share),
    )
    queries = (
        between("queries_are_short", "words", 1, MAX_WORDS, blocking=True),
        share("queries_are_there", "made", 1 - limits.max_failed_query_share),
        share("queries_say_enough", "full", limits.min_full_query_share),
        share("queries_converged", "converged", limits.min_converged_share),
        absent("queries_name_what_shows", "forbidden"),
    )
    vectors = (
        holds("vectors_are_finite", "finite"),
        between("image_vectors_are_units", "image_length", 0.999, 1.001, blocking=True),
        between("text_vectors_are_units", "text_length", 0.999, 1.001, blocking=True),
        mean("image_vectors_differ", "image_cosine", None, limits.max_mean_cosine),
        mean("text_vectors_differ", "text_cosine", None, limits.max_mean_cosine),
    )
    points = (
        equal("points_are_published", "embedded", "published", blocking=True),
        mean("searches_find_the_nearest", "recall", limits.min_recall, None, rows="searches"),
    )
    return [
        Suite("raw_catalog", _catalog, catalog),
        Suite("deduped_images", _photographs, photographs),
        Suite("grounded_crops", _crops, crops),
        Suite("refined_queries", _queries, queries),
        Suite("embeddings", _vectors, vectors),
        Suite(
            "qdrant_collections",
            lambda artifacts: _collection(artifacts, limits.recall_queries),
            points,
        ),
    ]


def _catalog(artifacts: Artifacts) -> Frames:
    products = artifacts.read("raw_catalog", "item_id", "title", "gender", "age_group", "price")
    rejected = artifacts.tables.table("rejected_products").read(["rejected_id", "slug"])
    mine = rejected.filter(pl.col("slug") == artifacts.slug).select(row="rejected_id")
    usable = products.select(row="item_id").with_columns(usable=True)
    return {
        "rows": products.with_columns(title=_visible("title")),
        "feed": pl.concat([usable, mine.with_columns(usable=False)]),
    }


def _visible(column: str) -> pl.Expr:
    text = pl.col(column).str.strip_chars()
    return pl.when(text != "").then(text)


def _photographs(artifacts: Artifacts) -> Frames:
    rows = artifacts.read("photographs", "photo_id", "error", "degenerate", "width", "height")
    mapping = artifacts.read("deduped_images", "photo_id", "canonical_id")
    readable = pl.col("error").is_null()
    known = rows.join(mapping, on="photo_id", how="left").with_columns(
        readable=readable,
        mapped=~readable | pl.col("canonical_id").is_not_null(),
        side=pl.min_horizontal("width", "height"),
        varied=~pl.col("degenerate"),
        original=pl.col("canonical_id") == pl.col("photo_id"),
    )
    return {"rows": known}


def _crops(artifacts: Artifacts) -> Frames:
    crops = artifacts.read(
        "grounded_crops", "photo_id", "x0", "y0", "x1", "y1", "area_share", "accepted"
    )
    whole = artifacts.read("photographs", "photo_id", "width", "height")
    across = (pl.col("x0") >= 0) & (pl.col("x0") < pl.col("x1")) & (pl.col("x1") <= pl.col("width"))
    down = (pl.col("y0") >= 0) & (pl.col("y0") < pl.col("y1")) & (pl.col("y1") <= pl.col("height"))
    cut = (pl.col("area_share") > 0) & (pl.col("area_share") <= 1)
    # Without a box the whole photograph was kept.
    inside = (pl.col("x0").is_null() | (across & down).fill_null(False)) & cut.fill_null(True)
    return {"rows": crops.join(whole, on="photo_id", how="left").with_columns(inside=inside)}


def _queries(artifacts: Artifacts) -> Frames:
    rows = artifacts.read("refined_queries", "item_id", "query", "words", "converged", "error")
    judged = rows.with_columns(
        made=pl.col("error").is_null() & _visible("query").is_not_null(),
        full=pl.col("words") >= MIN_WORDS,
        forbidden=forbidden_words(rows["query"]),
    )
    return {"rows": judged}


def _vectors(artifacts: Artifacts) -> Frames:
    rows = artifacts.read("embeddings", "item_id", "image", "text", "error")
    good = rows.filter(pl.col("error").is_null()).select("item_id", "image", "text")
    if good.is_empty():
        return {"rows": good}
    image, text = (np.stack(good[name].to_list()).astype(np.float64) for name in ("image", "text"))
    measured = good.select(
        "item_id",
        finite=pl.Series(np.isfinite(image).all(axis=1) & np.isfinite(text).all(axis=1)),
        image_length=pl.Series(np.linalg.norm(image, axis=1)),
        text_length=pl.Series(np.linalg.norm(text, axis=1)),
        image_cosine=pl.Series(mean_cosine_to_others(image)),
        text_cosine=pl.Series(mean_cosine_to_others(text)),
    )
    return {"rows": measured}


def mean_cosine_to_others(vectors: np.ndarray) -> np.ndarray:
    """Each unit vector's mean cosine to all the others; the mean of these is over all pairs.

    Args:
        vectors: shape (n, d), unit length.

    Returns:
        Shape (n,); zero for a single vector, which has no others.
    """
    others = len(vectors) - 1
    with_itself = vectors @ vectors.sum(axis=0)
    return (with_itself - np.square(vectors).sum(axis=1)) / max(1, others)


def _collection(artifacts: Artifacts, searches: int) -> Frames:
    rows = artifacts.read("embeddings", "item_id", "canonical_id", "text", "error")
    good = rows.filter(pl.col("error").is_null())
    index = artifacts.index()
    counts = {
        "slug": artifacts.slug,
        "embedded": good["canonical_id"].n_unique(),
        "published": index.count(artifacts.slug),
    }
    asked = good.sort("item_id").gather_every(max(1, -(-good.height // searches)))
    recall = [_recall(index, artifacts.slug, np.array(vector)) for vector in asked["text"]]
    return {
        "rows": pl.DataFrame([counts]),
        "searches": asked.select("item_id", recall=pl.Series(recall, dtype=pl.Float64)),
    }


def _recall(index: VectorIndex, slug: str, vector: np.ndarray) -> float:
    def scores(query: np.ndarray, exact: bool) -> list[float]:
        return [hit.score for hit in index.search([slug], query, k=NEAREST, exact=exact)]

    return sampled_recall(vector[np.newaxis].astype(np.float32), scores)
