import pytest

from vlclip_dagster.evaluation.wording import count, duration, figure, percent, shortened


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.4567, ".457"), (1.0, "1.000"), (-0.05, "−.050"), (0.0, ".000"), (12.5, "12.500")],
)
def test_figures(value, said):
    assert figure(value) == said


def test_what_was_not_measured_is_a_dash():
    for say in (figure, percent, duration):
        assert say(None) == say(float("nan")) == "–"
    assert count(None) == "–"


def test_percent_count_and_duration():
    assert [percent(x) for x in (0, 0.016, 0.5, 1)] == ["0%", "1.6%", "50%", "100%"]
    assert count(1234567) == "1\u2009234\u2009567"
    assert [duration(x) for x in (0.44, 59.6, 185, 7800)] == [
        "0.4 s",
        "1 min 00 s",
        "3 min 05 s",
        "2 h 10 min",
    ]


def test_long_texts_end_at_a_word():
    assert shortened("short") == "short"
    cut = shortened("word " * 100, 52)
    assert cut == "word " * 9 + "word…"
    assert len(shortened("x" * 500, 100)) == 101
