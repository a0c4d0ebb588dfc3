"""Feeds of every kind as shops export them, quirks included."""

import gzip
import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from vlclip_dagster.catalog.drops import prepare_drop, read_drop
from vlclip_dagster.catalog.feeds import read_feed
from vlclip_dagster.catalog.landing import land
from vlclip_dagster.catalog.mapping import FeedKind, FeedMapping
from vlclip_dagster.catalog.table import Batch
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.hashing import content_hash

PRODUCT = {"id": "1", "title": "Red mug", "product_type": "Home > Mugs", "image_link": "1.jpg"}


def only(path: Path, **options: object) -> Batch:
    (batch,) = read_feed(path, **options)
    return batch


def record(path: Path, **options: object) -> dict[str, str]:
    (row,) = only(path, **options).rows.rows(named=True)
    return {name: value for name, value in row.items() if value is not None}


def merchant(*items: str, root: str = "rss", head: str = "") -> str:
    names = 'xmlns:g="http://base.google.com/ns/1.0" xmlns="http://www.w3.org/2005/Atom"'
    return f'<?xml version="1.0"?>{head}<{root} {names}>{"".join(items)}</{root}>'


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


ITEM = (
    "<item><title>Mug &amp; cup</title><g:id>1</g:id><g:title>Red mug</g:title>"
    "<description><![CDATA[<p>Soft & <b>warm</b></p>]]></description>"
    "<g:product_type>Home &gt; Mugs</g:product_type><g:product_type>Other</g:product_type>"
    "<g:image_link>1.jpg</g:image_link><g:item_group_id>G</g:item_group_id>"
    "<g:additional_image_link>2.jpg</g:additional_image_link>"
    "<g:additional_image_link>3,b.jpg</g:additional_image_link>"
    "<g:shipping><g:country>US</g:country><g:price>5 USD</g:price></g:shipping>"
    "<c:shade>deep &nbsp; red, AT&T</c:shade></item>"
)


def test_an_rss_item_is_a_product(tmp_path: Path) -> None:
    found = record(write(tmp_path / "feed.xml", merchant(f"<channel>{ITEM}</channel>")))
    assert found == {
        "row_number": 1,
        "title": "Red mug",
        "id": "1",
        "description": "<p>Soft & <b>warm</b></p>",
        "product_type": "Home > Mugs",
        "image_link": "1.jpg",
        "item_group_id": "G",
        "additional_image_link": '["2.jpg", "3,b.jpg"]',
        "shipping": '{"country": "US", "price": "5 USD"}',
        "shade": "deep &nbsp; red, AT&T",
    }


def test_an_atom_entry_with_its_link_and_markup_is_a_product(tmp_path: Path) -> None:
    entry = (
        "<entry><g:id>1</g:id><title>Mug</title><link rel='alternate' href='https://s/1'/>"
        "<summary type='xhtml'><div>two <b>words</b></div></summary></entry>"
    )
    path = write(tmp_path / "feed.xml", merchant(entry, entry.replace(">1<", ">2<"), root="feed"))
    rows = only_rows(path)
    assert rows["id"].to_list() == ["1", "2"]
    assert rows["link"][0] == "https://s/1"
    assert "two <b" in rows["description"][0]


def only_rows(path: Path) -> pl.DataFrame:
    """Rows alone; a feed that lacks a column is told of only after them."""
    return next(iter(read_feed(path))).rows


def test_a_hundred_attributes_are_kept(tmp_path: Path) -> None:
    extra = "".join(f"<g:custom_{n}>v{n}</g:custom_{n}>" for n in range(100))
    text = merchant(ITEM.replace("</item>", f"{extra}</item>"))
    assert record(write(tmp_path / "feed.xml", text))["custom_99"] == "v99"


