"""Where photographs come from, and what counts as the same one twice."""

from typing import Any

from pydantic import Field

from resources.part import PartResource
from vlclip_dagster.images.fetch import PhotographReader
from vlclip_dagster.images.settings import DedupSettings, PhotographSettings


class PhotographsResource(PartResource):
    """Reads photographs; holds the settings of deduplication beside."""

    dedup: dict[str, Any] = Field(default_factory=dict)

    def photograph_settings(self) -> PhotographSettings:
        """How photographs are read."""
        return self.parse(PhotographSettings)

    def dedup_settings(self) -> DedupSettings:
        """What counts as a duplicate."""
        return self.parse(DedupSettings, self.dedup)

    def reader(self) -> PhotographReader:
        """A reader within the settings' bounds."""
        return PhotographReader(self.photograph_settings())
