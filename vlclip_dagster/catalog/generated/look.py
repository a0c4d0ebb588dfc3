"""What can be seen of one product: the values that its picture, its texts and the truth share."""

from dataclasses import dataclass

from vlclip_dagster.catalog.generated.palette import Rgb


@dataclass(frozen=True)
class Look:
    """The visible attributes of a product.

    Attributes:
        slug: product type.
        colour: name of the main colour.
        second: name of the second colour (of the pattern, of contrasting parts).
        pattern: a name in ``PATTERNS``.
        material: a name in ``MATERIALS``.
        bold: whether the pattern is large.
        motif: the picture of a placed graphic print, else an empty string.
        details: facet and value, in the order of the type's facets; an empty value is "plain".
        rgb: the main colour as dyed.
        second_rgb: the second colour as dyed.
        seed: shape parameters that no text mentions (exact widths, curves, folds).
    """

    slug: str
    colour: str
    second: str
    pattern: str
    material: str
    bold: bool
    motif: str
    details: tuple[tuple[str, str], ...]
    rgb: Rgb
    second_rgb: Rgb
    seed: int

    def detail(self, facet: str) -> str:
        """The value of a facet; an empty string when the product has none."""
        return dict(self.details).get(facet, "")

    def shows_second(self) -> bool:
        """Whether the second colour can be seen."""
        return self.pattern != "solid" or any("contrast" in value for _, value in self.details)
