"""Long HTML descriptions: marketing, care, shipping and returns, with a few facts among them."""

import numpy as np

from vlclip_dagster.catalog.generated.kinds import Kind
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.titles import brand_of
from vlclip_dagster.catalog.generated.wording import (
    colour_phrase,
    detail_phrases,
    material_phrase,
    noun_of,
    pattern_phrase,
    pick,
)

MOJIBAKE_SHARE = 0.04

_OPENINGS = (
    "Meet your new favourite: the piece our team could not stop talking about.",
    "Effortless from Monday's first coffee to Sunday's last song.",
    "Some things never go out of style, and this is one of them.",
    "Designed in our own studio and made in small batches, because good things take time.",
    "We asked what you wanted and you told us: comfort first, looks a very close second.",
    "A little luxury for every day, at a price that makes sense.",
    "Turn heads without trying. That is the idea, anyway.",
    "As seen in this season's lookbook &mdash; and gone from our shelves twice already!",
    "The details make it, and we have sweated every single one.",
)
_MARKETING = (
    "Our customers give it 4.8 out of 5 stars.",
    "Goes with everything you already own.",
    "A perfect gift for birthdays, anniversaries or no reason at all.",
    "Part of our conscious line: fewer chemicals, less water, more love.",
    "Whether you dress it up or keep it simple, it just works.",
    "Style it with our matching pieces and save 10&nbsp;% at the checkout.",
    "Quality you can feel the moment you open the box.",
    "From café mornings to soirée nights – it’s the one.",
    "Rated &ldquo;a must-have&rdquo; by people who ought to know.",
    "Black Friday price! Only while stocks last.",
    "Also available in other colours, see the links below.",
    "Our model is 178 cm tall and wears a size S.",
    "White glove delivery available in selected cities.",
)
_CARE = {
    "fashion": (
        "Machine wash cold with similar colours, do not bleach, do not tumble dry.",
        "Hand wash only. Dry flat in the shade. Iron on low if needed.",
        "Dry clean only. Store on a padded hanger.",
        "Wipe with a damp cloth. Keep away from direct heat.",
    ),
    "home": (
        "Wipe clean with a soft dry cloth. Do not use abrasive cleaners.",
        "Spot clean only. Vacuum regularly on a low setting.",
        "Assembly required (about 20 minutes). All tools are in the box.",
        "Keep out of direct sunlight to prevent fading.",
    ),
}
_SHIPPING = (
    "Free shipping on orders over $75. Dispatched within 24 hours from our warehouse.",
    "Ships in 2&ndash;4 working days. Express delivery available at the checkout.",
    "Delivery to the kerb. Signature required. We ship to 32 countries.",
)
_RETURNS = (
    "Not happy? Send it back within 30 days for a full refund, no questions asked.",
    "Returns accepted within 14 days, unworn and with all tags attached.",
    "Covered by our 2-year warranty against manufacturing faults.",
)
_UNSEEN_FACTS = (
    "SKU checked by hand", "Country of origin: Portugal", "Vegan friendly", "OEKO-TEX certified",
    "Gift box included", "Ethically made", "Hypoallergenic", "Made to last", "Recyclable packaging",
)  # fmt: skip


def description(look: Look, kind: Kind, gender: str, rng: np.random.Generator) -> str:
    """Write the HTML of a product page; the facts are true, the rest is noise."""
    family = "fashion" if gender else "home"
    facts = _facts(look, rng)
    style = int(rng.integers(4))
    praise = [pick(_MARKETING, rng) for _ in range(int(rng.integers(1, 4)))]
    intro = [pick(_OPENINGS, rng), _sentence(look, kind, rng), *dict.fromkeys(praise)]
    blocks = [f"<p>{' '.join(intro)}</p>"]
    if style == 0:
        blocks.append("<ul>\n" + "\n".join(f"  <li>{fact}</li>" for fact in facts) + "\n</ul>")
    elif style == 1:
        blocks.append("<p>" + "<br />\n".join(f"&bull; {fact}" for fact in facts) + "</p>")
    elif style == 2:
        blocks.append(f'<div class="details"><b>Details:</b> {"; ".join(facts)}.</div>')
    else:
        blocks.append("<p>" + ". ".join(fact[:1].upper() + fact[1:] for fact in facts) + ".</p>")
    blocks += _small_print(family, rng)
    text = "\n".join(blocks)
    # Some shops export UTF-8 and read it back as Latin-1.
    return text.encode().decode("latin-1") if rng.random() < MOJIBAKE_SHARE else text


def _facts(look: Look, rng: np.random.Generator) -> list[str]:
    """Visible attributes, most of them, shuffled among things that cannot be seen."""
    before, after = detail_phrases(look, rng)
    facts = [*before, *after]
    facts.append(
        f"colour: {colour_phrase(look, rng)}" if rng.random() < 0.7 else colour_phrase(look, rng)
    )
    if look.pattern != "solid":
        facts.append(
            f"{pattern_phrase(look, rng)} pattern" if not look.motif else pattern_phrase(look, rng)
        )
    material = material_phrase(look, rng)
    facts.append(f"{int(rng.integers(6, 11)) * 10}% {material}" if rng.random() < 0.4 else material)
    facts = [fact for fact in facts if rng.random() < 0.86]
    unseen = [pick(_UNSEEN_FACTS, rng) for _ in range(int(rng.integers(1, 4)))]
    merged = facts + list(dict.fromkeys(unseen))
    rng.shuffle(merged)
    return merged


def _sentence(look: Look, kind: Kind, rng: np.random.Generator) -> str:
    """One sentence about the product itself, sometimes with what can be seen."""
    noun, brand = noun_of(kind, rng), brand_of(look.seed)
    plural = noun.endswith("s") and not noun.endswith("ss")
    if rng.random() < 0.35:
        this, verb = ("These", "are") if plural else ("This", "is")
        return f"{this} {noun} by {brand} {verb} everything you have been looking for."
    before, _ = detail_phrases(look, rng)
    words = [pattern_phrase(look, rng), material_phrase(look, rng), *before[:2]]
    shown = " ".join(word for word in words if word and rng.random() < 0.7)
    verb = pick(("bring", "add", "lend"), rng) + ("" if plural else "s")
    text = f"The {brand} {shown} {noun} {verb} quiet confidence to any day."
    return text.replace("  ", " ")


def _small_print(family: str, rng: np.random.Generator) -> list[str]:
    """Care, sizes, shipping and returns."""
    blocks = [f"<h4>Care</h4>\n<p>{pick(_CARE[family], rng)}</p>"]
    if family == "fashion" and rng.random() < 0.3:
        rows = "".join(
            f"<tr><td>{size}</td><td>{84 + 4 * k}</td><td>{66 + 4 * k}</td></tr>\n"
            for k, size in enumerate(("XS", "S", "M", "L", "XL"))
        )
        blocks.append(
            f"<table>\n<tr><th>Size</th><th>Chest</th><th>Waist</th></tr>\n{rows}</table>"
        )
    elif family == "home" and rng.random() < 0.4:
        w, d, h = (int(v) for v in rng.integers(20, 200, 3))
        blocks.append(f"<p>Dimensions: {w} x {d} x {h} cm</p>")
    blocks.append(f"<p>{pick(_SHIPPING, rng)} {pick(_RETURNS, rng)}</p>")
    if rng.random() < 0.5:
        blocks.append(f"<p><i>{pick(_MARKETING, rng)}</i></p>")
    rng.shuffle(blocks)
    return blocks
