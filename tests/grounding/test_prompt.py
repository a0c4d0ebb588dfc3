"""Prompts are short lower-case phrases with a final dot, from any name a shop may use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlclip_dagster.grounding.prompt import prompt_for


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("T-shirt", "t-shirt."),
        ("Dresses", "dress."),
        ("Coffee Tables", "coffee table."),
        ("Hoodies & Sweatshirts", "hoodie."),
        ("Bras & Tanks", "bra."),
        ("Jeans", "jeans."),
        ("Running Shorts", "running shorts."),
        ("Watches", "watch."),
        ("Couches", "couch."),
        ("Shoes", "shoe."),
        ("Area Rugs", "area rug."),
        ("Accessories", "accessory."),
        ("Cardigans/Sweaters", "cardigan."),
        ("Glass", "glass."),
        ("Canvas", "canvas."),
        ("  SOFA!! ", "sofa."),
        ("coffee_table", "coffee table."),
        ("Men > Tops > Tees", "tee."),
        ("Vases", "vase."),
        ("Bookcases", "bookcase."),
        ("Scarves", "scarf."),
        ("Movies", "movie."),
        ("Boxes", "box."),
        ("Blouses", "blouse."),
        ("Handkerchiefs", "handkerchief."),
        ("???", "product."),
        ("", "product."),
    ],
)
def test_prompts(name, prompt):
    assert prompt_for(name) == prompt


@given(st.text())
def test_any_name_makes_one_prompt(name):
    prompt = prompt_for(name)
    assert prompt == prompt.lower()
    assert prompt.endswith(".")
    assert prompt.count(".") == 1
    assert prompt.strip(". ")
