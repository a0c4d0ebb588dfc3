"""Exports of shop systems and published data sets, as they are, in the shape they come in."""

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from vlclip_dagster.catalog.drops import prepare_drop, read_drop
from vlclip_dagster.catalog.landing import Landed, land
from vlclip_dagster.errors import VlclipError

Record = dict[str, Any]


def landed(path: Path) -> Landed:
    return land(read_drop(path))


def products(path: Path) -> dict[str, Record]:
    found = pl.concat(landed(path).good).rows(named=True)
    return {
        row["id"]: row | {"links": [one["link"] for one in row["photographs"]]} for row in found
    }


def table(path: Path, header: str, *rows: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return path


def document(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


SHOPIFY = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Option1 Value,Variant SKU,"
    "Variant Price,Image Src,Google Shopping / Gender,Variant Image"
)
TEE = ["tee", "Tee", "<p>Soft.</p>", "Acme", "Apparel > Tops", "", "Black", "T-1", "19.90"]


@pytest.mark.parametrize("batch_rows", [2, 100])
def test_the_rows_of_one_shopify_product_are_one_product(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_rows: int
) -> None:
    monkeypatch.setattr("vlclip_dagster.catalog.readers.delimited.BATCH_ROWS", batch_rows)
    more = [["tee", *[""] * 8, f"https://cdn/{n}.jpg", "", ""] for n in (2, 3)]
    variant = ["tee", *[""] * 5, "White", "T-2", "21.90", "", "", "https://cdn/2.jpg"]
    mug = ["mug", "Mug", "", "Acme", "", "Mugs", "", "", "12.00", "https://cdn/m.jpg", "", ""]
    tee = [*TEE, "https://cdn/1.jpg?v=1", "unisex", ""]
    path = table(tmp_path / "products_export_1.csv", SHOPIFY, tee, more[0], variant, more[1], mug)
    found = products(path)
    assert sorted(found) == ["mug", "tee"]
    assert found["tee"]["links"] == [
        *("https://cdn/1.jpg?v=1", "https://cdn/2.jpg", "https://cdn/3.jpg")
    ]
    assert [found["tee"][name] for name in ("product_type", "gender", "price", "description")] == [
        *("Tops", "unisex", 19.9, "Soft.")
    ]
    assert found["mug"]["links"] == ["https://cdn/m.jpg"]
    assert landed(path).bad.height == 0


def test_damaged_lines_of_an_export_cost_no_product(tmp_path: Path) -> None:
    tee = [*TEE, "https://cdn/1.jpg", "unisex", ""]
    path = table(tmp_path / "products_export.csv", SHOPIFY, ["x"] * 20, tee, ["x"] * 20)
    assert list(products(path)) == ["tee"]
    assert [row["row_number"] for rows in landed(path).bad for row in rows.rows(named=True)] == [
        1,
        3,
    ]
    path = table(path, "Handle,Image Src,Title", ["x"] * 20, ["tee", "1.jpg", "Tee"])
    with pytest.raises(VlclipError, match="no column 'product_type'"):
        landed(path)
    path = table(path, "Handle,Image Src", ["tee", "1.jpg"])
    with pytest.raises(VlclipError, match="no column 'title'"):
        landed(path)


def test_a_woocommerce_variation_belongs_to_its_product(tmp_path: Path) -> None:
    path = table(
        tmp_path / "wc-product-export.csv",
        "ID,Type,SKU,Name,Description,Regular price,Categories,Images,Parent",
        [
            "44",
            "variable",
            "tee",
            "Tee",
            r"Soft\nFit: slim",
            "",
            "Men > Tees",
            "https://w/1.jpg, https://w/2.jpg",
            "",
        ],
        ["62", "variation", "tee-red", "Tee - Red", "", "20", "", "https://w/2.jpg", "tee"],
        ["63", "variation, virtual", "", "Tee - Blue", "", "21", "", "", "id:44"],
    )
    found = products(path)
    assert {one["product_type"] for one in found.values()} == {"Tees"}
    assert len({one["item_group_id"] for one in found.values()}) == 1
    assert found["44"]["links"] == found["63"]["links"] == ["https://w/1.jpg", "https://w/2.jpg"]
    assert (found["62"]["links"], found["62"]["price"]) == (["https://w/2.jpg"], 20.0)
    assert found["62"]["description"] == "Soft. Fit: slim"


def test_a_kind_of_record_is_no_product_type(tmp_path: Path) -> None:
    path = table(
        tmp_path / "catalog_product.csv",
        "sku,product_type,categories,name,base_image,additional_images",
        ["B", "configurable", "Root/Gear,Root/Gear/Bags", "Bag", "/b.jpg", "/b.jpg,/c.jpg"],
    )
    assert products(path)["B"]["product_type"] == "Bags"
    assert products(path)["B"]["links"] == ["/b.jpg", "/c.jpg"]


AMAZON = {
    "parent_asin": "B1",
    "title": "Socks",
    "main_category": "Fashion",
    "categories": [],
    "description": [],
    "features": ["Soft cotton.", "Five pairs"],
    "images": [
        {"thumb": "t", "large": "https://a/L1.jpg", "hi_res": "https://a/H1.jpg"},
        {"thumb": "t", "large": "https://a/L2.jpg", "hi_res": None},
    ],
}


def test_reviews_of_amazon_describe_products(tmp_path: Path) -> None:
    other = AMAZON | {
        "parent_asin": "B2",
        "categories": ["Clothing, Shoes & Jewelry", "Women", "Pants"],
        "images": {
            "large": ["https://a/L3.jpg", "https://a/L4.jpg"],
            "hi_res": [None, "https://a/H4.jpg"],
        },
    }
    lines = "\n".join(map(json.dumps, (AMAZON, other)))
    (tmp_path / "meta_Fashion.jsonl").write_text(lines)
    found = products(tmp_path)
    assert found["B1"]["links"] == ["https://a/H1.jpg", "https://a/L2.jpg"]
    assert found["B2"]["links"] == ["https://a/L3.jpg", "https://a/H4.jpg"]
    assert [found[item]["product_type"] for item in ("B1", "B2")] == ["Fashion", "Pants"]
    assert found["B1"]["description"] == "Soft cotton. Five pairs"


WOO = {
    "id": 7,
    "name": "Tee",
    "type": "simple",
    "regular_price": "21.99",
    "categories": [{"id": 9, "name": "Clothing"}, {"id": 14, "name": "Tees"}],
    "images": [{"id": 1, "src": "https://w/1.jpg"}, {"id": 2, "src": "https://w/2.jpg"}],
    "brand": {"@type": "Brand", "name": "ACME"},
    "colors": ["red", "blue"],
}


@pytest.mark.parametrize(
    "wrapped",
    [
        [WOO],
        {"total": 1, "skip": 0, "products": [WOO]},
        {"status": "ok", "data": {"page": 1, "items": [WOO]}, "next": None},
    ],
)
def test_an_answer_of_a_shops_interface_is_its_products(tmp_path: Path, wrapped: Any) -> None:
    found = products(document(tmp_path / "products.json", wrapped))["7"]
    assert found["links"] == ["https://w/1.jpg", "https://w/2.jpg"]
    assert [found[name] for name in ("product_type", "brand", "color", "price")] == [
        *("Tees", "ACME", "red, blue", 21.99)
    ]


def test_a_product_that_holds_a_list_is_no_wrapper(tmp_path: Path) -> None:
    record = {
        "sku": "1",
        "offers": [{"price": "5"}],
        "name": "Mug",
        "type": "Mugs",
        "image": "1.jpg",
    }
    assert list(products(document(tmp_path / "products.json", record))) == ["1"]


def test_lists_as_python_prints_them(tmp_path: Path) -> None:
    cells = ["1", "[Set] Mug", "['Home', \"Mugs & 'cups'\"]", "['a.jpg', 'b,1.jpg']"]
    found = products(table(tmp_path / "items.csv", "id,title,category,images", cells))["1"]
    assert found["links"] == ["a.jpg", "b,1.jpg"]
    assert found["product_type"] == "Mugs & 'cups'"
    assert found["title"] == "[Set] Mug"


def test_repeated_and_numbered_columns_count(tmp_path: Path) -> None:
    path = table(
        tmp_path / "feed.csv",
        "ID,Title,title,type,image link,additional image link,additional image link,Image 7",
        ["1", "", "Mug", "Home | Mugs", "1.jpg", "2.jpg", "3.jpg,4.jpg", "5.jpg"],
        ["2", "Cup", "", "Home | Mugs", "1.jpg", "", "", ""],
        ["", "", "", "", "", "", "", ""],
    )
    found = products(path)
    assert found["1"]["links"] == ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg"]
    assert found["2"]["links"] == ["1.jpg"]
    assert [found[item]["title"] for item in "12"] == ["Mug", "Cup"]
    assert landed(path).bad.height == 0, "an empty row of a spreadsheet is no product"


STYLES = "id,gender,articleType,baseColour,productDisplayName"


def test_photographs_named_by_a_column_are_found_by_a_template(tmp_path: Path) -> None:
    path = table(tmp_path / "styles.csv", STYLES, ["15", "Men", "Shirts", "Navy", "Shirt"])
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "15.jpg").write_bytes(b"photograph")
    with pytest.raises(VlclipError, match=r"mapping\.toml .* image_link = \"images/{id}\.jpg\""):
        products(path)
    template = '[columns]\nimage_link = "images/{id}.jpg"\n'
    (tmp_path / "mapping.toml").write_text(template)
    assert products(path)["15"]["links"] == ["images/15.jpg"]
    assert [image.path for image in prepare_drop(path).images] == ["images/15.jpg"]
    (tmp_path / "mapping.toml").write_text(template.replace("{id}", "{id:.1}/{articleType}-{id}"))
    assert products(path)["15"]["links"] == ["images/1/Shirts-15.jpg"]
    (tmp_path / "mapping.toml").write_text(template.replace("}", ""))
    with pytest.raises(VlclipError, match="write such as"):
        products(path)


