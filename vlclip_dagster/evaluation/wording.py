"""How numbers and long texts read in the report."""

import math

_MISSING = "–"
_THIN_SPACE = "\u2009"


def figure(value: float | None, digits: int = 3) -> str:
    """A share or mean with fixed decimals and no leading zero, as tables of metrics set it."""
    if value is None or not math.isfinite(value):
        return _MISSING
    text = f"{abs(value):.{digits}f}".removeprefix("0")
    return f"−{text}" if value < 0 else text


def percent(value: float | None) -> str:
    """A share in whole percent, with one decimal below ten."""
    if value is None or not math.isfinite(value):
        return _MISSING
    share = 100.0 * value
    return f"{share:.1f}%" if 0.0 < share < 9.95 else f"{share:.0f}%"


def count(value: int | None) -> str:
    """A number of things, thousands set apart by a thin space."""
    return _MISSING if value is None else f"{value:,}".replace(",", _THIN_SPACE)


def duration(seconds: float | None) -> str:
    """Seconds as people say them: ``0.4 s``, ``12 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds is None or not math.isfinite(seconds):
        return _MISSING
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def shortened(text: str, limit: int = 280) -> str:
    """The first ``limit`` characters, cut at a word where one ends nearby."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    space = cut.rfind(" ", limit * 3 // 4)
    return (cut[:space] if space > 0 else cut).rstrip() + "…"
