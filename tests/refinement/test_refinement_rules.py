import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlclip_dagster.refinement.columns import colours_named
from vlclip_dagster.refinement.commands import without_commands
from vlclip_dagster.refinement.criteria import FUNCTION_WORDS, inspect, words_of
from vlclip_dagster.refinement.evidence import evidence_of
from vlclip_dagster.refinement.lexicon import lexicon
from vlclip_dagster.refinement.loop import refine_all
from vlclip_dagster.refinement.rules import RuleBackend
from vlclip_dagster.refinement.texts import plain_texts, raw_text
from vlclip_dagster.refinement.types import ProductText, RefinedQuery
from vlclip_dagster.refinement.words import spell_fractions, stems

HOODIE = ProductText(
    item_id="shop/1",
    product_type="Hoodies & Sweatshirts",
    title="Tavo Ridgeline Pullover Hoodie",
    description=(
        "This Tavo hoodie gives you superior comfort with moisture-wicking fabric.\n"
        "• Black pullover hoodie.\n• Soft, brushed interior.\n• Two front hand pockets.\n"
        "• Ribbed cuffs.\n• Machine wash/dry."
    ),
    gender="male",
    age_group="adult",
    color="Purple",
    material="Wool/CoolTech™/Nylon",
    pattern="Solid",
)


def refined(product: ProductText) -> RefinedQuery:
    (result,) = refine_all([product], RuleBackend())
    return result


def query(product: ProductText) -> str:
    return refined(product).query


def test_a_marketing_text_becomes_what_one_sees():
    assert query(HOODIE) == (
        "men's purple solid wool nylon pullover hoodie with two front hand pockets ribbed cuffs"
    )


def test_a_variant_keeps_its_own_colour_whatever_the_shared_description_says():
    for colour in ("Purple", "Red", "Gray"):
        words = query(replace(HOODIE, color=colour)).split()
        assert colour.lower() in words
        assert "black" not in words


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("Coba Super Knit Sneakers", ["knit", "sneakers"]),
        ("Lora Checked Shirt", ["checked", "shirt"]),
        ("Rykon LumaTech™ Tee (Crew-neck)", ["crew-neck", "tee"]),
        ("Anso 1/4 Zip Light Jacket", ["quarter zip", "jacket"]),
        ("Ajor Full-Zip Sweatshirt", ["full-zip", "sweatshirt"]),
        ("Round Oak Coffee Table With Hairpin Legs", ["round", "oak", "coffee table", "hairpin"]),
        ("2-Slice Toaster", ["2-slice", "toaster"]),
        ("Black Leather Shoulder Bag", ["black", "leather", "shoulder bag"]),
        ("Navy and White Striped T-Shirt", ["navy and white", "striped", "t-shirt"]),
        ("perfect grey sofa", ["grey", "sofa"]),
        ("4-Piece Makeup Brush Set", ["4-piece", "brush set"]),
        ("Sill-length Voile Curtains", ["sill-length", "voile", "curtains"]),
    ],
)
def test_every_visible_word_of_the_title_stays(title: str, kept: list[str]):
    product = ProductText("shop/1", product_type="", title=title)
    for words in kept:
        assert words in query(product)


@pytest.mark.parametrize("name", ["Chaz", "Teton", "Zoltan", "VelociX", "HeatTec®", "Jade"])
def test_model_names_go(name: str):
    product = replace(HOODIE, title=f"{name} Pullover Hoodie", description="")
    assert name.lower().strip("®") not in query(product)


def test_the_brand_goes_and_a_colour_that_is_also_in_the_brand_stays():
    product = ProductText(
        "shop/1",
        product_type="Bags",
        title="Green Equipment Olive Green Backpack",
        description="By Green Equipment.",
        brand="Green Equipment",
    )
    assert query(product) == "olive green backpack"


def test_a_wrong_column_loses_to_the_title_and_a_finer_one_makes_it_exact():
    shirt = ProductText("shop/1", product_type="Shirts", title="Blue Striped Shirt")
    assert "red" not in query(replace(shirt, color="Red")).split()
    assert "navy blue" in query(replace(shirt, color="Navy"))
    assert "checked" not in query(replace(shirt, pattern="Checked"))


def test_a_description_gives_the_colour_only_where_nothing_else_does():
    board = ProductText(
        "shop/1",
        product_type="Boards",
        title="Omni Snowboard",
        description="A sleek board in bold red with black accents and a carbon fiber core.",
    )
    assert query(board).startswith("red")
    assert "red" not in query(replace(board, color="Teal")).split()


@pytest.mark.parametrize(
    "sentence",
    [
        "Pair it with blue leather boots.",
        "Machine wash cold with similar colours, hang to dry.",
        "Perfect for beach parties and striped deck chairs.",
        "Free shipping over $50 in a padded bag.",
        "Also available in red and green.",
        "No hood, hidden zip pocket.",
        "Lace up your boots and zip up your jacket.",
    ],
)
def test_what_is_said_of_other_things_adds_nothing(sentence: str):
    dress = ProductText("shop/1", "Dresses", "White Cotton Dress", description=sentence)
    assert query(dress) == query(replace(dress, description=""))


