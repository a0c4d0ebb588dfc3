"""Copies are grouped, variants are not, and old groups stay as they were."""

import csv
import io

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vlclip_dagster.images.colour import DIMENSIONS, colour_signature, distance, lab_miniature
from vlclip_dagster.images.duplicates import group_duplicates
from vlclip_dagster.images.rendition import Photograph, intake
from vlclip_dagster.images.settings import DedupSettings

PLAIN = [50.0] * DIMENSIONS
OTHER = [60.0] * DIMENSIONS


def _row(photo_id: str, phash: int, **changes) -> dict:
    row = {
        "photo_id": photo_id,
        "phash": phash,
        "colour": PLAIN,
        "degenerate": False,
        "width": 100,
        "height": 100,
        "sha256": photo_id,
    }
    return row | changes


def _frame(*rows: dict) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema_overrides={"phash": pl.UInt64})


def _groups(frame: pl.DataFrame, previous=None, **options) -> dict[str, str]:
    grouped = group_duplicates(frame, DedupSettings(**options), previous)
    assert grouped["photo_id"].to_list() == frame["photo_id"].to_list()
    return dict(grouped.select("photo_id", "canonical_id").iter_rows())


def _previous(**canonical: str) -> pl.DataFrame:
    """An earlier grouping of photographs whose bytes are as ``_row`` has them."""
    ids = list(canonical)
    columns = {"photo_id": ids, "sha256": ids, "canonical_id": list(canonical.values())}
    return pl.DataFrame(columns)


def test_modes():
    frame = _frame(
        _row("a", 0b0), _row("b", 0b0, colour=OTHER), _row("c", 0b11), _row("d", 0b11111 << 20)
    )
    assert _groups(frame, mode="off") == {"a": "a", "b": "b", "c": "c", "d": "d"}
    assert _groups(frame, mode="exact") == {"a": "a", "b": "a", "c": "c", "d": "d"}
    assert _groups(frame, mode="near") == {"a": "a", "b": "b", "c": "a", "d": "d"}
    assert _groups(frame, mode="near", distance=0)["c"] == "c"


def test_the_largest_is_canonical_then_the_first_name():
    frame = _frame(_row("b", 1), _row("a", 1), _row("c", 1, width=200))
    assert set(_groups(frame).values()) == {"c"}
    assert set(_groups(frame.filter(pl.col("photo_id") != "c")).values()) == {"a"}


def test_groups_do_not_chain():
    frame = _frame(_row("a", 0), _row("b", 0b1111), _row("c", 0b1111_1111))
    assert _groups(frame) == {"a": "a", "b": "a", "c": "c"}


def test_degenerate_hashes_group_by_identical_bytes_only():
    frame = _frame(
        _row("a", 1 << 63, degenerate=True),
        _row("b", 1 << 63, degenerate=True),
        _row("c", 1 << 63, degenerate=True, sha256="a"),
    )
    for mode in ("exact", "near"):
        assert _groups(frame, mode=mode) == {"a": "a", "b": "b", "c": "a"}


def test_an_old_canonical_stays_and_keeps_its_members():
    old = _previous(a="a", b="a")
    frame = _frame(_row("a", 0), _row("b", 0b11), _row("new", 0b1111, width=900))
    assert _groups(frame, old) == {"a": "a", "b": "a", "new": "a"}
    far = _frame(_row("a", 0), _row("b", 0b1111), _row("new", 0b11111111, width=900))
    assert _groups(far, old) == {"a": "a", "b": "a", "new": "new"}


def test_a_member_between_two_old_canonicals_stays_where_it_was():
    old = _previous(a="a", b="b", m="b")
    frame = _frame(_row("a", 0, width=500), _row("m", 0b111), _row("b", 0b111111))
    assert _groups(frame, old) == {"a": "a", "m": "b", "b": "b"}