@pytest.mark.parametrize(
    "broken",
    [
        "<item><g:id>9</g:id><title>cut",
        "<item><g:id>9</g:wrong></item>",
        "<item><g:id>9</g:id><title><![CDATA[open</title></item>",
        "<item><!DOCTYPE x><g:id>9</g:id></item>",
    ],
)
def test_a_broken_product_costs_no_other(tmp_path: Path, broken: str) -> None:
    path = write(tmp_path / "feed.xml", merchant(ITEM, broken, ITEM.replace(">1<", ">3<")))
    batch = only(path)
    assert batch.rows["id"].to_list() == ["1", "3"]
    assert [row.row_number for row in batch.broken] == [2]
    assert "not well-formed" in batch.broken[0].reason


def test_entities_of_a_document_are_neither_expanded_nor_fetched(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", "password")
    bombs = "".join(f'<!ENTITY b{n + 1} "{f"&b{n};" * 10}">' for n in range(12))
    head = f'<!DOCTYPE rss [<!ENTITY b0 "ha"><!ENTITY x SYSTEM "{secret.as_uri()}">{bombs}]>'
    item = ITEM.replace("Red mug", "Red mug &x; &b12;")
    assert record(write(tmp_path / "feed.xml", merchant(item, head=head)))["title"] == (
        "Red mug &x; &b12;"
    )


def test_xml_in_the_encoding_it_declares(tmp_path: Path) -> None:
    text = merchant(ITEM.replace("Red mug", "Красная кружка")).replace(
        '"1.0"?', '"1.0" encoding="windows-1251"?', 1
    )
    (tmp_path / "feed.xml").write_bytes(text.encode("cp1251"))
    assert record(tmp_path / "feed.xml")["title"] == "Красная кружка"


def test_a_feed_packed_with_zstd(tmp_path: Path) -> None:
    lines = json.dumps(PRODUCT).encode() + b"\n"
    with pa.output_stream(tmp_path / "feed.jsonl.zst", compression="zstd") as stream:
        stream.write(lines * 3)
    path = tmp_path / "feed.jsonl.zst"
    assert only(path).rows["row_number"].to_list() == [1, 2, 3]
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(VlclipError, match=r"feed\.jsonl\.zst can't be read"):
        list(read_feed(path))


def test_a_list_in_an_object_is_read_as_the_list(tmp_path: Path) -> None:
    text = json.dumps({"products": [PRODUCT, PRODUCT | {"id": "2"}], "page": 1})
    assert only(write(tmp_path / "feed.json", text)).rows["id"].to_list() == ["1", "2"]


def test_what_is_no_object_in_an_array_costs_no_object(tmp_path: Path) -> None:
    text = json.dumps([None, PRODUCT, 7, "x", PRODUCT | {"id": "2"}])
    batch = only(write(tmp_path / "feed.json", text))
    assert batch.rows["id"].to_list() == ["1", "2"]
    assert [row.row_number for row in batch.broken] == [1, 3, 4]


def test_a_long_document_is_read_in_parts(tmp_path: Path) -> None:
    items = (ITEM.replace(">1<", f">{n}<").replace("Soft", "x" * 2_000) for n in range(1_200))
    batches = list(read_feed(write(tmp_path / "feed.xml", merchant(*items))))
    assert [row for batch in batches for row in batch.rows["id"]] == [str(n) for n in range(1_200)]


def test_a_long_array_is_read_in_parts(tmp_path: Path) -> None:
    rows = [PRODUCT | {"id": str(n), "description": "x" * 2_000} for n in range(1_500)]
    batches = list(read_feed(write(tmp_path / "feed.json", json.dumps(rows))))
    assert [row for batch in batches for row in batch.rows["id"]] == [row["id"] for row in rows]


def test_a_first_line_for_excel_names_the_delimiter(tmp_path: Path) -> None:
    text = "sep=;\nid;title;product_type;image_link\n1;a, b;Mugs;1.jpg\n"
    assert record(write(tmp_path / "feed.csv", text))["title"] == "a, b"


def test_a_format_overrides_what_is_recognised(tmp_path: Path) -> None:
    path = write(tmp_path / "feed.txt", "\n" + json.dumps([PRODUCT], indent=1))
    assert read_feed(path).kind is FeedKind.JSON
    mapping = FeedMapping(format=FeedKind.JSONL)
    with pytest.raises(VlclipError, match="no products"):
        list(read_feed(path, mapping))


def test_embedded_photographs_become_files_named_by_their_content(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    images = [{"bytes": b"\xff\xd8one", "path": "../../etc/x.jpg"}, {"bytes": None, "path": "p"}]
    frame = pl.DataFrame(
        {"item_ID": ["a", "b"], "text": ["Red dress", "Hat"], "category3": ["Dresses", "Hats"]}
    ).with_columns(image=pl.Series(images, dtype=pl.Struct({"bytes": pl.Binary, "path": pl.Utf8})))
    frame.write_parquet(folder / "products.parquet")
    landed = land(read_drop(folder), tmp_path / "kept")
    (row,) = pl.concat(landed.good).rows(named=True)
    digest = content_hash(b"\xff\xd8one")
    assert (row["title"], row["slug"], row["root"]) == (
        *("Red dress", "dresses", str(tmp_path / "kept")),
    )
    assert [image["sha256"] for image in row["photographs"]] == [digest]
    assert Path(row["root"], row["photographs"][0]["link"]).read_bytes() == b"\xff\xd8one"
    assert [file.name for file in (tmp_path / "kept").rglob("*") if file.is_file()] == [digest]
    assert "it has no image_link" in next(iter(landed.bad))["reasons"][0]


def test_a_binary_image_column_is_photographs_too(tmp_path: Path) -> None:
    frame = pl.DataFrame({**{name: [text] for name, text in PRODUCT.items()}, "img": [b"png"]})
    frame.drop("image_link").write_parquet(tmp_path / "feed.parquet")
    found = record(tmp_path / "feed.parquet", store=tmp_path / "kept")
    digest = content_hash(b"png")
    assert json.loads(found["image_link"]) == [f"{digest[:2]}/{digest}"]


LISTING = {
    "item_id": "B01",
    "item_name": [
        {"language_tag": "de_DE", "value": "Roter Becher"},
        {"language_tag": "en_US", "value": "Red mug"},
    ],
    "product_type": [{"value": "DRINKING_CUP"}],
    "bullet_point": [
        {"language_tag": "en_US", "value": "Glazed"},
        {"language_tag": "en_US", "value": "Large"},
    ],
    "color": [{"language_tag": "en_US", "value": "Red", "standardized_values": ["red"]}],
    "main_image_id": "m1",
    "other_image_id": ["o1", "gone"],
}


def test_berkeley_listings_with_their_images(tmp_path: Path) -> None:
    (tmp_path / "images" / "small" / "ab").mkdir(parents=True)
    (tmp_path / "images" / "small" / "ab" / "m1.jpg").write_bytes(b"photograph")
    index = "image_id,height,width,path\nm1,1,1,ab/m1.jpg\no1,1,1,cd/o1.jpg\n"
    (tmp_path / "images.csv.gz").write_bytes(gzip.compress(index.encode()))
    lines = "\n".join(json.dumps(one) for one in (LISTING, LISTING | {"item_id": "B02"}))
    (tmp_path / "listings_0.json.gz").write_bytes(gzip.compress(lines.encode()))
    manifest = prepare_drop(tmp_path)
    assert sorted(feed.path for feed in manifest.feeds) == ["images.csv.gz", "listings_0.json.gz"]
    assert [image.path for image in manifest.images] == ["images/small/ab/m1.jpg"]
    row = pl.concat(land(read_drop(tmp_path)).good).row(0, named=True)
    assert (row["title"], row["product_type"], row["color"]) == ("Red mug", "Drinking cup", "Red")
    assert row["description"] == "Glazed. Large"
    links = [image["link"] for image in row["photographs"]]
    assert links == ["images/small/ab/m1.jpg", "images/small/cd/o1.jpg"]
