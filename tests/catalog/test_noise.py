"""Phrases about the shop go, words about the product stay."""

import polars as pl
import pytest

from vlclip_dagster.catalog.noise import without_noise


def title(text: str) -> str:
    return without_noise(pl.Series([text]), title=True)[0]


def description(text: str) -> str:
    return without_noise(pl.Series([text]))[0]


@pytest.mark.parametrize(
    ("noisy", "quiet"),
    [
        ("Red Mug | Free Shipping", "Red Mug"),
        ("Best Seller! Red Mug", "Red Mug"),
        ("Red Mug Best Seller Free Shipping Blue", "Red Mug Blue"),
        ("50% OFF Wool Rug (free shipping)", "Wool Rug"),
        ("Tasse – kostenloser Versand", "Tasse"),
        ("Robe bleue - Livraison gratuite", "Robe bleue"),
        ("Vestido rojo, envío gratis", "Vestido rojo"),
        ("Tappeto di lana | Spedizione gratuita", "Tappeto di lana"),
        ("red red dress", "red dress"),
        ("Red Dress, Summer Dress, Red Dress", "Red Dress, Summer Dress"),
        ("Wool hat wool hat", "Wool hat"),
    ],
)
def test_noise_goes_from_titles(noisy: str, quiet: str) -> None:
    assert title(noisy) == quiet


@pytest.mark.parametrize(
    ("noisy", "quiet"),
    [
        ("Wool. Machine wash cold, do not tumble dry. Made in Peru.", "Wool. Made in Peru."),
        ("Soft cotton, machine wash.", "Soft cotton."),
        ("Soft cotton. Machine wash/dry. Blue.", "Soft cotton. Blue."),
        ("Soft cotton. Machine wash/line dry.", "Soft cotton."),
        ("Blue. Machine wash and tumble dry low.", "Blue."),
        ("Oak. Ships within 24 hours from Texas.", "Oak."),
        ("Model is 6'1\" and wears size M. Blue jeans.", "Blue jeans."),
        ("Please note: colours may vary slightly due to your monitor. Blue.", "Blue."),
        ("Note: Please allow 1-3 cm error due to manual measurement. Red.", "Red."),
        ("100% brand new and high quality! Red.", "Red."),
        ("Eiche. Maschinenwäsche 30 °C, nicht bleichen.", "Eiche."),
        ("Size guide: please check our size chart before ordering. Tee.", "Tee."),
        ("Soft cotton, machine wash, blue.", "Soft cotton, blue."),
        ("Care: Machine wash cold tumble dry low. Blue.", "Blue."),
        ("Free shipping on orders over $50. Oak legs.", "Oak legs."),
        ("Ships within 3-5 business days! Oak.", "Oak."),
        ("30-day money-back guarantee. Navy.", "Navy."),
        ("Oak. Please contact us with any questions.", "Oak."),
        ("Weicher Stoff. Maschinenwäsche bei 30 °C, nicht bleichen.", "Weicher Stoff."),
        ("Coton doux. Lavage en machine à 30 °C.", "Coton doux."),
        ("Algodón suave. Lavar a mano.", "Algodón suave."),
        ("Cotone morbido. Lavare a mano, non candeggiare.", "Cotone morbido."),
        ("A soft soft rug.", "A soft rug."),
    ],
)
def test_noise_goes_from_descriptions(noisy: str, quiet: str) -> None:
    assert description(noisy) == quiet


@pytest.mark.parametrize(
    "meaning",
    [
        "Our best seller in summer has oak legs.",
        "This is new, and it is a deal breaker",
        "A machine wash cold enough for silk",
        "Stone wash denim with a free spirit",
        "Ironed pleats, line drawing of a dry lake",
        "A pom pom hat and a cha cha skirt",
        "Brand-new mug shape 10 10 cm",
        "Free Shipping",
        "New York print",
    ],
)
def test_what_carries_meaning_stays(meaning: str) -> None:
    assert title(meaning) == description(meaning) == meaning or "best seller" in meaning
    assert description(meaning) == meaning


def test_cleaning_twice_changes_nothing_more() -> None:
    texts = pl.Series(["Oak. Free shipping. Hand wash only. Red red.", None, "Plain"])
    once = without_noise(texts)
    assert without_noise(once).to_list() == once.to_list() == ["Oak. Red.", None, "Plain"]