def test_the_parts_of_a_table_are_one_catalog(tmp_path: Path) -> None:
    for part in range(2):
        row = {"id": [str(part)], "title": ["Mug"], "category": ["Mugs"], "image_urls": [["a.jpg"]]}
        pl.DataFrame(row).write_parquet(tmp_path / f"train-0000{part}-of-00002.parquet")
    assert sorted(products(tmp_path)) == ["0", "1"]


def test_product_types_that_are_numbers_are_told_of(tmp_path: Path) -> None:
    rows = [["1", "Bowl", "5005", "1.jpg"], ["2", "Mug", "Mugs", "2.jpg"]]
    path = table(tmp_path / "feed.csv", "id,title,google_product_category,image_link", *rows)
    (told,) = landed(path).problems
    assert "such as 5005" in told
    assert "[product_types]" in told


def test_a_title_above_the_header_is_no_header(tmp_path: Path) -> None:
    text = "Products of spring;;;\n\nArtikelnummer;Bezeichnung;Warengruppe;Bild-URL;Geschlecht\n"
    text += "1;Mantel;Damen > Mäntel;1.jpg;Damen\n"
    (tmp_path / "artikel.csv").write_bytes(text.encode("cp1252"))
    (found,) = products(tmp_path).values()
    assert [found[name] for name in ("title", "product_type", "gender")] == [
        *("Mantel", "Mäntel", "female")
    ]
    assert found["links"] == ["1.jpg"]


def test_elements_of_any_shops_xml(tmp_path: Path) -> None:
    images = "<images><image>a.jpg</image><image>b.jpg</image></images>"
    (tmp_path / "feed.xml").write_text(
        f"<shop><product id='1'><name>Mug</name><category>Mugs</category>{images}</product>"
        "<product id='x'><id>2</id><name>Cup</name><category>Cups</category>"
        "<picture url='c.jpg'/><picture>d.jpg</picture></product></shop>"
    )
    found = products(tmp_path)
    assert found["1"]["links"] == ["a.jpg", "b.jpg"]
    assert found["2"]["links"] == ["c.jpg", "d.jpg"]