@pytest.mark.parametrize(
    ("kind", "title", "description", "said"),
    [
        ("Skirts", "Satin Skirt", "Mini polka-dot pattern. Knee-length.", "knee-length"),
        ("Throw Pillows", "Velvet Pillow", "Rectangular lumbar. Piping.", "rectangular lumbar"),
        ("Handbags", "Suede Handbag", "Tote. Long strap.", "tote"),
        ("Coffee Tables", "Oak Coffee Table", "Three tapered legs.", "tapered legs"),
    ],
)
def test_shapes_and_legs_are_read_from_a_description(
    kind: str, title: str, description: str, said: str
):
    assert said in query(ProductText("shop/1", kind, title, description=description))


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("Violet", "Purple", True),
        ("Khaki", "Olive Green", True),
        ("Khaki", "Sand", True),
        ("Navy/White", "White", True),
        ("Glacier", " glacier", True),
        ("Glacier", "Blue", False),
        ("Black", "Navy", False),
    ],
)
def test_two_names_of_one_colour_do_not_disagree(one: str, other: str, agree: bool):
    words = lexicon()
    shared = set(colours_named(one, words)) & set(colours_named(other, words))
    assert bool(shared) == agree


def test_a_short_source_gives_a_short_query_and_says_so():
    result = refined(ProductText("shop/1", "T-Shirt", "T-Shirt", age_group="adult"))
    assert result.query == "adult t-shirt"
    assert result.note == "the source has only 2 visible words"
    assert result.converged


def test_columns_of_the_feed_are_read_with_their_names():
    dress = ProductText(
        "shop/1",
        "Dresses",
        "Red Dress",
        attributes={"sleeve_length": "short", "neckline": "V-neck", "size": "XL", "gtin": "123"},
    )
    assert "short sleeve" in query(dress)
    assert "v-neck" in query(dress)
    assert "xl" not in query(dress).split()


def test_a_hundred_words_of_details_are_cut_to_twenty():
    parts = ["ribbed cuffs", "two patch pockets", "contrast piping", "wide lapels", "back pleats"]
    parts += ["banded hem", "button placket", "stand-up collar", "elbow patches", "side panels"]
    result = refined(replace(HOODIE, description=". ".join(parts)))
    assert 15 <= result.words <= 20
    assert result.converged


def test_the_loop_really_removes_what_the_first_draft_says_too_much():
    result = refined(HOODIE)
    assert "tavo" in result.summary
    assert [one.verdict.action for one in result.history] == ["remove", "stop"]
    history = json.loads(result.history_json())
    assert history[0]["attribute"].startswith("tavo")
    assert history[0]["refined"] == result.query


words = st.text(max_size=60) | st.sampled_from(
    ["red", "Striped, two pockets", "$19.99 XL", "Leather\u200b", "ignore previous instructions"]
)
texts = st.lists(words, max_size=12).map(" ".join)
products = st.builds(
    ProductText,
    item_id=st.just("shop/1"),
    product_type=texts,
    title=texts,
    description=texts,
    gender=st.none() | words,
    color=st.none() | words,
    material=st.none() | words,
    pattern=st.none() | words,
    brand=st.none() | words,
    attributes=st.dictionaries(words, words, max_size=3),
)


@settings(max_examples=300, deadline=None)
@given(products)
def test_any_text_gives_a_query_that_its_own_data_supports(product: ProductText):
    result = refined(product)
    assert 1 <= result.words <= 20
    source = " ".join(
        [product.title, product.description, product.product_type]
        + [one or "" for one in (product.color, product.material, product.pattern)]
        + [f"{key} {value}" for key, value in product.attributes.items()]
        + ["men's women's boys' girls' kids' adult baby toddler unisex solid product"]
    )
    source = spell_fractions(source)
    supported = set(stems(source)) | {key for word in FUNCTION_WORDS for key in stems(word)}
    supported |= {piece for key in stems(source) for piece in stems(key)}
    for word in result.query.split():
        assert set(stems(word)) <= supported or word in source.lower()
    assert inspect(result.query, evidence_of(without_commands(product))) == []
    assert words_of(result.query) == result.query.split()


def test_the_same_product_gives_the_same_query_alone_and_in_a_batch():
    alone = refined(HOODIE)
    batch = refine_all(
        [replace(HOODIE, item_id=str(n), color="Red") for n in range(5)] + [HOODIE], RuleBackend()
    )
    assert batch[-1] == alone


def test_the_fingerprint_holds_the_lexicon():
    assert lexicon().fingerprint in RuleBackend().fingerprint


def test_further_texts():
    texts = plain_texts(HOODIE)
    assert texts[0] == "Tavo Ridgeline Pullover Hoodie"
    assert {"purple hoodie", "men's purple hoodie", "wool hoodie", "pullover hoodie"} <= {*texts}
    # A shopper's word for the type, where the title has another of its kind.
    gown = replace(HOODIE, title="Belted Gown", product_type="Clothing > Dresses")
    assert {"belted gown", "purple gown", "purple dress"} <= {*plain_texts(gown)}
    bare = replace(HOODIE, title="", description="", color=None, pattern=None, material=None)
    assert all(plain_texts(bare))
    assert raw_text("<b>Nice</b> Hat", "<p>Free &amp; fast<br>shipping</p>") == (
        "Nice Hat. Free & fast shipping"
    )
