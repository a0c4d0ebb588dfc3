"""The model that finds the product in a photograph."""

from functools import lru_cache

from resources.part import PartResource
from vlclip_dagster.grounding.settings import GroundingSettings, build_grounder
from vlclip_dagster.grounding.types import Grounder

# The settings that a loaded model depends on; another threshold loads none again.
DECIDE_MODEL = {"kind", "model", "packshots", "device", "batch"}


class GrounderResource(PartResource):
    """A grounder: the embedded saliency one, or a zero-shot detector of transformers."""

    def grounding_settings(self) -> GroundingSettings:
        """Which grounder, and when its box is believed."""
        return self.parse(GroundingSettings)

    def grounder(self) -> Grounder:
        """The grounder; a loaded model is shared by all runs of this process."""
        return _grounder(self.grounding_settings().model_dump_json(include=DECIDE_MODEL))


@lru_cache(maxsize=1)
def _grounder(settings: str) -> Grounder:
    return build_grounder(GroundingSettings.model_validate_json(settings))
