"""The report: one page for people, one file for machines, written side by side.

What belongs here: rendering, writing and reading. What does not: the figures (``tables``) and how
numbers are put into words (``wording``). The page stands alone: styles and pictures are inside
it, it runs no script and asks no server for anything, and every text from a catalog is escaped.
"""

import base64
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.evaluation import wording
from vlclip_dagster.evaluation.curves import curve_svg
from vlclip_dagster.evaluation.inputs import ReportInputs
from vlclip_dagster.evaluation.tables import PROTOCOL, report_json
from vlclip_dagster.evaluation.threshold import threshold_svg
from vlclip_dagster.storage import write_whole

if TYPE_CHECKING:
    from jinja2 import Environment

HTML_NAME = "report.html"
JSON_NAME = "report.json"
_TEMPLATES = Path(__file__).parent / "templates"
_MIME_BY_START = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n", "image/png"))


def render_html(inputs: ReportInputs) -> str:
    """Render the whole page as one self-contained document."""
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            inputs=inputs,
            report=report_json(inputs),
            protocol=PROTOCOL,
            loss_svg=curve_svg(inputs.curves, "loss"),
            recall_svg=curve_svg(inputs.curves, "recall"),
            threshold_svg=_threshold_svg(inputs),
        )
    )


def write_report(inputs: ReportInputs, folder: Path) -> tuple[Path, Path]:
    """Write ``report.html`` and ``report.json`` into ``folder``, each replaced in one step.

    Both are rendered before either is replaced, so a failure leaves the former report whole.

    Returns:
        The paths of the page and of the JSON file.
    """
    page = render_html(inputs)
    data = json.dumps(report_json(inputs), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    html_path, json_path = folder / HTML_NAME, folder / JSON_NAME
    write_whole(html_path, page.encode(errors="backslashreplace"))
    write_whole(json_path, data.encode(errors="backslashreplace"))
    return html_path, json_path


def load_report(folder: Path) -> dict[str, Any]:
    """Read the figures of the last report.

    Raises:
        VlclipError: there is none yet, or the file is not a report.
    """
    path = folder / JSON_NAME
    if not path.is_file():
        raise VlclipError(f"there is no report in {folder} yet: `vlclip run` writes one")
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        report = None
    if not isinstance(report, dict) or "retrieval" not in report:
        raise VlclipError(f"{path} is not a report: delete it and run `vlclip run` again")
    return report


def _threshold_svg(inputs: ReportInputs) -> str:
    done = inputs.grounding
    return threshold_svg(done.sweep, done.threshold) if done else ""


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        figure=wording.figure,
        percent=wording.percent,
        count=wording.count,
        duration=wording.duration,
        shortened=wording.shortened,
        data_uri=_data_uri,
    )
    return environment


def _data_uri(image: bytes | None) -> str | None:
    """Encode a picture for the page; None for bytes that no browser should be given."""
    if image is None:
        return None
    for start, mime in _MIME_BY_START:
        if image.startswith(start):
            return f"data:{mime};base64,{base64.b64encode(image).decode('ascii')}"
    return None