def test_changed_bytes_and_colours_told_apart_since_end_an_old_membership():
    frame = _frame(_row("a", 0), _row("b", 0b111111))
    assert _groups(frame, _previous(a="a", b="a")) == {"a": "a", "b": "a"}
    changed = frame.with_columns(sha256=pl.col("photo_id") + pl.lit(" anew"))
    assert _groups(changed, _previous(a="a", b="a")) == {"a": "a", "b": "b"}
    told = frame.with_columns(item_group_id=pl.lit("g"), colours=pl.Series([["red"], ["blue"]]))
    assert _groups(told, _previous(a="a", b="a")) == {"a": "a", "b": "b"}


def test_when_the_canonical_is_gone_the_rest_choose_anew():
    old = _previous(gone="gone", a="gone", b="gone")
    frame = _frame(_row("a", 0), _row("b", 0, width=300))
    assert _groups(frame, old) == {"a": "b", "b": "b"}


def test_stated_colours_of_one_item_group_are_variants():
    said = (["black"], ["black", "grey"], ["blue"], None)
    told = [{"item_group_id": "g", "colours": colours} for colours in said]
    rows = [_row(name, 0, **more) for name, more in zip("abcd", told, strict=True)]
    assert _groups(_frame(*rows)) == {"a": "a", "b": "a", "c": "c", "d": "a"}
    rows[2]["sha256"] = "a"
    assert _groups(_frame(*rows))["c"] == "a"


def test_no_photographs():
    frame = _frame(_row("a", 0)).clear()
    assert group_duplicates(frame).is_empty()
    assert group_duplicates(_frame(_row("a", 0)))["group_size"].to_list() == [1]


HASHES = st.lists(
    st.tuples(st.sampled_from([0, 0xFFFF, 0xFFFF_FFFF_0000]), st.integers(0, 63), st.booleans()),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(HASHES, st.integers(0, 8), st.sampled_from(["exact", "near"]))
def test_every_group_keeps_its_promises(drawn, limit, mode):
    rows = [
        _row(f"{i:03}", base ^ (1 << bit), colour=OTHER if other else PLAIN, width=100 + bit)
        for i, (base, bit, other) in enumerate(drawn)
    ]
    frame = _frame(*rows)
    groups = _groups(frame, mode=mode, distance=limit)
    by_id = {row["photo_id"]: row for row in rows}
    for member, canonical in groups.items():
        one, other = by_id[member], by_id[canonical]
        assert groups[canonical] == canonical
        assert (one["phash"] ^ other["phash"]).bit_count() <= (limit if mode == "near" else 0)
        if mode == "near":
            assert one["colour"] == other["colour"]
    canonicals = sorted(set(groups.values()))
    for i, one in enumerate(canonicals):
        for other in canonicals[i + 1 :]:
            apart = (by_id[one]["phash"] ^ by_id[other]["phash"]).bit_count()
            alike = by_id[one]["colour"] == by_id[other]["colour"]
            assert apart > (limit if mode == "near" else 0) or (mode == "near" and not alike)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=1)
    assert _groups(shuffled, _previous(**groups), mode=mode, distance=limit) == groups


def test_pigeonhole_finds_what_comparing_all_pairs_finds():
    random = np.random.default_rng(5)
    bases = random.integers(0, 2**63, 40).astype(np.uint64)
    flips = (np.uint64(1) << random.integers(0, 64, (400, 3)).astype(np.uint64)).sum(axis=1)
    hashes = (bases[random.integers(0, 40, 400)] ^ flips.astype(np.uint64)).tolist()
    frame = _frame(*(_row(f"{i:03}", value) for i, value in enumerate(hashes)))
    groups = _groups(frame)
    expected: dict[str, str] = {}
    for i, value in enumerate(hashes):
        owners = [f"{j:03}" for j in range(i) if expected[f"{j:03}"] == f"{j:03}"
                  and (value ^ hashes[j]).bit_count() <= 4]  # fmt: skip
        expected[f"{i:03}"] = owners[0] if owners else f"{i:03}"
    assert groups == expected


