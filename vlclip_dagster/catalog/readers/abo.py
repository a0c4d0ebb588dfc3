"""Amazon Berkeley Objects: ``listings_*.json.gz`` with ``images.csv.gz`` beside them.

What belongs here: values tagged with languages, and images that a listing names by id. What does
not: other JSON (``json_records``).
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vlclip_dagster.catalog.local_files import is_linked
from vlclip_dagster.catalog.readers.json_records import as_plain, as_text, read_lines
from vlclip_dagster.catalog.streams import Encoding, open_text
from vlclip_dagster.catalog.table import Batch, Record, Source

IMAGES = "images.csv.gz"
"""Name of the file that says where each image lies."""

# Folders of the published archives that the paths in IMAGES are relative to.
_IMAGE_FOLDERS = ("images/small", "images/original", "small", "original", "images", "")
_LANGUAGES = ("en_US", "en_GB", "en")
_OURS = {
    **{"item_id": "id", "item_name": "title", "node": "category_path"},
    **{"bullet_point": "description", "product_description": "long_description"},
}


def recognises(head: str) -> bool:
    """Whether the first line of a feed is a listing."""
    try:
        record = json.loads(head.split("\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(record, dict) and {"item_id", "main_image_id"} <= record.keys()


def read(source: Source) -> Iterator[Batch]:
    """Read listings; a listing whose image is unknown has no ``image_link``."""
    links = _ImageLinks(source)
    return read_lines(source, lambda listing: _flat(listing, links))


class _ImageLinks:
    """Where each image lies, by id."""

    def __init__(self, source: Source) -> None:
        self._paths: dict[str, str] = {}
        index = source.path.with_name(IMAGES)
        if not index.is_file():
            source.note(f"{IMAGES} is not beside it, so none of its photographs is known")
            return
        with open_text(index, Encoding("utf-8", "replace")) as stream:
            for row in csv.DictReader(stream):
                self._paths[row.get("image_id") or ""] = row.get("path") or ""
        self._folder = _folder_of(next(iter(self._paths.values()), ""), source.root)

    def __call__(self, image: Any) -> str | None:
        path = self._paths.get(image) if isinstance(image, str) else None
        return f"{self._folder}{path}" if path else None


def _folder_of(path: str, root: Path | None) -> str:
    """The folder, with a slash, that ``path`` is found in; as published where it is in none."""
    folders = [f"{folder}/" if folder else "" for folder in _IMAGE_FOLDERS]
    known = (folder for folder in folders if root and is_linked(f"{folder}{path}", root))
    return next(known, folders[0])


def _flat(listing: dict[str, Any], links: _ImageLinks) -> Record:
    """A listing as text: one language, readable product type, links to its images."""
    record = {_OURS.get(name, as_plain(name)): _value(value) for name, value in listing.items()}
    kind = record.get("product_type")
    record["product_type"] = kind.replace("_", " ").capitalize() if kind else None
    others = listing.get("other_image_id")
    more = [links(image) for image in others] if isinstance(others, list) else []
    record["image_link"] = links(listing.get("main_image_id"))
    record["additional_image_link"] = json.dumps([link for link in more if link]) if more else None
    return {name: text for name, text in record.items() if not name.endswith("image_id")}


def _value(value: Any) -> str | None:
    """The value in the preferred language; several as lines of one text."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        return as_text(value)
    best = min((_rank(one) for one in value), default=0)
    texts = [one.get("value", one.get("node_name")) for one in value if _rank(one) == best]
    plain = [as_plain(text) for text in texts if isinstance(text, str)]
    return "\n\n".join(dict.fromkeys(plain)) if plain else as_text(value)


def _rank(tagged: dict[str, Any]) -> int:
    tag = str(tagged.get("language_tag", ""))
    ranks = (place for place, wanted in enumerate(_LANGUAGES) if tag.startswith(wanted))
    return next(ranks, len(_LANGUAGES))
