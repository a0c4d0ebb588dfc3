"""The search service of one home, opened with as little as a query needs.

Neither Dagster, nor the warehouse, nor torch is imported: an answer takes the time of the
answer.
"""

from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.encoder.embed import load_encoder
from vlclip_dagster.index import build_index
from vlclip_dagster.serving.search import SearchService
from vlclip_dagster.settings import Settings


def open_search(settings: Settings) -> SearchService:
    """Open the index and the current checkpoint's encoder.

    Raises:
        VlclipError: nothing was built yet.
    """
    current = CheckpointStore(settings.home).require_current()
    encoder = load_encoder(current.folder, settings.encoder.device)
    return SearchService(build_index(settings.index), encoder)
