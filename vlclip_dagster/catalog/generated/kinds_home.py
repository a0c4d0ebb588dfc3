"""The seven home kinds, as data."""

from vlclip_dagster.catalog.generated.kinds import Facet, Kind


def _trail(path: str) -> tuple[tuple[str, str], ...]:
    return (("", f"Home > {path}"),)


_CERAMICS = ("black ceramic", "white ceramic", "blue ceramic", "green ceramic")

HOME: tuple[Kind, ...] = (
    Kind(
        "coffee-table",
        "Coffee table",
        ("coffee table", "cocktail table", "living room table"),
        _trail("Tables > Coffee table"),
        (("wood", 5), ("marble", 2), ("glass", 1.4), ("metal", 1), ("stoneware", 0.8)),
        (0.74, 0.12, 0.0, 0.14, 0.0, 0.0),
        (
            Facet("top", ("round", "rectangular", "oval", "square", "hexagonal"), (2, 3, 2, 1, 1)),
            Facet(
                "legs",
                (
                    "hairpin legs",
                    "tapered legs",
                    "block legs",
                    "pedestal base",
                    "crossed legs",
                    "drum base",
                ),
            ),
            Facet("legs finish", ("black metal", "brass", "oak", "walnut", "white", "chrome")),
            Facet("storage", ("", "lower shelf", "drawer"), (3, 1, 1)),
        ),
        (79.0, 690.0),
    ),
    Kind(
        "area-rug",
        "Area rug",
        ("area rug", "rug", "carpet"),
        _trail("Rugs > Area rug"),
        (("wool", 3), ("jute", 1.5), ("cotton", 2), ("shag", 2)),
        (0.26, 0.18, 0.14, 0.17, 0.1, 0.15),
        (
            Facet("shape", ("rectangular", "round", "oval", "runner", "square"), (4, 2, 1.5, 2, 1)),
            Facet(
                "edge",
                ("", "fringed", "contrast border", "contrast inner frame", "contrast medallion"),
            ),
        ),
        (39.0, 590.0),
        placed=False,
    ),
    Kind(
        "curtain",
        "Curtain",
        ("curtains", "curtain", "drapes", "window panels"),
        _trail("Windows > Curtain"),
        (("linen", 3), ("velvet", 2), ("cotton", 2), ("voile", 2), ("satin", 1)),
        (0.36, 0.18, 0.17, 0.12, 0.09, 0.08),
        (
            Facet("heading", ("eyelet heading", "tab top", "rod pocket", "pinch pleat")),
            Facet("length", ("floor-length", "sill-length"), (2, 1)),
            Facet("set", ("pair", "single panel"), (3, 1)),
            Facet("tie", ("", "tied back"), (2, 1)),
            Facet("top", ("", "valance"), (3, 1)),
        ),
        (25.0, 190.0),
        placed=False,
    ),
    Kind(
        "sofa",
        "Sofa",
        ("sofa", "couch", "settee"),
        _trail("Seating > Sofa"),
        (("velvet", 3), ("linen", 3), ("leather", 3), ("boucle", 1.6), ("corduroy", 1.4)),
        (0.62, 0.1, 0.1, 0.1, 0.04, 0.04),
        (
            Facet("size", ("loveseat", "three-seater", "chaise"), (3, 3, 2)),
            Facet("arms", ("rolled arms", "track arms", "armless", "sloped arms")),
            Facet("legs", ("oak legs", "walnut legs", "metal legs", "no legs")),
            Facet("back", ("plain back", "tufted back", "cushion back", "channel back")),
        ),
        (390.0, 2400.0),
        placed=False,
    ),
    Kind(
        "table-lamp",
        "Table lamp",
        ("table lamp", "lamp", "bedside lamp", "desk light"),
        _trail("Lighting > Table lamp"),
        (("linen", 3), ("cotton", 2), ("glass", 0.8), ("straw", 1.2), ("velvet", 1), ("metal", 1)),
        (0.52, 0.14, 0.11, 0.1, 0.08, 0.05),
        (
            Facet(
                "shade", ("drum shade", "cone shade", "dome shade", "pleated shade", "empire shade")
            ),
            Facet(
                "base",
                (
                    "gourd base",
                    "sphere base",
                    "cylinder base",
                    "stick base",
                    "urn base",
                    "tripod base",
                ),
            ),
            Facet(
                "base finish",
                (*_CERAMICS, "brass", "black metal", "oak", "terracotta", "clear glass"),
            ),
            Facet("accent", ("", "contrast trim"), (2, 1)),
        ),
        (29.0, 260.0),
    ),
    Kind(
        "throw-pillow",
        "Throw pillow",
        ("throw pillow", "cushion", "pillow", "scatter cushion"),
        _trail("Textiles > Throw pillow"),
        (
            ("velvet", 2),
            ("linen", 2),
            ("cotton", 2),
            ("cable knit", 1.2),
            ("faux fur", 1),
            ("leather", 0.7),
            ("boucle", 1),
        ),
        (0.3, 0.16, 0.15, 0.14, 0.1, 0.15),
        (
            Facet("shape", ("square", "round", "lumbar"), (4, 1.5, 2)),
            Facet(
                "edge",
                ("", "contrast piping", "contrast tassels", "fringed edge", "ruffled edge"),
                (2, 1, 1, 1, 1),
            ),
            Facet("centre", ("", "button tufted"), (4, 1)),
        ),
        (12.0, 79.0),
    ),
    Kind(
        "vase",
        "Vase",
        ("vase", "flower vase", "decorative vase"),
        _trail("Decor > Vase"),
        (("ceramic", 4), ("stoneware", 2), ("glass", 2), ("terracotta", 1), ("brass", 0.8)),
        (0.5, 0.13, 0.11, 0.08, 0.09, 0.09),
        (
            Facet("shape", ("bottle", "amphora", "cylinder", "sphere", "hourglass", "trumpet")),
            Facet("handles", ("", "two handles"), (2, 1)),
            Facet("finish", ("", "ribbed", "contrast dipped base", "contrast rim"), (2, 1, 1, 1)),
        ),
        (15.0, 140.0),
    ),
)
