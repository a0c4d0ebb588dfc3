"""The warehouse as a Dagster resource: where all tables, checkpoints and collections are kept."""

from pathlib import Path

import dagster as dg

from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.warehouse import Warehouse


class WarehouseResource(dg.ConfigurableResource):
    """Opens the tables under ``home``, which is ``$VLCLIP_HOME``."""

    home: str
    profile: str = "embedded"

    def open(self) -> Warehouse:
        """The tables."""
        return Warehouse(self.home)

    @property
    def inbox(self) -> Path:
        """Where drops are put."""
        return Path(self.home, "inbox")

    def checkpoints(self) -> CheckpointStore:
        """The checkpoints and which of them is current."""
        return CheckpointStore(self.home)
