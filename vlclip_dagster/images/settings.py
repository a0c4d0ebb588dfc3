"""How photographs are read; plain data."""

from pydantic import BaseModel, ConfigDict, Field


class PhotographSettings(BaseModel):
    """How photographs are read.

    Attributes:
        per_product: how many of a product's photographs are taken, the main one first.
        allow_network: whether http(s) links are followed; local files always are.
        timeout_s: longest time for one photograph over the network, in seconds.
        max_bytes: largest file accepted.
        private_hosts: hosts that may have private addresses; all others may not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_product: int = Field(default=1, ge=1, le=10)
    allow_network: bool = True
    timeout_s: float = Field(default=20.0, gt=0)
    max_bytes: int = Field(default=32_000_000, gt=0)
    private_hosts: frozenset[str] = frozenset()
