"""Pictures of pictures: contact sheets for asset metadata and the report.

What belongs here: encoded photographs in, one small JPEG out. What does not: choosing which
photographs to show.
"""

import io
from collections.abc import Sequence
from math import ceil

from PIL import Image, ImageDraw, ImageFont, ImageOps

MAX_BYTES = 200_000
BACKGROUND = (246, 246, 244)
INK = (40, 40, 40)
ACCEPTED, REFUSED = (22, 140, 60), (200, 40, 40)
GAP = 6
CAPTION = 16

Corners = tuple[float, float, float, float]


def contact_sheet(
    images: Sequence[bytes],
    captions: Sequence[str] | None = None,
    columns: int = 8,
    thumb_px: int = 144,
) -> bytes:
    """Photographs in rows, each with its caption below.

    Args:
        images: encoded photographs, JPEG, PNG or WebP.
        captions: one per photograph, cut to its width; no captions if None.
        columns: photographs per row.
        thumb_px: largest width and height of a photograph on the sheet.

    Returns:
        A JPEG of at most ``MAX_BYTES`` bytes.
    """
    cells = [_thumbnail(image, thumb_px)[0] for image in images]
    rows = [cells[at : at + columns] for at in range(0, len(cells), columns)]
    words = list(captions) if captions is not None else [""] * len(cells)
    lines = [words[at : at + columns] for at in range(0, len(words), columns)]
    return _sheet(rows, lines, thumb_px)


def duplicate_sheet(
    groups: Sequence[Sequence[bytes]], members: int = 8, thumb_px: int = 112
) -> bytes:
    """One row per group of duplicates, the canonical photograph first.

    Args:
        groups: encoded photographs of each group; the first is the canonical one.
        members: most photographs shown of one group.
        thumb_px: largest width and height of a photograph on the sheet.

    Returns:
        A JPEG of at most ``MAX_BYTES`` bytes.
    """
    rows, lines = [], []
    for group in filter(None, groups):
        cells = [_thumbnail(image, thumb_px)[0] for image in group[:members]]
        cells[0] = _framed(cells[0])
        rows.append(cells)
        hidden = len(group) - members
        words = ["canonical", *[""] * (len(cells) - 1)]
        if hidden > 0:
            words[-1] = f"and {hidden} more"
        lines.append(words)
    return _sheet(rows, lines, thumb_px)


def boxes_sheet(
    images: Sequence[bytes],
    boxes: Sequence[Corners | None],
    scores: Sequence[float],
    labels: Sequence[str] | None = None,
    accepted: Sequence[bool] | None = None,
    columns: int = 6,
    thumb_px: int = 176,
) -> bytes:
    """Photographs with the detected box drawn in: green where it was used, red where not.

    Args:
        images: encoded photographs.
        boxes: x0, y0, x1, y1 in pixels of each photograph, or None.
        scores: confidence of each box.
        labels: what was looked for; no text if None.
        accepted: whether each box was used; all if None.
        columns: photographs per row.
        thumb_px: largest width and height of a photograph on the sheet.

    Returns:
        A JPEG of at most ``MAX_BYTES`` bytes.
    """
    used = accepted if accepted is not None else [True] * len(images)
    named = labels if labels is not None else [""] * len(images)
    cells = [
        _boxed(image, box, ACCEPTED if use else REFUSED, thumb_px)
        for image, box, use in zip(images, boxes, used, strict=True)
    ]
    words = [f"{score:.2f} {label}".strip() for score, label in zip(scores, named, strict=True)]
    rows = [cells[at : at + columns] for at in range(0, len(cells), columns)]
    lines = [words[at : at + columns] for at in range(0, len(words), columns)]
    return _sheet(rows, lines, thumb_px)


def _thumbnail(data: bytes, side: int) -> tuple[Image.Image, tuple[int, int]]:
    """A small RGB copy and the full size; a grey tile where the bytes are no picture."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as image:
            size = image.size
            image.draft("RGB", (side, side))
            picture = image.convert("RGB")
    except (OSError, SyntaxError, ValueError):
        return Image.new("RGB", (side, side), (200, 200, 200)), (side, side)
    return ImageOps.contain(picture, (side, side), Image.Resampling.LANCZOS), size


def _framed(image: Image.Image) -> Image.Image:
    """The picture with a line around it."""
    framed = image.copy()
    ImageDraw.Draw(framed).rectangle((0, 0, image.width - 1, image.height - 1), outline=ACCEPTED)
    return framed


def _boxed(
    data: bytes, box: Corners | None, colour: tuple[int, int, int], side: int
) -> Image.Image:
    """A thumbnail with a box drawn in, given in pixels of the full photograph."""
    thumbnail, size = _thumbnail(data, side)
    if box is None:
        return thumbnail
    scale = thumbnail.width / size[0], thumbnail.height / size[1]
    x0, y0, x1, y1 = (value * scale[i % 2] for i, value in enumerate(box))
    corners = (min(x0, x1), min(y0, y1), max(x0, x1 - 1), max(y0, y1 - 1))
    ImageDraw.Draw(thumbnail).rectangle(corners, outline=colour, width=2)
    return thumbnail


def _sheet(rows: list[list[Image.Image]], lines: list[list[str]], side: int) -> bytes:
    """Lay cells out in a grid with their captions, and encode it small."""
    caption = CAPTION if any(word for line in lines for word in line) else 0
    across = max((len(row) for row in rows), default=1)
    width, height = side + GAP, side + GAP + caption
    sheet = Image.new("RGB", (across * width + GAP, len(rows) * height + GAP), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(11)
    for i, (row, line) in enumerate(zip(rows, lines, strict=True)):
        for j, (cell, words) in enumerate(zip(row, line, strict=True)):
            x, y = GAP + j * width, GAP + i * height
            sheet.paste(cell, (x + (side - cell.width) // 2, y + (side - cell.height) // 2))
            draw.text((x, y + side + 2), _fitting(words, side, font), fill=INK, font=font)
    return _small_jpeg(sheet)


def _fitting(words: str, width: int, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> str:
    """The words on one line, cut with an ellipsis to a width in pixels."""
    words = " ".join(words.split())[:200]
    if font.getlength(words) <= width:
        return words
    while words and font.getlength(words + "…") > width:
        words = words[:-1]
    return words + "…"


def _small_jpeg(sheet: Image.Image) -> bytes:
    """A JPEG within ``MAX_BYTES``: quality goes first, then size."""
    while True:
        for quality in (85, 72, 58):
            encoded = io.BytesIO()
            sheet.save(encoded, "JPEG", quality=quality, optimize=True)
            if encoded.tell() <= MAX_BYTES:
                return encoded.getvalue()
        smaller = (ceil(sheet.width * 0.75), ceil(sheet.height * 0.75))
        sheet = sheet.resize(smaller, Image.Resampling.LANCZOS)
