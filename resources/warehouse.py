"""The warehouse as a Dagster resource: where all tables, checkpoints and collections are kept."""

from pathlib import Path

import dagster as dg

from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.storage import place
from vlclip_dagster.warehouse import Warehouse


class WarehouseResource(dg.ConfigurableResource):
    """Opens the tables under ``home``, which is ``$VLCLIP_HOME``: a folder, or a prefix on S3.

    Credentials are no setting: the ``AWS_*`` variables are read where they are used.
    """

    home: str
    profile: str = "embedded"
    inbox_address: str = ""

    def open(self) -> Warehouse:
        """The tables."""
        return Warehouse(self.home)

    @property
    def inbox(self) -> Path:
        """Where drops are put: ``$VLCLIP_INBOX``, or a folder of the home."""
        return place(self.inbox_address or f"{self.home}/inbox")

    @property
    def report_folder(self) -> Path:
        """Where the report is written."""
        return place(self.home) / "report"

    def checkpoints(self) -> CheckpointStore:
        """The checkpoints and which of them is current."""
        return CheckpointStore(self.home)
