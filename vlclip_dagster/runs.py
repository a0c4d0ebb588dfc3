"""What is out of date, and running it in this process, through Dagster.

Every run is a Dagster run: its events, materializations and checks are in the instance, where
the UI shows them. How an artifact is computed is the assets' business, and where the instance
comes from that of ``instance``.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from assets.stage import registered_types, retired_types
from vlclip_dagster.automation import PRODUCT_ASSETS, RETIRED_ASSETS, SEARCH_ASSETS
from vlclip_dagster.checkpoints import CheckpointStore, Current, Decision
from vlclip_dagster.definitions import build_defs
from vlclip_dagster.encoder.checkpoint import load_provenance
from vlclip_dagster.encoder.provenance import ENCODER_CODE_VERSION
from vlclip_dagster.errors import MissingRequirementError, VlclipError
from vlclip_dagster.inbox import land_pending, refused_drops
from vlclip_dagster.index import build_index
from vlclip_dagster.instance import bury_dead_runs, process_tags
from vlclip_dagster.interrupts import heeding_interrupts
from vlclip_dagster.merging import LandedDrop
from vlclip_dagster.partitions import product_types
from vlclip_dagster.preflight import missing_requirements
from vlclip_dagster.sensors import announce
from vlclip_dagster.settings import Settings
from vlclip_dagster.stages import StageLog, StageRun, why_stale
from vlclip_dagster.warehouse import Counts, Warehouse

# A checkpoint that never saw this share of the catalog is trained anew by `vlclip run`.
UNSEEN_SHARE = 0.2
ALL_ASSETS = (*PRODUCT_ASSETS, "finetuned_checkpoint", *SEARCH_ASSETS, "eval_report")
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Due:
    """An artifact that is out of date, and why in a few words."""

    asset: str
    slug: str | None
    reason: str


@dataclass
class Outcome:
    """What ``run_out_of_date`` did."""

    drops: list[LandedDrop] = field(default_factory=list)
    ran: list[StageRun] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Status:
    """The state of one home; ``problems`` are drops that can't be landed, each a sentence."""

    home: str
    product_types: dict[str, str]
    retired: dict[str, str]
    problems: list[str]
    artifacts: list[StageRun]
    due: list[Due]
    checkpoint: str | None
    unseen_share: float | None
    decision: Decision | None


