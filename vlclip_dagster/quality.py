"""Expectations about the rows of an artifact, judged by Great Expectations.

What belongs here: rules, and their verdicts. What does not: which artifact has which rules
(``assets.checks``). Great Expectations takes seconds to import, so it is imported when a check
runs; it refuses polars, so it sees a pandas copy of the columns that a rule names.
"""

import html
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    import great_expectations as gx

SAMPLE_IDS = 20


@dataclass(frozen=True)
class Rule:
    """One expectation.

    Attributes:
        name: the check's name in the UI.
        expectation: class name in ``great_expectations.expectations``.
        arguments: its arguments; ``mostly`` is the share of rows that must comply.
        blocking: whether what is downstream waits when it fails.
    """

    name: str
    expectation: str
    arguments: dict[str, Any] = field(default_factory=dict)
    blocking: bool = False


@dataclass(frozen=True)
class Verdict:
    """What came of one rule: counts, and the ids of some rows that break it."""

    rule: Rule
    passed: bool
    rows: int
    unexpected: int
    sample_ids: tuple[str, ...]
    observed: str


def judge(frame: pl.DataFrame, id_column: str, rules: Sequence[Rule]) -> list[Verdict]:
    """Hold ``frame`` against ``rules``; an empty frame complies with every rule.

    Args:
        frame: the id column and every column that a rule names.
        id_column: names the rows that break a rule.
        rules: what is expected.
    """
    if frame.is_empty():
        return [Verdict(rule, True, 0, 0, (), "no rows") for rule in rules]
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    # The second sets a level of its own, and tells of a temporary folder at every check.
    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    asset = context.data_sources.add_pandas("rows").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("rows").get_batch(
        {"dataframe": frame.to_pandas()}
    )
    suite = gx.ExpectationSuite(name="rules")
    for rule in rules:
        expectation = getattr(gx.expectations, rule.expectation)
        suite.add_expectation(expectation(**rule.arguments, meta={"rule": rule.name}))
    result = batch.validate(
        suite,
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [id_column],
        },
    )
    by_name = {_rule_name(one): one for one in result.results}
    return [_verdict(rule, by_name[rule.name], frame.height, id_column) for rule in rules]


def _rule_name(outcome: "gx.core.ExpectationValidationResult") -> str:
    assert outcome.expectation_config is not None
    return str((outcome.expectation_config.meta or {})["rule"])


def _verdict(
    rule: Rule, outcome: "gx.core.ExpectationValidationResult", rows: int, id_column: str
) -> Verdict:
    """Read one result; an expectation that could not be evaluated did not pass."""
    found = outcome.result or {}
    broken = found.get("unexpected_index_list") or []
    ids = [html.escape(str(row[id_column]))[:200] for row in broken[:SAMPLE_IDS]]
    observed = _trouble(outcome.exception_info or {}) or found.get("observed_value", "")
    return Verdict(
        rule=rule,
        passed=bool(outcome.success),
        rows=rows,
        unexpected=int(found.get("unexpected_count") or 0),
        sample_ids=tuple(ids),
        observed=html.escape(str(observed))[:200],
    )


def _trouble(info: dict[str, Any]) -> str | None:
    """Why an expectation could not be evaluated; Great Expectations tells it per metric."""
    told = [info, *(one for one in info.values() if isinstance(one, dict))]
    return next((one["exception_message"] for one in told if one.get("exception_message")), None)
