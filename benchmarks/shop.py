"""A shop's catalog on disk, changed as shops change theirs: another title, another photograph."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

Row = dict[str, str]


def read_feed(folder: Path) -> list[Row]:
    """The rows of ``feed.tsv``."""
    with (folder / "feed.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def write_feed(folder: Path, rows: list[Row]) -> None:
    """Replace ``feed.tsv``."""
    with (folder / "feed.tsv").open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, list(rows[0]), delimiter="\t")
        sheet.writeheader()
        sheet.writerows(rows)


def new_title(_: Path, row: Row) -> None:
    """Say something else that one can see."""
    row["title"] = f"Crimson velvet striped {row['title']}"


def new_photograph(folder: Path, row: Row) -> None:
    """Show the same thing upside down and in other colours."""
    import cv2

    path = str(folder / row["image_link"])
    cv2.imwrite(path, cv2.rotate(255 - cv2.imread(path), cv2.ROTATE_180))


def both(folder: Path, row: Row) -> None:
    """Another title and another photograph."""
    new_title(folder, row)
    new_photograph(folder, row)


CHANGES: dict[str, Callable[[Path, Row], None]] = {
    "text": new_title,
    "image": new_photograph,
    "both": both,
}


def change(folder: Path, kind: str, ids: Iterable[str]) -> None:
    """Change the products ``ids`` of the catalog in ``folder``.

    Args:
        folder: with ``feed.tsv`` and ``images/``.
        kind: one of ``CHANGES``.
        ids: as the feed names them.
    """
    rows = read_feed(folder)
    wanted = set(ids)
    for row in rows:
        if row["id"] in wanted:
            CHANGES[kind](folder, row)
    write_feed(folder, rows)
