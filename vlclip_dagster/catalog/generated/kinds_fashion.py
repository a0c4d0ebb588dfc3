"""The ten fashion kinds, as data."""

from vlclip_dagster.catalog.generated.kinds import Facet, Kind

_CLOTH_PATTERNS = (0.34, 0.14, 0.13, 0.13, 0.12, 0.14)


def _trail(women: str, men: str = "") -> tuple[tuple[str, str], ...]:
    paths = [("female", f"Women > {women}")]
    if men:
        paths.append(("male", f"Men > {men}"))
    return tuple(paths)


FASHION: tuple[Kind, ...] = (
    Kind(
        "t-shirt",
        "T-shirt",
        ("t-shirt", "tee", "tee shirt", "T-Shirt"),
        _trail("Tops > T-shirt", "Tops > T-shirt"),
        (("cotton", 3), ("jersey", 2), ("ribbed jersey", 1), ("linen", 1), ("knit", 1)),
        (0.30, 0.17, 0.09, 0.09, 0.11, 0.24),
        (
            Facet("neckline", ("crew neck", "v-neck", "scoop neck", "henley neck"), (4, 3, 2, 2)),
            Facet("sleeve", ("short sleeve", "long sleeve", "sleeveless"), (5, 3, 2)),
            Facet("fit", ("", "cropped", "longline"), (5, 2, 2)),
            Facet("pocket", ("", "chest pocket"), (3, 1)),
            Facet("trim", ("", "contrast trim", "contrast sleeves"), (4, 2, 2)),
        ),
        (9.9, 49.0),
    ),
    Kind(
        "dress",
        "Dress",
        ("dress", "gown", "frock"),
        _trail("Dresses > Dress"),
        (
            ("cotton", 2),
            ("satin", 2),
            ("linen", 2),
            ("jersey", 2),
            ("velvet", 1),
            ("knit", 1),
            ("denim", 0.6),
        ),
        _CLOTH_PATTERNS,
        (
            Facet(
                "neckline", ("round neck", "v-neck", "square neck", "halter neck", "off-shoulder")
            ),
            Facet("sleeve", ("sleeveless", "short sleeve", "long sleeve", "puff sleeve")),
            Facet("length", ("mini", "knee-length", "midi", "maxi")),
            Facet("cut", ("a-line", "bodycon", "pleated", "tiered", "wrap")),
            Facet("waist", ("", "belted", "tie waist"), (3, 1, 1)),
        ),
        (29.0, 189.0),
    ),
    Kind(
        "handbag",
        "Handbag",
        ("handbag", "bag", "purse", "shoulder bag"),
        _trail("Bags > Handbag"),
        (("leather", 4), ("suede", 1.5), ("canvas", 2), ("straw", 1.5), ("patent leather", 1)),
        (0.52, 0.1, 0.1, 0.1, 0.08, 0.1),
        (
            Facet("shape", ("tote", "bucket", "satchel", "baguette", "half-moon")),
            Facet("handle", ("top handles", "chain strap", "long strap", "ring handle", "")),
            Facet("closure", ("flap", "zip", "buckle", "drawstring", "open top")),
            Facet("accent", ("", "contrast base", "contrast piping", "tassel"), (3, 1, 1, 1)),
        ),
        (35.0, 420.0),
    ),
    Kind(
        "sneaker",
        "Sneaker",
        ("sneakers", "trainers", "sneaker", "kicks"),
        _trail("Shoes > Sneaker", "Shoes > Sneaker"),
        (("canvas", 2), ("leather", 3), ("suede", 2), ("mesh", 2), ("knit", 1.5)),
        (0.6, 0.08, 0.08, 0.1, 0.06, 0.08),
        (
            Facet("height", ("low-top", "high-top"), (3, 2)),
            Facet("closure", ("lace-up", "velcro straps", "slip-on"), (3, 1.5, 1.5)),
            Facet("sole", ("flat sole", "chunky sole", "running sole")),
            Facet("sole colour", ("white sole", "black sole", "gum sole"), (3, 2, 2)),
            Facet(
                "accent",
                (
                    "",
                    "contrast side stripes",
                    "contrast toe cap",
                    "contrast heel",
                    "contrast chevron",
                ),
            ),
        ),
        (39.0, 160.0),
    ),
    Kind(
        "skirt",
        "Skirt",
        ("skirt",),
        _trail("Bottoms > Skirt"),
        (
            ("cotton", 2),
            ("denim", 1.5),
            ("satin", 1.5),
            ("leather", 1),
            ("linen", 1),
            ("corduroy", 1),
            ("wool", 1),
        ),
        _CLOTH_PATTERNS,
        (
            Facet("length", ("mini", "knee-length", "midi", "maxi")),
            Facet("cut", ("a-line", "pencil", "pleated", "tiered", "wrap")),
            Facet("waist", ("", "elastic waist", "belted", "button front", "tie waist")),
            Facet("slit", ("", "side slit"), (3, 1)),
        ),
        (19.0, 120.0),
    ),
    Kind(
        "hoodie",
        "Hoodie",
        ("hoodie", "hooded sweatshirt", "hoody", "sweatshirt with hood"),
        _trail("Tops > Hoodie", "Tops > Hoodie"),
        (("fleece", 3), ("cotton", 3), ("knit", 1), ("velvet", 0.7), ("corduroy", 0.6)),
        (0.38, 0.14, 0.06, 0.1, 0.08, 0.24),
        (
            Facet("closure", ("pullover", "zip-up")),
            Facet("fit", ("", "cropped", "longline", "oversized"), (4, 2, 1, 2)),
            Facet("pocket", ("kangaroo pocket", "zip pockets", ""), (4, 2, 1)),
            Facet(
                "accent",
                ("", "contrast sleeves", "contrast hood", "contrast drawstring"),
                (3, 2, 2, 2),
            ),
        ),
        (29.0, 110.0),
    ),
    Kind(
        "trousers",
        "Trousers",
        ("trousers", "pants", "slacks"),
        _trail("Bottoms > Trousers", "Bottoms > Trousers"),
        (
            ("denim", 3),
            ("cotton", 3),
            ("linen", 1.5),
            ("corduroy", 1.5),
            ("wool", 1),
            ("leather", 0.8),
        ),
        (0.55, 0.13, 0.07, 0.14, 0.05, 0.06),
        (
            Facet("cut", ("skinny", "straight", "wide-leg", "flared", "tapered")),
            Facet("length", ("full-length", "cropped"), (3, 1.5)),
            Facet("waist", ("", "belted", "drawstring waist", "tie waist"), (3, 2, 2, 1)),
            Facet(
                "extra",
                ("", "ripped knees", "cargo pockets", "turn-up cuffs", "contrast side stripe"),
                (3, 1, 1, 1, 1),
            ),
        ),
        (29.0, 140.0),
    ),
    Kind(
        "shirt",
        "Shirt",
        ("shirt", "button-up shirt", "button-down", "blouse"),
        _trail("Tops > Shirt", "Tops > Shirt"),
        (("cotton", 4), ("linen", 2), ("denim", 1), ("satin", 1), ("corduroy", 0.6)),
        (0.32, 0.2, 0.12, 0.2, 0.1, 0.06),
        (
            Facet("collar", ("point collar", "mandarin collar", "camp collar")),
            Facet("sleeve", ("long sleeve", "short sleeve", "rolled sleeve")),
            Facet("fit", ("", "cropped", "longline"), (4, 1, 1)),
            Facet("pocket", ("", "chest pocket", "two chest pockets"), (2, 2, 1)),
            Facet("buttons", ("", "contrast buttons"), (3, 1)),
        ),
        (25.0, 120.0),
    ),
    Kind(
        "jacket",
        "Jacket",
        ("jacket", "coat", "outerwear jacket"),
        _trail("Outerwear > Jacket", "Outerwear > Jacket"),
        (
            ("nylon", 2),
            ("denim", 1.5),
            ("leather", 2),
            ("wool", 2),
            ("suede", 1),
            ("corduroy", 1),
            ("velvet", 0.7),
        ),
        (0.62, 0.06, 0.07, 0.13, 0.04, 0.08),
        (
            Facet("style", ("bomber", "trucker", "blazer", "puffer", "biker")),
            Facet("length", ("hip-length", "cropped", "long"), (3, 2, 2)),
            Facet("pocket", ("", "patch pockets", "flap pockets", "zip pockets")),
            Facet("collar", ("", "contrast collar"), (2, 1)),
        ),
        (59.0, 390.0),
    ),
    Kind(
        "boot",
        "Boot",
        ("boots", "boot", "booties"),
        _trail("Shoes > Boot", "Shoes > Boot"),
        (("leather", 4), ("suede", 3), ("patent leather", 1.2), ("rubber", 1.2), ("canvas", 0.6)),
        (0.72, 0.03, 0.1, 0.05, 0.05, 0.05),
        (
            Facet("shaft", ("ankle", "mid-calf", "knee-high")),
            Facet("heel", ("flat heel", "block heel", "stiletto heel"), (3, 3, 2)),
            Facet("closure", ("lace-up", "side zip", "elastic side panels", "buckle")),
            Facet("toe", ("round toe", "pointed toe"), (3, 2)),
        ),
        (59.0, 320.0),
    ),
)
