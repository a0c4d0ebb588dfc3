"""Settings of an index, whichever kind it is."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class IndexSettings(BaseModel):
    """How points are stored and searched.

    ``m``, ``ef_construct`` and ``ef`` are those of HNSW (Malkov and Yashunin, 2016): links per
    node, candidates while building, candidates while searching.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["edge", "server"] = "edge"
    root: Path = Path(".vlclip/index")
    """Folder of an edge index."""
    remote: str | None = None
    """Prefix on S3 that the folder mirrors, where the home is on S3."""
    url: str = "http://localhost:6333"
    """Address of a server; its port is 6333 unless it says another, behind a proxy 443."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the server's key; the key is never stored."""
    prefix: str = Field(default="vlclip_", pattern=r"^[a-z0-9_-]{1,40}$")
    """What the names on a server begin with; homes that share it need one each, none of them the
    beginning of another's."""
    timeout_s: int = Field(default=30, gt=0)
    batch: int = Field(default=128, ge=1, le=1024)
    """Points sent to a server at once."""
    m: int = Field(default=16, ge=4, le=128)
    ef_construct: int = Field(default=128, ge=8, le=4096)
    ef: int = Field(default=256, ge=8, le=4096)
    """Texts lie apart from images, where a graph finds less: 128 found .964 of the true ten
    nearest to such queries among 12,000 vectors, 256 .99."""
    full_scan_kb: int = Field(default=10_000, ge=10)
    """Below so many kilobytes of vectors a type is compared in full, which is exact and faster."""
    min_recall: float = Field(default=0.98, ge=0.0, le=1.0)
    """Share of the true ten nearest that sampled searches must find before publishing."""