def _product(colour: tuple[int, int, int]) -> Image.Image:
    """A shirt-like shape with folds on white."""
    x, y = np.meshgrid(np.linspace(-1, 1, 400), np.linspace(-1, 1, 500))
    body = (np.abs(x) < 0.45 + 0.1 * y) & (np.abs(y) < 0.75)
    sleeves = (np.abs(x) < 0.8) & (y < -0.3 + 0.2 * x) & (y > -0.75 - 0.2 * x)
    folds = 0.85 + 0.15 * np.sin(9 * x + 4 * y * y)
    pixels = np.full((500, 400, 3), 255.0)
    pixels[body | sleeves] = (np.array(colour) * folds[..., None])[body | sleeves]
    return Image.fromarray(pixels.astype(np.uint8))


def _taken(image: Image.Image, quality: int = 90, scale: float = 1.0, kind: str = "JPEG"):
    size = (round(image.width * scale), round(image.height * scale))
    file = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(file, kind, quality=quality)
    return intake(file.getvalue())


def _photograph_rows(photographs: dict[str, Photograph]) -> pl.DataFrame:
    rows = [
        {"photo_id": name, "phash": p.phash, "colour": list(p.colour), "sha256": p.sha256}
        | {"degenerate": p.degenerate, "width": p.width, "height": p.height}
        for name, p in photographs.items()
    ]
    return pl.DataFrame(rows, schema_overrides={"phash": pl.UInt64})


def test_copies_are_found_at_any_quality_and_size():
    image = _product((170, 40, 60))
    copies = {f"q{q}": _taken(image, quality=q) for q in (40, 60, 95)}
    copies |= {f"s{s}": _taken(image, scale=s) for s in (0.25, 0.5, 2.0)}
    copies |= {"webp": _taken(image, kind="WEBP"), "original": _taken(image)}
    assert len(set(_groups(_photograph_rows(copies)).values())) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((200, 30, 40), (128, 20, 40)),  # red, maroon
        ((40, 70, 190), (25, 35, 90)),  # blue, navy
        ((20, 20, 20), (45, 45, 50)),  # black, charcoal
        ((235, 225, 205), (250, 245, 235)),  # beige, ivory
    ],
)
def test_colour_variants_stay_apart(one, other):
    pair = {"one": _taken(_product(one)), "other": _taken(_product(other))}
    assert len(set(_groups(_photograph_rows(pair)).values())) == 2
    assert distance(pair["one"].colour, pair["other"].colour) > 5


def test_a_signature_has_its_size_and_no_distance_to_itself():
    signature = colour_signature(lab_miniature(np.asarray(_product((10, 90, 40)))))
    assert len(signature) == DIMENSIONS
    assert distance(signature, signature) == 0


@pytest.fixture(scope="module")
def luma(catalogs) -> pl.DataFrame:
    """Every photograph of the luma feed with what its shop says about it."""
    read: dict[str, Photograph] = {}
    rows = []
    with (catalogs / "luma" / "feed.tsv").open(encoding="utf-8", newline="") as feed:
        for item in csv.DictReader(feed, delimiter="\t"):
            links = [item["image_link"], *item["additional_image_link"].split(",")]
            for place, link in enumerate(filter(None, links)):
                if link not in read:
                    read[link] = intake((catalogs / "luma" / link).read_bytes())
                told = {name: item[name] for name in ("item_group_id", "color", "product_type")}
                told["colours"] = [item["color"]]
                rows.append((f"{item['id']}#{place}", read[link], told))
    taken = _photograph_rows({name: photograph for name, photograph, _ in rows})
    return pl.concat([taken, pl.DataFrame([told for *_, told in rows])], how="horizontal")


def test_luma_keeps_its_variants_and_finds_its_copies(luma):
    for _, frame in luma.group_by("product_type"):
        grouped = frame.join(group_duplicates(frame), on="photo_id")
        said = frame.select(
            canonical_id="photo_id", group="item_group_id", said="color", bytes="sha256"
        )
        pairs = grouped.join(said, on="canonical_id")
        merged = pairs.filter(
            pl.col("item_group_id") == pl.col("group"),
            pl.col("color") != pl.col("said"),
            pl.col("sha256") != pl.col("bytes"),
        )
        assert merged.is_empty()
        found = grouped.group_by("sha256").agg(pl.col("canonical_id").n_unique())
        assert found["canonical_id"].max() == 1
