"""What a report is made of: plain values that the caller fills from the warehouse.

Pictures are encoded bytes (JPEG, PNG or WebP), small enough to be put into the page. Texts are
as the catalog holds them; escaping is the template's work. Every part may be empty: the page
then says in a sentence what is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vlclip_dagster.evaluation.ablation import VariantResult
from vlclip_dagster.evaluation.curves import Curve
from vlclip_dagster.evaluation.retrieval import Retrieval
from vlclip_dagster.grounding.types import SweepPoint


@dataclass(frozen=True)
class CatalogType:
    """One product type's way through the pipeline, in rows."""

    slug: str
    name: str
    products: int
    photographs: int
    canonical: int
    cropped: int
    queries: int
    points: int


@dataclass(frozen=True)
class Catalog:
    """What was landed: rows per type, and how many were rejected for which reason."""

    types: tuple[CatalogType, ...] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelResult:
    """One line of the retrieval table; ``split`` names the items that were searched."""

    model: str
    split: str
    retrieval: Retrieval


@dataclass(frozen=True)
class Picture:
    """A product as it is shown: ``image`` None where the photograph is missing.

    Attributes:
        image: encoded bytes of a thumbnail.
        title: what the shop calls it.
        detail: a short second line (a type, a file name).
        score: cosine similarity or box score, None where there is none.
        right: True for the correct answer, None where the question makes no sense.
    """

    image: bytes | None
    title: str
    detail: str = ""
    score: float | None = None
    right: bool | None = None


@dataclass(frozen=True)
class QueryRow:
    """A test query with its best results, the paper's Figures 5 and 6."""

    query: str
    slug: str
    rank: int
    answer: Picture
    results: tuple[Picture, ...]


@dataclass(frozen=True)
class SimilarRow:
    """A product and its nearest neighbours outside its own item group (Figures 7 and 8)."""

    anchor: Picture
    results: tuple[Picture, ...]


@dataclass(frozen=True)
class DuplicateGroup:
    """A canonical photograph and the copies that were folded into it."""

    canonical: Picture
    copies: tuple[Picture, ...]
    size: int


@dataclass(frozen=True)
class Dedup:
    """What deduplication did; ``mode`` is the rule by which photographs are the same."""

    photographs: int
    canonical: int
    groups: int
    degenerate: int
    failed: int
    mode: str
    examples: tuple[DuplicateGroup, ...] = ()


@dataclass(frozen=True)
class CropExample:
    """A photograph with its box already drawn on it, and the crop that came of it."""

    boxed: Picture
    crop: Picture
    prompt: str
    accepted: bool
    reason: str = ""


@dataclass(frozen=True)
class Grounding:
    """What grounding did; ``kept_whole`` counts, by reason, the images that were not cropped.

    ``by_border`` photographs were cut without asking the detector, and ``border_iou`` is the
    mean IoU of such boxes with the detector's, where it was asked to compare. ``sweep`` tells
    what other thresholds would do.
    """

    photographs: int
    accepted: int
    threshold: float
    grounder: str
    kept_whole: Mapping[str, int] = field(default_factory=dict)
    mean_area: float | None = None
    examples: tuple[CropExample, ...] = ()
    by_border: int = 0
    border_iou: float | None = None
    sweep: tuple[SweepPoint, ...] = ()


@dataclass(frozen=True)
class RefinementStep:
    """One round: the query as it stood and what the evaluator said of it."""

    query: str
    verdict: str


@dataclass(frozen=True)
class RefinementExample:
    """The shop's own text beside the query that came of it."""

    title: str
    description: str
    query: str
    rounds: int
    converged: bool
    steps: tuple[RefinementStep, ...] = ()


@dataclass(frozen=True)
class Refinement:
    """What refinement did; ``rounds`` maps a number of rounds to a number of queries."""

    queries: int
    converged: int
    backend: str
    rounds: Mapping[int, int] = field(default_factory=dict)
    words: Mapping[int, int] = field(default_factory=dict)
    failed: int = 0
    examples: tuple[RefinementExample, ...] = ()


@dataclass(frozen=True)
class Stage:
    """One asset's latest work: rows it holds, rows it computed and wall seconds."""

    asset: str
    rows: int
    seconds: float
    computed: int | None = None


@dataclass(frozen=True)
class ReportInputs:
    """Everything the report shows; only its name and date are always there.

    Attributes:
        title: names the catalog or catalogs.
        generated_at: local time in words or ISO form; the report itself never reads a clock.
        profile: name of the settings profile.
        retrieval: the served model first.
        ablation: in the order in which the variants are shown.
        curve: the served model's training; shown where there is no ablation.
        settings: name to value, as set.
        provenance: name to value: versions, fingerprints, data versions.
        notes: further sentences the reader must know, shown at the top.
    """

    title: str
    generated_at: str
    profile: str = "embedded"
    catalog: Catalog = Catalog()
    retrieval: tuple[ModelResult, ...] = ()
    ablation: tuple[VariantResult, ...] = ()
    curve: Curve | None = None
    queries: tuple[QueryRow, ...] = ()
    similar: tuple[SimilarRow, ...] = ()
    dedup: Dedup | None = None
    grounding: Grounding | None = None
    refinement: Refinement | None = None
    stages: tuple[Stage, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def curves(self) -> tuple[Curve, ...]:
        """The trainings to draw: each variant's, or else the served model's."""
        if self.ablation:
            return tuple(result.curve for result in self.ablation)
        return () if self.curve is None else (self.curve,)
