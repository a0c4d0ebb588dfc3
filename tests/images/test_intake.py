"""A batch of links becomes rows: parallel, resumable, and never worse than what is stored."""

import io

import polars as pl
import pytest
from PIL import Image

from assets.deduped_images import INTAKE_VERSION, take_in, wanted_photographs
from vlclip_dagster.hashing import row_key
from vlclip_dagster.images.fetch import PhotographReader
from vlclip_dagster.images.settings import PhotographSettings
from vlclip_dagster.settings import load_settings
from vlclip_dagster.warehouse import Warehouse


def _jpeg(colour: str) -> bytes:
    file = io.BytesIO()
    picture = Image.new("RGB", (60, 40), "white")
    picture.paste(colour, (10, 10, 40, 30))
    picture.save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def pictures(tmp_path):
    return Warehouse(tmp_path).table("photographs", "shirt")


@pytest.fixture
def run(pictures, tmp_path):
    """Take in products given as id and link; what the refresh counted."""

    def _run(links: dict[str, str], **settings):
        photographs = [[{"link": link, "sha256": None, "size": None}] for link in links.values()]
        kind = pl.List(pl.Struct({"link": pl.String, "sha256": pl.String, "size": pl.Int64}))
        products = pl.DataFrame(
            {"item_id": list(links), "photographs": photographs},
            schema={"item_id": pl.String, "photographs": kind},
        ).with_columns(error=pl.lit(None, pl.String), root=pl.lit(str(tmp_path)))
        chosen = PhotographSettings(private_hosts="127.0.0.1", retries=0, **settings)
        wanted = wanted_photographs(products, 1)
        return take_in(pictures, wanted, PhotographReader(chosen), chosen, "photographs")

    return _run


def _stored(pictures, name: str) -> dict:
    return pictures.read(ids=[f"{name}#0"]).row(0, named=True)


def test_failures_stay_with_their_rows_and_are_tried_again(run, pictures, shop, behind, tmp_path):
    behind.body = _jpeg("red")
    (tmp_path / "text.jpg").write_text("not a picture")
    links = {"a": f"{shop}/image", "b": f"{shop}/gone", "c": "text.jpg", "d": "absent.jpg"}
    counts = run(links)
    assert (counts.computed, counts.failed) == (1, 3)
    assert "404" in _stored(pictures, "b")["error"]
    assert "not a readable" in _stored(pictures, "c")["error"]
    (tmp_path / "text.jpg").write_bytes(_jpeg("blue"))
    counts = run(links)
    assert (counts.kept, counts.computed, counts.failed) == (1, 1, 2)


def test_variants_that_share_a_photograph_ask_for_it_once(run, pictures, shop, behind):
    behind.body = _jpeg("red")
    counts = run(dict.fromkeys("abc", f"{shop}/image"))
    assert counts.computed == 3
    assert len(behind.seen) == 1
    assert _stored(pictures, "a")["sha256"] == _stored(pictures, "c")["sha256"]


def test_a_kept_photograph_is_not_asked_for_before_it_is_due(run, shop, behind):
    behind.body = _jpeg("red")
    run({"a": f"{shop}/versioned"})
    assert run({"a": f"{shop}/versioned"}).kept == 1
    assert len(behind.seen) == 1


def test_a_due_photograph_is_sent_only_if_it_changed(run, pictures, shop, behind):
    behind.body = _jpeg("red")
    links = {"a": f"{shop}/versioned"}
    run(links)
    before = _stored(pictures, "a")
    pictures.upsert(pl.DataFrame([before | {"checked_at": 1}], schema=pictures.schema.columns))
    run(links)
    unchanged = _stored(pictures, "a")
    assert unchanged == before | {"checked_at": unchanged["checked_at"]}
    assert unchanged["checked_at"] > 1
    assert behind.seen[-1][1]["If-None-Match"] == before["etag"]
    behind.body = _jpeg("blue")
    run(links, recheck_days=0)
    assert _stored(pictures, "a")["sha256"] != before["sha256"]


@pytest.mark.parametrize("body", [b"an error page", b""])
def test_an_outage_leaves_what_is_stored(run, pictures, shop, behind, body):
    behind.body = _jpeg("red")
    run({"a": f"{shop}/flaky"})
    before = _stored(pictures, "a")
    behind.body, behind.faults = body, len(body)
    run({"a": f"{shop}/flaky"}, recheck_days=0)
    assert _stored(pictures, "a") == before


def test_a_kill_between_batches_loses_one_batch_at_most(run, pictures, tmp_path, monkeypatch):
    (tmp_path / "1.jpg").write_bytes(_jpeg("red"))
    links = {f"p{n:03}": "1.jpg" for n in range(300)}
    upsert, seen = type(pictures).upsert, []

    def dying(table, rows):
        seen.append(rows.height)
        if len(seen) == 3:
            raise KeyboardInterrupt
        upsert(table, rows)

    monkeypatch.setattr(type(pictures), "upsert", dying)
    with pytest.raises(KeyboardInterrupt):
        run(links)
    monkeypatch.undo()
    counts = run(links)
    assert (counts.kept, counts.computed) == (256, 44)


def test_the_key_follows_the_bytes_or_the_address(tmp_path):
    def key(link, root, sha256=None):
        photograph = {"link": link, "sha256": sha256, "size": None}
        frame = pl.DataFrame({"item_id": ["a"], "photographs": [[photograph]]})
        products = frame.with_columns(
            pl.col("photographs").cast(
                pl.List(pl.Struct({"link": pl.String, "sha256": pl.String, "size": pl.Int64}))
            ),
            error=pl.lit(None, pl.String),
            root=pl.lit(root),
        )
        return wanted_photographs(products, 1)["key"][0]

    assert key("1.jpg", "/a", "abc") == key("2.jpg", "/b", "abc") == row_key(INTAKE_VERSION, "abc")
    assert key("https://shop.example/1.jpg", "/a") == key("https://shop.example/1.jpg", "/b")
    assert key("1.jpg", "https://shop.example/") == key("https://shop.example/1.jpg", "/a")
    assert key("1.jpg", "/a") != key("1.jpg", "/b")


def test_what_decides_the_artifact_is_how_photographs_count_not_how_they_are_fetched():
    def version(**variables):
        return load_settings(variables).code_version("deduped_images")

    assert (
        version(VLCLIP_PHOTOGRAPHS__PER_HOST="9", VLCLIP_PHOTOGRAPHS__S3_BUCKETS="a, b")
        == version()
    )
    for name, value in (("DEDUP__MODE", "exact"), ("PHOTOGRAPHS__PER_PRODUCT", "3")):
        assert version(**{f"VLCLIP_{name}": value}) != version()


def test_names_are_given_divided_by_commas_or_blanks():
    settings = load_settings({"VLCLIP_PHOTOGRAPHS__PRIVATE_HOSTS": "a.example, b.example"})
    assert settings.photographs.private_hosts == {"a.example", "b.example"}
