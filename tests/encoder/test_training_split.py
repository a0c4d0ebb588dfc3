import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlclip_dagster.encoder.split import assign_splits

rows = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12), st.sampled_from(["rug", "sofa"])),
    min_size=1,
    max_size=40,
)


def frame_of(drawn):
    return pl.DataFrame(
        {
            "item_id": [f"shop/{number}" for number in range(len(drawn))],
            "slug": [slug for _, _, slug in drawn],
            "group": [f"shop/g{group}" for group, _, _ in drawn],
            "canonical_id": [f"shop/{canonical}#0" for _, canonical, _ in drawn],
        }
    )


@given(rows, st.integers(0, 5))
def test_nothing_leaks_between_splits(drawn, seed):
    split = assign_splits(frame_of(drawn), seed)
    for column in ("group", "canonical_id"):
        assert split.group_by(column).agg(pl.col("split").n_unique())["split"].max() == 1


@given(rows, st.integers(0, 5), st.randoms(use_true_random=False))
def test_row_order_changes_nothing(drawn, seed, random):
    frame = frame_of(drawn)
    order = list(range(len(frame)))
    random.shuffle(order)
    once = assign_splits(frame, seed).select("item_id", "split")
    again = assign_splits(frame[order], seed).select("item_id", "split")
    assert once.equals(again.sort(pl.col("item_id").str.slice(5).cast(pl.Int64)))


def singles(counts):
    return frame_of(
        [
            (100 * k + i, 100 * k + i, slug)
            for k, (slug, n) in enumerate(counts.items())
            for i in range(n)
        ]
    )


def test_every_type_gives_its_quota():
    split = assign_splits(singles({"rug": 100, "sofa": 40}), seed=7, val=0.1, test=0.2)
    counts = split.group_by("slug", "split").len()
    found = {(slug, name): n for slug, name, n in counts.iter_rows()}
    assert found["rug", "test"] == 20
    assert found["rug", "val"] == 10
    assert found["sofa", "test"] == 8
    assert found["sofa", "val"] == 4


@pytest.mark.parametrize("size", [3, 4])
def test_a_small_type_still_has_a_test_product(size):
    split = assign_splits(singles({"rug": size}), seed=7)
    assert (split["split"] == "test").sum() == 1
    assert (split["split"] == "train").sum() >= 1


def test_a_seed_draws_another_split():
    frame = singles({"rug": 100})
    assert not assign_splits(frame, 1)["split"].equals(assign_splits(frame, 2)["split"])


def held_out(frame):
    return set(assign_splits(frame, seed=7).filter(pl.col("split") == "test")["item_id"])


def test_a_catalog_that_grows_keeps_what_it_held_out():
    """Else a retraining would be compared on products that the one before it was trained on."""
    before, after = held_out(singles({"rug": 200})), held_out(singles({"rug": 220}))
    assert len(before - after) <= 0.1 * len(before)


def test_a_new_variant_with_a_lower_id_moves_no_family():
    frame = singles({"rug": 60, "sofa": 20})
    variants = frame.with_columns(
        item_id="a-" + pl.col("item_id"), canonical_id="a-" + pl.col("canonical_id")
    )
    assert held_out(pl.concat([frame, variants])) >= held_out(frame)


def test_families_that_turn_out_to_be_one_stay_held_out():
    """Two groups share a photograph from now on: trained on or not, they are held out together."""
    frame = singles({"rug": 100})
    out = sorted(held_out(frame))[0]
    learned = next(item for item in frame["item_id"] if item not in held_out(frame))
    together = pl.col("item_id").is_in([out, learned])
    shared = pl.when(together).then(pl.lit("shared")).otherwise("canonical_id")
    assert {out, learned} <= held_out(frame.with_columns(canonical_id=shared))
