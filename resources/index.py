"""The vector index: Qdrant Edge in a folder, or a Qdrant server."""

from resources.part import PartResource
from vlclip_dagster.index.settings import IndexSettings
from vlclip_dagster.index.types import VectorIndex


class IndexResource(PartResource):
    """Opens the index that collections are published to."""

    def index_settings(self) -> IndexSettings:
        """Which index, where it is, how its graph is built."""
        return self.parse(IndexSettings)

    def index(self) -> VectorIndex:
        """The index."""
        from vlclip_dagster.index import build_index

        return build_index(self.index_settings())
