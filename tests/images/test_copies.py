"""Copies are recognised as shops make them; other products and colours are not."""

import io
import random

import numpy as np
import polars as pl
import pytest
from PIL import Image

from benchmarks.photograph_copies import MAKERS, copy, jpeg
from vlclip_dagster.images.duplicates import group_duplicates
from vlclip_dagster.images.framing import FRAMES, framed, prints
from vlclip_dagster.images.look import same_picture
from vlclip_dagster.images.rendition import Photograph, intake


def _scene(seed: int, colour: tuple[int, int, int] = (150, 60, 50)) -> Image.Image:
    """A product of a colour in a room: shapes of the seed's own on a shaded wall."""
    chance = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(-1, 1, 480), np.linspace(-1, 1, 600))
    wall = 190 + 25 * x + 20 * np.sin(3 * y + chance.uniform(0, 6)) + chance.normal(0, 3, x.shape)
    pixels = np.repeat(wall[..., None], 3, axis=2)
    for n in range(4):
        cx, cy = chance.uniform(-0.7, 0.7, 2)
        rx, ry = chance.uniform(0.12, 0.4, 2)
        inside = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1
        tint = np.array(colour) if n < 2 else chance.uniform(30, 230, 3)
        pixels[inside] = tint * (0.8 + 0.2 * np.sin(8 * x + n))[inside][:, None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _grouped(photographs: dict[str, Photograph]) -> dict[str, str]:
    names = ["phash", "framed", "tints", "colour", "degenerate", "width", "height", "sha256"]
    rows = [
        {"photo_id": name, **{column: getattr(p, column) for column in names}}
        for name, p in photographs.items()
    ]
    kinds = {"phash": pl.UInt64, "framed": pl.List(pl.UInt64)}
    files = {name: photograph.thumbnail for name, photograph in photographs.items()}
    frame = pl.DataFrame(rows, schema_overrides=kinds)
    groups = group_duplicates(frame, thumbnails=lambda ids: [files[name] for name in ids])
    return dict(groups.select("photo_id", "canonical_id").iter_rows())


@pytest.mark.parametrize("kind", ["reencoded", "resized", "padded", "cropped"])
def test_copies_of_every_kind_find_their_original(kind):
    chance = random.Random(1)
    scenes = {f"s{seed}": _scene(seed) for seed in range(8)}
    photographs = {name: intake(jpeg(scene, 92)) for name, scene in scenes.items()}
    for name, scene in scenes.items():
        photographs[f"{name} copy"] = intake(copy(scene, kind, chance))
    groups = _grouped(photographs)
    found = [groups[name] == groups[f"{name} copy"] for name in scenes]
    assert sum(found) >= (len(found) if kind in ("reencoded", "resized") else len(found) - 1)
    assert len({groups[name] for name in scenes}) == len(scenes)


@pytest.mark.parametrize("kind", MAKERS)
def test_a_colour_variant_is_no_copy_however_it_is_framed(kind):
    pair = {
        "red": intake(jpeg(_scene(3, (150, 60, 50)))),
        "blue": intake(copy(_scene(3, (50, 60, 150)), kind, random.Random(2))),
    }
    assert len(set(_grouped(pair).values())) == 2


def test_a_second_look_refuses_what_hashes_and_colours_let_pass():
    plain = np.full((96, 96, 3), 235, dtype=np.uint8)
    plain[20:80, 30:66] = (120, 120, 125)
    printed = plain.copy()
    printed[44:50, 44:52] = (250, 250, 250)
    assert same_picture(plain, plain.copy(), 4.0)
    assert not same_picture(plain, printed, 4.0)
    assert not same_picture(plain, np.full_like(plain, 235), 4.0)


def _checked(light: tuple[int, int, int]) -> np.ndarray:
    """A checked product, navy and a light colour, that covers a third of a plain picture."""
    picture = np.full((240, 240, 3), 225, dtype=np.uint8)
    row, column = np.indices((120, 160)) // 8
    cloth = np.where(((row + column) % 2)[..., None], light, (30, 35, 80))
    picture[60:180, 40:200] = cloth
    return picture


def test_a_shade_that_only_the_checks_show_is_another_colour():
    cream = _checked((240, 232, 210))
    assert not same_picture(cream, _checked((228, 216, 192)), 4.0)
    coarse = np.asarray(Image.open(io.BytesIO(jpeg(Image.fromarray(cream), 40))))
    assert same_picture(cream, coarse, 4.0)
    assert same_picture(cream, _checked((238, 231, 208)), 4.0)


def test_windows_leave_out_a_plain_border_and_nothing_else():
    picture = np.asarray(_scene(5).resize((160, 200)))
    bordered = np.pad(picture, ((20, 30), (0, 25), (0, 0)), constant_values=255)
    shown = framed(bordered)
    assert len(shown) == FRAMES
    assert shown[0].shape == bordered.shape
    assert shown[1].shape == picture.shape
    assert framed(picture)[1].shape == picture.shape
    blank = np.full((50, 60, 3), 240, dtype=np.uint8)
    assert [window.shape for window in framed(blank)][:2] == [blank.shape, blank.shape]


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 2), (3, 3)])
def test_the_smallest_pictures_have_prints(size):
    found = prints(np.zeros((size[1], size[0], 3), dtype=np.uint8))
    assert len(found.hashes) == FRAMES
    assert found.degenerate
