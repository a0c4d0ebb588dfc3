"""Names of feed columns: one spelling, and what other systems call the columns read here.

What belongs here: the table of aliases, and bringing a frame's columns under our names. What does
not: values.
"""

import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from string import Formatter

import polars as pl

REQUIRED = ("id", "title", "product_type", "image_link")
"""Columns without which a feed can't be read."""
MAX_COLUMNS = 1_000
"""Columns of a feed that are kept; further ones are dropped and told of."""
RESERVED = ("row_number", "feed", "root")
"""Columns that reading a feed adds itself."""
READ = (
    *("id", "title", "description", "product_type", "item_group_id", "gender", "age_group"),
    *("color", "material", "pattern", "brand", "price", "currency", "link"),
    *("image_link", "additional_image_link", "deleted", "action"),
)
"""Columns that mean something here; all others are attributes."""

# Our name: what it is called elsewhere, in order of preference, spelled as `column_name` does.
ALIASES: dict[str, tuple[str, ...]] = {
    "id": (
        *("item_id", "product_id", "offer_id", "sku", "article_id", "asin", "item_identifier"),
        *("parent_asin", "uniq_id", "article_number", "item_number", "handle"),
    ),
    "title": (
        *("name", "product_name", "product_title", "product_display_name", "item_name", "text"),
        "prod_name",
    ),
    "description": (
        *("product_description", "body_html", "body", "long_description", "desc", "detail_desc"),
        *("content", "summary", "short_description", "features", "bullet_points"),
    ),
    "product_type": (
        "type",
        "category",
        "product_category",
        "article_type",
        "category_name",
        "categories",
        "product_types",
        "product_type_name",
        "google_product_category",
        "fb_product_category",
        *("category3", "category2", "category1", "category_3", "category_2", "category_1"),
        *("product_category_tree", "sub_category", "subcategory", "main_category"),
    ),
    "image_link": (
        *("image", "image_url", "main_image", "img", "img_url", "image_src", "picture"),
        *("base_image", "primary_image"),
    ),
    "additional_image_link": (
        "additional_image_links",
        "additional_images",
        "additional_image_urls",
        "other_images",
        "images",
        "image_urls",
        "image_links",
        "photos",
        "pictures",
        "gallery",
    ),
    "item_group_id": ("group_id", "parent_id", "parent_sku", "variant_group"),
    "color": (
        *("colour", "base_colour", "base_color", "color_name", "colour_name"),
        *("colour_group_name", "colors", "colours"),
    ),
    "material": ("fabric", "fabric_type", "materials"),
    "brand": ("vendor", "manufacturer", "brand_name"),
    "gender": ("sex", "target_gender"),
    "age_group": ("agegroup", "target_age_group"),
    "price": ("regular_price", "list_price", "current_price", "variant_price", "retail_price"),
    "currency": ("price_currency", "currency_code"),
    "link": ("url", "product_url", "product_link"),
}

# The same in German, French, Spanish and Italian, as Google's feeds and shops' tables have them.
_TRANSLATED: dict[str, tuple[str, ...]] = {
    "id": ("artikelnummer", "artikel_nr", "référence", "referencia", "codice", "código"),
    "title": ("titel", "bezeichnung", "artikelbezeichnung", "titre", "título", "titolo", "nome"),
    "description": ("beschreibung", "descripción", "descrizione"),
    "product_type": (
        *("produkttyp", "kategorie", "warengruppe", "type_de_produit", "catégorie"),
        *("tipo_de_producto", "categoría", "tipo_di_prodotto", "categoria"),
    ),
    "image_link": (
        *("bildlink", "bild", "bild_url", "lien_image", "image_produit", "enlace_imagen"),
        *("imagen", "link_immagine", "immagine"),
    ),
    "additional_image_link": ("zusätzlicher_bildlink", "weitere_bilder", "bilder", "imágenes"),
    "item_group_id": ("artikelgruppen_id",),
    "color": ("farbe", "couleur", "colore"),
    "material": ("matière", "materiale"),
    "pattern": ("muster", "motif", "patrón", "motivo"),
    "brand": ("marke", "hersteller", "marque", "marca"),
    "gender": ("geschlecht", "sexe", "sexo", "género", "sesso", "genere"),
    "age_group": ("altersgruppe", "tranche_d_âge", "grupo_de_edad", "fascia_d_età"),
    "price": ("preis", "prix", "precio", "prezzo"),
    "currency": ("währung", "devise", "moneda", "valuta"),
}
for _ours, _called in _TRANSLATED.items():
    ALIASES[_ours] = (*ALIASES.get(_ours, ()), *_called)

# What shop systems call a kind of record where others name the product's type.
_RECORD_KIND = (
    r"(?i)^(?:simple|variable|variation|grouped|external|configurable|bundle|virtual|downloadable"
    r"|product)(?:, ?(?:virtual|downloadable))*$"
)
_PHOTOGRAPHS = ("image_link", "additional_image_link")
_CALLED = [called for ours in _PHOTOGRAPHS for called in (ours, *ALIASES[ours])]
_NUMBERED_PHOTOGRAPH = re.compile(rf"(?:{'|'.join(_CALLED)})_?\d+")
_COPY = re.compile(r"_\d+$")
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORD = re.compile(r"[^\w]+|_+")