class Platform:
    """The code location over one home and one instance."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance) -> None:
        self.settings = settings
        self.warehouse = Warehouse(settings.home)
        self.checkpoints = CheckpointStore(settings.home)
        self._instance = instance
        self._defs = build_defs(settings)
        self._graph = self._defs.resolve_asset_graph()

    def due(self, assets: Sequence[str], slugs: Iterable[str | None] = (None,)) -> list[Due]:
        """Those of ``assets`` that are out of date for ``slugs``, from one look at the log."""
        log = StageLog(self.warehouse)
        types = registered_types(self.warehouse)
        found = []
        for slug, asset in itertools.product(slugs, assets):
            node = self._graph.get(dg.AssetKey(asset))
            deps = [key.to_python_identifier() for key in node.parent_keys]
            inputs = log.inputs(node.code_version or "", sorted(deps), slug, types)
            reason = why_stale(log.last(asset, slug), inputs)
            if reason:
                found.append(Due(asset, slug, reason))
        return found

    def all_due(self) -> list[Due]:
        """Everything that is out of date, in the order of the graph."""
        slugs = registered_types(self.warehouse)
        training = self.training_due()
        return [
            *self.due(RETIRED_ASSETS, retired_types(self.warehouse)),
            *self.due(PRODUCT_ASSETS, slugs),
            *([training] if training else []),
            *self.due(SEARCH_ASSETS, slugs),
            *self.lost_collections(slugs),
            *self.due(["eval_report"]),
        ]

    def lost_collections(self, slugs: Iterable[str]) -> list[Due]:
        """Collections that were published, but not to the index that the settings name now.

        A server is replaced, or loses its disk; none counts as lost while it does not answer.
        """
        asset, log = "qdrant_collections", StageLog(self.warehouse)
        built = [run.slug for slug in slugs if (run := log.last(asset, slug)) and run.rows]
        try:
            published = build_index(self.settings.index).product_types() if built else []
        except MissingRequirementError:
            return []
        lost = (slug for slug in built if slug not in published and not self.due([asset], [slug]))
        return [Due(asset, slug, "the index lost it") for slug in lost]

    def training_due(self) -> Due | None:
        """Why the checkpoint should be trained anew: there is none, or it is for other data."""
        asset = "finetuned_checkpoint"
        # One that was held back, or that a person went back from, is not trained once more.
        newest = self.checkpoints.newest()
        if newest is None:
            return Due(asset, None, "never built")
        try:
            load_provenance(self.checkpoints.require_current().folder)
            known = load_provenance(newest.folder)
        except VlclipError:
            return Due(asset, None, "another version of this program wrote it")
        wanted = (self.settings.encoder, self.settings.training)
        if (
            known.encoder.model_copy(update={"device": wanted[0].device}),
            known.training,
        ) != wanted:
            return Due(asset, None, "its settings changed")
        if known.code_version != ENCODER_CODE_VERSION:
            return Due(asset, None, "the training's code changed")
        unseen = self.unseen_share(newest)
        if unseen > UNSEEN_SHARE:
            return Due(asset, None, f"it never saw {unseen:.0%} of the products")
        return None

    def unseen_share(self, checkpoint: Current) -> float:
        """Share of the refined products that the checkpoint's data did not hold."""
        splits = load_provenance(checkpoint.folder).splits
        seen = {item for items in splits.values() for item in items}
        now = [
            item
            for slug in registered_types(self.warehouse)
            for item in self.warehouse.table("refined_queries", slug).read(["item_id"])["item_id"]
        ]
        return sum(item not in seen for item in now) / len(now) if now else 0.0

    def status(self) -> Status:
        """Rows and last counts of every artifact, and what is out of date."""
        log = StageLog(self.warehouse)
        slugs = registered_types(self.warehouse)
        current = self.checkpoints.current()
        untrained = self.training_due()
        decisions = self.checkpoints.decisions()
        return Status(
            home=self.settings.home,
            product_types=slugs,
            retired=retired_types(self.warehouse),
            problems=refused_drops(self.warehouse, self.settings.inbox),
            artifacts=[run for asset in ALL_ASSETS for run in log.all_of(asset)],
            due=self.all_due() if log.all_of("landed") else [],
            checkpoint=current.fingerprint if current else None,
            unseen_share=self.unseen_share(current) if current and not untrained else None,
            decision=decisions[-1] if decisions else None,
        )

    def roll_back(self, name: str | None = None) -> Decision:
        """Put an earlier checkpoint back into use; the next run embeds everything with it.

        Raises:
            VlclipError: see ``CheckpointStore.roll_back``.
        """
        decision = self.checkpoints.roll_back(name)
        log = StageLog(self.warehouse)
        last = log.last("finetuned_checkpoint", None)
        log.record(
            "finetuned_checkpoint",
            None,
            Counts(kept=1),
            seconds=0.0,
            output_version=decision.fingerprint,
            inputs=last.inputs if last else {},
        )
        self._instance.report_runless_asset_event(
            dg.AssetMaterialization(
                "finetuned_checkpoint",
                metadata={"in_use": decision.fingerprint, "decided_because": decision.reason},
                tags={"dagster/data_version": decision.fingerprint},
            )
        )
        self._check_the_checkpoint()
        return decision

    def _check_the_checkpoint(self) -> None:
        """Run the checks of the checkpoint in use, for whose verdict the automation waits."""
        asset = dg.AssetKey("finetuned_checkpoint")
        checks = {key for key in self._graph.asset_check_keys if key.asset_key == asset}
        job = self._defs.resolve_job_def("train_and_report")
        job.get_subset(asset_selection=set(), asset_check_selection=checks).execute_in_process(
            instance=self._instance, run_config=QUIET, raise_on_error=False
        )

    def run_out_of_date(
        self, *, retrain: bool = False, on_job: Callable[[str, str | None], None] | None = None
    ) -> Outcome:
        """Land pending drops and materialize everything that is out of date.

        Args:
            retrain: train the checkpoint whether it is due or not.
            on_job: told of each job and product type before it starts.

        Raises:
            MissingRequirementError: a weight file, key or server is missing.
            VlclipError: there is no catalog.
        """
        missing = missing_requirements(self.settings)
        if missing:
            raise MissingRequirementError("\n".join(missing))
        bury_dead_runs(self._instance)
        outcome = Outcome(drops=land_pending(self.warehouse, self.settings.inbox))
        landings = StageLog(self.warehouse).all_of("landed")
        slugs = [str(run.slug) for run in landings]
        # Not only what landed now: a run that was killed may not have come to telling Dagster.
        unbuilt = {due.slug for due in self.due(["raw_catalog"], slugs)}
        announce(self._instance, [run for run in landings if run.slug in unbuilt])
        self._instance.add_dynamic_partitions(str(product_types.name), slugs)
        if not outcome.drops and not landings:
            raise VlclipError(f"{self.settings.home} holds no catalog yet: vlclip drop PATH")
        for job, selection, slug in self._steps(retrain):
            if on_job:
                on_job(job, slug)
            with heeding_interrupts():
                self._execute(job, selection, slug, outcome)
        return outcome

    def _steps(self, retrain: bool) -> Iterator[tuple[str, Sequence[str], str | None]]:
        """Jobs to run; each is decided when the ones before it are done."""
        for slug in self._slugs_due(RETIRED_ASSETS, retired_types(self.warehouse)):
            yield "retire_product_type", RETIRED_ASSETS, slug
        slugs = registered_types(self.warehouse)
        for slug in self._slugs_due(PRODUCT_ASSETS, slugs):
            yield "prepare_products", PRODUCT_ASSETS, slug
        if not slugs:
            return
        if retrain or self.training_due():
            yield "train_and_report", ["finetuned_checkpoint"], None
        if self.checkpoints.current() is None:
            return
        lost = (due.slug for due in self.lost_collections(slugs))
        for slug in dict.fromkeys([*self._slugs_due(SEARCH_ASSETS, slugs), *lost]):
            yield "publish_search", SEARCH_ASSETS, slug
        if self.due(["eval_report"]):
            yield "train_and_report", ["eval_report"], None

    def _slugs_due(self, assets: Sequence[str], slugs: Iterable[str]) -> Iterable[str | None]:
        return dict.fromkeys(due.slug for due in self.due(assets, slugs))

    def _execute(
        self, job: str, selection: Sequence[str], slug: str | None, outcome: Outcome
    ) -> None:
        result = self._defs.resolve_job_def(job).execute_in_process(
            instance=self._instance,
            partition_key=slug,
            # A whole job is resolved once; a part of it would be anew for each product type.
            asset_selection=None if slug else [dg.AssetKey(name) for name in selection],
            run_config=QUIET,
            tags=process_tags(),
            raise_on_error=False,
        )
        log = StageLog(self.warehouse)
        materialized = {
            event.asset_key.to_python_identifier()
            for event in result.get_asset_materialization_events()
            if event.asset_key
        }
        runs = (log.last(name, slug) for name in selection if name in materialized)
        outcome.ran += [run for run in runs if run]
        outcome.failures += [
            _failure(event) for event in result.all_events if event.is_step_failure
        ]


def _failure(event: Any) -> str:
    """One sentence of a failed step: the user's own error as it is, any other with its kind."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return f"{event.step_key}: {data.user_failure_data.description}"
    cause = data.error.cause or data.error
    return f"{event.step_key}: {cause.message.strip()} (the run's log has the details)"
