"""Rules about the rows of an artifact, judged by Great Expectations.

What belongs here: what a rule is, and its verdict. What does not: which artifact has which rules
(``products``, ``model``). Great Expectations takes seconds to import, so it is imported when a
check runs; it refuses polars, so it sees a pandas copy of the columns that its rules name.
"""

import html
import logging
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult

SAMPLE_IDS = 20
VALUE_CHARACTERS = 200
# Great Expectations keeps one context a process, and threads disturb each other in it.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Rule:
    """One expectation.

    Attributes:
        name: the check's name in the UI.
        expectation: class name in ``great_expectations.expectations``.
        arguments: its arguments; ``mostly`` is the share of rows that must comply.
        blocking: whether what is downstream waits when it fails.
        rows: which of the artifact's frames it is about.
        meaning: what is expected, in words and with its limits.
    """

    name: str
    expectation: str
    arguments: Mapping[str, Any]
    blocking: bool = False
    rows: str = "rows"
    meaning: str = ""

    @property
    def columns(self) -> list[str]:
        """The columns that it looks at."""
        return [value for name, value in self.arguments.items() if name.startswith("column")]


@dataclass(frozen=True)
class Verdict:
    """What came of one rule: counts, the ids of some rows that break it, what was seen there."""

    rule: Rule
    passed: bool
    rows: int
    unexpected: int
    sample_ids: tuple[str, ...]
    observed: str


def judge(frames: Mapping[str, pl.DataFrame], rules: Iterable[Rule]) -> list[Verdict]:
    """Hold ``frames`` against ``rules``, one validation per frame.

    Args:
        frames: rows by the name that rules call them; the first column is the rows' id.
        rules: what is expected of them.

    Returns:
        A verdict per rule, in their order; a frame without rows complies with every rule.
    """
    rules = list(rules)
    with _ONE_AT_A_TIME:
        verdicts = {
            verdict.rule.name: verdict
            for name, frame in frames.items()
            for verdict in _judge_frame(frame, [rule for rule in rules if rule.rows == name])
        }
    return [verdicts[rule.name] for rule in rules]


def _judge_frame(frame: pl.DataFrame, rules: Sequence[Rule]) -> list[Verdict]:
    if frame.is_empty():
        return [Verdict(rule, True, 0, 0, (), "no rows") for rule in rules]
    batches = _batches()  # also what a suite asks for when it is made
    import great_expectations as gx

    id_column = frame.columns[0]
    named = (column for rule in rules for column in rule.columns)
    needed = list(dict.fromkeys([id_column, *named]))
    expected = [
        getattr(gx.expectations, rule.expectation)(**rule.arguments, meta={"rule": rule.name})
        for rule in rules
    ]
    suite = gx.ExpectationSuite(name="rules", expectations=expected)
    batch = batches.get_batch({"dataframe": frame.select(needed).to_pandas()})
    outcomes = batch.validate(
        suite,
        result_format={
            "result_format": "SUMMARY",
            "partial_unexpected_count": SAMPLE_IDS,
            "unexpected_index_column_names": [id_column],
        },
    )
    by_name = {_rule_name(outcome): outcome for outcome in outcomes.results}
    return [_verdict(rule, by_name[rule.name], frame.height, id_column) for rule in rules]


@cache
def _batches() -> "BatchDefinition[Any]":
    """Where every frame of this process is handed in; making one costs more than a validation."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    # The second sets a level of its own, and tells of a temporary folder at every check.
    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    asset = context.data_sources.add_pandas("rows").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("rows")


def _rule_name(outcome: "ExpectationValidationResult") -> str:
    assert outcome.expectation_config is not None
    return str((outcome.expectation_config.meta or {})["rule"])


def _verdict(
    rule: Rule, outcome: "ExpectationValidationResult", rows: int, id_column: str
) -> Verdict:
    """Read one result; an expectation that could not be evaluated did not pass."""
    found = outcome.result or {}
    broken = found.get("partial_unexpected_index_list") or []
    values = dict.fromkeys(map(_shown, found.get("partial_unexpected_list") or []))
    seen = _trouble(outcome.exception_info or {}) or found.get("observed_value", ", ".join(values))
    return Verdict(
        rule=rule,
        passed=bool(outcome.success),
        rows=rows,
        unexpected=int(found.get("unexpected_count") or 0),
        sample_ids=tuple(_safe(row[id_column]) for row in broken[:SAMPLE_IDS]),
        observed=_safe(seen),
    )


def _shown(value: object) -> str:
    """A value, or the two that should be equal."""
    return " and ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _safe(value: object) -> str:
    """A value that may be a shop's text, as text that does nothing wherever it is shown."""
    return html.escape(str(value)[:VALUE_CHARACTERS])


def _trouble(info: Mapping[str, Any]) -> str | None:
    """Why an expectation could not be evaluated; Great Expectations tells it per metric."""
    told = [info, *(one for one in info.values() if isinstance(one, dict))]
    return next((one["exception_message"] for one in told if one.get("exception_message")), None)
