"""The backend that turns product texts into visual queries."""

from resources.part import PartResource
from vlclip_dagster.refinement.settings import RefinementSettings, build_backend
from vlclip_dagster.refinement.types import Backend


class RefinerResource(PartResource):
    """A backend of the refinement loop: the embedded rules, or an OpenAI-compatible endpoint."""

    def refinement_settings(self) -> RefinementSettings:
        """Which backend, and how many rounds."""
        return self.parse(RefinementSettings)

    def backend(self, label: str = "") -> Backend:
        """The backend, ready to be asked for the product type whose slug is ``label``."""
        return build_backend(self.refinement_settings(), label)