def column_name(raw: str) -> str:
    """A header as a name: ``"Image Link"``, ``"imageLink"`` and ``"g:image_link"`` are one."""
    text = unicodedata.normalize("NFKC", raw).strip().removeprefix("g:")
    text = text.removeprefix("Google Shopping / ")  # Shopify's export
    return _NOT_WORD.sub("_", _WORD_START.sub("_", text).lower()).strip("_")[:64]


def canonical_names(headers: Sequence[str]) -> list[str]:
    """The name of each column in our spelling, unique; empty and repeated ones are numbered.

    Args:
        headers: the columns as the feed writes them, in order.
    """
    taken = set(RESERVED) | {name for header in headers if (name := column_name(header))}
    seen: set[str] = set(RESERVED)
    result = []
    for position, header in enumerate(headers, start=1):
        name = column_name(header)
        unique, copy = name or f"column_{position}", 2
        while unique in seen or (unique != name and unique in taken):
            unique, copy = f"{name or 'column'}_{copy}", copy + 1
        seen.add(unique)
        result.append(unique)
    return result


def canonical(frame: pl.DataFrame, renamed: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """The columns of a feed under our names.

    A column of ours is filled, row by row, with the first value there is: in the columns that
    ``renamed`` names for it, else in its own, however spelled and repeated, and its aliases. What
    filled it stands there alone; but photographs in numbered columns all count.

    Args:
        frame: text, under the feed's own headers.
        renamed: our name → headers of the feed, or templates of them, from a mapping file.
    """
    names = canonical_names(frame.columns)
    by_header = dict(zip(frame.columns, names, strict=True))
    # One record may say "productType" where the next says "product type".
    spelled: defaultdict[str, list[str]] = defaultdict(list)
    for header, name in by_header.items():
        spelled[column_name(header)].append(name)
    for name in names:
        copied = _COPY.sub("", name)
        if copied in names and name not in spelled[copied]:
            spelled[copied].append(name)
    frame = frame.rename(by_header)
    for ours, headers in renamed.items():
        frame = frame.with_columns(_composed(frame, one) for one in headers if is_template(one))
        mapped = (by_header.get(header, header) for header in headers)
        known = (name if name in frame.columns else column_name(name) for name in mapped)
        frame = _filled(frame, ours, [*known, *spelled[ours]])
    for ours in READ:
        if ours not in renamed:
            called = (ours, *ALIASES.get(ours, ()))
            sources = list(dict.fromkeys(name for one in called for name in spelled[one]))
            sources = [name for name in sources if name in frame.columns]
            if ours == "product_type" and len(sources) > 1:
                frame = _without_kinds(frame, sources)
            frame = _filled(frame, ours, sources)
    return _with_numbered(frame, names)


def is_template(header: str) -> bool:
    """Whether a mapping composes a value of columns, as in ``"images/{id}.jpg"``.

    ``{id:.3}`` is the first three characters of a value.
    """
    return "{" in header


def check_template(header: str) -> None:
    """Refuse what is no template.

    Raises:
        ValueError: a brace is missing, or it asks for more than the beginning of a value.
    """
    try:
        asked = [spec for *_, spec, _ in Formatter().parse(header) if spec]
    except ValueError:
        asked = ["{"]
    if not all(re.fullmatch(r"\.\d{1,3}", spec) for spec in asked):
        raise ValueError(f"'{header}' can't be read: write such as 'images/{{id}}.jpg'")


def _composed(frame: pl.DataFrame, template: str) -> pl.Expr:
    """A column of what ``template`` says, null where one of its columns is."""
    parts = [pl.lit("")]
    for text, column, spec, _ in Formatter().parse(template):
        parts.append(pl.lit(text))
        if column is not None:
            name = column_name(column)
            called = [one for one in (name, *ALIASES.get(name, ())) if one in frame.columns]
            value = pl.coalesce(called) if called else pl.lit(None, pl.String)
            parts.append(value.str.head(int(spec[1:])) if spec else value)
    return pl.concat_str(parts).alias(template)


def _without_kinds(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """``frame`` with null where one of ``names`` tells the kind of a record."""
    kinds = (pl.col(name).str.contains(_RECORD_KIND) for name in names)
    return frame.with_columns(
        pl.when(~kind).then(name).alias(name) for name, kind in zip(names, kinds, strict=True)
    )


def _with_numbered(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """``frame`` with photographs of numbered columns among the additional ones."""
    numbered = [name for name in names if _NUMBERED_PHOTOGRAPH.fullmatch(name)]
    numbered = [name for name in numbered if name in frame.columns]
    if not numbered:
        return frame
    own = [name for name in _PHOTOGRAPHS[1:] if name in frame.columns]
    links = pl.concat_str(own + numbered, separator=",", ignore_nulls=True)
    return frame.with_columns(pl.when(links != "").then(links).alias(_PHOTOGRAPHS[1])).drop(
        numbered
    )


def _filled(frame: pl.DataFrame, ours: str, sources: Sequence[str]) -> pl.DataFrame:
    """Fill column ``ours`` from ``sources``, in order of preference."""
    present = [name for name in dict.fromkeys(sources) if name in frame.columns]
    if not present or present == [ours]:
        return frame
    first, *others = present
    used = {
        name: pl.when(pl.coalesce(present[:place]).is_not_null()).then(name)
        for place, name in enumerate(others, start=1)
    }
    frame = frame.with_columns(pl.coalesce(present).alias(first), **used)
    free = (f"{ours}_{copy}" for copy in itertools.count(2))
    aside = next(name for name in free if name not in frame.columns)
    moved = {ours: aside} if first != ours and ours in others else {}
    return frame.rename(moved | {first: ours})
