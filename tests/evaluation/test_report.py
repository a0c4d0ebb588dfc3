import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_inputs import filled, train_without_queries

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.evaluation import report as report_module
from vlclip_dagster.evaluation.ablation import FULL, run_ablation
from vlclip_dagster.evaluation.inputs import (
    Catalog,
    CatalogType,
    Dedup,
    Grounding,
    ModelResult,
    Picture,
    Refinement,
    ReportInputs,
    SimilarRow,
)
from vlclip_dagster.evaluation.report import load_report, render_html, write_report
from vlclip_dagster.evaluation.retrieval import evaluate

_HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}\u202e\ud800"


class _Page(HTMLParser):
    """Everything of a page that a test asks about."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data):
        if self.tags[-1:] != ["style"]:
            self.text += data + " "

    def values(self, *names: str) -> list[str]:
        return [value for name, value in self.attributes if name in names]


@pytest.fixture(scope="module")
def html() -> str:
    return render_html(filled())


def test_the_page_asks_nothing_of_anyone(html):
    page = _Page(html)
    for link in page.values("src", "href", "xlink:href", "action", "data", "srcset"):
        assert link.startswith(("data:image/", "#")), link
    assert all(inside.startswith("#") for inside in re.findall(r"url\(([^)]*)", html))
    assert not {"script", "link", "iframe", "object", "base", "form"} & set(page.tags)
    assert "@import" not in html
    assert "default-src 'none'" in html


def test_every_link_of_the_page_leads_somewhere_and_ids_are_unique(html):
    page = _Page(html)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.values("href", "xlink:href")} <= set(ids)


def test_figures_pictures_and_sentences_are_there(html):
    page = _Page(html)
    assert page.tags.count("img") > 8
    assert page.tags.count("svg") == 3
    for said in (
        "HITS@5",
        "MRR",
        "1 020 products",
        "no_grounding_no_refinement",
        "The full method finds",
        "rank 1 234",
        "not converged",
        "kept whole",
        "and 2 more",
        "1 min 15 s",
        "Ties rank pessimistically",
        "read exactly like a query for another product",
    ):
        assert said in page.text, said


def test_hostile_words_of_a_catalog_are_only_words():
    html = render_html(filled(_HOSTILE))
    page = _Page(html)
    assert "script" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert all(source.startswith("data:image/") for source in page.values("src"))
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text


def test_hostile_words_can_be_written_and_read_back(tmp_path):
    write_report(filled(_HOSTILE), tmp_path)
    assert load_report(tmp_path)["title"].startswith("<script>")
    assert "alert(1)" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("image", [None, b"", b"<svg onload=alert(1)>", b"GIF89a"])
def test_bytes_that_are_no_photograph_are_not_shown(image):
    shown = Picture(image, "a lamp")
    page = _Page(render_html(ReportInputs("x", "now", similar=(SimilarRow(shown, ()),))))
    assert "img" not in page.tags
    assert "no picture" in page.text


def _assert_no_odd_words(page: _Page) -> None:
    assert not re.search(r"\b(nan|none|null|inf|undefined)\b", page.text, re.IGNORECASE)


def test_an_empty_catalog_says_so_in_every_section():
    page = _Page(render_html(ReportInputs("Nothing yet", "now")))
    for sentence in (
        "Nothing was measured",
        "No type has test queries",
        "The ablation was not run",
        "No training was recorded",
        "The catalog is empty",
        "Photographs were not compared",
        "No times were recorded",
    ):
        assert sentence in page.text
    _assert_no_odd_words(page)


def test_a_catalog_too_small_for_a_test_split_is_told_so():
    nothing = train_without_queries(FULL)
    inputs = ReportInputs(
        "Small",
        "now",
        catalog=Catalog((CatalogType("lamp", "Lamp", 2, 2, 2, 0, 0, 2),)),
        retrieval=(ModelResult("fine-tuned", "test", evaluate(nothing.own, nothing.gallery)),),
        ablation=run_ablation(train_without_queries),
        dedup=Dedup(0, 0, 0, 0, 0, "exact"),
        grounding=Grounding(0, 0, 0.3, "saliency"),
        refinement=Refinement(0, 0, "rules"),
    )
    page = _Page(render_html(inputs))
    assert "there are no test queries" in page.text
    assert "No photograph is a copy of another" in page.text
    _assert_no_odd_words(page)


def test_both_files_are_written_and_nothing_else_is_left(tmp_path):
    html_path, json_path = write_report(filled(), tmp_path / "deep" / "report")
    assert sorted(path.name for path in html_path.parent.iterdir()) == [
        "report.html",
        "report.json",
    ]
    assert html_path.read_text(encoding="utf-8").lstrip().startswith("<!doctype html>")
    assert load_report(html_path.parent) == json.loads(json_path.read_text(encoding="utf-8"))


def test_equal_inputs_give_equal_pages(html):
    assert render_html(filled()) == html


def test_a_failure_while_writing_leaves_the_former_report(tmp_path, monkeypatch):
    write_report(ReportInputs("first", "now"), tmp_path)

    def full_disk(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_report(ReportInputs("second", "now"), tmp_path)
    assert load_report(tmp_path)["title"] == "first"
    assert "first" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_failure_while_rendering_touches_nothing(tmp_path, monkeypatch):
    write_report(ReportInputs("first", "now"), tmp_path)
    monkeypatch.setattr(report_module, "curve_svg", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_report(ReportInputs("second", "now"), tmp_path)
    assert load_report(tmp_path)["title"] == "first"


def test_no_report_yet_is_one_sentence(tmp_path):
    with pytest.raises(VlclipError, match=r"no report in .* yet"):
        load_report(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"other": 1}', "\x00"])
def test_a_file_that_is_no_report_is_one_sentence(tmp_path, content):
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(VlclipError, match="is not a report"):
        load_report(tmp_path)
