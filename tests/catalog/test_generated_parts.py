"""The parts of the generated catalog that hold however many products are asked for."""

import json
from collections import Counter

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlclip_dagster.catalog.generated.brush import Ruler
from vlclip_dagster.catalog.generated.drawing import KINDS, draw_product, measure
from vlclip_dagster.catalog.generated.feed_rows import COLUMNS, feed_row, item_id
from vlclip_dagster.catalog.generated.geometry import box, curve, ellipse, mirrored, tube
from vlclip_dagster.catalog.generated.kinds import draw_look
from vlclip_dagster.catalog.generated.materials import MATERIALS, texture
from vlclip_dagster.catalog.generated.motifs import MOTIFS, plate
from vlclip_dagster.catalog.generated.palette import PALETTE, distance
from vlclip_dagster.catalog.generated.patterns import PATTERNS, pattern_tile
from vlclip_dagster.catalog.generated.pen import Pen, Stage
from vlclip_dagster.catalog.generated.photo import copied, decode, take
from vlclip_dagster.catalog.generated.planning import plan
from vlclip_dagster.catalog.generated.surface import Surface
from vlclip_dagster.catalog.generated.wording import true_words


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 400), st.integers(0, 50))
def test_a_plan_has_the_items_asked_for_and_sound_references(products, seed):
    items = plan(products, seed)
    assert [item.number for item in items] == list(range(products))
    per_type = Counter(item.look.slug for item in items)
    assert max(per_type.values()) - min(per_type.values()) <= 1 or products < len(KINDS)
    for item in items:
        if item.copy_of is not None:
            source = items[item.copy_of]
            assert source.role == "original"
            assert source.look == item.look
            assert source.scene == item.scene


def test_shares_of_copies_variants_and_packshots():
    items = plan(2550, 7)
    roles = Counter(item.role for item in items)
    grouped = Counter(item.shape for item in items if item.role != "copy")
    in_groups = sum(count for count in grouped.values() if count > 1)
    assert roles["copy"] == pytest.approx(0.04 * 2550, abs=2)
    assert in_groups == pytest.approx(0.12 * 2550, abs=25)
    assert np.mean([item.on_white for item in items]) == pytest.approx(1 / 3, abs=0.03)


def test_few_products_share_all_their_visible_attributes():
    items = [item for item in plan(2550, 7) if item.role != "copy"]
    seen = Counter((item.look.slug, json.dumps(true_words(item.look))) for item in items)
    assert sum(count for count in seen.values() if count > 1) < 0.03 * len(items)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.slug)
def test_every_value_of_every_facet_can_be_drawn(kind):
    wanted = {(facet.name, value) for facet in kind.facets for value in facet.values}
    wanted |= {("material", name) for name, _ in kind.materials}
    rng = np.random.default_rng(5)
    for _ in range(400):
        look = draw_look(kind, rng)
        shown = {*look.details, ("material", look.material)}
        if not wanted & shown:
            continue
        wanted -= shown
        extent = measure(look)
        assert 3 < extent.width < 400
        assert 3 < extent.height < 400
    assert not wanted


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.slug)
def test_colour_and_pattern_can_be_seen(kind):
    rng = np.random.default_rng(11)
    looks = [draw_look(kind, rng) for _ in range(6)]
    plain = next((look for look in looks if look.pattern == "solid"), looks[0])
    photo = take(plain, 3, on_white=True)
    x0, y0, x1, y1 = photo.box
    pixels = decode(photo.data)[y0:y1, x0:x1].reshape(-1, 3).astype(float)
    near = np.linalg.norm(pixels - np.array(plain.rgb), axis=1) < 75
    assert near.mean() > 0.08


def test_the_same_look_is_drawn_alike_and_flipped_it_is_as_large():
    look = draw_look(KINDS[3], np.random.default_rng(1))
    assert measure(look) == measure(look)
    masks = []
    for flip in (False, True):
        stage = Stage.blank(240, 240)
        stage.on_hero = True
        draw_product(Pen(stage, 4.0, 160.0 if flip else 60.0, 160.0, 130.0, flip), look)
        masks.append(stage.hero)
    assert (masks[0] > 0).sum() == pytest.approx((masks[1] > 0).sum(), rel=0.02)


