import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from vlclip_dagster.evaluation.curves import Curve, CurvePoint, curve_png, curve_svg

_CURVE = Curve("full", tuple(CurvePoint(e, 3 / e, 3.1 / e, 1 - 1 / e) for e in range(1, 8)), 5)
_FLAT = Curve("no_grounding", tuple(CurvePoint(e, 2.0, None, 0.1) for e in range(1, 4)))


@pytest.mark.parametrize("panel", ["loss", "recall"])
def test_svg_stands_inline_and_takes_the_colours_of_the_page(panel):
    svg = curve_svg([_CURVE, _FLAT], panel)
    assert svg.startswith("<svg")
    assert "http" not in svg
    assert "<style" not in svg
    assert "var(--series-1)" in svg
    assert "var(--series-2)" in svg
    assert not re.search(r"#0102", svg)
    ElementTree.fromstring(svg.replace("xlink:", ""))


def test_drawings_on_one_page_share_no_ids():
    ids = [set(re.findall(r'\bid="([^"]+)"', curve_svg([_CURVE], p))) for p in ("loss", "recall")]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_equal_curves_give_equal_drawings():
    assert curve_svg([_CURVE], "loss") == curve_svg([_CURVE], "loss")


def test_png():
    assert curve_png([_CURVE, _FLAT], "recall").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "curves",
    [[], [Curve("full", ())], [Curve("full", (CurvePoint(1, float("nan"), None, None),))]],
)
def test_nothing_to_draw_gives_nothing(curves):
    assert curve_svg(curves, "loss") == ""
    assert curve_png(curves, "recall") == b""


def test_a_single_epoch_is_drawn():
    assert "<use" in curve_svg([Curve("full", (CurvePoint(1, 1.0, 1.0, 0.5),))], "loss")


def test_importing_the_evaluation_loads_no_drawing_library():
    code = (
        "import sys, vlclip_dagster.evaluation.report, vlclip_dagster.evaluation.ablation;"
        "sys.exit(bool({'matplotlib', 'torch', 'scipy', 'cv2', 'jinja2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
