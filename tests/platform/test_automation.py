"""What happens by itself: the real graph, conditions and checks, ticked; only the work is fake."""

from collections import Counter
from collections.abc import Callable, Iterator
from uuid import uuid4

import dagster as dg
import pytest

from vlclip_dagster.automation import PRODUCT_ASSETS, RETIRED_ASSETS, SEARCH_ASSETS, retire_job
from vlclip_dagster.definitions import build_defs
from vlclip_dagster.hashing import row_key
from vlclip_dagster.partitions import product_types
from vlclip_dagster.runs import ALL_ASSETS
from vlclip_dagster.settings import Settings

CHECKPOINT, REPORT = {"finetuned_checkpoint"}, {"eval_report"}
PRODUCTS, SEARCH = set(PRODUCT_ASSETS), set(SEARCH_ASSETS)
MOST_TICKS = 8


class World:
    """A catalog, the weights that a training would give, and what was made of both.

    An artifact's version is the hash of its inputs' versions, so equal inputs make equal ones.
    """

    def __init__(self, instance: dg.DagsterInstance, settings: Settings) -> None:
        real = build_defs(settings)
        self.instance = instance
        self.catalog: dict[str, str] = {}
        self.weights = "first"
        self.broken: set[tuple[str, str]] = set()
        self._versions: dict[tuple[str, str | None], str] = {}
        self._ran: Counter[tuple[str, str | None]] = Counter()
        self._cursor = None
        known = {dg.AssetKey(name) for name in ALL_ASSETS}
        self._assets = [self._asset(a) for a in real.assets if a.key in known]
        self._checks = [
            self._check(checks)
            for checks in real.asset_checks
            if {spec.asset_key for spec in checks.check_specs} <= known
        ]
        landed = [a for a in real.assets if a.key == dg.AssetKey("landed")]
        self._defs = dg.Definitions([*landed, *self._assets], asset_checks=self._checks)

    def _asset(self, real: dg.AssetsDefinition) -> dg.AssetsDefinition:
        (spec,) = real.specs
        name = real.key.to_python_identifier()

        @dg.multi_asset(name=name, specs=[spec])
        def work(context: dg.AssetExecutionContext):
            slug = slug_of(context)
            self._ran[name, slug] += 1
            version = self._version(spec, slug)
            self._versions[name, slug] = version
            return dg.MaterializeResult(asset_key=name, data_version=dg.DataVersion(version))

        return work

    def _version(self, spec: dg.AssetSpec, slug: str | None) -> str:
        if {spec.key.to_python_identifier()} == CHECKPOINT:
            return self.weights
        if spec.key == dg.AssetKey("raw_catalog"):
            return self.catalog[slug]
        inputs = {dep.asset_key.to_python_identifier() for dep in spec.deps}
        made_of = {
            f"{name}/{part}": version
            for (name, part), version in self._versions.items()
            if name in inputs and (slug is None or part in (slug, None))
        }
        return row_key(spec.code_version, made_of)

    def _check(self, real: dg.AssetChecksDefinition) -> dg.AssetChecksDefinition:
        @dg.multi_asset_check(name=real.op.name, specs=list(real.check_specs))
        def judge(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
            for spec in real.check_specs:
                asset = spec.asset_key.to_python_identifier()
                passed = (asset, slug_of(context)) not in self.broken
                yield dg.AssetCheckResult(passed=passed, asset_key=asset, check_name=spec.name)

        return judge

    def drop(self, **content: str) -> None:
        """What the drop sensor does: it says what landed, and runs the job of what changed."""
        changed = [slug for slug, text in content.items() if self.catalog.get(slug) != text]
        self.catalog |= content
        self.instance.add_dynamic_partitions(str(product_types.name), changed)
        for slug in changed:
            tags = {"dagster/data_version": content[slug]}
            landed = dg.AssetMaterialization("landed", partition=slug, tags=tags)
            self.instance.report_runless_asset_event(landed)
            self.run(PRODUCTS, slug)

    def retrain(self, weights: str) -> None:
        """What the schedule does; ``weights`` are those that are served afterwards."""
        self.weights = weights
        self.run(CHECKPOINT, None)

    def retire(self, slug: str) -> None:
        """What the drop sensor does about a type that left the catalog."""
        self.catalog[slug] = ""
        self.run(set(RETIRED_ASSETS), slug, tags=dict(retire_job.tags))

    def run(self, names: set[str], slug: str | None, tags: dict[str, str] | None = None) -> None:
        dg.materialize(
            [*self._assets, *self._checks],
            selection=dg.AssetSelection.assets(*names),
            partition_key=slug,
            instance=self.instance,
            raise_on_error=False,
            tags=tags,
        )

    def tick(self) -> dict[str | None, set[str]]:
        """What the automation requests now, by product type."""
        ticked = dg.evaluate_automation_conditions(self._defs, self.instance, cursor=self._cursor)
        self._cursor = ticked.cursor
        requested: dict[str | None, set[str]] = {}
        for name in ALL_ASSETS:
            for slug in ticked.get_requested_partitions(dg.AssetKey(name)):
                requested.setdefault(slug, set()).add(name)
        return requested

    def settle(self) -> Counter[tuple[str, str | None]]:
        """Tick and run until nothing is requested; all that ran since the last time."""
        for _ in range(MOST_TICKS):
            requested = self.tick()
            if not requested:
                ran, self._ran = self._ran, Counter()
                return ran
            for slug, names in requested.items():
                self.run(names, slug)
        raise AssertionError(f"it does not come to rest: {self._ran}")


def slug_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> str | None:
    return context.run.tags.get("dagster/partition")


def once(*what: tuple[set[str], str | None]) -> Counter[tuple[str, str | None]]:
    """Every asset of each set, for that product type, one time."""
    return Counter({(name, slug): 1 for names, slug in what for name in names})


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> str:
    return str(tmp_path_factory.mktemp("automation"))


@pytest.fixture(scope="module")
def world(home) -> Iterator[World]:
    """Two product types and a checkpoint; each test leaves it at rest, whatever it changed."""
    with dg.DagsterInstance.ephemeral() as instance:
        world = World(instance, Settings(home=home))
        assert world.settle() == Counter()
        world.drop(a="one", b="one")
        everything = [(PRODUCTS | SEARCH, slug) for slug in ("a", "b")]
        # The first training waits for nobody's click, and for no schedule.
        assert world.settle() == once(*everything, (CHECKPOINT | REPORT, None))
        yield world


HAPPENINGS: dict[str, tuple[Callable[[World], None], Counter]] = {
    "nothing": (lambda w: None, once()),
    "the same content again": (lambda w: w.drop(**w.catalog), once()),
    "a changed": (
        lambda w: w.drop(a=uuid4().hex, b=w.catalog["b"]),
        once((PRODUCTS | SEARCH, "a"), (REPORT, None)),
    ),
    "a new type": (
        lambda w: w.drop(c=uuid4().hex),
        once((PRODUCTS | SEARCH, "c"), (REPORT, None)),
    ),
    "a new type without products": (
        lambda w: w.instance.add_dynamic_partitions(str(product_types.name), ["empty"]),
        once(),
    ),
    "a type that left": (
        lambda w: w.retire("c"),
        once((set(RETIRED_ASSETS), "c"), (REPORT, None)),
    ),
    "a run of a by hand that changes nothing": (
        lambda w: w.run(PRODUCTS, "a"),
        once((PRODUCTS, "a")),
    ),
    "retraining, equal hash": (lambda w: w.retrain(w.weights), once((CHECKPOINT, None))),
    "retraining, new hash": (
        lambda w: w.retrain(uuid4().hex),
        once((CHECKPOINT | REPORT, None), (SEARCH, "a"), (SEARCH, "b"), (SEARCH, "c")),
    ),
}


@pytest.mark.parametrize("happening", HAPPENINGS)
def test_what_follows(world, happening):
    act, expected = HAPPENINGS[happening]
    act(world)
    assert world.settle() == expected


@pytest.mark.parametrize("artifact", ["deduped_images", "embeddings"])
def test_a_failed_blocking_check_stops_its_type_until_it_is_repaired(world, artifact):
    world.broken.add((artifact, "a"))
    world.drop(a=uuid4().hex, b=uuid4().hex)
    ran = world.settle()
    assert ran["qdrant_collections", "a"] == 0
    assert {(name, "b") for name in PRODUCTS | SEARCH} <= set(ran)
    world.broken.clear()
    world.drop(a=uuid4().hex)
    assert world.settle() == once((PRODUCTS | SEARCH, "a"), (REPORT, None))
