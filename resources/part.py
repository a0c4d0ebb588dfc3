"""What the resources of the exchangeable parts share: settings as the UI shows them."""

from collections.abc import Mapping
from typing import Any, TypeVar

import dagster as dg
from pydantic import BaseModel, Field, ValidationError

from vlclip_dagster.errors import VlclipError

Settings = TypeVar("Settings", bound=BaseModel)


class PartResource(dg.ConfigurableResource):
    """Settings of one part; ``VLCLIP_*`` fills them, the launchpad may change them for a run.

    An empty text is none, as in a variable. Secrets are never among them: a setting names the
    environment variable that holds one.
    """

    settings: dict[str, Any] = Field(default_factory=dict)

    def parse(self, model: type[Settings], settings: Mapping[str, Any] | None = None) -> Settings:
        """The settings, or those that a resource holds beside them, as the part's own model.

        Raises:
            VlclipError: a value is not one that the part knows.
        """
        chosen = self.settings if settings is None else settings
        try:
            given = {name: None if value == "" else value for name, value in chosen.items()}
            return model.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(step) for step in first["loc"])
            raise VlclipError(f"setting {where}: {first['msg']}") from error
