"""The report tells what other score thresholds would do, in figures and in a picture."""

import json

import pytest

from vlclip_dagster.evaluation.report import HTML_NAME, JSON_NAME


def test_the_report_sweeps_the_threshold_without_being_asked(few):
    report = few.path / "report"
    figures = json.loads((report / JSON_NAME).read_text(encoding="utf-8"))["grounding"]
    points = {point["threshold"]: point for point in figures["sweep"]}
    assert points[0.0]["accepted"] >= points[1.0]["accepted"]
    assert points[0.0]["mean_area"] <= points[1.0]["mean_area"]
    at = points[figures["threshold"]]
    assert at["accepted"] * figures["photographs"] == pytest.approx(figures["accepted"], abs=0.5)
    assert at["mean_area"] == pytest.approx(figures["mean_area"], abs=0.005)
    assert all(point["recall"] is None for point in points.values())
    assert "score threshold" in (report / HTML_NAME).read_text(encoding="utf-8")