def test_what_is_painted_over_the_product_is_not_the_product():
    stage = Stage.blank(100, 100)
    pen = Pen(stage, 1.0, 0, 0, 100)
    stage.on_hero = True
    pen.fill(box(10, 10, 90, 90), Surface((200, 30, 30)))
    stage.on_hero = False
    pen.fill(box(50, 0, 100, 100), Surface((30, 30, 200)))
    assert cv2.boundingRect(stage.hero)[2] == pytest.approx(40, abs=1)


def test_drawing_outside_the_frame_changes_nothing():
    stage = Stage.blank(50, 50)
    pen = Pen(stage, 1.0, 0, 0, 50)
    pen.fill(box(500, 500, 600, 600), Surface((10, 10, 10)))
    pen.line(box(-90, -90, -80, -80), (0, 0, 0), 2)
    assert (stage.rgb == 255).all()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_continue_over_the_edges_of_their_tile(pattern):
    tile = pattern_tile(pattern, 256, PALETTE["navy"], PALETTE["white"], seed=4).astype(int)
    seam = np.abs(tile[:, 0] - tile[:, -1]).mean()
    inside = max(np.abs(tile[:, k] - tile[:, k + 1]).mean() for k in range(0, 255))
    assert seam <= inside + 1


@pytest.mark.parametrize("name", sorted({material.texture for material in MATERIALS.values()}))
def test_textures_are_finite_and_balanced(name):
    field = texture(name)
    assert field.shape == (256, 256)
    assert np.isfinite(field).all()
    assert abs(float(field.mean())) < 0.6


@pytest.mark.parametrize("motif", MOTIFS)
@pytest.mark.parametrize("size", [12, 90])
def test_motifs_cover_a_fair_part_of_their_square(motif, size):
    picture = plate(motif, size, (200, 40, 40), (250, 250, 250), seed=2)
    assert picture.shape == (size, size, 4)
    assert 0.03 < (picture[..., 3] > 127).mean() < 0.9


def test_near_colours_can_still_be_told_apart():
    names = list(PALETTE)
    gaps = [distance(PALETTE[a], PALETTE[b]) for k, a in enumerate(names) for b in names[k + 1 :]]
    assert min(gaps) > 25


def test_geometry_helpers_keep_what_they_are_given():
    corner = curve([(0, 0), (0, 0), (10, 0), (10, 0), (5, 8)])
    assert corner[:, 0].min() >= -0.01
    assert np.allclose(ellipse(1, 2, 3, 4).mean(axis=0), (1, 2), atol=1e-4)
    assert len(mirrored([(0, 0), (4, 1), (0, 3)])) == 4
    limb = tube([(0, 0), (0, 10)], (4, 2))
    assert np.ptp(limb[:, 0]) == pytest.approx(4, abs=0.01)


def test_rulers_measure_lines_with_their_width():
    ruler = Ruler()
    ruler.line(box(0, 0, 10, 10), (0, 0, 0), 2.0)
    assert tuple(ruler.low) == (-1, -1)
    assert tuple(ruler.high) == (11, 11)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 999_999), st.integers(0, 999_999), st.integers(0, 1000))
def test_article_numbers_never_collide(first, second, seed):
    assert (item_id(first, seed) == item_id(second, seed)) == (first == second)


def test_rows_name_what_can_be_seen_somewhere():
    items = plan(170, 3)
    found = 0
    for item in items:
        row = feed_row(item, 3)
        assert tuple(row) == COLUMNS
        text = " ".join(row.values()).lower().replace("-", " ")
        found += item.look.detail("neckline").replace("-", " ") in text
        assert row["product_type"].count(">") in (1, 2)
    assert found > 0.9 * len(items)


@pytest.mark.parametrize("seed", range(6))
def test_resized_copies_stay_legible_and_their_boxes_inside(seed):
    look = draw_look(KINDS[0], np.random.default_rng(2))
    small = copied(take(look, 1, on_white=True), "resized", seed)
    height, width = decode(small.data).shape[:2]
    assert (small.width, small.height) == (width, height)
    assert min(width, height) >= 160
    assert 0 <= small.box[0] < small.box[2] <= width
    assert 0 <= small.box[1] < small.box[3] <= height
